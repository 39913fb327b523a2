#include "queue/recipient.h"

#include <assert.h>
#include <stddef.h>

void ss_recipient_go(ss_recipient_t *rcpt, ss_state_t to)
{
    assert(ss_state_may_go(rcpt->state, to));
    rcpt->state = to;
    if (ss_state_is_final(to)) rcpt->next = 0;
    if (to != SS_STATE_HELD) rcpt->cause = NULL;
}
