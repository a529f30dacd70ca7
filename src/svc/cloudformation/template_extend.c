/* SPDX-License-Identifier: Apache-2.0
 *
 * AWS::LanguageExtensions: what comes out is a plain template, with Fn::ToJsonString left where
 * only a stack can say what stands in it.
 *
 * Rules, as AWS was seen to have them
 *  1. A loop's identifier is replaced in the keys of its own body (${Id}, and &{Id} without what is
 *     neither letter nor digit), in texts of Fn::Sub (${Id}), and as {"Ref": "Id"}. Plain texts and
 *     deeper keys keep what looks like it. Names in Ref and Fn::GetAtt are texts of Fn::Sub, too.
 *  2. Collections, Fn::Length, names in Ref and Fn::GetAtt, DeletionPolicy, UpdateReplacePolicy and
 *     conditions of members must be known from parameters and mappings alone. Fn::FindInMap and
 *     Fn::ToJsonString become what they are worth where that is so.
 *  3. Loops stand in Resources (at any depth), Conditions and Outputs.
 */
#include "svc/cloudformation/template_int.h"

#include "base/buf.h"

#define LOOP STR("Fn::ForEach::")
#define LOOPS_DEPTH_MAX 5

/* A loop that is being unrolled, at one of its items. */
struct loop {
    struct str identifier;    /* what stands for the item */
    struct str item;          /* now */
    const struct loop *outer; /* around it; NULL: none */
    int depth;                /* 1: outermost */
};

struct extending {
    struct template_run *run; /* the caller's */
    struct template_run now;  /* the same, in a world that knows nothing */
    const char *noun;         /* what keys of a section are called; NULL: inside of a member */
};

static status expand(struct extending *extending, const struct value *value,
                     const struct loop *loop, struct value *ret_value);

/* ---- identifiers ---- */

static const struct loop *loop_of(const struct loop *loop, struct str identifier)
{
    while (loop != NULL && !str_eq(loop->identifier, identifier)) {
        loop = loop->outer;
    }
    return loop;
}

static void add_item(struct buf *text, struct str item, bool plain)
{
    for (size_t i = 0; i < item.bytes; i++) {
        char c = item.at[i];

        if (!plain || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')) {
            buf_add_c(text, c);
        }
    }
}

/* ${Id} of all loops, and &{Id} where both is set. */
static struct str filled(struct arena *arena, struct str text, const struct loop *loop, bool both)
{
    struct buf made;
    struct str result;

    if (loop == NULL || str_find(text, '{', 0) == text.bytes) {
        return text;
    }
    buf_init(&made, TEMPLATE_BYTES_MAX);
    while (text.bytes > 0) {
        bool begins = text.bytes > 2 && text.at[1] == '{' &&
                      (text.at[0] == '$' || (both && text.at[0] == '&'));
        size_t close = begins ? str_find(text, '}', 2) : text.bytes;
        const struct loop *named =
            close < text.bytes ? loop_of(loop, str_slice(text, 2, close)) : NULL;

        if (named == NULL) {
            buf_add_c(&made, text.at[0]);
            text = str_slice(text, 1, text.bytes);
        } else {
            add_item(&made, named->item, text.at[0] == '&');
            text = str_slice(text, close + 1, text.bytes);
        }
    }
    result = arena_dup(arena, buf_str(&made));
    buf_done(&made);
    return result;
}

/* ---- what is known already ---- */

/* False: only a stack will know it, or nobody. */
static bool known(struct extending *extending, const struct value *value, struct value *ret_value)
{
    struct value now;

    if (template_value(&extending->now, value, &now) != OK || template_has_unknown(&now) ||
        now.kind == VALUE_NULL) {
        return false;
    }
    *ret_value = now;
    return true;
}

/* The same as a text; the value itself where it is not known. */
static struct value known_text(struct extending *extending, const struct value *value)
{
    struct value now;
    struct value text;

    return known(extending, value, &now) &&
                   template_as_text(extending->run->arena, &now, &text)
               ? text
               : *value;
}

/* ---- calls ---- */

static struct value call(struct arena *arena, struct str name, struct value argument)
{
    struct value made = template_map(arena, 1);

    *template_map_add(&made, name) = argument;
    return made;
}

/* A name in Ref or Fn::GetAtt. */
static status expand_name(struct extending *extending, const struct value *name,
                          const struct loop *loop, struct value *ret_name)
{
    struct value expanded;

    if (template_is_text(name)) {
        *ret_name = template_text(filled(extending->run->arena, name->str, loop, false));
        return OK;
    }
    TRY(expand(extending, name, loop, &expanded));
    *ret_name = known_text(extending, &expanded);
    return OK;
}

