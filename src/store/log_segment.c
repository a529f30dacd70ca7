/* SPDX-License-Identifier: Apache-2.0
 *
 * Segments: which frames a file holds and where, and reading them back.
 *
 * A segment's places (one per frame) are in memory while it is written to, and otherwise loaded by
 * walking the headers in the file when somebody reads there. All places together are bounded: the
 * longest loaded are forgotten first. A segment with queued frames keeps its places, for its file
 * is not complete yet.
 *
 * Frames read back go through a small cache, so that reading in order reads each frame once.
 */
#include "store/log_int.h"

#include "base/mem.h"
#include "sys/log.h"

#include <assert.h>
#include <stdio.h>

/* Headers are looked for in pieces of this size: one read covers many small frames. */
#define WALK_BYTES (32u * 1024)

size_t log_segment_path(const char *dir, uint64_t log, uint32_t segment, char *out, size_t room)
{
    int bytes = snprintf(out, room, "%s/%016llx-%08x.seg", dir, (unsigned long long)log, segment);

    assert(bytes > 0);
    assert((size_t)bytes < room);
    return (size_t)bytes;
}

/* ---- places ---- */

static void places_forget(struct logs *logs, struct log_segment *segment)
{
    logs->place_count -= segment->place_count;
    mem_free(segment->places);
    segment->places = NULL;
    segment->place_count = 0;
    segment->place_room = 0;
    link_remove(&segment->loaded);
}

/* Keeps all places within their bound, without touching keep's. */
static void places_bound(struct logs *logs, const struct log_segment *keep)
{
    struct link *next = NULL;

    for (struct link *at = logs->loaded.next;
         at != &logs->loaded && logs->place_count > LOG_PLACES_MAX; at = next) {
        struct log_segment *segment = LINK_OWNER(at, struct log_segment, loaded);

        next = at->next;
        if (segment != keep && segment->unwritten == 0) {
            places_forget(logs, segment);
        }
    }
}

static void place_add(struct logs *logs, struct log_segment *segment, const struct log_frame *frame,
                      uint64_t offset)
{
    if (segment->place_room == 0) {
        list_push(&logs->loaded, &segment->loaded);
    }
    if (segment->place_count == segment->place_room) {
        segment->place_room = segment->place_room == 0 ? 2 : 2 * segment->place_room;
        segment->places =
            mem_grow(segment->places, segment->place_room * sizeof(segment->places[0]));
    }
    segment->places[segment->place_count++] =
        (struct place){frame->first, frame->first_at_ms, offset};
    logs->place_count++;
}

static status corrupt(const struct logs *logs, const struct log_segment *segment, uint64_t offset,
                      const char *what)
{
    log_write(LOG_ERROR, "logs", "%s/%016llx-%08x.seg, offset %llu: %s", logs->dir,
              (unsigned long long)segment->log, segment->number, (unsigned long long)offset, what);
    return &ERR_CORRUPT;
}

static status places_walk(struct logs *logs, struct log_segment *segment, struct file *file,
                          char *piece)
{
    uint64_t piece_at = 0;
    size_t piece_bytes = 0;
    uint64_t sequence = segment->first;

    for (uint64_t offset = 0; offset < segment->bytes;) {
        struct log_frame frame;

        if (offset < piece_at || offset + LOG_FRAME_HEADER_BYTES > piece_at + piece_bytes) {
            piece_at = offset;
            TRY(file_read(file, offset, piece, WALK_BYTES, &piece_bytes));
            if (piece_bytes < LOG_FRAME_HEADER_BYTES) {
                return corrupt(logs, segment, offset, "the file is too short");
            }
        }
        if (!log_frame_get(piece + (offset - piece_at), &frame) || frame.log != segment->log ||
            frame.first != sequence || frame.first_at_ms < segment->first_at_ms) {
            return corrupt(logs, segment, offset, "no frame begins here");
        }
        place_add(logs, segment, &frame, offset);
        sequence += frame.count;
        offset += log_frame_bytes(&frame);
    }
    return sequence == segment->last + 1 ? OK
                                         : corrupt(logs, segment, 0, "records are missing");
}

