/* sockets.h: the listening sockets, which httpd's parent opens as root and keeps over restarts, so
 * that no client is refused while one daemon follows another. Nothing here waits: what cannot be
 * opened is tried again by the next call, after a while. */
#pragma once

#include <sys/types.h>

#include "base/backoff.h"
#include "base/log.h"
#include "base/trouble.h"
#include "config/settings.h"

/* Where a socket is open, or why it is not. Of a struct that outlives restarts; all zero = never
 * opened. */
typedef struct {
    char address[108];
    dev_t device; /* of the local socket's file */
    ino_t inode;
    int mode;
    uid_t uid;
    gid_t gid;
    ss_backoff_t backoff; /* after failures */
} ss_sockets_place_t;

typedef struct {
    const ss_settings_globals_t *globals;
    const ss_log_t *log;
    uid_t uid; /* who own the local socket's file where root makes it: httpd's User, and the group
                  of SMTPSendUser, or httpd's */
    gid_t gid;
    uid_t trusted; /* may write the socket's folder, as root may: SMTPSendUser; else 0 */
} ss_sockets_options_t;

/* Opens the local socket (SMTPSendSocket), unless it is open at that path and its file is still the
 * one that was made. Returns 1 where *fd is a new socket. An error is logged once, and is
 * trouble->socket until the socket is open. */
int ss_sockets_open_local(int *fd, ss_sockets_place_t *place, const ss_sockets_options_t *options,
                          ss_trouble_t *trouble, ss_mono_t now);
/* The same with the socket of SMTPSendListen; it is closed where it is not configured. Without it
 * the other ways to submit go on. */
int ss_sockets_open_smtp(int *fd, ss_sockets_place_t *place, const ss_sockets_options_t *options,
                         ss_mono_t now);
/* Logs a warning if others can replace the local socket's file. */
void ss_sockets_check_folder(const ss_sockets_options_t *options);
/* Closes fd if it is open; it is -1 then. */
void ss_sockets_close(int *fd);
