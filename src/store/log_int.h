/* SPDX-License-Identifier: Apache-2.0
 *
 * Insides of the logs. Who touches what:
 *
 *   the cell          struct logs, log, segment, chunk: everything but what is named below
 *   the spill thread  a chunk from log_spill_push() until it is on the done list, read only; the
 *                     writer's open files
 *   a checkpoint      its own struct log_checkpoint; removes files
 *
 * A chunk's way:
 *
 *   fresh    in memory, of no file yet; the newest of its log may grow
 *   queued   immutable, has its place in a segment, waits for the spill thread
 *   written  on disk and still in memory
 *   (freed)  on disk only: read back by frames
 *
 * Chunks of a log go this way in order, so those in memory are always its newest records, without
 * gaps. A segment's place is given when its chunk is queued, by the cell, so that a checkpoint can
 * say what files will hold before they do.
 */
#ifndef WEIR_STORE_LOG_INT_H
#define WEIR_STORE_LOG_INT_H

#include "base/list.h"
#include "base/buf.h"
#include "store/log.h"
#include "store/log_frame.h"
#include "store/log_table.h"
#include "sys/thread.h"

#include <stdatomic.h>

#define LOG_CHUNK_BYTES (256u * 1024)   /* a chunk's usual data; a bigger record is one alone */
#define LOG_CHUNK_FIRST_BYTES 512u      /* a log's first chunk begins with this */
#define LOG_TAIL_BYTES 1024u            /* fewer fresh bytes than this go into the manifest */
#define LOG_SEGMENT_BYTES_DEFAULT (32u * 1024 * 1024)
#define LOG_MEMORY_BYTES_DEFAULT (UINT64_C(64) * 1024 * 1024)
#define LOG_CACHE_BYTES_MAX (8u * 1024 * 1024) /* of frames read back, or one frame */
#define LOG_CACHE_FRAMES_MAX 32
#define LOG_PLACES_MAX 65536            /* of all loaded segment indexes together */
#define LOG_SPARE_CHUNKS_MAX 8          /* blocks of chunks kept for reuse */

enum chunk_state { CHUNK_FRESH, CHUNK_QUEUED, CHUNK_WRITTEN };

struct chunk {
    struct link link;        /* in logs->fresh or logs->settled, oldest first */
    struct chunk *next;      /* in the spill queue or the done list */
    struct log *log;         /* NULL: its log no longer wants it */
    struct log_segment *segment; /* where it is or will be written; NULL while fresh or unwanted */
    uint64_t offset;         /* in the segment */
    uint32_t number;         /* of the segment, for the writer */
    struct log_slot *slots;  /* one per record */
    char *block;             /* the frame to be, aligned, data in its place; NULL: too small */
    char *data;              /* of the records */
    uint32_t data_room;      /* allocated */
    uint32_t summed_bytes;   /* of data, that are in data_crc */
    uint32_t data_crc;       /* taken while they are in the processor's cache */
    uint32_t slot_room;      /* allocated */
    struct log_frame frame;  /* what it holds; body_crc is set by the writer */
    uint8_t state;           /* enum chunk_state */
};

/* Where a frame begins. */
struct place {
    uint64_t first;      /* sequence of its first record */
    int64_t first_at_ms; /* moment of it */
    uint64_t offset;     /* in the segment */
};

struct log_segment {
    struct link dirty;       /* in logs->dirty: not synced since its last frame */
    struct link loaded;      /* in logs->loaded: index is there */
    uint64_t log;            /* number of its log */
    uint64_t first;          /* sequence of its first record */
    uint64_t last;           /* of its last */
    int64_t first_at_ms;     /* moment of the first record */
    int64_t last_at_ms;      /* of the last */
    uint64_t bytes;          /* of the file, given out */
    uint64_t data_bytes;     /* of records in it */
    struct place *places;    /* its frames, when loaded */
    uint32_t place_count;    /* of them */
    uint32_t place_room;     /* allocated; 0: not loaded */
    uint32_t number;         /* in the file's name */
    uint32_t unwritten;      /* frames still queued */
    struct log_segment *next;    /* among the doomed */
};

