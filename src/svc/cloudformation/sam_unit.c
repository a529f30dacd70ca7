/* SPDX-License-Identifier: Apache-2.0
 *
 * What units share in making resources: ids, properties, tags, and the rules that properties keep.
 */
#include "svc/cloudformation/sam_int.h"

#include <assert.h>

/* ---- ids ---- */

struct str sam_join(struct sam *s, struct str a, struct str b)
{
    return arena_printf(s->arena, "%.*s%.*s", STR_ARG(a), STR_ARG(b));
}

struct str sam_id(struct sam *s, const char *suffix)
{
    return sam_join(s, s->id, str_c(suffix));
}

struct value sam_ref(struct sam *s, struct str id)
{
    return node_make(s->arena, "{Ref: %s}", id);
}

struct value sam_attribute(struct sam *s, struct str id, const char *name)
{
    return node_make(s->arena, "{'Fn::GetAtt': [%s, %c]}", id, name);
}

/* ---- resources ---- */

struct sam_made *sam_loose(struct sam *s, struct str id, const char *type,
                           const struct value *attributes)
{
    struct sam_made *made = ARENA_NEW(s->arena, struct sam_made);

    made->id = id;
    made->type = type;
    made->attributes = node_map();
    made->properties = node_map();
    node_update(s->arena, &made->attributes, attributes);
    return made;
}

void sam_attach(struct sam *s, struct sam_made *made)
{
    if (s->last == NULL) {
        s->first = made;
    } else {
        s->last->next = made;
    }
    s->last = made;
}

struct sam_made *sam_make(struct sam *s, struct str id, const char *type,
                          const struct value *attributes)
{
    struct sam_made *made = sam_loose(s, id, type, attributes);

    sam_attach(s, made);
    return made;
}

void sam_set(struct sam *s, struct sam_made *made, const char *name, const struct value *value)
{
    if (value != NULL && value->kind != VALUE_NULL) {
        node_set(s->arena, &made->properties, str_c(name), value);
    }
}

void sam_put(struct sam *s, struct sam_made *made, const char *name, struct value value)
{
    sam_set(s, made, name, &value);
}

struct value *sam_property(const struct sam *s, const char *name)
{
    return node_get(s->properties, name);
}

void sam_take(struct sam *s, struct sam_made *made, const char *name)
{
    sam_set(s, made, name, sam_property(s, name));
}

void sam_take_all(struct sam *s, struct sam_made *made, const char *const *names)
{
    for (; *names != NULL; names++) {
        sam_take(s, made, *names);
    }
}

/* ---- tags ---- */

struct value sam_tag_list(struct sam *s, const struct value *tags)
{
    struct value list = node_list();
    struct value empty = node_c("");

    for (uint32_t i = 0; node_is(tags, VALUE_MAP) && i < tags->count; i++) {
        const struct value *value = &tags->pairs[i].value;

        node_push(s->arena, &list,
                  node_make(s->arena, "{Key: %s, Value: %v}", tags->pairs[i].key,
                            value->kind == VALUE_NULL ? &empty : value));
    }
    return list;
}

struct value sam_own_tags(struct sam *s, const struct value *tags, const struct value *more)
{
    static const char *const reserved[] = {"lambda:createdBy", "serverlessrepo:applicationId",
                                           "serverlessrepo:semanticVersion"};
    struct value list = node_make(s->arena, "[{Key: 'lambda:createdBy', Value: 'SAM'}]");
    struct value others = sam_tag_list(s, more);

    for (size_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++) {
        if (node_has(tags, reserved[i])) {
            sam_refuse(s, s->id,
                       "%s is a reserved Tag key name and cannot be set on your resource. Please "
                       "change the tag key in the input.",
                       reserved[i]);
        }
    }
    node_extend(s->arena, &list, &others);
    others = sam_tag_list(s, tags);
    node_extend(s->arena, &list, &others);
    return list;
}

/* How a type has its tags: as a list, as a map, or not at all. */
static char tag_form(const char *type)
{
    static const char *const lists[] = {
        "AWS::Lambda::Function", "AWS::IAM::Role", "AWS::SQS::Queue", "AWS::SNS::Topic",
        "AWS::S3::Bucket", "AWS::StepFunctions::StateMachine", "AWS::ApiGateway::RestApi",
        "AWS::ApiGateway::Stage", "AWS::ApiGateway::DomainName",
        "AWS::ApiGateway::DomainNameV2", "AWS::ApiGateway::UsagePlan",
        "AWS::ApiGateway::ApiKey", "AWS::ApiGateway::DomainNameAccessAssociation"};
    static const char *const maps[] = {"AWS::ApiGatewayV2::Stage",
                                       "AWS::ApiGatewayV2::DomainName"};
    struct str wanted = str_c(type);

    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        if (str_eq(wanted, str_c(lists[i]))) {
            return 'l';
        }
    }
    for (size_t i = 0; i < sizeof(maps) / sizeof(maps[0]); i++) {
        if (str_eq(wanted, str_c(maps[i]))) {
            return 'm';
        }
    }
    return 0;
}

