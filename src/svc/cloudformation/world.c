/* SPDX-License-Identifier: Apache-2.0
 *
 * What templates ask of the world: resources of their stack, exports of others, parameters and
 * secrets, types.
 */
#include "cell/cell.h"
#include "svc/cloudformation/rows.h"
#include "wire/json.h"

static struct value text_value(struct str text)
{
    return (struct value){.kind = VALUE_STR, .str = text};
}

/* ---- resources ---- */

struct stack_resource *world_resource(struct world *world,
                                      const struct template_resource *resource)
{
    bool placed = world->t != NULL && resource >= world->t->resources &&
                  resource < world->t->resources + world->t->resource_count;
    struct world_place *place = placed ? &world->places[resource - world->t->resources] : NULL;
    struct stack_resource *own;

    if (place == NULL) {
        return resource_find(world->resources, world->resource_count, resource->name);
    }
    if (place->at > 0 && place->at <= world->resource_count) {
        own = &world->resources[place->at - 1];
        if (own->part == PART_CURRENT && str_eq(own->logical_id, resource->name)) {
            return own;
        }
    }
    if (place->missed == world->resource_count + 1) { /* only new rows become current */
        return NULL;
    }
    own = resource_find(world->resources, world->resource_count, resource->name);
    place->at = own == NULL ? 0 : (size_t)(own - world->resources) + 1;
    place->missed = own == NULL ? world->resource_count + 1 : 0;
    return own;
}

/* Of one that this operation is done with; else it is not known yet. */
static const struct stack_resource *known(struct world *world,
                                          const struct template_resource *resource)
{
    struct stack_resource *own;

    if (world->stack == NULL) {
        return NULL;
    }
    own = world_resource(world, resource);
    return own != NULL && (own->passed || world->finished) ? own : NULL;
}

static status answer_attribute(struct world *world, const struct template_question *question,
                               struct value *ret_value)
{
    const struct stack_resource *own = known(world, question->resource);
    const struct value *found;

    if (own == NULL) {
        return OK;
    }
    found = map_find(own->attributes, question->name);
    if (found != NULL) {
        *ret_value = *found;
        return OK;
    }
    if (type_of(world->c->cell, own->type) == NULL) { /* recorded only */
        *ret_value = text_value(arena_printf(question->arena, "%.*s.%.*s", STR_ARG(own->id),
                                             STR_ARG(question->name)));
        return OK;
    }
    if (type_of(world->c->cell, own->type)->open) {
        return why_set(question->why, &CFN_VALIDATION, "CustomResource attribute error: Vendor "
                       "response doesn't contain %.*s attribute",
                       STR_ARG(str_slice(question->name, 0, 256)));
    }
    return why_set(question->why, &CFN_VALIDATION, "Attribute '%.*s' does not exist",
                   STR_ARG(str_slice(question->name, 0, 256)));
}

static bool has_type(void *context, struct str type)
{
    struct world *world = context;

    return cell_allows_unknown(world->c->cell) || type_of(world->c->cell, type) != NULL;
}

static bool has_attribute(void *context, const struct template_resource *resource,
                          struct str name)
{
    struct world *world = context;
    const struct resource_type *type = type_of(world->c->cell, resource->type);

    if (type == NULL || type->open) {
        return true;
    }
    for (size_t i = 0; type->attributes != NULL && type->attributes[i] != NULL; i++) {
        struct str known_name = str_c(type->attributes[i]);
        bool any = str_ends(known_name, STR("*"));

        if (any ? str_starts(name, str_slice(known_name, 0, known_name.bytes - 1))
                : str_eq(known_name, name)) {
            return true;
        }
    }
    return false;
}

const struct resource_type *type_of(struct cell *cell, struct str name)
{
    if (str_starts(name, STR("Custom::"))) {
        name = STR("AWS::CloudFormation::CustomResource");
    }
    return resource_type_find(cell, name);
}

/* ---- other stacks, parameters, secrets ---- */

static status answer_import(struct world *world, const struct template_question *question,
                            struct value *ret_value)
{
    const struct value *export = export_get(world->c, question->name);
    struct value *name;

