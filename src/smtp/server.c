#include "smtp/server.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "smtp/command.h"

#define OUT_MAX 65536
#define OUT_PAUSE 16384 /* with this much unwritten output no more commands are processed */
#define TEXT_MAX 400    /* of a reply, whose line stays within 512 octets (RFC 5321 4.5.3.1.5) */
#define CHUNK_MAX (APR_INT64_C(1) << 40)
#define OK "250 2.0.0 Ok"
#define NOT_IMPLEMENTED "502 5.5.1 command not implemented"

typedef enum { START, READY, MAIL, RCPT, DATA, CHUNK, CHUNKS, CLOSED, STATES } state_t;

struct ss_server_t {
    ss_server_options_t options;
    ss_buf_t out;
    state_t state;
    ss_server_kind_t asked; /* MAIL, RCPT, END: the caller must answer; else MORE */
    int errors, rcpts;
    int is_binary; /* MAIL had BODY=BINARYMIME */
    /* a reply did not fit into the output: the session is over */
    int is_mute;
    int has_quit;
    int is_overlong; /* within a line that is too long */
    /* content */
    apr_int64_t size; /* passed to the caller so far */
    int is_large;
    int is_line_start, has_cr;                 /* DATA: the last bytes were CRLF, or CR */
    int is_lf_start;                           /* the last byte was a bare LF */
    enum { UNKNOWN, DOUBLED, SINGLE } lf_dots; /* what the client does to dots behind a bare LF */
    apr_int64_t chunk_size, chunk_left;
    int is_last;
    /* the reply after its octets were skipped, or NULL */
    const char *chunk_refusal;
    state_t after_chunk; /* the state after a refused chunk */
    /* of the current call */
    ss_server_event_t *event;
    char line[SS_SERVER_LINE_MAX + 1];
};

/* CHUNK: within the octets of a BDAT; CHUNKS: between two BDAT of one message. A refused chunk is
 * skipped in any state. */
#define BIT(state) (1u << (state))
static const unsigned may_go[STATES] = {
    [START] = BIT(READY) | BIT(CHUNK) | BIT(CLOSED),
    [READY] = BIT(READY) | BIT(MAIL) | BIT(CHUNK) | BIT(CLOSED),
    [MAIL] = BIT(READY) | BIT(RCPT) | BIT(CHUNK) | BIT(CLOSED),
    [RCPT] = BIT(READY) | BIT(RCPT) | BIT(DATA) | BIT(CHUNK) | BIT(CLOSED),
    [DATA] = BIT(READY) | BIT(CLOSED),
    [CHUNK] = BIT(START) | BIT(READY) | BIT(MAIL) | BIT(RCPT) | BIT(CHUNKS) | BIT(CLOSED),
    [CHUNKS] = BIT(READY) | BIT(CHUNK) | BIT(CLOSED)
};

static void go(ss_server_t *s, state_t to)
{
    assert(may_go[s->state] & BIT(to));
    s->state = to;
}

/* ---- replies ---- */

/* One line, or several with CRLF between them. */
static __attribute__((format(printf, 2, 3))) void say(ss_server_t *s, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    s->is_mute |= ss_buf_vprintf(&s->out, format, args) != APR_SUCCESS ||
                  ss_buf_append(&s->out, "\r\n", 2) != APR_SUCCESS;
    va_end(args);
}

static ss_server_kind_t refuse(ss_server_t *s, const char *reply)
{
    say(s, "%s", reply);
    if (++s->errors >= SS_SERVER_ERRORS_MAX)
        ss_server_dismiss(s, "4.7.0", "too many unrecognized commands");
    return SS_SERVER_MORE;
}

/* Ends the transaction. Returns whether there was one that the caller must discard. */
static int leave_mail(ss_server_t *s)
{
    int was = ss_server_is_in_mail(s);

    go(s, READY);
    s->rcpts = 0;
    s->size = 0;
    s->is_large = 0;
    return was;
}

