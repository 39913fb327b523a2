/* cli_webhook.c: "webhook test": sends a signed sample to an application, so that its receiver can
 * be tried before there is mail. Needs no daemon. */
#include "cli/cli.h"

#include <apr_strings.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/ident.h"
#include "base/random.h"
#include "base/text.h"
#include "cli/arguments.h"
#include "cli/terminal.h"
#include "cli/token.h"
#include "net/webhook_call.h"

/* A notification as the daemon sends it (docs/http-api.md), marked as a test. */
static const char *sample(const char *id, apr_pool_t *pool)
{
    char now[SS_TEXT_TIME];

    ss_text_time_write(now, ss_wall_now());
    return ss_json_print(
        json_pack("{s:s,s:s,s:s,s:b,s:s,s:s,s:s,s:{},s:{s:s,s:s,s:b,s:i,s:s,s:s,s:s,s:s}}", "event",
                  "sent", "id", id, "time", now, "test", 1, "from", "app@example.com", "subject",
                  "Test of the webhook", "messageId", "<test@example.com>", "metadata", "recipient",
                  "address", "bob@example.net", "state", "sent", "uncertain", 0, "attempts", 1,
                  "reply", "250 2.0.0 Ok: queued as TEST", "dsn", "2.0.0", "relay",
                  "mail.example.com", "deliveredAt", now),
        pool);
}

/* Says what happened. Returns the exit code. */
static int tell(ss_cli_t *cli, const ss_webhook_call_t *call, apr_interval_time_t took)
{
    int is_taken = call->status >= 200 && call->status < 300;

    if (cli->is_json) {
        ss_terminal_json(json_pack("{s:b,s:i,s:s*,s:i,s:s,s:s}", "taken", is_taken, "status",
                                   call->status, "error", call->error[0] ? call->error : NULL, "ms",
                                   (int)apr_time_as_msec(took), "event", call->event, "body",
                                   call->body));
    } else if (is_taken) {
        ss_terminal_print(2, "%s answered %d after %d ms: the notification was taken.",
                          ss_terminal_clean(call->url, cli->pool), call->status,
                          (int)apr_time_as_msec(took));
        ss_terminal_print(2, "%s",
                          call->secret ? "It was signed (webhook-signature, "
                                         "SMTP-Send-Signature)."
                                       : "It was not signed: give --secret-file.");
    }
    if (is_taken) return EX_OK;
    if (call->status == 410)
        return ss_cli_complain(SS_CLI_NOTHING,
                               "it answered 410: this notification would not be repeated");
    if (call->status)
        return ss_cli_complain(SS_CLI_NOTHING,
                               "it answered %d, not 2xx: the notification would be repeated for a "
                               "day",
                               call->status);
    return ss_cli_complain(EX_UNAVAILABLE, "no answer: %s", call->error);
}

int ss_cli_webhook(ss_cli_t *cli, int argc, const char *const *argv)
{
    const char *secret_file = NULL, *secret = NULL, *url;
    const ss_arguments_option_t options[] = {
        { "secret-file", "FILE", "file with the key of the signature", &secret_file }, { 0 }
    };
    apr_array_header_t *words;
    unsigned char random[8] = { 0 };
    ss_ident_source_t source = { 0 };
    char id[SS_IDENT_TEXT];
    apr_size_t len;
    void *handle = NULL;
    int code;

    if (ss_arguments_read(cli, options, argc, argv, &words, &code)) return code;
    if (words->nelts != 2 || strcmp(APR_ARRAY_IDX(words, 0, const char *), "test"))
        return ss_cli_complain(EX_USAGE, "usage: smtp-send webhook test URL [--secret-file FILE]");
    url = APR_ARRAY_IDX(words, 1, const char *);
    if (strncmp(url, "http://", 7) && strncmp(url, "https://", 8))
        return ss_cli_complain(EX_USAGE, "\"%s\" is not an http:// or https:// URL",
                               ss_terminal_clean(url, cli->pool));
    if (secret_file) {
        secret = ss_token_cache_file(cli, secret_file, 1, &len);
        if (!secret) return EX_NOINPUT;
    }
    ss_random_bytes(random, sizeof(random));
    ss_ident_make(&source, ss_wall_now(), random, id);
    ss_webhook_call_t call = { .event = apr_pstrcat(cli->pool, id, "/0/sent", NULL),
                               .url = url,
                               .body = sample(id, cli->pool),
                               .secret = secret,
                               .may_be_private = 1 };
    ss_mono_t begun = ss_mono_now();
    ss_webhook_call_init();
    ss_webhook_call(&call, &handle);
    if (handle) ss_webhook_call_close(handle);
    return tell(cli, &call, ss_mono_since(ss_mono_now(), begun));
}
