#include "web/shared/html.h"

#include <apr_strings.h>
#include <http_protocol.h>
#include <stdarg.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "web/shared/http.h"

/* The build turns the files in assets/ into string literals. */
static const struct {
    const char *name, *type, *text;
} assets[] = { {
                   "style.css",
                   "text/css; charset=utf-8",
#include "assets/style.css.inc"
               },
               {
                   "page.js",
                   "text/javascript; charset=utf-8",
#include "assets/page.js.inc"
               },
               {
                   "icon.svg",
                   "image/svg+xml",
#include "assets/icon.svg.inc"
               } };

/* A page loads only its own style sheet, script and icon, has nothing inline, and cannot be framed.
 */
static const char content_policy[] =
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

const char *ss_html_count(request_rec *r, apr_int64_t number)
{
    const char *digits = apr_psprintf(r->pool, "%" APR_INT64_T_FMT, number);
    apr_size_t len = strlen(digits), sign = *digits == '-';
    char *text = apr_pcalloc(r->pool, len + len / 3 + 1), *out = text;

    for (apr_size_t i = 0; i < len; i++) {
        if (i > sign && (len - i) % 3 == 0) *out++ = ',';
        *out++ = digits[i];
    }
    return text;
}

void ss_html_print(request_rec *r, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    while (*format) {
        apr_size_t len = strcspn(format, "%");
        ap_rwrite(format, (int)len, r);
        format += len;
        if (!strncmp(format, "%s", 2)) {
            const char *text = va_arg(args, const char *);
            if (text) ap_rputs(ss_text_escape_html(r->pool, text), r);
            format += 2;
        } else if (!strncmp(format, "%d", 2)) {
            ap_rprintf(r, "%d", va_arg(args, int));
            format += 2;
        } else if (!strncmp(format, "%lld", 4)) {
            ap_rputs(ss_html_count(r, va_arg(args, long long)), r);
            format += 4;
        } else if (*format) {
            ap_rputc(*format++, r);
        }
    }
    va_end(args);
}

void ss_html_begin(request_rec *r, int status, const char *base, const char *title)
{
    r->status = status;
    ap_set_content_type(r, "text/html; charset=utf-8");
    apr_table_setn(r->headers_out, "Content-Security-Policy", content_policy);
    apr_table_setn(r->headers_out, "Referrer-Policy", "same-origin");
    apr_table_setn(r->headers_out, "Vary", "Accept");
    ss_html_print(r,
                  "<!DOCTYPE html>\n<html lang='en'>\n<head>\n<meta charset='utf-8'>\n<meta "
                  "name='viewport' content='width=device-width, initial-scale=1'>\n<meta "
                  "name='color-scheme' content='light dark'>\n<title>%s</title>\n",
                  title);
    if (!base) {
        ap_rputs("</head>\n<body>\n", r);
        return;
    }
    if (!*base) base = "/";
    ss_html_print(
        r,
        "<link rel='stylesheet' href='%s?asset=style.css&amp;v=" SMTP_SEND_VERSION
        "'>\n<link rel='icon' href='%s?asset=icon.svg' type='image/svg+xml'>\n"
        "<script src='%s?asset=page.js&amp;v=" SMTP_SEND_VERSION
        "' defer></script>\n</head>\n<body>\n"
        "<a class='skip' href='#main'>Skip to content</a>\n<div class='stale' role='alert'>This "
        "page is out of date: the server does not answer.</div>\n<header class='top'><div><span "
        "class='brand'><svg viewBox='0 0 24 24' aria-hidden='true'><rect x='2' y='4.5' width='20' "
        "height='15' rx='3' fill='none' stroke='currentColor' stroke-width='2'/><path d='M4.5 "
        "8l7.5 5.5L19.5 8' fill='none' stroke='currentColor' stroke-width='2' "
        "stroke-linecap='round' stroke-linejoin='round'/></svg>Mail</span>\n",
        base, base, base);
}

void ss_html_end(request_rec *r)
{
    ap_rputs("</main>\n<footer>mod_smtp_send " SMTP_SEND_VERSION "</footer>\n</body>\n</html>\n",
             r);
}

const char *ss_html_member(const json_t *object, const char *name)
{
    const char *value = ss_json_text(object, name);

    return value ? value : "";
}

const char *ss_html_age(request_rec *r, apr_int64_t seconds)
{
    return ss_text_age(r->pool, seconds);
}

void ss_html_time(request_rec *r, const char *rfc3339)
{
    apr_time_t when;

    if (!rfc3339 || !*rfc3339 || ss_text_time_parse(rfc3339, &when)) return;
    apr_int64_t seconds = apr_time_sec(ss_wall_now() - when);
    ss_html_print(r, "<time datetime='%s' title='%s'>%s%s%s</time>", rfc3339, rfc3339,
                  seconds < 0 ? "in " : "", ss_html_age(r, seconds < 0 ? -seconds : seconds),
                  seconds < 0 ? "" : " ago");
}

void ss_html_due(request_rec *r, const char *rfc3339)
{
    apr_time_t when;

    if (!rfc3339 || !*rfc3339 || ss_text_time_parse(rfc3339, &when)) return;
    if (when <= ss_wall_now()) {
        ap_rputs("due", r);
        return;
    }
    ap_rputs("next attempt ", r);
    ss_html_time(r, rfc3339);
}

const char *ss_html_size(request_rec *r, apr_int64_t bytes)
{
    static const char *const units[] = { "bytes", "KB", "MB", "GB", "TB" };
    double value = (double)bytes;
    int unit = 0;

    for (; value >= 1000 && unit < 4; unit++) value /= 1024;
    return apr_psprintf(r->pool, unit && value < 10 ? "%.1f %s" : "%.0f %s", value, units[unit]);
}

const char *ss_html_relay_state(const json_t *relay)
{
    const char *state = ss_html_member(relay, "state");

    return strcmp(state, "up") || ss_json_is(relay, "used") ? state : "not used yet";
}

void ss_html_state(request_rec *r, const char *state)
{
    ss_html_print(r, "<span class='state s-%s'>%s</span>", state, state);
}

void ss_html_advice(request_rec *r, const json_t *advice)
{
    if (json_is_object(advice))
        ss_html_print(r, "<p class='advice'><strong>%s</strong> %s</p>\n",
                      ss_html_member(advice, "title"), ss_html_member(advice, "text"));
}

int ss_html_asset(request_rec *r, const char *name)
{
    for (apr_size_t i = 0; name && i < sizeof(assets) / sizeof(assets[0]); i++) {
        if (strcmp(assets[i].name, name)) continue;
        apr_table_setn(r->headers_out, "Cache-Control", "private, max-age=600");
        ss_http_text(r, HTTP_OK, assets[i].type, assets[i].text, strlen(assets[i].text));
        return 1;
    }
    return 0;
}
