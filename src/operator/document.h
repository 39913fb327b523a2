/* document.h: the JSON documents about messages and the daemon (src/wire/README.md). Each returns a
 * new reference. */
#pragma once

#include "operator/operator.h"

/* is_full: what only operators see, too. most: as in ss_document_rows; "recipientCount" if there
 * are more. */
json_t *ss_document_message(const ss_operator_t *o, const ss_message_t *m, int is_full, int most);
/* Adds its recipients, and its history (of ss_message_history_t) where that is not NULL: most rows
 * of each; 0: all. Pure: any thread. */
void ss_document_rows(json_t *document, const ss_message_t *m, const apr_array_header_t *history,
                      int most);
/* A row of the list. */
json_t *ss_document_summary(const ss_message_t *m);
json_t *ss_document_status(const ss_operator_t *o, apr_time_t now);
