/* daemon_rig.c: see daemon_rig.h. */
#include "daemon_rig.h"

#include <CUnit/CUnit.h>
#include <apr_strings.h>
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "config/option.h"
#include "daemon/opening.h"
#include "daemon/repeats.h"
#include "daemon/wiring.h"
#include "intake/local_submit.h"
#include "intake/smtp_envelope.h"
#include "operator/verb.h"
#include "wire/frame.h"

#define TURN (20 * 1000)
#define TURNS_MAX 1000 /* of 20 ms at most */

static void set(daemon_rig_t *rig, const char *line)
{
    char *copy = apr_pstrdup(rig->d.pool, line), *state = NULL;
    const char *words[16];
    int count = 0;

    for (char *word = apr_strtok(copy, " ", &state); word; word = apr_strtok(NULL, " ", &state))
        words[count++] = word;
    const ss_option_t *option = ss_option_find(words[0]);
    CU_ASSERT_PTR_NOT_NULL_FATAL(option);
    void *record =
        option->place == SS_PLACE_GLOBAL ? (void *)&rig->config.globals : (void *)&rig->relays[0];
    const char *wrong = ss_option_set(option, record, count - 1, words + 1, NULL, rig->d.pool);
    if (wrong) fprintf(stderr, "\n  %s\n", wrong);
    CU_ASSERT_PTR_NULL_FATAL(wrong);
}

static void configure(daemon_rig_t *rig, const char *const *directives)
{
    apr_pool_t *pool = rig->d.pool;

    ss_settings_globals_clear(&rig->config.globals);
    for (int i = 0; i < 2; i++) {
        ss_settings_clear(&rig->relays[i]);
        rig->relays[i].server_name = "rig.example.com";
    }
    set(rig, apr_psprintf(pool, "SMTPSendQueue sqlite3 %s/queue.db", rig->folder));
    set(rig, "SMTPSendEngine On");
    set(rig, "SMTPSendHost 127.0.0.1");
    set(rig, "SMTPSendPort 1");
    set(rig, "SMTPSendPause On");
    rig->relays[1] = rig->relays[0];
    rig->relays[1].relay_name = "other";
    for (; directives && *directives; directives++) set(rig, *directives);
    ss_settings_globals_finish(&rig->config.globals, rig->folder, rig->folder, pool);
    rig->config.relays = apr_array_make(pool, 2, sizeof(const ss_settings_t *));
    rig->relays[0].relay_name = "default";
    for (int i = 0; i < 2; i++) {
        ss_settings_finish(&rig->relays[i], pool);
        APR_ARRAY_PUSH(rig->config.relays, const ss_settings_t *) = &rig->relays[i];
    }
}

