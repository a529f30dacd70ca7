/* SPDX-License-Identifier: Apache-2.0
 *
 * Asking: who calls, what policies there are, what they say, and the services' words for no.
 *
 * Rules
 *  1. Identity policies and boundaries come compiled from who registered; a resource's policy and a
 *     session's come as texts, and are compiled once: a text that is the same again is found by
 *     itself. So nobody has to say that something changed.
 *  2. What is compiled from texts stays until COMPILED_MAX or COMPILED_BYTES_MAX are there; then,
 *     before the next question, all are forgotten.
 *  3. A caller whose user or role is gone has no policies left; a document that cannot be read says
 *     nothing.
 */
#include "cell/authorize_int.h"

#include "base/mem.h"

#include <assert.h>
#include <ctype.h>

/* What services say when they say no. */
static const struct error DENIED_JSON = {"AccessDeniedException", "AccessDenied", 400, false};
static const struct error DENIED_REST = {"AccessDeniedException", "AccessDenied", 403, false};
static const struct error DENIED_XML = {"AccessDenied", NULL, 403, false};
static const struct error DENIED_SNS = {"AuthorizationError", NULL, 403, false};

struct authorize *authorize_new(struct cell *cell)
{
    struct authorize *authorize = MEM_NEW(struct authorize);

    authorize->cell = cell;
    authorize->compiled = map_new(2 * COMPILED_MAX);
    buf_init(&authorize->scratch, RESOURCE_BYTES_MAX);
    authorize->allowed.room = DECISIONS_ALLOWED_MAX;
    authorize->denied.room = DECISIONS_DENIED_MAX;
    return authorize;
}

static void forget_compiled(struct authorize *authorize)
{
    struct str key;
    void *policy;

    for (size_t i = 0; map_next(authorize->compiled, &i, &key, &policy);) {
        policy_drop(policy);
    }
    map_free(authorize->compiled);
    authorize->compiled = map_new(2 * COMPILED_MAX);
    authorize->compiled_bytes = 0;
}

void authorize_free(struct authorize *authorize)
{
    if (authorize == NULL) {
        return;
    }
    forget_compiled(authorize);
    map_free(authorize->compiled);
    buf_done(&authorize->scratch);
    decisions_forget(&authorize->allowed);
    decisions_forget(&authorize->denied);
    mem_free(authorize);
}

/* ---- who has policies ---- */

void principal_source_add(struct cell *cell, const struct principal_source *source)
{
    struct authorize *authorize = cell->authorize;

    assert(authorize->principal_count < PRINCIPAL_SOURCES_MAX);
    authorize->principals[authorize->principal_count++] = source;
}

void resource_source_add(struct cell *cell, const struct resource_source *source)
{
    struct authorize *authorize = cell->authorize;

    assert(authorize->resource_count < RESOURCE_SOURCES_MAX);
    authorize->resources[authorize->resource_count++] = source;
}

bool principal_find(struct cell *cell, struct str arn, struct arena *arena,
                    struct principal_policies *ret_policies)
{
    const struct authorize *authorize = cell->authorize;

    for (size_t i = 0; i < authorize->principal_count; i++) {
        if (authorize->principals[i]->find(cell, arn, arena, ret_policies)) {
            assert(ret_policies->count <= AUTHORIZE_POLICIES_MAX);
            return true;
        }
    }
    return false;
}

bool principal_tag(struct cell *cell, struct str arn, struct str key, struct str *ret_value)
{
    const struct authorize *authorize = cell->authorize;

    for (size_t i = 0; i < authorize->principal_count; i++) {
        const struct principal_source *source = authorize->principals[i];

        if (source->tag != NULL && source->tag(cell, arn, key, ret_value)) {
            return true;
        }
    }
    return false;
}

