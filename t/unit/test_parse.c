/* test_parse.c: finished messages: recipients, Bcc, what is added, what is refused; the messages of
 * t/unit/corpus. */
#include <CUnit/Basic.h>
#include <apr_file_io.h>
#include <apr_pools.h>
#include <apr_strings.h>
#include <string.h>

#include "fill.h"
#include "mail/canonical.h"
#include "mail/parse.h"

#define CORPUS "t/unit/corpus"

void ss_suite_parse(void);

static ss_mail_message_t *parsed(const char *text, const ss_parse_options_t *options,
                                 ss_mail_problem_t *problem, apr_pool_t *pool)
{
    ss_mail_message_t *m = ss_mail_create(pool);

    memset(problem, 0, sizeof(*problem));
    return ss_parse_message(m, text, strlen(text), options, problem) ? NULL : m;
}

static const char *rcpts(const ss_mail_message_t *m, apr_pool_t *pool)
{
    const char *out = "";

    for (int i = 0; i < m->rcpts->nelts; i++)
        out = apr_pstrcat(pool, out, i ? "," : "", ((ss_mail_rcpt_t *)m->rcpts->elts)[i].address,
                          NULL);
    return out;
}

static void recipients_and_senders(void)
{
    static const struct {
        const char *input, *from, *to;
    } table[] = {
        { "From: a@b.c\r\nTo: x@y.z, X <x@Y.Z>\r\nCc: g:c@d.e;\r\nBcc: h@i.j\r\n\r\nhi\r\n",
          "a@b.c", "x@y.z,c@d.e,h@i.j" },
        { "From: a@b.c\nSender: s@b.c\nTo: x@y.z\nResent-From: r@b.c\nResent-To: n@o.p\n\n",
          "r@b.c", "n@o.p" },
        { "From a@b.c Sat Jan  1\nFrom: a@b.c\nTo: root\n\nhi", "a@b.c", "root@host.example" },
        { "From: a@b.c\nTo: x@y.z", "a@b.c", "x@y.z" }
    };
    ss_parse_options_t options = {
        .takes_rcpts = 1, .adds_missing = 1, .host = "h.x", .default_domain = "host.example"
    };
    ss_mail_problem_t problem;
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        ss_mail_message_t *m = parsed(table[i].input, &options, &problem, pool);
        CU_ASSERT_PTR_NOT_NULL_FATAL(m);
        CU_ASSERT_STRING_EQUAL(m->from, table[i].from);
        CU_ASSERT_STRING_EQUAL(rcpts(m, pool), table[i].to);
        CU_ASSERT_PTR_NULL(strstr(m->content, "Bcc"));
        CU_ASSERT_PTR_NOT_NULL(strstr(m->content, "\r\nMessage-ID: <"));
        CU_ASSERT_PTR_NOT_NULL(strstr(m->content, "\r\nDate: "));
        CU_ASSERT_PTR_NOT_NULL(strstr(m->content, "\r\n\r\n"));
        CU_ASSERT_PTR_NOT_NULL(m->attr.message_id);
    }
    CU_ASSERT_PTR_NOT_NULL(strstr(parsed(table[2].input, &options, &problem, pool)->content,
                                  "To: root@host.example\r\n"));
    apr_pool_destroy(pool);
}

static void canonical_content_is_not_copied(void)
{
    static const char text[] = "From: a@b.c\r\nTo: x@y.z\r\nDate: x\r\nMessage-ID: "
                               "<i@d>\r\nSubject: =?utf-8?q?=C3=B6?=\r\n\r\nhi\r\n";
    ss_parse_options_t options = { .takes_rcpts = 1, .adds_missing = 1, .host = "h.x" };
    ss_mail_problem_t problem;
    apr_pool_t *pool;
    ss_mail_message_t *m;

    apr_pool_create(&pool, NULL);
    m = parsed(text, &options, &problem, pool);
    CU_ASSERT_PTR_NOT_NULL_FATAL(m);
    CU_ASSERT_PTR_EQUAL(m->content, text);
    CU_ASSERT_STRING_EQUAL(m->attr.subject, "\xc3\xb6");
    apr_pool_destroy(pool);
}

