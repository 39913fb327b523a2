/* lease.c: a heartbeat, inside the batch's transaction: updates the node's row, takes over the mail
 * of nodes without heartbeat, and reads what other nodes left for it. See lease.h. */
#include "queue/lease.h"

#include <apr_strings.h>

#include "queue/db.h"
#include "queue/store_counts.h"
#include "queue/store_read.h"

#define TAKE_STEP 1000 /* messages that one heartbeat takes over */
#define HANDED_STEP 500
#define ADOPT_EVERY 60 /* heartbeats */
#define CONTACT_LEAST (15 * APR_USEC_PER_SEC)
#define SETTINGS_MOST 2000

int ss_lease_may_take_over(apr_interval_time_t contact)
{
    return contact > CONTACT_LEAST;
}

void ss_lease_leave(ss_db_t *db, const char *token)
{
    if (ss_db_has(db, SS_SQL_NODE_LEAVE)) ss_db_run(db, SS_SQL_NODE_LEAVE, SS_ARGS{ token }, NULL);
}

ss_lease_t *ss_lease_create(ss_store_done_t *done, void *baton)
{
    return ss_store_request_create(SS_STORE_LEASE, sizeof(ss_lease_t), done, baton);
}

static apr_status_t write_heartbeat(ss_db_t *db, ss_lease_t *lease, const char *token)
{
    int changed = 0;
    apr_status_t rv = ss_db_run(db, SS_SQL_NODE_BEAT, SS_ARGS{ lease->holds, token }, &changed);

    lease->was_lost = !changed;
    return rv == APR_SUCCESS && !changed
               ? ss_db_run(db, SS_SQL_NODE_CLAIM, SS_ARGS{ token, lease->holds }, NULL)
               : rv;
}

static apr_status_t read_nodes(ss_db_t *db, ss_lease_t *lease, apr_pool_t *pool)
{
    apr_status_t rv = ss_db_select(db, SS_SQL_NODE_OTHERS, SS_ARGS{ NULL });

    lease->nodes = apr_array_make(pool, 4, sizeof(ss_lease_node_t));
    while (ss_db_next(db)) {
        ss_lease_node_t *node = apr_array_push(lease->nodes);
        *node = (ss_lease_node_t){ .name = ss_db_copy(db, 0, pool),
                                   .holds = ss_db_copy(db, 1, pool),
                                   .is_silent = ss_db_number(db, 2) != 0 };
    }
    return rv;
}

static apr_status_t take_settings(ss_db_t *db, ss_lease_t *lease, const char *name)
{
    apr_status_t rv = ss_db_select(db, SS_SQL_NODE_TAKE_WEBHOOKS, SS_ARGS{ name });

    ss_store_read_setting_rows(db, lease->webhooks);
    return rv == APR_SUCCESS ? ss_db_run(db, SS_SQL_NODE_FORGET_SETTINGS, SS_ARGS{ name }, NULL)
                             : rv;
}

/* Waiting messages first, then finished ones, then the node's row. Rows that another node is taking
 * at this moment are skipped. */
static apr_status_t take_mail(ss_db_t *db, ss_lease_t *lease, const char *name)
{
    apr_int64_t limit = TAKE_STEP;
    int before = lease->taken->nelts, is_gone = 0;
    apr_status_t rv = ss_db_select(db, SS_SQL_NODE_TAKE, SS_ARGS{ name, lease->relays, &limit });

    while (ss_db_next(db)) ss_store_counts_open(db, lease->taken);
    if (rv != APR_SUCCESS || lease->taken->nelts > before) return rv;
    rv = ss_db_select(db, SS_SQL_NODE_TAKE_REST, SS_ARGS{ name, &limit });
    while (ss_db_next(db)) ss_store_counts_done(db, lease->taken);
    if (rv != APR_SUCCESS || lease->taken->nelts > before) return rv;
    rv = ss_db_run(db, SS_SQL_NODE_FORGET, SS_ARGS{ name }, &is_gone);
    return rv == APR_SUCCESS && is_gone ? take_settings(db, lease, name) : rv;
}

/* A node that died while its row was being forgotten may have stored a message after that: every
 * message belongs to a node that exists. */
static apr_status_t adopt(ss_db_t *db, ss_sql_t next, apr_pool_t *pool)
{
    const char *name = "";
    apr_status_t rv = APR_SUCCESS;

    while (name && rv == APR_SUCCESS) {
        rv = ss_db_select(db, next, SS_ARGS{ name });
        name = NULL;
        while (ss_db_next(db)) name = ss_db_copy(db, 0, pool);
        if (name && rv == APR_SUCCESS) rv = ss_db_run(db, SS_SQL_NODE_ADOPT, SS_ARGS{ name }, NULL);
    }
    return rv;
}

