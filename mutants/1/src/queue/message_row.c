#include "queue/message_row.h"

#include <apr_strings.h>
#include <string.h>

/* columns that are read before those of the attributes */
#define FIXED_COLUMNS 12

enum { MARK_UNCERTAIN = 1, MARK_DELAY_REPORTED = 2 };

apr_int64_t ss_message_row_marks(const ss_recipient_t *rcpt)
{
    return (rcpt->is_uncertain ? MARK_UNCERTAIN : 0) |
           (rcpt->is_delay_reported ? MARK_DELAY_REPORTED : 0);
}

/* Fills in the arguments of the attributes' columns; `numbers` holds what they point to. Returns
 * the end of args. */
static const void **attribute_args(const void **args, apr_int64_t *numbers,
                                   const ss_attributes_t *attr)
{
    for (const ss_attributes_row_t *row = ss_attributes_rows; row->name; row++) {
        if (!row->column) continue;
        if (ss_attributes_is_text(row)) {
            *args++ = ss_attributes_text(row, attr);
        } else {
            *numbers = ss_attributes_number(row, attr);
            *args++ = numbers++;
        }
    }
    return args;
}

apr_status_t ss_message_row_put(ss_db_t *db, const ss_message_t *m)
{
    apr_int64_t size = (apr_int64_t)m->size, parts = m->part_count,
                flags = ss_attributes_flags(&m->attr), numbers[SS_DB_ARGS_MAX];
    apr_int64_t created = m->created, paused = m->paused_base, held = m->held,
                since = m->held_since;
    apr_int64_t count[SS_STATES] = { 0 }, rcpts = m->rcpt_count, attempts = 0;
    int any = 0, is_inline = m->part_count <= SS_MESSAGE_ROW_PARTS;
    apr_int64_t due = ss_message_due(m, &any);
    const char *body = is_inline && m->part_count ? m->parts[0].bytes : NULL;
    apr_size_t body_len = body ? m->parts[0].len : 0;

    if (!any) due = SS_SQL_FAR;
    for (int i = 0; i < m->rcpt_count; i++) {
        count[m->rcpts[i].state]++;
        if (m->rcpts[i].attempts > attempts) attempts = m->rcpts[i].attempts;
    }
    const void *args[SS_DB_ARGS_MAX] = { m->id,
                                         m->relay,
                                         m->from,
                                         &size,
                                         &parts,
                                         &flags,
                                         &created,
                                         &paused,
                                         &held,
                                         &since,
                                         &rcpts,
                                         &due,
                                         &attempts,
                                         &count[SS_STATE_QUEUED],
                                         &count[SS_STATE_DEFERRED],
                                         &count[SS_STATE_HELD] };
    const void *blob[] = { SS_BLOB(body, &body_len, "message", "body") };
    memcpy(attribute_args(args + 16, numbers, &m->attr), blob, sizeof(blob));
    return ss_db_put(db, SS_SQL_PUT_MESSAGE, args);
}

apr_status_t ss_message_row_put_recipient(ss_db_t *db, const ss_message_t *m,
                                          const ss_recipient_t *rcpt)
{
    apr_int64_t number = rcpt->number, notify = rcpt->notify, state = rcpt->state,
                attempts = rcpt->attempts, next = rcpt->next;
    apr_int64_t uncertain = ss_message_row_marks(rcpt), delivered = rcpt->delivered_at,
                last = rcpt->last_attempt;

    return ss_db_put(db, SS_SQL_PUT_RECIPIENT,
                     SS_ARGS{ m->id, &number, rcpt->address, rcpt->orcpt, &notify, &state,
                              &attempts, &next, rcpt->reply, rcpt->dsn, rcpt->host, rcpt->cause,
                              rcpt->advice, &uncertain, &delivered, &last });
}

/* Reads the attributes, from column `first` on. */
static void read_attributes(const ss_db_t *db, int first, ss_attributes_t *attr, apr_pool_t *pool)
{
    for (const ss_attributes_row_t *row = ss_attributes_rows; row->name; row++) {
        if (!row->column) continue;
        if (ss_attributes_is_text(row))
            ss_attributes_set_text(row, attr, ss_db_copy(db, first++, pool));
        else
            ss_attributes_set_number(row, attr, ss_db_number(db, first++));
    }
}

int ss_message_row_width(void)
{
    int width = FIXED_COLUMNS;

    for (const ss_attributes_row_t *row = ss_attributes_rows; row->name; row++)
        width += row->column != NULL;
    return width;
}

ss_message_t *ss_message_row_read(ss_db_t *db, apr_pool_t *pool)
{
    ss_message_t *m = apr_pcalloc(pool, sizeof(*m));
    const char *from = ss_db_copy(db, 2, pool);

    m->pool = pool;
    apr_cpystrn(m->id, ss_db_text(db, 0) ? ss_db_text(db, 0) : "", sizeof(m->id));
    m->relay = ss_db_copy(db, 1, pool);
    m->from = from ? from : "";
    m->size = (apr_uint64_t)ss_db_number(db, 3);
    m->part_count = (int)ss_db_number(db, 4);
    m->created = ss_db_number(db, 6);
    m->paused_base = ss_db_number(db, 7);
    m->held = ss_db_number(db, 8);
    m->held_since = ss_db_number(db, 9);
    m->rcpt_count = (int)ss_db_number(db, 10);
    m->is_foreign = ss_db_number(db, 11) != 0;
    ss_attributes_init(&m->attr);
    ss_attributes_set_flags(&m->attr, (unsigned)ss_db_number(db, 5));
    read_attributes(db, FIXED_COLUMNS, &m->attr, pool);
    return m;
}

apr_status_t ss_message_row_find(ss_db_t *db, const char *id, ss_message_t **m, apr_pool_t *pool)
{
    apr_status_t rv = ss_db_select(db, SS_SQL_GET_MESSAGE, SS_ARGS{ id });

    *m = NULL;
    while (ss_db_next(db)) *m = ss_message_row_read(db, pool);
    return rv;
}

void ss_message_row_read_recipient(ss_db_t *db, ss_recipient_t *rcpt, apr_pool_t *pool)
{
    apr_int64_t state = ss_db_number(db, 4);
    const char *address = ss_db_copy(db, 1, pool);

    rcpt->number = (int)ss_db_number(db, 0);
    rcpt->address = address ? address : "";
    rcpt->orcpt = ss_db_copy(db, 2, pool);
    rcpt->notify = (unsigned)ss_db_number(db, 3);
    rcpt->state = state >= 0 && state < SS_STATES && state != SS_STATE_SENDING ? (ss_state_t)state
                                                                               : SS_STATE_QUEUED;
    rcpt->attempts = (int)ss_db_number(db, 5);
    rcpt->next = ss_db_number(db, 6);
    rcpt->reply = ss_db_copy(db, 7, pool);
    rcpt->dsn = ss_db_copy(db, 8, pool);
    rcpt->host = ss_db_copy(db, 9, pool);
    rcpt->cause = ss_db_copy(db, 10, pool);
    rcpt->advice = ss_db_copy(db, 11, pool);
    rcpt->is_uncertain = (ss_db_number(db, 12) & MARK_UNCERTAIN) != 0;
    rcpt->is_delay_reported = (ss_db_number(db, 12) & MARK_DELAY_REPORTED) != 0;
    rcpt->delivered_at = ss_db_number(db, 13);
    rcpt->last_attempt = ss_db_number(db, 14);
}
