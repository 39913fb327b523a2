/* test_lift.c: documents with large files: what is composed of them piece by piece is what is
 * composed of them whole. */
#include <CUnit/Basic.h>
#include <apr_pools.h>
#include <apr_strings.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "fill.h"
#include "mail/codec.h"
#include "mail/compose.h"
#include "mail/form.h"
#include "mail/lift.h"
#include "mail/multipart.h"

void ss_suite_lift(void);

static const unsigned char token[SS_LIFT_TOKEN] = { 1, 2,  3,  4,  5,  6,  7,  8,
                                                    9, 10, 11, 12, 13, 14, 15, 16 };

/* Octets of all kinds, the same for the same length. */
static char *octets(apr_pool_t *pool, apr_size_t len)
{
    char *out = apr_palloc(pool, len);
    unsigned x = 12345;

    for (apr_size_t i = 0; i < len; i++) {
        x = x * 1103515245 + 12345;
        out[i] = (char)(x >> 16);
    }
    return out;
}

/* The message of a document, with its files lifted out of it in pieces of a size (0: read whole),
 * as one text in the pool; NULL with the problem. */
static const char *formed(const char *json, apr_size_t piece, apr_size_t max, apr_size_t *len,
                          ss_mail_problem_t *problem, apr_pool_t *pool)
{
    ss_parse_options_t options = {
        .adds_missing = 1, .host = "host.example.com", .now = 1000000, .random = 77, .max_size = max
    };
    ss_mail_message_t *m = ss_mail_create(pool);
    ss_lift_t *lift = apr_palloc(pool, sizeof(*lift));

    memset(problem, 0, sizeof(*problem));
    ss_compose_init();
    if (!piece) {
        if (ss_form_json(m, json, strlen(json), &options, problem)) return NULL;
        *len = m->content_len;
        return m->content;
    }
    ss_lift_begin(lift, SS_LIFT_JSON, NULL, 1 << 20, token, pool);
    for (apr_size_t at = 0, all = strlen(json); at < all; at += piece)
        ss_lift_add(lift, json + at, all - at < piece ? all - at : piece);
    ss_lift_end(lift);
    CU_ASSERT_EQUAL(lift->failed, APR_SUCCESS);
    CU_ASSERT(lift->doc.len < 200000);
    options.lift = lift;
    if (ss_form_json(m, lift->doc.data, lift->doc.len, &options, problem)) return NULL;
    CU_ASSERT(m->content_len < 200000);
    *len = m->content_len + (m->tail ? m->tail->len : 0);
    char *out = apr_palloc(pool, *len + 1);
    memcpy(out, m->content, m->content_len);
    if (m->tail)
        CU_ASSERT_EQUAL(ss_scratch_read(m->tail, 0, out + m->content_len, m->tail->len),
                        APR_SUCCESS);
    out[*len] = '\0';
    return out;
}

/* Attachments of sizes around the bound, in every order, with text and html. */
static void the_same_message(void)
{
    static const apr_size_t sizes[] = { 0,
                                        10,
                                        SS_LIFT_FROM / 4 * 3 - 1,
                                        SS_LIFT_FROM / 4 * 3,
                                        SS_LIFT_FROM / 4 * 3 + 1,
                                        300000,
                                        57000 * 4,
                                        57000 * 4 + 1 };
    apr_pool_t *pool, *each;

    apr_pool_create(&pool, NULL);
    apr_pool_create(&each, pool);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        for (size_t j = 0; j < sizeof(sizes) / sizeof(sizes[0]); j++) {
            ss_mail_problem_t problem;
            apr_size_t len = 0, whole_len = 0;
            apr_pool_clear(each);
            const char *json =
                apr_pstrcat(each,
                            "{\"from\":\"a@b.c\",\"to\":\"x@y.z\",\"text\":\"t\",\"html\":\"<p>"
                            "\\\"content\\\"\",\"attachments\":[{\"content\":\"",
                            ss_codec_base64(each, octets(each, sizes[i]), sizes[i], 0, NULL),
                            "\",\"filename\":\"a\\\"b\"},{\"cid\":\"c\",\"content\" : \"",
                            ss_codec_base64(each, octets(each, sizes[j]), sizes[j], 0, NULL),
                            "\"}],\"subject\":\"s\"}", NULL);
            const char *whole = formed(json, 0, 0, &whole_len, &problem, each),
                       *lifted = formed(json, 8192 + i * 977 + j, 0, &len, &problem, each);
            CU_ASSERT_PTR_NOT_NULL_FATAL(whole);
            CU_ASSERT_PTR_NOT_NULL_FATAL(lifted);
            CU_ASSERT(len == whole_len && !memcmp(whole, lifted, len));
        }
    }
    apr_pool_destroy(pool);
}

