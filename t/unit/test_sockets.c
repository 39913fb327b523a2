/* test_sockets.c: the local socket's file: made, kept, noticed when it is gone, and tried again
 * where it cannot be made (src/daemon/sockets). */
#include <CUnit/Basic.h>
#include <apr_strings.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "daemon/folder.h"
#include "daemon/sockets.h"

void ss_suite_sockets(void);

static char folder[64], path[108], other[100], lines[4096];
static ss_settings_globals_t globals;
static ss_trouble_t trouble;
static ss_sockets_place_t place;
static int fd;
static ss_mono_t now;

static void write_line(void *self, ss_log_level_t level, const char *line)
{
    (void)self;
    (void)level;
    apr_size_t len = strlen(lines);
    apr_snprintf(lines + len, sizeof(lines) - len, "%s\n", line);
}

static const ss_log_t sink = { .write = write_line, .level = SS_LOG_DEBUG };

/* One call of httpd's monitor hook. */
static int look_for(gid_t gid)
{
    ss_sockets_options_t options = {
        .globals = &globals, .log = &sink, .uid = geteuid(), .gid = gid
    };

    *lines = '\0';
    return ss_sockets_open_local(&fd, &place, &options, &trouble, now);
}

static int look(void)
{
    return look_for(getegid());
}

static void begin(void)
{
    apr_cpystrn(folder, "/tmp/smtp-send-sockets.XXXXXX", sizeof(folder));
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
    apr_snprintf(path, sizeof(path), "%s/socket", folder);
    apr_snprintf(other, sizeof(other), "%s/other", folder);
    globals = (ss_settings_globals_t){ .socket_path = path, .socket_mode = 0660 };
    memset(&place, 0, sizeof(place));
    memset(&trouble, 0, sizeof(trouble));
    fd = -1;
    now = (ss_mono_t){ 5000 * APR_USEC_PER_SEC };
}

static void end(void)
{
    ss_sockets_close(&fd);
    unlink(path);
    unlink(other);
    rmdir(folder);
}

/* A connection to the socket at path; -1: none, also where its backlog is full. */
static int caller(void)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    apr_cpystrn(address.sun_path, path, sizeof(address.sun_path));
    if (connect(client, (struct sockaddr *)&address, sizeof(address)) == 0) return client;
    close(client);
    return -1;
}

static void check_answered(void)
{
    int client = caller();

    CU_ASSERT(client >= 0);
    close(client);
}

static void it_is_made_once_with_its_mode(void)
{
    struct stat info;

    begin();
    CU_ASSERT_EQUAL(look(), 1);
    check_answered();
    CU_ASSERT_EQUAL(stat(path, &info), 0);
    CU_ASSERT_EQUAL(info.st_mode & 0777, 0660);
    CU_ASSERT_EQUAL(look(), 0);
    CU_ASSERT_STRING_EQUAL(lines, "");
    /* Another mode is another file: nothing is done by name to one that is there. */
    globals.socket_mode = 0600;
    CU_ASSERT_EQUAL(look(), 1);
    CU_ASSERT_EQUAL(stat(path, &info), 0);
    CU_ASSERT_EQUAL(info.st_mode & 0777, 0600);
    /* So is one for another group: a graceful restart with another SMTPSendUser. */
    CU_ASSERT_EQUAL(look_for(getegid() + 1), 1);
    CU_ASSERT_EQUAL(look_for(getegid() + 1), 0);
    end();
}

static void one_that_was_removed_is_made_again(void)
{
    begin();
    look();
    unlink(path);
    CU_ASSERT_EQUAL(look(), 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(lines, "SMTPSend-286"));
    check_answered();
    CU_ASSERT_EQUAL(look(), 0);
    end();
}

static void one_that_was_replaced_is_made_again(void)
{
    begin();
    look();
    unlink(path);
    close(open(path, O_CREAT | O_WRONLY, 0600));
    CU_ASSERT_EQUAL(look(), 1);
    check_answered();
    end();
}

static void a_link_in_its_place_is_not_followed(void)
{
    struct stat info;

    begin();
    close(open(other, O_CREAT | O_WRONLY, 0600));
    look();
    unlink(path);
    CU_ASSERT_EQUAL(symlink(other, path), 0);
    CU_ASSERT_EQUAL(look(), 1);
    check_answered();
    CU_ASSERT_EQUAL(stat(other, &info), 0);
    CU_ASSERT_EQUAL(info.st_mode & 0777, 0600);
    end();
}

