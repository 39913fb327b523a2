/* selection.h: what the actions retry, hold, release, cancel and bounce have in common: messages
 * named by id, or by a filter whose number of matches the client has confirmed; in whose name; and
 * how the request is answered. */
#pragma once

#include "operator/operator.h"

/* ids in one request; further ones are left out */
#define SS_SELECTION_IDS_MAX 1000

typedef struct ss_selection_t { /* the first member of an action's own struct */
    ss_operator_t *context;
    ss_request_t *req; /* NULL: nobody waits for an answer */
    apr_pool_t *pool;  /* of the action; destroyed by ss_selection_end */
    const char *verb, *who;
    apr_array_header_t *ids; /* of const char *; those named, or the action's own use */
    int is_filtered;
    ss_store_filter_t filter;
    apr_int64_t confirm, matched, done;   /* messages */
    void (*go)(struct ss_selection_t *s); /* ss_selection_confirm's */
} ss_selection_t;

/* Zeroed memory of that size, which begins with a selection without ids, in a pool of its own. */
void *ss_selection_create(ss_operator_t *o, ss_request_t *req, const char *verb, apr_size_t size);
/* Reads ids or filter, confirm and who. 1; or 0: refused, and the selection is gone. */
int ss_selection_read(ss_selection_t *s, const json_t *header);
/* Counts what the filter matches for this action. Only where that is what the client confirmed,
 * `go` is called; else the request is answered with the number, and the selection is gone. */
void ss_selection_confirm(ss_selection_t *s, ss_store_action_t control,
                          void (*go)(ss_selection_t *s));
/* Whether exactly one message was named. */
int ss_selection_is_one(const ss_selection_t *s);

/* The action changed that message, for the event log. */
void ss_selection_took(ss_operator_t *o, const char *id, const char *verb, const char *who);

/* Each of these answers the request, where there is one, and frees the selection. */
/* {"matched","done"}, and for one message "id" and, unless NULL, "state"; the action is noted. */
void ss_selection_finish(ss_selection_t *s, const char *state);
/* The one message is in a state in which the action is not possible. detail: why, or NULL. */
void ss_selection_conflict(ss_selection_t *s, const char *state, const char *detail);
void ss_selection_unknown(ss_selection_t *s);
void ss_selection_fail(ss_selection_t *s, const ss_store_request_t *request);
void ss_selection_end(ss_selection_t *s); /* without an answer */
