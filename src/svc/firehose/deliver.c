/* SPDX-License-Identifier: Apache-2.0
 *
 * Delivering to buckets: records are read, put together by partition, packed, and put as objects
 * in the entry that trims the lane. So each record is in one object, whatever is killed when.
 *
 * Rules
 *  1. A batch ends when an object is full. With dynamic partitioning it goes on, and objects that
 *     are full are closed, until everything is read or BATCH_BYTES are.
 *  2. A bucket that refuses leaves the lane as it is; it is tried again for a day, after which what
 *     was put directly is lost, and said to be.
 *  3. More partitions than PARTITIONS_MAX are failures, line by line.
 */
#include "base/compress.h"
#include "base/mem.h"
#include "bus/sink.h"
#include "cell/authorize.h"
#include "svc/firehose/firehose_ops.h"
#include "svc/firehose/prefix.h"
#include "sys/log.h"

#include <assert.h>

#define READ_BYTES (4u << 20)            /* at once */
#define BATCH_BYTES (128u << 20)         /* of all partitions together */
#define OBJECT_BYTES_MAX (192u << 20)    /* of text, and packed: a hint of 128 MB and a record */
#define NAME_BYTES_MAX 1024                /* as S3 takes them */
#define SUFFIX_BYTES_MAX 280             /* of it, behind the prefix */
#define PREFIX_BYTES_MAX (1u << 20)      /* while it is written; then it is cut */

/* An object on its way. */
struct object {
    struct object *next;        /* of the batch */
    struct str pairs;           /* of its partition, or its kind of failure; owned */
    struct buf text;            /* its records */
    struct buf packed;          /* the same, compressed */
    int64_t oldest_ms;          /* arrival of its first record */
    bool full;                  /* nothing more is added */
    struct bucket_file file;    /* to be put */
    char key[NAME_BYTES_MAX];    /* of it */
    bool made;                  /* file is */
};

/* A record that has no partition any more. */
struct refused {
    struct refused *next;       /* of the batch */
    struct str line;            /* what is told of it; owned */
    int64_t at_ms;              /* its arrival */
};

struct delivery_of {
    struct job *job;            /* whose */
    const struct target *target; /* where to */
    struct object *objects;     /* newest first */
    size_t object_count;        /* of them */
    struct refused *refused;    /* newest first */
    bool put;                   /* they are */
    struct rand rand;           /* for names */
};

/* ---- putting together ---- */

static const struct target *target_of(const struct job *job)
{
    return job->kind == LANE_BACKUP ? &job->plan->backup : &job->plan->main;
}

static struct object *object_of(struct delivery_of *delivery, const struct stored *record)
{
    struct object *object = delivery->objects;
    struct str copy;

    while (object != NULL && (object->full || !str_eq(object->pairs, record->pairs))) {
        object = object->next;
    }
    if (object != NULL || delivery->object_count == PARTITIONS_MAX) {
        return object;
    }
    object = MEM_NEW(struct object);
    copy = STR_NONE;
    text_set(&copy, record->pairs);
    object->pairs = copy;
    buf_init(&object->text, OBJECT_BYTES_MAX);
    buf_init(&object->packed, OBJECT_BYTES_MAX);
    object->oldest_ms = record->at_ms;
    object->next = delivery->objects;
    delivery->objects = object;
    delivery->object_count++;
    return object;
}

static void refuse(struct delivery_of *delivery, const struct stored *record)
{
    struct refused *refused = MEM_NEW(struct refused);
    struct arena *scratch = arena_new(16u << 20);
    struct failure failure = {
        .code = "DynamicPartitioning.ActivePartitionsLimitExceeded",
        .message = STR("The number of active partitions exceeded the limit."),
        .attempts = 1,
        .arrived_ms = record->at_ms,
        .ended_ms = delivery->job->now_ms,
        .data = record->data,
    };

    text_set(&refused->line, failure_line(scratch, &failure));
    arena_free(scratch);
    refused->at_ms = record->at_ms;
    refused->next = delivery->refused;
    delivery->refused = refused;
}

/* Takes what was read; false: the batch is full. */
static bool gather(struct delivery_of *delivery)
{
    struct job *job = delivery->job;

    for (size_t i = 0; i < job->count; i++) {
        const struct stored *record = &job->records[i];
        struct object *object = object_of(delivery, record);

        job->next = job->sequences[i] + 1;
        job->bytes += record->data.bytes;
        job->oldest_ms = job->oldest_ms == 0 ? record->at_ms : job->oldest_ms;
        if (object == NULL) {
            refuse(delivery, record);
            continue;
        }
        object->oldest_ms = record->at_ms < object->oldest_ms ? record->at_ms : object->oldest_ms;
        buf_add(&object->text, record->data);
        object->full = object->text.bytes >= delivery->target->size_bytes;
        if ((object->full && !job->plan->partitioned) || job->bytes >= BATCH_BYTES) {
            return false;
        }
    }
    return job->count > 0 && job->next < job->end;
}

