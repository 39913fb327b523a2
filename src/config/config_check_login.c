#include <apr_strings.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "config/config_check_impl.h"
#include "config/config_secrets.h"

/* ---- where the password is ---- */

/* What keeps a program from being run, or NULL. */
static const char *program_problem(const ss_config_check_t *c, const char *source)
{
    const char *path = apr_pstrmemdup(c->pool, source, strcspn(source, "\n"));
    apr_size_t word = strcspn(path, " ");
    struct stat info;
    char error[120];

    if (stat(path, &info)) {
        const char *first = apr_pstrmemdup(c->pool, path, word);
        apr_strerror(APR_FROM_OS_ERROR(errno), error, sizeof(error));
        return path[word] && !access(first, X_OK)
                   ? apr_psprintf(c->pool,
                                  "%s: %s; program and arguments are words of their own, without "
                                  "quotes around them: write SMTPSendPassword exec:%s",
                                  path, error, path)
                   : apr_psprintf(c->pool, "%s: %s; correct the path of the program", path, error);
    }
    if (S_ISDIR(info.st_mode))
        return apr_psprintf(c->pool, "%s: that is a folder, not a program", path);
    /* Root may read whatever it is, and run what anybody may. */
    if (!(info.st_mode & 0111))
        return apr_psprintf(c->pool, "%s: it cannot be run; \"chmod 755 %s\" makes it a program",
                            path, path);
    return NULL;
}

static const char *remedy_of(const ss_secret_source_t *source, apr_pool_t *pool)
{
    if (source->kind == SS_SECRET_FILE)
        return apr_psprintf(pool,
                            "; correct the path, or put the password into that file, readable for "
                            "root alone (install -m 600 /dev/null %s)",
                            source->source);
    if (source->kind == SS_SECRET_ENV)
        return apr_psprintf(pool,
                            "; set %s where the server gets its environment (Debian's httpd: "
                            "/etc/apache2/envvars; systemd: Environment=)",
                            source->source);
    return "";
}

/* What keeps the secret from being read, or NULL. */
static const char *secret_problem(const ss_config_check_t *c, ss_secret_t *secret)
{
    const ss_secret_source_t *source = c->relay->password;
    ss_result_t result = { 0 };
    apr_size_t len;

    if (source->kind == SS_SECRET_EXEC) return program_problem(c, source->source);
    if (ss_secret_load(secret, &result) != APR_SUCCESS)
        return apr_pstrcat(c->pool, result.text, remedy_of(source, c->pool), NULL);
    ss_secret_bytes(secret, &len);
    if (len || source->kind == SS_SECRET_NONE) return NULL;
    return apr_pstrcat(c->pool, source->source, " is empty", remedy_of(source, c->pool), NULL);
}

static void check_file(const ss_config_check_t *c, const ss_secret_t *secret)
{
    const char *path = c->relay->password->source;
    apr_size_t len;
    const char *bytes = ss_secret_bytes(secret, &len);
    struct stat info;

    if (memchr(bytes, '\n', len))
        ss_config_check_doubt(c, "SMTPSendPassword",
                              "SMTPSendPassword file:%s: the file has several lines, which are all "
                              "taken as the password; keep the one with the password",
                              path);
    if (!stat(path, &info) && (info.st_mode & 0004))
        ss_config_check_doubt(c, "SMTPSendPassword",
                              "SMTPSendPassword file:%s: every user of this machine can read the "
                              "password; \"chmod 600 %s\" leaves it to root",
                              path, path);
}

/* A password in the configuration that looks as if something else was meant. */
static void check_text(const ss_config_check_t *c)
{
    const char *text = c->relay->password->source, *colon = strchr(text, ':');
    struct stat info;

    if (colon && (!strncasecmp(text, "file:", 5) || !strncasecmp(text, "exec:", 5)))
        ss_config_check_doubt(c, "SMTPSendPassword",
                              "SMTPSendPassword: this is taken as the password itself, since "
                              "prefixes are in small letters; write SMTPSendPassword %s%s",
                              strncasecmp(text, "file", 4) ? "exec" : "file", colon);
    else if (*text == '$')
        ss_config_check_doubt(c, "SMTPSendPassword",
                              "SMTPSendPassword: this is taken as the password itself, and the "
                              "name of a variable begins with $; write SMTPSendPassword env:NAME, "
                              "or Define the variable");
    else if (*text == '/' && !stat(text, &info) && S_ISREG(info.st_mode))
        ss_config_check_doubt(c, "SMTPSendPassword",
                              "SMTPSendPassword: the path is taken as the password itself; write "
                              "SMTPSendPassword file:%s",
                              text);
}

static int has_word(const apr_array_header_t *words, const char *list)
{
    for (int i = 0; i < words->nelts; i++)
        if (ss_text_word_index(list, APR_ARRAY_IDX(words, i, const char *)) >= 0) return 1;
    return 0;
}

