/* client_session.c: for each state but READY what a reply means. The first error counts: errors of
 * a fallback never replace it. */
#include "smtp/client.h"

#include <apr_strings.h>
#include <string.h>

#include "base/text.h"
#include "smtp/client_inside.h"
#include "smtp/command.h"
#include "smtp/phrase.h"

static ss_client_event_t *step_ended(ss_client_t *c, ss_cmd_t cmd, const ss_reply_t *reply)
{
    ss_client_event_t *event = ss_client_event(c, SS_EVENT_STEP);

    ss_client_event_reply(event, cmd, reply);
    event->result.step = ss_client_step(cmd);
    event->is_ok = 1;
    event->took = ss_mono_since(c->now, c->entered);
    event->mechanism = cmd == SS_CMD_AUTH ? c->mechanism : NULL;
    return event;
}

/* Explains a refused step, unless it is explained already. */
static void say_refusal(ss_result_t *result, ss_cmd_t cmd, const ss_reply_t *reply,
                        const ss_verdict_t *verdict)
{
    char code[32];

    apr_snprintf(code, sizeof(code), "%d%s%s", reply->code, reply->enhanced[0] ? " " : "",
                 reply->enhanced);
    if (cmd == SS_CMD_GREETING) {
        ss_result_set(result, ss_client_step(cmd), code, verdict->advice,
                      "The server refused the connection: %s %s", code, reply->text);
    } else {
        ss_result_set(result, ss_client_step(cmd), code, verdict->advice,
                      "The server answered %s with %s %s", ss_cmd_name(cmd), code, reply->text);
    }
}

/* The session continues. reply or found (the explanation) may be NULL. */
static const ss_result_t *step_refused(ss_client_t *c, ss_cmd_t cmd, const ss_reply_t *reply,
                                       const ss_verdict_t *verdict, const ss_result_t *found)
{
    if (reply) ss_client_refused(c, cmd, reply, verdict, 0);
    ss_client_event_t *event = step_ended(c, cmd, reply);
    event->is_ok = 0;
    event->verdict = *verdict;
    ss_result_clear(&event->result);
    if (found) event->result = *found;
    if (reply) say_refusal(&event->result, cmd, reply, verdict);
    return &event->result;
}

/* The same, and the session ends. */
static void step_failed(ss_client_t *c, ss_cmd_t cmd, const ss_reply_t *reply,
                        const ss_verdict_t *verdict, const ss_result_t *found)
{
    const ss_result_t *result = step_refused(c, cmd, reply, verdict, found);

    if (reply && reply->code == 421) c->is_gone = 1;
    ss_client_reason(c, 0, cmd, reply, verdict, result);
    ss_client_hang_up(c);
}

/* ---- login ---- */

static void ready(ss_client_t *c)
{
    ss_client_go(c, SS_CLIENT_READY);
    ss_client_event(c, SS_EVENT_READY);
}

/* We ended the login; result gives the reason. */
static void login_failed(ss_client_t *c, const ss_result_t *result)
{
    ss_verdict_t verdict = { SS_SCOPE_RELAY, SS_FATE_BLOCKED, 0, result->advice };

    step_failed(c, SS_CMD_AUTH, NULL, &verdict, result);
}

static void remove_word(char *list, const char *word)
{
    char *kept = list;

    for (const char *at = list; *at;) {
        apr_size_t here = strcspn(at, " "), whole = here + strspn(at + here, " ");
        if (!ss_text_is(at, here, word)) {
            memmove(kept, at, whole);
            kept += whole;
        }
        at += whole;
    }
    *kept = '\0';
}

static ss_auth_wishes_t wishes_of(const ss_client_t *c)
{
    return (ss_auth_wishes_t){ .wanted = c->options.auth,
                               .username = c->options.username,
                               .is_tls = c->is_tls,
                               .is_unverified = c->options.is_unverified,
                               .is_loopback = c->options.is_loopback,
                               .is_insecure_allowed = c->options.auth_insecure,
                               .has_client_cert = c->options.has_client_cert,
                               .has_binding = c->binding != NULL,
                               .auth_offered = c->capability.auth_offered,
                               .offered = c->has_offers ? c->offers : c->capability.mechanisms,
                               .starttls_offered = c->capability.starttls && !c->is_tls,
                               .first = c->options.mechanism };
}

