/* sendmail_options.c: the arguments of sendmail in all the ways that programs write them: bundled
 * flags, attached or separate values, options of other servers. */
#include "cli/sendmail.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <string.h>

#include "base/text.h"
#include "cli/cli.h"

/* All accepted letters: those of Postfix, and -D, -d and -M of others. ':' means that a value
 * follows, attached or as the next argument; '?' an attached value, or a number as the next one
 * ("-q30m", "-d 0.1"). Some have no effect here. */
static const char letters[] = "A:B:C:D:d?F:f:GIL:M:N:nO:o:p:q?R:r:tUV:vX:xb:ce:h:im";

/* A number, a time or a path, but no address. */
static int is_number(const char *text)
{
    return text && (apr_isdigit(*text) || *text == '/') && !strchr(text, '@');
}

/* -o letters whose value may be the next argument; they are flags for others. */
static int may_have_own(const char *value, const char *next)
{
    return *value && strchr("ABPXrs", *value) && !value[1] && is_number(next);
}

/* -o of Exim whose own value is the next argument ("-oMs host"). */
static int has_own_value(const char *value)
{
    return ss_text_word_index("Ma Maa Mai Mas Mi Mm Mr Ms Mt", value) >= 0;
}

static int read_mode(ss_sendmail_t *s, const char *value)
{
    switch (*value) {
    case 'm': s->mode = SS_SENDMAIL_SUBMIT; return 0;
    case 'p': s->mode = SS_SENDMAIL_LIST; return 0;
    case 's': s->mode = SS_SENDMAIL_SMTP; return 0;
    case 'i': /* nothing has to be rebuilt (SMTPSendAlias), and no host's state is kept here */
    case 'h':
    case 'H': s->mode = SS_SENDMAIL_NOTHING; return 0;
    case 'd':
    case 'D':
    case 'l':
        return ss_cli_complain(-1,
                               "-b%s is not supported: httpd starts the delivery daemon, and "
                               "smtp-sendd runs without httpd",
                               value);
    default:
        return ss_cli_complain(-1,
                               "-b%s is not supported: -bm submits, -bs takes SMTP on standard "
                               "input, -bp lists the queue; --dry-run checks a message",
                               value);
    }
}

static int read_notify(ss_sendmail_t *s, const char *value)
{
    s->notify = 0;
    if (!ss_dsn_notify(value, &s->notify) && s->notify) return 0;
    return ss_cli_complain(-1, "-N %s: must be never, or a list of success, failure and delay",
                           value);
}

static int read_attribute(ss_sendmail_t *s, const ss_attributes_row_t *row, const char *value)
{
    const char *why = ss_attributes_read(row, &s->attr, value, s->to->pool);

    if (!why) return 0;
    return ss_cli_complain(-1, "-%c %s: %s", row->option, value, why);
}

/* Options without effect here whose values are known: any other value is perhaps a recipient, whom
 * nobody would miss. */
static int check_ignored(char letter, const char *value)
{
    const char *wanted =
        letter == 'B' && !ss_text_same(value, "7BIT") && !ss_text_same(value, "8BITMIME") &&
                !ss_text_same(value, "BINARYMIME")
            ? "7BIT, 8BITMIME or BINARYMIME"
        : letter == 'e' && (!*value || value[1] || !strchr("empqw", *value)) ? "e, m, p, q or w"
        : letter == 'h' && !apr_isdigit(*value)                              ? "a number"
                                                                             : NULL;

    if (letter == 'X' && *value == 'V' && !strchr(value, '/'))
        return ss_cli_complain(-1,
                               "-X%s is not supported: the sender is the same for all "
                               "recipients (no VERP)",
                               value);
    return wanted ? ss_cli_complain(-1, "-%c %s: must be %s", letter, value, wanted) : 0;
}

