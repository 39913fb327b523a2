#include "web/shared/waiting.h"

#include <ap_mpm.h>
#include <apr_atomic.h>
#include <signal.h>
#include <unistd.h>

#include "web/shared/area.h"
#include "web/shared/http.h"

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

int ss_waiting_ask(request_rec *r, json_t *header, apr_interval_time_t wait,
                   ss_rpc_answer_t *answer)
{
    int place = wait > 0 ? ss_waiting_begin() : -1;
    ss_peer_call_t call = { .timeout = wait + SS_RPC_TIMEOUT,
                            .is_wanted = ss_http_is_wanted,
                            .self = r };

    if (wait > 0 && place < 0) apr_table_setn(r->headers_out, "Retry-After", RETRY_AFTER);
    if (place >= 0) {
        json_t *waiting = json_copy(header);
        json_object_set_new(waiting, "wait", json_integer(wait));
        call.header = ss_json_print(waiting, r->pool);
        int has_answer = ss_rpc_exchange(call, answer, r->pool);
        ss_waiting_end(place);
        /* Who sent nothing more may still be reading. */
        if (has_answer || ss_http_is_wanted(r)) {
            json_decref(header);
            return has_answer;
        }
    }
    return ss_rpc_try(header, SS_RPC_TIMEOUT, answer, r->pool);
}
