/* frame.c: any bytes as the head of a frame: what is taken can be written again and is within its
 * bounds. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "wire/frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ss_frame_t frame;
    char again[SS_FRAME_HEAD];

    for (size_t len = 0; len < size && len < SS_FRAME_HEAD; len++) {
        apr_status_t rv = ss_frame_read(&frame, (const char *)data, len);
        if (rv == APR_SUCCESS) abort();
    }
    if (ss_frame_read(&frame, (const char *)data, size)) return 0;
    if (frame.header_len > SS_FRAME_HEADER_MAX || frame.content_len > SS_FRAME_CONTENT_MAX ||
        frame.version != SS_FRAME_VERSION)
        abort();
    ss_frame_write(&frame, again);
    if (memcmp(again, data, SS_FRAME_HEAD)) abort();
    return 0;
}
