/* message.c: what its recipients and parts make of a message. Pure. */
#include "queue/message.h"

#include <string.h>

int ss_message_is_of(const ss_message_t *m, const apr_array_header_t *submitters)
{
    for (int i = 0; submitters && i < submitters->nelts; i++) {
        if (m->attr.submitter &&
            !strcmp(m->attr.submitter, APR_ARRAY_IDX(submitters, i, const char *)))
            return 1;
    }
    return !submitters;
}

const char *ss_message_state(const ss_message_t *m)
{
    if (m->rcpt_count < 1) return "unknown";
    for (int i = 1; i < m->rcpt_count; i++) {
        if (m->rcpts[i].state != m->rcpts[0].state) return "partial";
    }
    return ss_state_name(m->rcpts[0].state);
}

apr_time_t ss_message_due(const ss_message_t *m, int *any)
{
    apr_time_t due = 0;

    *any = 0;
    for (int i = 0; i < m->rcpt_count; i++) {
        const ss_recipient_t *rcpt = &m->rcpts[i];
        if (ss_state_is_final(rcpt->state) || rcpt->state == SS_STATE_HELD) continue;
        if (!*any || rcpt->next < due) due = rcpt->next;
        *any = 1;
    }
    return due;
}

apr_size_t ss_message_resident(const ss_message_t *m)
{
    apr_size_t len = 0;

    for (int i = 0; i < m->part_count; i++)
        if (m->parts[i].bytes) len += m->parts[i].len;
    return len;
}
