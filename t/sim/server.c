/* server.c: a server for the simulator. See server.h. */
#include "server.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "smtp/reply.h"

#define BYTES_MAX (4 * 1024 * 1024)

void truth_wrong(world_truth_t *truth, const char *format, ...)
{
    va_list args;

    if (truth->wrong) return;
    va_start(args, format);
    vsnprintf(truth->words, sizeof(truth->words), format, args);
    va_end(args);
    truth->wrong = truth->words;
}

static void say(server_t *s, const char *text)
{
    if (s->is_over) return;
    ss_buf_puts(&s->out, text);
    s->said += strlen(text);
}

static void say_more(server_t *s, const char *text)
{
    s->is_out_of_step = 1;
    say(s, text);
}

static void end(server_t *s, int is_reset)
{
    s->is_over = 1;
    s->is_closing = 1;
    s->is_reset = is_reset;
}

static void leave(server_t *s)
{
    s->has_left = 1;
    say(s, "421 4.3.2 leaving\r\n");
    end(s, 0);
}

void server_open(server_t *s, const server_kind_t *kind, world_truth_t *truth, random_t *random)
{
    memset(s, 0, sizeof(*s));
    s->kind = *kind;
    s->truth = truth;
    s->random = random;
    s->message = -1;
    ss_buf_init(&s->in, BYTES_MAX);
    ss_buf_init(&s->out, BYTES_MAX);
    ss_buf_init(&s->written, BYTES_MAX);
    ss_buf_init(&s->chunks, BYTES_MAX);
    if (truth->faults_left > 0 && random_below(random, 3)) {
        s->fault = (fault_t)(1 + random_below(random, FAULTS - 1));
        s->fault_in = random_below(random, random_once(random, 2) ? 6 : 40);
    }
}

void server_heal(server_t *s)
{
    s->kind.sick = SICK_NONE;
    s->fault = FAULT_NONE;
    if (s->is_over) end(s, s->is_reset);
}

void server_free(server_t *s)
{
    ss_buf_free(&s->in);
    ss_buf_free(&s->out);
    ss_buf_free(&s->written);
    ss_buf_free(&s->chunks);
}

void server_take(server_t *s, const char *bytes, apr_size_t len)
{
    ss_buf_append(&s->written, bytes, len);
    if (!s->is_closing) ss_buf_append(&s->in, bytes, len);
}

int server_has_whole(const server_t *s, int message)
{
    const world_truth_t *truth = s->truth;
    const char *content = truth->content[message];
    apr_size_t len = truth->content_len[message], first = len - 2 < 65536 ? len - 2 : 65536;
    ss_buf_t chunks;

    if (!s->written.len) return 0;
    if (memmem(s->written.data, s->written.len, content, len) ||
        memmem(s->written.data, s->written.len, truth->stuffed[message],
               truth->stuffed_len[message]))
        return 1;
    ss_buf_init(&chunks, BYTES_MAX);
    ss_buf_append(&chunks, content, first);
    ss_buf_printf(&chunks, "BDAT %d LAST\r\n", (int)(len - first));
    ss_buf_append(&chunks, content + first, len - first);
    int has = memmem(s->written.data, s->written.len, chunks.data, chunks.len) != NULL;
    ss_buf_free(&chunks);
    return has;
}

/* ---- faults ---- */

static void say_long(server_t *s)
{
    say(s, "250 ");
    for (int i = 0; i < SS_REPLY_LINE_MAX / 16; i++) say(s, "aaaaaaaaaaaaaaaa");
    say(s, "\r\n");
}

/* A fault takes the place of the answer `usual`; 1: it did. *is_refused: the class of the reply
 * that it gave, 0 none (2: the usual one, and more). */
