/* hangups.c: the whole daemon in this process, under clients of its local socket and of its SMTP
 * listener that ask for everything it can do, in any order, and leave at any byte. First each
 * request is cut at each of its bytes; then clients do by chance what clients can do. Built with a
 * sanitizer (make asan, make hangups). What is promised: no use of freed memory, no answer lost,
 * and when the clients are gone, nothing of them is left in the daemon. usage: hangups [SEED
 * [SECONDS of processor time]] */
#include <CUnit/Basic.h>
#include <apr_general.h>
#include <apr_strings.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/descriptors.h"
#include "daemon/leaving.h"
#include "daemon_rig.h"
#include "hangups_relay.h"
#include "operator/verb.h"
#include "wire/frame.h"

#define CLIENTS 16
#define STEPS 1500 /* of one life of the daemon */
#define SCRIPT_MAX 900000
#define WHOLE_MAX 150000 /* octets that a socket takes at once */
#define PATIENCE 60      /* seconds, for what must become quiet */
#define LONG 50000
#define IDS 8
#define SOMEBODY 1000 /* a uid that is neither root nor httpd's */

typedef struct {
    int fd; /* -1: none */
    char *script;
    size_t len, sent;
} client_t;

static daemon_rig_t rig;
static hangups_relay_t relay;
static client_t clients[CLIENTS];
static char ids[IDS][SS_IDENT_TEXT];
static int id_count;
static apr_uint64_t chance;
static unsigned long seed = 1, played;
static double seconds = 5;

static unsigned draw(unsigned below)
{
    chance ^= chance << 13;
    chance ^= chance >> 7;
    chance ^= chance << 17;
    return (unsigned)((chance >> 11) % below);
}

/* ---- what is asked ---- */

static const char *some_id(void)
{
    return id_count && draw(8) ? ids[draw((unsigned)id_count)] : "01ARZ3NDEKTSV4RRFFQ69G5FAV";
}

static json_t *submission(const char *verb)
{
    json_t *header = json_pack("{s:s,s:s,s:[s],s:i}", "do", verb, "from", "a@example.net", "to",
                               "b@example.net", "size", 12);

    if (!draw(4)) json_object_set_new(header, "compose", json_pack("{s:b}", "takesRcpts", 1));
    if (!draw(4)) json_object_set_new(header, "idempotencyKey", json_string(draw(2) ? "k" : "l"));
    if (!draw(4)) json_object_set_new(header, "from", json_string(draw(2) ? "" : "not an address"));
    if (!draw(8)) json_object_set_new(header, "relay", json_string(draw(2) ? "other" : "nothing"));
    if (!draw(8)) json_object_set_new(header, "rates", json_pack("[i,i]", 2, 1000000));
    if (!draw(16)) json_object_set_new(header, "restore", json_pack("{s:s}", "id", some_id()));
    if (!draw(16)) json_object_del(header, "to");
    /* So long that a thread reads it. */
    if (!draw(12)) {
        char *text = malloc(LONG);
        memset(text, 'x', LONG);
        json_object_set_new(header, "note", json_stringn(text, LONG));
        free(text);
    }
    return header;
}

static json_t *many(void)
{
    json_t *header = json_pack("{s:s,s:[]}", "do", "submitMany", "messages");

    for (unsigned n = draw(4); n; n--)
        json_array_append_new(json_object_get(header, "messages"), submission("submit"));
    return header;
}

static json_t *test(void)
{
    return json_pack("{s:s,s:s,s:b,s:b,s:b,s:b,s:s*}", "do", "test", "format",
                     draw(2) ? "json" : "text", "stream", draw(4) != 0, "page", (int)draw(2),
                     "probe", !draw(4), "mask", (int)draw(2), "to",
                     draw(2) ? "c@example.net" : NULL);
}

static const char *const verbs[] = { "submit", "submitMany", "get",    "show",    "queue",
                                     "cancel", "retry",      "hold",   "release", "bounce",
                                     "export", "content",    "status", "metrics", "activity",
                                     "test",   "testmail",   "pause",  "resume",  "flush",
                                     "nothing" };

#define VERBS (sizeof(verbs) / sizeof(verbs[0]))

