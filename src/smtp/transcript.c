/* transcript.c: credentials are redacted by position (what AUTH carries) and by value (the secret
 * as it is, in hex, and in base64 at any offset). */
#include "smtp/transcript.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <stdarg.h>
#include <string.h>

#include "base/text.h"

/* of a longer secret only the first bytes are searched for */
#define SS_TRANSCRIPT_SECRET_MAX 65536
/* shorter ones would redact half of every line; the arguments of AUTH are always redacted */
#define SS_TRANSCRIPT_SECRET_MIN 3
/* of a run of base64 that is searched for the secret; lines are shorter */
#define SS_TRANSCRIPT_TOKEN_MAX 8192
#define HIDDEN "[redacted]"

typedef struct {
    char bytes[SS_TRANSCRIPT_LINE_MAX];
    apr_size_t len;
    int is_cut; /* bytes beyond the limit were dropped */
} ss_side_t;

typedef enum {
    AUTH_NONE,
    AUTH_ASKED /* a reply is due */,
    AUTH_ANSWER /* the next line of the client is a credential */
} ss_auth_place_t;

struct ss_transcript_t {
    apr_pool_t *pool;
    apr_array_header_t *lines;
    apr_size_t dropped; /* lines beyond SS_TRANSCRIPT_LINES_MAX */
    /* gets the lines; NULL: they are kept */
    void (*line)(void *self, const char *text);
    void *self;
    apr_pool_t *scratch; /* for one line if lines are not kept; else pool */
    ss_side_t side[2];   /* server, client */
    ss_auth_place_t auth;
    /* a challenge of these mechanisms may repeat the token */
    int is_bearer;
    char *secret;
    apr_size_t secret_len;
};

static apr_status_t wipe(void *data)
{
    ss_transcript_t *t = data;

    if (t->secret) explicit_bzero(t->secret, t->secret_len);
    explicit_bzero(t->side, sizeof(t->side));
    return APR_SUCCESS;
}

ss_transcript_t *ss_transcript_create(apr_pool_t *pool)
{
    ss_transcript_t *t = apr_pcalloc(pool, sizeof(*t));
    t->pool = t->scratch = pool;
    t->lines = apr_array_make(pool, 32, sizeof(const char *));
    apr_pool_cleanup_register(pool, t, wipe, apr_pool_cleanup_null);
    return t;
}

ss_transcript_t *ss_transcript_stream(void (*line)(void *self, const char *text), void *self,
                                      apr_pool_t *pool)
{
    ss_transcript_t *t = ss_transcript_create(pool);
    t->line = line;
    t->self = self;
    apr_pool_create(&t->scratch, pool);
    return t;
}

void ss_transcript_secret(ss_transcript_t *t, const char *secret, apr_size_t len)
{
    if (t->secret) explicit_bzero(t->secret, t->secret_len);
    t->secret = NULL;
    t->secret_len = 0;
    if (!secret || len < SS_TRANSCRIPT_SECRET_MIN) return;
    t->secret_len = len < SS_TRANSCRIPT_SECRET_MAX ? len : SS_TRANSCRIPT_SECRET_MAX;
    t->secret = apr_pmemdup(t->pool, secret, t->secret_len);
}

static void keep(ss_transcript_t *t, const char *line)
{
    if (t->line) {
        t->line(t->self, line);
        apr_pool_clear(t->scratch);
        return;
    }
    if (t->lines->nelts < SS_TRANSCRIPT_LINES_MAX) {
        APR_ARRAY_PUSH(t->lines, const char *) = line;
        return;
    }
    t->dropped++;
    APR_ARRAY_IDX(t->lines, SS_TRANSCRIPT_LINES_MAX - 1, const char *) =
        apr_psprintf(t->pool, "-- %" APR_SIZE_T_FMT " more lines are not shown", t->dropped + 1);
}

/* Whether text starts with the secret in hex, upper or lower case. */
static int is_hex_at(const char *text, const char *secret, apr_size_t len)
{
    static const char digits[] = "0123456789abcdef";
    for (apr_size_t i = 0; i < len; i++) {
        unsigned char byte = (unsigned char)secret[i];
        if (apr_tolower(text[2 * i]) != digits[byte >> 4] ||
            apr_tolower(text[2 * i + 1]) != digits[byte & 15])
            return 0;
    }
    return 1;
}