/* Somebody who may write the folder puts a link there in every moment. */
static void *put_links(void *over)
{
    while (!__atomic_load_n((int *)over, __ATOMIC_ACQUIRE)) {
        unlink(path);
        if (symlink(other, path)) usleep(1);
    }
    return NULL;
}

static void a_link_in_any_moment_is_not_followed(void)
{
    struct stat was, info;
    pthread_t thread;
    int over = 0, made = 0;

    begin();
    close(open(other, O_CREAT | O_WRONLY, 0600));
    CU_ASSERT_EQUAL(chmod(other, 0640), 0);
    CU_ASSERT_EQUAL(stat(other, &was), 0);
    CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, put_links, &over), 0);
    for (int i = 0; i < 500; i++) {
        globals.socket_mode = 0600 + i % 8;
        made += look();
        now = ss_mono_add(now, 60 * APR_USEC_PER_SEC);
    }
    __atomic_store_n(&over, 1, __ATOMIC_RELEASE);
    pthread_join(thread, NULL);
    CU_ASSERT_EQUAL(made, 500);
    CU_ASSERT_EQUAL(lstat(other, &info), 0);
    CU_ASSERT(S_ISREG(info.st_mode) && info.st_mode == was.st_mode && info.st_uid == was.st_uid);
    unlink(path);
    unlink(other);
    CU_ASSERT_EQUAL(rmdir(folder), 0); /* nothing private was left */
    ss_sockets_close(&fd);
}

static void a_long_path_is_bound(void)
{
    char deep[200];

    begin();
    apr_snprintf(deep, sizeof(deep), "%s/%065d", folder, 0);
    CU_ASSERT_EQUAL(mkdir(deep, 0700), 0);
    apr_snprintf(path, sizeof(path), "%s/s", deep);
    CU_ASSERT_EQUAL(look(), 1);
    check_answered();
    unlink(path);
    rmdir(deep);
    end();
}

static void a_folder_that_others_can_write_is_said(void)
{
    const struct {
        mode_t mode;
        const char *who; /* NULL: nobody else can */
    } cases[] = { { 0700, NULL },
                  { 0755, NULL },
                  { 01777, "everybody" },
                  { 0777, "everybody" },
                  { 0775, geteuid() ? NULL : "group 33" } };
    ss_sockets_options_t options = { .globals = &globals, .log = &sink };

    begin();
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        if (!geteuid() && chown(folder, 0, 33)) CU_FAIL("chown");
        CU_ASSERT_EQUAL(chmod(folder, cases[i].mode), 0);
        *lines = '\0';
        ss_sockets_check_folder(&options);
        CU_ASSERT_EQUAL(strstr(lines, "SMTPSend-280") != NULL, cases[i].who != NULL);
        if (cases[i].who) CU_ASSERT_PTR_NOT_NULL(strstr(lines, cases[i].who));
    }
    if (!geteuid()) {
        CU_ASSERT_EQUAL(chown(folder, 33, 33), 0);
        CU_ASSERT_EQUAL(chmod(folder, 0755), 0);
        *lines = '\0';
        ss_sockets_check_folder(&options);
        CU_ASSERT_PTR_NOT_NULL(strstr(lines, "user 33"));
    }
    end();
}

static void a_folder_is_made_for_its_user(void)
{
    char made[100];
    struct stat info;

    begin();
    apr_snprintf(made, sizeof(made), "%s/made", folder);
    ss_folder_make(made, 33, 33);
    CU_ASSERT_EQUAL(lstat(made, &info), 0);
    CU_ASSERT_EQUAL(info.st_uid, geteuid() ? geteuid() : 33);
    CU_ASSERT_EQUAL(info.st_mode & 0777, 0750);
    rmdir(made);
    /* What is there already stays as it is. */
    mkdir(other, 0700);
    CU_ASSERT_EQUAL(symlink(other, made), 0);
    ss_folder_make(made, 33, 33);
    ss_folder_make(other, 33, 33);
    CU_ASSERT_EQUAL(stat(other, &info), 0);
    CU_ASSERT_EQUAL(info.st_uid, geteuid());
    unlink(made);
    rmdir(other);
    end();
}

