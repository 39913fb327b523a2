/* dialogue.c: plays dialogues against the SMTP client. See dialogue.h. */
#include "dialogue.h"

#include <apr_strings.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "smtp/advice.h"
#include "smtp/client.h"

#define START (1000 * APR_USEC_PER_SEC)
#define OUTPUT_MAX (4 * 1024 * 1024)

typedef struct {
    apr_pool_t *pool;
    ss_client_t *client;
    ss_client_options_t options;
    apr_time_t now;
    ss_buf_t out;    /* written by the client and not compared */
    ss_buf_t server; /* said by the server and not fed */
    /* split: place in the server's bytes; 0 none; SIZE_MAX byte by byte */
    apr_size_t fed, split;
    apr_array_header_t *events;   /* of const char * */
    apr_array_header_t *verdicts; /* of const char *: "blocked auth-rejected" */
    int is_loose;                 /* events are not listed */
    int event;                    /* the next one to compare */
    apr_ssize_t writable;         /* bytes the connection takes; -1 all */
    const char *content;
    apr_size_t content_len;
    int is_missing; /* content answers EAGAIN */
    int is_broken;
    int fill; /* so many bytes of content a read */
} play_t;

static char wrong[1000];

static const char *const fates[] = { "sent",    "deferred", "failed",    "again",  "down",
                                     "blocked", "suspect",  "uncertain", "limited" };

static apr_size_t unescape(char *into, const char *text)
{
    char *p = into;

    for (; *text; text++) {
        if (*text != '\\') {
            *p++ = *text;
            continue;
        }
        text++;
        if (*text == 'r')
            *p++ = '\r';
        else if (*text == 'n')
            *p++ = '\n';
        else if (*text == '0')
            *p++ = '\0';
        else if (*text == 'x') {
            char hex[3] = { text[1], text[2], 0 };
            *p++ = (char)strtol(hex, NULL, 16);
            text += 2;
        } else
            *p++ = *text;
    }
    return (apr_size_t)(p - into);
}

/* Each advice id that people see must be in the knowledge base. */
static const char *advice_of(const char *advice)
{
    return advice && ss_advice_find(advice) ? advice : "UNKNOWN-ADVICE";
}

static const char *describe(play_t *play, const ss_client_event_t *event)
{
    static const char *const learn[] = { "?", "one-message", "no-pipelining",
                                         "?", "no-chunking", "?",
                                         "?", "?",           "max-recipients" };
    const ss_client_message_t *m = event->message;
    const char *text;

    switch (event->kind) {
    case SS_EVENT_STEP:
        if (event->is_ok)
            return apr_pstrcat(play->pool, "step ", event->result.step,
                               event->result.advice ? " " : NULL, event->result.advice, NULL);
        if (!strcmp(advice_of(event->verdict.advice), "UNKNOWN-ADVICE"))
            return "failed with UNKNOWN-ADVICE";
        return apr_psprintf(play->pool, "failed %s %d %s", event->result.step, event->code,
                            fates[event->verdict.fate]);
    case SS_EVENT_START_TLS: return "start tls";
    case SS_EVENT_WANT_SECRET: return apr_psprintf(play->pool, "want secret %s", event->mechanism);
    case SS_EVENT_READY: return "ready";
    case SS_EVENT_DONE:
        text = apr_psprintf(play->pool, "done %s", (const char *)m->owner);
        for (int i = 0; i < m->rcpt_count; i++) {
            const ss_client_rcpt_t *r = &m->rcpts[i];
            text =
                apr_psprintf(play->pool, "%s %s=%s/%d", text, r->address, fates[r->fate], r->code);
            if (!r->advice || !ss_advice_find(r->advice) || !r->text || !r->dsn[0] ||
                r->cmd == SS_CMD_NONE)
                text = apr_pstrcat(play->pool, text, " INCOMPLETE", NULL);
        }
        return text;
    case SS_EVENT_LEARNED:
        if (event->learn == SS_LEARN_FEWER_CONNECTIONS) return "learned fewer-connections";
        if (event->learn == SS_LEARN_SEVERAL) return "learned several";
        if (event->learn == SS_LEARN_MAX_MESSAGES && event->number > 1)
            return apr_psprintf(play->pool, "learned max-messages %d", event->number);
        if (event->learn == SS_LEARN_NO_EHLO) return "learned no-ehlo";
        if (event->learn == SS_LEARN_NO_STREAMING) return "learned no-streaming";
        if (event->learn == SS_LEARN_MAX_RECIPIENTS)
            return apr_psprintf(play->pool, "learned max-recipients %d", event->number);
        return apr_psprintf(play->pool, "learned %s", learn[event->learn]);
    case SS_EVENT_REFUSED:
        return apr_psprintf(play->pool, "refused %s %d", ss_cmd_name(event->cmd), event->code);
    case SS_EVENT_TRIED:
        return apr_psprintf(play->pool, "tried %d%s%s", event->takes_several,
                            ss_result_is_set(&event->result) ? " " : "", event->result.text);
    case SS_EVENT_CLOSED:
        if (event->is_ok) return "closed ok";
        return apr_psprintf(play->pool, "closed %s %s %s %d %s",
                            event->result.step ? event->result.step : "?",
                            fates[event->verdict.fate], advice_of(event->verdict.advice),
                            event->code, event->result.text);
    }
    return "?";
}

