/* SPDX-License-Identifier: Apache-2.0
 *
 * Transforms: from a template as it was given to the one that is made. Those of AWS's own are
 * functions (sam.h, template.h); one by any other name is a macro of the account.
 */
#include "svc/cloudformation/expand.h"

#include "svc/cloudformation/macro.h"
#include "svc/cloudformation/rows.h"
#include "svc/cloudformation/sam.h"

#define INCLUDE "AWS::Include"
#define EXTENSIONS "AWS::LanguageExtensions"
#define TRANSFORMS_MAX 200 /* run on one template, one after the other */

/* What a transform needs of the template around it. */
struct expanding {
    struct call *c;              /* the step */
    struct stack_wish *wish;     /* whose document it is */
    struct template template;    /* as it is before its transforms ran */
    struct template_run run;     /* of it */
};

/* ---- SAM ---- */

static const struct value *sam_parameter(const void *self, struct str name)
{
    const struct expanding *e = self;

    for (uint32_t i = 0; i < e->template.parameter_count; i++) {
        if (str_eq(e->run.arguments[i].parameter->name, name)) {
            return &e->run.arguments[i].value;
        }
    }
    return NULL;
}

static status run_sam(struct expanding *e, const struct template_transform *transform,
                      struct value *ret_result)
{
    struct sam_place place = {.region = e->c->region,
                              .partition = arn_partition(e->c->region),
                              .parameter = sam_parameter,
                              .self = e};

    return sam_transform(&transform->fragment, &place, e->c->arena, &e->c->why, ret_result);
}

/* ---- include ---- */

static status run_include(struct expanding *e, const struct template_transform *transform,
                          struct value *ret_result)
{
    struct str location, text;

    TRY(template_include_location(&e->run, transform, &location));
    TRY(source_load(e->c, &e->wish->world.caller, location, TEMPLATE_BYTES_MAX, &text));
    return template_include(&e->run, transform, text, ret_result);
}

/* ---- all ---- */

static status read_before(struct expanding *e)
{
    struct call *c = e->c;
    struct template_argument *arguments;

    TRY(template_read(&e->wish->document, c->arena, &c->why, &e->template));
    TRY(wish_arguments(c, e->wish, &e->template, &arguments));
    e->run = (struct template_run){.of = &e->template,
                                   .arguments = arguments,
                                   .world = &e->wish->world.of,
                                   .arena = c->arena,
                                   .why = &c->why};
    return OK;
}

static status run_one(struct expanding *e, const struct template_transform *transform,
                      struct value *ret_result)
{
    if (str_eq(transform->name, STR(SAM_TRANSFORM))) {
        return run_sam(e, transform, ret_result);
    }
    if (str_eq(transform->name, STR(EXTENSIONS))) {
        return template_extend(&e->run, &transform->fragment, ret_result);
    }
    if (str_eq(transform->name, STR(INCLUDE))) {
        return run_include(e, transform, ret_result);
    }
    return macro_run(e->c, &e->run, transform, ret_result);
}

/* Its sentence is a status reason of the stack, not an answer. */
static void note_failure(struct call *c, struct stack_wish *wish,
                         const struct template_transform *transform)
{
    bool macro = !str_starts(transform->name, STR("AWS::"));

    wish->failed = str_starts(str_c(c->why.text), STR("No transform named"))
                       ? arena_dup(c->arena, str_c(c->why.text))
                       : arena_printf(c->arena, "Transform %.*s%s%.*s failed with: %s",
                                      macro ? (int)c->account.bytes : 0, c->account.at,
                                      macro ? "::" : "", STR_ARG(transform->name), c->why.text);
    c->why.text[0] = '\0';
}

static status keep_processed(struct call *c, struct stack_wish *wish)
{
    wish->processed = doc_json(c->arena, &wish->document);
    if (wish->processed.at == NULL || wish->processed.bytes > TEMPLATE_BYTES_MAX) {
        return fail(c, &CFN_VALIDATION, "Template may not exceed %u bytes in size.",
                    TEMPLATE_BYTES_MAX);
    }
    return OK;
}

status wish_expand(struct call *c, struct stack_wish *wish)
{
    struct expanding e = {.c = c, .wish = wish};
    bool read = false;

    for (int run = 0; run < TRANSFORMS_MAX; run++) {
        struct template_transform transform;
        struct value result;
        bool found = false;
        status ran;

        TRY(template_transform_next(&wish->document, c->arena, &c->why, &found, &transform));
        if (!found) {
            return run == 0 ? OK : keep_processed(c, wish);
        }
        if (!read) {
            TRY(read_before(&e));
            read = true;
        }
        ran = run_one(&e, &transform, &result);
        if (ran == &MACRO_WAITS) {
            return ran;
        }
        if (ran != OK) {
            note_failure(c, wish, &transform);
            return OK;
        }
        template_transform_done(&transform, c->arena, &result);
    }
    return fail(c, &CFN_VALIDATION, "Template format error: too many transforms");
}