static int meets(server_t *s, const char *usual, int *is_refused)
{
    char half[64];

    *is_refused = 0;
    if (s->is_over || s->fault == FAULT_NONE || s->fault == FAULT_MIDDLE || s->fault_in-- > 0 ||
        s->truth->faults_left <= 0)
        return 0;
    s->truth->faults_left--;
    s->truth->faults++;
    s->has_met_fault = 1;
    fault_t fault = s->fault;
    s->fault = FAULT_NONE;
    switch (fault) {
    case FAULT_4XX:
        *is_refused = 4;
        say(s, "451 4.3.0 not now\r\n");
        return 1;
    case FAULT_5XX:
        *is_refused = 5;
        say(s, "550 5.0.0 never\r\n");
        return 1;
    case FAULT_421:
        *is_refused = 4;
        leave(s);
        return 1;
    case FAULT_CLOSE: end(s, 0); return 1;
    case FAULT_RESET: end(s, 1); return 1;
    case FAULT_HANG: s->is_over = 1; return 1;
    case FAULT_GARBAGE:
        say(s, "\x16\x03\x01rubbish\r\n");
        end(s, 0);
        return 1;
    case FAULT_LONG:
        say_long(s);
        s->is_over = 1;
        return 1;
    case FAULT_LINES:
        for (int i = 0; i <= SS_REPLY_LINES_MAX; i++) say(s, "250-a\r\n");
        s->is_over = 1;
        return 1;
    case FAULT_CODES:
        say(s, "250-a\r\n550 b\r\n");
        s->is_over = 1;
        return 1;
    case FAULT_EARLY:
        *is_refused = 2;
        say(s, usual);
        say(s, "451 4.3.0 nobody asked for this\r\n");
        s->is_over = 1;
        return 1;
    case FAULT_HALF:
        snprintf(half, sizeof(half), "%.*s", (int)(strlen(usual) / 2), usual);
        say(s, half);
        end(s, 0);
        return 1;
    default: end(s, 0); return 1;
    }
}

/* An answer, unless a fault takes its place. 1: it was said as usual. */
static int answer(server_t *s, const char *usual)
{
    int is_refused;

    if (meets(s, usual, &is_refused)) return 0;
    say(s, usual);
    return 1;
}

/* ---- the transaction ---- */

static void forget(server_t *s)
{
    ss_buf_clear(&s->chunks);
    s->has_mail = 0;
    s->message = -1;
    s->rcpts = 0;
    s->rcpt_count = 0;
}

static void mark_refused(server_t *s, int message, unsigned rcpts)
{
    for (int i = 0; i < RCPTS_MAX; i++) {
        if (message >= 0 && rcpts & 1u << i) s->truth->rcpts[message][i].refused = 1;
    }
}

static void mark_deferred(server_t *s, int message, unsigned rcpts)
{
    for (int i = 0; i < RCPTS_MAX; i++) {
        if (rcpts & 1u << i) s->truth->rcpts[message][i].deferred++;
    }
}

/* Whether it refuses this message here, or this recipient; it has said so then. */
static int dislikes(server_t *s, int message, char at, unsigned rcpts)
{
    const dislike_t *dislike = message < 0 ? NULL : &s->truth->dislikes[message];

    if (!dislike || dislike->at != at || (at == 'R' && !(dislike->rcpts & rcpts))) return 0;
    if (*dislike->reply == '5')
        mark_refused(s, message, rcpts);
    else
        mark_deferred(s, message, rcpts);
    say(s, dislike->reply);
    return 1;
}

/* The message is there in full: taken, refused, or the end. */
static void end_of_message(server_t *s, const char *content, apr_size_t len)
{
    world_truth_t *truth = s->truth;
    int is_refused;

    if (!s->has_mail || !s->rcpts) {
        say(s, "503 5.5.1 no valid recipients\r\n");
        forget(s);
        return;
    }
    if (s->message >= 0 &&
        (len != truth->content_len[s->message] || memcmp(content, truth->content[s->message], len)))
        truth_wrong(truth, "message %d arrived changed: %d bytes instead of %d", s->message,
                    (int)len, (int)truth->content_len[s->message]);
    if (dislikes(s, s->message, 'E', s->rcpts)) {
        forget(s);
        return;
    }
    int is_taken = s->fault == FAULT_DEAF && !s->fault_in && truth->faults_left > 0;
    apr_uint64_t answered = s->said + strlen("250 2.0.0 taken\r\n");
    int is_fault = meets(s, "250 2.0.0 taken\r\n", &is_refused);
    if (is_fault && is_refused == 5) mark_refused(s, s->message, s->rcpts);
    if (!is_fault) {
        say(s, random_once(s->random, 4) ? "250-2.0.0 taken\r\n250 2.0.0 and welcome\r\n"
                                         : "250 2.0.0 taken\r\n");
        answered = s->said;
        is_taken = !s->is_over;
    }
    if (is_refused == 2) is_taken = 1;
    if (is_taken && s->message >= 0) {
        for (int i = 0; i < RCPTS_MAX; i++) {
            if (!(s->rcpts & 1u << i)) continue;
            if (truth->rcpts[s->message][i].known)
                truth_wrong(truth,
                            "message %d came again for recipient %d after its answer had arrived",
                            s->message, i);
            truth->rcpts[s->message][i].taken++;
        }
        if ((!is_fault || is_refused == 2) && s->taken_count < TAKEN_MAX)
            s->taken[s->taken_count++] = (taken_t){ s->message, s->rcpts, answered };
    }
    forget(s);
}

