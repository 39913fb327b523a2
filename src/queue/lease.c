/* lease.c: a node's sign of life in a shared queue, inside the batch's transaction: its own row,
 * what silent nodes leave behind, and what the others left for it. See lease.h. */
#include "base/clock.h"
#include "queue/store_impl.h"

#include <apr_general.h>
#include <apr_lib.h>
#include <apr_strings.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "queue/lock.h"

#define NAME_DIGITS 12 /* of a node's name: 48 random bits */
#define TAKE_STEP 1000 /* messages that one sign of life takes over */
#define HANDED_STEP 500
#define SETTINGS_MOST 2000

void ss_lease_token(char token[SS_LEASE_TOKEN])
{
    unsigned char bytes[(SS_LEASE_TOKEN - 1) / 2];

    if (apr_generate_random_bytes(bytes, sizeof(bytes)) != APR_SUCCESS)
        memcpy(bytes, &(apr_time_t){ ss_wall_now() }, sizeof(apr_time_t));
    for (apr_size_t i = 0; i < sizeof(bytes); i++) apr_snprintf(token + 2 * i, 3, "%02x", bytes[i]);
}

/* A machine's name, as far as it may stand in a node's: the random part is what makes that one
 * unique. */
static void name_machine(char *name, apr_size_t size)
{
    if (gethostname(name, size)) apr_cpystrn(name, "node", size);
    name[size - 1] = '\0';
    for (char *p = name; *p; p++) {
        if (!apr_isalnum(*p) && *p != '.' && *p != '-') *p = '-';
    }
}

static apr_status_t keep_name(const char *file, const char *name, ss_result_t *result)
{
    int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    apr_size_t len = strlen(name);

    if (fd < 0 || write(fd, name, len) != (ssize_t)len || fsync(fd)) {
        int error = errno;
        if (fd >= 0) close(fd);
        ss_result_set(result, "queue", "", NULL, "the name of this node cannot be kept in %s: %s",
                      file, strerror(error));
        return error;
    }
    close(fd);
    return APR_SUCCESS;
}

