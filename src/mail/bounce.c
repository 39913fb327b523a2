/* bounce.c: what is not ASCII in our own parts is encoded: a report needs 8BITMIME
 * only for the returned message, and SMTPUTF8 only for the recipient's address (RFC 6533). */
#include "mail/bounce.h"

#include <apr_strings.h>
#include <string.h>

#include "base/buf.h"
#include "base/text.h"
#include "mail/address.h"
#include "mail/codec.h"
#include "mail/header.h"

#define REPORT_MAX (64 << 20) /* the parts already bound the report; this only stops a bug */
#define WIDTH 76
#define REPLY_MAX 900 /* octets of a server's reply in one field: a line has at most 998 */

static const struct {
    const char *subject, *action, *opening;
} words[] = {
    [SS_BOUNCE_FAILED] = { "Undelivered mail: returned to sender", "failed",
                           "This is the mail system at %s. Your message could not be delivered to "
                           "the recipients below.\nNo further attempt will be made." },
    [SS_BOUNCE_DELAYED] = { "Delayed mail: delivery is still being attempted", "delayed",
                            "This is the mail system at %s. Your message has not been delivered "
                            "yet to the recipients below.\nDelivery is still being attempted: you "
                            "do not need to send it again." },
    [SS_BOUNCE_RELAYED] = { "Mail relayed", "relayed",
                            "This is the mail system at %s. Your message to the recipients below "
                            "was relayed to a system\nthat sends no delivery reports: you will not "
                            "get another report on it." }
};

/* Untrusted text as one line of UTF-8 without control characters. */
static const char *one_line(const char *text, apr_size_t max, apr_pool_t *pool)
{
    const char *clean = ss_text_utf8(pool, text, strlen(text));
    char *copy = ss_text_blank_controls(apr_pstrdup(pool, clean));

    copy[ss_codec_cut(copy, strlen(copy), max)] = '\0';
    return copy;
}

/* ---- the part for people ---- */

/* Text in lines of at most WIDTH octets where blanks allow, each behind the indent; its own line
 * ends stay. */
static void wrap(ss_buf_t *out, const char *indent, const char *text)
{
    apr_size_t column = 0;

    while (*text) {
        apr_size_t word = strcspn(text, " \n");
        if (column && column + 1 + word > WIDTH) {
            ss_buf_puts(out, "\r\n");
            column = 0;
        }
        if (word) {
            const char *before = column ? " " : indent;
            ss_buf_puts(out, before);
            ss_buf_append(out, text, word);
            column += strlen(before) + word;
        }
        text += word;
        if (*text == '\n') {
            ss_buf_puts(out, "\r\n");
            column = 0;
        }
        if (*text) text++;
    }
    ss_buf_puts(out, "\r\n");
}

static void tell_recipient(ss_buf_t *out, const ss_bounce_rcpt_t *rcpt, apr_pool_t *pool)
{
    ss_buf_printf(out, "\r\n<%s>\r\n", one_line(rcpt->address, REPLY_MAX, pool));
    if (rcpt->reply && *rcpt->reply) {
        const char *host = rcpt->host ? apr_psprintf(pool, "%s said:", rcpt->host) : "Reason:";
        wrap(out, "    ", one_line(host, REPLY_MAX, pool));
        wrap(out, "    ", one_line(rcpt->reply, REPLY_MAX, pool));
    }
    if (rcpt->title)
        wrap(out, "    ",
             apr_pstrcat(pool, "What it means: ", rcpt->title, ". ",
                         rcpt->meaning ? rcpt->meaning : "", NULL));
    if (rcpt->remedy && *rcpt->remedy)
        wrap(out, "    ", apr_pstrcat(pool, "What to do: ", rcpt->remedy, NULL));
}

static const char *subject_of(const ss_bounce_t *b, apr_pool_t *pool)
{
    ss_header_field_t field;

    if (!b->content ||
        !ss_header_find(&field, b->content, ss_header_len(b->content, b->content_len), "Subject"))
        return NULL;
    /* Unfolded but not decoded: the mail program decodes encoded words. */
    return one_line(apr_pstrmemdup(pool, field.value, field.value_len), 200, pool);
}

