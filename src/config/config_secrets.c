#include "config/config_secrets.h"

#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "config/environment.h"
#include "config/hooks.h"
#include "config/scrub.h"

#define SECRETS_MAX 1000 /* relays of one server */
#define SCRUB_MAX 4096   /* bytes of a connection's line */

static struct {
    const ss_settings_t *relay;
    ss_secret_t *secret;
} secrets[SECRETS_MAX];
static int secret_count;
/* of a database server, which may hold a password; else NULL */
static char *queue_params;

static apr_status_t forget_secrets(void *unused)
{
    (void)unused;
    for (int i = 0; i < secret_count; i++) ss_secret_destroy(secrets[i].secret);
    secret_count = 0;
    queue_params = NULL;
    return APR_SUCCESS;
}

const char *ss_config_secret_add(const ss_settings_t *relay, apr_pool_t *pool)
{
    if (secret_count == SECRETS_MAX) return "more than 1000 relays are configured";
    if (!secret_count) apr_pool_cleanup_register(pool, NULL, forget_secrets, apr_pool_cleanup_null);
    secrets[secret_count].relay = relay;
    secrets[secret_count].secret = ss_secret_create(relay->password);
    secret_count++;
    return NULL;
}

void ss_config_secrets_know_queue(const ss_settings_globals_t *globals)
{
    queue_params = strcmp(globals->queue_driver, "sqlite3") ? (char *)globals->queue_params : NULL;
}

ss_secret_t *ss_config_secret(const ss_settings_t *relay)
{
    for (int i = 0; i < secret_count; i++) {
        if (!strcmp(secrets[i].relay->relay_name, relay->relay_name)) return secrets[i].secret;
    }
    return NULL;
}

/* A connection to a database may hold a password of its own: "password=..." or "://user:...@". The
 * line of the configuration is partly overwritten by later ones, so it is looked for without its
 * begin. */
static void scrub_queue(void)
{
    const char *begin = queue_params ? strstr(queue_params, "password=") : NULL,
               *url = queue_params ? strstr(queue_params, "://") : NULL;
    apr_size_t len = begin ? strcspn(begin, " ") : 0;
    char text[SCRUB_MAX];

    if (url && !begin) {
        begin = strchr(url + 3, ':');
        len = begin ? strcspn(begin, "@") : 0;
    }
    if (!len || len >= sizeof(text)) return;
    apr_cpystrn(text, begin, len + 1);
    ss_scrub_text(text, queue_params, strlen(queue_params));
    memset(text, 0, sizeof(text));
}

/* The password written into the configuration, or NULL. */
static const char *written_password(int i)
{
    const ss_secret_source_t *source = secrets[i].relay->password;

    return source && source->kind == SS_SECRET_TEXT ? source->source : NULL;
}

void ss_config_scrub(void)
{
    scrub_queue();
    ss_hooks_scrub();
    for (int i = 0; i < secret_count; i++)
        if (written_password(i)) ss_scrub_line("SMTPSendPassword", written_password(i));
}

/* Each text that the configuration has as a secret, in turn from 0; NULL after the last. */
static char *text_at(int i)
{
    static char none[1];
    int hooks = 0;

    while (ss_hooks_at(hooks)) hooks++;
    if (i == 0) return queue_params ? queue_params : none;
    if (i <= hooks) return (char *)(apr_uintptr_t)ss_hooks_at(i - 1);
    i -= 1 + hooks;
    if (i >= 2 * secret_count) return NULL;
    const char *password = written_password(i / 2);
    if (password && i % 2) password = ss_secret_written(secrets[i / 2].secret);
    return password ? (char *)(apr_uintptr_t)password : none;
}

static char *hidden; /* the texts, each with its zero byte */
static apr_size_t hidden_len;

void ss_config_secrets_hide(void)
{
    apr_size_t len = 0, at = 0;
    char *text;

    for (int i = 0; (text = text_at(i)) != NULL; i++) len += strlen(text) + 1;
    char *all = calloc(1, len);
    if (!all) return;
    for (int i = 0; (text = text_at(i)) != NULL; at += strlen(text) + 1, i++)
        memcpy(all + at, text, strlen(text));
    hidden_len = len;
    hidden = ss_environment_keep(all, len);
    explicit_bzero(all, len);
    free(all);
    for (int i = 0; hidden && (text = text_at(i)) != NULL; i++) memset(text, 0, strlen(text));
}

void ss_config_secrets_show(void)
{
    const char *from = hidden;
    char *text;

    if (!hidden) return;
    for (int i = 0; (text = text_at(i)) != NULL; from += strlen(from) + 1, i++)
        memcpy(text, from, strlen(from));
    munmap(hidden, hidden_len + 1);
    hidden = NULL;
}

void ss_config_wipe_secrets(void)
{
    char *text;

    for (int i = 0; (text = text_at(i)) != NULL; i++) memset(text, 0, strlen(text));
    for (int i = 0; i < secret_count; i++) ss_secret_wipe(secrets[i].secret);
}
