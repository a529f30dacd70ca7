/* SPDX-License-Identifier: Apache-2.0
 *
 * Server access logs: a line for every request of a bucket that has them, as objects of another.
 * Sources: "Amazon S3 server access log format" and "Logging requests with server access logging",
 * AWS documentation. access_line.c writes the lines.
 *
 *   request that changed something ──► a log of the store, in its own entry ─┐
 *   any other request ──► lines in memory, LINES_BYTES_MAX at most ─────────┴► object
 *
 * Rules
 *  1. A batch is written BATCH_MS after its first line, or when it has BATCH_BYTES; one timer of
 *     the cell looks after all. What a crash left in the store's logs is written after the start.
 *  2. An object and the trimming of the log it is made of are one entry: no line twice, none lost.
 *     Only lines of requests that changed nothing are lost by a crash, as S3 may lose any.
 *  3. What weir writes by itself is not logged. A target that is gone takes its lines with it.
 */
#include "base/cursor.h"
#include "base/map.h"
#include "base/mem.h"
#include "cell/doing.h"
#include "svc/s3/access_log_int.h"

#include <assert.h>

#define BATCH_MS (5 * MS_PER_MINUTE)
#define BATCH_BYTES (1024u * 1024)
#define LINES_BYTES_MAX (2 * BATCH_BYTES)
#define RECORDS_AT_ONCE 2000
#define ARENA_BYTES_MAX (64u * 1024 * 1024)
#define LOG_NAME STR("log") /* a bucket's progress: the number of its log in the store */

/* What is gathered for a bucket. */
struct batch {
    int64_t since_ms;      /* first line; INT64_MAX: empty */
    uint64_t stored_bytes; /* in the store's log, of this batch */
    struct buf lines;      /* not in the store */
};

struct access_logs {
    struct map *batches;   /* name of a bucket → its batch */
    struct timer timer;    /* the next batch is due */
    struct s3 *s3;         /* whose */
};

static const struct value *logging_of(const struct bucket *bucket)
{
    const struct value *logging = setting_value(bucket, SETTING_LOGGING);

    return logging == NULL ? NULL : get(logging, "LoggingEnabled");
}

/* ---- the store's log ---- */

static uint64_t log_of(const struct bucket *bucket)
{
    struct str text = bucket_setting(bucket, SETTING_PROGRESS, LOG_NAME);
    struct cursor cursor = cursor_of(text);

    return text.bytes == 0 ? 0 : read_var(&cursor);
}

static uint64_t log_made(struct call *c, struct bucket *bucket)
{
    uint64_t log = log_of(bucket);
    struct buf text;

    if (log == 0) {
        log = txn_log_make(c->txn);
        buf_init(&text, 16);
        write_var(&text, log);
        bucket_set_setting(c, bucket, SETTING_PROGRESS, LOG_NAME, buf_str(&text));
        buf_done(&text);
    }
    return log;
}

void access_log_drop(struct call *c, struct bucket *bucket)
{
    uint64_t log = log_of(bucket);

    if (log != 0) {
        txn_log_drop(c->txn, log);
        bucket_set_setting(c, bucket, SETTING_PROGRESS, LOG_NAME, STR_NONE);
    }
}

/* Moves what fits into text; true: that was all. */
static bool log_take(struct call *c, const struct bucket *bucket, struct buf *text)
{
    struct log_range range = {.log = log_of(bucket), .count_max = RECORDS_AT_ONCE,
                              .bytes_max = BATCH_BYTES};
    struct log_record *records = arena_alloc(c->arena, RECORDS_AT_ONCE * sizeof(*records));
    struct log_state state;
    size_t count = 1;

    if (range.log == 0) {
        return true;
    }
    state = txn_log_state(c->txn, range.log);
    range.from = state.first;
    while (range.from <= state.last && count > 0 && text->bytes < BATCH_BYTES) {
        if (txn_log_read(c->txn, &range, records, &count) != OK) {
            break; /* they stay for the next time */
        }
        for (size_t i = 0; i < count; i++) {
            buf_add(text, records[i].data);
            range.from = records[i].sequence + 1;
        }
    }
    if (range.from > state.first) {
        txn_log_trim(c->txn, range.log, range.from);
    }
    return range.from > state.last;
}

/* ---- batches ---- */

static struct batch *batch_of(struct access_logs *logs, struct str bucket)
{
    struct batch *batch = map_get(logs->batches, bucket);

    if (batch == NULL) {
        batch = MEM_NEW(struct batch);
        batch->since_ms = INT64_MAX;
        buf_init(&batch->lines, LINES_BYTES_MAX);
        if (!map_set(logs->batches, bucket, batch, NULL)) {
            mem_free(batch);
            return NULL;
        }
    }
    return batch;
}