static void refusals_name_the_place(void)
{
    static const struct {
        const char *input, *field;
        int status;
    } table[] = { { "To: a b\r\n\r\n", "To", 400 },
                  { "no field\r\n\r\n", "header", 400 },
                  { "To: root\r\n\r\n", "To", 400 },
                  { "To: a@b.c\r\n\r\n0123456789012345678901234567890123456789", "content", 413 } };
    ss_parse_options_t options = { .takes_rcpts = 1, .max_size = 40 };
    ss_mail_problem_t problem;
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        CU_ASSERT_PTR_NULL(parsed(table[i].input, &options, &problem, pool));
        CU_ASSERT_EQUAL(problem.status, table[i].status);
        CU_ASSERT_STRING_EQUAL(problem.field, table[i].field);
    }
    memset(&problem, 0, sizeof(problem));
    CU_ASSERT_EQUAL(ss_parse_message(ss_mail_create(pool), "A: \0\r\n\r\n", 8, &options, &problem),
                    -1);
    CU_ASSERT_EQUAL(problem.status, 400);
    options.takes_plain_text = 1;
    options.max_size = 0;
    CU_ASSERT_STRING_EQUAL(parsed("hello\nworld\n", &options, &problem, pool)->content,
                           "\r\nhello\r\nworld\r\n");
    apr_pool_destroy(pool);
}

static void corpus_fail(const char *path, const char *why)
{
    printf("\n  %s %s", path, why);
    CU_FAIL("a message of the corpus");
}

/* A message of t/unit/corpus: accepted in canonical form, which parsing again keeps, unless its
 * name begins with "refused". */
static void corpus_message(const char *path, int is_refused, apr_pool_t *pool)
{
    ss_parse_options_t options = {
        .takes_rcpts = 1, .adds_missing = 1, .host = "h.x", .default_domain = "host.example"
    };
    ss_mail_problem_t problem = { 0 };
    ss_mail_message_t *m = ss_mail_create(pool), *again = ss_mail_create(pool);
    ss_canonical_facts_t facts;
    apr_file_t *file;
    apr_size_t len = (1 << 16) - 1;
    char *bytes = apr_palloc(pool, len + 1);

    CU_ASSERT_EQUAL_FATAL(apr_file_open(&file, path, APR_READ, 0, pool), APR_SUCCESS);
    apr_file_read_full(file, bytes, len, &len);
    bytes[len] = '\0';
    apr_file_close(file);
    if (ss_parse_message(m, bytes, len, &options, &problem)) {
        CU_ASSERT(problem.status >= 400 && problem.status < 500 && problem.detail[0]);
        if (!is_refused) corpus_fail(path, problem.detail);
        return;
    }
    if (is_refused) corpus_fail(path, "is accepted");
    ss_canonical_scan(m->content, m->content_len, &facts);
    if (!facts.is_canonical) corpus_fail(path, "is not canonical");
    options.takes_rcpts = 0;
    CU_ASSERT_EQUAL_FATAL(ss_parse_message(again, m->content, m->content_len, &options, &problem),
                          0);
    if (again->content_len != m->content_len ||
        memcmp(again->content, m->content, m->content_len) != 0)
        corpus_fail(path, "changes when it is parsed again");
}

static void the_corpus_is_parsed_or_refused(void)
{
    apr_pool_t *pool;
    apr_dir_t *dir;
    apr_finfo_t entry;
    int seen = 0;

    apr_pool_create(&pool, NULL);
    CU_ASSERT_EQUAL_FATAL(apr_dir_open(&dir, CORPUS, pool), APR_SUCCESS);
    while (apr_dir_read(&entry, APR_FINFO_NAME, dir) == APR_SUCCESS) {
        if (!strstr(entry.name, ".eml")) continue;
        corpus_message(apr_pstrcat(pool, CORPUS "/", entry.name, NULL),
                       !strncmp(entry.name, "refused", 7), pool);
        seen++;
    }
    CU_ASSERT(seen >= 50);
    apr_pool_destroy(pool);
}

