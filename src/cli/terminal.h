/* terminal.h: output for people: tables, colour, ages and sizes. */
#pragma once

#include <apr_pools.h>

#include "base/json.h"

#define SS_TERMINAL_COLUMNS_MAX 12 /* of a table */

typedef enum {
    SS_TERMINAL_PLAIN,
    SS_TERMINAL_BOLD,
    SS_TERMINAL_DIM,
    SS_TERMINAL_GOOD,
    SS_TERMINAL_WARN,
    SS_TERMINAL_BAD
} ss_terminal_ink_t;

typedef struct {
    const char *title;
    int is_right; /* right-aligned */
    int least;    /* columns it may be cut down to; 0: never cut */
    int wraps;    /* the last one: its text goes on in the next line instead of being cut */
} ss_terminal_column_t;

#define SS_TERMINAL_USUAL 80 /* columns, where nothing says how many there are */

/* Columns that output may have: $COLUMNS, else those of the terminal, else SS_TERMINAL_USUAL. */
int ss_terminal_width(void);
/* Whether output is for people: standard output is a terminal, or $COLUMNS is set for it. */
int ss_terminal_is_read(void);
/* text cut to so many columns; "..." marks a cut. */
const char *ss_terminal_cut(const char *text, int columns, apr_pool_t *pool);
/* Columns that text takes up. */
int ss_terminal_columns(const char *text);
/* Prints text and ends the line. Words that go beyond width begin a new line of `hang` spaces.
 * at: columns of this line that are used already. */
void ss_terminal_wrap(const char *text, int at, int hang, int width);
/* The same for the terminal's width. */
void ss_terminal_print(int hang, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Lines of the terminal; 24 if standard output is not a terminal. */
int ss_terminal_height(void);
/* Text from outside made safe for a terminal: control characters (C1 too) and invalid UTF-8 become
 * visible; line ends become spaces. */
const char *ss_terminal_clean(const char *text, apr_pool_t *pool);
/* text in a colour, where the terminal has colour. */
const char *ss_terminal_ink(ss_terminal_ink_t ink, const char *text, apr_pool_t *pool);
/* Prints a table that fits the terminal. cells: row_count * column_count texts, row by row. notes
 * (may be NULL): a line below each row, or NULL. */
void ss_terminal_table(const ss_terminal_column_t *columns, int column_count,
                       const char *const *cells, const char *const *notes, int row_count,
                       apr_pool_t *pool);
/* Prints JSON for programs (the reference is dropped). */
void ss_terminal_json(json_t *document);
/* The text of a member, cleaned, or "". */
const char *ss_terminal_text(const json_t *object, const char *name, apr_pool_t *pool);
/* Prints an advice ({"title","text"}), if there is one. */
void ss_terminal_advice(const json_t *advice, apr_pool_t *pool);
/* Seconds since (negative: until) a member that is an RFC 3339 time; 0 for anything else. */
apr_int64_t ss_terminal_since(const json_t *object, const char *name);
/* Seconds for people: "42s", "5min", "3h", "2d". */
const char *ss_terminal_age(apr_int64_t seconds, apr_pool_t *pool);
/* Bytes for people: "512B", "12K", "3.4M". */
const char *ss_terminal_bytes(apr_int64_t bytes, apr_pool_t *pool);
