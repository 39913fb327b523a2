#include "mail/parse.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <stdint.h>
#include <string.h>

#include "base/text.h"
#include "mail/address.h"
#include "mail/address_field.h"
#include "mail/canonical.h"
#include "mail/header_write.h"
#include "mail/words.h"

#define SUBJECT_MAX 998
#define QUOTE_MAX 80 /* octets of a line that a refusal shows */
#define FIELDS_MAX 10000

#define KINDS(X)                                                                                   \
    X(FROM, "From")                                                                                \
    X(SENDER, "Sender")                                                                            \
    X(TO, "To")                                                                                    \
    X(CC, "Cc")                                                                                    \
    X(BCC, "Bcc")                                                                                  \
    X(REPLY_TO, "Reply-To")                                                                        \
    X(DATE, "Date")                                                                                \
    X(MESSAGE_ID, "Message-ID")                                                                    \
    X(SUBJECT, "Subject")                                                                          \
    X(PRECEDENCE, "Precedence")                                                                    \
    X(AUTO, "Auto-Submitted")                                                                      \
    X(RECEIVED, "Received")                                                                        \
    X(TRACE, "Traceparent")                                                                        \
    X(TLS, "TLS-Required")                                                                         \
    X(RETURN_PATH, "Return-Path")                                                                  \
    X(CONTENT_LENGTH, "Content-Length")                                                            \
    X(RESENT_FROM, "Resent-From")                                                                  \
    X(RESENT_SENDER, "Resent-Sender")                                                              \
    X(RESENT_TO, "Resent-To")                                                                      \
    X(RESENT_CC, "Resent-Cc")                                                                      \
    X(RESENT_BCC, "Resent-Bcc")
#define KIND(kind, name) F_##kind,
#define NAME(kind, name) [F_##kind] = { name, sizeof(name) - 1 },

typedef enum { F_OTHER, KINDS(KIND) F_KINDS } kind_t;

static const struct {
    const char *name;
    apr_size_t len;
} kinds[F_KINDS] = { KINDS(NAME) };

typedef struct {
    ss_mail_message_t *m;
    const ss_parse_options_t *options;
    ss_mail_problem_t *problem;
    const char *bytes; /* with any line ends, without bare CRs */
    apr_size_t len, header_len;
    ss_header_field_t first[F_KINDS]; /* of each kind */
    int count[F_KINDS];
    int is_resent;
    int is_refused;   /* the problem is set */
    int must_rebuild; /* a field is left out, changed or added */
    int is_canonical;
    int first_line; /* of the input, in bytes */
    /* where text begins without an empty line before it; SIZE_MAX: it does not */
    apr_size_t broken_at;
    const char *top;   /* the fields of add_headers, in front of the others */
    const char *added; /* fields to put behind the others */
} parse_t;

static kind_t kind_of(const ss_header_field_t *field)
{
    kind_t kind = F_OTHER + 1;

    while (kind < F_KINDS && (kinds[kind].len != field->name_len ||
                              strncasecmp(kinds[kind].name, field->start, field->name_len)))
        kind++;
    return kind < F_KINDS ? kind : F_OTHER;
}

static int is_rcpt_field(kind_t kind, int is_resent)
{
    return is_resent ? kind >= F_RESENT_TO && kind <= F_RESENT_BCC : kind >= F_TO && kind <= F_BCC;
}

static const char *name_of(parse_t *p, const ss_header_field_t *field)
{
    return apr_pstrmemdup(p->m->pool, field->start, field->name_len);
}

/* ---- the walk over the fields ---- */

