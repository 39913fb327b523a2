/* local_header.h: the header of a submission on the local socket becomes a message's envelope and
 * attributes. Pure but for the message's pool. Anybody on this machine may be the client, so
 * everything is checked again that the web front end has checked already, and what only httpd may
 * say is ignored from others. */
#pragma once

#include "base/json.h"
#include "config/settings.h"
#include "intake/quota.h"
#include "queue/message.h"
#include "wire/request.h"

/* Octets of recipients outside ASCII that somebody else than httpd and root may name in a request:
 * looking at one address takes 20 us of the loop's time. With more the request is refused. */
#define SS_LOCAL_HEADER_8BIT_MAX 8192

typedef struct {       /* why a submission is refused, in terms of HTTP */
    int kind;          /* base/problem_kind.h, or an HTTP status */
    int retry_after;   /* seconds; 0: not said */
    const char *field; /* the member that is wrong, or NULL */
    char detail[1024];
} ss_local_refusal_t;

typedef struct { /* who asks (SO_PEERCRED) */
    int uid;
    int is_trusted; /* ss_request_trust_t */
} ss_local_client_id_t;

/* Sets the refusal; returns 0. */
int ss_local_header_refuse(ss_local_refusal_t *no, int kind, int retry_after, const char *field,
                           const char *format, ...) __attribute__((format(printf, 5, 6)));
/* Whether the daemon composes the message itself: the envelope as a person typed it, content as a
 * program wrote it (incoming.h). */
int ss_local_header_is_composed(const json_t *header);
/* Fills m (which has a pool and a relay) with envelope and attributes; a composed message gets
 * no recipients here. submitter, webhook: from trusted clients only; others submit as "uid:N".
 * 1; or 0 with the refusal. */
int ss_local_header_read(ss_message_t *m, const json_t *header, ss_local_client_id_t client,
                         ss_local_refusal_t *no);
/* SMTPSendSubmitterRate of the location that the message was submitted to, which only trusted
 * clients may name. Returns the number of rates. */
int ss_local_header_rates(ss_settings_rate_t rates[SS_QUOTA_RATES_MAX], const json_t *header,
                          ss_local_client_id_t client);
/* The part "restore" of an imported message, whose recipients and texts were read already: id, age,
 * relay's name (in *relay, unchecked; NULL: none) and states. Trusted clients only. 1, also where
 * there is no such part; or 0 with the refusal. */
int ss_local_header_restore(ss_message_t *m, const json_t *header, ss_local_client_id_t client,
                            apr_time_t now, const char **relay, ss_local_refusal_t *no);
