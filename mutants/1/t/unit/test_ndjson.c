/* test_ndjson.c: a body of one JSON document a line, in pieces of every size. */
#include <CUnit/Basic.h>
#include <apr_pools.h>
#include <apr_strings.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "fill.h"
#include "mail/ndjson.h"

void ss_suite_ndjson(void);

static const unsigned char token[SS_LIFT_TOKEN] = { 1 };

typedef struct {
    apr_pool_t *pool;
    /* a row a line: "text|", "(too long)|", "[n lifted]text|"; the octets that came as pieces */
    ss_buf_t events, raw;
    int most; /* lines that are wanted */
} listener_t;

static void piece(void *self, const char *bytes, apr_size_t len)
{
    ss_buf_append(&((listener_t *)self)->raw, bytes, len);
}

static int line(void *self, const char *bytes, apr_size_t len, ss_lift_t *lift, apr_status_t failed)
{
    listener_t *l = self;

    if (failed == SS_NDJSON_TOO_LONG)
        ss_buf_puts(&l->events, "(too long)");
    else if (failed != APR_SUCCESS)
        ss_buf_printf(&l->events, "(failed %d)", failed);
    if (lift) ss_buf_printf(&l->events, "[%d lifted]", lift->lifted->nelts);
    ss_buf_append(&l->events, bytes, len < 40 ? len : 40);
    ss_buf_puts(&l->events, "|");
    return --l->most > 0;
}

/* The events of a body that comes in pieces of a size. Lines have at most 1,000 octets; files are
 * lifted out of those over 100. */
static const char *events(const char *body, apr_size_t step, int most, apr_pool_t *pool)
{
    ss_ndjson_t *lines = apr_palloc(pool, sizeof(*lines));
    listener_t l = { .pool = pool, .most = most };

    ss_buf_init(&l.events, 1 << 20);
    ss_buf_init(&l.raw, 1 << 20);
    ss_ndjson_begin(lines, 1000, 100, token, pool);
    lines->self = &l;
    lines->line = line;
    lines->piece = piece;
    lines->content_from = 50;
    for (apr_size_t at = 0, len = strlen(body); at < len; at += step)
        ss_ndjson_add(lines, body + at, len - at < step ? len - at : step);
    ss_ndjson_end(lines);
    const char *out = apr_pstrmemdup(pool, l.events.len ? l.events.data : "", l.events.len);
    /* All octets but the line ends came as pieces, as long as lines were wanted. */
    if (most > 100) {
        char *flat = apr_pstrdup(pool, body), *to = flat;
        for (const char *p = body; *p; p++)
            if (*p != '\n') *to++ = *p;
        CU_ASSERT(l.raw.len == (apr_size_t)(to - flat) &&
                  (!l.raw.len || !memcmp(l.raw.data, flat, l.raw.len)));
    }
    ss_buf_free(&l.events);
    ss_buf_free(&l.raw);
    return out;
}

static void lines_in_pieces(void)
{
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    const char *file = apr_pstrcat(pool, "{\"content\":\"", fill(pool, 'A', 200), "\"}", NULL),
               *text = apr_pstrcat(pool, "{\"text\":\"", fill(pool, 'A', 200), "\"}", NULL);
    const struct {
        const char *body, *events;
    } table[] = {
        { "", "" },
        { "\n", "|" },
        { "a", "a|" },
        { "a\nb", "a|b|" },
        { "a\n\nb\n", "a||b|" },
        { apr_pstrcat(pool, "a\n", fill(pool, 'x', 1000), "\nb\n", NULL),
          apr_pstrcat(pool, "a|[0 lifted]", fill(pool, 'x', 40), "|b|", NULL) },
        { apr_pstrcat(pool, "a\n", fill(pool, 'x', 1001), "\nb\n", NULL), "a|(too long)|b|" },
        { fill(pool, 'x', 3000), "(too long)|" },
        { apr_pstrcat(pool, "a\n", file, "\nb\n", NULL),
          "a|[1 lifted]{\"content\":\"lifted-010000000000000000000|b|" },
        { apr_pstrcat(pool, file, "\n", file, NULL),
          "[1 lifted]{\"content\":\"lifted-010000000000000000000|[1 "
          "lifted]{\"content\":\"lifted-010000000000000000000|" },
        { text, apr_pstrcat(pool, "[0 lifted]{\"text\":\"", fill(pool, 'A', 31), "|", NULL) }
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        for (apr_size_t step = 1; step < 1200; step = step < 20 ? step + 1 : step * 3)
            CU_ASSERT_STRING_EQUAL(events(table[i].body, step, 1000, pool), table[i].events);
    }
    /* Nobody wants more: what follows is not looked at. */
    CU_ASSERT_STRING_EQUAL(events("a\nb\nc\nd", 3, 2, pool), "a|b|");
    CU_ASSERT_STRING_EQUAL(events("a\nb", 1, 2, pool), "a|b|");
    CU_ASSERT_STRING_EQUAL(events("a\nb", 10, 1, pool), "a|");
    apr_pool_destroy(pool);
}

/* The events of two bodies, one after the other, where the file of the first one's line takes
 * nothing any more after so many octets. */
static const char *events_without_room(const char *first, apr_size_t before, const char *second,
                                       apr_pool_t *pool)
{
    listener_t l = { .most = 1000 };
    ss_ndjson_t *lines = apr_palloc(pool, sizeof(*lines));

    ss_buf_init(&l.events, 1 << 20);
    ss_ndjson_begin(lines, 1 << 20, 100, token, pool);
    lines->self = &l;
    lines->line = line;
    ss_ndjson_add(lines, first, before);
    CU_ASSERT_PTR_NOT_NULL_FATAL(lines->lift);
    int full = open("/dev/full", O_RDWR);
    dup2(full, lines->lift->file.fd);
    close(full);
    ss_ndjson_add(lines, first + before, strlen(first) - before);
    ss_ndjson_add(lines, second, strlen(second));
    ss_ndjson_end(lines);
    const char *out = apr_pstrdup(pool, ss_buf_text(&l.events));
    ss_buf_free(&l.events);
    return out;
}

static void no_room(void)
{
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    /* That line is reported, the next one has a file of its own. */
    const char *file = apr_pstrcat(pool, "{\"content\":\"", fill(pool, 'A', 300000), "\"}\n", NULL);
    CU_ASSERT_STRING_EQUAL(
        events_without_room(file, 200000, file, pool),
        apr_psprintf(pool, "(failed %d)|[1 lifted]{\"content\":\"lifted-010000000000000000000|",
                     ENOSPC));
    /* Short enough to be written only when the line ends. */
    file = apr_pstrcat(pool, "{\"content\":\"", fill(pool, 'A', 70000), "\"}", NULL);
    CU_ASSERT_STRING_EQUAL(events_without_room(file, strlen(file), "", pool),
                           apr_psprintf(pool, "(failed %d)[1 lifted]|", ENOSPC));
    apr_pool_destroy(pool);
}

void ss_suite_ndjson(void)
{
    CU_pSuite suite = CU_add_suite("ndjson", NULL, NULL);

    CU_add_test(suite, "lines in pieces", lines_in_pieces);
    CU_add_test(suite, "no room", no_room);
}
