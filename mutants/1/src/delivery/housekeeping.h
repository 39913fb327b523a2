/* housekeeping.h: what time alone brings about: waiting mail whose time is over is given up, and
 * finished messages older than SMTPSendHistory are deleted. */
#pragma once

#include <apr_time.h>

typedef struct ss_delivery_t ss_delivery_t;

/* Prepares the timers; before the first job is made. */
void ss_housekeeping_create(ss_delivery_t *d);
/* The store is open. */
void ss_housekeeping_start(ss_delivery_t *d);
/* Messages finished before this are deleted now: history is SMTPSendHistory. Pure. */
apr_time_t ss_housekeeping_horizon(apr_interval_time_t history, apr_time_t now);