struct log {
    uint64_t number;            /* what others call it */
    struct log_state state;     /* as asked for */
    struct chunk **chunks;      /* in memory, oldest first */
    struct log_segment **segments;  /* on disk, oldest first */
    uint32_t chunk_count;       /* of chunks */
    uint32_t chunk_room;        /* allocated */
    uint32_t segment_count;     /* of segments */
    uint32_t segment_room;      /* allocated */
    uint32_t next_segment;      /* number of the next file; never used again */
    uint32_t last_chunk_bytes;  /* how big its last chunk became: a guess for the next */
};

/* A frame read back from disk. */
struct cached_frame {
    struct log_frame frame;  /* its header */
    uint64_t offset;         /* in the segment */
    uint64_t used;           /* tick of its last use */
    char *body;              /* slots and data; NULL: the slot is empty */
    uint32_t segment;        /* number of the segment; frame.log says whose */
};

/* What log_spill.c shares with its thread; everything under lock. */
struct log_spill {
    struct lock lock;            /* of the queue and the done list */
    struct cond work;            /* something is queued, or stop */
    struct cond written;         /* something was written */
    struct thread thread;        /* when running */
    struct chunk *queue, **queue_end; /* to be written, in order */
    struct chunk *done, **done_end;   /* written, not yet seen by the cell */
    uint64_t queued_count;       /* ever */
    uint64_t written_count;      /* ever */
    _Atomic bool any_done;       /* done is not empty: asked without the lock */
    bool running;                /* there is a thread */
    bool stop;                   /* it should end */
    bool abandon;                /* … at once */
    struct lock files_lock;      /* of files: the writer, and who removes files */
    struct log_files files;      /* open for writing */
    struct buf head;             /* a frame's header being made */
    char *block;                 /* for a frame without one of its own; under files_lock */
    size_t block_room;           /* allocated */
};

struct log_checkpoint {
    uint64_t position;           /* of it */
    uint64_t ticket;             /* queued_count that must be written */
    struct buf manifest;         /* header and body */
    struct { uint64_t log; uint32_t segment; } *dirty; /* to be synced */
    size_t dirty_count;          /* of dirty */
    struct log_segment *doomed;      /* files that nothing needs once this one is noted */
    bool written;                /* its manifest is on disk */
};

struct logs {
    struct logs_options options;   /* dir is our own copy */
    char *dir;                     /* DIR/logs */
    uint32_t chunk_bytes;          /* LOG_CHUNK_BYTES, less when memory is short */
    struct log_table table;        /* all logs */
    struct log *newest;            /* looked up last */
    uint64_t highest;              /* number ever made */
    struct link fresh, settled;    /* chunks */
    uint64_t memory_bytes;         /* of all chunks */
    uint64_t fresh_bytes;          /* of fresh ones */
    char *spare[LOG_SPARE_CHUNKS_MAX]; /* blocks of chunks of chunk_bytes */
    size_t spare_count;            /* of them */
    struct link dirty;             /* segments */
    struct link loaded;            /* segments whose places are in memory, oldest first */
    uint64_t place_count;          /* of them together */
    struct log_segment *doomed;        /* dropped or trimmed since the last checkpoint_begin */
    struct cached_frame cache[LOG_CACHE_FRAMES_MAX]; /* frames read back */
    uint64_t cache_bytes;          /* of bodies in it */
    uint64_t cache_tick;           /* counts uses */
    struct log_files files;        /* open for reading */
    struct log_spill spill;        /* the writer */
    struct log_checkpoint *checkpoint; /* under way, or NULL */
    uint64_t noted;                /* position of the last one that was noted; 0: none */
    bool read_only;                /* for fsck: nothing is cut or removed */
};

