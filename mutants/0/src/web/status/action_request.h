/* action_request.h: the daemon's request for an action of the status page. Pure. */
#pragma once

#include "base/json.h"
#include "mail/mail.h"
#include "web/shared/params.h"

typedef struct {
    const char *name;  /* the verb: "retry" */
    const char *label; /* of its button */
    const char *done;  /* what the page says when it was done */
    int is_strong;     /* cannot be undone: to be confirmed */
    int is_of_relay;   /* of a relay or all relays; otherwise of messages */
} ss_action_request_t;

/* The action that the form names, or NULL. */
const ss_action_request_t *ss_action_request_find(const ss_params_t *form);
/* The request's header. Actions on messages need their ids, or a filter, which acts only with the
 * number of matches in "confirm". The caller owns the reference; NULL: problem says why. */
json_t *ss_action_request_create(const ss_action_request_t *action, const ss_params_t *form,
                                 ss_mail_problem_t *problem);
