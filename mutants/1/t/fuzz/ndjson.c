/* ndjson.c: any bytes as a body of one JSON message a line. The first byte says how large the
 * pieces are in which it comes: the lines are those of the body, each is a message with canonical
 * content or is refused with a reason, and one that is taken with its files lifted out of it is
 * taken whole, too. */
#include <stdlib.h>
#include <string.h>

#include "mail/canonical.h"
#include "mail/compose.h"
#include "mail/form.h"
#include "mail/ndjson.h"
#include "target.h"

#define LONGEST 2000
#define LIFT_FROM 40

typedef struct {
    const char *at, *end;
    apr_pool_t *pool;
} walk_t;

/* 0: made, else the status of the refusal. */
static int status_of(const char *bytes, apr_size_t len, ss_lift_t *lift, apr_pool_t *pool)
{
    ss_parse_options_t options = {
        .adds_missing = 1, .host = "h", .now = 1, .random = 1, .max_size = 100000, .lift = lift
    };
    ss_mail_message_t *m = ss_mail_create(pool);
    ss_mail_problem_t problem = { .status = 0 };
    ss_canonical_facts_t facts;

    if (ss_form_json(m, bytes, len, &options, &problem)) {
        if (problem.status < 400 || !*problem.detail) abort();
        return problem.status;
    }
    ss_canonical_scan(m->content, m->content_len, &facts);
    if (facts.has_nul || facts.has_bare_cr || facts.has_bare_lf ||
        facts.longest_line > SS_MAIL_LINE_MAX || !m->rcpts->nelts)
        abort();
    return 0;
}

static int take_line(void *self, const char *bytes, apr_size_t len, ss_lift_t *lift,
                     apr_status_t failed)
{
    walk_t *walk = self;
    const char *lf =
        walk->end > walk->at ? memchr(walk->at, '\n', (size_t)(walk->end - walk->at)) : NULL;
    const char *start = walk->at;
    apr_size_t want = (apr_size_t)((lf ? lf : walk->end) - start);
    apr_pool_t *pool;

    walk->at = lf ? lf + 1 : walk->end;
    if ((failed != APR_SUCCESS) != (want > LONGEST)) abort();
    if (failed != APR_SUCCESS) {
        if (failed != SS_NDJSON_TOO_LONG) abort();
        return 1;
    }
    if (lift == NULL && (len != want || memcmp(bytes, start, len))) abort();
    apr_pool_create(&pool, walk->pool);
    int status = status_of(bytes, len, lift, pool);
    if (lift && !status && status_of(start, want, NULL, pool)) abort();
    apr_pool_destroy(pool);
    return 1;
}

static void try_input(const char *data, size_t size, apr_pool_t *pool)
{
    static const unsigned char token[SS_LIFT_TOKEN] = { 0xf1, 0x0e };
    ss_ndjson_t *lines = apr_palloc(pool, sizeof(*lines));

    if (size < 1) return;
    ss_compose_init();
    walk_t walk = { data + 1, data + size, pool };
    size_t step = (unsigned char)data[0] + 1u;
    ss_ndjson_begin(lines, LONGEST, LIFT_FROM, token, pool);
    lines->self = &walk;
    lines->line = take_line;
    lines->content_from = 8;
    for (const char *p = walk.at; p < walk.end; p += step)
        ss_ndjson_add(lines, p, (size_t)(walk.end - p) < step ? (size_t)(walk.end - p) : step);
    ss_ndjson_end(lines);
    if (walk.at != walk.end) abort();
}

FUZZ_TARGET(try_input)
