/* SPDX-License-Identifier: Apache-2.0
 *
 * Making groups durable.
 *
 *   filling --(commit takes the role, finds a place, swaps buffers)--> written --(sync)--> durable
 *
 * Rules
 *  1. Whoever needs durability takes the committer's role if it is free: the commit thread, a
 *     caller of journal_sync, or an append that finds its group full. The others wait for its end
 *     and look again; most find that what they need is there.
 *  2. A group is whatever was gathered up to the swap. The next group is gathered meanwhile.
 *  3. A group is written only after the one before it is durable (journal_format.h needs that), in
 *     pieces of WRITE_BYTES_MAX.
 *     A group larger than the one before it promised is announced by an empty one, synced alone.
 *  4. A segment is taken into use by rewriting its header, synced alone, before its first group.
 *  5. A write or sync that fails ends the process: what the disk holds is no longer known.
 *  6. Relaxed: nothing is synced; a group is called durable once it is written, that is, handed to
 *     the operating system. It survives kill -9 but not a power cut.
 */
#include "store/journal_int.h"

#include "base/mem.h"
#include "sys/clock.h"
#include "sys/log.h"

#include <assert.h>

#define WRITE_BYTES_MAX ((size_t)8 * 1024 * 1024)
#define IDLE_MS 1000
#define REACH_GROWTH 4
#define QUICK_NS 500000
#define MARK_REACH_BYTES (UINT64_C(512) * 1024) /* little is looked through at the next start */

static void must(const struct journal *journal, const struct segment *segment, const char *what,
                 status done)
{
    if (done != OK) {
        sys_die("journal", "cannot %s segment %llu in %s (%s): what was acknowledged is safe, "
                "restart when the disk is well", what,
                (unsigned long long)segment->header.generation, journal->dir, done->code);
    }
}

static void sync_segment(struct journal *journal, struct segment *segment)
{
    if (!journal->options.relaxed) {
        must(journal, segment, "sync", file_sync(segment->file));
    }
}

/* Outside the lock, by the committer. */
static void write_group(struct journal *journal, struct segment *segment, const struct group *group,
                        uint64_t offset, size_t bytes)
{
    for (size_t done = 0; done < bytes; done += WRITE_BYTES_MAX) {
        size_t piece = bytes - done < WRITE_BYTES_MAX ? bytes - done : WRITE_BYTES_MAX;

        must(journal, segment, "write",
             file_write(segment->file, offset + done, group->at + done, piece));
    }
    sync_segment(journal, segment);
}

/* Outside the lock, by the committer: from now on the segment is in use. */
static void activate(struct journal *journal, struct segment *former, struct segment *segment)
{
    must(journal, segment, "write", segment_header_write(segment->file, &segment->header));
    sync_segment(journal, segment);
    if (former != NULL) {
        file_close(former->file);
        former->file = NULL;
    }
}

/* How large the group behind one of that size may be. */
static uint64_t reach_after(const struct journal *journal, uint64_t bytes)
{
    uint64_t least = journal->options.reach_bytes;

    return REACH_GROWTH * bytes < least ? least : REACH_GROWTH * bytes;
}

/* Outside the lock, by the committer: an empty group, after which one of that size may come. */
static void announce(struct journal *journal, struct segment *segment, const struct group *group,
                     struct group_place place)
{
    struct group empty = {
        .bytes = sizeof(struct journal_group_header),
        .first = group->first,
        .salt = ~group->salt,
    };

    if (journal->announcement == NULL) {
        journal->announcement = mem_aligned(JOURNAL_BLOCK_BYTES, JOURNAL_BLOCK_BYTES);
    }
    empty.at = journal->announcement;
    write_group(journal, segment, &empty, place.offset, group_seal(&empty, segment, place));
}

/* The committer's choice of where the group goes: the current segment, or a spare, which becomes
 * current (and ret_former the one before). The group may grow while this waits. */
static struct segment *place(struct journal *journal, struct segment **ret_former)
{
    struct segment *current = segment_current(journal);
    struct segment *spare = NULL;

    for (;;) {
        uint64_t bytes = journal_padded(journal->filling->bytes);

        if (journal->offset + bytes + journal_announce_bytes(journal, bytes) <=
            current->header.bytes) {
            return current;
        }
        spare = spare_take(journal, bytes);
        if (spare != NULL) {
            break;
        }
        if (!journal_demand(journal, bytes, true)) {
            lock_give(&journal->lock);
            sys_die("journal", "no space for a segment in %s, and the reserve is used up",
                    journal->dir);
        }
    }
    spare->header.first_position = journal->filling->first;
    spare->header.first_at_ms = journal->filling->first_at_ms;
    spare->header.before = current->header.generation;
    list_push(&journal->segments, &spare->link);
    journal->segments_bytes += spare->header.bytes;
    journal->offset = JOURNAL_BLOCK_BYTES;
    journal->reach = UINT64_MAX;
    *ret_former = current;
    return spare;
}

/* The lock is held. */
static void tell(struct journal *journal)
{
    struct journal_hook hooks[JOURNAL_HOOKS_MAX];
    size_t count = journal->hook_count;

    if (count == 0) {
        return;
    }
    memcpy(hooks, journal->hooks, count * sizeof(hooks[0]));
    journal->hooks_running++;
    lock_give(&journal->lock);
    for (size_t i = 0; i < count; i++) {
        hooks[i].run(hooks[i].arg);
    }
    lock_take(&journal->lock);
    journal->hooks_running--;
    if (journal->hooks_running == 0 && journal->hooks_leaving > 0) {
        cond_wake_all(&journal->moved);
    }
}

