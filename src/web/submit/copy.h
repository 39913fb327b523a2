/* copy.h: one recipient's own copy of a message ("individually"). */
#ifndef SS_WEB_SUBMIT_COPY_H
#define SS_WEB_SUBMIT_COPY_H

#include "mail/mail.h"

/* Makes copy the message for rcpt alone: To contains only its address, Cc is removed, the
 * Message-ID is new. New memory is from pool; the rest is shared with whole. */
void ss_copy_make(ss_mail_message_t *copy, const ss_mail_message_t *whole,
                  const ss_mail_rcpt_t *rcpt, apr_pool_t *pool);

#endif
