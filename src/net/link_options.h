/* link_options.h: what a link is opened with: the settings, and who gets its events. */
#pragma once

#include "config/settings.h"
#include "net/address_health.h"
#include "net/tls.h"
#include "smtp/client.h"
#include "smtp/transcript.h"

typedef struct ss_link_t ss_link_t;

typedef struct {
    /* SS_EVENT_STEP with result.step resolve, connect, tls; then the client's events,
     * SS_EVENT_CLOSED last and exactly once, after which the owner must destroy the link (in the
     * callback or later). */
    void (*event)(void *self, ss_link_t *link, const ss_client_event_t *event);
    void *self;
} ss_link_owner_t;

typedef struct {
    const ss_settings_t *settings;
    int host;                    /* index in settings->hosts */
    ss_tls_t *tls;               /* the relay's; NULL with SMTPSendTLS none */
    unsigned learned;            /* SS_LEARN_ bits remembered of this host */
    int max_messages;            /* as learned; 0: settings' alone */
    ss_address_health_t *health; /* of the addresses of all hosts; or NULL */
    apr_interval_time_t haste;   /* as ss_client_options_t's, and for connecting; 0: none */
    ss_client_proof_t *proof;    /* of the host; NULL: it has shown all */
    int max_recipients;          /* 0: settings' */
    const char *mechanism;       /* of the login, to be tried first; or NULL */
    const char *mechanism_lost;  /* not to be tried; or NULL. Both are copied */
    int logins;                  /* mechanisms that may be tried; 0: one */
    int window_max;              /* 0: SS_CLIENT_WINDOW_MAX */
    ss_reply_counts_t *counts;   /* replies are counted here; or NULL */
    ss_transcript_t *transcript; /* or NULL */
} ss_link_options_t;
