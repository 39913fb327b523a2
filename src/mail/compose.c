/* compose.c: fields and the encoding of text are done here; GMime writes the parts: their types,
 * names (RFC 2231), boundaries and nesting. */
#include "mail/compose.h"

#include <apr_strings.h>
#include <gmime/gmime.h>
#include <string.h>

#include "base/text.h"
#include "mail/canonical.h"
#include "mail/codec.h"
#include "mail/words.h"

#define FOLD_AT 76

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

static GMimeObject *part(const char *type, const char *bytes, apr_size_t len,
                         GMimeContentEncoding encoding)
{
    GMimeContentType *content_type = g_mime_content_type_parse(NULL, type);
    GMimePart *made = g_mime_part_new();
    GMimeStream *stream = g_mime_stream_mem_new_with_buffer(bytes, len);
    GMimeDataWrapper *content = g_mime_data_wrapper_new_with_stream(stream, encoding);

    g_mime_object_set_content_type(GMIME_OBJECT(made), content_type);
    g_mime_part_set_content(made, content);
    g_mime_part_set_content_encoding(made, encoding);
    g_object_unref(content);
    g_object_unref(stream);
    g_object_unref(content_type);
    return GMIME_OBJECT(made);
}

/* Text in the best encoding: 7bit if it is ASCII with short lines, base64 if most of it is not
 * ASCII, else quoted-printable. */
static GMimeObject *text_part(const char *type, const char *text, apr_pool_t *pool)
{
    apr_size_t len = strlen(text), out_len, high = 0;
    char *crlf = apr_palloc(pool, len * 2 + 3), *out = crlf;
    ss_canonical_facts_t facts;
    const char *coded;

    for (const char *p = text; *p; p++) {
        high += (unsigned char)*p > 127;
        if (*p == '\r' && p[1] == '\n') continue;
        if (*p == '\r' || *p == '\n') *out++ = '\r';
        *out++ = *p == '\r' ? '\n' : *p;
    }
    if (out > crlf && out[-1] != '\n') {
        *out++ = '\r';
        *out++ = '\n';
    }
    out_len = (apr_size_t)(out - crlf);
    ss_canonical_scan(crlf, out_len, &facts);
    if (!high && facts.longest_line <= SS_MAIL_LINE_MAX)
        return part(apr_pstrcat(pool, type, "; charset=us-ascii", NULL), crlf, out_len,
                    GMIME_CONTENT_ENCODING_7BIT);
    type = apr_pstrcat(pool, type, "; charset=utf-8", NULL);
    if (high > len / 3) {
        coded = ss_codec_base64(pool, crlf, out_len, 76, &out_len);
        return part(type, coded, out_len, GMIME_CONTENT_ENCODING_BASE64);
    }
    coded = ss_codec_qp(pool, crlf, out_len, &out_len);
    return part(type, coded, out_len, GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE);
}

