#include "smtp/advice.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "smtp/phrase.h"
#include "smtp/verdict.h"

#define SS_ADVICE_INPUT_MAX 8192 /* of the user input; the rest is ignored */
#define SS_ADVICE_CODES_MAX 32   /* codes taken from one text */

/* The words of a server's or library's text are more specific than its code, which many causes
 * share; an enhanced code is more specific than a reply code. */
enum {
    SCORE_ID = 1000,
    SCORE_MATCH = 200,
    SCORE_ENHANCED = 100,
    SCORE_CODE = 50,
    SCORE_SUBJECT = 20,
    SCORE_WORDS = 220,
    SCORE_REPLY = 500, /* a rule of the verdicts fits the text as a reply */
    SCORE_ID_IN_TEXT = 300,
    SCORE_NUMBER = 120 /* of the log, in a longer line */,
    SCORE_WORD = 10
};

typedef struct {
    char text[SS_ADVICE_CODES_MAX][12];
    int count;
} ss_advice_codes_t;

static int entries(void)
{
    return ss_advice_count + ss_advice_log_count;
}

static const ss_advice_t *entry_at(int i)
{
    return i < ss_advice_count ? &ss_advice_table[i] : &ss_advice_log_table[i - ss_advice_count];
}

const ss_advice_t *ss_advice_find(const char *id)
{
    for (int i = 0; id && i < entries(); i++) {
        if (!strcmp(entry_at(i)->id, id)) return entry_at(i);
    }
    return NULL;
}

/* Whether text has the len bytes of word, case ignored, and not as a part of a longer word. */
static int has_word(const char *text, const char *word, apr_size_t len)
{
    for (const char *at = text; (at = ss_phrase_find(at, word, len)) != NULL; at++) {
        if ((at == text || !apr_isalnum(at[-1])) && !apr_isalnum(at[len])) return 1;
    }
    return 0;
}

/* "535", or "5.7.8" with a class that replies have; not an IPv4 address or a version. */
static int is_code(const char *word, apr_size_t len)
{
    int dots = 0;
    if (len < 3 || len >= sizeof(((ss_advice_codes_t *)0)->text[0]) || word[0] < '2' ||
        word[0] > '5')
        return 0;
    for (apr_size_t i = 0; i < len; i++) {
        if (word[i] == '.') dots++;
    }
    return dots ? dots == 2 && word[1] == '.' && word[0] != '3' : len == 3;
}

/* Collects runs of digits and dots; a dash as in "535-5.7.8" separates them, and a full stop at the
 * end of a sentence does not belong to them. */
static void collect(const char *text, ss_advice_codes_t *codes)
{
    codes->count = 0;
    for (apr_size_t i = 0; text[i] && codes->count < SS_ADVICE_CODES_MAX;) {
        if (!apr_isdigit(text[i]) ||
            (i && (apr_isalnum(text[i - 1]) || text[i - 1] == '.' || text[i - 1] == ':'))) {
            i++;
            continue;
        }
        apr_size_t end = i;
        while (apr_isdigit(text[end]) || text[end] == '.') end++;
        apr_size_t len = end - i;
        while (text[i + len - 1] == '.') len--;
        if (is_code(text + i, len) && !apr_isalnum(text[end])) {
            memcpy(codes->text[codes->count], text + i, len);
            codes->text[codes->count++][len] = '\0';
        }
        i = end;
    }
}

/* Whether a code of an entry matches one that was found; "x.7.8" in an entry stands for both
 * classes of failure. */
static int same_code(const char *entry, apr_size_t len, const char *found)
{
    if (strlen(found) != len) return 0;
    if (entry[0] == 'x')
        return (found[0] == '4' || found[0] == '5') && !memcmp(entry + 1, found + 1, len - 1);
    return !memcmp(entry, found, len);
}

/* Whether an enhanced code of an entry has the subject (the digit in the middle) of one that was
 * found; detail: only if the entry's code stands for its whole subject ("x.7.0"). */
static int same_subject(const char *entry, apr_size_t len, const ss_advice_codes_t *codes)
{
    for (int i = 0; len > 3 && i < codes->count; i++) {
        const char *found = codes->text[i];
        if (found[1] == '.' && found[2] == entry[2] && found[3] == '.' && found[0] != '2') return 1;
    }
    return 0;
}

static int has_enhanced(const ss_advice_codes_t *codes)
{
    for (int i = 0; i < codes->count; i++) {
        if (codes->text[i][1] == '.') return 1;
    }
    return 0;
}

