/* SPDX-License-Identifier: Apache-2.0
 *
 * The journal's front: appending, admission, opening and closing. journal_int.h says what lies in
 * which file.
 *
 * Rules
 *  1. An append never fails and never waits for the disk, except when the group is full
 *     (group_bytes_max, or what its segment still holds) while the one before is being written:
 *     that is the back-pressure of a disk that does not follow.
 *  2. What was admitted has its place: in the current segment, or in a spare that is ready. So
 *     space runs out at journal_admit, with the reserve untouched, and never under an append.
 */
#include "store/journal_int.h"

#include "base/mem.h"
#include "sys/clock.h"

#include <assert.h>

#define SEGMENT_BYTES_DEFAULT ((size_t)64 * 1024 * 1024)
#define SEGMENT_BYTES_MIN ((uint64_t)4 * JOURNAL_BLOCK_BYTES)
#define RESERVE_BYTES_DEFAULT ((size_t)256 * 1024 * 1024)
#define GROUP_BYTES_DEFAULT ((size_t)32 * 1024 * 1024)
#define REACH_BYTES_DEFAULT ((size_t)4 * 1024 * 1024)
#define LOOK_NS UINT64_C(1000000000)

/* ---- opening and closing ---- */

static void take_options(struct journal *journal, const struct journal_options *options)
{
    struct journal_options *own = &journal->options;

    *own = *options;
    journal->dir = mem_dup(options->dir, strlen(options->dir));
    own->dir = journal->dir;
    own->segment_bytes = own->segment_bytes == 0 ? SEGMENT_BYTES_DEFAULT : own->segment_bytes;
    own->segment_bytes = journal_padded(own->segment_bytes);
    if (own->segment_bytes < SEGMENT_BYTES_MIN) {
        own->segment_bytes = SEGMENT_BYTES_MIN;
    }
    own->reserve_bytes = own->reserve_bytes == 0 ? RESERVE_BYTES_DEFAULT : own->reserve_bytes;
    own->group_bytes_max = own->group_bytes_max == 0 ? GROUP_BYTES_DEFAULT : own->group_bytes_max;
    own->reach_bytes = own->reach_bytes == 0 ? REACH_BYTES_DEFAULT : own->reach_bytes;
}

static struct journal *journal_new(const struct journal_options *options)
{
    struct journal *journal = MEM_NEW(struct journal);

    take_options(journal, options);
    lock_init(&journal->lock);
    cond_init(&journal->moved);
    cond_init(&journal->work);
    cond_init(&journal->tidy);
    rand_init_system(&journal->rand);
    link_init(&journal->segments);
    link_init(&journal->spares);
    link_init(&journal->passed);
    journal->filling = &journal->groups[0];
    return journal;
}

static void free_segments(struct link *list)
{
    while (!link_alone(list)) {
        struct link *first = list->next;

        link_remove(first);
        segment_free(segment_of(first));
    }
}

static void journal_free(struct journal *journal)
{
    for (size_t i = 0; i < 2; i++) {
        group_clear(&journal->groups[i]);
        group_done(&journal->groups[i]);
    }
    mem_free(journal->announcement);
    free_segments(&journal->segments);
    free_segments(&journal->spares);
    free_segments(&journal->passed);
    segment_free(journal->in_hand);
    lock_done(&journal->lock);
    cond_done(&journal->moved);
    cond_done(&journal->work);
    cond_done(&journal->tidy);
    mem_free(journal->dir);
    mem_free(journal);
}

/* The directory, and its name in the one above. */
static status make_dir(const struct journal *journal)
{
    const struct files *files = journal->options.files;
    size_t bytes = strlen(journal->dir);
    char *above = mem_dup(journal->dir, bytes);
    status made = files->dir(files->ctx, journal->dir, NULL, NULL);

    while (bytes > 0 && above[bytes - 1] != '/') {
        bytes--;
    }
    above[bytes > 1 ? bytes - 1 : bytes] = 0; /* without the slash, unless it is all there is */
    if (made == OK) {
        made = files->sync_dir(files->ctx, bytes > 0 ? above : ".");
    }
    mem_free(above);
    return made;
}

status journal_open(const struct journal_options *options, struct why *why,
                    struct journal **ret_journal)
{
    struct journal *journal = journal_new(options);
    status opened = make_dir(journal);

    if (opened != OK) {
        (void)why_set(why, opened, "%s: the directory cannot be made", journal->dir);
    } else {
        opened = journal_recover(journal, why);
    }
    if (opened != OK) {
        journal_free(journal);
        return opened;
    }
    if (options->thread) {
        journal->threaded = true;
        thread_start(&journal->committer, "weir-commit", journal_commit_thread, journal);
        thread_start(&journal->helper, "weir-segments", journal_helper_thread, journal);
    }
    *ret_journal = journal;
    return OK;
}

static void stop_threads(struct journal *journal)
{
    if (!journal->threaded) {
        return;
    }
    lock_take(&journal->lock);
    journal->stop = true;
    cond_wake_all(&journal->work);
    cond_wake_all(&journal->tidy);
    lock_give(&journal->lock);
    thread_join(&journal->committer);
    thread_join(&journal->helper);
    journal->threaded = false;
}

void journal_close(struct journal *journal)
{
    if (journal == NULL) {
        return;
    }
    journal_sync(journal);
    stop_threads(journal);
    assert(!journal->committing);
    if (journal->stats.groups > 0) {
        journal_commit_mark(journal);
    }
    journal_free(journal);
}

