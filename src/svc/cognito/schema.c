/* SPDX-License-Identifier: Apache-2.0
 *
 * A pool's schema: the attributes of OpenID Connect that every pool has, and custom ones. Source:
 * "Working with user attributes", Amazon Cognito developer guide.
 */
#include "svc/cognito/pool.h"

#define NAME_BYTES_MAX 20

/* A standard attribute as every pool has it at first. */
struct standard {
    const char *name;   /* of the attribute */
    const char *type;   /* AttributeDataType */
    const char *min;    /* MinLength or MinValue; NULL: none */
    const char *max;    /* MaxLength; NULL: none */
};

static const struct standard standards[] = {
    {"sub", "String", "1", "2048"},
    {"name", "String", "0", "2048"},
    {"given_name", "String", "0", "2048"},
    {"family_name", "String", "0", "2048"},
    {"middle_name", "String", "0", "2048"},
    {"nickname", "String", "0", "2048"},
    {"preferred_username", "String", "0", "2048"},
    {"profile", "String", "0", "2048"},
    {"picture", "String", "0", "2048"},
    {"website", "String", "0", "2048"},
    {"email", "String", "0", "2048"},
    {"email_verified", "Boolean", NULL, NULL},
    {"gender", "String", "0", "2048"},
    {"birthdate", "String", "10", "10"},
    {"zoneinfo", "String", "0", "2048"},
    {"locale", "String", "0", "2048"},
    {"phone_number", "String", "0", "2048"},
    {"phone_number_verified", "Boolean", NULL, NULL},
    {"address", "String", "0", "2048"},
    {"updated_at", "Number", "0", NULL},
    {"identities", "String", NULL, NULL},
};
#define STANDARDS (sizeof(standards) / sizeof(standards[0]))

static void standard_put(struct call *c, struct value *one, const struct standard *standard)
{
    bool sub = str_eq(str_c(standard->name), STR("sub"));
    bool number = str_eq(str_c(standard->type), STR("Number"));
    struct value *bounds;

    set_str(one, "Name", str_c(standard->name));
    set_str(one, "AttributeDataType", str_c(standard->type));
    set_bool(one, "DeveloperOnlyAttribute", false);
    set_bool(one, "Mutable", !sub);
    set_bool(one, "Required", sub);
    if (str_eq(str_c(standard->type), STR("Boolean"))) {
        return;
    }
    bounds = set_struct(c->arena, one,
                        number ? "NumberAttributeConstraints" : "StringAttributeConstraints");
    if (standard->min != NULL) {
        set_str(bounds, number ? "MinValue" : "MinLength", str_c(standard->min));
    }
    if (standard->max != NULL) {
        set_str(bounds, "MaxLength", str_c(standard->max));
    }
}

static struct value *find_in(const struct value *list, struct str name)
{
    for (uint32_t i = 0; i < list->count; i++) {
        if (str_eq(get_str(&list->items[i], "Name"), name)) {
            return &list->items[i];
        }
    }
    return NULL;
}

/* A bound of a length or number: a whole number, and not above the other. */
static status bound_check(struct call *c, struct str name, struct str min, struct str max)
{
    int64_t low = 0, high = INT64_MAX;

    if ((min.bytes > 0 && !str_to_i64(min, &low)) || (max.bytes > 0 && !str_to_i64(max, &high)) ||
        (min.bytes > 0 && max.bytes > 0 && low > high)) {
        return fail(c, &COGNITO_INVALID, "Invalid constraints on schema attribute %.*s.",
                    STR_ARG(name));
    }
    return OK;
}

static status bounds_check(struct call *c, const struct value *one)
{
    const struct value *texts = get(one, "StringAttributeConstraints");
    const struct value *numbers = get(one, "NumberAttributeConstraints");
    struct str name = get_str(one, "Name");

    if (texts != NULL) {
        TRY(bound_check(c, name, get_str(texts, "MinLength"), get_str(texts, "MaxLength")));
    }
    return numbers == NULL ? OK
                           : bound_check(c, name, get_str(numbers, "MinValue"),
                                         get_str(numbers, "MaxValue"));
}

