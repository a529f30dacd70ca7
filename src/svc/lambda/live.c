/* SPDX-License-Identifier: Apache-2.0
 *
 * Functions and versions in memory while they run. A version is made of its row when it is first
 * invoked: its folders are looked for (or unpacked again) on a worker thread, its environment is
 * AWS's and the user's. Another serial is another version: the former is told to end.
 */
#include "svc/lambda/live.h"

#include "base/mem.h"
#include "bus/pattern.h"
#include "cell/cell.h"
#include "fn/part.h"
#include "svc/lambda/async.h"
#include "svc/lambda/mapping.h"
#include "svc/lambda/ops.h"
#include "svc/lambda/role.h"
#include "sys/log.h"

#include <assert.h>

#define PREPARE_BYTES_MAX (4u << 20)
#define KEY_VARIABLES 3          /* of the environment: the role's credentials */
#define PROVISIONED_MAX 48       /* workers of a version that are kept */

static struct str key_of_target(const struct target *target, char out[ARN_NAME_KEY_BYTES_MAX])
{
    return arn_name_key(out, target->account, target->region, target->name);
}

/* ---- functions ---- */

struct live_function *live_function_find(struct live *live, const struct target *target)
{
    char key[ARN_NAME_KEY_BYTES_MAX];

    return map_get(live->functions, key_of_target(target, key));
}

struct live_function *live_function_of(struct live *live, const struct target *target)
{
    struct live_function *function = live_function_find(live, target);
    char key[ARN_NAME_KEY_BYTES_MAX];

    if (function != NULL || map_count(live->functions) == LIVE_FUNCTIONS_MAX) {
        return function;
    }
    function = MEM_NEW(struct live_function);
    function->key = owned(key_of_target(target, key));
    link_init(&function->versions);
    (void)map_set(live->functions, function->key, function, NULL);
    return function;
}

void live_function_idle(struct live *live, struct live_function *function)
{
    if (function->running > 0 || function->lane != NULL || !link_alone(&function->versions)) {
        return;
    }
    (void)map_remove(live->functions, function->key);
    owned_free(function->key);
    mem_free(function);
}

int64_t live_reserved(struct call *c, struct live_function *function, const struct target *target)
{
    if (!function->reserved_known) {
        function->reserved_known = true;
        function->reserved = concurrency_reserved(c, target);
    }
    return function->reserved;
}

struct live_account *live_account_of(struct live *live, const struct target *target)
{
    char key[ARN_NAME_KEY_BYTES_MAX];
    struct str name = arn_name_key(key, target->account, target->region, STR("all"));
    struct live_account *account = map_get(live->accounts, name);

    if (account == NULL && map_count(live->accounts) < LIVE_ACCOUNTS_MAX) {
        account = MEM_NEW(struct live_account);
        (void)map_set(live->accounts, name, account, NULL);
    }
    return account;
}

/* ---- versions ---- */

/* Nobody finds it any more; its workers end when they are idle. */
static void version_leave(struct live_version *known)
{
    struct fn *fn = known->live->fn;

    assert(known->ready);
    link_remove(&known->link);
    known->function->version_count--;
    if (fn != NULL) {
        fn_forget(fn, known->version);
    }
    fn_version_drop(known->version);
    owned_free(known->qualifier);
    mem_free(known);
}

/* What a worker thread finds out. */
struct preparing {
    struct lambda *lambda;       /* whose folders */
    struct live_version *known;  /* for whom; it stays until it was prepared */
    struct arena *arena;         /* holds all of it */
    struct version version;      /* of it, what is needed: which packages */
    struct str role;             /* ARN */
    struct str code_dir, opt_dir; /* found, or made */
    status result;               /* OK: they are there */
    struct why why;              /* else */
};

