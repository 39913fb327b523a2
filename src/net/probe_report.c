#include "net/probe_report.h"

#include <apr_strings.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/text.h"
#include "config/option.h"
#include "net/mask.h"
#include "smtp/advice.h"

#ifndef SMTP_SEND_VERSION
#define SMTP_SEND_VERSION "0.1.0"
#endif

#define TEXT_MAX (4 << 20) /* of a whole report; what comes later is left out */
#define WRAP 78            /* columns of advice: a line of an email, or of a terminal */

typedef struct { /* how and where a report is written */
    int is_masked;
    apr_pool_t *pool;
} view_t;

static const char *const marks[] = { "[ ok ]", "[warn]", "[FAIL]" }; /* of ss_step_outcome_t */
static const char *const outcomes[] = { "ok", "warn", "fail" };

static const char *shown(const view_t *v, const char *text)
{
    const char *visible =
        ss_text_visible(v->pool, text ? text : "", text ? strlen(text) : 0, SS_TEXT_LINES);

    return v->is_masked ? ss_mask_text(visible, v->pool) : visible;
}

/* ---- settings ---- */

typedef struct {
    const char *name, *value, *source;
} setting_t;

static const char *value_of(const view_t *v, const ss_probe_report_t *report,
                            const ss_option_t *option)
{
    const char *value;

    if (option->kind == SS_KIND_SECRET && report->secret_state) return report->secret_state;
    if (report->settings->helo_is_address && !strcmp(option->name, "SMTPSendHelo"))
        return "[address of the connection]";
    value = ss_option_print(option, report->settings, v->pool);
    if (!*value) return "(not set)";
    /* A login name that is no address would not be seen as something to shorten. */
    if (v->is_masked && !strcmp(option->name, "SMTPSendUsername") && !strchr(value, '@'))
        return apr_psprintf(v->pool, "%c***", *value);
    return shown(v, value);
}

static apr_array_header_t *settings_of(const view_t *v, const ss_probe_report_t *report)
{
    apr_array_header_t *list = apr_array_make(v->pool, ss_option_count, sizeof(setting_t));
    const apr_array_header_t *sources = report->settings ? report->settings->sources : NULL;

    for (int i = 0; report->settings && i < ss_option_count; i++) {
        const ss_option_t *option = &ss_options[i];
        const char *source =
            sources && i < sources->nelts ? APR_ARRAY_IDX(sources, i, const char *) : NULL;
        if (option->place != SS_PLACE_SERVER) continue;
        APR_ARRAY_PUSH(list, setting_t) =
            (setting_t){ option->name, value_of(v, report, option), source ? source : "default" };
    }
    return list;
}

static void put_settings(const view_t *v, ss_buf_t *out, const ss_probe_report_t *report)
{
    const apr_array_header_t *list = settings_of(v, report);

    ss_buf_puts(out, "\nSettings in force:\n");
    for (int i = 0; i < list->nelts; i++) {
        const setting_t *s = &APR_ARRAY_IDX(list, i, setting_t);
        ss_buf_printf(out, "  %-32s %.2000s   (%s)\n", s->name, s->value, s->source);
    }
}

/* ---- steps ---- */

static void put_step(const view_t *v, ss_buf_t *out, const ss_probe_report_step_t *step)
{
    const char *detail = shown(v, step->detail);

    ss_buf_printf(out, "%s %-8s %6" APR_TIME_T_FMT " ms  ", marks[step->outcome], step->name,
                  step->took / 1000);
    for (; *detail; detail++) {
        /* Continuation lines stand under the first one's text. */
        if (*detail == '\n')
            ss_buf_printf(out, "\n%27s", "");
        else if (*detail != '\r')
            ss_buf_append(out, detail, 1);
    }
    ss_buf_puts(out, "\n");
}