/* ---- commands ---- */

static ss_server_kind_t do_hello(ss_server_t *s, char *argument)
{
    if (!*argument) return refuse(s, "501 5.5.4 EHLO/HELO needs a host name");
    int was = leave_mail(s);
    if (apr_toupper(s->line[0]) == 'E') {
        say(s,
            "250-%s\r\n250-PIPELINING\r\n250-SIZE %" APR_INT64_T_FMT
            "\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250-DSN\r\n250-CHUNKING\r\n"
            "250-BINARYMIME\r\n250 ENHANCEDSTATUSCODES",
            s->options.host, s->options.max_size);
    } else {
        say(s, "250 %s", s->options.host);
    }
    return was ? SS_SERVER_RESET : SS_SERVER_MORE;
}

static char *behind(char *argument, const char *word)
{
    apr_size_t len = strlen(word);

    return strncasecmp(argument, word, len) ? NULL : argument + len;
}

static void say_too_large(ss_server_t *s)
{
    say(s,
        "552 5.3.4 message size exceeds the limit of %" APR_INT64_T_FMT
        " bytes (SMTPSendMaxMessageSize)",
        s->options.max_size);
}

static ss_server_kind_t do_mail(ss_server_t *s, char *argument)
{
    char *text = behind(argument, "FROM:");
    const ss_parameter_t *envelope = &s->event->envelope;

    if (s->state == START) return refuse(s, "503 5.5.1 send EHLO/HELO first");
    if (s->state != READY) return refuse(s, "503 5.5.1 nested MAIL command");
    const char *bad = text ? ss_parameter_mail(text, &s->event->envelope)
                           : "501 5.5.4 syntax: MAIL FROM:<address>";
    if (bad) return refuse(s, bad);
    if (envelope->size > s->options.max_size) {
        say_too_large(s);
        return SS_SERVER_MORE;
    }
    s->is_binary = envelope->is_binary;
    return s->asked = SS_SERVER_MAIL;
}

static ss_server_kind_t do_rcpt(ss_server_t *s, char *argument)
{
    char *text = behind(argument, "TO:");

    if (s->state != MAIL && s->state != RCPT) return refuse(s, "503 5.5.1 need MAIL command");
    const char *bad =
        text ? ss_parameter_rcpt(text, &s->event->envelope) : "501 5.5.4 syntax: RCPT TO:<address>";
    if (bad) return refuse(s, bad);
    if (s->rcpts < s->options.max_rcpts) return s->asked = SS_SERVER_RCPT;
    say(s, "452 4.5.3 too many recipients");
    return SS_SERVER_MORE;
}

static const char *why_no_content(const ss_server_t *s)
{
    if (s->state == MAIL) return "554 5.5.1 no valid recipients";
    return s->state == CHUNKS ? "503 5.5.1 BDAT transfer in progress"
                              : "503 5.5.1 need MAIL command";
}

static ss_server_kind_t do_data(ss_server_t *s, char *argument)
{
    if (*argument) return refuse(s, "501 5.5.4 DATA takes no parameters");
    if (s->state != RCPT) return refuse(s, why_no_content(s));
    if (s->is_binary) return refuse(s, "503 5.5.1 BODY=BINARYMIME needs BDAT");
    go(s, DATA);
    s->is_line_start = 1;
    s->has_cr = s->is_lf_start = 0;
    s->lf_dots = UNKNOWN;
    say(s, "354 end data with <CR><LF>.<CR><LF>");
    return SS_SERVER_MORE;
}

