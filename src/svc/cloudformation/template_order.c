/* SPDX-License-Identifier: Apache-2.0
 *
 * Which resource needs which, and so in which order they are made.
 *
 * Rules
 *  1. A resource needs those that its definition refers to (Ref, Fn::GetAtt, Fn::Sub) in branches
 *     of Fn::If that hold, and those that DependsOn names.
 *  2. Referring to a resource whose condition is false is refused, by DependsOn, too.
 *  3. Ranks: what needs nothing has 0, everything else one more than the highest that it needs.
 *     Resources that get no rank are in a circle, or need one that is.
 */
#include "svc/cloudformation/template_int.h"

/* Gathering what one resource needs. */
struct gathering {
    struct template_run *run;      /* the run */
    bool *needed;                  /* per resource */
    struct template_names missing; /* referred to, but not to exist */
};

static void gather(struct gathering *gathering, const struct value *document);

static void need(struct gathering *gathering, struct str name)
{
    int32_t index = template_resource_index(gathering->run->of, name);

    if (index >= 0 && gathering->run->exists[index]) {
        gathering->needed[index] = true;
    } else if (index >= 0) {
        template_names_add(&gathering->missing, name);
    }
}

static void gather_sub(struct gathering *gathering, const struct value *argument)
{
    bool list = argument->kind == VALUE_LIST;
    const struct value *given = list ? &argument->items[1] : NULL;
    struct str rest = doc_text(gathering->run->arena, list ? &argument->items[0] : argument);
    struct template_piece piece;
    struct str first;
    struct str second;

    while (template_piece_next(&rest, &piece)) {
        if (piece.literal || piece.variable.at == NULL ||
            (given != NULL && map_find(given, piece.variable) != NULL)) {
            continue;
        }
        need(gathering,
             template_dotted(piece.variable, &first, &second) ? first : piece.variable);
    }
    for (uint32_t i = 0; given != NULL && i < given->count; i++) {
        gather(gathering, &given->pairs[i].value);
    }
}

static void gather_call(struct gathering *gathering, const struct template_call *call)
{
    const struct value *argument = call->argument;
    struct str name;
    struct value attribute;

    switch (call->function) {
    case FUNCTION_REF:
        if (template_is_text(argument)) {
            need(gathering, argument->str);
        }
        break;
    case FUNCTION_GET_ATT:
        if (template_get_att_parts(argument, &name, &attribute)) {
            need(gathering, name);
            gather(gathering, &attribute);
        }
        break;
    case FUNCTION_SUB:
        gather_sub(gathering, argument);
        break;
    case FUNCTION_IF:
        if (gathering->run->arguments == NULL) { /* nobody said which branch holds */
            break;
        }
        gather(gathering,
               &argument->items[template_condition(gathering->run, argument->items[0].str) ? 1
                                                                                           : 2]);
        break;
    default:
        gather(gathering, argument);
        break;
    }
}

static void gather(struct gathering *gathering, const struct value *document)
{
    struct template_call call = template_call_of(document);

    if (call.function != FUNCTION_NONE) {
        gather_call(gathering, &call);
        return;
    }
    for (uint32_t i = 0; document->kind == VALUE_LIST && i < document->count; i++) {
        gather(gathering, &document->items[i]);
    }
    for (uint32_t i = 0; document->kind == VALUE_MAP && i < document->count; i++) {
        gather(gathering, &document->pairs[i].value);
    }
}

static void gather_depends_on(struct gathering *gathering, const struct value *value)
{
    if (template_is_text(value)) {
        need(gathering, value->str);
    }
    for (uint32_t i = 0; value->kind == VALUE_LIST && i < value->count; i++) {
        gather_depends_on(gathering, &value->items[i]);
    }
}

static void gather_resource(struct gathering *gathering, const struct value *definition)
{
    for (uint32_t i = 0; i < definition->count; i++) {
        if (str_eq(definition->pairs[i].key, STR("DependsOn"))) {
            gather_depends_on(gathering, &definition->pairs[i].value);
        } else {
            gather(gathering, &definition->pairs[i].value);
        }
    }
}

