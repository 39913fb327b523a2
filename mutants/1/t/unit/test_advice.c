/* test_advice.c: the knowledge base: libraries' texts find their entry, pasted lines rank sensibly,
 * each row is complete. */
#include <CUnit/Basic.h>
#include <apr_pools.h>
#include <apr_strings.h>
#include <stdio.h>
#include <string.h>

#include "smtp/advice.h"

void ss_suite_advice(void);

typedef struct {
    const char *text, *want;
} row_t;

static const row_t texts[] = {
    { "error:0A00010B:SSL routines:tls_validate_record_header:wrong version number",
      "tls-plain-port" },
    { "error:1408F10B:SSL routines:ssl3_get_record:wrong version number", "tls-plain-port" },
    { "SSL_connect returned=1 errno=0 state=SSLv2/v3 read server hello A: unknown protocol",
      "tls-plain-port" },
    { "tls: first record does not look like a TLS handshake", "tls-plain-port" },
    { "Greeting never received", "greeting-silent" },
    { "EOFError: end of file reached", "connection-lost" },
    { "SMTP NOTICE: EOF caught while checking if connected", "connection-lost" },
    { "error:0A000086:SSL routines::certificate verify failed", "cert-untrusted" },
    { "error:1416F086:SSL routines:tls_process_server_certificate:certificate verify failed",
      "cert-untrusted" },
    { "Peer certificate CN=`*.icnhost.net' did not match expected CN=`mail.myshop.eu'",
      "cert-name" },
    { "PKIX path building failed: unable to find valid certification path to requested target",
      "cert-untrusted" },
    { "x509: certificate signed by unknown authority", "cert-untrusted" },
    { "Connection timed out (110)", "connect-timeout" },
    { "dial tcp: lookup smtp.office.365.com on 192.0.2.53: no such host", "resolve-unknown" },
    { "connect ECONNREFUSED 127.0.0.1:465", "connect-refused" },
    { "Cannot assign requested address", "connect-source" },
    { "Network is unreachable", "connect-unreachable" },
    { "error:1425F102:SSL routines:ssl_choose_client_version:unsupported protocol",
      "tls-old-server" },
    { "error:141A318A:SSL routines:tls_process_ske_dhe:dh key too small", "tls-old-server" },
    { "error:0A00014D:SSL routines::legacy sigalg disallowed or unsupported", "tls-old-server" },
    { "220 **********************", "greeting-asterisks" },
    { "250 XXXXXXXA", "starttls-stripped" },
    { "certificate has expired", "cert-expired" },
    { "Temporary failure in name resolution", "resolve-again" },
    { "authentication required but no common mechanisms were found", "auth-none-common" },
    { "No space left on device", "SMTPSend-301" },
};

static const row_t questions[] = {
    { "5.7.8", "auth-rejected" },
    { "535", "auth-rejected" },
    { "auth-rejected", "auth-rejected" },
    { "  Cert-Name \n", "cert-name" },
    { "ID: to=<b@a.example>, relay=mail.a.example[192.0.2.1]:465, delay=0.42, "
      "delays=0.01/0.00/0.20/0.21, dsn=5.7.8, status=deferred (535 5.7.8 Error: no)",
      "auth-rejected" },
    { "535-5.7.8 Username and Password not accepted. Learn more at "
      "https://support.google.com/mail/?p=BadCredentials",
      "auth-rejected" },
    { "534-5.7.9 Application-specific password required.", "auth-app-password" },
    { "530 5.7.57 SMTP; Client was not authenticated to send anonymous mail", "auth-required" },
    { "535 5.7.139 Authentication unsuccessful, basic authentication is disabled.",
      "auth-basic-disabled" },
    { "554 5.7.1 <x>: Relay access denied", "relay-denied" },
    { "421", "service-unavailable" },
    { "432 4.3.2 sender thread limit exceeded", "too-many-connections" },
    { "550", "user-unknown" },
    { "The SMTP host's reply code to the MAIL command was 503: only one MAIL per message",
      "one-message" },
    { "certificate expired", "cert-expired" },
    { "Certificate\nhas\r\texpired", "cert-expired" },
    { "550.", "user-unknown" },
    { "(550)", "user-unknown" },
    { "{550}", "user-unknown" },
    { "see auth-rejected for help", "auth-rejected" },
    { "quota", "quota" },
    { "SMTPSend-220", "SMTPSend-220" },
    { "smtpsend-301", "SMTPSend-301" },
    { "SMTPSend-260: relay \"default\": sending is paused since 10:00: 5 messages wait",
      "SMTPSend-260" },
    { "SMTPSend-220: relay \"default\": mail.example.com:587 is blocked (it refuses us) at auth: "
      "535 5.7.8 Error: authentication failed",
      "auth-rejected" },
};

