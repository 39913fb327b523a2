/* compose.c: fields and the encoding of text are done here; GMime writes the parts: their types,
 * names (RFC 2231), boundaries and nesting. */
#include "mail/compose.h"

#include <apr_strings.h>
#include <gmime/gmime.h>
#include <string.h>

#include "base/buf.h"
#include "base/text.h"
#include "mail/canonical.h"
#include "mail/codec.h"
#include "mail/header_write.h"
#include "mail/parse.h"
#include "mail/words.h"

#define FOLD_AT 76
#define CODED_LINE 76

void ss_compose_init(void)
{
    static gsize is_done = 0;

    if (g_once_init_enter(&is_done)) {
        g_mime_init();
        g_once_init_leave(&is_done, 1);
    }
}

/* ---- parts ---- */

int ss_compose_is_type(const char *type)
{
    const char *slash = strchr(type, '/');

    if (!slash || slash == type || !slash[1] || slash[1] == ';' || strpbrk(type, "\r\n") ||
        strcspn(type, " ;") <= (size_t)(slash - type))
        return 0;
    /* GMime decodes parameters (RFC 2231, encoded words) and writes them unencoded: a line end in
     * one would end the header field. */
    GMimeContentType *parsed = g_mime_content_type_parse(NULL, type);
    GMimeParamList *list = g_mime_content_type_get_parameters(parsed);
    int is_sound = 1;
    for (int i = 0; i < g_mime_param_list_length(list); i++) {
        GMimeParam *param = g_mime_param_list_get_parameter_at(list, i);
        const char *value = g_mime_param_get_value(param);
        if (ss_text_has_control(g_mime_param_get_name(param)) ||
            (value && ss_text_has_control(value)))
            is_sound = 0;
    }
    g_object_unref(parsed);
    return is_sound;
}

/* A part with a content that is encoded already. Takes over bytes, which g_malloc gave. */
static GMimeObject *part(const char *type, char *bytes, apr_size_t len,
                         GMimeContentEncoding encoding)
{
    GMimeContentType *content_type = g_mime_content_type_parse(NULL, type);
    GMimePart *made = g_mime_part_new();
    GMimeStream *stream =
        g_mime_stream_mem_new_with_byte_array(g_byte_array_new_take((guint8 *)bytes, len));
    GMimeDataWrapper *content = g_mime_data_wrapper_new_with_stream(stream, encoding);

    g_mime_stream_mem_set_owner(GMIME_STREAM_MEM(stream), TRUE);
    g_mime_object_set_content_type(GMIME_OBJECT(made), content_type);
    g_mime_part_set_content(made, content);
    g_mime_part_set_content_encoding(made, encoding);
    g_object_unref(content);
    g_object_unref(stream);
    g_object_unref(content_type);
    return GMIME_OBJECT(made);
}

static GMimeObject *base64_part(const char *type, const char *bytes, apr_size_t len)
{
    char *coded = g_malloc(ss_codec_base64_room(len, CODED_LINE));

    len = ss_codec_base64_to(coded, bytes, len, CODED_LINE);
    return part(type, coded, len, GMIME_CONTENT_ENCODING_BASE64);
}

/* A copy of the text with CRLF as its line ends. */
static char *with_line_ends(const char *text, apr_size_t len, apr_size_t *out_len)
{
    char *start = g_malloc(len * 2 + 3), *out = start;

    for (const char *p = text; *p; p++) {
        if (*p == '\r' && p[1] == '\n') continue;
        if (*p == '\r' || *p == '\n') *out++ = '\r';
        *out++ = *p == '\r' ? '\n' : *p;
    }
    if (out > start && out[-1] != '\n') {
        *out++ = '\r';
        *out++ = '\n';
    }
    *out_len = (apr_size_t)(out - start);
    return start;
}

/* Octets that quoted-printable triples. */
static apr_size_t count_heavy(const char *text, int *has_high)
{
    apr_size_t heavy = 0;

    *has_high = 0;
    for (const char *p = text; *p; p++) {
        unsigned char c = (unsigned char)*p;
        if (c > 127) *has_high = 1;
        heavy += c > 126 || c == '=' || (c < 32 && c != '\r' && c != '\n') ||
                 (c == ' ' && (p[1] == '\n' || p[1] == '\r'));
    }
    return heavy;
}

