/* area.h: what all web processes have in common: the key of the pages' tokens, and which processes
 * have requests that wait. */
#pragma once

#include <apr_pools.h>

#define SS_AREA_KEY 16     /* octets */
#define SS_AREA_WAITS 1024 /* places for requests that wait (waiting.h) */

typedef struct {
    unsigned char key[SS_AREA_KEY];
    volatile apr_uint32_t waits[SS_AREA_WAITS]; /* process ids; 0: free */
} ss_area_t;

/* In httpd's parent, each time the configuration was read: makes the area, which stays as long as
 * process_pool. conninfo: of a queue that several servers share, or NULL: its password makes the
 * key, so that a page of one of them works with each. Without one the key is random. */
void ss_area_open(apr_pool_t *process_pool, const char *conninfo);
ss_area_t *ss_area(void);