static int add_rcpts(parse_t *p, const ss_header_field_t *field, apr_pool_t *scratch)
{
    const char *why, *name = name_of(p, field);
    apr_array_header_t *list;

    if (ss_address_list(&list, field->value, field->value_len, &why, scratch))
        return ss_mail_problem(p->problem, SS_PROBLEM_ADDRESS, name,
                               "the field %s cannot be read as addresses: %s", name, why);
    const char *stray = ss_address_stray(list, p->options->takes_names);
    if (stray)
        return ss_mail_problem(p->problem, SS_PROBLEM_ADDRESS, name, "the field %s: %s", name,
                               ss_address_stray_why(stray, scratch));
    for (int i = 0; i < list->nelts; i++) {
        const char *address = APR_ARRAY_IDX(list, i, ss_address_t).address;
        address = ss_address_with_domain(address, p->options->default_domain, scratch);
        if (ss_mail_add_rcpt(p->m, address, SS_NOTIFY_NONE, name, p->problem)) return -1;
    }
    return 0;
}

static int take_rcpts(parse_t *p, const ss_header_field_t *field)
{
    apr_pool_t *scratch;

    apr_pool_create(&scratch, p->m->pool);
    int failed = add_rcpts(p, field, scratch);
    apr_pool_destroy(scratch);
    return failed;
}

/* Whether a field of the message gives way to one of add_headers. */
static int is_replaced(const parse_t *p, const ss_header_field_t *field)
{
    const apr_array_header_t *list = p->options->add_headers;

    for (int i = 0; list && i < list->nelts; i++)
        if (ss_header_is(field, ((const char *(*)[2])list->elts)[i][0])) return 1;
    return 0;
}

static int is_blank(const char *p, apr_size_t len)
{
    while (len && strchr(" \t\r\n", p[len - 1])) len--;
    return !len;
}

static int is_address_field(kind_t kind)
{
    return (kind >= F_FROM && kind <= F_REPLY_TO) || kind >= F_RESENT_FROM;
}

/* Whether a field must have a value: an empty one counts as missing. */
static int needs_value(kind_t kind)
{
    return is_address_field(kind) || kind == F_DATE || kind == F_MESSAGE_ID;
}

/* Whether a field is not sent: Bcc; what only the last server of a way may write (RFC 5321 4.4); a
 * length that no longer holds; and what is empty. */
static int is_left_out(const parse_t *p, const ss_header_field_t *field, kind_t kind)
{
    return kind == F_BCC || kind == F_RESENT_BCC || kind == F_RETURN_PATH ||
           kind == F_CONTENT_LENGTH || is_replaced(p, field) ||
           (needs_value(kind) && is_blank(field->value, field->value_len));
}

static void count_field(parse_t *p, const ss_header_field_t *field)
{
    kind_t kind = kind_of(field);

    if (kind != F_OTHER && !p->count[kind]++) p->first[kind] = *field;
}

static void count_added(parse_t *p)
{
    const char *at = p->top, *end = at + strlen(at);
    ss_header_field_t field;

    while (ss_header_next(&at, end, &field) == 1) count_field(p, &field);
}

/* The field with its addresses as they are sent; NULL: unchanged, or the problem is set. */
static const char *fitted(parse_t *p, const ss_header_field_t *field)
{
    ss_address_field_t how = { p->options->default_domain, p->options->takes_names };
    const char *out = NULL, *why;

    if (ss_address_field_is(field) && ss_address_field_fit(&out, field, &how, &why, p->m->pool))
        p->is_refused = ss_mail_problem(p->problem, SS_PROBLEM_ADDRESS, name_of(p, field),
                                        "the field %s: %s", name_of(p, field), why);
    return out;
}

/* A line of the header is not a field: its number is that of the input, mbox line included. */
static int not_a_field(parse_t *p, const char *at, const char *end)
{
    apr_size_t len = 0;
    int line = p->first_line;

    for (const char *lf = p->bytes; (lf = memchr(lf, '\n', (apr_size_t)(at - lf))); lf++) line++;
    while (at + len < end && at[len] != '\r' && at[len] != '\n') len++;
    return ss_mail_problem(
        p->problem, SS_PROBLEM_HEADER, "header",
        "line %d is not a header field (Name: value), and no empty line before it ends the header: "
        "\"%s\"",
        line, ss_text_quote(p->m->pool, at, len, QUOTE_MAX));
}

