/* option_hint.h: what was probably meant by a directive's arguments that were refused. Pure. */
#pragma once

#include "config/option.h"

/* The directive as it should be written, ready to be copied ("SMTPSendHost h.example:587"), or
 * NULL: nothing like it would be taken. Never a secret. */
const char *ss_option_hint(const ss_option_t *option, int argc, const char *const *argv,
                           apr_pool_t *pool);