/* Sends one line of the exchange; the response is wiped once it was sent. */
static void say_auth(ss_client_t *c, const char *verb, const ss_buf_t *response)
{
    ss_client_put(c, verb, strlen(verb), 0);
    if (response && response->len) ss_client_put(c, response->data, response->len, 1);
    ss_client_put(c, "\r\n", 2, 0);
    ss_client_asked(c, SS_CMD_AUTH, NULL, 0);
}

static void take_secret(ss_client_t *c, const char *bytes, apr_size_t len)
{
    ss_buf_t response;
    ss_result_t result = { 0 };
    char verb[64];
    int has_response = 0, is_done = 0;

    int is_empty = bytes && !len && ss_auth_needs_secret(c->mechanism);
    if (!bytes || is_empty) {
        ss_result_set(&result, "auth", "", "auth-secret-unreadable",
                      "The password %s, so no login was tried",
                      is_empty ? "of SMTPSendPassword is empty" : "could not be read");
        login_failed(c, &result);
        return;
    }
    if (!c->blanks) c->blanks = ss_transcript_create(c->pool);
    ss_transcript_secret(c->blanks, bytes, len);
    ss_buf_init(&response, SS_AUTH_OUT_MAX);
    apr_status_t rv =
        ss_auth_start(c->auth, c->mechanism, c->options.username, bytes, len, c->options.host,
                      c->options.port, c->binding_type, c->binding, c->binding_len, &result);
    if (rv == APR_SUCCESS)
        rv = ss_auth_step(c->auth, NULL, &response, &has_response, &is_done, &result);
    if (rv != APR_SUCCESS) {
        login_failed(c, &result);
    } else {
        ss_client_go(c, SS_CLIENT_AUTH);
        apr_snprintf(verb, sizeof(verb), "AUTH %s%s", c->mechanism,
                     !has_response  ? ""
                     : response.len ? " "
                                    : " =");
        /* RFC 4954 4: an initial response too long for the AUTH line waits for an empty 334. */
        c->has_late_response =
            has_response && strlen(verb) + response.len + 2 > SS_COMMAND_AUTH_MAX;
        if (c->has_late_response) {
            ss_buf_clear(&c->command);
            ss_buf_append(&c->command, response.data, response.len);
            verb[strlen(verb) - 1] = '\0';
        }
        say_auth(c, verb, c->has_late_response ? NULL : &response);
    }
    ss_buf_wipe(&response);
}

/* Leaves out the mechanism at which the server hung up before, where another one is possible. */
static void leave_out_lost(ss_client_t *c)
{
    const char *chosen;
    ss_result_t ignored = { 0 };

    if (c->has_offers || !c->options.mechanism_lost || !ss_auth_is_auto(c->options.auth)) return;
    apr_cpystrn(c->offers, c->capability.mechanisms, sizeof(c->offers));
    remove_word(c->offers, c->options.mechanism_lost);
    c->has_offers = 1;
    ss_auth_wishes_t wishes = wishes_of(c);
    if (ss_auth_choose(&wishes, &chosen, &ignored) != SS_AUTH_CHOSEN) c->has_offers = 0;
}

static void login(ss_client_t *c)
{
    leave_out_lost(c);
    ss_auth_wishes_t wishes = wishes_of(c);
    ss_result_t result = { 0 };

    switch (ss_auth_choose(&wishes, &c->mechanism, &result)) {
    case SS_AUTH_NOT_NEEDED: ready(c); return;
    case SS_AUTH_REFUSED: login_failed(c, &result); return;
    default: break;
    }
    ss_client_go(c, SS_CLIENT_SECRET);
    if (ss_auth_needs_secret(c->mechanism))
        ss_client_event(c, SS_EVENT_WANT_SECRET)->mechanism = c->mechanism;
    else
        take_secret(c, "", 0);
}

