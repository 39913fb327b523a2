/* recover_command.c: smtp-send queue --recover: copies what can be read of a damaged queue file to
 * a new one, without the daemon. */
#include "cli/recover_command.h"

#include <apr_strings.h>
#include <stdio.h>

#include "cli/cli.h"
#include "cli/terminal.h"
#include "queue/recover.h"

static void say(const char *from, const char *to, const ss_recover_result_t *r)
{
    printf("%" APR_INT64_T_FMT " unfinished messages to %" APR_INT64_T_FMT
           " recipients were saved in %s.\n",
           r->messages, r->recipients, to);
    if (r->incomplete)
        printf("%" APR_INT64_T_FMT
               " more were found, but their recipients or content cannot be read.\n",
               r->incomplete);
    if (r->gaps)
        printf("%" APR_INT64_T_FMT
               " parts of the file could not be read: unknown messages may be missing.\n",
               r->gaps);
    if (!r->has_settings) puts("Pauses and what was learned about relays could not be read.");
    printf("Finished messages are not copied. Before httpd starts, replace the old file by the new "
           "one, with the same owner:\n"
           "  mv %s %s.damaged && mv %s %s && chown --reference=%s.damaged %s && rm -f %s-wal "
           "%s-shm\n",
           from, from, to, from, from, from, from, from);
}

int ss_recover_command(ss_cli_t *cli, const char *from, const char *to)
{
    ss_recover_result_t recovered;
    ss_result_t result;

    if (!to) to = apr_pstrcat(cli->pool, from, ".recovered", NULL);
    apr_status_t rv = ss_recover(from, to, &recovered, &result, cli->pool);
    if (rv != APR_SUCCESS) ss_cli_complain(cli->program, "%s", result.text);
    if (rv != APR_SUCCESS && !recovered.messages)
        return APR_STATUS_IS_ENOENT(rv)   ? EX_NOINPUT
               : APR_STATUS_IS_EEXIST(rv) ? EX_CANTCREAT
                                          : EX_DATAERR;
    if (cli->is_json) {
        json_t *document = json_pack(
            "{s:s,s:I,s:I,s:I,s:I,s:b}", "into", to, "messages", (json_int_t)recovered.messages,
            "recipients", (json_int_t)recovered.recipients, "incomplete",
            (json_int_t)recovered.incomplete, "gaps", (json_int_t)recovered.gaps, "settings",
            recovered.has_settings);
        ss_terminal_json(document);
        json_decref(document);
    } else {
        say(from, to, &recovered);
    }
    return rv != APR_SUCCESS || recovered.incomplete || recovered.gaps ? EX_DATAERR : EX_OK;
}
