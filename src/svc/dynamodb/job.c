/* SPDX-License-Identifier: Apache-2.0
 *
 * Jobs: their rows, their ring, their thread.
 *
 *   ("dynamodb", "job", number)    version 2: all of struct job that is not of the moment;
 *                                  version 1 had no refused
 */
#include "svc/dynamodb/job.h"

#include "base/cursor.h"
#include "base/mem.h"
#include "sys/log.h"

#include <assert.h>

#define VERSION 2
#define ROW_BYTES_MAX (4u << 20)
#define STEP_ARENA_BYTES (64u << 20)

static const struct job_way *way_of(const struct job *job)
{
    static const struct job_way *const ways[JOB_KINDS] = {
        [JOB_BACKUP] = &job_backup, [JOB_RESTORE] = &job_restore, [JOB_REWIND] = &job_rewind,
        [JOB_FORGET] = &job_forget, [JOB_EXPORT] = &job_export, [JOB_IMPORT] = &job_import,
        [JOB_BULK] = &job_bulk,
    };

    assert(job->kind > 0);
    assert(job->kind < JOB_KINDS);
    return ways[job->kind];
}

/* ---- life ---- */

static void job_free(struct job *job)
{
    struct str *const owned[] = {&job->id,     &job->account,   &job->region,     &job->table,
                                 &job->within, &job->after,     &job->principal,  &job->request_id,
                                 &job->about};

    if (job->work != NULL) {
        way_of(job)->work_free(job->work);
    }
    for (size_t i = 0; i < sizeof(owned) / sizeof(owned[0]); i++) {
        text_set(owned[i], STR_NONE);
    }
    mem_free(job);
}

/* A copy that owns its texts. */
static struct job *job_new(const struct job *like)
{
    struct job *job = MEM_NEW(struct job);
    const struct str *from[] = {&like->id,     &like->account, &like->region,    &like->table,
                                &like->within, &like->after,   &like->principal, &like->request_id,
                                &like->about};
    struct str *to[] = {&job->id,     &job->account, &job->region,    &job->table,     &job->within,
                        &job->after,  &job->principal, &job->request_id, &job->about};

    *job = *like;
    for (size_t i = 0; i < sizeof(to) / sizeof(to[0]); i++) {
        *to[i] = STR_NONE;
        text_set(to[i], *from[i]);
    }
    job->next = NULL;
    job->work = NULL;
    return job;
}

static void ring_add(struct jobs *jobs, struct job *job)
{
    struct job **last = &jobs->first;

    while (*last != NULL) {
        last = &(*last)->next;
    }
    *last = job;
    jobs->count++;
}

static void ring_remove(struct jobs *jobs, struct job *job)
{
    struct job **at = &jobs->first;

    while (*at != job) {
        assert(*at != NULL);
        at = &(*at)->next;
    }
    *at = job->next;
    job->next = NULL;
    jobs->count--;
}

/* ---- rows ---- */

static struct str row_of(struct arena *arena, uint64_t number)
{
    struct key key = row_kind(arena, "job");

    key_u64(&key, number);
    return key_end(&key);
}

void job_save(struct call *c, const struct job *job)
{
    const struct str texts[] = {job->id,         job->account, job->region,
                                job->table,      job->within,  job->after,
                                job->principal,  job->request_id, job->about};
    const uint64_t numbers[] = {job->target, job->source.number, job->source.log, job->cut,
                                job->until,  job->line,          job->items,      job->bytes,
                                job->failed, job->read,          job->files};
    struct buf packed;

    buf_init(&packed, ROW_BYTES_MAX);
    write_u8(&packed, VERSION);
    write_u8(&packed, job->kind);
    write_u8(&packed, job->cancelled);
    write_zigzag(&packed, job->begun_ms);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        write_str(&packed, texts[i]);
    }
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        write_var(&packed, numbers[i]);
    }
    write_var(&packed, job->refused);
    assert(!buf_spent(&packed));
    txn_put(c->txn, row_of(c->arena, job->number), arena_dup(c->arena, buf_str(&packed)));
    buf_done(&packed);
}

static bool job_read(struct str packed, struct job *job)
{
    struct str *const texts[] = {&job->id,     &job->account,   &job->region,
                                 &job->table,  &job->within,    &job->after,
                                 &job->principal, &job->request_id, &job->about};
    uint64_t *const numbers[] = {&job->target, &job->source.number, &job->source.log, &job->cut,
                                 &job->until,  &job->line,          &job->items,      &job->bytes,
                                 &job->failed, &job->read,          &job->files};
    struct cursor cursor = cursor_of(packed);

    uint8_t version = read_u8(&cursor);

    if (version == 0 || version > VERSION) {
        return false;
    }
    job->kind = read_u8(&cursor);
    job->cancelled = read_u8(&cursor) != 0;
    job->begun_ms = read_zigzag(&cursor);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        *texts[i] = read_str(&cursor);
    }
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        *numbers[i] = read_var(&cursor);
    }
    if (version > 1) {
        job->refused = read_var(&cursor);
    }
    return cursor_done(&cursor) && job->kind > 0 && job->kind < JOB_KINDS;
}