static void check_secret(const ss_config_check_t *c)
{
    ss_secret_t *secret = ss_config_secret(c->relay);

    if (!secret || !c->relay->password) return;
    const ss_secret_kind_t kind = c->relay->password->kind;
    const char *bad = secret_problem(c, secret);
    if (bad) {
        ss_log(c->log, SS_LOG_ERROR, 115,
               "%sSMTPSendPassword cannot be read: %s; until then the login fails",
               ss_config_check_at(c, "SMTPSendPassword", NULL), bad);
        return;
    }
    if (kind == SS_SECRET_FILE) check_file(c, secret);
    if (kind != SS_SECRET_TEXT) return;
    check_text(c);
    if (has_word(c->relay->auth, "XOAUTH2 OAUTHBEARER"))
        ss_config_check_doubt(c, "SMTPSendPassword",
                              "SMTPSendPassword has a fixed text, and a token of SMTPSendAuth "
                              "XOAUTH2 or OAUTHBEARER expires within hours; write "
                              "SMTPSendPassword exec:/usr/bin/smtp-send token ... (man smtp-send)");
}

/* ---- user name and mechanisms ---- */

static void check_user(const ss_config_check_t *c)
{
    const ss_settings_t *relay = c->relay;
    int has_password = relay->password && relay->password->kind != SS_SECRET_NONE;
    int is_external = relay->tls_cert_file && has_word(relay->auth, "EXTERNAL");

    if (relay->username && !has_password && !is_external)
        ss_log(c->log, SS_LOG_WARN, 116,
               "%sSMTPSendUsername without SMTPSendPassword: the login fails; write "
               "SMTPSendPassword file:PATH, or remove SMTPSendUsername if no login is needed",
               ss_config_check_at(c, "SMTPSendPassword", "SMTPSendUsername"));
    if (!relay->username && has_password) {
        ss_log(c->log, SS_LOG_WARN, 117,
               "%sSMTPSendPassword without SMTPSendUsername: no login is attempted; write "
               "SMTPSendUsername with the name of the login",
               ss_config_check_at(c, "SMTPSendPassword", NULL));
    }
    if (relay->username &&
        (!strncasecmp(relay->username, "file:", 5) || !strncasecmp(relay->username, "env:", 4) ||
         !strncasecmp(relay->username, "exec:", 5)))
        ss_config_check_doubt(c, "SMTPSendUsername",
                              "SMTPSendUsername %s is used as it stands: only SMTPSendPassword "
                              "reads files, variables and programs",
                              relay->username);
}

/* What it allows does not happen where everything is encrypted. */
static void check_insecure(const ss_config_check_t *c)
{
    if (c->relay->auth_insecure && c->relay->tls != SS_TLS_NONE &&
        c->relay->tls != SS_TLS_OPPORTUNISTIC)
        ss_config_check_idle(c, "SMTPSendAuthInsecure",
                             "SMTPSendTLS encrypts every connection; remove it, so that it lets no "
                             "password out when SMTPSendTLS is changed");
}

static void check_mechanisms(const ss_config_check_t *c)
{
    const ss_settings_t *relay = c->relay;

    if (has_word(relay->auth, "off")) {
        if (relay->username)
            ss_config_check_doubt(c, "SMTPSendAuth",
                                  "SMTPSendAuth off: no login is attempted, although there is a "
                                  "SMTPSendUsername; write SMTPSendAuth auto, or remove the login");
        return;
    }
    if (has_word(relay->auth, "EXTERNAL") && !relay->tls_cert_file)
        ss_config_check_doubt(c, "SMTPSendAuth",
                              "SMTPSendAuth EXTERNAL logs in with a client certificate, which "
                              "is missing; write SMTPSendTLSCertificateFile and "
                              "SMTPSendTLSCertificateKeyFile");
    else if (!relay->username && !has_word(relay->auth, "auto EXTERNAL"))
        ss_config_check_idle(c, "SMTPSendAuth",
                             "without SMTPSendUsername no login is attempted; write "
                             "SMTPSendUsername and SMTPSendPassword");
}

/* A pinned certificate is verified, as long as nothing is sent without TLS. */
static void check_opportunistic(const ss_config_check_t *c)
{
    const ss_settings_t *relay = c->relay;

    if (!relay->username || relay->tls != SS_TLS_OPPORTUNISTIC ||
        (relay->tls_fingerprint && !relay->auth_insecure))
        return;
    ss_log(c->log, SS_LOG_WARN, 121,
           "%sa login with SMTPSendTLS opportunistic, which never verifies the server: %s; write "
           "SMTPSendTLS starttls or tls",
           ss_config_check_at(c, "SMTPSendUsername", NULL),
           relay->auth_insecure
               ? "the password goes to anybody who answers at its address (SMTPSendAuthInsecure On)"
               : "beyond this machine no password is sent, and the login may fail");
}

void ss_config_check_login(const ss_config_check_t *c)
{
    check_opportunistic(c);
    check_secret(c);
    check_user(c);
    check_insecure(c);
    check_mechanisms(c);
}