    if (export == NULL) {
        return why_set(question->why, &CFN_VALIDATION, "No export named %.*s found.",
                       STR_ARG(str_slice(question->name, 0, 512)));
    }
    name = doc_add(world->c->arena, &world->imported);
    *name = text_value(arena_dup(world->c->arena, question->name));
    *ret_value = text_value(map_str(export, "value"));
    return OK;
}

/* What SSM has under a name. */
struct parameter {
    struct value value; /* text */
    struct str type;    /* "String", "StringList", "SecureString" */
};

static status parameter_read(struct world *world, struct str name, bool sealed,
                             struct parameter *ret_parameter, struct why *why)
{
    struct call *c = world->c;
    struct inner inner;
    status read;

    TRY(inner_begin(c, "ssm", "GetParameter", &inner));
    inner.caller = world->caller;
    set_str(inner.in, "Name", name);
    if (sealed) {
        set_bool(inner.in, "WithDecryption", true);
    }
    read = inner_run(c, &inner);
    if (read != OK) {
        return why_set(why, read, "%s", inner.why.text);
    }
    ret_parameter->value = text_value(get_str(get(inner.out, "Parameter"), "Value"));
    ret_parameter->type = get_str(get(inner.out, "Parameter"), "Type");
    return OK;
}

/* Its type has to be that of the template's parameter, whatever its text looks like. */
static status check_type(const struct template_question *question,
                         const struct parameter *parameter)
{
    struct str name = str_slice(question->name, 0, 512);

    if (question->kind == TEMPLATE_SSM_NAME) {
        return OK;
    }
    if (str_eq(parameter->type, STR("SecureString"))) {
        return why_set(question->why, &CFN_VALIDATION,
                       "Parameters [%.*s] referenced by template have types not supported by "
                       "CloudFormation.", STR_ARG(name));
    }
    return str_eq(parameter->type, STR("StringList")) == question->list
               ? OK
               : why_set(question->why, &CFN_VALIDATION,
                         "Types for SSM parameters [%.*s] defined in CFN template and SSM are "
                         "incompatible", STR_ARG(name));
}

static status answer_ssm(struct world *world, const struct template_question *question,
                         struct value *ret_value)
{
    struct why why = {""};
    struct parameter parameter;
    status read = parameter_read(world, question->name, false, &parameter, &why);

    if (read != OK) {
        return resource_is_gone(read) ? &ERR_NOT_FOUND
                                      : why_set(question->why, &CFN_VALIDATION, "%s", why.text);
    }
    *ret_value = parameter.value;
    return check_type(question, &parameter);
}

static status secret_key_of(const struct template_dynamic *asked, struct arena *arena,
                            struct why *why, struct value *value)
{
    struct value document;
    const struct value *found;

    if (asked->key.at == NULL) {
        return OK;
    }
    if (json_read(arena_dup(arena, value->str), 0, arena, NULL, &document) != OK ||
        document.kind != VALUE_MAP) {
        return why_set(why, &CFN_VALIDATION, "Could not parse SecretString JSON");
    }
    found = map_find(&document, asked->key);
    if (found == NULL) {
        return why_set(why, &CFN_VALIDATION,
                       "Could not find a value associated with JSONKey in SecretString");
    }
    *value = text_value(found->kind == VALUE_STR ? found->str : doc_text(arena, found));
    return OK;
}

static status secret_read(struct world *world, const struct template_question *question,
                          struct value *ret_value)
{
    const struct template_dynamic *asked = question->dynamic;
    struct call *c = world->c;
    struct inner inner;
    status read;

    TRY(inner_begin(c, "secretsmanager", "GetSecretValue", &inner));
    inner.caller = world->caller;
    set_str(inner.in, "SecretId", asked->name);
    if (asked->version.at != NULL) {
        set_str(inner.in, "VersionId", asked->version);
    }
    if (asked->stage.at != NULL) {
        set_str(inner.in, "VersionStage", asked->stage);
    }
    read = inner_run(c, &inner);
    if (read != OK) {
        return why_set(question->why, read,
                       "Could not retrieve secret: %s (Service: AWSSecretsManager; Status Code: "
                       "%d; Error Code: %s)", inner.why.text, read->http, read->code);
    }
    *ret_value = text_value(get_str(inner.out, "SecretString"));
    return secret_key_of(asked, c->arena, question->why, ret_value);
}

