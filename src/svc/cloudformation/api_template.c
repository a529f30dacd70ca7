/* SPDX-License-Identifier: Apache-2.0
 *
 * Templates told, checked, summarised.
 */
#include "base/buf.h"
#include "cell/cell.h"
#include "svc/cloudformation/changeset.h"
#include "svc/cloudformation/cloudformation_ops.h"
#include "svc/cloudformation/template_summary.h"

/* ---- GetTemplate ---- */

static void tell_stages(struct call *c)
{
    struct value *stages = put_list(c, "StagesAvailable", 2);

    list_add_str(stages, STR("Original"));
    list_add_str(stages, STR("Processed"));
}

/* Of a change set. */
static status template_of_set(struct call *c, bool processed)
{
    struct change_set set;

    TRY(change_set_of_call(c, &set));
    put_str(c, "TemplateBody",
            processed && set.processed.at != NULL ? set.processed : set.original);
    tell_stages(c);
    return OK;
}

/* GetTemplate */
status cfn_get_template(struct call *c)
{
    bool processed = str_eq(arg_str(c, "TemplateStage"), STR("Processed"));
    struct str text = STR_NONE;
    struct stack stack;

    if (arg_has(c, "ChangeSetName")) {
        return template_of_set(c, processed);
    }
    if (!arg_has(c, "StackName")) {
        return fail(c, &CFN_VALIDATION,
                    "1 validation error detected: Value null at 'stackName' failed to satisfy "
                    "constraint: Member must not be null");
    }
    TRY(stack_of_text(c, arg_str(c, "StackName"), &stack));
    if (processed) {
        text = stack_template(c, &stack, TEMPLATE_PROCESSED);
    }
    if (text.at == NULL) {
        text = stack_template(c, &stack, TEMPLATE_ORIGINAL);
    }
    if (text.at == NULL) {
        return fail(c, &CFN_VALIDATION, "Template for stack %.*s does not exist",
                    STR_ARG(stack_name(&stack)));
    }
    put_str(c, "TemplateBody", text);
    tell_stages(c);
    return OK;
}

/* ---- reading one that a call names ---- */

static status text_of_call(struct call *c, struct str *ret_text)
{
    static const struct source source = {"TemplateBody", "TemplateURL", TEMPLATE_BYTES_MAX};

    TRY(source_of_call(c, &source, ret_text));
    if (ret_text->at == NULL) {
        return fail(c, &CFN_VALIDATION, "Either Template URL or Template Body must be specified.");
    }
    return OK;
}

static status template_of_text(struct call *c, struct str text, struct template *ret_template)
{
    struct value *document = ARENA_NEW(c->arena, struct value);

    TRY(template_document(text, c->arena, &c->why, document));
    return template_read(document, c->arena, &c->why, ret_template);
}

static void tell_summary(struct call *c, const struct template *t,
                         const struct template_summary *summary)
{
    struct value *list;

    if (t->description.at != NULL) {
        put_str(c, "Description", t->description);
    }
    if (summary->told.count > 0) {
        list = put_list(c, "Capabilities", summary->told.count);
        for (uint32_t i = 0; i < summary->told.count; i++) {
            list_add_str(list, summary->told.items[i].str);
        }
    }
    if (summary->reason.at != NULL) {
        put_str(c, "CapabilitiesReason", summary->reason);
    }
    if (summary->transforms.count > 0) {
        list = put_list(c, "DeclaredTransforms", summary->transforms.count);
        for (uint32_t i = 0; i < summary->transforms.count; i++) {
            list_add_str(list, summary->transforms.items[i].str);
        }
    }
}

/* What both ways of telling a parameter have. */
static struct value *tell_parameter(struct call *c, struct value *list,
                                    const struct template_parameter *parameter)
{
    struct value *told = list_add(c->arena, list);

    set_str(told, "ParameterKey", parameter->name);
    if (parameter->has_fallback) {
        set_str(told, "DefaultValue", parameter->fallback);
    }
    set_bool(told, "NoEcho", parameter->no_echo);
    if (parameter->description.at != NULL) {
        set_str(told, "Description", parameter->description);
    }
    return told;
}

/* ---- ValidateTemplate ---- */

