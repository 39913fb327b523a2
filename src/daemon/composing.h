/* composing.h: a "submit" with "compose": the envelope as a person typed it, and content that the daemon itself makes a message of (draft.h). */
#ifndef SS_DAEMON_COMPOSING_H
#define SS_DAEMON_COMPOSING_H

#include "daemon/draft.h"

typedef struct ss_composing_t ss_composing_t;     /* lives in its message's pool */

/* Whether a request asks for it. */
int ss_composing_is_wanted(const json_t *header);
/* Reads the envelope. NULL with the problem. */
ss_composing_t *ss_composing_begin(const ss_relay_t *relay, ss_message_t *m, const json_t *header, ss_mail_problem_t *problem);
/* Takes raw content. 0, or -1 with the problem (too large). */
int ss_composing_part(ss_composing_t *c, const char *bytes, apr_size_t len, ss_mail_problem_t *problem);
/* All has come: fills the message. 0, or -1 with the problem. */
int ss_composing_end(ss_composing_t *c, ss_mail_problem_t *problem);

#endif
