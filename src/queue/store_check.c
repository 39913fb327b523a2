#include "queue/store_check.h"

#include <apr_strings.h>
#include <string.h>

#include "base/clock.h"

/* after the first messages of a start */
#define BEGIN_AFTER (200 * 1000)
#define STEP "499" /* rows */

/* Rows are visited without what is on pages of their own: that concerns one message. The order of
 * sending and the settings are read at the start anyway.
 * Between the texts stand the id and the number of the last row. */
static const struct {
    const char *before, *between, *after;
} tables[] = {
    { "SELECT '', rowid FROM message NOT INDEXED WHERE '' = '", "' AND rowid > ",
      " ORDER BY rowid LIMIT 1 OFFSET " STEP },
    { "SELECT message, number FROM recipient WHERE (message, number) > ('", "', ",
      ") ORDER BY message, number LIMIT 1 OFFSET " STEP },
    { "SELECT '', rowid FROM body NOT INDEXED WHERE '' = '", "' AND rowid > ",
      " ORDER BY rowid LIMIT 1 OFFSET " STEP },
    { "SELECT id, 0 FROM message WHERE id > '", "' AND 0 = ", " ORDER BY id LIMIT 1 OFFSET " STEP },
};
#define TABLES (int)(sizeof(tables) / sizeof(tables[0]))

void ss_store_check_begin(ss_store_check_t *check, const ss_db_t *db, const char *path)
{
    memset(check, 0, sizeof(*check));
    if (!db->dialect->is_shared && *path != ':')
        check->at = ss_mono_add(ss_mono_now(), BEGIN_AFTER);
}

apr_status_t ss_store_check_step(ss_store_check_t *check, ss_db_t *db)
{
    int is_over = 1;

    ss_db_clear(db);
    apr_status_t rv = ss_db_ask(db, apr_psprintf(db->scratch, "%s%s%s%" APR_INT64_T_FMT "%s",
                                                 tables[check->table].before, check->id,
                                                 tables[check->table].between, check->row,
                                                 tables[check->table].after));
    while (ss_db_next(db)) {
        const char *id = ss_db_text(db, 0);
        apr_cpystrn(check->id, id ? id : "", sizeof(check->id));
        check->row = ss_db_number(db, 1);
        /* Nobody but damage writes such an id. */
        is_over = strchr(check->id, '\'') != NULL;
    }
    if (is_over) {
        check->row = 0;
        check->id[0] = '\0';
        check->table++;
    }
    if (rv != APR_SUCCESS || check->table == TABLES) check->at = (ss_mono_t){ 0 };
    return rv;
}
