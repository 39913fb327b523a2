#include "intake/local_share.h"

#include <stdlib.h>

#define TRUSTED_TIMES 4
/* of the process's files: a uid's part, and that of all that are not trusted */
#define FILES_OF_ONE 8
#define FILES_OF_ALL 4

ss_local_share_t *ss_local_share_of(ss_local_shares_t *shares, int uid, int is_trusted)
{
    ss_local_share_t *share = shares->first;

    while (share && share->uid != uid) share = share->next;
    if (share) return share;
    share = calloc(1, sizeof(*share));
    if (!share) return NULL;
    *share = (ss_local_share_t){ .uid = uid, .is_trusted = is_trusted, .next = shares->first };
    shares->first = share;
    return share;
}

static int is_below(int clients, int most, apr_uint64_t files)
{
    return clients < most && (apr_uint64_t)clients < files;
}

int ss_local_share_may_come(const ss_local_shares_t *shares, const ss_local_share_t *share,
                            apr_uint64_t descriptors)
{
    return share->is_trusted ||
           (is_below(share->clients, SS_LOCAL_SHARE_CLIENTS, descriptors / FILES_OF_ONE) &&
            is_below(shares->others, SS_LOCAL_SHARE_CLIENTS_ALL, descriptors / FILES_OF_ALL));
}

void ss_local_share_enter(ss_local_shares_t *shares, ss_local_share_t *share)
{
    share->clients++;
    if (!share->is_trusted) shares->others++;
}

void ss_local_share_leave(ss_local_shares_t *shares, ss_local_share_t *share)
{
    ss_local_share_t **place = &shares->first;

    if (share->clients > 0) {
        share->clients--;
        if (!share->is_trusted) shares->others--;
    }
    if (share->clients > 0) return;
    while (*place != share) place = &(*place)->next;
    *place = share->next;
    free(share);
}

const ss_local_share_t *ss_local_share_most(const ss_local_shares_t *shares)
{
    const ss_local_share_t *most = shares->first;

    for (const ss_local_share_t *share = most; share; share = share->next)
        if (share->clients > most->clients) most = share;
    return most;
}

int ss_local_share_displaces(const ss_local_share_t *share, const ss_local_share_t *most)
{
    return share->clients + 1 < most->clients;
}

static apr_size_t most(const ss_local_share_t *share, apr_size_t usual)
{
    return share->is_trusted ? TRUSTED_TIMES * usual : usual;
}

int ss_local_share_may_read(const ss_local_share_t *share, apr_size_t len)
{
    return share->in + len <= most(share, SS_LOCAL_SHARE_IN);
}

int ss_local_share_may_answer(const ss_local_share_t *share, apr_size_t len)
{
    return share->out + len <= most(share, SS_LOCAL_SHARE_OUT);
}

int ss_local_share_may_head(const ss_local_share_t *share, apr_size_t len)
{
    return share->is_trusted || len <= SS_LOCAL_SHARE_HEADER;
}

int ss_local_share_may_content(apr_size_t own, apr_size_t all, int is_charged)
{
    apr_size_t times = is_charged ? 2 : 1;

    return own <= times * SS_LOCAL_SHARE_CONTENT && all <= times * SS_LOCAL_SHARE_CONTENT_ALL;
}
