/* SPDX-License-Identifier: Apache-2.0
 *
 * Segment files: made ahead of need, taken into use in order, recycled when nobody needs them.
 *
 *   (nothing) --make: zeros, header--> NAME.new --rename--> spare NAME.wj --commit--> current
 *   current --next one is taken--> kept --released, beyond the window--> free
 *   free --rename, new header--> NAME.new of a new generation --rename--> spare,  or removed
 *
 * Rules
 *  1. Each arrow is durable before the next one starts, and segments leave oldest first, so after a
 *     crash the directory holds: segments in use without a hole, spares behind them, and perhaps a
 *     .new file, which is worth nothing.
 *  2. One spare is kept ahead, from shortly after opening on. Sizes grow (2 MiB, 8, 32, … up to
 *     segment_bytes), so that a young journal is small and opens fast.
 *  3. A free segment stays readable until its file is wanted; at most FREE_COUNT_MAX are kept.
 *  4. Space: a new file is made only when reserve_bytes stay free beside it. If not, the journal
 *     is *short*: admissions are refused, while a spare and the reserve are still there for what
 *     was admitted. Only a committer who must place a group may use the reserve.
 *  5. Ages are measured against the newest entry, not against a clock.
 */
#include "store/journal_int.h"

#include "base/digest.h"
#include "base/mem.h"
#include "sys/log.h"

#include <assert.h>
#include <stdio.h>

#define QUIET_MS 200 /* after opening */
#define FIRST_SEGMENT_BYTES ((size_t)2 * 1024 * 1024)
#define SEGMENT_GROWTH 4
#define FILL_BYTES_MAX ((size_t)1024 * 1024) /* not so much that it is fresh memory each time */
#define FREE_COUNT_MAX 8

void segment_path(const char *dir, uint64_t generation, const char *ending,
                  char path[JOURNAL_PATH_BYTES])
{
    int bytes = snprintf(path, JOURNAL_PATH_BYTES, "%s/%016llu.%s", dir,
                         (unsigned long long)generation, ending);

    assert(bytes > 0);
    assert(bytes < JOURNAL_PATH_BYTES);
}

void segment_free(struct segment *segment)
{
    if (segment == NULL) {
        return;
    }
    file_close(segment->file);
    mem_free(segment);
}

status segment_header_write(struct file *file, struct journal_segment_header *header)
{
    char *block = mem_aligned(JOURNAL_BLOCK_BYTES, JOURNAL_BLOCK_BYTES);
    status wrote = OK;

    memset(block, 0, JOURNAL_BLOCK_BYTES);
    header->crc = 0;
    memcpy(block, header, sizeof(*header));
    header->crc = crc32c(0, str_of(block, JOURNAL_BLOCK_BYTES));
    memcpy(block, header, sizeof(*header));
    wrote = file_write(file, 0, block, JOURNAL_BLOCK_BYTES);
    mem_free(block);
    return wrote;
}

/* ---- files ---- */

status segment_file_open(const struct journal_options *options, const char *path, int mode,
                         struct file **ret_file)
{
    struct file *file = NULL;

    if (!options->relaxed) {
        TRY(file_open(options->files, path, mode | FILE_DIRECT, &file));
        if (file->align <= JOURNAL_BLOCK_BYTES) {
            *ret_file = file;
            return OK;
        }
        file_close(file);
    }
    return file_open(options->files, path, mode, ret_file);
}

static status fill_with_zeros(struct file *file, uint64_t bytes)
{
    size_t piece = bytes < FILL_BYTES_MAX ? (size_t)bytes : FILL_BYTES_MAX;
    char *zeros = mem_aligned(JOURNAL_BLOCK_BYTES, piece);
    status filled = OK;

    memset(zeros, 0, piece);
    for (uint64_t at = 0; at < bytes && filled == OK; at += piece) {
        filled = file_write(file, at, zeros, bytes - at < piece ? (size_t)(bytes - at) : piece);
    }
    mem_free(zeros);
    return filled;
}

