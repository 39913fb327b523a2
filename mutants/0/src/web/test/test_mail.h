/* test_mail.h: sends a test message and waits for its result. */
#pragma once

#include <httpd.h>

#include "web/shared/params.h"

/* Queues the message and answers when it is finished, or after "wait" (default:
 * SMTPSendTestTimeout): 200 sent, 502 failed, 504 still waiting. Returns the handler's result. */
int ss_test_mail_send(request_rec *r, const ss_params_t *form, int as_html, int as_json);
