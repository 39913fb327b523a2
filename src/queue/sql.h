/* sql.h: the statements of a queue. */
#pragma once

#include <apr_pools.h>

#include "mail/attributes.h"

/* Which messages an action would change: an argument of PAGE and PAGE_COUNT. */
#define SS_SQL_MODE_ANY -1
#define SS_SQL_MODE_RETRY 0   /* waiting, and not due yet */
#define SS_SQL_MODE_HOLD 1    /* waiting for an attempt */
#define SS_SQL_MODE_RELEASE 2 /* with held recipients */
#define SS_SQL_MODE_CANCEL 3  /* not finished */

/* sentinel for `due`: held (an operator must act) or finished */
#define SS_SQL_FAR 9223372036854775807

/* The number of such a macro as a text. */
#define SS_SQL_STRING_(number) #number
#define SS_SQL_STRING(number) SS_SQL_STRING_(number)

/* The version of the tables: raised with every change of them, an attribute's column included. */
#define SS_SCHEMA_VERSION 3

/* The columns of counts of waiting messages, and of finished ones. */
#define SS_SQL_OPEN_COLUMNS                                                                        \
    "relay, CASE WHEN n_queued > 0 THEN 1 ELSE 0 END, CASE WHEN n_queued + n_deferred > 0 THEN 1 " \
    "ELSE 0 END, count(*), sum(size), min(created), sum(n_queued), sum(n_deferred), sum(n_held)"
#define SS_SQL_DONE_COLUMNS                                                                        \
    "relay, CASE WHEN n_failed > 0 THEN {failed} WHEN n_expired > 0 THEN {expired} WHEN n_sent > " \
    "0 THEN {sent} ELSE {cancelled} END, count(*), sum(size), min(created), sum(n_sent), "         \
    "sum(n_failed), sum(n_expired), sum(n_cancelled)"

typedef enum {
    SS_SQL_PUT_MESSAGE,
    SS_SQL_PUT_RECIPIENT,
    SS_SQL_PUT_BODY,
    SS_SQL_FIND_KEY,
    SS_SQL_END_RECIPIENT,
    SS_SQL_END_RECIPIENT_CAREFULLY,
    SS_SQL_SETTLE_SINGLE,
    SS_SQL_SUMMARY,
    SS_SQL_SETTLE,
    SS_SQL_DELETE_RECIPIENTS,
    SS_SQL_DELETE_EVENTS,
    SS_SQL_DELETE_BODY,
    SS_SQL_DELETE_MESSAGE,
    SS_SQL_UNSTAGE,
    SS_SQL_COUNT_STAGED,
    SS_SQL_PUT_EVENT,
    SS_SQL_GET_MESSAGE,
    SS_SQL_GET_RECIPIENTS,
    SS_SQL_GET_INLINE,
    SS_SQL_GET_PART,
    SS_SQL_PART_SIZES,
    SS_SQL_GET_EVENTS,
    SS_SQL_DUE,
    SS_SQL_OPEN_BOUND,
    SS_SQL_OPEN_COUNTS,
    SS_SQL_DONE_BOUND,
    SS_SQL_DONE_COUNTS,
    SS_SQL_OLDEST,
    SS_SQL_OLDEST_OF,
    SS_SQL_PAGE_BOUND,
    SS_SQL_PAGE_BOUND_OPEN,
    SS_SQL_PAGE_BOUND_FAILED,
    SS_SQL_PAGE,
    SS_SQL_PAGE_FAILED,
    SS_SQL_PAGE_IDENT,
    SS_SQL_PAGE_COUNT,
    SS_SQL_RETRY,
    SS_SQL_HOLD,
    SS_SQL_HOLD_UNREADABLE,
    SS_SQL_RELEASE,
    SS_SQL_CANCEL,
    SS_SQL_SETTINGS,
    SS_SQL_SET,
    SS_SQL_UNSET,
    SS_SQL_PURGE_RECIPIENTS,
    SS_SQL_PURGE_EVENTS,
    SS_SQL_PURGE_BODIES,
    SS_SQL_PURGE_MESSAGES,
    SS_SQL_PURGE_ORPHANS,
    SS_SQL_RESCUE,
    /* END_RECIPIENT and SETTLE_SINGLE for many rows; servers only */
    SS_SQL_END_MANY,
    SS_SQL_SETTLE_MANY,
    /* queues shared by several nodes only (lease.c) */
    SS_SQL_NODE_BEAT,
    SS_SQL_NODE_CLAIM,
    SS_SQL_NODE_LEAVE,
    SS_SQL_NODE_OTHERS,
    SS_SQL_NODE_EXPIRE,
    SS_SQL_NODE_TAKE,
    SS_SQL_NODE_TAKE_REST,
    SS_SQL_NODE_NEXT,
    SS_SQL_NODE_NEXT_DONE,
    SS_SQL_NODE_ADOPT,
    SS_SQL_NODE_FORGET,
    SS_SQL_NODE_TAKE_WEBHOOKS,
    SS_SQL_NODE_FORGET_SETTINGS,
    SS_SQL_HAND_OVER,
    SS_SQL_HANDED,
    SS_SQL_HANDED_DONE,
    SS_SQL_SHARED,
    SS_SQL_COUNT
} ss_sql_t;

/* The texts that all databases share. Marks of the dialect: {own} (of this node only),
 * {own_setting}, {node}, {foreign}, {like}, {by_failed}. Marks of ss_db_prepare: {queued},
 * {sending} and so on, the numbers of the states, and in a dialect's texts {node}, this node's
 * name. Marks of ss_sql_expand. */
extern const char *const ss_sql_texts[SS_SQL_COUNT];

/* Statements that create the tables and indexes that all databases have alike, ended by NULL. The
 * version comes first, and its row last, so that tables that are there only in part are known as a
 * queue's. Marks of the dialect: {key} (text), {number}, {blob}, {node_columns}, {without_rowid}.
 * Marks of the engine: {bytewise}, {asc}; {async}: of CREATE INDEX; {open}: the column that
 * replaces "WHERE finished = 0" where no index has a WHERE. */
extern const char *const ss_sql_tables[];

/* How a database declares the columns of attributes. */
typedef struct {
    const char *text, *number;
    const char *key; /* a text that is part of an index: compared byte by byte */
} ss_sql_types_t;

/* Replaces the marks that stand for the columns of a message's attributes (mail/attributes.h):
 * {attributes} and {m.attributes}: their names, separated by commas; {attribute_values}: their
 * arguments; {attribute_columns}: their definitions for CREATE TABLE, by types. */
const char *ss_sql_expand(const char *text, const ss_sql_types_t *types, apr_pool_t *pool);
/* The statement that adds the column of an attribute to an older queue. */
const char *ss_sql_add_column(const ss_attributes_row_t *row, const ss_sql_types_t *types,
                              apr_pool_t *pool);
