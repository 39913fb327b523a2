/* key.h: AuthType smtp-send-key: applications that submit with a key of SMTPSendKeyFile. */
#pragma once

#include <httpd.h>

#include "config/settings.h"

/* The hook check_authn: for AuthType smtp-send-key it takes the key from "Authorization: Bearer",
 * from the password of "Basic", or from the field of a provider's SDK, and makes the key's name the
 * user. httpd's Require decides then. The file is read at each request: a change takes effect at
 * once. */
int ss_key_check(request_rec *r);
/* What applies to a request: the location's policy, and what its key adds. */
const ss_settings_policy_t *ss_key_policy(request_rec *r);
