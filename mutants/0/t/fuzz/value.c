/* value.c: any bytes as the arguments of a directive: the first byte chooses the directive, zero
 * bytes divide the arguments. A value that is taken is printed, and what is printed is taken again
 * and prints alike; one that is refused has a reason. */
#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

#include "config/option.h"
#include "config/settings.h"
#include "target.h"

#define ARGUMENTS_MAX 12

static ss_option_place_t place_of(const ss_option_t *option)
{
    return option->place == SS_PLACE_BOTH ? SS_PLACE_SERVER : option->place;
}

/* A record of the option's place with nothing set. */
static void *record_of(ss_option_place_t place, apr_pool_t *pool)
{
    if (place == SS_PLACE_DIRECTORY) {
        ss_settings_policy_t *policy = apr_palloc(pool, sizeof(*policy));
        ss_settings_policy_clear(policy);
        return policy;
    }
    if (place == SS_PLACE_GLOBAL) {
        ss_settings_globals_t *globals = apr_palloc(pool, sizeof(*globals));
        ss_settings_globals_clear(globals);
        return globals;
    }
    ss_settings_t *settings = apr_palloc(pool, sizeof(*settings));
    ss_settings_clear(settings);
    return settings;
}

/* Texts, files and the like may hold blanks, a password prints as "set", and timeouts leave some
 * unset: these are only read and printed. */
static int is_words(ss_option_kind_t kind)
{
    switch (kind) {
    case SS_KIND_FLAG:
    case SS_KIND_NUMBER:
    case SS_KIND_SIZE:
    case SS_KIND_DURATION:
    case SS_KIND_DURATION_OFF:
    case SS_KIND_DURATIONS:
    case SS_KIND_HOSTS:
    case SS_KIND_ENUM:
    case SS_KIND_TLS:
    case SS_KIND_AUTH:
    case SS_KIND_FINGERPRINT:
    case SS_KIND_RATES:
    case SS_KIND_ADDRESS:
    case SS_KIND_LIMIT: return 1;
    default: return 0;
    }
}

static int split(char *text, size_t size, char at, const char **argv)
{
    int argc = 0;

    for (size_t i = 0, from = 0; i <= size && argc < ARGUMENTS_MAX; i++) {
        if (i < size && text[i] != at) continue;
        text[i] = '\0';
        argv[argc++] = text + from;
        from = i + 1;
    }
    return argc;
}

static const char *read_and_print(const ss_option_t *option, char *text, size_t size, char at,
                                  apr_pool_t *pool)
{
    const char *argv[ARGUMENTS_MAX];
    ss_option_place_t place = place_of(option);
    void *record = record_of(place, pool);
    int argc = split(text, size, at, argv);
    const char *why = ss_option_set(option, record, argc, argv, NULL, pool);

    if (why && !*why) abort();
    return why ? NULL : ss_option_print(option, record, pool);
}

static void try_value(const ss_option_t *option, char *text, size_t size, apr_pool_t *pool)
{
    const char *printed = read_and_print(option, text, size, '\0', pool), *again;

    if (!printed || !is_words(option->kind)) return;
    again = read_and_print(option, apr_pstrdup(pool, printed), strlen(printed), ' ', pool);
    if (!again || strcmp(again, printed)) abort();
}

static void try_input(const char *data, size_t size, apr_pool_t *pool)
{
    if (!size) return;
    char *text = apr_pcalloc(pool, size + 1);
    memcpy(text, data + 1, size - 1);
    try_value(&ss_options[(unsigned char)data[0] % ss_option_count], text, size - 1, pool);
}

FUZZ_TARGET(try_input)
