/* SPDX-License-Identifier: Apache-2.0
 *
 * The job of an import, and the reading of objects, which bulk operations (bulk.c) do as well.
 *
 * Rules
 *  1. Objects are taken in key order, records in theirs; what is read and parsed outside the cell
 *     is put some hundred items at a time, in an entry that notes how far it came: the last object
 *     that is done, and how many records of the next.
 *  2. After a crash the object under way is read again, and the records that were put passed over.
 *  3. A record that is no item of this table is counted as an error and passed over; so is the rest
 *     of an object that cannot be unpacked or was replaced meanwhile. An item that comes twice is
 *     there as it came last.
 *  4. The table is CREATING until all of it is there. When nothing can be read the import FAILED,
 *     and its table goes.
 */
#include "svc/dynamodb/import_int.h"

#include "base/cursor.h"
#include "base/mem.h"
#include "bus/sink.h"
#include "svc/dynamodb/upkeep.h"

#include <assert.h>

#define PIECE_BYTES (1u << 20)       /* of an object, read at once */
#define FEED_BYTES (64u * 1024)      /* of it, unpacked at once: a bomb ends here */
#define PLAIN_BYTES_MAX (IMPORT_RECORD_BYTES_MAX + (96u << 20))
#define WORK_ARENA_BYTES (64u << 20)
#define TEXT_BYTES_MAX (1u << 20)

/* ---- what it knows ---- */

struct str import_pack(struct arena *arena, const struct import *import)
{
    struct buf packed;
    struct str text;

    buf_init(&packed, TEXT_BYTES_MAX);
    write_str(&packed, import->bucket);
    write_str(&packed, import->owner);
    write_str(&packed, import->prefix);
    write_u8(&packed, import->compression);
    write_u8(&packed, (uint8_t)import->delimiter);
    write_str(&packed, import->header);
    assert(!buf_spent(&packed));
    text = arena_dup(arena, buf_str(&packed));
    buf_done(&packed);
    return text;
}

struct import import_of(const struct job *job)
{
    struct cursor cursor = cursor_of(job->about);
    struct import import = {.bucket = read_str(&cursor)};

    import.owner = read_str(&cursor);
    import.prefix = read_str(&cursor);
    import.compression = read_u8(&cursor);
    import.delimiter = (char)read_u8(&cursor);
    import.header = read_str(&cursor);
    assert(cursor_done(&cursor));
    return import;
}

struct depot_ask import_ask(struct call *c, const struct import *import)
{
    struct arn arn = {arn_partition(c->region), STR("s3"), STR_NONE, STR_NONE, import->bucket};

    return (struct depot_ask){.target = arn_write(c->arena, &arn),
                              .principal = STR("dynamodb.amazonaws.com"),
                              .account = c->account,
                              .owner = import->owner};
}

/* ---- how it ends ---- */

static void told_end(struct call *c, const struct job *job, status failed)
{
    struct value *about =
        told_load(c, "import", job->id, told_shape("DescribeImport", "ImportTableDescription"));

    assert(about != NULL);
    set_str(about, "ImportStatus", failed == OK ? STR("COMPLETED") : STR("FAILED"));
    set_time(about, "EndTime", c->now);
    set_int(about, "ProcessedSizeBytes", (int64_t)job->read);
    set_int(about, "ProcessedItemCount", (int64_t)(job->items + job->failed));
    set_int(about, "ImportedItemCount", (int64_t)job->items);
    set_int(about, "ErrorCount", (int64_t)job->failed);
    if (failed != OK) {
        set_str(about, "FailureCode",
                failed == &ERR_NOT_FOUND    ? STR("S3NoSuchKey")
                : failed == &BUS_NO_TARGET ? STR("S3NoSuchBucket")
                                           : STR("S3AccessDenied"));
        set_str(about, "FailureMessage", arena_dup(c->arena, str_c(c->why.text)));
        c->why.text[0] = '\0';
    }
    told_save(c, "import", job->id, about);
}

static void end_failed(struct call *c, struct job *job, status failed)
{
    struct table *table = job_table(c, job);

    told_end(c, job, failed);
    job_over(c, job);
    table->filling = false;
    table_doom(c, table, false);
}

