/* SPDX-License-Identifier: Apache-2.0
 *
 * What calls of functions are worth, in one run of a template.
 *
 * Rules
 *  1. What is not known yet makes everything unknown that is made from it, but not what stands
 *     beside it: a map with one unknown member has all the others.
 *  2. A member or an item that is AWS::NoValue is gone.
 *  3. Of Fn::If only the branch that holds is looked at.
 *  4. A text that a function makes is at most TEMPLATE_BYTES_MAX long.
 */
#include "svc/cloudformation/template_int.h"

#include "base/buf.h"
#include "base/codec.h"

typedef status function(struct template_run *run, const struct value *argument,
                        struct value *ret_value);

static status too_long(const struct template_run *run)
{
    return template_wrong(run->why, "Template error: a function makes a text of more than %u bytes",
                          TEMPLATE_BYTES_MAX);
}

static status refuse(const struct template_run *run, enum template_function which)
{
    struct value nothing = {.kind = VALUE_NONE};
    struct template_call call = {.function = which, .argument = &nothing};

    return template_call_check(&call, run->why);
}

/* The buffer's text, kept in the arena; the buffer is done. */
static status keep(struct template_run *run, struct buf *text, struct value *ret_value)
{
    bool spent = buf_spent(text);

    if (!spent) {
        *ret_value = template_text(arena_dup(run->arena, buf_str(text)));
    }
    buf_done(text);
    return spent ? too_long(run) : OK;
}

/* A text, or VALUE_NONE: not known yet. Anything else refuses the function. */
static status text_of(struct template_run *run, const struct value *document,
                      enum template_function which, struct value *ret_text)
{
    struct value value;

    TRY(template_value(run, document, &value));
    return template_as_text(run->arena, &value, ret_text) ? OK : refuse(run, which);
}

/* ---- names ---- */

static struct str partition_of(struct str region)
{
    if (str_starts(region, STR("cn-"))) {
        return STR("aws-cn");
    }
    return str_starts(region, STR("us-gov-")) ? STR("aws-us-gov") : STR("aws");
}

static struct value text_or_unknown(struct str text)
{
    return text.at == NULL ? (struct value){.kind = VALUE_NONE} : template_text(text);
}

static bool pseudo(const struct template_run *run, struct str name, struct value *ret_value)
{
    const struct template_world *world = run->world;
    struct value value = {.kind = VALUE_NONE};

    if (!template_is_pseudo(name)) {
        return false;
    }
    if (str_eq(name, STR("AWS::AccountId"))) {
        value = text_or_unknown(world->account);
    } else if (str_eq(name, STR("AWS::NoValue"))) {
        value.kind = VALUE_NULL;
    } else if (str_eq(name, STR("AWS::Partition"))) {
        value = template_text(partition_of(world->region));
    } else if (str_eq(name, STR("AWS::Region"))) {
        value = text_or_unknown(world->region);
    } else if (str_eq(name, STR("AWS::StackId"))) {
        value = text_or_unknown(world->stack_id);
    } else if (str_eq(name, STR("AWS::StackName"))) {
        value = text_or_unknown(world->stack_name);
    } else if (str_eq(name, STR("AWS::URLSuffix"))) {
        value = template_text(str_starts(world->region, STR("cn-")) ? STR("amazonaws.com.cn")
                                                                    : STR("amazonaws.com"));
    } else if (world->notification_arns != NULL) {
        value = *world->notification_arns;
    } else {
        value = template_list(run->arena, 0);
    }
    *ret_value = value;
    return true;
}

static status unresolved(const struct template_run *run, struct str name)
{
    return template_wrong(run->why,
                          "Template format error: Unresolved resource dependencies [%.*s] in the "
                          "Resources block of the template",
                          STR_ARG(name));
}

/* A resource that is to exist; NULL and a sentence otherwise. */
static const struct template_resource *existing(const struct template_run *run, struct str name)
{
    int32_t index = template_resource_index(run->of, name);

    return index < 0 || (run->exists != NULL && !run->exists[index]) ? NULL
                                                                     : &run->of->resources[index];
}

