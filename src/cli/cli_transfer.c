/* cli_transfer.c: export and import of unfinished messages, one line of JSON with the content
 * each. The content is passed on in pieces. Messages that exist already are skipped, so that an
 * interrupted import can be repeated. */
#include "cli/cli.h"

#include <apr_strings.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/ident.h"
#include "base/text.h"
#include "cli/arguments.h"
#include "cli/exchange.h"
#include "mail/attributes.h"
#include "mail/codec.h"

#define PAGE 200
#define ANSWER_WAIT (120 * APR_USEC_PER_SEC)
#define CONNECT_WAIT (10 * APR_USEC_PER_SEC)
#define LINE_HEAD_MAX (SS_FRAME_HEADER_MAX)
/* precedes the content, the last member of a line; cannot occur inside a JSON string, which escapes
 * quotes */
#define CONTENT ",\"content\":\""
#define NOT_EXPORTED "line %" APR_INT64_T_FMT " was not written by 'smtp-send export'"
/* characters of base64: a multiple of four, and one frame's content when decoded */
#define CODED_PIECE 349524

/* ---- out ---- */

/* Base64 of pieces: octets that do not fill a group of three are kept for the next piece. */
typedef struct {
    char rest[3];
    apr_size_t rest_len;
} coder_t;

static void code(coder_t *coder, const char *bytes, apr_size_t len, int is_last, apr_pool_t *pool)
{
    apr_size_t whole = coder->rest_len + len, take = is_last ? whole : whole / 3 * 3, out_len;
    char *all = apr_palloc(pool, whole + 1);

    memcpy(all, coder->rest, coder->rest_len);
    if (len) memcpy(all + coder->rest_len, bytes, len);
    if (take) {
        const char *text = ss_codec_base64(pool, all, take, 0, &out_len);
        fwrite(text, 1, out_len, stdout);
    }
    coder->rest_len = whole - take;
    memcpy(coder->rest, all + take, coder->rest_len);
}

/* -1: the message was finished and removed meanwhile, or *failed is set. */
static int export_content(const ss_cli_t *cli, const char *id, int parts, int *failed)
{
    coder_t coder = { .rest_len = 0 };
    ss_cli_t own = *cli;

    for (int i = 0; i < parts; i++) {
        ss_peer_answer_t answer = { 0 };
        apr_pool_create(&own.pool, cli->pool);
        *failed = ss_exchange(
            &own, json_pack("{s:s,s:s,s:i}", "do", "content", "id", id, "part", i), NULL, &answer);
        int is_read = !*failed && answer.status == 200;
        if (is_read) code(&coder, answer.content, answer.content_len, i == parts - 1, own.pool);
        apr_pool_destroy(own.pool);
        if (!is_read) return -1;
    }
    return 0;
}

static int export_one(ss_cli_t *cli, const char *id, apr_int64_t *count)
{
    ss_cli_t own = *cli;
    ss_peer_answer_t answer = { 0 };

    apr_pool_create(&own.pool, cli->pool);
    int code_of_exit =
        ss_exchange(&own, json_pack("{s:s,s:s}", "do", "export", "id", id), NULL, &answer);
    if (code_of_exit == EX_OK && answer.status != 200)
        code_of_exit = ss_exchange_refused(&own, answer.status, answer.header);
    json_t *document =
        code_of_exit == EX_OK && answer.content ? json_loads(answer.content, 0, NULL) : NULL;
    /* A message that was sent since the list was read no longer needs to be exported. */
    if (!document || !json_array_size(json_object_get(document, "recipients"))) {
        json_decref(document);
        apr_pool_destroy(own.pool);
        return answer.status == 404 ? EX_OK : code_of_exit;
    }
    int parts = (int)ss_json_number(document, "parts");
    const char *text = ss_json_print(document, own.pool);
    text = ss_text_visible(own.pool, text, strlen(text), SS_TEXT_JSON);
    printf("%.*s" CONTENT, (int)strlen(text) - 1, text);
    /* Marks a line whose content could not be read completely; import skips it. */
    int is_whole = !export_content(&own, id, parts, &code_of_exit);
    puts(is_whole ? "\"}" : "\",\"incomplete\":true}");
    *count += is_whole;
    apr_pool_destroy(own.pool);
    return code_of_exit;
}

