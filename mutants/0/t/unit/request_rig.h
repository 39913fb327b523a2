/* request_rig.h: a request of the local socket without a socket: keeps the answer. */
#ifndef SS_UNIT_REQUEST_RIG_H
#define SS_UNIT_REQUEST_RIG_H

#include "wire/request.h"

typedef struct {
    ss_request_t request; /* first */
    int answers;          /* how often it was answered */
    json_t *header;       /* of the last answer */
    char content[4096];   /* of the last answer, zero-ended, cut */
    char steps[4096];     /* all steps, one after the other */
} request_rig_t;

void request_rig_init(request_rig_t *rig, int uid, int is_trusted);
int request_rig_status(const request_rig_t *rig); /* of the last answer; 0: none */
/* A text of the last answer's header, or "". */
const char *request_rig_text(const request_rig_t *rig, const char *name);
void request_rig_free(request_rig_t *rig);

#endif
