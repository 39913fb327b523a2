/* server.h: a server for the simulator: speaks SMTP from the standards, keeps what it took, and
 * breaks in every way a plan says. It knows nothing of the client. Bytes for it go into `in`, its
 * bytes come out of `out`; what it did with each recipient is in the truth that all servers of a
 * run share. */
#ifndef T_SIM_SERVER_H
#define T_SIM_SERVER_H

#include <apr_pools.h>

#include "base/buf.h"
#include "random.h"

#define MESSAGES_MAX 24
#define RCPTS_MAX 4
/* transactions of one connection that are remembered until their answers arrived */
#define TAKEN_MAX 64

typedef enum {
    FAULT_NONE,
    FAULT_4XX,
    FAULT_5XX,
    FAULT_421,
    FAULT_CLOSE,
    FAULT_RESET,
    FAULT_HANG,
    FAULT_GARBAGE,
    FAULT_LONG,
    FAULT_LINES,
    FAULT_CODES,
    FAULT_EARLY,
    FAULT_HALF,   /* half of the answer, then the end */
    FAULT_DEAF,   /* does the work and closes before it answers */
    FAULT_MIDDLE, /* refuses a message in the middle of its content */
    FAULTS
} fault_t;

/* How a relay is sick: no session gets to carry a message. */
typedef enum {
    SICK_NONE,
    SICK_CLOSES_AFTER_HELLO,
    SICK_LEAVES_AFTER_HELLO, /* 421 behind the answer to EHLO */
    SICK_HELLO_TWICE,
    SICK_LOGIN_TWICE, /* 235, and 535 behind it */
    SICK_CLOSES_AT_MAIL,
    SICK_LEAVES_AT_MAIL, /* 421 */
    SICKNESSES
} sick_t;

/* What it does at BDAT, although it offers CHUNKING. */
typedef enum {
    BDAT_WORKS,
    BDAT_UNKNOWN,
    BDAT_CLOSES,
    BDAT_RESETS,
    BDAT_HANGS,
    BDAT_LEAVES,
    BDAT_GOES_ON, /* 354 */
    BDAT_REFUSES,
    BDAT_CLOSES_AFTER, /* the content */
    BDATS
} bdat_t;

/* What it does when several commands come at once, although it offers PIPELINING. */
typedef enum {
    GROUP_WORKS,
    GROUP_CLOSES,
    GROUP_DROPS,
    GROUP_UNKNOWN,
    GROUP_DISORDER, /* 503 */
    GROUP_PART,     /* only the first is answered */
    GROUPS
} group_t;

/* What the server refuses for good, in words that may be about us. */
typedef struct {
    char at;           /* 'M' at MAIL, 'R' at RCPT, 'E' at the end; 0: nothing */
    unsigned rcpts;    /* bits: at RCPT these */
    const char *reply; /* with its code */
} dislike_t;

/* What one recipient of one message met, over all connections of a run. */
typedef struct {
    int taken;      /* times the server took the message for it */
    int known;      /* ... whose answer reached the client */
    int refused;    /* 5xx about it reached the output */
    int deferred;   /* times a 4xx that may be about us was said of it */
    int is_unknown; /* this mailbox does not exist: 550 always */
} truth_t;

typedef struct {
    truth_t rcpts[MESSAGES_MAX][RCPTS_MAX];
    const char *content[MESSAGES_MAX]; /* as it must arrive */
    apr_size_t content_len[MESSAGES_MAX];
    /* as it crosses the wire after DATA, the final dot included */
    const char *stuffed[MESSAGES_MAX];
    apr_size_t stuffed_len[MESSAGES_MAX];
    dislike_t dislikes[MESSAGES_MAX];
    int faults_left;     /* after these every server behaves */
    int faults;          /* so far */
    apr_int64_t second;  /* of virtual time, */
    int in_second;       /* and the MAILs that were accepted in it */
    int rejected_logins; /* so many logins fail */
    const char *wrong;   /* the first thing that must not happen, or NULL */
    char words[400];
} world_truth_t;

typedef struct {
    int message;
    unsigned rcpts;   /* bits: taken for these */
    apr_uint64_t end; /* its answer ends at this place of the output */
} taken_t;

typedef struct {
    int has_pipelining, has_chunking, has_auth, has_starttls, has_ehlo; /* what it offers */
    int most_mails; /* of a connection: more are refused, with 503 where it is one; 0: no limit */
    int most_a_second; /* MAIL on all connections together; more are refused; 0: no limit */
    int is_stray;      /* ... and what follows the refused MAIL is accepted */
    int most_rcpts;    /* more are answered 452; 0: no limit */
    bdat_t bdat;
    group_t group;
    sick_t sick;
} server_kind_t;

typedef struct {
    server_kind_t kind;
    world_truth_t *truth;
    random_t *random;
    ss_buf_t in, out;
    ss_buf_t chunks;        /* of a message's content so far */
    ss_buf_t written;       /* all that the client ever wrote */
    apr_uint64_t said, fed; /* bytes that went to the output, and of them to the client */
    fault_t fault;
    int fault_in; /* commands until the fault */
    int has_met_fault;
    int is_out_of_step;       /* said more than it was asked */
    int is_over;              /* says nothing any more */
    int has_left;             /* said 421: takes nothing any more */
    int is_closing, is_reset; /* the connection ends once the output is empty */
    int is_tls, wants_tls;
    int is_content, has_mail, mails, auth_step;
    int message; /* of the transaction; -1 */
    unsigned rcpts;
    int rcpt_count;
    taken_t taken[TAKEN_MAX];
    int taken_count;
} server_t;

void server_open(server_t *s, const server_kind_t *kind, world_truth_t *truth, random_t *random);
void server_free(server_t *s);
/* Works on what is in `in`: one command or one piece of content. 0: there was nothing. */
int server_work(server_t *s);
/* Whatever was wrong is over: one that hung ends the connection, which is all that a client sees of
 * a server that was restarted. */
void server_heal(server_t *s);
/* Bytes from the client. */
void server_take(server_t *s, const char *bytes, apr_size_t len);
/* Whether the client ever wrote the whole of a message, its end included. */
int server_has_whole(const server_t *s, int message);
/* So many bytes of `out` reached the client. */
void server_fed(server_t *s, apr_size_t len);
void truth_wrong(world_truth_t *truth, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