static void marks_are_read(void)
{
    static const struct {
        const char *field;
        int is_bulk, is_auto;
    } table[] = { { "Precedence: BULK", 1, 0 },
                  { "Precedence: list", 1, 0 },
                  { "Precedence: junk", 1, 0 },
                  { "Precedence: first-class", 0, 0 },
                  { "Auto-Submitted: auto-replied", 0, 1 },
                  { "Auto-Submitted: no", 0, 0 },
                  { "Auto-Submitted: No; by=me", 0, 0 },
                  { "Auto-Submitted: no-really", 0, 1 },
                  { "Auto-Submitted: none", 0, 1 },
                  { "X-Other: bulk", 0, 0 } };
    ss_parse_options_t options = { .takes_rcpts = 1 };
    ss_mail_problem_t problem;
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        const ss_mail_message_t *m =
            parsed(apr_pstrcat(pool,
                               "From: a@b.c\r\nTo: x@y.z\r\nReceived: one\r\nReceived: "
                               "two\r\nMessage-ID: none\r\n",
                               table[i].field, "\r\n\r\n", NULL),
                   &options, &problem, pool);
        CU_ASSERT_PTR_NOT_NULL_FATAL(m);
        if (m->is_bulk != table[i].is_bulk || m->attr.is_auto != table[i].is_auto)
            CU_FAIL(table[i].field);
        CU_ASSERT_EQUAL(m->received_count, 2);
        CU_ASSERT_PTR_NULL(m->attr.message_id);
    }
    apr_pool_destroy(pool);
}

static void what_is_missing_is_added(void)
{
    static const char *const more[][2] = { { "X-Team", "J\xc3\xb6rg" }, { "X-Empty", NULL } };
    ss_parse_options_t options = { .adds_missing = 1,
                                   .from_name = "Joe Doe",
                                   .default_from = "cron@host.example",
                                   .now = 1700000000000000,
                                   .random = 7 };
    ss_mail_problem_t problem;
    apr_array_header_t *add;
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    add = apr_array_make(pool, 2, sizeof(more[0]));
    for (int i = 0; i < 2; i++) memcpy(apr_array_push(add), more[i], sizeof(more[0]));
    options.add_headers = add;
    ss_mail_message_t *m = parsed("Subject: s\r\n\r\nhi\r\n", &options, &problem, pool);
    CU_ASSERT_PTR_NOT_NULL_FATAL(m);
    CU_ASSERT_STRING_EQUAL(m->from, "cron@host.example");
    CU_ASSERT_STRING_EQUAL(m->attr.header_from, "cron@host.example");
    static const char want[] =
        "X-Team: =?utf-8?B?SsO2cmc=?=\r\nX-Empty: \r\nSubject: s\r\nFrom: Joe Doe "
        "<cron@host.example>\r\nDate: Tue, 14 Nov 2023 22:13:20 +0000\r\nMessage-ID: <";
    CU_ASSERT_NSTRING_EQUAL(m->content, want, sizeof(want) - 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(m->content, "@host.example>\r\n\r\nhi\r\n"));
    /* SMTPSendHeaderFrom replaces the author afterwards; an address literal is no name. */
    options.author = "a@other.example";
    m = parsed("Subject: s\r\n\r\nhi\r\n", &options, &problem, pool);
    CU_ASSERT_TRUE(m && strstr(m->content, "@other.example>\r\n") != NULL);
    options.author = "a@[192.0.2.1]";
    m = parsed("Subject: s\r\n\r\nhi\r\n", &options, &problem, pool);
    CU_ASSERT_TRUE(m && strstr(m->content, "@localhost>\r\n") != NULL);
    options.author = "a@b\xc3\xbc"
                     "cher.example";
    m = parsed("Subject: s\r\n\r\nhi\r\n", &options, &problem, pool);
    CU_ASSERT_TRUE(m && strstr(m->content, "@xn--bcher-") != NULL);
    /* The envelope's sender is the From; nobody's, where neither is known. */
    m = ss_mail_create(pool);
    m->from = "";
    options.default_from = NULL;
    CU_ASSERT_EQUAL(ss_parse_message(m, "Subject: s\r\n\r\n", 14, &options, &problem), 0);
    CU_ASSERT_PTR_NULL(strstr(m->content, "From:"));
    const ss_parse_options_t alone = { .adds_from = 1 };
    m = ss_mail_create(pool);
    m->from = "a@b.c";
    CU_ASSERT_EQUAL(ss_parse_message(m, "Subject: s\r\n\r\n", 14, &alone, &problem), 0);
    CU_ASSERT_STRING_EQUAL(m->content, "Subject: s\r\nFrom: a@b.c\r\n\r\n");
    m = ss_mail_create(pool);
    m->from = "root";
    options.default_domain = "host.example";
    CU_ASSERT_EQUAL(ss_parse_message(m, "Subject: s\r\n\r\n", 14, &options, &problem), 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(m->content, "From: Joe Doe <root@host.example>\r\n"));
    ((const char **)add->elts)[1] = "a\r\nBcc: e@v.il";
    CU_ASSERT_PTR_NULL(parsed("Subject: s\r\n\r\n", &options, &problem, pool));
    CU_ASSERT_STRING_EQUAL(problem.field, "X-Team");
    apr_pool_destroy(pool);
}

