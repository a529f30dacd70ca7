/* SPDX-License-Identifier: Apache-2.0
 *
 * The work of export tasks: stream by stream, page by page. A page of events is read in the cell,
 * packed outside, and put as an object in the entry that notes how far the task has come.
 *
 *   PENDING ──first step──► RUNNING ──last──► COMPLETED
 *      └─────cancelled─────────┴──► CANCELLED, FAILED (the bucket does not take it)
 *
 *   ("logs", "export-place", account, region, task)  version 1: str prefix of streams' names,
 *                                                    str stream, u8 placed, zigzag ms, var
 *                                                    sequence, var index, var objects of it
 *
 * Rules
 *  1. An object and the place behind it are one entry: after a crash the task goes on behind its
 *     last object, and none is there twice.
 *  2. One task runs at a time; a durable timer of each looks after it every minute, and starts the
 *     thread when there is none.
 */
#include "svc/logs/export.h"

#include "base/compress.h"
#include "base/cursor.h"
#include "base/mem.h"
#include "bus/bucket_file.h"
#include "bus/timer.h"
#include "cell/doing.h"
#include "svc/logs/event.h"
#include "svc/logs/keys.h"
#include "sys/log.h"

#include <stdio.h>

#define VERSION 1
#define STREAMS_PER_STEP 1000    /* without events, passed over */
#define ARENA_BYTES_MAX (64u << 20)
#define TEXT_BYTES_MAX (4u << 20) /* a page, with a time before each event */
#define WATCH_MS MS_PER_MINUTE

/* How far a task has come. */
struct at {
    struct str prefix;   /* of streams' names; as asked */
    struct str stream;   /* its streams up to this one are done, but for what follows */
    bool placed;         /* this one is done up to place */
    struct place place;  /* in it */
    uint64_t objects;    /* of it that are there */
};

/* The task a thread works for; texts are owned. */
struct work {
    struct log_groups *groups; /* the service's state */
    struct str account, region, task;
};

/* What one step hands to the next; in the turn's arena. */
struct step {
    const struct work *work;     /* whose */
    struct at at;                /* where the step begins, then where it ends */
    struct str stream;           /* whose events were read */
    struct walked page;          /* of them; none: it only went on */
    struct str key;              /* of the object */
    struct str bucket;           /* where it goes */
    bool filed;                  /* there is a page, and file is made of it */
    struct bucket_file file;     /* to be put */
    bool put;                    /* it is in its bucket */
    bool over;                   /* the task is, whatever way */
    bool ended;                  /* everything was read */
};

/* ---- what is known ---- */

uint32_t export_shape(void)
{
    return thing_shape("DescribeExportTasks", "exportTasks");
}

struct str export_status(const struct value *about)
{
    return get_str(get(about, "status"), "code");
}

bool export_is_over(const struct value *about)
{
    struct str code = export_status(about);

    return !str_eq(code, STR("PENDING")) && !str_eq(code, STR("RUNNING"));
}

void export_status_set(struct call *c, struct value *about, const char *code, const char *message)
{
    struct value *how = set_struct(c->arena, about, "status");
    const struct value *was = get(about, "executionInfo");
    int64_t created_ms = was == NULL ? c->now : get_int(was, "creationTime", c->now);
    struct value *info = set_struct(c->arena, about, "executionInfo");

    set_str(how, "code", str_c(code));
    set_str(how, "message", str_c(message));
    set_int(info, "creationTime", created_ms);
    if (export_is_over(about)) {
        set_int(info, "completionTime", c->now);
    }
}

struct str export_key(struct arena *arena, const struct value *about, const char *name)
{
    struct str prefix = get_str(about, "destinationPrefix");

    return arena_printf(arena, "%.*s/%s", STR_ARG(prefix), name);
}

static struct thing task_thing(const struct work *work)
{
    return (struct thing){"export", STR(""), work->task};
}

static struct str row_of(struct call *c, struct str task)
{
    struct key key = key_of(c->arena, "logs");

    key_str(&key, STR("export-place"));
    key_str(&key, c->account);
    key_str(&key, c->region);
    key_str(&key, task);
    return key_end(&key);
}

static void at_save(struct call *c, struct str task, const struct at *at)
{
    struct buf packed;

    buf_init(&packed, 4096);
    write_u8(&packed, VERSION);
    write_str(&packed, at->prefix);
    write_str(&packed, at->stream);
    write_u8(&packed, at->placed);
    write_zigzag(&packed, at->place.ms);
    write_var(&packed, at->place.sequence);
    write_var(&packed, at->place.index);
    write_var(&packed, at->objects);
    txn_put(c->txn, row_of(c, task), arena_dup(c->arena, buf_str(&packed)));
    buf_done(&packed);
}

