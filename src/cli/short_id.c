#include "cli/short_id.h"

#include <apr_hash.h>
#include <apr_lib.h>
#include <apr_strings.h>
#include <stdio.h>
#include <string.h>

#include "base/ident.h"
#include "cli/exchange.h"
#include "cli/terminal.h"

#define SHOWN 5  /* messages that are named where several fit */
#define ENDING 8 /* characters of an id that are shown at least */

const char *ss_short_id_end(const json_t *row, int ending, apr_pool_t *pool)
{
    const char *id = ss_terminal_text(row, "id", pool);
    int len = (int)strlen(id);

    return len > ending ? id + len - ending : id;
}

int ss_short_id_ending(const json_t *rows, apr_pool_t *pool)
{
    apr_size_t count = json_array_size(rows);

    for (int len = ENDING; len < SS_IDENT_TEXT - 1; len++) {
        apr_hash_t *seen = apr_hash_make(pool);
        for (apr_size_t i = 0; i < count; i++)
            apr_hash_set(seen, ss_short_id_end(json_array_get(rows, i), len, pool),
                         APR_HASH_KEY_STRING, "");
        if (apr_hash_count(seen) == count) return len;
    }
    return SS_IDENT_TEXT - 1;
}

static int fits(const char *id, const char *part)
{
    size_t len = strlen(id), part_len = strlen(part);

    return part_len <= len && (!strncmp(id, part, part_len) || !strcmp(id + len - part_len, part));
}

static void print_candidates(const json_t *rows, apr_pool_t *pool)
{
    const json_t *row;
    size_t i;

    json_array_foreach(rows, i, row)
    {
        if (i == SHOWN) {
            fputs("  ...\n", stderr);
            return;
        }
        const char *to = json_string_value(json_array_get(json_object_get(row, "to"), 0));
        const char *line = apr_psprintf(pool, "  %s  %s to %s", ss_terminal_text(row, "id", pool),
                                        ss_terminal_text(row, "state", pool),
                                        to ? ss_terminal_clean(to, pool) : "");
        fprintf(stderr, "%s\n", ss_terminal_cut(line, ss_terminal_width(), pool));
    }
}

const char *ss_short_id_resolve(ss_cli_t *cli, const char *text, int *code)
{
    char *part = apr_pstrdup(cli->pool, text);

    *code = EX_USAGE;
    if (!ss_ident_is_part(text)) {
        ss_cli_complain(EX_USAGE, "\"%s\" is not a message id%s ('smtp-send queue' lists them)",
                        ss_terminal_clean(text, cli->pool),
                        strlen(text) < SS_IDENT_PART_MIN ? ": it is too short" : "");
        return NULL;
    }
    for (char *p = part; *p; p++) *p = (char)apr_tolower(*p);
    *code = EX_OK;
    if (ss_ident_is_valid(part)) return part;
    json_t *answer = ss_exchange_ask(
        cli, json_pack("{s:s,s:s,s:i}", "do", "queue", "id", part, "limit", SHOWN + 1), code);
    if (!answer) return NULL;
    const json_t *rows = json_object_get(answer, "messages");
    const char *id = ss_json_text(json_array_get(rows, 0), "id");
    size_t count = json_array_size(rows);
    id = count == 1 && id && fits(id, part) ? apr_pstrdup(cli->pool, id) : NULL;
    if (!id)
        *code = ss_cli_complain(SS_CLI_NOTHING,
                                count > 1 ? "\"%s\" fits several messages; give more of the id:"
                                          : "no message's id begins or ends with \"%s\" (finished "
                                            "ones are kept for SMTPSendHistory)",
                                part);
    if (count > 1) print_candidates(rows, cli->pool);
    json_decref(answer);
    return id;
}
