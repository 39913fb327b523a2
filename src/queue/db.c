/* db.c: one connection through apr_dbd. See db.h. */
#include "queue/db.h"

#include <apr_hash.h>
#include <apr_strings.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "queue/state.h"

#define PREPARE_TRIES 3 /* for a statement that other transactions disturb */

static apr_status_t set_failure(ss_db_t *db, int code)
{
    const char *words = db->handle ? apr_dbd_error(db->driver, db->handle, code) : NULL;

    if (db->fault == SS_FAULT_NONE)
        db->fault = ss_dialect_explain(db->dialect, code, words ? words : "no reason given",
                                       db->name, &db->rv, &db->result);
    db->rows = NULL;
    return db->rv;
}

/* apr_dbd keeps its drivers in its first caller's pool and never reloads them, so this pool lives
 * as long as the process. */
static apr_allocator_t *drivers_memory;
static apr_status_t drivers_rv;

static void make_drivers(void)
{
    apr_pool_t *pool = NULL;

    drivers_rv = apr_allocator_create(&drivers_memory);
    if (drivers_rv == APR_SUCCESS)
        drivers_rv = apr_pool_create_unmanaged_ex(&pool, NULL, drivers_memory);
    if (drivers_rv != APR_SUCCESS) return;
    apr_pool_tag(pool, "database drivers");
    drivers_rv = apr_dbd_init(pool);
}

static apr_status_t init_drivers(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, make_drivers);
    return drivers_rv;
}

/* A server is known by its version() and its host name. */
static apr_status_t find_engine(ss_db_t *db)
{
    apr_status_t rv = ss_db_ask(db, db->dialect->report);

    while (ss_db_next(db))
        db->engine = ss_dialect_engine(
            db->dialect, apr_pstrcat(db->scratch, ss_db_text(db, 0), " ", db->name, NULL));
    return rv;
}

static apr_status_t connect_to(ss_db_t *db, const char *params)
{
    const ss_dialect_t *dialect = db->dialect;
    const char *words = NULL;
    apr_status_t rv = init_drivers();

    if (rv == APR_SUCCESS) rv = apr_dbd_get_driver(db->pool, dialect->driver, &db->driver);
    if (rv != APR_SUCCESS) {
        ss_result_set(&db->result, "queue", "", NULL,
                      "apr_dbd's driver %s cannot be loaded: install APR-util's %s package "
                      "(libaprutil1-dbd-%s)",
                      dialect->driver, dialect->driver, dialect->driver);
        return rv;
    }
    rv = apr_dbd_open_ex(db->driver, db->pool,
                         dialect->params ? dialect->params(params, db->pool) : params, &db->handle,
                         &words);
    if (rv != APR_SUCCESS) {
        db->handle = NULL;
        if (!words) words = "no reason given";
        ss_result_set(&db->result, "queue", "", NULL, "the queue %s cannot be opened: %.*s",
                      db->name, (int)strcspn(words, "\r\n"), words);
        return rv;
    }
    if (dialect->opened) dialect->opened(db->driver, db->handle, db->scratch);
    if (dialect->report) rv = find_engine(db);
    int code = rv == APR_SUCCESS ? dialect->prepare(db->driver, db->handle, db->scratch, db->engine,
                                                    SS_PREPARE_READ)
                                 : 0;
    return code ? set_failure(db, code) : rv;
}

apr_status_t ss_db_open(ss_db_t *db, const ss_dialect_t *dialect, const char *params,
                        apr_pool_t *pool)
{
    memset(db, 0, sizeof(*db));
    apr_pool_create(&db->pool, pool);
    apr_pool_create(&db->scratch, db->pool);
    db->dialect = dialect;
    db->engine = ss_dialect_engine(dialect, "");
    db->name = dialect->name ? dialect->name(params, db->pool) : apr_pstrdup(db->pool, params);
    apr_status_t rv = connect_to(db, params);
    if (rv != APR_SUCCESS) ss_db_close(db);
    return rv;
}

apr_status_t ss_db_write(ss_db_t *db, int is_new)
{
    const ss_dialect_t *dialect = db->dialect;
    int code =
        is_new ? dialect->prepare(db->driver, db->handle, db->scratch, db->engine, SS_PREPARE_NEW)
               : 0;

    if (!code)
        code = dialect->prepare(db->driver, db->handle, db->scratch, db->engine, SS_PREPARE_WRITE);
    return code ? set_failure(db, code) : APR_SUCCESS;
}

/* ---- statements ---- */

static const char *find_mark(const ss_dialect_mark_t *marks, const char *text, apr_size_t *len)
{
    for (; marks && marks->mark; marks++) {
        *len = strlen(marks->mark);
        if (!strncmp(text, marks->mark, *len)) return marks->text;
    }
    return NULL;
}