static status add_keys(struct call *c, void *arg)
{
    struct preparing *preparing = arg;
    struct live_version *known = preparing->known;
    struct fn_version *made = known->version;
    struct role_keys keys;

    role_keys_of(c, preparing->role, made->name, &keys);
    call_on(c, arena_dup(c->arena, made->arn));
    fn_version_variable(made, STR("AWS_ACCESS_KEY_ID"), keys.access_key);
    fn_version_variable(made, STR("AWS_SECRET_ACCESS_KEY"), keys.secret);
    fn_version_variable(made, STR("AWS_SESSION_TOKEN"), keys.token);
    known->expires_ms = keys.expires_ms;
    return OK;
}

static void keep_workers(struct live_version *known)
{
    struct fn *fn = known->live->fn;

    if (fn != NULL && known->ready) {
        fn_prepare(fn, known->version, known->kept);
    }
}

static void prepared(struct cell *cell, void *arg)
{
    struct preparing *preparing = arg;
    struct live_version *known = preparing->known;
    struct live_function *function = known->function;
    struct live *live = known->live;
    struct fn_version *made = known->version;
    struct doing doing = {"lambda", "PrepareFunction", made->account, made->region, add_keys,
                          preparing};

    if (preparing->result == OK) {
        preparing->result = cell_step(cell, &doing, preparing->arena, &preparing->why);
    }
    known->ready = true;
    made->code_dir = owned(preparing->code_dir);
    made->opt_dir = owned(preparing->opt_dir);
    if (preparing->result == OK && known->kept > 0) {
        keep_workers(known);
    }
    while (!link_alone(&known->waiting)) {
        struct run *run = LINK_OWNER(known->waiting.next, struct run, link);

        link_remove(&run->link);
        if (preparing->result == OK) {
            run_go(run);
        } else {
            run_refuse(run, str_c(preparing->why.text));
        }
    }
    if (preparing->result != OK) { /* the next who invokes it tries again */
        log_write(LOG_ERROR, "lambda", "%.*s: %s", STR_ARG(made->arn), preparing->why.text);
    }
    if (preparing->result != OK || known->stale) {
        version_leave(known);
        live_function_idle(live, function);
    }
}

static void prepare(struct cell *cell, void *arg)
{
    struct preparing *preparing = arg;
    status found = code_folder(preparing->lambda, &preparing->version, preparing->arena,
                               &preparing->why, &preparing->code_dir);

    if (found == OK) {
        found = layers_folder(preparing->lambda, &preparing->version, preparing->arena,
                              &preparing->why, &preparing->opt_dir);
    }
    preparing->result = found;
    cell_visit(cell, prepared, preparing);
    arena_free(preparing->arena);
}

static void prepare_begin(struct call *c, struct live_version *known,
                          const struct version *version)
{
    struct arena *arena = arena_new(PREPARE_BYTES_MAX);
    struct preparing *preparing = ARENA_NEW(arena, struct preparing);
    struct version *of = &preparing->version;

    preparing->lambda = known->live->lambda;
    preparing->known = known;
    preparing->arena = arena;
    preparing->role = arena_dup(arena, get_str(version->config, "Role"));
    of->code = arena_dup(arena, version->code);
    of->code_blob = arena_dup(arena, version->code_blob);
    of->layer_count = version->layer_count;
    for (size_t i = 0; i < version->layer_count; i++) {
        of->layers[i] = arena_dup(arena, version->layers[i]);
        of->layer_blobs[i] = arena_dup(arena, version->layer_blobs[i]);
    }
    cell_spawn(c->cell, prepare, preparing);
}

/* The user's own; credentials come when it is ready. */
static void add_variables(struct fn_version *made, const struct value *config)
{
    const struct value *environment = get(config, "Environment");
    const struct value *variables = environment == NULL ? NULL : get(environment, "Variables");

    for (uint32_t i = 0; variables != NULL && i < variables->count; i++) {
        if (made->variable_count < FN_VARIABLES_MAX - KEY_VARIABLES) {
            fn_version_variable(made, variables->pairs[i].key, variables->pairs[i].value.str);
        }
    }
}

