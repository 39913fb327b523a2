#include "base/trouble.h"

#include <apr_strings.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

const char ss_trouble_hangs[] =
    "the delivery daemon is there and does not react: it hangs or was stopped (look for the "
    "process smtp-sendd; once it is killed, a new one is started)";

ss_trouble_t *ss_trouble_create(int *fd, apr_pool_t *pool)
{
    ss_trouble_t *shared;

    *fd = memfd_create("smtp_send trouble", MFD_CLOEXEC);
    if (*fd >= 0 && ftruncate(*fd, sizeof(*shared)) == 0 &&
        (shared = ss_trouble_attach(*fd)) != NULL)
        return shared;
    if (*fd >= 0) close(*fd);
    *fd = -1;
    return apr_pcalloc(pool, sizeof(*shared));
}

ss_trouble_t *ss_trouble_attach(int fd)
{
    void *shared = mmap(NULL, sizeof(ss_trouble_t), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

    return shared == MAP_FAILED ? NULL : shared;
}

int ss_trouble_set(char place[SS_TROUBLE_TEXT], const char *text)
{
    /* Zeros behind the text: all of it is copied to where web processes read. */
    char cut[SS_TROUBLE_TEXT] = "";

    apr_cpystrn(cut, text, sizeof(cut));
    if (!strcmp(place, cut)) return 0;
    memcpy(place, cut, sizeof(cut));
    return 1;
}

const char *ss_trouble_text(const ss_trouble_t *trouble, ss_mono_t asked, ss_mono_t now)
{
    if (!trouble) return NULL;
    if (*trouble->socket && ss_mono_is_set(asked)) return trouble->socket;
    if (*trouble->start) return trouble->start;
    apr_int64_t started = trouble->started, turned = trouble->turned;
    if (!turned && started && now.us - started > SS_TROUBLE_READY_WITHIN)
        return "the delivery daemon was started and does not become ready: it waits for the daemon "
               "before it to end, or it hangs (look for the processes smtp-sendd)";
    if (turned && ss_mono_is_set(asked) && turned < asked.us &&
        ss_mono_since(now, asked) >= SS_TROUBLE_TURN_WITHIN)
        return ss_trouble_hangs;
    return NULL;
}