static status places_load(struct logs *logs, struct log_segment *segment)
{
    struct file *file = NULL;
    char *piece = NULL;
    status walked = OK;

    if (segment->place_room > 0) {
        return OK;
    }
    assert(segment->unwritten == 0);
    TRY(log_files_get(&logs->files, logs, segment->log, segment->number, &file));
    piece = mem_alloc(WALK_BYTES);
    walked = places_walk(logs, segment, file, piece);
    mem_free(piece);
    if (walked != OK && segment->place_room > 0) {
        places_forget(logs, segment);
    }
    places_bound(logs, segment);
    return walked;
}

/* ---- a segment's life ---- */

void log_segment_push(struct log *log, struct log_segment *segment)
{
    if (log->segment_count == log->segment_room) {
        log->segment_room = log->segment_room == 0 ? 1 : 2 * log->segment_room;
        log->segments = mem_grow(log->segments, log->segment_room * sizeof(log->segments[0]));
    }
    log->segments[log->segment_count++] = segment;
}

static struct log_segment *segment_new(struct log *log)
{
    struct log_segment *segment = MEM_NEW(struct log_segment);

    link_init(&segment->dirty);
    link_init(&segment->loaded);
    segment->log = log->number;
    segment->number = log->next_segment++;
    log_segment_push(log, segment);
    return segment;
}

/* Where the log's next frame goes. A segment whose places cannot be loaded is left as it is. */
struct log_segment *log_segment_for(struct logs *logs, struct log *log, uint64_t frame_bytes)
{
    if (log->segment_count > 0) {
        struct log_segment *newest = log->segments[log->segment_count - 1];

        if (newest->bytes + frame_bytes <= logs->options.segment_bytes &&
            places_load(logs, newest) == OK) {
            return newest;
        }
    }
    return segment_new(log);
}

void log_segment_add(struct logs *logs, struct log_segment *segment, const struct log_frame *frame)
{
    if (segment->bytes == 0) {
        segment->first = frame->first;
        segment->first_at_ms = frame->first_at_ms;
    }
    assert(segment->bytes == 0 || segment->last + 1 == frame->first);
    place_add(logs, segment, frame, segment->bytes);
    segment->bytes += log_frame_bytes(frame);
    segment->data_bytes += frame->data_bytes;
    segment->last = frame->first + frame->count - 1;
    segment->last_at_ms = frame->last_at_ms;
    if (link_alone(&segment->dirty)) {
        list_push(&logs->dirty, &segment->dirty);
    }
    places_bound(logs, segment);
}

void log_segment_doom(struct logs *logs, struct log *log)
{
    struct log_segment *segment = log->segments[0];

    assert(log->segment_count > 0);
    log->segment_count--;
    memmove(log->segments, log->segments + 1, log->segment_count * sizeof(log->segments[0]));
    link_remove(&segment->dirty);
    if (segment->place_room > 0) {
        places_forget(logs, segment);
    }
    log_files_forget(&logs->files, segment->log, segment->number);
    segment->next = logs->doomed;
    logs->doomed = segment;
}

void log_segment_free(struct log_segment *segment)
{
    mem_free(segment->places);
    mem_free(segment);
}

/* ---- reading frames back ---- */

void log_cache_clear(struct logs *logs)
{
    for (size_t i = 0; i < LOG_CACHE_FRAMES_MAX; i++) {
        mem_free(logs->cache[i].body);
        logs->cache[i].body = NULL;
    }
    logs->cache_bytes = 0;
}

static struct cached_frame *cache_oldest(struct logs *logs)
{
    struct cached_frame *oldest = NULL;

    for (size_t i = 0; i < LOG_CACHE_FRAMES_MAX; i++) {
        struct cached_frame *slot = &logs->cache[i];

        if (slot->body != NULL && (oldest == NULL || slot->used < oldest->used)) {
            oldest = slot;
        }
    }
    return oldest;
}

static void cache_drop(struct logs *logs, struct cached_frame *slot)
{
    logs->cache_bytes -= log_frame_body_bytes(&slot->frame);
    mem_free(slot->body);
    slot->body = NULL;
}

