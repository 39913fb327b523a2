/* draft.h: content as a program hands it over locally (sendmail, SMTP on loopback) becomes a
 * message as the web door makes it: names get a domain, Bcc goes, missing fields come, aliases and
 * senders are rewritten. The daemon does it, since such a program has no httpd's settings. */
#ifndef SS_INTAKE_DRAFT_H
#define SS_INTAKE_DRAFT_H

#include "intake/accept.h"
#include "mail/mail.h"

/* Received fields; more are a loop: the message is refused */
#define SS_DRAFT_RECEIVED_MAX 50

typedef struct {
    const ss_settings_t *settings; /* of the relay that carries the message */
    int takes_rcpts;               /* To, Cc and Bcc give recipients, too (sendmail -t) */
    const char *full_name;         /* for a From field made here, or NULL */
    /* SS_NOTIFY_ bits for every recipient; 0: as each has it */
    unsigned notify;
    apr_time_t now;
} ss_draft_t;

/* mail has its envelope (see ss_draft_from, ss_draft_rcpt); it gets content, fields and rewritten
 * addresses. Content may then point into bytes. 0, or -1 with the problem. */
int ss_draft_finish(ss_mail_message_t *mail, const char *bytes, apr_size_t len,
                    const ss_draft_t *how, ss_mail_problem_t *problem);
/* The envelope as a person types it: "root", "a@b", "Name <a@b>"; for recipients a list of them. 0,
 * or -1 with the problem. */
int ss_draft_from(ss_mail_message_t *mail, const char *text, const char *default_domain,
                  ss_mail_problem_t *problem);
int ss_draft_rcpt(ss_mail_message_t *mail, const char *text, unsigned notify,
                  const char *default_domain, ss_mail_problem_t *problem);
/* What the queue keeps of the mail, in m, whose pool is the mail's. Content that lies in bytes is
 * copied. 1; or 0: refused, the answer says why. */
int ss_draft_take(const ss_relay_t *relay, ss_message_t *m, const ss_mail_message_t *mail,
                  const char *bytes, apr_size_t len, ss_accept_answer_t *answer);

#endif
