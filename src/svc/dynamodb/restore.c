/* SPDX-License-Identifier: Apache-2.0
 *
 * Restoring: a new table from a backup or from a table's past, and items of a table that become
 * what they were.
 *
 * A table that is restored is CREATING (filling) until its job has brought every item; nobody sees
 * an item before. Its indexes are filled with it. Settings come as they are now, or as they were at
 * the backup; tags, streams, expiry, policies, protection and point-in-time recovery do not come
 * along, as on AWS.
 */
#include "svc/dynamodb/backup.h"

#include "base/buf.h"
#include "svc/dynamodb/tables.h"
#include "wire/json.h"

#include <assert.h>

#define PACKED_BYTES_MAX (8u << 20)
#define SUMMARY_BYTES_MAX (64u * 1024)

/* ---- the new table ---- */

static void settings_forget(struct table *table)
{
    struct str sse = table->extras[EXTRA_SSE];

    table->extras[EXTRA_SSE] = STR_NONE;
    for (size_t i = 0; i < EXTRA_COUNT; i++) {
        text_set(&table->extras[i], STR_NONE);
    }
    table->extras[EXTRA_SSE] = sse;
    text_set(&table->ttl_name, STR_NONE);
    text_set(&table->ttl_filled, STR_NONE);
    table->ttl_ms = 0;
    table->ttl_filling = false;
    table->ttl_sweeping = false;
    table->stream_count = 0;
    table->trimmed_ms = 0;
    table->protected = false;
    table->pitr = false;
    table->raised_ms = 0;
    table->lowered_ms = 0;
    table->lowered_today = 0;
    table->warm = (struct throughput){0, 0};
}

static void indexes_renew(struct call *c, struct table *table)
{
    for (size_t i = table->index_count; i-- > 0;) {
        struct index *index = table->indexes[i];

        if (index->state == INDEX_DELETING) {
            index_remove(table, index);
            continue;
        }
        index->state = INDEX_ACTIVE;
        index->created_ms = c->now;
        index->raised_ms = 0;
        index->lowered_ms = 0;
        index->lowered_today = 0;
        index->warm = (struct throughput){0, 0};
        index->tally = (struct tally){0, 0};
        text_set(&index->filled, STR_NONE);
    }
    attributes_trim(table);
}

struct table *restore_like(struct call *c, const struct table *like, struct str name)
{
    struct table *table;
    struct buf packed;

    buf_init(&packed, PACKED_BYTES_MAX);
    table_pack(&packed, like);
    table = table_unpack(c->account, c->region, name, buf_str(&packed));
    buf_done(&packed);
    assert(table != NULL);
    rand_uuid(c->rand, table->id);
    table->created_ms = c->now;
    table->on_demand_ms = table->on_demand ? c->now : 0;
    table->filling = true;
    table->tally = (struct tally){0, 0};
    settings_forget(table);
    indexes_renew(c, table);
    return table;
}

struct job *restore_begin(struct call *c, const struct restoring *restoring)
{
    struct table *table = restoring->table;
    struct job job = {.kind = JOB_RESTORE,
                      .account = table->account,
                      .region = table->region,
                      .table = table->name,
                      .source = restoring->source,
                      .cut = restoring->cut,
                      .within = restoring->within,
                      .about = restoring->range};

    if (table_make(c, table) != OK) {
        return NULL;
    }
    tally_save(c, table);
    job.id = table_arn(c->arena, table);
    job.target = table->number;
    return job_begin(c, &job);
}

/* RestoreInProgress: false. */
static void summary_end(struct call *c, struct table *table)
{
    const struct operation *describe =
        model_operation(model_service(STR("dynamodb")), STR("DescribeTable"));
    struct value *about = set_struct(c->arena, value_struct(c->arena, describe->output), "Table");
    struct value *summary = set_struct(c->arena, about, "RestoreSummary");
    struct value read;
    struct buf text;

    if (table->extras[EXTRA_RESTORE].bytes == 0) {
        return;
    }
    status good = json_read(arena_dup(c->arena, table->extras[EXTRA_RESTORE]), summary->shape,
                            c->arena, &c->why, &read);

    assert(good == OK);
    set_bool(&read, "RestoreInProgress", false);
    buf_init(&text, SUMMARY_BYTES_MAX);
    json_write(&text, &read, TIME_EPOCH);
    text_set(&table->extras[EXTRA_RESTORE], buf_str(&text));
    buf_done(&text);
}

static status restore_step(struct call *c, struct job *job)
{
    struct past_range range = {.of = job->source, .cut = job->cut, .within = job->within,
                               .after = job->after};
    struct table *table = job_table(c, job);
    struct key_range keys;
    struct past_step step;
    bool good = key_range_unpack(job->about, &keys);

    assert(good);
    assert(table != NULL); /* jobs_use() */
    TRY(past_gather(c, &range, &step));
    call_on(c, job->id);
    for (size_t i = 0; i < step.count; i++) {
        const struct item *item = &step.items[i].before;

        if (key_range_has(&table->schema, &keys, item)) {
            item_fill(c, table, &ITEM_ABSENT, item);
            job->items++;
            job->bytes += item->bytes;
        }
    }
    tally_save(c, table);
    text_set(&job->after, step.after);
    if (!step.ended) {
        job_save(c, job);
        return OK;
    }
    table->filling = false;
    summary_end(c, table);
    table_save(c, table);
    job_over(c, job);
    return OK;
}

const struct job_way job_restore = {"RestoreTable", restore_step, NULL, NULL};

/* ---- in place ---- */

static status rewind_step(struct call *c, struct job *job)
{
    struct past_range range = {.of = job->source, .cut = job->cut, .until = PAST_NOW,
                               .changes = true, .within = job->within, .after = job->after};
    struct table *table = job_table(c, job);
    struct key_range keys;
    struct past_step step;
    bool good = key_range_unpack(job->about, &keys);

    assert(good);
    assert(table != NULL);
    TRY(past_gather(c, &range, &step));
    call_on(c, job->id);
    for (size_t i = 0; i < step.count; i++) {
        const struct item *was = &step.items[i].before;
        const struct item *is = &step.items[i].after;
        const struct item *key = was->packed.bytes > 0 ? was : is;

        if (!str_eq(was->packed, is->packed) && key->packed.bytes > 0 &&
            key_range_has(&table->schema, &keys, key)) {
            item_change(c, table, is, was, NULL);
            job->items++;
            job->bytes += was->bytes;
        }
    }
    text_set(&job->after, step.after);
    if (step.ended) {
        job_over(c, job);
    } else {
        job_save(c, job);
    }
    return OK;
}

const struct job_way job_rewind = {"RestoreItems", rewind_step, NULL, NULL};