static void batch_free(struct batch *batch)
{
    buf_done(&batch->lines);
    mem_free(batch);
}

static int64_t batch_due(const struct batch *batch)
{
    if (batch->since_ms == INT64_MAX) {
        return INT64_MAX;
    }
    return batch->lines.bytes + batch->stored_bytes >= BATCH_BYTES ? 0
                                                                   : batch->since_ms + BATCH_MS;
}

/* A line more, stored or not: the timer comes when the batch is due. */
static void batch_grew(struct call *c, struct access_logs *logs, struct batch *batch)
{
    if (batch->since_ms == INT64_MAX) {
        batch->since_ms = c->now;
    }
    if (logs->timer.index == 0 || batch_due(batch) < logs->timer.at_ms) {
        cell_timer_set(c->cell, &logs->timer, batch_due(batch));
    }
}

void access_log_called(struct call *c, status result)
{
    struct access_logs *logs = s3_of(c)->access_logs;
    struct str name = arg_str_if(c, "Bucket");
    struct bucket *bucket = name.bytes == 0 ? NULL : bucket_find(s3_of(c), name);
    struct batch *batch;
    struct str line;

    if (bucket == NULL || c->request == NULL ||
        bucket_setting(bucket, SETTING_LOGGING, STR_NONE).bytes == 0) {
        return;
    }
    batch = batch_of(logs, bucket->name);
    if (batch == NULL) {
        return;
    }
    line = access_line(c, bucket, result);
    if (txn_empty(c->txn)) {
        if (batch->lines.bytes + line.bytes <= LINES_BYTES_MAX) {
            buf_add(&batch->lines, line);
        }
    } else {
        (void)txn_log_append(c->txn, log_made(c, bucket), c->now, line);
        batch->stored_bytes += line.bytes;
    }
    batch_grew(c, logs, batch);
}

/* ---- objects ---- */

static bool by_event_time(const struct value *enabled)
{
    const struct value *format = get(enabled, "TargetObjectKeyFormat");
    const struct value *parts = format == NULL ? NULL : get(format, "PartitionedPrefix");

    return parts != NULL && str_eq(get_str(parts, "PartitionDateSource"), STR("EventTime"));
}

/* moment_ms: of the events, or of now. */
static struct str object_key(struct call *c, const struct bucket *bucket,
                             const struct value *enabled, int64_t moment_ms)
{
    const struct value *format = get(enabled, "TargetObjectKeyFormat");
    struct time_parts at = time_parts_of(moment_ms);
    struct str day = arena_printf(c->arena, "%04d-%02d-%02d", at.year, at.month, at.day);
    struct str prefix = get_str(enabled, "TargetPrefix");
    struct str name = arena_printf(
        c->arena, "%.*s-%02d-%02d-%02d-%016llX", STR_ARG(day), at.hour, at.minute, at.second,
        (unsigned long long)rand_u64(c->rand));

    if (format == NULL || !has(format, "PartitionedPrefix")) {
        return arena_printf(c->arena, "%.*s%.*s", STR_ARG(prefix), STR_ARG(name));
    }
    return arena_printf(c->arena, "%.*s%.*s/%.*s/%.*s/%04d/%02d/%02d/%.*s", STR_ARG(prefix),
                        STR_ARG(bucket->account), STR_ARG(bucket->region), STR_ARG(bucket->name),
                        at.year, at.month, at.day, STR_ARG(name));
}

static void put(struct call *c, const struct bucket *bucket, const struct value *enabled,
                int64_t moment_ms, struct str lines)
{
    struct bucket *target = bucket_find(s3_of(c), get_str(enabled, "TargetBucket"));

    if (target != NULL && lines.bytes > 0) {
        (void)object_write(c, target, object_key(c, bucket, enabled, moment_ms), STR("text/plain"),
                           arena_dup(c->arena, lines));
        c->why.text[0] = '\0'; /* a prefix that is too long: S3 would not say it either */
    }
}

/* Events of a day go into the day's object, named by its first moment. */
static void put_by_day(struct call *c, const struct bucket *bucket, const struct value *enabled,
                       struct str lines)
{
    while (lines.bytes > 0) {
        int64_t day_ms = access_line_day(lines);
        size_t end = 0;

        while (end < lines.bytes &&
               access_line_day(str_slice(lines, end, lines.bytes)) == day_ms) {
            end = str_find(lines, '\n', end) + 1;
        }
        put(c, bucket, enabled, day_ms, str_slice(lines, 0, end));
        lines = str_slice(lines, end, lines.bytes);
    }
}

