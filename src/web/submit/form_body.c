#include "web/submit/form_body.h"

#include <apr_strings.h>
#include <string.h>

#include "base/text.h"
#include "mail/charset.h"
#include "mail/codec.h"
#include "mail/form.h"
#include "mail/multipart.h"
#include "mail/words.h"
#include "web/shared/params.h"

typedef struct {
    ss_mail_problem_t *problem;
    apr_pool_t *pool;
    ss_lift_t *lift;
    const char *charset; /* of fields that do not name their own */
    apr_array_header_t *fields, *files;
} body_t;

static int unknown_charset(body_t *b, const char *field, const char *charset)
{
    return ss_mail_problem(b->problem, SS_PROBLEM_ENCODING, field,
                           "there is no character set \"%.60s\": send UTF-8", charset);
}

static int add_field(body_t *b, const char *name, const char *value, apr_size_t len,
                     const char *charset)
{
    const char *text = value;

    if (!charset) charset = b->charset;
    if (charset && !ss_charset_is_utf8(charset)) {
        if (!ss_charset_is_known(charset)) return unknown_charset(b, name, charset);
        text = ss_charset_read(b->pool, charset, value, len, &len);
        if (!text)
            return ss_mail_problem(b->problem, SS_PROBLEM_MEMBER, name, "%s: not text in %s", name,
                                   charset);
    }
    if (memchr(text, '\0', len))
        return ss_mail_problem(b->problem, SS_PROBLEM_MEMBER, name, "%s: contains a zero byte",
                               name);
    APR_ARRAY_PUSH(b->fields, ss_form_field_t) = (ss_form_field_t){ name, text };
    return 0;
}

static int read_urlencoded(body_t *b, const char *bytes, apr_size_t len)
{
    ss_params_t query;
    const char *why = "it contains a zero byte";

    if (memchr(bytes, '\0', len) || ss_params_parse_octets(&query, bytes, &why, b->pool))
        return ss_mail_problem(b->problem, SS_PROBLEM_BODY, NULL, "the form cannot be read: %s",
                               why);
    const char *charset = ss_params_get(&query, "_charset_");
    if (charset && *charset) b->charset = charset;
    for (int i = 0; i < query.pairs->nelts; i++) {
        const ss_params_pair_t *pair = &APR_ARRAY_IDX(query.pairs, i, ss_params_pair_t);
        if (!strcmp(pair->name, "_charset_")) continue;
        if (add_field(b, pair->name, pair->value, strlen(pair->value), NULL)) return -1;
    }
    return 0;
}

static int no_room(body_t *b, apr_status_t rv)
{
    return ss_mail_problem(b->problem, SS_PROBLEM_NO_ROOM, NULL, "%s", ss_scratch_why(rv, b->pool));
}

static int decode_base64(body_t *b, ss_multipart_part_t *part, ss_lift_item_t *lifted)
{
    char *bytes;
    int failed = lifted
                     ? ss_lift_decode(b->lift, lifted)
                     : ss_codec_base64_read(b->pool, part->bytes, part->len, 1, &bytes, &part->len);

    if (failed && lifted && b->lift->failed != APR_SUCCESS) return no_room(b, b->lift->failed);
    if (failed)
        return ss_mail_problem(b->problem, SS_PROBLEM_MEMBER, part->name,
                               "%s: not base64, which its Content-Transfer-Encoding says",
                               part->name);
    if (!lifted) part->bytes = bytes;
    return 0;
}

static int decode_quoted_printable(body_t *b, ss_multipart_part_t *part, ss_lift_item_t **lifted)
{
    if (*lifted) {
        char *bytes;
        apr_status_t rv = ss_lift_take_back(b->lift, *lifted, &bytes, b->pool);
        if (rv != APR_SUCCESS) return no_room(b, rv);
        part->bytes = bytes;
        part->len = (apr_size_t)(*lifted)->len;
        *lifted = NULL;
    }
    part->bytes = ss_codec_qp_read(b->pool, part->bytes, part->len, &part->len);
    return 0;
}

/* RFC 7578 4.7: clients need not, but some do, for example Ansible. */
static int decode(body_t *b, ss_multipart_part_t *part, ss_lift_item_t **lifted)
{
    const char *encoding = part->encoding ? part->encoding : "";

    if (!*encoding || ss_text_word_index("7bit 8bit binary", encoding) >= 0) return 0;
    if (ss_text_same(encoding, "base64")) return decode_base64(b, part, *lifted);
    if (ss_text_same(encoding, "quoted-printable")) return decode_quoted_printable(b, part, lifted);
    return ss_mail_problem(b->problem, SS_PROBLEM_ENCODING, part->name,
                           "%s: the Content-Transfer-Encoding \"%.60s\" is not supported, only "
                           "base64, quoted-printable, 7bit, 8bit and binary",
                           part->name, encoding);
}