/* What is odd in front of a header or in it, and what is left of it. */
static void oddities_of_a_header_are_put_right(void)
{
    static const struct {
        const char *label, *input, *want;
    } table[] = {
        { "a byte order mark",
          "\xef\xbb\xbf"
          "From: a@b.c\n\n",
          "From: a@b.c\r\n\r\n" },
        { "mbox", "From a@b.c Sat Jan  1 10:00:00 2022\nFrom: a@b.c\n\n", "From: a@b.c\r\n\r\n" },
        { "quoted mbox", ">From - Sat, 1 Jan 2022\nFrom: a@b.c\n\n", "From: a@b.c\r\n\r\n" },
        { "mbox, another date", "From a 2022-01-01 10:00\nFrom: a@b.c\n\n", "From: a@b.c\r\n\r\n" },
        { "both",
          "\xef\xbb\xbf"
          "From a@b.c Sat Jan  1 10:00:00 2022\nFrom: a@b.c\n\n",
          "From: a@b.c\r\n\r\n" },
        { "mbox, no date", "From a@b.c\r\nFrom: a@b.c\r\n\r\n", "From: a@b.c\r\n\r\n" },
        { "a field, closely written", "From :a@b.c\nX: y\n\n", "From:a@b.c\r\nX: y\r\n\r\n" },
        { "mbox, nothing", "From -\nFrom: a@b.c\n\n", "From: a@b.c\r\n\r\n" },
        { "text that names its author", "From Bob\nNote: x\n",
          "From: r@s.t\r\n\r\nFrom Bob\r\nNote: x\r\n" },
        { "text that begins with an address", "From a@b.c\nhello\n",
          "From: r@s.t\r\n\r\nFrom a@b.c\r\nhello\r\n" },
        { "text that begins so", "From Sun to Mon the host was down\n",
          "From: r@s.t\r\n\r\nFrom Sun to Mon the host was down\r\n" },
        { "a blank before the colon", "From : A <a@b.c>\nSubject\t :  x\n\n",
          "From: A <a@b.c>\r\nSubject:  x\r\n\r\n" },
        { "what only the last server writes",
          "Return-Path: <x@y.z>\nFrom: a@b.c\nContent-Length: 12\nX: 1\n\n",
          "From: a@b.c\r\nX: 1\r\n\r\n" },
        { "empty fields",
          "Date:\nMessage-ID: \nFrom:\n \nTo:\t\nReply-To:\nSubject:\nResent-To:\n\n",
          "Subject:\r\nFrom: r@s.t\r\n\r\n" },
        { "odd but whole", "From:\ta@b.c\r\nX:\r\n\ty\r\n \r\nTo:  x@y.z ,\r\n  z@y.z\r\n\r\n",
          "From:\ta@b.c\r\nX:\r\n\ty\r\n \r\nTo:  x@y.z ,\r\n  z@y.z\r\n\r\n" }
    };
    const ss_parse_options_t options = { .adds_from = 1,
                                         .takes_plain_text = 1,
                                         .default_from = "r@s.t" };
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        ss_mail_problem_t problem;
        const ss_mail_message_t *m = parsed(table[i].input, &options, &problem, pool);
        if (m && !strcmp(m->content, table[i].want)) continue;
        printf("\n%s: %s", table[i].label, m ? m->content : problem.detail);
        CU_FAIL("read otherwise");
    }
    apr_pool_destroy(pool);
}