static int take(ss_sendmail_t *s, char letter, const char *value)
{
    const ss_attributes_row_t *row = ss_attributes_option(letter);

    if (row) return read_attribute(s, row, value);
    switch (letter) {
    case 'b': return read_mode(s, value);
    case 'F': s->full_name = value; break;
    case 'f':
    case 'r': s->from = value; break;
    case 'i': s->ignores_dots = 1; break;
    case 'N': return read_notify(s, value);
    case 'I': s->mode = SS_SENDMAIL_NOTHING; break;
    case 'o':
        if (*value == 'i') s->ignores_dots = 1;
        break;
    case 'q':
        s->mode = SS_SENDMAIL_FLUSH;
        if (*value == 'I' && value[1]) s->id = value + 1;
        break;
    case 't': s->takes_rcpts = 1; break;
    default: return check_ignored(letter, value);
    }
    return 0;
}

/* An option with a value; next: the arguments that follow. Returns the number of arguments used. */
static int take_value(ss_sendmail_t *s, char letter, const char *attached, const char *const *next)
{
    int used = 1;

    if (!*attached && !next[0]) return ss_cli_complain(-1, "-%c needs a value", letter);
    const char *value = *attached ? attached : next[used++ - 1];
    if (letter == 'o' && has_own_value(value)) {
        if (!next[used - 1]) return ss_cli_complain(-1, "-o%s needs a value", value);
        used++;
    } else if (letter == 'o' && may_have_own(value, next[used - 1])) {
        used++;
    }
    return take(s, letter, value) ? -1 : used;
}

/* One argument that starts with '-': bundled flags, the last one perhaps with a value. Returns the
 * number of arguments used, or -1. */
static int take_argument(ss_sendmail_t *s, const char *argument, const char *const *next)
{
    for (const char *p = argument + 1; *p; p++) {
        const char *known = *p == ':' || *p == '?' ? NULL : strchr(letters, *p);
        if (!known && *p == '-') return ss_cli_complain(-1, "unknown option %s", argument);
        if (!known) return ss_cli_complain(-1, "unknown option -%c", *p);
        if (known[1] == ':') return take_value(s, *p, p + 1, next);
        if (known[1] == '?') {
            if (take(s, *p, p + 1)) return -1;
            return !p[1] && is_number(next[0]) ? 2 : 1;
        }
        if (take(s, *p, "")) return -1;
    }
    return 1;
}

/* What does not go together. */
static int check_all(const ss_sendmail_t *s)
{
    if (s->mode == SS_SENDMAIL_SUBMIT)
        return s->takes_rcpts || s->to->nelts
                   ? 0
                   : ss_cli_complain(-1, "no recipients: give them after the options, or use -t to "
                                         "take them from the message");
    if (s->takes_rcpts || s->is_dry_run)
        return ss_cli_complain(-1, "%s is only for submitting a message",
                               s->takes_rcpts ? "-t" : "--dry-run");
    if (!s->to->nelts) return 0;
    return ss_cli_complain(-1,
                           "unexpected argument \"%s\": only submitting a message takes "
                           "recipients",
                           APR_ARRAY_IDX(s->to, 0, const char *));
}

ss_sendmail_mode_t ss_sendmail_read(ss_sendmail_t *s, int argc, const char *const *argv,
                                    apr_pool_t *pool)
{
    int is_over = 0;

    s->mode = SS_SENDMAIL_SUBMIT;
    ss_attributes_init(&s->attr);
    s->to = apr_array_make(pool, argc, sizeof(const char *));
    for (int i = 1; i < argc; i++) {
        if (!is_over && !strcmp(argv[i], "-")) {
            ss_cli_complain(EX_USAGE, "\"-\" is not a recipient");
            return s->mode = SS_SENDMAIL_WRONG;
        } else if (is_over || argv[i][0] != '-') {
            APR_ARRAY_PUSH(s->to, const char *) = argv[i];
        } else if (!strcmp(argv[i], "--help")) {
            return s->mode = SS_SENDMAIL_HELP;
        } else if (!strcmp(argv[i], "--dry-run")) {
            s->is_dry_run = 1;
        } else if (!strcmp(argv[i], "--")) {
            is_over = 1;
        } else {
            int taken = take_argument(s, argv[i], argv + i + 1);
            if (taken < 0) return s->mode = SS_SENDMAIL_WRONG;
            i += taken - 1;
        }
    }
    if (check_all(s)) s->mode = SS_SENDMAIL_WRONG;
    return s->mode;
}