/* The name of a file in UTF-8. */
static int read_filename(body_t *b, ss_multipart_part_t *part)
{
    apr_size_t len = strlen(part->filename);

    if (ss_codec_is_utf8(part->filename, len)) return 0;
    const char *name = b->charset && !ss_charset_is_utf8(b->charset)
                           ? ss_charset_read(b->pool, b->charset, part->filename, len, &len)
                           : NULL;
    if (!name || strlen(name) != len)
        return ss_mail_problem(b->problem, SS_PROBLEM_MEMBER, part->name,
                               "%s: the file's name is not UTF-8", part->name);
    part->filename = name;
    return 0;
}

static int take_part(body_t *b, ss_multipart_part_t part)
{
    ss_lift_item_t *lifted = ss_lift_find(b->lift, part.bytes, part.len);

    /* A marker of a lifted file is never text, however odd the part's header is. */
    if (ss_lift_has(b->lift, part.bytes, part.len) && !(lifted && part.filename))
        return ss_mail_problem(b->problem, SS_PROBLEM_MEMBER, part.name, "%s: cannot be read",
                               part.name);
    if (decode(b, &part, &lifted)) return -1;
    if (!part.filename) {
        const char *charset =
            part.type ? ss_words_parameter(b->pool, part.type, strlen(part.type), "charset") : NULL;
        if (!strcmp(part.name, "_charset_")) return 0;
        return add_field(b, part.name, apr_pstrmemdup(b->pool, part.bytes, part.len), part.len,
                         charset);
    }
    /* Browsers send a file field without a choice as an empty file without a name. */
    if (!*part.filename && !part.len) return 0;
    if (read_filename(b, &part)) return -1;
    APR_ARRAY_PUSH(b->files, ss_compose_attachment_t) =
        (ss_compose_attachment_t){ .filename = *part.filename ? part.filename : NULL,
                                   .content_type = part.type,
                                   .cid = part.cid,
                                   .field = part.name,
                                   .bytes = part.bytes,
                                   .len = part.len,
                                   .lifted = lifted };
    return 0;
}

static int read_multipart(body_t *b, const char *type, const char *bytes, apr_size_t len)
{
    apr_array_header_t *parts;
    const char *boundary = ss_multipart_boundary(type, b->pool),
               *why = "its Content-Type has no boundary";

    if (!boundary || ss_multipart_read(&parts, bytes, len, boundary, &why, b->pool))
        return ss_mail_problem(b->problem, SS_PROBLEM_BODY, NULL, "the form cannot be read: %s",
                               why);
    for (int i = 0; i < parts->nelts; i++) {
        const ss_multipart_part_t *part = &APR_ARRAY_IDX(parts, i, ss_multipart_part_t);
        if (!strcmp(part->name, "_charset_") && part->len && part->len < 100)
            b->charset = apr_pstrmemdup(b->pool, part->bytes, part->len);
    }
    for (int i = 0; i < parts->nelts; i++) {
        if (take_part(b, APR_ARRAY_IDX(parts, i, ss_multipart_part_t))) return -1;
    }
    return 0;
}

/* A refused address whose plus sign has become a blank: the refusal explains it. */
static void explain_plus(ss_mail_problem_t *problem, const apr_array_header_t *fields)
{
    apr_size_t used = strlen(problem->detail);

    if (problem->kind != SS_PROBLEM_ADDRESS || !problem->field) return;
    for (int i = 0; i < fields->nelts; i++) {
        const ss_form_field_t *field = &APR_ARRAY_IDX(fields, i, ss_form_field_t);
        if (strncmp(problem->field, field->name, strlen(field->name)) || !strchr(field->value, ' '))
            continue;
        apr_snprintf(problem->detail + used, sizeof(problem->detail) - used,
                     " (a + in a form means a blank: write it as %%2B)");
        return;
    }
}

int ss_form_body_fields(apr_array_header_t **fields, apr_array_header_t **files, const char *type,
                        const char *bytes, apr_size_t len, ss_lift_t *lift,
                        ss_mail_problem_t *problem, apr_pool_t *pool)
{
    int is_multipart = !strncasecmp(type, "multipart/", 10);
    body_t b = { .problem = problem,
                 .pool = pool,
                 .lift = lift,
                 .charset =
                     is_multipart ? NULL : ss_words_parameter(pool, type, strlen(type), "charset"),
                 .fields = apr_array_make(pool, 16, sizeof(ss_form_field_t)),
                 .files = apr_array_make(pool, 4, sizeof(ss_compose_attachment_t)) };

    *fields = b.fields;
    *files = b.files;
    return is_multipart ? read_multipart(&b, type, bytes, len) : read_urlencoded(&b, bytes, len);
}

int ss_form_body_read(ss_mail_message_t *m, const char *type, const char *bytes, apr_size_t len,
                      const ss_parse_options_t *options, ss_mail_problem_t *problem)
{
    apr_array_header_t *fields, *files;

    if (ss_form_body_fields(&fields, &files, type, bytes, len, options->lift, problem, m->pool))
        return -1;
    if (!ss_form_fields(m, fields, files, options, problem)) return 0;
    if (strncasecmp(type, "multipart/", 10) && memchr(bytes, '+', len))
        explain_plus(problem, fields);
    return -1;
}