static int listen_here(int *port)
{
    struct sockaddr_in address = { .sin_family = AF_INET };
    socklen_t len = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CU_ASSERT_EQUAL_FATAL(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    CU_ASSERT_EQUAL_FATAL(listen(fd, 16), 0);
    CU_ASSERT_EQUAL_FATAL(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    *port = ntohs(address.sin_port);
    return fd;
}

void daemon_rig_start(daemon_rig_t *rig, const char *const *directives)
{
    const ss_wiring_options_t options = { .instance = 7 };
    ss_daemon_t *d = &rig->d;
    int turns = 0;

    memset(rig, 0, sizeof(*rig));
    apr_pool_create(&d->pool, NULL);
    apr_snprintf(rig->folder, sizeof(rig->folder), "/tmp/smtp-send-daemon.XXXXXX");
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(rig->folder));
    configure(rig, directives);
    d->config = &rig->config;
    ss_opening_init(d);
    CU_ASSERT_EQUAL_FATAL(ss_loop_create(&d->loop, d->log, d->pool), APR_SUCCESS);
    CU_ASSERT_EQUAL_FATAL(ss_wiring_create(d, &options), APR_SUCCESS);
    ss_repeats_start(d);
    ss_opening_start(d);
    while (!d->queue.store || !ss_delivery_is_ready(d->delivery)) {
        CU_ASSERT_TRUE_FATAL(++turns < TURNS_MAX);
        ss_loop_turn(d->loop, TURN);
    }
    CU_ASSERT_EQUAL_FATAL(
        ss_smtp_listener_start(&d->smtp_listener, d->intake, listen_here(&rig->smtp_port)),
        APR_SUCCESS);
    request_rig_init(&rig->last, 0, SS_REQUEST_ALL);
}

void daemon_rig_end(daemon_rig_t *rig)
{
    ss_daemon_t *d = &rig->d;
    struct dirent *entry;

    request_rig_free(&rig->last);
    ss_smtp_listener_stop(d->smtp_listener);
    ss_delivery_leave(d->delivery);
    ss_opening_close(d);
    ss_wiring_destroy(d);
    apr_pool_destroy(d->pool);
    DIR *folder = opendir(rig->folder);
    while (folder && (entry = readdir(folder)) != NULL) {
        char path[512];
        apr_snprintf(path, sizeof(path), "%s/%s", rig->folder, entry->d_name);
        if (*entry->d_name != '.') unlink(path);
    }
    if (folder) closedir(folder);
    rmdir(rig->folder);
}

/* Another part may be given. */
static void more(ss_request_t *req)
{
    daemon_rig_t *rig = (daemon_rig_t *)(void *)((char *)req - offsetof(daemon_rig_t, last));

    rig->wants_more = 1;
}

static void turn(daemon_rig_t *rig, int *turns)
{
    CU_ASSERT_TRUE_FATAL(++*turns < TURNS_MAX);
    ss_loop_turn(rig->d.loop, TURN);
}

/* As a client does: the next part when the one before was taken. */
static void submit(daemon_rig_t *rig, const char *verb, const json_t *header, const char *content)
{
    ss_local_submit_t *submission =
        ss_local_submit_begin(rig->d.intake, &rig->last.request, verb, header, more);
    size_t left = strlen(content);
    int turns = 0;

    while (submission && !rig->last.answers) {
        size_t piece = left < SS_FRAME_CONTENT_MAX ? left : SS_FRAME_CONTENT_MAX;
        left -= piece;
        rig->wants_more = 0;
        ss_local_submit_part(submission, content, piece, !left);
        content += piece;
        if (!left) return;
        while (!rig->wants_more && !rig->last.answers) turn(rig, &turns);
    }
}

int daemon_rig_ask(daemon_rig_t *rig, int is_root, json_t *header, const char *content)
{
    ss_daemon_t *d = &rig->d;
    ss_request_t *req = &rig->last.request;
    const char *verb = json_string_value(json_object_get(header, "do"));
    int turns = 0;

    request_rig_free(&rig->last);
    request_rig_init(&rig->last, is_root ? 0 : 1000, is_root ? SS_REQUEST_ALL : SS_REQUEST_OWN);
    if (ss_local_submit_is_verb(verb)) {
        submit(rig, verb, header, content);
    } else if (!strcmp(verb, "verify")) {
        ss_smtp_envelope_verify(d->intake, req, header);
    } else if (!strcmp(verb, "testmail")) {
        ss_local_submit_test(d->intake, req, header);
    } else {
        req->verb = verb;
        req->header = header;
        ss_verb_dispatch(d->operators, req);
    }
    while (!rig->last.answers) turn(rig, &turns);
    CU_ASSERT_EQUAL(rig->last.answers, 1);
    json_decref(header);
    if (*request_rig_text(&rig->last, "id"))
        apr_cpystrn(rig->id, request_rig_text(&rig->last, "id"), sizeof(rig->id));
    return request_rig_status(&rig->last);
}

int daemon_rig_submit(daemon_rig_t *rig, json_t *members)
{
    json_t *header = json_pack("{s:s,s:b,s:s,s:[s]}", "do", "submit", "asIs", 1, "from",
                               "a@example.net", "to", "b@example.net");

    if (members) json_object_update(header, members);
    json_decref(members);
    return daemon_rig_ask(rig, 1, header, "Subject: x\r\n\r\nbody\r\n");
}

const char *daemon_rig_state(daemon_rig_t *rig, const char *id)
{
    static char state[32];

    daemon_rig_ask(rig, 1, json_pack("{s:s,s:s}", "do", "get", "id", id), NULL);
    json_t *document = json_loads(rig->last.content, 0, NULL);
    const char *text = json_string_value(json_object_get(document, "state"));
    apr_cpystrn(state, text ? text : "", sizeof(state));
    json_decref(document);
    return state;
}

int daemon_rig_connect(daemon_rig_t *rig)
{
    struct sockaddr_in address = { .sin_family = AF_INET };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons((apr_uint16_t)rig->smtp_port);
    CU_ASSERT_EQUAL_FATAL(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

/* Whether the last line begins with the code and a space. */
static int is_reply(const char *text, const char *code)
{
    size_t len = strlen(text), code_len = strlen(code);
    const char *line = text;

    if (len < 2 || strcmp(text + len - 2, "\r\n")) return 0;
    for (const char *p = text; p < text + len - 2; p++) {
        if (*p == '\n') line = p + 1;
    }
    return !strncmp(line, code, code_len) && line[code_len] == ' ';
}

const char *daemon_rig_talk(daemon_rig_t *rig, int fd, const char *commands, const char *code)
{
    static char replies[65536];
    size_t used = 0;

    replies[0] = '\0';
    if (*commands) {
        ssize_t sent = send(fd, commands, strlen(commands), MSG_NOSIGNAL);
        CU_ASSERT_EQUAL_FATAL(sent, (ssize_t)strlen(commands));
    }
    for (int turns = 0; !is_reply(replies, code); turns++) {
        if (turns >= 300) fprintf(stderr, "\n  waited for %s, got: %s\n", code, replies);
        CU_ASSERT_TRUE_FATAL(turns < 300);
        ss_loop_turn(rig->d.loop, TURN);
        ssize_t got = recv(fd, replies + used, sizeof(replies) - 1 - used, MSG_DONTWAIT);
        if (got > 0) used += (size_t)got;
        replies[used] = '\0';
    }
    return replies;
}
