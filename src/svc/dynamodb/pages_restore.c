/* SPDX-License-Identifier: Apache-2.0
 *
 * Pages that restore: items in place, or a table beside; and waiting for the job that does it.
 *
 * In place, each item that differs becomes what it was by a change as any other: indexes, expiry,
 * streams and the item's own history follow. What others write behind the job's step stays.
 */
#include "svc/dynamodb/pages.h"

#include "base/time.h"

#define WAIT_MS (20 * MS_PER_SECOND)
#define TEXT_BYTES_MAX (64u * 1024)

/* ---- restore ---- */

/* A table beside; NULL: it was answered why not. */
static struct job *restore_beside(struct call *c, const struct asked *asked, struct str into)
{
    struct restoring restoring = {.source = past_of_table(asked->table),
                                  .cut = asked->cut,
                                  .within = asked->within,
                                  .range = key_range_pack(c->arena, &asked->keys)};
    struct str account, region, name;

    if (table_name_read(c, into, &account, &region, &name) != OK ||
        str_starts(into, STR("arn:"))) {
        page_refuse(c, 400, "\"%.*s\" is no name for a table.", STR_ARG(str_slice(into, 0, 256)));
        return NULL;
    }
    if (table_find(dynamodb_of(c), c->account, c->region, name) != NULL) {
        page_refuse(c, 409, "There is a table \"%.*s\" already.", STR_ARG(name));
        return NULL;
    }
    if (map_count(dynamodb_of(c)->tables) >= TABLES_MAX) {
        page_refuse(c, 409, "There are too many tables.");
        return NULL;
    }
    restoring.table = restore_like(c, asked->table, name);
    return restore_begin(c, &restoring);
}

static struct job *restore_in_place(struct call *c, const struct asked *asked)
{
    struct job job = {.kind = JOB_REWIND,
                      .id = table_arn(c->arena, asked->table),
                      .account = asked->table->account,
                      .region = asked->table->region,
                      .table = asked->table->name,
                      .target = asked->table->number,
                      .source = past_of_table(asked->table),
                      .cut = asked->cut,
                      .within = asked->within,
                      .about = key_range_pack(c->arena, &asked->keys)};

    return job_begin(c, &job);
}

status page_restore(struct call *c)
{
    struct str into = page_arg(c, "into");
    struct asked asked;
    const struct job *job;
    struct buf text;

    if (!str_eq(c->request->method, STR("POST"))) {
        page_refuse(c, 405, "POST this.");
        return OK;
    }
    if (!page_asked(c, &asked)) {
        return OK;
    }
    if (jobs_room(c) != OK) {
        page_refuse(c, 409, "Too much is being restored already.");
        return OK;
    }
    job = into.bytes > 0 ? restore_beside(c, &asked, into) : restore_in_place(c, &asked);
    if (job == NULL) {
        return OK;
    }
    call_on(c, arena_dup(c->arena, job->id));
    buf_init(&text, TEXT_BYTES_MAX);
    buf_printf(&text, "{\"job\":\"%llu\"", (unsigned long long)job->number);
    page_member(&text, "table", table_arn(c->arena, asked.table));
    page_member(&text, "at", time_iso(c->arena, asked.at_ms));
    if (into.bytes > 0) {
        page_member(&text, "into", into);
    }
    buf_add(&text, STR("}\n"));
    page_answer(c, &text);
    return OK;
}

/* ---- job ---- */

static void answer_job(struct call *c, bool running, uint64_t items, uint64_t bytes)
{
    call_answer(c, 200, "application/json",
                arena_printf(c->arena,
                             "{\"running\":%s,\"items\":\"%llu\",\"bytes\":\"%llu\"}\n",
                             running ? "true" : "false", (unsigned long long)items,
                             (unsigned long long)bytes));
}

/* Over, or waited for long enough. */
static status job_look(struct call *c)
{
    const struct jobs *jobs = dynamodb_of(c)->jobs;
    uint64_t number = *(uint64_t *)c->kept;
    const struct job *job = job_numbered(dynamodb_of(c), number);
    const struct job_result *result = &jobs->results[number % JOB_RESULTS];

    if (job != NULL) {
        answer_job(c, true, job->items, job->bytes);
    } else if (result->number == number) {
        answer_job(c, false, result->items, result->bytes);
    } else {
        page_refuse(c, 404, "Nothing is known of that job: it is over.");
    }
    return OK;
}

status page_job(struct call *c)
{
    struct jobs *jobs = dynamodb_of(c)->jobs;
    uint64_t *number = ARENA_NEW(c->keep, uint64_t);

    if (!str_to_u64(page_arg(c, "number"), number)) {
        page_refuse(c, 400, "number is a job's.");
        return OK;
    }
    c->kept = number;
    if (job_numbered(dynamodb_of(c), *number) == NULL) {
        return job_look(c);
    }
    call_park(c, &jobs->ended, c->now + WAIT_MS, job_look);
    return OK;
}
