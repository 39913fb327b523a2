/* schedule.c: what is sent next for one relay. See schedule.h. Entries that are not due yet lie in
 * a heap by time; what is due moves into the lanes of its class (priority, first attempt or retry),
 * one lane a submitter, and the lanes of a class take turns. */
#include "queue/schedule.h"

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/mono.h"

#define PRIORITIES (SS_PRIORITY_BULK + 1)
#define CLASSES (PRIORITIES * 2)
/* SMTPSendRate's values that are kept; the settings refuse more */
#define RATES_MAX 8

typedef struct lane_t {
    ss_schedule_entry_t *first, *last; /* by age */
    struct lane_t *next, *prev;        /* ring of the class's lanes that have entries */
} lane_t;

typedef struct {
    lane_t lanes[SS_SCHEDULE_SUBMITTERS];
    lane_t *turn; /* whose turn it is; NULL: the class is empty */
} class_t;

typedef struct {
    apr_int64_t count;
    apr_interval_time_t per;
    /* what is in the bucket, as time: per/count of it is one message */
    apr_interval_time_t filled;
    ss_mono_t at;
} bucket_t;

struct ss_schedule_t {
    ss_heap_t later;
    class_t classes[CLASSES];
    /* of each submitter's entries the one that is needed last, where it is known; NULL: to be
     * looked for */
    ss_schedule_entry_t *latest[SS_SCHEDULE_SUBMITTERS];
    int counts[SS_SCHEDULE_SUBMITTERS]; /* entries of each submitter, due or not */
    ss_mono_t now;                      /* as given last */
    int ready;                          /* entries in lanes */
    int has_more;
    bucket_t rates[RATES_MAX];
    int rate_count;
};

static ss_schedule_entry_t *of_node(ss_heap_node_t *node)
{
    return (ss_schedule_entry_t *)((char *)node - offsetof(ss_schedule_entry_t, node));
}

static class_t *class_of(ss_schedule_t *s, const ss_schedule_entry_t *entry)
{
    int priority = entry->priority < 0             ? 0
                   : entry->priority >= PRIORITIES ? PRIORITIES - 1
                                                   : entry->priority;

    return &s->classes[priority * 2 + (entry->is_retry ? 1 : 0)];
}

static int place_of(const ss_schedule_entry_t *entry)
{
    return (int)(entry->submitter % SS_SCHEDULE_SUBMITTERS);
}

static lane_t *lane_of(class_t *class, const ss_schedule_entry_t *entry)
{
    return &class->lanes[place_of(entry)];
}

ss_schedule_t *ss_schedule_create(void)
{
    ss_schedule_t *s = calloc(1, sizeof(*s));

    if (!s) abort();
    ss_heap_init(&s->later, SS_SCHEDULE_MAX + 1);
    return s;
}

void ss_schedule_destroy(ss_schedule_t *s)
{
    ss_heap_free(&s->later);
    free(s);
}

/* ---- lanes ---- */

static void ring_enter(class_t *class, lane_t *lane)
{
    if (!class->turn) {
        lane->next = lane->prev = lane;
        class->turn = lane;
        return;
    }
    /* Behind all that already wait for their turn. */
    lane->next = class->turn;
    lane->prev = class->turn->prev;
    lane->prev->next = lane;
    lane->next->prev = lane;
}

static void ring_leave(class_t *class, lane_t *lane)
{
    if (lane->next == lane) {
        class->turn = NULL;
    } else {
        if (class->turn == lane) class->turn = lane->next;
        lane->prev->next = lane->next;
        lane->next->prev = lane->prev;
    }
    lane->next = lane->prev = NULL;
}

static int is_older(const ss_schedule_entry_t *a, const ss_schedule_entry_t *b)
{
    return a->created != b->created ? a->created < b->created : strcmp(a->id, b->id) < 0;
}

static void lane_add(ss_schedule_t *s, ss_schedule_entry_t *entry)
{
    class_t *class = class_of(s, entry);
    lane_t *lane = lane_of(class, entry);

    entry->is_in_lane = 1;
    entry->next_in_lane = NULL;
    s->ready++;
    /* Its new age lasts, so that those which come later do not overtake it. */
    if (entry->is_behind && lane->first && is_older(entry, lane->last))
        entry->created = lane->last->created + 1;
    entry->is_behind = 0;
    if (!lane->first) {
        lane->first = lane->last = entry;
        ring_enter(class, lane);
        return;
    }
    if (!is_older(entry, lane->last)) {
        lane->last->next_in_lane = entry;
        lane->last = entry;
        return;
    }
    ss_schedule_entry_t **at = &lane->first;
    while (is_older(*at, entry)) at = &(*at)->next_in_lane;
    entry->next_in_lane = *at;
    *at = entry;
}

