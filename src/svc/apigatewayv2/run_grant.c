/* SPDX-License-Identifier: Apache-2.0
 *
 * Answers of authorizers. Source: "Control access to HTTP APIs with AWS Lambda authorizers", API
 * Gateway developer guide.
 */
#include "svc/apigatewayv2/run_grant.h"

#include "base/buf.h"
#include "base/map.h"
#include "base/mem.h"
#include "bus/pattern.h"
#include "cell/policy.h"
#include "wire/json.h"

struct granted {
    uint32_t holders;              /* who uses it */
    struct arena *arena;           /* the answer */
    const struct value *context;   /* a map; NULL: none */
    struct str principal;          /* principalId */
    struct policy *policy;         /* NULL: a simple answer */
    bool yes;                      /* a simple answer: isAuthorized */
    int64_t until_ms;              /* when it is too old */
};

struct grants {
    struct map *map;               /* key → granted */
};

/* ---- reading ---- */

static struct str text_of(const struct value *value, struct arena *arena)
{
    struct buf text;
    struct str made;

    if (value->kind == VALUE_STR) {
        return value->str.at == NULL ? STR("") : value->str;
    }
    buf_init(&text, GRANT_BYTES_MAX);
    value_dump(&text, value);
    made = arena_dup(arena, buf_str(&text));
    buf_done(&text);
    return made;
}

static bool simple_read(const struct value *document, struct granted *granted)
{
    const struct value *yes = map_find(document, STR("isAuthorized"));

    if (yes == NULL || yes->kind != VALUE_BOOL) {
        return false;
    }
    granted->yes = yes->truth;
    return true;
}

static bool policy_read(const struct value *document, struct granted *granted)
{
    const struct value *principal = map_find(document, STR("principalId"));
    const struct value *policy = map_find(document, STR("policyDocument"));
    struct why why;

    if (policy == NULL || policy->kind != VALUE_MAP) {
        return false;
    }
    if (principal != NULL && principal->kind == VALUE_STR) {
        granted->principal = principal->str;
    }
    return policy_compile(text_of(policy, granted->arena), POLICY_OF_IDENTITY, &why,
                          &granted->policy) == OK;
}

struct granted *granted_read(struct str json, bool simple)
{
    struct granted *granted = MEM_NEW(struct granted);
    const struct value *document;

    granted->holders = 1;
    granted->arena = arena_new(4 * GRANT_BYTES_MAX);
    document = json.bytes > GRANT_BYTES_MAX ? NULL : pattern_document(json, granted->arena);
    if (document != NULL && document->kind == VALUE_MAP) {
        granted->context = map_find(document, STR("context"));
    }
    if (granted->context != NULL && granted->context->kind != VALUE_MAP) {
        granted->context = NULL;
    }
    if (document == NULL || document->kind != VALUE_MAP ||
        !(simple ? simple_read(document, granted) : policy_read(document, granted))) {
        granted_drop(granted);
        return NULL;
    }
    return granted;
}

struct granted *granted_hold(const struct granted *granted)
{
    struct granted *held = (struct granted *)(uintptr_t)granted;

    held->holders++;
    return held;
}

void granted_drop(const struct granted *granted)
{
    struct granted *held = (struct granted *)(uintptr_t)granted;

    if (held == NULL || --held->holders > 0) {
        return;
    }
    policy_drop(held->policy);
    arena_free(held->arena);
    mem_free(held);
}

bool granted_allows(const struct granted *granted, struct str resource)
{
    struct policy_request request = {
        .principal = {.kind = CALLER_NOBODY},
        .action = STR("execute-api:Invoke"),
        .resource = resource,
    };
    uint32_t statement;

    return granted->policy == NULL
               ? granted->yes
               : policy_says(granted->policy, &request, &statement) == SAID_ALLOW;
}

struct str granted_principal(const struct granted *granted)
{
    return granted->principal;
}

struct str granted_member(const struct granted *granted, struct str name)
{
    const struct value *value =
        granted->context == NULL ? NULL : map_find(granted->context, name);

    return value == NULL || value->kind == VALUE_NULL ? STR_NONE
                                                      : text_of(value, granted->arena);
}

const struct value *granted_context(const struct granted *granted)
{
    return granted->context;
}

/* ---- keeping ---- */

struct grants *grants_new(void)
{
    struct grants *grants = MEM_NEW(struct grants);

    grants->map = map_new(GRANTS_MAX);
    return grants;
}

void grants_forget(struct grants *grants, struct str prefix)
{
    struct str *keys = mem_alloc((map_count(grants->map) + 1) * sizeof(*keys));
    size_t count = 0, position = 0;
    struct str key;
    void *granted;

    while (map_next(grants->map, &position, &key, &granted)) {
        if (str_starts(key, prefix)) {
            keys[count++] = str_of(mem_dup(key.at, key.bytes), key.bytes);
        }
    }
    for (size_t i = 0; i < count; i++) {
        granted_drop(map_remove(grants->map, keys[i]));
        mem_free((void *)(uintptr_t)keys[i].at);
    }
    mem_free(keys);
}

void grants_free(struct grants *grants)
{
    if (grants == NULL) {
        return;
    }
    grants_forget(grants, STR_NONE);
    map_free(grants->map);
    mem_free(grants);
}

const struct granted *grants_find(struct grants *grants, struct str key, int64_t now_ms)
{
    struct granted *granted = map_get(grants->map, key);

    if (granted != NULL && granted->until_ms <= now_ms) {
        (void)map_remove(grants->map, key);
        granted_drop(granted);
        return NULL;
    }
    return granted;
}

void grants_keep(struct grants *grants, struct str key, struct granted *granted,
                 int64_t until_ms)
{
    void *former = NULL;

    if (map_count(grants->map) >= GRANTS_MAX) {
        grants_forget(grants, STR_NONE);
    }
    granted->until_ms = until_ms;
    if (map_set(grants->map, key, granted_hold(granted), &former)) {
        granted_drop(former);
    } else {
        granted_drop(granted);
    }
}
