/* SPDX-License-Identifier: Apache-2.0
 *
 * An ordered map of bytes in memory: the newest part of the index (kv_fresh.c). A value may be
 * *gone*: the key was deleted, and hides what a layer below has of it.
 *
 * A B+ tree. What makes it quick is that a node's keys are hardly ever looked at: beside each
 * stands its *head*, the eight bytes behind what all keys of the node have in common, as a number;
 * a search goes through a node's heads, which lie together, and compares one whole key.
 *
 * One thread changes it; when nobody does, any number may read. Without memory the process ends.
 */
#ifndef WEIR_STORE_BTREE_H
#define WEIR_STORE_BTREE_H

#include "base/str.h"

struct btree;
struct node;

struct btree *btree_new(void);
void btree_free(struct btree *tree); /* NULL is fine; takes long when it is large */

void btree_put(struct btree *tree, struct str key, struct str value); /* value.at NULL: gone */
void btree_remove(struct btree *tree, struct str key);                /* as if never put */

enum btree_found { BTREE_NOTHING, BTREE_GONE, BTREE_VALUE };
/* The value lies in the tree, until the next change. */
enum btree_found btree_get(const struct btree *tree, struct str key, struct str *ret_value);

uint64_t btree_bytes(const struct btree *tree); /* of memory, about */
uint64_t btree_count(const struct btree *tree); /* of keys, gone ones too */

/* A place among the keys; worth nothing once btree_changes() is another. */
struct btree_spot {
    struct node *leaf; /* NULL: at the end */
    uint32_t index;    /* in it */
};
uint64_t btree_changes(const struct btree *tree);
/* The key, or the first behind it; the last before it. */
void btree_seek(const struct btree *tree, struct str key, struct btree_spot *ret_spot);
void btree_seek_before(const struct btree *tree, struct str key, struct btree_spot *ret_spot);
void btree_next(struct btree_spot *spot);
void btree_prev(struct btree_spot *spot);
/* What stands there; value.at NULL: gone. */
void btree_at(const struct btree_spot *spot, struct str *ret_key, struct str *ret_value);

#endif
