/* probe_report.c: a connection test's result as text for people and as JSON for programs. See
 * report.h.
 */
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
#define WRAP 96            /* columns of advice */

static const char *shown(const char *text, int is_masked, apr_pool_t *pool)
{
    const char *valid = ss_text_utf8(pool, text ? text : "", strlen(text ? text : ""));

    return is_masked ? ss_mask_text(valid, pool) : valid;
}

static const char *outcome_mark(ss_step_outcome_t outcome)
{
    return outcome == SS_STEP_OK ? "[ ok ]" : outcome == SS_STEP_WARN ? "[warn]" : "[FAIL]";
}

static const char *outcome_word(ss_step_outcome_t outcome)
{
    return outcome == SS_STEP_OK ? "ok" : outcome == SS_STEP_WARN ? "warn" : "fail";
}

/* ---- settings ---- */

typedef struct {
    const char *name, *value, *source;
} setting_t;

static const char *value_of(const ss_probe_report_t *report, const ss_option_t *option,
                            int is_masked, apr_pool_t *pool)
{
    const char *value;

    if (option->kind == SS_KIND_SECRET && report->secret_state) return report->secret_state;
    if (report->settings->helo_is_address && !strcmp(option->name, "SMTPSendHelo"))
        return "[address of the connection]";
    value = ss_option_print(option, report->settings, pool);
    if (!value || !*value) return "(not set)";
    /* A login name that is no address would not be seen as something to shorten. */
    if (is_masked && !strcmp(option->name, "SMTPSendUsername") && !strchr(value, '@'))
        return ss_mask_word(value, pool);
    return shown(value, is_masked, pool);
}

static apr_array_header_t *settings_of(const ss_probe_report_t *report, int is_masked,
                                       apr_pool_t *pool)
{
    apr_array_header_t *list = apr_array_make(pool, ss_option_count, sizeof(setting_t));
    const apr_array_header_t *sources = report->settings ? report->settings->sources : NULL;

    for (int i = 0; report->settings && i < ss_option_count; i++) {
        const ss_option_t *option = &ss_options[i];
        const char *source =
            sources && i < sources->nelts ? APR_ARRAY_IDX(sources, i, const char *) : NULL;
        if (option->place != SS_PLACE_SERVER) continue;
        APR_ARRAY_PUSH(list, setting_t) =
            (setting_t){ option->name, value_of(report, option, is_masked, pool),
                         source ? source : "default" };
    }
    return list;
}

static void put_settings(ss_buf_t *out, const ss_probe_report_t *report, int is_masked,
                         apr_pool_t *pool)
{
    const apr_array_header_t *list = settings_of(report, is_masked, pool);

    ss_buf_puts(out, "\nSettings in force:\n");
    for (int i = 0; i < list->nelts; i++) {
        const setting_t *s = &APR_ARRAY_IDX(list, i, setting_t);
        ss_buf_printf(out, "  %-32s %.2000s   (%s)\n", s->name, s->value, s->source);
    }
}

/* ---- steps ---- */

