/* client_state.h: the state of an SMTP session and the steps that change it: states, the list of
 * commands sent and not answered, events, the fate of recipients, the end. Private to client.c,
 * session.c, transaction.c and pipeline.c, which are built on it. */
#ifndef SS_SMTP_CLIENT_STATE_H
#define SS_SMTP_CLIENT_STATE_H

#include "smtp/auth.h"
#include "smtp/client_types.h"
#include "smtp/content.h"
#include "smtp/send_buffer.h"
#include "smtp/transcript.h"

/* commands asked and not answered; at the bound nothing more is said until an answer came */
#define SS_ASKED_MAX 1024
/* of an unfinished reply; the parser refuses before */
#define SS_INPUT_MAX (SS_REPLY_LINE_MAX * SS_REPLY_LINES_MAX)
#define SS_COMMAND_BUF_MAX (2 * SS_AUTH_OUT_MAX)
/* larger content waits for its recipients' answers, so that a refusal costs no megabytes */
#define SS_AHEAD_MAX 65536
#define SS_QUIT_TIME (5 * APR_USEC_PER_SEC) /* QUIT's answer is not worth more */

typedef enum {
    SS_CLIENT_GREETING,
    SS_CLIENT_HELLO,
    SS_CLIENT_HELO,
    SS_CLIENT_STARTTLS,
    SS_CLIENT_TLS,
    SS_CLIENT_SECRET,
    SS_CLIENT_AUTH,
    SS_CLIENT_READY,
    SS_CLIENT_TRYING,
    SS_CLIENT_QUITTING,
    SS_CLIENT_CLOSED,
    SS_CLIENT_STATES
} ss_client_state_t;

/* What a state says when it is entered, and how it takes an answer. */
typedef struct {
    const char *step; /* as the connection test names it */
    ss_cmd_t cmd;
    int timeout; /* SS_TIMEOUT_ index */
    void (*enter)(ss_client_t *c);
    void (*answer)(ss_client_t *c, const ss_reply_t *reply); /* NULL: no reply may come */
} ss_client_phase_t;

/* How far a message was said. */
typedef enum {
    SS_SAY_MAIL,
    SS_SAY_RCPT,
    SS_SAY_DATA,
    SS_SAY_WAIT /* for 354 */,
    SS_SAY_CONTENT,
    SS_SAY_NOTHING
} ss_client_said_t;

typedef struct ss_client_tx_t ss_client_tx_t;
/* one message on this connection; in the message's pool */
struct ss_client_tx_t {
    ss_client_tx_t *next;
    ss_client_message_t *m;
    ss_client_said_t say;
    int rcpts_said, rcpts_asked, rcpts_answered, accepted;
    int is_reused; /* the connection carried another before */
    int uses_bdat, uses_utf8;
    int open; /* commands asked and not answered */
    int has_reply;
    /* MAIL was taken: the server has a transaction open ... */
    int is_mail_ok;
    int is_over; /* ... until its end was answered */
    /* nothing of it is wanted any more: no recipient is undecided, or MAIL was refused */
    int has_failed;
    int is_ended; /* its end was said, at this place of the output: */
    apr_uint64_t end;
    ss_content_reader_t reader;
    ss_mono_t deadline;
};

typedef struct {
    ss_cmd_t cmd;
    ss_client_tx_t *tx; /* NULL: of the session */
    int rcpt;
    ss_mono_t time;
    /* place in the output where it is complete; UINT64_MAX while content is not */
    apr_uint64_t end;
} ss_client_asked_t;

typedef struct ss_client_event_node_t ss_client_event_node_t;
struct ss_client_event_node_t {
    ss_client_event_node_t *next;
    ss_client_event_t event;
};