void ss_client_secret(ss_client_t *c, const char *bytes, apr_size_t len, ss_mono_t now)
{
    c->now = now;
    if (c->state == SS_CLIENT_SECRET) take_secret(c, bytes, len);
}

/* 334: a challenge. */
static void challenged(ss_client_t *c, const ss_reply_t *reply)
{
    ss_buf_t response;
    ss_result_t result = { 0 };
    int has_response, is_done;

    if (c->has_late_response) {
        c->has_late_response = 0;
        say_auth(c, "", &c->command);
        ss_buf_wipe(&c->command);
        return;
    }
    ss_buf_init(&response, SS_AUTH_OUT_MAX);
    if (ss_auth_step(c->auth, reply->text, &response, &has_response, &is_done, &result) ==
        APR_SUCCESS) {
        say_auth(c, "", &response);
    } else {
        /* RFC 4954 4: "*" ends the exchange; the 501 to it is not the reason of the failure. */
        c->auth_result = result;
        say_auth(c, "*", NULL);
    }
    ss_buf_wipe(&response);
}

/* Whether another mechanism may do where this one was refused: not where the account, the password
 * or the encryption is what the server minds. */
static int is_about_mechanism(const ss_reply_t *reply, const ss_verdict_t *verdict)
{
    static const int codes[] = { 454, 501, 502, 504, 534, 535 };
    static const char *const words = "auth-rejected auth-none-common auth-malformed "
                                     "auth-not-offered auth-temporary auth-app-password";

    for (apr_size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        if (reply->code == codes[i]) return ss_text_word_index(words, verdict->advice) >= 0;
    }
    return 0;
}

/* The mechanism was refused: the next one that the server offers and the settings allow is tried.
 * The list gets shorter each time. 504 says that the server does not know a mechanism that it
 * offered (RFC 4954 4), and nothing about the secret. */
static int tries_another(ss_client_t *c, const ss_reply_t *reply, const ss_verdict_t *verdict)
{
    const char *refused = c->mechanism, *chosen;
    ss_result_t ignored = { 0 };
    int most = reply->code == 504 && c->options.logins < SS_CLIENT_LOGINS_MAX ? SS_CLIENT_LOGINS_MAX
                                                                              : c->options.logins;

    if (!is_about_mechanism(reply, verdict) || ++c->refused_logins >= most) return 0;
    if (ss_result_is_set(&c->auth_result) && c->options.logins <= 1) return 0;
    if (!c->has_offers) apr_cpystrn(c->offers, c->capability.mechanisms, sizeof(c->offers));
    c->has_offers = 1;
    remove_word(c->offers, refused);
    ss_auth_wishes_t wishes = wishes_of(c);
    if (ss_auth_choose(&wishes, &chosen, &ignored) != SS_AUTH_CHOSEN) return 0;
    ss_client_refused(c, SS_CMD_AUTH, reply, verdict, 0);
    ss_client_event_t *event = step_ended(c, SS_CMD_AUTH, reply);
    ss_result_clear(&event->result);
    ss_result_set(&event->result, "auth", "", "auth-mechanism-refused",
                  "refused (%d %s), so %s is tried", reply->code, reply->text, chosen);
    ss_auth_cancel(c->auth);
    ss_result_clear(&c->auth_result);
    login(c);
    return 1;
}

static void logged_in(ss_client_t *c, const ss_reply_t *reply)
{
    ss_result_t result = { 0 };

    /* "503 already authenticated": a certificate, say, was the login. */
    if (reply->code == 503) {
        ss_auth_cancel(c->auth);
    } else if (c->has_late_response) {
        ss_result_set(&result, "auth", "235", "auth-malformed",
                      "the server accepted a login by %s before it was sent: that is no login",
                      c->mechanism);
    } else {
        ss_auth_finish(c->auth, reply->text, &result);
    }
    if (ss_result_is_set(&result)) {
        login_failed(c, &result);
        return;
    }
    step_ended(c, SS_CMD_AUTH, reply);
    ready(c);
}

