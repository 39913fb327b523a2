/* test_mail.h: a test message, followed to its end. */
#ifndef SS_WEB_TEST_TEST_MAIL_H
#define SS_WEB_TEST_TEST_MAIL_H

#include <httpd.h>

#include "web/shared/params.h"

/* Queues it and answers when it is finished or the time (?wait, else SMTPSendTestTimeout) is over:
 * 200 sent, 502 failed, 504 still waiting. */
int ss_test_mail_send(request_rec *r, const ss_params_t *form, int as_html, int as_json);

#endif
