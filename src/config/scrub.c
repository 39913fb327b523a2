#include "config/scrub.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAPS_MAX 8192 /* mappings looked at; a process with more keeps what lies in the rest */
#define BLANKS_MAX 64 /* between directive and value */

typedef struct {
    char *begin, *end;
} range_t;

/* Private mappings that can be read and written: heap, pools' memory, data. */
static int writable_ranges(range_t *ranges)
{
    FILE *maps = fopen("/proc/self/maps", "re");
    char line[512];
    int count = 0;

    if (!maps) return 0;
    while (count < MAPS_MAX && fgets(line, sizeof(line), maps)) {
        unsigned long begin, end;
        char rights[5];
        if (sscanf(line, "%lx-%lx %4s", &begin, &end, rights) == 3 && !strncmp(rights, "rw-p", 4) &&
            !strstr(line, "[stack") && !strstr(line, "[v")) {
            ranges[count++] = (range_t){ (char *)begin, (char *)end };
        }
    }
    fclose(maps);
    return count;
}

/* Where the value stands when the directive's name ends at `at`; NULL: another text. */
static char *value_at(char *at, const char *end, const char *value, size_t len)
{
    int blanks = 0;

    while (at < end && (*at == ' ' || *at == '\t') && blanks < BLANKS_MAX) {
        at++;
        blanks++;
    }
    if (!blanks) return NULL;
    if (at < end && (*at == '"' || *at == '\'')) at++;
    return (size_t)(end - at) >= len && !memcmp(at, value, len) ? at : NULL;
}

static void scrub_range(range_t range, const char *directive, size_t name_len, const char *value,
                        size_t len)
{
    for (char *at = range.begin; range.end - at > (ptrdiff_t)(name_len + len);) {
        char *found = memchr(at, directive[0], (size_t)(range.end - at) - name_len - len);
        if (!found) return;
        at = found + 1;
        if (strncasecmp(found, directive, name_len)) continue;
        char *place = value_at(found + name_len, range.end, value, len);
        if (place) memset(place, '*', len);
    }
}

void ss_scrub_line(const char *directive, const char *value)
{
    range_t *ranges = calloc(MAPS_MAX, sizeof(*ranges));
    size_t name_len = strlen(directive), len = strlen(value);
    char other[64];

    if (ranges && len && name_len < sizeof(other)) {
        int count = writable_ranges(ranges);
        /* The first letter is looked for as it is: once as written here, once in the other case. */
        memcpy(other, directive, name_len + 1);
        other[0] = (char)(other[0] ^ 0x20);
        for (int i = 0; i < count; i++) {
            scrub_range(ranges[i], directive, name_len, value, len);
            scrub_range(ranges[i], other, name_len, value, len);
        }
    }
    free(ranges);
}

void ss_scrub_text(const char *text, const char *kept, apr_size_t kept_len)
{
    range_t *ranges = calloc(MAPS_MAX, sizeof(*ranges));
    size_t len = strlen(text);
    int count = ranges && len >= 4 ? writable_ranges(ranges) : 0;

    for (int i = 0; i < count; i++) {
        for (char *at = ranges[i].begin;
             (at = memmem(at, (size_t)(ranges[i].end - at), text, len)) != NULL; at += len) {
            if (at == text || (at >= kept && at < kept + kept_len)) continue;
            memset(at, '*', len);
        }
    }
    free(ranges);
}
