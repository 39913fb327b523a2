#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "mail/address.h"
#include "mail/mail.h"
#include "mail/words.h"

#define COMMENT_DEPTH_MAX 32
#define WORD_MAX 1000 /* octets of an encoded word: 75 are allowed */
#define SPAN_MAX 0x0fffffff
#define SMALL 1536 /* octets on the stack: enough for most lists */

typedef struct {
    const char *p, *end;
    apr_pool_t *pool;
    const char *why;
    apr_array_header_t *list;
    const char *group;
    int group_at;        /* number of addresses before it */
    const char *comment; /* the last one read: the name, where "a@b (Name)" gives it so */
    const char *start;   /* of the value */
    int joins;           /* ss_address_senders */
    int is_unseen;       /* why it failed */
    /* buffers for the current item, as long as the whole text and reused */
    char *phrase, *address, *scratch;
} walk_t;

typedef struct {            /* the item between two commas */
    char *phrase, *address; /* both as long as the text at most */
    apr_size_t phrase_len, address_len;
    int words;  /* words of the phrase */
    int has_at; /* it cannot be a name in front of a colon */
    /* the last token was @ or ended in a dot: the next one belongs to the address */
    int is_joined;
    int is_broken;        /* two words without anything between: no address by itself */
    int has_loose;        /* an encoded word has what it must not have */
    apr_size_t name_len;  /* of the phrase up to the last comma that became part of it; or 0 */
    const char *at, *end; /* where it stands */
} item_t;

static int is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static int fail(walk_t *w, const char *why)
{
    w->why = why;
    return -1;
}

/* Reads up to the last parenthesis, which it leaves. */
static int comment(walk_t *w)
{
    char *out = w->scratch, *to = out;
    int depth = 0;

    for (; w->p < w->end; w->p++) {
        if (*w->p == '(') {
            if (++depth > COMMENT_DEPTH_MAX) return fail(w, "comments are nested too deeply");
            if (depth == 1) continue;
        } else if (*w->p == ')') {
            if (--depth == 0) {
                w->comment =
                    ss_words_decode(w->pool, out, (apr_size_t)(to - out), SS_MAIL_ADDRESS_MAX);
                return 0;
            }
        } else if (*w->p == '\\' && w->p + 1 < w->end)
            w->p++;
        *to++ = *w->p;
    }
    return fail(w, "a comment does not end: ) is missing");
}

static int skip_blanks(walk_t *w)
{
    for (; w->p < w->end; w->p++) {
        if (is_space(*w->p)) continue;
        if (*w->p != '(') break;
        if (comment(w)) return -1;
    }
    return 0;
}

/* Reads a quoted string at w->p: appends it with quotes to raw, and unescaped to text. */
static int quoted(walk_t *w, char *raw, apr_size_t *raw_len, char *text, apr_size_t *text_len)
{
    raw[(*raw_len)++] = *w->p++;
    for (; w->p < w->end && *w->p != '"'; w->p++) {
        if (*w->p == '\r' || *w->p == '\n') continue;
        if (*w->p == '\\' && w->p + 1 < w->end) raw[(*raw_len)++] = *w->p++;
        raw[(*raw_len)++] = *w->p;
        text[(*text_len)++] = *w->p;
    }
    if (w->p == w->end) return fail(w, "a quoted string does not end: \" is missing");
    raw[(*raw_len)++] = *w->p++;
    return 0;
}

static void begin(walk_t *w, item_t *item)
{
    memset(item, 0, sizeof(*item));
    item->phrase = w->phrase;
    item->address = w->address;
    item->is_joined = 1;
    w->comment = NULL;
}

static const char *name_of(walk_t *w, const item_t *item)
{
    return item->phrase_len
               ? ss_words_decode(w->pool, item->phrase, item->phrase_len, SS_MAIL_ADDRESS_MAX)
               : NULL;
}