int ss_cli_transfer_export(ss_cli_t *cli, int argc, const char *const *argv)
{
    char after[SS_IDENT_TEXT] = "";
    apr_int64_t count = 0;
    int failed = EX_OK, more = 1;

    if (ss_arguments_read(cli, NULL, argc, argv, NULL, &failed)) return failed;
    while (more && failed == EX_OK) {
        ss_cli_t own = *cli;
        apr_pool_create(&own.pool, cli->pool);
        json_t *document =
            ss_exchange_ask(&own,
                            json_pack("{s:s,s:b,s:i,s:s*}", "do", "queue", "waiting", 1, "limit",
                                      PAGE, "after", *after ? after : NULL),
                            &failed);
        const json_t *rows = json_object_get(document, "messages");
        for (apr_size_t i = 0; i < json_array_size(rows) && failed == EX_OK; i++) {
            failed = export_one(&own, ss_json_text(json_array_get(rows, i), "id"), &count);
        }
        const char *next = ss_json_text(document, "more");
        more = next != NULL;
        if (next) apr_cpystrn(after, next, sizeof(after));
        json_decref(document);
        apr_pool_destroy(own.pool);
    }
    if (failed == EX_OK)
        fprintf(stderr, "smtp-send: %" APR_INT64_T_FMT " messages exported\n", count);
    return failed;
}

/* ---- in ---- */

/* Reads a line up to its content. 1: head is a JSON object; 0: end of input; -1: another kind of
 * line. */
static int read_head(ss_buf_t *head)
{
    apr_size_t mark = strlen(CONTENT);
    int c;

    ss_buf_clear(head);
    while ((c = getchar()) != EOF) {
        char byte = (char)c;
        if (c == '\n' && !head->len) continue;
        if (c == '\n' || ss_buf_append(head, &byte, 1) != APR_SUCCESS) return -1;
        if (c == '"' && head->len > mark && !memcmp(head->data + head->len - mark, CONTENT, mark)) {
            head->len -= mark;
            return ss_buf_puts(head, "}") == APR_SUCCESS ? 1 : -1;
        }
    }
    return head->len ? -1 : 0;
}

/* Skips the rest of the line. 1: it is marked as incomplete, or ends early. */
static int pass_line(void)
{
    char tail[32] = "";
    apr_size_t len = 0;
    int c;

    while ((c = getchar()) != EOF && c != '\n') {
        if (len < sizeof(tail) - 1) tail[len++] = (char)c;
    }
    return c == EOF || strstr(tail, "incomplete") != NULL;
}

/* The next piece of encoded content; *is_last: the closing quote was read. -1: the content ended
 * without it. */
static int read_piece(char *coded, apr_size_t *len, int *is_last)
{
    int c;

    *len = 0;
    *is_last = 0;
    while (*len < CODED_PIECE && (c = getchar()) != EOF && c != '\n') {
        if (c == '"') {
            *is_last = 1;
            return 0;
        }
        coded[(*len)++] = (char)c;
    }
    return *len == CODED_PIECE ? 0 : -1;
}

static void copy(json_t *to, const json_t *from, const char *name)
{
    json_t *value = json_object_get(from, name);

    if (value) json_object_set(to, name, value);
}

static json_t *submission(const json_t *document)
{
    json_t *to = json_array(), *notifies = json_array(), *orcpts = json_array(),
           *restore = json_object(),
           *request = json_pack("{s:s,s:o,s:o,s:o,s:o}", "do", "submit", "to", to, "notifies",
                                notifies, "orcpts", orcpts, "restore", restore);
    const json_t *rows = json_object_get(document, "recipients");

    copy(request, document, "from");
    copy(restore, document, "id");
    copy(restore, document, "created");
    copy(restore, document, "relay");
    copy(restore, document, "recipients");
    for (const ss_attributes_row_t *row = ss_attributes_rows; row->name; row++) {
        if (row->set_by & SS_SET_RESTORE)
            copy(restore, document, row->name);
        else if (row->column || row->flag)
            copy(request, document, row->name);
    }
    for (apr_size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        json_t *orcpt = json_object_get(row, "orcpt");
        json_array_append(to, json_object_get(row, "address"));
        json_array_append(notifies, json_object_get(row, "notify"));
        json_array_append_new(orcpts, orcpt ? json_incref(orcpt) : json_null());
    }
    return request;
}

/* Sends the content as it is read, but the last piece only after the whole line: a line that ends
 * early must not be accepted. */
