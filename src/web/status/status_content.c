/* status_content.c: a message's content, where SMTPSendStatusBody allows it: the beginning on its
 * page, the whole as a file. */
#include "web/status/status.h"

#include <apr_strings.h>
#include <http_protocol.h>

#include "base/text.h"
#include "config/module.h"
#include "web/shared/html.h"
#include "web/shared/problem.h"
#include "web/shared/rpc.h"

#define SHOWN_MAX 65536 /* bytes shown on the page */

static json_t *content_request(const char *id, int part)
{
    return json_pack("{s:s,s:s,s:i}", "do", "content", "id", id, "part", part);
}

void ss_status_content_put(ss_page_t *page, const char *id)
{
    request_rec *r = page->r;
    ss_rpc_answer_t answer;

    if (!ss_module_policy(r)->status_body) return;
    ap_rputs("<details class='card' id='content'><summary>Content</summary>\n", r);
    if (!ss_rpc_try(content_request(id, 0), SS_RPC_TIMEOUT, &answer, r->pool) ||
        answer.raw.status != 200) {
        ss_html_print(r, "<p class='soft'>%s</p></details>\n",
                      answer.why ? answer.why : ss_html_member(answer.fields, "detail"));
        return;
    }
    apr_size_t len = answer.raw.content_len < SHOWN_MAX ? answer.raw.content_len : SHOWN_MAX;
    ss_html_print(r,
                  "<pre tabindex='0' aria-label='Content'>%s</pre>\n<p><a class='button' "
                  "href='%s/message/%s?source=1'>Download the message</a></p></details>\n",
                  ss_text_utf8(r->pool, answer.raw.content, len), page->base, id);
}

int ss_status_content(ss_page_t *page, const char *id)
{
    request_rec *r = page->r;
    ss_rpc_answer_t answer;

    if (!ss_module_policy(r)->status_body)
        return ss_problem(r, HTTP_FORBIDDEN, NULL,
                          "content is not available here: SMTPSendStatusBody is Off");
    if (!ss_rpc_call(r, content_request(id, 0), SS_RPC_TIMEOUT, &answer)) return OK;
    ap_set_content_type(r, "message/rfc822");
    apr_table_setn(r->headers_out, "Content-Disposition",
                   apr_psprintf(r->pool, "attachment; filename=\"%s.eml\"", id));
    apr_table_setn(r->headers_out, "Content-Security-Policy", "sandbox");
    apr_off_t left = ss_json_number(answer.fields, "size");
    ap_set_content_length(r, left);
    if (r->header_only) return OK;
    apr_pool_t *pool;
    apr_pool_create(&pool, r->pool);
    for (int part = 1;; part++) {
        if ((apr_off_t)answer.raw.content_len > left ||
            ap_rwrite(answer.raw.content, (int)answer.raw.content_len, r) < 0)
            break;
        left -= (apr_off_t)answer.raw.content_len;
        if (!left || ap_rflush(r) < 0 || r->connection->aborted) break;
        apr_pool_clear(pool);
        if (!ss_rpc_try(content_request(id, part), SS_RPC_TIMEOUT, &answer, pool) ||
            answer.raw.status != 200)
            break;
    }
    apr_pool_destroy(pool);
    /* The message was sent and removed meanwhile, or the queue failed. The client notices: the
     * connection ends before Content-Length bytes. */
    if (left) r->connection->keepalive = AP_CONN_CLOSE;
    return OK;
}
