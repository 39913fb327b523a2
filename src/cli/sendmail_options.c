/* sendmail_options.c: the arguments of sendmail in all the ways that programs write them: bundled
 * flags, attached or separate values, options of other servers. */
#include "cli/sendmail.h"

#include <apr_strings.h>
#include <string.h>

#include "cli/cli.h"

/* All accepted letters. ':' means that a value follows, '?' an attached value only ("-oi",
 * "-q30m"). Some have no effect here. */
static const char letters[] = "A:B:C:D:d?F:f:GIL:N:nO:o?p:q?R:r:sTUV:vX:xb:c:e?h:imt";

static int read_mode(ss_sendmail_t *s, const char *value)
{
    int is_list = !strcmp(value, "p");

    s->mode = is_list ? SS_SENDMAIL_LIST : SS_SENDMAIL_SUBMIT;
    if (is_list || !strcmp(value, "m")) return 0;
    return ss_cli_complain(
        -1,
        !strcmp(value, "s")
            ? "-bs is not supported: the daemon accepts SMTP itself (SMTPSendListen)"
        : !strcmp(value, "i")
            ? "-bi is not supported: SMTPSendAlias sets aliases, there is no file to rebuild"
            : "-b%s is not supported: -bm submits, -bp lists the queue",
        value);
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
    case 'o':
        if (value && *value == 'i') s->ignores_dots = 1;
        break;
    case 'q': s->mode = SS_SENDMAIL_FLUSH; break;
    case 't': s->takes_rcpts = 1; break;
    default: break;
    }
    return 0;
}

/* One argument that starts with '-': bundled flags, the last one perhaps with a value. Returns the
 * number of arguments used, or -1. */
static int take_argument(ss_sendmail_t *s, const char *argument, const char *next)
{
    for (const char *p = argument + 1; *p; p++) {
        const char *known = *p == ':' || *p == '?' ? NULL : strchr(letters, *p);
        if (!known) return ss_cli_complain(-1, "unknown option -%c", *p);
        if (known[1] == '?') return take(s, *p, p + 1) ? -1 : 1;
        if (known[1] != ':') {
            if (take(s, *p, NULL)) return -1;
            continue;
        }
        if (p[1]) return take(s, *p, p + 1) ? -1 : 1;
        if (!next) return ss_cli_complain(-1, "-%c needs a value", *p);
        return take(s, *p, next) ? -1 : 2;
    }
    return 1;
}

ss_sendmail_mode_t ss_sendmail_read(ss_sendmail_t *s, int argc, const char *const *argv,
                                    apr_pool_t *pool)
{
    int is_over = 0;

    s->mode = SS_SENDMAIL_SUBMIT;
    ss_attributes_init(&s->attr);
    s->to = apr_array_make(pool, argc, sizeof(const char *));
    for (int i = 1; i < argc; i++) {
        if (is_over || argv[i][0] != '-' || !argv[i][1]) {
            APR_ARRAY_PUSH(s->to, const char *) = argv[i];
        } else if (!strcmp(argv[i], "--help")) {
            return s->mode = SS_SENDMAIL_HELP;
        } else if (!strcmp(argv[i], "--")) {
            is_over = 1;
        } else {
            int taken = take_argument(s, argv[i], i + 1 < argc ? argv[i + 1] : NULL);
            if (taken < 0) return s->mode = SS_SENDMAIL_WRONG;
            i += taken - 1;
        }
    }
    if (s->mode == SS_SENDMAIL_SUBMIT && !s->takes_rcpts && !s->to->nelts) {
        ss_cli_complain(
            EX_USAGE,
            "no recipients: give them after the options, or use -t to take them from the message");
        return s->mode = SS_SENDMAIL_WRONG;
    }
    return s->mode;
}
