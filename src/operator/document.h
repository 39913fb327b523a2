/* document.h: the JSON documents about messages and the daemon (src/wire/README.md). Each returns a
 * new reference. */
#pragma once

#include "operator/operator.h"

/* history: of ss_message_history_t; adds it and what only operators see; or NULL. most: recipients
 * and rows of the history at most, with "recipientCount" if there are more; 0: all. */
json_t *ss_document_message(const ss_operator_t *o, const ss_message_t *m,
                            const apr_array_header_t *history, int most);
/* A row of the list. */
json_t *ss_document_summary(const ss_message_t *m);
json_t *ss_document_status(const ss_operator_t *o, apr_time_t now);
