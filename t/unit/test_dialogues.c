/* test_dialogues.c: the dialogues of t/sim/dialogues, each in every split; every entry of the
 * knowledge base that is about a reply has one that ends in it. A file is what a mail administrator
 * writes from a log: dialogue.h says what its lines mean; "#" begins a comment. */
#include <CUnit/CUnit.h>
#include <apr_strings.h>
#include <apr_tables.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dialogue.h"
#include "smtp/verdict.h"

#define REPLIES_MAX (1024 * 1024)

void ss_suite_dialogues(void);

#define FOLDER "t/sim/dialogues"
#define LINES_MAX 400
#define FILE_MAX 65536

static char reported[65536]; /* the V: lines of all files */

/* The lines that count; how many. The text is cut up. */
static int cut(char *text, const char **lines)
{
    int count = 0;

    for (char *line = text; *line && count < LINES_MAX;) {
        char *end = line + strcspn(line, "\n");
        char *next = *end ? end + 1 : end;
        *end = '\0';
        if (*line && *line != '#') lines[count++] = line;
        line = next;
    }
    return count;
}

static int play_file(const char *name)
{
    static char text[FILE_MAX];
    const char *lines[LINES_MAX];
    char path[512];

    snprintf(path, sizeof(path), "%s/%s", FOLDER, name);
    FILE *file = fopen(path, "r");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    size_t len = fread(text, 1, sizeof(text) - 1, file);
    fclose(file);
    text[len] = '\0';
    int count = cut(text, lines), verdicts = 0;
    for (int i = 0; i < count; i++) {
        if (lines[i][0] != 'V') continue;
        verdicts++;
        size_t used = strlen(reported);
        snprintf(reported + used, sizeof(reported) - used, "%s\n", lines[i]);
    }
    const char *wrong =
        verdicts ? dialogue_play(lines, count) : "no line with the expected verdict (V:)";
    if (wrong) fprintf(stderr, "\n  %s: %s\n", name, wrong);
    CU_ASSERT_PTR_NULL(wrong);
    return 1;
}

static void every_file(void)
{
    DIR *folder = opendir(FOLDER);
    struct dirent *entry;
    int count = 0;

    CU_ASSERT_PTR_NOT_NULL_FATAL(folder);
    reported[0] = '\0';
    while ((entry = readdir(folder))) {
        size_t len = strlen(entry->d_name);
        if (len > 4 && !strcmp(entry->d_name + len - 4, ".dlg")) count += play_file(entry->d_name);
    }
    closedir(folder);
    CU_ASSERT(count > 0);
}

/* Replies that test_replies.c reads stand for dialogues, too. */
static char *read_replies(void)
{
    FILE *file = fopen("t/unit/replies.txt", "r");
    char *bytes = calloc(1, REPLIES_MAX);

    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    CU_ASSERT_PTR_NOT_NULL_FATAL(bytes);
    size_t len = fread(bytes, 1, REPLIES_MAX - 1, file);
    CU_ASSERT(len && len < REPLIES_MAX - 1);
    fclose(file);
    return bytes;
}

static void every_entry_about_a_reply(void)
{
    const char *advice;
    char *replies = read_replies();

    for (int i = 0; (advice = ss_verdict_advice(i)) != NULL; i++) {
        char end[100], between[100];
        /* of QUIT and RSET, whose answers decide nothing */
        if (!strcmp(advice, "closing")) continue;
        snprintf(end, sizeof(end), " %s\n", advice);
        snprintf(between, sizeof(between), " %s ", advice);
        int is_there = strstr(reported, end) || strstr(replies, between);
        if (!is_there) fprintf(stderr, "\n  no dialogue and no reply ends in %s\n", advice);
        CU_ASSERT(is_there);
    }
    free(replies);
}

void ss_suite_dialogues(void)
{
    CU_pSuite suite = CU_add_suite("dialogues", NULL, NULL);

    CU_add_test(suite, "every file", every_file);
    CU_add_test(suite, "every entry about a reply", every_entry_about_a_reply);
}