void server_fed(server_t *s, apr_size_t len)
{
    int kept = 0;

    ss_buf_take(&s->out, len);
    s->fed += len;
    for (int i = 0; i < s->taken_count; i++) {
        taken_t *t = &s->taken[i];
        if (t->end > s->fed) {
            s->taken[kept++] = *t;
            continue;
        }
        for (int r = 0; r < RCPTS_MAX; r++) {
            if (t->rcpts & 1u << r) s->truth->rcpts[t->message][r].known++;
        }
    }
    s->taken_count = kept;
}

/* ---- commands ---- */

static void hello(server_t *s, int is_ehlo)
{
    char text[300];

    if (is_ehlo && !s->kind.has_ehlo) {
        answer(s, "500 5.5.1 what?\r\n");
        return;
    }
    forget(s);
    snprintf(text, sizeof(text), "250-relay.example\r\n%s%s%s%s250 ENHANCEDSTATUSCODES\r\n",
             s->kind.has_pipelining ? "250-PIPELINING\r\n" : "",
             s->kind.has_chunking ? "250-CHUNKING\r\n" : "",
             s->kind.has_auth ? "250-AUTH PLAIN\r\n" : "",
             s->kind.has_starttls && !s->is_tls ? "250-STARTTLS\r\n" : "");
    const char *usual = is_ehlo ? text : "250 relay.example\r\n";
    if (!answer(s, usual)) return;
    if (s->kind.sick == SICK_HELLO_TWICE) say_more(s, usual);
    if (s->kind.sick == SICK_LEAVES_AFTER_HELLO) leave(s);
    if (s->kind.sick == SICK_CLOSES_AFTER_HELLO) end(s, 0);
}

static void mail(server_t *s, const char *line)
{
    int is_refused;

    if (s->kind.sick == SICK_LEAVES_AT_MAIL) leave(s);
    if (s->kind.sick == SICK_CLOSES_AT_MAIL) end(s, 0);
    if (s->is_over) return;
    s->mails++;
    int is_full = s->kind.most_mails && s->mails > s->kind.most_mails;
    if (s->has_mail || (is_full && s->kind.most_mails == 1))
        say(s, "503 5.5.1 only one MAIL per message\r\n");
    else if (is_full)
        say(s, "452 4.5.3 Too many messages sent\r\n");
    if (s->has_mail || (is_full && !s->kind.is_stray)) return;
    if (!is_full && s->kind.most_a_second && ++s->truth->in_second > s->kind.most_a_second) {
        say(s, "454 4.7.0 Throttling failure: Maximum sending rate exceeded\r\n");
        return;
    }
    int message = !strncmp(line, "MAIL FROM:<m", 12) ? (int)strtol(line + 12, NULL, 10) : -1;
    if (message < 0 || message >= MESSAGES_MAX)
        truth_wrong(s->truth, "a sender that no message has: %.80s", line);
    if (!is_full && dislikes(s, message, 'M', ~0u)) return;
    if (!is_full && meets(s, "250 2.1.0 ok\r\n", &is_refused)) {
        if (is_refused == 5) mark_refused(s, message, ~0u);
        return;
    }
    if (!is_full) say(s, "250 2.1.0 ok\r\n");
    s->has_mail = 1;
    s->message = message;
}