static void lane_remove(ss_schedule_t *s, ss_schedule_entry_t *entry)
{
    class_t *class = class_of(s, entry);
    lane_t *lane = lane_of(class, entry);
    ss_schedule_entry_t *before = NULL, *at = lane->first;

    while (at && at != entry) {
        before = at;
        at = at->next_in_lane;
    }
    assert(at);
    if (before)
        before->next_in_lane = entry->next_in_lane;
    else
        lane->first = entry->next_in_lane;
    if (lane->last == entry) lane->last = before;
    if (!lane->first) ring_leave(class, lane);
    entry->next_in_lane = NULL;
    entry->is_in_lane = 0;
    s->ready--;
}

/* ---- in and out ---- */

int ss_schedule_count(const ss_schedule_t *s)
{
    return s->ready + (int)s->later.count;
}

/* What is due is needed by priority, then by time; what is not due yet by time alone: a thousand
 * important messages that wait for tomorrow must not crowd out what may go now. */
static int is_needed_later(const ss_schedule_t *s, const ss_schedule_entry_t *a,
                           const ss_schedule_entry_t *b)
{
    int a_waits = ss_mono_before(s->now, a->due), b_waits = ss_mono_before(s->now, b->due);

    if (a_waits != b_waits) return a_waits;
    if (!a_waits && a->priority != b->priority) return a->priority > b->priority;
    return a->due.us != b->due.us ? ss_mono_before(b->due, a->due) : is_older(b, a);
}

static void forget_latest(ss_schedule_t *s, const ss_schedule_entry_t *entry)
{
    if (s->latest[place_of(entry)] == entry) s->latest[place_of(entry)] = NULL;
}

/* The submitter's entry that is needed last. Looks at all of its entries: only asked for when the
 * schedule is full, and the answer is kept. */
static ss_schedule_entry_t *find_latest(ss_schedule_t *s, int place)
{
    ss_schedule_entry_t *latest = s->latest[place];

    if (latest) return latest;
    for (apr_size_t i = 0; i < s->later.count; i++) {
        ss_schedule_entry_t *entry = of_node(s->later.nodes[i]);
        if (place_of(entry) == place && (!latest || is_needed_later(s, entry, latest)))
            latest = entry;
    }
    for (int c = 0; c < CLASSES; c++) {
        for (ss_schedule_entry_t *entry = s->classes[c].lanes[place].first; entry;
             entry = entry->next_in_lane) {
            if (!latest || is_needed_later(s, entry, latest)) latest = entry;
        }
    }
    s->latest[place] = latest;
    return latest;
}

/* Room is made by whoever takes the most of it: a backlog of one submitter never keeps another's
 * single message out. entry: the one that came last. */
static ss_schedule_entry_t *make_room(ss_schedule_t *s, const ss_schedule_entry_t *entry)
{
    int biggest = place_of(entry);

    for (int i = 0; i < SS_SCHEDULE_SUBMITTERS; i++) {
        if (s->counts[i] > s->counts[biggest]) biggest = i;
    }
    ss_schedule_entry_t *latest = find_latest(s, biggest);
    ss_schedule_remove(s, latest);
    return latest;
}

void ss_schedule_add(ss_schedule_t *s, ss_schedule_entry_t *entry, ss_schedule_entry_t **dropped)
{
    int place = place_of(entry);
    ss_schedule_entry_t *latest =
        ss_schedule_count(s) >= SS_SCHEDULE_MAX ? find_latest(s, place) : s->latest[place];

    *dropped = NULL;
    entry->is_in_lane = 0;
    entry->next_in_lane = NULL;
    if (ss_heap_insert(&s->later, &entry->node, entry->due.us) != APR_SUCCESS) {
        /* No memory for the heap: the store still has it. */
        s->has_more = 1;
        *dropped = entry;
        return;
    }
    s->counts[place]++;
    if (latest && is_needed_later(s, entry, latest)) s->latest[place] = entry;
    if (ss_schedule_count(s) <= SS_SCHEDULE_MAX) return;
    s->has_more = 1;
    *dropped = make_room(s, entry);
    /* A backlog that streams in behind what is here is not searched again for each message. */
    if (*dropped == entry) s->latest[place] = latest;
}

