/* The address is checked when the socket is created, after the
 * name was resolved: a host name that changes to a private address between check and use (DNS
 * rebinding) has no effect. */
#include "net/webhook_call.h"

#include <apr_base64.h>
#include <apr_escape.h>
#include <apr_strings.h>
#include <curl/curl.h>
#include <netinet/in.h>
#include <openssl/hmac.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"

#define CALL_TIME 15L /* seconds for the whole */
#define CONNECT_TIME 5L
#define SS_WEBHOOK_SECRET_MAX 1024 /* octets; SMTPSendWebhookSecret allows fewer */

void ss_webhook_call_init(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
}

void ss_webhook_call_close(void *handle)
{
    curl_easy_cleanup(handle);
}

static int is_private4(const unsigned char *a)
{
    static const struct {
        unsigned char net[4];
        int bits;
    } nets[] = { { { 0, 0, 0, 0 }, 8 },    { { 10, 0, 0, 0 }, 8 },     { { 100, 64, 0, 0 }, 10 },
                 { { 127, 0, 0, 0 }, 8 },  { { 169, 254, 0, 0 }, 16 }, { { 172, 16, 0, 0 }, 12 },
                 { { 192, 0, 0, 0 }, 24 }, { { 192, 168, 0, 0 }, 16 }, { { 198, 18, 0, 0 }, 15 },
                 { { 224, 0, 0, 0 }, 3 } };
    unsigned address = (unsigned)a[0] << 24 | (unsigned)a[1] << 16 | (unsigned)a[2] << 8 | a[3];

    for (size_t i = 0; i < sizeof(nets) / sizeof(nets[0]); i++) {
        unsigned net = (unsigned)nets[i].net[0] << 24 | (unsigned)nets[i].net[1] << 16 |
                       (unsigned)nets[i].net[2] << 8 | nets[i].net[3];
        if (!((address ^ net) >> (32 - nets[i].bits))) return 1;
    }
    return 0;
}

static int is_private6(const unsigned char *a)
{
    static const unsigned char zero[10], mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff },
                                         nat64[12] = { 0, 0x64, 0xff, 0x9b };

    if (!memcmp(a, mapped, 12) || !memcmp(a, nat64, 12)) return is_private4(a + 12);
    if (a[0] == 0x20 && a[1] == 0x02) return is_private4(a + 2); /* 6to4 */
    return !memcmp(a, zero, 10) || (a[0] & 0xfe) == 0xfc || (a[0] == 0xfe && (a[1] & 0x80)) ||
           a[0] == 0xff;
}

int ss_webhook_call_is_private(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET)
        return is_private4(
            (const unsigned char *)&((const struct sockaddr_in *)(const void *)address)->sin_addr);
    if (address->sa_family == AF_INET6)
        return is_private6(
            (const unsigned char *)&((const struct sockaddr_in6 *)(const void *)address)
                ->sin6_addr);
    return 1;
}

