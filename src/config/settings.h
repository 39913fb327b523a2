/* settings.h: everything an administrator can set, as plain structs, one field for each row of
 * option_table.c. No httpd here. A record is frozen after the configuration was read; from then on
 * it is const and shared by fork. */
#pragma once

#include <apr_pools.h>
#include <apr_tables.h>
#include <apr_time.h>

#include "config/secret.h"

/* a number, flag, enum or duration that no directive set; pointers: NULL */
#define SS_UNSET (-1)

typedef enum {
    SS_TLS_NONE,
    SS_TLS_NEGOTIATE,
    SS_TLS_STARTTLS,
    SS_TLS_TLS,
    SS_TLS_OPPORTUNISTIC
} ss_settings_tls_t;
/* bits of tls_versions; 0 = 1.2 and newer */
enum { SS_TLSV1 = 1, SS_TLSV1_1 = 2, SS_TLSV1_2 = 4, SS_TLSV1_3 = 8 };
typedef enum { SS_ONE_OFF, SS_ONE_ON, SS_ONE_AUTO } ss_one_message_t;
typedef enum { SS_PIPELINING_OFF, SS_PIPELINING_AUTO } ss_pipelining_t;
typedef enum { SS_UNCERTAIN_RETRY, SS_UNCERTAIN_HOLD } ss_uncertain_t;
typedef enum { SS_EVENT_WHOLE, SS_EVENT_MASKED, SS_EVENT_HASHED } ss_event_addresses_t;
typedef enum {
    SS_API_NATIVE,
    SS_API_RESEND,
    SS_API_POSTMARK,
    SS_API_SENDGRID,
    SS_API_MAILGUN
} ss_settings_api_t;
typedef enum { SS_PRIORITY_HIGH, SS_PRIORITY_NORMAL, SS_PRIORITY_BULK } ss_priority_t;
enum {
    SS_TIMEOUT_CONNECT,
    SS_TIMEOUT_GREETING,
    SS_TIMEOUT_AUTH,
    SS_TIMEOUT_COMMAND,
    SS_TIMEOUT_DATA,
    SS_TIMEOUTS
};

typedef struct {
    const char *name; /* host name or address, without brackets */
    int port;         /* 0: the relay's port */
} ss_settings_host_t;

typedef struct {
    apr_int64_t count;       /* so many ... */
    apr_interval_time_t per; /* ... in this time */
} ss_settings_rate_t;

typedef struct {
    /* SMTPSendAlias, SMTPSendAddHeader, SMTPSendRelayFor; order as written */
    const char *name, *value;
    const void *compiled; /* SMTPSendAddHeader: httpd's expression; else NULL */
    const char *source;   /* "file:line", or NULL */
} ss_settings_pair_t;

/* one relay: a server record (S), and the queue's global ones for its main server */
typedef struct {
    int engine; /* the relay */
    const char *relay_name;
    apr_array_header_t *hosts; /* of ss_settings_host_t */
    int port;
    int tls;          /* ss_settings_tls_t */
    int tls_versions; /* bits above */
    int tls_verify;
    const char *tls_ca_file, *tls_name, *tls_fingerprint, *tls_cert_file, *tls_key_file,
        *tls_ciphers, *tls_groups;
    const char *username;
    ss_secret_source_t *password;
    apr_array_header_t *auth; /* of const char *: "auto", "off" or mechanisms in order */
    int auth_insecure;
    const char *helo;
    int helo_is_address; /* nobody gave a name: EHLO says the connection's own address */
    const char *source_address;
    apr_interval_time_t timeout[SS_TIMEOUTS];
    apr_interval_time_t test_timeout;
    int pause;        /* sending */
    int one_message;  /* ss_one_message_t */
    int max_messages; /* a connection; 0 no limit */
    int max_recipients;
    apr_interval_time_t max_connection_age;
    int connections;
    apr_interval_time_t idle_timeout;
    int pipelining;            /* ss_pipelining_t */
    apr_array_header_t *rates; /* of ss_settings_rate_t */
    apr_array_header_t *retry; /* of apr_interval_time_t */
    apr_interval_time_t expire;
    int uncertain;                    /* ss_uncertain_t */
    const char *bounce;               /* "sender", "off" or an address */
    const char *bounce_from;          /* "" for <> */
    apr_interval_time_t delay_notice; /* 0: off */
    const char *envelope_from, *header_from;
    const char *default_domain;
    apr_array_header_t *aliases; /* of ss_settings_pair_t */
    const char *redirect;        /* of everything that leaves this server, or NULL */
    apr_interval_time_t alert_age;
    apr_int64_t max_message_size;
    /* not directives */
    /* the files' content, where the daemon read them as root (net/tls.h); else NULL */
    const char *tls_ca_pem, *tls_cert_pem, *tls_key_pem;
    const char *server_name; /* httpd's ServerName of this record, for defaults; NULL: none */
    const char *host_name;   /* what stands for it (host_name.h), or NULL */
    const char *mail_name;   /* this host in Message-IDs and reports */
    /* of const char *: per option of ss_options, "file:line" or NULL (default) */
    apr_array_header_t *sources;
} ss_settings_t;

