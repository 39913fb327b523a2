#include "delivery/learned.h"

#include <apr_strings.h>
#include <string.h>

#include "delivery/delivery_impl.h"
#include "delivery/delivery_ports.h"

#define LEARNED_FOR (24 * 3600 * APR_USEC_PER_SEC)
/* one lost connection proves nothing; a second one of the same kind so soon after it does */
#define SUSPECTED_FOR (3600 * APR_USEC_PER_SEC)
/* a limit may have been learned as too small */
#define TRIED_EVERY (3600 * APR_USEC_PER_SEC)

typedef struct {
    const char *host;
    unsigned bits;
    int recipients, messages; /* the limits that belong to their bits */
    apr_time_t since;
    ss_mono_t suspected; /* of SS_LEARN_NO_STREAMING; not set: not yet */
    struct {             /* a limit of messages that is not confirmed; 0: none */
        int messages;
        ss_mono_t since;
        char words[200];
    } maybe;
    ss_mono_t tried;   /* the limit of messages was put to the test, or learned */
    int takes_several; /* not stored: one connection of each process is careful */
} row_t;
struct ss_learned_t {
    row_t rows[SS_LEARNED_MAX];
    int count;
};

static const struct {
    unsigned bit;
    const char *name, *what, *directive;
} kinds[] = { { SS_LEARN_MAX_MESSAGES, "one-message", "takes one message a connection",
                "SMTPSendOneMessagePerConnection On" },
              { SS_LEARN_MAX_MESSAGES, "max-messages", "limits the messages of a connection",
                "SMTPSendMaxMessagesPerConnection" },
              { SS_LEARN_NO_PIPELINING, "no-pipelining", "mishandles pipelined commands",
                "SMTPSendPipelining Off" },
              { SS_LEARN_NO_CHUNKING, "no-chunking",
                "offers CHUNKING and refuses BDAT: DATA is used", NULL },
              { SS_LEARN_MAX_RECIPIENTS, "max-recipients", "takes fewer recipients a transaction",
                "SMTPSendMaxRecipients" },
              { SS_LEARN_NO_EHLO, "no-ehlo", "refuses EHLO: HELO is used", NULL },
              { SS_LEARN_NO_STREAMING, "no-streaming",
                "fails when commands stand behind a message's content: each answer is waited for",
                "SMTPSendPipelining Off" } };
#define KINDS ((int)(sizeof(kinds) / sizeof(kinds[0])))

static row_t *find(ss_delivery_t *d, const char *host, int makes)
{
    if (!d->learned) d->learned = apr_pcalloc(d->pool, sizeof(*d->learned));
    for (int i = 0; i < d->learned->count; i++) {
        if (!strcmp(d->learned->rows[i].host, host)) return &d->learned->rows[i];
    }
    if (!makes || d->learned->count == SS_LEARNED_MAX) return NULL;
    row_t *row = &d->learned->rows[d->learned->count++];
    row->host = apr_pstrdup(d->pool, host);
    return row;
}

unsigned ss_learned_bits(ss_delivery_t *d, const char *host, int *recipients)
{
    row_t *row = find(d, host, 0);

    if (recipients) *recipients = 0;
    if (!row) return 0;
    unsigned several = row->takes_several ? SS_LEARN_SEVERAL : 0;
    if (!row->bits) return several;
    if (row->since > ss_delivery_wall(d)) row->since = ss_delivery_wall(d); /* it was set back */
    if (row->since + LEARNED_FOR <= ss_delivery_wall(d)) {
        row->bits = 0;
        row->recipients = 0;
        ss_delivery_remember(d, "learned/", host, NULL);
        return several;
    }
    if (recipients && (row->bits & SS_LEARN_MAX_RECIPIENTS)) *recipients = row->recipients;
    return row->bits | several;
}

static void remember(ss_delivery_t *d, const row_t *row)
{
    ss_delivery_remember_json(d, "learned/", row->host,
                              json_pack("{s:i,s:i,s:i,s:I}", "bits", (int)row->bits, "recipients",
                                        row->recipients, "messages", row->messages, "since",
                                        (json_int_t)row->since));
}

/* The limit of a row that belongs to this bit; NULL: it is a yes or no. */
static int *limit_of(row_t *row, unsigned bit)
{
    return bit == SS_LEARN_MAX_RECIPIENTS ? &row->recipients
           : bit == SS_LEARN_MAX_MESSAGES ? &row->messages
                                          : NULL;
}

/* Of the two kinds of a limit of messages: the one that fits it. */
static int fits(const row_t *row, int kind)
{
    return kinds[kind].bit != SS_LEARN_MAX_MESSAGES ||
           (row->messages == 1) == !strcmp(kinds[kind].name, "one-message");
}