void journal_abandon(struct journal *journal)
{
    if (journal == NULL) {
        return;
    }
    stop_threads(journal);
    journal_free(journal);
}

/* ---- looking ---- */

uint64_t journal_last(const struct journal *journal)
{
    return atomic_load(&journal->last);
}

uint64_t journal_durable(const struct journal *journal)
{
    return atomic_load(&journal->durable);
}

uint64_t journal_first(const struct journal *journal)
{
    return atomic_load(&journal->first);
}

void journal_stats(const struct journal *journal, struct journal_stats *ret_stats)
{
    /* Only the lock's own state changes. */
    struct lock *lock = (struct lock *)(uintptr_t)&journal->lock;

    lock_take(lock);
    *ret_stats = journal->stats;
    lock_give(lock);
}

void journal_on_durable(struct journal *journal, void (*hook)(void *arg), void *arg)
{
    lock_take(&journal->lock);
    assert(journal->hook_count < JOURNAL_HOOKS_MAX);
    journal->hooks[journal->hook_count++] = (struct journal_hook){hook, arg};
    lock_give(&journal->lock);
}

void journal_off_durable(struct journal *journal, void (*hook)(void *arg), void *arg)
{
    lock_take(&journal->lock);
    for (size_t i = journal->hook_count; i-- > 0;) {
        if (journal->hooks[i].run == hook && journal->hooks[i].arg == arg) {
            journal->hooks[i] = journal->hooks[--journal->hook_count];
        }
    }
    journal->hooks_leaving++;
    while (journal->hooks_running > 0) {
        cond_wait(&journal->moved, &journal->lock);
    }
    journal->hooks_leaving--;
    lock_give(&journal->lock);
}

/* ---- admission ---- */

/* Where the gathered group, with that entry or before it, has a place for sure, announced or not.
 */
static bool has_place(struct journal *journal, uint64_t body_bytes)
{
    const struct group none = {.bytes = 0};
    uint64_t used = journal->offset + JOURNAL_BLOCK_BYTES;
    uint64_t whole = segment_current(journal)->header.bytes;
    uint64_t room = used < whole ? whole - used : 0;
    uint64_t together = group_bytes_with(journal->filling, body_bytes);

    if (together <= room || spare_find(journal, together) != NULL) {
        return true;
    }
    return journal_padded(journal->filling->bytes) <= room &&
           spare_find(journal, group_bytes_with(&none, body_bytes)) != NULL;
}

/* Asks for another look at the disk's free space, about once a second. */
static void look_again(struct journal *journal)
{
    uint64_t now = clock_monotonic_ns();

    if (journal->looked_ns != 0 && now - journal->looked_ns < LOOK_NS) {
        return;
    }
    journal->looked_ns = now;
    journal->look = true;
    if (journal->threaded) {
        cond_wake_one(&journal->tidy);
    } else {
        (void)journal_tend(journal);
    }
}

status journal_admit(struct journal *journal, uint64_t body_bytes)
{
    bool admitted = true;

    if (body_bytes > JOURNAL_BODY_BYTES_MAX) {
        return &ERR_LIMIT;
    }
    lock_take(&journal->lock);
    look_again(journal); /* others fill the disk too, not only the journal */
    if (journal->is_short) {
        admitted = false;
    } else if (!has_place(journal, body_bytes)) {
        admitted = journal_demand(journal, group_bytes_with(journal->filling, body_bytes), false);
    }
    lock_give(&journal->lock);
    return admitted ? OK : &ERR_FULL;
}

/* ---- appending ---- */

static uint64_t bytes_of(const struct str *parts, size_t part_count)
{
    uint64_t bytes = 0;

    for (size_t i = 0; i < part_count; i++) {
        bytes += parts[i].bytes;
    }
    return bytes;
}

/* May the entry join the group? An empty group takes any. */
static bool may_join(struct journal *journal, uint64_t body_bytes)
{
    uint64_t bytes = group_bytes_with(journal->filling, body_bytes);

    if (journal->filling->count == 0) {
        return true;
    }
    if (bytes > journal->options.group_bytes_max || bytes > journal->reach) {
        return false;
    }
    return journal->offset + bytes <= segment_current(journal)->header.bytes ||
           spare_find(journal, bytes) != NULL;
}

uint64_t journal_append(struct journal *journal, int64_t at_ms, const struct str *parts,
                        size_t part_count)
{
    uint64_t bytes = bytes_of(parts, part_count);
    struct journal_entry_header entry = {.at_ms = at_ms};

    assert(part_count <= JOURNAL_PARTS_MAX);
    assert(bytes <= JOURNAL_BODY_BYTES_MAX);
    entry.bytes = (uint32_t)bytes;
    lock_take(&journal->lock);
    while (!may_join(journal, bytes)) {
        journal_commit(journal);
    }
    entry.position = atomic_load(&journal->last) + 1;
    group_add(journal, &entry, parts, part_count);
    journal->newest_at_ms = at_ms;
    atomic_store(&journal->last, entry.position);
    lock_give(&journal->lock);
    return entry.position;
}

void journal_release(struct journal *journal, uint64_t position)
{
    lock_take(&journal->lock);
    assert(position <= atomic_load(&journal->durable) + 1);
    if (position > journal->released) {
        journal->released = position;
    }
    journal->look = true;
    if (journal->threaded) {
        cond_wake_one(&journal->tidy);
    }
    while (!journal->threaded && journal_tend(journal)) {
        /* Without the helper thread it is done here. */
    }
    lock_give(&journal->lock);
}
