/* form_document.h: what the readers of JSON and of forms share. Not for other folders: their
 * headers do not speak of jansson. */
#ifndef SS_MAIL_FORM_DOCUMENT_H
#define SS_MAIL_FORM_DOCUMENT_H

#include <jansson.h>

#include "mail/submitted.h"
#include "mail/parse.h"

/* Reads a document that was parsed. files: more attachments, of ss_attachment_t, or NULL. 0, or -1
 * with the problem. */
int ss_form_document(ss_mail_message_t *m, const json_t *document, const apr_array_header_t *files,
                     const ss_parse_options_t *options, ss_mail_problem_t *problem);

#endif