static status reference(struct template_run *run, struct str name, struct value *ret_value)
{
    struct template_question question = {
        .kind = TEMPLATE_REF, .arena = run->arena, .why = run->why};
    int32_t parameter;

    if (pseudo(run, name, ret_value)) {
        return OK;
    }
    parameter = template_parameter_index(run->of, name);
    if (parameter >= 0) {
        *ret_value = run->arguments == NULL ? (struct value){.kind = VALUE_NONE}
                                            : run->arguments[parameter].value;
        return OK;
    }
    question.resource = existing(run, name);
    return question.resource == NULL ? unresolved(run, name)
                                     : template_ask(run->world, &question, ret_value);
}

static status attribute(struct template_run *run, struct str resource, struct str name,
                        struct value *ret_value)
{
    struct template_question question = {.kind = TEMPLATE_ATTRIBUTE,
                                         .resource = existing(run, resource),
                                         .name = name,
                                         .arena = run->arena,
                                         .why = run->why};

    return question.resource == NULL ? unresolved(run, resource)
                                     : template_ask(run->world, &question, ret_value);
}

static status ref(struct template_run *run, const struct value *argument, struct value *ret_value)
{
    return reference(run, argument->str, ret_value);
}

static status get_att(struct template_run *run, const struct value *argument,
                      struct value *ret_value)
{
    struct str resource;
    struct value written;
    struct value name;

    (void)template_get_att_parts(argument, &resource, &written);
    TRY(text_of(run, &written, FUNCTION_GET_ATT, &name));
    if (name.kind == VALUE_NONE) {
        *ret_value = name;
        return OK;
    }
    return attribute(run, resource, name.str, ret_value);
}

/* ---- Fn::Sub ---- */

static status variable(struct template_run *run, const struct value *given, struct str name,
                       struct value *ret_text)
{
    const struct value *own = given == NULL ? NULL : map_find(given, name);
    struct value value = {.kind = VALUE_NONE};
    struct str first;
    struct str second;

    if (own != NULL) {
        value = *own;
    } else if (!template_variable_good(name)) {
        return template_wrong(run->why,
                              "Template error: variable names in Fn::Sub syntax must contain only "
                              "alphanumeric characters, underscores, periods, and colons");
    } else if (template_dotted(name, &first, &second)) {
        TRY(attribute(run, first, second, &value));
    } else {
        TRY(reference(run, name, &value));
    }
    if (value.kind == VALUE_NULL) { /* AWS::NoValue stands for nothing at all here */
        *ret_text = template_text(STR(""));
        return OK;
    }
    if (template_as_text(run->arena, &value, ret_text)) {
        return OK;
    }
    return template_wrong(run->why,
                          "Template error: variable %.*s in Fn::Sub expression does not resolve to "
                          "a string",
                          STR_ARG(name));
}

static status sub_text(struct template_run *run, struct str rest, const struct value *given,
                       struct value *ret_value)
{
    struct template_piece piece;
    struct value value;
    struct buf text;
    bool known = true;
    status read = OK;

    buf_init(&text, TEMPLATE_BYTES_MAX);
    while (read == OK && template_piece_next(&rest, &piece)) {
        buf_add(&text, piece.text);
        if (piece.literal) {
            buf_printf(&text, "${%.*s}", STR_ARG(piece.variable));
        } else if (piece.variable.at != NULL) {
            read = variable(run, given, piece.variable, &value);
            known = known && (read != OK || value.kind != VALUE_NONE);
            buf_add(&text, read == OK && value.kind == VALUE_STR ? value.str : STR_NONE);
        }
    }
    if (read != OK || !known) {
        buf_done(&text);
        *ret_value = (struct value){.kind = VALUE_NONE};
        return read;
    }
    return keep(run, &text, ret_value);
}

