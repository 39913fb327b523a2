/* test_local_header.c: what a client of the local socket may say about its message. */
#include <CUnit/Basic.h>
#include <string.h>

#include "intake/local_header.h"
#include "mail/attributes_json.h"
#include "mail/mail.h"

#define ID "01890a5d-ac96-774b-bcce-b302099a8057"

static const ss_local_client_id_t user = { 1000, 0 }, root = { 0, SS_REQUEST_ALL };
static ss_local_refusal_t no;

/* A message of this header (taken over) in a pool; NULL: refused, see no. */
static ss_message_t *read_header(json_t *header, ss_local_client_id_t client)
{
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    ss_message_t *m = apr_pcalloc(pool, sizeof(*m));
    m->pool = pool;
    m->from = "";
    ss_attributes_init(&m->attr);
    memset(&no, 0, sizeof(no));
    int is_read = ss_local_header_read(m, header, client, &no);
    json_decref(header);
    if (is_read) return m;
    CU_ASSERT_NOT_EQUAL(ss_problem_kind_status(no.kind), 0);
    apr_pool_destroy(pool);
    return NULL;
}

static json_t *header_with(const char *name, json_t *value)
{
    return json_pack("{s:s,s:[s],s:o}", "from", "a@example.net", "to", "b@example.net", name,
                     value);
}

static int status_of(json_t *header)
{
    ss_message_t *m = read_header(header, user);

    if (!m) return ss_problem_kind_status(no.kind);
    apr_pool_destroy(m->pool);
    return 0;
}

/* Looking at such addresses takes time that others wait for. */
static void recipients_outside_ascii_have_a_bound(void)
{
    const ss_local_client_id_t clients[] = { user, root };

    for (int i = 0; i < 4; i++) {
        char name[] = "j\xc3\xb6rg00000@m\xc3\xbcnchen.example";
        json_t *to = json_array();
        /* 27 octets each */
        for (int k = 0; k < 303 + i % 2; k++) {
            memcpy(name + 5, "00000", 5);
            for (int n = k, at = 9; n; n /= 10) name[at--] = (char)('0' + n % 10);
            json_array_append_new(to, json_string(name));
        }
        ss_message_t *m =
            read_header(json_pack("{s:s,s:o}", "from", "a@example.net", "to", to), clients[i / 2]);
        CU_ASSERT_EQUAL(m != NULL, i != 1);
        if (m)
            apr_pool_destroy(m->pool);
        else
            CU_ASSERT_EQUAL(ss_problem_kind_status(no.kind), 413);
    }
}

static void envelope_and_attributes_are_read(void)
{
    ss_message_t *m =
        read_header(json_pack("{s:s,s:[s,s],s:i,s:[i,i],s:[s,s],s:s}", "from", "a@example.net",
                              "to", "b@example.net", "c@example.net", "notify", 2, "notifies", 4, 8,
                              "orcpts", "rfc822;b", "rfc822;\x01", "subject", "Hello"),
                    user);

    CU_ASSERT_PTR_NOT_NULL_FATAL(m);
    CU_ASSERT_STRING_EQUAL(m->from, "a@example.net");
    CU_ASSERT_EQUAL(m->rcpt_count, 2);
    CU_ASSERT_STRING_EQUAL(m->rcpts[1].address, "c@example.net");
    CU_ASSERT_EQUAL(m->rcpts[0].notify, 4);
    CU_ASSERT_EQUAL(m->rcpts[1].notify, 8);
    CU_ASSERT_STRING_EQUAL(m->rcpts[0].orcpt, "rfc822;b");
    CU_ASSERT_PTR_NULL(m->rcpts[1].orcpt);
    CU_ASSERT_STRING_EQUAL(m->attr.subject, "Hello");
    apr_pool_destroy(m->pool);
    m = read_header(header_with("notify", json_integer(2)), user);
    CU_ASSERT_PTR_NOT_NULL_FATAL(m);
    CU_ASSERT_EQUAL(m->rcpts[0].notify, 2);
    apr_pool_destroy(m->pool);
}

static void only_trusted_clients_name_submitter_and_webhook(void)
{
    json_t *header = header_with("submitter", json_string("alice"));

    json_object_set_new(header, "webhook", json_string("{}"));
    ss_message_t *m = read_header(json_incref(header), user);
    CU_ASSERT_PTR_NOT_NULL_FATAL(m);
    CU_ASSERT_STRING_EQUAL(m->attr.submitter, "uid:1000");
    CU_ASSERT_PTR_NULL(m->attr.webhook);
    CU_ASSERT_EQUAL(m->attr.uid, 1000);
    apr_pool_destroy(m->pool);
    m = read_header(header, root);
    CU_ASSERT_PTR_NOT_NULL_FATAL(m);
    CU_ASSERT_STRING_EQUAL(m->attr.submitter, "alice");
    CU_ASSERT_STRING_EQUAL(m->attr.webhook, "{}");
    apr_pool_destroy(m->pool);
}

