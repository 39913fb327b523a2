/* reply.c: any bytes as a server's reply: never read past the end, and what is taken must be sound.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "smtp/capability.h"
#include "smtp/reply.h"
#include "smtp/verdict.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static ss_reply_t reply;
    static ss_capability_t capability;
    size_t at = 0;
    apr_size_t used = 0;

    while (ss_reply_parse(&reply, (const char *)data + at, size - at, &used) == APR_SUCCESS) {
        if (!used || used > size - at || reply.code < 200 || reply.code > 599) abort();
        if (reply.text_len >= sizeof(reply.text) || strlen(reply.text) != reply.text_len) abort();
        if (reply.enhanced[0] && reply.enhanced[0] - '0' != reply.code / 100) abort();
        ss_capability_parse(&capability, reply.text);
        for (int cmd = 0; cmd < SS_CMDS; cmd++) {
            if (!ss_verdict((ss_cmd_t)cmd, &reply, (int)(at & 1)).advice) abort();
        }
        at += used;
    }
    return 0;
}
