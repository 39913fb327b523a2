/* sendmail.c: submits standard input. The daemon does everything that needs the server's settings
 * ("compose"); this process only knows the envelope and the bytes. Each message has a random
 * idempotency key, so that repeating the request after a lost answer cannot submit it twice. */
#include "cli/sendmail.h"

#include <apr_escape.h>
#include <apr_strings.h>
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/patience.h"

#define READ_SIZE 65536
#define ANSWER_WAIT (120 * APR_USEC_PER_SEC)
#define PATIENCE (10 * APR_USEC_PER_SEC) /* for a restarting daemon; then EX_TEMPFAIL */
/* between attempts to reach a restarting daemon */
#define AGAIN_AFTER (100 * APR_USEC_PER_SEC / 1000)
/* seconds; a smaller "retryAfter" means that the daemon is restarting */
#define RESTART_WAIT 5
/* octets of TRACEPARENT; a longer one is ignored */
#define TRACE_MAX 200

/* ---- the header ---- */

/* What an SMTP client said about each recipient, if anything. */
static void put_parameters(ss_object_t *request, const ss_sendmail_t *s)
{
    int count = s->notifies->nelts, has_notify = 0, has_orcpt = 0;

    for (int i = 0; i < count; i++) {
        has_notify |= APR_ARRAY_IDX(s->notifies, i, unsigned) != 0;
        has_orcpt |= APR_ARRAY_IDX(s->orcpts, i, const char *) != NULL;
    }
    if (has_notify) {
        ss_object_list(request, "notifies");
        for (int i = 0; i < count; i++)
            ss_object_item_number(request, APR_ARRAY_IDX(s->notifies, i, unsigned));
        ss_object_list_end(request);
    }
    if (!has_orcpt) return;
    ss_object_list(request, "orcpts");
    for (int i = 0; i < count; i++)
        ss_object_item(request, APR_ARRAY_IDX(s->orcpts, i, const char *));
    ss_object_list_end(request);
}

const char *ss_sendmail_header(const ss_sendmail_t *s, const char *login, const char *full_name,
                               const char *key, apr_pool_t *pool)
{
    ss_attributes_t attr = s->attr;
    ss_object_t request;
    ss_buf_t out;

    attr.via = "sendmail";
    /* As OpenTelemetry passes it to programs; the daemon checks it. */
    const char *trace = getenv("TRACEPARENT");
    if (trace && strlen(trace) <= TRACE_MAX) attr.traceparent = trace;
    if (!s->is_dry_run) attr.idempotency_key = attr.content_hash = key;
    ss_buf_init(&out, SS_FRAME_HEADER_MAX);
    ss_object_begin(&request, &out);
    ss_object_text(&request, "do", "submit");
    ss_object_text(&request, "from", s->from ? s->from : login);
    ss_attributes_put(&request, &attr);
    if (s->notify) ss_object_number(&request, "notify", s->notify);
    ss_object_flag(&request, "dryRun", s->is_dry_run);
    ss_object_open(&request, "compose");
    ss_object_flag(&request, "takesRcpts", s->takes_rcpts);
    ss_object_text(&request, "fullName", s->full_name ? s->full_name : full_name);
    ss_object_close(&request);
    ss_object_list(&request, "to");
    for (int i = 0; i < s->to->nelts; i++)
        ss_object_item(&request, APR_ARRAY_IDX(s->to, i, const char *));
    ss_object_list_end(&request);
    if (s->notifies) put_parameters(&request, s);
    const char *header =
        ss_object_end(&request) == APR_SUCCESS ? apr_pstrmemdup(pool, out.data, out.len) : NULL;
    ss_buf_free(&out);
    return header;
}

/* The calling user's login. name: the full name (GECOS up to the first comma), or NULL. */
static const char *login_of(const char **name, apr_pool_t *pool)
{
    const struct passwd *user = getpwuid(getuid());

    *name = NULL;
    if (!user || !user->pw_name || !*user->pw_name)
        return apr_psprintf(pool, "uid%d", (int)getuid());
    if (user->pw_gecos && *user->pw_gecos && *user->pw_gecos != ',' &&
        !strchr(user->pw_gecos, '&')) {
        *name = apr_pstrmemdup(pool, user->pw_gecos, strcspn(user->pw_gecos, ","));
    }
    return apr_pstrdup(pool, user->pw_name);
}

const char *ss_sendmail_key(apr_pool_t *pool)
{
    unsigned char random[16];

    if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random)) return NULL;
    return apr_pescape_hex(pool, random, sizeof(random), 0);
}

/* ---- standard input ---- */

