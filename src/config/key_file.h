/* key_file.h: the file of SMTPSendKeyFile: keys with which applications submit, one a line:
 *
 *     NAME sha256:HEX [from=PATTERN,...] [rate=10/s,1000/h] [priority=bulk] [relay=NAME]
 *
 * HEX is the SHA-256 of the key. A key has 256 random bits, so that nobody finds one that fits, and
 * the file is no secret. Lines that begin with # are comments. Pure. */
#pragma once

#include "config/settings.h"

#define SS_KEY_FILE_MAX (1024 * 1024) /* octets of the file */
#define SS_KEY_FILE_PREFIX "ss_"      /* of a key: secret scanners know it by that */
#define SS_KEY_FILE_RANDOM 32         /* octets of a key; in base64url behind the prefix */
#define SS_KEY_FILE_HASH 64           /* hexadecimal digits */
#define SS_KEY_FILE_NAME_MAX 64       /* octets */

typedef struct {
    const char *name;
    apr_array_header_t *from;  /* of const char *: patterns of senders; NULL: all */
    apr_array_header_t *rates; /* of ss_settings_rate_t, or NULL */
    int priority;              /* ss_priority_t, or SS_UNSET */
    const char *relay;         /* or NULL */
} ss_key_file_entry_t;

/* 1 to 64 letters, digits and "._@-": it becomes the user's name. */
int ss_key_file_is_name(const char *name);
/* The entry of the key with that hash (lower case), from pool; all lines are compared, in the same
 * time whichever fits. NULL: no line fits, or *why: the line that does cannot be read. */
const ss_key_file_entry_t *ss_key_file_find(const char *text, const char *hash, const char **why,
                                            apr_pool_t *pool);
/* Reads the options of a line, "from=... rate=...". NULL, or what is wrong. */
const char *ss_key_file_options(ss_key_file_entry_t *entry, const char *options, apr_pool_t *pool);
/* The next line of the text that has an entry: *line without its end, *name its first word. 0: no
 * more. */
int ss_key_file_next(const char **text, const char **line, const char **name, apr_pool_t *pool);