/* As the engine wants it, but for its folders. */
static struct fn_version *version_make(struct call *c, const struct version *version)
{
    const struct target *target = &version->target;
    const struct value *config = version->config;
    const struct value *logging = get(config, "LoggingConfig");
    const struct value *storage = get(config, "EphemeralStorage");
    struct fn_version *made = fn_version_new();
    bool latest = qualifier_is_latest(target->qualifier);
    struct target named = target_with(target, latest ? STR_NONE : target->qualifier);
    struct str group = logging == NULL ? STR_NONE : get_str(logging, "LogGroup");

    if (group.bytes == 0) {
        group = arena_printf(c->arena, "/aws/lambda/%.*s", STR_ARG(target->name));
    }
    made->account = owned(target->account);
    made->region = owned(target->region);
    made->name = owned(target->name);
    made->version = owned(latest ? STR("$LATEST") : target->qualifier);
    made->arn = owned(target_arn(c->arena, &named));
    made->runtime = owned(get_str(config, "Runtime"));
    made->handler = owned(get_str(config, "Handler"));
    made->log_group = owned(group);
    made->log_json = logging != NULL && str_eq(get_str(logging, "LogFormat"), STR("JSON"));
    made->timeout_ms = (uint32_t)get_int(config, "Timeout", 3) * 1000;
    made->memory_mb = (uint32_t)get_int(config, "MemorySize", 128);
    made->tmp_mb = (uint32_t)(storage == NULL ? 512 : get_int(storage, "Size", 512));
    add_variables(made, config);
    return made;
}

/* Too many versions of one function: the oldest that is ready goes. */
static void make_room(struct live_function *function)
{
    for (struct link *l = function->versions.next; l != &function->versions; l = l->next) {
        struct live_version *known = LINK_OWNER(l, struct live_version, link);

        if (known->ready) {
            version_leave(known);
            return;
        }
    }
}

/* Its keys are good for a while yet. */
static bool has_good_keys(const struct live_version *known, int64_t now_ms)
{
    return known->expires_ms == 0 || now_ms < known->expires_ms - ROLE_RENEW_MS;
}

struct live_version *live_version_of(struct call *c, struct live_function *function,
                                     const struct version *version)
{
    struct live *live = lambda_of(c)->live;
    struct live_version *known;
    uint32_t kept = 0;

    for (struct link *l = function->versions.prev; l != &function->versions; l = l->prev) {
        known = LINK_OWNER(l, struct live_version, link);
        if (known->serial != version->serial ||
            !str_eq(known->qualifier, version->target.qualifier)) {
            continue;
        }
        if (has_good_keys(known, c->now)) {
            return known;
        }
        kept = known->kept;
        version_leave(known); /* it was ready, or had no keys */
        break;
    }
    if (function->version_count >= LIVE_VERSIONS_MAX) {
        make_room(function);
    }
    known = MEM_NEW(struct live_version);
    known->function = function;
    known->live = live;
    known->qualifier = owned(version->target.qualifier);
    known->serial = version->serial;
    known->gate = journal_last(live->journal);
    known->kept = kept;
    known->version = version_make(c, version);
    link_init(&known->link);
    link_init(&known->waiting);
    list_push(&function->versions, &known->link);
    function->version_count++;
    prepare_begin(c, known, version);
    return known;
}

/* ---- which are still good ---- */

static void leave_changed(struct call *c, struct live_function *function,
                          const struct target *target, bool all)
{
    struct link *next;
    struct version version;

    for (struct link *l = function->versions.next; l != &function->versions; l = next) {
        struct live_version *known = LINK_OWNER(l, struct live_version, link);
        struct target its = target_with(target, known->qualifier);

        next = l->next;
        if (!all && version_find(c, &its, &version) == OK && version.serial == known->serial) {
            continue;
        }
        if (known->ready) {
            version_leave(known);
        } else {
            known->stale = true;
        }
    }
}

/* ---- provisioned concurrency ---- */

static void keep_for(struct call *c, struct live_function *function, const struct target *target,
                     struct str json)
{
    const struct value *count =
        map_find(pattern_document(json, c->arena), STR("RequestedProvisionedConcurrentExecutions"));
    struct version version;
    struct live_version *known;

