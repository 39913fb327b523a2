/* option.h: the directives, as a table: one row each. No httpd here. */
#pragma once

#include <apr_pools.h>
#include <apr_tables.h>

typedef enum {
    SS_KIND_FLAG,
    SS_KIND_NUMBER,
    SS_KIND_SIZE,
    SS_KIND_DURATION,
    SS_KIND_DURATION_OFF,
    SS_KIND_DURATIONS,
    SS_KIND_TIMEOUTS,
    SS_KIND_TEXT,
    SS_KIND_SOURCE,
    SS_KIND_LISTEN,
    SS_KIND_FILE,
    SS_KIND_LOG, /* a file, or "|program ..." */
    SS_KIND_NAME,
    SS_KIND_HOSTS,
    SS_KIND_ENUM,
    SS_KIND_TLS,
    SS_KIND_AUTH,
    SS_KIND_SECRET,
    SS_KIND_FINGERPRINT,
    SS_KIND_RATES,
    SS_KIND_ADDRESS,
    SS_KIND_PATTERNS,
    SS_KIND_WORDS,
    SS_KIND_NAMES,
    SS_KIND_ORIGINS,
    SS_KIND_PAIR,
    SS_KIND_QUEUE,
    SS_KIND_LIMIT,
    SS_KIND_SOCKET,
    SS_KIND_USER
} ss_option_kind_t;
/* BOTH: server and directory */
typedef enum {
    SS_PLACE_SERVER,
    SS_PLACE_GLOBAL,
    SS_PLACE_DIRECTORY,
    SS_PLACE_BOTH
} ss_option_place_t;

typedef struct {
    const char *name; /* "SMTPSendHost" */
    ss_option_kind_t kind;
    ss_option_place_t place;
    apr_size_t offset;           /* in the struct of its place */
    apr_size_t offset_directory; /* PLACE_BOTH: in ss_settings_policy_t */
    const char *initial;         /* the default as written in a configuration; NULL: none */
    apr_int64_t min, max;        /* numbers, sizes, durations (microseconds) */
    const char *words;           /* ENUM and the like: "retry hold", in the enum's order */
    const char *help;            /* one line: configtest, --help, README, man page */
} ss_option_t;

extern const ss_option_t ss_options[];
extern const int ss_option_count;
/* The value of an option as it is written in a configuration; a password gives "set (file)" and the
 * like, or "empty". record: the struct of the option's place. */
const char *ss_option_print(const ss_option_t *option, const void *record, apr_pool_t *pool);
/* The same, of const char *: each item of a list by itself; empty: not set. */
apr_array_header_t *ss_option_values(const ss_option_t *option, const void *record,
                                     ss_option_place_t place, apr_pool_t *pool);
/* Reads a directive's arguments into a record: NULL, or the sentence for configtest that names
 * directive, value and what is allowed. source: "file:line" or NULL. */
const char *ss_option_set(const ss_option_t *option, void *record, int argc,
                          const char *const *argv, const char *source, apr_pool_t *pool);
/* ss_option_set for a record of a given place (matters for SS_PLACE_BOTH). */
const char *ss_option_set_at(const ss_option_t *option, void *record, ss_option_place_t place,
                             int argc, const char *const *argv, const char *source,
                             apr_pool_t *pool);
/* Whether these arguments would be taken. */
int ss_option_accepts(const ss_option_t *option, int argc, const char *const *argv,
                      apr_pool_t *pool);
/* Where a directive stands, in front of a sentence: "file:line: "; "": nowhere. sources: the
 * record's. */
const char *ss_option_at(const apr_array_header_t *sources, const char *name, apr_pool_t *pool);
const ss_option_t *ss_option_find(const char *name);
/* Whether records of that place have the option, and its field in such a record. */
int ss_option_is_at(const ss_option_t *option, ss_option_place_t place);
void *ss_option_field(const ss_option_t *option, void *record, ss_option_place_t place);
/* All fields unset. */
void ss_option_clear(ss_option_place_t place, void *record);
/* The table's defaults where nothing was set, read as if they were written in a configuration. */
void ss_option_set_defaults(ss_option_place_t place, void *record, apr_pool_t *pool);
/* parent's values where child has none; all three of the struct of the same place. */
void ss_option_merge(ss_option_place_t place, void *into, const void *parent, const void *child,
                     apr_pool_t *pool);
