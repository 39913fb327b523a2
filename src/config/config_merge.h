/* config_merge.h: making and merging the module's records. httpd headers. */
#ifndef SS_CONFIG_CONFIG_MERGE_H
#define SS_CONFIG_CONFIG_MERGE_H

#include <httpd.h>

void *ss_config_create_server(apr_pool_t *pool, server_rec *s);
void *ss_config_merge_server(apr_pool_t *pool, void *parent, void *child);
void *ss_config_create_directory(apr_pool_t *pool, char *path);
void *ss_config_merge_directory(apr_pool_t *pool, void *parent, void *child);

#endif