/* A reply code says less than an enhanced code, and nothing about entries of another subject. */
static int code_score(const char *list, const ss_advice_codes_t *codes)
{
    int enhanced = 0, plain = 0, subject = 0, is_generic = 0;
    while (list && *list) {
        apr_size_t len = strcspn(list, " ");
        int is_enhanced = memchr(list, '.', len) != NULL;
        if (is_enhanced && same_subject(list, len, codes)) {
            subject = 1;
            if (len == 5 && list[4] == '0') is_generic = 1;
        }
        for (int i = 0; i < codes->count; i++) {
            if (!same_code(list, len, codes->text[i])) continue;
            if (is_enhanced)
                enhanced = SCORE_ENHANCED;
            else
                plain = SCORE_CODE;
        }
        list += len;
        list += strspn(list, " ");
    }
    if (has_enhanced(codes) && !subject) plain = 0;
    return enhanced + plain + (is_generic && !enhanced ? SCORE_SUBJECT : 0);
}

/* Words of the input that occur in the title: for "certificate expired" typed by hand. */
static int title_score(const char *title, const char *text)
{
    int score = 0;
    for (const char *at = text; *at;) {
        apr_size_t len = 0;
        while (apr_isalnum(at[len])) len++;
        if (len > 3 && has_word(title, at, len)) score += SCORE_WORD;
        at += len ? len : 1;
    }
    return score < SCORE_CODE ? score : SCORE_CODE - 1;
}

/* The text as a reply: as it came from a server, or as far as a longer text has its codes. */
static void read_reply(const char *text, const ss_advice_codes_t *codes, apr_pool_t *pool,
                       ss_reply_t *reply)
{
    const char *line = apr_pstrcat(pool, text, "\r\n", NULL);
    apr_size_t len = strlen(line), used;

    if (ss_reply_parse(reply, line, len, &used) == APR_SUCCESS && used == len) return;
    memset(reply, 0, sizeof(*reply));
    for (int i = 0; i < codes->count; i++) {
        const char *found = codes->text[i];
        int is_enhanced = found[1] == '.';
        if (!is_enhanced && !reply->code) reply->code = (int)strtol(found, NULL, 10);
        if (is_enhanced && !*reply->enhanced)
            apr_cpystrn(reply->enhanced, found, sizeof(reply->enhanced));
    }
    apr_cpystrn(reply->text, text, sizeof(reply->text));
    reply->text_len = strlen(reply->text);
}

static int score_of(const ss_advice_t *entry, const char *text, const ss_advice_codes_t *codes,
                    const char *said)
{
    if (ss_text_same(entry->id, text)) return SCORE_ID;
    int score = code_score(entry->codes, codes);
    int length = ss_phrase_length(entry->match, text);
    if (said && !strcmp(said, entry->id)) score += codes->count ? SCORE_REPLY : SCORE_WORDS;
    if (length) score += SCORE_MATCH + (length < 50 ? length : 50);
    if (strchr(entry->id, '-') && has_word(text, entry->id, strlen(entry->id)))
        score += strncmp(entry->id, "SMTPSend-", 9) ? SCORE_ID_IN_TEXT : SCORE_NUMBER;
    return score + title_score(entry->title, text);
}

static const char *trimmed(const char *text, apr_pool_t *pool)
{
    text += strspn(text, " \t\r\n");
    apr_size_t len = strnlen(text, SS_ADVICE_INPUT_MAX);
    while (len && strchr(" \t\r\n", text[len - 1])) len--;
    return apr_pstrmemdup(pool, text, len);
}

/* Inserts by score; of equal scores the earlier entry comes first. */
static void insert(apr_array_header_t *list, int *scores, int max, const ss_advice_t *entry,
                   int score)
{
    int at = list->nelts;
    while (at > 0 && scores[at - 1] < score) at--;
    if (at >= max) return;
    if (list->nelts < max) apr_array_push(list);
    const ss_advice_t **items = (const ss_advice_t **)(void *)list->elts;
    for (int i = list->nelts - 1; i > at; i--) {
        items[i] = items[i - 1];
        scores[i] = scores[i - 1];
    }
    items[at] = entry;
    scores[at] = score;
}

apr_array_header_t *ss_advice_search(const char *text, int max, apr_pool_t *pool)
{
    ss_advice_codes_t codes;
    if (max > entries()) max = entries();
    if (max < 0) max = 0;
    apr_array_header_t *list = apr_array_make(pool, max ? max : 1, sizeof(const ss_advice_t *));
    if (!text || !max) return list;
    const char *asked = trimmed(text, pool);
    int *scores = apr_pcalloc(pool, sizeof(*scores) * (apr_size_t)max);
    collect(asked, &codes);
    ss_reply_t reply;
    read_reply(asked, &codes, pool, &reply);
    const char *said = ss_verdict_explain(&reply);
    for (int i = 0; *asked && i < entries(); i++) {
        int score = score_of(entry_at(i), asked, &codes, said);
        if (score) insert(list, scores, max, entry_at(i), score);
    }
    return list;
}
