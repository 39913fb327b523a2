/* smtp_listener.h: SMTPSendListen: the sockets and clients of the SMTP listener. What is said is
 * smtp/server's business, what becomes of a message smtp_transaction's. Loop thread. */
#pragma once

#include "intake/intake.h"

/* Further ones get 421 and are closed, unless their uid has fewer than another one: of that one the
 * client that has been silent for longest makes room. Files that run short: a quarter of them. */
#define SS_SMTP_LISTENER_CLIENTS_MAX 512
#define SS_SMTP_LISTENER_FILES 4
/* RFC 5321 4.5.3.2.7: a client that says nothing for so long is dismissed */
#define SS_SMTP_LISTENER_IDLE (300 * APR_USEC_PER_SEC)
/* octets a second that content must come at, once SS_SMTP_LISTENER_IDLE is over */
#define SS_SMTP_LISTENER_RATE_MIN 1024
/* nor may it take longer, at whatever pace; the store keeps staged parts for longer */
#define SS_SMTP_LISTENER_CONTENT_MOST (1800 * APR_USEC_PER_SEC)
/* a leaving daemon lets a transaction under way end within */
#define SS_SMTP_LISTENER_GRACE (2 * APR_USEC_PER_SEC)
/* content in memory above which new content waits; what has begun goes on up to
 * SS_INTAKE_BYTES_MAX, then 452. One uid's: SS_LOCAL_SHARE_CONTENT, and twice that. */
#define SS_SMTP_LISTENER_BYTES_MAX (SS_INTAKE_BYTES_MAX / 2)

typedef struct ss_smtp_listener_t ss_smtp_listener_t;

/* Serves the listening socket, which is closed by ss_smtp_listener_stop. fd -1: no socket, and
 * *listener is NULL, which the functions below take. Lives in intake->pool. */
apr_status_t ss_smtp_listener_start(ss_smtp_listener_t **listener, ss_intake_t *intake, int fd);
/* Accepts nobody more. Idle clients are dismissed with 421, a transaction under way has
 * SS_SMTP_LISTENER_GRACE to end. */
void ss_smtp_listener_stop(ss_smtp_listener_t *listener);
/* Whether clients are left that a leaving daemon still owes an answer. */
int ss_smtp_listener_is_busy(const ss_smtp_listener_t *listener);
/* After the loop's end: closes what is left. */
void ss_smtp_listener_destroy(ss_smtp_listener_t *listener);

/* Whether so many clients are the most while the process may have so many files open. */
int ss_smtp_listener_is_full(int clients, apr_uint64_t descriptors);
/* How long all of the content may take when so much of it has come. */
apr_interval_time_t ss_smtp_listener_content_time(apr_uint64_t got);
/* Until when a client must have sent more: of its content, of which so much has come since it
 * began; or, where began is not set, the next command. */
ss_mono_t ss_smtp_listener_deadline(ss_mono_t began, apr_uint64_t got, ss_mono_t now);
/* Whether content that has not begun yet may be read while so many octets are in memory. */
int ss_smtp_listener_has_room(apr_size_t bytes);
/* Whether a client may be read, of whose uid's content so much is in memory, and whose own is so
 * much; most: that of the uid's client that has the most. That one goes on, so that all end. */
int ss_smtp_listener_may_read(apr_size_t of_uid, apr_size_t own, apr_size_t most);