struct ss_client_t {
    apr_pool_t *pool;
    const ss_client_phase_t *phases; /* by state */
    ss_client_options_t options;
    ss_client_state_t state;
    ss_mono_t now;              /* of the call that runs */
    ss_mono_t created, entered; /* entered: this state, for a step's time */
    ss_mono_t progress;         /* last reply or written byte */
    ss_capability_t capability;
    int is_tls;
    /* input */
    ss_buf_t in;
    ss_reply_t reply;
    /* output */
    ss_buf_t command; /* one command is put together here */
    ss_send_buffer_t out;
    ss_client_asked_t asked[SS_ASKED_MAX];
    int asked_first, asked_count;
    /* the command whose reply is being looked at; else NONE */
    ss_cmd_t answering;
    /* session */
    int has_refused_ehlo;
    ss_auth_t *auth;
    const char *mechanism;
    /* knows the secret while the login lasts: a server that repeats it has it blanked */
    ss_transcript_t *blanks;
    /* an initial response too long for AUTH's line waits in `command` */
    int has_late_response;
    ss_result_t auth_result; /* why the exchange was ended by us */
    char *binding;
    const char *binding_type;
    apr_size_t binding_len;
    /* messages */
    ss_client_tx_t *first, *last, *saying; /* saying: the first that is not said completely */
    int in_flight, handed, window;
    unsigned learned; /* said so far, each once a connection */
    /* mechanisms that are left after some were answered 504; valid with has_offers */
    char offers[sizeof(((ss_capability_t *)0)->mechanisms)];
    int has_offers;
    /* an answer to content came although something stood behind it: the server can do it */
    int has_streamed;
    /* some transaction had one: a 503 after it may be its echo */
    int has_error;
    /* trying */
    const char *try_from, *try_to;
    int try_step;
    /* the end */
    int wants_quit; /* asked for by the caller or by a limit */
    int is_closing; /* no new transaction on this connection */
    /* 421 was said: what was not answered by then is certainly not taken */
    int is_gone;
    int has_end; /* end is set: the first reason stands */
    ss_client_event_t end;
    /* events */
    ss_client_event_node_t *events, *events_last, *events_spare, *events_taken;
};

void ss_client_go(ss_client_t *c, ss_client_state_t to);
/* Whether the next command may be said now: lock-step without PIPELINING. */
int ss_client_may_ask(const ss_client_t *c);
int ss_client_is_pipelining(const ss_client_t *c);
/* Notes a command as asked; its bytes were put into the output before. */
void ss_client_asked(ss_client_t *c, ss_cmd_t cmd, ss_client_tx_t *tx, int rcpt);
/* The youngest of what is asked. */
ss_client_asked_t *ss_client_last_asked(ss_client_t *c);
/* Bytes of a command into the output, and into the transcript. is_secret: wiped once they were
 * sent. */
void ss_client_put(ss_client_t *c, const char *bytes, apr_size_t len, int is_secret);
/* Puts "VERB[ argument]" into the output and notes it as asked. */
void ss_client_ask(ss_client_t *c, ss_cmd_t cmd, const char *verb, const char *argument);
/* A new event at the end of the list, all parts empty; the caller fills it. */
ss_client_event_t *ss_client_event(ss_client_t *c, ss_client_event_kind_t kind);
/* Fills cmd, code, dsn, text from a reply. */
void ss_client_event_reply(ss_client_event_t *event, ss_cmd_t cmd, const ss_reply_t *reply);
void ss_client_learn(ss_client_t *c, unsigned bits, int number, const char *text);
/* REFUSED for a reply, and what it teaches. */
void ss_client_refused(ss_client_t *c, ss_cmd_t cmd, const ss_reply_t *reply,
                       const ss_verdict_t *verdict, int number);
/* Keeps the reason of the end; the first one stands. reply may be NULL, or result, which is made
 * from the reply then. */
void ss_client_reason(ss_client_t *c, int is_ok, ss_cmd_t cmd, const ss_reply_t *reply,
                      const ss_verdict_t *verdict, const ss_result_t *result);
/* Ends: QUIT where nothing is unanswered and the server still listens, else at once. */
void ss_client_hang_up(ss_client_t *c);
/* Ends at once: gives all messages back, CLOSED. fate: of a message that was begun and not ended;
 * UNCERTAIN where its end was written. */
void ss_client_close(ss_client_t *c, ss_verdict_fate_t fate, const char *advice, const char *why);
/* The server said what no server may say here: the connection ends. */
void ss_client_nonsense(ss_client_t *c, const char *what);
/* The command that everything waits for, or whose reply is being processed. */
ss_cmd_t ss_client_current(const ss_client_t *c);
const char *ss_client_step(const ss_client_t *c);
/* The host broke off: the step failed without a reply. better: a better explanation, or NULL. */
void ss_client_broke_off(ss_client_t *c, const char *code, const char *advice, const char *why,
                         const ss_result_t *better);

/* Decides all recipients that are undecided. reply NULL: none came. */
void ss_client_decide(ss_client_t *c, ss_client_tx_t *tx, ss_cmd_t cmd, const ss_reply_t *reply,
                      ss_verdict_fate_t fate, const char *dsn, const char *advice,
                      const char *text);
void ss_client_decide_rcpt(ss_client_rcpt_t *rcpt, ss_cmd_t cmd, const ss_reply_t *reply,
                           ss_verdict_fate_t fate, const char *dsn, const char *advice,
                           const char *text);
/* Whether recipients are undecided. */
int ss_client_is_undecided(const ss_client_tx_t *tx);
/* Gives back a message whatever its state (its recipients are decided). */
void ss_client_give_back(ss_client_t *c, ss_client_tx_t *tx);

#endif
