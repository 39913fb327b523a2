/* phrase.h: recognises the words of servers and libraries in a text, letter case ignored; a line
 * end or tab counts as a blank, since servers break their lines anywhere. */
#pragma once

#include <apr.h>

/* A list of phrases is one string: "relay denied|no relaying||access denied". The phrases after
 * "||" are evidence only together with the command and code of their rule (verdict.c): a verdict
 * uses all of them, "smtp-send explain" only those before. */

/* Where the first len bytes of phrase occur in text, or NULL. len > 0. */
const char *ss_phrase_find(const char *text, const char *phrase, apr_size_t len);
/* Whether text contains any phrase of the list. */
int ss_phrase_is_in(const char *phrases, const char *text);
/* The length of the longest phrase before "||" that text contains, or 0: the longer it is, the less
 * it can be chance. phrases may be NULL. */
int ss_phrase_length(const char *phrases, const char *text);
/* Overwrites with blanks what a text names rather than says: what stands in <...>, addresses, host
 * names and URLs. "User unknown: <bad@barracuda.com>" says nothing about block lists. */
void ss_phrase_blank(char *text);