/* First pass: which fields there are. Checks continuation lines and names. */
static int look(parse_t *p)
{
    const char *at = p->bytes, *end = p->bytes + p->header_len;
    ss_header_field_t field;
    int got, fields = 0;

    count_added(p);
    while ((got = ss_header_next(&at, end, &field)) == 1) {
        kind_t kind = kind_of(&field);
        if (++fields > FIELDS_MAX)
            return ss_mail_problem(p->problem, SS_PROBLEM_HEADER, "header",
                                   "the header has more than %d fields", FIELDS_MAX);
        int is_dropped = is_left_out(p, &field, kind);
        if (!is_dropped) count_field(p, &field);
        if (is_rcpt_field(kind, 1) && !is_blank(field.value, field.value_len)) p->is_resent = 1;
        /* "Subject : x" is obsolete: many readers take it for the end of the header. */
        if (is_dropped || field.start[field.name_len] != ':') p->must_rebuild = 1;
        if (!p->must_rebuild && fitted(p, &field)) p->must_rebuild = 1;
    }
    if (got < 0 && p->options->takes_plain_text) p->broken_at = (apr_size_t)(at - p->bytes);
    if (got == 0 || p->options->takes_plain_text) return 0;
    return not_a_field(p, at, end);
}

static int collect_rcpts(parse_t *p)
{
    const char *at = p->bytes, *end = p->bytes + p->header_len;
    ss_header_field_t field;

    while (p->options->takes_rcpts && ss_header_next(&at, end, &field) == 1) {
        if (is_rcpt_field(kind_of(&field), p->is_resent) && take_rcpts(p, &field)) return -1;
    }
    return 0;
}

/* ---- the sender ---- */

/* The first address of a kind of field, or NULL. */
static const ss_address_t *first_address(parse_t *p, kind_t kind)
{
    apr_array_header_t *list;

    if (!p->count[kind] ||
        ss_address_senders(&list, p->first[kind].value, p->first[kind].value_len, NULL,
                           p->m->pool) ||
        !list->nelts)
        return NULL;
    ss_address_t *first = (ss_address_t *)(void *)list->elts;
    first->address = ss_address_with_domain(first->address, p->options->default_domain, p->m->pool);
    return first;
}

/* The field that names the sender, and its address; or NULL. */
static const ss_address_t *sender_field(parse_t *p, kind_t *kind)
{
    static const kind_t kinds_of_senders[] = { F_RESENT_SENDER, F_RESENT_FROM, F_SENDER, F_FROM };

    for (int i = p->is_resent ? 0 : 2; i < 4; i++) {
        const ss_address_t *a = first_address(p, kinds_of_senders[i]);
        *kind = kinds_of_senders[i];
        if (a) return a;
    }
    return NULL;
}

static int sender(parse_t *p)
{
    ss_mail_message_t *m = p->m;
    const ss_address_t *from = first_address(p, F_FROM);
    const char *why, *given;
    kind_t kind;

    m->attr.header_from = from ? from->address : NULL;
    if (!m->from) {
        from = sender_field(p, &kind);
        /* Programs may send what a person typed; clients of HTTP must mend it. */
        if (from && from->is_joined && !p->options->takes_names)
            return ss_mail_problem(
                p->problem, SS_PROBLEM_ADDRESS, kinds[kind].name,
                "the field %s has a comma in a name that is not quoted; write: %s",
                kinds[kind].name, ss_address_header(from, m->pool));
        m->from = from ? from->address : p->options->default_from;
    }
    if (!m->from || !*m->from) return 0;
    given = ss_address_with_domain(m->from, p->options->default_domain, m->pool);
    m->from = ss_address_normal(given, 0, &why, m->pool);
    if (m->from) return 0;
    return ss_mail_problem(p->problem, SS_PROBLEM_ADDRESS, "from",
                           "the sender <%.200s> is not a valid address: %s", given, why);
}

/* ---- attributes ---- */

