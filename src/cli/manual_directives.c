/* manual_directives.c: docs/directives.in is a part of Markdown: headings, paragraphs, items,
 * examples (indented by four), code in backticks. In a directive's section, paragraphs that begin
 * with "Default: " and "Values: " say what the table cannot. */
#include "cli/manual_directives.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "config/option.h"

#define PAGE_COLUMNS 100

typedef enum { BLOCK_END, BLOCK_HEADING, BLOCK_PARAGRAPH, BLOCK_ITEM, BLOCK_EXAMPLE } block_kind_t;

typedef struct {
    block_kind_t kind;
    const char *text; /* an example with its line ends; all else in one line */
} block_t;

static int is_text(const char *line)
{
    return *line && *line != '\n' && *line != '#' && strncmp(line, "- ", 2) &&
           strncmp(line, "    ", 4);
}

/* The next block, from *at on. */
static block_t read_block(const char **at, apr_pool_t *pool)
{
    block_t block = { BLOCK_END, "" };

    while (**at == '\n') (*at)++;
    if (!**at) return block;
    block.kind = **at == '#'                ? BLOCK_HEADING
                 : !strncmp(*at, "- ", 2)   ? BLOCK_ITEM
                 : !strncmp(*at, "    ", 4) ? BLOCK_EXAMPLE
                                            : BLOCK_PARAGRAPH;
    *at += block.kind == BLOCK_ITEM ? 2 : 0;
    do {
        const char *end = strchr(*at, '\n'), *line = *at;
        if (block.kind == BLOCK_EXAMPLE) {
            line += 4;
        } else {
            while (*line == ' ') line++;
        }
        const char *between = !*block.text ? "" : block.kind == BLOCK_EXAMPLE ? "\n" : " ";
        block.text = apr_pstrcat(pool, block.text, between,
                                 apr_pstrmemdup(pool, line, (apr_size_t)(end - line)), NULL);
        *at = end + 1;
    } while (block.kind == BLOCK_EXAMPLE ? !strncmp(*at, "    ", 4)
             : block.kind == BLOCK_ITEM  ? !strncmp(*at, "  ", 2)
                                         : block.kind == BLOCK_PARAGRAPH && is_text(*at));
    return block;
}

void ss_manual_directives_wrap(const char *first, const char *next, const char *text, int width,
                               apr_pool_t *pool)
{
    char *copy = apr_pstrdup(pool, text), *state = NULL;
    int column = 0;

    for (char *word = apr_strtok(copy, " ", &state); word; word = apr_strtok(NULL, " ", &state)) {
        if (!column)
            column = printf("%s%s", first, word);
        else if (column + 1 + (int)strlen(word) <= width)
            column += printf(" %s", word);
        else
            column = printf("\n%s%s", next, word);
    }
    putchar('\n');
}

/* ---- what the table says ---- */

/* "`a`, `b` or `c`" out of "a b c" */
static const char *choices(const char *words, const char *last, apr_pool_t *pool)
{
    char *copy = apr_pstrdup(pool, words), *state = NULL;
    const char *out = "";

    for (char *word = apr_strtok(copy, " ", &state); word;) {
        char *following = apr_strtok(NULL, " ", &state);
        const char *between = !*out ? "" : following ? ", " : last;
        out = apr_pstrcat(pool, out, between, "`", word, "`", NULL);
        word = following;
    }
    return out;
}

static const char *durations(const char *what, const ss_option_t *o, apr_pool_t *pool)
{
    return apr_psprintf(pool, "%s from %s to %s", what, ss_text_duration_print(pool, o->min),
                        ss_text_duration_print(pool, o->max));
}

static const char *values_of(const ss_option_t *o, apr_pool_t *pool)
{
    switch (o->kind) {
    case SS_KIND_FLAG: return "`On` or `Off`";
    case SS_KIND_NUMBER:
        return apr_psprintf(pool, "a number from %" APR_INT64_T_FMT " to %" APR_INT64_T_FMT, o->min,
                            o->max);
    case SS_KIND_SIZE:
        return apr_psprintf(pool, "a size from %s to %s",
                            ss_text_size_print(pool, (apr_uint64_t)o->min),
                            ss_text_size_print(pool, (apr_uint64_t)o->max));
    case SS_KIND_DURATION: return durations("a duration", o, pool);
    case SS_KIND_DURATION_OFF: return durations("`off`, or a duration", o, pool);
    case SS_KIND_DURATIONS: return durations("one to 64 durations", o, pool);
    case SS_KIND_TIMEOUTS: return durations("one to five durations", o, pool);
    case SS_KIND_SOURCE: return "an IPv4 or IPv6 address of this machine";
    case SS_KIND_FILE: return "a file";
    case SS_KIND_FINGERPRINT: return "`sha256:` and 64 hexadecimal digits";
    case SS_KIND_PATTERNS: return "one to 64 address patterns, such as `*@example.com`";
    case SS_KIND_USER: return "a user and, if it is not the user's own, a group";
    case SS_KIND_ENUM: return choices(o->words, " or ", pool);
    case SS_KIND_ADDRESS:
        return o->words ? apr_pstrcat(pool, choices(o->words, ", ", pool), " or an address", NULL)
                        : "an address";
    case SS_KIND_WORDS:
        return o->words ? apr_pstrcat(pool, "one or more of ", choices(o->words, ", ", pool), NULL)
                        : "one to 64 words";
    default: return o->words ? choices(o->words, " or ", pool) : "a text";
    }
}

