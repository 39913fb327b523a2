/* cli_code.c: the exit codes of the commands status and test. */
#include "cli/cli.h"

#include <string.h>

#include "base/text.h"

int ss_cli_code_status(const json_t *status, const char *relay)
{
    const json_t *row;
    size_t i;
    int worst = SS_STATUS_FLOWING;

    json_array_foreach(json_object_get(status, "reasons"), i, row)
    {
        const char *of = ss_json_text(row, "relay"), *reason = ss_json_text(row, "reason");
        int code = reason && !strcmp(reason, "paused") ? SS_STATUS_PAUSED : SS_STATUS_STUCK;
        if (relay && of && strcmp(relay, of)) continue;
        if (code > worst) worst = code;
    }
    return worst;
}

int ss_cli_code_step(const char *step)
{
    int at =
        step ? ss_text_word_index("config resolve connect tls greeting hello starttls auth mail "
                                  "rcpt quit",
                                  step)
             : 0;

    return !step ? EX_OK : at < 0 ? EX_SOFTWARE : 10 + at;
}