static void batch_write(struct call *c, struct bucket *bucket, const struct value *enabled,
                        struct batch *batch)
{
    struct buf text;
    bool all;

    buf_init(&text, CONTENT_IN_ROWS_MAX);
    all = log_take(c, bucket, &text);
    buf_add(&text, buf_str(&batch->lines));
    assert(!buf_spent(&text));
    if (by_event_time(enabled)) {
        put_by_day(c, bucket, enabled, buf_str(&text));
    } else {
        put(c, bucket, enabled, c->now, buf_str(&text));
    }
    buf_done(&text);
    buf_done(&batch->lines);
    buf_init(&batch->lines, LINES_BYTES_MAX);
    batch->stored_bytes = all ? 0 : BATCH_BYTES; /* more is due at once */
    batch->since_ms = all ? INT64_MAX : c->now;
}

void logging_set(struct call *c, struct bucket *bucket, const struct value *former)
{
    struct access_logs *logs = s3_of(c)->access_logs;
    const struct value *enabled = former == NULL ? NULL : get(former, "LoggingEnabled");
    struct batch *batch = map_get(logs->batches, bucket->name);

    if (enabled != NULL && batch != NULL) {
        batch_write(c, bucket, enabled, batch);
    }
    if (logging_of(bucket) == NULL) {
        access_log_drop(c, bucket);
    }
}

/* ---- the timer ---- */

struct due {
    struct str name;     /* of the bucket */
    struct batch *batch; /* its */
};

static status write_due(struct call *c, void *arg)
{
    const struct due *due = arg;
    struct bucket *bucket = bucket_find(s3_of(c), due->name);

    call_on(c, bucket_arn(c->arena, due->name));
    batch_write(c, bucket, logging_of(bucket), due->batch);
    return OK;
}

/* One that is due, or NULL; ret_at_ms: when the next one is. */
static bool find_due(const struct access_logs *logs, int64_t now_ms, struct due *ret_due,
                     int64_t *ret_at_ms)
{
    struct str name;
    void *value;

    *ret_at_ms = INT64_MAX;
    for (size_t i = 0; map_next(logs->batches, &i, &name, &value);) {
        int64_t at_ms = batch_due(value);

        if (at_ms <= now_ms) {
            *ret_due = (struct due){name, value};
            return true;
        }
        *ret_at_ms = at_ms < *ret_at_ms ? at_ms : *ret_at_ms;
    }
    return false;
}

static void timer_fires(struct cell *cell, struct timer *timer)
{
    struct access_logs *logs = LINK_OWNER(timer, struct access_logs, timer);
    struct arena *arena = arena_new(ARENA_BYTES_MAX);
    struct due due;
    struct doing doing = {"s3", "DeliverLogs", STR_NONE, STR_NONE, write_due, &due};
    int64_t next_ms;
    struct why why;

    while (find_due(logs, cell_now(cell), &due, &next_ms)) {
        struct bucket *bucket = bucket_find(logs->s3, due.name);

        if (bucket == NULL || logging_of(bucket) == NULL) {
            batch_free(due.batch);
            (void)map_remove(logs->batches, arena_dup(arena, due.name));
        } else if (cell_step(cell, &doing, arena, &why) != OK) {
            next_ms = cell_now(cell) + MS_PER_MINUTE; /* the disk is full: try again */
            break;
        }
        arena_clear(arena);
    }
    if (next_ms != INT64_MAX) {
        cell_timer_set(cell, timer, next_ms);
    }
    arena_free(arena);
}

/* ---- life ---- */

void access_logs_open(struct s3 *s3)
{
    struct access_logs *logs = MEM_NEW(struct access_logs);
    struct str name;
    void *value;

    logs->batches = map_new(BUCKETS_MAX);
    logs->s3 = s3;
    logs->timer.fire = timer_fires;
    s3->access_logs = logs;
    for (size_t i = 0; map_next(s3->buckets, &i, &name, &value);) {
        if (log_of(value) != 0) { /* there may be lines of before the start */
            struct batch *batch = batch_of(logs, name);

            batch->since_ms = cell_now(s3->cell);
            cell_timer_set(s3->cell, &logs->timer, batch_due(batch));
        }
    }
}

void access_logs_close(struct s3 *s3)
{
    struct str name;
    void *value;

    if (s3->access_logs == NULL) {
        return;
    }
    cell_timer_unset(s3->cell, &s3->access_logs->timer);
    for (size_t i = 0; map_next(s3->access_logs->batches, &i, &name, &value);) {
        batch_free(value);
    }
    map_free(s3->access_logs->batches);
    mem_free(s3->access_logs);
    s3->access_logs = NULL;
}