/* Bcc is read and left out before a line is looked at for its length. */
static void recipients_are_read_from_the_unfolded_field(void)
{
    const ss_parse_options_t options = { .takes_rcpts = 1 };
    ss_mail_problem_t problem;
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    const char *list = "user000@example.net";
    for (int i = 1; i < 200; i++) list = apr_psprintf(pool, "%s,user%03d@example.net", list, i);
    const ss_mail_message_t *m =
        parsed(apr_pstrcat(pool, "From: a@b.c\nBcc: ", list, "\nX: 1\n\nhi\n", NULL), &options,
               &problem, pool);
    CU_ASSERT_PTR_NOT_NULL_FATAL(m);
    CU_ASSERT_STRING_EQUAL(rcpts(m, pool), list);
    CU_ASSERT_STRING_EQUAL(m->content, "From: a@b.c\r\nX: 1\r\n\r\nhi\r\n");
    apr_pool_destroy(pool);
}

/* Whatever the submitter calls an added field: there is one, and it is the administrator's. */
static void added_fields_replace_the_submitters(void)
{
    static const char *const more[][2] = { { "X-User", "bob" },
                                           { "Precedence", "bulk" },
                                           { "Subject", "[app]" } };
    static const char given[] =
        "X-User: root\r\nSubject: mine\r\nx-user : root\r\n\tand more\r\nX-USER:"
        "root\r\nX-User-Too: kept\r\nFrom: a@b.c\r\nTo: d@e.f\r\n\r\nX-User: body\r\n";
    ss_parse_options_t options = { .takes_rcpts = 1 };
    ss_mail_problem_t problem;
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    apr_array_header_t *add = apr_array_make(pool, 3, sizeof(more[0]));
    for (int i = 0; i < 3; i++) memcpy(apr_array_push(add), more[i], sizeof(more[0]));
    options.add_headers = add;
    ss_mail_message_t *m = parsed(given, &options, &problem, pool);
    CU_ASSERT_PTR_NOT_NULL_FATAL(m);
    CU_ASSERT_STRING_EQUAL(m->content, "X-User: bob\r\nPrecedence: bulk\r\nSubject: [app]\r\n"
                                       "X-User-Too: kept\r\nFrom: a@b.c\r\nTo: d@e.f\r\n\r\n"
                                       "X-User: body\r\n");
    CU_ASSERT_STRING_EQUAL(m->attr.subject, "[app]");
    CU_ASSERT_TRUE(m->is_bulk);
    CU_ASSERT_EQUAL(m->rcpts->nelts, 1);
    apr_pool_destroy(pool);
}

/* "From : " is a field, "From " the first line of an mbox. */
static void the_line_of_an_mbox_is_no_field(void)
{
    ss_parse_options_t options = { .takes_rcpts = 0 };
    ss_mail_problem_t problem;
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    ss_mail_message_t *m = parsed("From a@b.c Mon Jan  1 12:00:00 2024\nFrom : d@e.f\n\nx\n",
                                  &options, &problem, pool);
    CU_ASSERT_PTR_NOT_NULL_FATAL(m);
    CU_ASSERT_STRING_EQUAL(m->content, "From: d@e.f\r\n\r\nx\r\n");
    m = parsed("From \t: d@e.f\nTo: a@b.c\n\nx\n", &options, &problem, pool);
    CU_ASSERT_PTR_NOT_NULL_FATAL(m);
    CU_ASSERT_STRING_EQUAL(m->attr.header_from, "d@e.f");
    apr_pool_destroy(pool);
}