static const char *context_of(const ss_option_t *o)
{
    static const char *const contexts[] = { [SS_PLACE_SERVER] = "server, virtual host",
                                            [SS_PLACE_GLOBAL] = "main server",
                                            [SS_PLACE_DIRECTORY] = "directory, location",
                                            [SS_PLACE_BOTH] =
                                                "server, virtual host, directory, location" };

    return contexts[o->place];
}

/* ---- sections of the source ---- */

/* The text of the first block of a directive's section that begins so, without that; NULL: none. */
static const char *part_of(const char *source, const char *name, const char *begin,
                           apr_pool_t *pool)
{
    const char *at = strstr(source, apr_pstrcat(pool, "\n### ", name, "\n", NULL));
    block_t block;

    if (!at) return NULL;
    at = strchr(at + 1, '\n') + 1;
    for (block = read_block(&at, pool); block.kind > BLOCK_HEADING; block = read_block(&at, pool)) {
        if (!strncmp(block.text, begin, strlen(begin))) return block.text + strlen(begin);
    }
    return NULL;
}

static int is_of_table(const block_t *block)
{
    return block->kind == BLOCK_PARAGRAPH &&
           (!strncmp(block->text, "Default: ", 9) || !strncmp(block->text, "Values: ", 8));
}

typedef struct {
    const char *summary, *context, *initial, *values;
} head_t;

static head_t head_of(const ss_option_t *o, const char *source, apr_pool_t *pool)
{
    head_t head = { .context = context_of(o) };
    const char *initial = part_of(source, o->name, "Default: ", pool);
    const char *values = part_of(source, o->name, "Values: ", pool);
    char *summary = apr_pstrcat(pool, o->help, ".", NULL);

    *summary = (char)apr_toupper(*summary);
    head.summary = summary;
    head.initial = initial      ? initial
                   : o->initial ? apr_pstrcat(pool, "`", o->initial, "`", NULL)
                                : "none";
    head.values = values ? values : values_of(o, pool);
    return head;
}

static int complain(const char *name, const char *what)
{
    fprintf(stderr, "docs/directives.in: %s %s\n", name, what);
    return 1;
}

/* What the source says of the table's columns contains what the table says. */
static int contradictions(const ss_option_t *o, const char *source, apr_pool_t *pool)
{
    const char *initial = part_of(source, o->name, "Default: ", pool);
    const char *values = part_of(source, o->name, "Values: ", pool);
    char *words = apr_pstrdup(pool, o->words ? o->words : ""), *state = NULL;
    int found = 0;

    if (initial && o->initial && !strstr(initial, o->initial))
        found += complain(o->name, "has another default in the option table");
    for (char *word = apr_strtok(words, " ", &state); word && values;
         word = apr_strtok(NULL, " ", &state)) {
        if (!strstr(values, apr_pstrcat(pool, "`", word, NULL)))
            found += complain(o->name, apr_pstrcat(pool, "does not list the value ", word, NULL));
    }
    return found;
}

static int complaints(const char *source, apr_pool_t *pool)
{
    const char *last = source;
    int found = 0;

    for (int i = 0; i < ss_option_count; i++) {
        const ss_option_t *o = &ss_options[i];
        const char *at = strstr(source, apr_pstrcat(pool, "\n### ", o->name, "\n", NULL));
        if (!at) {
            found += complain(o->name, "has no section");
            continue;
        }
        if (at < last) found += complain(o->name, "is not in the option table's order");
        last = at;
        if (!part_of(source, o->name, apr_pstrcat(pool, o->name, " ", NULL), pool))
            found += complain(o->name, "has no example");
        if (!part_of(source, o->name, "Without it: ", pool))
            found += complain(o->name, "does not say what happens without it");
        found += contradictions(o, source, pool);
    }
    for (const char *at = strstr(source, "\n### "); at; at = strstr(at + 1, "\n### ")) {
        const char *name = apr_pstrmemdup(pool, at + 5, strcspn(at + 5, "\n"));
        if (!ss_option_find(name)) found += complain(name, "is no directive");
    }
    return found;
}

