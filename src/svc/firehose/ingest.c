/* SPDX-License-Identifier: Apache-2.0
 *
 * A stream as source: its records are copied into the first lane, in the entry that moves the
 * shard's position. Records of the Kinesis Producer Library are taken apart on the way.
 *
 * Rules
 *  1. Shards that were there when the delivery stream was made are read from their newest record
 *     on, others from their first; a shard when its parents are read to their ends.
 *  2. Nobody asks again and again: the source rings, a timer of the next turn looks. A look reads
 *     so much and lets others in.
 *  3. While too much waits in the lane, nothing is read: the source keeps it.
 */
#include "base/mem.h"
#include "bus/sink.h"
#include "cell/authorize.h"
#include "svc/firehose/aggregate.h"
#include "svc/firehose/firehose_ops.h"
#include "sys/log.h"

#define LOOK_RECORDS 1000
#define LOOK_BYTES (2u << 20)
#define AGAIN_MS (60 * MS_PER_SECOND)  /* a source that cannot be read is looked at again */
#define ARENA_BYTES_MAX (256u << 20)

/* A shard, as far as it was read. */
struct reader {
    struct position position;    /* where to go on */
    bool ended;                  /* nothing is left, ever */
};

struct ingest {
    struct stream *stream;       /* what it feeds */
    struct str source;           /* ARN of the stream; owned */
    struct str role;             /* who reads; owned */
    struct source_watch watch;   /* of the source */
    struct timer timer;          /* the next look */
    struct reader *readers;      /* by no order */
    size_t count;                /* of them */
    int64_t not_before_ms;       /* after a failure: looked at again then */
};

struct str ingest_source(const struct stream *stream)
{
    return stream->ingest == NULL ? STR_NONE : stream->ingest->source;
}

static struct reader *reader_of(struct ingest *ingest, const struct source_shard *shard)
{
    for (size_t i = 0; i < ingest->count; i++) {
        if (ingest->readers[i].position.shard == shard->number &&
            ingest->readers[i].position.origin == shard->origin) {
            return &ingest->readers[i];
        }
    }
    return NULL;
}

static struct reader *reader_add(struct ingest *ingest, struct position position)
{
    for (size_t i = 0; i < ingest->count; i++) { /* of a stream that was made anew */
        if (ingest->readers[i].position.shard == position.shard) {
            ingest->readers[i] = (struct reader){position, false};
            return &ingest->readers[i];
        }
    }
    ingest->readers =
        mem_grow(ingest->readers, (ingest->count + 1) * sizeof(struct reader));
    ingest->readers[ingest->count] = (struct reader){position, false};
    return &ingest->readers[ingest->count++];
}

void ingest_position(struct stream *stream, uint64_t shard, uint64_t origin, uint64_t next)
{
    (void)reader_add(stream->ingest, (struct position){shard, origin, next});
}

/* ---- looking, in the cell ---- */

struct look {
    struct ingest *ingest;               /* whose */
    struct source_shard *shards;         /* of the source */
    size_t shard_count;                  /* of them */
    struct source_record *records;       /* room for what is read */
    bool more;                           /* there is more to be read */
};

static bool is_listed(const struct look *look, uint64_t number)
{
    for (size_t i = 0; i < look->shard_count; i++) {
        if (look->shards[i].number == number) {
            return true;
        }
    }
    return false;
}

static const struct source_shard *shard_numbered(const struct look *look, uint64_t number)
{
    for (size_t i = 0; i < look->shard_count; i++) {
        if (look->shards[i].number == number) {
            return &look->shards[i];
        }
    }
    return NULL;
}

/* All parents that there still are were read to their ends. */
static bool parents_ended(const struct look *look, const struct source_shard *shard)
{
    for (size_t i = 0; i < shard->parent_count; i++) {
        const struct source_shard *parent = shard_numbered(look, shard->parents[i]);
        struct reader *reader = parent == NULL ? NULL : reader_of(look->ingest, parent);

        if (parent != NULL && (reader == NULL || !reader->ended)) {
            return false;
        }
    }
    return true;
}

