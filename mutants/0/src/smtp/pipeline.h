/* pipeline.h: which messages are taken, and what is sent when. Private to client.c. */
#pragma once

#include "smtp/client_state.h"

int ss_pipeline_can_take(const ss_client_t *c);
/* See ss_client_send. */
apr_status_t ss_pipeline_take(ss_client_t *c, ss_client_message_t *m);
/* Sends all that may be sent now: messages, their content, QUIT. Called at the end of every call
 * from outside. */
void ss_pipeline_advance(ss_client_t *c);
