#include "delivery/learned.h"

#include <apr_strings.h>
#include <string.h>

#include "delivery/delivery_impl.h"
#include "delivery/delivery_ports.h"

#define LEARNED_FOR (24 * 3600 * APR_USEC_PER_SEC)
/* one lost connection proves nothing; a second one of the same kind so soon after it does */
#define SUSPECTED_FOR (3600 * APR_USEC_PER_SEC)

typedef struct {
    const char *host;
    unsigned bits;
    int recipients;
    apr_time_t since;
    ss_mono_t suspected; /* of SS_LEARN_NO_STREAMING; not set: not yet */
} row_t;
struct ss_learned_t {
    row_t rows[SS_LEARNED_MAX];
    int count;
};

static const struct {
    unsigned bit;
    const char *name, *what, *directive;
} kinds[] = { { SS_LEARN_ONE_MESSAGE, "one-message", "takes one message a connection",
                "SMTPSendOneMessagePerConnection On" },
              { SS_LEARN_NO_PIPELINING, "no-pipelining", "mishandles pipelined commands",
                "SMTPSendPipelining Off" },
              { SS_LEARN_NO_CHUNKING, "no-chunking",
                "offers CHUNKING and refuses BDAT: DATA is used", NULL },
              { SS_LEARN_MAX_RECIPIENTS, "max-recipients", "takes fewer recipients a transaction",
                "SMTPSendMaxRecipients" },
              { SS_LEARN_NO_EHLO, "no-ehlo", "refuses EHLO: HELO is used", NULL },
              { SS_LEARN_NO_STREAMING, "no-streaming",
                "loses the connection when commands stand behind a message's content: each answer "
                "is waited for",
                "SMTPSendPipelining Off" } };

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
    if (!row || !row->bits) return 0;
    if (row->since > ss_delivery_wall(d)) row->since = ss_delivery_wall(d); /* it was set back */
    if (row->since + LEARNED_FOR <= ss_delivery_wall(d)) {
        row->bits = 0;
        ss_delivery_remember(d, "learned/", host, NULL);
        return 0;
    }
    if (recipients && (row->bits & SS_LEARN_MAX_RECIPIENTS)) *recipients = row->recipients;
    return row->bits;
}

static void remember(ss_delivery_t *d, const row_t *row)
{
    ss_delivery_remember_json(d, "learned/", row->host,
                              json_pack("{s:i,s:i,s:I}", "bits", (int)row->bits, "recipients",
                                        row->recipients, "since", (json_int_t)row->since));
}

void ss_learned_add(ss_delivery_t *d, const char *host, unsigned bit, int recipients,
                    const char *words)
{
    apr_time_t now = ss_delivery_wall(d);
    row_t *row = find(d, host, 1);
    int is_known = row && (row->bits & bit) &&
                   (bit != SS_LEARN_MAX_RECIPIENTS || row->recipients <= recipients);

    if (!row || is_known) return;
    if (bit == SS_LEARN_NO_STREAMING) {
        ss_mono_t mono = ss_delivery_mono(d), before = row->suspected;
        row->suspected = mono;
        if (!ss_mono_is_set(before) || ss_mono_since(mono, before) >= SUSPECTED_FOR) return;
    }
    if (!row->bits) row->since = now;
    row->bits |= bit;
    if (bit == SS_LEARN_MAX_RECIPIENTS) row->recipients = recipients > 0 ? recipients : 1;
    for (apr_size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (kinds[i].bit != bit) continue;
        char number[16] = "";
        if (bit == SS_LEARN_MAX_RECIPIENTS)
            apr_snprintf(number, sizeof(number), " %d", row->recipients);
        ss_log(d->log, SS_LOG_WARN, 240, "%s %s (\"%s\"): remembered for a day%s%s%s%s", host,
               kinds[i].what, words ? words : "", kinds[i].directive ? "; " : "",
               kinds[i].directive ? kinds[i].directive : "", number,
               kinds[i].directive ? " makes it permanent" : "");
    }
    remember(d, row);
}

void ss_learned_restore(ss_delivery_t *d, const char *host, const char *json)
{
    apr_time_t now = ss_delivery_wall(d);
    json_t *value = json_loads(json, 0, NULL);
    row_t *row = value ? find(d, host, 1) : NULL;

    if (row) {
        int recipients = (int)ss_json_number(value, "recipients");
        apr_time_t since = ss_json_number(value, "since");
        /* Another node may have learned something else of it: what is known is added. */
        if (since > row->since || !row->bits) row->since = since > now ? now : since;
        row->bits |= (unsigned)ss_json_number(value, "bits");
        if (recipients && (!row->recipients || recipients < row->recipients))
            row->recipients = recipients;
    }
    json_decref(value);
}

json_t *ss_learned_json(ss_delivery_t *d, const char *host)
{
    json_t *list = json_array();
    row_t *row = find(d, host, 0);

    for (apr_size_t i = 0; row && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (!(row->bits & kinds[i].bit)) continue;
        json_array_append_new(list, json_pack("{s:s,s:s,s:s?}", "host", host, "what", kinds[i].name,
                                              "directive", kinds[i].directive));
    }
    return list;
}