/* NAME.new, complete, becomes NAME.wj. */
static status segment_publish(const struct journal *journal, struct segment *segment)
{
    const struct files *files = journal->options.files;
    char from[JOURNAL_PATH_BYTES];
    char to[JOURNAL_PATH_BYTES];

    TRY(segment_header_write(segment->file, &segment->header));
    TRY(file_sync(segment->file));
    segment_path(journal->dir, segment->header.generation, "new", from);
    segment_path(journal->dir, segment->header.generation, "wj", to);
    TRY(files->rename(files->ctx, from, to));
    return files->sync_dir(files->ctx, journal->dir);
}

static status segment_build(const struct journal *journal, struct segment *segment)
{
    char path[JOURNAL_PATH_BYTES];
    status built = OK;

    segment_path(journal->dir, segment->header.generation, "new", path);
    TRY(segment_file_open(&journal->options, path, FILE_WRITE, &segment->file));
    built = fill_with_zeros(segment->file, segment->header.bytes);
    if (built == OK) {
        built = segment_publish(journal, segment);
    }
    if (built != OK) {
        const struct files *files = journal->options.files;

        file_close(segment->file);
        segment->file = NULL;
        (void)files->remove(files->ctx, path); /* the next start would do it too */
    }
    return built;
}

/* The file that lies under the former generation becomes the segment. */
static status segment_rebuild(const struct journal *journal, uint64_t former,
                              struct segment *segment)
{
    const struct files *files = journal->options.files;
    char from[JOURNAL_PATH_BYTES];
    char path[JOURNAL_PATH_BYTES];

    segment_path(journal->dir, former, "wj", from);
    segment_path(journal->dir, segment->header.generation, "new", path);
    TRY(files->rename(files->ctx, from, path));
    TRY(files->sync_dir(files->ctx, journal->dir));
    TRY(segment_file_open(&journal->options, path, FILE_WRITE, &segment->file));
    return segment_publish(journal, segment);
}

static struct segment *segment_new(struct journal *journal, uint64_t bytes)
{
    struct segment *segment = MEM_NEW(struct segment);

    assert(bytes % JOURNAL_BLOCK_BYTES == 0);
    link_init(&segment->link);
    memcpy(segment->header.magic, JOURNAL_SEGMENT_MAGIC, sizeof(segment->header.magic));
    segment->header.version = JOURNAL_VERSION;
    segment->header.generation = journal->generation_next++;
    segment->header.salt = rand_u64(&journal->rand);
    segment->header.bytes = bytes;
    return segment;
}

static uint64_t next_bytes(const struct journal *journal)
{
    uint64_t bytes = journal->made_bytes * SEGMENT_GROWTH;

    bytes = bytes < FIRST_SEGMENT_BYTES ? FIRST_SEGMENT_BYTES : bytes;
    return bytes < journal->options.segment_bytes ? bytes : journal->options.segment_bytes;
}

status segment_make_first(struct journal *journal, struct segment **ret_segment)
{
    struct segment *segment = segment_new(journal, next_bytes(journal));
    status made = OK;

    segment->header.first_position = atomic_load(&journal->last) + 1;
    made = segment_build(journal, segment);
    if (made != OK) {
        segment_free(segment);
        return made;
    }
    journal->made_bytes = segment->header.bytes;
    *ret_segment = segment;
    return OK;
}

/* ---- lists ---- */

struct segment *segment_current(const struct journal *journal)
{
    assert(!link_alone(&journal->segments));
    return segment_of(journal->segments.prev);
}

struct segment *segment_find(struct journal *journal, uint64_t position)
{
    for (struct link *at = journal->segments.prev; at != &journal->segments; at = at->prev) {
        struct segment *segment = segment_of(at);

        if (segment->header.first_position <= position) {
            return segment;
        }
    }
    return NULL;
}

void segment_note(struct segment *segment, const struct segment_mark *mark)
{
    size_t place = (size_t)(mark->offset * JOURNAL_MARKS / segment->header.bytes);

    assert(place < JOURNAL_MARKS);
    if (segment->marks[place].offset == 0) {
        segment->marks[place] = *mark;
    }
}

struct segment_mark segment_seek(const struct segment *segment, uint64_t position)
{
    struct segment_mark best = {
        .offset = JOURNAL_BLOCK_BYTES,
        .position = segment->header.first_position,
        .at_ms = segment->header.first_at_ms,
    };