static void put_step(ss_buf_t *out, const ss_probe_report_step_t *step, int is_masked,
                     apr_pool_t *pool)
{
    const char *detail = shown(step->detail, is_masked, pool);

    ss_buf_printf(out, "%s %-8s %6" APR_TIME_T_FMT " ms  ", outcome_mark(step->outcome), step->name,
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
    ss_buf_t out;

    ss_buf_init(&out, TEXT_MAX);
    put_step(&out, step, is_masked, pool);
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

static const char *hosts_of(const ss_probe_report_t *report, int is_masked, apr_pool_t *pool)
{
    const ss_settings_t *s = report->settings;
    const char *list = "";

    for (int i = 0; s && s->hosts && i < s->hosts->nelts; i++) {
        const char *name = APR_ARRAY_IDX(s->hosts, i, ss_settings_host_t).name;
        const char *text = is_masked ? ss_mask_text(name, pool) : name;
        list = apr_psprintf(pool, strchr(name, ':') ? "%s%s[%s]:%d" : "%s%s%s:%d", list,
                            i ? " " : "", text, ss_settings_port(s, i));
    }
    return *list ? list : "(no host)";
}

static void put_head(ss_buf_t *out, const ss_probe_report_t *report, int is_masked,
                     apr_pool_t *pool)
{
    if (report->failed_step)
        ss_buf_printf(out, "Connection Test Results: FAILED at %s\n", report->failed_step);
    else
        ss_buf_puts(out, "Connection Test Results: PASSED\n");
    ss_buf_printf(out, "Host: %.3000s\n", hosts_of(report, is_masked, pool));
    ss_buf_printf(out, "Date: %s, took %" APR_TIME_T_FMT " ms\n",
                  ss_text_time(pool, report->started), report->took / 1000);
    ss_buf_puts(out, "Software: mod_smtp_send " SMTP_SEND_VERSION "\n");
}

const char *ss_probe_report_text(const ss_probe_report_t *report, int is_masked, apr_pool_t *pool)
{
    ss_buf_t out;

    ss_buf_init(&out, TEXT_MAX);
    put_head(&out, report, is_masked, pool);
    put_settings(&out, report, is_masked, pool);
    ss_buf_puts(&out, "\nSteps:\n");
    for (int i = 0; i < report->steps->nelts; i++)
        put_step(&out, &APR_ARRAY_IDX(report->steps, i, ss_probe_report_step_t), is_masked, pool);
    put_advice(&out, report);
    if (report->works->nelts) ss_buf_puts(&out, "\n");
    for (int i = 0; i < report->works->nelts; i++) {
        ss_buf_printf(&out, "Works: %s\n",
                      shown(APR_ARRAY_IDX(report->works, i, const char *), is_masked, pool));
    }
    ss_buf_puts(&out, "\nDialogue:\n");
    if (!report->dialogue->nelts) ss_buf_puts(&out, "  (no dialogue)\n");
    for (int i = 0; i < report->dialogue->nelts; i++) {
        ss_buf_puts(&out, shown(APR_ARRAY_IDX(report->dialogue, i, const char *), is_masked, pool));
        ss_buf_puts(&out, "\n");
    }
    return taken(&out, pool);
}

/* ---- JSON ---- */

static json_t *text_json(const char *text, int is_masked, apr_pool_t *pool)
{
    return json_string(shown(text, is_masked, pool));
}

static json_t *step_json(const ss_probe_report_step_t *step, int is_masked, apr_pool_t *pool)
{
    json_t *object = json_pack("{s:s,s:s,s:f,s:o}", "step", step->name, "result",
                               outcome_word(step->outcome), "ms", (double)step->took / 1000.0,
                               "detail", text_json(step->detail, is_masked, pool));

    if (object && step->advice) json_object_set_new(object, "advice", json_string(step->advice));
    return object;
}

static json_t *settings_json(const ss_probe_report_t *report, int is_masked, apr_pool_t *pool)
{
    const apr_array_header_t *list = settings_of(report, is_masked, pool);
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

static json_t *texts_json(const apr_array_header_t *texts, int is_masked, apr_pool_t *pool)
{
    json_t *array = json_array();

    for (int i = 0; i < texts->nelts; i++)
        json_array_append_new(array,
                              text_json(APR_ARRAY_IDX(texts, i, const char *), is_masked, pool));
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

const char *ss_probe_report_settings_json(const ss_probe_report_t *report, int is_masked,
                                          apr_pool_t *pool)
{
    return dumped(settings_json(report, is_masked, pool), pool);
}

const char *ss_probe_report_step_json(const ss_probe_report_step_t *step, int is_masked,
                                      apr_pool_t *pool)
{
    return dumped(step_json(step, is_masked, pool), pool);
}

const char *ss_probe_report_json(const ss_probe_report_t *report, int is_masked, apr_pool_t *pool)
{
    json_t *root = json_object(), *steps = json_array();

    for (int i = 0; i < report->steps->nelts; i++)
        json_array_append_new(
            steps,
            step_json(&APR_ARRAY_IDX(report->steps, i, ss_probe_report_step_t), is_masked, pool));
    json_object_set_new(root, "result", json_string(report->failed_step ? "failed" : "passed"));
    json_object_set_new(root, "failedStep",
                        report->failed_step ? json_string(report->failed_step) : json_null());
    json_object_set_new(root, "host", json_string(hosts_of(report, is_masked, pool)));
    json_object_set_new(root, "startedAt", json_string(ss_text_time(pool, report->started)));
    json_object_set_new(root, "ms", json_real((double)report->took / 1000.0));
    json_object_set_new(root, "version", json_string(SMTP_SEND_VERSION));
    json_object_set_new(root, "settings", settings_json(report, is_masked, pool));
    json_object_set_new(root, "steps", steps);
    json_object_set_new(root, "dialogue", texts_json(report->dialogue, is_masked, pool));
    json_object_set_new(root, "advice", advice_json(report, pool));
    json_object_set_new(root, "works", texts_json(report->works, is_masked, pool));
    return dumped(root, pool);
}