void ss_schedule_remove(ss_schedule_t *s, ss_schedule_entry_t *entry)
{
    forget_latest(s, entry);
    s->counts[place_of(entry)]--;
    if (entry->is_in_lane)
        lane_remove(s, entry);
    else
        ss_heap_remove(&s->later, &entry->node);
}

static void ripen(ss_schedule_t *s, ss_mono_t now)
{
    for (;;) {
        ss_heap_node_t *node = ss_heap_first(&s->later);
        if (!node || node->key > now.us) return;
        ss_heap_remove(&s->later, node);
        lane_add(s, of_node(node));
    }
}

/* ---- rates ---- */

static apr_interval_time_t price(const bucket_t *b)
{
    apr_interval_time_t each = b->per / b->count;

    return each > 0 ? each : 1;
}

/* Not set: one message may go now; else when. */
static ss_mono_t rates_wait(ss_schedule_t *s, ss_mono_t now)
{
    ss_mono_t when = { 0 };

    for (int i = 0; i < s->rate_count; i++) {
        bucket_t *b = &s->rates[i];
        apr_interval_time_t gone = ss_mono_since(now, b->at);
        if (gone > 0) b->filled = gone > b->per - b->filled ? b->per : b->filled + gone;
        b->at = now;
        if (b->filled < price(b)) when = ss_mono_max(when, ss_mono_add(now, price(b) - b->filled));
    }
    return when;
}

static void rates_charge(ss_schedule_t *s, int sign)
{
    for (int i = 0; i < s->rate_count; i++) {
        bucket_t *b = &s->rates[i];
        b->filled -= sign * price(b);
        if (b->filled > b->per) b->filled = b->per;
    }
}

/* As full as the bucket of the same rate was. */
static bucket_t bucket_of(const ss_schedule_t *s, const ss_settings_rate_t *rate, ss_mono_t now)
{
    for (int i = 0; i < s->rate_count; i++)
        if (s->rates[i].count == rate->count && s->rates[i].per == rate->per) return s->rates[i];
    return (bucket_t){ .count = rate->count, .per = rate->per, .filled = rate->per, .at = now };
}

void ss_schedule_rates(ss_schedule_t *s, const apr_array_header_t *rates, ss_mono_t now)
{
    bucket_t made[RATES_MAX];
    int count = 0;

    for (int i = 0; rates && i < rates->nelts && count < RATES_MAX; i++) {
        const ss_settings_rate_t *rate = &APR_ARRAY_IDX(rates, i, ss_settings_rate_t);
        if (rate->count > 0 && rate->per > 0) made[count++] = bucket_of(s, rate, now);
    }
    if (count) memcpy(s->rates, made, sizeof(*made) * (apr_size_t)count);
    s->rate_count = count;
}

/* ---- whose turn ---- */

static ss_schedule_entry_t *take(ss_schedule_t *s)
{
    for (int c = 0; c < CLASSES; c++) {
        class_t *class = &s->classes[c];
        lane_t *lane = class->turn;
        if (!lane) continue;
        ss_schedule_entry_t *entry = lane->first;
        class->turn = lane->next;
        ss_schedule_remove(s, entry);
        return entry;
    }
    return NULL;
}

ss_schedule_entry_t *ss_schedule_next(ss_schedule_t *s, ss_mono_t now, ss_mono_t *when)
{
    *when = (ss_mono_t){ 0 };
    s->now = now;
    ripen(s, now);
    if (!s->ready) {
        const ss_heap_node_t *node = ss_heap_first(&s->later);
        if (node) *when = (ss_mono_t){ node->key };
        return NULL;
    }
    *when = rates_wait(s, now);
    if (ss_mono_is_set(*when)) return NULL;
    rates_charge(s, 1);
    return take(s);
}

void ss_schedule_refund(ss_schedule_t *s)
{
    rates_charge(s, -1);
}

void ss_schedule_unget(ss_schedule_t *s, ss_schedule_entry_t *entry)
{
    class_t *class = class_of(s, entry);
    lane_t *lane = lane_of(class, entry);

    rates_charge(s, -1);
    s->latest[place_of(entry)] = NULL;
    s->counts[place_of(entry)]++;
    entry->is_in_lane = 1;
    entry->next_in_lane = lane->first;
    s->ready++;
    if (!lane->first) {
        lane->last = entry;
        lane->first = entry;
        ring_enter(class, lane);
    } else {
        lane->first = entry;
    }
    class->turn = lane;
}

int ss_schedule_has_more(const ss_schedule_t *s)
{
    return s->has_more;
}

void ss_schedule_set_more(ss_schedule_t *s, int has_more)
{
    s->has_more = has_more;
}
