/* verb.h: the requests of operators by their verb (src/wire/README.md). */
#pragma once

#include "operator/operator.h"

/* Answers the request, now or later. self: an ss_operator_t (the type that
 * ss_local_socket_options_t.command has). */
void ss_verb_dispatch(void *self, ss_request_t *req);
/* Whether a client may use the verb; unknown verbs are everybody's. */
int ss_verb_may(const char *verb, int is_trusted);

/* ---- each answers its requests ---- */

/* get and show (one message): show adds history, submitter and relay. With "wait" (microseconds, at
 * most 120 s) the answer comes when the message is final, or that time is over. */
void ss_verb_lookup(ss_operator_t *o, ss_request_t *req);
void ss_verb_lookup_list(ss_operator_t *o, ss_request_t *req); /* queue */
/* retry, hold, release and cancel: messages by id, or all that a filter matches. */
void ss_verb_action(ss_operator_t *o, ss_request_t *req);
/* bounce: messages are given up and their senders get a bounce. */
void ss_verb_bounce(ss_operator_t *o, ss_request_t *req);
/* pause, resume and flush: one relay or all. */
void ss_verb_relay(ss_operator_t *o, ss_request_t *req);
/* export: a stored message, without its content, as the document that import takes
 * (intake/local_header.h reads it back). */
void ss_verb_transfer_export(ss_operator_t *o, ss_request_t *req);
/* content: a part of a waiting message's content; 404 after the last one. */
void ss_verb_transfer_content(ss_operator_t *o, ss_request_t *req);
void ss_verb_overview(ss_operator_t *o, ss_request_t *req); /* status and metrics */
void ss_verb_overview_activity(ss_operator_t *o, ss_request_t *req);
void ss_verb_test(ss_operator_t *o, ss_request_t *req); /* with a relay's settings */

/* ---- what others tell ---- */

/* A change of the message was committed: requests that wait for it look again. */
void ss_verb_lookup_wake(ss_operator_t *o, const char *id);
/* What an action did to one stored message is carried over to memory, counts, log and waiting
 * requests. Also for actions of another node on a message that this one delivers; of a message that
 * another node delivers, only the log and waiting requests are. */
void ss_verb_action_took(ss_operator_t *o, const ss_store_changed_t *touched,
                         ss_store_action_t control, const char *who);
/* bounce of one message, asked for at another node, which needs no answer. */
void ss_verb_bounce_handed(ss_operator_t *o, const char *id, const char *who);

/* ---- pure ---- */

/* Until when a request waits that asks for so many microseconds; not set: it does not. */
ss_mono_t ss_verb_lookup_until(apr_interval_time_t wait, ss_mono_t now);
/* How many rows a request gets that asks for so many: at most 1,000; 100 where it does not say, or
 * asks for more. */
int ss_verb_lookup_limit(json_int_t limit);