static void auth_answer(ss_client_t *c, const ss_reply_t *reply)
{
    ss_result_t result = c->auth_result;

    if (reply->code != 334) {
        ss_transcript_blank(c->blanks, c->reply.text);
        c->reply.text_len = strlen(c->reply.text);
        ss_transcript_secret(c->blanks, NULL, 0);
    }
    if (reply->code == 334 && !ss_result_is_set(&result)) {
        challenged(c, reply);
        return;
    }
    if (reply->code / 100 == 3 || (reply->code / 100 == 2 && ss_result_is_set(&result))) {
        ss_client_nonsense(c, "the server continues a login that was ended");
        return;
    }
    if (reply->code / 100 == 2 ||
        (reply->code == 503 && ss_phrase_is_in("already auth|already logged", reply->text))) {
        logged_in(c, reply);
        return;
    }
    ss_verdict_t verdict = ss_verdict(SS_CMD_AUTH, reply, 0);
    if (tries_another(c, reply, &verdict)) return;
    const char *words = ss_auth_error_text(c->auth);
    if (!ss_result_is_set(&result) && words) {
        char code[8];
        apr_snprintf(code, sizeof(code), "%d", reply->code);
        ss_result_set(&result, "auth", code, verdict.advice,
                      "The server answered AUTH with %d %s (%s)", reply->code, reply->text, words);
    }
    if (ss_result_is_set(&c->auth_result)) verdict.advice = c->auth_result.advice;
    ss_auth_cancel(c->auth);
    step_failed(c, SS_CMD_AUTH, reply, &verdict, &result);
}

/* ---- greeting and hello ---- */

static void greeting_answer(ss_client_t *c, const ss_reply_t *reply)
{
    if (reply->code / 100 != 2) {
        ss_verdict_t verdict = ss_verdict(SS_CMD_GREETING, reply, 0);
        step_failed(c, SS_CMD_GREETING, reply, &verdict, NULL);
        return;
    }
    ss_client_event_t *event = step_ended(c, SS_CMD_GREETING, reply);
    if (!strncmp(reply->text, "***", 3)) event->result.advice = "greeting-asterisks";
    ss_client_go(c, c->options.use_helo ? SS_CLIENT_HELO : SS_CLIENT_HELLO);
}

static void after_hello(ss_client_t *c)
{
    int wants_tls =
        c->options.tls == SS_CLIENT_TLS_REQUIRED || c->options.tls == SS_CLIENT_TLS_IF_OFFERED;

    if (c->is_tls || !wants_tls ||
        (c->options.tls == SS_CLIENT_TLS_IF_OFFERED && !c->capability.starttls)) {
        login(c);
        return;
    }
    if (c->capability.starttls) {
        ss_client_go(c, SS_CLIENT_STARTTLS);
        return;
    }
    ss_verdict_t verdict = { SS_SCOPE_RELAY, SS_FATE_DOWN, 0,
                             c->capability.is_rewritten ? "middlebox" : "starttls-not-offered" };
    ss_result_t result = { 0 };
    ss_result_set(&result, "starttls", "", verdict.advice, "%s",
                  c->capability.is_rewritten
                      ? "TLS is required, but a device on the way overwrites the server's replies "
                        "(XXXX), including STARTTLS"
                      : "TLS is required, but the server does not offer STARTTLS");
    step_failed(c, SS_CMD_STARTTLS, NULL, &verdict, &result);
}