apr_status_t ss_lease_name(const char *file, apr_interval_time_t wait, int *fd,
                           char name[SS_LEASE_NAME + 1], ss_result_t *result)
{
    char machine[25], token[SS_LEASE_TOKEN], kept[SS_LEASE_NAME + 1] = "";
    apr_status_t rv = ss_lock_take(fd, file, wait, result);

    if (APR_STATUS_IS_EBUSY(rv)) {
        ss_result_clear(result);
        ss_result_set(result, "queue", "EBUSY", NULL,
                      "the name of this node in %s is used by another delivery daemon: give each "
                      "httpd a socket of its own (SMTPSendSocket)",
                      file);
    }
    if (rv != APR_SUCCESS) return rv;
    int old = open(file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (old >= 0) {
        ssize_t got = read(old, kept, sizeof(kept) - 1);
        kept[got > 0 ? got : 0] = '\0';
        kept[strspn(kept, "0123456789abcdef")] = '\0';
        close(old);
    }
    if (strlen(kept) < NAME_DIGITS) {
        ss_lease_token(token);
        apr_cpystrn(kept, token, NAME_DIGITS + 1);
        rv = keep_name(file, kept, result);
        if (rv != APR_SUCCESS) return rv;
    }
    kept[NAME_DIGITS] = '\0';
    /* A copy of the machine, folder and all, has a name of its own as soon as it is called
     * otherwise. */
    name_machine(machine, sizeof(machine));
    apr_snprintf(name, SS_LEASE_NAME + 1, "%s/%s", machine, kept);
    return APR_SUCCESS;
}

void ss_lease_leave(ss_db_t *db, const char *token)
{
    if (ss_db_has(db, SS_SQL_NODE_LEAVE)) ss_db_run(db, SS_SQL_NODE_LEAVE, SS_ARGS{ token }, NULL);
}

ss_lease_t *ss_lease_create(void (*done)(ss_store_request_t *), void *baton)
{
    return ss_store_request_create(SS_STORE_LEASE, sizeof(ss_lease_t), done, baton);
}

static const char *text(const ss_db_t *db, int n, apr_pool_t *pool)
{
    const char *value = ss_db_text(db, n);

    return value ? apr_pstrdup(pool, value) : NULL;
}

static apr_status_t beat(ss_db_t *db, ss_lease_t *lease, const char *token)
{
    int changed = 0;
    apr_status_t rv = ss_db_run(db, SS_SQL_NODE_BEAT, SS_ARGS{ lease->holds, token }, &changed);

    lease->was_lost = !changed;
    return rv == APR_SUCCESS && !changed
               ? ss_db_run(db, SS_SQL_NODE_CLAIM, SS_ARGS{ token, lease->holds }, NULL)
               : rv;
}

static apr_status_t look_around(ss_db_t *db, ss_lease_t *lease, apr_pool_t *pool)
{
    apr_status_t rv = ss_db_select(db, SS_SQL_NODE_OTHERS, SS_ARGS{ NULL });

    lease->nodes = apr_array_make(pool, 4, sizeof(ss_lease_node_t));
    while (rv == APR_SUCCESS && ss_db_next(db)) {
        ss_lease_node_t *node = apr_array_push(lease->nodes);
        *node = (ss_lease_node_t){ .name = text(db, 0, pool),
                                   .holds = text(db, 1, pool),
                                   .is_silent = ss_db_number(db, 2) != 0 };
    }
    return rv;
}

static apr_status_t take_settings(ss_db_t *db, ss_lease_t *lease, const char *name)
{
    apr_pool_t *pool = lease->hooks->pool;
    apr_status_t rv = ss_db_select(db, SS_SQL_NODE_TAKE_HOOKS, SS_ARGS{ name });

    while (rv == APR_SUCCESS && ss_db_next(db)) {
        APR_ARRAY_PUSH(lease->hooks, ss_store_setting_t) =
            (ss_store_setting_t){ .key = text(db, 0, pool), .value = text(db, 1, pool) };
    }
    return rv == APR_SUCCESS ? ss_db_run(db, SS_SQL_NODE_FORGET_SETTINGS, SS_ARGS{ name }, NULL)
                             : rv;
}

/* What waits first, then what is finished; then the row goes. Rows that another node takes at this
 * moment are passed over. */
static apr_status_t take(ss_db_t *db, ss_lease_t *lease, const char *name)
{
    apr_int64_t limit = TAKE_STEP;
    int before = lease->taken->nelts, is_gone = 0;
    apr_status_t rv = ss_db_select(db, SS_SQL_NODE_TAKE, SS_ARGS{ name, lease->relays, &limit });

    while (rv == APR_SUCCESS && ss_db_next(db)) ss_store_read_open_count(db, lease->taken);
    if (rv != APR_SUCCESS || lease->taken->nelts > before) return rv;
    rv = ss_db_select(db, SS_SQL_NODE_TAKE_REST, SS_ARGS{ name, &limit });
    while (rv == APR_SUCCESS && ss_db_next(db)) ss_store_read_done_count(db, lease->taken);
    if (rv != APR_SUCCESS || lease->taken->nelts > before) return rv;
    rv = ss_db_run(db, SS_SQL_NODE_FORGET, SS_ARGS{ name }, &is_gone);
    return rv == APR_SUCCESS && is_gone ? take_settings(db, lease, name) : rv;
}

static apr_status_t bury(ss_db_t *db, ss_lease_t *lease)
{
    apr_status_t rv = APR_SUCCESS;

    for (int i = 0; i < lease->nodes->nelts && rv == APR_SUCCESS; i++) {
        const ss_lease_node_t *node = &APR_ARRAY_IDX(lease->nodes, i, ss_lease_node_t);
        int changed = 0;
        if (!node->is_silent) continue;
        rv = ss_db_run(db, SS_SQL_NODE_BURY, SS_ARGS{ node->name }, &changed);
        if (rv != APR_SUCCESS || !changed) continue;
        rv = take(db, lease, node->name);
        if (lease->taken->nelts) {
            lease->buried = node->name;
            break;
        }
    }
    return rv;
}

static apr_status_t read_handed(ss_db_t *db, ss_lease_t *lease, apr_pool_t *pool)
{
    apr_int64_t limit = HANDED_STEP;
    apr_status_t rv = APR_SUCCESS;

    for (int i = 0; lease->taken_note && i < lease->taken_note->nelts && rv == APR_SUCCESS; i++) {
        const ss_lease_handed_t *known = &APR_ARRAY_IDX(lease->taken_note, i, ss_lease_handed_t);
        apr_int64_t time = known->time;
        rv = ss_db_run(db, SS_SQL_HANDED_DONE, SS_ARGS{ known->touched.id, &time }, NULL);
    }
    if (rv == APR_SUCCESS) rv = ss_db_select(db, SS_SQL_HANDED, SS_ARGS{ &limit });
    lease->handed = apr_array_make(pool, 4, sizeof(ss_lease_handed_t));
    while (rv == APR_SUCCESS && ss_db_next(db)) {
        apr_int64_t control = ss_db_number(db, 2), from = ss_db_number(db, 5);
        ss_lease_handed_t *row = apr_array_push(lease->handed);
        *row = (ss_lease_handed_t){ .touched = { .relay = text(db, 1, pool),
                                                 .recipients = (int)ss_db_number(db, 4),
                                                 .from_state = from >= 0 && from < SS_STATES
                                                                   ? (ss_state_t)from
                                                                   : SS_STATE_QUEUED,
                                                 .is_finished = ss_db_number(db, 6) != 0,
                                                 .size = (apr_uint64_t)ss_db_number(db, 7) },
                                    .control = control >= 0 && control < SS_ACTIONS
                                                   ? (ss_store_action_t)control
                                                   : SS_ACTIONS,
                                    .who = text(db, 3, pool),
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
    while (rv == APR_SUCCESS && ss_db_next(db)) {
        APR_ARRAY_PUSH(lease->settings, ss_store_setting_t) =
            (ss_store_setting_t){ .key = text(db, 0, pool), .value = text(db, 1, pool) };
    }
    return rv;
}

apr_status_t ss_lease_write(ss_db_t *db, ss_lease_t *lease, const char *token, int may_bury)
{
    apr_pool_t *pool = lease->head.pool;
    apr_status_t rv = beat(db, lease, token);

    lease->buried = NULL;
    lease->hooks = apr_array_make(pool, 4, sizeof(ss_store_setting_t));
    lease->taken = apr_array_make(pool, 4, sizeof(ss_store_count_t));
    if (rv == APR_SUCCESS) rv = look_around(db, lease, pool);
    if (rv == APR_SUCCESS && may_bury) rv = bury(db, lease);
    if (rv == APR_SUCCESS) rv = read_handed(db, lease, pool);
    return rv == APR_SUCCESS ? read_settings(db, lease, pool) : rv;
}
