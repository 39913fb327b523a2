/* terminal.c: tables, colour, ages and sizes for people. Bytes from messages and servers are
 * cleaned before they reach the terminal. */
#include "cli/terminal.h"

#include <apr_strings.h>
#include <apr_time.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

#include "base/clock.h"
#include "base/text.h"

#define GAP 2    /* spaces between columns */
#define LEAST 20 /* columns for text behind an indentation, on however narrow a terminal */

static int has_colour(void)
{
    const char *term = getenv("TERM"), *no_colour = getenv("NO_COLOR");

    return isatty(STDOUT_FILENO) && term && strcmp(term, "dumb") && !(no_colour && *no_colour);
}

int ss_terminal_width(void)
{
    struct winsize size;
    const char *columns = getenv("COLUMNS");
    apr_int64_t number;

    if (columns && !ss_text_number(columns, 20, 10000, &number)) return (int)number;
    return isatty(STDOUT_FILENO) && !ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) && size.ws_col
               ? size.ws_col
               : SS_TERMINAL_USUAL;
}

int ss_terminal_is_read(void)
{
    return isatty(STDOUT_FILENO) || getenv("COLUMNS");
}

int ss_terminal_height(void)
{
    struct winsize size;

    return isatty(STDOUT_FILENO) && !ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) && size.ws_row
               ? size.ws_row
               : 24;
}

const char *ss_terminal_clean(const char *text, apr_pool_t *pool)
{
    return ss_text_visible(pool, text, strlen(text), SS_TEXT_ONE_LINE);
}

const char *ss_terminal_ink(ss_terminal_ink_t ink, const char *text, apr_pool_t *pool)
{
    static const char *const codes[] = { "", "1", "2", "32", "33", "31" };

    if (ink == SS_TERMINAL_PLAIN || !has_colour()) return text;
    return apr_psprintf(pool, "\033[%sm%s\033[0m", codes[ink], text);
}

/* The length of the character at p in bytes, and its columns. A change of colour has none. */
static int character(const char *p, int *columns)
{
    mbstate_t state;
    wchar_t c;

    if (*p == '\033' && strchr(p, 'm')) {
        *columns = 0;
        return (int)(strchr(p, 'm') - p) + 1;
    }
    memset(&state, 0, sizeof(state));
    size_t len = mbrtowc(&c, p, strlen(p), &state);
    if (len == 0 || len == (size_t)-1 || len == (size_t)-2) {
        *columns = 1;
        return 1;
    }
    *columns = wcwidth(c);
    if (*columns < 0) *columns = 1;
    return (int)len;
}

static int columns_within(const char *text, const char *end)
{
    int sum = 0, columns;

    while (text < end) {
        text += character(text, &columns);
        sum += columns;
    }
    return sum;
}

int ss_terminal_columns(const char *text)
{
    return columns_within(text, text + strlen(text));
}

/* Prints a word that begins in column `at`, broken where it is longer than a line. Returns the
 * column behind it. */
static int print_word(const char *word, const char *end, int at, int width, int hang)
{
    int columns;

    for (int len; word < end; word += len) {
        len = character(word, &columns);
        if (at + columns > width && at > hang) {
            printf("\n%*s", hang, "");
            at = hang;
        }
        fwrite(word, 1, (size_t)len, stdout);
        at += columns;
    }
    return at;
}

void ss_terminal_wrap(const char *text, int at, int hang, int width)
{
    if (width < hang + LEAST) width = hang + LEAST;
    while (*text) {
        int blanks = (int)strspn(text, " ");
        const char *word = text + blanks, *end = word + strcspn(word, " ");
        if (word == end) break;
        if (at > hang && at + blanks + columns_within(word, end) > width) {
            printf("\n%*s", hang, "");
            at = hang;
            blanks = 0;
        }
        printf("%*s", blanks, "");
        at = print_word(word, end, at + blanks, width, hang);
        text = end;
    }
    putchar('\n');
}

void ss_terminal_print(int hang, const char *format, ...)
{
    va_list args;
    char *text;

    va_start(args, format);
    if (vasprintf(&text, format, args) < 0) abort();
    va_end(args);
    ss_terminal_wrap(text, 0, hang, ss_terminal_width());
    free(text);
}

const char *ss_terminal_cut(const char *text, int columns, apr_pool_t *pool)
{
    const char *p = text;
    int used = 0, own;

    if (ss_terminal_columns(text) <= columns) return text;
    while (*p) {
        int len = character(p, &own);
        if (used + own > columns - 3) break;
        used += own;
        p += len;
    }
    return apr_pstrcat(pool, apr_pstrmemdup(pool, text, (apr_size_t)(p - text)), "...", NULL);
}