/* ---- packing ---- */

static void make_key(const struct delivery_of *delivery, struct object *object)
{
    static const char *const endings[] = {"", ".gz", ".zip", ".snappy", ".hsnappy"};
    const struct target *target = delivery->target;
    const struct job *job = delivery->job;
    bool failed = job->kind == LANE_FAILED;
    struct prefix_for what = {
        .at = {object->oldest_ms, job->plan->zone, job->plan->zone_name},
        .error_type = failed ? object->pairs : STR_NONE,
        .pairs = failed ? STR_NONE : object->pairs,
        .rand = (struct rand *)(uintptr_t)&delivery->rand,
    };
    bool errors = failed && target->error_prefix.bytes > 0;
    size_t room = NAME_BYTES_MAX - SUFFIX_BYTES_MAX;
    struct buf key;
    char uuid[36];

    buf_init(&key, PREFIX_BYTES_MAX);
    prefix_add(&key, errors ? target->error_prefix : target->prefix, &what);
    while (key.bytes > room && ((unsigned char)key.at[room] & 0xc0) == 0x80) {
        room--; /* not within a letter */
    }
    key.bytes = key.bytes < room ? key.bytes : room;
    rand_uuid(what.rand, uuid);
    buf_printf(&key, "%.*s-%llu-", STR_ARG(job->name), (unsigned long long)job->plan->version);
    date_pattern_add(&key, STR("yyyy-MM-dd-HH-mm-ss"), &what.at);
    buf_printf(&key, "-%.36s", uuid);
    if (!failed) {
        buf_add(&key, target->extension.bytes > 0 ? target->extension
                                                  : str_c(endings[target->packing]));
    }
    object->file.key = str_of(object->key, key.bytes);
    memcpy(object->key, key.at, key.bytes);
    buf_done(&key);
}

static status pack_as(struct object *object, enum packing packing)
{
    static const enum compression kinds[] = {COMPRESSION_NONE, COMPRESSION_GZIP, COMPRESSION_NONE,
                                             COMPRESSION_SNAPPY, COMPRESSION_HADOOP_SNAPPY};
    struct str key = object->file.key;
    struct zip_file zip = {.at_ms = object->oldest_ms, .plain = buf_str(&object->text)};
    size_t slash = key.bytes;

    if (packing != PACKING_ZIP) {
        return compress_add(&object->packed, kinds[packing], buf_str(&object->text));
    }
    while (slash > 0 && key.at[slash - 1] != '/') {
        slash--;
    }
    zip.name = str_slice(key, slash, str_ends(key, STR(".zip")) ? key.bytes - 4 : key.bytes);
    return compress_zip(&object->packed, &zip);
}

static status pack(struct cell *cell, struct delivery_of *delivery, struct object *object)
{
    bool failed = delivery->job->kind == LANE_FAILED;
    enum packing packing = failed ? PACKING_NONE : (enum packing)delivery->target->packing;
    status made = OK;

    object->file.bucket = delivery->target->bucket;
    object->file.type = "application/octet-stream";
    object->file.encoding = packing == PACKING_GZIP ? "gzip" : NULL;
    object->file.principal = "firehose.amazonaws.com";
    make_key(delivery, object);
    if (buf_spent(&object->text)) {
        return &ERR_LIMIT;
    }
    if (packing != PACKING_NONE) {
        made = pack_as(object, packing);
    }
    if (made == OK) {
        made = file_make(cell, buf_str(packing != PACKING_NONE ? &object->packed : &object->text),
                         &object->file);
        object->made = made == OK;
    }
    return made;
}

static status pack_all(struct cell *cell, struct delivery_of *delivery)
{
    for (struct object *object = delivery->objects; object != NULL; object = object->next) {
        TRY(pack(cell, delivery, object));
    }
    return OK;
}

/* ---- putting ---- */