static void tell(ss_buf_t *out, const ss_bounce_t *b, apr_pool_t *pool)
{
    const char *subject = subject_of(b, pool);
    int listed = b->rcpt_count < SS_BOUNCE_LISTED_MAX ? b->rcpt_count : SS_BOUNCE_LISTED_MAX;

    wrap(out, "", apr_psprintf(pool, words[b->kind].opening, b->host));
    ss_buf_printf(out, "\r\nThe message: %s, accepted %s\r\n", b->id,
                  ss_text_time_mail(pool, b->arrived));
    if (subject && *subject) ss_buf_printf(out, "Its subject: %s\r\n", subject);
    if (b->until)
        ss_buf_printf(out, "If it cannot be delivered by %s,\r\nit will be returned to you.\r\n",
                      ss_text_time_mail(pool, b->until));
    for (int i = 0; i < listed; i++) tell_recipient(out, &b->rcpts[i], pool);
    if (listed < b->rcpt_count)
        ss_buf_printf(out, "\r\nand %d more; the next part of this report lists them.\r\n",
                      b->rcpt_count - listed);
    wrap(out, "",
         apr_pstrcat(pool, "\n",
                     b->content ? b->is_whole ? "Your message is attached."
                                              : "The header of your message is attached."
                                : "Its content is no longer at hand.",
                     NULL));
}

/* ---- the part for programs (RFC 3464 2) ---- */

/* RFC 3461 4: "+", "=" and everything but printable ASCII become +XX. */
static const char *xtext(const char *text, apr_pool_t *pool)
{
    char *out = apr_palloc(pool, strlen(text) * 3 + 1), *p = out;

    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c < 33 || c > 126 || c == '+' || c == '=')
            p += apr_snprintf(p, 4, "+%02X", c);
        else
            *p++ = *text;
    }
    *p = '\0';
    return out;
}

/* An ORCPT as received (its address in xtext); the field needs it decoded. */
static const char *original(const char *orcpt, apr_pool_t *pool)
{
    char *out = apr_palloc(pool, strlen(orcpt) + 1), *p = out;

    for (; *orcpt; orcpt++) {
        int high = *orcpt == '+' ? ss_text_hex(orcpt[1]) : -1;
        int low = high >= 0 ? ss_text_hex(orcpt[2]) : -1;
        if (low < 0) {
            *p++ = *orcpt;
            continue;
        }
        *p++ = (char)(high * 16 + low);
        orcpt += 2;
    }
    *p = '\0';
    return one_line(out, REPLY_MAX, pool);
}

/* "mail.example.com" of "mail.example.com[192.0.2.1]:465". */
static const char *name_of(const char *host, apr_pool_t *pool)
{
    apr_size_t len = strcspn(host, "[:");

    return len ? apr_pstrmemdup(pool, host, len) : host;
}

static const char *status_of(const ss_bounce_t *b, const ss_bounce_rcpt_t *rcpt, apr_pool_t *pool)
{
    char class = b->kind == SS_BOUNCE_FAILED ? '5' : b->kind == SS_BOUNCE_DELAYED ? '4' : '2';
    int first, second;

    /* The class of the enhanced code must agree with the action (RFC 3464 2.3.4): only its detail
     * is kept. A 4.4.7 becomes a failure when the message expires. */
    if (rcpt->dsn && rcpt->dsn[0] && rcpt->dsn[1] == '.') {
        first = (int)strspn(rcpt->dsn + 2, "0123456789");
        second = first > 0 && first < 4 && rcpt->dsn[2 + first] == '.'
                     ? (int)strspn(rcpt->dsn + 3 + first, "0123456789")
                     : 0;
        if (second > 0 && second < 4)
            return apr_psprintf(pool, "%c%.*s", class, 2 + first + second, rcpt->dsn + 1);
    }
    return apr_psprintf(pool, "%c.0.0", class);
}

