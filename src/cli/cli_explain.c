/* cli_explain.c: the knowledge base in a shell. Needs no daemon. */
#include "cli/cli.h"

#include <apr_strings.h>
#include <stdio.h>
#include <string.h>

#include "cli/arguments.h"
#include "cli/terminal.h"
#include "smtp/advice.h"

#define ENTRIES_MAX 3 /* for one search; the best come first */

static void print_entry(const ss_advice_t *entry, apr_pool_t *pool)
{
    ss_terminal_print(2, "%s%s%s%s  [%s]", ss_terminal_ink(SS_TERMINAL_BOLD, entry->title, pool),
                      entry->codes ? "  (" : "", entry->codes ? entry->codes : "",
                      entry->codes ? ")" : "", entry->id);
    ss_terminal_print(4, "  Meaning: %s", entry->meaning);
    ss_terminal_print(4, "  What to do: %s", entry->remedy);
}

static json_t *entry_json(const ss_advice_t *entry)
{
    return json_pack("{s:s,s:s?,s:s,s:s,s:s}", "id", entry->id, "codes", entry->codes, "title",
                     entry->title, "meaning", entry->meaning, "remedy", entry->remedy);
}

static int list_all(ss_cli_t *cli)
{
    static const ss_terminal_column_t columns[] = { { "ENTRY", 0, 0, 0 },
                                                    { "CODES", 0, 10, 0 },
                                                    { "TITLE", 0, 40, 1 } };
    const char **cells = apr_palloc(cli->pool, sizeof(*cells) * 3 * (apr_size_t)ss_advice_count);
    json_t *document = json_array();

    for (int i = 0; i < ss_advice_count; i++) {
        cells[i * 3] = ss_advice_table[i].id;
        cells[i * 3 + 1] = ss_advice_table[i].codes ? ss_advice_table[i].codes : "";
        cells[i * 3 + 2] = ss_advice_table[i].title;
        json_array_append_new(document, entry_json(&ss_advice_table[i]));
    }
    if (cli->is_json)
        ss_terminal_json(json_incref(document));
    else
        ss_terminal_table(columns, 3, cells, NULL, ss_advice_count, cli->pool);
    json_decref(document);
    return EX_OK;
}

int ss_cli_explain(ss_cli_t *cli, int argc, const char *const *argv)
{
    apr_array_header_t *words;
    int code;

    if (ss_arguments_read(cli, NULL, argc, argv, &words, &code)) return code;
    if (!words->nelts) return list_all(cli);
    const char *question = apr_array_pstrcat(cli->pool, words, ' ');
    const ss_advice_t *named = ss_advice_find(question);
    apr_array_header_t *found = ss_advice_search(question, ENTRIES_MAX, cli->pool);
    if (named) {
        apr_array_clear(found);
        APR_ARRAY_PUSH(found, const ss_advice_t *) = named;
    }
    if (!found->nelts)
        return ss_cli_complain(SS_CLI_NOTHING,
                               "no entry matches \"%s\" ('smtp-send explain' lists all)",
                               ss_terminal_clean(question, cli->pool));
    json_t *document = json_array();
    for (int i = 0; i < found->nelts; i++) {
        const ss_advice_t *entry = APR_ARRAY_IDX(found, i, const ss_advice_t *);
        json_array_append_new(document, entry_json(entry));
        if (cli->is_json) continue;
        if (i) putchar('\n');
        print_entry(entry, cli->pool);
    }
    if (cli->is_json) ss_terminal_json(json_incref(document));
    json_decref(document);
    return EX_OK;
}
