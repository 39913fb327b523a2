/* dsn.h: what the sender of a message may ask about delivery status notifications (RFC 3461), in
 * one form for every path that a message takes: submission, queue, bounce, and SMTP. */
#pragma once

#include <apr.h>

/* NOTIFY (RFC 3461 4.1), for each recipient; a set of bits */
enum {
    SS_NOTIFY_NONE = 0, /* the sender said nothing */
    SS_NOTIFY_NEVER = 1,
    SS_NOTIFY_SUCCESS = 2,
    SS_NOTIFY_FAILURE = 4,
    SS_NOTIFY_DELAY = 8
};
/* RET (RFC 3461 4.3): what a bounce returns; the numbers are stored in the queue */
typedef enum { SS_RET_UNSET, SS_RET_FULL, SS_RET_HDRS } ss_ret_t;

#define SS_DSN_ENVID_MAX 100 /* RFC 3461 4.4 */

typedef struct {
    int ret;           /* ss_ret_t */
    const char *envid; /* decoded (not xtext), printable ASCII, at most SS_DSN_ENVID_MAX; or NULL */
} ss_dsn_options_t;

/* The bit of one word of NOTIFY ("never", "success", "failure", "delay"; any case), or 0. */
unsigned ss_dsn_notify_bit(const char *word, apr_size_t len);
/* Adds the bits of a list of such words, separated by commas or spaces. 0, or -1: an unknown word,
 * or "never" beside another one (RFC 3461 4.1); *bits is then undefined. */
int ss_dsn_notify(const char *list, unsigned *bits);
