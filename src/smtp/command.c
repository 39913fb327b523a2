/* command.c: commands to bytes. See command.h. */
#include "smtp/command.h"

#include <string.h>

static const char hex[] = "0123456789ABCDEF";

int ss_command_is_utf8(const char *text)
{
    for (const char *p = text; *p; p++) {
        if ((unsigned char)*p > 127) return 1;
    }
    return 0;
}

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

static int has_control(const char *text)
{
    for (const char *p = text; *p; p++) {
        if ((unsigned char)*p < ' ' || *p == 127) return 1;
    }
    return 0;
}

/* Ends a line that started at offset from; on error the whole line is removed. */
static apr_status_t end_line(ss_buf_t *out, apr_size_t from, apr_status_t rv)
{
    if (rv == APR_SUCCESS) rv = ss_buf_append(out, "\r\n", 2);
    if (rv == APR_SUCCESS && out->len - from > SS_COMMAND_LINE_MAX) rv = APR_ENOSPC;
    if (rv != APR_SUCCESS) out->len = from;
    return rv;
}

apr_status_t ss_command_line(ss_buf_t *out, const char *verb, const char *argument)
{
    apr_size_t from = out->len;
    apr_status_t rv;

    if (argument && has_control(argument)) return APR_EINVAL;
    rv = ss_buf_puts(out, verb);
    if (rv == APR_SUCCESS && argument) rv = ss_buf_append(out, " ", 1);
    if (rv == APR_SUCCESS && argument) rv = ss_buf_puts(out, argument);
    if (rv == APR_SUCCESS) rv = ss_buf_append(out, "\r\n", 2);
    if (rv != APR_SUCCESS) out->len = from;
    return rv;
}

/* RFC 3461 4: xtext. */
static apr_status_t put_xtext(ss_buf_t *out, const char *text)
{
    apr_status_t rv = APR_SUCCESS;

    for (const char *p = text; *p && rv == APR_SUCCESS; p++) {
        unsigned char ch = (unsigned char)*p;
        if (ch > ' ' && ch < 127 && ch != '+' && ch != '=') {
            rv = ss_buf_append(out, p, 1);
        } else {
            char code[3] = { '+', hex[ch >> 4], hex[ch & 15] };
            rv = ss_buf_append(out, code, sizeof(code));
        }
    }
    return rv;
}

static apr_status_t put_size(ss_buf_t *out, apr_off_t size)
{
    return ss_buf_printf(out, " SIZE=%" APR_OFF_T_FMT, size);
}

apr_status_t ss_command_mail(ss_buf_t *out, const ss_client_message_t *message,
                             const ss_capability_t *capability, int uses_utf8)
{
    const ss_dsn_options_t *dsn = &message->dsn_options;
    apr_size_t from = out->len;
    apr_status_t rv;

    if (!ss_command_is_address(message->from)) return APR_EINVAL;
    rv = ss_buf_puts(out, "MAIL FROM:<");
    if (rv == APR_SUCCESS) rv = ss_buf_puts(out, message->from);
    if (rv == APR_SUCCESS) rv = ss_buf_append(out, ">", 1);
    if (rv == APR_SUCCESS && capability->size_known) rv = put_size(out, message->size);
    if (rv == APR_SUCCESS && message->is_8bit && capability->eight_bit_mime)
        rv = ss_buf_puts(out, " BODY=8BITMIME");
    if (rv == APR_SUCCESS && uses_utf8 && capability->smtputf8) rv = ss_buf_puts(out, " SMTPUTF8");
    if (rv == APR_SUCCESS && message->requires_tls && capability->requiretls)
        rv = ss_buf_puts(out, " REQUIRETLS");
    if (capability->dsn) {
        if (rv == APR_SUCCESS && dsn->ret == SS_RET_FULL) rv = ss_buf_puts(out, " RET=FULL");
        if (rv == APR_SUCCESS && dsn->ret == SS_RET_HDRS) rv = ss_buf_puts(out, " RET=HDRS");
        if (rv == APR_SUCCESS && dsn->envid && *dsn->envid) {
            rv = ss_buf_puts(out, " ENVID=");
            if (rv == APR_SUCCESS) rv = put_xtext(out, dsn->envid);
        }
    }
    return end_line(out, from, rv);
}

static apr_status_t put_notify(ss_buf_t *out, unsigned notify)
{
    static const struct {
        unsigned bit;
        const char *word;
    } words[] = { { SS_NOTIFY_SUCCESS, "SUCCESS" },
                  { SS_NOTIFY_FAILURE, "FAILURE" },
                  { SS_NOTIFY_DELAY, "DELAY" } };
    const char *before = " NOTIFY=";
    apr_status_t rv = APR_SUCCESS;

    /* RFC 3461 4.1: NEVER stands alone */
    if (notify & SS_NOTIFY_NEVER) return ss_buf_puts(out, " NOTIFY=NEVER");
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]) && rv == APR_SUCCESS; i++) {
        if (!(notify & words[i].bit)) continue;
        rv = ss_buf_puts(out, before);
        if (rv == APR_SUCCESS) rv = ss_buf_puts(out, words[i].word);
        before = ",";
    }
    return rv;
}

/* "rfc822;bob@example.com" (the type as given, the rest as xtext); without a type rfc822. What is
 * not ASCII has no plain form: left out. */
static apr_status_t put_orcpt(ss_buf_t *out, const char *orcpt)
{
    const char *rest = strchr(orcpt, ';');
    apr_status_t rv;

    if (!orcpt[0] || ss_command_is_utf8(orcpt)) return APR_SUCCESS;
    for (const char *p = orcpt; rest && p < rest; p++) {
        if (!((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9') ||
              *p == '-'))
            rest = NULL;
        if (!rest) break;
    }
    rv = ss_buf_puts(out, " ORCPT=");
    if (rv == APR_SUCCESS && !rest) rv = ss_buf_puts(out, "rfc822;");
    if (rv == APR_SUCCESS && rest) rv = ss_buf_append(out, orcpt, (apr_size_t)(rest - orcpt) + 1);
    return rv == APR_SUCCESS ? put_xtext(out, rest ? rest + 1 : orcpt) : rv;
}

apr_status_t ss_command_rcpt(ss_buf_t *out, const ss_client_rcpt_t *rcpt,
                             const ss_capability_t *capability)
{
    apr_size_t from = out->len;
    apr_status_t rv;

    if (!rcpt->address[0] || !ss_command_is_address(rcpt->address)) return APR_EINVAL;
    rv = ss_buf_puts(out, "RCPT TO:<");
    if (rv == APR_SUCCESS) rv = ss_buf_puts(out, rcpt->address);
    if (rv == APR_SUCCESS) rv = ss_buf_append(out, ">", 1);
    if (rv == APR_SUCCESS && capability->dsn && rcpt->notify) rv = put_notify(out, rcpt->notify);
    if (rv == APR_SUCCESS && capability->dsn && rcpt->orcpt) rv = put_orcpt(out, rcpt->orcpt);
    return end_line(out, from, rv);
}

apr_status_t ss_command_bdat(ss_buf_t *out, apr_off_t size)
{
    return ss_buf_printf(out, "BDAT %" APR_OFF_T_FMT " LAST\r\n", size);
}