static const char *taken(ss_buf_t *out, apr_pool_t *pool)
{
    const char *text = ss_buf_text(out);
    const char *copy = text ? apr_pstrmemdup(pool, text, out->len) : "";

    ss_buf_free(out);
    return copy;
}

const char *ss_probe_report_step_text(const ss_probe_report_step_t *step, int is_masked,
                                      apr_pool_t *pool)
{
    view_t v = { is_masked, pool };
    ss_buf_t out;

    ss_buf_init(&out, TEXT_MAX);
    put_step(&v, &out, step);
    return taken(&out, pool);
}

/* ---- the text ---- */

/* Wrapped at blanks, each line indented. */
static void put_wrapped(ss_buf_t *out, const char *text)
{
    while (*text) {
        apr_size_t len = strlen(text), cut = len;
        const char *end = memchr(text, '\n', len);
        if (end) cut = (apr_size_t)(end - text);
        if (cut > WRAP) {
            cut = WRAP;
            while (cut && text[cut] != ' ') cut--;
            if (!cut) cut = strcspn(text, " \n");
        }
        ss_buf_puts(out, "  ");
        ss_buf_append(out, text, cut);
        ss_buf_puts(out, "\n");
        text += cut;
        if (*text) text++;
    }
}

static void put_advice(ss_buf_t *out, const ss_probe_report_t *report)
{
    int is_first = 1;

    for (int i = 0; i < report->advice->nelts; i++) {
        const ss_advice_t *advice = ss_advice_find(APR_ARRAY_IDX(report->advice, i, const char *));
        if (!advice) continue;
        ss_buf_puts(out, is_first ? "\nWhat to do:\n" : "\n");
        is_first = 0;
        put_wrapped(out, apr_pstrcat(report->pool, advice->title, ".", NULL));
        if (advice->meaning) put_wrapped(out, advice->meaning);
        if (advice->remedy) put_wrapped(out, advice->remedy);
    }
}

static const char *hosts_of(const view_t *v, const ss_probe_report_t *report)
{
    const ss_settings_t *s = report->settings;
    const char *list = "";

    for (int i = 0; s && s->hosts && i < s->hosts->nelts; i++) {
        const char *name = APR_ARRAY_IDX(s->hosts, i, ss_settings_host_t).name;
        const char *text = shown(v, name);
        list = apr_psprintf(v->pool, strchr(name, ':') ? "%s%s[%s]:%d" : "%s%s%s:%d", list,
                            i ? " " : "", text, ss_settings_port(s, i));
    }
    return *list ? list : "(no host)";
}

static void put_head(const view_t *v, ss_buf_t *out, const ss_probe_report_t *report)
{
    if (report->failed_step)
        ss_buf_printf(out, "Connection Test Results: FAILED at %s\n", report->failed_step);
    else
        ss_buf_puts(out, "Connection Test Results: PASSED\n");
    ss_buf_printf(out, "Host: %.3000s\n", hosts_of(v, report));
    ss_buf_printf(out, "Date: %s, took %" APR_TIME_T_FMT " ms\n",
                  ss_text_time(v->pool, report->started), report->took / 1000);
    ss_buf_puts(out, "Software: mod_smtp_send " SMTP_SEND_VERSION "\n");
}

const char *ss_probe_report_text(const ss_probe_report_t *report, int is_masked, apr_pool_t *pool)
{
    view_t v = { is_masked, pool };
    ss_buf_t out;

    ss_buf_init(&out, TEXT_MAX);
    put_head(&v, &out, report);
    put_settings(&v, &out, report);
    ss_buf_puts(&out, "\nSteps:\n");
    for (int i = 0; i < report->steps->nelts; i++)
        put_step(&v, &out, &APR_ARRAY_IDX(report->steps, i, ss_probe_report_step_t));
    put_advice(&out, report);
    if (report->works->nelts) ss_buf_puts(&out, "\n");
    for (int i = 0; i < report->works->nelts; i++) {
        ss_buf_printf(&out, "Works: %s\n",
                      shown(&v, APR_ARRAY_IDX(report->works, i, const char *)));
    }
    ss_buf_puts(&out, "\nDialogue:\n");
    if (!report->dialogue->nelts) ss_buf_puts(&out, "  (no dialogue)\n");
    for (int i = 0; i < report->dialogue->nelts; i++) {
        ss_buf_puts(&out, shown(&v, APR_ARRAY_IDX(report->dialogue, i, const char *)));
        ss_buf_puts(&out, "\n");
    }
    return taken(&out, pool);
}