static status sub(struct template_run *run, const struct value *argument, struct value *ret_value)
{
    const struct value *variables;
    struct value given;

    if (argument->kind != VALUE_LIST) {
        return sub_text(run, doc_text(run->arena, argument), NULL, ret_value);
    }
    variables = &argument->items[1];
    given = template_map(run->arena, variables->count);
    for (uint32_t i = 0; i < variables->count; i++) {
        struct value *made = template_map_add(&given, variables->pairs[i].key);

        TRY(template_value(run, &variables->pairs[i].value, made));
        if (made->kind != VALUE_NULL && !template_as_text(run->arena, made, made)) {
            return template_wrong(run->why,
                                  "Template error: every value of the context object of every "
                                  "Fn::Sub object must be a string or a function that returns a "
                                  "string");
        }
    }
    return sub_text(run, doc_text(run->arena, &argument->items[0]), &given, ret_value);
}

/* ---- lists and texts ---- */

static status join_list(struct template_run *run, struct str between, const struct value *list,
                        struct value *ret_value)
{
    struct buf text;
    struct value item;

    buf_init(&text, TEMPLATE_BYTES_MAX);
    for (uint32_t i = 0; i < list->count; i++) {
        if (!template_as_text(run->arena, &list->items[i], &item)) {
            buf_done(&text);
            return refuse(run, FUNCTION_JOIN);
        }
        if (i > 0) {
            buf_add(&text, between);
        }
        buf_add(&text, item.kind == VALUE_STR ? item.str : STR_NONE);
    }
    return keep(run, &text, ret_value);
}

static status join(struct template_run *run, const struct value *argument,
                   struct value *ret_value)
{
    struct value between;
    struct value list;

    TRY(text_of(run, &argument->items[0], FUNCTION_JOIN, &between));
    TRY(template_value(run, &argument->items[1], &list));
    if (between.kind == VALUE_NONE || list.kind == VALUE_NONE || template_has_unknown(&list)) {
        *ret_value = (struct value){.kind = VALUE_NONE};
        return OK;
    }
    return list.kind == VALUE_LIST ? join_list(run, between.str, &list, ret_value)
                                   : refuse(run, FUNCTION_JOIN);
}

static struct value cut(struct arena *arena, struct str between, struct str text)
{
    struct value list;
    size_t count = 1;
    size_t at;

    for (struct str rest = text; (at = str_find_str(rest, between)) < rest.bytes;) {
        count++;
        rest = str_slice(rest, at + between.bytes, rest.bytes);
    }
    list = template_list(arena, count);
    while (list.count < count) {
        at = list.count + 1 == count ? text.bytes : str_find_str(text, between);
        *template_list_add(&list) = template_text(str_slice(text, 0, at));
        text = str_slice(text, at + between.bytes, text.bytes);
    }
    return list;
}

static status split(struct template_run *run, const struct value *argument,
                    struct value *ret_value)
{
    struct value between;
    struct value text;

    TRY(text_of(run, &argument->items[0], FUNCTION_SPLIT, &between));
    TRY(text_of(run, &argument->items[1], FUNCTION_SPLIT, &text));
    if (between.kind == VALUE_NONE || text.kind == VALUE_NONE) {
        *ret_value = (struct value){.kind = VALUE_NONE};
        return OK;
    }
    if (between.str.bytes == 0) {
        return refuse(run, FUNCTION_SPLIT);
    }
    *ret_value = cut(run->arena, between.str, text.str);
    return OK;
}

static status select_item(struct template_run *run, const struct value *argument,
                          struct value *ret_value)
{
    struct value index;
    struct value list;
    int64_t at;

    TRY(text_of(run, &argument->items[0], FUNCTION_SELECT, &index));
    TRY(template_value(run, &argument->items[1], &list));
    if (index.kind == VALUE_NONE || list.kind == VALUE_NONE) {
        *ret_value = (struct value){.kind = VALUE_NONE};
        return OK;
    }
    if (list.kind != VALUE_LIST) {
        return template_wrong(run->why, "Template error: Fn::Select requires a list argument with "
                                        "two elements: an integer index and a list");
    }
    if (!str_to_i64(index.str, &at)) {
        return template_wrong(run->why, "Template error: Fn::Select requires a list argument with "
                                        "a valid index value as its first element");
    }
    if (at < 0 || at >= (int64_t)list.count) {
        return template_wrong(run->why,
                              "Template error: Fn::Select cannot select nonexistent value at index "
                              "%lld",
                              (long long)at);
    }
    *ret_value = list.items[at];
    return OK;
}

