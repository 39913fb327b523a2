/* attributes.h: the attributes of a message: what is known about it besides its envelope and
 * content. Each one is a member of ss_attributes_t and a row of ss_attributes_rows, which drives
 * everything that only carries it. APR only, since sendmail links it. */
#pragma once

#include <apr_pools.h>
#include <apr_time.h>

#include "base/dsn.h"
#include "base/object.h"

typedef struct {
    /* read from the content */
    const char *subject;     /* decoded, UTF-8, at most 998 octets, or NULL */
    const char *message_id;  /* with its angle brackets, or NULL */
    const char *header_from; /* first address of From, or NULL */
    int is_8bit;             /* octets above 127 in the body: wants 8BITMIME */
    int is_utf8;             /* octets above 127 in an address: wants SMTPUTF8 */
    int is_8bit_header;      /* ... in the header; it can be encoded, but for such an address */
    int requires_tls;        /* RFC 8689: TLS-Required or REQUIRETLS asked for */
    int is_auto;             /* Auto-Submitted other than "no" */
    int is_redirected;       /* SMTPSendRedirect: its recipient is that address */
    /* asked for */
    const char *relay; /* name, or NULL: the module chooses */
    ss_dsn_options_t dsn_options;
    apr_time_t at;              /* not before; 0: now */
    apr_interval_time_t expire; /* 0: the relay's */
    int priority;               /* ss_priority_t; -1 while none is chosen */
    const char *metadata;       /* JSON text of a flat object, or NULL */
    const char *webhook;        /* or NULL */
    const char *traceparent;    /* valid (trace.h) once the message is accepted, or NULL */
    /* who submitted, and how */
    const char *submitter;                      /* docs/policies/submitters.md */
    const char *via;                            /* "http", "sendmail", "c", "smtp" */
    int uid;                                    /* local submitter, or -1 */
    const char *idempotency_key, *content_hash; /* hex; or NULL */
    const char *created_by; /* id of the message that this one reports on (bounce), or NULL */
} ss_attributes_t;

/* Who may set an attribute. */
enum {
    SS_SET_CONTENT = 1,  /* read from the content, where this server parses it */
    SS_SET_DOCUMENT = 2, /* JSON and forms over HTTP, JSON of the C API: a field of the document */
    SS_SET_QUERY = 4,    /* message/rfc822 over HTTP: a parameter; the C API: a member */
    SS_SET_SMTP = 8,     /* a parameter of MAIL */
    SS_SET_SOCKET = 16,  /* "submit" on the local socket: everybody */
    SS_SET_TRUSTED = 32, /* "submit" on the local socket: root and httpd's User */
    SS_SET_RESTORE = 64  /* import: root and the daemon's user */
};

typedef enum {
    SS_ATTRIBUTE_TEXT,
    SS_ATTRIBUTE_OBJECT,   /* text: a flat JSON object */
    SS_ATTRIBUTE_FLAG,     /* int; all flags share one column */
    SS_ATTRIBUTE_WORD,     /* int: a number with a name */
    SS_ATTRIBUTE_NUMBER,   /* int; -1: not set */
    SS_ATTRIBUTE_TIME,     /* apr_time_t; 0: not set */
    SS_ATTRIBUTE_DURATION, /* apr_interval_time_t; 0: not set */
} ss_attributes_kind_t;

/* Whether the status document of a message shows it. */
typedef enum {
    SS_ATTRIBUTE_HIDDEN,
    SS_ATTRIBUTE_SHOWN,
    SS_ATTRIBUTE_DETAIL /* only with the history */
} ss_attributes_shown_t;

typedef struct {
    const char *name; /* JSON key, field, parameter */
    ss_attributes_kind_t kind;
    apr_size_t offset;  /* in ss_attributes_t */
    const char *column; /* of the table "message"; NULL: not stored, or a flag */
    int is_key;         /* part of an index: compared byte by byte on every database */
    int since;          /* SS_SCHEMA_VERSION that brought the column; 0: the first */
    unsigned flag;      /* FLAG: its bit in the column "flags" */
    unsigned set_by;    /* SS_SET_ */
    ss_attributes_shown_t shown;
    /* WORD: the names, separated by blanks; the first one is number `first`. Where that is 1, 0
     * means not set; where it is 0, -1 does. */
    const char *words;
    int first;
    char option; /* of sendmail, or 0 */
    /* What is wrong with a text that a person gave, or NULL; may be NULL. */
    const char *(*check)(const char *text);
} ss_attributes_row_t;

/* Ended by a row without a name. */
extern const ss_attributes_row_t ss_attributes_rows[];

/* The row of a name that one of set_by may set, or of an option of sendmail; NULL: none. */
const ss_attributes_row_t *ss_attributes_find(const char *name, unsigned set_by);
const ss_attributes_row_t *ss_attributes_option(char letter);

/* Nothing is set. */
void ss_attributes_init(ss_attributes_t *attr);
/* The number that means "not set". */
int ss_attributes_unset(const ss_attributes_row_t *row);
int ss_attributes_is_set(const ss_attributes_row_t *row, const ss_attributes_t *attr);
/* The value: a text (TEXT, OBJECT; may be NULL), or a number (all others). */
int ss_attributes_is_text(const ss_attributes_row_t *row);
const char *ss_attributes_text(const ss_attributes_row_t *row, const ss_attributes_t *attr);
apr_int64_t ss_attributes_number(const ss_attributes_row_t *row, const ss_attributes_t *attr);
/* Sets it; the text is not copied. -1: the number is out of the range of this row. */
void ss_attributes_set_text(const ss_attributes_row_t *row, ss_attributes_t *attr,
                            const char *text);
int ss_attributes_set_number(const ss_attributes_row_t *row, ss_attributes_t *attr,
                             apr_int64_t number);
/* The name of a WORD's value, or NULL. */
const char *ss_attributes_word(const ss_attributes_row_t *row, const ss_attributes_t *attr,
                               apr_pool_t *pool);
/* Copies all that one of set_by may set. pool: texts are copied into it; NULL: they are shared. */
void ss_attributes_copy(ss_attributes_t *to, const ss_attributes_t *from, unsigned set_by,
                        apr_pool_t *pool);
/* Sets it from what a person wrote ("high", "2h", "2026-01-31T12:00:00Z"), which is not copied.
 * NULL, or what is wrong with it ("must be high, normal or bulk"). Not for OBJECT. */
const char *ss_attributes_read(const ss_attributes_row_t *row, ss_attributes_t *attr,
                               const char *text, apr_pool_t *pool);
/* Adds what is set to a "submit" of the local socket (attributes_json.h reads it). */
void ss_attributes_put(ss_object_t *submit, const ss_attributes_t *attr);
/* All flags as the column "flags" holds them. */
unsigned ss_attributes_flags(const ss_attributes_t *attr);
void ss_attributes_set_flags(ss_attributes_t *attr, unsigned flags);