static status expand_ref(struct extending *extending, const struct template_call *written,
                         const struct loop *loop, struct value *ret_value)
{
    const struct loop *named =
        template_is_text(written->argument) ? loop_of(loop, written->argument->str) : NULL;
    struct value name;

    if (named != NULL) {
        *ret_value = template_text(named->item);
        return OK;
    }
    TRY(expand_name(extending, written->argument, loop, &name));
    *ret_value = call(extending->run->arena, written->name, name);
    return OK;
}

static status expand_get_att(struct extending *extending, const struct template_call *written,
                             const struct loop *loop, struct value *ret_value)
{
    const struct value *argument = written->argument;
    struct value names;

    if (argument->kind != VALUE_LIST) {
        TRY(expand_name(extending, argument, loop, &names));
    } else {
        names = template_list(extending->run->arena, argument->count);
        for (uint32_t i = 0; i < argument->count; i++) {
            TRY(expand_name(extending, &argument->items[i], loop, template_list_add(&names)));
        }
    }
    *ret_value = call(extending->run->arena, written->name, names);
    return OK;
}

static status expand_sub(struct extending *extending, const struct template_call *written,
                         const struct loop *loop, struct value *ret_value)
{
    const struct value *argument = written->argument;
    struct value expanded = *argument;
    struct value *text;

    if (argument->kind == VALUE_LIST) {
        TRY(expand(extending, argument, loop, &expanded));
    }
    text = expanded.kind == VALUE_LIST && expanded.count > 0 ? &expanded.items[0] : &expanded;
    if (text->kind == VALUE_STR) {
        text->str = filled(extending->run->arena, text->str, loop, false);
    }
    *ret_value = call(extending->run->arena, written->name, expanded);
    return OK;
}

static status expand_call(struct extending *extending, const struct template_call *written,
                          const struct loop *loop, struct value *ret_value)
{
    struct value argument;
    struct value made;

    switch (written->function) {
    case FUNCTION_REF:
        return expand_ref(extending, written, loop, ret_value);
    case FUNCTION_GET_ATT:
        return expand_get_att(extending, written, loop, ret_value);
    case FUNCTION_SUB:
        return expand_sub(extending, written, loop, ret_value);
    default:
        break;
    }
    TRY(expand(extending, written->argument, loop, &argument));
    made = call(extending->run->arena, written->name, argument);
    *ret_value = made;
    if (written->function != FUNCTION_LENGTH && written->function != FUNCTION_TO_JSON &&
        written->function != FUNCTION_FIND_IN_MAP) {
        return OK;
    }
    if (!known(extending, &made, ret_value) && written->function == FUNCTION_LENGTH) {
        return template_wrong(extending->run->why,
                              "The Fn::Length value could not be resolved for properties");
    }
    return OK;
}

/* ---- loops ---- */

static status put(struct extending *extending, struct value *map, struct str key,
                  const struct value *value)
{
    if (map_find(map, key) != NULL) {
        return template_wrong(extending->run->why,
                              "Duplicate key '%.*s' when merging keys to parent object in "
                                     "Fn::ForEach",
                              STR_ARG(key));
    }
    *doc_put(extending->run->arena, map, key) = *value;
    return arena_spent(extending->run->arena) || map->count > 10 * TEMPLATE_RESOURCES_MAX
               ? template_wrong(extending->run->why, "The template is too large")
               : OK;
}

/* What loops make in a section has names. */
static status check_key(const struct extending *extending, struct str key)
{
    for (size_t i = 0; extending->noun != NULL && i < key.bytes; i++) {
        struct str letter = str_slice(key, i, i + 1);

        if (!template_variable_good(letter) || strchr("_.:", letter.at[0]) != NULL) {
            return template_wrong(extending->run->why,
                                  "%s '%.*s' should be alphanumeric", extending->noun,
                                  STR_ARG(key));
        }
    }
    return OK;
}

static status expand_member(struct extending *extending, const struct value *value,
                            const struct loop *loop, struct value *ret_value)
{
    const char *noun = extending->noun;
    status expanded;

    extending->noun = NULL; /* loops in a member make no members of the section */
    expanded = expand(extending, value, loop, ret_value);
    extending->noun = noun;
    return expanded;
}

static status unroll(struct extending *extending, const struct value *written,
                     const struct loop *outer, struct value *map);

static status unroll_item(struct extending *extending, const struct value *body,
                          const struct loop *loop, struct value *map)
{
    for (uint32_t i = 0; i < body->count; i++) {
        const struct pair *pair = &body->pairs[i];
        struct value made;
        struct str key;

        if (str_starts(pair->key, LOOP)) {
            TRY(unroll(extending, &pair->value, loop, map));
            continue;
        }
        TRY(expand_member(extending, &pair->value, loop, &made));
        key = filled(extending->run->arena, pair->key, loop, true);
        TRY(check_key(extending, key));
        TRY(put(extending, map, key, &made));
    }
    return OK;
}

