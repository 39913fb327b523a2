/* secret.h: the relay's password or token. The daemon reads "file:" as root before it becomes
 * another user, and gets "env:" from httpd's parent; web processes wipe their copy in child_init;
 * the daemon reads "file:" again (as that user) when it changed or the server rejected it, and runs
 * "exec:" when it is first needed and after a rejection. One line end at the end is cut off. */
#pragma once

#include <apr_time.h>

#include "base/result.h"

#define SS_SECRET_MAX 65536

typedef enum {
    SS_SECRET_NONE,
    SS_SECRET_TEXT,
    SS_SECRET_FILE,
    SS_SECRET_ENV,
    SS_SECRET_EXEC
} ss_secret_kind_t;

/* SMTPSendPassword as written */
typedef struct {
    ss_secret_kind_t kind;
    const char *source; /* TEXT: the secret; FILE: path; ENV: name; EXEC: the command line */
} ss_secret_source_t;

typedef struct ss_secret_t ss_secret_t;

/* source may be NULL or of kind NONE: an empty secret. Reads nothing yet. */
ss_secret_t *ss_secret_create(const ss_secret_source_t *source);
/* Reads TEXT, ENV and FILE now (parent, as root). EXEC: nothing. The result names the path and the
 * cause ("Permission denied"), never the content. */
apr_status_t ss_secret_load(ss_secret_t *secret, ss_result_t *result);
/* Takes bytes that another process has read, at most SS_SECRET_MAX. */
void ss_secret_give(ss_secret_t *secret, const char *bytes, apr_size_t len);
/* Whether bytes are there. */
int ss_secret_is_ready(const ss_secret_t *secret);
/* Whether a reload could bring something new: FILE whose time or size changed since it was read (or
 * was rejected), EXEC. */
int ss_secret_can_reload(const ss_secret_t *secret, int was_rejected);
/* Reads FILE again or runs EXEC, blocking (helper thread in the daemon); deadline ends the program
 * (and its process group). */
apr_status_t ss_secret_reload(ss_secret_t *secret, apr_interval_time_t deadline,
                              ss_result_t *result);
/* The bytes, for the engine; valid until the next load, reload or wipe. */
const char *ss_secret_bytes(const ss_secret_t *secret, apr_size_t *len);
/* The secret itself where it was written into the configuration; else NULL. */
char *ss_secret_written(ss_secret_t *secret);
/* Zeros the bytes; the source stays. */
void ss_secret_wipe(ss_secret_t *secret);
void ss_secret_destroy(ss_secret_t *secret);
