/* cli_queue.c: the list of messages (queue, mailq), all details of one (show), and what can be
 * read of a damaged queue file (queue --recover, without the daemon). */
#include "cli/cli.h"

#include <apr_strings.h>
#include <stdio.h>
#include <string.h>

#include "base/ident.h"
#include "base/text.h"
#include "cli/arguments.h"
#include "cli/exchange.h"
#include "cli/short_id.h"
#include "cli/terminal.h"
#include "cli/watch.h"
#include "queue/recover.h"

#define LIMIT 100          /* messages listed without --limit */
#define LIMIT_MAX 10000000 /* --limit */
#define PAGE_MAX 1000      /* messages per answer of the daemon */
#define WIDE 118           /* columns for one line a message */

typedef struct {
    const char *state, *relay, *from, *to, *text, *after, *limit, *every, *recover, *into;
    int is_all, is_watching, has_whole_ids;
} list_t;

/* ---- the list ---- */

static json_t *list_request(const list_t *list, apr_int64_t limit, const char *after)
{
    json_t *request = json_pack("{s:s}", "do", "queue");

    ss_json_put(request, "state", list->state);
    if (!list->state && !list->is_all) json_object_set_new(request, "waiting", json_true());
    ss_json_put(request, "relay", list->relay);
    ss_json_put(request, "from", list->from);
    ss_json_put(request, "to", list->to);
    ss_json_put(request, "text", list->text);
    ss_json_put(request, "after", after);
    json_object_set_new(request, "limit", json_integer(limit < PAGE_MAX ? limit : PAGE_MAX));
    return request;
}

/* Requests page by page up to the limit. {"messages":[...],"more":ID|null}, or NULL with the exit
 * code.
 */
static json_t *fetch(ss_cli_t *cli, const list_t *list, apr_int64_t limit, int *code)
{
    json_t *rows = json_array(), *all = json_pack("{s:o}", "messages", rows);
    const char *after = list->after;

    for (;;) {
        json_t *page = ss_exchange_ask(
            cli, list_request(list, limit - (apr_int64_t)json_array_size(rows), after), code);
        if (!page) {
            json_decref(all);
            return NULL;
        }
        const json_t *messages = json_object_get(page, "messages");
        const char *more = ss_json_text(page, "more");
        json_array_extend(rows, (json_t *)messages);
        int is_last =
            !more || !json_array_size(messages) || (apr_int64_t)json_array_size(rows) >= limit;
        after = more ? apr_pstrdup(cli->pool, more) : NULL;
        json_decref(page);
        if (is_last) break;
    }
    json_object_set_new(all, "more", after ? json_string(after) : json_null());
    return all;
}

static const char *sender(const json_t *row, apr_pool_t *pool)
{
    const char *from = ss_terminal_text(row, "from", pool);

    return *from ? from : "<>";
}

static const char *receivers(const json_t *row, apr_pool_t *pool)
{
    const json_t *to = json_object_get(row, "to");
    const char *first = json_string_value(json_array_get(to, 0));
    int count = (int)ss_json_number(row, "recipients");

    first = first ? ss_terminal_clean(first, pool) : "";
    return count > 1 ? apr_psprintf(pool, "%s +%d", first, count - 1) : first;
}

/* Why it waits: "3 attempts, next in 5min: 451 4.7.1 ..."; NULL: nothing is to be said. */
static const char *reason_of(const json_t *row, apr_pool_t *pool)
{
    const char *reply = ss_terminal_text(row, "reply", pool);
    apr_int64_t since = ss_terminal_since(row, "nextAttempt");
    int attempts = (int)ss_json_number(row, "attempts");

    if (!*reply && !attempts) return NULL;
    return apr_psprintf(pool, "%d %s%s%s%s%s", attempts, attempts == 1 ? "attempt" : "attempts",
                        since < 0 ? ", next in " : "",
                        since < 0 ? ss_terminal_age(since, pool) : "", *reply ? ": " : "", reply);
}

