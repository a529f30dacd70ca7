/* SPDX-License-Identifier: Apache-2.0
 *
 * What a template is told to be before anybody makes a stack of it.
 */
#include "svc/cloudformation/template_summary.h"
#include "svc/cloudformation/template_int.h"

/* Types that give rights, and the property that names one; NULL: it has none. */
struct rights {
    const char *type; /* of the resource */
    const char *name; /* its name's property */
};

static const struct rights rights[] = {
    {"AWS::IAM::AccessKey", NULL},
    {"AWS::IAM::Group", "GroupName"},
    {"AWS::IAM::GroupPolicy", NULL},
    {"AWS::IAM::InstanceProfile", "InstanceProfileName"},
    {"AWS::IAM::ManagedPolicy", "ManagedPolicyName"},
    {"AWS::IAM::Policy", NULL},
    {"AWS::IAM::Role", "RoleName"},
    {"AWS::IAM::RolePolicy", NULL},
    {"AWS::IAM::User", "UserName"},
    {"AWS::IAM::UserPolicy", NULL},
    {"AWS::IAM::UserToGroupAddition", NULL},
};

static struct value list_of_names(const struct template_names *names, struct arena *arena)
{
    struct value list = template_list(arena, names->count);

    for (uint32_t i = 0; i < names->count; i++) {
        *template_list_add(&list) = template_text(names->at[i]);
    }
    return list;
}

/* ---- transforms ---- */

static void add_transform(const struct value *transform, struct template_names *names)
{
    bool map = transform->kind == VALUE_MAP;
    const struct value *name = map ? doc_get(transform, "Name") : transform;

    if (template_is_text(name)) {
        template_names_add(names, name->str);
    }
}

static void add_inner(const struct value *value, struct template_names *names)
{
    for (uint32_t i = 0; value->kind == VALUE_MAP && i < value->count; i++) {
        if (str_eq(value->pairs[i].key, STR("Fn::Transform"))) {
            add_transform(&value->pairs[i].value, names);
        } else {
            add_inner(&value->pairs[i].value, names);
        }
    }
    for (uint32_t i = 0; value->kind == VALUE_LIST && i < value->count; i++) {
        add_inner(&value->items[i], names);
    }
}

struct value template_transforms(const struct value *document, struct arena *arena)
{
    const struct value *section = doc_get(document, "Transform");
    struct template_names names = {.arena = arena};

    if (section != NULL && section->kind == VALUE_LIST) {
        for (uint32_t i = 0; i < section->count; i++) {
            add_transform(&section->items[i], &names);
        }
    } else if (section != NULL) {
        add_transform(section, &names);
    }
    add_inner(document, &names);
    return list_of_names(&names, arena);
}

/* ---- capabilities ---- */

static const struct rights *rights_of(struct str type)
{
    for (size_t i = 0; i < sizeof(rights) / sizeof(rights[0]); i++) {
        if (str_eq(type, str_c(rights[i].type))) {
            return &rights[i];
        }
    }
    return NULL;
}

/* SAM makes roles where a function has none of its own. */
static bool makes_role(const struct template_resource *resource)
{
    return str_starts(resource->type, STR("AWS::Serverless::Function")) &&
           doc_get(resource->properties, "Role") == NULL;
}

static void add_capability(struct value *list, const char *capability)
{
    *template_list_add(list) = template_text(str_c(capability));
}

static struct str reason_of(struct arena *arena, const struct template_names *types,
                            const struct template_names *transforms)
{
    struct str text = STR_NONE;

    if (types->count > 0) {
        text = arena_printf(arena, "The following resource(s) require capabilities: [%s]",
                            template_names_text(types).at);
    }
    if (transforms->count > 0) {
        text = arena_printf(arena, "%.*s%sThe following transform(s) require capabilities: [%s]",
                            STR_ARG(text.at == NULL ? STR("") : text), text.at == NULL ? "" : " ",
                            template_names_text(transforms).at);
    }
    return text;
}

struct template_summary template_summarize(const struct template *t, struct arena *arena)
{
    struct template_summary summary = {.transforms = template_transforms(t->document, arena)};
    struct template_names types = {.arena = arena};
    struct template_names giving = {.arena = arena};
    struct template_names expanding = {.arena = arena};
    bool named = false;

    for (uint32_t i = 0; i < t->resource_count; i++) {
        const struct template_resource *resource = &t->resources[i];
        const struct rights *right = rights_of(resource->type);

        template_names_add(&types, resource->type);
        if (right != NULL || makes_role(resource)) {
            template_names_add(&giving, makes_role(resource) ? STR("AWS::IAM::Role")
                                                             : resource->type);
        }
        named = named || (right != NULL && right->name != NULL &&
                          doc_get(resource->properties, right->name) != NULL);
    }
    for (uint32_t i = 0; i < summary.transforms.count; i++) {
        template_names_add(&expanding, summary.transforms.items[i].str);
    }
    summary.types = list_of_names(&types, arena);
    summary.capabilities = template_list(arena, 2);
    if (giving.count > 0) {
        add_capability(&summary.capabilities, named ? "CAPABILITY_NAMED_IAM" : "CAPABILITY_IAM");
    }
    if (expanding.count > 0) {
        add_capability(&summary.capabilities, "CAPABILITY_AUTO_EXPAND");
    }
    summary.reason = reason_of(arena, &giving, &expanding);
    return summary;
}
