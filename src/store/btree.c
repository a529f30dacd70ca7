/* SPDX-License-Identifier: Apache-2.0
 *
 * Invariants
 *  1. Keys of a node ascend. Of an inner node keys[i] is at most the first key below kids[i], and
 *     behind the last below kids[i - 1]; keys[0] is only less than keys[1]: what is less than
 *     all goes below kids[0], too.
 *  2. The first `skip` bytes of all keys of a node are the same; heads[i] is the number that the
 *     next eight bytes of keys[i] make, zeros where it has less. So heads never descend, and where
 *     two differ they say which key is less.
 *  3. skip grows only when a node is split: it may be smaller than it could be.
 *  4. All leaves have the same depth and are linked in order. A leaf may be empty.
 *
 * A full leaf is split in the middle; but when the key goes behind its last, that key alone goes
 * into the new one: keys that ascend, as most do here, fill their leaves.
 *
 * Memory: pairs of up to PAIR_BYTES_MAX come from chunks, by sizes of 16 bytes, and are used
 * again; larger ones are allocated. A value that fits where the old one was takes its place.
 */
#include "store/btree.h"

#include "base/list.h"
#include "base/mem.h"

#include <assert.h>
#include <endian.h>
#include <string.h>

#define NODE_ROOM 64
#define DEPTH_MAX 12
#define CHUNK_BYTES (256u * 1024)
#define GRAIN_BYTES 16
#define PAIR_BYTES_MAX 2048
#define CLASSES (PAIR_BYTES_MAX / GRAIN_BYTES + 1)
#define GONE UINT32_MAX

struct pair {
    struct pair *next_free;  /* while it is free */
    uint32_t key_bytes;      /* of the key, which lies behind */
    uint32_t value_bytes;    /* of the value, behind the key; GONE: deleted */
    uint32_t room;           /* for a value */
    char bytes[];
};

/* One that did not come from a chunk. */
struct large {
    struct link link;        /* among them */
    struct pair pair;        /* last: its bytes follow */
};

struct chunk {
    struct chunk *next;      /* older */
    char bytes[CHUNK_BYTES - sizeof(struct chunk *)];
};

struct node {
    uint32_t count;          /* of keys */
    uint32_t level;          /* 0: a leaf */
    size_t skip;             /* bytes that all keys begin with */
    struct node *prev, *next; /* leaves, in order */
    uint64_t heads[NODE_ROOM];
    struct pair *keys[NODE_ROOM];
    struct node *kids[];     /* of an inner node, NODE_ROOM */
};

struct btree {
    struct node *root;       /* a leaf at first */
    uint64_t bytes, count;   /* memory; keys */
    uint64_t changes;        /* of which keys there are, or where their pairs lie */
    struct chunk *chunks;    /* newest first */
    size_t used;             /* of the newest */
    struct link large;       /* pairs without a chunk */
    struct pair *free[CLASSES]; /* by size */
};

/* The way from the root to a leaf. */
struct path {
    struct node *nodes[DEPTH_MAX]; /* from the root down */
    uint32_t at[DEPTH_MAX];        /* which kid was taken */
    size_t depth;                  /* inner nodes on it */
    struct node *leaf;             /* where it ends */
};

/* ---- pairs ---- */

static struct str pair_key(const struct pair *pair)
{
    return str_of(pair->bytes, pair->key_bytes);
}

static size_t grains_of(size_t bytes)
{
    return (bytes + GRAIN_BYTES - 1) / GRAIN_BYTES;
}

static void *chunk_take(struct btree *tree, size_t bytes)
{
    if (tree->chunks == NULL || tree->used + bytes > sizeof(tree->chunks->bytes)) {
        struct chunk *chunk = mem_alloc(sizeof(*chunk));

        chunk->next = tree->chunks;
        tree->chunks = chunk;
        tree->used = 8; /* what is taken is aligned to 16 */
    }
    void *taken = tree->chunks->bytes + tree->used;

    tree->used += bytes;
    return taken;
}

static struct pair *pair_small(struct btree *tree, size_t grains)
{
    struct pair *pair = tree->free[grains];

    if (pair != NULL) {
        tree->free[grains] = pair->next_free;
        return pair;
    }
    return chunk_take(tree, grains * GRAIN_BYTES);
}

static struct pair *pair_new(struct btree *tree, struct str key, size_t value_bytes)
{
    size_t bytes = sizeof(struct pair) + key.bytes + value_bytes;
    size_t grains = grains_of(bytes);
    struct pair *pair;