/* One line for each message, and one for the reason. */
static void print_wide(const json_t *rows, int ending, apr_pool_t *pool)
{
    static const ss_terminal_column_t columns[] = { { "ID", 0, 0, 0 },     { "STATE", 0, 0, 0 },
                                                    { "AGE", 1, 0, 0 },    { "SIZE", 1, 0, 0 },
                                                    { "TO", 0, 12, 0 },    { "FROM", 0, 10, 0 },
                                                    { "SUBJECT", 0, 8, 0 } };
    const int wanted = sizeof(columns) / sizeof(columns[0]);
    int count = (int)json_array_size(rows);
    const char **cells = apr_palloc(pool, sizeof(*cells) * (apr_size_t)(count * wanted + 1));
    const char **notes = apr_palloc(pool, sizeof(*notes) * (apr_size_t)(count + 1));

    for (int i = 0; i < count; i++) {
        const json_t *row = json_array_get(rows, (size_t)i);
        const char **cell = cells + i * wanted;
        cell[0] = ss_short_id_end(row, ending, pool);
        cell[1] = ss_terminal_text(row, "state", pool);
        cell[2] = ss_terminal_age(ss_terminal_since(row, "createdAt"), pool);
        cell[3] = ss_terminal_bytes(ss_json_number(row, "size"), pool);
        cell[4] = receivers(row, pool);
        cell[5] = sender(row, pool);
        cell[6] = ss_terminal_text(row, "subject", pool);
        notes[i] = reason_of(row, pool);
    }
    ss_terminal_table(columns, wanted, cells, notes, count, pool);
}

/* Where addresses and subjects would have to be cut: a few lines for each message. */
static void print_narrow(const json_t *rows, int ending, apr_pool_t *pool)
{
    int width = ss_terminal_width();
    const json_t *row;
    size_t i;

    ss_terminal_print(0, "%s",
                      ss_terminal_ink(SS_TERMINAL_BOLD,
                                      apr_psprintf(pool, "%-*s  %-9s  %5s  FROM -> TO", ending,
                                                   "ID", "STATE", "AGE"),
                                      pool));
    json_array_foreach(rows, i, row)
    {
        const char *id = ss_short_id_end(row, ending, pool),
                   *subject = ss_terminal_text(row, "subject", pool),
                   *size = ss_terminal_bytes(ss_json_number(row, "size"), pool),
                   *reason = reason_of(row, pool),
                   *people =
                       apr_pstrcat(pool, sender(row, pool), " -> ", receivers(row, pool), NULL);
        int at = printf("%s  %-9s  %5s", id, ss_terminal_text(row, "state", pool),
                        ss_terminal_age(ss_terminal_since(row, "createdAt"), pool));
        int fits = at + 2 + ss_terminal_columns(people) <= width;
        if (!fits) putchar('\n');
        ss_terminal_wrap(apr_pstrcat(pool, fits ? "  " : "    ", people, NULL), fits ? at : 0, 4,
                         width);
        printf("    %s (%s)\n",
               *subject ? ss_terminal_cut(subject, width - 8 - (int)strlen(size), pool)
                        : "no subject",
               size);
        if (reason) ss_terminal_print(4, "    %s", ss_terminal_ink(SS_TERMINAL_DIM, reason, pool));
    }
}

static void print_messages(const json_t *rows, int has_whole_ids, apr_pool_t *pool)
{
    int ending = has_whole_ids || !ss_terminal_is_read() ? SS_IDENT_TEXT - 1
                                                         : ss_short_id_ending(rows, pool);

    if (ss_terminal_width() >= WIDE)
        print_wide(rows, ending, pool);
    else
        print_narrow(rows, ending, pool);
}

/* As other mail servers end the list, for scripts that read it. */
static void print_sum(const json_t *rows)
{
    const json_t *row;
    long long bytes = 0;
    size_t i, count = json_array_size(rows);

    json_array_foreach(rows, i, row) bytes += ss_json_number(row, "size");
    printf("-- %lld Kbytes in %zu Request%s.\n", (bytes + 1023) / 1024, count,
           count == 1 ? "" : "s");
}

static int read_limit(const char *text, apr_int64_t *limit)
{
    *limit = LIMIT;
    if (!text) return 0;
    if (ss_text_number(text, 0, LIMIT_MAX, limit))
        return ss_cli_complain(EX_USAGE, "--limit: \"%s\" is not a number from 0 (all) to %d", text,
                               LIMIT_MAX);
    if (!*limit) *limit = LIMIT_MAX;
    return 0;
}