    for (size_t i = 0; i < JOURNAL_MARKS; i++) {
        if (segment->marks[i].offset != 0 && segment->marks[i].position <= position) {
            best = segment->marks[i];
        }
    }
    return best;
}

struct segment *spare_find(struct journal *journal, uint64_t bytes)
{
    for (struct link *at = journal->spares.next; at != &journal->spares; at = at->next) {
        if (segment_of(at)->header.bytes >= bytes + JOURNAL_BLOCK_BYTES) {
            return segment_of(at);
        }
    }
    return NULL;
}

struct segment *spare_take(struct journal *journal, uint64_t bytes)
{
    struct segment *spare = spare_find(journal, bytes);

    if (spare == NULL) {
        return NULL;
    }
    while (segment_of(journal->spares.next) != spare) {
        struct link *small = journal->spares.next; /* its turn is over: generations only rise */

        link_remove(small);
        list_push(&journal->passed, small);
    }
    link_remove(&spare->link);
    return spare;
}

/* ---- tending ---- */

/* Is the segment behind the window and the checkpoint, with `beyond` bytes in use from it on? */
static bool is_free(const struct journal *journal, const struct segment *segment, uint64_t beyond)
{
    const struct segment *after = segment_of(segment->link.next);

    if (&segment->link == journal->segments.prev || segment->holds > 0 ||
        after->header.first_position > journal->released) {
        return false;
    }
    /* Its newest entry is not younger than the first one of the next segment. */
    return beyond - segment->header.bytes >= journal->options.keep_bytes ||
           after->header.first_at_ms < journal->newest_at_ms - journal->options.keep_ms;
}

/* How many of the oldest are free, looking at FREE_COUNT_MAX + 1. */
static size_t free_count(const struct journal *journal)
{
    uint64_t beyond = journal->segments_bytes;
    size_t count = 0;

    for (struct link *at = journal->segments.next; at != &journal->segments; at = at->next) {
        if (count > FREE_COUNT_MAX || !is_free(journal, segment_of(at), beyond)) {
            break;
        }
        beyond -= segment_of(at)->header.bytes;
        count++;
    }
    return count;
}

/* The oldest leaves the list. */
static struct segment *take_oldest(struct journal *journal)
{
    struct segment *oldest = segment_of(journal->segments.next);

    assert(oldest->holds == 0);
    link_remove(&oldest->link);
    journal->segments_bytes -= oldest->header.bytes;
    atomic_store(&journal->first, segment_of(journal->segments.next)->header.first_position);
    return oldest;
}

static void died(const struct journal *journal, const char *what, status with)
{
    sys_die("journal", "cannot %s a segment in %s (%s)", what, journal->dir, with->code);
}

/* The lock is given meanwhile, as in the functions below. */
static void drop(struct journal *journal, struct segment *segment)
{
    const struct files *files = journal->options.files;
    char path[JOURNAL_PATH_BYTES];
    status dropped = OK;

    segment_path(journal->dir, segment->header.generation, "wj", path);
    lock_give(&journal->lock);
    segment_free(segment);
    dropped = files->remove(files->ctx, path);
    if (dropped == OK) {
        dropped = files->sync_dir(files->ctx, journal->dir);
    }
    if (dropped != OK) {
        died(journal, "remove", dropped);
    }
    lock_take(&journal->lock);
}

static bool has_space(const struct journal *journal, uint64_t bytes)
{
    const struct files *files = journal->options.files;
    uint64_t space = 0;
    status looked = files->space(files->ctx, journal->dir, &space);

    if (looked != OK) {
        died(journal, "see the space for", looked);
    }
    return space >= bytes && space - bytes >= journal->options.reserve_bytes;
}

