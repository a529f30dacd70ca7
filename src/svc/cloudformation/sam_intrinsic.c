/* SPDX-License-Identifier: Apache-2.0
 *
 * Intrinsic functions as the transform sees them. It evaluates none: where SAM needs a literal,
 * references to parameters become their values (in Ref and in the text of Fn::Sub), and at the end
 * references to resources that got another id, or to what a Serverless resource made
 * ("F.Alias"), get the id that there is now.
 */
#include "svc/cloudformation/sam_int.h"

/* What a walk replaces. */
enum mode {
    PARAMETERS, /* with values */
    IDS,        /* of things that got another id */
    PARTS,      /* "F.Alias" */
    MAPPINGS,   /* Fn::FindInMap */
};

/* ---- what stands for what ---- */

static const struct value *parameter(const struct sam *s, struct str name)
{
    const struct value *value = NULL;

    if (s->place->parameter != NULL) {
        value = s->place->parameter(s->place->self, name);
    }
    if (value == NULL) {
        value = node_get(node_find(node_get(s->template, "Parameters"), name), "Default");
    }
    if (node_is(value, VALUE_STR) && str_starts(value->str, STR("{{IntrinsicFunction:"))) {
        return NULL; /* a nested stack's output that is not there yet */
    }
    return value;
}

static struct value *parameter_value(struct sam *s, struct str name)
{
    const struct value *value = parameter(s, name);

    if (value != NULL) {
        return node_new(s->arena, node_copy(s->arena, value));
    }
    if (str_eq(name, STR("AWS::Region"))) {
        return node_new(s->arena, node_str(s->place->region));
    }
    if (str_eq(name, STR("AWS::Partition"))) {
        return node_new(s->arena, node_str(s->place->partition));
    }
    return NULL;
}

/* The first two parts of "F.Alias.Arn"; all of it where there are fewer. */
static struct str two_parts(struct str name)
{
    size_t dot = str_find(name, '.', 0);

    return str_slice(name, 0, dot == name.bytes ? dot : str_find(name, '.', dot + 1));
}

/* What stands before rest, where name begins with something that is called otherwise now. */
static struct str new_name(const struct sam *s, enum mode mode, struct str name,
                           struct str *ret_rest)
{
    struct str old = mode == IDS ? str_slice(name, 0, str_find(name, '.', 0)) : two_parts(name);
    struct str found = node_text(node_find(mode == IDS ? &s->changed : &s->referable, old));

    *ret_rest = str_slice(name, old.bytes, name.bytes);
    return found;
}

/* ---- Fn::Sub ---- */

static bool is_reference(struct str name)
{
    if (str_starts(name, STR("AWS::"))) {
        name = str_slice(name, 5, name.bytes);
    }
    for (size_t i = 0; i < name.bytes; i++) {
        char c = name.at[i];

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              c == '.')) {
            return false;
        }
    }
    return name.bytes > 0;
}

/* What stands for ${name}; STR_NONE: itself. */
static struct str substitute(struct sam *s, enum mode mode, struct str name)
{
    const struct value *value;
    struct str rest;
    struct str found;

    if (mode == PARAMETERS) {
        value = parameter_value(s, name);
        if (value != NULL && value->kind != VALUE_STR) {
            sam_refuse_template(s,
                                "Invalid Fn::Sub variable value %.*s. Fn::Sub expects all "
                                "variables to be strings.",
                                STR_ARG(node_shown(s->arena, value)));
        }
        return node_is(value, VALUE_STR) && value->str.at == NULL ? STR("") : node_text(value);
    }
    found = new_name(s, mode, name, &rest);
    return found.at == NULL ? STR_NONE
                            : arena_printf(s->arena, "${%.*s%.*s}", STR_ARG(found), STR_ARG(rest));
}

static void sub_text(struct sam *s, enum mode mode, struct value *text)
{
    struct str all = text->str;
    struct buf out;
    bool changed = false;

    buf_init(&out, 4u << 20);
    for (size_t at = 0; at < all.bytes;) {
        size_t end = all.at[at] == '$' && at + 1 < all.bytes && all.at[at + 1] == '{'
                         ? str_find(all, '}', at)
                         : all.bytes;
        struct str name = end < all.bytes ? str_slice(all, at + 2, end) : STR_NONE;
        struct str found = is_reference(name) ? substitute(s, mode, name) : STR_NONE;

        if (found.at == NULL) {
            buf_add_c(&out, all.at[at++]);
        } else {
            buf_add(&out, found);
            changed = true;
            at = end + 1;
        }
    }
    if (changed && !buf_spent(&out)) {
        text->str = arena_dup(s->arena, buf_str(&out));
    }
    buf_done(&out);
}

static void sub(struct sam *s, enum mode mode, struct value *value)
{
    if (node_is(value, VALUE_LIST) && value->count > 0) {
        value = &value->items[0];
    }
    if (node_is(value, VALUE_STR)) {
        sub_text(s, mode, value);
    }
}

/* ---- Ref, Fn::GetAtt, Fn::FindInMap ---- */

static void replace_ref(struct sam *s, enum mode mode, struct value *value)
{
    struct str name = node_text(&value->pairs[0].value);
    struct value *found;
    struct str rest;
    struct str other;

    if (name.at == NULL) {
        return;
    }
    if (mode == PARAMETERS) {
        found = parameter_value(s, name);
        if (found != NULL) {
            *value = *found;
        }
        return;
    }
    other = new_name(s, mode, name, &rest);
    if (other.at != NULL && rest.bytes == 0) {
        *value = sam_ref(s, other);
    }
}

