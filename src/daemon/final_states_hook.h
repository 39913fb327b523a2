/* final_states_hook.h: the process that runs other modules' functions for final states
 * (include/smtp_send.h): a fork of httpd's parent, which has what those modules set up; the daemon
 * is a program of its own and has nothing of httpd. */
#pragma once

#include <httpd.h>

#include "record/record.h"

/* In a process forked off httpd's parent, as httpd's User: runs the functions until the daemon at
 * the other end of fd has ended. */
void ss_final_states_hook_run(int fd, ss_record_finished_fn *finished, server_rec *server,
                              apr_pool_t *pool) __attribute__((noreturn));
