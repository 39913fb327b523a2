/* lookalike.h: characters that do not belong into an address, since nobody can see them, or since
 * they look like "@", a dot or a letter of ASCII: whoever typed or copied them meant another one.
 * (Letters of other scripts that resemble Latin ones are letters; registries see to them.) */
#pragma once

#include <apr.h>

#define SS_LOOKALIKE_WHY 80

/* Looks for the first one in valid UTF-8. 1, and why ("it has U+200B, which cannot be seen"); or
 * 0. */
int ss_lookalike_find(char why[SS_LOOKALIKE_WHY], const char *text, apr_size_t len);
