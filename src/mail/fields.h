/* fields.h: a message from the fields of an HTML form, which have the names of the JSON document
 * (form.h); files become attachments. */
#ifndef SS_MAIL_FIELDS_H
#define SS_MAIL_FIELDS_H

#include "mail/compose.h"
#include "mail/mail.h"
#include "mail/parse.h"

typedef struct {
    const char *name, *value;
} ss_fields_field_t;

/* Reads fields (of ss_fields_field_t, UTF-8) and files (of ss_compose_attachment_t, or NULL) into
 * m. A name may be repeated where the document takes a list (to, cc, bcc, replyTo, notify; "to[]"
 * is "to"); members of objects are written "envelope.from", "headers.X-Ticket", "metadata.order";
 * "headers", "metadata", "envelope" and "attachments" may hold JSON instead. An empty value counts
 * as not given. 0, or -1 with the problem naming the field. */
int ss_fields_read(ss_mail_message_t *m, const apr_array_header_t *fields,
                   const apr_array_header_t *files, const ss_parse_options_t *options,
                   ss_mail_problem_t *problem);

#endif
