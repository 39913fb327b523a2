#include "smtp/parameter.h"

#include <string.h>

#include "base/text.h"
#include "smtp/command.h"

#define SIZE_DIGITS_MAX 18

/* ---- the path ---- */

/* The end of an address that starts at p: the bracket, or without brackets a blank or the end.
 * NULL: the bracket is missing. */
static char *path_end(char *p, int is_bracketed)
{
    int is_quoted = 0;

    for (; *p; p++) {
        if (is_quoted && *p == '\\' && p[1])
            p++;
        else if (*p == '"')
            is_quoted = !is_quoted;
        else if (!is_quoted && is_bracketed && *p == '>')
            return p;
        else if (!is_quoted && !is_bracketed && *p == ' ')
            return p;
    }
    return is_bracketed ? NULL : p;
}

/* Parses the address and leaves *text after it, at a blank or the end. A missing pair of brackets
 * is tolerated. */
static const char *take_path(char **text, const char **address)
{
    char *p = *text + strspn(*text, " ");
    int is_bracketed = *p == '<';
    char *start = is_bracketed ? p + 1 : p, *end = path_end(start, is_bracketed);

    if (!end || (!is_bracketed && end == p)) return "501 5.1.7 address must be enclosed in < and >";
    *text = is_bracketed ? end + 1 : end;
    if (**text && **text != ' ') return "501 5.5.4 put a space between address and parameters";
    if (!is_bracketed && *end) (*text)++; /* the blank becomes the NUL */
    *end = '\0';
    /* Source routes are ignored (RFC 5321 C). */
    if (*start == '@' && strchr(start, ':')) start = strchr(start, ':') + 1;
    *address = start;
    return ss_command_is_address(start) ? NULL : "501 5.1.7 malformed address";
}

/* ---- parameters ---- */

static int hex_value(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Decodes xtext (RFC 3461 4) in place. 0, or -1: invalid, or not printable ASCII. */
static int decode_xtext(char *text)
{
    char *out = text;

    for (const char *p = text; *p; p++) {
        int ch = *p;
        if (ch == '+') {
            int high = hex_value(p[1]), low = high < 0 ? -1 : hex_value(p[2]);
            if (low < 0) return -1;
            ch = high * 16 + low;
            p += 2;
        } else if (ch == '=') {
            return -1;
        }
        if (ch < ' ' || ch > '~') return -1;
        *out++ = (char)ch;
    }
    *out = '\0';
    return 0;
}

static int take_size(char *value, ss_parameter_t *out)
{
    return strlen(value) > SIZE_DIGITS_MAX ||
           ss_text_number(value, 0, APR_INT64_C(1) << 60, &out->size);
}

static int take_body(char *value, ss_parameter_t *out)
{
    out->is_8bit = ss_text_same(value, "8BITMIME");
    out->is_binary = ss_text_same(value, "BINARYMIME");
    return !out->is_8bit && !out->is_binary && !ss_text_same(value, "7BIT");
}

static int take_utf8(char *value, ss_parameter_t *out)
{
    out->is_utf8 = 1;
    return *value != '\0';
}

static int take_ret(char *value, ss_parameter_t *out)
{
    out->dsn_options.ret = ss_text_word_index("FULL HDRS", value) + SS_RET_FULL;
    return !out->dsn_options.ret;
}

static int take_envid(char *value, ss_parameter_t *out)
{
    out->dsn_options.envid = value;
    return !*value || decode_xtext(value) || strlen(value) > SS_DSN_ENVID_MAX;
}

static int take_notify(char *value, ss_parameter_t *out)
{
    for (char *word = value, *next; word; word = next) {
        next = strchr(word, ',');
        if (next) *next++ = '\0';
        unsigned bit = ss_dsn_notify_bit(word, strlen(word));
        if (!bit) return -1;
        out->notify |= bit;
    }
    return out->notify != SS_NOTIFY_NEVER &&
           (out->notify & SS_NOTIFY_NEVER); /* RFC 3461 4.1: NEVER stands alone */
}

static int take_orcpt(char *value, ss_parameter_t *out)
{
    char *rest = strchr(value, ';');

    out->orcpt = value;
    return !rest || rest == value || !rest[1] || strlen(value) > SS_PARAMETER_ORCPT_MAX ||
           decode_xtext(value);
}

typedef struct {
    const char *name;
    int is_mail, needs_value;
    int (*take)(char *value, ss_parameter_t *out);
} row_t;

static const row_t rows[] = { { "SIZE", 1, 1, take_size },     { "BODY", 1, 1, take_body },
                              { "SMTPUTF8", 1, 0, take_utf8 }, { "RET", 1, 1, take_ret },
                              { "ENVID", 1, 1, take_envid },   { "NOTIFY", 0, 1, take_notify },
                              { "ORCPT", 0, 1, take_orcpt } };
#define ROWS (sizeof(rows) / sizeof(rows[0]))

static const char *take_parameters(char *text, int is_mail, ss_parameter_t *out)
{
    unsigned seen = 0;

    for (text += strspn(text, " "); *text; text += strspn(text, " ")) {
        char *end = text + strcspn(text, " "), *value;
        size_t i = 0;
        if (*end) *end++ = '\0';
        value = strchr(text, '=');
        if (value) *value++ = '\0';
        while (i < ROWS && (rows[i].is_mail != is_mail || !ss_text_same(rows[i].name, text))) i++;
        if (i == ROWS) return "555 5.5.4 unsupported parameter";
        if (seen & (1u << i)) return "501 5.5.4 duplicate parameter";
        seen |= 1u << i;
        char none[1] = "";
        if (rows[i].needs_value != (value != NULL) || rows[i].take(value ? value : none, out))
            return "501 5.5.4 invalid parameter value";
        text = end;
    }
    return NULL;
}

static const char *take(char *text, int is_mail, ss_parameter_t *out)
{
    const char *bad;

    memset(out, 0, sizeof(*out));
    bad = take_path(&text, &out->address);
    return bad ? bad : take_parameters(text, is_mail, out);
}

const char *ss_parameter_mail(char *text, ss_parameter_t *out)
{
    return take(text, 1, out);
}

const char *ss_parameter_rcpt(char *text, ss_parameter_t *out)
{
    const char *bad = take(text, 0, out);

    return !bad && !*out->address ? "501 5.1.3 RCPT TO:<> is not allowed" : bad;
}
