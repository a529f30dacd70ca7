/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of event source mappings (mapping*.c) offer each other.
 */
#ifndef WEIR_SVC_LAMBDA_MAPPING_OPS_H
#define WEIR_SVC_LAMBDA_MAPPING_OPS_H

#include "svc/lambda/mapping.h"
#include "svc/lambda/mapping_int.h"

/* ---- mapping.c: life, and when to look ---- */

struct mapping *mapping_new(struct mappings *all, struct str uuid);
void mapping_free(struct mapping *mapping);
struct mapping *mapping_find(const struct mappings *all, struct str uuid); /* NULL: none */
/* By UUID, ARN, or FUNCTION:SOURCE (the last part of its ARN). NULL: none. */
struct mapping *mapping_named(struct call *c, struct str name);
/* Every owned text is replaced: *owned by a copy of text. */
void mapping_text_set(struct str *owned, struct str text);
/* Reads config into settings, function and source; what it cannot read is ERR_CORRUPT. */
status mapping_configure(struct call *c, struct mapping *mapping, struct str config);
/* Watches while it is enabled, or does not; and looks. */
void mapping_resume(struct cell *cell, struct mapping *mapping);
void mapping_look(struct call *c, struct mapping *mapping);
/* The next look: not after that moment. */
void mapping_look_by(struct mapping *mapping, int64_t at_ms);
/* The function may take one more batch; else the next look is set. */
bool mapping_may_run(struct call *c, struct mapping *mapping, struct version *ret_version);
/* Its rows go, and its holds; it is freed when nothing is under way any more. */
void mapping_delete(struct call *c, struct mapping *mapping);
void mapping_result(struct mapping *mapping, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* One step of a mapping: its own call, in the cell. */
status mapping_step(struct mapping *mapping, const char *name,
                    status (*run)(struct call *c, void *arg), void *arg);

/* ---- mapping_batch.c ---- */

/* Records on their way through the function. */
struct batch {
    struct link link;          /* among its mapping's */
    struct mapping *mapping;   /* whose */
    struct lane *lane;         /* NULL: of a queue, or set aside */
    uint64_t epoch;            /* of the lane when it began */
    uint64_t from, next;       /* of the lane: it stands for these positions */
    bool aside;                /* of what was set aside */
    bool final;                /* the last of a window */
    struct arena *arena;       /* of all below; freed with the batch */
    struct source_record *records; /* invoked with; without texts, but on the way there */
    size_t count;              /* of them */
    struct str *rows;          /* aside: keys of their rows */
    struct str trace;          /* X-Ray header that it runs with */
    struct str role;           /* the function's */
    struct str event;          /* as the function got it, when a bucket is to be told of failures */
    struct ran_how how;        /* what became of it */
    bool ended;                /* how is known; what follows is committed as soon as possible */
    struct timer again;        /* when that could not be committed */
};

struct batch *batch_new(struct mapping *mapping, struct lane *lane);
/* Keeps what it needs of the records beside their texts. */
void batch_keep(struct batch *batch, const struct source_record *records, size_t count);
/* Runs it with an event of these records; freed when it was done. Anything but OK: freed now. */
status batch_start(struct call *c, struct batch *batch, const struct version *version,
                   const struct source_record *records);
void batches_done(struct mapping *mapping); /* forgets them: the cell closes */
/* The runner's: in a visit or a timer's fire. */
void batch_done(struct cell *cell, struct batch *batch, const struct ran_how *how);

/* What a function reported: of count records those that failed. ITEMS_ALL: all did, or the answer
 * is none that can be understood. */
enum items { ITEMS_NONE, ITEMS_SOME, ITEMS_ALL };
enum items batch_report(struct str answer, const struct source_record *records, size_t count,
                        struct arena *arena, bool *ret_failed);
/* The answer's state as JSON; false: there is none. */
bool batch_state(struct str answer, struct arena *arena, struct str *ret_state);
/* Tells the destination, if there is one, of records that are given up. */
struct given_up {
    const struct batch *batch; /* how and of which lane; ran or not */
    const char *condition;     /* "RetryAttemptsExhausted", "RecordAgeExceeded" */
    const struct source_record *records; /* those */
    size_t count;              /* of them */
    uint32_t invokes;          /* how often they were tried */
};
void batch_give_up(struct call *c, const struct given_up *given_up);

/* ---- mapping_queue.c, mapping_shard.c, mapping_lane.c, mapping_aside.c ---- */

void queue_look(struct call *c, struct mapping *mapping);
void queue_finish(struct call *c, struct batch *batch);

/* Lists shards when they may have changed, then looks at every lane. */
void shards_look(struct call *c, struct mapping *mapping);
/* Makes lanes for shards that are new to it. */
status shards_list(struct call *c, struct mapping *mapping);
struct mapping_shard *shard_find(const struct mapping *mapping, uint64_t number);
struct mapping_shard *shard_add(struct mapping *mapping, uint64_t number, struct str id);
void shard_lanes(struct mapping_shard *shard, uint32_t count, uint64_t next);
void shards_done(struct mapping *mapping);
/* Their rows go; false: some are left. */
bool shards_sweep(struct call *c, struct mapping *mapping);
/* Everything of these shards (id empty: all) is to be read from there on. */
status shards_seek(struct call *c, struct mapping *mapping, struct str id,
                   const struct source_start *start);

/* before: reads nothing at or behind it; 0: to the end. */
void lane_look(struct call *c, struct lane *lane, uint64_t before);
void lane_finish(struct call *c, struct batch *batch);
void lane_seek(struct lane *lane, uint64_t next);
int64_t mapping_backoff_ms(uint32_t tries);

void aside_look(struct call *c, struct mapping *mapping);
void aside_finish(struct call *c, struct batch *batch);
/* Whether records of that key wait, or are to wait. */
bool aside_wanted(struct call *c, const struct mapping *mapping, struct str key);
/* False: MAPPING_ASIDE_MAX keys wait already. */
bool aside_put(struct call *c, const struct lane *lane, const struct source_record *record);
bool aside_count(struct mapping *mapping, struct str key, int64_t more);

/* ---- mapping_filter.c ---- */

/* The InvalidParameterValueException's sentence in *why. */
status filter_compile(struct str pattern, struct why *why, struct pattern **ret_filter);
/* One of its filters matches, or it has none. */
bool filter_passes(const struct mapping *mapping, const struct source_record *record,
                   struct arena *scratch);

/* ---- mapping_keys.c: the only file that knows their rows ---- */

void mapping_save(struct call *c, const struct mapping *mapping);
void mapping_erase(struct call *c, const struct mapping *mapping); /* its own row only */
void shard_save(struct call *c, const struct mapping_shard *shard);
void shard_erase(struct call *c, const struct mapping_shard *shard); /* with its lanes */
void lane_save(struct call *c, const struct lane *lane);
status mappings_load(struct mappings *all);

/* A record set aside, as its row says. */
struct aside {
    struct str row;            /* the row's key */
    struct str key;            /* of the record */
    uint64_t shard, number;    /* where it was */
    struct source_record record; /* strings in the call's arena; texts, too */
};
bool aside_there(struct call *c, const struct mapping *mapping, const struct aside *aside);
void aside_save(struct call *c, const struct mapping *mapping, const struct aside *aside);
/* Those of a key (STR_NONE: of all keys) by shard, then number; *scan NULL at first; false at the
 * end. txn_scan_close() is the caller's. */
bool aside_next(struct call *c, const struct mapping *mapping, struct str key,
                struct txn_scan **scan, struct aside *ret_aside);
void aside_erase(struct call *c, struct str row);

/* ---- mapping_run.c ---- */

/* A role may drain the source: InvalidParameterValueException. */
status mapping_role_check(struct call *c, struct str role, struct str source);

/* ---- mapping_check.c: of a Create- or UpdateEventSourceMapping ---- */

/* There is such a source: InvalidParameterValueException, NotImplemented. */
status mapping_source_check(struct call *c, struct str arn, struct source_about *ret_about);
/* Puts what the call says over what config says already, checked, with defaults. */
status mapping_config_check(struct call *c, struct value *config,
                            const struct source_about *about, bool creating);
/* A function's time must fit into a queue's visibility timeout. */
status mapping_timeout_check(struct call *c, const struct source_about *about,
                             const struct version *version);

#endif
