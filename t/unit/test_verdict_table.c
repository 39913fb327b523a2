/* test_verdict_table.c: every rule of the verdicts, at every command that it is about: the lines of
 * t/unit/verdicts.txt. */
#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "smtp/verdict.h"

#define LINES "t/unit/verdicts.txt"

void ss_suite_verdict_table(void);

static const char *const commands[SS_CMDS] = { "NONE", "CONNECT",  "TLS",  "GREETING", "EHLO",
                                               "HELO", "STARTTLS", "AUTH", "MAIL",     "RCPT",
                                               "DATA", "BDAT",     "END",  "RSET",     "QUIT" };
static const char *const scopes[] = { "recipient", "message", "connection", "relay", NULL };
static const char *const fates[] = { "sent",    "deferred", "failed",    "again",   "down",
                                     "blocked", "suspect",  "uncertain", "limited", NULL };
/* in the order of the bits */
static const char *const learnt[] = { "one-message",       "no-pipelining",
                                      "no-chunking",       "max-recipients",
                                      "fewer-connections", "no-ehlo",
                                      "no-streaming",      NULL };

static int index_of(const char *const *words, int count, const char *word)
{
    for (int i = 0; i < count && words[i]; i++) {
        if (!strcmp(words[i], word)) return i;
    }
    return -1;
}

typedef struct {
    int number; /* of the line, in the file */
    char command[16], when[16], codes[256], enhanced[12], scope[16], fate[16], learn[32],
        advice[64];
    const char *text;
} line_t;

static void check(const line_t *l, int code)
{
    int learn = index_of(learnt, 7, l->learn);
    ss_reply_t reply;

    memset(&reply, 0, sizeof(reply));
    reply.code = code;
    snprintf(reply.enhanced, sizeof(reply.enhanced), "%s",
             strcmp(l->enhanced, "-") ? l->enhanced : "");
    snprintf(reply.text, sizeof(reply.text), "%s", l->text);
    ss_verdict_t v = ss_verdict((ss_cmd_t)index_of(commands, SS_CMDS, l->command), &reply,
                                !strcmp(l->when, "reused"));
    int is_right = (int)v.scope == index_of(scopes, 4, l->scope) &&
                   (int)v.fate == index_of(fates, 9, l->fate) &&
                   v.learn == (learn < 0 ? 0 : 1u << learn) && !strcmp(v.advice, l->advice);
    if (!is_right)
        printf("\n  " LINES ":%d: %s %d %s: the verdict is %s %s %u %s", l->number, l->command,
               code, l->text, scopes[v.scope], fates[v.fate], v.learn, v.advice);
    CU_ASSERT_TRUE(is_right);
}

static void every_rule_at_every_command(void)
{
    FILE *file = fopen(LINES, "r");
    char bytes[1024];
    int number = 0, checked = 0;

    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    while (fgets(bytes, sizeof(bytes), file)) {
        line_t l = { .number = ++number };
        int used = 0;
        bytes[strcspn(bytes, "\n")] = '\0';
        if (!*bytes || *bytes == '#') continue;
        CU_ASSERT_EQUAL_FATAL(sscanf(bytes, "%15s %15s %255s %11s %15s %15s %31s %63s%n", l.command,
                                     l.when, l.codes, l.enhanced, l.scope, l.fate, l.learn,
                                     l.advice, &used),
                              8);
        l.text = bytes + used + (bytes[used] == ' ');
        CU_ASSERT_FATAL(index_of(commands, SS_CMDS, l.command) >= 0);
        for (char *code = l.codes, *next; code; code = next) {
            next = strchr(code, ',');
            if (next) next++;
            check(&l, (int)strtol(code, NULL, 10));
            checked++;
        }
    }
    fclose(file);
    CU_ASSERT(checked > 1000);
}

void ss_suite_verdict_table(void)
{
    CU_pSuite suite = CU_add_suite("verdict_table", NULL, NULL);

    CU_ADD_TEST(suite, every_rule_at_every_command);
}