/* Replaces each mark by its text. An argument ("%s") is kept and its type is appended. out NULL:
 * returns only the length. */
static apr_size_t put_marks(const char *from, const ss_dialect_mark_t *marks, char *out)
{
    apr_size_t total = 0;

    while (*from) {
        apr_size_t len = 1;
        const char *text = find_mark(marks, from, &len);
        apr_size_t kept = text && *from != '%' ? 0 : text ? len : 1, more = text ? strlen(text) : 0;
        if (out) {
            memcpy(out + total, from, kept);
            memcpy(out + total + kept, text ? text : "", more);
        }
        total += kept + more;
        from += text ? len : 1;
    }
    return total;
}

static const char *replace(const char *from, const ss_dialect_mark_t *marks, apr_pool_t *pool)
{
    char *out = apr_pcalloc(pool, put_marks(from, marks, NULL) + 1);

    put_marks(from, marks, out);
    return out;
}

/* {queued}, {sending} ...: the numbers of the states; {node}: this node's name. */
static const ss_dialect_mark_t *common_marks(const ss_db_t *db)
{
    ss_dialect_mark_t *marks = apr_pcalloc(db->scratch, sizeof(*marks) * (SS_STATES + 2));

    for (int i = 0; i < SS_STATES; i++) {
        marks[i].mark = apr_pstrcat(db->scratch, "{", ss_state_name((ss_state_t)i), "}", NULL);
        marks[i].text = apr_itoa(db->scratch, i);
    }
    marks[SS_STATES] =
        (ss_dialect_mark_t){ "{node}",
                             apr_pstrcat(db->scratch, "'", db->node ? db->node : "", "'", NULL) };
    return marks;
}

static const char *source_of(const ss_db_t *db, ss_sql_t sql)
{
    const char *own = db->dialect->sql[sql];

    return own ? own : ss_sql_texts[sql];
}

int ss_db_has(const ss_db_t *db, ss_sql_t sql)
{
    const char *source = source_of(db, sql);

    return source && *source;
}

const char *ss_db_expand(const ss_db_t *db, const char *text)
{
    text = replace(ss_sql_expand(text, &db->dialect->columns, db->scratch), db->dialect->marks,
                   db->scratch);
    return replace(text, db->engine->marks, db->scratch);
}

static int prepare_text(ss_db_t *db, const char *text, const char *label,
                        apr_dbd_prepared_t **statement)
{
    int code = apr_dbd_prepare(db->driver, db->pool, db->handle,
                               replace(text, db->dialect->types, db->scratch), label, statement);

    if (code) *statement = NULL;
    return code;
}

/* It is forgotten: outside a transaction a statement can just be done again. */
static int is_conflict(ss_db_t *db, int code)
{
    set_failure(db, code);
    if (db->fault != SS_FAULT_CONFLICT) return 0;
    db->fault = SS_FAULT_NONE;
    return 1;
}

/* Unique to the node, whose name is in the texts: a pool of connections must not mix them up. */
static const char *label_of(const ss_db_t *db, int sql, int rows)
{
    apr_ssize_t len = APR_HASH_KEY_STRING;

    if (!db->dialect->has_names) return NULL;
    return apr_psprintf(db->pool, "smtp_send_%08x_%d_%d",
                        apr_hashfunc_default(db->node ? db->node : "", &len), sql, rows);
}

apr_status_t ss_db_prepare(ss_db_t *db)
{
    const ss_dialect_mark_t *common = common_marks(db);

    for (int i = 0; i < SS_SQL_COUNT; i++) {
        if (db->statements[i] || !ss_db_has(db, (ss_sql_t)i)) continue;
        /* The common marks come last: the dialect's texts may contain them. */
        db->texts[i] = replace(ss_db_expand(db, source_of(db, (ss_sql_t)i)), common, db->pool);
        int code, tries = 0;
        do {
            code = prepare_text(db, db->texts[i], label_of(db, i, 1), &db->statements[i]);
        } while (code && is_conflict(db, code) && tries++ < PREPARE_TRIES);
        if (code) return set_failure(db, code);
    }
    return APR_SUCCESS;
}

static void clean_texts(ss_db_t *db, ss_sql_t sql, const void **args)
{
    const char *p = db->texts[sql];
    int i = 0;

    if (!db->dialect->argument) return;
    while ((p = strchr(p, '%')) != NULL) {
        if (!strncmp(p, "%s", 2) && args[i]) args[i] = db->dialect->argument(args[i], db->scratch);
        i += strncmp(p, "%pDb", 4) ? 1 : 4;
        p++;
    }
}

/* ---- many rows a statement ---- */

