/* SPDX-License-Identifier: Apache-2.0
 *
 * A document's sections: which there may be, and what has to stand in them.
 */
#include "svc/cloudformation/template_int.h"
#include "svc/cloudformation/template_summary.h"

#define EXPORT_WORDS                                                                               \
    "is malformed. The Name field of every Export member must be specified and consist only of "   \
    "alphanumeric characters, colons, or hyphens."

static bool is_among(struct str text, const char *const *words)
{
    for (size_t i = 0; words[i] != NULL; i++) {
        if (str_eq(text, str_c(words[i]))) {
            return true;
        }
    }
    return false;
}

static bool is_name(struct str text)
{
    for (size_t i = 0; i < text.bytes; i++) {
        char c = text.at[i];

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))) {
            return false;
        }
    }
    return text.bytes > 0 && text.bytes <= 255;
}

status template_count_check(const char *noun, uint32_t count, uint32_t count_max, struct why *why)
{
    return count <= count_max
               ? OK
               : template_wrong(why,
                                "Template format error: Number of %s, %u, is greater than maximum "
                                "allowed, %u",
                                noun, count, count_max);
}

/* ---- nulls ---- */

static status null_check(const struct value *value, struct str path, struct arena *arena,
                         struct why *why)
{
    if (value->kind == VALUE_NULL) {
        return template_wrong(why, "[%.*s] 'null' values are not allowed in templates",
                              STR_ARG(path));
    }
    for (uint32_t i = 0; value->kind == VALUE_MAP && i < value->count; i++) {
        const struct pair *pair = &value->pairs[i];
        bool deeper = pair->value.kind == VALUE_MAP || pair->value.kind == VALUE_LIST ||
                      pair->value.kind == VALUE_NULL;

        if (deeper) {
            TRY(null_check(&pair->value,
                           arena_printf(arena, "%.*s/%.*s", STR_ARG(path), STR_ARG(pair->key)),
                           arena, why));
        }
    }
    for (uint32_t i = 0; value->kind == VALUE_LIST && i < value->count; i++) {
        TRY(null_check(&value->items[i], arena_printf(arena, "%.*s/%u", STR_ARG(path), i), arena,
                       why));
    }
    return OK;
}

/* Paths cost memory, so they are made only where there is a null. */
static bool has_null(const struct value *value)
{
    for (uint32_t i = 0; value->kind == VALUE_MAP && i < value->count; i++) {
        if (has_null(&value->pairs[i].value)) {
            return true;
        }
    }
    for (uint32_t i = 0; value->kind == VALUE_LIST && i < value->count; i++) {
        if (has_null(&value->items[i])) {
            return true;
        }
    }
    return value->kind == VALUE_NULL;
}

status template_null_check(const struct value *document, struct arena *arena, struct why *why)
{
    return has_null(document) ? null_check(document, STR(""), arena, why) : OK;
}

/* ---- the head ---- */

static bool has_transform(const struct value *value)
{
    for (uint32_t i = 0; value->kind == VALUE_MAP && i < value->count; i++) {
        if (str_eq(value->pairs[i].key, STR("Fn::Transform")) ||
            has_transform(&value->pairs[i].value)) {
            return true;
        }
    }
    for (uint32_t i = 0; value->kind == VALUE_LIST && i < value->count; i++) {
        if (has_transform(&value->items[i])) {
            return true;
        }
    }
    return false;
}

static status read_keys(const struct template *t, struct arena *arena, struct why *why)
{
    static const char *const keys[] = {
        "AWSTemplateFormatVersion", "Description", "Metadata",  "Parameters", "Mappings", "Hooks",
        "Conditions",               "Rules",       "Transform", "Resources",  "Outputs",  NULL,
    };
    struct template_names wrong = {.arena = arena};

    for (uint32_t i = 0; i < t->document->count; i++) {
        struct str key = t->document->pairs[i].key;

        if (!is_among(key, keys) && !(t->pending && str_eq(key, STR("Globals")))) {
            template_names_add(&wrong, key);
        }
    }
    return wrong.count == 0 ? OK
                            : template_wrong(why, "Invalid template property or properties [%s]",
                                             template_names_text(&wrong).at);
}

