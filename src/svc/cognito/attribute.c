/* SPDX-License-Identifier: Apache-2.0
 *
 * What attributes may be set to what: the pool's schema, and what its client may write.
 */
#include "svc/cognito/user.h"

#include "base/codec.h"

static status refuse(struct call *c, struct str name, const char *words)
{
    return fail(c, &COGNITO_INVALID, "Attributes did not conform to the schema: %.*s: %s\n",
                STR_ARG(name), words);
}

static status text_check(struct call *c, const struct value *one, struct str name,
                         struct str value)
{
    const struct value *bounds = get(one, "StringAttributeConstraints");
    int64_t chars = utf8_valid(value) ? (int64_t)utf8_count(value) : (int64_t)value.bytes;
    int64_t bound;

    if (value.bytes == 0) {
        return OK;
    }
    if (bounds != NULL && str_to_i64(get_str(bounds, "MinLength"), &bound) && chars < bound) {
        return refuse(c, name, "String must be longer than the minimum length");
    }
    if (bounds != NULL && str_to_i64(get_str(bounds, "MaxLength"), &bound) && chars > bound) {
        return refuse(c, name, "String must be shorter than the maximum length");
    }
    return OK;
}

static status number_check(struct call *c, const struct value *one, struct str name,
                           struct str value)
{
    const struct value *bounds = get(one, "NumberAttributeConstraints");
    int64_t number, bound;

    if (!str_to_i64(value, &number)) {
        return refuse(c, name, "Attribute value is not a number");
    }
    if (bounds != NULL && str_to_i64(get_str(bounds, "MinValue"), &bound) && number < bound) {
        return refuse(c, name, "Number must not be less than the minimum value");
    }
    if (bounds != NULL && str_to_i64(get_str(bounds, "MaxValue"), &bound) && number > bound) {
        return refuse(c, name, "Number must not be greater than the maximum value");
    }
    return OK;
}

static status value_check(struct call *c, const struct value *one, struct str name,
                          struct str value)
{
    struct str type = get_str(one, "AttributeDataType");

    if (value.bytes > ATTRIBUTE_BYTES_MAX) {
        return fail(c, &COGNITO_INVALID,
                    "Attribute %.*s is longer than the %d bytes that an attribute may have.",
                    STR_ARG(name), ATTRIBUTE_BYTES_MAX);
    }
    if (str_eq(name, STR("email")) && value.bytes > 0 && !is_email(value)) {
        return fail(c, &COGNITO_INVALID, "Invalid email address format.");
    }
    if (str_eq(name, STR("phone_number")) && value.bytes > 0 && !is_phone(value)) {
        return fail(c, &COGNITO_INVALID, "Invalid phone number format.");
    }
    if (str_eq(type, STR("Boolean"))) {
        return str_eq_nocase(value, STR("true")) || str_eq_nocase(value, STR("false"))
                   ? OK
                   : refuse(c, name, "Attribute value is not a boolean");
    }
    return str_eq(type, STR("Number")) && value.bytes > 0 ? number_check(c, one, name, value)
                                                          : text_check(c, one, name, value);
}

static bool is_verified_flag(struct str name)
{
    return str_eq(name, STR("email_verified")) || str_eq(name, STR("phone_number_verified"));
}

static status permission_check(struct call *c, const struct attribute_rules *rules,
                               const struct value *one, struct str name)
{
    if (str_eq(name, STR("sub"))) {
        return fail(c, &COGNITO_INVALID, "Cannot modify the non-mutable attribute sub");
    }
    if (rules->client != NULL &&
        (is_verified_flag(name) || get_bool(one, "DeveloperOnlyAttribute", false) ||
         (has(rules->client->about, "WriteAttributes") &&
          !client_has(rules->client, "WriteAttributes", name)))) {
        return fail(c, &COGNITO_NOT_AUTHORIZED,
                    "A client attempted to write unauthorized attribute");
    }
    if (!rules->fresh && !get_bool(one, "Mutable", false)) {
        return fail(c, &COGNITO_INVALID, "user.%.*s: Attribute cannot be updated.\n",
                    STR_ARG(name));
    }
    return OK;
}

status attributes_check(struct call *c, const struct attribute_rules *rules,
                        const struct value *list)
{
    for (uint32_t i = 0; list != NULL && i < list->count; i++) {
        struct str name = get_str(&list->items[i], "Name");
        const struct value *one = pool_attribute(rules->pool, name);

        if (one == NULL) {
            return refuse(c, name, "Attribute does not exist in the schema.");
        }
        TRY(permission_check(c, rules, one, name));
        TRY(value_check(c, one, name, get_str(&list->items[i], "Value")));
    }
    return OK;
}

void attributes_set(struct user *user, const struct value *list)
{
    for (uint32_t i = 0; list != NULL && i < list->count; i++) {
        struct str name = get_str(&list->items[i], "Name");
        struct str value = get_str(&list->items[i], "Value");

        if (value.bytes == 0) {
            (void)user_unset(user, name);
        } else {
            user_set(user, name, value);
        }
    }
}

status attributes_required(struct call *c, const struct pool *pool, const struct user *user)
{
    const struct value *list = get(pool->about, "SchemaAttributes");

    for (uint32_t i = 0; list != NULL && i < list->count; i++) {
        struct str name = get_str(&list->items[i], "Name");

        if (get_bool(&list->items[i], "Required", false) &&
            user_attribute(user, name).bytes == 0) {
            return refuse(c, name, "The attribute is required");
        }
    }
    return OK;
}
