#include "mail/attributes.h"

#include <apr_strings.h>
#include <limits.h>
#include <stddef.h>
#include <string.h>

#include "base/text.h"
#include "config/settings.h"

#define RELAY_NAME_MAX 100

static const char *check_envid(const char *text)
{
    const char *p = text;

    while (*p >= 0x20 && *p < 0x7f) p++;
    return *p || p - text > SS_DSN_ENVID_MAX ? "must be at most 100 printable ASCII characters"
                                             : NULL;
}

static const char *check_relay(const char *text)
{
    return !*text || strlen(text) > RELAY_NAME_MAX ? "must be a name of 1 to 100 characters" : NULL;
}

#define ROW(n, k, m, c)                                                                            \
    .name = (n), .kind = SS_ATTRIBUTE_##k, .offset = offsetof(ss_attributes_t, m), .column = (c)
#define FLAG(n, m, bit) ROW(n, FLAG, m, NULL), .flag = (bit)
#define PARSED .set_by = SS_SET_CONTENT | SS_SET_SOCKET
/* by a document, a query string, or a client of the local socket */
#define REQUEST SS_SET_DOCUMENT | SS_SET_QUERY | SS_SET_SOCKET
#define SHOWN .shown = SS_ATTRIBUTE_SHOWN
#define DETAIL .shown = SS_ATTRIBUTE_DETAIL

/* The numbers of words, the bits of flags and the columns are stored: they never change. */
const ss_attributes_row_t ss_attributes_rows[] = {
    { ROW("subject", TEXT, subject, "subject"), PARSED, SHOWN },
    { ROW("messageId", TEXT, message_id, "message_id"), PARSED, SHOWN },
    { ROW("headerFrom", TEXT, header_from, "header_from"), PARSED, DETAIL },
    { FLAG("is8bit", is_8bit, 1), PARSED },
    { FLAG("isUtf8", is_utf8, 2), PARSED },
    { FLAG("requiresTls", requires_tls, 4), PARSED },
    { FLAG("isAuto", is_auto, 8), PARSED },
    { FLAG("isRedirected", is_redirected, 16), .set_by = SS_SET_CONTENT | SS_SET_TRUSTED, DETAIL },
    { FLAG("is8bitHeader", is_8bit_header, 32), PARSED },
    { ROW("relay", TEXT, relay, NULL), .set_by = REQUEST, .check = check_relay },
    { ROW("ret", WORD, dsn_options.ret, "ret"), .words = "full hdrs", .first = SS_RET_FULL,
      .set_by = REQUEST | SS_SET_SMTP, .option = 'R' },
    { ROW("envid", TEXT, dsn_options.envid, "envid"), .check = check_envid,
      .set_by = REQUEST | SS_SET_SMTP, .option = 'V' },
    { ROW("priority", WORD, priority, "priority"), .words = "high normal bulk",
      .first = SS_PRIORITY_HIGH, .set_by = REQUEST, DETAIL },
    { ROW("at", TIME, at, "at"), .set_by = REQUEST, SHOWN },
    { ROW("expire", DURATION, expire, "expire"), .set_by = REQUEST },
    { ROW("metadata", OBJECT, metadata, "metadata"), .set_by = SS_SET_DOCUMENT | SS_SET_SOCKET,
      SHOWN },
    { ROW("webhook", TEXT, webhook, "webhook"), .set_by = SS_SET_DOCUMENT | SS_SET_TRUSTED },
    { ROW("traceparent", TEXT, traceparent, "traceparent"), .set_by = REQUEST, .since = 3, SHOWN },
    { ROW("submitter", TEXT, submitter, "submitter"), .is_key = 1, .set_by = SS_SET_TRUSTED,
      DETAIL },
    { ROW("door", TEXT, via, "door"), .set_by = SS_SET_SOCKET, DETAIL },
    { ROW("uid", NUMBER, uid, "uid"), .set_by = SS_SET_RESTORE },
    { ROW("idempotencyKey", TEXT, idempotency_key, "idem_key"), .is_key = 1,
      .set_by = SS_SET_SOCKET },
    { ROW("contentHash", TEXT, content_hash, "content_hash"), .set_by = SS_SET_SOCKET },
    { ROW("createdBy", TEXT, created_by, "created_by"), .set_by = SS_SET_RESTORE },
    { .name = NULL }
};