static void hello_answer(ss_client_t *c, const ss_reply_t *reply)
{
    if (reply->code / 100 == 2) {
        ss_capability_parse(&c->capability, reply->text);
        ss_client_know_hello(c, reply);
        ss_client_event_t *hello = step_ended(c, SS_CMD_EHLO, reply);
        if (c->capability.is_rewritten) hello->result.advice = "starttls-stripped";
        after_hello(c);
        return;
    }
    ss_verdict_t verdict = ss_verdict(SS_CMD_EHLO, reply, 0);
    if (!(verdict.learn & SS_LEARN_NO_EHLO)) {
        step_failed(c, SS_CMD_EHLO, reply, &verdict, NULL);
        return;
    }
    /* An old server, or a firewall that does not let EHLO through. If HELO is refused as well, the
     * reply to EHLO is the reason. */
    verdict.learn = 0; /* learned once HELO was accepted */
    ss_client_refused(c, SS_CMD_EHLO, reply, &verdict, 0);
    c->has_refused_ehlo = 1;
    c->end.verdict = verdict;
    ss_client_event_reply(&c->end, SS_CMD_EHLO, reply);
    say_refusal(&c->end.result, SS_CMD_EHLO, reply, &verdict);
    ss_client_go(c, SS_CLIENT_HELO);
}

static void helo_answer(ss_client_t *c, const ss_reply_t *reply)
{
    ss_verdict_t verdict;

    if (reply->code / 100 != 2) {
        verdict = c->has_refused_ehlo ? c->end.verdict : ss_verdict(SS_CMD_HELO, reply, 0);
        ss_result_t result = c->end.result;
        step_failed(c, SS_CMD_HELO, reply, &verdict, &result);
        return;
    }
    ss_capability_parse_helo(&c->capability, reply->text);
    ss_client_know_hello(c, reply);
    if (c->has_refused_ehlo) ss_client_learn(c, SS_LEARN_NO_EHLO, 0, c->end.text);
    memset(&c->end, 0, sizeof(c->end));
    step_ended(c, SS_CMD_HELO, reply);
    after_hello(c);
}

/* ---- STARTTLS ---- */

static void starttls_answer(ss_client_t *c, const ss_reply_t *reply)
{
    if (reply->code == 220) {
        step_ended(c, SS_CMD_STARTTLS, reply);
        ss_client_go(c, SS_CLIENT_TLS);
        ss_client_event(c, SS_EVENT_START_TLS);
        return;
    }
    if (reply->code / 100 < 4) {
        ss_client_nonsense(c, "the server answered STARTTLS with neither 220 nor a refusal");
        return;
    }
    ss_verdict_t verdict = ss_verdict(SS_CMD_STARTTLS, reply, 0);
    if (c->options.tls == SS_CLIENT_TLS_IF_OFFERED && reply->code != 421) {
        ss_client_refused(c, SS_CMD_STARTTLS, reply, &verdict, 0);
        login(c);
        return;
    }
    step_failed(c, SS_CMD_STARTTLS, reply, &verdict, NULL);
}

void ss_client_tls_on(ss_client_t *c, const char *binding_type, const char *binding,
                      apr_size_t binding_len, ss_mono_t now)
{
    c->now = now;
    if (c->state != SS_CLIENT_TLS && c->state != SS_CLIENT_GREETING) return;
    c->is_tls = 1;
    if (binding) {
        c->binding = apr_pmemdup(c->pool, binding, binding_len);
        c->binding_len = binding_len;
        c->binding_type = apr_pstrdup(c->pool, binding_type);
    }
    if (c->state == SS_CLIENT_TLS) {
        /* RFC 3207 4.2: earlier replies do not count. */
        ss_capability_clear(&c->capability);
        ss_client_go(c, SS_CLIENT_HELLO);
    }
}

/* ---- the trial: MAIL, RCPT, RSET, MAIL, RSET, and MAIL RSET at once ---- */

static const ss_cmd_t trial[] = { SS_CMD_MAIL, SS_CMD_RCPT, SS_CMD_RSET, SS_CMD_MAIL,
                                  SS_CMD_RSET, SS_CMD_MAIL, SS_CMD_RSET };
enum { TRY_RCPT = 1, TRY_RSET, TRY_MAIL_AGAIN, TRY_LAST, TRY_GROUP, TRY_GROUP_RSET };

static void try_over(ss_client_t *c, int takes_several, const ss_reply_t *reply)
{
    ss_client_event_t *event;

    ss_client_go(c, SS_CLIENT_READY);
    event = ss_client_event(c, SS_EVENT_TRIED);
    event->takes_several = takes_several;
    ss_client_event_reply(event, SS_CMD_MAIL, reply);
}