const struct resource_source *resource_source_of(const struct authorize *authorize,
                                                 struct str service)
{
    for (size_t i = 0; i < authorize->resource_count; i++) {
        if (str_eq(str_c(authorize->resources[i]->service), service)) {
            return authorize->resources[i];
        }
    }
    return NULL;
}

/* ---- documents ---- */

/* NULL: it is no document, or there is no room. */
static struct policy *compile_text(struct authorize *authorize, struct str key, struct str text,
                                   enum policy_kind kind)
{
    struct policy *policy;
    struct why why;

    if (policy_compile(text, kind, &why, &policy) != OK) {
        return NULL;
    }
    if (!map_set(authorize->compiled, key, policy, NULL)) {
        policy_drop(policy);
        return NULL;
    }
    authorize->compiled_bytes += key.bytes;
    return policy;
}

const struct policy *policy_of_text(struct cell *cell, struct str text, enum policy_kind kind)
{
    struct authorize *authorize = cell->authorize;
    struct policy *policy;
    struct str key;
    char *room;

    if (text.bytes == 0 || text.bytes > POLICY_DOCUMENT_BYTES_MAX) {
        return NULL;
    }
    room = mem_alloc(text.bytes + 1);
    room[0] = (char)('0' + kind);
    memcpy(room + 1, text.at, text.bytes);
    key = str_of(room, text.bytes + 1);
    policy = map_get(authorize->compiled, key);
    if (policy == NULL) {
        policy = compile_text(authorize, key, text, kind);
    }
    mem_free(room);
    return policy;
}

/* ---- one question ---- */

static void caller_of(const struct call *c, struct policy_principal *principal)
{
    static const enum policy_caller kinds[] = {
        [IDENTITY_ROOT] = CALLER_ROOT, [IDENTITY_USER] = CALLER_USER,
        [IDENTITY_ROLE] = CALLER_ROLE, [IDENTITY_FEDERATED] = CALLER_FEDERATED,
    };
    const struct identity *identity = c->identity;

    if (identity != NULL) {
        *principal = (struct policy_principal){.kind = kinds[identity->kind],
                                               .arn = identity->principal,
                                               .source = identity->source,
                                               .account = identity->account};
    } else if (str_eq(c->account, STR("anonymous"))) {
        *principal = (struct policy_principal){.kind = CALLER_NOBODY};
    } else { /* weir's own doing, or auth is off and the key names nobody */
        *principal = (struct policy_principal){.kind = CALLER_ROOT, .arn = c->principal,
                                               .source = c->principal, .account = c->account};
    }
}

/* What the resource says about itself; its policy, where that is about such actions. */
static void facts_take(struct asked *asked)
{
    const struct resource_facts *facts = &asked->facts;
    enum policy_kind kind = facts->trust ? POLICY_OF_TRUST : POLICY_OF_RESOURCE;

    if (facts->trust && !str_starts_nocase(asked->request.action, STR("sts:"))) {
        return;
    }
    asked->request.consent = facts->consent;
    asked->resource.policy = facts->compiled != NULL
                                 ? facts->compiled
                                 : policy_of_text(asked->c->cell, facts->policy, kind);
    asked->resource.name = asked->request.resource;
    asked->sets[PART_RESOURCE] = (struct policy_set){
        &asked->resource, asked->resource.policy != NULL, asked->resource.policy != NULL};
}

static void resource_look(struct asked *asked)
{
    struct cell *cell = asked->c->cell;
    const struct resource_source *source = NULL;
    struct arn arn = {.account = STR_NONE};

    if (arn_read(asked->request.resource, &arn)) {
        source = resource_source_of(cell->authorize, arn.service);
    }
    if (source != NULL && source->find != NULL &&
        source->find(cell, asked->request.resource, asked->c->arena, &asked->facts)) {
        facts_take(asked);
    }
    asked->request.account = asked->facts.account.bytes > 0 ? asked->facts.account : arn.account;
}

