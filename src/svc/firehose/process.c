/* SPDX-License-Identifier: Apache-2.0
 *
 * Processing: records of the first lane are taken out of what they came in, cut, handed to a
 * function, asked for their partition, and end in the lanes behind, in the entry that trims the
 * first.
 *
 *   read ──► unwrap, cut ──► ask the function ──► its answer ──► partition, delimiter ──► commit
 *   inside      outside          inside            outside           outside              inside
 *
 * Rules
 *  1. Nobody waits for a function: the thread goes home, and another one goes on when the function
 *     has answered. Whoever comes second of the thread that asked and the answer goes on.
 *  2. A function that fails is asked again with the same batch, so often as the stream says; then
 *     its records are failures.
 *  3. Partition keys are those that the prefix names, in its order.
 */
#include "base/mem.h"
#include "bus/invoke.h"
#include "cell/authorize.h"
#include "svc/firehose/aggregate.h"
#include "svc/firehose/firehose_ops.h"
#include "svc/firehose/prefix.h"
#include "svc/firehose/query.h"
#include "svc/firehose/transform.h"
#include "sys/thread.h"
#include "wire/gunzip.h"
#include "wire/json.h"

#define ITEMS_MAX 10000                       /* of a batch, and of one record */
#define PLAIN_BYTES_MAX (8u << 20)            /* of a record that is packed */
#define ITEMS_BYTES_MAX (24u << 20)           /* of a batch, and what one record adds to it */
#define PAYLOAD_BYTES_MAX INVOKE_PAYLOAD_BYTES_MAX
#define BUSY_MS (1 * MS_PER_SECOND)           /* before a busy function is asked again */
#define PAIRS_BYTES_MAX 512                   /* of a record's partition keys */

struct process {
    struct cell *cell;           /* where */
    struct job *job;             /* whose */
    struct item *items;          /* of the batch, in the job's arena */
    size_t count;                /* of them */
    size_t used;                 /* records that they are of */
    struct buf payload;          /* for the function */

    struct lock lock;            /* these two */
    bool asked;                  /* the thread that asked is done with it */
    bool answered;               /* told ran */
    enum invoke_outcome outcome; /* of the function */
    struct str answer;           /* its; owned */
    const char *code;            /* it could not be asked; NULL: it was */
    bool busy;                   /* that may be better soon */
};

/* ---- unwrapping and cutting ---- */

static struct item *item_add(struct process *process, const struct stored *from, struct str data,
                             uint64_t sub)
{
    struct item *item = &process->items[process->count++];
    struct job *job = process->job;

    *item = (struct item){.from = from, .data = data, .source = data, .sub = sub};
    item->id = record_number(job->arena, job->id, job->sequences[from - job->records], sub);
    return item;
}

/* The messages of CloudWatch Logs' envelope, one a line. */
static bool take_messages(struct arena *arena, struct str data, struct str *ret_lines)
{
    const struct value *events;
    struct value document;
    struct buf lines;
    struct why why;

    if (json_read(arena_dup(arena, data), 0, arena, &why, &document) != OK ||
        document.kind != VALUE_MAP) {
        return false;
    }
    events = map_find(&document, STR("logEvents"));
    buf_init(&lines, PLAIN_BYTES_MAX);
    for (uint32_t i = 0; events != NULL && events->kind == VALUE_LIST && i < events->count; i++) {
        const struct value *message = events->items[i].kind == VALUE_MAP
                                          ? map_find(&events->items[i], STR("message"))
                                          : NULL;

        if (message != NULL && message->kind == VALUE_STR) {
            buf_add(&lines, message->str);
            buf_add_c(&lines, '\n');
        }
    }
    *ret_lines = arena_dup(arena, buf_str(&lines));
    buf_done(&lines);
    return true;
}