static void rcpt(server_t *s, const char *line)
{
    int is_refused,
        number = !strncmp(line, "RCPT TO:<r", 10) ? (int)strtol(line + 10, NULL, 10) : -1;

    if (!s->has_mail) {
        say(s, "503 5.5.1 MAIL first\r\n");
    } else if (number < 0 || number >= RCPTS_MAX) {
        truth_wrong(s->truth, "a recipient that no message has: %.80s", line);
    } else if (s->truth->rcpts[s->message][number].is_unknown) {
        s->truth->rcpts[s->message][number].refused = 1;
        say(s, "550 5.1.1 no such user\r\n");
    } else if (dislikes(s, s->message, 'R', 1u << number)) {
        return;
    } else if (s->kind.most_rcpts && s->rcpt_count >= s->kind.most_rcpts) {
        say(s, "452 4.5.3 too many recipients\r\n");
    } else if (meets(s, "250 2.1.5 ok\r\n", &is_refused)) {
        if (is_refused == 5) mark_refused(s, s->message, 1u << number);
    } else {
        say(s, "250 2.1.5 ok\r\n");
        s->rcpts |= 1u << number;
        s->rcpt_count++;
    }
}

static void data(server_t *s)
{
    int is_refused;

    if (!s->rcpts) {
        say(s, "503 5.5.1 RCPT first\r\n");
    } else if (meets(s, "354 go\r\n", &is_refused)) {
        if (is_refused == 5) mark_refused(s, s->message, s->rcpts);
    } else {
        say(s, "354 go\r\n");
        s->is_content = 1;
    }
}

static void login(server_t *s)
{
    if (s->truth->rejected_logins > 0) {
        s->truth->rejected_logins--;
        say(s, "535 5.7.8 no\r\n");
    } else if (answer(s, "235 2.7.0 in\r\n") && s->kind.sick == SICK_LOGIN_TWICE) {
        say_more(s, "535 5.7.8 no\r\n");
    }
}

static void command(server_t *s, const char *line)
{
    if (!strncmp(line, "EHLO ", 5) || !strncmp(line, "HELO ", 5)) {
        hello(s, line[0] == 'E');
    } else if (!strcmp(line, "STARTTLS")) {
        if (answer(s, "220 2.0.0 go\r\n")) s->wants_tls = 1;
    } else if (!strncmp(line, "AUTH PLAIN ", 11)) {
        login(s);
    } else if (!strncmp(line, "MAIL ", 5)) {
        mail(s, line);
    } else if (!strncmp(line, "RCPT ", 5)) {
        rcpt(s, line);
    } else if (!strcmp(line, "DATA")) {
        data(s);
    } else if (!strcmp(line, "RSET")) {
        if (answer(s, "250 2.0.0 ok\r\n")) forget(s);
    } else if (!strcmp(line, "QUIT")) {
        answer(s, "221 2.0.0 bye\r\n");
        end(s, 0);
    } else {
        truth_wrong(s->truth, "no command: %.80s", line);
    }
}

/* ---- bytes ---- */

/* Dot-stuffing undone (RFC 5321 4.5.2). */
static apr_size_t unstuff(char *bytes, apr_size_t len)
{
    apr_size_t to = 0;
    char before = '\n';

    for (apr_size_t i = 0; i < len; i++) {
        int is_stuffing = bytes[i] == '.' && before == '\n';
        before = bytes[i];
        if (!is_stuffing) bytes[to++] = bytes[i];
    }
    return to;
}

static int work_content(server_t *s)
{
    char *at = s->in.len >= 3 && !memcmp(s->in.data, ".\r\n", 3)
                   ? s->in.data
                   : memmem(s->in.data, s->in.len, "\r\n.\r\n", 5);

    if (!at) {
        if (s->fault != FAULT_MIDDLE || s->in.len < 20 || s->truth->faults_left <= 0) return 0;
        s->fault = FAULT_NONE;
        s->truth->faults_left--;
        s->truth->faults++;
        mark_refused(s, s->message, s->rcpts);
        say(s, "552 5.3.4 too big\r\n");
        s->is_over = 1;
        return 1;
    }
    apr_size_t len =
        at == s->in.data && s->in.data[0] == '.' ? 0 : (apr_size_t)(at - s->in.data) + 2;
    char *content = malloc(len + 1);
    memcpy(content, s->in.data, len);
    ss_buf_take(&s->in, len + 3);
    s->is_content = 0;
    /* An empty content ends a transaction of which nobody wants anything. */
    if (!len) {
        say(s, "554 5.5.1 no message\r\n");
        forget(s);
    } else {
        end_of_message(s, content, unstuff(content, len));
    }
    free(content);
    return 1;
}