static void status_recipient(ss_buf_t *out, const ss_bounce_t *b, const ss_bounce_rcpt_t *rcpt,
                             apr_pool_t *pool)
{
    const char *type = ss_text_has_8bit(rcpt->address) ? "utf-8" : "rfc822";

    ss_buf_puts(out, "\r\n");
    if (rcpt->orcpt) ss_buf_printf(out, "Original-Recipient: %s\r\n", original(rcpt->orcpt, pool));
    ss_buf_printf(out, "Final-Recipient: %s; %s\r\nAction: %s\r\nStatus: %s\r\n", type,
                  one_line(rcpt->address, REPLY_MAX, pool), words[b->kind].action,
                  status_of(b, rcpt, pool));
    if (rcpt->host)
        ss_buf_printf(out, "Remote-MTA: dns; %s\r\n",
                      one_line(name_of(rcpt->host, pool), 255, pool));
    /* A text that begins with a code is a server's reply; any other text is ours. */
    if (rcpt->reply && *rcpt->reply) {
        int is_code = strspn(rcpt->reply, "0123456789") == 3;
        ss_buf_printf(out, "Diagnostic-Code: %s; %s\r\n", is_code ? "smtp" : "x-smtp-send",
                      one_line(rcpt->reply, REPLY_MAX, pool));
    }
    if (rcpt->last_attempt)
        ss_buf_printf(out, "Last-Attempt-Date: %s\r\n",
                      ss_text_time_mail(pool, rcpt->last_attempt));
    if (b->until) ss_buf_printf(out, "Will-Retry-Until: %s\r\n", ss_text_time_mail(pool, b->until));
}

static void status(ss_buf_t *out, const ss_bounce_t *b, apr_pool_t *pool)
{
    ss_buf_printf(out, "Reporting-MTA: dns; %s\r\nX-Smtp-Send-Id: %s\r\nArrival-Date: %s\r\n",
                  b->host, b->id, ss_text_time_mail(pool, b->arrived));
    if (b->dsn_options.envid)
        ss_buf_printf(out, "Original-Envelope-Id: %s\r\n", xtext(b->dsn_options.envid, pool));
    for (int i = 0; i < b->rcpt_count; i++) status_recipient(out, b, &b->rcpts[i], pool);
}

/* ---- parts ---- */

static void part(ss_buf_t *out, const char *boundary, const char *type, const char *description,
                 const char *encoding)
{
    ss_buf_printf(out, "\r\n--%s\r\nContent-Type: %s\r\nContent-Description: %s\r\n", boundary,
                  type, description);
    if (encoding) ss_buf_printf(out, "Content-Transfer-Encoding: %s\r\n", encoding);
    ss_buf_puts(out, "\r\n");
}

/* Our own text as a part: 7bit if it is ASCII, else quoted-printable. */
static void text_part(ss_buf_t *out, const char *boundary, const char *type,
                      const char *description, const ss_buf_t *text, apr_pool_t *pool)
{
    apr_size_t len;

    if (ss_text_is_ascii(text->data, text->len)) {
        part(out, boundary, type, description, NULL);
        ss_buf_append(out, text->data, text->len);
        return;
    }
    const char *coded = ss_codec_qp(pool, text->data, text->len, &len);
    part(out, boundary, type, description, "quoted-printable");
    ss_buf_append(out, coded, len);
}

/* The returned message or header. RFC 6533: a header with octets above 127 needs message/global,
 * which may be encoded; message/rfc822 may not. */
static void returned(ss_buf_t *out, const ss_bounce_t *b, const char *boundary, int *is_8bit,
                     apr_pool_t *pool)
{
    apr_size_t header = ss_header_len(b->content, b->content_len);
    int is_header_ascii = ss_text_is_ascii(b->content, header);
    apr_size_t len = b->is_whole ? b->content_len : header;

    if (!is_header_ascii) {
        const char *coded = ss_codec_base64(pool, b->content, len, 76, &len);
        part(out, boundary, b->is_whole ? "message/global" : "message/global-headers",
             b->is_whole ? "Your message" : "Header of your message", "base64");
        ss_buf_append(out, coded, len);
        return;
    }
    *is_8bit = b->is_whole && !ss_text_is_ascii(b->content, len);
    part(out, boundary, b->is_whole ? "message/rfc822" : "text/rfc822-headers",
         b->is_whole ? "Your message" : "Header of your message", *is_8bit ? "8bit" : NULL);
    ss_buf_append(out, b->content, len);
}

