/* store_request.c: constructors, and their pools. See store_request.h. */
#include "queue/store_request.h"

#include <apr_strings.h>
#include <apr_thread_mutex.h>
#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

/* All pools share one allocator with a mutex. An allocator per pool would need no lock, but map and
 * unmap memory for every pool. Free memory above FREE_MAX is returned to the system. */
#define FREE_MAX (32 * 1024 * 1024)

static apr_allocator_t *shared;

/* Once per process; never destroyed. */
static void make_shared(void)
{
    apr_thread_mutex_t *mutex = NULL;
    apr_pool_t *pool = NULL;

    if (apr_allocator_create(&shared) != APR_SUCCESS ||
        apr_pool_create_unmanaged_ex(&pool, NULL, shared) != APR_SUCCESS)
        abort();
    if (apr_thread_mutex_create(&mutex, APR_THREAD_MUTEX_UNNESTED, pool) != APR_SUCCESS) abort();
    apr_allocator_mutex_set(shared, mutex);
    apr_allocator_max_free_set(shared, FREE_MAX);
}

apr_pool_t *ss_store_pool(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    apr_pool_t *pool = NULL;

    pthread_once(&once, make_shared);
    if (apr_pool_create_unmanaged_ex(&pool, NULL, shared) != APR_SUCCESS) abort();
    return pool;
}

void *ss_store_request_create(ss_store_verb_t verb, apr_size_t size, ss_store_done_t *done,
                              void *baton)
{
    apr_pool_t *pool = ss_store_pool();
    ss_store_request_t *request = apr_pcalloc(pool, size);

    request->verb = verb;
    request->pool = pool;
    request->done = done;
    request->baton = baton;
    return request;
}

void ss_store_request_push(struct ss_requests_t *ring, ss_store_request_t *request)
{
    APR_RING_INSERT_TAIL(ring, request, ss_store_request_t, link);
}

ss_store_request_t *ss_store_request_take(struct ss_requests_t *ring)
{
    if (APR_RING_EMPTY(ring, ss_store_request_t, link)) return NULL;
    ss_store_request_t *request = APR_RING_FIRST(ring);
    APR_RING_REMOVE(request, link);
    return request;
}

void *ss_store_request_as(ss_store_request_t *request, ss_store_verb_t verb)
{
    assert(request->verb == verb);
    return request;
}

ss_store_accept_t *ss_store_accept_create(ss_message_t *message, ss_store_done_t *done, void *baton)
{
    ss_store_accept_t *request =
        ss_store_request_create(SS_STORE_ACCEPT, sizeof(*request), done, baton);

    request->message = message;
    return request;
}

ss_store_outcome_t *ss_store_outcome_create(ss_message_t *message, int keep_history, apr_time_t now,
                                            ss_store_done_t *done, void *baton)
{
    ss_store_outcome_t *request =
        ss_store_request_create(SS_STORE_OUTCOME, sizeof(*request), done, baton);

    request->message = message;
    request->keep_history = keep_history;
    request->now = now;
    return request;
}

ss_store_stage_t *ss_store_stage_create(const char *id, int number, const char *bytes,
                                        apr_size_t len, ss_store_done_t *done, void *baton)
{
    ss_store_stage_t *request =
        ss_store_request_create(SS_STORE_STAGE, sizeof(*request), done, baton);

    apr_cpystrn(request->id, id, sizeof(request->id));
    request->number = number;
    request->bytes = bytes;
    request->len = len;
    return request;
}

ss_store_unstage_t *ss_store_unstage_create(const char *id, ss_store_done_t *done, void *baton)
{
    ss_store_unstage_t *request =
        ss_store_request_create(SS_STORE_UNSTAGE, sizeof(*request), done, baton);

    apr_cpystrn(request->id, id, sizeof(request->id));
    return request;
}

ss_store_set_t *ss_store_set_create(const char *key, const char *value, apr_time_t now,
                                    ss_store_done_t *done, void *baton)
{
    ss_store_set_t *request = ss_store_request_create(SS_STORE_SET, sizeof(*request), done, baton);

    request->key = apr_pstrdup(request->head.pool, key);
    request->value = apr_pstrdup(request->head.pool, value);
    request->now = now;
    return request;
}

ss_store_control_t *ss_store_control_create(ss_store_action_t control, const char *who,
                                            apr_time_t now, ss_store_done_t *done, void *baton)
{
    ss_store_control_t *request =
        ss_store_request_create(SS_STORE_CONTROL, sizeof(*request), done, baton);

    request->control = control;
    request->who = apr_pstrdup(request->head.pool, who);
    request->now = now;
    request->filter = (ss_store_filter_t){ .state = -1, .uid = -1 };
    return request;
}

