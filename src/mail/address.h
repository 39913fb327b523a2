/* address.h: mailbox syntax (RFC 5321 4.1.2, RFC 6531 3.3) and header address lists (RFC 5322 3.4).
 */
#pragma once

#include <apr_pools.h>
#include <apr_tables.h>

typedef struct {
    const char *name;    /* display name, decoded (RFC 2047), UTF-8, or NULL */
    const char *address; /* "local@domain" or, where the list names no domain, "local" */
    const char *group;   /* name of the enclosing group, or NULL */
    int has_loose_name;  /* the name has an @ outside quotes, which the RFC forbids */
} ss_address_t;

/* Whether text is a valid mailbox for MAIL or RCPT. has_no_domain_ok: a bare local part is valid
 * too. On 0, *why (why may be NULL) is a static sentence. */
int ss_address_is_valid(const char *text, int has_no_domain_ok, const char **why);
/* Reads the value of a From, To, Cc, Bcc field (with comments, groups, quoted strings, encoded
 * words, obsolete routes, stray commas) into *list, of ss_address_t. 0, or -1 and why (static, or
 * from the pool). */
int ss_address_list(apr_array_header_t **list, const char *value, apr_size_t len, const char **why,
                    apr_pool_t *pool);
/* Reads one address as an application writes it: "a@b", "<a@b>", "Name <a@b>". 0 or -1 with why. */
int ss_address_one(ss_address_t *out, const char *text, const char **why, apr_pool_t *pool);
/* Writes "Name <a@b>" for a header: quotes or encodes (RFC 2047) the name as needed; unfolded. */
const char *ss_address_header(const ss_address_t *address, apr_pool_t *pool);
/* Whether the address matches one of the patterns (const char *, "*@example.com"); an empty or NULL
 * list matches all. */
int ss_address_matches(const apr_array_header_t *patterns, const char *address);
/* Whether two addresses are the same mailbox: local part exact, domain without case. */
int ss_address_same(const char *a, const char *b);
/* Appends @domain if the address has no domain and domain is neither NULL nor empty. */
const char *ss_address_with_domain(const char *address, const char *domain, apr_pool_t *pool);