static bool unwrap(struct process *process, struct item *item)
{
    const struct processing *processing = &process->job->plan->processing;
    struct arena *arena = process->job->arena;
    struct str plain;
    struct why why;

    if (processing->decompress) {
        if (gunzip(item->data, PLAIN_BYTES_MAX, arena, &why, &plain) != OK) {
            item_fail(item, "Decompression.Failed", STR("The record is not gzip."));
            return false;
        }
        item->data = plain;
    }
    if (processing->messages) {
        if (!take_messages(arena, item->data, &plain)) {
            item_fail(item, "CloudWatchLogProcessing.Failed",
                      STR("The record is not a message of CloudWatch Logs."));
            return false;
        }
        item->data = plain;
        if (plain.bytes == 0) {
            item->state = ITEM_DROPPED; /* a control message */
        }
    }
    return item->state == ITEM_GOOD;
}

/* Parts of an item's record instead of it; as it is where there is nothing to cut. */
static void cut(struct process *process, struct item *whole)
{
    const struct processing *processing = &process->job->plan->processing;
    struct item as = *whole;
    size_t first = process->count - 1;
    struct str rest = as.data;
    struct str part;
    uint64_t sub = 0;

    process->count = first;
    while (processing->cutting == CUT_JSON ? cut_json(&rest, &part)
                                           : cut_delimited(&rest, processing->delimiter, &part)) {
        if (process->count - first == ITEMS_MAX) {
            break;
        }
        (void)item_add(process, as.from, part, sub++);
    }
    if (rest.bytes > 0) { /* not to be cut, or too much */
        process->count = first;
        whole = item_add(process, as.from, as.data, 0);
        item_fail(whole, "DeAggregation.Failed",
                  sub == ITEMS_MAX ? STR("The record has too many sub-records.")
                                   : STR("The record could not be de-aggregated."));
    }
}

/* Records to items, as many as fit into an entry and a function's event. */
static void take_records(struct process *process)
{
    const struct processing *processing = &process->job->plan->processing;
    struct job *job = process->job;
    size_t bytes_max = processing->function.bytes > 0 ? PAYLOAD_BYTES_MAX : ITEMS_BYTES_MAX;
    size_t bytes = 4096; /* around them */

    process->items = arena_alloc(job->arena, (2 * ITEMS_MAX + 2) * sizeof(struct item));
    for (size_t i = 0; i < job->count; i++) {
        size_t first = process->count;
        struct item *item = item_add(process, &job->records[i], job->records[i].data, 0);
        size_t more = 0;

        if (unwrap(process, item) && processing->cutting != CUT_NONE) {
            cut(process, item);
        }
        for (size_t k = first; k < process->count; k++) {
            more += transform_bytes(&process->items[k]);
        }
        if (i > 0 && (process->count > ITEMS_MAX || bytes + more > bytes_max)) {
            process->count = first;
            return;
        }
        bytes += more;
        process->used = i + 1;
        job->next = job->sequences[i] + 1;
        job->bytes += job->records[i].data.bytes;
    }
}

/* ---- partitions ---- */

static const char partition_code[] = "DynamicPartitioning.MetadataExtractionFailed";

/* A key's value as text; false: it is none, or empty. */
static bool key_text(struct arena *arena, const struct value *value, struct str *ret_text)
{
    struct value plain;
    struct buf text;

    if (value == NULL || value->kind == VALUE_NULL || value->kind == VALUE_LIST ||
        value->kind == VALUE_MAP || value->kind == VALUE_NONE) {
        return false;
    }
    if (value->kind == VALUE_STR) {
        *ret_text = value->str;
        return value->str.bytes > 0;
    }
    buf_init(&text, 512);
    plain = query_plain(value);
    json_write(&text, &plain, TIME_EPOCH);
    *ret_text = arena_dup(arena, buf_str(&text));
    buf_done(&text);
    return true;
}

struct partition {
    struct arena *arena;            /* of texts */
    const struct value *of_query;   /* an object; NULL: there is no query */
    const struct value *of_function; /* an object, or NULL */
    struct pair_text pairs[PAIRS_MAX]; /* those that the prefix names */
    size_t count;                   /* of them */
    size_t bytes;                   /* of their values */
};

