/* heap.h: an intrusive binary min-heap by key, then by order of insertion: timers, the
 * schedule. */
#pragma once

#include <apr_errno.h>
#include <apr.h>

typedef struct { /* embed it; all zero = in no heap */
    apr_int64_t key;
    apr_uint64_t order;
    apr_size_t place; /* index + 1; 0 = in no heap */
} ss_heap_node_t;

typedef struct {
    ss_heap_node_t **nodes;
    apr_size_t count, size, max; /* max: bound on count */
    apr_uint64_t next_order;
} ss_heap_t;

void ss_heap_init(ss_heap_t *heap, apr_size_t max);
/* Frees the array; the nodes are the caller's. */
void ss_heap_free(ss_heap_t *heap);
/* Inserts a node that is in no heap. APR_ENOSPC at the bound, APR_ENOMEM. */
apr_status_t ss_heap_insert(ss_heap_t *heap, ss_heap_node_t *node, apr_int64_t key);
/* Takes a node out; nothing happens when it is in no heap. */
void ss_heap_remove(ss_heap_t *heap, ss_heap_node_t *node);
/* The node with the smallest key, or NULL. It stays in the heap. */
ss_heap_node_t *ss_heap_first(const ss_heap_t *heap);