static void end_good(struct call *c, struct job *job)
{
    struct table *table = job_table(c, job);

    told_end(c, job, OK);
    table->filling = false;
    table_save(c, table);
    job_over(c, job);
}

static void import_end(struct call *c, struct import_step *step, status failed)
{
    if (failed != OK) {
        end_failed(c, step->job, failed);
    } else {
        end_good(c, step->job);
    }
}

/* ---- steps in the cell ---- */

/* The table's attributes, for the types of CSV columns. */
static status step_load(struct call *c, void *arg)
{
    struct import_step *step = arg;
    struct import_work *work = step->work;
    struct table *table = job_table(c, step->job);

    assert(table != NULL); /* jobs_use() */
    work->attribute_count = table->attribute_count;
    work->attributes =
        arena_alloc(work->lasting, (table->attribute_count + 1) * sizeof(struct attribute));
    for (size_t i = 0; i < table->attribute_count; i++) {
        work->attributes[i].name = arena_dup(work->lasting, table->attributes[i].name);
        work->attributes[i].type = table->attributes[i].type;
    }
    return OK;
}

/* The next object, or the end. */
static status step_next(struct call *c, void *arg)
{
    struct import_step *step = arg;
    struct job *job = step->job;
    struct import import = import_of(job);
    struct depot_ask ask = import_ask(c, &import);
    struct depot_span span = {.prefix = import.prefix, .after = job->after, .count_max = 1};
    struct depot_thing thing;
    size_t count = 0;
    status listed = bus_list(c, &ask, &span, &thing, &count);

    call_on(c, job->id);
    step->all = listed != OK || count == 0 || job->cancelled;
    if (listed == OK && count == 0 && job->after.bytes == 0) {
        listed = fail(c, &ERR_NOT_FOUND, "There is no object with that prefix");
    }
    if (step->all) {
        step->work->way->end(c, step, listed);
    } else {
        step->work->thing =
            (struct depot_thing){.key = arena_dup(step->work->arena, thing.key),
                                 .bytes = thing.bytes,
                                 .tag = arena_dup(step->work->arena, thing.tag)};
    }
    return OK;
}

static status step_read(struct call *c, void *arg)
{
    struct import_step *step = arg;
    const struct import_work *work = step->work;
    struct import import = import_of(step->job);
    struct depot_ask ask = import_ask(c, &import);
    uint64_t left = work->thing.bytes - work->offset;
    struct depot_piece piece = {work->thing, work->offset, left < PIECE_BYTES ? left : PIECE_BYTES};

    step->piece_bytes = piece.bytes;
    step->failed = bus_read(c, &ask, &piece, &step->bytes);
    c->why.text[0] = '\0';
    return OK;
}

static bool put_one(struct call *c, struct table *table, const struct item *item)
{
    struct item old;
    struct str suffix;

    if (item->packed.bytes == 0 || primary_of_item(c, table, item, &suffix) != OK ||
        index_keys_check(c, table, item, false) != OK) {
        c->why.text[0] = '\0';
        return false;
    }
    old = item_load(c, table, suffix);
    item_fill(c, table, &old, item);
    return true;
}

static void import_put_all(struct call *c, struct import_step *step)
{
    struct table *table = job_table(c, step->job);

    assert(table != NULL);
    for (; step->at < step->count; step->at++) {
        if (put_one(c, table, &step->records[step->at].item)) {
            step->job->items++;
        } else {
            step->job->failed++;
        }
    }
    tally_save(c, table);
}

static const struct import_way way_of_import = {import_json, import_end, import_put_all};

static status step_put(struct call *c, void *arg)
{
    struct import_step *step = arg;
    struct job *job = step->job;
    struct import_work *work = step->work;

    call_on(c, job->id);
    step->stopped = job->cancelled;
    if (step->stopped) {
        return OK;
    }
    work->way->put(c, step);
    job->line = step->at == step->count ? work->records : step->records[step->at].number - 1;
    if (step->done && step->at == step->count) {
        job->failed += work->broken;
        job->read += work->thing.bytes;
        job->line = 0;
        text_set(&job->after, work->thing.key);
    }
    job_save(c, job);
    return OK;
}

/* ---- on the thread ---- */

