/* SPDX-License-Identifier: Apache-2.0
 *
 * The policy in a browser's form: who made the form has signed what may be posted with it.
 * Source: "POST Policy", AWS documentation.
 *
 *   {"expiration": "2026-11-23T12:00:00.000Z",
 *    "conditions": [{"bucket": "scans"}, ["starts-with", "$key", "card/"],
 *                   ["content-length-range", 1, 1048576]]}
 *
 * Rules
 *  1. Every condition must hold, and every field must be named by one, but for those that carry the
 *     policy itself and those called x-ignore-….
 *  2. Fields are compared as they are meant, with ${filename} replaced. Their names have no case.
 *  3. A list of types (Content-Type with commas) starts with something when each of them does.
 */
#include "base/codec.h"
#include "svc/s3/s3_core.h"
#include "wire/form.h"
#include "wire/json.h"

#include <assert.h>

#define CONDITIONS_MAX 256
#define FIELD_BYTES_MAX (64u * 1024)
#define POLICY_BYTES_MAX (64u * 1024)

/* The fields that a condition has named. */
struct named {
    bool fields[FORM_FIELDS_MAX]; /* by their place in the form */
};

/* ---- fields ---- */

static struct str expanded(struct call *c, struct str value)
{
    struct str mark = STR("${filename}");
    struct buf buf;
    struct str made;

    if (str_find_str(value, mark) == value.bytes) {
        return value;
    }
    buf_init(&buf, FIELD_BYTES_MAX);
    for (size_t at; (at = str_find_str(value, mark)) < value.bytes;) {
        buf_add(&buf, str_slice(value, 0, at));
        buf_add(&buf, c->form->filename);
        value = str_slice(value, at + mark.bytes, value.bytes);
    }
    buf_add(&buf, value);
    made = buf_spent(&buf) ? STR_NONE : arena_dup(c->arena, buf_str(&buf));
    buf_done(&buf);
    return made;
}

struct str form_field(struct call *c, const char *name)
{
    for (size_t i = 0; i < c->form->count; i++) {
        if (str_eq(c->form->fields[i].name, str_c(name))) {
            return expanded(c, c->form->fields[i].value);
        }
    }
    return STR_NONE;
}

static bool needs_no_condition(struct str name)
{
    static const struct str names[] = {STR_INIT("policy"), STR_INIT("x-amz-signature"),
                                       STR_INIT("signature"), STR_INIT("awsaccesskeyid"),
                                       STR_INIT("file")};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (str_eq(name, names[i])) {
            return true;
        }
    }
    return str_starts(name, STR("x-ignore-"));
}

/* ---- conditions ---- */

static status denied(struct call *c, const char *what, struct str more)
{
    assert(more.at != NULL);
    return fail(c, &S3_ACCESS_DENIED, "Invalid according to Policy: %s%.*s", what,
                STR_ARG(str_slice(more, 0, 512)));
}

static status invalid(struct call *c, const char *what)
{
    return fail(c, &S3_INVALID_POLICY_DOCUMENT, "Invalid Policy: %s", what);
}

/* One condition: how, of which field, with what. */
struct condition {
    struct str how;   /* "eq", "starts-with" */
    struct str field; /* without the dollar sign */
    struct str value; /* to be met */
};

static status failed(struct call *c, const struct condition *condition)
{
    struct str field = str_slice(condition->field, 0, 128);
    struct str value = str_slice(condition->value, 0, 256);

    return denied(c, "Policy Condition failed: ",
                  arena_printf(c->arena, "[\"%.*s\", \"$%.*s\", \"%.*s\"]",
                               STR_ARG(condition->how), STR_ARG(field), STR_ARG(value)));
}

static bool all_start_with(struct str list, struct str prefix)
{
    while (list.at != NULL) {
        if (!str_starts(str_trim(str_split(&list, ',')), prefix)) {
            return false;
        }
    }
    return true;
}

static bool meets(const struct condition *condition, struct str value)
{
    if (str_eq(condition->how, STR("eq"))) {
        return str_eq(value, condition->value);
    }
    return str_starts(value, condition->value) &&
           (!str_eq_nocase(condition->field, STR("content-type")) ||
            all_start_with(value, condition->value));
}

/* All fields of that name must meet it, and one must be there; the bucket is in the address. */
static status condition_check(struct call *c, const struct condition *condition,
                              struct named *named)
{
    size_t found = 0;

    if (str_eq_nocase(condition->field, STR("bucket"))) {
        found++;
        if (!meets(condition, arg_str(c, "Bucket"))) {
            return failed(c, condition);
        }
    }
    for (size_t i = 0; i < c->form->count; i++) {
        if (str_eq_nocase(c->form->fields[i].name, condition->field)) {
            found++;
            named->fields[i] = true;
            if (!meets(condition, expanded(c, c->form->fields[i].value))) {
                return failed(c, condition);
            }
        }
    }
    return found > 0 ? OK : failed(c, condition);
}

static bool number_of(const struct value *value, int64_t *ret_number)
{
    if (value->kind == VALUE_INT) {
        *ret_number = value->number;
        return true;
    }
    return value->kind == VALUE_STR && str_to_i64(value->str, ret_number);
}

