/* client_inside.h: the state of an SMTP session and the steps that change it. Private to client*.c.
 */
#pragma once

#include "smtp/auth.h"
#include "smtp/client_types.h"
#include "smtp/send_buffer.h"

/* commands sent and not answered; at the limit nothing is sent until a reply came */
#define SS_ASKED_MAX 1024
/* of an incomplete reply; the parser refuses earlier */
#define SS_INPUT_MAX (SS_REPLY_LINE_MAX * SS_REPLY_LINES_MAX)
#define SS_COMMAND_BUF_MAX (2 * SS_AUTH_OUT_MAX)
/* larger content waits for the replies to its recipients, so that a refusal costs no megabytes */
#define SS_AHEAD_MAX 65536
/* A server that answers at once otherwise and not to what it has not shown yet (SS_PROVE_). */
#define SS_PROVE_TIME (4 * APR_USEC_PER_SEC)
#define SS_PROVE_QUICK APR_USEC_PER_SEC
/* after so many errors some servers answer slowly, and then close (Postfix: 10 and 20) */
#define SS_RESETS_MAX 8
#define SS_QUIT_TIME (5 * APR_USEC_PER_SEC) /* the reply to QUIT does not matter */

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

typedef struct {
    ss_cmd_t cmd;
    int timeout;                                             /* SS_TIMEOUT_ index */
    int sends_cmd;                                           /* when the state is entered */
    void (*answer)(ss_client_t *c, const ss_reply_t *reply); /* NULL: no reply is expected */
} ss_client_phase_t;

extern const ss_client_phase_t ss_client_phases[SS_CLIENT_STATES];

/* How much of a message was sent. */
typedef enum {
    SS_SAY_MAIL,
    SS_SAY_RCPT,
    SS_SAY_DATA,
    SS_SAY_WAIT /* for the 354, or the reply to a first chunk */,
    SS_SAY_CONTENT,
    SS_SAY_NOTHING
} ss_client_said_t;

typedef struct ss_client_tx_t ss_client_tx_t;
/* a transaction: one message on this connection; allocated from the message's pool */
struct ss_client_tx_t {
    ss_client_tx_t *next;
    ss_client_message_t *m;
    ss_client_said_t say;
    int rcpts_said, rcpts_asked, rcpts_answered, accepted;
    int is_reused; /* not the first transaction of the connection */
    int uses_bdat, uses_utf8;
    unsigned trying;    /* SS_PROVE_ bits */
    int is_streamed;    /* its MAIL was sent behind a content that was not answered yet */
    int is_single;      /* one command at a time, as when it began */
    int is_grouped;     /* commands went together to a server that has not shown PIPELINING */
    int is_chunked;     /* BDAT went to a server that has not shown CHUNKING, */
    apr_off_t chunk;    /* in two parts: the size of the first; 0: not */
    int is_chunk_taken; /* its reply was good */
    int open;           /* commands sent and not answered */
    int has_reply;
    /* MAIL was accepted: the server has an open transaction ... */
    int is_mail_ok;
    int is_over;    /* ... until its end was answered */
    int is_suspect; /* a reply may have been about us: the connection is needed to find out */
    int has_failed; /* it ends early: all recipients are decided, or MAIL was refused */
    /* MAIL was refused, and the recipient and the content were accepted, with these words: QUIT
     * shows whether that is so, or one reply too many had shifted the others */
    const char *stray;
    int is_ended; /* its end was sent, at this position of the output: */
    apr_uint64_t end;
    ss_content_reader_t reader;
    ss_mono_t deadline;
};

typedef struct {
    ss_cmd_t cmd;
    ss_client_tx_t *tx; /* NULL: a command of the session */
    int rcpt;
    ss_mono_t time;
    /* position in the output where it ends; UINT64_MAX while content is incomplete */
    apr_uint64_t end;
} ss_client_asked_t;

typedef struct ss_client_event_node_t ss_client_event_node_t;
struct ss_client_event_node_t {
    ss_client_event_node_t *next;
    ss_client_event_t event;
};