static void take_record(struct call *c, struct stream *stream, const struct source_record *record,
                        struct str shard)
{
    struct origin origin = {.shard = shard, .key = record->key, .sequence = record->id};
    struct sub_record *parts;
    size_t count = 0;

    if (!aggregate_read(record->data, c->arena, &parts, &count)) {
        lane_append(c, &stream->lanes[LANE_RAW],
                    head_of_origin(c->arena, &origin, record->at_ms), record->data);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        origin.key = parts[i].key;
        origin.sub_sequence = i;
        lane_append(c, &stream->lanes[LANE_RAW],
                    head_of_origin(c->arena, &origin, record->at_ms), parts[i].data);
    }
}

static status read_shard(struct call *c, struct look *look, const struct source_shard *shard,
                         struct reader *reader)
{
    struct ingest *ingest = look->ingest;
    struct source_ask ask = {.arn = ingest->source, .identity = ingest->role,
                             .count_max = LOOK_RECORDS, .bytes_max = LOOK_BYTES};
    struct source_reading reading = {.shard = shard->number, .next = reader->position.next};
    size_t count = 0;
    size_t i = 0;

    TRY(bus_source_read(c, &ask, &reading, look->records, &count));
    for (; i < count && txn_room(c->txn) > TXN_CHANGES_MAX / 2; i++) {
        take_record(c, ingest->stream, &look->records[i], shard->id);
    }
    reader->ended = reading.ended && i == count;
    look->more |= i < count || (reading.there > 0 && count > 0) || reader->ended;
    reader->position.next = i < count ? look->records[i].number : reading.next;
    if (count > 0 || reader->ended) {
        position_save(c, ingest->stream, &reader->position);
    }
    return OK;
}

/* Shards that are gone are forgotten. */
static void forget(struct call *c, struct look *look)
{
    struct ingest *ingest = look->ingest;

    for (size_t i = 0; i < ingest->count;) {
        if (is_listed(look, ingest->readers[i].position.shard)) {
            i++;
            continue;
        }
        position_erase(c, ingest->stream, ingest->readers[i].position.shard);
        ingest->readers[i] = ingest->readers[--ingest->count];
    }
}

static bool is_full(const struct ingest *ingest)
{
    return ingest->stream->lanes[LANE_RAW].bytes > SOURCE_AHEAD_BYTES_MAX;
}

static status look_step(struct call *c, void *arg)
{
    struct look *look = arg;
    struct ingest *ingest = look->ingest;

    if (is_full(ingest)) {
        return OK; /* whoever trims the lane wakes it */
    }
    if (!role_may(c, ingest->role, "kinesis:GetRecords", ingest->source)) {
        return fail(c, &BUS_REFUSED, "%.*s may not read %.*s", STR_ARG(ingest->role),
                    STR_ARG(ingest->source));
    }
    TRY(bus_source_shards(c, ingest->source, &look->shards, &look->shard_count));
    look->records = arena_alloc(c->arena, LOOK_RECORDS * sizeof(*look->records));
    for (size_t i = 0; i < look->shard_count; i++) {
        const struct source_shard *shard = &look->shards[i];
        struct reader *reader = reader_of(ingest, shard);

        if (txn_room(c->txn) <= TXN_CHANGES_MAX / 2 || is_full(ingest)) {
            look->more = true;
            break;
        }
        if (reader == NULL && parents_ended(look, shard)) {
            reader = reader_add(ingest, (struct position){shard->number, shard->origin, 1});
            position_save(c, ingest->stream, &reader->position);
        }
        if (reader != NULL && !reader->ended) {
            TRY(read_shard(c, look, shard, reader));
        }
    }
    forget(c, look);
    call_on(c, arena_dup(c->arena, ingest->stream->arn));
    return OK;
}