static const char *best(const char *text, apr_pool_t *pool)
{
    apr_array_header_t *found = ss_advice_search(text, 5, pool);
    CU_ASSERT(found->nelts <= 5);
    return found->nelts ? APR_ARRAY_IDX(found, 0, const ss_advice_t *)->id : "nothing";
}

static void check_rows(const row_t *rows, apr_size_t count)
{
    apr_pool_t *pool;
    apr_pool_create(&pool, NULL);
    for (apr_size_t i = 0; i < count; i++) {
        const char *got = best(rows[i].text, pool);
        if (strcmp(got, rows[i].want))
            fprintf(stderr, "\n  %s: %s, want %s\n", rows[i].text, got, rows[i].want);
        CU_ASSERT_STRING_EQUAL(got, rows[i].want);
    }
    apr_pool_destroy(pool);
}

static void library_texts(void)
{
    check_rows(texts, sizeof(texts) / sizeof(texts[0]));
}

/* Ids that were merged into others, and codes whose own rows are gone. */
static void merged_ids(void)
{
    static const row_t merged[] = {
        { "command-timeout", "timeout" },   { "starttls-missing", "starttls-not-offered" },
        { "disk-full", "SMTPSend-301" },    { "queue-full", "SMTPSend-501" },
        { "daemon-down", "SMTPSend-501" },  { "5.7.30", "requiretls-missing" },
        { "4.7.30", "requiretls-missing" }, { "5.6.7", "address-utf8" },
    };
    check_rows(merged, sizeof(merged) / sizeof(merged[0]));
}

static void ranking(void)
{
    check_rows(questions, sizeof(questions) / sizeof(questions[0]));
    apr_pool_t *pool;
    apr_pool_create(&pool, NULL);
    CU_ASSERT_EQUAL(ss_advice_search("", 5, pool)->nelts, 0);
    CU_ASSERT_EQUAL(ss_advice_search("qwertz 10.1.2.3", 5, pool)->nelts, 0);
    static const char *const no_codes[] = { "650",    "55",     "5500",      "555555555555555",
                                            "3.7.8",  "55.7.8", "5.7",       "550x",
                                            "x550",   ".550",   ":550",      "5.7.8z",
                                            "2.7.88", "2.7.8",  "ertificate" };
    for (apr_size_t i = 0; i < sizeof(no_codes) / sizeof(no_codes[0]); i++) {
        int count = ss_advice_search(no_codes[i], 5, pool)->nelts;
        if (count) fprintf(stderr, "\n  %s is no code, and yet found\n", no_codes[i]);
        CU_ASSERT_EQUAL(count, 0);
    }
    CU_ASSERT_EQUAL(ss_advice_search(NULL, 5, pool)->nelts, 0);
    CU_ASSERT_EQUAL(ss_advice_search("550", -1, pool)->nelts, 0);
    CU_ASSERT(ss_advice_search("550", 100000, pool)->nelts > 1);
    /* Codes past the bound of one text are not looked at. */
    const char *many = "";
    for (int i = 0; i < 32; i++) many = apr_pstrcat(pool, many, "599 ", NULL);
    CU_ASSERT_EQUAL(ss_advice_search(apr_pstrcat(pool, many, "550", NULL), 5, pool)->nelts, 0);
    CU_ASSERT(ss_advice_search(apr_pstrcat(pool, many + 4, "550", NULL), 5, pool)->nelts > 0);
    CU_ASSERT_EQUAL(ss_advice_search("550", 0, pool)->nelts, 0);
    CU_ASSERT_EQUAL(ss_advice_search("550", 1, pool)->nelts, 1);
    apr_pool_destroy(pool);
}

/* Each code of RFC 5321 and its extensions, each detail of RFC 3463 and what was registered since.
 */