/* Adds an address that stands from at to end. */
static int add(walk_t *w, const ss_address_t *found, const char *at, const char *end)
{
    const char *address = ss_address_normal(found->address, 1, &w->why, w->pool);
    ss_address_t *a;

    if (!address) {
        w->is_unseen = ss_address_is_unseen(found->address);
        return fail(w, apr_psprintf(w->pool, "<%.200s>: %s", found->address, w->why));
    }
    if (w->list->nelts >= SS_MAIL_RECIPIENTS_MAX) return fail(w, "there are too many addresses");
    a = apr_array_push(w->list);
    *a = *found;
    if (a->name && !*a->name) a->name = NULL;
    a->is_changed = address != found->address;
    a->address = a->is_changed ? address : apr_pstrdup(w->pool, address);
    a->group = w->group;
    a->at = (unsigned)(at - w->start);
    a->len = (unsigned)(end - at) & SPAN_MAX;
    return 0;
}

/* Reads the address within <> into *out, without an obsolete route (RFC 5321 4.1.1.3). */
static int angle(walk_t *w, const char **out)
{
    char *to = w->address;
    apr_size_t len = 0, ignored = 0;

    w->p++;
    for (;;) {
        if (skip_blanks(w)) return -1;
        if (w->p == w->end) return fail(w, "> is missing after an address");
        if (*w->p == '>') break;
        if (*w->p == '<') return fail(w, "there is a second < in an address");
        if (*w->p == ':' && len && to[0] == '@') {
            len = 0;
            w->p++;
        } else if (*w->p == '"') {
            if (quoted(w, to, &len, w->scratch, &ignored)) return -1;
        } else if (*w->p == '[') {
            while (w->p < w->end && *w->p != ']' && *w->p != '>') to[len++] = *w->p++;
            if (w->p < w->end && *w->p == ']') to[len++] = *w->p++;
        } else
            to[len++] = *w->p++;
    }
    w->p++;
    to[len] = '\0';
    if (strlen(to) != len) return fail(w, "there is a zero byte in an address");
    *out = to;
    return 0;
}

/* The length of the encoded word at w->p (RFC 2047 2), or 0. Some programs leave commas in it. */
static apr_size_t encoded_word(const walk_t *w)
{
    const char *limit = w->end - w->p > WORD_MAX ? w->p + WORD_MAX : w->end, *p = w->p + 2;
    int marks = 0;

    if (limit - w->p < 8 || w->p[0] != '=' || w->p[1] != '?') return 0;
    for (; p + 1 < limit && !is_space(*p); p++) {
        if (*p != '?') continue;
        if (marks == 2) return p[1] == '=' ? (apr_size_t)(p + 2 - w->p) : 0;
        marks++;
    }
    return 0;
}

static int has_special(const char *p, const char *end)
{
    while (p < end && !strchr("()<>@,;:\"[]\\", *p)) p++;
    return p < end;
}

/* An atom, "@" or domain literal: appended to both name and address until it is clear which it is.
 */
static void atom(walk_t *w, item_t *item, int had_blank)
{
    const char *start = w->p;
    apr_size_t n;
    char last;

    if (*w->p == '[') {
        while (w->p < w->end && *w->p != ']' && *w->p != ',') w->p++;
        if (w->p < w->end && *w->p == ']') w->p++;
    } else if (*w->p == '@') {
        item->has_at = 1;
        w->p++;
    } else if (encoded_word(w)) {
        w->p += encoded_word(w);
        item->has_loose |= has_special(start, w->p);
    } else
        while (w->p < w->end && !is_space(*w->p) && !strchr("(<>,;:\"@[", *w->p)) w->p++;
    if (w->p == start) w->p++;
    n = (apr_size_t)(w->p - start);
    last = start[n - 1];
    if (had_blank && !item->is_joined && *start != '@' && *start != '.') item->is_broken = 1;
    if (had_blank && item->phrase_len) item->phrase[item->phrase_len++] = ' ';
    memcpy(item->phrase + item->phrase_len, start, n);
    memcpy(item->address + item->address_len, start, n);
    item->phrase_len += n;
    item->address_len += n;
    item->is_joined = last == '@' || last == '.';
    item->words++;
}