    if (count != NULL && count->kind == VALUE_INT && version_find(c, target, &version) == OK) {
        known = live_version_of(c, function, &version);
        known->kept += (uint32_t)count->number;
        known->kept = known->kept < PROVISIONED_MAX ? known->kept : PROVISIONED_MAX;
    }
}

/* Of one function: as its settings say now. */
static void provision(struct call *c, const struct target *target)
{
    struct live *live = lambda_of(c)->live;
    struct target whole = target_with(target, STR_NONE);
    struct setting_scan *scan = setting_scan(c, "provisioned", &whole);
    struct live_function *function = live_function_find(live, target);
    struct target found;
    struct str json;

    for (struct link *l = function == NULL ? NULL : function->versions.next;
         function != NULL && l != &function->versions; l = l->next) {
        LINK_OWNER(l, struct live_version, link)->kept = 0;
    }
    while (live->runs && setting_scan_next(scan, &found, &json)) {
        if (function == NULL) {
            function = live_function_of(live, target);
        }
        if (function != NULL && live_engine(c)) {
            keep_for(c, function, &found, json);
        }
    }
    setting_scan_close(scan);
    for (struct link *l = function == NULL ? NULL : function->versions.next;
         function != NULL && l != &function->versions; l = l->next) {
        keep_workers(LINK_OWNER(l, struct live_version, link));
    }
}

void live_provision_all(struct call *c)
{
    struct target every = {.account = STR_NONE};
    struct setting_scan *scan = setting_scan(c, "provisioned", &every);
    struct target found;
    struct target last = {.account = STR_NONE};
    struct str json;

    while (setting_scan_next(scan, &found, &json)) {
        if (!str_eq(found.name, last.name) || !str_eq(found.region, last.region) ||
            !str_eq(found.account, last.account)) {
            provision(c, &found);
        }
        last = found;
    }
    setting_scan_close(scan);
}

/* ---- rows changed ---- */

static void look_again(struct call *c, const struct target *target, bool all)
{
    struct live *live = lambda_of(c)->live;
    struct live_function *function = live_function_find(live, target);

    if (function != NULL) {
        function->reserved_known = false;
        leave_changed(c, function, target, all);
        async_wake(live, function);
        live_function_idle(live, function);
    }
    provision(c, target);
    mappings_function_changed(c, target);
    c->why.text[0] = '\0';
}

void live_changed(struct call *c, const struct target *target)
{
    look_again(c, target, false);
}

void live_deleted(struct call *c, const struct target *target)
{
    look_again(c, target, target->qualifier.bytes == 0);
}

static status wake_refused(struct call *c, void *arg)
{
    mappings_function_changed(c, arg);
    return OK;
}

void live_wake_refused(struct live *live, struct live_function *function)
{
    struct str rest = function->key; /* account/region/name */
    struct target target = {.qualifier = STR_NONE};
    struct doing doing = {"lambda", "WakeMappings", STR_NONE, STR_NONE, wake_refused, &target};
    struct arena *arena;
    struct why why;

    if (!function->refused || live->closing) {
        return;
    }
    function->refused = false;
    target.account = str_split(&rest, '/');
    target.region = str_split(&rest, '/');
    target.name = rest;
    arena = arena_new(PREPARE_BYTES_MAX);
    (void)cell_step(live->cell, &doing, arena, &why);
    arena_free(arena);
}

void live_functions_free(struct live *live)
{
    struct str key;
    void *value;

    for (size_t i = 0; map_next(live->functions, &i, &key, &value);) {
        struct live_function *function = value;

        while (!link_alone(&function->versions)) {
            struct live_version *known =
                LINK_OWNER(function->versions.next, struct live_version, link);

            link_remove(&known->link);
            fn_version_drop(known->version);
            owned_free(known->qualifier);
            mem_free(known);
        }
        owned_free(function->key);
        mem_free(function);
    }
    for (size_t i = 0; map_next(live->accounts, &i, &key, &value);) {
        mem_free(value);
    }
    map_free(live->accounts);
    map_free(live->functions);
    live->functions = NULL;
}