static void note(play_t *play, ss_verdict_fate_t fate, const char *advice)
{
    APR_ARRAY_PUSH(play->verdicts, const char *) =
        apr_psprintf(play->pool, "%s %s", fates[fate], advice_of(advice));
}

static void note_verdicts(play_t *play, const ss_client_event_t *event)
{
    if (event->kind == SS_EVENT_REFUSED ||
        ((event->kind == SS_EVENT_STEP || event->kind == SS_EVENT_CLOSED) && !event->is_ok))
        note(play, event->verdict.fate, event->verdict.advice);
    for (int i = 0; event->kind == SS_EVENT_DONE && i < event->message->rcpt_count; i++)
        note(play, event->message->rcpts[i].fate, event->message->rcpts[i].advice);
}

static const char *expect_verdict(play_t *play, const char *text)
{
    const char *all = "";

    for (int i = 0; i < play->verdicts->nelts; i++) {
        const char *verdict = APR_ARRAY_IDX(play->verdicts, i, const char *);
        if (!strcmp(verdict, text)) return NULL;
        all = apr_pstrcat(play->pool, all, i ? ", " : "", verdict, NULL);
    }
    return apr_psprintf(play->pool, "verdicts: %s", all);
}

static void pump(play_t *play)
{
    const ss_client_event_t *event;
    struct iovec pieces[7];
    int count;

    for (;;) {
        while ((event = ss_client_next(play->client))) {
            APR_ARRAY_PUSH(play->events, const char *) = describe(play, event);
            note_verdicts(play, event);
        }
        count = play->writable ? ss_client_output(play->client, pieces, 7, (ss_mono_t){ play->now })
                               : 0;
        if (!count) return;
        apr_size_t sum = 0;
        for (int i = 0; i < count; i++) {
            apr_size_t len = pieces[i].iov_len;
            if (play->writable >= 0 && len > (apr_size_t)play->writable)
                len = (apr_size_t)play->writable;
            ss_buf_append(&play->out, pieces[i].iov_base, len);
            if (play->writable >= 0) play->writable -= (apr_ssize_t)len;
            sum += len;
        }
        ss_client_sent(play->client, sum, (ss_mono_t){ play->now });
    }
}

/* The server's bytes, in pieces as this play has them. */
static void feed(play_t *play)
{
    apr_size_t at = 0;

    while (at < play->server.len) {
        apr_size_t part = play->server.len - at;
        if (play->split == (apr_size_t)-1)
            part = 1;
        else if (play->fed < play->split && play->fed + part > play->split)
            part = play->split - play->fed;
        char *copy = malloc(part); /* exact, so that reading too far is seen */
        memcpy(copy, play->server.data + at, part);
        apr_size_t len = part;
        ss_client_feed(play->client, copy, &len, (ss_mono_t){ play->now });
        free(copy);
        at += part;
        play->fed += part;
        pump(play);
    }
    ss_buf_clear(&play->server);
}

static apr_status_t read_content(void *self, apr_off_t at, const char **bytes, apr_size_t *len)
{
    play_t *play = self;

    if (play->is_missing) return APR_EAGAIN;
    if (play->is_broken) return APR_EGENERAL;
    if (at >= (apr_off_t)play->content_len) return APR_EOF;
    *bytes = play->content + at;
    *len = play->content_len - (apr_size_t)at;
    if (play->fill && *len > (apr_size_t)play->fill) *len = (apr_size_t)play->fill;
    return APR_SUCCESS;
}