static bool take_key(void *arg, bool from_function, struct str name)
{
    struct partition *partition = arg;
    const struct value *of = from_function ? partition->of_function : partition->of_query;
    struct pair_text pair = {.name = name, .from_function = from_function};

    for (size_t i = 0; i < partition->count; i++) {
        if (partition->pairs[i].from_function == from_function &&
            str_eq(partition->pairs[i].name, name)) {
            return true;
        }
    }
    if (of == NULL || partition->count == PAIRS_MAX ||
        !key_text(partition->arena, map_find(of, name), &pair.value)) {
        return false;
    }
    partition->bytes += pair.value.bytes;
    partition->pairs[partition->count++] = pair;
    return partition->bytes <= PAIRS_BYTES_MAX;
}

static void find_partition(struct process *process, struct item *item, struct arena *scratch)
{
    const struct plan *plan = process->job->plan;
    struct partition partition = {.arena = scratch, .of_function = item->keys_of_function};
    struct value document;
    struct value found;
    struct why why = {""};

    if (plan->processing.query != NULL) {
        if (json_read(arena_dup(scratch, item->data), 0, scratch, &why, &document) != OK) {
            item_fail(item, partition_code, STR("Non JSON record provided"));
            return;
        }
        if (query_run(plan->processing.query, &document, scratch, &why, &found) != OK) {
            item_fail(item, partition_code,
                      arena_dup(process->job->arena, str_c(why.text)));
            return;
        }
        partition.of_query = found.kind == VALUE_MAP ? &found : NULL;
    }
    if (!prefix_keys(plan->main.prefix, take_key, &partition)) {
        item_fail(item, partition_code,
                  STR("partitionKeys values must not be null or empty"));
        return;
    }
    item->pairs = pairs_write(process->job->arena, partition.pairs, partition.count);
}

/* What is done to each record behind the function. */
static void finish_items(struct process *process)
{
    const struct plan *plan = process->job->plan;
    struct arena *scratch = arena_new(256u << 20);

    for (size_t i = 0; i < process->count; i++) {
        struct item *item = &process->items[i];

        if (item->state == ITEM_GOOD && plan->partitioned) {
            arena_clear(scratch);
            find_partition(process, item, scratch);
        }
        if (item->state == ITEM_GOOD && plan->processing.appended.bytes > 0) {
            item->data = str_join(process->job->arena, item->data, plan->processing.appended);
        }
    }
    arena_free(scratch);
}

/* ---- committing, in the cell ---- */

static void commit_item(struct call *c, struct process *process, struct stream *stream,
                        const struct item *item)
{
    const struct job *job = process->job;
    struct failure failure = {
        .code = item->code,
        .message = item->message,
        .attempts = job->attempts + 1,
        .arrived_ms = item->from->at_ms,
        .ended_ms = c->now,
        .data = item->source,
        .function = str_starts(str_c(item->code == NULL ? "" : item->code), STR("Lambda."))
                        ? job->plan->processing.function
                        : STR_NONE,
    };

    if (item->state == ITEM_FAILED) {
        lane_append(c, &stream->lanes[LANE_FAILED],
                    head_failed(c->arena, item->from->at_ms, STR("processing-failed")),
                    failure_line(c->arena, &failure));
    } else if (item->state == ITEM_GOOD) {
        lane_append(c, &stream->lanes[LANE_READY],
                    head_ready(c->arena, item->from->at_ms, item->pairs), item->data);
    }
}

/* One line for the batch: of its first failure. */
static void tell_failure(struct call *c, struct process *process)
{
    const struct plan *plan = process->job->plan;
    bool http = plan->endpoint.url.bytes > 0;

    for (size_t i = 0; i < process->count; i++) {
        const struct item *item = &process->items[i];
        struct complaint complaint = {
            .group = http ? plan->endpoint.group : plan->main.group,
            .stream = http ? plan->endpoint.stream : plan->main.stream,
            .destination = http ? plan->endpoint.url
                                : arena_printf(c->arena, "arn:aws:s3:::%.*s",
                                               STR_ARG(plan->main.bucket)),
            .code = item->code,
            .message = item->message,
            .processor = plan->processing.function,
        };

        if (item->state == ITEM_FAILED) {
            complain(c, process->job, &complaint);
            return;
        }
    }
}

