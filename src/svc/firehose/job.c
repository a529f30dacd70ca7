/* SPDX-License-Identifier: Apache-2.0
 *
 * Jobs: a thread that takes a batch from a lane. It goes in to read and to put, works outside, and
 * finds its stream anew each time.
 */
#include "base/mem.h"
#include "svc/firehose/firehose_ops.h"
#include "sys/log.h"
#include "sys/pool.h"

#include <assert.h>

#define ARENA_BYTES_MAX (512u << 20) /* a bound; batches are bounded themselves */
#define READ_RECORDS_MAX 10000

/* A post waits for somebody else's server, so it has a thread of a pool of its own. */
struct posted {
    struct pool_work work;  /* in the pool's queue */
    struct cell *cell;      /* where the job is */
    struct job *job;        /* what is to be done */
};

static void post_work(struct pool_work *work)
{
    struct posted *posted = LINK_OWNER(work, struct posted, work);

    post_run(posted->cell, posted->job);
    mem_free(posted);
}

static void job_start(struct firehose *firehose, struct job *job)
{
    bool direct = job->kind == LANE_RAW && job->plan->processing.any;

    if (job->kind <= LANE_READY && !direct && job->plan->endpoint.url.bytes > 0) {
        struct posted *posted = MEM_NEW(struct posted);

        posted->work.run = post_work;
        posted->cell = firehose->cell;
        posted->job = job;
        pool_post(firehose->posts, &posted->work);
        return;
    }
    cell_spawn(firehose->cell, direct ? process_run : deliver_run, job);
}

void job_begin(struct lane *lane)
{
    struct stream *stream = lane->stream;
    struct job *job;

    assert(!lane->busy);
    if (stream->firehose->settled) {
        return; /* what waits is there when weir starts again */
    }
    job = MEM_NEW(struct job);
    lane->busy = true;
    text_set(&job->account, stream->account);
    text_set(&job->region, stream->region);
    text_set(&job->name, stream->name);
    text_set(&job->arn, stream->arn);
    text_set(&job->source, ingest_source(stream));
    job->id = stream->lanes[LANE_RAW].log;
    job->kind = lane->kind;
    job->plan = stream->plan;
    job->plan->holds++;
    job->arena = arena_new(ARENA_BYTES_MAX);
    job->end = lane->held;
    job->held = lane->held != 0;
    job->attempts = lane->attempts;
    job->failing_ms = lane->failing_ms;
    job_start(stream->firehose, job);
}

static struct lane *lane_of(struct firehose *firehose, const struct job *job)
{
    struct stream *stream = stream_find(firehose, job->account, job->region, job->name);

    return stream == NULL || stream->lanes[LANE_RAW].log != job->id ? NULL
                                                                   : &stream->lanes[job->kind];
}

struct lane *job_lane(struct call *c, const struct job *job)
{
    return lane_of(firehose_of(c), job);
}

bool job_step(struct cell *cell, struct job *job, status (*run)(struct call *c, void *arg),
              void *arg)
{
    struct doing doing = {"firehose", "Deliver", job->account, job->region, run, arg};
    struct why why = {""};
    status done = cell_do(cell, &doing, job->arena, &why);

    if (done != OK) {
        log_write(LOG_ERROR, "firehose", "%.*s: %s %s", STR_ARG(job->arn), done->code, why.text);
        job->failed = true;
    }
    return done == OK;
}

/* ---- reading ---- */

struct reading {
    struct job *job;       /* for whom */
    uint64_t bytes_max;    /* at most */
};

static status read_records(struct call *c, struct job *job, const struct log_range *range)
{
    struct log_record *records = arena_alloc(c->arena, range->count_max * sizeof(*records));
    size_t count = 0;

    TRY(txn_log_read(c->txn, range, records, &count));
    job->records = arena_alloc(c->arena, (count + 1) * sizeof(*job->records));
    job->sequences = arena_alloc(c->arena, (count + 1) * sizeof(*job->sequences));
    for (size_t i = 0; i < count; i++) {
        if (!stored_read(records[i].data, records[i].at_ms, &job->records[i])) {
            return &ERR_CORRUPT;
        }
        job->sequences[i] = records[i].sequence;
    }
    job->count = count;
    return OK;
}

static status read_step(struct call *c, void *arg)
{
    struct reading *reading = arg;
    struct job *job = reading->job;
    struct lane *lane = job_lane(c, job);
    struct log_state state;
    struct log_range range;
    uint64_t there;

    job->count = 0;
    job->gone = lane == NULL;
    job->now_ms = c->now;
    if (lane == NULL) {
        return OK;
    }
    state = txn_log_state(c->txn, lane->log);
    if (job->next < state.first) {
        job->next = state.first;
    }
    job->end = job->end == 0 ? state.last + 1 : job->end;
    there = job->end > job->next ? job->end - job->next : 0;
    range = (struct log_range){lane->log, job->next,
                               there < READ_RECORDS_MAX ? (size_t)there : READ_RECORDS_MAX,
                               reading->bytes_max};
    return there == 0 ? OK : read_records(c, job, &range);
}

bool job_read(struct cell *cell, struct job *job, uint64_t bytes_max)
{
    struct reading reading = {job, bytes_max};

    arena_clear(job->arena);
    return job_step(cell, job, read_step, &reading) && !job->gone;
}

/* ---- the end ---- */

static void job_free(struct job *job)
{
    arena_free(job->arena);
    text_set(&job->account, STR_NONE);
    text_set(&job->region, STR_NONE);
    text_set(&job->name, STR_NONE);
    text_set(&job->arn, STR_NONE);
    text_set(&job->source, STR_NONE);
    mem_free(job);
}

static void end_visit(struct cell *cell, void *arg)
{
    struct job *job = arg;
    struct lane *lane = lane_of(cell_state(cell, "firehose"), job);

    plan_drop(job->plan);
    if (lane != NULL) {
        lane->busy = false;
        if (job->failed) { /* a full disk, no memory: not at once again */
            lane->not_before_ms = cell_now(cell) + RETRY_MS;
        }
        if (!job->last) {
            lane_arm(lane);
        }
    }
    job_free(job);
}

void job_end(struct cell *cell, struct job *job)
{
    job->last = cell_ending(cell); /* what waits is there when weir starts again */
    cell_visit(cell, end_visit, job);
}