static void fields(ss_buf_t *out, const ss_bounce_t *b, const char *boundary,
                   const char *message_id, const char *type, apr_pool_t *pool)
{
    ss_address_t from = { .name = "Mail Delivery System", .address = b->from };
    ss_header_field_t original_id;
    int has_id = b->content &&
                 ss_header_find(&original_id, b->content, ss_header_len(b->content, b->content_len),
                                "Message-ID") &&
                 original_id.value_len < REPLY_MAX &&
                 ss_text_is_ascii(original_id.value, original_id.value_len) &&
                 !memchr(original_id.value, '\n', original_id.value_len);

    ss_buf_printf(out, "Date: %s\r\nFrom: %s\r\nTo: <%s>\r\nSubject: %s\r\nMessage-ID: %s\r\n",
                  ss_text_time_mail(pool, b->now), ss_address_header(&from, pool), b->to,
                  words[b->kind].subject, message_id);
    if (has_id) {
        const char *id = apr_pstrmemdup(pool, original_id.value, original_id.value_len);
        ss_buf_printf(out, "In-Reply-To: %s\r\nReferences: %s\r\n", id, id);
    }
    ss_buf_printf(out,
                  "Auto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\nContent-Type: "
                  "multipart/report; report-type=%s;\r\n boundary=\"%s\"\r\n\r\n"
                  "This is a report on a message, in MIME format.\r\n",
                  type, boundary);
}

void ss_bounce(ss_bounce_text_t *report, const ss_bounce_t *b, apr_pool_t *pool)
{
    const char *boundary =
        apr_psprintf(pool, "=_report-%" APR_UINT64_T_HEX_FMT "-%" APR_UINT64_T_HEX_FMT, b->random,
                     (apr_uint64_t)b->now);
    ss_buf_t out, text, facts;
    const char *type;

    memset(report, 0, sizeof(*report));
    report->message_id =
        apr_psprintf(pool, "<%" APR_UINT64_T_HEX_FMT ".%" APR_UINT64_T_HEX_FMT ".report@%s>",
                     (apr_uint64_t)b->now, b->random, b->host);
    report->subject = words[b->kind].subject;
    report->is_utf8 = ss_text_has_8bit(b->to) || ss_text_has_8bit(b->from);
    ss_buf_init(&out, REPORT_MAX);
    ss_buf_init(&text, REPORT_MAX);
    ss_buf_init(&facts, REPORT_MAX);
    tell(&text, b, pool);
    status(&facts, b, pool);
    /* An address or reply that is not ASCII needs the global form of the part (RFC 6533 3); the
     * plain form has no encoding. */
    type = ss_text_is_ascii(facts.data, facts.len) ? "delivery-status" : "global-delivery-status";
    fields(&out, b, boundary, report->message_id, type, pool);
    text_part(&out, boundary,
              ss_text_is_ascii(text.data, text.len) ? "text/plain; charset=us-ascii"
                                                    : "text/plain; charset=utf-8",
              "Report for people", &text, pool);
    text_part(&out, boundary, apr_pstrcat(pool, "message/", type, NULL), "Report for programs",
              &facts, pool);
    if (b->content) returned(&out, b, boundary, &report->is_8bit, pool);
    ss_buf_printf(&out, "\r\n--%s--\r\n", boundary);
    report->bytes = apr_pmemdup(pool, out.data, out.len);
    report->len = out.len;
    ss_buf_free(&facts);
    ss_buf_free(&text);
    ss_buf_free(&out);
}

int ss_bounce_is_loop(const char *content, apr_size_t len)
{
    const char *p = content, *end = content + ss_header_len(content, len);
    ss_header_field_t field;
    int hops = 0, more;

    while ((more = ss_header_next(&p, end, &field)) == 1) {
        hops += ss_header_is(&field, "Received");
        if (ss_header_is(&field, "Auto-Submitted") && field.value_len >= 12 &&
            !strncasecmp(field.value, "auto-replied", 12))
            return 1;
    }
    return hops >= SS_BOUNCE_HOPS_MAX;
}
