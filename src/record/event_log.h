/* event_log.h: SMTPSendEventLog: a line for each event (event_line.h) to a file or a program. Loop
 * thread. Without the directive none of these does anything. */
#pragma once

#include "record/event_line.h"
#include "record/record.h"

/* fd: the open file or pipe, which becomes the log's; -1: not open. path: see event_writer.h. */
void ss_event_log_create(ss_record_t *r, int fd, const char *path);
/* Writes the last lines, for some seconds at most. */
void ss_event_log_destroy(ss_record_t *r);
int ss_event_log_is_on(const ss_record_t *r);
/* Lines that could not be written. */
apr_uint64_t ss_event_log_dropped(const ss_record_t *r);

/* The key of hashed addresses is kept with the queue, and is the same on all nodes. */
#define SS_EVENT_LOG_KEY "shared/event-log"
void ss_event_log_restore(ss_record_t *r, const char *value);
/* The settings were read: where there is no key, one is made. */
void ss_event_log_ready(ss_record_t *r);

/* The message is on stable storage. */
void ss_event_log_accepted(ss_record_t *r, const ss_message_t *m);
void ss_event_log_attempt(ss_record_t *r, const ss_message_t *m, const ss_recipient_t *rcpt,
                          const ss_ports_attempt_t *attempt);
/* The recipient's final state is on stable storage. */
void ss_event_log_final(ss_record_t *r, const ss_message_t *m, const ss_recipient_t *rcpt);
void ss_event_log_action(ss_record_t *r, const ss_event_line_action_t *action);