void sam_propagate(struct sam *s)
{
    const struct value *tags = sam_property(s, "Tags");

    if (!node_true(tags)) {
        return;
    }
    for (struct sam_made *made = s->first; made != NULL; made = made->next) {
        char form = tag_form(made->type);

        if (form == 'l') {
            sam_put(s, made, "Tags", sam_tag_list(s, tags));
        } else if (form == 'm') {
            sam_set(s, made, "Tags", tags);
        }
    }
}

/* ---- rules of properties ---- */

static bool all_are(const struct value *many, const char *letters);

static bool is_letter(const struct value *value, char letter)
{
    switch (letter) {
    case 's':
        return value->kind == VALUE_STR;
    case 'm':
    case 'A':
        return value->kind == VALUE_MAP;
    case 'l':
        return value->kind == VALUE_LIST;
    case 'b':
        return value->kind == VALUE_BOOL;
    case 'i':
        return value->kind == VALUE_INT || value->kind == VALUE_BOOL;
    case 'L':
        return value->kind == VALUE_LIST && all_are(value, "sm");
    case 'N':
        return value->kind == VALUE_LIST && all_are(value, "s");
    case 'M':
        return value->kind == VALUE_MAP && all_are(value, "m");
    case 'T':
        return value->kind == VALUE_MAP && all_are(value, "s");
    case 'O':
        return value->kind == VALUE_LIST && all_are(value, "m");
    case 'I':
        return value->kind == VALUE_MAP && all_are(value, "im");
    default:
        assert(letter == '*');
        return true;
    }
}

static bool is_any(const struct value *value, const char *letters)
{
    for (; *letters != 0; letters++) {
        if (is_letter(value, *letters)) {
            return true;
        }
    }
    return false;
}

static bool all_are(const struct value *many, const char *letters)
{
    for (uint32_t i = 0; i < many->count; i++) {
        if (!is_any(many->kind == VALUE_LIST ? &many->items[i] : &many->pairs[i].value,
                    letters)) {
            return false;
        }
    }
    return true;
}

static bool is_known(const struct sam_property *table, struct str name)
{
    for (; table->name != NULL; table++) {
        if (str_eq(name, str_c(table->name))) {
            return true;
        }
    }
    return false;
}

static void refuse_kind(struct sam *s, struct str id, const struct sam_property *property,
                        const char *letters)
{
    const char *kind = str_eq(str_c(letters), STR("s")) ? "string"
                       : str_eq(str_c(letters), STR("m")) ? "map"
                                                          : NULL;

    if (kind != NULL) {
        sam_refuse(s, id, "Property '%s' should be a %s.", property->name, kind);
    } else {
        sam_refuse(s, id, "Type of property '%s' is invalid.", property->name);
    }
}

static void check_one(struct sam *s, struct str id, const struct value *value,
                      const struct sam_property *property)
{
    const char *rule = property->rule;
    bool required = *rule == '!';
    bool plain;

    rule += required ? 1 : 0;
    plain = *rule == '-';
    rule += plain ? 1 : 0;
    if (node_is(value, VALUE_MAP) && value->count == 1 && !plain) {
        return;
    }
    if (value == NULL) {
        if (required) {
            sam_refuse(s, id, "Missing required property '%s'.", property->name);
        }
    } else if (!is_any(value, rule)) {
        refuse_kind(s, id, property, rule);
    }
}

bool sam_check(struct sam *s, struct str id, const char *type, const struct value *properties,
               const struct sam_property *table)
{
    for (uint32_t i = 0; node_is(properties, VALUE_MAP) && i < properties->count; i++) {
        struct str name = properties->pairs[i].key;

        if (!is_known(table, name)) {
            sam_refuse(s, id, "property %.*s not defined for resource of type %s",
                       STR_ARG(name), type);
        }
    }
    for (; table->name != NULL; table++) {
        check_one(s, id, node_get(properties, table->name), table);
    }
    return !s->refused;
}