static int show_list(void *self, ss_cli_t *cli, const json_t *status)
{
    int code, lines = ss_terminal_width() >= WIDE ? 2 : 4,
              count = (ss_terminal_height() - 3) / lines;

    (void)status;
    json_t *all = fetch(cli, self, count > 2 ? count : 2, &code);
    if (!all) return code;
    print_messages(json_object_get(all, "messages"), 0, cli->pool);
    json_decref(all);
    return EX_OK;
}

/* ---- a damaged queue file ---- */

static void say(const char *from, const char *to, const ss_recover_result_t *r)
{
    printf("%" APR_INT64_T_FMT " unfinished messages to %" APR_INT64_T_FMT
           " recipients were saved in %s.\n",
           r->messages, r->recipients, to);
    if (r->incomplete)
        ss_terminal_print(0,
                          "%" APR_INT64_T_FMT
                          " more were found, but their recipients or content cannot be read.",
                          r->incomplete);
    if (r->gaps)
        ss_terminal_print(0,
                          "%" APR_INT64_T_FMT
                          " parts of the file could not be read: unknown messages may be missing.",
                          r->gaps);
    if (!r->has_settings) puts("Pauses and what was learned about relays could not be read.");
    ss_terminal_print(0, "%s",
                      "Finished messages are not copied. Before httpd starts, replace the old file "
                      "by the new one, with the same owner:");
    printf("  mv %s %s.damaged &&\n  mv %s %s &&\n  chown --reference=%s.damaged \\\n    %s &&\n"
           "  rm -f %s-wal \\\n    %s-shm\n",
           from, from, to, from, from, from, from, from);
}

/* Saves what can be read of the queue file from into the new file to (NULL: FROM.recovered).
 * Returns the exit code. */
static int recover_file(ss_cli_t *cli, const char *from, const char *to)
{
    ss_recover_result_t recovered;
    ss_result_t result;

    if (!to) to = apr_pstrcat(cli->pool, from, ".recovered", NULL);
    apr_status_t rv = ss_recover(from, to, &recovered, &result, cli->pool);
    if (rv != APR_SUCCESS) ss_cli_complain(EX_USAGE, "%s", result.text);
    if (rv != APR_SUCCESS && !recovered.messages)
        return APR_STATUS_IS_ENOENT(rv)   ? EX_NOINPUT
               : APR_STATUS_IS_EEXIST(rv) ? EX_CANTCREAT
                                          : EX_DATAERR;
    if (cli->is_json)
        ss_terminal_json(json_pack("{s:s,s:I,s:I,s:I,s:I,s:b}", "into", to, "messages",
                                   (json_int_t)recovered.messages, "recipients",
                                   (json_int_t)recovered.recipients, "incomplete",
                                   (json_int_t)recovered.incomplete, "gaps",
                                   (json_int_t)recovered.gaps, "settings", recovered.has_settings));
    else
        say(from, to, &recovered);
    return rv != APR_SUCCESS || recovered.incomplete || recovered.gaps ? EX_DATAERR : EX_OK;
}

static int recover(ss_cli_t *cli, const list_t *wanted)
{
    const list_t alone = { .recover = wanted->recover, .into = wanted->into };

    if (wanted->recover && !memcmp(wanted, &alone, sizeof(alone)))
        return recover_file(cli, wanted->recover, wanted->into);
    return ss_cli_complain(EX_USAGE, wanted->recover
                                         ? "--recover takes only --into and --json besides the file"
                                         : "--into needs --recover");
}

