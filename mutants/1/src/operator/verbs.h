/* verbs.h: the requests of operators by their verb (src/wire/README.md). */
#pragma once

#include "operator/operator.h"

/* Answers the request, now or later. self: an ss_operator_t (the type that
 * ss_local_socket_options_t.command has). */
void ss_verbs_dispatch(void *self, ss_request_t *req);
/* Whether a client may use the verb; unknown verbs are everybody's. */
int ss_verbs_may(const char *verb, int is_trusted);