/* What JSON may write otherwise, cut at every octet near it. */
static void escapes(void)
{
    apr_pool_t *pool;
    ss_mail_problem_t problem;
    apr_size_t len = 0, whole_len = 0;

    apr_pool_create(&pool, NULL);
    const char *json = apr_pstrcat(
        pool,
        "{\"from\":\"a@b.c\",\"to\":\"x@y.z\",\"text\":\"t\",\"attachments\":[{\"content\":\"",
        fill(pool, 'A', SS_LIFT_FROM), "\\/\\/\\/\\/\\n\\t\\r \\u0041\\u002fB\\u003D\"}]}", NULL);
    const char *whole = formed(json, 0, 0, &whole_len, &problem, pool);
    CU_ASSERT_PTR_NOT_NULL_FATAL(whole);
    for (apr_size_t piece = SS_LIFT_FROM - 100; piece < SS_LIFT_FROM + 200; piece++) {
        const char *lifted = formed(json, piece, 0, &len, &problem, pool);
        CU_ASSERT_PTR_NOT_NULL_FATAL(lifted);
        CU_ASSERT(len == whole_len && !memcmp(whole, lifted, len));
    }
    apr_pool_destroy(pool);
}

static void refusals(void)
{
    const char *end[] = { "!", "\\u00e4", "\\u0000", "\\q", "\n", "=A", "A", "\\u00", "\xc3\xa4" };
    apr_pool_t *pool;
    ss_mail_problem_t problem;
    apr_size_t len;

    apr_pool_create(&pool, NULL);
    const char *large = fill(pool, 'A', SS_LIFT_FROM + 4),
               *begin = "{\"from\":\"a@b.c\",\"to\":\"x@y.z\",\"text\":\"t\",";
    for (size_t i = 0; i < sizeof(end) / sizeof(end[0]); i++) {
        CU_ASSERT_PTR_NULL(
            formed(apr_pstrcat(pool, begin, "\"attachments\":[{\"content\":\"\"},{\"content\":\"",
                               large, end[i], "\"}]}", NULL),
                   5000, 0, &len, &problem, pool));
        CU_ASSERT_EQUAL(problem.status, 400);
        CU_ASSERT_PTR_NOT_NULL_FATAL(problem.field);
        CU_ASSERT_STRING_EQUAL(problem.field, "attachments[1].content");
        CU_ASSERT_STRING_EQUAL(problem.detail, "attachments[1].content: not base64");
    }
    /* "content" elsewhere is no file. */
    static const struct {
        const char *begin, *end, *field;
    } elsewhere[] = { { "\"metadata\":{\"content\":\"", "\"}}", "metadata" },
                      { "\"headers\":{\"content\":\"", "\"}}", "headers.content" },
                      { "\"content\":\"", "\"}", "content" },
                      { "\"headers\":{\"X\":[\"a\",\"", "\"]}}", "headers.X[1]" },
                      { "\"metadata\":{\"x\":\"", "\"}}", "metadata" },
                      { "\"subject\":\"", "\"}", "subject" } };
    for (size_t i = 0; i < sizeof(elsewhere) / sizeof(elsewhere[0]); i++) {
        CU_ASSERT_PTR_NULL(
            formed(apr_pstrcat(pool, begin, elsewhere[i].begin, large, elsewhere[i].end, NULL),
                   5000, 0, &len, &problem, pool));
        CU_ASSERT_EQUAL(problem.status, 400);
        CU_ASSERT_PTR_NOT_NULL_FATAL(problem.field);
        CU_ASSERT_STRING_EQUAL(problem.field, elsewhere[i].field);
    }
    /* Cut off in the middle of it. */
    CU_ASSERT_PTR_NULL(
        formed(apr_pstrcat(pool, begin, "\"attachments\":[{\"content\":\"", large, NULL), 5000, 0,
               &len, &problem, pool));
    CU_ASSERT_EQUAL(problem.status, 400);
    /* The bound is that of the message. */
    const char *json =
        apr_pstrcat(pool, begin, "\"attachments\":[{\"content\":\"", large, "\"}]}", NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(formed(json, 5000, 0, &len, &problem, pool));
    CU_ASSERT_PTR_NOT_NULL(formed(json, 5000, len, &len, &problem, pool));
    CU_ASSERT_PTR_NULL(formed(json, 5000, len - 1, &len, &problem, pool));
    CU_ASSERT_EQUAL(problem.status, 413);
    apr_pool_destroy(pool);
}

/* ---- forms ---- */

#define HEAD "--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"x\"\r\n\r\n"
#define FROM 20 /* how long contents may be here until they are lifted */

/* The parts of a form that came in pieces, with the contents that were lifted put back;
 * "name:content|" each, or "-" where it cannot be read. *lifted: how many were. */
static const char *parts_of(const char *body, apr_size_t len, apr_size_t piece, int *lifted,
                            apr_pool_t *pool)
{
    ss_lift_t *lift = apr_palloc(pool, sizeof(*lift));
    apr_array_header_t *parts;
    const char *why, *out = "";

    ss_lift_begin(lift, SS_LIFT_MULTIPART, "b", 1 << 20, token, pool);
    lift->from = FROM;
    for (apr_size_t at = 0; at < len; at += piece)
        ss_lift_add(lift, body + at, len - at < piece ? len - at : piece);
    ss_lift_end(lift);
    CU_ASSERT_EQUAL(lift->failed, APR_SUCCESS);
    *lifted = lift->lifted->nelts;
    if (ss_multipart_read(&parts, lift->doc.data ? lift->doc.data : "", lift->doc.len, "b", &why,
                          pool))
        return "-";
    for (int i = 0; i < parts->nelts; i++) {
        const ss_multipart_part_t *part = &APR_ARRAY_IDX(parts, i, ss_multipart_part_t);
        const ss_lift_item_t *content = ss_lift_find(lift, part->bytes, part->len);
        char *bytes = apr_pstrmemdup(pool, part->bytes, part->len);
        if (content) {
            bytes = apr_pcalloc(pool, content->len + 1);
            CU_ASSERT_EQUAL(ss_scratch_read(&lift->file, content->at, bytes, content->len),
                            APR_SUCCESS);
        }
        out = apr_pstrcat(pool, out, part->name, ":", bytes, "|", NULL);
    }
    return out;
}

static void forms(void)
{
    apr_pool_t *pool;
    int lifted;

    apr_pool_create(&pool, NULL);
    const char *x = fill(pool, 'x', 200), *false_ones = "\r\n--bb\r\n--b-\r\n--b x\r\n-\r\n--",
               *padding = fill(pool, ' ', 64);
    const struct {
        const char *body, *parts;
        int lifted;
    } table[] = { { "", "-", 0 },
                  { "no form", "-", 0 },
                  { HEAD "short\r\n--b--\r\n", "f:short|", 0 },
                  { HEAD "\r\n--b--", "f:|", 0 },
                  { apr_pstrcat(pool, HEAD, x, "\r\n--b--\r\nepilogue", NULL),
                    apr_pstrcat(pool, "f:", x, "|", NULL), 1 },
                  { apr_pstrcat(pool, "preamble\r\n", HEAD, x, false_ones, x, "\r\n--b\r\n",
                                &HEAD[5], x, "\r\n--b--", NULL),
                    apr_pstrcat(pool, "f:", x, false_ones, x, "|f:", x, "|", NULL), 2 },
                  { apr_pstrcat(pool, HEAD, x, "\r\n--b", padding, "\r\n", &HEAD[5], "y\r\n--b--",
                                padding, "\r\n", NULL),
                    apr_pstrcat(pool, "f:", x, "|f:y|", NULL), 1 },
                  /* More blanks than a delimiter may have: no delimiter, for both readers. */
                  { apr_pstrcat(pool, HEAD, x, "\r\n--b", padding, " \r\n--b--\r\n", NULL),
                    apr_pstrcat(pool, "f:", x, "\r\n--b", padding, " |", NULL), 1 },
                  /* A field is no file, however long. */
                  { apr_pstrcat(pool, "--b\r\nContent-Disposition: form-data; name=\"t\"\r\n\r\n",
                                x, "\r\n--b--\r\n", NULL),
                    apr_pstrcat(pool, "t:", x, "|", NULL), 0 },
                  /* Cut off in the content; without a header; with one that does not end. */
                  { apr_pstrcat(pool, HEAD, x, NULL), "-", 1 },
                  { apr_pstrcat(pool, HEAD, x, "\r\n--b", NULL), "-", 1 },
                  { apr_pstrcat(pool, "--b\r\n\r\n", x, "\r\n--b--", NULL), "-", 0 },
                  { apr_pstrcat(pool,
                                "--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"",
                                fill(pool, 'y', 70000), "\r\n\r\n", x, "\r\n--b--", NULL),
                    "-", 0 } };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        apr_size_t len = strlen(table[i].body);
        for (apr_size_t piece = len > 10000 ? 5000 : 1; piece < len + 2;
             piece = piece < 30 ? piece + 1 : piece * 2) {
            CU_ASSERT_STRING_EQUAL(parts_of(table[i].body, len, piece, &lifted, pool),
                                   table[i].parts);
            CU_ASSERT(lifted == table[i].lifted || piece > FROM);
        }
    }
    apr_pool_destroy(pool);
}

