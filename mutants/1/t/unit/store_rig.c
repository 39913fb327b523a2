/* store_rig.c: see store_rig.h. */
#include "store_rig.h"

#include <CUnit/CUnit.h>
#include <apr_strings.h>
#include <dirent.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WAIT_MOST 20000 /* milliseconds */

static void notify(void *self)
{
    const store_rig_t *rig = self;

    while (write(rig->wake[1], "", 1) < 0) continue;
}

void store_rig_done(ss_store_request_t *request)
{
    *(int *)request->baton = 1;
}

void store_rig_begin(store_rig_t *rig)
{
    memset(rig, 0, sizeof(*rig));
    apr_snprintf(rig->folder, sizeof(rig->folder), "/tmp/smtp-send-store.XXXXXX");
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(rig->folder));
    apr_snprintf(rig->file, sizeof(rig->file), "%s/queue.db", rig->folder);
    CU_ASSERT_EQUAL_FATAL(pipe(rig->wake), 0);
}

apr_status_t store_rig_open(store_rig_t *rig, apr_interval_time_t lock_wait)
{
    ss_store_options_t options = {
        .driver = "sqlite3", .params = rig->file, .notify = notify, .self = rig, .migrates = 1
    };

    ss_result_clear(&rig->result);
    return ss_store_open(&rig->store, &options, lock_wait, &rig->result);
}

void store_rig_close(store_rig_t *rig)
{
    if (rig->store) ss_store_close(rig->store);
    rig->store = NULL;
}

void store_rig_end(store_rig_t *rig)
{
    DIR *folder = opendir(rig->folder);
    struct dirent *entry;

    store_rig_close(rig);
    while (folder && (entry = readdir(folder)) != NULL) {
        char path[512];
        apr_snprintf(path, sizeof(path), "%s/%s", rig->folder, entry->d_name);
        if (*entry->d_name != '.') unlink(path);
    }
    if (folder) closedir(folder);
    rmdir(rig->folder);
    close(rig->wake[0]);
    close(rig->wake[1]);
}

void store_rig_start(store_rig_t *rig)
{
    store_rig_begin(rig);
    apr_status_t rv = store_rig_open(rig, 0);
    if (rv != APR_SUCCESS) fprintf(stderr, "\n  %s\n", rig->result.text);
    CU_ASSERT_EQUAL_FATAL(rv, APR_SUCCESS);
}

void store_rig_post(store_rig_t *rig, ss_store_request_t *request)
{
    CU_ASSERT_EQUAL_FATAL(ss_store_post(rig->store, request), APR_SUCCESS);
}

void store_rig_wait(store_rig_t *rig, const int *is_done)
{
    while (!*is_done) {
        struct pollfd p = { .fd = rig->wake[0], .events = POLLIN };
        char bytes[64];
        CU_ASSERT_EQUAL_FATAL(poll(&p, 1, WAIT_MOST), 1);
        CU_ASSERT_TRUE_FATAL(read(rig->wake[0], bytes, sizeof(bytes)) > 0);
        ss_store_collect(rig->store);
    }
}

apr_status_t store_rig_ask(store_rig_t *rig, ss_store_request_t *request)
{
    int is_done = 0;

    request->baton = &is_done;
    store_rig_post(rig, request);
    store_rig_wait(rig, &is_done);
    if (request->rv != APR_SUCCESS) rig->result = request->result;
    return request->rv;
}

char store_rig_byte(apr_size_t at)
{
    return (char)('a' + (at * 7 + at / 1000) % 26);
}

ss_message_t *store_rig_message(store_rig_t *rig, int recipients, apr_size_t size)
{
    apr_pool_t *pool = ss_store_pool();
    ss_message_t *m = apr_pcalloc(pool, sizeof(*m));
    unsigned char random[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };
    char *bytes = apr_palloc(pool, size + 1);

    m->pool = pool;
    ss_ident_make(&rig->ids, RIG_NOW, random, m->id);
    m->relay = "default";
    m->from = "sender@example.com";
    m->attr.uid = -1;
    m->created = RIG_NOW;
    m->rcpt_count = recipients;
    m->rcpts = apr_pcalloc(pool, sizeof(*m->rcpts) * (apr_size_t)recipients);
    for (int i = 0; i < recipients; i++) {
        m->rcpts[i].number = i;
        m->rcpts[i].address = apr_psprintf(pool, "r%d@example.net", i);
    }
    for (apr_size_t i = 0; i < size; i++) bytes[i] = store_rig_byte(i);
    m->size = size;
    m->part_count = (int)((size + SS_PART_MAX - 1) / SS_PART_MAX);
    m->parts = apr_pcalloc(pool, sizeof(*m->parts) * (apr_size_t)(m->part_count + 1));
    for (int i = 0; i < m->part_count; i++) {
        apr_size_t at = (apr_size_t)i * SS_PART_MAX;
        m->parts[i] =
            (ss_message_part_t){ bytes + at, size - at < SS_PART_MAX ? size - at : SS_PART_MAX };
    }
    return m;
}

apr_status_t store_rig_accept(store_rig_t *rig, ss_message_t *m)
{
    ss_store_accept_t *request = ss_store_accept_create(m, store_rig_done, NULL);
    apr_status_t rv = store_rig_ask(rig, &request->head);

    apr_pool_destroy(request->head.pool);
    return rv;
}

apr_status_t store_rig_finish(store_rig_t *rig, ss_message_t *m, int recipient, ss_state_t state,
                              const char *reply, int keep_history)
{
    ss_store_outcome_t *request =
        ss_store_outcome_create(m, keep_history, RIG_NOW, store_rig_done, NULL);

    m->rcpts[recipient].state = state;
    m->rcpts[recipient].reply = reply;
    m->rcpts[recipient].attempts++;
    request->changed = &recipient;
    request->changed_count = 1;
    apr_status_t rv = store_rig_ask(rig, &request->head);
    apr_pool_destroy(request->head.pool);
    return rv;
}

const char *store_rig_state(store_rig_t *rig, const char *id)
{
    ss_store_lookup_t *request = ss_store_lookup_create(id, store_rig_done, NULL);
    const char *state = "none";

    if (store_rig_ask(rig, &request->head) == APR_SUCCESS)
        state = ss_message_state(request->message);
    apr_pool_destroy(request->head.pool);
    return state;
}
