/* control.h: what people and programs ask of the daemon besides submitting. Each answers its asker,
 * now or later. */
#ifndef SS_OPERATOR_CONTROL_H
#define SS_OPERATOR_CONTROL_H

#include "daemon/daemon.h"

/* A text of the request in the pool; NULL where there is none, or an empty one. */
const char *ss_control_text(const json_t *header, const char *name, apr_pool_t *pool);
/* The store did not do what it was asked. */
void ss_control_refuse_store(ss_asker_t *asker, const ss_store_request_t *request);

/* One message (is_full: with history, submitter, relay), and the list (question.c). */
void ss_question_message(ss_asker_t *asker, const json_t *header, int is_full);
void ss_question_list(ss_asker_t *asker, const json_t *header);
/* Retry, hold, release, cancel: on ids or on a filter (action.c). verb: its name in the log. */
void ss_action(ss_asker_t *asker, const json_t *header, const char *verb, ss_control_t control);
/* What an action did to one message: counts, log, the message in memory. One that another node
 * delivers: the log alone. */
void ss_action_took(ss_daemon_t *d, const ss_touched_t *touched, ss_control_t control,
                    const char *who);
/* Pause, resume, flush, of one relay or of all (regulate.c). */
void ss_regulate(ss_asker_t *asker, const json_t *header, const char *verb);

#endif
