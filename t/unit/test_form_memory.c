/* test_form_memory.c: what a stranger sends takes at most 8 times its size and 16 MiB in memory.
 * Each input is read in a process of its own, whose peak is measured. */
#include <CUnit/CUnit.h>
#include <apr_general.h>
#include <apr_pools.h>
#include <apr_strings.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "mail/form.h"
#include "mail/words.h"

void ss_suite_form_memory(void);

#define MIB (1024 * 1024)
#define SIZE ((apr_size_t)8 * MIB)
#define START "{\"from\":\"a@b.c\",\"to\":\"d@e.f\","

typedef struct {
    const char *label;
    const char *start, *item, *end; /* as many items as make 8 MiB; %d in one is its number */
    int most;                       /* items at most; 0: any number */
} row_t;

static const row_t rows[] = {
    { "long header fields", START "\"headers\":{\"X\":[\"\"", ",\"@9990\"", "]}}", 0 },
    { "encoded header fields", START "\"headers\":{\"X\":[\"\"", ",\"\xc3\xa9@9900\"", "]}}", 0 },
    { "many header fields", START "\"headers\":{\"X\":\"\"", ",\"X-%d\":\"v\"", "}}", 0 },
    { "lists", START "\"cc\":[[]", ",[]", "]}", 0 },
    { "objects", START "\"cc\":[{}", ",{}", "]}", 0 },
    { "objects within lists", START "\"cc\":[{}", ",[{}]", "]}", 0 },
    { "numbers", START "\"cc\":[1", ",1", "]}", 0 },
    { "members", START "\"metadata\":{\"\":1", ",\"%d\":1", "}}", 0 },
    { "recipients", "{\"from\":\"a@b.c\",\"to\":[\"d@e.f\"", ",\"u%d@example.net\"", "]}", 49000 },
    { "recipients with names", "{\"from\":\"a@b.c\",\"to\":[\"d@e.f\"",
      ",{\"name\":\"\xc3\xa9\",\"address\":\"u%d@example.net\"}", "]}", 12000 },
    { "names of files", START "\"attachments\":[{\"content\":\"\"}",
      ",{\"filename\":\"\xc3\xa9@900\",\"content\":\"\"}", "]}", 990 },
    { "long names of files", START "\"attachments\":[{\"content\":\"\"}",
      ",{\"filename\":\"\xc3\xa9@9000\",\"content\":\"\"}", "]}", 990 },
    { "files", START "\"attachments\":[{\"content\":\"\"}", ",{\"content\":\"@40000\"}", "]}", 0 },
    { "text", START "\"text\":\"", "hello world, this is a line of text\\n", "\"}", 0 },
    { "text with accents", START "\"text\":\"", "\xc3\xa9", "\"}", 0 },
    { "text that quoted-printable triples", START "\"text\":\"\xc3\xa9", "=", "\"}", 0 },
    { "text with some accents", START "\"text\":\"", "\xc3\xa9 abcd", "\"}", 0 },
    { "a long line", START "\"text\":\"", "x", "\"}", 0 },
};

/* Appends an item; "@9990" in it is that many letters. */
static void add_item(ss_buf_t *out, const char *item, int number)
{
    const char *at = strchr(item, '@');
    int count = at ? (int)apr_atoi64(at + 1) : 0;
    char text[100];

    snprintf(text, sizeof(text), item, number);
    if (!count) {
        ss_buf_puts(out, text);
        return;
    }
    ss_buf_append(out, item, (apr_size_t)(at - item));
    for (int i = 0; i < count; i++) ss_buf_append(out, "A", 1);
    ss_buf_puts(out, at + strspn(at, "@0123456789"));
}

static void make(ss_buf_t *out, const row_t *row)
{
    ss_buf_init(out, 2 * SIZE);
    ss_buf_puts(out, row->start);
    for (int i = 1; out->len < SIZE && (!row->most || i <= row->most); i++)
        add_item(out, row->item, i);
    ss_buf_puts(out, row->end);
}

static long status_of(const char *name)
{
    char line[200];
    long value = 0;
    FILE *file = fopen("/proc/self/status", "r");

    while (file && fgets(line, sizeof(line), file)) {
        if (!strncmp(line, name, strlen(name)))
            value = (long)apr_atoi64(line + strlen(name)) * 1024;
    }
    if (file) fclose(file);
    return value;
}

static void read_form(const char *bytes, apr_size_t len)
{
    static const char *added[][2] = { { "X-Added", "value" } };
    ss_parse_options_t options = {
        .adds_missing = 1, .host = "h.x", .default_domain = "h.x", .now = 1, .random = 7
    };
    ss_mail_problem_t problem = { 0 };
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    apr_array_header_t *headers = apr_array_make(pool, 1, sizeof(added[0]));
    memcpy(apr_array_push(headers), added[0], sizeof(added[0]));
    options.add_headers = headers;
    ss_form_json(ss_mail_create(pool), bytes, len, &options, &problem);
    apr_pool_destroy(pool);
}

static void read_parameters(const char *bytes, apr_size_t len)
{
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    ss_words_parameter(pool, bytes, len, "name");
    apr_pool_destroy(pool);
}

/* The memory that reading takes, in bytes. */
static long measure(void (*reader)(const char *bytes, apr_size_t len), const ss_buf_t *in)
{
    int ends[2];
    long used = -1;

    if (pipe(ends)) return -1;
    pid_t child = fork();
    if (!child) {
        long before = status_of("VmRSS:");
        reader(in->data, in->len);
        used = status_of("VmHWM:") - before;
        _exit(write(ends[1], &used, sizeof(used)) != sizeof(used));
    }
    close(ends[1]);
    if (read(ends[0], &used, sizeof(used)) != sizeof(used)) used = -1;
    close(ends[0]);
    waitpid(child, NULL, 0);
    return used;
}

static void check(const char *label, void (*reader)(const char *bytes, apr_size_t len),
                  ss_buf_t *in)
{
    /* The document itself is in memory, too, before the measurement begins. */
    long used = measure(reader, in), most = 7 * (long)in->len + 16 * MIB;

    if (used < 0 || used > most)
        printf("\n    %s: %ld KiB for %ld KiB", label, used / 1024, (long)in->len / 1024);
#ifndef __SANITIZE_ADDRESS__
    CU_ASSERT_TRUE(used >= 0 && used <= most);
#endif
    ss_buf_free(in);
}

static void no_document_takes_more_than_its_share(void)
{
    ss_buf_t in;

    ss_compose_init();
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        make(&in, &rows[i]);
        check(rows[i].label, read_form, &in);
    }
}

static void no_field_takes_more_than_its_share(void)
{
    static const row_t row = { "", "form-data", "; a=b", "; name=c", 8000 };
    ss_buf_t in;

    make(&in, &row);
    check("parameters", read_parameters, &in);
}

void ss_suite_form_memory(void)
{
    CU_pSuite suite = CU_add_suite("form_memory", NULL, NULL);

    CU_add_test(suite, "no_document_takes_more_than_its_share",
                no_document_takes_more_than_its_share);
    CU_add_test(suite, "no_field_takes_more_than_its_share", no_field_takes_more_than_its_share);
}