static void malformed_addresses_are_refused(void)
{
    CU_ASSERT_EQUAL(status_of(json_pack("{s:s}", "from", "a@example.net")), 400);
    CU_ASSERT_EQUAL(status_of(json_pack("{s:[]}", "to")), 400);
    CU_ASSERT_EQUAL(status_of(json_pack("{s:[i]}", "to", 1)), 400);
    CU_ASSERT_EQUAL(status_of(json_pack("{s:[s]}", "to", "b")), 400);
    CU_ASSERT_EQUAL(status_of(json_pack("{s:[s]}", "to", "b@example.net\r\nDATA")), 400);
    CU_ASSERT_EQUAL(status_of(json_pack("{s:[s]}", "to", "b\x7f@example.net")), 400);
    CU_ASSERT_STRING_EQUAL(no.field, "to");
    CU_ASSERT_EQUAL(status_of(json_pack("{s:[s],s:s}", "to", "b@example.net", "from", "a")), 400);
    CU_ASSERT_STRING_EQUAL(no.field, "from");
    CU_ASSERT_EQUAL(status_of(json_pack("{s:[s],s:i}", "to", "b@example.net", "from", 1)), 400);
    CU_ASSERT_EQUAL(status_of(json_pack("{s:[s],s:s}", "to", "b@example.net", "from", "")), 0);
    CU_ASSERT_EQUAL(status_of(json_pack("{s:[s]}", "to", "b@example.net")), 0);
}

static void recipients_are_bounded(void)
{
    json_t *to = json_array(), *header = json_pack("{s:o}", "to", to);

    for (int i = 0; i < SS_MAIL_RECIPIENTS_MAX; i++)
        json_array_append_new(to, json_string("b@example.net"));
    CU_ASSERT_EQUAL(status_of(json_incref(header)), 0);
    json_array_append_new(to, json_string("b@example.net"));
    CU_ASSERT_EQUAL(status_of(header), 413);
}

static void malformed_attributes_are_refused(void)
{
    static char text[SS_ATTRIBUTES_TEXT_MAX + 2];

    CU_ASSERT_EQUAL(status_of(header_with("subject", json_integer(1))), 400);
    CU_ASSERT_STRING_EQUAL(no.field, "subject");
    CU_ASSERT_EQUAL(status_of(header_with("subject", json_stringn("a\0b", 3))), 400);
    memset(text, 'x', SS_ATTRIBUTES_TEXT_MAX);
    CU_ASSERT_EQUAL(status_of(header_with("subject", json_string(text))), 0);
    text[SS_ATTRIBUTES_TEXT_MAX] = 'x';
    CU_ASSERT_EQUAL(status_of(header_with("subject", json_string(text))), 400);
    CU_ASSERT_EQUAL(status_of(header_with("priority", json_integer(99))), 400);
    CU_ASSERT_EQUAL(status_of(header_with("ret", json_integer(3))), 400);
    CU_ASSERT_EQUAL(status_of(header_with("at", json_integer(-1))), 400);
    CU_ASSERT_EQUAL(status_of(header_with("expire", json_integer(-1))), 400);
}

static void a_composed_message_has_its_envelope_elsewhere(void)
{
    json_t *header = json_pack("{s:{},s:s}", "compose", "from", "no address at all");

    CU_ASSERT_TRUE(ss_local_header_is_composed(header));
    ss_message_t *m = read_header(header, user);
    CU_ASSERT_PTR_NOT_NULL_FATAL(m);
    CU_ASSERT_STRING_EQUAL(m->from, "");
    CU_ASSERT_EQUAL(m->rcpt_count, 0);
    apr_pool_destroy(m->pool);
}

static void only_trusted_clients_name_rates(void)
{
    json_t *header = json_pack("{s:[i,i,i,i,i,i]}", "rates", 3, 60, 0, 1, 5, 0);
    ss_settings_rate_t rates[SS_QUOTA_RATES_MAX];

    CU_ASSERT_EQUAL(ss_local_header_rates(rates, header, user), 0);
    CU_ASSERT_EQUAL(ss_local_header_rates(rates, header, root), 1);
    CU_ASSERT_EQUAL(rates[0].count, 3);
    CU_ASSERT_EQUAL(rates[0].per, 60);
    json_decref(header);
    header = json_pack("{s:[i,i,i,i,i,i,i,i,i,i]}", "rates", 1, 1, 1, 1, 1, 1, 1, 1, 1, 1);
    CU_ASSERT_EQUAL(ss_local_header_rates(rates, header, root), 4);
    json_decref(header);
}

/* ---- import ---- */

static json_t *restore_of(const char *state)
{
    return json_pack("{s:[s],s:{s:s,s:I,s:s,s:[{s:s,s:i,s:i,s:i,s:b,s:s,s:s}]}}", "to",
                     "b@example.net", "restore", "id", ID, "created", (json_int_t)500, "relay",
                     "other", "recipients", "state", state, "attempts", 3, "next", 700, "last", 600,
                     "uncertain", 1, "reply", "451 later", "cause", "person");
}

