#include "wire/frame.h"

#include <string.h>

static const char magic[3] = { 'S', 's', 'S' };

static apr_uint32_t get32(const unsigned char *p)
{
    return (apr_uint32_t)p[0] << 24 | (apr_uint32_t)p[1] << 16 | (apr_uint32_t)p[2] << 8 | p[3];
}

static void put32(char *p, apr_uint32_t value)
{
    for (int i = 0; i < 4; i++) p[i] = (char)(value >> (24 - 8 * i));
}

apr_status_t ss_frame_read(ss_frame_t *frame, const char *bytes, apr_size_t len)
{
    const unsigned char *p = (const unsigned char *)bytes;
    apr_size_t seen = len < sizeof(magic) ? len : sizeof(magic);

    memset(frame, 0, sizeof(*frame));
    /* Garbage is recognized from the first octet on. */
    if (seen && memcmp(p, magic, seen)) return APR_EINVAL;
    if (len > sizeof(magic)) {
        frame->version = p[3];
        if (frame->version != SS_FRAME_VERSION) return APR_ENOTIMPL;
    }
    if (len < SS_FRAME_HEAD) return APR_INCOMPLETE;
    frame->type = (ss_frame_type_t)p[4];
    frame->flags = p[5];
    frame->header_len = get32(p + 8);
    frame->content_len = get32(p + 12);
    frame->instance = (apr_uint64_t)get32(p + 16) << 32 | get32(p + 20);
    if (p[4] < SS_FRAME_REQUEST || p[4] > SS_FRAME_BYE || p[6] || p[7]) return APR_EINVAL;
    if (frame->header_len > SS_FRAME_HEADER_MAX || frame->content_len > SS_FRAME_CONTENT_MAX)
        return APR_EINVAL;
    return APR_SUCCESS;
}

void ss_frame_write(const ss_frame_t *frame, char out[SS_FRAME_HEAD])
{
    memcpy(out, magic, sizeof(magic));
    out[3] = (char)frame->version;
    out[4] = (char)frame->type;
    out[5] = (char)frame->flags;
    out[6] = out[7] = 0;
    put32(out + 8, frame->header_len);
    put32(out + 12, frame->content_len);
    put32(out + 16, (apr_uint32_t)(frame->instance >> 32));
    put32(out + 20, (apr_uint32_t)frame->instance);
}
