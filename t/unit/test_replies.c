/* test_replies.c: what servers really say: each reply of t/unit/replies.txt gets the right first
 * hit, in the log and the connection test (the verdict's advice) and in "smtp-send explain". */
#include <CUnit/Basic.h>
#include <apr_pools.h>
#include <stdio.h>
#include <string.h>

#include "smtp/advice.h"
#include "smtp/verdict.h"

#define LINES "t/unit/replies.txt"
#define LEAST 320 /* of the replies: the file may grow */

void ss_suite_replies(void);

static const char *const commands[SS_CMDS] = { "NONE", "CONNECT",  "TLS",  "GREETING", "EHLO",
                                               "HELO", "STARTTLS", "AUTH", "MAIL",     "RCPT",
                                               "DATA", "BDAT",     "END",  "RSET",     "QUIT" };

static ss_cmd_t command_of(const char *word)
{
    for (int i = 0; i < SS_CMDS; i++) {
        if (!strcmp(commands[i], word)) return (ss_cmd_t)i;
    }
    CU_FAIL_FATAL("an unknown command in " LINES);
    return SS_CMD_NONE;
}

/* "\n" in the file stands for the end of a line of the reply. */
static void unescape(char *text)
{
    char *to = text;
    for (const char *from = text; *from; from++) {
        if (from[0] == '\\' && from[1] == 'n') {
            *to++ = '\n';
            from++;
        } else {
            *to++ = *from;
        }
    }
    *to = '\0';
}

static void read_reply(const char *text, ss_reply_t *reply)
{
    char bytes[2048];
    apr_size_t len = 0, used = 0;

    for (; *text && len < sizeof(bytes) - 3; text++) {
        if (*text == '\n') bytes[len++] = '\r';
        bytes[len++] = *text;
    }
    bytes[len++] = '\r';
    bytes[len++] = '\n';
    CU_ASSERT_EQUAL_FATAL(ss_reply_parse(reply, bytes, len, &used), APR_SUCCESS);
    CU_ASSERT_EQUAL_FATAL(used, len);
}

static void every_reply(void)
{
    FILE *file = fopen(LINES, "r");
    char line[2048], command[16], id[64];
    int number = 0, checked = 0, has_source = 0, wrong = 0;
    apr_pool_t *pool;

    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    apr_pool_create(&pool, NULL);
    while (fgets(line, sizeof(line), file)) {
        int used = 0;
        ss_reply_t reply;
        number++;
        line[strcspn(line, "\n")] = '\0';
        if (!*line || *line == '#') continue;
        if (!strncmp(line, "source https://", 15)) {
            has_source = 1;
            continue;
        }
        CU_ASSERT_EQUAL_FATAL(sscanf(line, "%15s %63s %n", command, id, &used), 2);
        CU_ASSERT_FATAL(has_source);
        char *text = line + used;
        unescape(text);
        read_reply(text, &reply);
        const char *said = ss_verdict(command_of(command), &reply, 1).advice;
        apr_array_header_t *found = ss_advice_search(text, 1, pool);
        const char *explained =
            found->nelts ? APR_ARRAY_IDX(found, 0, const ss_advice_t *)->id : "nothing";
        if (strcmp(said, id) || strcmp(explained, id)) {
            printf("\n  " LINES ":%d: %s: log says %s, explain says %s, want %s", number, text,
                   said, explained, id);
            wrong++;
        }
        checked++;
    }
    fclose(file);
    apr_pool_destroy(pool);
    CU_ASSERT_EQUAL(wrong, 0);
    CU_ASSERT(checked >= LEAST);
}

void ss_suite_replies(void)
{
    CU_pSuite suite = CU_add_suite("replies", NULL, NULL);

    CU_ADD_TEST(suite, every_reply);
}
