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

static bool is_nested(struct str type)
{
    return str_eq(type, STR("AWS::CloudFormation::Stack"));
}

/* What a template has that needs capabilities. */
struct needs {
    bool rights;  /* things of IAM */
    bool named;   /* with names of their own */
    bool nested;  /* stacks, which may have both, and transforms */
    bool expands; /* transforms */
};

static struct value capabilities_of(struct arena *arena, const struct needs *needs)
{
    struct value list = template_list(arena, 2);

    if (needs->rights || needs->nested) {
        *template_list_add(&list) = template_text(needs->named || needs->nested
                                                      ? STR("CAPABILITY_NAMED_IAM")
                                                      : STR("CAPABILITY_IAM"));
    }
    if (needs->expands || needs->nested) {
        *template_list_add(&list) = template_text(STR("CAPABILITY_AUTO_EXPAND"));
    }
    return list;
}

static struct str reason_of(struct arena *arena, const struct template_names *types,
                            const struct value *transforms)
{
    struct template_names names = {.arena = arena};
    struct str text = STR_NONE;

    for (uint32_t i = 0; i < transforms->count; i++) {
        template_names_add(&names, transforms->items[i].str);
    }
    if (types->count > 0) {
        text = arena_printf(arena, "The following resource(s) require capabilities: [%s]",
                            template_names_text(types).at);
    }
    if (names.count > 0) {
        text = arena_printf(arena, "%.*s%sThe following transform(s) require capabilities: [%s]",
                            STR_ARG(text.at == NULL ? STR("") : text), text.at == NULL ? "" : " ",
                            template_names_text(&names).at);
    }
    return text;
}

struct template_summary template_summarize(const struct template *t, struct arena *arena)
{
    struct template_summary summary = {.transforms = template_transforms(t->document, arena)};
    struct template_names types = {.arena = arena};
    struct template_names giving = {.arena = arena};
    struct needs needs = {.expands = summary.transforms.count > 0};

    for (uint32_t i = 0; i < t->resource_count; i++) {
        const struct template_resource *resource = &t->resources[i];
        const struct rights *right = rights_of(resource->type);

        template_names_add(&types, resource->type);
        needs.nested = needs.nested || is_nested(resource->type);
        needs.rights = needs.rights || right != NULL || makes_role(resource);
        if (right != NULL || makes_role(resource) || is_nested(resource->type)) {
            template_names_add(&giving, makes_role(resource) ? STR("AWS::IAM::Role")
                                                             : resource->type);
        }
        needs.named = needs.named || (right != NULL && right->name != NULL &&
                                      doc_get(resource->properties, right->name) != NULL);
    }
    summary.types = list_of_names(&types, arena);
    summary.told = capabilities_of(arena, &needs);
    needs.nested = false;
    summary.capabilities = capabilities_of(arena, &needs);
    summary.reason = reason_of(arena, &giving, &summary.transforms);
    return summary;
}
