/* mod_status.h: our section on mod_status's page. */
#ifndef SS_WEB_STATUS_MOD_STATUS_H
#define SS_WEB_STATUS_MOD_STATUS_H

#include <httpd.h>

/* mod_status's hook. flags: AP_STATUS_*. */
int ss_mod_status(request_rec *r, int flags);

#endif
