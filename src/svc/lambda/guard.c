/* SPDX-License-Identifier: Apache-2.0
 *
 * Functions, their versions and aliases, and layer versions as resources: whose policy and tags
 * are looked at when a call is authorized (cell/authorize.h).
 */
#include "cell/authorize.h"
#include "cell/cell.h"
#include "svc/lambda/config.h"
#include "svc/lambda/policy.h"
#include "wire/json.h"

/* A document that weir wrote; NULL: it cannot be read. */
static const struct value *document_of(struct arena *arena, struct str json)
{
    struct value *document = ARENA_NEW(arena, struct value);
    struct why why;

    return json_read(arena_dup(arena, json), 0, arena, &why, document) == OK &&
                   document->kind == VALUE_MAP
               ? document
               : NULL;
}

static struct str text_of(struct arena *arena, struct str json, struct str name)
{
    const struct value *document = document_of(arena, json);
    const struct value *found = document == NULL ? NULL : map_find(document, name);

    return found != NULL && found->kind == VALUE_STR ? found->str : STR_NONE;
}

static bool function_of(struct str text, struct target *ret_target)
{
    struct arn arn;

    *ret_target = (struct target){.account = STR_NONE};
    if (!arn_read(text, &arn) || !str_starts(arn.resource, STR("function:")) ||
        !target_parse(text, ret_target)) {
        return false;
    }
    if (str_eq(ret_target->qualifier, STR("$LATEST"))) {
        ret_target->qualifier = STR_NONE;
    }
    return true;
}

static bool find(struct cell *cell, struct str text, struct arena *arena,
                 struct resource_facts *ret_facts)
{
    struct resource_facts facts = {.policy = STR_NONE};
    struct target target;
    uint64_t number;
    struct str json;

    if (function_of(text, &target)) {
        if (!function_look(cell, arena, &target)) {
            return false;
        }
        (void)setting_look(cell, arena, "policy", &target, &facts.policy);
        *ret_facts = facts;
        return true;
    }
    if (!layer_parse(arena, text, &target, &number) || number == 0 ||
        !setting_look(cell, arena, "layer", &target, &json)) {
        return false;
    }
    if (setting_look(cell, arena, "layer-policy", &target, &json)) {
        facts.policy = text_of(arena, json, STR("policy"));
    }
    *ret_facts = facts;
    return true;
}

/* Whoever asks keeps the value until the call is over, and asks for a few: they take turns. */
static struct str keep_value(struct lambda *lambda, struct str value)
{
    char *kept = lambda->tag_values[lambda->tag_next++ % LAMBDA_TAG_VALUES];

    value = str_slice(value, 0, LAMBDA_TAG_VALUE_BYTES);
    memcpy(kept, value.at, value.bytes);
    return str_of(kept, value.bytes);
}

static bool tag(struct cell *cell, struct str text, struct str key, struct str *ret_value)
{
    struct arena *arena = arena_new(1u << 20);
    struct str value = STR_NONE;
    struct target target;
    struct str json;

    if (function_of(text, &target)) {
        target.qualifier = STR_NONE;
        if (setting_look(cell, arena, "tags", &target, &json)) {
            value = text_of(arena, json, key);
        }
    }
    if (value.at != NULL) {
        *ret_value = keep_value(cell_state(cell, "lambda"), value);
    }
    arena_free(arena);
    return value.at != NULL;
}

void policies_register(struct cell *cell)
{
    static const struct resource_source source = {.service = "lambda", .find = find, .tag = tag};

    resource_source_add(cell, &source);
}
