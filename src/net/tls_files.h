/* tls_files.h: certificates and keys that the settings name, read ahead while the process is still
 * root: key files are readable by nobody else, and the daemon gives its rights up before it makes
 * its first connection. Inside src/net, and called by the daemon's main. */
#ifndef SS_NET_TLS_FILES_H
#define SS_NET_TLS_FILES_H

#include "config/settings.h"

/* Reads the CA, certificate and key files into the settings (tls_ca_pem ...), each up to 1 MiB. A
 * file that cannot be read is left to ss_tls_create, which then says why. Never in a web process:
 * the key would stay in its memory. */
void ss_tls_files_read(ss_settings_t *settings, apr_pool_t *pool);

#endif