static void option(play_t *play, char *word)
{
    char *value = strchr(word, '=');
    ss_client_options_t *o = &play->options;

    if (!value) return;
    *value++ = '\0';
    int number = (int)strtol(value, NULL, 10);
    if (!strcmp(word, "tls"))
        o->tls = !strcmp(value, "required") ? SS_CLIENT_TLS_REQUIRED
                 : !strcmp(value, "if")     ? SS_CLIENT_TLS_IF_OFFERED
                 : !strcmp(value, "on")     ? SS_CLIENT_TLS_ON
                                            : SS_CLIENT_TLS_OFF;
    else if (!strcmp(word, "pipelining"))
        o->pipelining = number;
    else if (!strcmp(word, "chunking"))
        o->chunking = number;
    else if (!strcmp(word, "window"))
        o->window_max = number;
    else if (!strcmp(word, "max"))
        o->max_messages = number;
    else if (!strcmp(word, "rcpts"))
        o->max_recipients = number;
    else if (!strcmp(word, "user"))
        o->username = apr_pstrdup(play->pool, value);
    else if (!strcmp(word, "auth")) {
        o->auth = apr_array_make(play->pool, 1, sizeof(char *));
        *(const char **)apr_array_push((apr_array_header_t *)(apr_uintptr_t)o->auth) =
            apr_pstrdup(play->pool, value);
    } else if (!strcmp(word, "helo"))
        o->use_helo = number;
    else if (!strcmp(word, "name"))
        o->helo = apr_pstrdup(play->pool, value);
    else if (!strcmp(word, "several"))
        o->takes_several = number;
    else if (!strcmp(word, "unproven"))
        o->proof = apr_pmemdup(play->pool, &(ss_client_proof_t){ .shown = SS_PROVE_ALL & ~number },
                               sizeof(ss_client_proof_t));
    else if (!strcmp(word, "stepwise"))
        o->is_stepwise = number;
    else if (!strcmp(word, "logins"))
        o->logins = number;
    else if (!strcmp(word, "first"))
        o->mechanism = apr_pstrdup(play->pool, value);
    else if (!strcmp(word, "lost"))
        o->mechanism_lost = apr_pstrdup(play->pool, value);
    else if (!strcmp(word, "insecure"))
        o->auth_insecure = number;
    else if (!strcmp(word, "deadline"))
        o->attempt_deadline = number * APR_USEC_PER_SEC;
    else if (!strcmp(word, "fill"))
        play->fill = number;
}

static void start(play_t *play)
{
    if (!play->client)
        play->client = ss_client_create(&play->options, (ss_mono_t){ play->now }, play->pool);
}

static apr_status_t give(play_t *play, char *args)
{
    ss_client_message_t *m = apr_pcalloc(play->pool, sizeof(*m));
    char *state, *word = apr_strtok(args, " ", &state);

    m->owner = word;
    m->pool = play->pool;
    m->from = apr_strtok(NULL, " ", &state);
    if (!strcmp(m->from, "<>")) m->from = "";
    char *to = apr_strtok(NULL, " ", &state), *comma;
    m->rcpts = apr_pcalloc(play->pool, sizeof(ss_client_rcpt_t) * SS_CLIENT_RECIPIENTS_MAX);
    for (char *one = apr_strtok(to, ",", &comma); one; one = apr_strtok(NULL, ",", &comma))
        m->rcpts[m->rcpt_count++].address = strcmp(one, "<>") ? one : "";
    while ((word = apr_strtok(NULL, " ", &state))) {
        if (!strcmp(word, "8bit"))
            m->is_8bit = 1;
        else if (!strcmp(word, "utf8"))
            m->is_utf8 = 1;
        else if (!strcmp(word, "tls"))
            m->requires_tls = 1;
        else if (!strncmp(word, "envid=", 6))
            m->dsn_options.envid = word + 6;
        else if (!strncmp(word, "ret=", 4))
            m->dsn_options.ret = word[4] - '0';
        else if (!strncmp(word, "notify=", 7))
            m->rcpts[0].notify = (unsigned)strtoul(word + 7, NULL, 10);
        else if (!strncmp(word, "orcpt=", 6))
            m->rcpts[0].orcpt = word + 6;
    }
    m->size = (apr_off_t)play->content_len;
    m->content = (ss_content_t){ read_content, play };
    return ss_client_send(play->client, m, (ss_mono_t){ play->now });
}

/* "eof", "reset", "timeout", or "why ADVICE TEXT": with a better sentence, whose advice "-" is
 * none. */
