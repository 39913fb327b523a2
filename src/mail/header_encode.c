/* header_encode.c: finds the words with octets above 127 and encodes them (RFC 2047 5). Words next
 * to each other become one run, since blanks between encoded words are dropped (6.2). Whatever is
 * not encoded stays octet for octet. The work grows with the length: what does not close (quotes,
 * comments, brackets) is looked for once. */
#include "mail/header_encode.h"

#include <apr_strings.h>
#include <string.h>

#include "base/idn.h"
#include "base/text.h"
#include "mail/words.h"

/* so much ASCII between two words to encode is encoded with them: shorter than two encoded words */
#define GAP_MAX 16

typedef struct {
    ss_buf_t *out;
    ss_buf_t text; /* the run that is read */
    ss_header_kind_t kind;
    const char *p, *end;
    const char *blanks;                                   /* those before p; NULL: none */
    apr_pool_t *own;                                      /* for one run */
    int depth;                                            /* of comments */
    int has_open_quote, has_open_comment, has_open_angle; /* not closed: the rest is text */
    int is_bare;       /* the item is an address without a name */
    int is_group;      /* within "name: a, b;" */
    int is_after_word; /* the word before the blanks is an encoded one */
    ss_header_encoding_t result;
} scan_t;

static int is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static int is_line_end(char c)
{
    return c == '\r' || c == '\n';
}

static int has_addresses(const scan_t *s)
{
    return SS_HEADER_HAS_ADDRESSES(s->kind);
}

static int has_brackets(const scan_t *s)
{
    return has_addresses(s) || s->kind == SS_HEADER_IDS || s->kind == SS_HEADER_URIS;
}

static void put(scan_t *s, const char *bytes, apr_size_t len)
{
    ss_buf_append(s->out, bytes, len);
}

/* The end of the unit at p: a quoted string or pair, else one octet. */
static const char *unit(scan_t *s, const char *p)
{
    if (*p == '\\' && s->depth && p + 1 < s->end && !is_blank(p[1])) return p + 2;
    if (*p != '"' || !has_addresses(s) || s->depth || s->has_open_quote) return p + 1;
    for (const char *q = p + 1; q < s->end; q++) {
        if (*q == '"') return q + 1;
        if (*q == '\\' && q + 1 < s->end) q++;
    }
    s->has_open_quote = 1;
    return p + 1;
}

/* Whether an octet ends a word. */
static int is_special(const scan_t *s, char c)
{
    if (s->depth) return c == '(' || c == ')';
    if (c == '(') return s->kind != SS_HEADER_TEXT && !s->has_open_comment;
    if (!has_brackets(s)) return 0;
    return c == '<' || c == '>' || c == ',' || (has_addresses(s) && (c == ';' || c == ':'));
}

static const char *skip_blanks(const scan_t *s, const char *p)
{
    while (p < s->end && is_blank(*p)) p++;
    return p;
}

static const char *word_end(scan_t *s, const char *p, int *is_high)
{
    *is_high = 0;
    while (p < s->end && !is_blank(*p) && !is_special(s, *p)) {
        const char *next = unit(s, p);
        *is_high |= !ss_text_is_ascii(p, (apr_size_t)(next - p));
        p = next;
    }
    return p;
}

static int is_encoded_word(const char *p, const char *stop)
{
    return stop - p > 6 && p[0] == '=' && p[1] == '?' && stop[-1] == '=' && stop[-2] == '?';
}

/* Adds what is meant to the run: without line ends, quotes and what quotes a character. */
static void add_text(scan_t *s, const char *p, const char *stop)
{
    int is_phrase = has_addresses(s) && !s->depth, is_quoted = 0;

    for (; p < stop; p++) {
        if (is_line_end(*p)) continue;
        if (*p == '"' && is_phrase && !s->has_open_quote) {
            is_quoted = !is_quoted;
            continue;
        }
        if (*p == '\\' && p + 1 < stop && (is_quoted || s->depth) && !is_line_end(p[1])) p++;
        ss_buf_append(&s->text, p, 1);
    }
}

/* Whether the run goes on behind the word that ends at stop: then *after is the end of the next
 * word with octets above 127. Some ASCII may stand between. */
static int goes_on(scan_t *s, const char *stop, const char **after)
{
    int is_high;

    for (const char *p = stop;;) {
        const char *next = skip_blanks(s, p);
        if (next == p || next == s->end || is_special(s, *next)) return 0;
        /* Some readers show a blank between the encoded words of a name: the fewer, the better. */
        if (p > stop && (next - stop > GAP_MAX || (has_brackets(s) && !s->depth))) return 0;
        p = word_end(s, next, &is_high);
        if (is_high) {
            *after = p;
            return 1;
        }
        if (is_encoded_word(next, p)) return 0;
    }
}

/* Puts out the run that was read. */
static void put_words(scan_t *s)
{
    const char *text = ss_buf_text(&s->text);

    if (s->out->len && !strchr(" \t\n(", s->out->data[s->out->len - 1])) put(s, " ", 1);
    apr_pool_clear(s->own);
    if (text) ss_buf_puts(s->out, ss_words_encode(s->own, text));
    s->is_after_word = 1;
}

/* Encodes the run of words that begins at p and whose first word ends at stop. */
static void encode_run(scan_t *s, const char *stop)
{
    const char *start = s->blanks && s->is_after_word ? s->blanks : s->p, *after, *next;
    int is_high;

    ss_buf_clear(&s->text);
    while (goes_on(s, stop, &after)) stop = after;
    next = skip_blanks(s, stop);
    /* A blank between two encoded words is part of one of them. */
    if (next > stop && next < s->end && is_encoded_word(next, word_end(s, next, &is_high)) &&
        !is_special(s, *next))
        add_text(s, start, next);
    else
        add_text(s, start, stop);
    put_words(s);
    if (stop < s->end && (*stop == '<' || *stop == '(')) put(s, " ", 1);
    s->p = stop;
}