static status base64(struct template_run *run, const struct value *argument,
                     struct value *ret_value)
{
    struct value plain;
    struct buf text;

    TRY(text_of(run, argument, FUNCTION_BASE64, &plain));
    if (plain.kind == VALUE_NONE) {
        *ret_value = plain;
        return OK;
    }
    buf_init(&text, TEMPLATE_BYTES_MAX);
    buf_add_base64(&text, plain.str);
    return keep(run, &text, ret_value);
}

static status length(struct template_run *run, const struct value *argument,
                     struct value *ret_value)
{
    struct value list;

    TRY(template_value(run, argument, &list));
    if (list.kind != VALUE_LIST && list.kind != VALUE_NONE) {
        return refuse(run, FUNCTION_LENGTH);
    }
    *ret_value = list.kind == VALUE_NONE ? list : template_number(list.count);
    return OK;
}

static status to_json(struct template_run *run, const struct value *argument,
                      struct value *ret_value)
{
    struct value value;
    struct str text;

    TRY(template_value(run, argument, &value));
    if (template_has_unknown(&value)) {
        *ret_value = (struct value){.kind = VALUE_NONE};
        return OK;
    }
    text = doc_json(run->arena, &value);
    if (text.at == NULL || text.bytes > TEMPLATE_BYTES_MAX) {
        return too_long(run);
    }
    *ret_value = template_text(text);
    return OK;
}

static status cidr(struct template_run *run, const struct value *argument,
                   struct value *ret_value)
{
    struct value arguments;

    TRY(template_value(run, argument, &arguments));
    if (template_has_unknown(&arguments)) {
        *ret_value = (struct value){.kind = VALUE_NONE};
        return OK;
    }
    return template_cidr(&arguments, run->arena, run->why, ret_value);
}

/* ---- choosing ---- */

static status condition_if(struct template_run *run, const struct value *argument,
                           struct value *ret_value)
{
    const struct value *holds = map_find(&run->conditions, argument->items[0].str);

    if (holds == NULL) {
        return template_wrong(run->why,
                              "Template error: unresolved condition dependency %.*s in Fn::If",
                              STR_ARG(argument->items[0].str));
    }
    return template_value(run, &argument->items[holds->truth ? 1 : 2], ret_value);
}

static const struct value *found_in(const struct value *mappings, const struct value key[3])
{
    const struct value *at = mappings;

    for (int i = 0; i < 3 && at != NULL; i++) {
        at = at->kind == VALUE_MAP ? map_find(at, key[i].str) : NULL;
    }
    return at;
}

static status find_in_map(struct template_run *run, const struct value *argument,
                          struct value *ret_value)
{
    const struct value *mappings = run->of->mappings;
    const struct value *found;
    struct value key[3];

    for (int i = 0; i < 3; i++) {
        TRY(text_of(run, &argument->items[i], FUNCTION_FIND_IN_MAP, &key[i]));
        if (key[i].kind == VALUE_NONE) {
            *ret_value = key[i];
            return OK;
        }
    }
    found = found_in(mappings, key);
    if (found != NULL) {
        *ret_value = *found;
        return OK;
    }
    if (argument->count == 4) {
        return template_value(run, doc_get(&argument->items[3], "DefaultValue"), ret_value);
    }
    if (mappings == NULL || map_find(mappings, key[0].str) == NULL) {
        return template_wrong(run->why,
                              "Template error: Mapping named '%.*s' is not present in the "
                              "'Mappings' section of template.",
                              STR_ARG(key[0].str));
    }
    return template_wrong(run->why,
                          "Template error: Unable to get mapping for %.*s::%.*s::%.*s",
                          STR_ARG(key[0].str), STR_ARG(key[1].str), STR_ARG(key[2].str));
}