static const char *text_of(parse_t *p, kind_t kind, apr_size_t max)
{
    return p->count[kind]
               ? ss_words_decode(p->m->pool, p->first[kind].value, p->first[kind].value_len, max)
               : NULL;
}

static void remember(parse_t *p)
{
    ss_mail_message_t *m = p->m;
    const char *text;

    m->attr.subject = text_of(p, F_SUBJECT, SUBJECT_MAX);
    text = text_of(p, F_MESSAGE_ID, SUBJECT_MAX);
    if (text && *text == '<') m->attr.message_id = text;
    text = text_of(p, F_PRECEDENCE, 32);
    m->is_bulk = text && ss_text_word_index("bulk list junk", text) >= 0;
    m->traceparent = p->count[F_TRACE] == 1 ? text_of(p, F_TRACE, SUBJECT_MAX) : NULL;
    text = text_of(p, F_AUTO, 64);
    m->attr.is_auto =
        text && !(!strncasecmp(text, "no", 2) && !apr_isalnum(text[2]) && text[2] != '-');
    m->received_count = p->count[F_RECEIVED];
}

/* ---- the new header ---- */

static void add_field(parse_t *p, const char *name, const char *value)
{
    p->added = apr_pstrcat(p->m->pool, p->added, name, ": ", value, "\r\n", NULL);
    p->must_rebuild = 1;
}

static void add_missing(parse_t *p)
{
    const ss_parse_options_t *o = p->options;
    ss_mail_message_t *m = p->m;

    if ((o->adds_missing || o->adds_from) && !p->count[F_FROM]) {
        ss_address_t a = { .name = o->from_name,
                           .address = m->from && *m->from ? m->from : o->default_from };
        if (a.address && *a.address) {
            add_field(p, "From", ss_address_header(&a, m->pool));
            m->attr.header_from = a.address;
        }
    }
    if (!o->adds_missing) return;
    if (!p->count[F_DATE]) add_field(p, "Date", ss_text_time_mail(m->pool, o->now));
    if (!p->count[F_MESSAGE_ID]) {
        m->attr.message_id = ss_mail_message_id(
            o->now, o->random, o->author ? o->author : m->attr.header_from, o->host, m->pool);
        add_field(p, "Message-ID", m->attr.message_id);
    }
}

static int add_headers(parse_t *p)
{
    for (int i = 0; p->options->add_headers && i < p->options->add_headers->nelts; i++) {
        const char *const *pair = ((const char *(*)[2])p->options->add_headers->elts)[i];
        const char *value = pair[1] ? pair[1] : "";
        if (strpbrk(value, "\r\n"))
            return ss_mail_problem(p->problem, SS_PROBLEM_HEADER, pair[0],
                                   "the value of the added field %s has a line end", pair[0]);
        ss_header_result_t result;
        const char *field = ss_header_compose(pair[0], value, &result, p->m->pool);
        if (!field)
            return ss_header_problem(
                p->problem, &(ss_header_field_t){ .start = pair[0], .name_len = strlen(pair[0]) },
                result, p->m->pool);
        p->top = apr_pstrcat(p->m->pool, p->top, field, NULL);
    }
    return 0;
}

static void piece(apr_array_header_t *pieces, const char *bytes, apr_size_t len)
{
    struct iovec *v = apr_array_push(pieces);

    v->iov_base = (void *)(apr_uintptr_t)bytes;
    v->iov_len = len;
}

