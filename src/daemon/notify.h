/* notify.h: what systemd is to know of this process (sd_notify's protocol). */
#pragma once

/* Takes $NOTIFY_SOCKET out of the environment; without it, or without this call, nothing is sent:
 * a daemon of httpd's must not speak for httpd. */
void ss_notify_open(void);
/* "READY=1", "STOPPING=1". Never waits. */
void ss_notify_send(const char *state);