/* An empty slot, with room for so many bytes. */
static struct cached_frame *cache_slot(struct logs *logs, uint64_t bytes)
{
    struct cached_frame *oldest = NULL;

    while ((oldest = cache_oldest(logs)) != NULL &&
           logs->cache_bytes + bytes > LOG_CACHE_BYTES_MAX) {
        cache_drop(logs, oldest);
    }
    for (size_t i = 0; i < LOG_CACHE_FRAMES_MAX; i++) {
        if (logs->cache[i].body == NULL) {
            return &logs->cache[i];
        }
    }
    cache_drop(logs, oldest);
    return oldest;
}

static status frame_load(struct logs *logs, const struct log_segment *segment, uint64_t offset,
                         struct cached_frame **ret_slot)
{
    char header[LOG_FRAME_HEADER_BYTES];
    struct log_frame frame;
    struct file *file = NULL;
    size_t got = 0;

    TRY(log_files_get(&logs->files, logs, segment->log, segment->number, &file));
    TRY(file_read(file, offset, header, sizeof(header), &got));
    if (got < sizeof(header) || !log_frame_get(header, &frame) || frame.log != segment->log) {
        return corrupt(logs, segment, offset, "no frame begins here");
    }
    size_t bytes = (size_t)log_frame_body_bytes(&frame);
    struct cached_frame *slot = cache_slot(logs, bytes);
    char *body = mem_alloc(bytes);
    status read = file_read(file, offset + sizeof(header), body, bytes, &got);
    const char *fault = NULL;

    if (read == OK) {
        fault = got < bytes ? "the file is too short" : log_frame_fault(&frame, body);
    }
    if (read != OK || fault != NULL) {
        mem_free(body);
        return read != OK ? read : corrupt(logs, segment, offset, fault);
    }
    *slot = (struct cached_frame){frame, offset, 0, body, segment->number};
    logs->cache_bytes += bytes;
    *ret_slot = slot;
    return OK;
}

static status view_at(struct logs *logs, const struct log_segment *segment, uint64_t offset,
                      struct log_view *ret_view)
{
    struct cached_frame *found = NULL;

    for (size_t i = 0; i < LOG_CACHE_FRAMES_MAX && found == NULL; i++) {
        struct cached_frame *slot = &logs->cache[i];

        if (slot->body != NULL && slot->offset == offset && slot->segment == segment->number &&
            slot->frame.log == segment->log) {
            found = slot;
        }
    }
    if (found == NULL) {
        TRY(frame_load(logs, segment, offset, &found));
    }
    found->used = ++logs->cache_tick;
    ret_view->frame = &found->frame;
    ret_view->slots = (const void *)(found->body + log_frame_slots_at(&found->frame));
    ret_view->data = found->body + log_frame_data_at(&found->frame);
    return OK;
}

status log_segment_view(struct logs *logs, struct log_segment *segment, uint64_t sequence,
                        struct log_view *ret_view)
{
    size_t low = 0;

    assert(sequence >= segment->first);
    assert(sequence <= segment->last);
    TRY(places_load(logs, segment));
    for (size_t high = segment->place_count; high - low > 1;) {
        size_t middle = low + (high - low) / 2;

        *(segment->places[middle].first <= sequence ? &low : &high) = middle;
    }
    TRY(view_at(logs, segment, segment->places[low].offset, ret_view));
    return sequence - ret_view->frame->first < ret_view->frame->count
               ? OK
               : corrupt(logs, segment, segment->places[low].offset, "a frame is another's");
}

status log_segment_view_before(struct logs *logs, struct log_segment *segment, int64_t at_ms,
                               struct log_view *ret_view)
{
    size_t low = 0;

    assert(segment->first_at_ms < at_ms);
    TRY(places_load(logs, segment));
    for (size_t high = segment->place_count; high - low > 1;) {
        size_t middle = low + (high - low) / 2;

        *(segment->places[middle].first_at_ms < at_ms ? &low : &high) = middle;
    }
    return view_at(logs, segment, segment->places[low].offset, ret_view);
}
