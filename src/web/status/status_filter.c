/* status_filter.c: which messages the list shows: the form, the daemon's request, links. */
#include "web/status/status.h"

#include <apr_strings.h>
#include <http_protocol.h>
#include <string.h>

#include "web/shared/html.h"
#include "web/status/action_request.h"

static const char *const states[] = { "queued", "sending", "deferred", "held",
                                      "sent",   "failed",  "expired",  "cancelled" };

/* A parameter that is given and not empty, or NULL. */
static const char *given(const ss_params_t *params, const char *name)
{
    const char *value = ss_params_get(params, name);

    return value && *value ? value : NULL;
}

int ss_status_filter_is_given(const ss_params_t *params)
{
    for (int i = 0; ss_action_request_filters[i]; i++)
        if (given(params, ss_action_request_filters[i])) return 1;
    return 0;
}

const char *ss_status_filter_path(const ss_page_t *page, const ss_params_t *params,
                                  const char *after)
{
    apr_pool_t *pool = page->r->pool;
    const char *path = ss_page_path(page, "/queue"), *sign = "?";

    for (int i = 0; ss_action_request_filters[i]; i++) {
        const char *name = ss_action_request_filters[i], *value = given(params, name);
        if (!value) continue;
        path = apr_pstrcat(pool, path, sign, name, "=", ss_params_escape(value, pool), NULL);
        sign = "&";
    }
    return after && *after
               ? apr_pstrcat(pool, path, sign, "after=", ss_params_escape(after, pool), NULL)
               : path;
}

void ss_status_filter_hidden(request_rec *r, const ss_params_t *params)
{
    for (int i = 0; ss_action_request_filters[i]; i++) {
        const char *value = given(params, ss_action_request_filters[i]);
        if (value) ss_page_hidden(r, ss_action_request_filters[i], value);
    }
}

json_t *ss_status_list_request(const ss_page_t *page, int limit)
{
    static const char *const names[] = { "state", "relay", "from", "to", "text", "after" };
    json_t *header = json_pack("{s:s,s:i}", "do", "queue", "limit", limit);

    for (apr_size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        ss_json_put(header, names[i], given(&page->query, names[i]));
    if (ss_params_flag(&page->query, "waiting", 0))
        json_object_set_new(header, "waiting", json_true());
    return header;
}

/* ---- the form ---- */

static void put_input(ss_page_t *page, const char *class, const char *name, const char *label)
{
    ss_html_print(page->r, "<label class='%s'>%s<input name='%s' value='%s'></label>\n", class,
                  label, name, ss_params_get(&page->query, name));
}

static void put_option(request_rec *r, const char *value, const char *current)
{
    ss_html_print(r, "<option%s>%s</option>", current && !strcmp(current, value) ? " selected" : "",
                  value);
}

static void put_states(ss_page_t *page)
{
    ap_rputs("<label>State<select name='state'><option value=''>all</option>", page->r);
    for (apr_size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
        put_option(page->r, states[i], ss_params_get(&page->query, "state"));
    ap_rputs("</select></label>\n", page->r);
}

/* Messages may also be of a relay that is not configured any more. */
static void put_relays(ss_page_t *page)
{
    const json_t *relays = json_object_get(page->status, "relays");
    const char *current = given(&page->query, "relay");
    int is_known = !current;

    if (json_array_size(relays) < 2 && !current) return;
    ap_rputs("<label>Relay<select name='relay'><option value=''>all</option>", page->r);
    for (size_t i = 0; i < json_array_size(relays); i++) {
        const char *name = ss_html_member(json_array_get(relays, i), "name");
        put_option(page->r, name, current);
        is_known |= current && !strcmp(name, current);
    }
    if (!is_known) put_option(page->r, current, current);
    ap_rputs("</select></label>\n", page->r);
}

void ss_status_filter_put(ss_page_t *page)
{
    request_rec *r = page->r;
    int has_more = given(&page->query, "from") || given(&page->query, "to");

    ss_html_print(
        r, "<form class='row card' method='get' action='%s' role='search' aria-label='Filter'>\n",
        ss_page_path(page, "/queue"));
    put_input(page, "wide", "text", "Search text");
    put_states(page);
    put_relays(page);
    ss_html_print(
        r,
        "<label class='side'><input type='checkbox' name='waiting' value='1'%s> only waiting "
        "messages</label>\n<button type='submit' class='main'>Show</button>\n",
        ss_params_flag(&page->query, "waiting", 0) ? " checked" : "");
    if (ss_status_filter_is_given(&page->query))
        ss_html_print(r, "<a class='button' href='%s'>Show all</a>\n",
                      ss_page_path(page, "/queue"));
    ss_html_print(r, "<details%s><summary>From and to</summary>\n<div class='row'>",
                  has_more ? " open" : "");
    put_input(page, "", "from", "From (* = anything)");
    put_input(page, "", "to", "To (* = anything)");
    ap_rputs("</div></details>\n</form>\n", r);
}