typedef struct {              /* once for the whole server (G) */
    const char *queue_driver; /* "sqlite3" or "pgsql" */
    const char *queue_params; /* path or conninfo; NULL: the default below the state folder */
    const char *node_file;    /* where a node of a shared queue keeps its name */
    apr_int64_t queue_limit_messages, queue_limit_bytes;
    apr_interval_time_t history;
    const char *event_log; /* an absolute path, or "|" and a program with its arguments; or NULL */
    int event_addresses;   /* ss_event_addresses_t */
    apr_array_header_t *daemon_user; /* of const char *: a user, and a group where it is given */
    const char *socket_path;
    int socket_mode;               /* 0660 */
    apr_array_header_t *relay_for; /* of ss_settings_pair_t */
    const char *listen;            /* "127.0.0.1:2525" or "[::1]:2525", or NULL */
    apr_array_header_t *sources;
} ss_settings_globals_t;

typedef struct {                               /* a location (D) */
    apr_array_header_t *allow_from, *allow_to; /* of const char *: patterns */
    const char *redirect, *default_from;
    apr_array_header_t *add_headers;    /* of ss_settings_pair_t */
    apr_array_header_t *allow_relay;    /* of const char * */
    int priority;                       /* ss_priority_t */
    apr_array_header_t *submitter_rate; /* of ss_settings_rate_t */
    /* webhook_key: what the secret is called (hooks.h); the secret itself is no setting */
    const char *webhook, *webhook_key;
    apr_array_header_t *webhook_allow, *webhook_events;
    apr_array_header_t *allow_origin; /* of const char *: origins */
    int api;                          /* ss_settings_api_t */
    const char *key_file;
    int status_body;
    apr_int64_t max_message_size;
    apr_array_header_t *sources;
    /* not directives: of the key that a request came with (key_file.h) */
    apr_array_header_t *key_from; /* of const char *: patterns, or NULL */
    const char *key_relay;
} ss_settings_policy_t;

/* All fields unset. */
void ss_settings_clear(ss_settings_t *s);
void ss_settings_globals_clear(ss_settings_globals_t *g);
void ss_settings_policy_clear(ss_settings_policy_t *d);
/* Puts the table's defaults where nothing was set, and derives what depends on other fields.
 * state_dir, runtime_dir: DefaultStateDir and DefaultRuntimeDir. */
void ss_settings_finish(ss_settings_t *s, apr_pool_t *pool);
void ss_settings_globals_finish(ss_settings_globals_t *g, const char *state_dir,
                                const char *runtime_dir, apr_pool_t *pool);
void ss_settings_policy_finish(ss_settings_policy_t *d, apr_pool_t *pool);
/* The port of host number i of a finished record. */
int ss_settings_port(const ss_settings_t *s, int i);
/* Whether delivery to the two would be the same in every respect. */
int ss_settings_equal(const ss_settings_t *a, const ss_settings_t *b);
