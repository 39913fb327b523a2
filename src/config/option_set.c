/* option_set.c: setting, printing and merging records by the table. See option.h. */
#include "config/option.h"

#include <apr_strings.h>
#include <string.h>

#include "config/value.h"

int ss_option_is_at(const ss_option_t *option, ss_option_place_t place)
{
    return option->place == place || (option->place == SS_PLACE_BOTH &&
                                      (place == SS_PLACE_SERVER || place == SS_PLACE_DIRECTORY));
}

static void set_source(const ss_option_t *option, void *record, ss_option_place_t place,
                       const char *source, apr_pool_t *pool)
{
    apr_array_header_t **sources = ss_value_sources(record, place);

    if (!*sources) {
        *sources = apr_array_make(pool, ss_option_count, sizeof(const char *));
        for (int i = 0; i < ss_option_count; i++) APR_ARRAY_PUSH(*sources, const char *) = NULL;
    }
    APR_ARRAY_IDX(*sources, option - ss_options, const char *) = source;
}

const char *ss_option_set_at(const ss_option_t *option, void *record, ss_option_place_t place,
                             int argc, const char *const *argv, const char *source,
                             apr_pool_t *pool)
{
    const char *bad =
        ss_value_read(option, ss_value_field(option, record, place), argc, argv, pool);

    if (bad) return apr_psprintf(pool, "%s: %s (%s)", option->name, bad, option->help);
    if (source) set_source(option, record, place, apr_pstrdup(pool, source), pool);
    return NULL;
}

const char *ss_option_set(const ss_option_t *option, void *record, int argc,
                          const char *const *argv, const char *source, apr_pool_t *pool)
{
    return ss_option_set_at(option, record,
                            option->place == SS_PLACE_BOTH ? SS_PLACE_SERVER : option->place, argc,
                            argv, source, pool);
}

const char *ss_option_print(const ss_option_t *option, const void *record, apr_pool_t *pool)
{
    return ss_value_print(option, (const char *)record + option->offset, pool);
}

void ss_option_merge(ss_option_place_t place, void *into, const void *parent, const void *child,
                     apr_pool_t *pool)
{
    apr_array_header_t *const *parents = ss_value_sources((void *)parent, place),
                              *const *childs = ss_value_sources((void *)child, place);

    *ss_value_sources(into, place) = NULL;
    for (int i = 0; i < ss_option_count; i++) {
        const ss_option_t *option = &ss_options[i];
        if (!ss_option_is_at(option, place)) continue;
        int is_own = ss_value_is_set(option, ss_value_field(option, (void *)child, place));
        const void *from = is_own ? child : parent;
        const apr_array_header_t *sources = is_own ? *childs : *parents;
        ss_value_copy(option, ss_value_field(option, into, place),
                      ss_value_field(option, (void *)from, place));
        if (sources && APR_ARRAY_IDX(sources, i, const char *))
            set_source(option, into, place, APR_ARRAY_IDX(sources, i, const char *), pool);
    }
}
