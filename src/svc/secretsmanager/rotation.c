/* SPDX-License-Identifier: Apache-2.0
 *
 * Rotation: a function is asked to make, set, test and finish a new version, step by step.
 *
 *   RotateSecret, "rotate/ARN"  →  a row, AWSPENDING on a version without a value
 *     step 0 to 3: the function is invoked
 *       it answered        →  the next step; behind the last one AWSCURRENT must be at the version
 *       it failed          →  all over again, at "retry/ARN": after 1, 2, 4 … 60 minutes
 *   weir starts              →  rows without a timer: their step again
 *
 * A step may so run twice; functions of rotation expect that.
 */
#include "base/mem.h"
#include "bus/invoke.h"
#include "bus/timer.h"
#include "svc/secretsmanager/secretsmanager_ops.h"
#include "wire/json.h"
#include "wire/wire.h"

#include <assert.h>

#define STEPS 4
#define STEP_TEST 2
#define RETRY_MINUTES_MAX 60
#define PAYLOAD_BYTES_MAX 8192

static const char *const steps[STEPS] = {"createSecret", "setSecret", "testSecret",
                                         "finishSecret"};

/* An invocation, and what it is for; on the heap. */
struct run {
    struct str arn;    /* of the secret; owned */
    struct str token;  /* the version's id; owned */
    uint8_t step;      /* which it does */
    bool answered;     /* the function did, and not with an error */
};

static void run_free(struct run *run)
{
    mem_free((char *)(uintptr_t)run->arn.at);
    mem_free((char *)(uintptr_t)run->token.at);
    mem_free(run);
}

static struct str timer_name(struct call *c, const char *what, const struct secret *secret)
{
    return arena_printf(c->arena, "%s/%.*s", what, STR_ARG(secret_arn(secret)));
}

void rotation_forget(struct call *c, const struct secret *secret)
{
    rotation_erase(c, secret);
    bus_timer_unset(c, SECRETS_SERVICE, timer_name(c, "retry", secret));
    bus_timer_unset(c, SECRETS_SERVICE, timer_name(c, "rotate", secret));
}

void rotation_plan(struct call *c, struct secret *secret)
{
    const struct value *rules = get(secret->about, "RotationRules");
    int64_t from_ms, to_ms;

    if (!get_bool(secret->about, "RotationEnabled", false) || rules == NULL ||
        !schedule_next(rules, c->now, &from_ms, &to_ms)) {
        unset(secret->about, "NextRotationDate");
        bus_timer_unset(c, SECRETS_SERVICE, timer_name(c, "rotate", secret));
        return;
    }
    set_time(secret->about, "NextRotationDate", to_ms);
    bus_timer_set(c, SECRETS_SERVICE, timer_name(c, "rotate", secret), from_ms, STR_NONE);
}

/* ---- a step ---- */

static void told(struct cell *cell, void *arg, const struct invoked *invoked);

static struct str payload_of(struct call *c, const struct secret *secret, uint8_t step,
                             struct str token)
{
    struct buf text;
    struct str payload;

    buf_init(&text, PAYLOAD_BYTES_MAX);
    buf_printf(&text, "{\"Step\":\"%s\",\"SecretId\":", steps[step]);
    json_write_str(&text, secret_arn(secret));
    buf_add(&text, STR(",\"ClientRequestToken\":"));
    json_write_str(&text, token);
    buf_printf(&text, ",\"RotationToken\":\"%.*s\"}", STR_ARG(uuid_new(c)));
    assert(!buf_spent(&text));
    payload = arena_dup(c->arena, buf_str(&text));
    buf_done(&text);
    return payload;
}

static status step_begin(struct call *c, const struct secret *secret,
                         const struct rotation *rotation)
{
    struct run *run = MEM_NEW(struct run);
    struct invoke_wish wish = {
        .function = get_str(secret->about, "RotationLambdaARN"),
        .payload = payload_of(c, secret, rotation->step, rotation->token),
        .principal = STR("secretsmanager.amazonaws.com"),
        .source = secret_arn(secret),
        .account = secret->account,
    };
    status begun;

    run->arn = str_of(mem_dup(secret_arn(secret).at, secret_arn(secret).bytes),
                      secret_arn(secret).bytes);
    run->token = str_of(mem_dup(rotation->token.at, rotation->token.bytes),
                        rotation->token.bytes);
    run->step = rotation->step;
    begun = bus_invoke_told(c, &wish, told, run);
    if (begun != OK) {
        run_free(run);
    }
    return begun;
}

