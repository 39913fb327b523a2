/* api.h: the C API for other modules (include/smtp_send.h). */
#pragma once

/* Registers the optional functions. Call it in register_hooks. */
void ss_api_register(void);
/* Whether a module has registered for final results. Valid after all modules have registered their
 * hooks. */
int ss_api_has_listeners(void);
/* Reports a final result to these modules. Runs in the delivery daemon. */
void ss_api_finished(const char *id, const char *from, const char *to, const char *state,
                     const char *reply, const char *metadata);
