#include "cli/patience.h"

#include "base/clock.h"
#include "wire/peer.h"

ss_patience_t ss_patience_begin(const char *socket, apr_interval_time_t most)
{
    return (ss_patience_t){ .socket = socket, .most = most, .reacted = ss_mono_now() };
}

int ss_patience_lasts(void *self)
{
    ss_patience_t *patience = self;

    if (ss_peer_reacts(patience->socket, APR_USEC_PER_SEC))
        patience->reacted = ss_mono_now();
    else
        patience->is_over = ss_mono_since(ss_mono_now(), patience->reacted) >= patience->most;
    return !patience->is_over;
}

void ss_patience_explain(const ss_patience_t *patience, ss_result_t *result)
{
    ss_result_clear(result);
    ss_result_set(result, "socket", "", NULL,
                  "the delivery daemon at %s does not react: it hangs or was stopped (look for the "
                  "process smtp-sendd; once it is killed, httpd or systemd starts a new one)",
                  patience->socket);
}
