/* learned.h: what a host was found to need, remembered for a day, over restarts, and logged once
 * with the directive that makes it permanent. host: its name, "mail.example.com:465". Times are
 * wall times: they are stored. */
#pragma once

#include "base/json.h"
#include "base/mono.h"

typedef struct ss_delivery_t ss_delivery_t;

/* hosts; past it nothing new is remembered */
#define SS_LEARNED_MAX 256

/* The SS_LEARN_ bits of a host. *recipients (or NULL): the most that it takes in a transaction; 0:
 * not known. */
unsigned ss_learned_bits(ss_delivery_t *d, const char *host, int *recipients);
/* The most messages that a new connection to the host is to carry; 0: no limit is known. Once an
 * hour a limit of more than one is put to the test: 0 for one connection. */
int ss_learned_messages(ss_delivery_t *d, const char *host);
/* One more bit; number: for SS_LEARN_MAX_RECIPIENTS and SS_LEARN_MAX_MESSAGES. words: the server's,
 * for the log. A lost connection (SS_LEARN_NO_STREAMING) counts only when it is the second within
 * an hour, unless number is 1: the server said so. */
void ss_learned_add(ss_delivery_t *d, const char *host, unsigned bit, int number,
                    const char *words);
/* The host refused a message on a connection that had carried so many, and the words may be about
 * that. New connections keep below it from now on; it is knowledge once one of them shows it. */
void ss_learned_suspect(ss_delivery_t *d, const char *host, int messages, const char *words);
/* The first message of a connection that was opened then was accepted, or refused for whatever
 * reason: a suspicion is confirmed, or was wrong. */
void ss_learned_first(ss_delivery_t *d, const char *host, ss_mono_t opened, int is_accepted);
/* A connection carried so many messages, more than the limit that was learned. */
void ss_learned_carried(ss_delivery_t *d, const char *host, int messages);
/* Takes over the row "learned/<host>" of the setting table, this node's or another's. */
void ss_learned_restore(ss_delivery_t *d, const char *host, const char *json);
/* [{"host","what","directive"}] */
json_t *ss_learned_json(ss_delivery_t *d, const char *host);
