/* local_many.h: many messages in one request of the local socket ("submitMany"): each is accepted
 * or refused for itself, the store commits them together. Loop thread. */
#pragma once

#include "intake/local_message.h"

/* messages of one request; each takes some 5 KB before its content comes */
#define SS_LOCAL_MANY_MAX 10000
#define SS_LOCAL_MANY_OTHERS 1000 /* from others than root and httpd's User */

typedef struct ss_local_many_t ss_local_many_t;

/* header: kept until all messages are made. NULL with the refusal: no message, or too many. done
 * comes once, after ss_local_many_end, with the array of answers (its receiver's), and may free it.
 */
ss_local_many_t *ss_local_many_begin(ss_intake_t *intake, const json_t *header,
                                     ss_local_client_id_t client,
                                     void (*done)(void *self, json_t *answers), void *self,
                                     ss_local_refusal_t *no);
/* Makes the messages of their headers, some in a turn. 1: all are made, and content may be added;
 * 0: not yet, made(self) comes then. */
int ss_local_many_make(ss_local_many_t *many, void (*made)(void *self));
/* Adds content to the message whose turn it is, and to those after it. 0: it is more than the
 * messages' sizes. */
int ss_local_many_part(ss_local_many_t *many, const char *content, apr_size_t len);
/* All content is there: to the queue, some in a turn. */
void ss_local_many_end(ss_local_many_t *many);
void ss_local_many_free(ss_local_many_t *many);
