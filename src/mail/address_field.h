/* address_field.h: header fields that hold addresses. What must change in them is changed in place;
 * names, comments, groups and folding stay as they are. Pure. */
#pragma once

#include "mail/header.h"

typedef struct {
    const char *default_domain; /* for a name without a domain, or NULL */
    int takes_names;            /* and for several, where the field has nothing else */
} ss_address_field_t;

/* Whether the field holds addresses. */
int ss_address_field_is(const ss_header_field_t *field);
/* Whether it is one that names who wrote or sent the message. */
int ss_address_field_is_sender(const ss_header_field_t *field);
/* *out is the whole field with its addresses in the form in which they are sent
 * (ss_address_normal); NULL: nothing changes, or it cannot be read. 0; or -1 and why: an address
 * has a character that nobody can see. */
int ss_address_field_fit(const char **out, const ss_header_field_t *field,
                         const ss_address_field_t *how, const char **why, apr_pool_t *pool);
