/* test_webhook_call.c: which addresses a webhook may not reach. */
#include <CUnit/Basic.h>
#include <arpa/inet.h>
#include <string.h>

#include "record/webhook.h"

static int is_private(const char *address)
{
    struct sockaddr_in v4 = { .sin_family = AF_INET };
    struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };

    if (inet_pton(AF_INET, address, &v4.sin_addr) == 1)
        return ss_webhook_call_is_private((const struct sockaddr *)(const void *)&v4);
    CU_ASSERT_EQUAL(inet_pton(AF_INET6, address, &v6.sin6_addr), 1);
    return ss_webhook_call_is_private((const struct sockaddr *)(const void *)&v6);
}

/* Both ends of each network, and what lies beside it. */
static void private_networks_are_known(void)
{
    static const char *const inside[] = { "0.0.0.0",
                                          "0.255.255.255",
                                          "10.0.0.0",
                                          "10.255.255.255",
                                          "100.64.0.0",
                                          "127.0.0.1",
                                          "100.127.255.255",
                                          "127.255.0.1",
                                          "169.254.0.0",
                                          "169.254.255.255",
                                          "172.16.0.0",
                                          "172.31.255.255",
                                          "192.0.0.0",
                                          "192.0.0.255",
                                          "192.168.0.0",
                                          "198.18.0.0",
                                          "192.168.255.255",
                                          "224.0.0.1",
                                          "198.19.255.255",
                                          "255.255.255.255",
                                          "::",
                                          "::1",
                                          "fc00::1",
                                          "fdff::1",
                                          "fe80::1",
                                          "febf::1",
                                          "fec0::1",
                                          "ff02::1",
                                          "::ffff:10.0.0.1",
                                          "64:ff9b::10.0.0.1",
                                          "2002:0a00:1::" };
    static const char *const outside[] = { "1.0.0.0",         "9.255.255.255",   "11.0.0.0",
                                           "100.63.255.255",  "100.128.0.0",     "126.0.0.1",
                                           "128.0.0.1",       "169.253.0.1",     "169.255.0.0",
                                           "172.15.255.255",  "172.32.0.0",      "192.0.1.0",
                                           "192.167.255.255", "192.169.0.0",     "198.17.255.255",
                                           "198.20.0.0",      "223.255.255.255", "2001:db8::1",
                                           "2606:4700::1",    "::ffff:8.8.8.8",  "64:ff9b::8.8.8.8",
                                           "2002:0808:808::", "fb00::1" };

    for (size_t i = 0; i < sizeof(inside) / sizeof(inside[0]); i++)
        CU_ASSERT_TRUE(is_private(inside[i]));
    for (size_t i = 0; i < sizeof(outside) / sizeof(outside[0]); i++)
        CU_ASSERT_FALSE(is_private(outside[i]));
}

static void an_unknown_family_is_private(void)
{
    const struct sockaddr unknown = { .sa_family = AF_UNIX };

    CU_ASSERT_TRUE(ss_webhook_call_is_private(&unknown));
}

void ss_suite_webhook_call(void)
{
    CU_pSuite suite = CU_add_suite("webhook_call", NULL, NULL);

    CU_ADD_TEST(suite, private_networks_are_known);
    CU_ADD_TEST(suite, an_unknown_family_is_private);
}