status rotation_begin(struct call *c, struct secret *secret, struct rotation *rotation)
{
    status begun;

    rotation->step = rotation->test ? STEP_TEST : 0;
    begun = step_begin(c, secret, rotation);
    if (begun == &BUS_REFUSED) {
        return fail(c, &SECRETS_ACCESS,
                    "Secrets Manager cannot invoke the specified Lambda function. Ensure that "
                    "the function policy grants access to the principal "
                    "secretsmanager.amazonaws.com.");
    }
    if (begun == &BUS_NO_TARGET) {
        return fail(c, &SECRETS_NOT_FOUND,
                    "Secrets Manager can't find the specified Lambda function.");
    }
    if (begun != OK) {
        return fail(c, &SECRETS_REQUEST, "The rotation function cannot run now: %s",
                    arena_dup(c->arena, str_c(c->why.text)).at);
    }
    rotation->retry_ms = 0;
    rotation_save(c, secret, rotation);
    return OK;
}

/* ---- how it goes on ---- */

static void again_later(struct call *c, const struct secret *secret, struct rotation *rotation)
{
    int64_t minutes = rotation->attempts < 6 ? INT64_C(1) << rotation->attempts
                                             : RETRY_MINUTES_MAX;

    rotation->attempts++;
    rotation->step = 0;
    rotation->retry_ms = c->now + minutes * MS_PER_MINUTE;
    rotation_save(c, secret, rotation);
    bus_timer_set(c, SECRETS_SERVICE, timer_name(c, "retry", secret), rotation->retry_ms,
                  STR_NONE);
    call_on(c, secret_arn(secret));
}

static void done(struct call *c, struct secret *secret, const struct rotation *rotation)
{
    rotation_erase(c, secret);
    if (rotation->test) {
        label_move(c, secret, STR("AWSPENDING"), STR_NONE);
        version_erase(c, secret, rotation->token);
    } else {
        set_time(secret->about, "LastRotatedDate", c->now);
        set_time(secret->about, "LastChangedDate", c->now);
    }
    rotation_plan(c, secret);
    secret_save(c, secret);
}

/* The step that the row says, by an invocation; later when none can begin. */
static void step_go(struct call *c, struct secret *secret, struct rotation *rotation)
{
    rotation->retry_ms = 0;
    if (step_begin(c, secret, rotation) == OK) {
        rotation_save(c, secret, rotation);
    } else {
        again_later(c, secret, rotation);
    }
}

static status come_back(struct call *c, void *arg)
{
    struct run *run = arg;
    struct rotation rotation;
    struct secret secret;
    struct arn arn;
    bool good = arn_read(run->arn, &arn);

    assert(good);
    c->account = arn.account;
    c->region = arn.region;
    if (secret_of_id(c, run->arn, &secret) != OK ||
        !rotation_load(c, &secret, &rotation) || !str_eq(rotation.token, run->token) ||
        rotation.step != run->step || rotation.retry_ms != 0) {
        return OK; /* cancelled or deleted meanwhile */
    }
    if (rotation.test) {
        done(c, &secret, &rotation);
        return OK;
    }
    if (!run->answered ||
        (run->step + 1 == STEPS &&
         !str_eq(label_owner(&secret, STR("AWSCURRENT")), rotation.token))) {
        again_later(c, &secret, &rotation);
    } else if (run->step + 1 == STEPS) {
        done(c, &secret, &rotation);
    } else {
        rotation.step++;
        step_go(c, &secret, &rotation);
    }
    return OK;
}

static void told(struct cell *cell, void *arg, const struct invoked *invoked)
{
    struct arena *arena = arena_new(1u << 20);
    struct run *run = arg;
    struct doing doing = {
        .service = SECRETS_SERVICE, .name = "RotateSecret", .run = come_back, .arg = run};
    struct why why;

    run->answered = invoked->outcome == INVOKE_ANSWERED;
    /* Refused only by a full disk: goes on when weir starts again. */
    (void)cell_step(cell, &doing, arena, &why);
    run_free(run);
    arena_free(arena);
}

/* ---- moments ---- */

/* A version for the rotation to fill: the one that is pending, or a new one. */
static struct str pending(struct call *c, struct secret *secret)
{
    struct str current = label_owner(secret, STR("AWSCURRENT"));
    struct str id = label_owner(secret, STR("AWSPENDING"));

    if (id.at == NULL || str_eq(id, current)) {
        id = uuid_new(c);
        version_add_empty(c, secret, id);
        label_move(c, secret, STR("AWSPENDING"), id);
    }
    return id;
}