static curl_socket_t open_socket(void *self, curlsocktype purpose, struct curl_sockaddr *address)
{
    ss_webhook_call_t *call = self;

    (void)purpose;
    if (!call->may_be_private && ss_webhook_call_is_private(&address->addr)) {
        apr_cpystrn(call->error,
                    "its address is private: name the host itself in SMTPSendWebhookAllow",
                    sizeof(call->error));
        return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static size_t ignore(char *bytes, size_t size, size_t count, void *self)
{
    (void)bytes;
    (void)self;
    return size * count;
}

/* The HMAC-SHA256 of the pieces, up to NULL. Its length; 0: it cannot be made. */
static size_t sign(unsigned char digest[EVP_MAX_MD_SIZE], const unsigned char *key, size_t key_len,
                   const char *const *pieces)
{
    size_t len = EVP_MAX_MD_SIZE;
    EVP_PKEY *mac = EVP_PKEY_new_mac_key(EVP_PKEY_HMAC, NULL, key, (int)key_len);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    int ok = mac && context && EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, mac) > 0;

    for (; ok && *pieces; pieces++)
        ok = EVP_DigestSignUpdate(context, *pieces, strlen(*pieces)) > 0;
    ok = ok && EVP_DigestSignFinal(context, digest, &len) > 0;
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(mac);
    return ok ? len : 0;
}

/* What Standard Webhooks signs with. Its length; at most the secret's. */
static size_t key_of(unsigned char *key, const char *secret)
{
    static const char prefix[] = "whsec_";

    if (!strncmp(secret, prefix, sizeof(prefix) - 1)) {
        int len = apr_base64_decode_binary(key, secret + sizeof(prefix) - 1);
        if (len > 0) return (size_t)len;
    }
    memcpy(key, secret, strlen(secret));
    return strlen(secret);
}

static struct curl_slist *sign_fields(struct curl_slist *list, const ss_webhook_call_t *call,
                                      const char *time)
{
    const char *const ours[] = { time, ".", call->body, NULL };
    const char *const standard[] = { call->event, ".", time, ".", call->body, NULL };
    unsigned char digest[EVP_MAX_MD_SIZE], key[SS_WEBHOOK_SECRET_MAX];
    char text[EVP_MAX_MD_SIZE * 2 + 1], line[600];

    if (!call->secret || strlen(call->secret) > sizeof(key)) return list;
    size_t len = sign(digest, (const unsigned char *)call->secret, strlen(call->secret), ours);
    apr_escape_hex(text, digest, len, 0, NULL);
    apr_snprintf(line, sizeof(line), "SMTP-Send-Signature: sha256=%s", text);
    list = curl_slist_append(list, line);
    len = sign(digest, key, key_of(key, call->secret), standard);
    apr_base64_encode_binary(text, digest, (int)len);
    apr_snprintf(line, sizeof(line), "webhook-signature: v1,%s", text);
    return curl_slist_append(list, line);
}

static struct curl_slist *fields_of(const ss_webhook_call_t *call)
{
    static const char *const ids[] = { "SMTP-Send-Event", "webhook-id" }, *const times[] = {
        "SMTP-Send-Time", "webhook-timestamp"
    };
    char time[32], line[600];
    struct curl_slist *list = curl_slist_append(NULL, "Content-Type: application/json");

    apr_snprintf(time, sizeof(time), "%" APR_INT64_T_FMT, (apr_int64_t)apr_time_sec(ss_wall_now()));
    for (int i = 0; i < 2; i++) {
        apr_snprintf(line, sizeof(line), "%s: %s", ids[i], call->event);
        list = curl_slist_append(list, line);
        apr_snprintf(line, sizeof(line), "%s: %s", times[i], time);
        list = curl_slist_append(list, line);
    }
    if (call->trace) {
        apr_snprintf(line, sizeof(line), "traceparent: %s", call->trace);
        list = curl_slist_append(list, line);
    }
    return curl_slist_append(sign_fields(list, call, time), "Expect:");
}

void ss_webhook_call(ss_webhook_call_t *call, void **handle)
{
    CURL *curl = *handle ? *handle : curl_easy_init();
    long status = 0;

    call->status = 0;
    call->error[0] = '\0';
    *handle = curl;
    if (!curl) {
        apr_cpystrn(call->error, "libcurl does not start", sizeof(call->error));
        return;
    }
    curl_easy_reset(curl);
    struct curl_slist *fields = fields_of(call);
    curl_easy_setopt(curl, CURLOPT_URL, call->url);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, fields);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, call->body);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, (long)strlen(call->body));
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "mod_smtp_send/" SMTP_SEND_VERSION);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, CALL_TIME);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, CONNECT_TIME);
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, ignore);
    curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, call);
    /* A connection to a private address, made for another message's webhook, must not be reused by
     * one that is not allowed there. */
    curl_easy_setopt(curl, CURLOPT_FRESH_CONNECT, call->may_be_private ? 0L : 1L);
    CURLcode rc = curl_easy_perform(curl);
    if (rc == CURLE_OK)
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    else if (!call->error[0])
        apr_cpystrn(call->error, curl_easy_strerror(rc), sizeof(call->error));
    call->status = (int)status;
    curl_slist_free_all(fields);
}