static void domains_and_bcc(void)
{
    static const struct {
        const char *label, *in, *has;
    } table[] = {
        { "each without one", "From: root\r\nTo: joe,\r\n\tX <eve> (x)\r\n\r\n",
          "From: root@host.example\r\nTo: joe@host.example,\r\n\tX <eve@host.example> (x)\r\n" },
        { "two fields", "From: a@b.c\r\nTo: x@y.z\r\nTo: joe\r\n\r\n",
          "To: x@y.z\r\nTo: joe@host.example\r\n" },
        { "in a group", "From: a@b.c\r\nTo: g: joe;\r\n\r\n", "To: g: joe@host.example;\r\n" },
        { "comments and folding stay",
          "From: a@b\xc3\xbc.c\r\nCc: (c, d) Joe\r\n\t\"Q\" <a@b\xc3\xbc.c> (e),g:\r\n h.@i.j "
          ";\r\n\r\n",
          "From: a@xn--b-eha.c\r\nCc: (c, d) Joe\r\n\t\"Q\" <a@xn--b-eha.c> "
          "(e),g:\r\n \"h.\"@i.j ;\r\n" },
        { "a spelling that is odd and right", "From: \"a\" @b.c\r\nTo: < x @ y . z >\r\n\r\n",
          "From: \"a\" @b.c\r\nTo: < x @ y . z >\r\n" },
        { "an address outside ASCII", "From: a@b.c\r\nTo: \xc3\xb6@b\xc3\xbc.c\r\n\r\n",
          "To: \xc3\xb6@b\xc3\xbc.c\r\n" },
        { "a name with a comma", "From: Doe, Jane <a@b.c>\r\nTo: x@y.z\r\n\r\n",
          "From: \"Doe, Jane\" <a@b.c>\r\n" },
        { "a name with a comma before a bare address",
          "From: Jane Doe, a@b.c (x)\r\nTo: x@y.z\r\n\r\n", "From: Jane Doe <a@b.c> (x)\r\n" },
        { "two senders", "From: Jane Doe <a@b.c>, d@e.f\r\nTo: x@y.z\r\n\r\n",
          "From: Jane Doe <a@b.c>, d@e.f\r\n" },
        { "a list that is whole", "From: a@b.c\r\nTo: x@y.z,d@e.f\r\n\r\n", "To: x@y.z,d@e.f\r\n" },
        { "Resent-Bcc left out", "From: a@b.c\r\nResent-Bcc: h@i.j\r\nX-A: b\r\n\r\n",
          "From: a@b.c\r\nX-A: b\r\n" },
        { "Resent-Sender first",
          "From: a@b.c\r\nResent-To: x@y.z\r\nResent-Sender: s@b.c\r\nResent-From: r@b.c\r\n\r\n",
          "Resent-Sender: s@b.c" },
        { "the mbox line of some", ">From joe Sat Jan  1\r\nFrom: a@b.c\r\nTo: x@y.z\r\n\r\n",
          "From: a@b.c\r\nTo: x@y.z\r\n\r\n" },
        { "a field that begins so", "From : a@b.c\r\nTo: x@y.z\r\n\r\n", "x@y.z" }
    };
    ss_mail_problem_t problem;
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        ss_parse_options_t options = { .takes_rcpts = 1,
                                       .takes_names = 1,
                                       .default_domain = "host.example" };
        const ss_mail_message_t *m = parsed(table[i].in, &options, &problem, pool);
        if (m && strstr(apr_pstrmemdup(pool, m->content, m->content_len), table[i].has)) continue;
        printf("\n%s: %s", table[i].label, m ? m->content : problem.detail);
        CU_FAIL("parsed otherwise");
    }
    apr_pool_destroy(pool);
}