static struct at at_load(struct call *c, struct str task)
{
    struct at at = {.stream = STR_NONE};
    struct str packed;

    if (txn_get(c->txn, row_of(c, task), &packed)) {
        struct cursor cursor = cursor_of(packed);

        (void)read_u8(&cursor);
        at.prefix = read_str(&cursor);
        at.stream = read_str(&cursor);
        at.placed = read_u8(&cursor) != 0;
        at.place.ms = read_zigzag(&cursor);
        at.place.sequence = read_var(&cursor);
        at.place.index = read_var(&cursor);
        at.objects = read_var(&cursor);
    }
    return at;
}

/* ---- in the cell: reading ---- */

/* A page of one stream's events; whether there were any. */
static status stream_read(struct call *c, struct step *step, const struct value *about,
                          const struct stream *stream)
{
    bool same = str_eq(stream->name, step->at.stream) && step->at.placed;
    struct wish wish = {
        .group = stream->group, .streams = &stream->number, .stream_count = 1,
        .from_ms = get_int(about, "from", 0), .to_ms = get_int(about, "to", 0) + 1,
        .placed = same, .place = step->at.place,
        .count_max = READ_EVENTS_MAX, .bytes_max = READ_BYTES_MAX,
    };
    uint64_t objects = same ? step->at.objects : 0;

    TRY(events_walk(c, &wish, &step->page));
    step->stream = stream->name;
    step->key = arena_printf(c->arena, "%06llu", (unsigned long long)objects);
    step->at = (struct at){step->at.prefix, stream->name, step->page.more, step->page.next,
                           objects + (step->page.count > 0 ? 1 : 0)};
    return OK;
}

static status streams_read(struct call *c, struct step *step, const struct value *about,
                           struct group *group)
{
    struct streams_span span = {.group = group, .prefix = step->at.prefix,
                                .after = step->at.stream};
    struct stream stream;
    struct txn_scan *scan;
    status read = OK;
    int looks = 0;

    if (step->at.placed && stream_load(c, group, step->at.stream, &stream)) {
        TRY(stream_read(c, step, about, &stream));
        if (step->page.count > 0 || step->at.placed) {
            return OK;
        }
    }
    step->at.placed = false;
    scan = streams_scan(c, &span);
    while (read == OK && step->page.count == 0 && !step->at.placed) {
        if (!streams_next(c, group, scan, &stream)) {
            step->ended = true;
            return OK;
        }
        if (++looks > STREAMS_PER_STEP) {
            break;
        }
        read = stream_read(c, step, about, &stream);
    }
    txn_scan_close(scan);
    return read;
}

static status step_read(struct call *c, void *arg)
{
    struct step *step = arg;
    struct thing thing = task_thing(step->work);
    struct value *about = thing_load(c, &thing, export_shape());
    struct group *group;

    step->over = about == NULL || export_is_over(about);
    if (step->over) {
        return OK;
    }
    step->at = at_load(c, step->work->task);
    group = group_find(step->work->groups, c->account, c->region, get_str(about, "logGroupName"));
    if (group == NULL) {
        step->ended = true;
        return OK;
    }
    TRY(streams_read(c, step, about, group));
    step->bucket = get_str(about, "destination");
    if (step->page.count > 0) {
        char *name = (char *)(uintptr_t)arena_dup(c->arena, step->stream).at;

        for (size_t i = 0; i < step->stream.bytes; i++) {
            name[i] = name[i] == '/' ? '-' : name[i];
        }
        step->key = export_key(c->arena, about,
                               arena_printf(c->arena, "%.*s/%.*s/%.*s.gz",
                                            STR_ARG(step->work->task),
                                            STR_ARG(str_of(name, step->stream.bytes)),
                                            STR_ARG(step->key)).at);
    }
    return OK;
}

/* ---- in the cell: putting ---- */

static void finish(struct call *c, struct step *step, struct value *about)
{
    struct thing thing = task_thing(step->work);

    thing_save(c, &thing, about);
    txn_delete(c->txn, row_of(c, step->work->task));
    step->over = true;
}

static status step_put(struct call *c, void *arg)
{
    struct step *step = arg;
    struct thing thing = task_thing(step->work);
    struct value *about = thing_load(c, &thing, export_shape());

    step->over = about == NULL || export_is_over(about);
    if (step->over) {
        return OK;
    }
    if (step->filed) {
        status put = file_put(c, &step->file, call_arn(c, "logs", "log-group:%.*s",
                                                      STR_ARG(get_str(about, "logGroupName"))));

        step->put = put == OK;
        if (put != OK) {
            export_status_set(c, about, "FAILED", file_refusal(put));
            finish(c, step, about);
            c->why.text[0] = '\0';
            return OK;
        }
    }
    if (step->ended) {
        export_status_set(c, about, "COMPLETED", "Completed successfully");
        finish(c, step, about);
        return OK;
    }
    at_save(c, step->work->task, &step->at);
    if (!str_eq(export_status(about), STR("RUNNING"))) {
        export_status_set(c, about, "RUNNING", "");
        thing_save(c, &thing, about);
    }
    return OK;
}

