/* suspicion.h: a reply in a transaction that may be about us (SS_FATE_SUSPECT), and what other
 * messages say about it. Pure: time comes in as an argument. See docs/policies/verdicts.md. */
#pragma once

#include "base/ident.h"
#include "base/mono.h"
#include "base/result.h"

/* a host that took mail so lately does not refuse us */
#define SS_SUSPICION_TRUSTED_FOR (600 * APR_USEC_PER_SEC)
/* ... unless it has refused so many messages in a row since, which would all fail */
#define SS_SUSPICION_ROW 50
/* so long after the first refusal the messages that wait are tried one directly after the other;
 * then one a PACE */
#define SS_SUSPICION_AT_ONCE (5 * APR_USEC_PER_SEC)
#define SS_SUSPICION_PACE (APR_USEC_PER_SEC / 10)

/* senders and recipients' domains of what it refused that are remembered */
#define SS_SUSPICION_SEEN 16

/* senders' domains of which it said lately that their quota is used up; past it the oldest goes */
#define SS_SUSPICION_QUOTAS 8

typedef struct {
    apr_uint32_t sender; /* hash of the domain */
    ss_mono_t until;
    int is_own; /* the host took another sender's mail since: not the quota of us all */
} ss_suspicion_quota_t;

typedef struct {
    ss_mono_t took;    /* the last time the host took a message; not set: never, or not any more */
    ss_mono_t doubted; /* what it took before this says nothing any more */
    ss_mono_t same;    /* a message was refused on two connections: sessions do not differ */
    int in_flight;     /* messages handed to it and not answered */
    int row;           /* refused in a row */
    int faults;        /* messages deferred in a row for a fault of the host (suspects_judge.c) */
    int is_active;     /* it refused a message, and took none since */
    ss_mono_t since, tried; /* the first and the last of those refusals */
    /* of the last: */
    char id[SS_IDENT_TEXT];
    ss_result_t cause;
    struct {
        apr_uint32_t sender, domain; /* hashes */
    } seen[SS_SUSPICION_SEEN];
    int seen_count; /* so far */
    ss_suspicion_quota_t quotas[SS_SUSPICION_QUOTAS];
    int quota_count; /* so far */
} ss_suspicion_t;

typedef enum {
    SS_SUSPICION_HIS,      /* about this recipient or message: the code decides */
    SS_SUSPICION_ASIDE,    /* not known: it is set aside, and another one is tried */
    SS_SUSPICION_CONFIRMED /* the host refuses us */
} ss_suspicion_finding_t;

/* The host took a message. Returns whether it was suspected of refusing us. */
int ss_suspicion_took(ss_suspicion_t *s, ss_mono_t now);
/* The host refused the message of that id. cause: as people read it, with the advice's id.
 * connection_took: when this connection took a message last. is_again: the host refused it before,
 * and took another one since. */
ss_suspicion_finding_t ss_suspicion_refused(ss_suspicion_t *s, const char *id,
                                            const ss_result_t *cause, ss_mono_t connection_took,
                                            int is_again, ss_mono_t now);
/* The same for a refusal because a quota of hours or days is used up, for so long, which says
 * nothing of the message, however lately the host took others: it is the quota of this sender's
 * domain where the host took another domain's mail since, else perhaps that of us all. */
ss_suspicion_finding_t ss_suspicion_over_quota(ss_suspicion_t *s, const char *id,
                                               const ss_result_t *cause, apr_uint32_t sender,
                                               apr_interval_time_t wait, ss_mono_t now);
/* The host took a message of that sender's domain. */
void ss_suspicion_in_quota(ss_suspicion_t *s, apr_uint32_t sender);
/* Whether the host, which refuses us because of a quota, was asked for this sender's domain. */
int ss_suspicion_was_asked(const ss_suspicion_t *s, apr_uint32_t sender);
/* Whether two entries of the knowledge base speak of the same cause: servers say the same in
 * several ways. */
int ss_suspicion_is_alike(const char *advice, const char *other);
/* The refused message's sender and recipient's domain (hashes). */
void ss_suspicion_see(ss_suspicion_t *s, apr_uint32_t sender, apr_uint32_t domain);
/* How much a message tells that is from that sender to that domain: most (3) where it refused
 * neither of them, least (0) where it refused both. */
int ss_suspicion_tells(const ss_suspicion_t *s, apr_uint32_t sender, apr_uint32_t domain);
/* When a message may be tried at a host that is suspected: is_first: it was not refused there yet.
 * gate: when any may be (breaker.h); not set: that is not known. Not set: not yet known. */
ss_mono_t ss_suspicion_next(const ss_suspicion_t *s, int is_first, ss_mono_t gate, ss_mono_t now);