static void session_look(struct asked *asked, const struct identity *identity)
{
    size_t count = 0;

    for (size_t i = 0; i < identity->policy_count; i++) {
        struct policy_named *named = &asked->session[count];

        named->policy = policy_of_text(asked->c->cell, identity->policies[i], POLICY_OF_IDENTITY);
        named->name = STR("session policy");
        count += named->policy != NULL;
    }
    asked->sets[PART_SESSION] = (struct policy_set){
        asked->session, count,
        identity->policy_count > 0 || identity->kind == IDENTITY_FEDERATED};
}

/* A session of somebody who was deleted is not one of the next of that name. */
static bool is_same(const struct principal_policies *policies, const struct identity *identity)
{
    return identity == NULL || policies->id.bytes == 0 ||
           (identity->kind != IDENTITY_USER && identity->kind != IDENTITY_ROLE) ||
           str_starts(identity->user_id, policies->id);
}

static void principal_look(struct asked *asked, const struct identity *identity)
{
    const struct policy_principal *principal = &asked->request.principal;
    struct principal_policies *policies;

    if (principal->kind == CALLER_NOBODY || principal->kind == CALLER_SERVICE ||
        principal->kind == CALLER_ROOT) {
        return;
    }
    policies = ARENA_NEW(asked->c->arena, struct principal_policies);
    if (principal_find(asked->c->cell, principal->source, asked->c->arena, policies) &&
        is_same(policies, identity)) {
        asked->sets[PART_IDENTITY] =
            (struct policy_set){policies->policies, policies->count, true};
        asked->sets[PART_BOUNDARY] = (struct policy_set){
            &policies->boundary, policies->boundary.policy != NULL,
            policies->boundary.policy != NULL};
    }
    if (identity != NULL) {
        session_look(asked, identity);
    }
}

static struct asked *asked_new(struct call *c, struct str action, struct str resource)
{
    struct asked *asked = ARENA_NEW(c->arena, struct asked);

    if (map_count(c->cell->authorize->compiled) >= COMPILED_MAX ||
        c->cell->authorize->compiled_bytes >= COMPILED_BYTES_MAX) { /* rule 2 */
        forget_compiled(c->cell->authorize);
    }
    asked->c = c;
    asked->context.find = authorize_key_find;
    asked->request.action = action;
    asked->request.resource = resource;
    asked->request.context = &asked->context;
    return asked;
}

/* Everything is looked up, and said. identity NULL: the caller has no session. */
static void decide(struct asked *asked, const struct identity *identity,
                   struct policy_decision *ret_decision)
{
    resource_look(asked);
    principal_look(asked, identity);
    policy_decide(&asked->request, asked->sets, NULL, ret_decision);
}

/* ---- in the services' words ---- */

static const struct error *denied_line(const struct call *c)
{
    const struct service_model *service =
        c->operation == NULL ? NULL : model_service_of(c->operation);

    if (service == NULL) {
        return &DENIED_REST;
    }
    if (str_eq(model_text(service->id), STR("sns"))) {
        return &DENIED_SNS;
    }
    if (str_eq(model_text(service->id), STR("sqs"))) {
        return &DENIED_REST;
    }
    switch (service->protocol) {
    case PROTOCOL_QUERY:
    case PROTOCOL_EC2:
    case PROTOCOL_REST_XML:
        return &DENIED_XML;
    case PROTOCOL_REST_JSON:
        return &DENIED_REST;
    default:
        return &DENIED_JSON;
    }
}

static status denied(struct call *c, const struct asked *asked,
                     const struct policy_decision *decision)
{
    struct policy_request request = asked->request;

    if (str_starts(request.action, STR("sqs:"))) { /* which says it so */
        struct str lower = arena_dup(c->arena, request.action);

        for (size_t i = 0; i < lower.bytes; i++) {
            ((char *)(uintptr_t)lower.at)[i] = (char)tolower((unsigned char)lower.at[i]);
        }
        request.action = lower;
    }
    if (str_starts(request.action, STR("s3:"))) {
        request.resource = arena_printf(c->arena, "\"%.*s\"", STR_ARG(request.resource));
    }
    return fail(c, denied_line(c), "%.*s",
                STR_ARG(policy_sentence(c->arena, &request, decision)));
}