/* Repeats the one row of VALUES in the text `rows` times. */
static const char *repeat_rows(const char *text, int rows, apr_pool_t *pool)
{
    const char *row = strstr(text, "VALUES (") + 7, *end = row;
    apr_array_header_t *all = apr_array_make(pool, rows + 2, sizeof(const char *));
    int depth = 0;

    do {
        depth += *end == '(' ? 1 : *end == ')' ? -1 : 0;
        end++;
    } while (depth);
    const char *one = apr_pstrmemdup(pool, row, (apr_size_t)(end - row));
    for (int i = 0; i < rows; i++) APR_ARRAY_PUSH(all, const char *) = one;
    return apr_pstrcat(pool, apr_pstrmemdup(pool, text, (apr_size_t)(row - text)),
                       apr_array_pstrcat(pool, all, ','), end, NULL);
}

static int prepare_many(ss_db_t *db, ss_sql_t sql, int kind)
{
    int rows = db->dialect->many_rows[kind];

    if (db->many[sql][kind]) return 0;
    return prepare_text(db, repeat_rows(db->texts[sql], rows, db->scratch),
                        label_of(db, (int)sql, rows), &db->many[sql][kind]);
}

apr_status_t ss_db_run_many(ss_db_t *db, ss_sql_t sql, int rows, int width, const void **args,
                            int *changed)
{
    int total = 0;

    for (int at = 0; at < rows;) {
        int kind = 0, now, count = 0, code;
        while (kind < SS_DIALECT_MANY && db->dialect->many_rows[kind] > rows - at) kind++;
        now = kind < SS_DIALECT_MANY ? db->dialect->many_rows[kind] : 1;
        for (int i = 0; i < now; i++) clean_texts(db, sql, args + (at + i) * width);
        code = now > 1 ? prepare_many(db, sql, kind) : 0;
        if (!code)
            code = apr_dbd_pbquery(db->driver, db->scratch, db->handle, &count,
                                   now > 1 ? db->many[sql][kind] : db->statements[sql],
                                   args + at * width);
        if (code) return set_failure(db, code);
        total += count;
        at += now;
    }
    if (changed) *changed = total;
    return APR_SUCCESS;
}

/* Appends a row's arguments to the kept ones. Returns the number of pointers. */
static int keep_row(ss_db_t *db, ss_sql_t sql, const void **args, apr_array_header_t *kept)
{
    int count = 0;

    for (const char *p = db->texts[sql]; (p = strchr(p, '%')) != NULL; p++) {
        int is_number = !strncmp(p, "%lld", 4), is_blob = !strncmp(p, "%pDb", 4);
        APR_ARRAY_PUSH(kept, const void *) =
            is_number ? apr_pmemdup(db->scratch, args[count], sizeof(apr_int64_t)) : args[count];
        count++;
        if (!is_blob) continue;
        APR_ARRAY_PUSH(kept, const void *) =
            apr_pmemdup(db->scratch, args[count], sizeof(apr_size_t));
        APR_ARRAY_PUSH(kept, const void *) = args[count + 1];
        APR_ARRAY_PUSH(kept, const void *) = args[count + 2];
        count += 3;
    }
    return count;
}

static int width_of(const ss_db_t *db, ss_sql_t sql)
{
    int width = 0;

    for (const char *p = db->texts[sql]; (p = strchr(p, '%')) != NULL; p++)
        width += strncmp(p, "%pDb", 4) ? 1 : 4;
    return width;
}

static apr_status_t flush_one(ss_db_t *db, ss_sql_t sql)
{
    apr_array_header_t *kept = db->gathered[sql];

    if (!kept || !kept->nelts) return APR_SUCCESS;
    int width = width_of(db, sql);
    apr_status_t rv = ss_db_run_many(db, sql, kept->nelts / width, width,
                                     (const void **)(void *)kept->elts, NULL);
    apr_array_clear(kept);
    return rv;
}

apr_status_t ss_db_put(ss_db_t *db, ss_sql_t sql, const void **args)
{
    int most = db->dialect->many_rows[0];

    if (!most || db->is_careful) return ss_db_run(db, sql, args, NULL);
    if (!db->gathered[sql])
        db->gathered[sql] =
            apr_array_make(db->scratch, most * SS_DB_ARGS_MAX, sizeof(const void *));
    int width = keep_row(db, sql, args, db->gathered[sql]);
    return db->gathered[sql]->nelts / width < most ? APR_SUCCESS : flush_one(db, sql);
}

apr_status_t ss_db_flush(ss_db_t *db)
{
    apr_status_t rv = APR_SUCCESS;

    for (int sql = 0; sql < SS_SQL_COUNT && rv == APR_SUCCESS; sql++)
        rv = flush_one(db, (ss_sql_t)sql);
    return rv;
}

