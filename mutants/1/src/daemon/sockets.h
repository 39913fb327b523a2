/* sockets.h: the listening sockets, which httpd's parent opens as root and keeps over restarts, so
 * that no client is refused while one daemon follows another. */
#pragma once

#include "base/log.h"
#include "config/settings.h"

/* Of a struct that outlives restarts: fd -1: not open; address: where it is open. */
typedef struct {
    int *fd;
    char *address;
    apr_size_t size; /* bytes of address */
} ss_sockets_place_t;

/* Opens the local socket (SMTPSendSocket), or keeps it where its path is the same and it is still
 * there. An error is logged. */
apr_status_t ss_sockets_open_local(const ss_sockets_place_t *place,
                                   const ss_settings_globals_t *globals, const ss_log_t *log);
/* Opens the socket of SMTPSendListen, or keeps it where its address is the same; closes it where it
 * is not configured. An error is logged; the other ways to submit go on. */
void ss_sockets_open_smtp(const ss_sockets_place_t *place, const ss_settings_globals_t *globals,
                          const ss_log_t *log);
/* Closes fd if it is open; it is -1 then. */
void ss_sockets_close(int *fd);
