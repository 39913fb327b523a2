#include "web/shared/http.h"

#include <apr_strings.h>
#include <http_core.h>
#include <http_protocol.h>
#include <string.h>
#include <sys/socket.h>

#include "base/text.h"
#include "web/shared/negotiate.h"

int ss_http_prefers(const request_rec *r, const char *const *offers, int count)
{
    return ss_negotiate(apr_table_get(r->headers_in, "Accept"), offers, count);
}

int ss_http_wants_html(const request_rec *r)
{
    static const char *const offers[] = { "application/json", "text/html" };

    return ss_http_prefers(r, offers, 2) == 1;
}

const char *ss_http_path(const request_rec *r, apr_size_t cut)
{
    apr_size_t len = strlen(r->uri);

    len -= cut < len ? cut : len;
    while (len > 1 && r->uri[len - 1] == '/') len--;
    if (len == 1) len = 0;
    return ap_os_escape_path(r->pool, apr_pstrmemdup(r->pool, r->uri, len), 1);
}

const char *ss_http_leaf(const request_rec *r)
{
    const char *slash = strrchr(r->uri, '/');

    return slash ? slash + 1 : r->uri;
}

const char *ss_http_user(const request_rec *r)
{
    return r->user && *r->user ? r->user : apr_pstrcat(r->pool, "client ", r->useragent_ip, NULL);
}

int ss_http_is_wanted(void *request)
{
    conn_rec *connection = ((const request_rec *)request)->connection;
    apr_socket_t *socket = ap_get_conn_socket(connection);
    apr_os_sock_t fd;
    char byte;

    if (connection->aborted) return 0;
    if (!socket || apr_os_sock_get(&fd, socket) != APR_SUCCESS) return 1;
    return recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) != 0;
}

int ss_http_text(request_rec *r, int status, const char *type, const char *text, apr_size_t len)
{
    /* What a server or a stranger wrote may be in it, and ends in somebody's terminal. */
    if (len && strstr(type, "json")) {
        text = ss_text_visible(r->pool, text, len, SS_TEXT_JSON);
        len = strlen(text);
    }
    r->status = status;
    ap_set_content_type(r, type);
    ap_set_content_length(r, (apr_off_t)len);
    if (!r->header_only && len) ap_rwrite(text, (int)len, r);
    return OK;
}

int ss_http_json(request_rec *r, int status, const char *type, json_t *document)
{
    const char *text = ss_json_print(document, r->pool);

    if (!text) return HTTP_INTERNAL_SERVER_ERROR;
    text = apr_pstrcat(r->pool, text, "\n", NULL);
    return ss_http_text(r, status, type, text, strlen(text));
}
