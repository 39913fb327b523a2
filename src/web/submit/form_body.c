#include "web/submit/form_body.h"

#include <apr_strings.h>
#include <string.h>

#include "mail/form.h"
#include "mail/multipart.h"
#include "web/shared/params.h"

static void add_field(apr_array_header_t *fields, const char *name, const char *value)
{
    APR_ARRAY_PUSH(fields, ss_form_field_t) = (ss_form_field_t){ name, value };
}

static int read_urlencoded(apr_array_header_t *fields, const char *bytes, apr_size_t len,
                           ss_mail_problem_t *problem, apr_pool_t *pool)
{
    ss_params_t query;
    const char *why = "it contains a zero byte";

    if (memchr(bytes, '\0', len) || ss_params_parse(&query, bytes, &why, pool))
        return ss_mail_problem(problem, SS_PROBLEM_BODY, NULL, "the form cannot be read: %s", why);
    for (int i = 0; i < query.pairs->nelts; i++) {
        const ss_params_pair_t *pair = &APR_ARRAY_IDX(query.pairs, i, ss_params_pair_t);
        add_field(fields, pair->name, pair->value);
    }
    return 0;
}

static int take_part(apr_array_header_t *fields, apr_array_header_t *files,
                     const ss_multipart_part_t *part, const ss_lift_t *lift,
                     ss_mail_problem_t *problem, apr_pool_t *pool)
{
    const ss_lift_item_t *lifted = ss_lift_find(lift, part->bytes, part->len);

    /* A marker of a lifted file is never text, however odd the part's header is. */
    if (ss_lift_has(lift, part->bytes, part->len) && !(lifted && part->filename))
        return ss_mail_problem(problem, SS_PROBLEM_MEMBER, part->name, "%s: cannot be read",
                               part->name);
    if (!part->filename) {
        if (memchr(part->bytes, '\0', part->len))
            return ss_mail_problem(problem, SS_PROBLEM_MEMBER, part->name,
                                   "%s: contains a zero byte", part->name);
        if (strcmp(part->name, "_charset_"))
            add_field(fields, part->name, apr_pstrmemdup(pool, part->bytes, part->len));
        return 0;
    }
    /* Browsers send a file field without a choice as an empty file without a name. */
    if (!*part->filename && !part->len) return 0;
    ss_compose_attachment_t *file = apr_array_push(files);
    *file = (ss_compose_attachment_t){ .filename = *part->filename ? part->filename : NULL,
                                       .content_type = part->type,
                                       .cid = part->cid,
                                       .bytes = part->bytes,
                                       .len = part->len,
                                       .lifted = lifted };
    return 0;
}

static int read_multipart(apr_array_header_t *fields, apr_array_header_t *files, const char *type,
                          const char *bytes, apr_size_t len, const ss_lift_t *lift,
                          ss_mail_problem_t *problem, apr_pool_t *pool)
{
    apr_array_header_t *parts;
    const char *boundary = ss_multipart_boundary(type, pool),
               *why = "its Content-Type has no boundary";

    if (!boundary || ss_multipart_read(&parts, bytes, len, boundary, &why, pool))
        return ss_mail_problem(problem, SS_PROBLEM_BODY, NULL, "the form cannot be read: %s", why);
    for (int i = 0; i < parts->nelts; i++) {
        if (take_part(fields, files, &APR_ARRAY_IDX(parts, i, ss_multipart_part_t), lift, problem,
                      pool))
            return -1;
    }
    return 0;
}

int ss_form_body_read(ss_mail_message_t *m, const char *type, const char *bytes, apr_size_t len,
                      const ss_parse_options_t *options, ss_mail_problem_t *problem)
{
    apr_array_header_t *fields = apr_array_make(m->pool, 16, sizeof(ss_form_field_t));
    apr_array_header_t *files = apr_array_make(m->pool, 4, sizeof(ss_compose_attachment_t));

    if (type ? read_multipart(fields, files, type, bytes, len, options->lift, problem, m->pool)
             : read_urlencoded(fields, bytes, len, problem, m->pool))
        return -1;
    return ss_form_fields(m, fields, files, options, problem);
}