ss_store_purge_t *ss_store_purge_create(apr_time_t before, int limit, apr_time_t now,
                                        ss_store_done_t *done, void *baton)
{
    ss_store_purge_t *request =
        ss_store_request_create(SS_STORE_PURGE, sizeof(*request), done, baton);

    request->before = before;
    request->limit = limit;
    request->now = now;
    return request;
}

ss_store_load_t *ss_store_load_create(const char *id, apr_uint64_t whole_max, ss_store_done_t *done,
                                      void *baton)
{
    ss_store_load_t *request =
        ss_store_request_create(SS_STORE_LOAD, sizeof(*request), done, baton);

    apr_cpystrn(request->id, id, sizeof(request->id));
    request->whole_max = whole_max;
    return request;
}

ss_store_part_t *ss_store_part_create(const char *id, int number, ss_store_done_t *done,
                                      void *baton)
{
    ss_store_part_t *request =
        ss_store_request_create(SS_STORE_PART, sizeof(*request), done, baton);

    apr_cpystrn(request->id, id, sizeof(request->id));
    request->number = number;
    return request;
}

ss_store_due_t *ss_store_due_create(const char *relay, apr_time_t after_time, const char *after_id,
                                    int limit, ss_store_done_t *done, void *baton)
{
    ss_store_due_t *request = ss_store_request_create(SS_STORE_DUE, sizeof(*request), done, baton);

    request->relay = apr_pstrdup(request->head.pool, relay);
    request->after_time = after_time;
    apr_cpystrn(request->after_id, after_id, sizeof(request->after_id));
    request->limit = limit;
    return request;
}

ss_store_lookup_t *ss_store_lookup_create(const char *id, ss_store_done_t *done, void *baton)
{
    ss_store_lookup_t *request =
        ss_store_request_create(SS_STORE_LOOKUP, sizeof(*request), done, baton);

    apr_cpystrn(request->id, id, sizeof(request->id));
    return request;
}

ss_store_list_t *ss_store_list_create(const ss_store_filter_t *filter, int limit,
                                      ss_store_done_t *done, void *baton)
{
    ss_store_list_t *request =
        ss_store_request_create(SS_STORE_LIST, sizeof(*request), done, baton);

    request->filter = *filter;
    request->limit = limit;
    return request;
}

ss_store_matches_t *ss_store_matches_create(ss_store_action_t control,
                                            const ss_store_filter_t *filter, apr_time_t now,
                                            ss_store_done_t *done, void *baton)
{
    ss_store_matches_t *request =
        ss_store_request_create(SS_STORE_MATCHES, sizeof(*request), done, baton);

    request->control = control;
    request->filter = *filter;
    request->now = now;
    return request;
}

ss_store_counts_t *ss_store_counts_create(ss_store_done_t *done, void *baton)
{
    return ss_store_request_create(SS_STORE_COUNTS, sizeof(ss_store_counts_t), done, baton);
}

ss_store_oldest_t *ss_store_oldest_create(ss_store_done_t *done, void *baton)
{
    ss_store_oldest_t *request =
        ss_store_request_create(SS_STORE_OLDEST, sizeof(*request), done, baton);

    request->rows = apr_array_make(request->head.pool, 4, sizeof(ss_store_count_t));
    return request;
}

ss_store_settings_t *ss_store_settings_create(ss_store_done_t *done, void *baton)
{
    return ss_store_request_create(SS_STORE_SETTINGS, sizeof(ss_store_settings_t), done, baton);
}

const char *ss_store_request_id(ss_store_request_t *request)
{
    void *typed = request;

    switch (request->verb) {
    case SS_STORE_OUTCOME: return ((ss_store_outcome_t *)typed)->message->id;
    case SS_STORE_LOAD: return ((ss_store_load_t *)typed)->id;
    case SS_STORE_PART: return ((ss_store_part_t *)typed)->id;
    case SS_STORE_LOOKUP: return ((ss_store_lookup_t *)typed)->id;
    case SS_STORE_CONTROL:
        return *((ss_store_control_t *)typed)->id ? ((ss_store_control_t *)typed)->id : NULL;
    default: return NULL;
    }
}

int ss_store_request_is_write(const ss_store_request_t *request)
{
    switch (request->verb) {
    case SS_STORE_ACCEPT:
    case SS_STORE_STAGE:
    case SS_STORE_UNSTAGE:
    case SS_STORE_OUTCOME:
    case SS_STORE_SET:
    case SS_STORE_CONTROL:
    case SS_STORE_PURGE:
    case SS_STORE_LEASE: return 1;
    default: return 0;
    }
}