static apr_status_t take_over(ss_db_t *db, ss_lease_t *lease)
{
    apr_status_t rv = APR_SUCCESS;

    for (int i = 0; i < lease->nodes->nelts && rv == APR_SUCCESS; i++) {
        const ss_lease_node_t *node = &APR_ARRAY_IDX(lease->nodes, i, ss_lease_node_t);
        int changed = 0;
        if (!node->is_silent) continue;
        rv = ss_db_run(db, SS_SQL_NODE_EXPIRE, SS_ARGS{ node->name }, &changed);
        if (rv != APR_SUCCESS || !changed) continue;
        rv = take_mail(db, lease, node->name);
        if (lease->taken->nelts) {
            lease->taken_from = node->name;
            break;
        }
    }
    return rv;
}

static apr_status_t read_handed(ss_db_t *db, ss_lease_t *lease, apr_pool_t *pool)
{
    apr_int64_t limit = HANDED_STEP;
    apr_status_t rv = APR_SUCCESS;

    for (int i = 0; lease->handled && i < lease->handled->nelts && rv == APR_SUCCESS; i++) {
        const ss_lease_handed_t *known = &APR_ARRAY_IDX(lease->handled, i, ss_lease_handed_t);
        apr_int64_t time = known->time;
        rv = ss_db_run(db, SS_SQL_HANDED_DONE, SS_ARGS{ known->touched.id, &time }, NULL);
    }
    if (rv == APR_SUCCESS) rv = ss_db_select(db, SS_SQL_HANDED, SS_ARGS{ &limit });
    lease->handed = apr_array_make(pool, 4, sizeof(ss_lease_handed_t));
    while (ss_db_next(db)) {
        apr_int64_t control = ss_db_number(db, 2), from = ss_db_number(db, 5);
        ss_lease_handed_t *row = apr_array_push(lease->handed);
        *row = (ss_lease_handed_t){ .touched = { .relay = ss_db_copy(db, 1, pool),
                                                 .recipients = (int)ss_db_number(db, 4),
                                                 .from_state = from >= 0 && from < SS_STATES
                                                                   ? (ss_state_t)from
                                                                   : SS_STATE_QUEUED,
                                                 .is_finished = ss_db_number(db, 6) != 0,
                                                 .size = (apr_uint64_t)ss_db_number(db, 7) },
                                    .control = control >= 0 && control < SS_ACTIONS
                                                   ? (ss_store_action_t)control
                                                   : SS_ACTIONS,
                                    .who = ss_db_copy(db, 3, pool),
                                    .time = ss_db_number(db, 8) };
        apr_cpystrn(row->touched.id, ss_db_text(db, 0), sizeof(row->touched.id));
    }
    return rv;
}

static apr_status_t read_settings(ss_db_t *db, ss_lease_t *lease, apr_pool_t *pool)
{
    apr_int64_t limit = SETTINGS_MOST;
    apr_status_t rv = ss_db_select(db, SS_SQL_SHARED, SS_ARGS{ &limit });

    lease->settings = apr_array_make(pool, 16, sizeof(ss_store_setting_t));
    ss_store_read_setting_rows(db, lease->settings);
    return rv;
}

apr_status_t ss_lease_write(ss_db_t *db, ss_lease_t *lease, const char *token, int may_take_over)
{
    apr_pool_t *pool = lease->head.pool;
    apr_status_t rv = write_heartbeat(db, lease, token);

    lease->taken_from = NULL;
    lease->webhooks = apr_array_make(pool, 4, sizeof(ss_store_setting_t));
    lease->taken = apr_array_make(pool, 4, sizeof(ss_store_count_t));
    if (rv == APR_SUCCESS && lease->number % ADOPT_EVERY == 1) {
        rv = adopt(db, SS_SQL_NODE_NEXT, pool);
        if (rv == APR_SUCCESS) rv = adopt(db, SS_SQL_NODE_NEXT_DONE, pool);
    }
    if (rv == APR_SUCCESS) rv = read_nodes(db, lease, pool);
    if (rv == APR_SUCCESS && may_take_over) rv = take_over(db, lease);
    if (rv == APR_SUCCESS) rv = read_handed(db, lease, pool);
    return rv == APR_SUCCESS ? read_settings(db, lease, pool) : rv;
}
