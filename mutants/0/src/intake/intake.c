/* intake.c: what all submissions share. See intake.h. */
#include "base/random.h"
#include "intake/intake.h"

#include <string.h>

void ss_intake_init(ss_intake_t *intake)
{
    intake->accepting = apr_hash_make(intake->pool);
    intake->quota = ss_quota_create(intake->pool);
    intake->bytes = 0;
}

void ss_intake_charge(ss_intake_t *intake, apr_size_t *charged, apr_size_t len)
{
    *charged += len;
    intake->bytes += len;
}

void ss_intake_discharge(ss_intake_t *intake, apr_size_t *charged, apr_size_t len)
{
    *charged -= len;
    intake->bytes -= len;
}

void ss_intake_name(ss_intake_t *intake, ss_message_t *m)
{
    unsigned char random[8];
    apr_uint32_t words[2] = { ss_random_32(), ss_random_32() };

    memcpy(random, words, sizeof(random));
    if (!*m->id) ss_ident_make(intake->idents, ss_loop_wall(intake->loop), random, m->id);
}
