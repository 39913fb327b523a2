/* default_folder.h: where the queue is if SMTPSendQueue names no path. */
#pragma once

#include <sys/types.h>

#include "config/settings.h"

/* The folder of the default queue, and of a shared queue's node's name, is ours to make; one that
 * an administrator names is theirs. */
void ss_default_folder_make(const ss_settings_globals_t *globals, uid_t uid, gid_t gid);
