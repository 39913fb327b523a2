/* sending_rig.h: the delivery library with virtual clocks, a store in memory and a scripted server
 * behind the real SMTP client. One relay; nothing happens but in sending_rig_run. */
#ifndef T_UNIT_SENDING_RIG_H
#define T_UNIT_SENDING_RIG_H

#include "base/timer.h"
#include "delivery/delivery.h"
#include "delivery/job.h"
#include "delivery/relay.h"

#define RIG_SECOND APR_USEC_PER_SEC
#define RIG_WALL apr_time_from_sec(1800000000)
#define RIG_MESSAGES (SS_SCHEDULE_MAX + 100)
#define RIG_RCPTS 4
#define RIG_LOG 16384

typedef struct sending_rig_t sending_rig_t;

struct sending_rig_t {
    apr_pool_t *pool;
    ss_settings_t
        settings; /* changed by the test between sending_rig_begin and sending_rig_start */
    ss_config_t config;
    ss_log_t log;
    char said[RIG_LOG]; /* the log's lines */
    char events[2048];  /* "attempt sent", "final sent" */
    ss_ident_source_t idents;
    ss_delivery_t *delivery;
    ss_relay_t *relay;
    ss_mono_t mono;
    apr_time_t wall;
    const char *boot;
    ss_heap_t timers;
    ss_deferred_list_t deferred;

    /* ---- the server ---- */
    /* Its reply to a command ("" is the connection itself, "." the end of the content); NULL: the
     * usual one; "drop": it closes the connection; "hang": it says nothing any more. */
    const char *(*reply)(sending_rig_t *rig, const char *command);
    int host;         /* that replies */
    int session;      /* ... and on which connection: the first is 1 */
    int opened, open; /* connections, so far and now */
    int opened_to[2]; /* by host */
    int refuses;      /* connections cannot be made: a bit for each host */
    int lacks;        /* this machine cannot open any: the errno */
    int served[2];    /* contents, by host */
    int bodies;       /* contents that were accepted */
    int quits;
    int octets_8bit;     /* above 127, in all that was received */
    const char *content; /* of messages, with 8-bit text; NULL: a small one in ASCII */
    struct ss_transport_t *transports;

    /* ---- the login ---- */
    const char *user;    /* NULL: none */
    ss_secret_t *secret; /* the test's; its source is read at the end of the turn that asks */
    int loads;           /* how often it was read */
    ss_deferred_t load;
    void (*loaded)(void *baton, apr_status_t rv, const ss_result_t *result);
    void *loaded_baton;

    /* ---- work for another thread ---- */
    ss_deferred_t computing;
    void (*work)(void *baton);
    void (*work_done)(void *baton);
    void *work_baton;
    int works, holds_work, refuses_work;

    /* ---- the store ---- */
    struct ss_requests_t posted;
    int holds;            /* requests are not answered */
    int fails;            /* ... or answered with an error */
    const char *fault;    /* why nothing can be written, as delivery hears it */
    unsigned fails_verbs; /* only these: a bit for each */
    int holds_loads;      /* only SS_STORE_LOAD is not answered */
    apr_status_t load_rv; /* what loading the first message fails with; 0: it does not */
    int fails_holds;      /* only to hold a message is answered with an error */
    int is_foreign;       /* messages that are loaded are another node's */
    int requests[SS_STORE_PURGE + 1];
    apr_time_t purged_before;
    ss_store_filter_t listed, controlled;
    struct {
        char id[SS_IDENT_TEXT];
        const char *from; /* NULL: app@example.com */
        int rcpt_count;
        ss_recipient_t rcpts[RIG_RCPTS];
        apr_time_t created, at;
        apr_interval_time_t expire, paused_base;
    } stored[RIG_MESSAGES];
    int count;
    char settings_rows[8][2][1000]; /* key and value; what is written, too */
    int settings_count;
};

/* Settings with SMTPSendRetry 60s 300s 900s, one host; nothing runs. */
void sending_rig_begin(sending_rig_t *rig);
void sending_rig_start(sending_rig_t *rig);
void sending_rig_end(sending_rig_t *rig);
/* An orderly end and a new start, so much later. */
void sending_rig_restart(sending_rig_t *rig, apr_interval_time_t later);
/* Accepts a message with so many recipients; its index. */
int sending_rig_add(sending_rig_t *rig, int recipients);
/* Accepts one from that sender (NULL: the usual one) to these addresses, separated by blanks; its
 * index. */
int sending_rig_add_to(sending_rig_t *rig, const char *from, const char *to);
/* A message that the store has from before the start, due at once. */
int sending_rig_put(sending_rig_t *rig);
/* Lets so much time pass, from event to event; 0: until nothing happens any more at this time. */
void sending_rig_run(sending_rig_t *rig, apr_interval_time_t time);
/* The state of the message's first recipient, and how often it was charged, as the store has it. */
ss_state_t sending_rig_state(const sending_rig_t *rig, int message);
int sending_rig_attempts(const sending_rig_t *rig, int message);

#endif