static ss_server_kind_t do_bdat(ss_server_t *s, char *argument)
{
    char *end = argument + strcspn(argument, " "), *last = end + strspn(end, " ");
    apr_int64_t size;

    *end = '\0';
    if (!apr_isdigit(*argument) || ss_text_number(argument, 0, CHUNK_MAX, &size) ||
        (*last && !ss_text_same(last, "LAST"))) {
        /* It is unknown how many octets of content follow, so the rest of the input cannot be
         * interpreted. */
        say(s, "501 5.5.4 syntax: BDAT size [LAST]");
        go(s, CLOSED);
        return SS_SERVER_CLOSE;
    }
    s->chunk_size = s->chunk_left = size;
    s->is_last = *last != '\0';
    s->chunk_refusal = s->state == RCPT || s->state == CHUNKS ? NULL : why_no_content(s);
    s->after_chunk = s->state;
    go(s, CHUNK);
    return SS_SERVER_MORE;
}

static ss_server_kind_t do_rset(ss_server_t *s, char *argument)
{
    int was = ss_server_is_in_mail(s);

    if (*argument) return refuse(s, "501 5.5.4 RSET takes no parameters");
    if (s->state != START) leave_mail(s);
    say(s, OK);
    return was ? SS_SERVER_RESET : SS_SERVER_MORE;
}

static ss_server_kind_t do_verify(ss_server_t *s, char *argument)
{
    if (!*argument) return refuse(s, "501 5.5.4 syntax: VRFY address");
    say(s, "252 2.1.5 cannot verify the address, but will accept mail for it");
    return SS_SERVER_MORE;
}

static ss_server_kind_t do_quit(ss_server_t *s, char *argument)
{
    (void)argument;
    say(s, "221 2.0.0 Bye");
    s->has_quit = 1;
    go(s, CLOSED);
    return SS_SERVER_CLOSE;
}

static const struct {
    const char *verb;
    ss_server_kind_t (*obey)(ss_server_t *s, char *argument);
    const char *reply; /* if there is nothing to do */
} commands[] = {
    { "MAIL", do_mail, NULL },
    { "RCPT", do_rcpt, NULL },
    { "DATA", do_data, NULL },
    { "BDAT", do_bdat, NULL },
    { "EHLO", do_hello, NULL },
    { "HELO", do_hello, NULL },
    { "RSET", do_rset, NULL },
    { "QUIT", do_quit, NULL },
    { "VRFY", do_verify, NULL },
    { "NOOP", NULL, OK },
    { "HELP", NULL, "214 2.0.0 EHLO MAIL RCPT DATA BDAT RSET NOOP VRFY QUIT" },
    { "EXPN", NULL, NOT_IMPLEMENTED },
    { "STARTTLS", NULL, NOT_IMPLEMENTED },
    { "AUTH", NULL, NOT_IMPLEMENTED },
};

static ss_server_kind_t obey(ss_server_t *s, apr_size_t len)
{
    apr_size_t verb = strcspn(s->line, " ");

    while (len && s->line[len - 1] == ' ') s->line[--len] = '\0';
    for (apr_size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        if (!ss_text_is(s->line, verb, commands[i].verb)) continue;
        if (commands[i].obey)
            return commands[i].obey(s, s->line + verb + strspn(s->line + verb, " "));
        if (commands[i].reply[0] == '5') return refuse(s, commands[i].reply);
        say(s, "%s", commands[i].reply);
        return SS_SERVER_MORE;
    }
    if (s->state != START) return refuse(s, "500 5.5.2 command not recognized");
    /* A browser directed here by a web page, or TLS: what follows may be chosen by an attacker. */
    ss_server_dismiss(s, "4.7.0", "this is an SMTP port");
    return SS_SERVER_CLOSE;
}

/* ---- bytes ---- */