/* Makes a spare of at least that size, from old when that is not NULL. */
static void make_spare(struct journal *journal, uint64_t bytes, struct segment *old)
{
    bool now = journal->demand_now;
    bool enough = false;
    struct segment *made = segment_new(journal, old != NULL ? old->header.bytes : bytes);
    uint64_t former = old != NULL ? old->header.generation : 0;
    status how = OK;

    journal->in_hand = made;
    lock_give(&journal->lock);
    segment_free(old);
    enough = has_space(journal, old != NULL ? 0 : bytes);
    if (old != NULL) {
        how = segment_rebuild(journal, former, made);
    } else if (enough || now) {
        how = segment_build(journal, made);
    } else {
        how = &ERR_FULL;
    }
    if (how != OK && (how != &ERR_FULL || old != NULL)) {
        died(journal, "make", how);
    }
    lock_take(&journal->lock);
    journal->in_hand = NULL;
    journal->is_short = !enough || how != OK;
    journal->demand_bytes = 0;
    journal->demand_now = false;
    if (how == OK) {
        list_push(&journal->spares, &made->link);
        journal->made_bytes = made->header.bytes;
        return;
    }
    segment_free(made);
    journal->failures++;
    journal->failures_now += now ? 1 : 0;
}

static void look_at_space(struct journal *journal)
{
    bool enough = false;

    lock_give(&journal->lock);
    enough = has_space(journal, 0);
    lock_take(&journal->lock);
    journal->is_short = !enough;
}

/* One step; false when there was nothing to do. */
static bool tend_step(struct journal *journal)
{
    bool look = journal->look;

    journal->look = false;
    if (look) {
        look_at_space(journal);
    }
    bool demanded = journal->demand_bytes > 0;
    bool wanted = demanded ? spare_find(journal, journal->demand_bytes) == NULL
                           : link_alone(&journal->spares);
    size_t frees = free_count(journal);
    uint64_t bytes = next_bytes(journal);
    uint64_t oldest = segment_of(journal->segments.next)->header.bytes;

    if (!wanted) {
        journal->demand_bytes = 0;
    }
    if (!link_alone(&journal->passed)) {
        struct link *passed = journal->passed.next;

        link_remove(passed);
        drop(journal, segment_of(passed));
        return true;
    }
    if (journal->demand_bytes + JOURNAL_BLOCK_BYTES > bytes) {
        bytes = journal->demand_bytes + JOURNAL_BLOCK_BYTES;
    }
    if (frees > FREE_COUNT_MAX || (wanted && frees > 0 && oldest < bytes) ||
        (frees > 0 && oldest > 2 * journal->options.segment_bytes)) {
        drop(journal, take_oldest(journal));
        return true;
    }
    if (wanted && (frees > 0 || demanded || look || !journal->is_short)) {
        make_spare(journal, bytes, frees > 0 ? take_oldest(journal) : NULL);
        return true;
    }
    return look;
}

bool journal_tend(struct journal *journal)
{
    bool did = false;

    if (journal->tending) {
        return false;
    }
    journal->tending = true;
    did = tend_step(journal);
    journal->tending = false;
    if (did) {
        cond_wake_all(&journal->moved);
    }
    return did;
}

bool journal_demand(struct journal *journal, uint64_t bytes, bool now)
{
    const uint64_t *failures = now ? &journal->failures_now : &journal->failures;
    uint64_t before = *failures;

    while (spare_find(journal, bytes) == NULL) {
        if (*failures != before) {
            return false;
        }
        journal->demand_bytes = journal->demand_bytes > bytes ? journal->demand_bytes : bytes;
        journal->demand_now |= now;
        if (journal->threaded || journal->tending) {
            cond_wake_one(&journal->tidy);
            cond_wait(&journal->moved, &journal->lock);
        } else {
            (void)journal_tend(journal);
        }
    }
    return true;
}

void journal_helper_thread(void *arg)
{
    struct journal *journal = arg;

    lock_take(&journal->lock);
    if (!journal->stop && !journal->look && journal->demand_bytes == 0) {
        /* The first spare is not needed before the first change is admitted, which wakes this;
         * until then the disk is left to those who open. */
        (void)cond_wait_ms(&journal->tidy, &journal->lock, QUIET_MS);
    }
    while (!journal->stop) {
        if (!journal_tend(journal)) {
            cond_wait(&journal->tidy, &journal->lock);
        }
    }
    lock_give(&journal->lock);
}