static void print_row(const ss_terminal_column_t *columns, int count, const char *const *cells,
                      const int *widths, ss_terminal_ink_t ink, apr_pool_t *pool)
{
    int at = 0;

    for (int i = 0; i < count; at += widths[i++] + GAP) {
        if (columns[i].wraps) {
            ss_terminal_wrap(cells[i], at, at, at + widths[i]);
            return;
        }
        const char *text = ss_terminal_cut(cells[i], widths[i], pool);
        int blanks = widths[i] - ss_terminal_columns(text);
        if (columns[i].is_right) printf("%*s", blanks, "");
        fputs(ss_terminal_ink(ink, text, pool), stdout);
        if (i + 1 < count) printf("%*s", (columns[i].is_right ? 0 : blanks) + GAP, "");
    }
    putchar('\n');
}

/* Narrows the widest columns that may be cut until the row fits or none is left to cut. */
static void fit(const ss_terminal_column_t *columns, int count, int *widths, int width)
{
    int sum = (count - 1) * GAP;

    for (int i = 0; i < count; i++) sum += widths[i];
    while (sum > width) {
        int widest = -1;
        for (int i = 0; i < count; i++) {
            if (columns[i].least && widths[i] > columns[i].least &&
                (widest < 0 || widths[i] > widths[widest]))
                widest = i;
        }
        if (widest < 0) return;
        widths[widest]--;
        sum--;
    }
}

void ss_terminal_table(const ss_terminal_column_t *columns, int column_count,
                       const char *const *cells, const char *const *notes, int row_count,
                       apr_pool_t *pool)
{
    int widths[SS_TERMINAL_COLUMNS_MAX], width = ss_terminal_width();
    const char *titles[SS_TERMINAL_COLUMNS_MAX];

    for (int i = 0; i < column_count; i++) {
        titles[i] = columns[i].title;
        widths[i] = ss_terminal_columns(titles[i]);
        for (int row = 0; row < row_count; row++) {
            int own = ss_terminal_columns(cells[row * column_count + i]);
            if (own > widths[i]) widths[i] = own;
        }
    }
    fit(columns, column_count, widths, width);
    print_row(columns, column_count, titles, widths, SS_TERMINAL_BOLD, pool);
    for (int row = 0; row < row_count; row++) {
        print_row(columns, column_count, cells + row * column_count, widths, SS_TERMINAL_PLAIN,
                  pool);
        if (notes && notes[row])
            ss_terminal_print(4, "    %s", ss_terminal_ink(SS_TERMINAL_DIM, notes[row], pool));
    }
}

void ss_terminal_json(json_t *document)
{
    char *text = json_dumps(document, JSON_INDENT(2));
    apr_pool_t *pool;

    if (text && apr_pool_create(&pool, NULL) == APR_SUCCESS) {
        puts(ss_text_visible(pool, text, strlen(text), SS_TEXT_JSON));
        apr_pool_destroy(pool);
    }
    free(text);
    json_decref(document);
}

const char *ss_terminal_text(const json_t *object, const char *name, apr_pool_t *pool)
{
    const char *text = ss_json_text(object, name);

    return text ? ss_terminal_clean(text, pool) : "";
}

const char *ss_terminal_age(apr_int64_t seconds, apr_pool_t *pool)
{
    if (seconds < 0) seconds = -seconds;
    if (seconds < 120) return apr_psprintf(pool, "%" APR_INT64_T_FMT "s", seconds);
    if (seconds < 7200) return apr_psprintf(pool, "%" APR_INT64_T_FMT "min", seconds / 60);
    if (seconds < 172800) return apr_psprintf(pool, "%" APR_INT64_T_FMT "h", seconds / 3600);
    return apr_psprintf(pool, "%" APR_INT64_T_FMT "d", seconds / 86400);
}

void ss_terminal_advice(const json_t *advice, apr_pool_t *pool)
{
    if (!json_is_object(advice)) return;
    ss_terminal_print(4, "    %s", ss_terminal_text(advice, "title", pool));
    ss_terminal_print(4, "    What to do: %s", ss_terminal_text(advice, "text", pool));
}

apr_int64_t ss_terminal_since(const json_t *object, const char *name)
{
    const char *time = ss_json_text(object, name);
    apr_time_t when;

    if (!time || ss_text_time_parse(time, &when)) return 0;
    return (ss_wall_now() - when) / APR_USEC_PER_SEC;
}

const char *ss_terminal_bytes(apr_int64_t bytes, apr_pool_t *pool)
{
    static const char units[] = "KMGT";
    double value = (double)bytes;
    int unit = -1;

    if (bytes < 1024) return apr_psprintf(pool, "%" APR_INT64_T_FMT "B", bytes);
    while (value >= 1024 && unit < 3) {
        value /= 1024;
        unit++;
    }
    return apr_psprintf(pool, value < 10 ? "%.1f%c" : "%.0f%c", value, units[unit]);
}