struct ss_client_t {
    apr_pool_t *pool;
    ss_client_options_t options;
    ss_client_state_t state;
    ss_mono_t now;              /* of the current call */
    ss_mono_t created, entered; /* entered: this state, for the duration of a step */
    ss_mono_t progress;         /* the last reply or written byte */
    ss_capability_t capability;
    int is_tls;
    /* input */
    ss_buf_t in;
    ss_reply_t reply;
    /* output */
    ss_buf_t command; /* for the command being built */
    ss_send_buffer_t out;
    ss_client_asked_t asked[SS_ASKED_MAX];
    int asked_first, asked_count;
    ss_cmd_t answering; /* whose reply is being processed, or NONE */
    /* session */
    int has_refused_ehlo;
    apr_uint32_t hello_sum; /* of the reply to EHLO; hello_len 0: it may not be known again */
    apr_size_t hello_len;
    unsigned trying;             /* SS_PROVE_ bits that it tries */
    apr_interval_time_t slowest; /* reply to a command of this connection, but for contents */
    ss_auth_t *auth;
    const char *mechanism;
    int refused_logins;      /* mechanisms that were refused in this session */
    ss_transcript_t *blanks; /* knows the secret during the login, to redact it in replies */
    int has_late_response;   /* an initial response too long for the AUTH line is in `command` */
    ss_result_t auth_result; /* why we ended the exchange */
    char *binding;
    const char *binding_type;
    apr_size_t binding_len;
    /* messages */
    ss_client_tx_t *first, *last, *saying; /* saying: the first that is not sent completely */
    int in_flight, handed, window;
    int carried;       /* messages that were accepted */
    int takes_several; /* a second MAIL was accepted on a connection to this host */
    unsigned learned;  /* reported so far, each once per connection */
    /* the mechanisms left after others were refused; valid if has_offers */
    char offers[sizeof(((ss_capability_t *)0)->mechanisms)];
    int has_offers;
    int has_mail_streamed; /* MAIL behind a content was accepted */
    int has_streamed;      /* a message was accepted although commands followed its content */
    int has_error;         /* a transaction failed: a later 503 may be a consequence */
    /* trying */
    const char *try_from, *try_to;
    int try_step;
    int quit_code; /* the reply to QUIT, where it was none to it */
    /* the end */
    int resets;     /* RSET sent, each after an error */
    int wants_quit; /* requested by the caller or by a limit */
    int is_closing; /* no new transactions */
    int is_gone;    /* 421 received: no unanswered command was accepted */
    int has_end;    /* end is set: the first reason counts */
    ss_client_event_t end;
    /* events */
    ss_client_event_node_t *events, *events_last, *events_spare, *events_taken;
};

/* ---- client_session.c ---- */

/* Whether the trial's group of commands is not answered yet. */
int ss_client_tries_group(const ss_client_t *c);
/* ... and it failed: the trial is over, and the session. 0: it is not tried. */
int ss_client_group_failed(ss_client_t *c, const char *words);

/* ---- client_state.c ---- */

void ss_client_go(ss_client_t *c, ss_client_state_t to);
/* Whether the next command may be sent now: lock-step without PIPELINING. */
int ss_client_may_ask(const ss_client_t *c);
int ss_client_is_pipelining(const ss_client_t *c);
/* Adds a command to the list of those sent; its bytes are already in the output. */
void ss_client_asked(ss_client_t *c, ss_cmd_t cmd, ss_client_tx_t *tx, int rcpt);
/* The command that was sent last. */
ss_client_asked_t *ss_client_last_asked(ss_client_t *c);
/* Puts bytes of a command into the output and the transcript. is_secret: wiped once they were sent.
 */
void ss_client_put(ss_client_t *c, const char *bytes, apr_size_t len, int is_secret);
/* Sends the command that c->command holds. */
void ss_client_say(ss_client_t *c, ss_cmd_t cmd, ss_client_tx_t *tx, int rcpt);
/* Appends an empty event; the caller fills it. */
ss_client_event_t *ss_client_event(ss_client_t *c, ss_client_event_kind_t kind);
/* Fills cmd, code, dsn, text from a reply. */
void ss_client_event_reply(ss_client_event_t *event, ss_cmd_t cmd, const ss_reply_t *reply);
void ss_client_learn(ss_client_t *c, unsigned bits, int number, const char *text);
/* SS_EVENT_REFUSED for a reply, and what is learned from it. */
void ss_client_refused(ss_client_t *c, ss_cmd_t cmd, const ss_reply_t *reply,
                       const ss_verdict_t *verdict, int number);