static status commit_step(struct call *c, void *arg)
{
    struct process *process = arg;
    struct job *job = process->job;
    struct lane *lane = job_lane(c, job);

    if (lane == NULL || process->used == 0) {
        return OK;
    }
    call_on(c, job->arn);
    for (size_t i = 0; i < process->count; i++) {
        commit_item(c, process, lane->stream, &process->items[i]);
    }
    for (size_t i = 0; job->plan->processing.backup && i < process->used; i++) {
        lane_append(c, &lane->stream->lanes[LANE_BACKUP],
                    head_ready(c->arena, job->records[i].at_ms, STR_NONE), job->records[i].data);
    }
    tell_failure(c, process);
    return lane_trim(c, lane, job->next, job->bytes);
}

/* ---- the function ---- */

static void process_free(struct process *process)
{
    buf_done(&process->payload);
    lock_done(&process->lock);
    text_set(&process->answer, STR_NONE);
    mem_free(process);
}

static void process_end(struct process *process)
{
    struct cell *cell = process->cell;
    struct job *job = process->job;

    process_free(process);
    job_end(cell, job);
}

static void commit(struct process *process)
{
    if (cell_ending(process->cell)) {
        return;
    }
    finish_items(process);
    (void)job_step(process->cell, process->job, commit_step, process);
}

static status again_step(struct call *c, void *arg)
{
    struct process *process = arg;
    struct lane *lane = job_lane(c, process->job);

    if (lane != NULL) {
        lane_failed(c, lane, process->busy ? BUSY_MS : 0);
        lane->held = process->job->next;
    }
    return OK;
}

static const char *failure_of(const struct process *process)
{
    return process->code != NULL                        ? process->code
           : process->outcome == INVOKE_NOT_RUN         ? "Lambda.InvokeLimitExceeded"
           : process->outcome == INVOKE_FAILED          ? "Lambda.FunctionError"
                                                        : NULL;
}

static struct str words_of(const char *code)
{
    static const struct {
        const char *code;   /* AWS's */
        struct str words;   /* and its sentence */
    } known[] = {
        {"Lambda.InvokeLimitExceeded",
         STR_INIT("The Lambda concurrent execution limit is exceeded. Increase the concurrent "
                  "execution limit.")},
        {"Lambda.InvokeAccessDenied",
         STR_INIT("Access was denied. Ensure that the access policy allows access to the Lambda "
                  "function.")},
        {"Lambda.ResourceNotFound",
         STR_INIT("The specified Lambda function does not exist. Use a different function that "
                  "does exist.")},
        {"Lambda.FunctionError",
         STR_INIT("The Lambda function was successfully invoked but it returned an error "
                  "result.")},
    };

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (strcmp(known[i].code, code) == 0) {
            return known[i].words;
        }
    }
    return STR("The Lambda function could not be invoked.");
}

/* On a thread: the function has answered, or could not be asked. */
static void go_on(struct process *process)
{
    struct job *job = process->job;
    const char *code = failure_of(process);

    if (code == NULL) {
        struct item *asked = arena_alloc(job->arena, (process->count + 1) * sizeof(*asked));
        size_t count = 0;

        for (size_t i = 0; i < process->count; i++) {
            if (process->items[i].state == ITEM_GOOD) {
                asked[count++] = process->items[i];
            }
        }
        transform_answer(process->answer, job->arena, asked, count);
        for (size_t i = 0, k = 0; i < process->count; i++) {
            if (process->items[i].state == ITEM_GOOD) {
                process->items[i] = asked[k++];
            }
        }
    } else if (job->attempts < job->plan->processing.retries && !cell_ending(process->cell)) {
        (void)job_step(process->cell, job, again_step, process);
        process_end(process);
        return;
    }
    for (size_t i = 0; code != NULL && i < process->count; i++) {
        if (process->items[i].state == ITEM_GOOD) {
            item_fail(&process->items[i], code, words_of(code));
        }
    }
    commit(process);
    process_end(process);
}

