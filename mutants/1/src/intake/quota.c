#include "intake/quota.h"

#include <apr_hash.h>
#include <apr_strings.h>

#include "base/mono.h"

typedef struct {
    double left[SS_QUOTA_RATES_MAX]; /* messages */
    ss_mono_t filled;
} share_t;

struct ss_quota_t {
    apr_pool_t *pool; /* of the shares; cleared as a whole */
    /* "submitter rate rate" -> share_t: each location's rates have buckets of their own */
    apr_hash_t *shares;
};

ss_quota_t *ss_quota_create(apr_pool_t *pool)
{
    ss_quota_t *quota = apr_pcalloc(pool, sizeof(*quota));

    apr_pool_create(&quota->pool, pool);
    quota->shares = apr_hash_make(quota->pool);
    return quota;
}

static share_t *share_of(ss_quota_t *quota, const char *submitter, const ss_settings_rate_t *rates,
                         int count, ss_mono_t now)
{
    char key[512];
    apr_size_t used = (apr_size_t)apr_snprintf(key, sizeof(key), "%.300s", submitter);

    for (int i = 0; i < count; i++) {
        used += (apr_size_t)apr_snprintf(key + used, sizeof(key) - used,
                                         " %" APR_INT64_T_FMT "/%" APR_INT64_T_FMT, rates[i].count,
                                         (apr_int64_t)rates[i].per);
    }
    share_t *share = apr_hash_get(quota->shares, key, APR_HASH_KEY_STRING);
    if (share) return share;
    if (apr_hash_count(quota->shares) >= SS_QUOTA_SUBMITTERS_MAX) {
        apr_pool_clear(quota->pool);
        quota->shares = apr_hash_make(quota->pool);
    }
    share = apr_pcalloc(quota->pool, sizeof(*share));
    for (int i = 0; i < count; i++) share->left[i] = (double)rates[i].count;
    share->filled = now;
    apr_hash_set(quota->shares, apr_pstrdup(quota->pool, key), APR_HASH_KEY_STRING, share);
    return share;
}

int ss_quota_take(ss_quota_t *quota, const char *submitter, const ss_settings_rate_t *rates,
                  int count, ss_mono_t now)
{
    double wait = 0;

    if (count > SS_QUOTA_RATES_MAX) count = SS_QUOTA_RATES_MAX;
    share_t *share = share_of(quota, submitter, rates, count, now);
    double passed = (double)ss_mono_since(now, share->filled);
    share->filled = now;
    for (int i = 0; i < count; i++) {
        double speed = (double)rates[i].count / (double)rates[i].per;
        share->left[i] += passed * speed;
        if (share->left[i] > (double)rates[i].count) share->left[i] = (double)rates[i].count;
        double lacking = (1.0 - share->left[i]) / speed;
        if (lacking > wait) wait = lacking;
    }
    /* A rounding error of a microsecond is not a reason to refuse. */
    if (wait > 1.0) return (int)(wait / APR_USEC_PER_SEC) + 1;
    for (int i = 0; i < count; i++) share->left[i] -= 1.0;
    return 0;
}