static void object_close(struct import_work *work)
{
    unpack_free(work->unpacking);
    work->unpacking = NULL;
    work->open = false;
    work->header_count = 0;
    work->broken = false;
    work->offset = 0;
    work->records = 0;
    work->taken = 0;
    buf_clear(&work->plain);
    arena_clear(work->arena);
}

void import_work_free(void *arg)
{
    struct import_work *work = arg;

    unpack_free(work->unpacking);
    buf_done(&work->plain);
    arena_free(work->arena);
    arena_free(work->lasting);
    mem_free(work);
}

static struct import_work *work_new(struct job *job, const struct import_way *way)
{
    struct import_work *work = MEM_NEW(struct import_work);

    work->way = way;
    work->arena = arena_new(WORK_ARENA_BYTES);
    work->lasting = arena_new(WORK_ARENA_BYTES);
    buf_init(&work->plain, PLAIN_BYTES_MAX);
    job->work = work;
    return work;
}

static void header_set(struct import_work *work, const struct str *names, size_t count)
{
    work->header = arena_alloc(work->arena, (count + 1) * sizeof(struct str));
    for (size_t i = 0; i < count; i++) {
        work->header[i] = arena_dup(work->arena, names[i]);
    }
    work->header_count = count;
}

static void header_unpack(struct import_work *work, struct str packed)
{
    struct str names[CSV_FIELDS_MAX];
    struct cursor cursor = cursor_of(packed);
    size_t count = 0;

    while (cursor.rest.bytes > 0 && count < CSV_FIELDS_MAX) {
        names[count++] = read_str(&cursor);
    }
    header_set(work, names, count);
}

static status turn_open(struct job *job, struct cell *cell, struct arena *arena)
{
    struct import_work *work = job->work;
    struct import import = import_of(job);
    struct import_step step = {.job = job, .work = work};

    TRY(job_do(job, cell, arena, step_next, &step));
    if (step.all) {
        return OK;
    }
    work->open = true;
    work->unpacking = unpack_begin((enum compression)import.compression);
    if (import.header.bytes > 0) {
        header_unpack(work, import.header);
    }
    return OK;
}

/* More of the object, unpacked behind what is not taken yet. */
static status read_more(struct import_step *step, struct cell *cell)
{
    struct import_work *work = step->work;
    struct arena *arena = arena_new(JOB_ARENA_BYTES);
    status done = job_do(step->job, cell, arena, step_read, step);
    char *bytes = NULL;

    if (done == OK && step->failed == OK) {
        bytes = arena_alloc(arena, (size_t)step->piece_bytes + 1);
        step->failed = bus_fetch(cell, &step->bytes, bytes);
        work->offset += step->piece_bytes;
    }
    if (work->taken > 0) {
        memmove(work->plain.at, work->plain.at + work->taken, work->plain.bytes - work->taken);
        work->plain.bytes -= work->taken;
        work->taken = 0;
    }
    for (size_t at = 0; done == OK && step->failed == OK && at < step->piece_bytes;
         at += FEED_BYTES) {
        struct str fed = str_slice(str_of(bytes, (size_t)step->piece_bytes), at, at + FEED_BYTES);

        step->failed = unpack_more(work->unpacking, fed, &work->plain);
    }
    work->broken |= done == OK && step->failed != OK;
    arena_free(arena);
    return done;
}

static bool is_at_end(const struct import_work *work)
{
    return work->broken || work->offset >= work->thing.bytes;
}

/* The next record, reading on as needed; false: there is none. */
static status next_record(struct import_step *step, struct cell *cell, char delimiter,
                          struct str *ret_record)
{
    struct import_work *work = step->work;

    for (;;) {
        struct str rest = str_slice(buf_str(&work->plain), work->taken, work->plain.bytes);
        size_t bytes = rest.bytes;

        if (rest.bytes > 0 &&
            record_next(&rest, delimiter, is_at_end(work) && !work->broken, ret_record)) {
            work->taken += bytes - rest.bytes;
            return OK;
        }
        if (bytes > IMPORT_RECORD_BYTES_MAX) {
            work->broken = true;
        }
        if (is_at_end(work)) {
            work->broken |= !unpack_whole(work->unpacking);
            *ret_record = STR_NONE;
            return &ERR_NOT_FOUND;
        }
        TRY(read_more(step, cell));
    }
}