/* ---- JSON ---- */

static json_t *step_json(const view_t *v, const ss_probe_report_step_t *step)
{
    return json_pack("{s:s,s:s,s:f,s:s,s:s*}", "step", step->name, "result",
                     outcomes[step->outcome], "ms", (double)step->took / 1000.0, "detail",
                     shown(v, step->detail), "advice", step->advice);
}

static json_t *settings_json(const view_t *v, const ss_probe_report_t *report)
{
    const apr_array_header_t *list = settings_of(v, report);
    json_t *array = json_array();

    for (int i = 0; i < list->nelts; i++) {
        const setting_t *s = &APR_ARRAY_IDX(list, i, setting_t);
        json_array_append_new(array, json_pack("{s:s,s:s,s:s}", "name", s->name, "value", s->value,
                                               "source", s->source));
    }
    return array;
}

static json_t *advice_json(const ss_probe_report_t *report, apr_pool_t *pool)
{
    json_t *array = json_array();

    for (int i = 0; i < report->advice->nelts; i++) {
        const ss_advice_t *advice = ss_advice_find(APR_ARRAY_IDX(report->advice, i, const char *));
        if (!advice) continue;
        const char *text = apr_pstrcat(pool, advice->meaning ? advice->meaning : "",
                                       advice->meaning && advice->remedy ? " " : "",
                                       advice->remedy ? advice->remedy : "", NULL);
        json_array_append_new(array, json_pack("{s:s,s:s,s:s}", "code", advice->id, "title",
                                               advice->title, "text", text));
    }
    return array;
}

static json_t *texts_json(const view_t *v, const apr_array_header_t *texts)
{
    json_t *array = json_array();

    for (int i = 0; i < texts->nelts; i++)
        json_array_append_new(array, json_string(shown(v, APR_ARRAY_IDX(texts, i, const char *))));
    return array;
}

static const char *dumped(json_t *json, apr_pool_t *pool)
{
    char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;
    const char *copy = text ? apr_pstrdup(pool, text) : "{}";

    free(text);
    json_decref(json);
    return copy;
}

const char *ss_probe_report_step_json(const ss_probe_report_step_t *step, int is_masked,
                                      apr_pool_t *pool)
{
    view_t v = { is_masked, pool };

    return dumped(step_json(&v, step), pool);
}

const char *ss_probe_report_json(const ss_probe_report_t *report, int is_masked, apr_pool_t *pool)
{
    view_t v = { is_masked, pool };
    json_t *steps = json_array();

    for (int i = 0; i < report->steps->nelts; i++)
        json_array_append_new(
            steps, step_json(&v, &APR_ARRAY_IDX(report->steps, i, ss_probe_report_step_t)));
    return dumped(json_pack("{s:s,s:s?,s:s,s:s,s:f,s:s,s:o,s:o,s:o,s:o,s:o}", "result",
                            report->failed_step ? "failed" : "passed", "failedStep",
                            report->failed_step, "host", hosts_of(&v, report), "startedAt",
                            ss_text_time(pool, report->started), "ms",
                            (double)report->took / 1000.0, "version", SMTP_SEND_VERSION, "settings",
                            settings_json(&v, report), "steps", steps, "dialogue",
                            texts_json(&v, report->dialogue), "advice", advice_json(report, pool),
                            "works", texts_json(&v, report->works)),
                  pool);
}