static status read_head(struct template *t, struct arena *arena, struct why *why)
{
    const struct value *version = doc_get(t->document, "AWSTemplateFormatVersion");
    const struct value *description = doc_get(t->document, "Description");

    TRY(read_keys(t, arena, why));
    if (version != NULL && !(template_is_text(version) &&
                             str_eq(version->str, STR("2010-09-09")))) {
        return template_wrong(
            why, "Template format error: unsupported value for AWSTemplateFormatVersion.");
    }
    if (description != NULL && !template_is_scalar(description)) {
        return template_wrong(why,
                              "Template format error: Every Description member must be a string.");
    }
    if (description != NULL) {
        t->description = doc_text(arena, description);
    }
    return t->description.bytes <= 1024
               ? OK
               : template_wrong(
                     why, "Template format error: 'Description' length is greater than 1024.");
}

/* A section that has to be a map; NULL: it is not there. */
static status section_of(const struct template *t, const char *name, struct why *why,
                         const struct value **ret_section)
{
    const struct value *section = doc_get(t->document, name);

    if (section != NULL && section->kind != VALUE_MAP) {
        return template_wrong(why, "Template format error: %s must be a map.", name);
    }
    *ret_section = section;
    return OK;
}

/* ---- mappings and conditions ---- */

static bool is_mapping_value(const struct value *value)
{
    if (value->kind != VALUE_LIST) {
        return template_is_scalar(value);
    }
    for (uint32_t i = 0; i < value->count; i++) {
        if (!template_is_scalar(&value->items[i])) {
            return false;
        }
    }
    return true;
}

static status read_mapping(struct str name, const struct value *mapping, struct why *why)
{
    if (mapping->kind != VALUE_MAP) {
        return template_wrong(why,
                              "Template format error: Every Mappings member %.*s must be a map",
                              STR_ARG(name));
    }
    for (uint32_t i = 0; i < mapping->count; i++) {
        const struct value *attributes = &mapping->pairs[i].value;

        if (attributes->kind != VALUE_MAP) {
            return template_wrong(why,
                                  "Template format error: Every Mappings member %.*s must be a map",
                                  STR_ARG(mapping->pairs[i].key));
        }
        for (uint32_t j = 0; j < attributes->count; j++) {
            if (!is_mapping_value(&attributes->pairs[j].value)) {
                return template_wrong(why, "Template format error: Every Mappings attribute must "
                                           "be a String or a List.");
            }
        }
    }
    return template_count_check("mapping attributes", mapping->count, TEMPLATE_MAPPINGS_MAX, why);
}

static status read_mappings(struct template *t, struct why *why)
{
    TRY(section_of(t, "Mappings", why, &t->mappings));
    if (t->mappings == NULL || t->pending) {
        return OK;
    }
    for (uint32_t i = 0; i < t->mappings->count; i++) {
        TRY(read_mapping(t->mappings->pairs[i].key, &t->mappings->pairs[i].value, why));
    }
    return template_count_check("mappings", t->mappings->count, TEMPLATE_MAPPINGS_MAX, why);
}

static status read_conditions(struct template *t, struct why *why)
{
    TRY(section_of(t, "Conditions", why, &t->conditions));
    for (uint32_t i = 0; t->conditions != NULL && !t->pending && i < t->conditions->count; i++) {
        const struct value *condition = &t->conditions->pairs[i].value;
        struct template_call call = template_call_of(condition);
        bool good = (call.function >= FUNCTION_EQUALS && call.function <= FUNCTION_NOT) ||
                    template_condition_named(condition).bytes > 0;

        if (call.function == FUNCTION_UNKNOWN) {
            return template_call_unknown(&call, why);
        }
        if (!good) {
            return template_wrong(why, "Template format error: Conditions can only be boolean "
                                       "operations on parameters and other conditions");
        }
    }
    return OK;
}

/* ---- resources ---- */

static status text_member(const struct value *definition, const char *key, struct why *why,
                          struct str *ret_text)
{
    const struct value *value = doc_get(definition, key);

    if (value != NULL && !template_is_text(value)) {
        return template_wrong(why, "Template format error: Every %s member must be a string.", key);
    }
    *ret_text = value == NULL ? STR_NONE : value->str;
    return OK;
}

static status read_policy(const struct template_resource *resource, const char *key,
                          struct why *why, struct str *ret_policy)
{
    static const char *const known[] = {"Delete", "Retain", "Snapshot", "RetainExceptOnCreate",
                                        NULL};
    struct str policy;
    bool update = str_eq(str_c(key), STR("UpdateReplacePolicy"));

