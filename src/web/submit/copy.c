/* copy.c: one recipient's own copy of a message. */
#include "web/submit/copy.h"

#include <apr_strings.h>
#include <openssl/rand.h>
#include <string.h>

#include "mail/header.h"

/* A Message-ID of its own for a copy: mail servers treat messages with the same id as duplicates.
 */
static const char *own_id(const ss_mail_message_t *whole, apr_pool_t *pool)
{
    const char *at = whole->attr.message_id ? strrchr(whole->attr.message_id, '@') : NULL;
    unsigned char random[6];

    if (!at || RAND_bytes(random, sizeof(random)) != 1) return whole->attr.message_id;
    return apr_psprintf(pool, "%.*s.%02x%02x%02x%02x%02x%02x%s", (int)(at - whole->attr.message_id),
                        whole->attr.message_id, random[0], random[1], random[2], random[3],
                        random[4], random[5], at);
}

void ss_copy_make(ss_mail_message_t *copy, const ss_mail_message_t *whole,
                  const ss_mail_rcpt_t *rcpt, apr_pool_t *pool)
{
    const char *end = whole->content + ss_header_len(whole->content, whole->content_len),
               *p = whole->content, *id = own_id(whole, pool);
    apr_size_t extra =
        strlen(rcpt->address) + (id ? strlen(id) : 0) + sizeof("To: <>\r\nMessage-ID: \r\n");
    char *content = apr_palloc(pool, whole->content_len + extra), *out = content;
    ss_header_field_t field;

    *copy = *whole;
    copy->pool = pool;
    out += apr_snprintf(out, extra, "To: <%s>\r\n", rcpt->address);
    while (ss_header_next(&p, end, &field) > 0) {
        if (ss_header_is(&field, "To") || ss_header_is(&field, "Cc") || ss_header_is(&field, "Bcc"))
            continue;
        if (id && ss_header_is(&field, "Message-ID")) {
            out += apr_snprintf(out, extra, "Message-ID: %s\r\n", id);
            continue;
        }
        memcpy(out, field.start, field.len);
        out += field.len;
    }
    memcpy(out, p, whole->content_len - (apr_size_t)(p - whole->content));
    out += whole->content_len - (apr_size_t)(p - whole->content);
    copy->content = content;
    copy->content_len = (apr_size_t)(out - content);
    copy->attr.message_id = id;
    copy->rcpts = apr_array_make(pool, 1, sizeof(ss_mail_rcpt_t));
    APR_ARRAY_PUSH(copy->rcpts, ss_mail_rcpt_t) = *rcpt;
}