/* ---- docs/directives.md ---- */

static void markdown_head(const ss_option_t *o, const char *source, apr_pool_t *pool)
{
    head_t head = head_of(o, source, pool);

    putchar('\n');
    ss_manual_directives_wrap("", "", head.summary, PAGE_COLUMNS, pool);
    putchar('\n');
    ss_manual_directives_wrap("- Context: ", "  ", head.context, PAGE_COLUMNS, pool);
    ss_manual_directives_wrap("- Default: ", "  ", head.initial, PAGE_COLUMNS, pool);
    ss_manual_directives_wrap("- Values: ", "  ", head.values, PAGE_COLUMNS, pool);
}

int ss_manual_directives_markdown(const char *source, apr_pool_t *pool)
{
    const char *at = source;
    block_kind_t before = BLOCK_END;

    for (block_t block = read_block(&at, pool); block.kind; block = read_block(&at, pool)) {
        const ss_option_t *o =
            !strncmp(block.text, "### ", 4) ? ss_option_find(block.text + 4) : NULL;
        if (is_of_table(&block)) continue;
        if (before && !(before == BLOCK_ITEM && block.kind == BLOCK_ITEM)) putchar('\n');
        before = block.kind;
        if (block.kind == BLOCK_EXAMPLE) {
            char *lines = apr_pstrdup(pool, block.text), *state = NULL;
            for (char *line = apr_strtok(lines, "\n", &state); line;
                 line = apr_strtok(NULL, "\n", &state))
                printf("    %s\n", line);
        } else if (block.kind == BLOCK_ITEM) {
            ss_manual_directives_wrap("- ", "  ", block.text, PAGE_COLUMNS, pool);
        } else {
            ss_manual_directives_wrap("", "", block.text, PAGE_COLUMNS, pool);
        }
        if (o) markdown_head(o, source, pool);
    }
    return complaints(source, pool);
}

/* ---- mod_smtp_send(5) ---- */

/* Text as troff's source: code in bold, characters that mean something to troff escaped. */
static const char *troff(const char *text, apr_pool_t *pool)
{
    char *out = apr_palloc(pool, strlen(text) * 4 + 1), *to = out;
    int is_code = 0;

    for (const char *p = text; *p; p++) {
        const char *put = *p == '\\'  ? "\\e"
                          : *p == '-' ? "\\-"
                          : *p == '`' ? ((is_code = !is_code) ? "\\fB" : "\\fR")
                                      : NULL;
        if ((*p == '.' || *p == '\'') && (p == text || p[-1] == ' ' || p[-1] == '\n'))
            put = *p == '.' ? "\\&." : "\\&'";
        if (put)
            to = memcpy(to, put, strlen(put)), to += strlen(put);
        else
            *to++ = *p;
    }
    *to = '\0';
    return out;
}

static void put_troff(const char *request, const char *text, apr_pool_t *pool)
{
    puts(request);
    puts(troff(text, pool));
}

static void man_head(const ss_option_t *o, const char *source, apr_pool_t *pool)
{
    head_t head = head_of(o, source, pool);

    puts(troff(head.summary, pool));
    put_troff(".PP\nContext:", head.context, pool);
    put_troff(".br\nDefault:", head.initial, pool);
    put_troff(".br\nValues:", head.values, pool);
}

static void man_heading(const char *text, const char *source, apr_pool_t *pool)
{
    const ss_option_t *o = !strncmp(text, "### ", 4) ? ss_option_find(text + 4) : NULL;
    char *title = apr_pstrdup(pool, strchr(text, ' ') + 1);

    if (!strncmp(text, "# ", 2)) return;
    if (o) {
        printf(".SS %s\n", o->name);
        man_head(o, source, pool);
        return;
    }
    for (char *p = title; *p; p++) *p = (char)apr_toupper(*p);
    printf(".SH \"%s\"\n", title);
}

void ss_manual_directives_man(const char *source, apr_pool_t *pool)
{
    const char *at = source;
    int is_first = 1;

    for (block_t block = read_block(&at, pool); block.kind; block = read_block(&at, pool)) {
        if (is_of_table(&block)) continue;
        if (block.kind == BLOCK_HEADING)
            man_heading(block.text, source, pool);
        else if (block.kind == BLOCK_ITEM)
            put_troff(".IP \\(bu 2", block.text, pool);
        else if (block.kind == BLOCK_EXAMPLE)
            printf(".PP\n.RS 4\n.nf\n%s\n.fi\n.RE\n", troff(block.text, pool));
        else if (is_first)
            puts(troff(block.text, pool));
        else
            put_troff(".PP", block.text, pool);
        is_first = block.kind == BLOCK_HEADING && !strncmp(block.text, "# ", 2);
    }
}