static ss_server_kind_t take_line(ss_server_t *s, const char *bytes, apr_size_t len,
                                  apr_size_t *used)
{
    const char *lf = len ? memchr(bytes, '\n', len) : NULL;
    apr_size_t line = lf ? (apr_size_t)(lf - bytes) + 1 : len;

    if (!lf) {
        if (len < SS_SERVER_LINE_MAX && !s->is_overlong) return SS_SERVER_MORE;
        s->is_overlong = 1;
        *used += len;
        return SS_SERVER_MORE;
    }
    *used += line;
    if (s->is_overlong || line > SS_SERVER_LINE_MAX) {
        s->is_overlong = 0;
        return refuse(s, "500 5.5.2 line too long");
    }
    if (line < 2 || bytes[line - 2] != '\r' || memchr(bytes, '\r', line - 2) ||
        memchr(bytes, '\0', line)) {
        return refuse(s, "500 5.5.2 line must end with CRLF and contain no other CR and no NUL");
    }
    memcpy(s->line, bytes, line - 2);
    s->line[line - 2] = '\0';
    return obey(s, line - 2);
}

/* Counts a piece of content and passes it on as far as the size limit allows. */
static ss_server_kind_t give(ss_server_t *s, const char *bytes, apr_size_t len)
{
    if ((apr_int64_t)len > s->options.max_size - s->size) {
        s->is_large = 1;
        len = (apr_size_t)(s->options.max_size - s->size);
    }
    if (!len) return SS_SERVER_MORE;
    s->size += (apr_int64_t)len;
    s->event->bytes = bytes;
    s->event->len = len;
    return SS_SERVER_CONTENT;
}

static ss_server_kind_t end_content(ss_server_t *s)
{
    if (!s->is_large) return s->asked = SS_SERVER_END;
    leave_mail(s);
    say_too_large(s);
    return SS_SERVER_RESET;
}

/* The length of the content up to a dot behind a LF. */
static apr_size_t plain_len(const char *bytes, apr_size_t len)
{
    const char *dot = bytes, *end = bytes + len;

    for (; (dot = memchr(dot, '.', (apr_size_t)(end - dot))) != NULL; dot++) {
        if (dot > bytes && dot[-1] == '\n') return (apr_size_t)(dot - bytes);
    }
    return len;
}

/* Whether the dot behind a bare LF, with the octet after it, is one too many. Some clients double
 * dots there (Python's smtplib, given bytes), others do not: the first dot tells. */
static int is_doubled(ss_server_t *s, const char *dots)
{
    if (s->lf_dots == UNKNOWN) s->lf_dots = dots[1] == '.' ? DOUBLED : SINGLE;
    return s->lf_dots == DOUBLED && dots[1] == '.';
}

static ss_server_kind_t take_data(ss_server_t *s, const char *bytes, apr_size_t len,
                                  apr_size_t *used)
{
    if (s->is_line_start && len && bytes[0] == '.') {
        if (len < 3 && !memcmp(bytes, ".\r", len)) return SS_SERVER_MORE;
        if (len >= 3 && !memcmp(bytes, ".\r\n", 3)) {
            *used += 3;
            return end_content(s);
        }
        /* Any other dot at the start of a line is a stuffed one (RFC 5321 4.5.2). */
        bytes++;
        len--;
        *used += 1;
        s->is_line_start = 0;
    } else if (s->is_lf_start && len && bytes[0] == '.') {
        if (len < 2) return SS_SERVER_MORE;
        if (is_doubled(s, bytes)) {
            bytes++;
            len--;
            *used += 1;
        }
    }
    if (!len) return SS_SERVER_MORE;
    apr_size_t piece = plain_len(bytes, len);
    int is_line = bytes[piece - 1] == '\n';
    s->is_line_start = is_line && (piece > 1 ? bytes[piece - 2] == '\r' : s->has_cr);
    s->is_lf_start = is_line && !s->is_line_start;
    s->has_cr = bytes[piece - 1] == '\r';
    *used += piece;
    return give(s, bytes, piece);
}

static ss_server_kind_t end_chunk(ss_server_t *s)
{
    if (s->chunk_refusal) {
        go(s, s->after_chunk);
        return refuse(s, s->chunk_refusal);
    }
    if (s->is_last || s->is_large) return end_content(s);
    go(s, CHUNKS);
    say(s, "250 2.0.0 %" APR_INT64_T_FMT " octets received", s->chunk_size);
    return SS_SERVER_MORE;
}