/* ---- the thread ---- */

/* The thread's way from one job to the next. */
struct turn {
    struct jobs *jobs;  /* all */
    struct job *job;    /* of the turn before; then the next one's; NULL: none */
    status ended;       /* how the turn before ended */
};

static struct job *next_of(const struct jobs *jobs, const struct job *job)
{
    return job == NULL || job->next == NULL ? jobs->first : job->next;
}

static bool is_to_wait(const struct job *job, int64_t now_ms)
{
    return job->resting || (!job->cancelled && job->paused_until_ms > now_ms);
}

/* The next that is paused wakes the thread. */
static void pauses_end(struct cell *cell, struct jobs *jobs)
{
    int64_t at_ms = INT64_MAX;

    for (const struct job *job = jobs->first; job != NULL; job = job->next) {
        if (!job->resting && job->paused_until_ms < at_ms) {
            at_ms = job->paused_until_ms;
        }
    }
    if (at_ms < INT64_MAX) {
        cell_timer_set(cell, &jobs->start, at_ms);
    }
}

static status pick(struct call *c, void *arg)
{
    struct turn *turn = arg;
    struct job *last = turn->job;
    struct job *next;

    if (last != NULL) {
        last->busy = false;
        last->resting = turn->ended != OK;
    }
    next = next_of(turn->jobs, last != NULL && last->over ? NULL : last);
    if (last != NULL && last->over) {
        job_free(last);
    }
    for (size_t i = 0; i < turn->jobs->count && is_to_wait(next, c->now); i++) {
        next = next_of(turn->jobs, next);
    }
    turn->job = next != NULL && !is_to_wait(next, c->now) ? next : NULL;
    if (turn->job != NULL) {
        turn->job->busy = true;
    } else {
        turn->jobs->working = false;
        pauses_end(c->cell, turn->jobs);
    }
    return OK;
}

status job_do(struct job *job, struct cell *cell, struct arena *arena,
              status (*run)(struct call *c, void *arg), void *arg)
{
    struct doing doing = {"dynamodb", way_of(job)->name, job->account, job->region, run, arg};
    struct why why = {""};
    status done = cell_do(cell, &doing, arena, &why);

    if (done != OK) {
        log_write(LOG_ERROR, "dynamodb", "%s %.*s: %s %s", way_of(job)->name, STR_ARG(job->id),
                  done->code, why.text);
    }
    return done;
}

void job_cause(struct call *c, const struct job *job)
{
    if (job->principal.bytes > 0) {
        c->principal = arena_dup(c->arena, job->principal);
    }
    c->request_id = arena_dup(c->arena, job->request_id);
}

/* In the cell: a step with the job's cause. */
static status step_of_job(struct call *c, void *arg)
{
    struct job *job = arg;

    job_cause(c, job);
    return way_of(job)->step(c, job);
}

static void jobs_thread(struct cell *cell, void *arg)
{
    struct turn turn = {.jobs = arg};
    struct doing doing = {"dynamodb", "Job", STR_NONE, STR_NONE, pick, &turn};
    struct arena *arena = arena_new(JOB_ARENA_BYTES);
    struct why why;
    status picked = cell_do(cell, &doing, arena, &why);

    while (picked == OK && turn.job != NULL && !cell_ending(cell)) {
        const struct job_way *way = way_of(turn.job);

        arena_clear(arena);
        turn.ended = way->step != NULL ? job_do(turn.job, cell, arena, step_of_job, turn.job)
                                       : way->turn(turn.job, cell, arena);
        arena_clear(arena);
        picked = cell_do(cell, &doing, arena, &why);
    }
    if (turn.job != NULL) { /* a full disk, or the end: the next thread begins anew */
        if (turn.job->over) {
            job_free(turn.job);
        }
        turn.jobs->working = false;
    }
    arena_free(arena);
}

static void start(struct jobs *jobs)
{
    if (!jobs->working && jobs->first != NULL) {
        jobs->working = true;
        cell_spawn(jobs->cell, jobs_thread, jobs);
    }
}

static void start_fire(struct cell *cell, struct timer *timer)
{
    (void)cell;
    start(LINK_OWNER(timer, struct jobs, start));
}

/* ---- trimming, step by step ---- */

static status trim_step(struct call *c, void *arg)
{
    *(bool *)arg = past_trim(c);
    return OK;
}

static void trim_fire(struct cell *cell, struct timer *timer)
{
    struct arena *arena = arena_new(STEP_ARENA_BYTES);
    bool all = true;
    struct doing doing = {"dynamodb", "TrimPast", STR_NONE, STR_NONE, trim_step, &all};
    struct why why;

    (void)cell_step(cell, &doing, arena, &why);
    arena_free(arena);
    if (!all) {
        cell_timer_next_turn(cell, timer);
    }
}