static status collection_of(struct extending *extending, const struct value *written,
                            const struct loop *outer, struct value *ret_list)
{
    struct value expanded;
    struct value list;

    if (template_is_scalar(written)) {
        return template_wrong(extending->run->why, "Fn::ForEach layout is incorrect");
    }
    TRY(expand_member(extending, written, outer, &expanded));
    if (!known(extending, &expanded, &list) || list.kind != VALUE_LIST) {
        return template_wrong(extending->run->why,
                              "Could not find a collection or could not be resolved for "
                                     "Fn::ForEach");
    }
    *ret_list = list;
    return OK;
}

static status unroll(struct extending *extending, const struct value *written,
                     const struct loop *outer, struct value *map)
{
    struct loop loop = {.outer = outer, .depth = outer == NULL ? 1 : outer->depth + 1};
    struct value list;

    if (written->kind != VALUE_LIST || written->count != 3 ||
        !template_is_text(&written->items[0]) || written->items[2].kind != VALUE_MAP ||
        loop.depth > LOOPS_DEPTH_MAX) {
        return template_wrong(extending->run->why, "Fn::ForEach layout is incorrect");
    }
    loop.identifier = written->items[0].str;
    TRY(collection_of(extending, &written->items[1], outer, &list));
    for (uint32_t i = 0; i < list.count; i++) {
        if (!template_is_scalar(&list.items[i])) {
            return template_wrong(extending->run->why, "Fn::ForEach layout is incorrect");
        }
        loop.item = doc_text(extending->run->arena, &list.items[i]);
        TRY(unroll_item(extending, &written->items[2], &loop, map));
    }
    return OK;
}

/* ---- documents ---- */

/* Where a function may stand although only a text may be there later. */
static bool wants_text(struct str key)
{
    return str_eq(key, STR("DeletionPolicy")) || str_eq(key, STR("UpdateReplacePolicy")) ||
           str_eq(key, STR("Condition")) || str_eq(key, STR("DependsOn"));
}

static status expand_map(struct extending *extending, const struct value *value,
                         const struct loop *loop, struct value *ret_value)
{
    struct value map = template_map(extending->run->arena, value->count);

    for (uint32_t i = 0; i < value->count; i++) {
        const struct pair *pair = &value->pairs[i];
        struct value made;

        if (str_starts(pair->key, LOOP)) {
            TRY(unroll(extending, &pair->value, loop, &map));
            continue;
        }
        TRY(expand_member(extending, &pair->value, loop, &made));
        if (wants_text(pair->key) && template_call_of(&made).function != FUNCTION_NONE) {
            made = known_text(extending, &made);
        }
        TRY(put(extending, &map, pair->key, &made));
    }
    *ret_value = map;
    return OK;
}

static status expand(struct extending *extending, const struct value *value,
                     const struct loop *loop, struct value *ret_value)
{
    struct template_call written = template_call_of(value);

    if (written.function != FUNCTION_NONE && !str_starts(written.name, LOOP)) {
        return expand_call(extending, &written, loop, ret_value);
    }
    if (value->kind == VALUE_MAP) {
        return expand_map(extending, value, loop, ret_value);
    }
    *ret_value = *value;
    if (value->kind == VALUE_LIST) {
        struct value list = template_list(extending->run->arena, value->count);

        for (uint32_t i = 0; i < value->count; i++) {
            TRY(expand(extending, &value->items[i], loop, template_list_add(&list)));
        }
        *ret_value = list;
    }
    return OK;
}

static const char *noun_of(struct str section)
{
    if (str_eq(section, STR("Resources"))) {
        return "LogicalId";
    }
    return str_eq(section, STR("Outputs")) ? "OutputKey" : NULL;
}

status template_extend(struct template_run *run, const struct value *fragment,
                       struct value *ret_result)
{
    struct template now = *run->of;
    struct template_world nobody = *run->world;
    struct why unsaid;
    struct extending extending = {.run = run, .now = *run};
    struct value result = template_map(run->arena, fragment->count);

    now.mappings = doc_get(fragment, "Mappings");
    nobody.answer = NULL;
    extending.now.of = &now;
    extending.now.world = &nobody;
    extending.now.why = &unsaid;
    extending.now.conditions = template_map(run->arena, 0);
    extending.now.exists = NULL;
    for (uint32_t i = 0; i < fragment->count; i++) {
        struct str key = fragment->pairs[i].key;
        const struct value *section = &fragment->pairs[i].value;
        bool may_loop = str_eq(key, STR("Resources")) || str_eq(key, STR("Outputs")) ||
                        str_eq(key, STR("Conditions"));
        struct value *made = template_map_add(&result, key);

        *made = *section;
        if (may_loop && section->kind == VALUE_MAP) {
            extending.noun = noun_of(key);
            TRY(expand_map(&extending, section, NULL, made));
        }
    }
    *ret_result = result;
    return OK;
}
