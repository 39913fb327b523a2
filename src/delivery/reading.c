#include "delivery/reading.h"

#include <apr_strings.h>
#include <string.h>

#include "delivery/delivery_impl.h"
#include "smtp/content.h"
#include "smtp/send_buffer.h"

/* Output that is not written yet points into the parts that were read; so far behind the place of
 * reading everything is written. */
#define KEPT (SS_SEND_BUFFER_HIGH + 2 * SS_CONTENT_PIECE_MAX)
#define SLOTS (KEPT / SS_PART_MAX + 4)

typedef struct {
    int part;
    apr_off_t end;    /* of its bytes in the content */
    apr_pool_t *pool; /* the request's, with the bytes; NULL: free */
    const char *bytes;
    apr_size_t len;
} slot_t;

/* Belongs to the request: the transaction may be over before the part comes. */
typedef struct {
    ss_reading_t *reading;
    int part;
    apr_off_t at;
} wish_t;

struct ss_reading_t {
    ss_delivery_t *delivery;
    const ss_message_t *message;
    void (*ready)(void *self);
    void *self;
    int part; /* that was read last, and where it begins */
    apr_off_t part_at;
    slot_t slots[SLOTS];
    wish_t *wish; /* under way; or NULL */
    apr_status_t failed;
    ss_result_t why;
};

ss_reading_t *ss_reading_begin(ss_delivery_t *d, const ss_message_t *m, void (*ready)(void *self),
                               void *self, apr_pool_t *pool)
{
    ss_reading_t *reading = apr_pcalloc(pool, sizeof(*reading));

    reading->delivery = d;
    reading->message = m;
    reading->ready = ready;
    reading->self = self;
    return reading;
}

static void free_slot(slot_t *slot)
{
    if (slot->pool) apr_pool_destroy(slot->pool);
    slot->pool = NULL;
}

static void came(ss_store_request_t *request)
{
    wish_t *wish = request->baton;
    const ss_store_part_t *part = ss_store_request_as(request, SS_STORE_PART);
    ss_reading_t *reading = wish->reading;
    slot_t *slot = NULL;

    if (!reading) {
        apr_pool_destroy(request->pool);
        return;
    }
    reading->wish = NULL;
    for (int i = 0; i < SLOTS && !slot; i++)
        if (!reading->slots[i].pool) slot = &reading->slots[i];
    if (request->rv != APR_SUCCESS || part->len != reading->message->parts[wish->part].len ||
        !slot) {
        reading->failed = request->rv != APR_SUCCESS ? request->rv : APR_EGENERAL;
        reading->why = request->result;
        apr_pool_destroy(request->pool);
    } else {
        *slot = (slot_t){ .part = wish->part,
                          .end = wish->at + (apr_off_t)part->len,
                          .pool = request->pool,
                          .bytes = part->bytes,
                          .len = part->len };
    }
    reading->ready(reading->self);
}

static void ask(ss_reading_t *reading)
{
    ss_store_part_t *request =
        ss_store_part_create(reading->message->id, reading->part, came, NULL);
    wish_t *wish = apr_palloc(request->head.pool, sizeof(*wish));

    *wish = (wish_t){ reading, reading->part, reading->part_at };
    request->head.baton = wish;
    reading->wish = wish;
    ss_delivery_post(reading->delivery, &request->head);
}

/* Makes `part` the one that holds the offset; 0: behind the end. */
static int find_part(ss_reading_t *reading, apr_off_t at)
{
    const ss_message_t *m = reading->message;

    if (at < reading->part_at) {
        reading->part = 0;
        reading->part_at = 0;
    }
    while (reading->part < m->part_count &&
           at >= reading->part_at + (apr_off_t)m->parts[reading->part].len) {
        reading->part_at += (apr_off_t)m->parts[reading->part].len;
        reading->part++;
    }
    return reading->part < m->part_count;
}

apr_status_t ss_reading_at(ss_reading_t *reading, apr_off_t at, const char **bytes, apr_size_t *len)
{
    const ss_message_part_t *part;
    const char *start;

    if (!find_part(reading, at)) return APR_EOF;
    part = &reading->message->parts[reading->part];
    start = part->bytes;
    for (int i = 0; i < SLOTS && !start; i++) {
        slot_t *slot = &reading->slots[i];
        if (!slot->pool) continue;
        if (slot->part == reading->part)
            start = slot->bytes;
        else if (slot->end + KEPT <= at)
            free_slot(slot);
    }
    if (start) {
        apr_size_t skip = (apr_size_t)(at - reading->part_at);
        *bytes = start + skip;
        *len = part->len - skip;
        return APR_SUCCESS;
    }
    if (reading->failed != APR_SUCCESS) return reading->failed;
    if (!reading->wish) ask(reading);
    return APR_EAGAIN;
}

const ss_result_t *ss_reading_failure(const ss_reading_t *reading)
{
    return reading->failed == SS_STORE_UNREADABLE ? &reading->why : NULL;
}

void ss_reading_end(ss_reading_t *reading)
{
    for (int i = 0; i < SLOTS; i++) free_slot(&reading->slots[i]);
    if (reading->wish) reading->wish->reading = NULL;
}
