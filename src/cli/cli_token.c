/* cli_token.c: an OAuth 2 token by client credentials or by a service account, for
 * SMTPSendPassword exec:. */
#include "cli/cli.h"

#include <apr_strings.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "cli/arguments.h"
#include "cli/token.h"
#include "cli/terminal.h"

#define MICROSOFT_URL "https://login.microsoftonline.com/%s/oauth2/v2.0/token"
#define MICROSOFT_SCOPE "https://outlook.office365.com/.default"
#define GOOGLE_URL "https://oauth2.googleapis.com/token"
#define GOOGLE_SCOPE "https://mail.google.com/"
#define JWT_CLIENT "urn:ietf:params:oauth:client-assertion-type:jwt-bearer" /* RFC 7523 2.2 */
#define JWT_GRANT "urn:ietf:params:oauth:grant-type:jwt-bearer"             /* RFC 7523 2.1 */
#define ASSERTION_SECONDS 600
#define FIELDS_MAX 8

typedef struct {
    int microsoft, google, is_forced;
    const char *tenant, *client, *secret_file, *key_file, *cert_file, *user, *scope, *url, *cache;
} options_t;

static json_int_t seconds_now(void)
{
    return (json_int_t)apr_time_sec(ss_wall_now());
}

/* ---- Microsoft ---- */

static const char *microsoft_assertion(ss_cli_t *cli, const options_t *o)
{
    apr_size_t key_len, cert_len;
    const char *key = ss_token_cache_file(cli, o->key_file, 0, &key_len),
               *cert = key ? ss_token_cache_file(cli, o->cert_file, 0, &cert_len) : NULL;
    const char *thumbprint = cert ? ss_token_assertion_thumbprint(cli, cert, cert_len) : NULL;
    json_int_t now = seconds_now();

    if (!thumbprint) return NULL;
    return ss_token_assertion_sign(
        cli, json_pack("{s:s,s:s,s:s}", "alg", "RS256", "typ", "JWT", "x5t#S256", thumbprint),
        json_pack("{s:s,s:s,s:s,s:s,s:I,s:I,s:I}", "aud", o->url, "iss", o->client, "sub",
                  o->client, "jti", ss_token_assertion_id(cli->pool), "nbf", now, "iat", now, "exp",
                  now + ASSERTION_SECONDS),
        key, key_len);
}

static int ask_microsoft(ss_cli_t *cli, const options_t *o, ss_token_t *token)
{
    ss_token_ask_field_t fields[FIELDS_MAX] = { { "grant_type", "client_credentials" },
                                                { "client_id", o->client },
                                                { "scope", o->scope } };
    apr_size_t len;
    int count = 3;

    if (o->secret_file) {
        fields[count].name = "client_secret";
        fields[count].value = ss_token_cache_file(cli, o->secret_file, 1, &len);
    } else {
        fields[count++] = (ss_token_ask_field_t){ "client_assertion_type", JWT_CLIENT };
        fields[count].name = "client_assertion";
        fields[count].value = microsoft_assertion(cli, o);
    }
    if (!fields[count++].value) return EX_NOINPUT;
    return ss_token_ask(cli, o->url, fields, count, token);
}

/* ---- Google ---- */

static int ask_google(ss_cli_t *cli, const options_t *o, ss_token_t *token)
{
    apr_size_t len;
    const char *text = ss_token_cache_file(cli, o->key_file, 0, &len);
    json_t *account = text ? json_loadb(text, len, 0, NULL) : NULL;
    const char *email = ss_json_text(account, "client_email"),
               *key = ss_json_text(account, "private_key");
    const char *key_id = ss_json_text(account, "private_key_id");
    const char *assertion = NULL;
    json_int_t now = seconds_now();

    if (text && (!email || !key))
        ss_cli_complain(EX_USAGE,
                        "%s: not the JSON key of a service account (client_email, private_key)",
                        o->key_file);
    if (email && key) {
        json_t *claims = json_pack("{s:s,s:s,s:s,s:I,s:I}", "iss", email, "scope", o->scope, "aud",
                                   o->url, "iat", now, "exp", now + ASSERTION_SECONDS);
        ss_json_put(claims, "sub", o->user);
        assertion = ss_token_assertion_sign(
            cli, json_pack("{s:s,s:s,s:s?}", "alg", "RS256", "typ", "JWT", "kid", key_id), claims,
            key, strlen(key));
    }
    json_decref(account);
    if (!assertion) return EX_NOINPUT;
    const ss_token_ask_field_t fields[] = { { "grant_type", JWT_GRANT },
                                            { "assertion", assertion } };
    return ss_token_ask(cli, o->url, fields, 2, token);
}

