/* breaker.h: whether a host may be tried now. Pure: time comes in as an argument.
 * down: not reachable, or its sessions carry nothing: 1 s doubling to 5 s. blocked: it refuses us:
 * 1 min doubling to 15 min. While either lasts one probe at a time goes out; success ends it. */
#pragma once

#include "base/mono.h"
#include "base/result.h"
#include "delivery/strikes.h"
#include "smtp/client_proof.h"

typedef enum { SS_HOST_UP, SS_HOST_DOWN, SS_HOST_BLOCKED } ss_breaker_condition_t;

typedef struct {
    ss_breaker_condition_t condition;
    apr_interval_time_t wait; /* the last wait */
    ss_mono_t next;           /* may be probed at; not set while up */
    apr_time_t since;         /* of the condition; wall time, people see it */
    int is_probing;
    int is_of_messages; /* only messages have shown it: others may be taken (suspects.h) */
    ss_result_t cause;
    ss_strikes_t strikes;
    ss_client_proof_t proof;
} ss_breaker_t;

/* The host failed: down or blocked; the wait grows when it was so before. jitter: 32 random bits.
 * Returns 1 when the condition is new. */
int ss_breaker_failed(ss_breaker_t *host, ss_breaker_condition_t condition,
                      const ss_result_t *cause, ss_mono_t now, apr_time_t wall,
                      apr_uint32_t jitter);
/* It works. Returns 1 when it did not before. */
int ss_breaker_worked(ss_breaker_t *host, apr_time_t wall);
/* Which host to open a connection to: the first that is up, or the first whose probe is due and not
 * under way; -1: none, and *when is the time to ask again (not set: a probe is under way). */
int ss_breaker_choose(const ss_breaker_t *hosts, int count, ss_mono_t now, ss_mono_t *when);
/* All may be tried at once (flush, new settings, corrected secret). */
void ss_breaker_reset(ss_breaker_t *hosts, int count);
/* Whether what it is down or blocked for was an answer to a transaction's command. */
int ss_breaker_is_of_transaction(const ss_breaker_t *host);