/* "Jane Doe, jane@example.net" */
static int finish_joined(walk_t *w, const item_t *item)
{
    ss_address_t found = { .address = item->address, .is_joined = 1, .has_loose_name = 1 };

    found.name = ss_words_decode(w->pool, item->phrase, item->name_len, SS_MAIL_ADDRESS_MAX);
    return add(w, &found, item->at, item->end);
}

static int finish(walk_t *w, item_t *item)
{
    ss_address_t found = { .name = w->comment, .address = item->address };

    item->address[item->address_len] = '\0';
    item->phrase[item->phrase_len] = '\0';
    if (!item->words) return 0;
    if (strlen(item->address) != item->address_len) return fail(w, "there is a zero byte in it");
    if (item->name_len && item->has_at && !item->is_broken) return finish_joined(w, item);
    if (item->is_broken || item->name_len)
        return fail(w, apr_psprintf(w->pool,
                                    "\"%.200s\" is not an address; use the form: Name "
                                    "<name@example.com>, with a name that has a comma in quotes",
                                    item->phrase));
    return add(w, &found, item->at, item->end);
}

/* After "Name <a@b>" only a comma, semicolon or the end may follow. */
static int after_angle(walk_t *w, const item_t *item)
{
    const char *at = w->p + 1, *close;
    ss_address_t found = { .name = name_of(w, item),
                           .has_loose_name = (item->has_at || item->has_loose) & 1,
                           .is_phrased = item->phrase_len > 0,
                           .is_joined = item->name_len > 0 };

    if (angle(w, &found.address)) return -1;
    close = w->p;
    if (skip_blanks(w)) return -1;
    if (w->p < w->end && *w->p != ',' && *w->p != ';')
        return fail(w, "a comma is missing after an address");
    if (!*found.address) return fail(w, "<> is not an address to send to");
    if (found.is_joined) return add(w, &found, item->at, close);
    return add(w, &found, at, close - 1);
}

/* Whether the comma at w->p is one of a name that somebody forgot to quote. */
static int is_in_name(const walk_t *w, const item_t *item)
{
    const char *p = w->p;

    if (!w->joins || w->group || !item->words || item->has_at) return 0;
    while (p < w->end && (is_space(*p) || *p == ',' || *p == ';')) p++;
    return p < w->end;
}

static void take_comma(walk_t *w, item_t *item)
{
    item->name_len = item->phrase_len;
    item->phrase[item->phrase_len++] = ',';
    item->address_len = 0;
    item->is_joined = 1;
    item->is_broken = 0;
    w->p++;
}

static int quoted_word(walk_t *w, item_t *item, int had_blank)
{
    if (had_blank && !item->is_joined) item->is_broken = 1;
    if (had_blank && item->phrase_len) item->phrase[item->phrase_len++] = ' ';
    if (quoted(w, item->address, &item->address_len, item->phrase, &item->phrase_len)) return -1;
    item->is_joined = 0;
    item->words++;
    return 0;
}

static int begin_group(walk_t *w, item_t *item)
{
    if (w->group || item->has_at || item->name_len)
        return fail(w, "there is a group in a group, or a colon in an address");
    w->group_at = w->list->nelts;
    w->p++;
    w->group = name_of(w, item);
    if (!w->group) w->group = "";
    begin(w, item);
    return 0;
}

