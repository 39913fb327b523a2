#include "intake/incoming.h"

#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "intake/staging.h"
#include "mail/canonical.h"
#include "mail/header.h"

/* parts of half the usual size: two of them are in memory at a time */
#define PART (SS_PART_MAX / 2)
/* a larger buffer is not kept for the next message */
#define KEPT_MAX 131072
#define LOOK_AT 98304 /* a message with more octets is large */
/* no bound for re-encoded content here: its parts have the message's */
#define RAW_MOST ((apr_size_t)1 << 40)

/* Runs work on a computing thread, then done on the loop's; on the loop's at once if no thread can
 * be had. Meanwhile the owner adds nothing and frees nothing. */
static void compute(ss_incoming_t *in, void (*work)(void *self), void (*done)(void *self))
{
    in->how.now = ss_loop_wall(in->intake->loop);
    if (ss_loop_compute(in->intake->loop, work, done, in) == APR_SUCCESS) return;
    work(in);
    done(in);
}

static void charge(ss_incoming_t *in, apr_size_t len)
{
    ss_intake_charge(in->intake, in->charged, len);
}

void ss_incoming_init(ss_incoming_t *in, ss_intake_t *intake, apr_size_t *charged)
{
    memset(in, 0, sizeof(*in));
    in->intake = intake;
    in->charged = charged;
    ss_buf_init(&in->raw, 0);
}

void ss_incoming_begin(ss_incoming_t *in, const ss_relay_t *relay, ss_message_t *message,
                       ss_mail_message_t *mail, const ss_draft_t *how, apr_size_t raw_max)
{
    in->relay = relay;
    in->message = message;
    in->mail = mail;
    in->how = *how;
    in->problem.status = 0;
    in->got = 0;
    in->raw.max = raw_max;
    in->look_at = LOOK_AT;
    in->is_streaming = in->is_heading = in->has_head = 0;
}

static void free_part(ss_incoming_t *in)
{
    free(in->part);
    in->part = NULL;
    in->part_len = 0;
}

void ss_incoming_clear(ss_incoming_t *in)
{
    if (in->raw.size > KEPT_MAX)
        ss_buf_free(&in->raw);
    else
        ss_buf_clear(&in->raw);
    free_part(in);
    in->message = NULL;
    in->got = 0;
}

void ss_incoming_free(ss_incoming_t *in)
{
    ss_buf_free(&in->raw);
    free_part(in);
}

/* ---- the body of a large message ---- */

static void flush_part(ss_incoming_t *in)
{
    ss_accept_answer_t answer;

    if (ss_accept_part(in->relay, in->message, in->part, in->part_len, &answer))
        charge(in, in->part_len);
    else
        ss_mail_problem(&in->problem, 413, NULL, "%s", answer.detail);
    in->part_len = 0;
}

static void put(void *self, const char *bytes, apr_size_t len)
{
    ss_incoming_t *in = self;

    while (len && !in->problem.status) {
        apr_size_t room = PART - in->part_len, piece = len < room ? len : room;
        memcpy(in->part + in->part_len, bytes, piece);
        in->part_len += piece;
        bytes += piece;
        len -= piece;
        if (in->part_len == PART) flush_part(in);
    }
}

/* An imported message keeps what it has; only its form is corrected. */
static int keep(ss_incoming_t *in, const char *bytes, apr_size_t len)
{
    ss_accept_answer_t answer;
    const char *out;

    if (ss_canonical_make(&out, &len, bytes, len, &in->problem, in->message->pool)) {
        if (!in->problem.status) in->problem.status = 422;
        return -1;
    }
    if (ss_accept_content(in->relay, in->message, out, len, &answer)) return 0;
    ss_mail_problem(&in->problem, 413, NULL, "%s", answer.detail);
    return -1;
}

/* The recipients that the message has already. */
static int take_envelope(ss_incoming_t *in)
{
    const ss_message_t *m = in->message;
    ss_mail_message_t *mail = in->mail;

    for (int i = 0; i < m->rcpt_count; i++) {
        int before = mail->rcpts->nelts;
        if (ss_mail_add_rcpt(mail, m->rcpts[i].address, m->rcpts[i].notify, "to", &in->problem))
            return -1;
        if (mail->rcpts->nelts > before)
            APR_ARRAY_IDX(mail->rcpts, before, ss_mail_rcpt_t).orcpt = m->rcpts[i].orcpt;
    }
    mail->from = m->from;
    return 0;
}

