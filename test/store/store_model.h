/* SPDX-License-Identifier: Apache-2.0
 *
 * The model that stores are tested against. What entry number p does follows from p and the state
 * before it, so the state after any number of entries can be computed again.
 */
#ifndef WEIR_TEST_STORE_MODEL_H
#define WEIR_TEST_STORE_MODEL_H

#include "store/entry.h"
#include "store/key.h"
#include "sys/rand.h"

#define KEYS 40
#define LOGS 5
#define FIRST_MS INT64_C(1790000000000)

struct model {
    uint64_t put_at[KEYS];  /* entry that put the key; 0: not there */
    uint64_t log[LOGS];     /* number; 0: none */
    uint64_t first[LOGS];   /* sequence */
    uint64_t last[LOGS];    /* sequence */
    uint64_t highest;       /* log number ever made */
};

static inline struct str model_key(struct arena *arena, size_t i)
{
    struct key key = key_of(arena, "test");

    key_u64(&key, i);
    return key_end(&key);
}

static inline struct str model_value(struct arena *arena, size_t i, uint64_t position)
{
    size_t bytes = (i * 37 + position * 11) % 300;
    char *at = arena_alloc(arena, bytes + 1);

    for (size_t b = 0; b < bytes; b++) {
        at[b] = (char)(i + position * 3 + b);
    }
    return str_of(at, bytes);
}

static inline struct str model_record(struct arena *arena, uint64_t log, uint64_t sequence)
{
    size_t bytes = (log * 53 + sequence * 17) % 500;
    char *at = arena_alloc(arena, bytes + 1);

    for (size_t b = 0; b < bytes; b++) {
        at[b] = (char)(log * 5 + sequence + b);
    }
    return str_of(at, bytes);
}

static inline struct change *change_add(struct entry *entry, uint8_t kind)
{
    struct change *change = &entry->changes[entry->change_count++];

    *change = (struct change){.kind = kind};
    return change;
}

static inline void log_step(struct model *m, struct rand *rand, struct arena *arena,
                            struct entry *entry)
{
    size_t i = rand_below(rand, LOGS);

    if (m->log[i] == 0) {
        m->log[i] = ++m->highest;
        m->first[i] = 0;
        m->last[i] = 0;
        change_add(entry, CHANGE_LOG)->log = m->log[i];
    }
    for (uint64_t count = rand_below(rand, 6); count > 0; count--) {
        struct change *change = change_add(entry, CHANGE_APPEND);

        change->log = m->log[i];
        change->sequence = ++m->last[i];
        change->at_ms = FIRST_MS + (int64_t)m->last[i];
        change->data = model_record(arena, m->log[i], m->last[i]);
        m->first[i] = m->first[i] == 0 ? 1 : m->first[i];
    }
    if (m->last[i] > 0 && rand_below(rand, 8) == 0) {
        struct change *change = change_add(entry, CHANGE_TRIM);

        change->log = m->log[i];
        change->sequence = m->first[i] + rand_below(rand, m->last[i] - m->first[i] + 2);
        m->first[i] = change->sequence;
    }
    if (rand_below(rand, 25) == 0) {
        change_add(entry, CHANGE_DROP)->log = m->log[i];
        m->log[i] = 0;
    }
}

/* What entry `position` is, and the state after it. */
static inline void model_step(struct model *m, uint64_t position, struct arena *arena,
                       struct entry *ret_entry)
{
    struct rand rand;

    rand_init(&rand, position * 7919);
    *ret_entry = (struct entry){.at_ms = FIRST_MS + (int64_t)position,
                                .principal = STR("arn:aws:iam::000000000000:root"),
                                .account = STR("000000000000"),
                                .region = STR("us-east-1"),
                                .service = STR("kinesis"),
                                .operation = STR("Test")};
    ret_entry->changes = arena_alloc(arena, 32 * sizeof(struct change));
    for (uint64_t count = 1 + rand_below(&rand, 4); count > 0; count--) {
        size_t i = rand_below(&rand, KEYS);
        bool put = rand_below(&rand, 3) > 0;
        struct change *change = change_add(ret_entry, put ? CHANGE_PUT : CHANGE_DELETE);

        change->key = model_key(arena, i);
        change->data = put ? model_value(arena, i, position) : STR_NONE;
        m->put_at[i] = put ? position : 0;
    }
    if (rand_below(&rand, 2) == 0) {
        log_step(m, &rand, arena, ret_entry);
    }
}

/* The state after `position` entries of the model. */
static inline struct model model_at(struct arena *arena, uint64_t position)
{
    struct model m = {.highest = 0};
    struct entry entry;

    for (uint64_t p = 1; p <= position; p++) {
        arena_clear(arena);
        model_step(&m, p, arena, &entry);
    }
    return m;
}

#endif
