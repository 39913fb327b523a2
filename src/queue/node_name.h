/* node_name.h: what a node of a shared queue is called. The name stays the same over restarts; the
 * token tells a daemon from one before it that used the same name. */
#ifndef SS_QUEUE_NODE_NAME_H
#define SS_QUEUE_NODE_NAME_H

#include <apr_time.h>

#include "base/result.h"

#define SS_NODE_NAME_MAX 40   /* bytes of a name, of letters, digits and "-./:" */
#define SS_NODE_NAME_TOKEN 33 /* with its end */

/* The name, from its file, or made and kept there. The file is locked while *fd is open; wait: for
 * another daemon of the node that settles. Errors: in result. */
apr_status_t ss_node_name_take(const char *file, apr_interval_time_t wait, int *fd,
                               char name[SS_NODE_NAME_MAX + 1], ss_result_t *result);
/* A new token. */
void ss_node_name_token(char token[SS_NODE_NAME_TOKEN]);

#endif