/* The recipients that a person typed, each perhaps a list. */
static int take_typed(ss_incoming_t *in)
{
    ss_mail_message_t *mail = in->mail;

    for (int i = 0; in->typed && i < in->typed->nelts; i++) {
        const ss_mail_rcpt_t *rcpt = &APR_ARRAY_IDX(in->typed, i, ss_mail_rcpt_t);
        int before = mail->rcpts->nelts;
        if (ss_draft_rcpt(mail, rcpt->address, rcpt->notify, in->relay->settings->default_domain,
                          &in->problem))
            return -1;
        if (rcpt->orcpt && mail->rcpts->nelts == before + 1)
            APR_ARRAY_IDX(mail->rcpts, before, ss_mail_rcpt_t).orcpt = rcpt->orcpt;
    }
    return 0;
}

/* Makes the message from bytes, which are all of it or its header. copies: bytes are freed later.
 */
static int draft(ss_incoming_t *in, const char *bytes, apr_size_t len, int copies)
{
    ss_accept_answer_t answer;

    if (in->how.is_kept) return keep(in, bytes, len);
    if ((in->takes_envelope && take_envelope(in)) || take_typed(in) ||
        ss_draft_finish(in->mail, bytes, len, &in->how, &in->problem)) {
        if (!in->problem.status) in->problem.status = 400;
        return -1;
    }
    if (copies) {
        bytes = in->mail->content;
        len = in->mail->content_len;
    }
    if (ss_draft_take(in->relay, in->message, in->mail, bytes, len, &answer)) return 0;
    ss_mail_problem(&in->problem, 413, NULL, "%s", answer.detail);
    return -1;
}

/* If the header is complete, it becomes the message's first part. */
static void find_header(void *self)
{
    ss_incoming_t *in = self;
    const char *head;

    in->has_head = ss_canonical_stream_header(&head, &in->body, &in->is_lf, in->raw.data,
                                              in->raw.len, in->message->pool);
    if (in->has_head) draft(in, head, strlen(head), 1);
}

/* ... and the beginning of the body follows. */
static void begin_stream(ss_incoming_t *in)
{
    ss_buf_t raw = in->raw;

    in->is_heading = 0;
    if (!in->has_head) {
        in->look_at = raw.len * 2;
        return;
    }
    if (in->problem.status) return;
    charge(in, in->message->size);
    in->stream = (ss_canonical_stream_t){ .put = put, .self = in, .is_lf = in->is_lf };
    in->part = malloc(PART);
    if (!in->part) {
        ss_mail_problem(&in->problem, 503, NULL, "there is not enough memory");
        return;
    }
    in->is_streaming = 1;
    ss_buf_init(&in->raw, raw.max);
    ss_canonical_stream_add(&in->stream, raw.data + in->body, raw.len - in->body);
    ss_intake_discharge(in->intake, in->charged, raw.len);
    ss_buf_free(&raw);
}

int ss_incoming_add(ss_incoming_t *in, const char *bytes, apr_size_t len)
{
    in->got += len;
    if (in->problem.status) return -1;
    if (in->is_streaming) {
        ss_canonical_stream_add(&in->stream, bytes, len);
    } else if (ss_buf_append(&in->raw, bytes, len) != APR_SUCCESS) {
        ss_mail_problem(&in->problem, 413, NULL,
                        "the message is larger than SMTPSendMaxMessageSize, %" APR_SIZE_T_FMT
                        " bytes",
                        in->raw.max);
    } else {
        charge(in, len);
        in->is_heading = in->raw.len > in->look_at;
    }
    return in->problem.status ? -1 : 0;
}

static int must_stage(const ss_incoming_t *in)
{
    return in->is_streaming && !in->problem.status && ss_staging_is_due(in->message);
}

int ss_incoming_is_due(const ss_incoming_t *in)
{
    return in->is_heading || must_stage(in);
}

static void settled(void *self, const ss_result_t *failed)
{
    ss_incoming_t *in = self;

    in->staged(in->self, failed);
}

static void headed(void *self)
{
    ss_incoming_t *in = self;

    begin_stream(in);
    if (must_stage(in))
        ss_staging_begin(in->intake, in->message, in->charged, settled, in);
    else
        settled(in, NULL);
}

void ss_incoming_stage(ss_incoming_t *in, void (*done)(void *self, const ss_result_t *failed),
                       void *self)
{
    in->staged = done;
    in->self = self;
    if (in->is_heading)
        compute(in, find_header, headed);
    else
        ss_staging_begin(in->intake, in->message, in->charged, settled, in);
}

/* ---- a body that has to be re-encoded ---- */

static void finish(ss_incoming_t *in)
{
    in->done(in->self, in->problem.status ? &in->problem : NULL);
}