/* A word next to other addresses may be part of a name: it is no recipient and no sender. */
static void stray_words_are_refused(void)
{
    static const struct {
        const char *in, *field, *has;
        int takes_names;
    } table[] = { { "From: a@b.c\r\nTo: Doe, Jane <x@y.z>\r\n\r\n", "To", "\"Doe\" has no domain",
                    0 },
                  { "From: a@b.c\r\nTo: Doe, Jane <x@y.z>\r\n\r\n", "To", "must be quoted", 1 },
                  { "From: a@b.c\r\nCc: x@y.z, root\r\n\r\n", "Cc", "\"root\" has no domain", 0 },
                  { "From: a@b.c\r\nCc: x@y.z, root\r\n\r\n", "Cc", "\"root\" has no domain", 1 },
                  { "From: a@b.c\r\nBcc: root, joe\r\n\r\n", "Bcc", "\"root\" has no domain", 0 },
                  { "From: a@b.c\r\nTo: =?utf-8?q?Doe?=, x@y.z\r\n\r\n", "To", "encoded word", 1 },
                  { "From: a@b.c\r\nTo: =?utf-8?q?joe?=\r\n\r\n", "To", "encoded word", 1 },
                  { "From: a@b.c\r\nTo: Jane Doe, x@y.z\r\n\r\n", "To", "in quotes", 0 },
                  { "From: Doe, Jane <a@b.c>\r\nTo: x@y.z\r\n\r\n", "From",
                    "write: \"Doe, Jane\" <a@b.c>", 0 } };
    ss_mail_problem_t problem;
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        ss_parse_options_t options = { .takes_rcpts = 1,
                                       .takes_names = table[i].takes_names,
                                       .default_domain = "host.example" };
        CU_ASSERT_PTR_NULL(parsed(table[i].in, &options, &problem, pool));
        CU_ASSERT_EQUAL(problem.status, 400);
        CU_ASSERT_STRING_EQUAL_FATAL(problem.field, table[i].field);
        if (strstr(problem.detail, table[i].has)) continue;
        printf("\n%s%s", table[i].in, problem.detail);
        CU_FAIL("refused otherwise");
    }
    /* Where the envelope says who gets it, the field is content; but for what nobody can see. */
    ss_parse_options_t options = { .default_domain = "host.example" };
    CU_ASSERT_PTR_NULL(
        parsed("From: a@b.c\r\nCc: d@e.f, <x\xe2\x80\x8b@y.z>\r\n\r\n", &options, &problem, pool));
    CU_ASSERT_STRING_EQUAL_FATAL(problem.field, "Cc");
    CU_ASSERT_PTR_NOT_NULL(strstr(problem.detail, "it has U+200B, which cannot be seen"));
    CU_ASSERT_PTR_NULL(parsed("Bcc: d@e.f\r\nFrom: a@b\xef\xbc\x8e"
                              "c\r\n\r\n",
                              &options, &problem, pool));
    CU_ASSERT_STRING_EQUAL_FATAL(problem.field, "From");
    const ss_mail_message_t *m =
        parsed("From: a@b.c\r\nTo: Doe, Jane <x@y.z>\r\n\r\n", &options, &problem, pool);
    CU_ASSERT_PTR_NOT_NULL_FATAL(m);
    CU_ASSERT_PTR_NOT_NULL(strstr(m->content, "To: Doe, Jane <x@y.z>\r\n"));
    m = parsed("From: Mail System <MAILER-DAEMON>\r\nTo: root\r\n\r\n", &options, &problem, pool);
    CU_ASSERT_PTR_NOT_NULL_FATAL(m);
    CU_ASSERT_PTR_NOT_NULL(strstr(m->content, "From: Mail System <MAILER-DAEMON>\r\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(m->content, "To: root@host.example\r\n"));
    apr_pool_destroy(pool);
}

/* As many addresses as a message may have, each to be completed: memory grows with them, not with
 * their square. */
static void many_addresses_get_their_domain(void)
{
    ss_parse_options_t options = { .default_domain = "host.example", .takes_names = 1 };
    ss_mail_problem_t problem;
    apr_pool_t *pool;
    int count = 49999;

    apr_pool_create(&pool, NULL);
    char *text = apr_palloc(pool, (apr_size_t)count * 2 + 40), *to = text + 4;
    memcpy(text, "To: ", 4);
    for (int i = 0; i < count; i++, to += 2) memcpy(to, i % 30 == 29 ? "\n " : "a,", 2);
    memcpy(to, "b\n\n", 4);
    const ss_mail_message_t *m = parsed(text, &options, &problem, pool);
    CU_ASSERT_PTR_NOT_NULL_FATAL(m);
    CU_ASSERT_PTR_NOT_NULL(strstr(m->content, ",a@host.example,b@host.example\r\n\r\n"));
    apr_pool_destroy(pool);
}

static void a_header_has_bounds(void)
{
    ss_parse_options_t options = { .max_size = 0 };
    ss_mail_problem_t problem;
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    char *many = apr_palloc(pool, 10001 * 6 + 3), *to = many;
    for (int i = 0; i < 10001; i++, to += 6) memcpy(to, "a: b\r\n", 6);
    memcpy(to, "\r\n", 3);
    CU_ASSERT_PTR_NULL(parsed(many, &options, &problem, pool));
    CU_ASSERT_PTR_NOT_NULL(strstr(problem.detail, "more than 10000 fields"));
    CU_ASSERT_PTR_NOT_NULL(parsed(many + 6, &options, &problem, pool));
    const int len = SS_PARSE_HEADER_MAX + 3;
    char *large = fill(pool, 'x', (apr_size_t)len);
    memcpy(large, "X-A: ", 5);
    for (int i = 70; i < len - 70; i += 70) memcpy(large + i, "\r\n ", 3);
    memcpy(large + len - 4, "\r\n\r\n", 4);
    CU_ASSERT_PTR_NULL(parsed(large, &options, &problem, pool));
    CU_ASSERT_PTR_NOT_NULL(strstr(problem.detail, "the header is longer than 4194304 octets"));
    memset(&problem, 0, sizeof(problem));
    memcpy(large + len - 5, "\r\n\r\n", 5);
    CU_ASSERT_PTR_NOT_NULL(parsed(large, &options, &problem, pool));
    memset(&problem, 0, sizeof(problem));
    CU_ASSERT_EQUAL(
        ss_parse_message(ss_mail_create(pool), "X: a\0b\r\n\r\n", 11, &options, &problem), -1);
    CU_ASSERT_STRING_EQUAL(problem.detail, "the header has a zero byte");
    /* The size is that of the canonical form. */
    options.max_size = 12;
    CU_ASSERT_PTR_NULL(parsed("X: a\n\nb\nc\nd\n", &options, &problem, pool));
    CU_ASSERT_EQUAL(problem.status, 413);
    CU_ASSERT_PTR_NOT_NULL(parsed("X: a\n\nb\n", &options, &problem, pool));
    apr_pool_destroy(pool);
}

static void refusals_count_lines_of_the_input(void)
{
    static const struct {
        const char *input, *place;
    } table[] = {
        { "A: 1\r\n 2\r\n 3\r\nB: 4\r\n 5\r\nnonsense\r\nmore\r\n", "line 6 ...\"nonsense\"" },
        { "A: 1\n 2\nnonsense \x1b[2J\xff\n", "line 3 ...\"nonsense \\x1b[2J\\xff\"" },
        { "A: 1\r 2\rnon\tsense\rmore\r", "line 3 ...\"non\\x09sense\"" },
        { "\xef\xbb\xbf"
          "A: 1\nnonsense\n",
          "line 2 ...\"nonsense\"" },
        { "From a@b.c Sat Jan  1 00:00:00 2026\nA: 1\nnonsense\n", "line 3 ...\"nonsense\"" },
        { "\xef\xbb\xbf"
          "From a@b.c Sat Jan  1 00:00:00 2026\r\nA: 1\r\nnonsense",
          "line 3 ...\"nonsense\"" },
        { "A: 1\n\xe2\x80\xae"
          "a\xc2\x9b"
          "b\xe2\x80\x8b\n",
          "line 2 ...\"\\u202ea\\u009bb\\u200b\"" },
        { "nonsense nonsense nonsense nonsense nonsense nonsense nonsense nonsense nonsense "
          "nonsense",
          "line 1 ...nonse...\"" }
    };
    const ss_parse_options_t options = { .takes_rcpts = 1 };
    ss_mail_problem_t problem;
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        const char *dots = strstr(table[i].place, " ...");
        CU_ASSERT_PTR_NULL(parsed(table[i].input, &options, &problem, pool));
        CU_ASSERT(!strncmp(problem.detail, table[i].place, (size_t)(dots - table[i].place)));
        CU_ASSERT_PTR_NOT_NULL(strstr(problem.detail, dots + 4));
    }
    apr_pool_destroy(pool);
}