    TRY(text_member(resource->definition, key, why, &policy));
    if (policy.at != NULL && (!is_among(policy, known) ||
                              (update && str_eq(policy, STR("RetainExceptOnCreate"))))) {
        return template_wrong(why,
                              "Template format error: Unrecognized %s %.*s for resource %.*s", key,
                              STR_ARG(policy), STR_ARG(resource->name));
    }
    *ret_policy = policy;
    return OK;
}

static status read_resource_keys(const struct template_resource *resource, struct why *why)
{
    static const char *const keys[] = {
        "Type",         "Properties",     "DependsOn", "Condition",   "DeletionPolicy", "Metadata",
        "UpdatePolicy", "CreationPolicy", "Version",   "Description", "UpdateReplacePolicy", NULL,
    };

    for (uint32_t i = 0; i < resource->definition->count; i++) {
        if (!is_among(resource->definition->pairs[i].key, keys)) {
            return template_wrong(why, "Invalid template resource property '%.*s'",
                                  STR_ARG(resource->definition->pairs[i].key));
        }
    }
    return OK;
}

static status read_resource_head(struct template_resource *resource, struct why *why)
{
    if (resource->definition->kind != VALUE_MAP) {
        return template_wrong(why,
                              "Template format error: [/Resources/%.*s] resource definition is "
                              "malformed",
                              STR_ARG(resource->name));
    }
    if (doc_get(resource->definition, "Type") == NULL) {
        return template_wrong(why,
                              "Template format error: [/Resources/%.*s] Every Resources object "
                              "must contain a Type member.",
                              STR_ARG(resource->name));
    }
    TRY(text_member(resource->definition, "Type", why, &resource->type));
    return OK;
}

static status read_resource(const struct template *t, struct template_resource *resource,
                            struct why *why)
{
    TRY(read_resource_head(resource, why));
    resource->properties = doc_get(resource->definition, "Properties");
    if (t->pending) {
        return OK;
    }
    if (!is_name(resource->name)) {
        return template_wrong(why, "Template format error: Resource name %.*s is non alphanumeric.",
                              STR_ARG(resource->name));
    }
    TRY(read_resource_keys(resource, why));
    if (resource->properties != NULL && resource->properties->kind != VALUE_MAP) {
        return template_wrong(why,
                              "Template format error: [/Resources/%.*s/Properties] Every "
                              "Properties member must be a map.",
                              STR_ARG(resource->name));
    }
    TRY(text_member(resource->definition, "Condition", why, &resource->condition));
    TRY(read_policy(resource, "DeletionPolicy", why, &resource->deletion));
    return read_policy(resource, "UpdateReplacePolicy", why, &resource->replacement);
}

/* What a transform will make members of: loops, and what is to be included. */
static bool is_to_come(const struct template *t, const struct pair *pair)
{
    return t->pending && (str_starts(pair->key, STR("Fn::")) ||
                          doc_get(&pair->value, "Fn::Transform") != NULL);
}

static status read_resources(struct template *t, struct arena *arena, struct why *why)
{
    const struct value *section = doc_get(t->document, "Resources");

    if (section == NULL || section->kind != VALUE_MAP || section->count == 0) {
        return template_wrong(
            why, "Template format error: At least one Resources member must be defined.");
    }
    t->resources = arena_zero(arena, section->count * sizeof(t->resources[0]));
    for (uint32_t i = 0; i < section->count; i++) {
        struct template_resource *resource = &t->resources[t->resource_count];

        if (is_to_come(t, &section->pairs[i])) {
            continue;
        }
        resource->name = section->pairs[i].key;
        resource->definition = &section->pairs[i].value;
        TRY(read_resource(t, resource, why));
        t->resource_count++;
    }
    template_place_resources(t, arena);
    return template_count_check("resources", t->resource_count, TEMPLATE_RESOURCES_MAX, why);
}

static status read_common(const struct template *t, struct arena *arena, struct why *why)
{
    struct template_names common = {.arena = arena};

    for (uint32_t i = 0; i < t->parameter_count; i++) {
        if (template_resource_index(t, t->parameters[i].name) >= 0) {
            template_names_add(&common, t->parameters[i].name);
        }
    }
    return common.count == 0
               ? OK
               : template_wrong(why,
                                "Template error: all resources and parameters must have unique "
                                "names. Common name(s):[%s]",
                                template_names_text(&common).at);
}

/* ---- outputs ---- */

static bool is_export_name(const struct value *name)
{
    for (size_t i = 0; name->kind == VALUE_STR && i < name->str.bytes; i++) {
        struct str letter = str_slice(name->str, i, i + 1);

        if (!is_name(letter) && letter.at[0] != ':' && letter.at[0] != '-') {
            return false;
        }
    }
    return name->kind == VALUE_MAP || (name->kind == VALUE_STR && name->str.bytes > 0);
}

