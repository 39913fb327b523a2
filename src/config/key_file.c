#include "config/key_file.h"

#include <apr_strings.h>
#include <string.h>

#include "config/option.h"

int ss_key_file_is_name(const char *name)
{
    apr_size_t len = strlen(name);

    return len && len <= SS_KEY_FILE_NAME_MAX &&
           strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._@-") ==
               len;
}

int ss_key_file_next(const char **text, const char **line, const char **name, apr_pool_t *pool)
{
    while (**text) {
        const char *start = *text;
        apr_size_t len = strcspn(start, "\r\n"), word = strcspn(start, " \t\r\n");
        *text = start + len + strspn(start + len, "\r\n");
        if (!word || *start == '#') continue;
        *line = apr_pstrmemdup(pool, start, len);
        *name = apr_pstrmemdup(pool, start, word);
        return 1;
    }
    return 0;
}

/* A list, separated by commas, by the rules of a directive. */
static const char *read_list(const char *directive, ss_option_place_t place, void *record,
                             const char *value, apr_pool_t *pool)
{
    const ss_option_t *option = ss_option_find(directive);
    apr_array_header_t *words = apr_array_make(pool, 4, sizeof(const char *));
    char *rest, *copy = apr_pstrdup(pool, value);

    for (char *word = apr_strtok(copy, ",", &rest); word; word = apr_strtok(NULL, ",", &rest))
        APR_ARRAY_PUSH(words, const char *) = word;
    return ss_option_set_at(option, record, place, words->nelts, (const char *const *)words->elts,
                            NULL, pool);
}

static const char *read_option(ss_key_file_entry_t *entry, const char *word, apr_pool_t *pool)
{
    const char *value = strchr(word, '='), *why = NULL;
    apr_size_t len = value ? (apr_size_t)(value++ - word) : 0;
    ss_settings_policy_t policy;

    ss_settings_policy_clear(&policy);
    if (len == 4 && !strncmp(word, "from", len)) {
        why = read_list("SMTPSendAllowFrom", SS_PLACE_DIRECTORY, &policy, value, pool);
        entry->from = policy.allow_from;
    } else if (len == 4 && !strncmp(word, "rate", len)) {
        why = read_list("SMTPSendSubmitterRate", SS_PLACE_DIRECTORY, &policy, value, pool);
        entry->rates = policy.submitter_rate;
    } else if (len == 8 && !strncmp(word, "priority", len)) {
        why = read_list("SMTPSendPriority", SS_PLACE_DIRECTORY, &policy, value, pool);
        entry->priority = policy.priority;
    } else if (len == 5 && !strncmp(word, "relay", len) && *value) {
        entry->relay = value;
    } else {
        why = apr_psprintf(pool, "\"%s\" is not from=, rate=, priority= or relay=", word);
    }
    return why;
}

const char *ss_key_file_options(ss_key_file_entry_t *entry, const char *options, apr_pool_t *pool)
{
    char *rest, *copy = apr_pstrdup(pool, options);

    entry->priority = SS_UNSET;
    for (char *word = apr_strtok(copy, " \t", &rest); word; word = apr_strtok(NULL, " \t", &rest)) {
        const char *why = read_option(entry, word, pool);
        if (why) return why;
    }
    return NULL;
}

/* Whether the line's hash is this one, in the same time for all of them. */
static int fits(const char *line, const char *hash)
{
    static const char tag[] = "sha256:";
    const char *at = line + strcspn(line, " \t");
    unsigned char differs = 0;

    at += strspn(at, " \t");
    if (strncmp(at, tag, sizeof(tag) - 1) || strlen(at) < sizeof(tag) - 1 + SS_KEY_FILE_HASH)
        return 0;
    at += sizeof(tag) - 1;
    for (int i = 0; i < SS_KEY_FILE_HASH; i++)
        differs |= (unsigned char)((unsigned char)at[i] ^ (unsigned char)hash[i]);
    return !differs && (!at[SS_KEY_FILE_HASH] || strchr(" \t", at[SS_KEY_FILE_HASH]));
}

const ss_key_file_entry_t *ss_key_file_find(const char *text, const char *hash, const char **why,
                                            apr_pool_t *pool)
{
    const char *line, *name, *found = NULL, *owner = NULL;
    ss_key_file_entry_t *entry;

    *why = NULL;
    while (ss_key_file_next(&text, &line, &name, pool)) {
        if (!fits(line, hash)) continue;
        found = line;
        owner = name;
    }
    if (!found) return NULL;
    entry = apr_pcalloc(pool, sizeof(*entry));
    entry->name = owner;
    const char *options = strstr(found, "sha256:") + strlen("sha256:") + SS_KEY_FILE_HASH;
    *why = ss_key_file_is_name(owner) ? ss_key_file_options(entry, options, pool)
                                      : "its name has other characters than letters, digits, ._@-";
    if (!*why) return entry;
    *why = apr_psprintf(pool, "the key \"%.64s\" cannot be used: %s", owner, *why);
    return NULL;
}