static int read_content(ss_sendmail_input_t *input, apr_pool_t *pool)
{
    char *piece = apr_palloc(pool, READ_SIZE);
    apr_status_t rv = APR_SUCCESS;

    while (rv == APR_SUCCESS && !input->has_ended) {
        ssize_t got = read(STDIN_FILENO, piece, READ_SIZE);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0)
            return ss_cli_complain(EX_IOERR, "the message cannot be read: %s", strerror(errno));
        if (!got) break;
        rv = ss_sendmail_input_add(input, piece, (apr_size_t)got, pool);
    }
    if (rv == APR_SUCCESS) rv = ss_sendmail_input_end(input, pool);
    if (rv == SS_SENDMAIL_INPUT_TOO_LARGE)
        return ss_cli_complain(EX_DATAERR, "the message is larger than %d bytes",
                               SS_SENDMAIL_INPUT_MAX);
    if (rv != APR_SUCCESS) return ss_cli_complain(EX_TEMPFAIL, "%s", ss_scratch_why(rv, pool));
    /* Empty input is a message without fields and text: "sendmail root < /dev/null" sends it. */
    return input->begin.len                                  ? EX_OK
           : ss_buf_puts(&input->begin, "\n") == APR_SUCCESS ? EX_OK
                                                             : EX_OSERR;
}

/* ---- the answer ---- */

const char *ss_sendmail_detail(const ss_peer_answer_t *answer, apr_pool_t *pool)
{
    const char *text = ss_object_read_text(answer->header, answer->header_len, "detail", pool);

    if (!text) return apr_psprintf(pool, "the delivery daemon refused (%d)", answer->status);
    return ss_text_blank_controls(apr_pstrdup(pool, text));
}

static int is_back_soon(const ss_peer_answer_t *answer)
{
    apr_int64_t after = ss_object_read_number(answer->header, answer->header_len, "retryAfter", 0);

    return answer->status == 503 && after >= 1 && after <= RESTART_WAIT;
}

apr_status_t ss_sendmail_ask(const char *socket, const char *header,
                             const ss_sendmail_input_t *input, ss_peer_answer_t *answer,
                             ss_result_t *why, apr_pool_t *pool)
{
    ss_patience_t patience = ss_patience_begin(socket, SS_PATIENCE_USUAL);
    const ss_peer_call_t call = { .path = socket,
                                  .header = header,
                                  .header_len = strlen(header),
                                  .content = input ? input->begin.data : NULL,
                                  .content_len = input ? input->begin.len : 0,
                                  .file = input ? input->rest.fd : -1,
                                  .file_len = input ? input->rest.len : 0,
                                  .timeout = ANSWER_WAIT,
                                  .is_wanted = ss_patience_lasts,
                                  .self = &patience };
    ss_mono_t until = ss_mono_add(ss_mono_now(), PATIENCE);

    for (;;) {
        ss_result_clear(why);
        apr_status_t rv = ss_peer_call(&call, answer, why, pool);
        int may_repeat = rv == APR_SUCCESS ? is_back_soon(answer)
                                           : rv == APR_EOF || rv == APR_ECONNABORTED || rv == EPIPE;
        if (patience.is_over) ss_patience_explain(&patience, why);
        if (!may_repeat || ss_mono_reached(until, ss_mono_now())) return rv;
        apr_sleep(AGAIN_AFTER);
    }
}

static int hand_over(const ss_sendmail_t *s, const char *header, const ss_sendmail_input_t *input,
                     apr_pool_t *pool)
{
    ss_peer_answer_t answer = { 0 };
    ss_result_t result;

    if (ss_sendmail_ask(s->socket, header, input, &answer, &result, pool) != APR_SUCCESS)
        return ss_cli_complain(EX_TEMPFAIL, "%s",
                               ss_result_is_set(&result) ? result.text
                                                         : "the delivery daemon cannot be reached");
    if (answer.status == 200 && s->is_dry_run) {
        int count = (int)ss_object_read_number(answer.header, answer.header_len, "recipients", 0);
        printf("The message would be accepted for %d %s; nothing was stored\n", count,
               count == 1 ? "recipient" : "recipients");
    }
    if (answer.status == 202 || answer.status == 200) return fflush(stdout) ? EX_IOERR : EX_OK;
    return ss_cli_complain(ss_cli_exit_code(answer.status, EX_DATAERR), "%s",
                           ss_sendmail_detail(&answer, pool));
}

int ss_sendmail_submit(const ss_sendmail_t *s, apr_pool_t *pool)
{
    const char *name = NULL, *login = s->from ? NULL : login_of(&name, pool),
               *key = ss_sendmail_key(pool);
    const char *header = ss_sendmail_header(s, login, name, key, pool);
    ss_sendmail_input_t input;

    if (!header)
        return ss_cli_complain(EX_DATAERR, "too many recipients: they need more than %d bytes",
                               SS_FRAME_HEADER_MAX);
    ss_sendmail_input_init(&input, s->ignores_dots);
    int code = read_content(&input, pool);
    if (code == EX_OK) code = hand_over(s, header, &input, pool);
    ss_sendmail_input_free(&input);
    return code;
}
