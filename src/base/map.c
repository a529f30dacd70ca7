/* SPDX-License-Identifier: Apache-2.0
 *
 * Open addressing with robin hood probing: of two keys that want a slot, the one further from its
 * home gets it, so no search is long.
 *
 * Rules
 *  1. The table is a power of two, at most 7/8 full, doubled before it would be fuller. It does not
 *     shrink. The first set makes it.
 *  2. Along a run of slots, the distance from home never falls by more than the step between two
 *     neighbours: a search may stop at a slot that is nearer to its home than the key would be.
 *  3. Removing moves the rest of the run back by one, so there are no gravestones.
 *  4. Without memory to grow, a new key is refused as if the map were full.
 */
#include "base/map.h"

#include "base/mem.h"

#include <assert.h>

#define SLOTS_MIN ((size_t)8)

struct slot {
    uint64_t hash;    /* of the key, so that growing and most mismatches need not look at it */
    char *key;        /* our copy; NULL in a free slot */
    size_t key_bytes; /* length of key */
    void *value;      /* the caller's */
};

struct map {
    struct slot *slots; /* mask + 1 of them; NULL before the first set */
    size_t mask;        /* number of slots less one */
    size_t count;       /* keys in the map */
    size_t count_max;   /* never more than this */
};

struct map *map_new(size_t count_max)
{
    struct map *map = MEM_NEW(struct map);
    map->count_max = count_max;
    return map;
}

void map_free(struct map *map)
{
    if (map == NULL) {
        return;
    }
    for (size_t i = 0; map->slots != NULL && i <= map->mask; i++) {
        mem_free(map->slots[i].key);
    }
    mem_free(map->slots);
    mem_free(map);
}

size_t map_count(const struct map *map)
{
    return map->count;
}

static inline size_t distance(const struct map *map, size_t index, uint64_t hash)
{
    return (index - (size_t)hash) & map->mask;
}

static struct slot *find(const struct map *map, struct str key, uint64_t hash)
{
    if (map->count == 0) {
        return NULL;
    }
    size_t index = (size_t)hash & map->mask;
    for (size_t far = 0; far <= map->mask; far++, index = (index + 1) & map->mask) {
        struct slot *slot = &map->slots[index];
        if (slot->key == NULL || distance(map, index, slot->hash) < far) {
            return NULL;
        }
        if (slot->hash == hash && str_eq(str_of(slot->key, slot->key_bytes), key)) {
            return slot;
        }
    }
    return NULL;
}

/* Puts a key that is not in the table yet. There is a free slot. */
static void place(struct map *map, struct slot moving)
{
    size_t index = (size_t)moving.hash & map->mask;
    size_t far = 0;
    while (map->slots[index].key != NULL) {
        size_t its_far = distance(map, index, map->slots[index].hash);
        if (its_far < far) {
            struct slot evicted = map->slots[index];
            map->slots[index] = moving;
            moving = evicted;
            far = its_far;
        }
        index = (index + 1) & map->mask;
        far++;
    }
    map->slots[index] = moving;
}

static bool grow(struct map *map)
{
    size_t old_slots = map->slots == NULL ? 0 : map->mask + 1;
    size_t new_slots = old_slots == 0 ? SLOTS_MIN : old_slots * 2;
    size_t bytes;
    if (__builtin_mul_overflow(new_slots, sizeof(struct slot), &bytes)) {
        return false;
    }
    struct slot *slots = mem_try(bytes);
    if (slots == NULL) {
        return false;
    }
    memset(slots, 0, bytes);
    struct slot *old = map->slots;
    map->slots = slots;
    map->mask = new_slots - 1;
    for (size_t i = 0; i < old_slots; i++) {
        if (old[i].key != NULL) {
            place(map, old[i]);
        }
    }
    mem_free(old);
    return true;
}

void *map_get(const struct map *map, struct str key)
{
    struct slot *slot = find(map, key, str_hash(key));
    return slot == NULL ? NULL : slot->value;
}

bool map_set(struct map *map, struct str key, void *value, void **ret_former)
{
    uint64_t hash = str_hash(key);
    struct slot *slot = find(map, key, hash);
    void *former = NULL;
    if (slot != NULL) {
        former = slot->value;
        slot->value = value;
    } else {
        if (map->count >= map->count_max || key.bytes == SIZE_MAX) {
            return false;
        }
        size_t slots = map->slots == NULL ? 0 : map->mask + 1;
        if (map->count >= slots - slots / 8 && !grow(map)) {
            return false;
        }
        char *copy = mem_try(key.bytes + 1);
        if (copy == NULL) {
            return false;
        }
        if (key.bytes > 0) {
            memcpy(copy, key.at, key.bytes);
        }
        copy[key.bytes] = 0;
        place(map, (struct slot){hash, copy, key.bytes, value});
        map->count++;
    }
    if (ret_former != NULL) {
        *ret_former = former;
    }
    return true;
}

void *map_remove(struct map *map, struct str key)
{
    struct slot *slot = find(map, key, str_hash(key));
    if (slot == NULL) {
        return NULL;
    }
    void *former = slot->value;
    mem_free(slot->key);
    size_t index = (size_t)(slot - map->slots);
    size_t next = (index + 1) & map->mask;
    while (map->slots[next].key != NULL && distance(map, next, map->slots[next].hash) > 0) {
        map->slots[index] = map->slots[next];
        index = next;
        next = (next + 1) & map->mask;
    }
    map->slots[index] = (struct slot){0};
    assert(map->count > 0);
    map->count--;
    return former;
}

bool map_next(const struct map *map, size_t *position, struct str *ret_key, void **ret_value)
{
    size_t slots = map->slots == NULL ? 0 : map->mask + 1;
    while (*position < slots) {
        const struct slot *slot = &map->slots[(*position)++];
        if (slot->key != NULL) {
            *ret_key = str_of(slot->key, slot->key_bytes);
            *ret_value = slot->value;
            return true;
        }
    }
    return false;
}
