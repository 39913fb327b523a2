/* log_throttle.h: sentences that would come again and again are written once; a minute later the
 * log says how often they came. No clock and no log inside. */
#ifndef SS_RECORD_LOG_THROTTLE_H
#define SS_RECORD_LOG_THROTTLE_H

#include "base/mono.h"

#define SS_ECHO_SPAN (60 * APR_USEC_PER_SEC)
/* different sentences at a time; past it each is written: nothing new is ever hidden */
#define SS_ECHO_KEYS 64
#define SS_ECHO_KEY_MAX 400

typedef struct {
    /* since not set: free */
    struct {
        char key[SS_ECHO_KEY_MAX];
        ss_mono_t since;
        apr_int64_t more;
    } slots[SS_ECHO_KEYS];
} ss_echo_t;

/* 1: the sentence is to be written; 0: it stands there since less than SS_ECHO_SPAN, and this time
 * is counted. key: what makes two sentences the same. */
int ss_echo_is_new(ss_echo_t *echo, const char *key, ss_mono_t now);
/* Takes a sentence whose span is over (all of them with now not set: the end of the process) and
 * that came again out of the table. Its key, valid until the next call of is_new, and how often it
 * came; NULL: there is none. */
const char *ss_echo_next(ss_echo_t *echo, ss_mono_t now, apr_int64_t *more);
/* When ss_echo_next is to be asked; not set: never, as it stands. */
ss_mono_t ss_echo_due(const ss_echo_t *echo);

#endif
