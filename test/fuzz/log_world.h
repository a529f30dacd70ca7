/* SPDX-License-Identifier: Apache-2.0
 *
 * Logs with a checkpoint on the disk in memory, whose files a fuzzer may then change: log 1 has two
 * segments of frames and a tail in the manifest, log 2 a tail alone, log 3 nothing; log 4 was
 * trimmed. Whatever is in the files, opening, reading and fsck refuse or agree.
 */
#ifndef WEIR_TEST_FUZZ_LOG_WORLD_H
#define WEIR_TEST_FUZZ_LOG_WORLD_H

#include "store/log_int.h"

#include "base/digest.h"
#include "base/mem.h"
#include "sys/faulty.h"

#include <assert.h>

#define DIR "/d/logs"
#define MANIFEST DIR "/manifest-00000000000000000007"
#define SEGMENT DIR "/0000000000000001-00000000.seg"
#define POSITION 7
#define LOGS 4

static inline struct logs_options log_options(const struct files *files)
{
    return (struct logs_options){
        .files = files,
        .dir = DIR,
        .memory_bytes_max = 64u * 1024, /* so that chunks have 4 KiB and are written soon */
        .segment_bytes = 64u * 1024,
    };
}

static inline void log_fill(struct logs *logs, uint64_t log, uint64_t count)
{
    static const char data[900] = "data";

    for (uint64_t i = 1; i <= count; i++) {
        logs_append(logs, log, i, (int64_t)(i / 3) * 10, str_of(data, i * 37 % sizeof(data)));
    }
}

static inline void log_make_good(const struct files *files)
{
    struct logs_options options = log_options(files);
    struct logs *logs = NULL;
    status done = logs_open(&options, 0, NULL, &logs);

    assert(done == OK);
    for (uint64_t log = 1; log <= LOGS; log++) {
        logs_make(logs, log);
    }
    log_fill(logs, 1, 200);
    log_fill(logs, 2, 5);
    log_fill(logs, 4, 20);
    logs_trim(logs, 4, 12);
    logs_checkpoint_begin(logs, POSITION);
    done = logs_checkpoint_wait(logs);
    assert(done == OK);
    logs_checkpoint_noted(logs);
    logs_close(logs);
}

/* Every record that is said to be there; OK or ERR_CORRUPT. */
static inline status log_read_all(struct logs *logs, uint64_t log, struct arena *arena,
                                  uint64_t *ret_count)
{
    struct log_state state = logs_state(logs, log);
    struct log_record records[16];
    uint64_t found = 0;
    uint64_t next = state.first;
    size_t count = 0;

    if (state.last != 0) {
        status sought = logs_seek_time(logs, log, state.last_at_ms, &found);

        assert(sought == OK || sought == &ERR_CORRUPT);
    }
    do {
        struct log_range range = {log, next, 16, 1u << 20};
        status read = logs_read(logs, &range, arena, records, &count);

        if (read != OK) {
            assert(read == &ERR_CORRUPT);
            return read;
        }
        for (size_t i = 0; i < count; i++) {
            assert(records[i].sequence == next + i);
            (void)crc32c(0, records[i].data); /* touches every byte */
        }
        next += count;
        *ret_count += count;
        arena_clear(arena);
    } while (count > 0);
    return OK;
}

static inline void log_ignore(void *arg, const char *line)
{
    (void)arg;
    assert(line[0] != 0);
}

/* What fsck finds good can be opened and read. */
static inline void log_look(const struct files *files)
{
    struct logs_options options = log_options(files);
    struct arena *arena = arena_new(1u << 26);
    struct logs *logs = NULL;
    struct why why = {""};
    uint64_t records = 0;
    uint64_t count = 0;
    status good = logs_fsck(files, DIR, log_ignore, NULL, &records);
    status opened = logs_open(&options, POSITION, &why, &logs);

    assert(opened == OK || (why.text[0] != 0 && good != OK));
    if (opened == OK) {
        for (uint64_t log = 1; log <= logs_highest(logs) && log <= 2 * LOGS; log++) {
            status read = log_read_all(logs, log, arena, &count);

            assert(read == OK || good != OK);
        }
        assert(count <= records || good != OK);
        logs_close(logs);
    }
    arena_free(arena);
}

static inline char *log_file_read(const struct files *files, const char *path, size_t *ret_bytes)
{
    struct file *file = NULL;
    uint64_t bytes = 0;
    status done = file_open(files, path, FILE_READ, &file);

    assert(done == OK);
    done = file_size(file, &bytes);
    assert(done == OK);
    char *image = mem_alloc((size_t)bytes);

    done = file_read(file, 0, image, (size_t)bytes, ret_bytes);
    assert(done == OK);
    assert(*ret_bytes == bytes);
    file_close(file);
    return image;
}

static inline void log_file_write(const struct files *files, const char *path, struct str image)
{
    struct file *file = NULL;
    status done = file_open(files, path, FILE_WRITE, &file);

    assert(done == OK);
    done = file_resize(file, image.bytes);
    assert(done == OK);
    if (image.bytes > 0) {
        done = file_write(file, 0, image.at, image.bytes);
        assert(done == OK);
    }
    file_close(file);
}

/* Changes as u16 offset, u8 byte. */
static inline void log_change(char *image, size_t bytes, const uint8_t *data, size_t size)
{
    for (size_t i = 0; i + 3 <= size && bytes > 0; i += 3) {
        image[(data[i] | (size_t)data[i + 1] << 8) % bytes] = (char)data[i + 2];
    }
}

#endif