    assert(bytes < UINT32_MAX);
    if (bytes <= PAIR_BYTES_MAX) {
        pair = pair_small(tree, grains);
    } else {
        struct large *large = mem_alloc(sizeof(*large) + grains * GRAIN_BYTES - sizeof(*pair));

        list_push(&tree->large, &large->link);
        pair = &large->pair;
    }
    tree->bytes += grains * GRAIN_BYTES;
    pair->key_bytes = (uint32_t)key.bytes;
    pair->room = (uint32_t)(grains * GRAIN_BYTES - sizeof(*pair) - key.bytes);
    memcpy(pair->bytes, key.at, key.bytes);
    return pair;
}

static void pair_drop(struct btree *tree, struct pair *pair)
{
    size_t bytes = sizeof(*pair) + pair->key_bytes + pair->room;

    tree->bytes -= bytes;
    if (bytes <= PAIR_BYTES_MAX) {
        pair->next_free = tree->free[bytes / GRAIN_BYTES];
        tree->free[bytes / GRAIN_BYTES] = pair;
    } else {
        struct large *large = LINK_OWNER(pair, struct large, pair);

        link_remove(&large->link);
        mem_free(large);
    }
}

static void pair_fill(struct pair *pair, struct str value)
{
    if (value.at == NULL) {
        pair->value_bytes = GONE;
        return;
    }
    pair->value_bytes = (uint32_t)value.bytes;
    memcpy(pair->bytes + pair->key_bytes, value.at, value.bytes);
}

/* ---- searching a node ---- */

static uint64_t head_of(struct str key, size_t skip)
{
    uint64_t head = 0;

    if (key.bytes >= skip + sizeof(head)) {
        memcpy(&head, key.at + skip, sizeof(head));
    } else if (key.bytes > skip) {
        memcpy(&head, key.at + skip, key.bytes - skip);
    }
    return be64toh(head);
}

/* How many of the heads are less, or less or the same. */
static uint32_t heads_below(const struct node *node, uint64_t head, bool same)
{
    const uint64_t *at = node->heads;
    uint32_t left = node->count;

    while (left > 0) {
        uint32_t half = left / 2;

        if (at[half] < head || (same && at[half] == head)) {
            at += half + 1;
            left -= half + 1;
        } else {
            left = half;
        }
    }
    return (uint32_t)(at - node->heads);
}

/* How the key's beginning stands to what all keys of the node begin with. */
static int order_to_skip(const struct node *node, struct str key)
{
    size_t bytes = key.bytes < node->skip ? key.bytes : node->skip;
    int order = bytes == 0 ? 0 : memcmp(key.at, node->keys[0]->bytes, bytes);

    return order != 0 || bytes == node->skip ? order : -1;
}