/* A chunk that is not the last. */
static void chunk(server_t *s)
{
    int is_refused;

    if (!s->rcpts) {
        say(s, "503 5.5.1 no valid recipients\r\n");
    } else if (meets(s, "250 2.0.0 more\r\n", &is_refused)) {
        if (is_refused == 5) mark_refused(s, s->message, s->rcpts);
    } else {
        say(s, "250 2.0.0 more\r\n");
    }
}

static void break_at_bdat(server_t *s)
{
    switch (s->kind.bdat) {
    case BDAT_UNKNOWN: say(s, "502 5.5.1 not implemented\r\n"); break;
    case BDAT_LEAVES: leave(s); return;
    case BDAT_GOES_ON: say(s, "354 go\r\n"); break;
    case BDAT_REFUSES: say(s, "554 transaction failed\r\n"); break;
    default: break;
    }
    end(s, s->kind.bdat == BDAT_RESETS);
    s->is_closing = s->kind.bdat != BDAT_HANGS;
}

/* Commands that came at once. */
static void break_at_group(server_t *s)
{
    switch (s->kind.group) {
    case GROUP_CLOSES: end(s, 0); break;
    case GROUP_UNKNOWN: say(s, "500 5.5.2 syntax error\r\n"); break;
    case GROUP_DISORDER: say(s, "503 5.5.1 bad sequence of commands\r\n"); break;
    default: break;
    }
    s->is_over = 1; /* it drops the rest, and what may come of that is out of step */
}

static int work_bdat(server_t *s, const char *line, apr_size_t line_len)
{
    char *rest;
    apr_size_t len = strtoul(line + 5, &rest, 10);

    int is_last = !strcmp(rest, " LAST");
    if (!is_last && *rest) truth_wrong(s->truth, "no BDAT: %.80s", line);
    if (!s->kind.has_chunking) truth_wrong(s->truth, "BDAT without CHUNKING");
    if (s->kind.bdat && s->kind.bdat != BDAT_CLOSES_AFTER) {
        break_at_bdat(s);
        return 1;
    }
    if (s->in.len < line_len + len) return 0;
    if (s->kind.bdat) {
        end(s, 0);
        return 1;
    }
    ss_buf_take(&s->in, line_len);
    ss_buf_append(&s->chunks, s->in.data, len);
    ss_buf_take(&s->in, len);
    if (is_last)
        end_of_message(s, s->chunks.data, s->chunks.len);
    else
        chunk(s);
    if (is_last) ss_buf_clear(&s->chunks);
    return 1;
}

int server_work(server_t *s)
{
    char line[700];

    if (s->is_over) return 0;
    if (s->is_content) return work_content(s);
    char *at = s->in.len ? memmem(s->in.data, s->in.len, "\r\n", 2) : NULL;
    apr_size_t len = at ? (apr_size_t)(at - s->in.data) : 0;
    if (!at || len >= sizeof(line)) return 0;
    memcpy(line, s->in.data, len);
    line[len] = '\0';
    if (strlen(line) != len) truth_wrong(s->truth, "a zero byte in a command");
    /* Without PIPELINING nothing may follow a command, nor come before the last answer has arrived
     * (QUIT included). */
    if (!s->kind.has_pipelining && !s->is_out_of_step && strncmp(line, "BDAT", 4) &&
        (s->out.len || s->in.len > len + 2))
        truth_wrong(s->truth, "written past an unanswered command without PIPELINING: %.80s", line);
    if (!strncmp(line, "BDAT ", 5)) return work_bdat(s, line, len + 2);
    ss_buf_take(&s->in, len + 2);
    int is_group = s->kind.group && s->in.len && memmem(s->in.data, s->in.len, "\r\n", 2);
    if (!is_group || s->kind.group == GROUP_PART) command(s, line);
    if (is_group) break_at_group(s);
    return 1;
}
