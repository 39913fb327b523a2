#include "intake/local_many.h"

#include <string.h>

#include "base/text.h"
#include "intake/local_compose.h"
#include "intake/staging.h"

#define STEP 100 /* messages that are made, or go to the queue, in one turn: some milliseconds */

typedef struct {
    ss_local_many_t *many;
    ss_relay_t *relay;
    ss_message_t *message;      /* NULL: refused already, or given to the queue */
    ss_incoming_t *composing;   /* makes the message of the content; or NULL: it is kept */
    ss_canonical_check_t check; /* of content that is kept */
    apr_uint64_t size, got;     /* octets of content announced, and come so far */
    json_t *answer;
} one_t;

struct ss_local_many_t {
    ss_intake_t *intake;
    apr_pool_t *pool;
    void (*done)(void *self, json_t *answers);
    void *self;
    one_t *ones;
    json_t *list; /* their headers, until all are made */
    ss_local_client_id_t client;
    void (*made)(void *self); /* NULL: within ss_local_many_make */
    ss_timer_t turn;
    int step; /* messages that are made, then those that were given to the queue */
    /* current: whose content comes now; open: answers that are not there yet */
    int count, current, open;
    apr_size_t charged; /* content that composing holds, in intake->bytes */
};

static void answer_one(one_t *one, int status, json_t *fields)
{
    json_object_set_new(fields, "status", json_integer(status));
    one->answer = fields;
    one->many->open--;
}

static void refuse_one(one_t *one, const ss_local_refusal_t *no)
{
    json_t *fields = json_object();

    ss_json_put(fields, "detail", no->detail);
    ss_json_put(fields, "field", no->field);
    if (no->retry_after) json_object_set_new(fields, "retryAfter", json_integer(no->retry_after));
    if (no->kind != ss_problem_kind_status(no->kind))
        ss_json_put(fields, "code", ss_problem_kind_code(no->kind));
    answer_one(one, ss_problem_kind_status(no->kind), fields);
}

static void accepted_one(one_t *one, const ss_accept_answer_t *answer)
{
    json_t *fields = answer->is_dry_run
                         ? json_pack("{s:b,s:i}", "dryRun", 1, "recipients", answer->rcpt_count)
                         : json_pack("{s:s,s:s,s:i}", "id", answer->id, "state", "queued",
                                     "recipients", answer->rcpt_count);

    if (answer->is_paused) json_object_set_new(fields, "paused", json_true());
    answer_one(one, answer->is_repeated || answer->is_dry_run ? 200 : 202, fields);
}

void ss_local_many_free(ss_local_many_t *many)
{
    for (int i = 0; i < many->count; i++) {
        if (many->ones[i].message) ss_staging_drop(many->intake, many->ones[i].message);
        json_decref(many->ones[i].answer);
    }
    ss_intake_discharge(many->intake, &many->charged, many->charged);
    ss_loop_untimer(many->intake->loop, &many->turn);
    json_decref(many->list);
    apr_pool_destroy(many->pool);
}

static void finish(ss_local_many_t *many)
{
    json_t *answers = json_array();

    for (int i = 0; i < many->count; i++) json_array_append(answers, many->ones[i].answer);
    many->done(many->self, answers);
}

static void answered(void *self, const ss_accept_answer_t *answer)
{
    one_t *one = self;
    ss_local_refusal_t no;

    if (answer->refusal) {
        ss_local_message_refuse(&no, answer);
        refuse_one(one, &no);
    } else {
        accepted_one(one, answer);
    }
    if (!one->many->open) finish(one->many);
}

/* A message that is refused before it goes to the queue. */
static void drop_one(one_t *one, const ss_local_refusal_t *no)
{
    refuse_one(one, no);
    ss_staging_drop(one->many->intake, one->message);
    one->message = NULL;
}

static void drop_mail(one_t *one, const ss_mail_problem_t *problem)
{
    ss_local_refusal_t no;
    int kind = ss_mail_problem_kind(problem);

    ss_local_header_refuse(&no, kind, ss_problem_kind_status(kind) == 503 ? 5 : 0, problem->field,
                           "%s", problem->detail);
    drop_one(one, &no);
}

static void accept_one(one_t *one)
{
    ss_message_t *m = one->message;

    one->message = NULL;
    ss_accept_message(one->many->intake, one->relay, m, answered, one);
}

static void composed(void *self, const ss_mail_problem_t *problem)
{
    one_t *one = self;
    ss_local_many_t *many = one->many;

    if (!problem) {
        ss_incoming_clear(one->composing);
        accept_one(one);
        return;
    }
    drop_mail(one, problem);
    if (!many->open) finish(many);
}

