/* action_request.h: the daemon's request for an action of the status page. Pure. */
#pragma once

#include "base/json.h"
#include "mail/mail.h"
#include "web/shared/params.h"

/* The parameters of a filter, ended by NULL. */
extern const char *const ss_action_request_filters[];

typedef struct {
    const char *name;  /* the verb: "retry" */
    const char *label; /* of its button */
    const char *done;  /* what the page says when it was done */
    int is_of_relay;   /* of a relay or all relays; otherwise of messages */
    const char *final; /* what it does that cannot be undone, which is to be confirmed; or NULL */
} ss_action_request_t;

/* The action that the form names, or NULL. */
const ss_action_request_t *ss_action_request_find(const ss_params_t *form);
const ss_action_request_t *ss_action_request_named(const char *name);
/* Whether the action is on messages named by id: which=selected, or ids without which=matching. */
int ss_action_request_is_named(const ss_params_t *form);
/* The filter of a form or query in words: "state held, to *@example.net"; or "none". */
const char *ss_action_request_filter(const ss_params_t *form, apr_pool_t *pool);
/* The request's header. Actions on messages need their ids, or a filter, which acts only with the
 * number of matches in "confirm". The caller owns the reference; NULL: problem says why. */
json_t *ss_action_request_create(const ss_action_request_t *action, const ss_params_t *form,
                                 ss_mail_problem_t *problem);