static int list(ss_cli_t *cli, list_t *wanted, int argc, const char *const *argv)
{
    const ss_arguments_option_t options[] = {
        { "state", "STATE", "queued sending deferred held sent failed expired cancelled",
          &wanted->state },
        { "all", NULL, "also finished messages", &wanted->is_all },
        { "relay", "NAME", "only messages of this relay", &wanted->relay },
        { "from", "PATTERN", "only from this sender (* matches anything)", &wanted->from },
        { "to", "PATTERN", "only to this recipient", &wanted->to },
        { "text", "TEXT", "only with this text in id, address or subject", &wanted->text },
        { "limit", "N", "list at most N messages (100; 0: all)", &wanted->limit },
        { "after", "ID", "continue after this message", &wanted->after },
        { "recover", "FILE", "save what can be read of a damaged queue file (see below)",
          &wanted->recover },
        { "into", "FILE", "where to save it (FILE.recovered)", &wanted->into },
        SS_WATCH_OPTIONS(wanted->every, wanted->is_watching)
    };
    apr_int64_t limit;
    int code;

    if (ss_arguments_read(cli, options, argc, argv, NULL, &code)) return code;
    if (wanted->recover || wanted->into) return recover(cli, wanted);
    if (read_limit(wanted->limit, &limit)) return EX_USAGE;
    if (wanted->is_watching) return ss_watch(cli, wanted->every, show_list, wanted);
    if (wanted->after) wanted->after = ss_short_id_resolve(cli, wanted->after, &code);
    json_t *all = code == EX_OK ? fetch(cli, wanted, limit, &code) : NULL;
    if (!all) return code;
    const json_t *rows = json_object_get(all, "messages");
    const char *more = ss_json_text(all, "more");
    if (cli->is_json) {
        ss_terminal_json(json_incref(all));
    } else if (!json_array_size(rows)) {
        puts(wanted->state || wanted->is_all || wanted->relay || wanted->from || wanted->to ||
                     wanted->text
                 ? "No message matches"
                 : "Mail queue is empty");
    } else {
        print_messages(rows, wanted->has_whole_ids, cli->pool);
        if (more) printf("\nMore messages: --after %s, or --limit 0 for all\n", more);
        if (wanted->has_whole_ids) print_sum(rows);
    }
    json_decref(all);
    return EX_OK;
}

int ss_cli_queue(ss_cli_t *cli, int argc, const char *const *argv)
{
    list_t wanted = { 0 };

    return list(cli, &wanted, argc, argv);
}

int ss_cli_queue_mailq(ss_cli_t *cli, int argc, const char *const *argv)
{
    /* Options of other mail servers' mailq (-v, -Ac) are ignored. */
    const char **kept = apr_palloc(cli->pool, sizeof(*kept) * (apr_size_t)(argc + 1));
    list_t wanted = { .limit = "0", .has_whole_ids = 1 };
    int count = 0;

    for (int i = 0; i < argc; i++) {
        if (i && argv[i][0] == '-' && argv[i][1] && argv[i][1] != '-') continue;
        kept[count++] = i ? argv[i] : "mailq";
    }
    kept[count] = NULL;
    return list(cli, &wanted, count, kept);
}

/* ---- one message ---- */

static void line(const char *name, const char *value)
{
    if (*value) ss_terminal_wrap(value, printf("%-12s ", name), 13, ss_terminal_width());
}

static const char *when(const json_t *object, const char *name, apr_pool_t *pool)
{
    const char *time = ss_terminal_text(object, name, pool);
    apr_int64_t since = ss_terminal_since(object, name);

    return !*time ? ""
                  : apr_psprintf(pool, "%s (%s%s%s)", time, since < 0 ? "in " : "",
                                 ss_terminal_age(since, pool), since < 0 ? "" : " ago");
}

