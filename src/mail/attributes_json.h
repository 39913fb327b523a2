/* attributes_json.h: attributes in jansson's values. */
#pragma once

#include "base/json.h"
#include "mail/attributes.h"

#define SS_ATTRIBUTES_TEXT_MAX 4096 /* octets of one text on the local socket */

/* Sets the attributes that are in object and that one of set_by may set; other members are ignored.
 * Texts are copied into pool. NULL, or the name of the first attribute whose value is wrong. */
const char *ss_attributes_json_read(ss_attributes_t *attr, const json_t *object, unsigned set_by,
                                    apr_pool_t *pool);
/* Adds all that is set, as ss_attributes_json_read takes it (export). */
void ss_attributes_json_put(json_t *object, const ss_attributes_t *attr);
/* Adds what the status document of a message shows; is_detail: and what stands beside its history.
 */
void ss_attributes_json_show(json_t *document, const ss_attributes_t *attr, int is_detail,
                             apr_pool_t *pool);
