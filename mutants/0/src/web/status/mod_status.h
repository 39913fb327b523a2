/* mod_status.h: our section on mod_status's page. */
#pragma once

#include <httpd.h>

/* mod_status's hook. flags: AP_STATUS_*. */
int ss_mod_status(request_rec *r, int flags);
