/* transaction.h: what replies mean for a message and its recipients. Private to client.c and
 * pipeline.c. */
#pragma once

#include "smtp/client_state.h"

/* The reply to a command of a transaction. */
void ss_transaction_answer(ss_client_t *c, const ss_client_asked_t *asked, const ss_reply_t *reply);
/* A reply that came before its command was written completely. */
void ss_transaction_early(ss_client_t *c, const ss_client_asked_t *asked, const ss_reply_t *reply);
/* Returns the finished messages at the front of the list. */
void ss_transaction_settle(ss_client_t *c);