/* A marker that a client writes itself, with another number or at another place, is no marker. */
static void markers(void)
{
    apr_pool_t *pool;
    ss_lift_t lift;

    apr_pool_create(&pool, NULL);
    ss_lift_begin(&lift, SS_LIFT_JSON, NULL, 1 << 20, token, pool);
    const char *json =
        apr_pstrcat(pool, "{\"content\":\"", fill(pool, 'A', SS_LIFT_FROM + 1), "\"}", NULL);
    ss_lift_add(&lift, json, strlen(json));
    ss_lift_end(&lift);
    CU_ASSERT_EQUAL_FATAL(lift.lifted->nelts, 1);
    char *marker = apr_pstrdup(
        pool, ss_lift_marker(&lift, &APR_ARRAY_IDX(lift.lifted, 0, ss_lift_item_t), pool));
    apr_size_t len = strlen(marker);
    CU_ASSERT_STRING_EQUAL(ss_buf_text(&lift.doc),
                           apr_pstrcat(pool, "{\"content\":\"", marker, "\"}", NULL));
    CU_ASSERT_PTR_EQUAL(ss_lift_find(&lift, marker, len),
                        &APR_ARRAY_IDX(lift.lifted, 0, ss_lift_item_t));
    CU_ASSERT_PTR_NULL(ss_lift_find(&lift, marker, len - 1));
    CU_ASSERT_PTR_NULL(ss_lift_find(NULL, marker, len));
    CU_ASSERT_FALSE(ss_lift_has(NULL, marker, len));
    CU_ASSERT_TRUE(ss_lift_has(&lift, apr_pstrcat(pool, "x", marker, NULL), len + 1));
    marker[len - 1] = '1';
    CU_ASSERT_PTR_NULL(ss_lift_find(&lift, marker, len));
    marker[10] ^= 1;
    CU_ASSERT_FALSE(ss_lift_has(&lift, marker, len));
    apr_pool_destroy(pool);
}