void ss_suite_parse(void)
{
    CU_pSuite s = CU_add_suite("parse", NULL, NULL);

    CU_add_test(s, "recipients_and_senders", recipients_and_senders);
    CU_add_test(s, "canonical_content_is_not_copied", canonical_content_is_not_copied);
    CU_add_test(s, "marks_are_read", marks_are_read);
    CU_add_test(s, "what_is_missing_is_added", what_is_missing_is_added);
    CU_add_test(s, "oddities_of_a_header_are_put_right", oddities_of_a_header_are_put_right);
    CU_add_test(s, "recipients_are_read_from_the_unfolded_field",
                recipients_are_read_from_the_unfolded_field);
    CU_add_test(s, "added_fields_replace_the_submitters", added_fields_replace_the_submitters);
    CU_add_test(s, "the_line_of_an_mbox_is_no_field", the_line_of_an_mbox_is_no_field);
    CU_add_test(s, "domains_and_bcc", domains_and_bcc);
    CU_add_test(s, "stray_words_are_refused", stray_words_are_refused);
    CU_add_test(s, "many_addresses_get_their_domain", many_addresses_get_their_domain);
    CU_add_test(s, "a_header_has_bounds", a_header_has_bounds);
    CU_add_test(s, "refusals_name_the_place", refusals_name_the_place);
    CU_add_test(s, "refusals_count_lines_of_the_input", refusals_count_lines_of_the_input);
    CU_add_test(s, "the_corpus_is_parsed_or_refused", the_corpus_is_parsed_or_refused);
}