/* ---- on the thread ---- */

static status do_step(const struct work *work, struct cell *cell, struct arena *arena,
                      status (*run)(struct call *c, void *arg), struct step *step)
{
    struct doing doing = {"logs", "ExportTask", work->account, work->region, run, step};
    struct why why = {""};
    status done = cell_do(cell, &doing, arena, &why);

    if (done != OK) {
        log_write(LOG_ERROR, "logs", "export %.*s: %s %s", STR_ARG(work->task), done->code,
                  why.text);
    }
    return done;
}

/* A time before each event, as AWS writes them. */
static status page_pack(const struct walked *page, struct buf *packed)
{
    struct buf text;
    status done;

    buf_init(&text, TEXT_BYTES_MAX);
    for (size_t i = 0; i < page->count; i++) {
        struct time_parts at = time_parts_of(page->events[i].place.ms);

        buf_printf(&text, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ ", at.year, at.month, at.day,
                   at.hour, at.minute, at.second, at.ms);
        buf_add(&text, page->events[i].message);
        buf_add_c(&text, '\n');
    }
    done = buf_spent(&text) ? &ERR_LIMIT
                            : compress_add(packed, COMPRESSION_GZIP, buf_str(&text));
    buf_done(&text);
    return done;
}

static status turn_put(const struct work *work, struct cell *cell, struct arena *arena,
                       struct step *step)
{
    struct buf packed;
    status done = OK;

    buf_init(&packed, 2 * TEXT_BYTES_MAX);
    if (step->page.count > 0) {
        step->file = (struct bucket_file){.bucket = step->bucket, .key = step->key,
                                          .type = "application/x-gzip",
                                          .principal = "logs.amazonaws.com"};
        done = page_pack(&step->page, &packed);
        if (done == OK) {
            done = file_make(cell, buf_str(&packed), &step->file);
            step->filed = done == OK;
        }
    }
    if (done == OK) {
        done = do_step(work, cell, arena, step_put, step);
        if (step->filed && !step->put) {
            file_drop(cell, &step->file);
        }
    }
    buf_done(&packed);
    return done;
}

static status step_leave(struct call *c, void *arg)
{
    struct work *work = arg;

    groups_of(c)->export_runs = false;
    text_set(&work->account, STR_NONE);
    text_set(&work->region, STR_NONE);
    text_set(&work->task, STR_NONE);
    return OK;
}

static void thread(struct cell *cell, void *arg)
{
    struct work *work = arg;
    struct arena *arena = arena_new(ARENA_BYTES_MAX);
    struct doing leave = {"logs", "ExportTask", STR_NONE, STR_NONE, step_leave, work};
    status done = OK;
    bool over = false;
    struct why why;

    while (done == OK && !over && !cell_ending(cell)) {
        struct step step = {.work = work};

        arena_clear(arena);
        done = do_step(work, cell, arena, step_read, &step);
        if (done == OK && !step.over) {
            done = turn_put(work, cell, arena, &step);
        }
        over = step.over;
    }
    arena_clear(arena);
    (void)cell_do(cell, &leave, arena, &why);
    arena_free(arena);
    mem_free(work);
}

/* ---- timers ---- */

void export_begin(struct call *c, struct str task, struct str prefix)
{
    struct at at = {.prefix = prefix};

    at_save(c, task, &at);
    export_wake(c, task, c->now);
}

void export_wake(struct call *c, struct str task, int64_t at_ms)
{
    struct str name = arena_printf(c->arena, EXPORT_TIMER "%.*s/%.*s/%.*s", STR_ARG(c->account),
                                   STR_ARG(c->region), STR_ARG(task));

    bus_timer_set(c, "logs", name, at_ms, STR_NONE);
}

void export_fire(struct call *c, struct str name)
{
    struct log_groups *groups = groups_of(c);
    struct str rest = name;
    struct work *work;
    struct value *about;
    struct thing thing;

    c->account = str_split(&rest, '/');
    c->region = str_split(&rest, '/');
    thing = (struct thing){"export", STR(""), rest};
    about = thing_load(c, &thing, export_shape());
    if (about == NULL || export_is_over(about)) {
        return;
    }
    export_wake(c, rest, c->now + WATCH_MS);
    if (groups->export_runs) {
        return;
    }
    groups->export_runs = true;
    work = MEM_NEW(struct work);
    work->groups = groups;
    text_set(&work->account, c->account);
    text_set(&work->region, c->region);
    text_set(&work->task, rest);
    cell_spawn(c->cell, thread, work);
}