static status answer_dynamic(struct world *world, const struct template_question *question,
                             struct value *ret_value)
{
    const struct template_dynamic *asked = question->dynamic;
    bool sealed = str_eq(asked->service, STR("ssm-secure"));
    struct str name = asked->name;
    struct parameter parameter;

    if (str_eq(asked->service, STR("secretsmanager"))) {
        return secret_read(world, question, ret_value);
    }
    if (asked->version.at != NULL) {
        name = arena_printf(world->c->arena, "%.*s:%.*s", STR_ARG(name), STR_ARG(asked->version));
    }
    TRY(parameter_read(world, name, sealed, &parameter, question->why));
    if (!sealed && str_eq(parameter.type, STR("SecureString"))) {
        return why_set(question->why, &CFN_VALIDATION,
                       "Non-secure ssm prefix was used for secure parameter %.*s",
                       STR_ARG(str_slice(asked->name, 0, 512)));
    }
    *ret_value = parameter.value;
    return OK;
}

/* Of its own region; AWS knows none of another one. */
static status answer_zones(const struct world *world, const struct template_question *question,
                           struct value *ret_value)
{
    static const char letters[] = "abc";
    bool own = str_eq(question->name, world->of.region);

    ret_value->kind = VALUE_LIST;
    for (size_t i = 0; own && i < sizeof(letters) - 1; i++) {
        *doc_add(question->arena, ret_value) = text_value(arena_printf(
            question->arena, "%.*s%c", STR_ARG(question->name), letters[i]));
    }
    return OK;
}

/* What the operation began with, whatever the parameter is now. */
static bool answer_settled(const struct world *world, const struct template_question *question,
                           struct value *ret_value)
{
    for (uint32_t i = 0; world->settled != NULL && i < world->settled->count; i++) {
        const struct value *one = &world->settled->items[i];

        if (has(one, "ResolvedValue") &&
            str_eq(get_str(one, "ParameterValue"), question->name)) {
            *ret_value = text_value(get_str(one, "ResolvedValue"));
            return true;
        }
    }
    return false;
}

static status answer(void *context, const struct template_question *question,
                     struct value *ret_value)
{
    struct world *world = context;
    const struct stack_resource *own;

    switch (question->kind) {
    case TEMPLATE_REF:
        own = known(world, question->resource);
        if (own != NULL) {
            *ret_value = text_value(own->id);
        }
        return OK;
    case TEMPLATE_ATTRIBUTE:
        return answer_attribute(world, question, ret_value);
    case TEMPLATE_IMPORT:
        return answer_import(world, question, ret_value);
    case TEMPLATE_DYNAMIC:
        return answer_dynamic(world, question, ret_value);
    case TEMPLATE_SSM:
        return answer_settled(world, question, ret_value)
                   ? OK
                   : answer_ssm(world, question, ret_value);
    case TEMPLATE_SSM_NAME:
        return answer_ssm(world, question, ret_value);
    case TEMPLATE_ZONES:
        return answer_zones(world, question, ret_value);
    default:
        return OK;
    }
}

/* ---- a world ---- */

void world_init(struct world *world, struct call *c, struct stack *stack)
{
    memset(world, 0, sizeof(*world));
    world->c = c;
    world->stack = stack;
    world->caller = (struct inner_caller){c->account, c->region, c->principal, c->identity};
    world->imported.kind = VALUE_LIST;
    world->of = (struct template_world){
        .context = world,
        .answer = answer,
        .has_type = has_type,
        .has_attribute = has_attribute,
        .account = c->account,
        .region = c->region,
        .stack_id = STR_NONE,
    };
    if (stack != NULL) {
        world->of.stack_id = stack_id(stack);
        world->of.stack_name = stack_name(stack);
    }
}