static json_t *request_of(const char *verb)
{
    json_t *header;

    if (!strcmp(verb, "submit")) return submission(verb);
    if (!strcmp(verb, "submitMany")) return many();
    if (!strcmp(verb, "test")) return test();
    header = json_pack("{s:s,s:s,s:s}", "do", verb, "id", some_id(), "to", "d@example.net");
    if (!strcmp(verb, "get") && draw(2))
        json_object_set_new(header, "wait", json_integer(draw(2) ? 60000000 : 3000));
    if (strchr("crhb", *verb) && !draw(3)) {
        json_object_del(header, "id");
        json_object_set_new(header, "filter",
                            json_pack("{s:s}", "state", draw(2) ? "queued" : "deferred"));
        json_object_set_new(header, "confirm", json_integer(draw(3)));
    }
    if (!strcmp(verb, "pause") || !strcmp(verb, "resume"))
        json_object_set_new(header, "relay", json_string("other"));
    return header;
}

static size_t put_frame(char *out, int type, int is_last, const char *header, const char *content,
                        size_t len)
{
    ss_frame_t frame = { .version = draw(200) ? SS_FRAME_VERSION : 2,
                         .type = (ss_frame_type_t)type,
                         .flags = is_last ? SS_FRAME_LAST : 0,
                         .header_len = (apr_uint32_t)strlen(header),
                         .content_len = (apr_uint32_t)len,
                         .instance = draw(100) ? 0 : 9 };
    size_t header_len = strlen(header);

    ss_frame_write(&frame, out);
    memcpy(out + SS_FRAME_HEAD, header, header_len);
    memcpy(out + SS_FRAME_HEAD + header_len, content, len);
    return SS_FRAME_HEAD + header_len + len;
}

static size_t content_of(char *out)
{
    static const char head[] = "From: a@example.net\r\nTo: e@example.net\r\nSubject: =?utf-8?Q?x?="
                               "\r\n\r\n";
    size_t len = sizeof(head) - 1, more = draw(40) ? draw(200) : 100000 + draw(600000);

    if (!draw(10)) return 0;
    memcpy(out, head, len);
    if (!draw(8)) { /* a long header */
        more = 40000 + draw(200000);
        len -= 2;
    }
    memset(out + len, draw(8) ? 'x' : '\n', more);
    for (size_t i = 70; i + 2 < more && draw(20); i += 72) memcpy(out + len + i, "\r\n", 2);
    memcpy(out + len + more, "\r\n", 2);
    return len + more + 2;
}

/* One request, or what looks like one. Returns its length. */
static size_t write_request(char *out, const char *verb)
{
    static char content[SCRIPT_MAX];
    json_t *header = request_of(verb);
    char *text = json_dumps(header, JSON_COMPACT);
    size_t len = strncmp(verb, "submit", 6) ? 0 : content_of(content), first = len, used;

    if (first > SS_FRAME_CONTENT_MAX) first = SS_FRAME_CONTENT_MAX;
    if (!draw(4)) first = first ? draw((unsigned)first) : 0;
    used = put_frame(out, draw(50) ? SS_FRAME_REQUEST : SS_FRAME_PART, first == len && draw(8),
                     text, content, first);
    for (size_t at = first; at < len;) {
        size_t piece = len - at < SS_FRAME_CONTENT_MAX ? len - at : SS_FRAME_CONTENT_MAX;
        used += put_frame(out + used, SS_FRAME_PART, at + piece == len, "", content + at, piece);
        at += piece;
    }
    if (!draw(30)) out[draw((unsigned)used)] ^= (char)(1 << draw(8));
    free(text);
    json_decref(header);
    return used;
}

static size_t write_mail(char *out)
{
    static const char *const lines[] = {
        "EHLO me\r\n", "MAIL FROM:<a@example.net>\r\n",   "RCPT TO:<b@example.net>\r\n",
        "DATA\r\n",    "Subject: x\r\n\r\nbody\r\n.\r\n", "RSET\r\n",
        "NOOP\r\n",    "BDAT 10 LAST\r\n0123456789",      "QUIT\r\n"
    };
    size_t used = 0;

    for (unsigned i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        if (!draw(6)) continue;
        memcpy(out + used, lines[i], strlen(lines[i]));
        used += strlen(lines[i]);
    }
    return used;
}

/* ---- clients ---- */

static void turn(int times)
{
    while (times--) {
        ss_loop_turn(rig.d.loop, 0);
        hangups_relay_turn(&relay, draw);
    }
}

static void leave(client_t *c)
{
    const struct linger hard = { 1, 0 };

    if (c->fd < 0) return;
    if (!draw(3)) setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
    close(c->fd);
    free(c->script);
    *c = (client_t){ .fd = -1 };
}

