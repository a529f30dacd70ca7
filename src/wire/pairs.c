/* SPDX-License-Identifier: Apache-2.0
 *
 * Repeated keys. A few pairs are compared with each other; more get a hash table (open addressing,
 * seeded hash, at most half full), so that nobody can make a large map expensive.
 */
#include "wire/pairs.h"

#include <assert.h>

#define FEW 12

/* Where pair i's key came before: an index below i, or i. */
static uint32_t first_of_few(const struct value *map, uint32_t i)
{
    for (uint32_t j = 0; j < i; j++) {
        if (str_eq(map->pairs[j].key, map->pairs[i].key)) {
            return j;
        }
    }
    return i;
}

struct slots {
    uint32_t *at;  /* index of a pair plus one; 0: free */
    uint32_t mask; /* slots minus one, a power of two minus one */
};

static uint32_t first_of_many(const struct value *map, uint32_t i, struct slots *slots)
{
    uint32_t slot = (uint32_t)str_hash(map->pairs[i].key) & slots->mask;

    while (slots->at[slot] != 0) {
        uint32_t j = slots->at[slot] - 1;
        if (str_eq(map->pairs[j].key, map->pairs[i].key)) {
            return j;
        }
        slot = (slot + 1) & slots->mask;
    }
    slots->at[slot] = i + 1;
    return i;
}

static bool slots_for(struct arena *arena, uint32_t count, struct slots *ret_slots)
{
    uint32_t slots = 32;

    while (slots < 2 * count) {
        slots *= 2;
    }
    ret_slots->at = arena_try(arena, slots * sizeof(uint32_t));
    ret_slots->mask = slots - 1;
    if (ret_slots->at == NULL) {
        return false;
    }
    memset(ret_slots->at, 0, slots * sizeof(uint32_t));
    return true;
}

bool pairs_settle(struct value *map, struct arena *arena, bool keep_null)
{
    struct slots slots = {NULL, 0};
    bool many = map->count > FEW;
    uint32_t kept = 0;

    assert(map->kind == VALUE_MAP);
    if (many && !slots_for(arena, map->count, &slots)) {
        return false;
    }
    for (uint32_t i = 0; i < map->count; i++) {
        uint32_t first = many ? first_of_many(map, i, &slots) : first_of_few(map, i);
        if (first != i) {
            map->pairs[first].value = map->pairs[i].value;
            map->pairs[i].value.kind = VALUE_NONE;
        }
    }
    for (uint32_t i = 0; i < map->count; i++) {
        uint8_t kind = map->pairs[i].value.kind;
        if (kind != VALUE_NONE && (kind != VALUE_NULL || keep_null)) {
            map->pairs[kept++] = map->pairs[i];
        }
    }
    map->count = kept;
    return true;
}
