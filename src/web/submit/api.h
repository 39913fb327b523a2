/* api.h: what other modules may call (include/smtp_send.h). */
#ifndef SS_WEB_SUBMIT_API_H
#define SS_WEB_SUBMIT_API_H

/* Registers the optional functions; when the module is loaded. */
void ss_api_register(void);
/* Whether a module wants to hear of final results. After all modules registered their hooks. */
int ss_api_has_listeners(void);
/* Calls them. In the delivery daemon's process. */
void ss_api_finished(const char *id, const char *from, const char *to, const char *state,
                     const char *reply, const char *metadata);

#endif