static void rebuild(parse_t *p)
{
    const char *at = p->bytes, *end = p->bytes + p->header_len;
    apr_size_t rest = p->len - p->header_len;
    apr_array_header_t *pieces = apr_array_make(p->m->pool, 16, sizeof(struct iovec));
    ss_header_field_t field;

    piece(pieces, p->top, strlen(p->top));
    while (ss_header_next(&at, end, &field) == 1) {
        kind_t kind = kind_of(&field);
        if (is_left_out(p, &field, kind)) continue;
        const char *changed = fitted(p, &field), *whole = changed ? changed : field.start;
        apr_size_t len = changed ? strlen(changed) : field.len;
        const char *colon = memchr(whole, ':', len);
        piece(pieces, field.start, field.name_len);
        piece(pieces, colon, len - (apr_size_t)(colon - whole));
        if (whole[len - 1] != '\n') piece(pieces, "\r\n", 2);
    }
    piece(pieces, p->added, strlen(p->added));
    piece(pieces, rest ? end : "\r\n", rest ? rest : 2);
    p->bytes = apr_pstrcatv(p->m->pool, (const struct iovec *)pieces->elts,
                            (apr_size_t)pieces->nelts, &p->len);
}

/* ---- the whole ---- */

static int is_word_of(const char *words, const char *p)
{
    const char word[4] = { p[0], p[1], p[2], 0 };

    return ss_text_word_index(words, word) >= 0;
}

/* Whether the line behind "From " has a date: "Sat Jan  1", "Sat, 1 Jan" or "2026-01-01". */
static int has_date(const char *p, const char *end)
{
    for (; end - p > 10; p++) {
        if (*p != ' ') continue;
        if (is_word_of("Mon Tue Wed Thu Fri Sat Sun", p + 1) && strchr(" ,", p[4])) {
            const char *next = p + 4 + strspn(p + 4, " ,");
            if (apr_isdigit(*next) ||
                (end - next > 3 &&
                 is_word_of("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec", next)))
                return 1;
        }
        if (apr_isdigit(p[1]) && apr_isdigit(p[4]) && p[5] == '-' && p[8] == '-') return 1;
    }
    return 0;
}

/* Whether the line behind "From " is one address, or what stands for one, and a field follows. */
static int is_alone(const char *p, const char *lf, const char *end)
{
    const char *word = p + strspn(p, " "), *stop = lf, *next = lf + 1;
    ss_header_field_t field;

    while (stop > word && strchr(" \t\r", stop[-1])) stop--;
    apr_size_t len = stop > word ? (apr_size_t)(stop - word) : 0;
    if (!len || *word == ':' || memchr(word, ' ', len) || ss_header_next(&next, end, &field) != 1)
        return 0;
    return memchr(word, '@', len) || ss_text_is(word, len, "-") ||
           ss_text_is(word, len, "MAILER-DAEMON");
}

/* Skips a byte order mark, and the "From " line of an mbox, which some programs send before a
 * message. Returns the number of the first line that is left. */
static int skip_marks(const char **bytes, apr_size_t *len)
{
    if (*len >= 3 && !memcmp(*bytes, "\xef\xbb\xbf", 3)) {
        *bytes += 3;
        *len -= 3;
    }
    const char *p = *bytes, *lf = memchr(p, '\n', *len);
    apr_size_t skip = *len > 6 && *p == '>' ? 1 : 0;
    if (!lf || *len < 5 + skip || memcmp(p + skip, "From ", 5)) return 1;
    if (!has_date(p + skip + 4, lf) && !is_alone(p + skip + 4, lf, p + *len)) return 1;
    *len -= (apr_size_t)(lf + 1 - p);
    *bytes = lf + 1;
    return 2;
}

static int check_header(parse_t *p)
{
    if (p->header_len > SS_PARSE_HEADER_MAX)
        return ss_mail_problem(p->problem, SS_PROBLEM_HEADER, "header",
                               "the header is longer than %d octets", SS_PARSE_HEADER_MAX);
    if (!memchr(p->bytes, '\0', p->header_len)) return 0;
    return ss_mail_problem(p->problem, SS_PROBLEM_HEADER, "header", "the header has a zero byte");
}

static int too_large(parse_t *p, apr_size_t size)
{
    if (!p->options->max_size || size <= p->options->max_size) return 0;
    return ss_mail_problem(p->problem, 413, "content",
                           "the message has %" APR_SIZE_T_FMT
                           " octets, the limit is %" APR_SIZE_T_FMT,
                           size, p->options->max_size);
}

