/* status_code.c: the exit code of the command status. */
#include "cli/status_code.h"

#include <string.h>

int ss_status_code(const json_t *status, const char *relay)
{
    const json_t *row;
    size_t i;
    int worst = SS_STATUS_FLOWING;

    json_array_foreach(json_object_get(status, "reasons"), i, row)
    {
        const char *of = json_string_value(json_object_get(row, "relay")),
                   *reason = json_string_value(json_object_get(row, "reason"));
        int code = reason && !strcmp(reason, "paused") ? SS_STATUS_PAUSED : SS_STATUS_STUCK;
        if (relay && of && strcmp(relay, of)) continue;
        if (code > worst) worst = code;
    }
    return worst;
}
