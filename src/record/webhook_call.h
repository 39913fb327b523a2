/* webhook_call.h: one POST of a result, by libcurl, on a helper thread. */
#ifndef SS_RECORD_WEBHOOK_CALL_H
#define SS_RECORD_WEBHOOK_CALL_H

#include <apr_time.h>

typedef struct {
    const char *event, *url, *body;
    const char *secret; /* NULL: not signed */
    /* an address of a private network, or of this machine, may be called */
    int may_be_private;
    int status;      /* out: HTTP status; 0: none came */
    char error[256]; /* out: why, where there is no status */
} ss_webhook_call_t;

/* Once, before the first call, while no other thread runs in libcurl. */
void ss_webhook_call_init(void);
/* Makes the request; blocks up to 15 s. handle: NULL at first; kept between calls (connections are
 * used again), one call at a time. */
void ss_webhook_call(ss_webhook_call_t *call, void **handle);
void ss_webhook_call_close(void *handle);

#endif
