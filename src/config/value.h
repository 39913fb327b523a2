/* value.h: one value kind each: reading a directive's arguments, printing, "not set". Inside
 * src/config only. */
#ifndef SS_CONFIG_VALUE_H
#define SS_CONFIG_VALUE_H

#include "config/option.h"

/* The field of an option in a record of the place given (matters for SS_PLACE_BOTH). */
void *ss_value_field(const ss_option_t *option, void *record, ss_option_place_t place);
/* NULL, or what the value is instead of what is allowed (without the directive's name). */
const char *ss_value_read(const ss_option_t *option, void *field, int argc, const char *const *argv,
                          apr_pool_t *pool);
/* As it is written in a configuration. */
const char *ss_value_print(const ss_option_t *option, const void *field, apr_pool_t *pool);
int ss_value_is_set(const ss_option_t *option, const void *field);
void ss_value_unset(const ss_option_t *option, void *field);
void ss_value_copy(const ss_option_t *option, void *to, const void *from);
/* Where the sources array of a record of that place is. */
apr_array_header_t **ss_value_sources(void *record, ss_option_place_t place);

#endif
