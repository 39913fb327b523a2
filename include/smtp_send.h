/* smtp_send.h: mail from other httpd modules, through mod_smtp_send's queue.
 *
 * Nothing is linked: fetch the functions once (in a post_config or optional_fn_retrieve hook); a
 * NULL means that the module is not loaded.
 *
 *     static APR_OPTIONAL_FN_TYPE(smtp_send_submit) *submit;
 *     submit = APR_RETRIEVE_OPTIONAL_FN(smtp_send_submit);
 *
 *     smtp_send_message_t message = { .size = sizeof(message), .json =
 * "{\"to\":\"bob@example.net\",\"subject\":\"Hello\",\"text\":\"It works.\"}" }; smtp_send_result_t
 * result; if (submit && submit(r, r->server, &message, &result, r->pool) == APR_SUCCESS) ...
 * result.id ...
 *
 * All functions block for as long as the delivery daemon needs to answer (a few milliseconds: the
 * message is on stable storage then), at most 30 seconds. Any thread of a web process may call
 * them; each needs a pool of its own. Not to be called in the parent process or in the hook below.
 */
#ifndef SMTP_SEND_H
#define SMTP_SEND_H

#include <httpd.h>
#include <apr_hooks.h>
#include <apr_optional.h>
#include <apr_optional_hooks.h>

#define SMTP_SEND_API 1 /* grows when something is added */

typedef struct smtp_send_message_t { /* fields that are not needed stay zero */
    /* sizeof(smtp_send_message_t): how a newer module knows what an older caller has */
    apr_size_t size;
    /* the message: one of the two, ended by a zero byte unless its length is given */
    const char *json;    /* the document that POST takes as application/json */
    const char *content; /* a message as RFC 5322 has it; any line ends */
    apr_size_t len;
    /* for content: its envelope. Without a recipient To, Cc and Bcc are used, and Bcc is taken out
     */
    const char *from;
    const char *const *to;
    int to_count;
    const char *expire, *at; /* "2h"; RFC 3339 */
    const char *relay, *priority;
    /* for both */
    /* the same key and message: the first id again, nothing sent twice */
    const char *idempotency_key;
} smtp_send_message_t;

typedef struct smtp_send_result_t {
    /* as over HTTP: 202 accepted, 200 the same as before; 400, 403, 413, 422, 429, 503: refused */
    int status;
    char id[40]; /* of the message, where accepted */
    int recipients;
    int is_paused;    /* it waits: sending is paused */
    int retry_after;  /* seconds, with 429 and 503 */
    char field[128];  /* which field is wrong, or "" */
    char detail[512]; /* why it was refused: one sentence */
} smtp_send_result_t;

/* Submits. r: the request it belongs to, whose location's directives apply (SMTPSendAllowFrom,
 * SMTPSendDefaultFrom and all the others) and whose user is the submitter; NULL: none, then the
 * directives of server s outside of any location apply. Subrequests and internal redirects (an
 * ErrorDocument) are requests as any other. APR_SUCCESS: accepted, on stable storage. APR_EGENERAL:
 * refused, result says why. */
APR_DECLARE_OPTIONAL_FN(apr_status_t, smtp_send_submit,
                        (request_rec * r, server_rec *s, const smtp_send_message_t *message,
                         smtp_send_result_t *result, apr_pool_t *pool));
/* A message's state as the JSON document that GET <path>/<id> gives, in the pool. wait: as ?wait,
 * or 0. NULL: there is no such message, or no daemon. */
APR_DECLARE_OPTIONAL_FN(const char *, smtp_send_state,
                        (server_rec * s, const char *id, apr_interval_time_t wait,
                         apr_pool_t *pool));
/* Pauses (on 1) or resumes (0) sending. relay: its name, or NULL for all. reason and who are shown
 * on pages and in the log. */
APR_DECLARE_OPTIONAL_FN(apr_status_t, smtp_send_pause,
                        (server_rec * s, const char *relay, int on, const char *reason,
                         const char *who, apr_pool_t *pool));

/* ---- the hook: a recipient's final state ---- */
typedef struct smtp_send_finished_t {
    apr_size_t size; /* sizeof(smtp_send_finished_t) */
    const char *id, *from, *to;
    const char *state;    /* "sent", "failed", "expired", "cancelled" */
    const char *reply;    /* the relay's words, or NULL */
    const char *metadata; /* JSON text as it was submitted, or NULL */
} smtp_send_finished_t;

/* Called in the delivery daemon's process, on the thread that sends: note it and return at once,
 * never block. What the module set up in post_config is there; child_init does not run. After a
 * crash a result may come twice. Gives OK or DECLINED. APR_OPTIONAL_HOOK(smtp_send,
 * smtp_send_finished, my_function, NULL, NULL, APR_HOOK_MIDDLE); */
typedef int smtp_send_HOOK_smtp_send_finished_t(const smtp_send_finished_t *finished);

#endif
