/* test_cli_socket.c: which socket a command uses. */
#include <CUnit/CUnit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "cli/cli.h"

void ss_suite_cli_socket(void);

#define HTTPD "httpd.sock"
#define SERVICE "service.sock"

static int listen_at(const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
    CU_ASSERT_EQUAL(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    CU_ASSERT_EQUAL(listen(fd, 1), 0);
    return fd;
}

static void httpd_s_goes_first_where_somebody_listens(void)
{
    char folder[] = "/tmp/smtp-send-unit.XXXXXX", was[4096];

    CU_ASSERT_PTR_NOT_NULL_FATAL(getcwd(was, sizeof(was)));
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
    CU_ASSERT_EQUAL_FATAL(chdir(folder), 0);
    CU_ASSERT_STRING_EQUAL(ss_cli_socket_choose(HTTPD, SERVICE), HTTPD);
    int service = listen_at(SERVICE);
    CU_ASSERT_STRING_EQUAL(ss_cli_socket_choose(HTTPD, SERVICE), SERVICE);
    int httpd = listen_at(HTTPD);
    CU_ASSERT_STRING_EQUAL(ss_cli_socket_choose(HTTPD, SERVICE), HTTPD);
    /* A file that an httpd left behind. */
    close(httpd);
    CU_ASSERT_STRING_EQUAL(ss_cli_socket_choose(HTTPD, SERVICE), SERVICE);
    close(service);
    unlink(SERVICE);
    CU_ASSERT_STRING_EQUAL(ss_cli_socket_choose(HTTPD, SERVICE), HTTPD);
    unlink(HTTPD);
    CU_ASSERT_EQUAL(chdir(was), 0);
    rmdir(folder);
}

static void what_is_said_goes_first(void)
{
    setenv("SMTP_SEND_SOCKET", "/from/the/environment", 1);
    CU_ASSERT_STRING_EQUAL(ss_cli_socket("/an/option"), "/an/option");
    CU_ASSERT_STRING_EQUAL(ss_cli_socket(NULL), "/from/the/environment");
    unsetenv("SMTP_SEND_SOCKET");
}

void ss_suite_cli_socket(void)
{
    CU_pSuite suite = CU_add_suite("cli_socket", NULL, NULL);

    CU_add_test(suite, "httpd_s_goes_first_where_somebody_listens",
                httpd_s_goes_first_where_somebody_listens);
    CU_add_test(suite, "what_is_said_goes_first", what_is_said_goes_first);
}
