#include "base/problem_kind.h"

#include <stddef.h>
#include <string.h>

typedef struct {
    int kind;
    const char *code, *title;
} row_t;

static const row_t rows[] = {
#define X(name, status, number, code, title) { SS_PROBLEM_##name, code, title },
    SS_PROBLEMS(X)
#undef X
        { 0, "error", NULL }
};

static const row_t *row_of(int kind)
{
    const row_t *row = rows;

    if (kind < 1000) kind *= 100;
    while (row->kind && row->kind != kind) row++;
    return row;
}

int ss_problem_kind_status(int kind)
{
    return kind < 1000 ? kind : kind / 100;
}

const char *ss_problem_kind_code(int kind)
{
    return row_of(kind)->code;
}

const char *ss_problem_kind_title(int kind)
{
    return row_of(kind)->title;
}

int ss_problem_kind_find(const char *code, int status)
{
    for (const row_t *row = rows; code && row->kind; row++) {
        if (row->kind / 100 == status && !strcmp(row->code, code)) return row->kind;
    }
    return status;
}