static GMimeObject *attachment(const ss_compose_t *model, const ss_compose_attachment_t *a,
                               apr_pool_t *pool)
{
    apr_size_t len;
    const char *type = a->content_type ? a->content_type : "application/octet-stream";
    const char *coded;
    GMimeObject *made;

    /* A message type must not be encoded (RFC 2046 5.2.1): sent as an ordinary file. */
    if (!strncasecmp(type, "message/", 8) || !strncasecmp(type, "multipart/", 10))
        type = "application/octet-stream";
    if (a->lifted) {
        coded = apr_pstrcat(pool, ss_lift_marker(model->lift, a->lifted, pool), "\r\n", NULL);
        len = strlen(coded);
    } else {
        coded = ss_codec_base64(pool, a->bytes, a->len, 76, &len);
    }
    made = part(type, coded, len, GMIME_CONTENT_ENCODING_BASE64);
    g_mime_object_set_disposition(made,
                                  a->cid ? GMIME_DISPOSITION_INLINE : GMIME_DISPOSITION_ATTACHMENT);
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

/* mixed(alternative(text, related(html, inlines)), attachments), each level only if needed. */
static GMimeObject *tree(const ss_compose_t *model, apr_pool_t *pool)
{
    GMimeObject *body = NULL, *html = NULL;

    if (model->html)
        html = with_attachments(text_part("text/html", model->html, pool), model, 1, pool);
    if (model->text || !html) body = text_part("text/plain", model->text ? model->text : "", pool);
    if (body && html) {
        body = multipart("alternative", body, model, pool);
        add_part(body, html);
    }
    return with_attachments(body ? body : html, model, 0, pool);
}

/* ---- fields ---- */

/* "Name: value" folded at blanks. */
static const char *field(apr_pool_t *pool, const char *name, const char *value)
{
    const char *line = apr_pstrcat(pool, name, ": ", value, NULL);
    apr_size_t len = strlen(line), column = 0, used = 0, min = strlen(name) + 2;
    char *out = apr_palloc(pool, len * 2 + 3);

    for (apr_size_t i = 0; i < len; i++) {
        apr_size_t word = line[i] == ' ' ? strcspn(line + i + 1, " ") + 1 : 0;
        if (word > 1 && i >= min && column + word > FOLD_AT) {
            out[used++] = '\r';
            out[used++] = '\n';
            column = 0;
        }
        out[used++] = line[i];
        column++;
    }
    memcpy(out + used, "\r\n", 3);
    return out;
}

static const char *address_field(apr_pool_t *pool, const char *name, const apr_array_header_t *list)
{
    apr_array_header_t *parts;

    if (!list || !list->nelts) return "";
    parts = apr_array_make(pool, list->nelts, sizeof(const char *));
    for (int i = 0; i < list->nelts; i++) {
        const char *text = ss_address_header(&APR_ARRAY_IDX(list, i, ss_address_t), pool);
        APR_ARRAY_PUSH(parts, const char *) =
            i + 1 < list->nelts ? apr_pstrcat(pool, text, ", ", NULL) : text;
    }
    return field(pool, name, apr_array_pstrcat(pool, parts, 0));
}

static const char *fields(const ss_compose_t *model, apr_pool_t *pool)
{
    const char *id = model->message_id, *out;

    if (!id) id = ss_mail_message_id(model->now, model->random, model->host, pool);
    out = apr_pstrcat(
        pool, "Date: ", ss_text_time_mail(pool, model->now), "\r\n",
        model->from.address ? field(pool, "From", ss_address_header(&model->from, pool)) : "",
        address_field(pool, "To", model->to), address_field(pool, "Cc", model->cc),
        address_field(pool, "Reply-To", model->reply_to),
        model->subject ? field(pool, "Subject", ss_words_encode(pool, model->subject)) : "",
        field(pool, "Message-ID", id), NULL);
    for (int i = 0; model->headers && i < model->headers->nelts; i++) {
        const ss_compose_header_t *h = &APR_ARRAY_IDX(model->headers, i, ss_compose_header_t);
        out = apr_pstrcat(pool, out, field(pool, h->name, ss_words_encode(pool, h->value)), NULL);
    }
    return apr_pstrcat(pool, out, "MIME-Version: 1.0\r\n", NULL);
}

int ss_compose(const char **out, apr_size_t *out_len, const ss_compose_t *model,
               ss_mail_problem_t *problem, apr_pool_t *pool)
{
    GMimeObject *body = tree(model, pool);
    GMimeFormatOptions *format = g_mime_format_options_clone(g_mime_format_options_get_default());
    GMimeStream *stream = g_mime_stream_mem_new();
    const char *top = fields(model, pool);
    GByteArray *bytes;
    int failed;

    g_mime_format_options_set_newline_format(format, GMIME_NEWLINE_FORMAT_DOS);
    g_mime_stream_write(stream, top, strlen(top));
    failed = g_mime_object_write_to_stream(body, format, stream) < 0;
    bytes = g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(stream));
    if (failed)
        ss_mail_problem(problem, 500, NULL, "the message could not be written");
    else
        *out = apr_pstrmemdup(pool, (const char *)bytes->data, *out_len = bytes->len);
    g_object_unref(stream);
    g_object_unref(body);
    g_mime_format_options_free(format);
    return failed ? -1 : ss_canonical_make(out, out_len, *out, *out_len, problem, pool);
}