static void replace_get_att(struct sam *s, enum mode mode, struct value *list)
{
    struct str name = STR("");
    struct value parts = node_list();
    struct str found;
    struct str rest;

    if (!node_is(list, VALUE_LIST) || list->count < 2) {
        return;
    }
    for (uint32_t i = 0; i < list->count; i++) {
        if (list->items[i].kind != VALUE_STR) {
            return;
        }
        name = arena_printf(s->arena, "%.*s%s%.*s", STR_ARG(name), i > 0 ? "." : "",
                            STR_ARG(list->items[i].str));
    }
    found = new_name(s, mode, name, &rest);
    if (found.at == NULL) {
        return;
    }
    node_push(s->arena, &parts, node_str(found));
    rest = str_slice(rest, 1, rest.bytes);
    while (rest.bytes > 0) {
        node_push(s->arena, &parts, node_str(str_split(&rest, '.')));
    }
    *list = parts;
}

static void replace_map(struct sam *s, struct value *value)
{
    struct value *list = &value->pairs[0].value;
    const struct value *found = node_get(s->template, "Mappings");

    if (!node_is(list, VALUE_LIST) || list->count != 3) {
        sam_refuse_template(s, "Invalid FindInMap value %.*s. FindInMap expects an array with 3 "
                               "values.",
                            STR_ARG(node_shown(s->arena, list)));
        return;
    }
    for (uint32_t i = 0; i < 3; i++) {
        found = list->items[i].kind == VALUE_STR ? node_find(found, list->items[i].str) : NULL;
    }
    if (found != NULL) {
        *value = node_copy(s->arena, found);
    }
}

/* ---- walking ---- */

static void replace(struct sam *s, enum mode mode, struct value *value)
{
    struct str key = value->kind == VALUE_MAP && value->count == 1 ? value->pairs[0].key : STR_NONE;

    if (mode == MAPPINGS) {
        if (str_eq(key, STR("Fn::FindInMap"))) {
            replace_map(s, value);
        }
    } else if (str_eq(key, STR("Ref"))) {
        replace_ref(s, mode, value);
    } else if (str_eq(key, STR("Fn::Sub"))) {
        sub(s, mode, &value->pairs[0].value);
    } else if (str_eq(key, STR("Fn::GetAtt")) && mode != PARAMETERS) {
        replace_get_att(s, mode, &value->pairs[0].value);
    }
}

static void walk(struct sam *s, enum mode mode, struct value *value)
{
    if (value == NULL) {
        return;
    }
    replace(s, mode, value);
    for (uint32_t i = 0; value->kind == VALUE_LIST && i < value->count; i++) {
        walk(s, mode, &value->items[i]);
    }
    for (uint32_t i = 0; value->kind == VALUE_MAP && i < value->count; i++) {
        walk(s, mode, &value->pairs[i].value);
    }
}

void sam_resolve(struct sam *s, struct value *value)
{
    walk(s, PARAMETERS, value);
}

struct value sam_resolved(struct sam *s, const struct value *value)
{
    struct value copy = value == NULL ? (struct value){.kind = VALUE_NULL} : *value;

    walk(s, PARAMETERS, &copy);
    return copy;
}

void sam_resolve_map(struct sam *s, struct value *value)
{
    walk(s, MAPPINGS, value);
}

/* DependsOn is no function: ids stand in it as they are. */
static void walk_depends(struct sam *s, struct value *value)
{
    struct value *depends = node_get(value, "DependsOn");
    const struct value *found;

    for (uint32_t i = 0; node_is(depends, VALUE_LIST) && i < depends->count; i++) {
        found = node_find(&s->changed, node_text(&depends->items[i]));
        depends->items[i] = found == NULL ? depends->items[i] : *found;
    }
    if (node_is(depends, VALUE_STR)) {
        found = node_find(&s->changed, depends->str);
        *depends = found == NULL ? *depends : *found;
    }
    for (uint32_t i = 0; value->kind == VALUE_LIST && i < value->count; i++) {
        walk_depends(s, &value->items[i]);
    }
    for (uint32_t i = 0; value->kind == VALUE_MAP && i < value->count; i++) {
        walk_depends(s, &value->pairs[i].value);
    }
}

void sam_resolve_references(struct sam *s, struct value *value)
{
    if (s->changed.count > 0) {
        walk_depends(s, value);
        walk(s, IDS, value);
    }
    if (s->referable.count > 0) {
        walk(s, PARTS, value);
    }
}

/* ---- conditions ---- */

bool sam_is_if(const struct value *value)
{
    return node_is_function(value, "Fn::If") &&
           node_is(&value->pairs[0].value, VALUE_LIST) && value->pairs[0].value.count == 3;
}

struct value sam_if(struct sam *s, const struct value *condition, struct value yes,
                    struct value no)
{
    return node_make(s->arena, "{'Fn::If': [%v, %v, %v]}", condition, &yes, &no);
}

void sam_condition(struct sam *s, struct str name, struct value definition)
{
    struct value *conditions = node_enter(s->arena, s->template, STR("Conditions"));

    if (conditions != NULL) {
        node_set(s->arena, conditions, name, &definition);
    }
}

void sam_combine(struct sam *s, struct str name, struct value names)
{
    uint32_t more = names.count < 2 ? 0 : (names.count - 2) / 9; /* besides the last */
    uint32_t at = 0;

    while (names.count - at > 1) {
        struct str own = more > 0 ? arena_printf(s->arena, "%.*s%u", STR_ARG(name), more) : name;
        struct value any = node_list();

        more -= more > 0 ? 1 : 0;
        for (uint32_t i = 0; i < 10 && at < names.count; i++, at++) {
            node_push(s->arena, &any,
                      node_make(s->arena, "{Condition: %v}", &names.items[at]));
        }
        node_push(s->arena, &names, node_str(own));
        sam_condition(s, own, node_make(s->arena, "{'Fn::Or': %v}", &any));
    }
}
