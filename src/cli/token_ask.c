/* token_ask.c: a request to a token endpoint (RFC 6749 4.4, 5): a form over HTTPS, JSON back. */
#include "cli/token.h"

#include <apr_strings.h>
#include <curl/curl.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/text.h"
#include "cli/terminal.h"

#define ASK_SECONDS 30L
#define EXPIRES_DEFAULT 300 /* seconds, if the service does not say */

static size_t take(char *bytes, size_t size, size_t count, void *out)
{
    return ss_buf_append(out, bytes, size * count) == APR_SUCCESS ? size * count : 0;
}

/* Secrets are sent encrypted, or only to this machine. */
static int is_safe(const char *url)
{
    static const char *const local[] = { "http://127.0.0.1:", "http://127.0.0.1/",
                                         "http://[::1]:", "http://[::1]/" };

    if (!strncasecmp(url, "https://", 8)) return 1;
    for (size_t i = 0; i < sizeof(local) / sizeof(local[0]); i++) {
        if (!strncmp(url, local[i], strlen(local[i]))) return 1;
    }
    return 0;
}

static const char *form(CURL *curl, const ss_token_ask_field_t *fields, int count, apr_pool_t *pool)
{
    const char *out = "";

    for (int i = 0; i < count; i++) {
        char *value = curl_easy_escape(curl, fields[i].value, 0);
        out = apr_pstrcat(pool, out, i ? "&" : "", fields[i].name, "=", value ? value : "", NULL);
        curl_free(value);
    }
    return out;
}

/* The token of an answer; otherwise reports the service's error. */
static int read_answer(ss_cli_t *cli, long status, const ss_buf_t *body, ss_token_t *token)
{
    json_t *document = json_loadb(body->data ? body->data : "", body->len, 0, NULL);
    const char *text = ss_json_text(document, "access_token");
    json_t *lasts = json_object_get(document, "expires_in");
    apr_int64_t seconds = EXPIRES_DEFAULT;
    int code = EX_OK;

    /* Some services send the number as a string. */
    if (json_is_integer(lasts))
        seconds = json_integer_value(lasts);
    else if (json_is_string(lasts))
        ss_text_number(json_string_value(lasts), 0, 1000000000, &seconds);
    if (status == 200 && text && *text && strlen(text) < SS_TOKEN_MAX &&
        !ss_text_has_control(text) && !ss_text_has_8bit(text)) {
        token->token = apr_pstrdup(cli->pool, text);
        token->expires = ss_wall_now() + apr_time_from_sec(seconds);
    } else {
        const char *error = ss_terminal_text(document, "error", cli->pool),
                   *more = ss_terminal_text(document, "error_description", cli->pool);
        code = ss_cli_complain(status == 429 || status >= 500 ? EX_TEMPFAIL : EX_UNAVAILABLE,
                               "the service gave no token (HTTP %ld)%s%s%s%s", status,
                               *error ? ": " : "", error, *more ? ": " : "", more);
    }
    json_decref(document);
    return code;
}

int ss_token_ask(ss_cli_t *cli, const char *url, const ss_token_ask_field_t *fields, int count,
                 ss_token_t *token)
{
    char error[CURL_ERROR_SIZE] = "";
    ss_buf_t body;
    long status = 0;

    if (!is_safe(url))
        return ss_cli_complain(EX_USAGE, "%s: secrets are only sent to https:// addresses",
                               ss_terminal_clean(url, cli->pool));
    CURL *curl = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? curl_easy_init() : NULL;
    if (!curl) return ss_cli_complain(EX_OSERR, "libcurl cannot be started");
    ss_buf_init_secret(&body, SS_TOKEN_MAX * 2);
    const char *text = form(curl, fields, count, cli->pool);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, text);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, (long)strlen(text));
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &body);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, error);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, ASK_SECONDS);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "mod_smtp_send/" SMTP_SEND_VERSION);
    CURLcode rv = curl_easy_perform(curl);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    int code = rv == CURLE_OK ? read_answer(cli, status, &body, token)
                              : ss_cli_complain(EX_TEMPFAIL, "%s cannot be reached: %s",
                                                ss_terminal_clean(url, cli->pool),
                                                *error ? error : curl_easy_strerror(rv));
    ss_buf_wipe(&body);
    curl_easy_cleanup(curl);
    curl_global_cleanup();
    return code;
}
