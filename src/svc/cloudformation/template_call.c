/* SPDX-License-Identifier: Apache-2.0
 *
 * Which functions there are, what they are called, and which shape their arguments have. What an
 * argument is worth may be a call itself; its shape here is what is written.
 */
#include "svc/cloudformation/template_int.h"

typedef bool shape_check(const struct value *argument);

struct function {
    const char *name;   /* "Fn::Join" */
    const char *tag;    /* "!Join" */
    shape_check *good;  /* NULL: anything goes */
    const char *refusal; /* behind "Template error: " */
};

static bool is_call(const struct value *value)
{
    return value->kind == VALUE_MAP && template_call_of(value).argument != NULL;
}

static bool is_text_or_call(const struct value *value)
{
    return template_is_scalar(value) || is_call(value);
}

static bool is_list_or_call(const struct value *value)
{
    return value->kind == VALUE_LIST || is_call(value);
}

static bool holds(const struct value *value, uint32_t least, uint32_t most)
{
    return value->kind == VALUE_LIST && value->count >= least && value->count <= most;
}

static bool ref_good(const struct value *argument)
{
    return template_is_text(argument);
}

static bool get_att_good(const struct value *argument)
{
    struct str resource;
    struct value attribute;

    return template_get_att_parts(argument, &resource, &attribute);
}

static bool sub_good(const struct value *argument)
{
    return template_is_scalar(argument) ||
           (holds(argument, 2, 2) && template_is_scalar(&argument->items[0]) &&
            argument->items[1].kind == VALUE_MAP && !is_call(&argument->items[1]));
}

static bool join_good(const struct value *argument)
{
    return holds(argument, 2, 2) && is_text_or_call(&argument->items[0]) &&
           is_list_or_call(&argument->items[1]);
}

static bool split_good(const struct value *argument)
{
    return holds(argument, 2, 2) && is_text_or_call(&argument->items[0]) &&
           is_text_or_call(&argument->items[1]);
}

static bool select_good(const struct value *argument)
{
    return holds(argument, 2, 2) && is_text_or_call(&argument->items[0]) &&
           is_list_or_call(&argument->items[1]);
}

static bool find_good(const struct value *argument)
{
    return holds(argument, 3, 4) && is_text_or_call(&argument->items[0]) &&
           is_text_or_call(&argument->items[1]) && is_text_or_call(&argument->items[2]) &&
           (argument->count == 3 || (argument->items[3].kind == VALUE_MAP &&
                                     doc_get(&argument->items[3], "DefaultValue") != NULL));
}

static bool if_good(const struct value *argument)
{
    return holds(argument, 3, 3) && template_is_text(&argument->items[0]);
}

static bool cidr_good(const struct value *argument)
{
    return is_call(argument) || (holds(argument, 2, 3) && is_text_or_call(&argument->items[0]) &&
                                 is_text_or_call(&argument->items[1]));
}

static bool json_good(const struct value *argument)
{
    return argument->kind == VALUE_MAP || argument->kind == VALUE_LIST;
}

static bool two(const struct value *argument)
{
    return holds(argument, 2, 2);
}

static bool one(const struct value *argument)
{
    return holds(argument, 1, 1);
}

static bool two_to_ten(const struct value *argument)
{
    return holds(argument, 2, 10);
}

#define TEXT_ONLY(name) "every " name " object must have a String-typed value."
#define TWO_TO_TEN(name)                                                                           \
    "every " name " object requires a list of at least 2 and at most 10 boolean parameters."