/* ---- the connection ---- */

apr_status_t ss_db_refresh(ss_db_t *db)
{
    ss_db_clear(db);
    memset(db->statements, 0, sizeof(db->statements));
    memset(db->many, 0, sizeof(db->many));
    return ss_db_prepare(db);
}

void ss_db_close(ss_db_t *db)
{
    if (db->handle) apr_dbd_close(db->driver, db->handle);
    db->handle = NULL;
    if (db->pool) apr_pool_destroy(db->pool);
    db->pool = NULL;
    db->scratch = NULL;
}

/* ---- what is damaged ---- */

static int find_damaged(const ss_db_t *db, const char *id)
{
    int i = 0;

    while (i < db->damaged_count && strcmp(db->damaged[i].id, id)) i++;
    return i;
}

int ss_db_note_damage(ss_db_t *db, const char *id, int is_row)
{
    int i = id ? find_damaged(db, id) : 0;
    ss_db_damaged_t *entry = &db->damaged[i];

    if (!id || i > SS_DB_DAMAGED_MAX) return 0;
    if (i == db->damaged_count) {
        *entry = (ss_db_damaged_t){ .is_row = is_row };
        apr_cpystrn(entry->id, id, sizeof(entry->id));
        db->damaged_count++;
        return 1;
    }
    if (!is_row || entry->is_row) return 0;
    entry->is_row = 1;
    return 1;
}

int ss_db_has_damaged_row(const ss_db_t *db, const char *id)
{
    int i = find_damaged(db, id);

    return i < db->damaged_count && db->damaged[i].is_row;
}

void ss_db_end_damaged(ss_db_t *db, const char *id)
{
    int i = find_damaged(db, id);

    if (i < db->damaged_count) db->damaged[i] = db->damaged[--db->damaged_count];
}

/* ---- executing ---- */

void ss_db_clear(ss_db_t *db)
{
    db->rows = NULL;
    db->row = NULL;
    memset(db->gathered, 0, sizeof(db->gathered));
    db->later = NULL;
    if (db->scratch) apr_pool_clear(db->scratch);
    db->fault = SS_FAULT_NONE;
    db->rv = APR_SUCCESS;
    ss_result_clear(&db->result);
}

apr_status_t ss_db_do(ss_db_t *db, const char *text)
{
    int changed = 0;
    int code = apr_dbd_query(db->driver, db->handle, &changed, text);

    return code ? set_failure(db, code) : APR_SUCCESS;
}

apr_status_t ss_db_run(ss_db_t *db, ss_sql_t sql, const void **args, int *changed)
{
    int rows = 0;

    clean_texts(db, sql, args);
    int code =
        apr_dbd_pbquery(db->driver, db->scratch, db->handle, &rows, db->statements[sql], args);
    if (changed) *changed = rows;
    return code ? set_failure(db, code) : APR_SUCCESS;
}

apr_status_t ss_db_select(ss_db_t *db, ss_sql_t sql, const void **args)
{
    db->rows = NULL;
    db->row = NULL;
    clean_texts(db, sql, args);
    int code = apr_dbd_pbselect(db->driver, db->scratch, db->handle, &db->rows, db->statements[sql],
                                db->dialect->is_random, args);
    return code ? set_failure(db, code) : APR_SUCCESS;
}

apr_status_t ss_db_ask(ss_db_t *db, const char *text)
{
    db->rows = NULL;
    db->row = NULL;
    int code = apr_dbd_select(db->driver, db->scratch, db->handle, &db->rows, text,
                              db->dialect->is_random);
    return code ? set_failure(db, code) : APR_SUCCESS;
}

int ss_db_next(ss_db_t *db)
{
    if (!db->rows) return 0;
    if (apr_dbd_get_row(db->driver, db->scratch, db->rows, &db->row, -1) == 0) return 1;
    db->rows = NULL;
    return 0;
}

const char *ss_db_text(const ss_db_t *db, int n)
{
    return db->dialect->text(db->driver, db->row, n);
}

const char *ss_db_copy(const ss_db_t *db, int n, apr_pool_t *pool)
{
    return apr_pstrdup(pool, ss_db_text(db, n));
}

apr_int64_t ss_db_number(const ss_db_t *db, int n)
{
    const char *text = ss_db_text(db, n);

    return text ? apr_strtoi64(text, NULL, 10) : 0;
}

const char *ss_db_bytes(const ss_db_t *db, int n, apr_size_t len, apr_pool_t *pool)
{
    const char *text = ss_db_text(db, n);

    return text ? db->dialect->bytes(text, len, pool) : NULL;
}