bool journal_is_quick(const struct journal *journal)
{
    return atomic_load_explicit(&journal->took_ns, memory_order_relaxed) < QUICK_NS;
}

/* The last few count most; only the committer writes it. */
static void note_time(struct journal *journal, uint64_t took_ns)
{
    uint64_t mean_ns = atomic_load_explicit(&journal->took_ns, memory_order_relaxed);

    mean_ns = mean_ns - mean_ns / 8 + took_ns / 8;
    atomic_store_explicit(&journal->took_ns, mean_ns, memory_order_relaxed);
}

static void commit_now(struct journal *journal)
{
    uint64_t began_ns = clock_monotonic_ns();
    struct segment *former = NULL;
    struct segment *segment = NULL;
    struct group *group = NULL;
    struct group_place announced;
    struct segment_mark mark;
    uint64_t reach;
    size_t bytes = 0;
    bool large;

    journal->committing = true;
    segment = place(journal, &former);
    group = journal->filling;
    journal->filling = &journal->groups[group == &journal->groups[0] ? 1 : 0];
    bytes = journal_padded(group->bytes);
    reach = reach_after(journal, bytes);
    announced = (struct group_place){journal->offset, reach};
    large = bytes > journal->reach;
    journal->offset += journal_announce_bytes(journal, bytes);
    mark = (struct segment_mark){journal->offset, group->first, group->first_at_ms};
    journal->offset += bytes;
    journal->reach = reach;
    segment_note(segment, &mark);
    if (former != NULL) {
        cond_wake_one(&journal->tidy);
    }
    lock_give(&journal->lock);

    if (former != NULL) {
        activate(journal, former, segment);
    }
    if (large) {
        announce(journal, segment, group, announced);
    }
    group_seal(group, segment, (struct group_place){mark.offset, reach});
    write_group(journal, segment, group, mark.offset, bytes);
    note_time(journal, clock_monotonic_ns() - began_ns);

    lock_take(&journal->lock);
    atomic_store(&journal->durable, group->first + group->count - 1);
    group_clear(group);
    journal->stats.groups++;
    journal->stats.bytes_written += bytes + (large ? JOURNAL_BLOCK_BYTES : 0);
    journal->stats.syncs += journal->options.relaxed ? 0 : (former != NULL || large ? 2 : 1);
    journal->committing = false;
    cond_wake_all(&journal->moved);
    while (!journal->threaded && !journal->is_short && journal_tend(journal)) {
        /* Without the helper thread, the next segment is made here. */
    }
    tell(journal);
}

void journal_commit(struct journal *journal)
{
    if (journal->committing) {
        cond_wait(&journal->moved, &journal->lock);
    } else if (journal->filling->count > 0) {
        commit_now(journal);
    }
}

void journal_sync(struct journal *journal)
{
    uint64_t target = atomic_load(&journal->last);

    if (atomic_load(&journal->durable) >= target) {
        return;
    }
    lock_take(&journal->lock);
    while (atomic_load(&journal->durable) < target) {
        journal_commit(journal);
    }
    lock_give(&journal->lock);
}

void journal_wake(struct journal *journal)
{
    if (!journal->threaded) {
        journal_sync(journal); /* nobody else would */
        return;
    }
    if (atomic_exchange(&journal->wanted, true)) {
        return; /* the thread was woken and has yet to look: it will see this too */
    }
    lock_take(&journal->lock);
    cond_wake_one(&journal->work);
    lock_give(&journal->lock);
}

/* Nothing was asked for a while: large buffers go back. */
static void rest(struct journal *journal)
{
    if (journal->committing || journal->filling->count > 0) {
        return;
    }
    group_done(&journal->groups[0]);
    group_done(&journal->groups[1]);
    journal->grown = false;
}

void journal_commit_thread(void *arg)
{
    struct journal *journal = arg;
    uint64_t groups_seen = 0;

    lock_take(&journal->lock);
    while (!journal->stop) {
        if (atomic_exchange(&journal->wanted, false)) {
            uint64_t target = atomic_load(&journal->last);

            while (atomic_load(&journal->durable) < target) {
                journal_commit(journal);
            }
            continue;
        }
        if (!journal->grown) {
            cond_wait(&journal->work, &journal->lock);
            continue;
        }
        groups_seen = journal->stats.groups;
        if (!cond_wait_ms(&journal->work, &journal->lock, IDLE_MS) &&
            groups_seen == journal->stats.groups) {
            rest(journal);
        }
    }
    lock_give(&journal->lock);
}

void journal_commit_mark(struct journal *journal)
{
    struct segment *current = segment_current(journal);
    struct group *group = journal->filling;
    uint64_t offset = journal->offset;

    assert(atomic_load(&journal->last) == atomic_load(&journal->durable));
    if (offset + JOURNAL_BLOCK_BYTES > current->header.bytes) {
        return; /* the segment is full to the last block */
    }
    group_begin_empty(journal);
    journal->offset += JOURNAL_BLOCK_BYTES;
    journal->reach = journal->options.reach_bytes < MARK_REACH_BYTES ? journal->options.reach_bytes
                                                                     : MARK_REACH_BYTES;
    write_group(journal, current, group, offset,
                group_seal(group, current, (struct group_place){offset, journal->reach}));
    group_clear(group);
}
