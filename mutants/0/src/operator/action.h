/* action.h: the requests retry, hold, release and cancel, on messages by id or on all that a filter
 * matches. */
#pragma once

#include "operator/operator.h"

void ss_action_run(ss_operator_t *o, ss_request_t *req);
/* What an action did to one stored message is carried over to memory, counts, log and waiting
 * requests. Also for actions of another node on a message that this one delivers; of a message that
 * another node delivers, only the log and waiting requests are. */
void ss_action_took(ss_operator_t *o, const ss_store_changed_t *touched, ss_store_action_t control,
                    const char *who);
