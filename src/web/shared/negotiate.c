#include "web/shared/negotiate.h"

#include <string.h>

#include "base/text.h"

/* How specifically a media range matches a type: 3 the type itself, 2 its main type, 1 any type, 0
 * no match. */
static int closeness(const char *range, size_t len, const char *type)
{
    const char *slash = strchr(type, '/');
    size_t main_len = (size_t)(slash - type) + 1;

    if (ss_text_is(range, len, type)) return 3;
    if (len == main_len + 1 && range[main_len] == '*' && !strncasecmp(range, type, main_len))
        return 2;
    return len == 3 && !strncmp(range, "*/*", 3);
}

/* The quality of a range in thousandths; 1000 without a valid "q". */
static int weight_of(const char *parameters, const char *end)
{
    for (const char *p = parameters; p < end; p++) {
        if (*p != ';') continue;
        while (p + 1 < end && (p[1] == ' ' || p[1] == '\t')) p++;
        if (end - p < 4 || (p[1] != 'q' && p[1] != 'Q') || p[2] != '=') continue;
        int weight = p[3] == '1' ? 1000 : 0, unit = 100;
        for (p += 4; p < end && (*p == '.' || (*p >= '0' && *p <= '9')); p++) {
            if (*p != '.' && !(weight == 1000)) {
                weight += (*p - '0') * unit;
                unit /= 10;
            }
        }
        return weight;
    }
    return 1000;
}

/* The quality of a type: that of the most specific range. -1: no range matches. */
static int weight_for(const char *accept, const char *type)
{
    int best_fit = 0, weight = -1, ranges = 0;

    for (const char *p = accept; *p && ranges < SS_NEGOTIATE_RANGES_MAX; ranges++) {
        p += strspn(p, " \t,");
        size_t name_len = strcspn(p, ";, \t");
        const char *end = p + strcspn(p, ",");
        int fit = name_len ? closeness(p, name_len, type) : 0;
        if (fit > best_fit) {
            best_fit = fit;
            weight = weight_of(p + name_len, end);
        }
        p = end;
    }
    return weight;
}

int ss_negotiate(const char *accept, const char *const *offers, int count)
{
    int best = 0, best_weight = 0;

    for (int i = 0; accept && i < count; i++) {
        int weight = weight_for(accept, offers[i]);
        if (weight > best_weight) {
            best_weight = weight;
            best = i;
        }
    }
    return best;
}