/* Records of one chunk, wherever they lie. */
struct log_view {
    const struct log_frame *frame; /* what is in it */
    const struct log_slot *slots;  /* of its records */
    const char *data;              /* of its records */
};

/* log_chunk.c */
/* The log's newest chunk with room for one more record; makes memory free first, may wait. */
struct chunk *log_chunk_for(struct logs *logs, struct log *log, size_t data_bytes, int64_t at_ms);
void log_chunk_add(struct chunk *chunk, int64_t at_ms, struct str head, struct str data);
/* Takes the log's oldest chunk out of memory, whatever its state. */
void log_chunk_shift(struct logs *logs, struct log *log);
/* Gives a fresh chunk its place and hands it to the writer. */
void log_chunk_queue(struct logs *logs, struct chunk *chunk);
/* Takes note of what was written. */
void log_chunks_drain(struct logs *logs);
/* So small and so new that a manifest carries it. */
bool log_chunk_is_tail(const struct chunk *chunk);
void log_chunks_free(struct logs *logs); /* all, at the end */
struct log_view log_chunk_view(const struct chunk *chunk);
/* The block of a chunk of chunk_bytes: header, data, and slots of 128 bytes' records or larger. */
size_t log_chunk_block_bytes(const struct logs *logs);

/* log_spill.c */
void log_spill_start(struct logs *logs);
void log_spill_stop(struct logs *logs, bool abandon);
void log_spill_push(struct logs *logs, struct chunk *chunk);
struct chunk *log_spill_take_done(struct logs *logs);
void log_spill_wait_any(struct logs *logs);                    /* until something is done */
void log_spill_wait(struct logs *logs, uint64_t ticket);       /* until so many were written */
void log_spill_forget(struct logs *logs, uint64_t log, uint32_t segment); /* closes its file */

/* log_segment.c */
struct log_segment *log_segment_for(struct logs *logs, struct log *log, uint64_t frame_bytes);
void log_segment_add(struct logs *logs, struct log_segment *segment, const struct log_frame *frame);
void log_segment_doom(struct logs *logs, struct log *log); /* the log's oldest */
void log_segment_free(struct log_segment *segment);
void log_segment_push(struct log *log, struct log_segment *segment);
size_t log_segment_path(const char *dir, uint64_t log, uint32_t segment, char *out, size_t room);
/* The frame that holds the record with that sequence, or the last one that begins before that
 * moment (its segment has one); valid until the next call. */
status log_segment_view(struct logs *logs, struct log_segment *segment, uint64_t sequence,
                        struct log_view *ret_view);
status log_segment_view_before(struct logs *logs, struct log_segment *segment, int64_t at_ms,
                               struct log_view *ret_view);
void log_cache_clear(struct logs *logs);

/* log_manifest.c */
void log_manifest_write(struct logs *logs, uint64_t position, struct buf *out);
status log_manifest_read(struct logs *logs, uint64_t position, struct why *why);
size_t log_manifest_path(const char *dir, uint64_t position, char *out, size_t room);

/* log_checkpoint.c */
void log_checkpoint_free(struct logs *logs); /* one that was not finished */
/* After opening: what the manifest does not name goes, what is longer than it says is cut. */
status log_files_check(struct logs *logs, struct why *why);

/* log.c */
struct log *log_find(struct logs *logs, uint64_t number);
/* As logs_open, and nothing is changed on disk. */
status logs_open_read(const struct logs_options *options, uint64_t position, struct why *why,
                      struct logs **ret_logs);
/* As logs_close, without writing what is queued. */
void logs_abandon(struct logs *logs);

/* log_fsck.c */
/* The checkpoint at that position, instead of the newest. */
status logs_fsck_at(const struct logs_options *options, uint64_t position,
                    void (*report)(void *arg, const char *line), void *arg, uint64_t *ret_records);

#endif
