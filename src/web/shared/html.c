/* html.c: the frame of the pages, and shared pieces. */
#include "web/shared/html.h"

#include <apr_strings.h>
#include <http_protocol.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "web/shared/asset.h"

/* A page loads only its own style sheet, script and icon, has nothing inline, and cannot be framed.
 */
static const char content_policy[] =
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

void ss_html_put(request_rec *r, const char *text)
{
    if (text) ap_rputs(ss_text_escape_html(r->pool, text), r);
}

void ss_html_wrap(request_rec *r, const char *before, const char *text, const char *after)
{
    ap_rputs(before, r);
    ss_html_put(r, text);
    ap_rputs(after, r);
}

void ss_html_begin(request_rec *r, int status, const char *base, const char *title, int live)
{
    r->status = status;
    ap_set_content_type(r, "text/html; charset=utf-8");
    apr_table_setn(r->headers_out, "Content-Security-Policy", content_policy);
    apr_table_setn(r->headers_out, "Referrer-Policy", "same-origin");
    apr_table_setn(r->headers_out, "Vary", "Accept");
    ap_rputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta "
             "name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
             "<meta name=\"color-scheme\" content=\"light dark\">\n<title>",
             r);
    ss_html_put(r, title);
    ap_rputs("</title>\n", r);
    if (base) {
        const char *path = ss_text_escape_html(r->pool, *base ? base : "/");
        ap_rprintf(r,
                   "<link rel=\"stylesheet\" href=\"%s?asset=style.css&amp;v=" SMTP_SEND_VERSION
                   "\">\n<link rel=\"icon\" href=\"%s?asset=icon.svg\" type=\"image/svg+xml\">\n",
                   path, path);
        if (live)
            ap_rprintf(
                r, "<script src=\"%s?asset=page.js&amp;v=" SMTP_SEND_VERSION "\" defer></script>\n",
                path);
    }
    ap_rputs("</head>\n<body>\n", r);
}

void ss_html_brand(request_rec *r, const char *name)
{
    ap_rputs("<a class=\"skip\" href=\"#main\">Skip to content</a>\n<div class=\"stale\" "
             "role=\"alert\">This page is out of date: the server does not answer.</div>\n"
             "<header class=\"top\"><div><span class=\"brand\"><svg viewBox=\"0 0 24 24\" "
             "aria-hidden=\"true\"><rect x=\"2\" y=\"4.5\" width=\"20\" height=\"15\" rx=\"3\" "
             "fill=\"none\" stroke=\"currentColor\" stroke-width=\"2\"/><path d=\"M4.5 8l7.5 "
             "5.5L19.5 8\" fill=\"none\" stroke=\"currentColor\" stroke-width=\"2\" "
             "stroke-linecap=\"round\" stroke-linejoin=\"round\"/></svg>",
             r);
    ss_html_put(r, name);
    ap_rputs("</span>\n", r);
}

void ss_html_end(request_rec *r)
{
    ap_rputs("<footer>mod_smtp_send " SMTP_SEND_VERSION "</footer>\n</body>\n</html>\n", r);
}

const char *ss_html_member(const json_t *object, const char *name)
{
    const char *value = json_string_value(json_object_get(object, name));

    return value ? value : "";
}

apr_int64_t ss_html_number(const json_t *object, const char *name)
{
    return json_integer_value(json_object_get(object, name));
}

const char *ss_html_age(request_rec *r, apr_int64_t seconds)
{
    static const struct {
        apr_int64_t size;
        const char *name;
    } units[] = { { 86400, "d" }, { 3600, "h" }, { 60, "min" } };

    for (apr_size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (seconds < units[i].size * (i ? 1 : 2)) continue;
        apr_int64_t whole = seconds / units[i].size, rest = seconds % units[i].size;
        if (i == 1 && rest >= 60 && whole < 10)
            return apr_psprintf(r->pool, "%" APR_INT64_T_FMT " h %" APR_INT64_T_FMT " min", whole,
                                rest / 60);
        return apr_psprintf(r->pool, "%" APR_INT64_T_FMT " %s", whole, units[i].name);
    }
    return apr_psprintf(r->pool, "%" APR_INT64_T_FMT " s", seconds);
}

void ss_html_time(request_rec *r, const char *rfc3339)
{
    apr_time_t when;

    if (!rfc3339 || !*rfc3339 || ss_text_time_parse(rfc3339, &when)) return;
    apr_int64_t seconds = apr_time_sec(ss_wall_now() - when);
    const char *exact = ss_text_escape_html(r->pool, rfc3339);
    ap_rprintf(r, "<time datetime=\"%s\" title=\"%s\">", exact, exact);
    if (seconds < 0)
        ap_rprintf(r, "in %s</time>", ss_html_age(r, -seconds));
    else
        ap_rprintf(r, "%s ago</time>", ss_html_age(r, seconds));
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

void ss_html_state(request_rec *r, const char *state)
{
    const char *safe = ss_text_escape_html(r->pool, state);

    ap_rprintf(r, "<span class=\"state s-%s\">%s</span>", safe, safe);
}

void ss_html_advice(request_rec *r, const json_t *advice)
{
    if (!json_is_object(advice)) return;
    ap_rputs("<p class=\"advice\"><strong>", r);
    ss_html_put(r, ss_html_member(advice, "title"));
    ap_rputs("</strong> ", r);
    ss_html_put(r, ss_html_member(advice, "text"));
    ap_rputs("</p>\n", r);
}

int ss_html_asset(request_rec *r, const char *name)
{
    if (!name) return 0;
    const ss_asset_t *asset = ss_asset_find(name);
    if (!asset) return 0;
    apr_table_setn(r->headers_out, "Cache-Control", "private, max-age=600");
    ap_set_content_type(r, asset->type);
    ap_set_content_length(r, (apr_off_t)strlen(asset->text));
    if (!r->header_only) ap_rputs(asset->text, r);
    return 1;
}
