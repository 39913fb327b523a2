/* reply.c: no allocation; the caller keeps an incomplete reply. Lines may end in a bare LF (some
 * servers do). Bytes are kept as they are, except that NUL becomes '?'. */
#include "smtp/reply.h"

#include <apr_lib.h>
#include <string.h>

#define CODE_LEN 3

/* The code at the start of a line, as far as it is complete; -1: not a code. */
static int code_of(const char *line, apr_size_t len)
{
    int code = 0;

    for (apr_size_t i = 0; i < CODE_LEN && i < len; i++) {
        if (!apr_isdigit(line[i])) return -1;
        code = code * 10 + (line[i] - '0');
    }
    if (len >= 1 && (line[0] < '2' || line[0] > '5')) return -1;
    if (len > CODE_LEN && line[CODE_LEN] != ' ' && line[CODE_LEN] != '-' && line[CODE_LEN] != '\t')
        return -1;
    return len < CODE_LEN ? 0 : code;
}

/* The length of an enhanced code at the start of text (RFC 3463: at most 9 bytes), or 0. */
static apr_size_t enhanced_len(const char *text, apr_size_t len, int code)
{
    apr_size_t at = 1;

    if (len < 5 || text[0] != (char)('0' + code / 100) || text[0] == '3') return 0;
    for (int part = 0; part < 2; part++) {
        apr_size_t digits = 0;
        if (at >= len || text[at] != '.') return 0;
        at++;
        while (at < len && apr_isdigit(text[at])) {
            at++;
            digits++;
        }
        if (digits < 1 || digits > 3) return 0;
    }
    return at == len || text[at] == ' ' || text[at] == '\t' ? at : 0;
}

static void add_text(ss_reply_t *reply, const char *text, apr_size_t len)
{
    apr_size_t room = sizeof(reply->text) - 1 - reply->text_len;

    if (len > room) len = room;
    for (apr_size_t i = 0; i < len; i++) reply->text[reply->text_len + i] = text[i] ? text[i] : '?';
    reply->text_len += len;
}

/* has_code: the enhanced code of this line is the reply's. */
static void add_line(ss_reply_t *reply, const char *line, apr_size_t len, int has_code, int number)
{
    const char *text = line + (len > CODE_LEN ? CODE_LEN + 1 : len);
    apr_size_t text_len = len > CODE_LEN ? len - CODE_LEN - 1 : 0;
    apr_size_t skip = enhanced_len(text, text_len, reply->code);

    if (skip && has_code) memcpy(reply->enhanced, text, skip);
    /* Later lines repeat the code of the first; text that merely looks like a code is kept. */
    if (skip && (skip != strlen(reply->enhanced) || memcmp(reply->enhanced, text, skip))) skip = 0;
    if (skip && skip < text_len) skip++;
    if (number) add_text(reply, "\n", 1);
    add_text(reply, text + skip, text_len - skip);
}

/* The codes of all lines agree, except that the last line may refuse: postscreen begins its
 * greeting with "220-" and ends it with "521 " (RFC 5321 4.2.1: where they differ, the last one
 * counts). */
static int may_follow(const ss_reply_t *reply, const char *line, apr_size_t len, int code)
{
    if (len < CODE_LEN || code == reply->code) return 1;
    return reply->code == 220 && code >= 400 && !(len > CODE_LEN && line[CODE_LEN] == '-');
}

apr_status_t ss_reply_parse(ss_reply_t *reply, const char *bytes, apr_size_t len, apr_size_t *used)
{
    apr_size_t at = 0;

    reply->code = 0;
    reply->text_len = 0;
    reply->is_multiline = 0;
    memset(reply->enhanced, 0, sizeof(reply->enhanced));
    reply->text[0] = '\0';
    for (int number = 0; number < SS_REPLY_LINES_MAX; number++) {
        const char *line = bytes + at;
        apr_size_t left = len - at;
        const char *end =
            left ? memchr(line, '\n', left < SS_REPLY_LINE_MAX ? left : SS_REPLY_LINE_MAX) : NULL;
        apr_size_t line_len = end ? (apr_size_t)(end - line) : left;
        if (end && line_len && line[line_len - 1] == '\r') line_len--;
        if (!end && line_len && line_len <= CODE_LEN + 1 && line[line_len - 1] == '\r') line_len--;
        /* Garbage is detected at its first wrong byte, because it may never have a line end. */
        int code = code_of(line, line_len);
        if (code < 0 || (number && !may_follow(reply, line, line_len, code))) return APR_EINVAL;
        if (!end) return left >= SS_REPLY_LINE_MAX ? APR_EINVAL : APR_EINCOMPLETE;
        if (line_len < CODE_LEN) return APR_EINVAL;
        int is_changed = number && code != reply->code;
        if (is_changed) memset(reply->enhanced, 0, sizeof(reply->enhanced));
        reply->code = code;
        add_line(reply, line, line_len, number == 0 || is_changed, number);
        at = (apr_size_t)(end - bytes) + 1;
        if (line_len == CODE_LEN || line[CODE_LEN] != '-') {
            reply->text[reply->text_len] = '\0';
            reply->is_multiline = number > 0;
            *used = at;
            return APR_SUCCESS;
        }
    }
    return APR_EINVAL;
}
