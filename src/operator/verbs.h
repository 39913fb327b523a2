/* verbs.h: what people and programs ask of the daemon besides submitting. Each answers its req,
 * now or later. */
#ifndef SS_OPERATOR_VERBS_H
#define SS_OPERATOR_VERBS_H

#include "daemon/daemon.h"

/* A text of the request in the pool; NULL where there is none, or an empty one. */
const char *ss_operator_text(const json_t *header, const char *name, apr_pool_t *pool);
/* The store did not do what it was asked. */
void ss_operator_refuse_store(ss_request_t *req, const ss_store_request_t *request);

/* One message (is_full: with history, submitter, relay), and the list (question.c). */
void ss_lookup_message(ss_request_t *req, const json_t *header, int is_full);
void ss_lookup_list(ss_request_t *req, const json_t *header);
/* Retry, hold, release, cancel: on ids or on a filter (action.c). verb: its name in the log. */
void ss_action_run(ss_request_t *req, const json_t *header, const char *verb,
                   ss_store_action_t control);
/* What an action did to one message: counts, log, the message in memory. One that another node
 * delivers: the log alone. */
void ss_action_took(ss_daemon_t *d, const ss_store_changed_t *touched, ss_store_action_t control,
                    const char *who);
/* Pause, resume, flush, of one relay or of all (regulate.c). */
void ss_relay_action_run(ss_request_t *req, const json_t *header, const char *verb);

#endif