static void print_recipient(const json_t *rcpt, apr_pool_t *pool)
{
    const char *state = ss_terminal_text(rcpt, "state", pool),
               *next = when(rcpt, "nextAttempt", pool),
               *delivered = when(rcpt, "deliveredAt", pool),
               *held = ss_terminal_text(rcpt, "heldBecause", pool),
               *reply = ss_terminal_text(rcpt, "reply", pool),
               *relay = ss_terminal_text(rcpt, "relay", pool);
    const json_t *advice = json_object_get(rcpt, "advice");
    int attempts = (int)ss_json_number(rcpt, "attempts");
    ss_terminal_ink_t ink = !strcmp(state, "sent") ? SS_TERMINAL_GOOD
                            : !strcmp(state, "failed") || !strcmp(state, "expired")
                                ? SS_TERMINAL_BAD
                                : SS_TERMINAL_WARN;

    putchar('\n');
    ss_terminal_print(
        4, "%s  %s%s, %d %s",
        ss_terminal_ink(SS_TERMINAL_BOLD, ss_terminal_text(rcpt, "address", pool), pool),
        ss_terminal_ink(ink, state, pool),
        ss_json_is(rcpt, "uncertain")
            ? " (uncertain: the answer was lost; it may have been delivered)"
            : "",
        attempts, attempts == 1 ? "attempt" : "attempts");
    if (*delivered)
        ss_terminal_print(4, "    delivered %s", delivered);
    else if (*next)
        ss_terminal_print(4, "    next attempt %s", next);
    if (*held) ss_terminal_print(4, "    held: %s", held);
    if (*reply)
        ss_terminal_print(4, "    %s: %s%s", *relay ? relay : "relay", reply,
                          json_is_false(json_object_get(rcpt, "charged"))
                              ? " (not counted as an attempt: it may be about this server or a "
                                "limit)"
                              : "");
    ss_terminal_advice(advice, pool);
}

static void print_message(const json_t *m, apr_pool_t *pool)
{
    const char *from = ss_terminal_text(m, "from", pool);
    const json_t *waits = json_object_get(m, "waitsFor"), *history = json_object_get(m, "history"),
                 *row;
    size_t i;

    line("Message", ss_terminal_text(m, "id", pool));
    line("State", apr_pstrcat(pool, ss_terminal_text(m, "state", pool),
                              ss_json_is(m, "paused") ? " (sending is paused)" : "", NULL));
    if (waits)
        line("Waiting for", apr_psprintf(pool, "the relay, which is %s: %s",
                                         ss_terminal_text(waits, "relayState", pool),
                                         ss_terminal_text(waits, "cause", pool)));
    line("From", *from ? from : "<>");
    line("Subject", ss_terminal_text(m, "subject", pool));
    line("Message-ID", ss_terminal_text(m, "messageId", pool));
    line("Size", ss_terminal_bytes(ss_json_number(m, "size"), pool));
    line("Accepted", when(m, "createdAt", pool));
    line("Not before", when(m, "at", pool));
    line("Relay", ss_terminal_text(m, "relayName", pool));
    line("Submitted by", apr_psprintf(pool, "%s (%s)", ss_terminal_text(m, "submitter", pool),
                                      ss_terminal_text(m, "door", pool)));
    json_array_foreach(json_object_get(m, "recipients"), i, row) print_recipient(row, pool);
    if (!json_array_size(history)) return;
    puts("\nHistory");
    json_array_foreach(history, i, row)
    {
        const char *rcpt = ss_terminal_text(row, "recipient", pool),
                   *text = ss_terminal_text(row, "text", pool),
                   *relay = ss_terminal_text(row, "relay", pool);
        ss_terminal_print(4, "  %s  %s%s%s%s%s%s%s", ss_terminal_text(row, "time", pool),
                          ss_terminal_text(row, "what", pool), *rcpt ? " " : "", rcpt,
                          *relay ? " by " : "", relay, *text ? ": " : "", text);
    }
}

int ss_cli_queue_show(ss_cli_t *cli, int argc, const char *const *argv)
{
    apr_array_header_t *ids;
    int code, worst = EX_OK;

    if (ss_arguments_read(cli, NULL, argc, argv, &ids, &code)) return code;
    if (!ids->nelts)
        return ss_cli_complain(EX_USAGE, "which message? ('smtp-send queue --all' lists them)");
    json_t *all = json_array();
    for (int i = 0; i < ids->nelts; i++) {
        const char *id = ss_short_id_resolve(cli, APR_ARRAY_IDX(ids, i, const char *), &code);
        json_t *message =
            id ? ss_exchange_ask(cli, json_pack("{s:s,s:s}", "do", "show", "id", id), &code) : NULL;
        if (code > worst) worst = code;
        if (!message) continue;
        if (!cli->is_json) {
            if (i) putchar('\n');
            print_message(message, cli->pool);
        }
        json_array_append_new(all, message);
    }
    if (cli->is_json) ss_terminal_json(json_incref(ids->nelts == 1 ? json_array_get(all, 0) : all));
    json_decref(all);
    return worst;
}
