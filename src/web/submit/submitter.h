/* submitter.h: whose a submission is: the server that took it, the location as it is configured,
 * and the user. Messages, Idempotency-Keys, rates and turns belong to a submitter. */
#pragma once

#include <apr_pools.h>

#include "base/json.h"

/* httpd's, so that the pure part needs no httpd. */
typedef struct request_rec request_rec;
typedef struct server_rec server_rec;

/* Octets of a submitter's name; a longer one is cut and gets a hash. */
#define SS_SUBMITTER_MAX 250

/* "KIND:SERVER LOCATION USER", without what is NULL or empty. Two different submitters never have
 * the same name, whatever a client calls itself. Pure. */
const char *ss_submitter_name(const char *kind, const char *server, const char *location,
                              const char *user, apr_pool_t *pool);
/* What a release before 0.2 called the submitter: the user, or without one the path. NULL: that
 * could be another one's name. Pure. */
const char *ss_submitter_former(const char *user, const char *path);

/* The submitter of a request. kind: the front end, "web" or "c". */
const char *ss_submitter_of(request_rec *r, const char *kind);
/* The submitter of a module that has no request. */
const char *ss_submitter_of_server(const server_rec *s, apr_pool_t *pool);
/* Limits a request to the daemon about one message to the submitter of the HTTP request. Returns
 * header. */
json_t *ss_submitter_limit(request_rec *r, json_t *header);
