#include "web/shared/waiting.h"

#include <ap_mpm.h>
#include <apr_atomic.h>
#include <signal.h>
#include <unistd.h>

#include "web/shared/area.h"

#define RETRY_AFTER "1" /* seconds */

/* Web processes run as one user: a process that may not be signalled is another program's. */
static int is_alive(apr_uint32_t process)
{
    return kill((pid_t)process, 0) == 0;
}

static ss_waiting_rule_t rule_now(void)
{
    int processes = 1, threads = 1;

    ap_mpm_query(AP_MPMQ_MAX_DAEMONS, &processes);
    ap_mpm_query(AP_MPMQ_MAX_THREADS, &threads);
    if (threads < 1) threads = 1;
    int count = ss_waiting_rule_share(processes * threads);
    return (ss_waiting_rule_t){ .places = ss_area()->waits,
                                .count = count < SS_AREA_WAITS ? count : SS_AREA_WAITS,
                                .own = ss_waiting_rule_share(threads),
                                .process = (apr_uint32_t)getpid(),
                                .is_alive = is_alive };
}

int ss_waiting_begin(void)
{
    ss_waiting_rule_t rule = rule_now();

    return ss_waiting_rule_take(&rule);
}

int ss_waiting_for(request_rec *r, apr_interval_time_t *wait)
{
    int place = *wait > 0 ? ss_waiting_begin() : -1;

    if (place >= 0 || *wait <= 0) return place;
    apr_table_setn(r->headers_out, "Retry-After", RETRY_AFTER);
    *wait = 0;
    return -1;
}

void ss_waiting_end(int place)
{
    if (place >= 0) apr_atomic_set32(&ss_area()->waits[place], 0);
}

void ss_waiting_clean(void)
{
    ss_waiting_rule_t rule = rule_now();

    /* Before, there may have been more places. */
    rule.count = SS_AREA_WAITS;
    ss_waiting_rule_clean(&rule);
}
