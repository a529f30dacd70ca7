/* SPDX-License-Identifier: Apache-2.0
 *
 * Parameters in templates.
 */
#include "svc/ssm/cfn.h"

#define NAME_BYTES_MAX 500

static const struct resource_property parameter_properties[] = {
    {"AllowedPattern", NULL, RESOURCE_IN_PLACE, 0},
    {"DataType", NULL, RESOURCE_IN_PLACE, 0},
    {"Description", NULL, RESOURCE_IN_PLACE, 0},
    {"Name", NULL, RESOURCE_REPLACES, 0},
    {"Policies", NULL, RESOURCE_IN_PLACE, RESOURCE_SECRET},
    {"Tags", "", RESOURCE_IN_PLACE, RESOURCE_TAGS},
    {"Tier", NULL, RESOURCE_IN_PLACE, 0},
    {"Type", NULL, RESOURCE_IN_PLACE, RESOURCE_REQUIRED},
    {"Value", NULL, RESOURCE_IN_PLACE, RESOURCE_REQUIRED},
};
static const char *const parameter_attributes[] = {"Type", "Value", NULL};
static const struct resource_default parameter_defaults[] = {
    {"AllowedPattern", ""}, {"Description", ""}, {"Policies", ""}, {NULL, NULL}};

/* CloudFormation makes no SecureString, as its value would be in the template. */
static status type_check(struct resource *r)
{
    struct str type = resource_str(r, "Type");

    if (str_eq(type, STR("String")) || str_eq(type, STR("StringList"))) {
        return OK;
    }
    return resource_fail(r, &RESOURCE_INVALID,
                         "Properties validation failed for resource %.*s with message:\n"
                         "#/Type: %.*s is not a valid enum value",
                         STR_ARG(r->logical_id), STR_ARG(str_slice(type, 0, 128)));
}

static status parameter_make(struct resource *r)
{
    struct str name = resource_short_name(r, "Name", "CFN-", NAME_BYTES_MAX);
    struct inner inner;

    TRY(type_check(r));
    TRY(resource_begin(r, "PutParameter", &inner));
    TRY(resource_fill(r, &inner));
    set_str(inner.in, "Name", name);
    TRY(resource_set(r, &inner, "Tags", resource_tags(r, "Tags")));
    TRY(resource_run(r, &inner));
    r->id = name;
    return OK;
}

/* What its members other than Overwrite and Tags say; tags have operations of their own. */
static status parameter_put(struct resource *r)
{
    struct inner inner;

    TRY(resource_begin(r, "PutParameter", &inner));
    TRY(resource_fill(r, &inner));
    TRY(resource_fill_back(r, &inner, parameter_defaults));
    set_str(inner.in, "Name", r->id);
    set_bool(inner.in, "Overwrite", true);
    return resource_run(r, &inner);
}

static status tags_change(struct resource *r)
{
    const struct value *gone = NULL;
    const struct value *set = NULL;
    struct inner inner;

    resource_tags_changed(r, "Tags", &gone, &set);
    if (gone != NULL) {
        TRY(resource_begin(r, "RemoveTagsFromResource", &inner));
        set_str(inner.in, "ResourceType", STR("Parameter"));
        set_str(inner.in, "ResourceId", r->id);
        TRY(resource_set(r, &inner, "TagKeys", gone));
        TRY(resource_run(r, &inner));
    }
    if (set != NULL) {
        TRY(resource_begin(r, "AddTagsToResource", &inner));
        set_str(inner.in, "ResourceType", STR("Parameter"));
        set_str(inner.in, "ResourceId", r->id);
        TRY(resource_set(r, &inner, "Tags", set));
        TRY(resource_run(r, &inner));
    }
    return OK;
}

static status parameter_change(struct resource *r)
{
    TRY(type_check(r));
    if (resource_any_changed(r, "AllowedPattern DataType Description Policies Tier Type Value")) {
        TRY(parameter_put(r));
    }
    return tags_change(r);
}

static status parameter_remove(struct resource *r)
{
    return resource_remove_by(r, "DeleteParameter", "Name");
}

static status parameter_read(struct resource *r, const struct value **ret_parameter)
{
    struct inner inner;

    TRY(resource_ask(r, "GetParameter", RESOURCE_ARGS({"Name", r->id}), &inner));
    *ret_parameter = get(inner.out, "Parameter");
    return OK;
}

static status parameter_tell(struct resource *r)
{
    const struct value *parameter = NULL;

    TRY(parameter_read(r, &parameter));
    resource_attribute(r, "Type", get_str(parameter, "Type"));
    resource_attribute(r, "Value", get_str(parameter, "Value"));
    return OK;
}

/* What GetParameter does not say. */
static status about_now(struct resource *r, struct value *ret_properties)
{
    static const char *const members[] = {"AllowedPattern", "Description", "Tier"};
    struct value *filter = doc_map(r->c->arena);
    struct value *filters = ARENA_NEW(r->c->arena, struct value);
    const struct value *list;
    struct inner inner;

    filters->kind = VALUE_LIST;
    doc_put_text(r->c->arena, filter, "Key", STR("Name"));
    doc_put_text(r->c->arena, filter, "Option", STR("Equals"));
    *doc_add(r->c->arena, doc_put_list(r->c->arena, filter, "Values")) =
        (struct value){.kind = VALUE_STR, .str = r->id};
    *doc_add(r->c->arena, filters) = *filter;
    TRY(resource_begin(r, "DescribeParameters", &inner));
    TRY(resource_set(r, &inner, "ParameterFilters", filters));
    TRY(resource_run(r, &inner));
    list = get(inner.out, "Parameters");
    for (size_t i = 0; list != NULL && list->count > 0 && i < 3; i++) {
        if (get_str(&list->items[0], members[i]).bytes > 0) {
            doc_put_text(r->c->arena, ret_properties, members[i],
                         get_str(&list->items[0], members[i]));
        }
    }
    return OK;
}

static status parameter_now(struct resource *r, struct value *ret_properties)
{
    const struct value *parameter = NULL;
    struct inner inner;

    TRY(parameter_read(r, &parameter));
    resource_now_of(r, parameter, ret_properties);
    TRY(about_now(r, ret_properties));
    TRY(resource_ask(r, "ListTagsForResource",
                     RESOURCE_ARGS({"ResourceType", STR("Parameter")}, {"ResourceId", r->id}),
                     &inner));
    resource_now_tags(r, ret_properties, "Tags", get(inner.out, "TagList"));
    return OK;
}

static const struct resource_type parameter = {
    .name = "AWS::SSM::Parameter",
    .service = "ssm",
    RESOURCE_TYPE_PROPERTIES(parameter_properties),
    .attributes = parameter_attributes,
    .make = parameter_make,
    .change = parameter_change,
    .remove = parameter_remove,
    .tell = parameter_tell,
    .now = parameter_now,
};

const struct resource_type *const ssm_types[SSM_TYPES] = {&parameter};