/* Where the key is, or would stand: the first that is not less. */
static uint32_t node_find(const struct node *node, struct str key, bool *ret_there)
{
    int order = node->count == 0 ? -1 : order_to_skip(node, key);

    *ret_there = false;
    if (order != 0) {
        return order < 0 ? 0 : node->count;
    }
    uint64_t head = head_of(key, node->skip);
    uint32_t low = heads_below(node, head, false);
    uint32_t high = low;

    if (low < node->count && node->heads[low] == head) {
        high = low + 1 < node->count && node->heads[low + 1] == head
                   ? heads_below(node, head, true)
                   : low + 1;
    }
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        order = str_cmp(pair_key(node->keys[middle]), key);
        if (order == 0) {
            *ret_there = true;
            return middle;
        }
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static uint32_t kid_of(const struct node *node, struct str key)
{
    bool there;
    uint32_t at = node_find(node, key, &there);

    return there || at == 0 ? at : at - 1;
}

static struct node *leaf_of(const struct btree *tree, struct str key)
{
    struct node *node = tree->root;

    while (node->level > 0) {
        node = node->kids[kid_of(node, key)];
    }
    return node;
}

enum btree_found btree_get(const struct btree *tree, struct str key, struct str *ret_value)
{
    const struct node *leaf = leaf_of(tree, key);
    bool there;
    uint32_t at = node_find(leaf, key, &there);

    if (!there) {
        return BTREE_NOTHING;
    }
    const struct pair *pair = leaf->keys[at];

    if (pair->value_bytes == GONE) {
        return BTREE_GONE;
    }
    *ret_value = str_of(pair->bytes + pair->key_bytes, pair->value_bytes);
    return BTREE_VALUE;
}

/* ---- changing ---- */

static struct node *node_new(struct btree *tree, uint32_t level)
{
    size_t bytes = sizeof(struct node) + (level > 0 ? NODE_ROOM * sizeof(struct node *) : 0);
    struct node *node = mem_alloc(bytes);

    node->count = 0;
    node->level = level;
    node->skip = 0;
    node->prev = NULL;
    node->next = NULL;
    tree->bytes += bytes;
    return node;
}

static size_t common(struct str a, struct str b, size_t most)
{
    size_t bytes = 0;

    most = a.bytes < most ? a.bytes : most;
    most = b.bytes < most ? b.bytes : most;
    while (bytes < most && a.at[bytes] == b.at[bytes]) {
        bytes++;
    }
    return bytes;
}

static void heads_make(struct node *node, size_t skip)
{
    node->skip = skip;
    for (uint32_t i = 0; i < node->count; i++) {
        node->heads[i] = head_of(pair_key(node->keys[i]), skip);
    }
}

/* As much as the first and the last key have in common, all between them have. */
static void heads_anew(struct node *node)
{
    struct str first = pair_key(node->keys[0]);

    heads_make(node, common(first, pair_key(node->keys[node->count - 1]), first.bytes));
}

/* Puts a key (and the kid behind it) into a node that has room. */
static void node_insert(struct node *node, uint32_t at, struct pair *key, struct node *kid)
{
    size_t behind = node->count - at;
    size_t skip = node->count == 0
                      ? key->key_bytes
                      : common(pair_key(node->keys[0]), pair_key(key), node->skip);

    assert(node->count < NODE_ROOM);
    if (skip != node->skip) {
        heads_make(node, skip);
    }
    memmove(&node->heads[at + 1], &node->heads[at], behind * sizeof(node->heads[0]));
    memmove(&node->keys[at + 1], &node->keys[at], behind * sizeof(node->keys[0]));
    node->heads[at] = head_of(pair_key(key), skip);
    node->keys[at] = key;
    if (node->level > 0) {
        memmove(&node->kids[at + 1], &node->kids[at], behind * sizeof(node->kids[0]));
        node->kids[at] = kid;
    }
    node->count++;
}

/* The keys from there on go to a new node behind it. */
static struct node *node_split(struct btree *tree, struct node *node, uint32_t from)
{
    struct node *right = node_new(tree, node->level);
    uint32_t moved = node->count - from;

    memcpy(right->keys, &node->keys[from], moved * sizeof(node->keys[0]));
    if (node->level > 0) {
        memcpy(right->kids, &node->kids[from], moved * sizeof(node->kids[0]));
    } else {
        right->prev = node;
        right->next = node->next;
        if (node->next != NULL) {
            node->next->prev = right;
        }
        node->next = right;
    }
    right->count = moved;
    node->count = from;
    if (moved > 0) {
        heads_anew(right);
        heads_anew(node);
    }
    return right;
}

static void path_find(struct btree *tree, struct str key, struct path *path)
{
    struct node *node = tree->root;

    path->depth = 0;
    while (node->level > 0) {
        assert(path->depth < DEPTH_MAX);
        path->nodes[path->depth] = node;
        path->at[path->depth] = kid_of(node, key);
        node = node->kids[path->at[path->depth++]];
    }
    path->leaf = node;
}

static void root_grow(struct btree *tree, struct pair *key, struct node *right)
{
    struct node *root = node_new(tree, tree->root->level + 1);
    struct pair *lowest = pair_new(tree, pair_key(tree->root->keys[0]), 0);

    node_insert(root, 0, lowest, tree->root);
    node_insert(root, 1, key, right);
    tree->root = root;
}

/* The first kid has keys below keys[0], and was split there: keys[0] is lowered. */
static void lowest_anew(struct btree *tree, struct node *node)
{
    pair_drop(tree, node->keys[0]);
    node->keys[0] = pair_new(tree, pair_key(node->kids[0]->keys[0]), 0);
    heads_anew(node);
}

/* A node on the path was split: its parent learns of the new one, from that key on. */
static void path_add(struct btree *tree, struct path *path, struct pair *key, struct node *right)
{
    while (path->depth > 0) {
        struct node *node = path->nodes[--path->depth];
        uint32_t at = path->at[path->depth] + 1;

        if (str_cmp(pair_key(key), pair_key(node->keys[0])) <= 0) {
            lowest_anew(tree, node);
        }
        if (node->count < NODE_ROOM) {
            node_insert(node, at, key, right);
            return;
        }
        uint32_t from = at == NODE_ROOM ? NODE_ROOM : NODE_ROOM / 2;
        struct node *other = node_split(tree, node, from);

        if (at < from || (at == from && from < NODE_ROOM)) {
            node_insert(node, at, key, right);
        } else {
            node_insert(other, at - from, key, right);
        }
        right = other;
        key = pair_new(tree, pair_key(other->keys[0]), 0);
    }
    root_grow(tree, key, right);
}

/* The shortest text that stands behind one key and not behind the next. */
static struct pair *between(struct btree *tree, const struct pair *left, const struct pair *right)
{
    struct str key = pair_key(right);
    size_t same = common(pair_key(left), key, key.bytes);

    return pair_new(tree, str_of(key.at, same + 1), 0);
}

static void leaf_add(struct btree *tree, struct path *path, uint32_t at, struct pair *pair)
{
    struct node *leaf = path->leaf;

    tree->count++;
    tree->changes++;
    if (leaf->count < NODE_ROOM) {
        node_insert(leaf, at, pair, NULL);
        return;
    }
    uint32_t from = at == NODE_ROOM ? NODE_ROOM : NODE_ROOM / 2;
    struct node *right = node_split(tree, leaf, from);

    if (at < from || (at == from && from < NODE_ROOM)) {
        node_insert(leaf, at, pair, NULL);
    } else {
        node_insert(right, at - from, pair, NULL);
    }
    path_add(tree, path, between(tree, leaf->keys[leaf->count - 1], right->keys[0]), right);
}

void btree_put(struct btree *tree, struct str key, struct str value)
{
    size_t bytes = value.at == NULL ? 0 : value.bytes;
    struct path path;
    struct pair *pair;
    bool there;
    uint32_t at;

    path_find(tree, key, &path);
    at = node_find(path.leaf, key, &there);
    if (there && bytes <= path.leaf->keys[at]->room) {
        pair_fill(path.leaf->keys[at], value);
        return;
    }
    pair = pair_new(tree, key, bytes);
    pair_fill(pair, value);
    if (there) {
        pair_drop(tree, path.leaf->keys[at]);
        path.leaf->keys[at] = pair;
        tree->changes++;
        return;
    }
    leaf_add(tree, &path, at, pair);
}

void btree_remove(struct btree *tree, struct str key)
{
    struct node *leaf = leaf_of(tree, key);
    bool there;
    uint32_t at = node_find(leaf, key, &there);

    if (!there) {
        return;
    }
    pair_drop(tree, leaf->keys[at]);
    leaf->count--;
    memmove(&leaf->heads[at], &leaf->heads[at + 1], (leaf->count - at) * sizeof(leaf->heads[0]));
    memmove(&leaf->keys[at], &leaf->keys[at + 1], (leaf->count - at) * sizeof(leaf->keys[0]));
    tree->count--;
    tree->changes++;
}

/* ---- walking ---- */

void btree_next(struct btree_spot *spot)
{
    spot->index++;
    while (spot->leaf != NULL && spot->index >= spot->leaf->count) {
        spot->leaf = spot->leaf->next;
        spot->index = 0;
    }
}

void btree_prev(struct btree_spot *spot)
{
    while (spot->leaf != NULL && spot->index == 0) {
        spot->leaf = spot->leaf->prev;
        spot->index = spot->leaf == NULL ? 0 : spot->leaf->count;
    }
    spot->index -= spot->leaf != NULL;
}

/* Where the key is or would be, which may be behind the last of a leaf. */
static struct btree_spot spot_of(const struct btree *tree, struct str key)
{
    struct btree_spot spot = {leaf_of(tree, key), 0};
    bool there;

    spot.index = node_find(spot.leaf, key, &there);
    return spot;
}

void btree_seek(const struct btree *tree, struct str key, struct btree_spot *ret_spot)
{
    struct btree_spot spot = spot_of(tree, key);

    spot.index--; /* of an unsigned number: btree_next() brings it back */
    btree_next(&spot);
    *ret_spot = spot;
}

void btree_seek_before(const struct btree *tree, struct str key, struct btree_spot *ret_spot)
{
    *ret_spot = spot_of(tree, key);
    btree_prev(ret_spot);
}

void btree_at(const struct btree_spot *spot, struct str *ret_key, struct str *ret_value)
{
    const struct pair *pair = spot->leaf->keys[spot->index];

    *ret_key = pair_key(pair);
    *ret_value = pair->value_bytes == GONE
                     ? STR_NONE
                     : str_of(pair->bytes + pair->key_bytes, pair->value_bytes);
}

uint64_t btree_changes(const struct btree *tree)
{
    return tree->changes;
}

uint64_t btree_bytes(const struct btree *tree)
{
    return tree->bytes;
}

uint64_t btree_count(const struct btree *tree)
{
    return tree->count;
}

/* ---- life ---- */

struct btree *btree_new(void)
{
    struct btree *tree = MEM_NEW(struct btree);

    link_init(&tree->large);
    tree->root = node_new(tree, 0);
    return tree;
}

static void node_free(struct node *node)
{
    for (uint32_t i = 0; node->level > 0 && i < node->count; i++) {
        node_free(node->kids[i]);
    }
    mem_free(node);
}

void btree_free(struct btree *tree)
{
    if (tree == NULL) {
        return;
    }
    node_free(tree->root);
    while (tree->chunks != NULL) {
        struct chunk *chunk = tree->chunks;

        tree->chunks = chunk->next;
        mem_free(chunk);
    }
    while (!link_alone(&tree->large)) {
        struct large *large = LINK_OWNER(tree->large.next, struct large, link);

        link_remove(&large->link);
        mem_free(large);
    }
    mem_free(tree);
}
