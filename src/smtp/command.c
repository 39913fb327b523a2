#include "smtp/command.h"

#include <string.h>

#include "base/text.h"

int ss_command_is_address(const char *address)
{
    int is_quoted = 0;
    apr_size_t len = strlen(address);

    if (len > SS_COMMAND_ADDRESS_MAX) return 0;
    for (const char *p = address; *p; p++) {
        unsigned char ch = (unsigned char)*p;
        if (ch < ' ' || ch == 127) return 0;
        if (is_quoted && ch == '\\') {
            if ((unsigned char)p[1] < ' ' || p[1] == 127) return 0;
            p++;
        } else if (ch == '"') {
            is_quoted = !is_quoted;
        } else if (!is_quoted && (ch == ' ' || ch == '<' || ch == '>')) {
            return 0;
        }
    }
    return !is_quoted;
}

/* A line being appended; after an error nothing more is added. */
typedef struct {
    ss_buf_t *out;
    apr_size_t start;
    apr_status_t rv;
} line_t;

static void put_bytes(line_t *line, const char *bytes, apr_size_t len)
{
    if (line->rv == APR_SUCCESS) line->rv = ss_buf_append(line->out, bytes, len);
}

static void put(line_t *line, const char *text)
{
    put_bytes(line, text, strlen(text));
}

/* On error the whole line is removed. */
static apr_status_t end_line(line_t *line)
{
    put_bytes(line, "\r\n", 2);
    if (line->out->len - line->start > SS_COMMAND_LINE_MAX && line->rv == APR_SUCCESS)
        line->rv = APR_ENOSPC;
    if (line->rv != APR_SUCCESS) line->out->len = line->start;
    return line->rv;
}

apr_status_t ss_command_line(ss_buf_t *out, const char *verb, const char *argument)
{
    line_t line = { out, out->len, APR_SUCCESS };

    if (argument && ss_text_has_control(argument)) return APR_EINVAL;
    put(&line, verb);
    if (argument) put(&line, " ");
    if (argument) put(&line, argument);
    return end_line(&line);
}

/* RFC 3461 4: xtext. */
static void put_xtext(line_t *line, const char *text)
{
    static const char hex[] = "0123456789ABCDEF";

    for (const char *p = text; *p; p++) {
        unsigned char ch = (unsigned char)*p;
        char code[3] = { '+', hex[ch >> 4], hex[ch & 15] };
        if (ch > ' ' && ch < 127 && ch != '+' && ch != '=')
            put_bytes(line, p, 1);
        else
            put_bytes(line, code, sizeof(code));
    }
}

apr_status_t ss_command_mail(ss_buf_t *out, const ss_client_message_t *message,
                             const ss_capability_t *capability, int uses_utf8)
{
    const ss_dsn_options_t *dsn = &message->dsn_options;
    line_t line = { out, out->len, APR_SUCCESS };

    if (!ss_command_is_address(message->from)) return APR_EINVAL;
    put(&line, "MAIL FROM:<");
    put(&line, message->from);
    put(&line, ">");
    if (capability->size_known && line.rv == APR_SUCCESS)
        line.rv = ss_buf_printf(out, " SIZE=%" APR_OFF_T_FMT, message->size);
    if (message->is_8bit && capability->eight_bit_mime) put(&line, " BODY=8BITMIME");
    if (uses_utf8 && capability->smtputf8) put(&line, " SMTPUTF8");
    if (message->requires_tls && capability->requiretls) put(&line, " REQUIRETLS");
    if (capability->dsn && dsn->ret == SS_RET_FULL) put(&line, " RET=FULL");
    if (capability->dsn && dsn->ret == SS_RET_HDRS) put(&line, " RET=HDRS");
    if (capability->dsn && dsn->envid && *dsn->envid) {
        put(&line, " ENVID=");
        put_xtext(&line, dsn->envid);
    }
    return end_line(&line);
}

static void put_notify(line_t *line, unsigned notify)
{
    static const char *const words[] = { "SUCCESS", "FAILURE", "DELAY" }; /* in order of the bits */
    const char *before = " NOTIFY=";

    if (notify & SS_NOTIFY_NEVER) { /* RFC 3461 4.1: NEVER stands alone */
        put(line, " NOTIFY=NEVER");
        return;
    }
    for (int i = 0; i < 3; i++) {
        if (!(notify & (unsigned)SS_NOTIFY_SUCCESS << i)) continue;
        put(line, before);
        put(line, words[i]);
        before = ",";
    }
}

/* "rfc822;bob@example.com" (the type as given, the rest as xtext); without a type rfc822. What is
 * not ASCII has no plain form: left out. */
static void put_orcpt(line_t *line, const char *orcpt)
{
    apr_size_t type =
        strspn(orcpt, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-");

    if (!orcpt[0] || ss_text_has_8bit(orcpt)) return;
    put(line, " ORCPT=");
    int has_type = orcpt[type] == ';';
    put_bytes(line, has_type ? orcpt : "rfc822;", has_type ? type + 1 : 7);
    put_xtext(line, has_type ? orcpt + type + 1 : orcpt);
}

apr_status_t ss_command_rcpt(ss_buf_t *out, const ss_client_rcpt_t *rcpt,
                             const ss_capability_t *capability)
{
    line_t line = { out, out->len, APR_SUCCESS };

    if (!rcpt->address[0] || !ss_command_is_address(rcpt->address)) return APR_EINVAL;
    put(&line, "RCPT TO:<");
    put(&line, rcpt->address);
    put(&line, ">");
    if (capability->dsn) put_notify(&line, rcpt->notify);
    if (capability->dsn && rcpt->orcpt) put_orcpt(&line, rcpt->orcpt);
    return end_line(&line);
}

apr_status_t ss_command_bdat(ss_buf_t *out, apr_off_t size)
{
    return ss_buf_printf(out, "BDAT %" APR_OFF_T_FMT " LAST\r\n", size);
}
