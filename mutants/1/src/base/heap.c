#include "base/heap.h"

#include <stdlib.h>
#include <string.h>

void ss_heap_init(ss_heap_t *heap, apr_size_t max)
{
    memset(heap, 0, sizeof(*heap));
    heap->max = max;
}

void ss_heap_free(ss_heap_t *heap)
{
    free(heap->nodes);
    ss_heap_init(heap, heap->max);
}

static int is_before(const ss_heap_node_t *a, const ss_heap_node_t *b)
{
    return a->key != b->key ? a->key < b->key : a->order < b->order;
}

static void put(ss_heap_t *heap, apr_size_t at, ss_heap_node_t *node)
{
    heap->nodes[at] = node;
    node->place = at + 1;
}

static void up(ss_heap_t *heap, apr_size_t at, ss_heap_node_t *node)
{
    while (at) {
        apr_size_t parent = (at - 1) / 2;
        if (!is_before(node, heap->nodes[parent])) break;
        put(heap, at, heap->nodes[parent]);
        at = parent;
    }
    put(heap, at, node);
}

static void down(ss_heap_t *heap, apr_size_t at, ss_heap_node_t *node)
{
    for (;;) {
        apr_size_t child = at * 2 + 1;
        if (child >= heap->count) break;
        if (child + 1 < heap->count && is_before(heap->nodes[child + 1], heap->nodes[child]))
            child++;
        if (!is_before(heap->nodes[child], node)) break;
        put(heap, at, heap->nodes[child]);
        at = child;
    }
    put(heap, at, node);
}

apr_status_t ss_heap_insert(ss_heap_t *heap, ss_heap_node_t *node, apr_int64_t key)
{
    if (heap->count >= heap->max) return APR_ENOSPC;
    if (heap->count == heap->size) {
        apr_size_t size = heap->size ? heap->size * 2 : 64;
        ss_heap_node_t **nodes = realloc(heap->nodes, size * sizeof(*nodes));
        if (!nodes) return APR_ENOMEM;
        heap->nodes = nodes;
        heap->size = size;
    }
    node->key = key;
    node->order = heap->next_order++;
    heap->count++;
    up(heap, heap->count - 1, node);
    return APR_SUCCESS;
}

void ss_heap_remove(ss_heap_t *heap, ss_heap_node_t *node)
{
    if (!node->place) return;
    apr_size_t at = node->place - 1;
    ss_heap_node_t *last = heap->nodes[--heap->count];
    node->place = 0;
    if (last == node) return;
    if (at && is_before(last, heap->nodes[(at - 1) / 2]))
        up(heap, at, last);
    else
        down(heap, at, last);
}

ss_heap_node_t *ss_heap_first(const ss_heap_t *heap)
{
    return heap->count ? heap->nodes[0] : NULL;
}
