/* advice.h: the knowledge base: what a code, an error text or a finding means and what to do. Used
 * by the connection test, the log, the pages, bounces and "smtp-send explain". */
#pragma once

#include <apr_pools.h>
#include <apr_tables.h>

typedef struct {
    const char *id;    /* "auth-rejected"; stable: verdicts and findings refer to it */
    const char *codes; /* "535 5.7.8", "x.7.8" for 4.7.8 and 5.7.8; or NULL */
    /* phrases (phrase.h) of texts that are no replies (OpenSSL, resolver, errno), and of replies
     * that no rule of verdict.c recognises by its words; or NULL */
    const char *match;
    const char *title;   /* "The server rejected the user name or password" */
    const char *meaning; /* a sentence or two */
    const char *remedy;  /* what to do, naming the directive */
} ss_advice_t;

extern const ss_advice_t ss_advice_table[];
extern const int ss_advice_count;
/* "SMTPSend-220": the numbers of the error log */
extern const ss_advice_t ss_advice_log_table[];
extern const int ss_advice_log_count;

/* The entry with that id in either table, or NULL. */
const ss_advice_t *ss_advice_find(const char *id);
/* The entries for user input ("550", "5.7.1", "SMTPSend-220", a log line, an error text): at most
 * max pointers to ss_advice_t, best first. */
apr_array_header_t *ss_advice_search(const char *text, int max, apr_pool_t *pool);