static int read_item(walk_t *w)
{
    item_t item;

    begin(w, &item);
    while (w->p < w->end) {
        const char *before = w->p;
        int failed = 0;
        if (skip_blanks(w)) return -1;
        int had_blank = before != w->p;
        if (w->p == w->end || *w->p == ';' || (*w->p == ',' && !is_in_name(w, &item))) break;
        if (!item.at) item.at = w->p;
        if (*w->p == '<') return after_angle(w, &item);
        if (*w->p == '>') return fail(w, "there is a > without <");
        if (*w->p == ',')
            take_comma(w, &item);
        else if (*w->p == ':')
            failed = begin_group(w, &item);
        else if (*w->p == '"')
            failed = quoted_word(w, &item, had_blank);
        else
            atom(w, &item, had_blank);
        if (failed) return -1;
        item.end = w->p;
    }
    return finish(w, &item);
}

/* Buffers as long as the whole text, for the item that is read. */
static int read_all(walk_t *w, char *buffers, apr_size_t room)
{
    w->phrase = buffers;
    w->address = w->phrase + room;
    w->scratch = w->address + room;
    while (w->p < w->end) {
        if (read_item(w)) return -1;
        if (w->p < w->end && *w->p == ';') w->group = NULL;
        if (w->p < w->end) w->p++;
    }
    /* "undisclosed-recipients:" also occurs without the semicolon. A group with members must have
     * one, or the colon means something else. */
    if (w->group && w->list->nelts > w->group_at)
        return fail(w, "a group (name: addresses;) has no semicolon at its end");
    return 0;
}

static int read_list(apr_array_header_t **list, const char *value, apr_size_t len, int joins,
                     const char **why, apr_pool_t *pool)
{
    walk_t w = { .p = value,
                 .start = value,
                 .end = value + len,
                 .joins = joins,
                 .pool = pool,
                 .list = apr_array_make(pool, 1, sizeof(ss_address_t)) };
    char small[SMALL], *large = NULL;
    apr_size_t room = len * 2 + 2;

    if (room * 3 > sizeof(small)) large = malloc(room * 3);
    int failed = room * 3 > sizeof(small) && !large ? fail(&w, "there is not enough memory")
                                                    : read_all(&w, large ? large : small, room);
    free(large);
    if (failed && why) *why = w.why;
    if (!failed) *list = w.list;
    return failed && w.is_unseen ? SS_ADDRESS_UNSEEN : failed;
}

int ss_address_list(apr_array_header_t **list, const char *value, apr_size_t len, const char **why,
                    apr_pool_t *pool)
{
    return read_list(list, value, len, 0, why, pool);
}

int ss_address_senders(apr_array_header_t **list, const char *value, apr_size_t len,
                       const char **why, apr_pool_t *pool)
{
    return read_list(list, value, len, 1, why, pool);
}

const char *ss_address_stray(const apr_array_header_t *list, int may_be_all)
{
    const char *first = NULL;
    int bare = 0;

    for (int i = 0; i < list->nelts; i++) {
        const char *address = APR_ARRAY_IDX(list, i, ss_address_t).address;
        if (!ss_address_is_bare(address)) continue;
        bare++;
        if (!first) first = address;
    }
    return list->nelts < 2 || (may_be_all && bare == list->nelts) ? NULL : first;
}

const char *ss_address_stray_why(const char *word, apr_pool_t *pool)
{
    return apr_psprintf(
        pool,
        "\"%.200s\" has no domain and stands next to other addresses; a name that "
        "has a comma must be quoted (\"Doe, Jane\" <jane@example.net>), and a local "
        "name here needs its domain",
        word);
}

int ss_address_one(ss_address_t *out, const char *text, const char **why, apr_pool_t *pool)
{
    apr_array_header_t *list;
    const char *unused;

    if (!why) why = &unused;
    *why = "it has a control character or line end";
    if (ss_text_has_control(text)) return -1;
    if (ss_address_list(&list, text, strlen(text), why, pool)) return -1;
    *why = list->nelts ? "there is more than one address" : "it is empty";
    if (list->nelts != 1) return -1;
    *out = *(const ss_address_t *)list->elts;
    return 0;
}