/* Text in the best encoding: 7bit if it is ASCII with short lines, base64 if most of it would
 * grow threefold in quoted-printable. No more than two copies of it are in memory at once. */
static GMimeObject *text_part(const char *type, const char *text, apr_pool_t *pool)
{
    apr_size_t len = strlen(text), crlf_len;
    int has_high, is_heavy = count_heavy(text, &has_high) > len / 3;
    char *crlf = with_line_ends(text, len, &crlf_len);
    ss_canonical_facts_t facts;
    GMimeObject *made;

    ss_canonical_scan(crlf, crlf_len, &facts);
    if (!has_high && facts.longest_line <= SS_MAIL_LINE_MAX)
        return part(apr_pstrcat(pool, type, "; charset=us-ascii", NULL), crlf, crlf_len,
                    GMIME_CONTENT_ENCODING_7BIT);
    type = apr_pstrcat(pool, type, "; charset=utf-8", NULL);
    if (is_heavy) {
        made = base64_part(type, crlf, crlf_len);
    } else {
        char *coded = g_malloc(ss_codec_qp_room(crlf_len));
        len = ss_codec_qp_to(coded, crlf, crlf_len);
        made = part(type, coded, len, GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE);
    }
    g_free(crlf);
    return made;
}

int ss_compose_is_message(const char *type)
{
    return !strncasecmp(type, "message/", 8);
}

/* A message within the message, as it is but for its line ends. Readers find its parts. */
static GMimeObject *message_part(const char *type, const char *bytes, apr_size_t len,
                                 apr_pool_t *pool)
{
    ss_canonical_facts_t facts;

    ss_canonical_scan(bytes, len, &facts);
    ss_canonical_line_ends(&bytes, &len, bytes, len, &facts, pool);
    return part(type, g_memdup2(bytes, len), len,
                facts.has_8bit_header || facts.has_8bit_body ? GMIME_CONTENT_ENCODING_8BIT
                                                             : GMIME_CONTENT_ENCODING_7BIT);
}

/* The type of a file; text that says nothing of its character set, and is UTF-8, is marked so. */
static const char *type_of(const ss_compose_attachment_t *a, apr_pool_t *pool)
{
    const char *type = a->content_type ? a->content_type : "application/octet-stream";

    if (a->lifted || strncasecmp(type, "text/", 5) || ss_text_is_ascii(a->bytes, a->len) ||
        ss_words_parameter(pool, type, strlen(type), "charset") ||
        !ss_codec_is_utf8(a->bytes, a->len))
        return type;
    return apr_pstrcat(pool, type, "; charset=utf-8", NULL);
}

static GMimeObject *attachment(const ss_compose_t *model, const ss_compose_attachment_t *a,
                               apr_pool_t *pool)
{
    const char *type = type_of(a, pool);
    int is_inline = a->cid && model->html;
    GMimeObject *made;

    if (ss_compose_is_message(type)) {
        made = message_part(type, a->bytes, a->len, pool);
    } else if (a->lifted) {
        char *marker = g_strconcat(ss_lift_marker(model->lift, a->lifted, pool), "\r\n", NULL);
        made = part(type, marker, strlen(marker), GMIME_CONTENT_ENCODING_BASE64);
    } else {
        made = base64_part(type, a->bytes, a->len);
    }
    g_mime_object_set_disposition(made, is_inline ? GMIME_DISPOSITION_INLINE
                                                  : GMIME_DISPOSITION_ATTACHMENT);
    if (a->filename) g_mime_part_set_filename(GMIME_PART(made), a->filename);
    if (a->cid) g_mime_part_set_content_id(GMIME_PART(made), a->cid);
    return made;
}

/* A multipart that contains and owns first. Its boundary comes from the message's random number, so
 * that equal models give equal bytes. */
static GMimeObject *multipart(const char *subtype, GMimeObject *first, const ss_compose_t *model,
                              apr_pool_t *pool)
{
    GMimeMultipart *made = g_mime_multipart_new_with_subtype(subtype);

    g_mime_multipart_set_boundary(
        made, apr_psprintf(pool, "=_%.3s-%" APR_UINT64_T_HEX_FMT "-%" APR_UINT64_T_HEX_FMT, subtype,
                           model->random, (apr_uint64_t)model->now));
    g_mime_multipart_add(made, first);
    g_object_unref(first);
    return GMIME_OBJECT(made);
}