int ss_client_group_failed(ss_client_t *c, const char *words)
{
    if (!ss_client_tries_group(c)) return 0;
    ss_client_event_t *event = ss_client_event(c, SS_EVENT_TRIED);
    event->takes_several = 1;
    ss_result_set(&event->result, "mail", "", "no-pipelining",
                  "the server offers PIPELINING and does not bear it: %s; mail goes one command at "
                  "a time",
                  words);
    ss_client_close(c, SS_FATE_AGAIN, "closing", words);
    return 1;
}

int ss_client_tries_group(const ss_client_t *c)
{
    return c->state == SS_CLIENT_TRYING && c->try_step >= TRY_GROUP;
}

static void try_say(ss_client_t *c, int step)
{
    ss_cmd_t cmd = trial[step];
    ss_client_message_t message = { .from = c->try_from };
    ss_client_rcpt_t rcpt = { .address = c->try_to };
    ss_capability_t plain = { .is_esmtp = 1 };

    c->try_step = step;
    c->entered = c->now;
    ss_buf_clear(&c->command);
    apr_status_t rv = cmd == SS_CMD_MAIL   ? ss_command_mail(&c->command, &message, &plain, 0)
                      : cmd == SS_CMD_RCPT ? ss_command_rcpt(&c->command, &rcpt, &c->capability)
                                           : ss_command_line(&c->command, ss_cmd_name(cmd), NULL);
    if (rv == APR_SUCCESS) {
        ss_client_say(c, cmd, NULL, 0);
        return;
    }
    ss_verdict_t verdict = { SS_SCOPE_RECIPIENT, SS_FATE_FAILED, 0, "address-syntax" };
    ss_result_t result = { 0 };
    ss_result_set(&result, ss_client_step(cmd), "", verdict.advice,
                  "The address contains characters that are not allowed in an address");
    step_refused(c, cmd, NULL, &verdict, &result);
    try_over(c, 0, NULL);
}

static void try_group(ss_client_t *c)
{
    if (!c->options.pipelining || !c->capability.pipelining) {
        try_over(c, 1, NULL);
        return;
    }
    try_say(c, TRY_GROUP);
    if (c->state == SS_CLIENT_TRYING) try_say(c, TRY_GROUP_RSET);
    c->try_step = TRY_GROUP;
}

static void group_answer(ss_client_t *c, const ss_reply_t *reply)
{
    char words[SS_RESULT_TEXT_MAX];

    apr_snprintf(words, sizeof(words), "it answered %s with %d %s", ss_cmd_name(trial[c->try_step]),
                 reply->code, reply->text);
    if (reply->code == 500 || reply->code == 502 || reply->code == 503)
        ss_client_group_failed(c, words);
    else if (c->try_step++ == TRY_GROUP_RSET)
        try_over(c, 1, NULL);
}

/* A refused MAIL ends the trial, a refused RCPT does not; the second MAIL shows whether several
 * messages are accepted. */
static void try_answer(ss_client_t *c, const ss_reply_t *reply)
{
    int step = c->try_step, is_ok = reply->code / 100 == 2;
    ss_cmd_t cmd = trial[step];

    if (reply->code / 100 == 3) {
        ss_client_nonsense(c, "the server's reply has an invalid code");
        return;
    }
    ss_verdict_t verdict = ss_verdict(cmd, reply, step == TRY_MAIL_AGAIN);
    if (reply->code == 421) {
        step_failed(c, cmd, reply, &verdict, NULL);
        return;
    }
    if (step >= TRY_GROUP) {
        group_answer(c, reply);
        return;
    }
    if (step <= TRY_RCPT && is_ok)
        step_ended(c, cmd, reply);
    else if (step <= TRY_RCPT)
        step_refused(c, cmd, reply, &verdict, NULL);
    else if (step == TRY_MAIL_AGAIN && !is_ok)
        ss_client_refused(c, cmd, reply, &verdict, 0);
    if (step == TRY_LAST)
        try_group(c);
    else if (is_ok || step == TRY_RCPT)
        try_say(c, step + 1);
    else
        try_over(c, 0, step < TRY_RSET ? NULL : reply);
}

