#include "cli/sendmail_smtp.h"

#include <apr_strings.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/cli.h"
#include "mail/mail.h"
#include "smtp/server.h"

#define READ_SIZE 65536
#define AWAY_MAX 400 /* octets of the reason in the greeting */

struct ss_sendmail_smtp_t {
    const ss_sendmail_smtp_ops_t *ops;
    apr_pool_t *pool, *mail_pool, *call_pool;
    ss_server_t *server;
    ss_buf_t in;                /* not used yet */
    ss_sendmail_t mail;         /* the envelope, in mail_pool */
    ss_sendmail_input_t input;  /* its content */
    apr_status_t failed;        /* content could not be kept */
    int is_away;                /* the daemon cannot be reached: the session is over */
    int has_begun, is_accepted; /* something came; a message was stored */
};

ss_sendmail_smtp_t *ss_sendmail_smtp_create(const ss_sendmail_smtp_ops_t *ops, apr_pool_t *pool)
{
    ss_sendmail_smtp_t *s = apr_pcalloc(pool, sizeof(*s));

    s->ops = ops;
    s->pool = pool;
    if (apr_pool_create(&s->mail_pool, pool) != APR_SUCCESS ||
        apr_pool_create(&s->call_pool, pool) != APR_SUCCESS)
        return NULL;
    ss_buf_init(&s->in, READ_SIZE * 4);
    ss_sendmail_input_init(&s->input, 1);
    return s;
}

void ss_sendmail_smtp_destroy(ss_sendmail_smtp_t *s)
{
    if (s->server) ss_server_destroy(s->server);
    ss_sendmail_input_free(&s->input);
    ss_buf_free(&s->in);
}

static void forget_mail(ss_sendmail_smtp_t *s)
{
    ss_sendmail_input_free(&s->input);
    ss_sendmail_input_init(&s->input, 1);
    s->failed = APR_SUCCESS;
    apr_pool_clear(s->mail_pool);
    memset(&s->mail, 0, sizeof(s->mail));
}

/* ---- the daemon ---- */

/* Asks; NULL: the daemon cannot be reached, and *why says it. */
static const ss_peer_answer_t *ask(ss_sendmail_smtp_t *s, const char *header,
                                   const ss_sendmail_input_t *content, const char **why)
{
    ss_peer_answer_t *answer = apr_pcalloc(s->call_pool, sizeof(*answer));
    ss_result_t result;

    ss_result_clear(&result);
    if (s->ops->ask(s->ops->self, header, content, answer, &result, s->call_pool) == APR_SUCCESS)
        return answer;
    s->is_away = 1;
    *why = ss_result_is_set(&result) ? apr_pstrdup(s->call_pool, result.text)
                                     : "the delivery daemon cannot be reached";
    return NULL;
}

/* from, to: or NULL. */
static const ss_peer_answer_t *verify(ss_sendmail_smtp_t *s, const char *from, const char *to,
                                      apr_int64_t size, const char **why)
{
    ss_object_t request;
    ss_buf_t out;

    apr_pool_clear(s->call_pool);
    ss_buf_init(&out, SS_FRAME_HEADER_MAX);
    ss_object_begin(&request, &out);
    ss_object_text(&request, "do", "verify");
    ss_object_text(&request, "from", from);
    ss_object_text(&request, "to", to);
    if (size) ss_object_number(&request, "size", size);
    const char *header = ss_object_end(&request) == APR_SUCCESS
                             ? apr_pstrmemdup(s->call_pool, out.data, out.len)
                             : "{}";
    ss_buf_free(&out);
    return ask(s, header, NULL, why);
}

/* Answers a command that the daemon refused, or could not be asked about: code and enhanced are for
 * a fault of what the client said. */
static void refuse(ss_sendmail_smtp_t *s, const ss_peer_answer_t *answer, const char *why, int code,
                   const char *enhanced)
{
    if (!answer) {
        ss_server_answer(s->server, 421, "4.3.2", "%s", why);
        return;
    }
    if (answer->status == 413) {
        code = 552;
        enhanced = "5.3.4";
    } else if (answer->status == 401 || answer->status == 403) {
        code = 550;
        enhanced = "5.7.1";
    } else if (answer->status == 409 || answer->status == 429 || answer->status >= 500) {
        code = 451;
        enhanced = "4.3.0";
    }
    ss_server_answer(s->server, code, enhanced, "%s", ss_sendmail_detail(answer, s->call_pool));
}

/* ---- the commands ---- */

