/* folder.h: the folders in which httpd's parent makes something as root: the local socket's and
 * the queue's. Others may be able to write there, so nothing is done by a name that they could make
 * to mean another file. */
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

/* The folder that path is in, opened (O_PATH); base: path's last part. -1 and errno. */
int ss_folder_open(const char *path, const char **base);
/* Binds fd to path, with the mode and (where root does it) the owner, and listens. The file is made
 * in a private folder beside path and renamed, so that whatever is at path (a link too) is replaced
 * and never followed, and a client finds the former socket or the new one. info: of the file. 0, or
 * -1 and errno. */
int ss_folder_bind(int fd, const char *path, mode_t mode, uid_t uid, gid_t gid, int backlog,
                   struct stat *info);
/* Makes the folder, for that owner; one that exists is left as it is. */
void ss_folder_make(const char *path, uid_t uid, gid_t gid);
/* Whether somebody else than root and trusted (and this process's user) may replace the file at
 * path, since its folder belongs to them or is writable for them. who is filled then: "user 33". */
int ss_folder_is_open(const char *path, uid_t trusted, char *who, size_t size);