/* ---- all resources ---- */

static void keep_needs(struct template_run *run, uint32_t resource, const bool *needed)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < run->of->resource_count; i++) {
        count += needed[i];
    }
    run->needs[resource] = arena_alloc(run->arena, (count + 1) * sizeof(uint32_t));
    for (uint32_t i = 0; i < run->of->resource_count; i++) {
        if (needed[i]) {
            run->needs[resource][run->need_count[resource]++] = i;
        }
    }
}

static status gather_all(struct template_run *run)
{
    uint32_t count = run->of->resource_count;
    bool *needed = arena_zero(run->arena, count + 1);
    struct gathering gathering = {run, needed, {.arena = run->arena}};

    for (uint32_t i = 0; i < count; i++) {
        memset(needed, 0, count);
        if (run->exists[i]) {
            gather_resource(&gathering, run->of->resources[i].definition);
            keep_needs(run, i, needed);
        }
    }
    return gathering.missing.count == 0
               ? OK
               : template_wrong(run->why,
                                "Template format error: Unresolved resource dependencies [%s] in "
                                "the Resources block of the template",
                                template_names_text(&gathering.missing).at);
}

static status check_outputs(struct template_run *run)
{
    bool *needed = arena_zero(run->arena, run->of->resource_count + 1);
    struct gathering gathering = {run, needed, {.arena = run->arena}};

    for (uint32_t i = 0; i < run->of->output_count; i++) {
        const struct template_output *output = &run->of->outputs[i];

        if (template_condition(run, output->condition)) {
            gather(&gathering, output->value);
        }
    }
    return gathering.missing.count == 0
               ? OK
               : template_wrong(run->why,
                                "Unresolved resource dependencies [%s] in the Outputs block of the "
                                "template",
                                template_names_text(&gathering.missing).at);
}

/* ---- ranks ---- */

/* Whether everything that it needs has a rank; then *ret_rank is its own. */
static bool rank_of(const struct template_run *run, uint32_t resource, const bool *ranked,
                    uint32_t *ret_rank)
{
    uint32_t rank = 0;

    for (uint32_t i = 0; i < run->need_count[resource]; i++) {
        uint32_t needed = run->needs[resource][i];

        if (!ranked[needed]) {
            return false;
        }
        rank = run->rank[needed] + 1 > rank ? run->rank[needed] + 1 : rank;
    }
    *ret_rank = rank;
    return true;
}

static status circle(struct template_run *run, const bool *ranked)
{
    struct template_names names = {.arena = run->arena};

    for (uint32_t i = 0; i < run->of->resource_count; i++) {
        if (run->exists[i] && !ranked[i]) {
            template_names_add(&names, run->of->resources[i].name);
        }
    }
    return template_wrong(run->why, "Circular dependency between resources: [%s]",
                          template_names_text(&names).at);
}

static status rank_all(struct template_run *run)
{
    uint32_t count = run->of->resource_count;
    bool *ranked = arena_zero(run->arena, count + 1);
    uint32_t left = 0;
    uint32_t done = 1;

    for (uint32_t i = 0; i < count; i++) {
        left += run->exists[i];
    }
    while (left > 0 && done > 0) {
        done = 0;
        for (uint32_t i = 0; i < count; i++) {
            if (run->exists[i] && !ranked[i] && rank_of(run, i, ranked, &run->rank[i])) {
                ranked[i] = true;
                done++;
                run->rank_count =
                    run->rank[i] + 1 > run->rank_count ? run->rank[i] + 1 : run->rank_count;
            }
        }
        left -= done;
    }
    return left == 0 ? OK : circle(run, ranked);
}

status template_order(struct template_run *run)
{
    size_t count = run->of->resource_count + 1;

    run->needs = arena_zero(run->arena, count * sizeof(run->needs[0]));
    run->need_count = arena_zero(run->arena, count * sizeof(run->need_count[0]));
    run->rank = arena_zero(run->arena, count * sizeof(run->rank[0]));
    run->rank_count = 0;
    TRY(gather_all(run));
    TRY(check_outputs(run));
    return rank_all(run);
}
