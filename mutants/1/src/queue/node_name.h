/* node_name.h: the name of a node of a shared queue. It survives restarts; the token distinguishes
 * a daemon from an earlier one with the same name. */
#pragma once

#include <apr_time.h>

#include "base/result.h"

#define SS_NODE_NAME_MAX 40   /* bytes of a name, of letters, digits and "-./:" */
#define SS_NODE_NAME_TOKEN 33 /* with the zero byte */

/* Reads the name from its file, or creates it. Keeps the file locked while *fd is open; waits at
 * most `wait` for a daemon that is still stopping. Errors: in result. */
apr_status_t ss_node_name_take(const char *file, apr_interval_time_t wait, int *fd,
                               char name[SS_NODE_NAME_MAX + 1], ss_result_t *result);
/* A new token. */
void ss_node_name_token(char token[SS_NODE_NAME_TOKEN]);