/* As user uid, of this thread alone, where this process is root's. */
static void come(client_t *c, int uid)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };

    c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    apr_snprintf(address.sun_path, sizeof(address.sun_path), "%s/socket", rig.folder);
    if (uid && !geteuid()) syscall(SYS_setresuid, -1, uid, -1);
    int failed = connect(c->fd, (struct sockaddr *)&address, sizeof(address));
    if (uid) syscall(SYS_setresuid, -1, getuid(), -1);
    if (failed) leave(c);
}

static void come_by_smtp(client_t *c)
{
    c->fd = daemon_rig_connect(&rig);
    fcntl(c->fd, F_SETFL, O_NONBLOCK);
    c->script = malloc(SCRIPT_MAX);
    c->len = write_mail(c->script);
}

static void prepare(client_t *c)
{
    free(c->script);
    c->script = malloc(SCRIPT_MAX * 3);
    c->len = c->sent = 0;
    for (unsigned n = 1 + draw(2); n; n--)
        c->len += write_request(c->script + c->len, verbs[draw(VERBS)]);
}

static void say(client_t *c, size_t most)
{
    size_t left = c->len - c->sent, len = left < most ? left : most;
    ssize_t sent = len ? send(c->fd, c->script + c->sent, len, MSG_NOSIGNAL) : 0;

    if (sent > 0)
        c->sent += (size_t)sent;
    else if (sent < 0 && errno != EAGAIN)
        leave(c);
}

static void remember(const char *text)
{
    const char *found = strstr(text, "\"id\":\"");

    if (!found || strlen(found) < 6 + SS_IDENT_TEXT) return;
    int place = id_count < IDS ? id_count++ : (int)draw(IDS);
    apr_cpystrn(ids[place], found + 6, SS_IDENT_TEXT);
}

static void hear(client_t *c, size_t most)
{
    static char bytes[65536];
    ssize_t got = recv(c->fd, bytes, most < sizeof(bytes) ? most : sizeof(bytes) - 1, 0);

    if (got > 0) {
        for (ssize_t i = 0; i < got; i++) bytes[i] = bytes[i] ? bytes[i] : ' ';
        bytes[got] = '\0';
        remember(bytes);
    } else if (got == 0 || errno != EAGAIN) {
        leave(c);
    }
}

static void act(client_t *c)
{
    if (c->fd < 0 && !draw(5)) {
        come_by_smtp(c);
    } else if (c->fd < 0) {
        come(c, draw(4) ? 0 : SOMEBODY);
        if (c->fd >= 0) prepare(c);
    } else {
        switch (draw(14)) {
        case 0: leave(c); break;
        case 1: shutdown(c->fd, SHUT_WR); break;
        case 2:
        case 3: hear(c, 1 + draw(64)); break;
        case 4:
        case 5: hear(c, 65536); break;
        case 6: say(c, 1); break;
        case 7: say(c, 1 + draw(200)); break;
        case 8: prepare(c); break;
        case 9:
            say(c, SCRIPT_MAX);
            leave(c);
            break;
        default: say(c, SCRIPT_MAX); break;
        }
    }
    played++;
}

/* ---- the daemon's life ---- */

