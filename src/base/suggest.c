#include "base/suggest.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <string.h>

#define NAME_MAX_LEN 40

/* The letters and digits of a name, in lower case. Their number; 0: none, or too many. */
static int letters_of(char out[NAME_MAX_LEN], const char *name, apr_size_t len)
{
    int count = 0;

    for (apr_size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)name[i];
        if (c == '-' || c == '_' || c == '.') continue;
        if (count == NAME_MAX_LEN) return 0;
        out[count++] = (char)apr_tolower(c);
    }
    return count;
}

static int least(int a, int b)
{
    return a < b ? a : b;
}

/* How many letters must be added, removed, changed, or swapped with the next one. */
static int distance(const char *a, int a_len, const char *b, int b_len)
{
    int rows[3][NAME_MAX_LEN + 1];

    for (int j = 0; j <= b_len; j++) rows[0][j] = j;
    for (int i = 1; i <= a_len; i++) {
        int *row = rows[i % 3], *last = rows[(i + 2) % 3], *before = rows[(i + 1) % 3];
        row[0] = i;
        for (int j = 1; j <= b_len; j++) {
            int is_same = a[i - 1] == b[j - 1];
            row[j] = least(least(last[j] + 1, row[j - 1] + 1), last[j - 1] + !is_same);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = least(row[j], before[j - 2] + 1);
        }
    }
    return rows[a_len % 3][b_len];
}

const char *ss_suggest(const char *written, const char *names, apr_pool_t *pool)
{
    char wrong[NAME_MAX_LEN], right[NAME_MAX_LEN];
    const char *best = NULL;
    int len = letters_of(wrong, written, strlen(written)), best_distance = len / 4 + 1;

    while (len && *names) {
        apr_size_t word = strcspn(names, " "), alias = strcspn(names, "> ");
        const char *meant = alias < word ? names + alias + 1 : names;
        int right_len = letters_of(right, names, alias);
        int found = right_len ? distance(wrong, len, right, right_len) : best_distance;
        if (found < best_distance) {
            best_distance = found;
            best = apr_pstrmemdup(pool, meant, word - (apr_size_t)(meant - names));
        }
        names += word + strspn(names + word, " ");
    }
    return best;
}