/* ---- rows and values ---- */

const ss_attributes_row_t *ss_attributes_find(const char *name, unsigned set_by)
{
    const ss_attributes_row_t *row = ss_attributes_rows;

    while (row->name && (!(row->set_by & set_by) || strcmp(row->name, name))) row++;
    return row->name ? row : NULL;
}

const ss_attributes_row_t *ss_attributes_option(char letter)
{
    const ss_attributes_row_t *row = ss_attributes_rows;

    while (row->name && row->option != letter) row++;
    return row->name ? row : NULL;
}

int ss_attributes_unset(const ss_attributes_row_t *row)
{
    return row->kind == SS_ATTRIBUTE_WORD     ? row->first - 1
           : row->kind == SS_ATTRIBUTE_NUMBER ? -1
                                              : 0;
}

/* Numbers are int, times are apr_int64_t. */
static int is_long(const ss_attributes_row_t *row)
{
    return row->kind == SS_ATTRIBUTE_TIME || row->kind == SS_ATTRIBUTE_DURATION;
}

static void *place_of(const ss_attributes_row_t *row, const ss_attributes_t *attr)
{
    return (char *)(apr_uintptr_t)attr + row->offset;
}

int ss_attributes_is_text(const ss_attributes_row_t *row)
{
    return row->kind == SS_ATTRIBUTE_TEXT || row->kind == SS_ATTRIBUTE_OBJECT;
}

const char *ss_attributes_text(const ss_attributes_row_t *row, const ss_attributes_t *attr)
{
    return *(const char **)place_of(row, attr);
}

apr_int64_t ss_attributes_number(const ss_attributes_row_t *row, const ss_attributes_t *attr)
{
    return is_long(row) ? *(apr_int64_t *)place_of(row, attr) : *(int *)place_of(row, attr);
}

static void put_number(const ss_attributes_row_t *row, ss_attributes_t *attr, apr_int64_t number)
{
    if (is_long(row))
        *(apr_int64_t *)place_of(row, attr) = number;
    else
        *(int *)place_of(row, attr) = (int)number;
}

void ss_attributes_set_text(const ss_attributes_row_t *row, ss_attributes_t *attr, const char *text)
{
    *(const char **)place_of(row, attr) = text;
}

static int count_words(const char *words)
{
    int count = 1;

    for (; *words; words++) count += *words == ' ';
    return count;
}

int ss_attributes_set_number(const ss_attributes_row_t *row, ss_attributes_t *attr,
                             apr_int64_t number)
{
    apr_int64_t most = row->kind == SS_ATTRIBUTE_WORD   ? row->first + count_words(row->words) - 1
                       : row->kind == SS_ATTRIBUTE_FLAG ? 1
                       : is_long(row)                   ? APR_INT64_MAX
                                                        : INT_MAX;

    if (number < (row->kind == SS_ATTRIBUTE_NUMBER ? -1 : 0) || number > most) return -1;
    put_number(row, attr, number);
    return 0;
}

int ss_attributes_is_set(const ss_attributes_row_t *row, const ss_attributes_t *attr)
{
    return ss_attributes_is_text(row) ? ss_attributes_text(row, attr) != NULL
                                      : ss_attributes_number(row, attr) != ss_attributes_unset(row);
}

void ss_attributes_init(ss_attributes_t *attr)
{
    memset(attr, 0, sizeof(*attr));
    for (const ss_attributes_row_t *row = ss_attributes_rows; row->name; row++) {
        if (!ss_attributes_is_text(row)) put_number(row, attr, ss_attributes_unset(row));
    }
}