static void serve(void)
{
    static char port[64];
    const char *const directives[] = {
        port, "SMTPSendPause Off", "SMTPSendTestTimeout 1s", "SMTPSendTLS none", "SMTPSendRetry 1s",
        NULL
    };
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    hangups_relay_start(&relay);
    apr_snprintf(port, sizeof(port), "SMTPSendPort %d", relay.port);
    daemon_rig_start(&rig, directives);
    id_count = 0;
    apr_snprintf(address.sun_path, sizeof(address.sun_path), "%s/socket", rig.folder);
    CU_ASSERT_EQUAL_FATAL(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    CU_ASSERT_EQUAL_FATAL(listen(fd, CLIENTS), 0);
    chmod(rig.folder, 0711);
    chmod(address.sun_path, 0666);
    const ss_local_socket_options_t options = { .fd = fd,
                                                .command = ss_verb_dispatch,
                                                .self = rig.d.operators,
                                                .idle = APR_USEC_PER_SEC / 4,
                                                .descriptors = 1024 };
    CU_ASSERT_EQUAL_FATAL(ss_local_socket_start(&rig.d.local_socket, rig.d.intake, &options),
                          APR_SUCCESS);
    for (int i = 0; i < CLIENTS; i++) clients[i].fd = -1;
}

static int is_quiet(void)
{
    return !ss_local_socket_is_busy(rig.d.local_socket) && !rig.d.intake->bytes &&
           !rig.d.operators->tests && !ss_smtp_listener_is_busy(rig.d.smtp_listener) &&
           !apr_hash_count(rig.d.operators->waiters);
}

/* Everybody leaves: nothing of them may stay. */
static void leave_all(void)
{
    for (int i = 0; i < CLIENTS; i++) leave(&clients[i]);
    for (time_t began = time(NULL); !is_quiet() && time(NULL) - began < PATIENCE;) {
        ss_loop_turn(rig.d.loop, 20000);
        hangups_relay_turn(&relay, draw);
    }
    CU_ASSERT_FALSE(ss_local_socket_is_busy(rig.d.local_socket));
    CU_ASSERT_FALSE(ss_smtp_listener_is_busy(rig.d.smtp_listener));
    CU_ASSERT_EQUAL(rig.d.intake->bytes, 0);
    CU_ASSERT_EQUAL(rig.d.operators->tests, 0);
    CU_ASSERT_EQUAL(apr_hash_count(rig.d.operators->waiters), 0);
}

static void end_daemon(void)
{
    if (draw(2)) {
        ss_leaving_begin(&rig.d, "the test ends");
        turn(20);
    }
    leave_all();
    if (!rig.d.is_leaving) ss_local_socket_stop(rig.d.local_socket);
    ss_delivery_leave(rig.d.delivery);
    ss_delivery_abort(rig.d.delivery);
    for (time_t began = time(NULL);
         ss_delivery_uncommitted(rig.d.delivery) && time(NULL) - began < PATIENCE;)
        ss_loop_turn(rig.d.loop, 20000);
    turn(3);
    daemon_rig_end(&rig);
    hangups_relay_stop(&relay);
}

static double used_seconds(void)
{
    return (double)clock() / CLOCKS_PER_SEC;
}

/* ---- the two plays ---- */

/* One client, which says the first octets of a script, and leaves at once or a little later. */
static void say_and_leave(const char *script, size_t cut, int later)
{
    client_t c = { .fd = -1 };

    come(&c, 0);
    if (c.fd < 0) return;
    turn(1); /* nothing is done for who leaves before */
    CU_ASSERT_EQUAL(send(c.fd, script, cut, MSG_NOSIGNAL), (ssize_t)cut);
    if (later) turn(later);
    if (later > 1) hear(&c, 1 + cut);
    leave(&c);
    turn(1);
}

static void each_request_is_cut_at_each_byte(void)
{
    static char script[SCRIPT_MAX * 2];

    chance = seed;
    for (unsigned v = 0; v < VERBS; v++) {
        serve();
        size_t len = write_request(script, verbs[v]);
        if (len > 500) len = 500;
        for (size_t cut = 0; cut <= len; cut++) say_and_leave(script, cut, (int)(cut % 3));
        for (int i = 0; i < 30; i++) {
            len = write_request(script, verbs[v]);
            say_and_leave(script, len < WHOLE_MAX ? len : WHOLE_MAX, i % 3);
        }
        end_daemon();
    }
}

static void clients_come_and_go_by_chance(void)
{
    unsigned long lives = 0;

    for (chance = seed * 0x9E3779B97F4A7C15ULL; used_seconds() < seconds || !lives; lives++) {
        int before = ss_descriptors_lowest(0);
        serve();
        for (int i = 0; i < STEPS && used_seconds() < seconds; i++) {
            act(&clients[draw(CLIENTS)]);
            if (draw(3)) turn((int)draw(3));
            if (!draw(40)) ss_loop_turn(rig.d.loop, 1000);
        }
        end_daemon();
        CU_ASSERT_EQUAL(ss_descriptors_lowest(0), before);
    }
    printf("hangups: seed %lu, %lu daemons, %lu acts of clients\n", seed, lives, played);
}

int main(int argc, char **argv)
{
    if (argc > 1) seed = strtoul(argv[1], NULL, 10);
    if (argc > 2) seconds = strtod(argv[2], NULL);
    if (apr_initialize() != APR_SUCCESS || CU_initialize_registry() != CUE_SUCCESS) return 2;
    CU_pSuite suite = CU_add_suite("hangups", NULL, NULL);
    CU_ADD_TEST(suite, each_request_is_cut_at_each_byte);
    CU_ADD_TEST(suite, clients_come_and_go_by_chance);
    CU_basic_set_mode(CU_BRM_SILENT);
    CU_basic_run_tests();
    CU_basic_show_failures(CU_get_failure_list());
    return CU_get_number_of_failures() ? 1 : 0;
}