/* ---- what the world knows ---- */

static status asked_by_name(struct template_run *run, const struct value *argument,
                            struct template_question question, struct value *ret_value)
{
    struct value name;

    TRY(text_of(run, argument,
                question.kind == TEMPLATE_IMPORT ? FUNCTION_IMPORT_VALUE : FUNCTION_GET_AZS,
                &name));
    if (name.kind == VALUE_NONE) {
        *ret_value = name;
        return OK;
    }
    question.name = name.str;
    if (question.kind == TEMPLATE_ZONES && name.str.bytes == 0) {
        question.name = run->world->region;
    }
    question.arena = run->arena;
    question.why = run->why;
    return template_ask(run->world, &question, ret_value);
}

static status import_value(struct template_run *run, const struct value *argument,
                           struct value *ret_value)
{
    return asked_by_name(run, argument, (struct template_question){.kind = TEMPLATE_IMPORT},
                         ret_value);
}

static status get_azs(struct template_run *run, const struct value *argument,
                      struct value *ret_value)
{
    return asked_by_name(run, argument, (struct template_question){.kind = TEMPLATE_ZONES},
                         ret_value);
}

status template_ask(const struct template_world *world, const struct template_question *question,
                    struct value *ret_value)
{
    struct value answer = {.kind = VALUE_NONE};

    if (world != NULL && world->answer != NULL) {
        TRY(world->answer(world->context, question, &answer));
    }
    *ret_value = answer;
    return OK;
}

/* ---- documents ---- */

static status call_of(struct template_run *run, const struct template_call *call,
                      struct value *ret_value)
{
    static function *const functions[FUNCTION_COUNT] = {
        [FUNCTION_REF] = ref,
        [FUNCTION_GET_ATT] = get_att,
        [FUNCTION_SUB] = sub,
        [FUNCTION_JOIN] = join,
        [FUNCTION_SPLIT] = split,
        [FUNCTION_SELECT] = select_item,
        [FUNCTION_FIND_IN_MAP] = find_in_map,
        [FUNCTION_IF] = condition_if,
        [FUNCTION_IMPORT_VALUE] = import_value,
        [FUNCTION_BASE64] = base64,
        [FUNCTION_CIDR] = cidr,
        [FUNCTION_GET_AZS] = get_azs,
        [FUNCTION_LENGTH] = length,
        [FUNCTION_TO_JSON] = to_json,
    };

    TRY(template_call_check(call, run->why));
    if (functions[call->function] == NULL) {
        return template_call_unknown(call, run->why);
    }
    return functions[call->function](run, call->argument, ret_value);
}

static status list_of(struct template_run *run, const struct value *written,
                      struct value *ret_value)
{
    struct value list = template_list(run->arena, written->count);

    for (uint32_t i = 0; i < written->count; i++) {
        struct value *item = template_list_add(&list);

        TRY(template_value(run, &written->items[i], item));
        list.count -= item->kind == VALUE_NULL;
    }
    *ret_value = list;
    return OK;
}

static status map_of(struct template_run *run, const struct value *written,
                     struct value *ret_value)
{
    struct value map = template_map(run->arena, written->count);

    for (uint32_t i = 0; i < written->count; i++) {
        struct value *member = template_map_add(&map, written->pairs[i].key);

        TRY(template_value(run, &written->pairs[i].value, member));
        map.count -= member->kind == VALUE_NULL;
    }
    *ret_value = map;
    return OK;
}

status template_value(struct template_run *run, const struct value *document,
                      struct value *ret_value)
{
    struct template_call call = template_call_of(document);

    if (arena_spent(run->arena)) {
        return why_set(run->why, &ERR_LIMIT, "the template is too large");
    }
    if (call.function != FUNCTION_NONE) {
        return call_of(run, &call, ret_value);
    }
    if (document->kind == VALUE_LIST) {
        return list_of(run, document, ret_value);
    }
    if (document->kind == VALUE_MAP) {
        return map_of(run, document, ret_value);
    }
    *ret_value = *document;
    return OK;
}