/* Keeps the reply to EHLO or HELO in mind. */
void ss_client_know_hello(ss_client_t *c, const ss_reply_t *reply);
/* A server that answers it twice is out of step: what looks like the answer to another command is
 * the one before. */
int ss_client_is_hello_again(const ss_client_t *c, ss_cmd_t cmd, const ss_reply_t *reply);
/* Sets the reason of the end; the first one counts. reply may be NULL; if result is NULL it is made
 * from reply. */
void ss_client_reason(ss_client_t *c, int is_ok, ss_cmd_t cmd, const ss_reply_t *reply,
                      const ss_verdict_t *verdict, const ss_result_t *result);
/* Ends the session: by QUIT if nothing is unanswered and the server still listens, else at once. */
void ss_client_hang_up(ss_client_t *c);
/* Ends the session at once: returns all messages, then SS_EVENT_CLOSED. fate: of a message that was
 * started and whose end was not written. */
void ss_client_close(ss_client_t *c, ss_verdict_fate_t fate, const char *advice, const char *why);
/* Whether the server has still to show this. */
int ss_client_is_unproven(const ss_client_t *c, unsigned bit);
/* Whether it may be used: it was shown, or no other connection tries it now. */
int ss_client_may_use(const ss_client_t *c, unsigned bit);
void ss_client_try_out(ss_client_t *c, ss_client_tx_t *tx, unsigned bit);
void ss_client_is_shown(ss_client_t *c, unsigned bit);
/* Other connections may try what this one tried. */
void ss_client_trial_over(ss_client_t *c, unsigned bits);
/* The session fails: what it was shown for the first time is to blame (SS_PROVE_). */
void ss_client_suspect(ss_client_t *c, const char *words);
/* The server broke the protocol: the session ends. */
void ss_client_nonsense(ss_client_t *c, const char *what);
/* The name of a command's step in the connection test. */
const char *ss_client_step(ss_cmd_t cmd);
/* The command that everything waits for, or whose reply is being processed. */
ss_cmd_t ss_client_current(const ss_client_t *c);
/* The host broke off: the step failed without a reply. better: a better explanation, or NULL. */
void ss_client_broke_off(ss_client_t *c, const char *code, const char *advice, const char *why,
                         const ss_result_t *better);

/* Decides all undecided recipients. reply NULL: there was none. */
void ss_client_decide(ss_client_t *c, ss_client_tx_t *tx, ss_cmd_t cmd, const ss_reply_t *reply,
                      ss_verdict_fate_t fate, const char *dsn, const char *advice,
                      const char *text);
void ss_client_decide_rcpt(ss_client_rcpt_t *rcpt, ss_cmd_t cmd, const ss_reply_t *reply,
                           ss_verdict_fate_t fate, const char *dsn, const char *advice,
                           const char *text);
/* Whether any recipient is undecided. */
int ss_client_is_undecided(const ss_client_tx_t *tx);
/* Returns a message whose recipients are decided. */
void ss_client_give_back(ss_client_t *c, ss_client_tx_t *tx);

/* ---- client_transaction.c ---- */

/* The reply to a command of a transaction; early: before its command was written completely. */
void ss_client_answer(ss_client_t *c, const ss_client_asked_t *asked, const ss_reply_t *reply);
void ss_client_early(ss_client_t *c, const ss_client_asked_t *asked, const ss_reply_t *reply);
/* The recipients that were accepted although MAIL was refused have no fate again. */
void ss_client_undecide_stray(ss_client_tx_t *tx);
/* Returns the finished messages at the front of the list. */
void ss_client_settle(ss_client_t *c);

/* ---- client_pipeline.c ---- */

/* Sends all that may be sent now: messages, their content, QUIT. Called at the end of every call
 * from outside. */
void ss_client_advance(ss_client_t *c);