static void make_one(one_t *one, const json_t *item)
{
    const ss_local_client_id_t client = one->many->client;
    ss_intake_t *intake = one->many->intake;
    ss_mail_problem_t problem = { .status = 0 };
    ss_local_refusal_t no;

    one->size = (apr_uint64_t)ss_json_number(item, "size");
    one->message = ss_local_message_make(intake, item, client, &one->relay, &no);
    if (!one->message) {
        refuse_one(one, &no);
        return;
    }
    if (!ss_local_compose_is_needed(item, client, one->relay, one->message)) return;
    one->composing = ss_local_compose(intake, item, client, one->relay, one->message,
                                      &one->many->charged, &problem);
    if (!one->composing) drop_mail(one, &problem);
}

ss_local_many_t *ss_local_many_begin(ss_intake_t *intake, const json_t *header,
                                     ss_local_client_id_t client,
                                     void (*done)(void *self, json_t *answers), void *self,
                                     ss_local_refusal_t *no)
{
    json_t *list = json_object_get(header, "messages");
    apr_size_t count = json_array_size(list);
    apr_pool_t *pool;

    int most = client.is_trusted ? SS_LOCAL_MANY_MAX : SS_LOCAL_MANY_OTHERS;
    if (!count || count > (apr_size_t)most) {
        ss_local_header_refuse(no, 400, 0, "messages", "from 1 to %d messages in one request",
                               most);
        return NULL;
    }
    apr_pool_create(&pool, NULL);
    ss_local_many_t *many = apr_pcalloc(pool, sizeof(*many));
    *many = (ss_local_many_t){ .intake = intake,
                               .pool = pool,
                               .done = done,
                               .self = self,
                               .ones = apr_pcalloc(pool, count * sizeof(one_t)),
                               .list = json_incref(list),
                               .client = client,
                               .count = (int)count,
                               .open = (int)count };
    for (apr_size_t i = 0; i < count; i++) many->ones[i].many = many;
    return many;
}

static void go_on_in(ss_local_many_t *many, void (*next)(ss_timer_t *timer, ss_mono_t now))
{
    many->turn = (ss_timer_t){ .fired = next, .self = many };
    ss_loop_timer(many->intake->loop, &many->turn, ss_loop_now(many->intake->loop));
}

static void make_some(ss_timer_t *timer, ss_mono_t now)
{
    ss_local_many_t *many = timer->self;

    (void)now;
    for (int i = 0; i < STEP && many->step < many->count; i++, many->step++)
        make_one(&many->ones[many->step], json_array_get(many->list, (size_t)many->step));
    if (many->step < many->count) {
        go_on_in(many, make_some);
        return;
    }
    json_decref(many->list);
    many->list = NULL;
    many->step = 0;
    if (many->made) many->made(many->self);
}

int ss_local_many_make(ss_local_many_t *many, void (*made)(void *self))
{
    if (!many->list) return 1;
    many->turn.self = many;
    make_some(&many->turn, ss_loop_now(many->intake->loop));
    many->made = made;
    return !many->list;
}

/* A piece of the content of one, which is not empty. */
static void take_piece(one_t *one, const char *content, apr_size_t len)
{
    int is_last = one->got + len == one->size;
    ss_accept_answer_t answer;
    ss_local_refusal_t no;

    if (!one->message) return;
    if (one->composing) {
        if (ss_incoming_add(one->composing, content, len)) drop_mail(one, &one->composing->problem);
    } else if (!ss_local_message_part(one->relay, one->message, &one->check, content, len, is_last,
                                      &answer)) {
        ss_local_message_refuse(&no, &answer);
        drop_one(one, &no);
    }
}

int ss_local_many_part(ss_local_many_t *many, const char *content, apr_size_t len)
{
    while (len) {
        while (many->current < many->count &&
               many->ones[many->current].got == many->ones[many->current].size)
            many->current++;
        if (many->current == many->count) return 0;
        one_t *one = &many->ones[many->current];
        apr_size_t piece = one->size - one->got < len ? (apr_size_t)(one->size - one->got) : len;
        take_piece(one, content, piece);
        one->got += piece;
        content += piece;
        len -= piece;
    }
    return 1;
}

static void give_some(ss_timer_t *timer, ss_mono_t now)
{
    ss_local_many_t *many = timer->self;

    (void)now;
    for (int i = 0; i < STEP && many->step < many->count; i++) {
        one_t *one = &many->ones[many->step++];
        if (one->message && one->composing)
            ss_incoming_end(one->composing, composed, one);
        else if (one->message)
            accept_one(one);
    }
    if (many->step < many->count)
        go_on_in(many, give_some);
    else if (!--many->open)
        finish(many);
}

void ss_local_many_end(ss_local_many_t *many)
{
    /* A refusal may come within the call. One more answer is counted as open until all messages
     * were given to the queue, so that the first refusal does not end the request. */
    many->open++;
    many->turn.self = many;
    give_some(&many->turn, ss_loop_now(many->intake->loop));
}
