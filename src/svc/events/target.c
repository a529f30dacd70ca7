/* SPDX-License-Identifier: Apache-2.0
 *
 * Targets: what PutTargets says, checked and compiled. A target keeps the model's value, which is
 * what ListTargetsByRule tells and what its row holds as JSON.
 */
#include "base/mem.h"
#include "svc/events/events_int.h"
#include "svc/events/text.h"
#include "wire/json.h"

#include <assert.h>

#define JSON_BYTES_MAX (1024u * 1024)
#define ARENA_BYTES_MAX (16u * 1024 * 1024)
#define SHOWN_BYTES_MAX 500 /* of a text that is no JSON, in the refusal */

/* ---- reading ---- */

/* The fields that follow from the value; what is wrong is in *ret_bad. */
static status fields_of(struct target *target, struct str *ret_bad)
{
    const struct value *value = target->value;
    const struct value *transformer = get(value, "InputTransformer");
    const struct value *sqs = get(value, "SqsParameters");
    const struct value *kinesis = get(value, "KinesisParameters");
    const struct value *dead = get(value, "DeadLetterConfig");
    const struct value *retry = get(value, "RetryPolicy");

    target->id = get_str(value, "Id");
    target->arn = get_str(value, "Arn");
    target->role = get_str(value, "RoleArn");
    target->input = has(value, "Input") ? get_str(value, "Input") : STR_NONE;
    target->input_path = has(value, "InputPath") ? get_str(value, "InputPath") : STR_NONE;
    target->group = sqs == NULL ? STR_NONE : get_str(sqs, "MessageGroupId");
    target->key_path = kinesis == NULL ? STR_NONE : get_str(kinesis, "PartitionKeyPath");
    target->dead_arn = dead == NULL ? STR_NONE : get_str(dead, "Arn");
    target->retries = RETRIES_MAX;
    target->age_ms_max = RETRY_AGE_MS;
    if (retry != NULL) {
        target->retries = (uint32_t)get_int(retry, "MaximumRetryAttempts", RETRIES_MAX);
        target->age_ms_max = 1000 * get_int(retry, "MaximumEventAgeInSeconds",
                                            RETRY_AGE_MS / 1000);
    }
    if (transformer == NULL) {
        return OK;
    }
    return transform_compile(target->arena, get_str(transformer, "InputTemplate"),
                             get(transformer, "InputPathsMap"), ret_bad, &target->transform);
}

/* Of JSON, which is copied. */
static status read_target(struct events *events, struct str json, struct str *ret_bad,
                          struct target **ret_target)
{
    struct arena *arena = arena_new(ARENA_BYTES_MAX);
    struct target *target = ARENA_NEW(arena, struct target);
    struct value *value = ARENA_NEW(arena, struct value);
    struct why why;
    status read = json_read(arena_dup(arena, json), events->target_shape, arena, &why, value);

    target->arena = arena;
    target->value = value;
    if (read == OK) {
        read = fields_of(target, ret_bad);
    }
    if (read != OK) {
        *ret_target = target; /* *ret_bad lies in it */
        return read;
    }
    *ret_target = target;
    return OK;
}

status target_load(struct events *events, struct str json, struct target **ret_target)
{
    struct target *target;
    struct str bad;

    if (read_target(events, json, &bad, &target) != OK) {
        target_free(target);
        return &ERR_CORRUPT;
    }
    *ret_target = target;
    return OK;
}

static struct str value_json(struct arena *arena, const struct value *value)
{
    struct buf text;
    struct str made;

    buf_init(&text, JSON_BYTES_MAX);
    json_write(&text, value, TIME_ISO);
    assert(!buf_spent(&text)); /* the model bounds its members */
    made = arena_dup(arena, buf_str(&text));
    buf_done(&text);
    return made;
}

struct str target_json(struct arena *arena, const struct target *target)
{
    return value_json(arena, target->value);
}

void target_free(struct target *target)
{
    if (target != NULL) {
        arena_free(target->arena);
    }
}

/* ---- checking ---- */

static bool is_json(struct call *c, struct str text)
{
    struct value value;
    struct why why;

    return json_read(arena_dup(c->arena, text), 0, c->arena, &why, &value) == OK;
}

static status role_check(struct call *c, const struct value *value, const struct arn *arn)
{
    static const char *const needed[] = {"kinesis", "firehose", "states", "ecs", "batch",
                                         "codebuild", "codepipeline", "ssm", "redshift",
                                         "sagemaker", "ec2", "inspector"};

    if (has(value, "RoleArn")) {
        return OK;
    }
    for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
        if (str_eq(arn->service, str_c(needed[i]))) {
            return fail(c, &EVENTS_VALIDATION, "RoleArn is required for target %.*s.",
                        STR_ARG(get_str(value, "Arn")));
        }
    }
    return OK;
}

static status dead_check(struct call *c, const struct value *value)
{
    const struct value *dead = get(value, "DeadLetterConfig");
    struct str text = dead == NULL ? STR_NONE : get_str(dead, "Arn");
    struct arn arn;

    if (text.bytes > 0 && (!arn_read(text, &arn) || !str_eq(arn.service, STR("sqs")) ||
                           str_ends(text, STR(".fifo")))) {
        return fail(c, &EVENTS_VALIDATION,
                    "Parameter DeadLetterConfig.Arn is not valid. Reason: Only standard Amazon SQS "
                    "queues are supported.");
    }
    return OK;
}