static int base64_value(char c)
{
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    if (c == '+' || c == '-') return 62;
    if (c == '/' || c == '_') return 63;
    return -1;
}

/* Decodes a run of base64 digits of either alphabet; into is large enough. */
static apr_size_t decode(const char *run, apr_size_t len, char *into)
{
    unsigned bits = 0;
    int count = 0;
    apr_size_t out = 0;
    for (apr_size_t i = 0; i < len; i++) {
        bits = bits << 6 | (unsigned)base64_value(run[i]);
        count += 6;
        if (count >= 8) {
            count -= 8;
            into[out++] = (char)(bits >> count & 0xff);
        }
    }
    return out;
}

static void blank(char *line, apr_size_t *len, apr_size_t at, apr_size_t count)
{
    apr_size_t mark = sizeof(HIDDEN) - 1;
    if (mark > count) mark = count;
    memcpy(line + at, HIDDEN, mark);
    memmove(line + at + mark, line + at + count, *len - at - count);
    *len -= count - mark;
}

static void blank_plain_and_hex(const ss_transcript_t *t, char *line, apr_size_t *len)
{
    static const char marks[] = HIDDEN "********";
    const char *at;

    while ((at = memmem(line, *len, t->secret, t->secret_len)) != NULL) {
        if (t->secret_len < sizeof(HIDDEN) - 1)
            memset(line + (at - line), '*', t->secret_len);
        else
            blank(line, len, (apr_size_t)(at - line), t->secret_len);
        if (memmem(marks, sizeof(marks) - 1, t->secret, t->secret_len)) break;
    }
    for (apr_size_t i = 0; i + 2 * t->secret_len <= *len; i++) {
        if (is_hex_at(line + i, t->secret, t->secret_len)) blank(line, len, i, 2 * t->secret_len);
    }
}

/* Redacts runs of base64 digits that contain the secret when decoded from any of their first four
 * digits (a run may start with other text). */
static void blank_base64(const ss_transcript_t *t, char *line, apr_size_t *len)
{
    char plain[SS_TRANSCRIPT_TOKEN_MAX];
    for (apr_size_t from = 0; from < *len;) {
        apr_size_t end = from;
        while (end < *len && end - from < SS_TRANSCRIPT_TOKEN_MAX && base64_value(line[end]) >= 0)
            end++;
        int is_secret = 0;
        for (apr_size_t shift = 0; shift < 4 && from + shift < end && !is_secret; shift++) {
            apr_size_t n = decode(line + from + shift, end - from - shift, plain);
            is_secret = memmem(plain, n, t->secret, t->secret_len) != NULL;
        }
        if (is_secret) {
            apr_size_t before = *len;
            while (end < *len && line[end] == '=') end++;
            blank(line, len, from, end - from);
            end -= before - *len;
        }
        from = end > from ? end : from + 1;
    }
    explicit_bzero(plain, sizeof(plain));
}

/* Redacts the secret in len bytes; returns the new length. */
static apr_size_t blank_all(const ss_transcript_t *t, char *line, apr_size_t len)
{
    if (!t->secret) return len;
    blank_plain_and_hex(t, line, &len);
    blank_base64(t, line, &len);
    return len;
}

void ss_transcript_blank(const ss_transcript_t *t, char *text)
{
    text[blank_all(t, text, strlen(text))] = '\0';
}

/* A secret may be cut off at the end of an overlong line: its beginning must not show either. */
static void blank_cut_tail(const ss_transcript_t *t, char *line, apr_size_t *len)
{
    for (apr_size_t n = t->secret_len < *len ? t->secret_len : *len; n >= SS_TRANSCRIPT_SECRET_MIN;
         n--) {
        if (!memcmp(line + *len - n, t->secret, n)) {
            *len -= n;
            return;
        }
    }
}

static void emit(ss_transcript_t *t, int is_client, char *line, apr_size_t len, int is_cut)
{
    if (is_cut && t->secret) blank_cut_tail(t, line, &len);
    len = blank_all(t, line, len);
    keep(t, apr_pstrcat(t->scratch, is_client ? "C: " : "S: ",
                        ss_text_escape_log(t->scratch, line, len), is_cut ? "..." : "", NULL));
}

