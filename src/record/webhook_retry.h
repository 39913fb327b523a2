/* webhook_retry.h: when a notification is repeated, and when it is given up. Pure. */
#ifndef SS_RECORD_WEBHOOK_RETRY_H
#define SS_RECORD_WEBHOOK_RETRY_H

#include <apr_time.h>

/* the first wait; doubled after each attempt up to the longest one */
#define SS_WEBHOOK_RETRY_FIRST (5 * APR_USEC_PER_SEC)
#define SS_WEBHOOK_RETRY_LONGEST (3600 * APR_USEC_PER_SEC)
/* after this time it is given up */
#define SS_WEBHOOK_RETRY_SPAN (24 * 3600 * APR_USEC_PER_SEC)
/* notifications that wait; above it new ones are dropped, and the log says so */
#define SS_WEBHOOK_RETRY_BACKLOG 10000

typedef enum {
    SS_WEBHOOK_TAKEN, /* 2xx: done */
    SS_WEBHOOK_GONE,  /* 410: the application wants no more, or it has taken too long */
    SS_WEBHOOK_TRY_AGAIN
} ss_webhook_retry_t;

/* What follows from an attempt's HTTP status (0: none came) for a notification of that age. */
ss_webhook_retry_t ss_webhook_retry_judge(int status, apr_interval_time_t age);
/* The wait before the next attempt, where so many have failed (from 1). */
apr_interval_time_t ss_webhook_retry_wait(int failed);
/* Whether another notification is kept while so many wait. */
int ss_webhook_retry_has_room(int waiting);

#endif