static status range_check(struct call *c, const struct value *from, const struct value *to)
{
    uint64_t size = c->body->size;
    int64_t least;
    int64_t most;

    if (!number_of(from, &least) || !number_of(to, &most) || least < 0 || most < 0) {
        return invalid(c, "content-length-range needs two numbers.");
    }
    if (size > (uint64_t)most) {
        return fail_size(c, &S3_ENTITY_TOO_LARGE, "ProposedSize", size, (uint64_t)most);
    }
    if (size < (uint64_t)least) {
        status small = fail_with(c, &S3_ENTITY_TOO_SMALL, "ProposedSize",
                                 arena_printf(c->arena, "%llu", (unsigned long long)size));

        fail_more(c, "MinSizeAllowed", arena_printf(c->arena, "%lld", (long long)least));
        return small;
    }
    return OK;
}

/* ["eq", "$acl", "public-read"] */
static status list_check(struct call *c, const struct value *list, struct named *named)
{
    const struct value *parts = list->items;
    struct condition condition;

    if (list->count != 3 || parts[0].kind != VALUE_STR) {
        return invalid(c, "Invalid Condition: a list has an operation and two operands.");
    }
    if (str_eq_nocase(parts[0].str, STR("content-length-range"))) {
        return range_check(c, &parts[1], &parts[2]);
    }
    if (parts[1].kind != VALUE_STR || parts[2].kind != VALUE_STR ||
        !str_starts(parts[1].str, STR("$"))) {
        return invalid(c, "Invalid Condition: the second part names a field, as in \"$key\".");
    }
    condition = (struct condition){str_eq_nocase(parts[0].str, STR("eq")) ? STR("eq")
                                                                        : STR("starts-with"),
                                   str_slice(parts[1].str, 1, parts[1].str.bytes), parts[2].str};
    if (!str_eq_nocase(parts[0].str, condition.how)) {
        return invalid(c, "Invalid Condition: unknown operation.");
    }
    return condition_check(c, &condition, named);
}

/* {"acl": "public-read"} */
static status simple_check(struct call *c, const struct value *map, struct named *named)
{
    struct condition condition;

    if (map->count != 1) {
        return invalid(c, "Invalid Simple-Condition: Simple-Conditions must have exactly one "
                          "property specified.");
    }
    if (map->pairs[0].value.kind != VALUE_STR) {
        return invalid(c, "Invalid Simple-Condition: value must be a string.");
    }
    condition = (struct condition){STR("eq"), map->pairs[0].key, map->pairs[0].value.str};
    return condition_check(c, &condition, named);
}

static status conditions_of(struct call *c, const struct value *list, struct named *named)
{
    if (list == NULL || list->kind != VALUE_LIST) {
        return invalid(c, "Policy missing conditions.");
    }
    if (list->count > CONDITIONS_MAX) {
        return invalid(c, "Too many conditions.");
    }
    for (uint32_t i = 0; i < list->count; i++) {
        const struct value *one = &list->items[i];

        if (one->kind == VALUE_LIST) {
            TRY(list_check(c, one, named));
        } else if (one->kind == VALUE_MAP) {
            TRY(simple_check(c, one, named));
        } else {
            return invalid(c, "Invalid Condition: neither a list nor an object.");
        }
    }
    return OK;
}

/* Rule 1's other half. */
static status all_named(struct call *c, const struct named *named)
{
    for (size_t i = 0; i < c->form->count; i++) {
        if (!named->fields[i] && !needs_no_condition(c->form->fields[i].name)) {
            return denied(c, "Extra input fields: ", c->form->fields[i].name);
        }
    }
    return OK;
}

static status read_policy(struct call *c, struct str base64, struct value *ret_policy)
{
    struct why why;
    char *text;
    size_t bytes;

    if (base64.bytes > POLICY_BYTES_MAX) {
        return invalid(c, "Too long.");
    }
    text = arena_alloc(c->arena, base64.bytes + 4);
    if (!base64_decode(base64, text, &bytes)) {
        return invalid(c, "Invalid base64.");
    }
    if (json_read(str_of(text, bytes), 0, c->arena, &why, ret_policy) != OK ||
        ret_policy->kind != VALUE_MAP) {
        return invalid(c, "Invalid JSON.");
    }
    return OK;
}

status form_policy_check(struct call *c, struct str base64)
{
    struct named named = {.fields = {false}};
    const struct value *expiration;
    struct value policy;
    int64_t until_ms;

    assert(c->form->count <= FORM_FIELDS_MAX);
    TRY(read_policy(c, base64, &policy));
    expiration = map_find(&policy, STR("expiration"));
    if (expiration == NULL || expiration->kind != VALUE_STR) {
        return invalid(c, "Policy missing expiration.");
    }
    if (!time_from_iso(expiration->str, &until_ms)) {
        return invalid(c, "Invalid 'expiration' value.");
    }
    if (c->now >= until_ms) {
        return denied(c, "Policy expired.", STR(""));
    }
    TRY(conditions_of(c, map_find(&policy, STR("conditions")), &named));
    return all_named(c, &named);
}