static void a_folder_that_is_missing_is_waited_for(void)
{
    begin();
    rmdir(folder);
    CU_ASSERT_EQUAL(look(), 0);
    CU_ASSERT_EQUAL(fd, -1);
    CU_ASSERT_PTR_NOT_NULL(strstr(lines, "SMTPSend-282"));
    CU_ASSERT_PTR_NOT_NULL(strstr(trouble.socket, strerror(ENOENT)));
    /* Too early, and then once more without a line. */
    mkdir(folder, 0700);
    CU_ASSERT_EQUAL(look(), 0);
    CU_ASSERT_EQUAL(fd, -1);
    rmdir(folder);
    now = ss_mono_add(now, APR_USEC_PER_SEC);
    CU_ASSERT_EQUAL(look(), 0);
    CU_ASSERT_STRING_EQUAL(lines, "");
    mkdir(folder, 0700);
    now = ss_mono_add(now, 2 * APR_USEC_PER_SEC);
    CU_ASSERT_EQUAL(look(), 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(lines, "SMTPSend-288"));
    CU_ASSERT_STRING_EQUAL(trouble.socket, "");
    check_answered();
    end();
}

static void another_server_keeps_its_socket(void)
{
    ss_sockets_place_t first;
    int first_fd, waiting[512], count = 0;

    begin();
    look();
    first = place;
    first_fd = fd;
    fd = -1;
    memset(&place, 0, sizeof(place));
    CU_ASSERT_EQUAL(look(), 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(lines, "SMTPSend-281"));
    CU_ASSERT_PTR_NOT_NULL(strstr(trouble.socket, "another running httpd"));
    /* Also one whose backlog is full: nobody waits for it. */
    fcntl(first_fd, F_SETFL, O_NONBLOCK);
    CU_ASSERT_EQUAL(listen(first_fd, 1), 0);
    while (count < 2 && (waiting[count] = caller()) >= 0) count++;
    now = ss_mono_add(now, 60 * APR_USEC_PER_SEC);
    CU_ASSERT_EQUAL(look(), 0);
    while (count) close(waiting[--count]);
    close(first_fd);
    now = ss_mono_add(now, 60 * APR_USEC_PER_SEC);
    CU_ASSERT_EQUAL(look(), 1);
    CU_ASSERT(place.inode != 0 && first.inode != 0);
    check_answered();
    end();
}

static void an_smtp_port_in_use_is_tried_again(void)
{
    ss_sockets_options_t options = { .globals = &globals, .log = &sink };
    ss_sockets_place_t taken = { 0 };
    int taken_fd = -1;

    begin();
    globals.listen = "127.0.0.1:0";
    CU_ASSERT_EQUAL(ss_sockets_open_smtp(&taken_fd, &taken, &options, now), 1);
    struct sockaddr_storage address;
    socklen_t len = sizeof(address);
    CU_ASSERT_EQUAL(getsockname(taken_fd, (struct sockaddr *)&address, &len), 0);
    unsigned char *port = (unsigned char *)&address + 2;
    char listen_at[32];
    apr_snprintf(listen_at, sizeof(listen_at), "127.0.0.1:%d", port[0] << 8 | port[1]);
    globals.listen = listen_at;
    *lines = '\0';
    CU_ASSERT_EQUAL(ss_sockets_open_smtp(&fd, &place, &options, now), 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(lines, "SMTPSend-287"));
    ss_sockets_close(&taken_fd);
    CU_ASSERT_EQUAL(ss_sockets_open_smtp(&fd, &place, &options, now), 0);
    now = ss_mono_add(now, APR_USEC_PER_SEC);
    CU_ASSERT_EQUAL(ss_sockets_open_smtp(&fd, &place, &options, now), 1);
    CU_ASSERT_EQUAL(ss_sockets_open_smtp(&fd, &place, &options, now), 0);
    globals.listen = NULL;
    CU_ASSERT_EQUAL(ss_sockets_open_smtp(&fd, &place, &options, now), 0);
    CU_ASSERT_EQUAL(fd, -1);
    end();
}

void ss_suite_sockets(void)
{
    CU_pSuite suite = CU_add_suite("sockets", NULL, NULL);

    CU_ADD_TEST(suite, it_is_made_once_with_its_mode);
    CU_ADD_TEST(suite, one_that_was_removed_is_made_again);
    CU_ADD_TEST(suite, one_that_was_replaced_is_made_again);
    CU_ADD_TEST(suite, a_link_in_its_place_is_not_followed);
    CU_ADD_TEST(suite, a_link_in_any_moment_is_not_followed);
    CU_ADD_TEST(suite, a_long_path_is_bound);
    CU_ADD_TEST(suite, a_folder_that_others_can_write_is_said);
    CU_ADD_TEST(suite, a_folder_is_made_for_its_user);
    CU_ADD_TEST(suite, a_folder_that_is_missing_is_waited_for);
    CU_ADD_TEST(suite, another_server_keeps_its_socket);
    CU_ADD_TEST(suite, an_smtp_port_in_use_is_tried_again);
}