static apr_status_t send_content(ss_peer_t *peer, apr_pool_t *pool)
{
    char *coded = apr_palloc(pool, CODED_PIECE), *bytes;
    apr_status_t rv = APR_SUCCESS;
    int is_last = 0;

    while (rv == APR_SUCCESS && !is_last) {
        apr_size_t len, out;
        apr_pool_t *piece;
        if (read_piece(coded, &len, &is_last)) return APR_EINVAL;
        apr_pool_create(&piece, pool);
        if (ss_codec_base64_read(piece, coded, len, 1, &bytes, &out))
            rv = APR_EINVAL;
        else if (is_last && pass_line())
            rv = APR_EINCOMPLETE;
        else
            rv = ss_peer_part(peer, bytes, out, is_last, ss_mono_add(ss_mono_now(), ANSWER_WAIT));
        apr_pool_destroy(piece);
    }
    return rv;
}

/* Submits a message whose content is the rest of the line. */
static apr_status_t submit(const ss_cli_t *cli, const json_t *document, ss_peer_answer_t *answer)
{
    const char *header = ss_json_print(submission(document), cli->pool);
    ss_result_t result = { 0 };
    ss_peer_t *peer;
    apr_status_t rv = ss_peer_open(&peer, cli->socket, 0, CONNECT_WAIT, &result, cli->pool);
    if (rv == APR_SUCCESS) {
        rv = ss_peer_begin(peer, header, strlen(header), ss_mono_add(ss_mono_now(), ANSWER_WAIT));
        if (rv == APR_SUCCESS) rv = send_content(peer, cli->pool);
        if (rv == APR_SUCCESS)
            rv = ss_peer_receive(peer, answer, NULL, NULL, ss_mono_add(ss_mono_now(), ANSWER_WAIT),
                                 cli->pool);
        ss_peer_close(peer);
    }
    return rv;
}

/* 1: imported; 0: it exists already, or its line is incomplete; -1: failed, and *failed is the exit
 * code. */
static int import_one(ss_cli_t *cli, const json_t *document, apr_int64_t line, int *failed)
{
    const char *id = ss_json_text(document, "id");
    ss_peer_answer_t answer = { 0 };

    if (!id || !ss_ident_is_valid(id)) {
        *failed = ss_cli_complain(EX_DATAERR, NOT_EXPORTED, line);
        return -1;
    }
    *failed = ss_exchange(cli, json_pack("{s:s,s:s}", "do", "get", "id", id), NULL, &answer);
    if (*failed != EX_OK) return -1;
    if (answer.status == 200) {
        pass_line();
        return 0;
    }
    apr_status_t rv = submit(cli, document, &answer);
    if (rv == APR_SUCCESS && answer.status >= 200 && answer.status < 300) return 1;
    if (rv == APR_SUCCESS) {
        *failed = ss_exchange_refused(cli, answer.status, answer.header);
        return -1;
    }
    ss_cli_complain(EX_USAGE, "message %s was not imported: %s", id,
                    rv == APR_EINVAL        ? "its content is not base64"
                    : rv == APR_EINCOMPLETE ? "its line is incomplete"
                                            : "the delivery daemon did not answer");
    if (rv == APR_EINCOMPLETE) return 0;
    *failed = rv == APR_EINVAL ? EX_DATAERR : EX_TEMPFAIL;
    return -1;
}

int ss_cli_transfer_import(ss_cli_t *cli, int argc, const char *const *argv)
{
    apr_int64_t count = 0, skipped = 0;
    int failed = EX_OK, got;
    ss_buf_t head;

    if (ss_arguments_read(cli, NULL, argc, argv, NULL, &failed)) return failed;
    ss_buf_init(&head, LINE_HEAD_MAX);
    while (failed == EX_OK && (got = read_head(&head)) != 0) {
        ss_cli_t own = *cli;
        if (got < 0) {
            failed = ss_cli_complain(EX_DATAERR, NOT_EXPORTED, count + skipped + 1);
            break;
        }
        apr_pool_create(&own.pool, cli->pool);
        json_t *document = json_loadb(head.data, head.len, 0, NULL);
        int taken = import_one(&own, document, count + skipped + 1, &failed);
        json_decref(document);
        apr_pool_destroy(own.pool);
        count += taken > 0;
        skipped += taken == 0;
    }
    ss_buf_free(&head);
    fprintf(stderr,
            "smtp-send: %" APR_INT64_T_FMT " messages imported, %" APR_INT64_T_FMT " skipped\n",
            count, skipped);
    return failed;
}
