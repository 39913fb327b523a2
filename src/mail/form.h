/* form.h: a message from a JSON document, or from the fields of an HTML form, which have the same
 * names: reads them, reports the wrong one, composes the message (compose.h). */
#pragma once

#include <jansson.h>

#include "mail/compose.h"
#include "mail/parse.h"

typedef struct {
    const char *name, *value; /* UTF-8 */
} ss_form_field_t;

/* Reads one JSON document into m. 0, or -1 with the problem naming the field ("to[1].address",
 * "attachments[0].content"). Unknown fields are refused (400). */
int ss_form_json(ss_mail_message_t *m, const char *bytes, apr_size_t len,
                 const ss_parse_options_t *options, ss_mail_problem_t *problem);
/* The same for a document that was read already (taken over) and further files (of
 * ss_compose_attachment_t, or NULL). */
int ss_form_document(ss_mail_message_t *m, json_t *document, const apr_array_header_t *files,
                     const ss_parse_options_t *options, ss_mail_problem_t *problem);
/* The same for fields (of ss_form_field_t) and files (of ss_compose_attachment_t, or NULL). A name
 * may be repeated where the document takes a list ("to[]" is "to"); members of objects are written
 * "envelope.from", "headers.X-Ticket", or the object as JSON. An empty value counts as not given.
 */
int ss_form_fields(ss_mail_message_t *m, const apr_array_header_t *fields,
                   const apr_array_header_t *files, const ss_parse_options_t *options,
                   ss_mail_problem_t *problem);