static const struct function functions[FUNCTION_COUNT] = {
    [FUNCTION_REF] = {"Ref", "!Ref", ref_good,
                      "every Ref object must have a single String value."},
    [FUNCTION_GET_ATT] = {"Fn::GetAtt", "!GetAtt", get_att_good,
                          "every Fn::GetAtt object requires two non-empty parameters, the resource "
                          "name and the resource attribute"},
    [FUNCTION_SUB] = {"Fn::Sub", "!Sub", sub_good,
                      "One or more Fn::Sub intrinsic functions don't specify expected arguments. "
                      "Specify a string as first argument, and an optional second argument to "
                      "specify a mapping of values to replace in the string"},
    [FUNCTION_JOIN] = {"Fn::Join", "!Join", join_good,
                       "every Fn::Join object requires two parameters, (1) a string delimiter and "
                       "(2) a list of strings to be joined or a function that returns a list of "
                       "strings (such as Fn::GetAZs) to be joined."},
    [FUNCTION_SPLIT] = {"Fn::Split", "!Split", split_good,
                        "every Fn::Split object requires two parameters, (1) a string delimiter "
                        "and (2) a string to be split or a function that returns a string to be "
                        "split."},
    [FUNCTION_SELECT] = {"Fn::Select", "!Select", select_good,
                         "Fn::Select requires a list argument with two elements: an integer index "
                         "and a list"},
    [FUNCTION_FIND_IN_MAP] = {"Fn::FindInMap", "!FindInMap", find_good,
                              "every Fn::FindInMap object requires three parameters, the map "
                              "name, map key and the attribute for return value"},
    [FUNCTION_IF] = {"Fn::If", "!If", if_good,
                     "Fn::If requires a list argument with three elements"},
    [FUNCTION_IMPORT_VALUE] = {"Fn::ImportValue", "!ImportValue", is_text_or_call,
                               TEXT_ONLY("Fn::ImportValue")},
    [FUNCTION_BASE64] = {"Fn::Base64", "!Base64", is_text_or_call, TEXT_ONLY("Fn::Base64")},
    [FUNCTION_CIDR] = {"Fn::Cidr", "!Cidr", cidr_good,
                       "every Fn::Cidr object requires three parameters, the IP block, the count "
                       "and the number of subnet bits"},
    [FUNCTION_GET_AZS] = {"Fn::GetAZs", "!GetAZs", is_text_or_call, TEXT_ONLY("Fn::GetAZs")},
    [FUNCTION_LENGTH] = {"Fn::Length", "!Length", is_list_or_call,
                         "every Fn::Length object must have a list or a function that returns a "
                         "list"},
    [FUNCTION_TO_JSON] = {"Fn::ToJsonString", "!ToJsonString", json_good,
                          "every Fn::ToJsonString object must have a list or a map"},
    [FUNCTION_TRANSFORM] = {"Fn::Transform", "!Transform", NULL, NULL},
    [FUNCTION_EQUALS] = {"Fn::Equals", "!Equals", two,
                         "Fn::Equals requires a list argument with two elements"},
    [FUNCTION_AND] = {"Fn::And", "!And", two_to_ten, TWO_TO_TEN("Fn::And")},
    [FUNCTION_OR] = {"Fn::Or", "!Or", two_to_ten, TWO_TO_TEN("Fn::Or")},
    [FUNCTION_NOT] = {"Fn::Not", "!Not", one,
                      "Fn::Not requires a list argument with one element"},
    [FUNCTION_CONTAINS] = {"Fn::Contains", "!Contains", two,
                           "Fn::Contains requires a list argument with two elements"},
    [FUNCTION_EACH_EQUALS] = {"Fn::EachMemberEquals", "!EachMemberEquals", two,
                              "Fn::EachMemberEquals requires a list argument with two elements"},
    [FUNCTION_EACH_IN] = {"Fn::EachMemberIn", "!EachMemberIn", two,
                          "Fn::EachMemberIn requires a list argument with two elements"},
    [FUNCTION_REF_ALL] = {"Fn::RefAll", "!RefAll", template_is_text, TEXT_ONLY("Fn::RefAll")},
    [FUNCTION_VALUE_OF] = {"Fn::ValueOf", "!ValueOf", two,
                           "Fn::ValueOf requires a list argument with two elements"},
    [FUNCTION_VALUE_OF_ALL] = {"Fn::ValueOfAll", "!ValueOfAll", two,
                               "Fn::ValueOfAll requires a list argument with two elements"},
};

/* ---- what a call is ---- */

/* Most maps of one pair are none, and seen so at once. */
static bool may_be_call(struct str key)
{
    return str_eq(key, STR("Ref")) || str_starts_nocase(key, STR("Fn::"));
}

struct template_call template_call_of(const struct value *document)
{
    struct template_call call = {.function = FUNCTION_NONE};