static void encode(void *self)
{
    ss_incoming_t *in = self;
    ss_message_t *m = in->message;
    const char *out;
    apr_size_t len;
    ss_accept_answer_t answer;

    if (ss_canonical_make(&out, &len, in->raw.data, in->raw.len, &in->problem, m->pool)) {
        if (!in->problem.status) in->problem.status = 422;
    } else if (!ss_accept_content(in->relay, m, out, len, &answer)) {
        ss_mail_problem(&in->problem, 413, NULL, "%s", answer.detail);
    }
}

static void made(void *self)
{
    finish(self);
}

/* The message gets a new id; the parts stored under the old one are deleted. */
static void begin_encoding(ss_incoming_t *in)
{
    in->raw.len = ss_canonical_stream_restore(&in->stream, in->raw.data, in->raw.len);
    ss_staging_forget(in->intake, in->message);
    in->message->part_count = 0;
    in->message->size = 0;
    compute(in, encode, made);
}

static void read_back(ss_incoming_t *in);

static void came(ss_store_request_t *request)
{
    ss_incoming_t *in = request->baton;
    const ss_store_part_t *part = ss_store_request_as(request, SS_STORE_PART);

    if (request->rv != APR_SUCCESS || part->len != in->message->parts[in->number].len ||
        ss_buf_append(&in->raw, part->bytes, part->len) != APR_SUCCESS) {
        ss_mail_problem(
            &in->problem, 503, NULL,
            "the message has to be re-encoded, and the parts already stored cannot be read back");
    } else {
        charge(in, part->len);
        in->number++;
    }
    apr_pool_destroy(request->pool);
    if (in->problem.status)
        finish(in);
    else
        read_back(in);
}

static void read_back(ss_incoming_t *in)
{
    const ss_message_t *m = in->message;

    for (; in->number < m->part_count && m->parts[in->number].bytes; in->number++) {
        if (ss_buf_append(&in->raw, m->parts[in->number].bytes, m->parts[in->number].len) ==
            APR_SUCCESS)
            continue;
        ss_mail_problem(&in->problem, 503, NULL, "there is not enough memory");
        finish(in);
        return;
    }
    if (in->number == m->part_count) {
        begin_encoding(in);
        return;
    }
    ss_store_part_t *request = ss_store_part_create(m->id, in->number, came, in);
    ss_store_port_post(in->intake->queue, &request->head);
}

/* ---- the end ---- */

static void settle(ss_incoming_t *in)
{
    if (!in->stream.must_encode || in->problem.status) {
        finish(in);
        return;
    }
    in->number = 0;
    in->raw.max = RAW_MOST;
    read_back(in);
}

static void staged(void *self, const ss_result_t *failed)
{
    ss_incoming_t *in = self;

    if (failed) ss_mail_problem(&in->problem, 503, NULL, "%s", failed->text);
    settle(in);
}

/* Whether it is made within a millisecond or some. */
static int is_small(const ss_incoming_t *in)
{
    apr_size_t header = in->raw.len ? ss_header_len(in->raw.data, in->raw.len) : 0;

    return in->raw.len <= SS_INCOMING_AT_ONCE &&
           (header <= SS_INCOMING_8BIT_AT_ONCE || ss_text_is_ascii(in->raw.data, header)) &&
           in->message->rcpt_count <= SS_INCOMING_RCPTS_AT_ONCE &&
           (!in->mail || in->mail->rcpts->nelts <= SS_INCOMING_RCPTS_AT_ONCE) &&
           (!in->typed || in->typed->nelts <= SS_INCOMING_RCPTS_AT_ONCE);
}

static void draft_whole(void *self)
{
    ss_incoming_t *in = self;

    draft(in, in->raw.len ? in->raw.data : "", in->raw.len, 0);
}

static void end(ss_incoming_t *in)
{
    if (in->problem.status) {
        finish(in);
        return;
    }
    if (!in->is_streaming) {
        if (!is_small(in)) {
            compute(in, draft_whole, made);
            return;
        }
        in->how.now = ss_loop_wall(in->intake->loop);
        draft_whole(in);
        finish(in);
        return;
    }
    ss_canonical_stream_end(&in->stream);
    if (!in->problem.status) flush_part(in);
    in->message->attr.is_8bit |= in->stream.has_8bit;
    if (must_stage(in))
        ss_staging_begin(in->intake, in->message, in->charged, staged, in);
    else
        settle(in);
}

static void headed_at_end(void *self)
{
    begin_stream(self);
    end(self);
}

void ss_incoming_end(ss_incoming_t *in, void (*done)(void *self, const ss_mail_problem_t *problem),
                     void *self)
{
    in->done = done;
    in->self = self;
    if (in->needs_content && !in->got)
        ss_mail_problem(&in->problem, 400, NULL, "the message is empty");
    if (in->is_heading && !in->problem.status)
        compute(in, find_header, headed_at_end);
    else
        end(in);
}