void ss_client_try(ss_client_t *c, const char *from, const char *to, ss_mono_t now)
{
    c->now = now;
    /* READY, closing and idle cannot occur together: the session ends at once then. */
    if (c->state != SS_CLIENT_READY || c->first) return;
    c->try_from = apr_pstrdup(c->pool, from);
    c->try_to = to ? apr_pstrdup(c->pool, to) : NULL;
    ss_client_go(c, SS_CLIENT_TRYING);
    if (to)
        try_say(c, 0);
    else
        try_group(c);
    ss_client_advance(c);
}

/* ---- between messages ---- */

/* The reply to RSET, which ended a transaction. */
static void reset_answer(ss_client_t *c, const ss_reply_t *reply)
{
    if (reply->code / 100 == 2) return;
    ss_verdict_t verdict = ss_verdict(SS_CMD_RSET, reply, 1);
    c->is_gone = reply->code == 421;
    ss_client_reason(c, 1, SS_CMD_RSET, reply, &verdict, NULL);
    ss_client_close(c, SS_FATE_AGAIN, verdict.advice, reply->text);
}

/* ---- the end ---- */

/* A server that has sent one reply too many answers QUIT with what belongs to the command before,
 * and then with 221. Others end the connection. */
static void quit_answer(ss_client_t *c, const ss_reply_t *reply)
{
    ss_result_t result = { 0 };
    ss_verdict_t verdict = { SS_SCOPE_CONNECTION, SS_FATE_DOWN, 0, "not-smtp" };

    if (c->quit_code) {
        ss_result_set(&result, "quit", "", verdict.advice,
                      "the server sent one reply too many: it answered QUIT with %d and then with "
                      "%d",
                      c->quit_code, reply->code);
        ss_client_reason(c, 0, SS_CMD_QUIT, NULL, &verdict, &result);
    } else if (!c->has_end && !c->carried && reply->code / 100 == 2 && reply->code != 221) {
        c->quit_code = reply->code;
        ss_client_asked(c, SS_CMD_QUIT, NULL, 0);
        return;
    }
    if (!c->has_end) step_ended(c, SS_CMD_QUIT, reply);
    ss_client_close(c, SS_FATE_AGAIN, "connection-lost", "");
}

const ss_client_phase_t ss_client_phases[SS_CLIENT_STATES] = {
    [SS_CLIENT_GREETING] = { SS_CMD_GREETING, SS_TIMEOUT_GREETING, 0, greeting_answer },
    [SS_CLIENT_HELLO] = { SS_CMD_EHLO, SS_TIMEOUT_COMMAND, 1, hello_answer },
    [SS_CLIENT_HELO] = { SS_CMD_HELO, SS_TIMEOUT_COMMAND, 1, helo_answer },
    [SS_CLIENT_STARTTLS] = { SS_CMD_STARTTLS, SS_TIMEOUT_COMMAND, 1, starttls_answer },
    [SS_CLIENT_TLS] = { SS_CMD_TLS, SS_TIMEOUT_COMMAND, 0, NULL },
    [SS_CLIENT_SECRET] = { SS_CMD_AUTH, SS_TIMEOUT_AUTH, 0, NULL },
    [SS_CLIENT_AUTH] = { SS_CMD_AUTH, SS_TIMEOUT_AUTH, 0, auth_answer },
    [SS_CLIENT_READY] = { SS_CMD_NONE, SS_TIMEOUT_COMMAND, 0, reset_answer },
    [SS_CLIENT_TRYING] = { SS_CMD_MAIL, SS_TIMEOUT_COMMAND, 0, try_answer },
    [SS_CLIENT_QUITTING] = { SS_CMD_QUIT, SS_TIMEOUT_COMMAND, 1, quit_answer },
    [SS_CLIENT_CLOSED] = { SS_CMD_QUIT, SS_TIMEOUT_COMMAND, 0, NULL },
};