    if (document->kind != VALUE_MAP || document->count != 1 ||
        !may_be_call(document->pairs[0].key)) {
        return call;
    }
    for (int i = FUNCTION_REF; i < FUNCTION_COUNT; i++) {
        if (str_eq(document->pairs[0].key, str_c(functions[i].name))) {
            call.function = (enum template_function)i;
        }
    }
    if (call.function == FUNCTION_NONE &&
        str_starts_nocase(document->pairs[0].key, STR("Fn::"))) {
        call.function = FUNCTION_UNKNOWN;
    }
    if (call.function != FUNCTION_NONE) {
        call.name = document->pairs[0].key;
        call.argument = &document->pairs[0].value;
    }
    return call;
}

const char *template_function_of_tag(struct str tag)
{
    for (int i = FUNCTION_REF; i < FUNCTION_COUNT; i++) {
        if (str_eq(tag, str_c(functions[i].tag))) {
            return functions[i].name;
        }
    }
    return str_eq(tag, STR("!Condition")) ? "Condition" : NULL;
}

struct str template_condition_named(const struct value *document)
{
    bool named = document->kind == VALUE_MAP && document->count == 1 &&
                 str_eq(document->pairs[0].key, STR("Condition")) &&
                 template_is_text(&document->pairs[0].value);

    return named ? document->pairs[0].value.str : STR_NONE;
}

/* ---- what is refused ---- */

status template_call_unknown(const struct template_call *call, struct why *why)
{
    return template_wrong(
        why,
        "Template Error: Encountered unsupported function: %.*s Supported functions are: "
        "[Fn::Base64, Fn::GetAtt, Fn::GetAZs, Fn::ImportValue, Fn::Join, Fn::Split, "
        "Fn::FindInMap, Fn::Select, Ref, Fn::Equals, Fn::If, Fn::Not, Condition, Fn::And, Fn::Or, "
        "Fn::Contains, Fn::EachMemberEquals, Fn::EachMemberIn, Fn::ValueOf, Fn::ValueOfAll, "
        "Fn::RefAll, Fn::Sub, Fn::Cidr]",
        STR_ARG(str_slice(call->name, 0, 255)));
}

/* Where one argument is wrong in a way of its own. */
static const char *refusal_of(const struct template_call *call)
{
    const struct value *argument = call->argument;

    if (call->function == FUNCTION_GET_ATT && template_is_text(argument)) {
        return "if specifying one argument to Fn::GetAtt, that argument must be a non-empty string "
               "in format <LogicalId>.<Attribute>";
    }
    if (call->function == FUNCTION_IF &&
        (argument->kind != VALUE_LIST || argument->count == 0 ||
         !template_is_text(&argument->items[0]))) {
        return "Fn::If requires a list argument with the first element being a condition";
    }
    if (call->function == FUNCTION_SELECT &&
        (argument->kind != VALUE_LIST || argument->count == 0 ||
         !is_text_or_call(&argument->items[0]))) {
        return "Fn::Select requires a list argument with a valid index value as its first element";
    }
    return functions[call->function].refusal;
}

status template_find_check(const struct value *mappings, const struct value *argument,
                           struct arena *arena, struct why *why)
{
    const struct value *at = mappings;
    bool written = true;
    struct str key[3];

    for (int i = 0; i < 3; i++) {
        key[i] = doc_text(arena, &argument->items[i]);
        written = written && template_is_scalar(&argument->items[i]);
        at = !written || at == NULL || at->kind != VALUE_MAP ? NULL : map_find(at, key[i]);
        if (i == 0 && written && at == NULL) {
            return template_wrong(why,
                                  "Template error: Mapping named '%.*s' is not present in the "
                                  "'Mappings' section of template.",
                                  STR_ARG(key[0]));
        }
    }
    return !written || at != NULL
               ? OK
               : template_wrong(why, "Template error: Unable to get mapping for %.*s::%.*s::%.*s",
                                STR_ARG(key[0]), STR_ARG(key[1]), STR_ARG(key[2]));
}

status template_call_check(const struct template_call *call, struct why *why)
{
    shape_check *good;

    if (call->function == FUNCTION_UNKNOWN) {
        return template_call_unknown(call, why);
    }
    good = functions[call->function].good;
    return good == NULL || good(call->argument)
               ? OK
               : template_wrong(why, "Template error: %s", refusal_of(call));
}
