/* event_line.h: the lines of SMTPSendEventLog: one JSON object each (docs/event-log.md). Pure. */
#pragma once

#include "base/json.h"
#include "delivery/ports.h"
#include "queue/message.h"
#include "record/event_privacy.h"

/* Addresses of an accepted message that its line lists; "recipients" has their number. */
#define SS_EVENT_LINE_ADDRESSES 100

/* All of them: one line with its line end from the pool, or NULL without memory. */

const char *ss_event_line_accepted(const ss_event_privacy_t *p, const ss_message_t *m,
                                   apr_time_t now, apr_pool_t *pool);
/* After the attempt: rcpt has the new state and the reply. */
const char *ss_event_line_attempt(const ss_event_privacy_t *p, const ss_message_t *m,
                                  const ss_recipient_t *rcpt, const ss_ports_attempt_t *attempt,
                                  apr_time_t now, apr_pool_t *pool);
const char *ss_event_line_final(const ss_event_privacy_t *p, const ss_message_t *m,
                                const ss_recipient_t *rcpt, apr_time_t now, apr_pool_t *pool);

/* What an operator did; NULL and -1: it has no such member. */
typedef struct {
    const char *action; /* "pause", "cancel" ... */
    const char *who, *reason;
    const char *id;    /* of the one message */
    const char *relay; /* name */
    /* members state, relay, from, to, text of the request; borrowed */
    const json_t *filter;
    apr_int64_t count; /* messages */
    apr_time_t until;  /* of a pause; 0: none */
} ss_event_line_action_t;
const char *ss_event_line_action(const ss_event_privacy_t *p, const ss_event_line_action_t *a,
                                 apr_time_t now, apr_pool_t *pool);