static ss_server_kind_t take_chunk(ss_server_t *s, const char *bytes, apr_size_t len,
                                   apr_size_t *used)
{
    if (!s->chunk_left) return end_chunk(s);
    if ((apr_int64_t)len > s->chunk_left) len = (apr_size_t)s->chunk_left;
    s->chunk_left -= (apr_int64_t)len;
    *used += len;
    return s->chunk_refusal || !len ? SS_SERVER_MORE : give(s, bytes, len);
}

/* ---- the surface ---- */

ss_server_t *ss_server_create(const ss_server_options_t *options)
{
    ss_server_t *s = calloc(1, sizeof(*s));

    if (!s) return NULL;
    s->options = *options;
    ss_buf_init(&s->out, OUT_MAX);
    say(s, "220 %s ESMTP", options->host);
    return s;
}

void ss_server_destroy(ss_server_t *s)
{
    ss_buf_free(&s->out);
    free(s);
}

ss_server_kind_t ss_server_next(ss_server_t *s, const char *bytes, apr_size_t len, apr_size_t *used,
                                ss_server_event_t *event)
{
    *used = 0;
    s->event = event;
    /* NULL with len 0 is allowed; pointer arithmetic on NULL is not. */
    if (!bytes) bytes = "";
    for (;;) {
        apr_size_t before = *used;
        state_t state = s->state;
        ss_server_kind_t kind;
        if (s->state == CLOSED || s->is_mute) return SS_SERVER_CLOSE;
        if (s->asked != SS_SERVER_MORE) return SS_SERVER_MORE;
        if (s->out.len >= OUT_PAUSE) return SS_SERVER_FLUSH;
        if (s->state == DATA)
            kind = take_data(s, bytes + *used, len - *used, used);
        else if (s->state == CHUNK)
            kind = take_chunk(s, bytes + *used, len - *used, used);
        else
            kind = take_line(s, bytes + *used, len - *used, used);
        if (kind != SS_SERVER_MORE) return kind;
        if (*used == before && s->state == state) return SS_SERVER_MORE;
    }
}

void ss_server_answer(ss_server_t *s, int code, const char *enhanced, const char *format, ...)
{
    char text[TEXT_MAX + 1];
    va_list args;
    ss_server_kind_t asked = s->asked;

    assert(asked == SS_SERVER_MAIL || asked == SS_SERVER_RCPT || asked == SS_SERVER_END);
    s->asked = SS_SERVER_MORE;
    va_start(args, format);
    apr_vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    /* The text may quote the client, whose bytes must not start a new line. */
    for (char *p = text; *p; p++) {
        if ((unsigned char)*p < ' ' || (unsigned char)*p > '~') *p = '?';
    }
    if (asked == SS_SERVER_END) {
        leave_mail(s);
    } else if (code / 100 == 2) {
        go(s, asked == SS_SERVER_MAIL ? MAIL : RCPT);
        s->rcpts += asked == SS_SERVER_RCPT;
    }
    say(s, "%d %s %s", code, enhanced, text);
    if (code == 421) go(s, CLOSED);
}

void ss_server_dismiss(ss_server_t *s, const char *enhanced, const char *text)
{
    if (s->state == CLOSED) return;
    say(s, "421 %s %s", enhanced, text);
    s->asked = SS_SERVER_MORE;
    go(s, CLOSED);
}

ss_buf_t *ss_server_output(ss_server_t *s)
{
    return &s->out;
}

int ss_server_has_quit(const ss_server_t *s)
{
    return s->has_quit;
}

int ss_server_is_in_mail(const ss_server_t *s)
{
    if (s->state == CHUNK && s->chunk_refusal) return s->after_chunk == MAIL;
    return s->state == MAIL || s->state == RCPT || s->state == DATA || s->state == CHUNK ||
           s->state == CHUNKS;
}