static void told_refused(struct call *c, const struct delivery_of *delivery, status refused)
{
    const struct target *target = delivery->target;
    bool absent = refused == &BUS_NO_TARGET;
    struct complaint complaint = {
        .group = target->group,
        .stream = target->stream,
        .destination = arena_printf(c->arena, "arn:aws:s3:::%.*s", STR_ARG(target->bucket)),
        .code = absent ? "S3.NoSuchBucket" : "S3.AccessDenied",
        .message = absent ? STR("The specified bucket does not exist. Create the bucket or use a "
                                "different bucket that does exist.")
                          : STR("Access was denied. Ensure that the trust policy for the provided "
                                "IAM role allows Firehose to assume the role, and the access "
                                "policy allows access to the S3 bucket."),
    };

    complain(c, delivery->job, &complaint);
}

/* All of them, or the first refusal, before anything is staged. */
static status may_put(struct call *c, const struct delivery_of *delivery)
{
    const struct target *target = delivery->target;

    for (const struct object *object = delivery->objects; object != NULL; object = object->next) {
        struct str arn = arena_printf(c->arena, "arn:%.*s:s3:::%.*s/%.*s",
                                      STR_ARG(arn_partition(c->region)), STR_ARG(target->bucket),
                                      STR_ARG(object->file.key));

        if (!role_may(c, target->role, "s3:PutObject", arn)) {
            return &BUS_REFUSED;
        }
        TRY(file_check(c, &object->file, delivery->job->arn));
    }
    return OK;
}

static void stage_refused(struct call *c, struct delivery_of *delivery, struct stream *stream)
{
    struct lane *failed = &stream->lanes[LANE_FAILED];

    for (struct refused *refused = delivery->refused; refused != NULL; refused = refused->next) {
        lane_append(c, failed,
                    head_failed(c->arena, refused->at_ms, STR("processing-failed")),
                    refused->line);
    }
}

/* What cannot be put for a day is lost, unless its source still has it. */
static status give_up(struct call *c, struct job *job, struct lane *lane)
{
    bool direct = lane->stream->ingest == NULL;

    if (!direct || lane->oldest_ms == 0 || c->now - lane->oldest_ms < KEEP_TRYING_MS) {
        lane_failed(c, lane, RETRY_MS);
        return OK;
    }
    log_write(LOG_WARNING, "firehose", "%.*s: %llu bytes could not be delivered for a day and are "
              "lost", STR_ARG(job->arn), (unsigned long long)job->bytes);
    return lane_trim(c, lane, job->next, job->bytes);
}

static status put_step(struct call *c, void *arg)
{
    struct delivery_of *delivery = arg;
    struct job *job = delivery->job;
    struct lane *lane = job_lane(c, job);
    status may;

    if (lane == NULL) {
        return OK;
    }
    call_on(c, job->arn);
    may = may_put(c, delivery);
    c->why.text[0] = '\0';
    if (may != OK) {
        told_refused(c, delivery, may);
        return give_up(c, job, lane);
    }
    for (struct object *object = delivery->objects; object != NULL; object = object->next) {
        if (file_put(c, &object->file, job->arn) != OK) { /* cannot be: it was asked */
            log_write(LOG_ERROR, "firehose", "%.*s: %s", STR_ARG(job->arn), c->why.text);
        }
    }
    stage_refused(c, delivery, lane->stream);
    TRY(lane_trim(c, lane, job->next, job->bytes));
    delivery->put = true;
    return OK;
}

/* ---- the thread ---- */

static void delivery_done(struct cell *cell, struct delivery_of *delivery)
{
    while (delivery->objects != NULL) {
        struct object *object = delivery->objects;

        delivery->objects = object->next;
        if (object->made && !delivery->put) {
            file_drop(cell, &object->file);
        }
        buf_done(&object->text);
        buf_done(&object->packed);
        text_set(&object->pairs, STR_NONE);
        mem_free(object);
    }
    while (delivery->refused != NULL) {
        struct refused *refused = delivery->refused;

        delivery->refused = refused->next;
        text_set(&refused->line, STR_NONE);
        mem_free(refused);
    }
}

void deliver_run(struct cell *cell, void *arg)
{
    struct job *job = arg;
    struct delivery_of delivery = {.job = job, .target = target_of(job)};
    bool goes_on = true;
    bool good = true;

    rand_init_system(&delivery.rand);
    while (good && goes_on && !cell_ending(cell)) {
        good = job_read(cell, job, READ_BYTES);
        goes_on = good && gather(&delivery);
    }
    arena_clear(job->arena);
    if (good && job->bytes + delivery.object_count > 0 && !cell_ending(cell)) {
        job->failed = pack_all(cell, &delivery) != OK;
        if (!job->failed) {
            (void)job_step(cell, job, put_step, &delivery);
        }
    }
    delivery_done(cell, &delivery);
    job_end(cell, job);
}
