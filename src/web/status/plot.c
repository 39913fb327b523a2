#include "web/status/plot.h"

#include <apr_strings.h>
#include <http_protocol.h>
#include <string.h>

#include "web/shared/html.h"

/* The picture is stretched to the width of its place; the labels are text beside it, as large as
 * all other text. */
#define WIDTH 640
#define HEIGHT 140
#define TOP 4
#define FLOOR 139 /* y of zero */
#define TICKS 5

static const struct {
    const char *name, *words, *step, *ticks[TICKS];
    const char *format;
} spans[] = { [SS_PLOT_HOUR] = { "hour",
                                 "the last hour",
                                 "minute",
                                 { "60 min ago", "45", "30", "15", "now" },
                                 "%H:%M" },
              [SS_PLOT_DAY] = { "day",
                                "the last day",
                                "15 minutes",
                                { "24 h ago", "18", "12", "6", "now" },
                                "%a %H:%M" },
              [SS_PLOT_WEEK] = { "week",
                                 "the last week",
                                 "hour",
                                 { "7 days ago", "5¼", "3½", "1¾", "now" },
                                 "%a %d %b %H:%M" } };

ss_plot_span_t ss_plot_span(const char *name)
{
    for (int i = 0; name && i <= SS_PLOT_WEEK; i++) {
        if (!strcmp(spans[i].name, name)) return (ss_plot_span_t)i;
    }
    return SS_PLOT_HOUR;
}

const char *ss_plot_name(ss_plot_span_t span)
{
    return spans[span].name;
}

static apr_int64_t value_at(const json_t *series, const char *row, size_t i)
{
    return json_integer_value(json_array_get(json_object_get(series, row), i));
}

apr_int64_t ss_plot_sum(const json_t *series, const char *row)
{
    apr_int64_t sum = 0;

    for (size_t i = 0; i < json_array_size(json_object_get(series, row)); i++)
        sum += value_at(series, row, i);
    return sum;
}

/* The next of 2, 4, 10, 20, 40, 100 ..., whose half is an integer. */
static apr_int64_t scale_of(apr_int64_t most)
{
    static const int steps[] = { 2, 4, 10 };
    apr_int64_t power = 1;

    for (;; power *= 10) {
        for (int i = 0; i < 3; i++) {
            if (most <= steps[i] * power) return steps[i] * power;
        }
    }
}

static const char *short_number(request_rec *r, apr_int64_t value)
{
    static const struct {
        apr_int64_t size;
        const char *unit;
    } units[] = { { 1000000000, "G" }, { 1000000, "M" }, { 1000, "k" } };

    for (apr_size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (value >= units[i].size)
            return apr_psprintf(r->pool, value % units[i].size ? "%.1f%s" : "%.0f%s",
                                (double)value / (double)units[i].size, units[i].unit);
    }
    return apr_psprintf(r->pool, "%" APR_INT64_T_FMT, value);
}

static double height_of(apr_int64_t value, apr_int64_t scale)
{
    return (double)(FLOOR - TOP) * (double)value / (double)scale;
}

/* The heading, the scale with its unit, and the picture's beginning. title: what the picture says,
 * for who does not see it. */
static void begin(request_rec *r, const char *id, const char *heading, const char *unit,
                  const char *title, apr_int64_t scale)
{
    ss_html_print(r,
                  "<figure class='chart'>\n<figcaption><h3>%s</h3><span class='soft "
                  "small'>%s</span></figcaption>\n<div class='scale' aria-hidden='true'>",
                  heading, unit);
    for (int i = 2; i >= 0; i--) ap_rprintf(r, "<span>%s</span>", short_number(r, scale * i / 2));
    ss_html_print(r,
                  "</div>\n<svg class='plot' viewBox='0 0 %d %d' preserveAspectRatio='none' "
                  "role='img' aria-labelledby='%s'><title id='%s'>%s</title>\n",
                  WIDTH, HEIGHT, id, id, title);
    for (int i = 0; i <= 2; i++)
        ap_rprintf(r, "<path class='grid-line' d='M0 %.1fH%d'/>\n", FLOOR - (FLOOR - TOP) / 2.0 * i,
                   WIDTH);
}

static void end(request_rec *r, ss_plot_span_t span, const char *legend)
{
    ap_rputs("</svg>\n<div class='ticks' aria-hidden='true'>", r);
    for (int i = 0; i < TICKS; i++) ap_rprintf(r, "<span>%s</span>", spans[span].ticks[i]);
    ap_rprintf(r, "</div>\n%s</figure>\n", legend);
}