static void lose(play_t *play, char *how)
{
    ss_result_t why;
    char *state;

    ss_result_clear(&why);
    if (!strncmp(how, "why ", 4)) {
        const char *advice = apr_strtok(how + 4, " ", &state);
        ss_result_set(&why, "tls", "", strcmp(advice, "-") ? advice : NULL, "%s", state);
    }
    ss_client_lost(play->client,
                   !strcmp(how, "eof")       ? APR_EOF
                   : !strcmp(how, "timeout") ? APR_TIMEUP
                   : !strcmp(how, "aborted") ? APR_ECONNABORTED
                                             : ECONNRESET,
                   &why, (ss_mono_t){ play->now });
}

static const char *act(play_t *play, const char *line)
{
    char *args = apr_pstrdup(play->pool, line), *state, *verb = apr_strtok(args, " ", &state);
    char *rest = state ? state : args + strlen(args);

    if (!strcmp(verb, "send") && give(play, rest) != APR_SUCCESS) return "the message was refused";
    if (!strcmp(verb, "send!") && give(play, rest) == APR_SUCCESS) return "the message was taken";
    if (!strcmp(verb, "quit")) ss_client_quit(play->client, (ss_mono_t){ play->now });
    if (!strcmp(verb, "lost")) lose(play, rest);
    if (!strcmp(verb, "tls"))
        ss_client_tls_on(play->client, *rest ? "tls-exporter" : NULL, *rest ? rest : NULL,
                         strlen(rest), (ss_mono_t){ play->now });
    if (!strcmp(verb, "secret"))
        ss_client_secret(play->client, rest, strlen(rest), (ss_mono_t){ play->now });
    if (!strcmp(verb, "nosecret"))
        ss_client_secret(play->client, NULL, 0, (ss_mono_t){ play->now });
    if (!strcmp(verb, "missing")) play->is_missing = 1;
    if (!strcmp(verb, "broken")) play->is_broken = 1;
    if (!strcmp(verb, "unwritten")) play->writable = strtol(rest, NULL, 10);
    if (!strcmp(verb, "written")) play->writable = -1;
    if (!strcmp(verb, "more")) {
        play->is_missing = 0;
        ss_client_more(play->client, (ss_mono_t){ play->now });
    }
    if (!strcmp(verb, "tick")) {
        play->now += strtol(rest, NULL, 10) * APR_USEC_PER_SEC;
        ss_client_tick(play->client, (ss_mono_t){ play->now });
    }
    if (!strcmp(verb, "try")) {
        char *from = apr_strtok(rest, " ", &state);
        ss_client_try(play->client, from, strcmp(state, "-") ? state : NULL,
                      (ss_mono_t){ play->now });
    }
    pump(play);
    return NULL;
}

static const char *expect(play_t *play, const char *bytes, apr_size_t len)
{
    apr_size_t same = play->out.len < len ? play->out.len : len;

    if (same < len || memcmp(play->out.data, bytes, len))
        return apr_psprintf(play->pool, "the client wrote \"%.*s\"",
                            (int)(play->out.len < 200 ? play->out.len : 200),
                            play->out.len ? play->out.data : "");
    ss_buf_take(&play->out, len);
    return NULL;
}