void jobs_tick(struct call *c)
{
    struct jobs *jobs = dynamodb_of(c)->jobs;

    for (struct job *job = jobs->first; job != NULL; job = job->next) {
        job->resting = false;
    }
    start(jobs);
    if (!past_trim(c)) {
        cell_timer_next_turn(c->cell, &jobs->trim);
    }
}

/* ---- the service's life ---- */

status jobs_open(struct dynamodb *dynamodb)
{
    struct store *store = cell_store(dynamodb->cell);
    struct arena *arena = arena_new(STEP_ARENA_BYTES);
    struct key prefix = row_kind(arena, "job");
    struct str first = key_end(&prefix);
    struct kv_scan *scan = store_scan(store, first, key_after_prefix(arena, first), false);
    struct jobs *jobs = MEM_NEW(struct jobs);
    struct str key, packed;
    status opened = OK;

    dynamodb->jobs = jobs;
    jobs->cell = dynamodb->cell;
    jobs->start.fire = start_fire;
    jobs->trim.fire = trim_fire;
    waiters_init(&jobs->ended);
    while (opened == OK && store_scan_next(scan, &key, &packed)) {
        struct key_reader reader = {row_rest(key, first)};
        struct job job = {0};

        if (!key_read_u64(&reader, &job.number) || !job_read(packed, &job)) {
            opened = &ERR_CORRUPT;
            break;
        }
        jobs->number = job.number;
        ring_add(jobs, job_new(&job));
    }
    store_scan_close(scan);
    arena_free(arena);
    if (jobs->first != NULL) {
        cell_timer_set(dynamodb->cell, &jobs->start, 0);
    }
    return opened;
}

void jobs_close(struct dynamodb *dynamodb)
{
    struct jobs *jobs = dynamodb->jobs;

    if (jobs == NULL) {
        return;
    }
    cell_timer_unset(dynamodb->cell, &jobs->start);
    cell_timer_unset(dynamodb->cell, &jobs->trim);
    while (jobs->first != NULL) {
        struct job *job = jobs->first;

        ring_remove(jobs, job);
        job_free(job);
    }
    mem_free(jobs);
}

/* ---- what others call ---- */

status jobs_room(struct call *c)
{
    return dynamodb_of(c)->jobs->count < JOBS_MAX
               ? OK
               : fail(c, &DDB_LIMIT, "Subscriber limit exceeded: There is a limit of %d "
                                     "simultaneous backups, restores, exports and imports",
                      JOBS_MAX);
}

struct job *job_begin(struct call *c, const struct job *like)
{
    struct jobs *jobs = dynamodb_of(c)->jobs;
    struct job *job = job_new(like);

    job->number = ++jobs->number;
    job->begun_ms = c->now;
    text_set(&job->principal, c->principal);
    text_set(&job->request_id, c->request_id);
    if (job->account.bytes == 0) {
        text_set(&job->account, c->account);
        text_set(&job->region, c->region);
    }
    ring_add(jobs, job);
    job_save(c, job);
    start(jobs);
    return job;
}

void job_cancel(struct call *c, struct job *job)
{
    job->cancelled = true;
    job_save(c, job);
    start(dynamodb_of(c)->jobs);
}

void job_over(struct call *c, struct job *job)
{
    struct jobs *jobs = dynamodb_of(c)->jobs;

    assert(job->busy);
    assert(!job->over);
    job->over = true;
    jobs->results[job->number % JOB_RESULTS] =
        (struct job_result){job->number, job->items, job->bytes};
    txn_delete(c->txn, row_of(c->arena, job->number));
    ring_remove(jobs, job);
    waiters_wake(c->cell, &jobs->ended);
}

struct job *job_numbered(struct dynamodb *dynamodb, uint64_t number)
{
    for (struct job *job = dynamodb->jobs->first; job != NULL; job = job->next) {
        if (job->number == number) {
            return job;
        }
    }
    return NULL;
}

struct job *job_of(struct dynamodb *dynamodb, struct str id)
{
    for (struct job *job = dynamodb->jobs->first; job != NULL; job = job->next) {
        if (str_eq(job->id, id)) {
            return job;
        }
    }
    return NULL;
}

uint64_t jobs_pin(const struct dynamodb *dynamodb, const struct table *table)
{
    uint64_t pin = UINT64_MAX;

    for (const struct job *job = dynamodb->jobs->first; job != NULL; job = job->next) {
        if (job->source.log == table->log && job->cut != PAST_NOW && job->cut + 1 < pin) {
            pin = job->cut + 1;
        }
    }
    return pin;
}

bool jobs_use(const struct dynamodb *dynamodb, const struct table *table)
{
    for (const struct job *job = dynamodb->jobs->first; job != NULL; job = job->next) {
        if (job->source.number == table->number || job->target == table->number) {
            return true;
        }
    }
    return false;
}

struct table *job_table(struct call *c, const struct job *job)
{
    struct table *table = table_find(dynamodb_of(c), job->account, job->region, job->table);

    return table != NULL && table->number == job->target ? table : NULL;
}
