/* SPDX-License-Identifier: Apache-2.0
 *
 * The engine of long work: picks the next table, does one step, and comes back.
 */
#include "svc/dynamodb/upkeep.h"

#include "cell/cell.h"
#include "cell/doing.h"

#include <assert.h>

#define PAUSE_MS 5          /* between steps, on a real clock: others' turn, and the disk's */
#define RETRY_MS 60000      /* after a step that could not be done */
#define ARENA_BYTES_MAX (64u << 20)

struct job {
    const char *name;       /* the entry's operation */
    void (*step)(struct call *c, struct table *table);
};

/* What a job does on which table; NULL: sweep what is doomed. */
struct chore {
    const struct job *job;  /* what */
    struct table *table;    /* of which; NULL: none */
};

static const struct job fill_index = {"FillIndex", index_fill_step};
static const struct job sweep_index = {"SweepIndex", index_sweep_step};
static const struct job fill_expiry = {"FillExpiry", expiry_fill_step};
static const struct job sweep_expiry = {"SweepExpiry", expiry_sweep_step};
static const struct job expire = {"ExpireItems", expire_step};

static const struct job *job_of(const struct table *table)
{
    for (size_t i = 0; i < table->index_count; i++) {
        if (table->indexes[i]->state == INDEX_CREATING && !table->filling) {
            return &fill_index;
        }
        if (table->indexes[i]->state == INDEX_DELETING) {
            return &sweep_index;
        }
    }
    return table->ttl_sweeping  ? &sweep_expiry
           : table->ttl_filling ? &fill_expiry
           : table->expiring    ? &expire
                                : NULL;
}

static status chore_run(struct call *c, void *arg)
{
    const struct chore *chore = arg;

    if (chore->table == NULL) {
        doomed_step(c);
    } else {
        call_on(c, table_arn(c->arena, chore->table));
        chore->job->step(c, chore->table);
    }
    return OK;
}

static status chore_step(struct dynamodb *dynamodb, struct chore *chore)
{
    struct arena *arena = arena_new(ARENA_BYTES_MAX);
    struct doing doing = {"dynamodb", "SweepTable", STR_NONE, STR_NONE, chore_run, chore};
    struct why why;
    status done;

    if (chore->table != NULL) {
        doing.name = chore->job->name;
        doing.account = arena_dup(arena, chore->table->account);
        doing.region = arena_dup(arena, chore->table->region);
    }
    done = cell_step(dynamodb->cell, &doing, arena, &why);
    arena_free(arena);
    return done;
}

/* The next thing to do; false: nothing. */
static bool chore_next(struct dynamodb *dynamodb, struct chore *ret_chore)
{
    while (!link_alone(&dynamodb->busy)) {
        struct table *table = LINK_OWNER(dynamodb->busy.next, struct table, place);
        const struct job *job = job_of(table);

        link_remove(&table->place);
        if (job != NULL) {
            list_push(&dynamodb->busy, &table->place); /* to the end: tables take turns */
            *ret_chore = (struct chore){job, table};
            return true;
        }
    }
    *ret_chore = (struct chore){NULL, NULL};
    return dynamodb->doomed;
}

static void upkeep_fire(struct cell *cell, struct timer *timer)
{
    struct dynamodb *dynamodb = LINK_OWNER(timer, struct dynamodb, upkeep);
    struct chore chore;

    if (!chore_next(dynamodb, &chore)) {
        return;
    }
    if (chore_step(dynamodb, &chore) != OK) {
        cell_timer_set(cell, timer, cell_now(cell) + RETRY_MS);
    } else {
        upkeep_soon(dynamodb);
    }
}

/* On a made-up clock nobody's time is saved by waiting, and nothing would end the pause: steps
 * follow one another at once, so a clock that is advanced has brought about all that is due. */
void upkeep_soon(struct dynamodb *dynamodb)
{
    struct cell *cell = dynamodb->cell;

    if (dynamodb->upkeep.index == 0) {
        cell_timer_set(cell, &dynamodb->upkeep,
                       cell_now(cell) + (cell_clock(cell)->manual ? 0 : PAUSE_MS));
    }
}

void upkeep_table(struct dynamodb *dynamodb, struct table *table)
{
    if (link_alone(&table->place)) {
        list_push(&dynamodb->busy, &table->place);
    }
    upkeep_soon(dynamodb);
}

void upkeep_tick(struct dynamodb *dynamodb)
{
    if (!link_alone(&dynamodb->busy) || dynamodb->doomed) {
        upkeep_soon(dynamodb);
    }
}

void upkeep_init(struct dynamodb *dynamodb)
{
    dynamodb->upkeep.fire = upkeep_fire;
    link_init(&dynamodb->busy);
    link_init(&dynamodb->gone);
}

void upkeep_open(struct dynamodb *dynamodb)
{
    struct str key;
    void *value;

    for (size_t i = 0; map_next(dynamodb->tables, &i, &key, &value);) {
        struct table *table = value;

        expiry_open(dynamodb, table);
        if (job_of(table) != NULL) {
            upkeep_table(dynamodb, table);
        }
    }
    upkeep_tick(dynamodb);
}
