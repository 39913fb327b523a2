/* address.h: mailbox syntax (RFC 5321 4.1.2, RFC 6531 3.3) and header address lists (RFC 5322 3.4).
 */
#pragma once

#include <apr_pools.h>
#include <apr_tables.h>

/* A list may have many: 32 octets each. */
typedef struct {
    const char *name;    /* display name, decoded (RFC 2047), UTF-8, or NULL */
    const char *address; /* normal (ss_address_normal), or without a domain */
    const char *group;   /* name of the enclosing group, or NULL */
    /* where the address stands in the field's value, without its brackets; is_joined: its name too,
     * since ss_address_senders made it of several words between commas */
    unsigned at, len : 28, is_joined : 1;
    unsigned is_changed : 1; /* address is not what stands there, but its normal form */
    unsigned is_phrased : 1; /* the name stands before the address, which is in brackets */
    /* the name is no phrase of the RFC: an @ or comma outside quotes, or in an encoded word */
    unsigned has_loose_name : 1;
} ss_address_t;

#define SS_ADDRESS_UNSEEN (-2)

/* The form in which an address is sent: what RFC 5321 allows only in quotes is quoted
 * ("user..name"@example.com), and the domain is in ASCII (A-labels) if the local part is. That is
 * the text itself, or in the pool. NULL: not a mailbox for MAIL or RCPT; *why (why may be NULL) is
 * a sentence that lives until the thread's next call. has_no_domain_ok: a bare local part is valid
 * too. */
const char *ss_address_normal(const char *text, int has_no_domain_ok, const char **why,
                              apr_pool_t *pool);
/* Reads the value of a From, To, Cc, Bcc field (with comments, groups, quoted strings, encoded
 * words, obsolete routes, stray commas) into *list, of ss_address_t. 0, or -1 and why (static, or
 * from the pool); SS_ADDRESS_UNSEEN if it is a character that nobody can see (lookalike.h). */
int ss_address_list(apr_array_header_t **list, const char *value, apr_size_t len, const char **why,
                    apr_pool_t *pool);
/* The same for a field of senders, where a comma in a name is often not quoted: words without a
 * domain and the named address behind them are one ("Doe, Jane <jane@example.net>"). */
int ss_address_senders(apr_array_header_t **list, const char *value, apr_size_t len,
                       const char **why, apr_pool_t *pool);
/* The first word without a domain that a list may not have, or NULL: it stands next to other
 * addresses, and may be part of a name. may_be_all: a list of nothing but such words is fine. */
const char *ss_address_stray(const apr_array_header_t *list, int may_be_all);
/* What is wrong with it, and what to do. */
const char *ss_address_stray_why(const char *word, apr_pool_t *pool);
/* Whether it has a character that nobody can see, or takes for another one (lookalike.h). */
int ss_address_is_unseen(const char *address);
/* Whether it has no domain. */
int ss_address_is_bare(const char *address);
/* Reads one address as an application writes it: "a@b", "<a@b>", "Name <a@b>". 0 or -1 with why. */
int ss_address_one(ss_address_t *out, const char *text, const char **why, apr_pool_t *pool);
/* Writes "Name <a@b>" for a header: quotes or encodes (RFC 2047) the name as needed; unfolded. */
const char *ss_address_header(const ss_address_t *address, apr_pool_t *pool);
/* Whether the address fits the pattern ("*@example.com"), in any spelling of its domain. */
int ss_address_fits(const char *pattern, const char *address);
/* Whether it fits one of the patterns (const char *); an empty or NULL list fits all. */
int ss_address_matches(const apr_array_header_t *patterns, const char *address);
/* Whether two addresses are the same mailbox: local part exact (in any spelling of quotes and of
 * Unicode), domain without case (in any spelling of an internationalized one). */
int ss_address_same(const char *a, const char *b);
/* Equal for addresses that are the same mailbox; in the pool. */
char *ss_address_key(const char *address, apr_pool_t *pool);
/* Appends @domain if the address has no domain and domain is neither NULL nor empty. */
const char *ss_address_with_domain(const char *address, const char *domain, apr_pool_t *pool);
