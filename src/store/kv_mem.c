/* SPDX-License-Identifier: Apache-2.0
 *
 * The index in memory: a skip list. For tests and throw-away runs; nothing of it survives, so its
 * position after opening is 0 and recovery replays the whole journal.
 *
 * A scan takes no snapshot. It remembers the key it gave out last and, when the list changed since,
 * looks that key up again: it goes on with the next key there is then. The pair it gave out is a
 * copy of its own, so that it stays valid even when its node is deleted before the next step.
 */
#include "store/kv_int.h"

#include "base/mem.h"
#include "sys/rand.h"

#include <assert.h>

#define LEVELS_MAX 16 /* at one in four per level: room for 4^16 keys */
#define SEED 0x5eed   /* the shape of the list has no meaning; the same every time */

struct node {
    char *value;            /* the node's own */
    size_t value_bytes;     /* of it */
    uint32_t key_bytes;     /* the key lies behind the links */
    uint32_t levels;        /* of next[] */
    struct node *next[];    /* per level, lowest first */
};

struct mem_kv {
    struct kv kv;         /* first: the seam */
    struct node *head;    /* no key, all levels */
    uint32_t levels;      /* in use */
    uint64_t changes;     /* counts applies, for scans */
    uint64_t position;    /* applied up to here */
    struct rand rand;     /* of node heights */
    size_t scans_open;    /* must be 0 at the end */
};

struct kv_scan {
    struct kv_scan_head head; /* first */
    struct mem_kv *list;     /* whose it is */
    char *from, *to;         /* the bounds */
    size_t from_bytes;       /* of from */
    size_t to_bytes;         /* of to */
    char *pair;              /* key and value given out last */
    size_t pair_room;        /* allocated */
    size_t key_bytes;        /* of the pair */
    struct node *node;       /* of the pair, while `changes` is the list's */
    uint64_t changes;        /* the list's when node was found */
    bool started;            /* pair is set */
    bool descending;         /* direction */
};

static struct mem_kv *list_of(struct kv *kv)
{
    return (struct mem_kv *)(void *)kv;
}

static struct str node_key(const struct node *node)
{
    return str_of(&node->next[node->levels], node->key_bytes);
}

static struct str node_value(const struct node *node)
{
    return str_of(node->value, node->value_bytes);
}

static void node_free(struct node *node)
{
    mem_free(node->value);
    mem_free(node);
}

/* The last node before key on every level; the head where there is none. */
static struct node *find_before(struct mem_kv *list, struct str key, struct node **before)
{
    struct node *at = list->head;

    for (uint32_t level = list->levels; level-- > 0;) {
        while (at->next[level] != NULL && str_cmp(node_key(at->next[level]), key) < 0) {
            at = at->next[level];
        }
        if (before != NULL) {
            before[level] = at;
        }
    }
    return at;
}

static struct node *find(struct mem_kv *list, struct str key)
{
    struct node *node = find_before(list, key, NULL)->next[0];

    return node != NULL && str_eq(node_key(node), key) ? node : NULL;
}

static uint32_t levels_choose(struct mem_kv *list)
{
    uint64_t bits = rand_u64(&list->rand);
    uint32_t levels = 1;

    while (levels < LEVELS_MAX && (bits & 3) == 0) {
        levels++;
        bits >>= 2;
    }
    return levels;
}

static void value_set(struct node *node, struct str value)
{
    mem_free(node->value);
    node->value = mem_dup(value.at, value.bytes);
    node->value_bytes = value.bytes;
}

static void put(struct mem_kv *list, struct str key, struct str value)
{
    struct node *before[LEVELS_MAX];
    struct node *node = find_before(list, key, before)->next[0];

    if (node == NULL || !str_eq(node_key(node), key)) {
        uint32_t levels = levels_choose(list);

        node = mem_zero(sizeof(*node) + levels * sizeof(node->next[0]) + key.bytes);
        node->levels = levels;
        node->key_bytes = (uint32_t)key.bytes;
        memcpy(&node->next[levels], key.at, key.bytes);
        while (list->levels < levels) {
            before[list->levels++] = list->head;
        }
        for (uint32_t level = 0; level < levels; level++) {
            node->next[level] = before[level]->next[level];
            before[level]->next[level] = node;
        }
    }
    value_set(node, value);
}

static void take_out(struct mem_kv *list, struct str key)
{
    struct node *before[LEVELS_MAX];
    struct node *node = find_before(list, key, before)->next[0];

    if (node == NULL || !str_eq(node_key(node), key)) {
        return;
    }
    for (uint32_t level = 0; level < node->levels; level++) {
        assert(before[level]->next[level] == node);
        before[level]->next[level] = node->next[level];
    }
    node_free(node);
}

static void mem_apply(struct kv *kv, uint64_t position, const struct kv_write *writes, size_t count)
{
    struct mem_kv *list = list_of(kv);

    assert(position > list->position);
    list->position = position;
    list->changes++;
    for (size_t i = 0; i < count; i++) {
        assert(writes[i].key.bytes > 0);
        assert(writes[i].key.at[0] != KV_OWN_KEY_BYTE);
        if (writes[i].value.at != NULL) {
            put(list, writes[i].key, writes[i].value);
        } else {
            take_out(list, writes[i].key);
        }
    }
}