static void add_part(GMimeObject *to, GMimeObject *made)
{
    g_mime_multipart_add(GMIME_MULTIPART(to), made);
    g_object_unref(made);
}

/* Adds the attachments with a cid, or those without, to a multipart around the body. */
static GMimeObject *with_attachments(GMimeObject *body, const ss_compose_t *model, int inlines,
                                     apr_pool_t *pool)
{
    int is_wrapped = 0;

    for (int i = 0; model->attachments && i < model->attachments->nelts; i++) {
        const ss_compose_attachment_t *a =
            &APR_ARRAY_IDX(model->attachments, i, ss_compose_attachment_t);
        if ((a->cid && model->html) != inlines) continue;
        if (!is_wrapped) body = multipart(inlines ? "related" : "mixed", body, model, pool);
        is_wrapped = 1;
        add_part(body, attachment(model, a, pool));
    }
    return body;
}

/* mixed(alternative(text, related(html, inlines), calendar), attachments), each level only if
 * needed. */
static GMimeObject *tree(const ss_compose_t *model, apr_pool_t *pool)
{
    GMimeObject *parts[3], *body;
    int count = 0;

    if (model->text || (!model->html && !model->calendar))
        parts[count++] = text_part("text/plain", model->text ? model->text : "", pool);
    if (model->html)
        parts[count++] =
            with_attachments(text_part("text/html", model->html, pool), model, 1, pool);
    if (model->calendar)
        parts[count++] = text_part(
            model->method ? apr_pstrcat(pool, "text/calendar; method=", model->method, NULL)
                          : "text/calendar",
            model->calendar, pool);
    body = count > 1 ? multipart("alternative", parts[0], model, pool) : parts[0];
    for (int i = 1; i < count; i++) add_part(body, parts[i]);
    return with_attachments(body, model, 0, pool);
}

/* ---- fields ---- */

/* The header that is written, and what a field needs only while it is. */
typedef struct {
    ss_buf_t out; /* errors are in rv */
    apr_status_t rv;
    apr_size_t column;
    apr_pool_t *scratch;
} header_t;

static void put(header_t *h, const char *bytes, apr_size_t len)
{
    if (h->rv == APR_SUCCESS) h->rv = ss_buf_append(&h->out, bytes, len);
    h->column += len;
}

static void begin_field(header_t *h, const char *name)
{
    h->column = 0;
    put(h, name, strlen(name));
    put(h, ": ", 2);
}

/* A piece of a value: its lines are folded at blanks. */
static void put_value(header_t *h, const char *value)
{
    while (*value) {
        apr_size_t blanks = strspn(value, " "), word = strcspn(value + blanks, " ");
        /* All blanks but the last stay in the line. */
        if (blanks) put(h, value, blanks - 1);
        if (blanks && word && h->column + word + 1 > FOLD_AT) {
            put(h, "\r\n", 2);
            h->column = 0;
        }
        if (blanks) put(h, " ", 1);
        put(h, value + blanks, word);
        value += blanks + word;
    }
}

static void end_field(header_t *h)
{
    put(h, "\r\n", 2);
    apr_pool_clear(h->scratch);
}

static void put_field(header_t *h, const char *name, const char *value)
{
    begin_field(h, name);
    put_value(h, value);
    end_field(h);
}

static void put_addresses(header_t *h, const char *name, const apr_array_header_t *list)
{
    apr_pool_t *pool;

    if (!list || !list->nelts) return;
    apr_pool_create(&pool, h->scratch);
    begin_field(h, name);
    for (int i = 0; i < list->nelts; i++) {
        apr_pool_clear(pool);
        put_value(h, apr_pstrcat(pool, i ? " " : "",
                                 ss_address_header(&APR_ARRAY_IDX(list, i, ss_address_t), pool),
                                 i + 1 < list->nelts ? "," : "", NULL));
    }
    end_field(h);
}

