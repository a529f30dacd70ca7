/* SPDX-License-Identifier: Apache-2.0
 *
 * A journal together with a model of what it must hold: for every position the moment and the seed
 * from which its body follows. On real files in a fresh directory, or on the disk that forgets.
 */
#ifndef WEIR_TEST_STORE_JOURNAL_WORLD_H
#define WEIR_TEST_STORE_JOURNAL_WORLD_H

#include "store/journal.h"
#include "store/journal_scan.h"

#include "base/mem.h"
#include "sys/faulty.h"
#include "sys/log.h"
#include "sys/rand.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#define WORLD_SEGMENT_BYTES (64u * 1024)
#define WORLD_ENTRIES_MAX 65536
#define WORLD_BODY_BYTES_MAX (256u * 1024)

/* What one position holds. */
struct told {
    uint64_t seed;  /* of the body */
    size_t bytes;   /* of the body */
    int64_t at_ms;  /* its moment */
};

struct world {
    struct faulty *disk;            /* NULL: real files */
    const struct files *files;      /* of either */
    char dir[64];                   /* of the journal */
    struct journal_options options; /* for the next open */
    struct journal *journal;        /* open, or NULL */
    struct told *told;              /* by position */
    uint64_t last;                  /* newest position told */
    uint64_t acked;                 /* newest one that was durable */
    char *body;                     /* scratch */
    struct why why;                 /* of the last refusal */
};

static inline void remove_tree(const char *dir)
{
    char command[128];

    snprintf(command, sizeof(command), "rm -rf %s", dir);
    if (system(command) != 0) {
        fail_msg("cannot remove %s", dir);
    }
}

static inline struct world *world_new(bool real, uint64_t seed)
{
    struct world *w = MEM_NEW(struct world);

    log_set_level(LOG_ERROR); /* torn writes are what we came for */

    if (real) {
        w->files = files_real();
        snprintf(w->dir, sizeof(w->dir), "/tmp/weir-journal-XXXXXX");
        assert_non_null(mkdtemp(w->dir));
    } else {
        w->disk = faulty_new(seed);
        w->files = faulty_files(w->disk);
        snprintf(w->dir, sizeof(w->dir), "/d/journal");
    }
    w->options = (struct journal_options){
        .files = w->files,
        .dir = w->dir,
        .segment_bytes = WORLD_SEGMENT_BYTES,
        .keep_bytes = UINT64_C(1) << 40,
        .keep_ms = INT64_C(1) << 40,
        .reserve_bytes = 1,
        .group_bytes_max = 32u * 1024,
        .reach_bytes = seed % 2 == 0 ? 0 : 2 * JOURNAL_BLOCK_BYTES, /* many groups are announced */
    };
    w->told = mem_zero(WORLD_ENTRIES_MAX * sizeof(w->told[0]));
    w->body = mem_alloc(WORLD_BODY_BYTES_MAX);
    return w;
}

static inline void world_free(struct world *w)
{
    journal_abandon(w->journal);
    if (w->disk == NULL) {
        remove_tree(w->dir);
    }
    faulty_free(w->disk);
    mem_free(w->told);
    mem_free(w->body);
    mem_free(w);
}

static inline status world_try_open(struct world *w)
{
    assert_null(w->journal);
    return journal_open(&w->options, &w->why, &w->journal);
}

static inline void world_open(struct world *w)
{
    if (world_try_open(w) != OK) {
        fail_msg("%s", w->why.text);
    }
}

static inline void world_close(struct world *w)
{
    journal_close(w->journal);
    w->journal = NULL;
    w->acked = w->last;
}

static inline void world_abandon(struct world *w)
{
    journal_abandon(w->journal);
    w->journal = NULL;
}

/* The body that a seed makes. */
static inline struct str world_body(struct world *w, const struct told *told)
{
    struct rand rand;

    assert_true(told->bytes <= WORLD_BODY_BYTES_MAX);
    rand_init(&rand, told->seed);
    rand_fill(&rand, w->body, told->bytes);
    return str_of(w->body, told->bytes);
}

/* Appends in three parts, one of them empty. */
static inline uint64_t world_append(struct world *w, struct told told)
{
    struct str body = world_body(w, &told);
    struct str parts[3] = {str_slice(body, 0, body.bytes / 3), STR_NONE,
                           str_slice(body, body.bytes / 3, body.bytes)};
    uint64_t position = 0;

    assert_true(w->last + 1 < WORLD_ENTRIES_MAX);
    w->told[w->last + 1] = told;
    w->last++; /* before: an append that dies in a commit was still appended or not */
    position = journal_append(w->journal, told.at_ms, parts, 3);
    assert_int_equal(position, w->last);
    w->acked = journal_durable(w->journal);
    return position;
}

static inline void world_fill(struct world *w, size_t count, size_t bytes)
{
    for (size_t i = 0; i < count; i++) {
        uint64_t position = w->last + 1;

        world_append(w, (struct told){position * 977, bytes, (int64_t)position * 10});
    }
}

static inline void world_sync(struct world *w)
{
    journal_sync(w->journal);
    w->acked = journal_durable(w->journal);
    assert_int_equal(w->acked, w->last);
}

/* Reads from a position to the end; every entry must be what was told. ERR_NOT_FOUND: the end. */
static inline status world_read(struct world *w, uint64_t from, uint64_t *ret_next)
{
    struct journal_reader *reader = NULL;
    struct journal_entry entry;
    status read = journal_read_open(w->journal, from, &w->why, &reader);

    if (read != OK) {
        return read;
    }
    while ((read = journal_read_next(reader, &w->why, &entry)) == OK) {
        struct told *told = &w->told[from];

        assert_int_equal(entry.position, from);
        assert_int_equal(entry.at_ms, told->at_ms);
        assert_int_equal(entry.body.bytes, told->bytes);
        assert_true(str_eq(entry.body, world_body(w, told)));
        from++;
    }
    journal_read_close(reader);
    *ret_next = from;
    return read;
}

/* All that is durable is there, from the oldest kept on. */
static inline void world_check(struct world *w)
{
    uint64_t next = 0;

    if (world_read(w, journal_first(w->journal), &next) != &ERR_NOT_FOUND) {
        fail_msg("%s", w->why.text);
    }
    assert_int_equal(next, journal_durable(w->journal) + 1);
}

/* After a restart: nothing acknowledged is missing, nothing was invented. */
static inline void world_check_recovered(struct world *w)
{
    uint64_t last = journal_last(w->journal);

    assert_true(last >= w->acked);
    assert_true(last <= w->last);
    assert_int_equal(journal_durable(w->journal), last);
    world_check(w);
    w->last = last;
    w->acked = last;
}

static inline void world_count_line(void *arg, const char *line)
{
    (void)line;
    ++*(size_t *)arg;
}

static inline status world_fsck(struct world *w, uint64_t *ret_entries, size_t *ret_findings)
{
    *ret_findings = 0;
    return journal_fsck(w->files, w->dir, world_count_line, ret_findings, ret_entries);
}

static inline void world_path(const struct world *w, uint64_t generation, char *path)
{
    segment_path(w->dir, generation, "wj", path);
}

#endif
