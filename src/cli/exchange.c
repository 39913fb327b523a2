#include "cli/exchange.h"

#include <apr_strings.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/patience.h"
#include "cli/terminal.h"

/* a person is waiting; a restarting daemon is back within this time */
#define CONNECT_WAIT (2 * APR_USEC_PER_SEC)
#define ANSWER_WAIT (120 * APR_USEC_PER_SEC) /* actions on many messages take several steps */

json_t *ss_exchange_action(const ss_cli_t *cli, const char *verb)
{
    const struct passwd *user = getpwuid(getuid());
    const char *name = user ? user->pw_name : "unknown";
    const char *sudo = getuid() == 0 ? getenv("SUDO_USER") : NULL;

    return json_pack(
        "{s:s,s:o}", "do", verb, "who",
        ss_json_string(sudo && *sudo
                           ? apr_psprintf(cli->pool, "%s (sudo by %s)", name, sudo)
                           : apr_psprintf(cli->pool, "%s (uid %d)", name, (int)getuid())));
}

int ss_exchange_refused(const ss_cli_t *cli, int status, const char *header)
{
    json_t *fields = json_loads(header ? header : "{}", 0, NULL);
    const char *detail = ss_terminal_text(fields, "detail", cli->pool);
    json_int_t after = ss_json_number(fields, "retryAfter");

    if (!*detail) detail = apr_psprintf(cli->pool, "the daemon refused (%d)", status);
    json_decref(fields);
    return ss_cli_complain(ss_cli_exit_code(status, SS_CLI_NOTHING),
                           after ? "%s (try again in %s)" : "%s", detail,
                           ss_terminal_age(after, cli->pool));
}

typedef apr_status_t step_fn(void *cli, const char *bytes, apr_size_t len);

static apr_status_t exchange(ss_cli_t *cli, const char *header, step_fn *step,
                             ss_peer_answer_t *answer, ss_result_t *result)
{
    ss_peer_t *peer;
    ss_mono_t deadline = ss_mono_add(ss_mono_now(), ANSWER_WAIT);
    apr_status_t rv = ss_peer_open(&peer, cli->socket, 0, CONNECT_WAIT, result, cli->pool);

    ss_patience_t patience =
        ss_patience_begin(cli->socket, cli->patience ? cli->patience : SS_PATIENCE_USUAL);

    if (rv != APR_SUCCESS) return rv;
    ss_peer_set_wanted(peer, ss_patience_lasts, &patience);
    rv = ss_peer_send(peer, header, strlen(header), NULL, 0, deadline);
    if (rv == APR_SUCCESS) rv = ss_peer_receive(peer, answer, step, cli, deadline, cli->pool);
    ss_peer_close(peer);
    if (patience.is_over) ss_patience_explain(&patience, result);
    return rv;
}

int ss_exchange(ss_cli_t *cli, json_t *request, step_fn *step, ss_peer_answer_t *answer)
{
    const char *header = ss_json_print(request, cli->pool);
    ss_result_t result = { 0 };
    char reason[160];
    apr_status_t rv = header ? exchange(cli, header, step, answer, &result) : APR_ENOMEM;
    /* The old daemon ended without reading the request: send it to the new one. */
    if (rv == APR_ECONNABORTED) rv = exchange(cli, header, step, answer, &result);
    if (rv == APR_SUCCESS) return EX_OK;
    if (ss_result_is_set(&result)) return ss_cli_complain(EX_TEMPFAIL, "%s", result.text);
    return ss_cli_complain(EX_TEMPFAIL, "the delivery daemon at %s did not answer: %s", cli->socket,
                           rv == APR_EOF ? "it exited" : apr_strerror(rv, reason, sizeof(reason)));
}

json_t *ss_exchange_ask(ss_cli_t *cli, json_t *request, int *code)
{
    ss_peer_answer_t answer = { 0 };

    *code = ss_exchange(cli, request, NULL, &answer);
    if (*code != EX_OK) return NULL;
    if (answer.status < 200 || answer.status > 299) {
        *code = ss_exchange_refused(cli, answer.status, answer.header);
        return NULL;
    }
    json_t *document = json_loads(answer.content ? answer.content : answer.header, 0, NULL);
    if (!document)
        *code = ss_cli_complain(
            EX_PROTOCOL, "the delivery daemon at %s sent an answer that is not JSON", cli->socket);
    return document;
}