static void every_code(void)
{
    static const int codes[] = { 211, 214, 220, 221, 235, 250, 251, 252, 334, 354, 421, 432, 450,
                                 451, 452, 454, 455, 458, 459, 500, 501, 502, 503, 504, 521, 525,
                                 530, 534, 535, 538, 550, 551, 552, 553, 554, 555, 556 };
    static const int details[8] = { 0, 10, 4, 6, 7, 6, 10, 30 };
    char text[16];
    apr_pool_t *pool;
    apr_pool_create(&pool, NULL);
    for (apr_size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        apr_snprintf(text, sizeof(text), "%d", codes[i]);
        CU_ASSERT(ss_advice_search(text, 3, pool)->nelts > 0);
    }
    for (int subject = 0; subject < 8; subject++) {
        for (int detail = 0; detail <= details[subject]; detail++) {
            apr_snprintf(text, sizeof(text), "5.%d.%d", subject, detail);
            int is_found = ss_advice_search(text, 3, pool)->nelts > 0;
            if (subject == 7 && detail == 12)
                is_found = ss_advice_search("4.7.12", 3, pool)->nelts > 0;
            if (!is_found) fprintf(stderr, "\n  nothing for %s\n", text);
            CU_ASSERT(is_found);
        }
    }
    apr_pool_destroy(pool);
}

static void rows_complete(void)
{
    for (int i = 0; i < ss_advice_count; i++) {
        const ss_advice_t *a = &ss_advice_table[i];
        CU_ASSERT(a->id && *a->id && a->title && *a->title && a->meaning && *a->meaning &&
                  a->remedy && *a->remedy);
        CU_ASSERT_PTR_EQUAL(ss_advice_find(a->id), a); /* fails for an id given twice */
    }
    for (int i = 0; i < ss_advice_log_count; i++) {
        const ss_advice_t *a = &ss_advice_log_table[i];
        CU_ASSERT(!strncmp(a->id, "SMTPSend-", 9) && *a->title && *a->meaning && *a->remedy);
        CU_ASSERT_PTR_EQUAL(ss_advice_find(a->id), a);
    }
    CU_ASSERT_PTR_NULL(ss_advice_find("no-such-id"));
    CU_ASSERT_PTR_NULL(ss_advice_find(NULL));
}

static const char *const ids[] = {
    "resolve-unknown",
    "resolve-none",
    "connect-refused",
    "connect-timeout",
    "connect-unreachable",
    "connect-source",
    "tls-plain-port",
    "tls-silent",
    "greeting-silent",
    "greeting-tls",
    "greeting-timeout",
    "greeting-asterisks",
    "greeting-refused",
    "starttls-refused",
    "starttls-stripped",
    "cert-expired",
    "cert-not-yet",
    "cert-self-signed",
    "cert-incomplete",
    "cert-name",
    "cert-untrusted",
    "cert-fingerprint",
    "cert-intercepted",
    "tls-old-server",
    "tls-version",
    "tls-client-cert",
    "tls-handshake",
    "auth-rejected",
    "auth-app-password",
    "auth-basic-disabled",
    "auth-none-common",
    "auth-not-offered",
    "auth-needs-tls",
    "auth-secret-unreadable",
    "auth-required",
    "auth-too-many",
    "sender-refused",
    "relay-denied",
    "one-message",
    "too-many-recipients",
    "too-many-connections",
    "quota",
    "helo-name",
    "null-sender",
    "config-no-host",
    "config-engine-off",
    "ipv6-unreachable",
    "other-server",
    "uncertain",
    "lost-connection",
    "not-smtp",
    "test-timeout",
    "timeout",
    "starttls-not-offered",
};

static void findings(void)
{
    for (apr_size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
        if (!ss_advice_find(ids[i])) fprintf(stderr, "\n  no entry %s\n", ids[i]);
        CU_ASSERT_PTR_NOT_NULL(ss_advice_find(ids[i]));
    }
}

void ss_suite_advice(void)
{
    CU_pSuite suite = CU_add_suite("advice", NULL, NULL);
    CU_add_test(suite, "texts of libraries", library_texts);
    CU_add_test(suite, "ids that were merged", merged_ids);
    CU_add_test(suite, "ranking", ranking);
    CU_add_test(suite, "every code", every_code);
    CU_add_test(suite, "rows complete", rows_complete);
    CU_add_test(suite, "findings of the test", findings);
}
