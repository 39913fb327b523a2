/* form.h: a message from a JSON document: reads its fields, reports the wrong one, composes the
 * message (compose.h). */
#ifndef SS_MAIL_FORM_H
#define SS_MAIL_FORM_H

#include "mail/mail.h"
#include "mail/parse.h"

struct json_t; /* jansson's */

/* Reads one JSON document (application/json) into m. options: as in parse.h (host, default_from,
 * now, random, add_headers, max_size). 0, or -1 with the problem naming the field
 * ("to[1].address", "attachments[0].content"). Unknown fields are refused (400). */
int ss_form_json(ss_mail_message_t *m, const char *bytes, apr_size_t len,
                 const ss_parse_options_t *options, ss_mail_problem_t *problem);
/* The same for a document that is parsed already (fields.h). files: further attachments, of
 * ss_compose_attachment_t, or NULL. */
int ss_form_document(ss_mail_message_t *m, const struct json_t *document,
                     const apr_array_header_t *files, const ss_parse_options_t *options,
                     ss_mail_problem_t *problem);

#endif