/* "AUTH MECHANISM initial-response": the third word is a credential. After "*" no credential
 * follows. */
static void client_line(ss_transcript_t *t, char *line, apr_size_t len, int is_cut)
{
    if (t->auth == AUTH_ANSWER) {
        t->auth = AUTH_ASKED;
        if (ss_text_is(line, len, "*") || !len)
            emit(t, 1, line, len, is_cut);
        else
            keep(t, "C: " HIDDEN);
        return;
    }
    if (len < 5 || strncasecmp(line, "AUTH", 4) || (line[4] != ' ' && line[4] != '\t')) {
        emit(t, 1, line, len, is_cut);
        return;
    }
    apr_size_t name = 4, end;
    while (name < len && (line[name] == ' ' || line[name] == '\t')) name++;
    for (end = name; end < len && line[end] != ' ' && line[end] != '\t';) end++;
    t->auth = AUTH_ASKED;
    t->is_bearer = ss_text_is(line + name, end - name, "XOAUTH2") ||
                   ss_text_is(line + name, end - name, "OAUTHBEARER");
    int has_response = end < len;
    if (has_response && len == end + 2 && line[end + 1] == '=') has_response = 0;
    if (!has_response)
        emit(t, 1, line, len, is_cut);
    else
        keep(t, apr_pstrcat(t->scratch, "C: ", ss_text_escape_log(t->scratch, line, end),
                            " " HIDDEN, NULL));
}

static void server_line(ss_transcript_t *t, char *line, apr_size_t len, int is_cut)
{
    int is_challenge = len >= 3 && !memcmp(line, "334", 3);
    if (t->auth != AUTH_NONE && len >= 3) {
        if (is_challenge)
            t->auth = AUTH_ANSWER;
        else if (len == 3 || line[3] != '-')
            t->auth = AUTH_NONE;
    }
    if (is_challenge && t->is_bearer && len > 4)
        keep(t, "S: 334 " HIDDEN);
    else
        emit(t, 0, line, len, is_cut);
}

static void end_line(ss_transcript_t *t, int is_client)
{
    ss_side_t *side = &t->side[is_client];
    if (side->len && side->bytes[side->len - 1] == '\r') side->len--;
    (is_client ? client_line : server_line)(t, side->bytes, side->len, side->is_cut);
    memset(side, 0, sizeof(*side));
}

void ss_transcript_add(ss_transcript_t *t, int is_client, const char *bytes, apr_size_t len)
{
    ss_side_t *side;

    if (!t) return;
    side = &t->side[is_client];
    for (apr_size_t i = 0; i < len; i++) {
        if (bytes[i] == '\n') {
            end_line(t, is_client);
            continue;
        }
        if (side->len < sizeof(side->bytes))
            side->bytes[side->len++] = bytes[i];
        else if (bytes[i] != '\r')
            side->is_cut = 1;
    }
}

void ss_transcript_note(ss_transcript_t *t, const char *format, ...)
{
    va_list args;
    char line[SS_TRANSCRIPT_LINE_MAX];
    if (!t) return;
    va_start(args, format);
    apr_vsnprintf(line, sizeof(line), format, args);
    va_end(args);
    apr_size_t len = blank_all(t, line, strlen(line));
    keep(t, apr_pstrcat(t->scratch, "-- ", ss_text_escape_log(t->scratch, line, len), NULL));
}

/* An incomplete line of the server is shown too (a TLS alert, a truncated greeting), in a copy of
 * the list, because the rest of the line may still arrive. */
const apr_array_header_t *ss_transcript_lines(const ss_transcript_t *t)
{
    const ss_side_t *side = &t->side[0];
    if (!side->len || t->lines->nelts >= SS_TRANSCRIPT_LINES_MAX) return t->lines;
    ss_transcript_t *copy = apr_pmemdup(t->pool, t, sizeof(*t));
    copy->lines = apr_array_copy(t->pool, t->lines);
    server_line(copy, copy->side[0].bytes, copy->side[0].len, copy->side[0].is_cut);
    memset(copy->side, 0, sizeof(copy->side));
    return copy->lines;
}
