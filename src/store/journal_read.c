/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading back, while others append.
 *
 * Rules
 *  1. Only what is durable is given out. How far that was is asked before the file is read, so what
 *     lies in the window up to there is true; beyond it the window is thrown away and read again.
 *  2. A durable entry that cannot be read is corruption: there is no torn tail before durable.
 *  3. A reader has its own file, and holds its segment so that it is not recycled under it.
 */
#include "store/journal_scan.h"

#include "base/mem.h"

#include <assert.h>

struct journal_reader {
    struct journal *journal; /* outlives the reader */
    struct segment *segment; /* held; NULL before the first */
    struct file *file;       /* of the segment */
    struct scan scan;        /* the walk in it */
    uint64_t from;           /* entries before this are passed over */
    uint64_t durable;        /* as it was before the window was read */
};

static void let_go(struct journal_reader *reader)
{
    struct journal *journal = reader->journal;

    file_close(reader->file);
    reader->file = NULL;
    if (reader->segment == NULL) {
        return;
    }
    lock_take(&journal->lock);
    assert(reader->segment->holds > 0);
    reader->segment->holds--;
    reader->segment = NULL;
    if (journal->threaded) {
        cond_wake_one(&journal->tidy);
    }
    lock_give(&journal->lock);
}

/* Takes the segment that has the position, unless it is the one at hand. */
static status go_to(struct journal_reader *reader, uint64_t position, struct why *why)
{
    struct journal *journal = reader->journal;
    struct journal_segment_header header;
    struct segment *segment = NULL;
    struct segment_mark from;
    char path[JOURNAL_PATH_BYTES];
    status opened = OK;

    lock_take(&journal->lock);
    segment = segment_find(journal, position);
    if (segment == reader->segment || segment == NULL) {
        lock_give(&journal->lock);
        return segment != NULL ? OK
                               : why_set(why, &ERR_NOT_FOUND, "position %llu is no longer kept",
                                         (unsigned long long)position);
    }
    segment->holds++;
    header = segment->header;
    from = segment_seek(segment, position);
    lock_give(&journal->lock);

    let_go(reader);
    reader->segment = segment;
    segment_path(journal->dir, header.generation, "wj", path);
    opened = segment_file_open(&journal->options, path, FILE_READ, &reader->file);
    if (opened != OK) {
        let_go(reader);
        return why_set(why, opened, "%s: cannot be opened", path);
    }
    scan_start(&reader->scan, reader->file, &header, from);
    return OK;
}

status journal_read_open(struct journal *journal, uint64_t from_position, struct why *why,
                         struct journal_reader **ret_reader)
{
    struct journal_reader *reader = NULL;
    uint64_t first = atomic_load(&journal->first);
    status gone = OK;

    if (from_position < first) {
        return why_set(why, &ERR_NOT_FOUND, "position %llu is no longer kept; the oldest is %llu",
                       (unsigned long long)from_position, (unsigned long long)first);
    }
    reader = MEM_NEW(struct journal_reader);
    reader->journal = journal;
    reader->from = from_position;
    scan_init(&reader->scan);
    reader->scan.skip_before = from_position;
    gone = go_to(reader, from_position, why);
    if (gone != OK) {
        journal_read_close(reader);
        return gone;
    }
    *ret_reader = reader;
    return OK;
}

static status unexpected_end(const struct journal_reader *reader, struct why *why)
{
    return why_set(why, &ERR_CORRUPT,
                   "position %llu, segment %016llu.wj, offset %llu: no group begins here",
                   (unsigned long long)reader->scan.next,
                   (unsigned long long)reader->scan.header.generation,
                   (unsigned long long)reader->scan.offset);
}

/* Between groups: to the next one that has something to give. */
static status next_group(struct journal_reader *reader, struct why *why)
{
    struct scan *scan = &reader->scan;
    uint64_t wanted = scan->next > reader->from ? scan->next : reader->from;
    status entered = OK;

    if (wanted > reader->durable) {
        reader->durable = atomic_load(&reader->journal->durable);
        scan_forget(scan);
        if (wanted > reader->durable) {
            return &ERR_NOT_FOUND;
        }
    }
    for (;;) {
        const struct segment *before = NULL;

        TRY(go_to(reader, scan->next, why));
        entered = scan_group(scan, why);
        if (entered != &ERR_NOT_FOUND) {
            return entered;
        }
        /* It may have stepped over all that was left in this segment. */
        before = reader->segment;
        TRY(go_to(reader, scan->next, why));
        if (reader->segment == before) {
            return unexpected_end(reader, why);
        }
    }
}

status journal_read_next(struct journal_reader *reader, struct why *why,
                         struct journal_entry *ret_entry)
{
    struct journal_entry entry;

    do {
        if (reader->scan.left == 0) {
            TRY(next_group(reader, why));
        }
        TRY(scan_entry(&reader->scan, why, &entry));
    } while (entry.position < reader->from);
    *ret_entry = entry;
    return OK;
}

void journal_read_close(struct journal_reader *reader)
{
    if (reader == NULL) {
        return;
    }
    let_go(reader);
    scan_done(&reader->scan);
    mem_free(reader);
}

/* Position from which a walk finds the first entry at or after that moment. */
static uint64_t start_for(struct journal *journal, int64_t at_ms)
{
    uint64_t start = 0;

    lock_take(&journal->lock);
    for (struct link *at = journal->segments.next; at != &journal->segments; at = at->next) {
        const struct segment *segment = segment_of(at);

        if (at != journal->segments.next && segment->header.first_at_ms >= at_ms) {
            break;
        }
        start = segment->header.first_position;
        for (size_t i = 0; i < JOURNAL_MARKS; i++) {
            if (segment->marks[i].offset != 0 && segment->marks[i].at_ms < at_ms) {
                start = segment->marks[i].position;
            }
        }
    }
    lock_give(&journal->lock);
    return start;
}

status journal_position_at(struct journal *journal, int64_t at_ms, uint64_t *ret_position)
{
    struct journal_reader *reader = NULL;
    struct journal_entry entry;
    uint64_t position = 0;
    status read = OK;

    journal_sync(journal); /* only durable entries can be read */
    TRY(journal_read_open(journal, start_for(journal, at_ms), NULL, &reader));
    assert(reader != NULL);
    position = reader->from;
    while ((read = journal_read_next(reader, NULL, &entry)) == OK && entry.at_ms < at_ms) {
        position = entry.position + 1;
    }
    journal_read_close(reader);
    if (read != OK && read != &ERR_NOT_FOUND) {
        return read;
    }
    *ret_position = position;
    return OK;
}