static const char *clock_of(request_rec *r, const json_t *series, size_t i, ss_plot_span_t span)
{
    apr_int64_t start = ss_json_number(series, "start"), step = ss_json_number(series, "step");
    apr_time_exp_t time;
    apr_size_t len;
    char text[64];

    apr_time_exp_gmt(&time, apr_time_from_sec(start + step * (apr_int64_t)i));
    apr_strftime(text, &len, sizeof(text), spans[span].format, &time);
    return apr_pstrcat(r->pool, text, " UTC", NULL);
}

static apr_int64_t most_of(const json_t *series, const char *row, const char *other)
{
    apr_int64_t most = 1;

    for (size_t i = 0; i < json_array_size(json_object_get(series, row)); i++) {
        apr_int64_t value = value_at(series, row, i) + (other ? value_at(series, other, i) : 0);
        if (value > most) most = value;
    }
    return most;
}

static void bar(request_rec *r, const char *class, double x, double y, double width, double height)
{
    if (height > 0)
        ap_rprintf(r, "<rect class='%s' x='%.1f' y='%.1f' width='%.1f' height='%.1f'/>", class, x,
                   y - height, width, height);
}

void ss_plot_traffic(request_rec *r, const json_t *series, ss_plot_span_t span)
{
    size_t count = json_array_size(json_object_get(series, "sent"));
    apr_int64_t scale = scale_of(most_of(series, "sent", "failed"));
    double step = count ? (double)WIDTH / (double)count : 0;

    begin(r, "plot-traffic", "Sent and failed",
          apr_psprintf(r->pool, "recipients per %s", spans[span].step),
          apr_psprintf(r->pool, "Sent and failed recipients over %s: %s sent, %s failed",
                       spans[span].words, ss_html_count(r, ss_plot_sum(series, "sent")),
                       ss_html_count(r, ss_plot_sum(series, "failed"))),
          scale);
    for (size_t i = 0; i < count; i++) {
        apr_int64_t sent = value_at(series, "sent", i), failed = value_at(series, "failed", i);
        double x = step * (double)i, low = height_of(failed, scale);
        bar(r, "p-failed", x + step * .1, FLOOR, step * .8, low);
        bar(r, "p-sent", x + step * .1, FLOOR - low, step * .8, height_of(sent, scale));
        if (!sent && !failed) continue;
        ap_rprintf(r,
                   "<rect class='hit' x='%.1f' y='%d' width='%.1f' height='%d'><title>%s: %s "
                   "sent, %s failed</title></rect>\n",
                   x, TOP, step, FLOOR - TOP, clock_of(r, series, i, span), ss_html_count(r, sent),
                   ss_html_count(r, failed));
    }
    end(r, span,
        "<ul class='legend'><li class='k-sent'>sent</li><li class='k-failed'>failed or given "
        "up</li></ul>\n");
}

void ss_plot_waiting(request_rec *r, const json_t *series, ss_plot_span_t span)
{
    size_t count = json_array_size(json_object_get(series, "waiting"));
    apr_int64_t most = most_of(series, "waiting", NULL), scale = scale_of(most);
    double step = count > 1 ? (double)WIDTH / (double)(count - 1) : 0;

    begin(r, "plot-waiting", "Waiting",
          apr_psprintf(r->pool, "messages, maximum of each %s", spans[span].step),
          apr_psprintf(r->pool, "Waiting messages over %s: now %s", spans[span].words,
                       ss_html_count(r, count ? value_at(series, "waiting", count - 1) : 0)),
          scale);
    for (int is_line = 0; count && is_line <= 1; is_line++) {
        ap_rprintf(r, "<path class='%s' d='", is_line ? "l-waiting" : "p-waiting");
        if (!is_line) ap_rprintf(r, "M0 %d", FLOOR);
        for (size_t i = 0; i < count; i++) {
            ap_rprintf(r, "%c%.1f %.1f", is_line && !i ? 'M' : 'L', step * (double)i,
                       FLOOR - height_of(value_at(series, "waiting", i), scale));
        }
        if (!is_line) ap_rprintf(r, "L%d %dZ", WIDTH, FLOOR);
        ap_rputs("'/>\n", r);
    }
    end(r, span, "<ul class='legend'><li class='k-waiting'>waiting messages</li></ul>\n");
}