static const char *step(play_t *play, const char *line)
{
    const char *text = line[1] == ':' || line[1] == '+' || line[1] == '*' ? line + 3 : line + 2;
    char bytes[8192];
    apr_size_t len;

    if (line[0] == 'O') {
        char *state;
        for (char *word = apr_strtok(apr_pstrdup(play->pool, text), " ", &state); word;
             word = apr_strtok(NULL, " ", &state))
            option(play, word);
        return NULL;
    }
    start(play);
    if (line[0] == 'S') {
        len = line[1] == '+' ? unescape(bytes, text)
                             : (apr_size_t)apr_snprintf(bytes, sizeof(bytes), "%s\r\n", text);
        ss_buf_append(&play->server, bytes, len);
        return NULL;
    }
    feed(play);
    if (line[0] == 'T') {
        if (line[1] == '*') {
            play->content_len = (apr_size_t)strtoul(text, NULL, 10);
            char *big = apr_palloc(play->pool, play->content_len + 1);
            for (apr_size_t i = 0; i < play->content_len; i++)
                big[i] = i % 64 == 62 ? '\r' : i % 64 == 63 ? '\n' : 'a';
            play->content = big;
        } else {
            play->content_len = unescape(bytes, text);
            play->content = apr_pmemdup(play->pool, bytes, play->content_len + 1);
        }
        return NULL;
    }
    if (line[0] == '>') return act(play, line + 2);
    if (line[0] == 'C' && line[1] == '*') {
        /* so many bytes, whatever they are */
        len = (apr_size_t)strtoul(text, NULL, 10);
        if (play->out.len < len)
            return apr_psprintf(play->pool, "the client wrote %d bytes", (int)play->out.len);
        ss_buf_take(&play->out, len);
        return NULL;
    }
    if (line[0] == 'C' && line[1] == '.')
        return play->out.len ? expect(play, "\n\n(nothing)", 11) : NULL;
    if (line[0] == 'C') {
        len = line[1] == '+' ? unescape(bytes, text)
                             : (apr_size_t)apr_snprintf(bytes, sizeof(bytes), "%s\r\n", text);
        return expect(play, bytes, len);
    }
    if (line[0] == 'V') return expect_verdict(play, text);
    if (line[0] == 'E') {
        const char *got = play->event < play->events->nelts
                              ? APR_ARRAY_IDX(play->events, play->event, const char *)
                              : "(none)";
        if (line[1] == '.')
            return play->event < play->events->nelts ? apr_psprintf(play->pool, "event \"%s\"", got)
                                                     : NULL;
        play->event++;
        /* An ending "*" leaves the rest open. */
        len = strlen(text);
        if (len && text[len - 1] == '*' ? !strncmp(got, text, len - 1) : !strcmp(got, text))
            return NULL;
        return apr_psprintf(play->pool, "event \"%s\"", got);
    }
    return "no such line";
}

/* One way of playing; *total: the server's bytes. */
static const char *play_once(const char *const *script, int lines, apr_size_t split,
                             apr_size_t *total)
{
    play_t play = { .now = START, .split = split, .writable = -1 };
    const char *problem = NULL;

    apr_pool_create(&play.pool, NULL);
    play.options =
        (ss_client_options_t){ .helo = "me.example",
                               .host = "relay.example",
                               .port = 25,
                               .pipelining = 1,
                               .chunking = 1,
                               .window_max = 16,
                               .takes_several = 1,
                               .timeout = { 0, 60 * APR_USEC_PER_SEC, 60 * APR_USEC_PER_SEC,
                                            300 * APR_USEC_PER_SEC, 600 * APR_USEC_PER_SEC },
                               .attempt_deadline = 1800 * APR_USEC_PER_SEC };
    play.content = "Subject: t\r\n\r\n.x\r\n";
    play.content_len = strlen(play.content);
    play.events = apr_array_make(play.pool, 32, sizeof(const char *));
    play.verdicts = apr_array_make(play.pool, 8, sizeof(const char *));
    for (int i = 0; i < lines; i++) play.is_loose |= script[i][0] == 'V';
    ss_buf_init(&play.out, OUTPUT_MAX);
    ss_buf_init(&play.server, OUTPUT_MAX);
    for (int i = 0; i < lines && !problem; i++) {
        problem = step(&play, script[i]);
        if (problem)
            apr_snprintf(wrong, sizeof(wrong), "line %d \"%s\" (split %ld): %s", i + 1, script[i],
                         (long)split, problem);
    }
    if (!problem && play.client) {
        feed(&play);
        if (!play.is_loose && play.event < play.events->nelts) {
            problem = APR_ARRAY_IDX(play.events, play.event, const char *);
            apr_snprintf(wrong, sizeof(wrong), "at the end (split %ld): one more event \"%s\"",
                         (long)split, problem);
        } else if (play.out.len) {
            problem = "bytes";
            apr_snprintf(wrong, sizeof(wrong),
                         "at the end (split %ld): the client also wrote \"%.*s\"", (long)split,
                         (int)play.out.len, play.out.data);
        }
    }
    *total = play.fed;
    if (play.client) ss_client_destroy(play.client);
    ss_buf_free(&play.out);
    ss_buf_free(&play.server);
    apr_pool_destroy(play.pool);
    return problem ? wrong : NULL;
}

const char *dialogue_play(const char *const *script, int lines)
{
    apr_size_t total, ignored;
    const char *problem = play_once(script, lines, 0, &total);

    if (!problem) problem = play_once(script, lines, (apr_size_t)-1, &ignored);
    for (apr_size_t split = 1; split < total && split < 3000 && !problem; split++)
        problem = play_once(script, lines, split, &ignored);
    return problem;
}