/* At most one of the three, each as it should be. */
static status input_check(struct call *c, const struct value *value)
{
    struct str id = get_str(value, "Id");
    struct str input = get_str(value, "Input");
    int inputs = has(value, "Input") + has(value, "InputPath") + has(value, "InputTransformer");

    if (inputs > 1) {
        return fail(c, &EVENTS_VALIDATION,
                    "Only one of Input, InputPath, or InputTransformer must be provided for "
                    "target %.*s.", STR_ARG(id));
    }
    if (has(value, "Input") && !is_json(c, input)) {
        return fail(c, &EVENTS_VALIDATION,
                    "JSON syntax error in input for target %.*s: [Source: (String)\"%.*s\"; "
                    "line: 1, column: 1]",
                    STR_ARG(id), STR_ARG(str_slice(input, 0, SHOWN_BYTES_MAX)));
    }
    if (has(value, "InputPath") && !path_good(get_str(value, "InputPath"))) {
        return fail(c, &EVENTS_VALIDATION, "Invalid InputPath for target %.*s.", STR_ARG(id));
    }
    return OK;
}

static status paths_check(struct call *c, const struct value *value)
{
    const struct value *transformer = get(value, "InputTransformer");
    const struct value *paths = transformer == NULL ? NULL : get(transformer, "InputPathsMap");

    for (uint32_t i = 0; paths != NULL && i < paths->count; i++) {
        struct str name = paths->pairs[i].key;

        if (str_starts_nocase(name, STR("aws."))) {
            return fail(c, &EVENTS_VALIDATION,
                        "InputPathsMap for target %.*s contains an invalid key %.*s: keys cannot "
                        "start with AWS.", STR_ARG(get_str(value, "Id")), STR_ARG(name));
        }
        if (!path_good(paths->pairs[i].value.str)) {
            return fail(c, &EVENTS_VALIDATION, "Invalid InputPath for target %.*s.",
                        STR_ARG(get_str(value, "Id")));
        }
    }
    return OK;
}

static status value_check(struct call *c, const struct value *value)
{
    const struct value *kinesis = get(value, "KinesisParameters");
    const struct value *sqs = get(value, "SqsParameters");
    struct str text = get_str(value, "Arn");
    struct arn arn;

    if (!arn_read(text, &arn) || arn.service.bytes == 0 || arn.resource.bytes == 0) {
        return fail(c, &EVENTS_VALIDATION,
                    "Parameter %.*s is not valid. Reason: Provided Arn is not in correct format.",
                    STR_ARG(text));
    }
    TRY(role_check(c, value, &arn));
    if (str_eq(arn.service, STR("sqs")) && str_ends(text, STR(".fifo")) &&
        (sqs == NULL || get_str(sqs, "MessageGroupId").bytes == 0)) {
        return fail(c, &EVENTS_VALIDATION,
                    "Parameter(s) SqsParameters must be specified for target: %.*s.",
                    STR_ARG(get_str(value, "Id")));
    }
    if (kinesis != NULL && !path_good(get_str(kinesis, "PartitionKeyPath"))) {
        return fail(c, &EVENTS_VALIDATION, "Invalid PartitionKeyPath for target %.*s.",
                    STR_ARG(get_str(value, "Id")));
    }
    TRY(dead_check(c, value));
    TRY(input_check(c, value));
    return paths_check(c, value);
}

status target_compile(struct call *c, const struct value *value, struct target **ret_target)
{
    struct target *target = NULL;
    struct str bad = STR_NONE;
    status compiled;

    TRY(value_check(c, value));
    compiled = read_target(events_of(c), value_json(c->arena, value), &bad, &target);
    if (compiled == OK) {
        *ret_target = target;
        return OK;
    }
    bad = arena_dup(c->arena, bad);
    target_free(target);
    if (compiled == &ERR_NOT_FOUND) {
        return fail(c, &EVENTS_VALIDATION,
                    "InputTemplate for target %.*s contains invalid placeholder %.*s.",
                    STR_ARG(get_str(value, "Id")), STR_ARG(bad));
    }
    return fail(c, &EVENTS_VALIDATION,
                "Invalid InputTemplate for target %.*s : [Source: (String)\"%.*s\"; line: 1, "
                "column: 1].", STR_ARG(get_str(value, "Id")),
                STR_ARG(str_slice(get_str(get(value, "InputTransformer"), "InputTemplate"), 0,
                                  SHOWN_BYTES_MAX)));
}

/* ---- of a rule ---- */

/* Where a target of that id stands, or would stand. */
static struct target **place(struct rule *rule, struct str id)
{
    struct target **at = &rule->targets;

    while (*at != NULL && str_cmp((*at)->id, id) < 0) {
        at = &(*at)->next;
    }
    return at;
}

bool target_remove(struct rule *rule, struct str id)
{
    struct target **at = place(rule, id);
    struct target *gone = *at;

    if (gone == NULL || !str_eq(gone->id, id)) {
        return false;
    }
    *at = gone->next;
    rule->target_count--;
    target_free(gone);
    return true;
}

void target_put(struct rule *rule, struct target *target)
{
    struct target **at;

    (void)target_remove(rule, target->id);
    at = place(rule, target->id);
    target->next = *at;
    *at = target;
    rule->target_count++;
}

struct target *target_find(const struct rule *rule, struct str id)
{
    for (struct target *at = rule->targets; at != NULL; at = at->next) {
        if (str_eq(at->id, id)) {
            return at;
        }
    }
    return NULL;
}
