/* daemon_rig.h: the whole daemon in this process, on a queue in a folder of its own, turned by
 * hand. Its relay "default" is paused: nothing is sent. There is a second relay, "other". */
#ifndef SS_UNIT_DAEMON_RIG_H
#define SS_UNIT_DAEMON_RIG_H

#include "daemon/daemon.h"
#include "request_rig.h"

typedef struct {
    ss_daemon_t d;
    ss_config_t config;
    ss_settings_t relays[2];
    request_rig_t last; /* the last request */
    char folder[64];
    char id[64]; /* of the last message that was accepted */
    int smtp_port;
    int wants_more;
} daemon_rig_t;

/* directives: each one line, of the main server, ended by NULL; or NULL. */
void daemon_rig_start(daemon_rig_t *rig, const char *const *directives);
void daemon_rig_end(daemon_rig_t *rig);
/* A request by root, or by user 1000; header is taken over. Turns the daemon until the answer is
 * there and returns its status. */
int daemon_rig_ask(daemon_rig_t *rig, int is_root, json_t *header, const char *content);
/* Submits a small message as httpd does, made already; returns the status. more: members to add to
 * the header, taken over; or NULL. */
int daemon_rig_submit(daemon_rig_t *rig, json_t *more);
/* The state of a message as "get" says it; "" where it is unknown. */
const char *daemon_rig_state(daemon_rig_t *rig, const char *id);
/* A connection to the SMTP listener. */
int daemon_rig_connect(daemon_rig_t *rig);
/* Sends commands and returns the replies, when the last line of them begins with that code; ends
 * the test after 20 s. */
const char *daemon_rig_talk(daemon_rig_t *rig, int fd, const char *commands, const char *code);

#endif