static void look_at(struct cell *cell, struct timer *timer)
{
    struct ingest *ingest =
        (struct ingest *)(void *)((char *)timer - offsetof(struct ingest, timer));
    struct look look = {.ingest = ingest};
    struct doing doing = {"firehose", "ReadSource", ingest->stream->account,
                          ingest->stream->region, look_step, &look};
    struct arena *arena = arena_new(ARENA_BYTES_MAX);
    struct why why = {""};
    status looked;

    looked = cell_step(cell, &doing, arena, &why);
    arena_free(arena);
    if (looked != OK) {
        log_write(LOG_WARNING, "firehose", "%.*s cannot be read: %s", STR_ARG(ingest->source),
                  why.text);
        ingest->not_before_ms = cell_now(cell) + AGAIN_MS;
        cell_timer_set(cell, &ingest->timer, ingest->not_before_ms);
    } else if (look.more && !is_full(ingest)) {
        cell_timer_next_turn(cell, &ingest->timer);
    }
}

static void woken(struct cell *cell, struct source_watch *watch, bool shards)
{
    struct ingest *ingest =
        (struct ingest *)(void *)((char *)watch - offsetof(struct ingest, watch));

    (void)shards;
    if (!is_full(ingest) && cell_now(cell) >= ingest->not_before_ms) {
        cell_timer_next_turn(cell, &ingest->timer);
    }
}

void ingest_wake(struct stream *stream)
{
    if (stream->ingest != NULL && !is_full(stream->ingest)) {
        cell_timer_next_turn(stream->firehose->cell, &stream->ingest->timer);
    }
}

/* ---- life ---- */

void ingest_open(struct stream *stream, struct str arn, struct str role)
{
    struct ingest *ingest = MEM_NEW(struct ingest);
    struct cell *cell = stream->firehose->cell;

    ingest->stream = stream;
    text_set(&ingest->source, arn);
    text_set(&ingest->role, role);
    ingest->watch.woken = woken;
    ingest->timer.fire = look_at;
    stream->ingest = ingest;
    if (bus_source_watch(cell, &ingest->watch, ingest->source) != OK) {
        log_write(LOG_WARNING, "firehose", "%.*s is not watched: too many are", STR_ARG(arn));
    }
    cell_timer_next_turn(cell, &ingest->timer);
}

status ingest_check(struct call *c, const struct value *source)
{
    struct str arn = get_str(source, "KinesisStreamARN");
    struct source_about about;
    status found = bus_source_about(c, arn, &about);

    c->why.text[0] = '\0';
    if (found != OK || about.kind != SOURCE_SHARDS) {
        return fail(c, &FIREHOSE_NOT_FOUND, "Kinesis stream %.*s not found.", STR_ARG(arn));
    }
    return OK;
}

/* From the newest record of each shard that is there. */
void ingest_begin(struct call *c, struct stream *stream, struct str arn, struct str role)
{
    struct source_start start = {.from = SOURCE_LATEST};
    struct source_shard *shards = NULL;
    size_t count = 0;

    ingest_open(stream, arn, role);
    if (bus_source_shards(c, arn, &shards, &count) != OK) {
        c->why.text[0] = '\0';
        return;
    }
    for (size_t i = 0; i < count; i++) {
        struct position position = {shards[i].number, shards[i].origin, 1};

        if (bus_source_seek(c, arn, position.shard, &start, &position.next) == OK) {
            (void)reader_add(stream->ingest, position);
            position_save(c, stream, &position);
        }
    }
}

void ingest_free(struct ingest *ingest)
{
    if (ingest != NULL) {
        struct cell *cell = ingest->stream->firehose->cell;

        cell_timer_unset(cell, &ingest->timer);
        bus_source_unwatch(cell, &ingest->watch);
        text_set(&ingest->source, STR_NONE);
        text_set(&ingest->role, STR_NONE);
        mem_free(ingest->readers);
        mem_free(ingest);
    }
}