static bool mem_get(struct kv *kv, struct arena *arena, struct str key, struct str *ret_value)
{
    struct node *node = find(list_of(kv), key);

    if (node == NULL) {
        return false;
    }
    *ret_value = arena_dup(arena, node_value(node));
    return true;
}

static struct kv_scan *mem_scan(struct kv *kv, struct str from, struct str to, bool descending)
{
    struct kv_scan *scan = MEM_NEW(struct kv_scan);

    scan->head.ops = kv->ops;
    scan->list = list_of(kv);
    scan->from = mem_dup(from.bytes > 0 ? from.at : "", from.bytes);
    scan->from_bytes = from.bytes;
    scan->to = mem_dup(to.bytes > 0 ? to.at : "", to.bytes);
    scan->to_bytes = to.bytes;
    scan->descending = descending;
    scan->list->scans_open++;
    return scan;
}

/* The node behind the pair given out last, in the scan's direction; NULL at the end of the list. */
static struct node *scan_step(struct kv_scan *scan)
{
    struct mem_kv *list = scan->list;
    struct str last = str_of(scan->pair, scan->key_bytes);

    if (scan->descending) {
        struct str limit = scan->started ? last : str_of(scan->to, scan->to_bytes);
        struct node *node = find_before(list, limit, NULL);

        return node == list->head ? NULL : node;
    }
    if (!scan->started) {
        return find_before(list, str_of(scan->from, scan->from_bytes), NULL)->next[0];
    }
    if (scan->changes == list->changes) {
        return scan->node->next[0];
    }
    struct node *node = find_before(list, last, NULL)->next[0];

    return node != NULL && str_eq(node_key(node), last) ? node->next[0] : node;
}

static bool mem_scan_next(struct kv_scan *scan, struct str *ret_key, struct str *ret_value)
{
    struct node *node = scan_step(scan);

    if (node == NULL || str_cmp(node_key(node), str_of(scan->from, scan->from_bytes)) < 0 ||
        str_cmp(node_key(node), str_of(scan->to, scan->to_bytes)) >= 0) {
        return false;
    }
    size_t bytes = node->key_bytes + node->value_bytes;

    if (scan->pair_room < bytes) {
        scan->pair_room = 2 * bytes;
        scan->pair = mem_grow(scan->pair, scan->pair_room);
    }
    memcpy(scan->pair, node_key(node).at, node->key_bytes);
    memcpy(scan->pair + node->key_bytes, node->value, node->value_bytes);
    scan->key_bytes = node->key_bytes;
    scan->node = node;
    scan->changes = scan->list->changes;
    scan->started = true;
    *ret_key = str_of(scan->pair, node->key_bytes);
    *ret_value = str_of(scan->pair + node->key_bytes, node->value_bytes);
    return true;
}

static void mem_scan_close(struct kv_scan *scan)
{
    assert(scan->list->scans_open > 0);
    scan->list->scans_open--;
    mem_free(scan->from);
    mem_free(scan->to);
    mem_free(scan->pair);
    mem_free(scan);
}

static void mem_checkpoint_begin(struct kv *kv, uint64_t position)
{
    assert(position >= list_of(kv)->position);
    list_of(kv)->position = position;
}

static status mem_checkpoint_wait(struct kv *kv)
{
    (void)kv; /* there is no disk to wait for */
    return OK;
}

static uint64_t mem_position(struct kv *kv)
{
    return list_of(kv)->position;
}

/* Nothing here is ever flushed, so nothing waits for it. */
static uint64_t mem_dirty_bytes(struct kv *kv)
{
    (void)kv;
    return 0;
}

static void mem_close(struct kv *kv)
{
    struct mem_kv *list = list_of(kv);

    assert(list->scans_open == 0);
    for (struct node *node = list->head; node != NULL;) {
        struct node *next = node->next[0];

        node_free(node);
        node = next;
    }
    mem_free(list);
}

static const struct kv_ops MEM_OPS = {
    .close = mem_close,
    .position = mem_position,
    .apply = mem_apply,
    .get = mem_get,
    .scan = mem_scan,
    .scan_next = mem_scan_next,
    .scan_close = mem_scan_close,
    .checkpoint_begin = mem_checkpoint_begin,
    .checkpoint_wait = mem_checkpoint_wait,
    .dirty_bytes = mem_dirty_bytes,
};

status kv_mem_open(struct kv **ret_kv)
{
    struct mem_kv *list = MEM_NEW(struct mem_kv);

    list->kv.ops = &MEM_OPS;
    list->levels = 1;
    list->head = mem_zero(sizeof(struct node) + LEVELS_MAX * sizeof(struct node *));
    list->head->levels = LEVELS_MAX;
    rand_init(&list->rand, SEED);
    *ret_kv = &list->kv;
    return OK;
}