static void take_sender(ss_sendmail_smtp_t *s, const ss_parameter_t *envelope)
{
    const char *why = NULL;
    const ss_peer_answer_t *answer = verify(s, envelope->address, NULL, envelope->size, &why);

    if (!answer || answer->status != 200) {
        refuse(s, answer, why, 553, "5.1.7");
        return;
    }
    forget_mail(s);
    ss_attributes_init(&s->mail.attr);
    s->mail.attr.dsn_options = envelope->dsn_options;
    s->mail.attr.dsn_options.envid = apr_pstrdup(s->mail_pool, envelope->dsn_options.envid);
    s->mail.from = apr_pstrdup(s->mail_pool, envelope->address);
    s->mail.to = apr_array_make(s->mail_pool, 4, sizeof(const char *));
    s->mail.notifies = apr_array_make(s->mail_pool, 4, sizeof(unsigned));
    s->mail.orcpts = apr_array_make(s->mail_pool, 4, sizeof(const char *));
    ss_server_answer(s->server, 250, "2.1.0", "Ok");
}

static void take_recipient(ss_sendmail_smtp_t *s, const ss_parameter_t *envelope)
{
    const char *why = NULL;
    const ss_peer_answer_t *answer = verify(s, s->mail.from, envelope->address, 0, &why);

    if (!answer || answer->status != 200) {
        refuse(s, answer, why, 501, "5.1.3");
        return;
    }
    APR_ARRAY_PUSH(s->mail.to, const char *) = apr_pstrdup(s->mail_pool, envelope->address);
    APR_ARRAY_PUSH(s->mail.notifies, unsigned) = envelope->notify;
    APR_ARRAY_PUSH(s->mail.orcpts, const char *) = apr_pstrdup(s->mail_pool, envelope->orcpt);
    ss_server_answer(s->server, 250, "2.1.5", "Ok");
}

static void take_content(ss_sendmail_smtp_t *s, const char *bytes, apr_size_t len)
{
    if (s->failed == APR_SUCCESS)
        s->failed = ss_sendmail_input_add(&s->input, bytes, len, s->mail_pool);
}

static void store(ss_sendmail_smtp_t *s, const char *key)
{
    const char *header = ss_sendmail_header(&s->mail, NULL, NULL, key, s->mail_pool), *why = NULL;

    if (!header) {
        ss_server_answer(s->server, 552, "5.3.4",
                         "too many recipients: they need more than %d bytes", SS_FRAME_HEADER_MAX);
        return;
    }
    const ss_peer_answer_t *answer = ask(s, header, &s->input, &why);
    if (!answer || (answer->status != 202 && answer->status != 200)) {
        refuse(s, answer, why, 554, "5.6.0");
        return;
    }
    const char *id = ss_object_read_text(answer->header, answer->header_len, "id", s->call_pool);
    s->is_accepted = 1;
    ss_server_answer(s->server, 250, "2.0.0", "Ok: queued as %s", id ? id : "?");
}

static void end_message(ss_sendmail_smtp_t *s)
{
    const char *key = ss_sendmail_key(s->mail_pool);

    apr_pool_clear(s->call_pool);
    if (s->failed == APR_SUCCESS) s->failed = ss_sendmail_input_end(&s->input, s->mail_pool);
    if (s->failed != APR_SUCCESS)
        ss_server_answer(s->server, 452, "4.3.1", "%s", ss_scratch_why(s->failed, s->call_pool));
    else if (!s->input.begin.len)
        ss_server_answer(s->server, 554, "5.6.0", "the message is empty");
    else if (!key)
        ss_server_answer(s->server, 451, "4.3.0", "the system has no random numbers");
    else
        store(s, key);
    forget_mail(s);
}

/* ---- the session ---- */

/* Without the daemon there is no session, and the greeting says why. */
static int greet(ss_sendmail_smtp_t *s)
{
    const char *why = "the delivery daemon does not say its name";
    const ss_peer_answer_t *answer = verify(s, NULL, NULL, 0, &why);
    const char *host = NULL;
    ss_server_options_t options = { .max_size = SS_SENDMAIL_INPUT_MAX,
                                    .max_rcpts = SS_MAIL_RECIPIENTS_MAX };

    if (answer && answer->status == 200) {
        apr_int64_t size = ss_object_read_number(answer->header, answer->header_len, "maxSize", 0);
        host = ss_object_read_text(answer->header, answer->header_len, "host", s->pool);
        if (size < options.max_size) options.max_size = size;
    } else if (answer) {
        why = ss_sendmail_detail(answer, s->call_pool);
    }
    options.host = host ? host : "localhost";
    s->server = ss_server_create(&options);
    if (!s->server) return -1;
    if (host) return 0;
    s->is_away = 1;
    ss_buf_clear(ss_server_output(s->server));
    ss_server_dismiss(s->server, "4.3.2",
                      ss_text_blank_controls(apr_pstrndup(s->call_pool, why, AWAY_MAX)));
    return 0;
}