static bool csv_read(struct import_work *work, struct arena *arena, char delimiter,
                     struct str text, struct import_record *ret_record)
{
    struct str *fields = arena_alloc(arena, CSV_FIELDS_MAX * sizeof(struct str));
    struct csv csv = {NULL, 0, work->attributes, work->attribute_count};
    struct csv_record taken = {fields, 0};
    struct why why;
    bool good = csv_fields(arena, text, delimiter, fields, &taken.count);

    if (work->header_count == 0) {
        header_set(work, fields, good ? taken.count : 0);
        work->broken |= !good;
        return false;
    }
    csv.names = work->header;
    csv.count = work->header_count;
    for (size_t i = 0; good && i < taken.count; i++) { /* the record's memory moves */
        fields[i] = arena_dup(arena, fields[i]);
    }
    if (!good || import_csv(arena, &csv, &taken, &why, &ret_record->item) != OK) {
        ret_record->item = ITEM_ABSENT;
    }
    return true;
}

/* An item of a record; ITEM_ABSENT: it is none. False: a header, or nothing at all. */
static bool record_read(struct import_work *work, struct arena *arena, char delimiter,
                        struct str text, struct import_record *ret_record)
{
    struct why why;

    *ret_record = (struct import_record){.item = ITEM_ABSENT, .number = work->records};
    if (str_trim(text).bytes == 0) {
        return false;
    }
    if (delimiter != 0) {
        return csv_read(work, arena, delimiter, text, ret_record);
    }
    why.text[0] = '\0';
    if (work->way->line(arena, arena_dup(arena, text), &why, ret_record) != OK) {
        ret_record->item = ITEM_ABSENT;
        ret_record->why = arena_dup(arena, str_c(why.text));
    }
    return true;
}

/* What was read goes in; a call's arena may not have room for all that it replaces. */
static status put_all(struct import_step *step, struct cell *cell)
{
    status done = OK;

    do {
        struct arena *arena = arena_new(JOB_ARENA_BYTES);

        done = job_do(step->job, cell, arena, step_put, step);
        arena_free(arena);
    } while (done == OK && step->at < step->count && !step->stopped);
    return done;
}

static status turn_put(struct job *job, struct cell *cell, struct arena *arena)
{
    struct import_work *work = job->work;
    struct import import = import_of(job);
    struct import_step step = {.job = job, .work = work};
    size_t bytes = 0;
    status got = OK;

    step.records = arena_alloc(arena, PAST_STEP_ITEMS * sizeof(struct import_record));
    while (step.count < PAST_STEP_ITEMS && bytes < PAST_STEP_BYTES) {
        struct str record;
        bool header = import.delimiter != 0 && work->header_count == 0;

        got = next_record(&step, cell, import.delimiter, &record);
        if (got != OK) {
            break;
        }
        if ((work->records++ >= job->line || header) &&
            record_read(work, arena, import.delimiter, record, &step.records[step.count])) {
            bytes += step.records[step.count].item.packed.bytes;
            step.count++;
        }
    }
    if (got != OK && got != &ERR_NOT_FOUND) {
        return got;
    }
    step.done = got == &ERR_NOT_FOUND;
    TRY(put_all(&step, cell));
    if (step.done || step.stopped) {
        object_close(work);
    }
    return OK;
}

status import_begin(struct job *job, struct cell *cell, struct arena *arena,
                    const struct import_way *way)
{
    struct import_step step = {.job = job, .work = work_new(job, way)};

    return job_do(job, cell, arena, step_load, &step);
}

status import_read(struct job *job, struct cell *cell, struct arena *arena)
{
    return ((struct import_work *)job->work)->open ? turn_put(job, cell, arena)
                                                   : turn_open(job, cell, arena);
}

static status import_turn(struct job *job, struct cell *cell, struct arena *arena)
{
    if (job->work == NULL) {
        TRY(import_begin(job, cell, arena, &way_of_import));
    }
    return import_read(job, cell, arena);
}

const struct job_way job_import = {"Import", NULL, import_turn, import_work_free};