static void go_on_work(struct cell *cell, void *arg)
{
    (void)cell;
    go_on(arg);
}

/* True: both came, and it is on the second to go on. */
static bool meet(struct process *process, bool *mine)
{
    bool both;

    lock_take(&process->lock);
    *mine = true;
    both = process->asked && process->answered;
    lock_give(&process->lock);
    return both;
}

static void told(struct cell *cell, void *arg, const struct invoked *invoked)
{
    struct process *process = arg;

    process->outcome = invoked->outcome;
    text_set(&process->answer, invoked->answer);
    process->busy = invoked->outcome == INVOKE_NOT_RUN;
    if (meet(process, &process->answered)) {
        cell_spawn(cell, go_on_work, process);
    }
}

static status ask_step(struct call *c, void *arg)
{
    struct process *process = arg;
    const struct processing *processing = &process->job->plan->processing;
    struct invoke_wish wish = {
        .function = processing->function,
        .payload = buf_str(&process->payload),
        .principal = STR("firehose.amazonaws.com"),
        .source = process->job->arn,
        .account = process->job->account,
        .allowed = true,
        .alone = true,
    };
    struct str role = processing->function_role.bytes > 0 ? processing->function_role
                                                          : process->job->plan->main.role;
    status asked;

    if (!role_may(c, role, "lambda:InvokeFunction", processing->function)) {
        process->code = "Lambda.InvokeAccessDenied";
        process->answered = true;
        return OK;
    }
    asked = bus_invoke_told(c, &wish, told, process);
    c->why.text[0] = '\0';
    if (asked != OK) {
        process->busy = asked == &BUS_BUSY;
        process->code = asked == &BUS_BUSY        ? "Lambda.InvokeLimitExceeded"
                        : asked == &BUS_NO_TARGET ? "Lambda.ResourceNotFound"
                        : asked == &BUS_REFUSED   ? "Lambda.InvokeAccessDenied"
                                                  : "Lambda.InvokeFailed";
        process->answered = true;
    }
    return OK;
}

static void ask(struct process *process)
{
    struct job *job = process->job;
    struct item *items = arena_alloc(job->arena, (process->count + 1) * sizeof(*items));
    struct transform_ask ask = {.arn = job->arn, .region = job->region,
                                .source = process->job->source, .items = items};
    struct rand rand;

    for (size_t i = 0; i < process->count; i++) {
        if (process->items[i].state == ITEM_GOOD) {
            items[ask.count++] = process->items[i];
        }
    }
    if (ask.count == 0) {
        commit(process);
        process_end(process);
        return;
    }
    rand_init_system(&rand);
    rand_uuid(&rand, ask.invocation);
    transform_payload(&process->payload, &ask);
    if (buf_spent(&process->payload)) {
        process->code = "Lambda.InvokeFailed";
        job->attempts = job->plan->processing.retries; /* it would not be smaller next time */
        go_on(process);
        return;
    }
    if (!job_step(process->cell, job, ask_step, process)) {
        process_end(process);
        return;
    }
    if (meet(process, &process->asked)) {
        go_on(process);
    }
}

/* ---- the thread ---- */

void process_run(struct cell *cell, void *arg)
{
    struct job *job = arg;
    struct process *process = MEM_NEW(struct process);
    bool read = !cell_ending(cell) && job_read(cell, job, job->plan->processing.size_bytes);

    process->cell = cell;
    process->job = job;
    lock_init(&process->lock);
    buf_init(&process->payload, PAYLOAD_BYTES_MAX);
    if (!read || job->count == 0) {
        process_end(process);
        return;
    }
    take_records(process);
    if (job->plan->processing.function.bytes > 0) {
        ask(process);
        return;
    }
    commit(process);
    process_end(process);
}