static status read_export(struct template_output *output, const struct value *export,
                          struct why *why)
{
    const struct value *name = export->kind == VALUE_MAP ? doc_get(export, "Name") : NULL;

    if (name == NULL || export->count != 1 || !is_export_name(name)) {
        return template_wrong(why, "Template format error: Output %.*s " EXPORT_WORDS,
                              STR_ARG(output->name));
    }
    output->export_name = name;
    return OK;
}

static status read_output_value(struct template_output *output, const struct value *definition,
                                struct why *why)
{
    struct template_call call;

    output->value = doc_get(definition, "Value");
    if (output->value == NULL) {
        return template_wrong(
            why, "Template format error: Every Outputs member must contain a Value object");
    }
    call = template_call_of(output->value);
    if (call.function >= FUNCTION_EQUALS && call.function < FUNCTION_COUNT) {
        return template_wrong(why, "Template format error: The Value field of every Outputs member "
                                   "must evaluate to a String.");
    }
    return output->value->kind == VALUE_LIST ||
                   (output->value->kind == VALUE_MAP && call.function == FUNCTION_NONE)
               ? template_wrong(why,
                                "Template format error: Every Value member must be a string.")
               : OK;
}

static status read_output(struct template_output *output, const struct value *definition,
                          struct why *why)
{
    static const char *const keys[] = {"Value", "Description", "Export", "Condition", NULL};
    const struct value *export;

    if (definition->kind != VALUE_MAP) {
        return template_wrong(why, "Template format error: [/Outputs/%.*s] output definition is "
                                   "malformed", STR_ARG(output->name));
    }
    if (!is_name(output->name)) {
        return template_wrong(why, "Template format error: Output name %.*s is non alphanumeric.",
                              STR_ARG(output->name));
    }
    for (uint32_t i = 0; i < definition->count; i++) {
        if (!is_among(definition->pairs[i].key, keys)) {
            return template_wrong(why, "Invalid template output property '%.*s'",
                                  STR_ARG(definition->pairs[i].key));
        }
    }
    TRY(read_output_value(output, definition, why));
    TRY(text_member(definition, "Description", why, &output->description));
    TRY(text_member(definition, "Condition", why, &output->condition));
    export = doc_get(definition, "Export");
    return export == NULL ? OK : read_export(output, export, why);
}

static status read_outputs(struct template *t, struct arena *arena, struct why *why)
{
    const struct value *section;

    TRY(section_of(t, "Outputs", why, &section));
    if (section == NULL || t->pending) {
        return OK;
    }
    t->outputs = arena_zero(arena, (section->count + 1) * sizeof(t->outputs[0]));
    for (uint32_t i = 0; i < section->count; i++) {
        struct template_output *output = &t->outputs[t->output_count];

        output->name = section->pairs[i].key;
        TRY(read_output(output, &section->pairs[i].value, why));
        t->output_count++;
    }
    return template_count_check("outputs", t->output_count, TEMPLATE_OUTPUTS_MAX, why);
}

/* ---- all of it ---- */

status template_read(const struct value *document, struct arena *arena, struct why *why,
                     struct template *ret_template)
{
    struct template t = {.document = document};
    const struct value *parameters;

    if (document->kind != VALUE_MAP) {
        return template_wrong(why, "Template format error: unsupported structure.");
    }
    t.pending = template_transforms(document, arena).count > 0 || has_transform(document);
    TRY(template_null_check(document, arena, why));
    TRY(read_head(&t, arena, why));
    TRY(section_of(&t, "Parameters", why, &parameters));
    TRY(template_read_parameters(parameters, arena, why, &t));
    TRY(read_mappings(&t, why));
    TRY(read_conditions(&t, why));
    TRY(section_of(&t, "Rules", why, &t.rules));
    TRY(t.pending ? OK : template_rules_check(t.rules, arena, why));
    TRY(section_of(&t, "Metadata", why, &t.metadata));
    TRY(section_of(&t, "Hooks", why, &t.hooks));
    TRY(read_resources(&t, arena, why));
    TRY(read_common(&t, arena, why));
    TRY(read_outputs(&t, arena, why));
    TRY(template_refer(&t, arena, why));
    if (arena_spent(arena)) {
        return why_set(why, &ERR_LIMIT, "the template is too large");
    }
    *ret_template = t;
    return OK;
}
