/* scrub.h: a password written into the configuration stays in httpd's read buffers, which no
 * interface reaches and every web process would inherit. */
#pragma once

#include <apr.h>

/* Overwrites the value in each copy of the line "DIRECTIVE VALUE" (quoted or not, the directive in
 * either case) in this process's writable memory, and nothing else. Takes some milliseconds. */
void ss_scrub_line(const char *directive, const char *value);

/* The same for a text that is long and odd enough to be found by itself, wherever it stands; but
 * for its own place and for what lies in the kept_len bytes at kept. */
void ss_scrub_text(const char *text, const char *kept, apr_size_t kept_len);
