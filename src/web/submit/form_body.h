/* form_body.h: makes a message of the body of an HTML form. */
#pragma once

#include "mail/lift.h"
#include "mail/mail.h"
#include "mail/parse.h"

/* type: the Content-Type, multipart/form-data or application/x-www-form-urlencoded. Fields are read
 * in their character set (Content-Type, "_charset_"), parts in their encoding. bytes end with a
 * zero byte and live as long as m. 0, or -1 with the problem. */
int ss_form_body_read(ss_mail_message_t *m, const char *type, const char *bytes, apr_size_t len,
                      const ss_parse_options_t *options, ss_mail_problem_t *problem);
/* Its fields (of ss_form_field_t) and files (of ss_compose_attachment_t) alone. lift may be NULL.
 */
int ss_form_body_fields(apr_array_header_t **fields, apr_array_header_t **files, const char *type,
                        const char *bytes, apr_size_t len, ss_lift_t *lift,
                        ss_mail_problem_t *problem, apr_pool_t *pool);
