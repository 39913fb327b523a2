/* descriptors.h: the process's open files are a budget: clients get them only while a reserve is
 * left for the store, the relays and the log. */
#pragma once

#include <apr.h>

#include "base/result.h"

#define SS_DESCRIPTORS_RESERVE 32
/* what the daemon asks for at its start, where the system allows more */
#define SS_DESCRIPTORS_WANTED 8192

/* Whether another client may be accepted while `lowest` is the lowest free number: the system gives
 * that one next, and all below it are in use. Pure. */
int ss_descriptors_allow(int lowest, apr_uint64_t limit);
/* The lowest free number; the highest int where all are in use. fd: any that is open. */
int ss_descriptors_lowest(int fd);
/* Whether an error of the system says that it has no descriptor or no memory for one, which passes
 * by itself. Pure. */
int ss_descriptors_are_short(int error);
/* How many files this process may have open (the soft limit). */
apr_uint64_t ss_descriptors_limit(void);
/* Raises the soft limit to the hard one, but not above SS_DESCRIPTORS_WANTED. */
void ss_descriptors_raise(void);
/* Whether none can be had now; for callers of libraries that do not say so. The errno, or 0. */
int ss_descriptors_lack(void);
/* Sets result to a shortage: "WHAT: error", with the limit. */
void ss_descriptors_explain(ss_result_t *result, const char *step, const char *what, int error);
/* Whether a result is a shortage of this machine and says nothing about anybody else. */
int ss_descriptors_is_shortage(const ss_result_t *result);