/* ---- asking ---- */

status asked_end(struct asked *asked, const struct policy_decision *decision,
                 const char *otherwise)
{
    decision_note(asked, decision, otherwise);
    return decision->allowed ? OK : denied(asked->c, asked, decision);
}

struct asked *call_ask(struct call *c, const struct authorize_wish *wish,
                       struct policy_decision *ret_decision)
{
    struct asked *asked = asked_new(c, str_c(wish->action), wish->resource);

    asked->keys = wish->keys;
    asked->key_count = wish->key_count;
    caller_of(c, &asked->request.principal);
    decide(asked, c->identity, ret_decision);
    return asked;
}

status call_may_with(struct call *c, const struct authorize_wish *wish)
{
    struct policy_decision decision;
    struct asked *asked;

    if (!c->guarded) {
        return OK;
    }
    asked = call_ask(c, wish, &decision);
    return asked_end(asked, &decision, NULL);
}

status call_may(struct call *c, const char *action, struct str resource)
{
    struct authorize_wish wish = {.action = action, .resource = resource};

    return call_may_with(c, &wish);
}

status authorize_call(struct call *c)
{
    struct guard guards[GUARDS_MAX];
    size_t count;

    if (c->operation == NULL) { /* one of weir's own pages */
        return call_may(c, LINK_OWNER(c, const struct task, call)->reads ? "weir:View"
                                                                         : "weir:Change",
                        STR("*"));
    }
    if (str_eq(model_text(c->operation->guards), STR("-"))) {
        return OK;
    }
    count = authorize_guards(c, guards);
    for (size_t i = 0; i < count; i++) {
        TRY(call_may(c, arena_dup(c->arena, guards[i].action).at, guards[i].resource));
    }
    return OK;
}

bool authorize_door(struct cell *cell, const struct identity *identity, struct arena *arena,
                    bool changes)
{
    struct task *task = ARENA_NEW(arena, struct task);
    bool may;

    cell_enter(cell);
    task_init(task, cell, arena);
    task->call.identity = identity;
    task->call.account = identity->account;
    task->call.principal = identity->principal;
    task->call.guarded = true;
    task->call.now = cell->now;
    may = call_may(&task->call, changes ? "weir:Change" : "weir:View", STR("*")) == OK;
    cell_leave(cell);
    return may;
}

bool service_may(struct call *c, const struct service_wish *wish)
{
    struct asked *asked = asked_new(c, str_c(wish->action), wish->resource);
    struct policy_decision decision;

    asked->request.principal =
        (struct policy_principal){.kind = CALLER_SERVICE, .name = wish->service};
    asked->source = wish->source;
    asked->source_account = wish->source_account;
    resource_look(asked);
    if (wish->lax && !c->cell->auth && asked->resource.policy == NULL) {
        return true;
    }
    policy_decide(&asked->request, asked->sets, NULL, &decision);
    if (!decision.allowed) { /* the others are many, and seen as hops */
        decision_note(asked, &decision, NULL);
    }
    return decision.allowed;
}

bool role_may(struct call *c, struct str role_arn, const char *action, struct str resource)
{
    struct asked *asked;
    struct policy_decision decision;
    struct arn arn;

    if (!c->cell->auth) {
        return true;
    }
    if (!arn_read(role_arn, &arn)) {
        return false;
    }
    asked = asked_new(c, str_c(action), resource);
    asked->request.principal = (struct policy_principal){
        .kind = CALLER_ROLE, .arn = role_arn, .source = role_arn, .account = arn.account};
    decide(asked, NULL, &decision);
    decision_note(asked, &decision, NULL);
    return decision.allowed;
}