/* "rotate/ARN": a window begins. "retry/ARN": a rotation that failed begins again. */
status rotation_timer(struct call *c, struct str name, struct str payload)
{
    struct str id = str_slice(name, str_find(name, '/', 0) + 1, name.bytes);
    struct rotation rotation = {.step = 0};
    struct secret secret;
    struct arn arn;

    (void)payload;
    if (!arn_read(id, &arn)) {
        return OK;
    }
    c->account = arn.account;
    c->region = arn.region;
    if (secret_of_id(c, id, &secret) != OK || has(secret.about, "DeletedDate")) {
        return OK;
    }
    if (rotation_load(c, &secret, &rotation)) {
        if (str_starts(name, STR("retry/"))) {
            step_go(c, &secret, &rotation);
        }
        return OK;
    }
    if (str_starts(name, STR("rotate/")) &&
        get_bool(secret.about, "RotationEnabled", false)) {
        rotation.token = pending(c, &secret);
        secret_save(c, &secret);
        step_go(c, &secret, &rotation);
    }
    return OK;
}

static status resume_all(struct call *c, void *arg)
{
    struct txn_scan *scan = rotations_scan(c);
    struct rotation rotation;
    struct secret secret;

    (void)arg;
    while (rotations_next(c, scan, &secret)) {
        c->account = secret.account;
        c->region = secret.region;
        if (rotation_load(c, &secret, &rotation) && rotation.retry_ms == 0 &&
            step_begin(c, &secret, &rotation) != OK) {
            again_later(c, &secret, &rotation);
        }
    }
    return OK;
}

void rotation_resume(struct cell *cell, struct timer *timer)
{
    struct doing doing = {
        .service = SECRETS_SERVICE, .name = "ResumeRotations", .run = resume_all, .arg = NULL};
    struct arena *arena = arena_new(16u << 20);
    struct why why;

    (void)timer;
    (void)cell_step(cell, &doing, arena, &why);
    arena_free(arena);
}

/* ---- operations ---- */

static status function_of_call(struct call *c, struct secret *secret)
{
    if (arg_has(c, "ExternalSecretRotationMetadata") ||
        arg_has(c, "ExternalSecretRotationRoleArn")) {
        return fail(c, &WIRE_NOT_IMPLEMENTED, "Managed external secrets are not there.");
    }
    if (arg_str(c, "RotationLambdaARN").bytes > 0) {
        set_str(secret->about, "RotationLambdaARN", arg_str(c, "RotationLambdaARN"));
    }
    if (!has(secret->about, "RotationLambdaARN")) {
        return fail(c, &SECRETS_REQUEST,
                    "No Lambda rotation function ARN is associated with this secret.");
    }
    return OK;
}

/* RotateSecret */
status secrets_rotate(struct call *c)
{
    struct rotation rotation = {.step = 0};
    struct str pending_id, current;
    struct secret secret;

    TRY(secret_of_call(c, &secret));
    TRY(function_of_call(c, &secret));
    if (arg_has(c, "RotationRules")) {
        TRY(schedule_check(c, arg(c, "RotationRules")));
        set_value(secret.about, "RotationRules", arg(c, "RotationRules"));
    }
    pending_id = label_owner(&secret, STR("AWSPENDING"));
    current = label_owner(&secret, STR("AWSCURRENT"));
    if (rotation_load(c, &secret, &rotation) ||
        (pending_id.at != NULL && !str_eq(pending_id, current))) {
        return fail(c, &SECRETS_REQUEST,
                    "A previous rotation isn't complete. That rotation will be reattempted.");
    }
    rotation.token = version_id_of_call(c);
    rotation.test = !arg_bool(c, "RotateImmediately", true);
    if (version_load(c, &secret, rotation.token) != NULL) {
        return fail(c, &SECRETS_EXISTS,
                    "You can't use ClientRequestToken %.*s because that value is already in use "
                    "for a version of secret %.*s.",
                    STR_ARG(rotation.token), STR_ARG(secret_arn(&secret)));
    }
    TRY(rotation_begin(c, &secret, &rotation));
    set_bool(secret.about, "RotationEnabled", true);
    version_add_empty(c, &secret, rotation.token);
    label_move(c, &secret, STR("AWSPENDING"), rotation.token);
    rotation_plan(c, &secret);
    secret_save(c, &secret);
    put_str(c, "ARN", secret_arn(&secret));
    put_str(c, "Name", secret.name);
    put_str(c, "VersionId", rotation.token);
    return OK;
}

/* CancelRotateSecret */
status secrets_cancel_rotate(struct call *c)
{
    struct secret secret;
    struct str id;

    TRY(secret_of_call(c, &secret));
    rotation_forget(c, &secret);
    id = label_owner(&secret, STR("AWSPENDING"));
    if (has(secret.about, "RotationLambdaARN")) {
        set_bool(secret.about, "RotationEnabled", false);
    }
    unset(secret.about, "NextRotationDate");
    secret_save(c, &secret);
    put_str(c, "ARN", secret_arn(&secret));
    put_str(c, "Name", secret.name);
    if (id.at != NULL) {
        put_str(c, "VersionId", id);
    }
    return OK;
}