static int open_content(parse_t *p, const char *bytes, apr_size_t len)
{
    ss_canonical_facts_t facts;

    ss_canonical_scan(bytes, len, &facts);
    if (too_large(p, facts.size)) return -1;
    p->bytes = bytes;
    p->header_len = ss_header_len(bytes, len);
    if (check_header(p)) return -1;
    /* Fields are read before anything is folded. */
    p->len = len;
    p->is_canonical = facts.is_canonical;
    if (facts.has_cr_header)
        ss_canonical_line_ends(&p->bytes, &p->len, bytes, len, &facts, p->m->pool);
    p->header_len = ss_header_len(p->bytes, p->len);
    p->m->attr.is_8bit = facts.has_8bit_body;
    /* no empty line: one is added after the header */
    if (p->header_len == p->len) p->must_rebuild = 1;
    return 0;
}

/* Adds the empty line before text that lacks it, and reads everything again. */
static int end_header(parse_t *p)
{
    char *whole = apr_palloc(p->m->pool, p->len + 3);

    memcpy(whole, p->bytes, p->broken_at);
    memcpy(whole + p->broken_at, "\r\n", 2);
    memcpy(whole + p->broken_at + 2, p->bytes + p->broken_at, p->len - p->broken_at);
    whole[p->len + 2] = '\0';
    memset(p->count, 0, sizeof(p->count));
    p->must_rebuild = p->is_resent = 0;
    p->broken_at = SIZE_MAX;
    return open_content(p, whole, p->len + 2) || look(p) ? -1 : 0;
}

/* A field with octets above 127 must be encoded for a relay without SMTPUTF8: whether that will be
 * possible. */
static int check_8bit(parse_t *p)
{
    const ss_header_how_t how = { .is_ascii = 1 };
    const char *at = p->bytes, *end = at + ss_header_len(p->bytes, p->len);
    ss_header_field_t field;
    ss_buf_t unused;

    if (ss_text_is_ascii(at, (apr_size_t)(end - at))) return 0;
    p->m->attr.is_8bit_header = 1;
    while (ss_header_next(&at, end, &field) == 1) {
        if (ss_text_is_ascii(field.start, field.len)) continue;
        ss_buf_init(&unused, SS_PARSE_HEADER_MAX * (apr_size_t)20);
        ss_header_result_t result = ss_header_write(&unused, &field, &how, p->m->pool);
        ss_buf_free(&unused);
        if (result == SS_HEADER_NEEDS_UTF8)
            p->m->attr.is_utf8 = 1;
        else if (result != SS_HEADER_WRITTEN)
            return ss_header_problem(p->problem, &field, result, p->m->pool);
    }
    return 0;
}

int ss_parse_message(ss_mail_message_t *m, const char *bytes, apr_size_t len,
                     const ss_parse_options_t *options, ss_mail_problem_t *problem)
{
    parse_t p = { .m = m,
                  .options = options,
                  .problem = problem,
                  .top = "",
                  .added = "",
                  .broken_at = SIZE_MAX };

    const char *lines = ss_canonical_cr_lines(bytes, len, m->pool);

    if (lines) bytes = lines;
    p.first_line = skip_marks(&bytes, &len);
    if (add_headers(&p) || open_content(&p, bytes, len) || look(&p) ||
        (p.broken_at != SIZE_MAX && end_header(&p)) || collect_rcpts(&p) || sender(&p))
        return -1;
    remember(&p);
    add_missing(&p);
    int is_rebuilt = p.must_rebuild || *p.top;
    if (is_rebuilt) rebuild(&p);
    if (p.is_refused) return -1;
    if ((is_rebuilt || !p.is_canonical) &&
        (ss_canonical_make(&p.bytes, &p.len, p.bytes, p.len, problem, m->pool) ||
         (!p.is_canonical && too_large(&p, p.len))))
        return -1;
    if (check_8bit(&p)) return -1;
    m->content = p.bytes;
    m->content_len = p.len;
    return 0;
}
