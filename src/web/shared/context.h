/* context.h: what is known about a request, kept with it. */
#pragma once

#include <httpd.h>

#include "config/key_file.h"

typedef struct {
    const void *format;             /* ss_problem_format_t: of refusals; NULL: ours */
    const ss_key_file_entry_t *key; /* the key that it came with, or NULL */
} ss_context_t;

/* The request's; made at the first call. */
ss_context_t *ss_context(request_rec *r);