/* An address that a server without SMTPUTF8 cannot reach, as the name of an empty group. */
static void hide_address(scan_t *s, const char *stop, int is_bracketed)
{
    ss_buf_clear(&s->text);
    if (s->is_after_word) ss_buf_puts(&s->text, " ");
    if (is_bracketed) ss_buf_puts(&s->text, "<");
    ss_buf_append(&s->text, s->p, (apr_size_t)(stop - s->p));
    if (is_bracketed) ss_buf_puts(&s->text, ">");
    put_words(s);
    put(s, ":;", 2);
    s->p = stop + is_bracketed;
}

/* An address up to stop, where its bracket is: its domain can be ASCII, its local part cannot. */
static void put_address(scan_t *s, const char *stop, int is_bracketed)
{
    apr_pool_clear(s->own);
    const char *text = apr_pstrmemdup(s->own, s->p, (apr_size_t)(stop - s->p)),
               *ascii = ss_idn_address(text, s->own);
    int is_high = ss_text_has_8bit(ascii);

    if (is_high && s->kind == SS_HEADER_HIDDEN && !s->is_group) {
        hide_address(s, stop, is_bracketed);
        return;
    }
    if (is_high) s->result = SS_HEADER_HAS_ADDRESS;
    if (is_bracketed) put(s, "<", 1);
    ss_buf_puts(s->out, ascii);
    s->p = stop;
}

static void put_percent(scan_t *s, const char *stop)
{
    for (; s->p < stop; s->p++) {
        if ((unsigned char)*s->p > 127)
            ss_buf_printf(s->out, "%%%02X", (unsigned char)*s->p);
        else
            put(s, s->p, 1);
    }
}

/* What is within brackets, up to the second one. */
static void angle(scan_t *s)
{
    const char *stop = ++s->p;

    while (stop < s->end && *stop != '>') stop = unit(s, stop);
    if (stop < s->end && has_addresses(s) && !ss_text_is_ascii(s->p, (apr_size_t)(stop - s->p))) {
        put_address(s, stop, 1);
        return;
    }
    put(s, "<", 1);
    if (stop >= s->end) {
        s->has_open_angle = 1;
    } else if (ss_text_is_ascii(s->p, (apr_size_t)(stop - s->p))) {
        put(s, s->p, (apr_size_t)(stop - s->p));
        s->p = stop;
    } else if (s->kind == SS_HEADER_URIS) {
        put_percent(s, stop);
    } else {
        s->result = SS_HEADER_HAS_ID;
        put(s, s->p, (apr_size_t)(stop - s->p));
        s->p = stop;
    }
}

/* Whether the comment at p ends. */
static int is_closed(const char *p, const char *end)
{
    int depth = 0;

    for (; p < end; p++) {
        if (*p == '\\')
            p++;
        else if (*p == '(')
            depth++;
        else if (*p == ')' && !--depth)
            return 1;
    }
    return 0;
}

/* Whether the item at p of a list of addresses is an address without a name. */
static int is_bare(scan_t *s)
{
    int has_at = 0, depth = 0;

    for (const char *p = s->p; p < s->end; p = depth ? p + 1 : unit(s, p)) {
        depth += !s->has_open_comment && *p == '(';
        depth -= depth && *p == ')';
        if (depth) continue;
        if (*p == '<' || *p == ':') return 0;
        if (*p == ',' || *p == ';') break;
        has_at |= *p == '@';
    }
    return has_at;
}

static void special(scan_t *s)
{
    char c = *s->p;

    if (c == '(' && !s->depth && !is_closed(s->p, s->end)) {
        s->has_open_comment = 1;
        return;
    }
    if (c == '<' && !s->has_open_angle && !s->depth) {
        angle(s);
        s->is_after_word = 0;
        return;
    }
    s->is_after_word = 0;
    put(s, s->p++, 1);
    s->depth += c == '(' ? 1 : c == ')' ? -1 : 0;
    if (s->depth || !has_addresses(s) || !strchr(",;:", c)) return;
    if (c != ',') s->is_group = c == ':';
    s->is_bare = is_bare(s);
}

static void word(scan_t *s)
{
    int is_high;
    const char *stop = word_end(s, s->p, &is_high);

    if (is_high && s->is_bare && !s->depth) {
        put_address(s, stop, 0);
        s->is_after_word = 0;
    } else if (is_high) {
        encode_run(s, stop);
    } else {
        s->is_after_word = is_encoded_word(s->p, stop);
        put(s, s->p, (apr_size_t)(stop - s->p));
        s->p = stop;
    }
}

ss_header_encoding_t ss_header_encode(ss_buf_t *out, ss_header_kind_t kind, const char *value,
                                      apr_size_t len, apr_pool_t *pool)
{
    scan_t s = { .out = out, .kind = kind, .p = value, .end = value + len };

    ss_buf_init(&s.text, len + 1);
    apr_pool_create(&s.own, pool);
    s.is_bare = has_addresses(&s) && is_bare(&s);
    while (s.p < s.end) {
        if (is_blank(*s.p)) {
            s.blanks = s.p;
            s.p = skip_blanks(&s, s.p);
            put(&s, s.blanks, (apr_size_t)(s.p - s.blanks));
            continue;
        }
        if (is_special(&s, *s.p))
            special(&s);
        else
            word(&s);
        s.blanks = NULL;
    }
    apr_pool_destroy(s.own);
    ss_buf_free(&s.text);
    return s.result;
}
