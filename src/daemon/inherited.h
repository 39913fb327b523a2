/* inherited.h: the descriptors that smtp-sendd gets from httpd's parent: their numbers. The
 * configuration says which of them there are; everything else is closed. */
#pragma once

enum {
    SS_INHERITED_CONFIG = 0,   /* the configuration, to be read to its end (config_write.h) */
    SS_INHERITED_LOG = 2,      /* the error log */
    SS_INHERITED_LIFELINE = 3, /* a byte, or its end: leave */
    SS_INHERITED_LISTEN = 4,   /* of the local socket */
    SS_INHERITED_SMTP = 5,     /* of SMTPSendListen */
    SS_INHERITED_TROUBLE = 6,  /* memory (base/trouble.h) */
    SS_INHERITED_FINAL = 7,    /* takes final states (final_states.h) */
    SS_INHERITED_END = 8
};