/* 0, or -1 with the problem: a field given cannot be written. */
static int put_fields(header_t *h, const ss_compose_t *model, ss_mail_problem_t *problem,
                      apr_pool_t *pool)
{
    const char *id = model->message_id;

    put_field(h, "Date", ss_text_time_mail(h->scratch, model->now));
    if (model->from.address) put_field(h, "From", ss_address_header(&model->from, h->scratch));
    put_addresses(h, "To", model->to);
    put_addresses(h, "Cc", model->cc);
    put_addresses(h, "Reply-To", model->reply_to);
    if (model->subject) put_field(h, "Subject", ss_words_encode(h->scratch, model->subject));
    if (!id)
        id = ss_mail_message_id(model->now, model->random,
                                model->author ? model->author : model->from.address, model->host,
                                h->scratch);
    put_field(h, "Message-ID", id);
    for (int i = 0; model->headers && i < model->headers->nelts && h->rv == APR_SUCCESS; i++) {
        const ss_compose_header_t *field = &APR_ARRAY_IDX(model->headers, i, ss_compose_header_t);
        ss_header_result_t why;
        const char *text = ss_header_compose(field->name, field->value, &why, h->scratch);
        if (!text) {
            const ss_header_field_t named = { .start = field->name,
                                              .name_len = strlen(field->name) };
            ss_header_problem(problem, &named, why, pool);
            return -1;
        }
        put(h, text, strlen(text));
        apr_pool_clear(h->scratch);
    }
    put(h, "MIME-Version: 1.0\r\n", 19);
    return 0;
}

/* Writes the header to a stream. 0, or -1 with the problem. */
static int write_header(GMimeStream *stream, const ss_compose_t *model, ss_mail_problem_t *problem,
                        apr_pool_t *pool)
{
    header_t h = { .rv = APR_SUCCESS };

    ss_buf_init(&h.out, SS_PARSE_HEADER_MAX);
    apr_pool_create(&h.scratch, pool);
    int failed = put_fields(&h, model, problem, pool);
    if (!failed && h.rv == APR_SUCCESS) g_mime_stream_write(stream, h.out.data, h.out.len);
    apr_pool_destroy(h.scratch);
    ss_buf_free(&h.out);
    if (failed) return -1;
    if (h.rv == APR_SUCCESS) return 0;
    return ss_mail_problem(problem, h.rv == APR_ENOSPC ? SS_PROBLEM_HEADER : SS_PROBLEM_NO_ROOM,
                           "headers",
                           h.rv == APR_ENOSPC ? "the header is longer than %d octets"
                                              : "there is not enough memory for the header",
                           SS_PARSE_HEADER_MAX);
}

static apr_status_t free_bytes(void *bytes)
{
    g_byte_array_unref(bytes);
    return APR_SUCCESS;
}

static int write_body(GMimeStream *stream, const ss_compose_t *model, ss_mail_problem_t *problem,
                      apr_pool_t *pool)
{
    GMimeObject *body = tree(model, pool);
    GMimeFormatOptions *format = g_mime_format_options_clone(g_mime_format_options_get_default());

    g_mime_format_options_set_newline_format(format, GMIME_NEWLINE_FORMAT_DOS);
    int failed = g_mime_object_write_to_stream(body, format, stream) < 0;
    g_mime_format_options_free(format);
    g_object_unref(body);
    return failed ? ss_mail_problem(problem, 500, NULL, "the message could not be written") : 0;
}

int ss_compose(const char **out, apr_size_t *out_len, const ss_compose_t *model,
               ss_mail_problem_t *problem, apr_pool_t *pool)
{
    GByteArray *bytes = g_byte_array_new();
    GMimeStream *stream = g_mime_stream_mem_new_with_byte_array(bytes);

    /* The message stays where GMime wrote it. */
    g_mime_stream_mem_set_owner(GMIME_STREAM_MEM(stream), FALSE);
    apr_pool_cleanup_register(pool, bytes, free_bytes, apr_pool_cleanup_null);
    int failed =
        write_header(stream, model, problem, pool) || write_body(stream, model, problem, pool);
    g_object_unref(stream);
    if (failed) return -1;
    g_byte_array_append(bytes, (const guint8 *)"", 1);
    *out = (const char *)bytes->data;
    *out_len = bytes->len - 1;
    return ss_canonical_make(out, out_len, *out, *out_len, problem, pool);
}
