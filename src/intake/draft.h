/* draft.h: content as a local program writes it (sendmail, SMTP on loopback) becomes a message as
 * the web front end makes it: names get a domain, Bcc is removed, missing fields are added, aliases
 * and senders are rewritten, SMTPSendRedirect is applied. The daemon does it, because such a
 * program does not have httpd's settings. Pure but for the pools. */
#pragma once

#include "intake/accept.h"
#include "mail/mail.h"

/* Received fields; a message with more is refused as a mail loop */
#define SS_DRAFT_RECEIVED_MAX 50

typedef struct {
    const ss_settings_t *settings; /* of the relay that carries the message */
    int takes_rcpts;               /* To, Cc and Bcc give recipients, too (sendmail -t) */
    int takes_names;               /* lists of local names get a domain (sendmail) */
    const char *full_name;         /* for a From field made here, or NULL */
    const char *redirect;          /* SMTPSendRedirect of a location; NULL: the relay's, if any */
    int is_kept; /* imported: the message was made before, and keeps what it has (incoming.h) */
    /* SS_NOTIFY_ bits for every recipient; 0: as each has it */
    unsigned notify;
    apr_time_t now;
} ss_draft_t;

/* Adds content, header fields and rewritten addresses to mail, which has its envelope already (see
 * ss_draft_from, ss_draft_rcpt). The content may point into bytes. 0, or -1 with the problem. */
int ss_draft_finish(ss_mail_message_t *mail, const char *bytes, apr_size_t len,
                    const ss_draft_t *how, ss_mail_problem_t *problem);
/* The envelope as a person types it: "root", "a@b", "Name <a@b>"; for recipients a list of them. 0,
 * or -1 with the problem. */
int ss_draft_from(ss_mail_message_t *mail, const char *text, const char *default_domain,
                  ss_mail_problem_t *problem);
int ss_draft_rcpt(ss_mail_message_t *mail, const char *text, unsigned notify,
                  const char *default_domain, ss_mail_problem_t *problem);
/* Fills m with what the queue keeps of the mail; both have the same pool. Content that lies in
 * bytes is copied. 1; or 0: refused, the answer says why. */
int ss_draft_take(const ss_relay_t *relay, ss_message_t *m, const ss_mail_message_t *mail,
                  const char *bytes, apr_size_t len, ss_accept_answer_t *answer);
