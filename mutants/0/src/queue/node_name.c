#include "queue/node_name.h"

#include <apr_general.h>
#include <apr_lib.h>
#include <apr_strings.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "queue/lock.h"

#define NAME_DIGITS 12 /* of a node's name: 48 random bits */

void ss_node_name_token(char token[SS_NODE_NAME_TOKEN])
{
    unsigned char bytes[(SS_NODE_NAME_TOKEN - 1) / 2];

    if (apr_generate_random_bytes(bytes, sizeof(bytes)) != APR_SUCCESS)
        memcpy(bytes, &(apr_time_t){ ss_wall_now() }, sizeof(apr_time_t));
    for (apr_size_t i = 0; i < sizeof(bytes); i++) apr_snprintf(token + 2 * i, 3, "%02x", bytes[i]);
}

/* The host name, limited to the characters allowed in a node's name. The random part makes the name
 * unique. */
static void name_machine(char *name, apr_size_t size)
{
    if (gethostname(name, size)) apr_cpystrn(name, "node", size);
    name[size - 1] = '\0';
    for (char *p = name; *p; p++) {
        if (!apr_isalnum(*p) && *p != '.' && *p != '-') *p = '-';
    }
}

static apr_status_t keep_name(const char *file, const char *name, ss_result_t *result)
{
    int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    apr_size_t len = strlen(name);

    if (fd < 0 || write(fd, name, len) != (ssize_t)len || fsync(fd)) {
        int error = errno;
        if (fd >= 0) close(fd);
        ss_result_set(result, "queue", "", NULL, "the name of this node cannot be saved in %s: %s",
                      file, strerror(error));
        return error;
    }
    close(fd);
    return APR_SUCCESS;
}

apr_status_t ss_node_name_take(const char *file, apr_interval_time_t wait, int *fd,
                               char name[SS_NODE_NAME_MAX + 1], ss_result_t *result)
{
    char machine[25], token[SS_NODE_NAME_TOKEN], kept[SS_NODE_NAME_MAX + 1] = "";
    apr_status_t rv = ss_lock_take(fd, file, wait, result);

    if (APR_STATUS_IS_EBUSY(rv)) {
        ss_result_clear(result);
        ss_result_set(result, "queue", "EBUSY", NULL,
                      "the name of this node in %s is used by another delivery daemon: give each "
                      "httpd its own socket (SMTPSendSocket)",
                      file);
    }
    if (rv != APR_SUCCESS) return rv;
    int old = open(file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (old >= 0) {
        ssize_t got = read(old, kept, sizeof(kept) - 1);
        kept[got > 0 ? got : 0] = '\0';
        kept[strspn(kept, "0123456789abcdef")] = '\0';
        close(old);
    }
    if (strlen(kept) < NAME_DIGITS) {
        ss_node_name_token(token);
        apr_cpystrn(kept, token, NAME_DIGITS + 1);
        rv = keep_name(file, kept, result);
        if (rv != APR_SUCCESS) return rv;
    }
    kept[NAME_DIGITS] = '\0';
    /* With the host name, a cloned machine has another node name as soon as it is renamed. */
    name_machine(machine, sizeof(machine));
    apr_snprintf(name, SS_NODE_NAME_MAX + 1, "%s/%s", machine, kept);
    return APR_SUCCESS;
}