static ss_message_t *restore(json_t *header, ss_local_client_id_t client, const char **relay)
{
    ss_message_t *m = read_header(json_incref(header), client);
    int is_restored = m && ss_local_header_restore(m, header, client, 1000, relay, &no);

    json_decref(header);
    if (is_restored) return m;
    if (m) apr_pool_destroy(m->pool);
    return NULL;
}

static void a_message_keeps_id_age_and_states(void)
{
    const char *relay;
    ss_message_t *m = restore(restore_of("deferred"), root, &relay);

    CU_ASSERT_PTR_NOT_NULL_FATAL(m);
    CU_ASSERT_STRING_EQUAL(m->id, ID);
    CU_ASSERT_EQUAL(m->created, 500);
    CU_ASSERT_STRING_EQUAL(relay, "other");
    CU_ASSERT_EQUAL(m->rcpts[0].state, SS_STATE_DEFERRED);
    CU_ASSERT_EQUAL(m->rcpts[0].attempts, 3);
    CU_ASSERT_EQUAL(m->rcpts[0].next, 700);
    CU_ASSERT_EQUAL(m->rcpts[0].last_attempt, 600);
    CU_ASSERT_TRUE(m->rcpts[0].is_uncertain);
    CU_ASSERT_STRING_EQUAL(m->rcpts[0].reply, "451 later");
    CU_ASSERT_PTR_NULL(m->rcpts[0].cause);
    CU_ASSERT_EQUAL(m->held_since, 0);
    apr_pool_destroy(m->pool);
}

static void held_stays_held_and_sending_waits_again(void)
{
    const char *relay;
    ss_message_t *m = restore(restore_of("held"), root, &relay);

    CU_ASSERT_PTR_NOT_NULL_FATAL(m);
    CU_ASSERT_EQUAL(m->rcpts[0].state, SS_STATE_HELD);
    CU_ASSERT_EQUAL(m->rcpts[0].next, 0);
    CU_ASSERT_STRING_EQUAL(m->rcpts[0].cause, "person");
    CU_ASSERT_EQUAL(m->held_since, 1000);
    apr_pool_destroy(m->pool);
    m = restore(restore_of("sending"), root, &relay);
    CU_ASSERT_PTR_NOT_NULL_FATAL(m);
    CU_ASSERT_EQUAL(m->rcpts[0].state, SS_STATE_QUEUED);
    apr_pool_destroy(m->pool);
}

static void an_import_is_checked(void)
{
    const char *relay;
    json_t *header = restore_of("queued");

    CU_ASSERT_PTR_NULL(restore(restore_of("queued"), user, &relay));
    CU_ASSERT_EQUAL(ss_problem_kind_status(no.kind), 400);
    CU_ASSERT_PTR_NULL(restore(restore_of("sent"), root, &relay));
    CU_ASSERT_PTR_NULL(restore(restore_of("nonsense"), root, &relay));
    json_object_set_new(json_object_get(header, "restore"), "id", json_string("x"));
    CU_ASSERT_PTR_NULL(restore(header, root, &relay));
    header = restore_of("queued");
    json_array_append_new(json_object_get(header, "to"), json_string("c@example.net"));
    CU_ASSERT_PTR_NULL(restore(header, root, &relay));
    header = restore_of("queued");
    json_object_set_new(json_object_get(header, "restore"), "created", json_integer(1001));
    ss_message_t *m = restore(header, root, &relay);
    CU_ASSERT_PTR_NOT_NULL_FATAL(m);
    CU_ASSERT_EQUAL(m->created, 1000); /* not in the future */
    apr_pool_destroy(m->pool);
    header = restore_of("queued");
    json_object_set_new(json_object_get(header, "restore"), "created", json_integer(0));
    m = restore(header, root, &relay);
    CU_ASSERT_PTR_NOT_NULL_FATAL(m);
    CU_ASSERT_EQUAL(m->created, 1000);
    apr_pool_destroy(m->pool);
    m = restore(json_pack("{s:[s]}", "to", "b@example.net"), user, &relay);
    CU_ASSERT_PTR_NOT_NULL_FATAL(m);
    CU_ASSERT_STRING_EQUAL(m->id, "");
    apr_pool_destroy(m->pool);
}

void ss_suite_local_header(void)
{
    CU_pSuite suite = CU_add_suite("local_header", NULL, NULL);

    CU_ADD_TEST(suite, recipients_outside_ascii_have_a_bound);
    CU_ADD_TEST(suite, envelope_and_attributes_are_read);
    CU_ADD_TEST(suite, only_trusted_clients_name_submitter_and_webhook);
    CU_ADD_TEST(suite, malformed_addresses_are_refused);
    CU_ADD_TEST(suite, recipients_are_bounded);
    CU_ADD_TEST(suite, malformed_attributes_are_refused);
    CU_ADD_TEST(suite, a_composed_message_has_its_envelope_elsewhere);
    CU_ADD_TEST(suite, only_trusted_clients_name_rates);
    CU_ADD_TEST(suite, a_message_keeps_id_age_and_states);
    CU_ADD_TEST(suite, held_stays_held_and_sending_waits_again);
    CU_ADD_TEST(suite, an_import_is_checked);
}
