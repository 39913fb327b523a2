#include "delivery/conversion.h"

#include "queue/store_request.h"

/* Another thread: nobody else uses the message's content or this memory. */
static void work(void *baton)
{
    ss_conversion_t *c = baton;

    c->left = c->asked;
    c->is_changed = !ss_convert_make(c->message, &c->left, &c->bytes, &c->len, c->pool);
}

static void over(void *baton)
{
    ss_conversion_t *c = baton;

    c->is_running = 0;
    if (c->is_dropped)
        apr_pool_destroy(c->pool);
    else
        c->done(c->self);
}

ss_conversion_t *ss_conversion_begin(const ss_ports_t *ports, const ss_message_t *m,
                                     ss_convert_t asked, int *count, void (*done)(void *self),
                                     void *self)
{
    apr_pool_t *pool = ss_store_pool();
    ss_conversion_t *c = apr_pcalloc(pool, sizeof(*c));

    *c = (ss_conversion_t){ .asked = asked,
                            .is_running = 1,
                            .pool = pool,
                            .message = m,
                            .count = count,
                            .done = done,
                            .self = self };
    ++*count;
    if (ports->compute(ports->self, work, over, c) != APR_SUCCESS) {
        work(c);
        c->is_running = 0;
    }
    return c;
}

int ss_conversion_fits(const ss_conversion_t *c, ss_convert_t asked)
{
    return c && !c->is_running && c->asked.header == asked.header && c->asked.body == asked.body;
}

int ss_conversion_drop(ss_conversion_t *c)
{
    if (!c) return 1;
    --*c->count;
    c->is_dropped = 1;
    if (c->is_running) return 0;
    apr_pool_destroy(c->pool);
    return 1;
}