static void say(const ss_delivery_t *d, row_t *row, unsigned bit, const char *words)
{
    const int *limit = limit_of(row, bit);
    char number[16] = "";

    if (limit && (bit != SS_LEARN_MAX_MESSAGES || *limit > 1))
        apr_snprintf(number, sizeof(number), " %d", *limit);
    for (int i = 0; i < KINDS; i++) {
        if (kinds[i].bit != bit || !fits(row, i)) continue;
        ss_log(d->log, SS_LOG_WARN, 240, "%s %s (\"%s\"): remembered for a day%s%s%s%s", row->host,
               kinds[i].what, words ? words : "", kinds[i].directive ? "; " : "",
               kinds[i].directive ? kinds[i].directive : "", number,
               kinds[i].directive ? " makes it permanent" : "");
    }
}

void ss_learned_add(ss_delivery_t *d, const char *host, unsigned bit, int number, const char *words)
{
    row_t *row = find(d, host, 1);

    if (!row) return;
    if (bit == SS_LEARN_SEVERAL) {
        row->takes_several = 1;
        return;
    }
    int *limit = limit_of(row, bit), is_sure = number > 0;
    if (!is_sure) number = 1;
    if (row->bits & bit && (!limit || *limit <= number)) return;
    if (bit == SS_LEARN_NO_STREAMING && !is_sure) {
        ss_mono_t mono = ss_delivery_mono(d), before = row->suspected;
        row->suspected = mono;
        if (!ss_mono_is_set(before) || ss_mono_since(mono, before) >= SUSPECTED_FOR) return;
    }
    if (!row->bits) row->since = ss_delivery_wall(d);
    row->bits |= bit;
    if (limit) *limit = number;
    say(d, row, bit, words);
    remember(d, row);
}

/* ---- how many messages a connection carries ---- */

int ss_learned_messages(ss_delivery_t *d, const char *host)
{
    unsigned bits = ss_learned_bits(d, host, NULL);
    row_t *row = find(d, host, 0);
    ss_mono_t now = ss_delivery_mono(d);

    if (!row) return 0;
    if (row->maybe.messages) return row->maybe.messages;
    if (!(bits & SS_LEARN_MAX_MESSAGES)) return 0;
    if (!ss_mono_is_set(row->tried)) row->tried = now;
    if (row->messages > 1 && ss_mono_since(now, row->tried) >= TRIED_EVERY) {
        row->tried = now;
        return 0;
    }
    return row->messages;
}

void ss_learned_suspect(ss_delivery_t *d, const char *host, int messages, const char *words)
{
    row_t *row = find(d, host, 1);

    if (!row || messages < 1) return;
    if (messages == 1) row->takes_several = 0;
    if ((row->bits & SS_LEARN_MAX_MESSAGES && row->messages <= messages) ||
        (row->maybe.messages && row->maybe.messages <= messages))
        return;
    row->maybe.messages = messages;
    row->maybe.since = ss_delivery_mono(d);
    apr_cpystrn(row->maybe.words, words, sizeof(row->maybe.words));
}

void ss_learned_first(ss_delivery_t *d, const char *host, ss_mono_t opened, int is_accepted)
{
    row_t *row = find(d, host, 0);

    if (!row || !row->maybe.messages || ss_mono_before(opened, row->maybe.since)) return;
    if (is_accepted) {
        row->tried = ss_delivery_mono(d);
        ss_learned_add(d, host, SS_LEARN_MAX_MESSAGES, row->maybe.messages, row->maybe.words);
    }
    row->maybe.messages = 0;
}

void ss_learned_carried(ss_delivery_t *d, const char *host, int messages)
{
    row_t *row = find(d, host, 0);

    if (!row || !(row->bits & SS_LEARN_MAX_MESSAGES) || messages <= row->messages) return;
    row->bits &= ~(unsigned)SS_LEARN_MAX_MESSAGES;
    remember(d, row);
}

void ss_learned_restore(ss_delivery_t *d, const char *host, const char *json)
{
    apr_time_t now = ss_delivery_wall(d);
    json_t *value = json_loads(json, 0, NULL);
    row_t *row = value ? find(d, host, 1) : NULL;

    if (row) {
        int recipients = (int)ss_json_number(value, "recipients");
        unsigned bits = (unsigned)ss_json_number(value, "bits");
        int messages = (int)ss_json_number(value, "messages");
        apr_time_t since = ss_json_number(value, "since");
        /* Another node may have learned something else of it: what is known is added. */
        if (since > row->since || !row->bits) row->since = since > now ? now : since;
        if (!messages) messages = 1; /* an older version wrote no number */
        if (bits & SS_LEARN_MAX_MESSAGES &&
            (!(row->bits & SS_LEARN_MAX_MESSAGES) || messages < row->messages))
            row->messages = messages;
        row->bits |= bits;
        if (recipients && (!row->recipients || recipients < row->recipients))
            row->recipients = recipients;
    }
    json_decref(value);
}

json_t *ss_learned_json(ss_delivery_t *d, const char *host)
{
    json_t *list = json_array();
    row_t *row = find(d, host, 0);

    for (int i = 0; row && i < KINDS; i++) {
        if (!(row->bits & kinds[i].bit) || !fits(row, i)) continue;
        json_array_append_new(list, json_pack("{s:s,s:s,s:s?}", "host", host, "what", kinds[i].name,
                                              "directive", kinds[i].directive));
    }
    return list;
}
