#include "queue/store_control.h"

#include <apr_strings.h>

#include "queue/store_outcome.h"
#include "queue/store_page.h"

#define BIT(state) (1u << (state))
#define TRIED (BIT(SS_STATE_QUEUED) | BIT(SS_STATE_SENDING) | BIT(SS_STATE_DEFERRED))

/* What an action changes: recipients in these states; its name in the history; which messages of a
 * filter it applies to. */
static const struct {
    unsigned states;
    ss_sql_t sql;
    const char *what;
    apr_int64_t mode;
} actions[] = {
    [SS_ACTION_RETRY] = { TRIED, SS_SQL_RETRY, "retry", SS_SQL_MODE_RETRY },
    [SS_ACTION_HOLD] = { TRIED, SS_SQL_HOLD, "held", SS_SQL_MODE_HOLD },
    [SS_ACTION_RELEASE] = { BIT(SS_STATE_HELD), SS_SQL_RELEASE, "released", SS_SQL_MODE_RELEASE },
    [SS_ACTION_CANCEL] = { TRIED | BIT(SS_STATE_HELD), SS_SQL_CANCEL, "cancelled",
                           SS_SQL_MODE_CANCEL },
    [SS_ACTION_BOUNCE] = { TRIED | BIT(SS_STATE_HELD), SS_SQL_COUNT, "bounced",
                           SS_SQL_MODE_CANCEL },
};

/* The states that a message had, and what of them the action changes. */
typedef struct {
    ss_store_summary_t summary;
    int changed;
    ss_state_t first;
} found_t;

static apr_status_t read_states(ss_db_t *db, const char *id, unsigned states, found_t *found)
{
    apr_status_t rv = ss_store_outcome_summary(db, id, &found->summary);

    found->changed = 0;
    for (int i = SS_STATES - 1; i >= 0; i--) {
        if (!(states & BIT(i)) || !found->summary.count[i]) continue;
        found->first = (ss_state_t)i;
        found->changed += (int)found->summary.count[i];
    }
    return rv;
}

static const char *word_of(const ss_store_summary_t *summary)
{
    const char *word = NULL;

    for (int i = 0; i < SS_STATES; i++) {
        if (!summary->count[i]) continue;
        if (word) return "partial";
        word = ss_state_name((ss_state_t)i);
    }
    return word ? word : "unknown";
}

/* Notifies the node that delivers the message, if it is another one. Before the change, which may
 * delete the message. */
static apr_status_t hand_over(ss_db_t *db, const ss_store_control_t *request, const ss_message_t *m,
                              const found_t *found)
{
    apr_int64_t now = request->now, action = request->control, recipients = found->changed,
                from = found->first, is_finished = request->control == SS_ACTION_CANCEL;

    return ss_db_run(
        db, SS_SQL_HAND_OVER,
        SS_ARGS{ &now, &action, request->who, &recipients, &from, &is_finished, m->id }, NULL);
}

/* One message. *found: the states it had. */
static apr_status_t act_on_message(ss_db_t *db, ss_store_control_t *request, const ss_message_t *m,
                                   found_t *found)
{
    ss_store_summary_t summary;
    apr_status_t rv = read_states(db, m->id, actions[request->control].states, found);

    if (rv != APR_SUCCESS || !found->changed) return rv;
    if (m->is_foreign) rv = hand_over(db, request, m, found);
    if (request->control == SS_ACTION_BOUNCE) {
        request->messages += rv == APR_SUCCESS;
        return rv;
    }
    if (rv == APR_SUCCESS)
        rv = request->reason
                 ? ss_db_run(db, SS_SQL_HOLD_UNREADABLE, SS_ARGS{ request->reason, m->id }, NULL)
                 : ss_db_run(db, actions[request->control].sql, SS_ARGS{ m->id }, NULL);
    if (rv == APR_SUCCESS)
        rv = ss_store_outcome_event(db, m->id, request->now, -1, actions[request->control].what,
                                    request->reason ? request->reason : request->who, NULL);
    if (rv == APR_SUCCESS)
        rv = ss_store_outcome_settle(db, m->id, request->now, request->keep_history, &summary);
    if (rv != APR_SUCCESS) return rv;
    ss_store_changed_t *touched = apr_array_push(request->rows);
    *touched = (ss_store_changed_t){ .relay = m->relay,
                                     .recipients = found->changed,
                                     .from_state = found->first,
                                     .is_finished = summary.is_finished,
                                     .is_foreign = m->is_foreign,
                                     .size = m->size };
    apr_cpystrn(touched->id, m->id, sizeof(touched->id));
    request->messages++;
    return APR_SUCCESS;
}

static apr_status_t act_on_one(ss_db_t *db, ss_store_control_t *request)
{
    ss_message_t *m;
    found_t found;
    apr_status_t rv = ss_message_row_find(db, request->id, &m, request->head.pool);

    if (rv == APR_SUCCESS && m &&
        ((request->filter.uid >= 0 && m->attr.uid != request->filter.uid) ||
         !ss_message_is_of(m, request->filter.submitters)))
        m = NULL;
    if (rv != APR_SUCCESS || !m) {
        if (rv == APR_SUCCESS) request->head.rv = APR_NOTFOUND;
        return rv;
    }
    rv = act_on_message(db, request, m, &found);
    if (rv == APR_SUCCESS && !request->messages) request->state = word_of(&found.summary);
    return rv;
}

/* One step: as many messages as a step of a list looks at. Only unfinished ones can be changed. */
static apr_status_t act_on_page(ss_db_t *db, ss_store_control_t *request)
{
    const char *after = *request->filter.after ? request->filter.after : SS_STORE_PAGE_END;
    apr_array_header_t *page =
        apr_array_make(request->head.pool, request->limit, sizeof(ss_message_t *));
    apr_status_t rv = ss_store_page_bound(db, SS_SQL_PAGE_BOUND_OPEN, after, request->next);
    found_t found;

    if (rv == APR_SUCCESS)
        rv = ss_store_page_select(db, SS_SQL_PAGE, &request->filter, after, request->next,
                                  actions[request->control].mode, request->now, request->limit,
                                  request->head.pool);
    while (ss_db_next(db))
        APR_ARRAY_PUSH(page, ss_message_t *) = ss_message_row_read(db, request->head.pool);
    for (int i = 0; i < page->nelts && rv == APR_SUCCESS; i++)
        rv = act_on_message(db, request, APR_ARRAY_IDX(page, i, ss_message_t *), &found);
    if (page->nelts == request->limit)
        apr_cpystrn(request->next, APR_ARRAY_IDX(page, page->nelts - 1, ss_message_t *)->id,
                    sizeof(request->next));
    request->more = *request->next != '\0';
    return rv;
}

apr_status_t ss_store_control_write(ss_db_t *db, ss_store_control_t *request)
{
    request->rows = apr_array_make(request->head.pool, 4, sizeof(ss_store_changed_t));
    request->messages = 0;
    request->more = 0;
    *request->next = '\0';
    request->state = NULL;
    return *request->id ? act_on_one(db, request) : act_on_page(db, request);
}

apr_status_t ss_store_control_count(ss_db_t *db, ss_store_matches_t *request, int *more)
{
    return ss_store_page_count(db, request, actions[request->control].mode, more);
}

apr_status_t ss_store_control_set(ss_db_t *db, const ss_store_set_t *request)
{
    apr_int64_t now = request->now;

    if (!request->value) return ss_db_run(db, SS_SQL_UNSET, SS_ARGS{ request->key }, NULL);
    return ss_db_run(db, SS_SQL_SET, SS_ARGS{ request->key, request->value, request->who, &now },
                     NULL);
}