/* A lift that took the bytes in the pool. */
static ss_lift_t *lifted_of(const char *json, apr_size_t len, apr_size_t max, apr_pool_t *pool)
{
    ss_lift_t *lift = apr_palloc(pool, sizeof(*lift));

    ss_lift_begin(lift, SS_LIFT_JSON, NULL, max, token, pool);
    ss_lift_add(lift, json, len);
    return lift;
}

/* The file cannot be written, or read back. */
static void faults(void)
{
    apr_pool_t *pool;
    ss_scratch_t out;
    apr_size_t head;

    apr_pool_create(&pool, NULL);
    const char *json = apr_pstrcat(pool, "{\"content\":\"", fill(pool, 'A', 200000), NULL);
    ss_lift_t *lift = lifted_of(json, strlen(json), 1 << 20, pool);
    CU_ASSERT_EQUAL(lift->failed, APR_SUCCESS);
    int full = open("/dev/full", O_RDWR);
    CU_ASSERT(full >= 0);
    dup2(full, lift->file.fd);
    close(full);
    ss_lift_add(lift, json + 12, 200000);
    CU_ASSERT_EQUAL(lift->failed, ENOSPC);
    ss_lift_add(lift, json + 12, 200000);
    ss_lift_end(lift);
    CU_ASSERT_EQUAL(lift->failed, ENOSPC);
    /* The document's own bound. */
    CU_ASSERT_EQUAL(lifted_of(json, 200, 100, pool)->failed, APR_ENOSPC);
    lift = lifted_of(json, strlen(json), 1 << 20, pool);
    ss_lift_add(lift, "\"}", 2);
    ss_lift_end(lift);
    CU_ASSERT_EQUAL_FATAL(lift->failed, APR_SUCCESS);
    CU_ASSERT_EQUAL(ss_scratch_open(&out, pool), APR_SUCCESS);
    ss_lift_item_t *content = &APR_ARRAY_IDX(lift->lifted, 0, ss_lift_item_t);
    content->len++; /* more than is there */
    CU_ASSERT_EQUAL(ss_lift_lower(lift, lift->doc.data, lift->doc.len, &head, &out), APR_EOF);
    CU_ASSERT_EQUAL(ss_lift_decode(lift, content), -1);
    CU_ASSERT_EQUAL(lift->failed, APR_EOF);
    ss_scratch_close(&out);
    apr_pool_destroy(pool);
}

void ss_suite_lift(void)
{
    CU_pSuite suite = CU_add_suite("lift", NULL, NULL);

    CU_add_test(suite, "the same message", the_same_message);
    CU_add_test(suite, "escapes", escapes);
    CU_add_test(suite, "refusals", refusals);
    CU_add_test(suite, "forms", forms);
    CU_add_test(suite, "markers", markers);
    CU_add_test(suite, "faults", faults);
}