/* ---- the command ---- */

static int check(ss_cli_t *cli, options_t *o)
{
    if (o->microsoft == o->google)
        return ss_cli_complain(EX_USAGE, "give either --microsoft or --google");
    if (o->google) {
        if (!o->key_file)
            return ss_cli_complain(EX_USAGE,
                                   "--google needs --key-file, the service account's JSON key");
        if (o->client || o->tenant || o->secret_file || o->cert_file)
            return ss_cli_complain(
                EX_USAGE, "--google takes --key-file and --user, not the options of --microsoft");
        if (!o->url) o->url = GOOGLE_URL;
        if (!o->scope) o->scope = GOOGLE_SCOPE;
        return 0;
    }
    if (!o->client || (!o->tenant && !o->url))
        return ss_cli_complain(EX_USAGE, "--microsoft needs --tenant and --client-id");
    if (!o->secret_file == !(o->key_file && o->cert_file))
        return ss_cli_complain(EX_USAGE,
                               "--microsoft needs --secret-file, or --key-file and --cert-file");
    if (o->user)
        return ss_cli_complain(
            EX_USAGE, "--user needs --google: for Microsoft the mailbox is SMTPSendUsername");
    for (const char *p = o->tenant ? o->tenant : ""; *p; p++) {
        if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_", *p))
            return ss_cli_complain(EX_USAGE, "--tenant is a domain or an id");
    }
    if (!o->url) o->url = apr_psprintf(cli->pool, MICROSOFT_URL, o->tenant);
    if (!o->scope) o->scope = MICROSOFT_SCOPE;
    return 0;
}

static int print(const ss_cli_t *cli, const ss_token_t *token)
{
    if (cli->is_json)
        ss_terminal_json(json_pack("{s:s,s:I}", "token", token->token, "expires",
                                   (json_int_t)apr_time_sec(token->expires)));
    else
        puts(token->token);
    return EX_OK;
}

int ss_cli_token(ss_cli_t *cli, int argc, const char *const *argv)
{
    options_t o = { 0 };
    const ss_arguments_option_t options[] = {
        { "microsoft", NULL, "Microsoft 365, by client credentials", &o.microsoft },
        { "tenant", "TENANT", "domain or id of the tenant", &o.tenant },
        { "client-id", "ID", "id of the registered application", &o.client },
        { "secret-file", "FILE", "file with the application's secret", &o.secret_file },
        { "cert-file", "FILE", "or with its certificate (PEM), and --key-file", &o.cert_file },
        { "google", NULL, "Google, by a service account", &o.google },
        { "key-file", "FILE", "private key: PEM, or Google's JSON", &o.key_file },
        { "user", "ADDRESS", "the mailbox that a Google service account acts for", &o.user },
        { "scope", "SCOPE", "scope (the service's usual one for SMTP)", &o.scope },
        { "url", "URL", "token endpoint (the service's)", &o.url },
        { "cache", "FILE", "where to cache tokens (~/.cache/smtp-send)", &o.cache },
        { "force", NULL, "get a new token, ignore the cache", &o.is_forced },
        { 0 }
    };
    ss_token_t token = { NULL, 0 };
    int code;

    if (ss_arguments_read(cli, options, argc, argv, NULL, &code)) return code;
    if (check(cli, &o)) return EX_USAGE;
    const char *key =
        apr_pstrcat(cli->pool, o.url, " ", o.scope, " ", o.client ? o.client : "", " ",
                    o.key_file ? o.key_file : "", " ", o.user ? o.user : "", NULL);
    const char *path = ss_token_cache_path(cli, o.cache, key);
    if (path && !o.is_forced && ss_token_cache_read(cli, path, key, &token))
        return print(cli, &token);
    code = o.microsoft ? ask_microsoft(cli, &o, &token) : ask_google(cli, &o, &token);
    if (code != EX_OK) return code;
    if (path) ss_token_cache_write(cli, path, key, &token);
    return print(cli, &token);
}