/* What Schema says of a standard attribute. */
static status standard_change(struct call *c, struct value *there, const struct value *wish)
{
    static const char *const taken[] = {"StringAttributeConstraints", "NumberAttributeConstraints",
                                        "Mutable", "Required"};
    struct str name = get_str(wish, "Name");
    bool sub = str_eq(name, STR("sub"));

    if ((has(wish, "AttributeDataType") &&
         !str_eq(get_str(wish, "AttributeDataType"), get_str(there, "AttributeDataType"))) ||
        get_bool(wish, "DeveloperOnlyAttribute", false)) {
        return fail(c, &COGNITO_INVALID,
                    "You can not change AttributeDataType or set developerOnlyAttribute for "
                    "standard schema attribute %.*s",
                    STR_ARG(name));
    }
    if (sub && (!get_bool(wish, "Required", true) || get_bool(wish, "Mutable", false))) {
        return fail(c, &COGNITO_INVALID,
                    "Standard attribute sub must be required and cannot be mutable.");
    }
    TRY(bounds_check(c, wish));
    for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++) {
        if (has(wish, taken[i])) {
            set_value(there, taken[i], get(wish, taken[i]));
        }
    }
    return OK;
}

static status custom_check(struct call *c, const struct value *list, const struct value *wish,
                           struct str full)
{
    struct str name = get_str(wish, "Name");

    if (name.bytes == 0) {
        return fail(c, &COGNITO_INVALID, "Missing required parameter Name in schema attribute.");
    }
    if (name.bytes > NAME_BYTES_MAX) {
        return fail(c, &COGNITO_INVALID,
                    "1 validation error detected: Value '%.*s' at "
                    "'schema.1.member.name' failed to satisfy constraint: Member must have "
                    "length less than or equal to %d",
                    STR_ARG(name), NAME_BYTES_MAX);
    }
    if (get_bool(wish, "Required", false)) {
        return fail(c, &COGNITO_INVALID, "Required custom attributes are not supported currently.");
    }
    if (find_in(list, full) != NULL) {
        return fail(c, &COGNITO_INVALID, "%.*s: Existing attribute already has name %.*s.",
                    STR_ARG(full), STR_ARG(full));
    }
    return bounds_check(c, wish);
}

static status custom_add(struct call *c, struct value *list, const struct value *wish)
{
    bool developer = get_bool(wish, "DeveloperOnlyAttribute", false);
    struct str name = get_str(wish, "Name");
    struct str full = arena_printf(c->arena, "%scustom:%.*s", developer ? "dev:" : "",
                                   STR_ARG(name));
    struct str type = has(wish, "AttributeDataType") ? get_str(wish, "AttributeDataType")
                                                     : STR("String");
    struct value *one;

    TRY(custom_check(c, list, wish, full));
    if (list->count - STANDARDS >= CUSTOM_ATTRIBUTES_MAX) {
        return fail(c, &COGNITO_INVALID, "A user pool has at most %d custom attributes.",
                    CUSTOM_ATTRIBUTES_MAX);
    }
    one = list_add(c->arena, list);
    set_str(one, "Name", full);
    set_str(one, "AttributeDataType", type);
    set_bool(one, "DeveloperOnlyAttribute", developer);
    set_bool(one, "Mutable", get_bool(wish, "Mutable", false));
    set_bool(one, "Required", false);
    if (str_eq(type, STR("String"))) {
        if (has(wish, "StringAttributeConstraints")) {
            set_value(one, "StringAttributeConstraints", get(wish, "StringAttributeConstraints"));
        } else {
            (void)set_struct(c->arena, one, "StringAttributeConstraints");
        }
    } else if (str_eq(type, STR("Number"))) {
        if (has(wish, "NumberAttributeConstraints")) {
            set_value(one, "NumberAttributeConstraints", get(wish, "NumberAttributeConstraints"));
        } else {
            (void)set_struct(c->arena, one, "NumberAttributeConstraints");
        }
    }
    return OK;
}

status schema_make(struct call *c, struct value *about)
{
    const struct value *wishes = arg(c, "Schema");
    size_t count = wishes == NULL ? 0 : wishes->count;
    struct value *list = set_list(c->arena, about, "SchemaAttributes", STANDARDS + count);

    for (size_t i = 0; i < STANDARDS; i++) {
        standard_put(c, list_add(c->arena, list), &standards[i]);
    }
    for (size_t i = 0; i < count; i++) {
        const struct value *wish = &wishes->items[i];
        struct value *there = find_in(list, get_str(wish, "Name"));

        TRY(there != NULL ? standard_change(c, there, wish) : custom_add(c, list, wish));
    }
    return OK;
}

status schema_extend(struct call *c, struct value *about, const struct value *customs)
{
    const struct value *old = get(about, "SchemaAttributes");
    struct value before = *old;
    struct value *list =
        set_list(c->arena, about, "SchemaAttributes", before.count + customs->count);

    for (uint32_t i = 0; i < before.count; i++) {
        *list_add(c->arena, list) = before.items[i];
    }
    for (uint32_t i = 0; i < customs->count; i++) {
        TRY(custom_add(c, list, &customs->items[i]));
    }
    return OK;
}