void ss_attributes_copy(ss_attributes_t *to, const ss_attributes_t *from, unsigned set_by,
                        apr_pool_t *pool)
{
    for (const ss_attributes_row_t *row = ss_attributes_rows; row->name; row++) {
        if (!(row->set_by & set_by)) continue;
        if (ss_attributes_is_text(row)) {
            const char *text = ss_attributes_text(row, from);
            ss_attributes_set_text(row, to, pool ? apr_pstrdup(pool, text) : text);
        } else {
            put_number(row, to, ss_attributes_number(row, from));
        }
    }
}

/* ---- as people write them ---- */

const char *ss_attributes_word(const ss_attributes_row_t *row, const ss_attributes_t *attr,
                               apr_pool_t *pool)
{
    int index = (int)ss_attributes_number(row, attr) - row->first;

    return index < 0 ? NULL : ss_text_word(row->words, index, pool);
}

/* "must be high, normal or bulk" */
static const char *name_words(const char *words, apr_pool_t *pool)
{
    int last = count_words(words) - 1;
    const char *text = "must be ";

    for (int i = 0; i <= last; i++)
        text = apr_pstrcat(pool, text,
                           !i         ? ""
                           : i < last ? ", "
                                      : " or ",
                           ss_text_word(words, i, pool), NULL);
    return text;
}

static const char *read_word(const ss_attributes_row_t *row, ss_attributes_t *attr,
                             const char *text, apr_pool_t *pool)
{
    int index = ss_text_word_index(row->words, text);

    if (index < 0) return name_words(row->words, pool);
    put_number(row, attr, row->first + index);
    return NULL;
}

const char *ss_attributes_read(const ss_attributes_row_t *row, ss_attributes_t *attr,
                               const char *text, apr_pool_t *pool)
{
    const char *wrong = row->check ? row->check(text) : NULL;
    apr_int64_t number = 0;

    if (wrong) return wrong;
    switch (row->kind) {
    case SS_ATTRIBUTE_WORD: return read_word(row, attr, text, pool);
    case SS_ATTRIBUTE_TIME:
        if (ss_text_time_parse(text, &number)) return "must be a time like 2026-01-31T12:00:00Z";
        break;
    case SS_ATTRIBUTE_DURATION:
        if (ss_text_duration(text, &number) || !number) return "must be a duration like 2h or 5d";
        break;
    default: ss_attributes_set_text(row, attr, text); return NULL;
    }
    put_number(row, attr, number);
    return NULL;
}

/* ---- the local socket, the queue ---- */

void ss_attributes_put(ss_object_t *submit, const ss_attributes_t *attr)
{
    for (const ss_attributes_row_t *row = ss_attributes_rows; row->name; row++) {
        if (!(row->set_by & (SS_SET_SOCKET | SS_SET_TRUSTED)) || !ss_attributes_is_set(row, attr))
            continue;
        if (ss_attributes_is_text(row))
            ss_object_text(submit, row->name, ss_attributes_text(row, attr));
        else if (row->kind == SS_ATTRIBUTE_FLAG)
            ss_object_flag(submit, row->name, 1);
        else
            ss_object_number(submit, row->name, ss_attributes_number(row, attr));
    }
}

unsigned ss_attributes_flags(const ss_attributes_t *attr)
{
    unsigned flags = 0;

    for (const ss_attributes_row_t *row = ss_attributes_rows; row->name; row++) {
        if (row->flag && ss_attributes_number(row, attr)) flags |= row->flag;
    }
    return flags;
}

void ss_attributes_set_flags(ss_attributes_t *attr, unsigned flags)
{
    for (const ss_attributes_row_t *row = ss_attributes_rows; row->name; row++) {
        if (row->flag) put_number(row, attr, (flags & row->flag) != 0);
    }
}
