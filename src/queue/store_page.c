#include "queue/store_page.h"

#include <apr_strings.h>
#include <string.h>

#define SUMMARY_RECIPIENTS 20 /* read for each message of a list */

/* "*@example.com" as a LIKE pattern. anywhere: matches any part of the value, * is literal. */
static const char *like(const char *pattern, int anywhere, apr_pool_t *pool)
{
    char *out = apr_palloc(pool, strlen(pattern) * 2 + 3), *p = out;

    if (anywhere) *p++ = '%';
    for (; *pattern; pattern++) {
        if (*pattern == '*' && !anywhere) {
            *p++ = '%';
            continue;
        }
        if (*pattern == '%' || *pattern == '_' || *pattern == '\\') *p++ = '\\';
        *p++ = *pattern;
    }
    if (anywhere) *p++ = '%';
    *p = '\0';
    return out;
}

apr_status_t ss_store_page_select(ss_db_t *db, ss_sql_t sql, const ss_store_filter_t *f,
                                  const char *after, const char *bound, apr_int64_t mode,
                                  apr_time_t now, apr_int64_t limit, apr_pool_t *pool)
{
    const char *relay = f->relay ? f->relay : "", *from = f->from ? like(f->from, 0, pool) : "",
               *to = f->to ? like(f->to, 0, pool) : "";
    const char *words = f->text ? like(f->text, 1, pool) : "";
    apr_int64_t uid = f->uid, waiting = f->is_waiting, before = f->created_before,
                overdue = f->overdue_at, state = f->state, when = now;

    return ss_db_select(
        db, sql, SS_ARGS{ after,    bound, relay, relay,  &uid,  &uid,  &waiting, &before, &before,
                          &overdue, from,  from,  &state, &mode, &when, to,       to,      words,
                          words,    words, words, words,  words, words, words,    &limit });
}

/* Rare states have statements that use an index of their own. */
static ss_sql_t page_for(const ss_store_filter_t *f)
{
    return f->state == SS_STATE_FAILED ? SS_SQL_PAGE_FAILED : SS_SQL_PAGE;
}

static ss_sql_t bound_for(const ss_store_filter_t *f)
{
    if (f->state == SS_STATE_FAILED) return SS_SQL_PAGE_BOUND_FAILED;
    return f->is_waiting ? SS_SQL_PAGE_BOUND_OPEN : SS_SQL_PAGE_BOUND;
}

static apr_status_t select_ident(ss_db_t *db, const ss_store_filter_t *f, const char *after,
                                 const char *bound, apr_int64_t limit, apr_pool_t *pool)
{
    const char *begins = apr_pstrcat(pool, f->ident, "%", NULL),
               *ends = apr_pstrcat(pool, "%", f->ident, NULL);
    apr_int64_t uid = f->uid;

    return ss_db_select(db, SS_SQL_PAGE_IDENT,
                        SS_ARGS{ after, bound, begins, ends, &uid, &uid, &limit });
}

apr_status_t ss_store_page_bound(ss_db_t *db, ss_sql_t sql, const char *after,
                                 char bound[SS_IDENT_TEXT])
{
    apr_int64_t offset = SS_STORE_PAGE_STEP - 1;
    apr_status_t rv = ss_db_select(db, sql, SS_ARGS{ after, &offset });

    *bound = '\0';
    while (ss_db_next(db)) apr_cpystrn(bound, ss_db_text(db, 0), SS_IDENT_TEXT);
    return rv;
}

static const char *begin_of(const ss_store_filter_t *filter, const ss_store_place_t *at)
{
    if (*at->id) return at->id;
    return *filter->after ? filter->after : SS_STORE_PAGE_END;
}

apr_status_t ss_store_page_list(ss_db_t *db, ss_store_list_t *request, int *more)
{
    ss_store_place_t *at = &request->place;
    const char *after = begin_of(&request->filter, at);
    char bound[SS_IDENT_TEXT];
    apr_status_t rv = ss_store_page_bound(db, bound_for(&request->filter), after, bound);

    if (!request->rows)
        request->rows = apr_array_make(request->head.pool, request->limit, sizeof(ss_message_t *));
    int first = request->rows->nelts;
    apr_int64_t wanted = request->limit - first;
    if (rv == APR_SUCCESS && request->filter.ident)
        rv = select_ident(db, &request->filter, after, bound, wanted, request->head.pool);
    else if (rv == APR_SUCCESS)
        rv = ss_store_page_select(db, page_for(&request->filter), &request->filter, after, bound,
                                  SS_SQL_MODE_ANY, 0, wanted, request->head.pool);
    while (ss_db_next(db))
        APR_ARRAY_PUSH(request->rows, ss_message_t *) = ss_message_row_read(db, request->head.pool);
    for (int i = first; i < request->rows->nelts && rv == APR_SUCCESS; i++) {
        ss_message_t *m = APR_ARRAY_IDX(request->rows, i, ss_message_t *);
        int all = m->rcpt_count;
        rv = ss_store_read_recipients(db, m, SUMMARY_RECIPIENTS);
        m->rcpt_total = all > m->rcpt_count ? all : 0;
    }
    request->more = request->rows->nelts >= request->limit;
    *more = !request->more && *bound != '\0';
    apr_cpystrn(at->id, bound, sizeof(at->id));
    return rv;
}

apr_status_t ss_store_page_count(ss_db_t *db, ss_store_matches_t *request, apr_int64_t mode,
                                 int *more)
{
    ss_store_place_t *at = &request->place;
    const char *after = begin_of(&request->filter, at);
    char bound[SS_IDENT_TEXT];
    apr_status_t rv = ss_store_page_bound(
        db, request->filter.is_waiting ? SS_SQL_PAGE_BOUND_OPEN : SS_SQL_PAGE_BOUND, after, bound);

    if (rv == APR_SUCCESS) {
        rv = ss_store_page_select(db, SS_SQL_PAGE_COUNT, &request->filter, after, bound, mode,
                                  request->now, 1, request->head.pool);
    }
    while (ss_db_next(db)) request->messages += ss_db_number(db, 0);
    *more = *bound != '\0';
    apr_cpystrn(at->id, bound, sizeof(at->id));
    return rv;
}