static int end_with(ss_sendmail_smtp_t *s, int code)
{
    if (s->ops->write(s->ops->self, ss_server_output(s->server)) != APR_SUCCESS) return EX_IOERR;
    return s->is_away ? EX_TEMPFAIL : code;
}

int ss_sendmail_smtp_add(ss_sendmail_smtp_t *s, const char *bytes, apr_size_t len)
{
    ss_server_event_t event;
    apr_size_t used;

    if (!s->server && greet(s)) return EX_OSERR;
    s->has_begun |= len != 0;
    if (len && ss_buf_append(&s->in, bytes, len) != APR_SUCCESS) return EX_OSERR;
    for (;;) {
        ss_server_kind_t kind = ss_server_next(s->server, s->in.data, s->in.len, &used, &event);
        switch (kind) {
        case SS_SERVER_MAIL: take_sender(s, &event.envelope); break;
        case SS_SERVER_RCPT: take_recipient(s, &event.envelope); break;
        case SS_SERVER_CONTENT: take_content(s, event.bytes, event.len); break;
        case SS_SERVER_END: end_message(s); break;
        case SS_SERVER_RESET: forget_mail(s); break;
        case SS_SERVER_CLOSE:
            return end_with(s, ss_server_has_quit(s->server) ? EX_OK : EX_DATAERR);
        case SS_SERVER_MORE:
        case SS_SERVER_FLUSH: break;
        }
        ss_buf_take(&s->in, used);
        if (kind != SS_SERVER_MORE && kind != SS_SERVER_FLUSH) continue;
        if (s->ops->write(s->ops->self, ss_server_output(s->server)) != APR_SUCCESS)
            return EX_IOERR;
        if (kind == SS_SERVER_MORE) return -1;
    }
}

int ss_sendmail_smtp_end(ss_sendmail_smtp_t *s)
{
    if (!s->in.len && !ss_server_is_in_mail(s->server) && (s->is_accepted || !s->has_begun))
        return EX_OK;
    ss_server_dismiss(s->server, "4.4.2", "the input ended before QUIT");
    return end_with(s, EX_DATAERR);
}

/* ---- standard input and output ---- */

static apr_status_t ask_daemon(void *self, const char *header, const ss_sendmail_input_t *content,
                               ss_peer_answer_t *answer, ss_result_t *why, apr_pool_t *pool)
{
    return ss_sendmail_ask(self, header, content, answer, why, pool);
}

static apr_status_t write_out(void *self, ss_buf_t *out)
{
    (void)self;
    while (out->len) {
        ssize_t sent = write(STDOUT_FILENO, out->data, out->len);
        if (sent < 0 && errno == EINTR) continue;
        if (sent <= 0) return sent ? errno : APR_EGENERAL;
        ss_buf_take(out, (apr_size_t)sent);
    }
    return APR_SUCCESS;
}

/* What a person types ends with LF. Puts CR before each; returns the length. */
static apr_size_t end_lines(char *out, const char *bytes, apr_size_t len)
{
    char *p = out;

    for (apr_size_t i = 0; i < len; i++) {
        if (bytes[i] == '\n') *p++ = '\r';
        *p++ = bytes[i];
    }
    return (apr_size_t)(p - out);
}

static int run(ss_sendmail_smtp_t *s)
{
    static char piece[READ_SIZE], typed[2 * READ_SIZE];
    int is_typed = isatty(STDIN_FILENO), code = ss_sendmail_smtp_add(s, NULL, 0);

    while (code < 0) {
        ssize_t got = read(STDIN_FILENO, piece, sizeof(piece));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return EX_IOERR;
        if (!got) return ss_sendmail_smtp_end(s);
        code = is_typed ? ss_sendmail_smtp_add(s, typed, end_lines(typed, piece, (apr_size_t)got))
                        : ss_sendmail_smtp_add(s, piece, (apr_size_t)got);
    }
    return code;
}

int ss_sendmail_smtp(const char *socket, apr_pool_t *pool)
{
    const ss_sendmail_smtp_ops_t ops = { ask_daemon, write_out, (void *)(apr_uintptr_t)socket };

    /* The daemon's socket must not become one of them. */
    if (fcntl(STDIN_FILENO, F_GETFD) < 0 || fcntl(STDOUT_FILENO, F_GETFD) < 0) return EX_IOERR;
    signal(SIGPIPE, SIG_IGN);
    ss_sendmail_smtp_t *s = ss_sendmail_smtp_create(&ops, pool);
    if (!s) return EX_OSERR;
    int code = run(s);
    ss_sendmail_smtp_destroy(s);
    return code;
}
