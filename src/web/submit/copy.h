/* copy.h: one recipient's own copy of a message ("individually"). */
#ifndef SS_WEB_SUBMIT_COPY_H
#define SS_WEB_SUBMIT_COPY_H

#include "mail/submitted.h"

/* each is a message with an answer of its own; past it a submission is refused */
#define SS_COPIES_MAX 1000

/* Makes copy the message for rcpt alone: To holds only its address, Cc is gone, the Message-ID is
 * its own. whole and rcpt are only read. What is new lives in pool. */
void ss_copy_make(ss_mail_message_t *copy, const ss_mail_message_t *whole,
                  const ss_mail_rcpt_t *rcpt, apr_pool_t *pool);

#endif