/* ValidateTemplate */
status cfn_validate_template(struct call *c)
{
    struct template_summary summary;
    struct template t;
    struct world world;
    struct value *list;
    struct str text;

    TRY(text_of_call(c, &text));
    TRY(template_of_text(c, text, &t));
    world_init(&world, c, NULL);
    TRY(template_check(&t, &world.of, c->arena, &c->why));
    summary = template_summarize(&t, c->arena);
    list = put_list(c, "Parameters", t.parameter_count);
    for (uint32_t i = 0; i < t.parameter_count; i++) {
        (void)tell_parameter(c, list, &t.parameters[i]);
    }
    tell_summary(c, &t, &summary);
    return OK;
}

/* ---- GetTemplateSummary ---- */

static status text_of_summary(struct call *c, struct str *ret_text)
{
    struct stack stack;

    if (!arg_has(c, "StackName")) {
        return text_of_call(c, ret_text);
    }
    TRY(stack_of_text(c, arg_str(c, "StackName"), &stack));
    *ret_text = stack_template(c, &stack, TEMPLATE_ORIGINAL);
    return ret_text->at != NULL ? OK
                                : fail(c, &CFN_VALIDATION, "Template for stack %.*s does not exist",
                                       STR_ARG(stack_name(&stack)));
}

static void tell_constraints(struct call *c, const struct template_parameter *parameter,
                             struct value *told)
{
    const struct value *allowed = doc_get(parameter->definition, "AllowedValues");
    struct value *constraints = set_struct(c->arena, told, "ParameterConstraints");
    struct value *list;

    if (allowed == NULL || allowed->kind != VALUE_LIST) {
        return;
    }
    list = set_list(c->arena, constraints, "AllowedValues", allowed->count);
    for (uint32_t i = 0; i < allowed->count; i++) {
        list_add_str(list, doc_text(c->arena, &allowed->items[i]));
    }
}

static void tell_types(struct call *c, const struct template *t,
                       const struct template_summary *summary)
{
    struct value *types = put_list(c, "ResourceTypes", summary->types.count);
    struct value *all = put_list(c, "ResourceIdentifierSummaries", summary->types.count);

    for (uint32_t i = 0; i < summary->types.count; i++) {
        struct value *told = list_add(c->arena, all);
        struct value *ids;

        list_add_str(types, summary->types.items[i].str);
        set_str(told, "ResourceType", summary->types.items[i].str);
        ids = set_list(c->arena, told, "LogicalResourceIds", t->resource_count);
        for (uint32_t j = 0; j < t->resource_count; j++) {
            if (str_eq(t->resources[j].type, summary->types.items[i].str)) {
                list_add_str(ids, t->resources[j].name);
            }
        }
    }
}

/* GetTemplateSummary */
status cfn_template_summary(struct call *c)
{
    struct template_summary summary;
    const struct value *version;
    struct template t;
    struct value *list;
    struct str text;

    if (arg_has(c, "StackSetName")) {
        return fail(c, &CFN_NO_STACK_SET, "StackSet %.*s not found",
                    STR_ARG(arg_str(c, "StackSetName")));
    }
    TRY(text_of_summary(c, &text));
    TRY(template_of_text(c, text, &t));
    summary = template_summarize(&t, c->arena);
    list = put_list(c, "Parameters", t.parameter_count);
    for (uint32_t i = 0; i < t.parameter_count; i++) {
        struct value *told = tell_parameter(c, list, &t.parameters[i]);

        set_str(told, "ParameterType", t.parameters[i].type);
        tell_constraints(c, &t.parameters[i], told);
    }
    tell_summary(c, &t, &summary);
    tell_types(c, &t, &summary);
    version = doc_get(t.document, "AWSTemplateFormatVersion");
    if (version != NULL) {
        put_str(c, "Version", doc_text(c->arena, version));
    }
    if (t.metadata != NULL) {
        put_str(c, "Metadata", doc_json(c->arena, t.metadata));
    }
    return OK;
}

/* EstimateTemplateCost: where a calculator would be; weir has none. */
status cfn_estimate_cost(struct call *c)
{
    struct template t;
    struct str text;

    TRY(text_of_call(c, &text));
    TRY(template_of_text(c, text, &t));
    put_str(c, "Url", STR("http://calculator.s3.amazonaws.com/calc5.html?key=cloudformation/weir"));
    return OK;
}
