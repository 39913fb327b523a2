/* smtp_send.h: mail from other httpd modules, through mod_smtp_send's queue.
 *
 * Nothing needs to be linked. Retrieve the functions once, in a post_config or optional_fn_retrieve
 * hook; NULL means that the module is not loaded.
 *
 *     static APR_OPTIONAL_FN_TYPE(smtp_send_submit) *submit;
 *     submit = APR_RETRIEVE_OPTIONAL_FN(smtp_send_submit);
 *
 *     smtp_send_message_t message = { .size = sizeof(message), .json = json };
 *     smtp_send_result_t result;
 *     if (submit && submit(r, r->server, &message, &result, r->pool) == APR_SUCCESS)
 *         ... result.id ...
 *
 * with json = "{\"to\":\"bob@example.net\",\"subject\":\"Hello\",\"text\":\"It works.\"}".
 *
 * All functions block until the delivery daemon has answered: a few milliseconds, after which the
 * message is on stable storage; at most 30 seconds. They may be called by any thread of a web
 * process, each with a pool of its own, but not in the parent process or in the hook below. */
#ifndef SMTP_SEND_H
#define SMTP_SEND_H

#include <httpd.h>
#include <apr_hooks.h>
#include <apr_optional.h>
#include <apr_optional_hooks.h>

#define SMTP_SEND_API 2 /* grows when something is added */

typedef struct smtp_send_message_t { /* leave unused fields zero */
    /* sizeof(smtp_send_message_t): tells a newer module which fields an older caller has */
    apr_size_t size;
    /* the message, as one of the two; ends with a zero byte unless len is set */
    const char *json;    /* a document as for POST with application/json */
    const char *content; /* a message in RFC 5322 format, with any line ends */
    apr_size_t len;      /* bytes; 0: up to the zero byte */
    /* the envelope, with content only; without recipients, those in To, Cc and Bcc are used, and
     * Bcc is removed */
    const char *from;
    const char *const *to;
    int to_count;
    const char *expire, *at; /* a duration ("2h"); an RFC 3339 time */
    const char *relay, *priority;
    /* the same key and message again return the first id, and nothing is sent twice; or NULL */
    const char *idempotency_key;
} smtp_send_message_t;

typedef struct smtp_send_result_t {
    /* as over HTTP: 202 accepted, 200 accepted before; refused: 400, 403, 413, 422, 429, 503 */
    int status;
    char id[40]; /* of an accepted message */
    int recipients;
    int is_paused;    /* sending is paused; the message is queued */
    int retry_after;  /* seconds, with 429 and 503 */
    char field[128];  /* the field that is wrong, or "" */
    char detail[512]; /* why it was refused: one sentence */
} smtp_send_result_t;

/* Submits a message. r: the request on whose behalf; the directives of its location apply, and
 * location and user are the submitter; this may be a subrequest or an internal redirect. NULL: no
 * request; the directives of server s outside any location apply. APR_SUCCESS: accepted, and on
 * stable storage. APR_EGENERAL: refused; result says why. */
APR_DECLARE_OPTIONAL_FN(apr_status_t, smtp_send_submit,
                        (request_rec * r, server_rec *s, const smtp_send_message_t *message,
                         smtp_send_result_t *result, apr_pool_t *pool));
/* Returns a message's state, the JSON document of GET <path>/<id>, in pool. wait: how long to wait
 * for its end, or 0. NULL: there is no such message, or the daemon did not answer. Any message of
 * the queue, whoever submitted it: for ids that the module got from smtp_send_submit. */
APR_DECLARE_OPTIONAL_FN(const char *, smtp_send_state,
                        (server_rec * s, const char *id, apr_interval_time_t wait,
                         apr_pool_t *pool));
/* The same for an id that a client gave: only a message that smtp_send_submit took for a request of
 * the same server, location and user. Others are unknown (NULL). Since SMTP_SEND_API 2; NULL is
 * retrieved from an older module. */
APR_DECLARE_OPTIONAL_FN(const char *, smtp_send_own_state,
                        (request_rec * r, const char *id, apr_interval_time_t wait,
                         apr_pool_t *pool));
/* Pauses (on 1) or resumes (on 0) sending. relay: its name, or NULL for all. reason and who (may be
 * NULL) appear on pages and in the log. APR_EGENERAL: it was not done. */
APR_DECLARE_OPTIONAL_FN(apr_status_t, smtp_send_pause,
                        (server_rec * s, const char *relay, int on, const char *reason,
                         const char *who, apr_pool_t *pool));

/* ---- the hook: a recipient's final state ---- */
typedef struct smtp_send_finished_t {
    apr_size_t size; /* sizeof(smtp_send_finished_t) */
    const char *id, *from, *to;
    const char *state;    /* "sent", "failed", "expired", "cancelled" */
    const char *reply;    /* the relay's reply, or NULL */
    const char *metadata; /* JSON text as submitted, or NULL */
} smtp_send_finished_t;

/* Called in a process of its own, a fork of httpd's parent that the delivery daemon reports to: it
 * should return soon. States that come while a megabyte of earlier ones waits are not reported. The
 * process has what the module set up in post_config; child_init does not run. After a crash a
 * result may be reported twice. Returns OK or DECLINED.
 *
 *     APR_OPTIONAL_HOOK(smtp_send, smtp_send_finished, my_function, NULL, NULL, APR_HOOK_MIDDLE);
 */
typedef int smtp_send_HOOK_smtp_send_finished_t(const smtp_send_finished_t *finished);

#endif
