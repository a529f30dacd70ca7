/* SPDX-License-Identifier: Apache-2.0
 *
 * A hash table from strings to pointers: open addressing, robin hood, keys copied in. With a
 * maximum, as everything. Iteration order is unspecified.
 */
#ifndef WEIR_BASE_MAP_H
#define WEIR_BASE_MAP_H

#include "base/str.h"

struct map;

struct map *map_new(size_t count_max);
void map_free(struct map *map); /* not what the values point at */
size_t map_count(const struct map *map);
void *map_get(const struct map *map, struct str key); /* NULL where there is none */
/* Sets or replaces; gives the former value or NULL (ret_former may be NULL). When key is new and
 * the map is full or has no memory to grow: false, no change. */
bool map_set(struct map *map, struct str key, void *value, void **ret_former);
void *map_remove(struct map *map, struct str key); /* the former value or NULL */
/* for (size_t i = 0; map_next(map, &i, &key, &value);) — no changes of the map meanwhile. */
bool map_next(const struct map *map, size_t *position, struct str *ret_key, void **ret_value);

#endif
