/* origin.h: whether a request may be answered although it comes from a browser, which sends what
 * pages of other sites tell it to. */
#pragma once

#include <httpd.h>

/* Refuses a request that a page of another site makes, and one for a host that is no name of this
 * server (DNS rebinding). Requests of other programs pass. is_submission: pages that
 * SMTPSendAllowOrigin names may make it, and get the headers that let them read the answer (CORS).
 * acts: a GET has an effect. 1, or 0: it was answered. */
int ss_origin_check(request_rec *r, int is_submission, int acts);

/* ---- the rule; pure ---- */

typedef enum {
    SS_ORIGIN_RULE_OK,
    SS_ORIGIN_RULE_HOST, /* the host is no name of this server */
    SS_ORIGIN_RULE_PAGE, /* a page of another site */
    SS_ORIGIN_RULE_CLICK /* perhaps: a person has to click on a link of our own */
} ss_origin_rule_t;

typedef struct {
    int is_safe; /* GET and the like */
    int acts;    /* although it is_safe, it has an effect */
    /* header fields, NULL: not sent. site, mode, user: Sec-Fetch-... */
    const char *host, *origin, *referer, *site, *mode, *user, *cookie, *language, *agent;
    /* The server's own names; patterns (const char *, may be NULL) with * and ?. port: of
     * ServerName, 0 if it has none. */
    const char *name;
    int port;
    const apr_array_header_t *names, *patterns;
    const apr_array_header_t *allowed; /* SMTPSendAllowOrigin; NULL: none */
} ss_origin_rule_request_t;

ss_origin_rule_t ss_origin_rule(const ss_origin_rule_request_t *q, apr_pool_t *pool);
/* The entry of SMTPSendAllowOrigin that permits the request's Origin, or NULL. */
const char *ss_origin_rule_allowed(const ss_origin_rule_request_t *q);
