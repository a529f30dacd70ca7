/* SPDX-License-Identifier: Apache-2.0
 *
 * Templates from anywhere: whatever comes is refused in a sentence or read; what is read is the
 * same as JSON; its transforms come to an end; who needs something is made after it; and everything
 * in it is worth something in bounded memory.
 */
#include "svc/cloudformation/template_summary.h"
#include "wire/document.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ARENA_BYTES_MAX (64u << 20)
#define TRANSFORMS_MAX 20

static void demand(bool held)
{
    if (!held) {
        abort();
    }
}

static bool is_refusal(status read)
{
    return read == &TEMPLATE_INVALID || read == &ERR_LIMIT;
}

/* Half of what it is asked it knows. */
static status answer(void *context, const struct template_question *question,
                     struct value *ret_value)
{
    size_t *asked = context;

    if (question->kind == TEMPLATE_SSM && question->name.bytes % 3 == 0) {
        return &ERR_NOT_FOUND;
    }
    if (++*asked % 2 == 0) {
        *ret_value = (struct value){.kind = VALUE_STR, .str = STR("{{resolve:ssm:x}},y")};
    }
    return OK;
}

static void same_as_json(const struct value *document, struct arena *arena, struct why *why)
{
    struct str json = doc_json(arena, document);
    struct value again;
    struct str twice;

    if (json.at == NULL || arena_spent(arena)) {
        return;
    }
    demand(template_document(json, arena, why, &again) == OK);
    twice = doc_json(arena, &again);
    demand(str_eq(json, twice));
}

static void look(struct template_run *run)
{
    const struct template *t = run->of;
    struct value value;
    bool unknown;
    status read;

    for (uint32_t i = 0; i < t->resource_count; i++) {
        for (uint32_t j = 0; run->exists[i] && j < run->need_count[i]; j++) {
            demand(run->rank[run->needs[i][j]] < run->rank[i]);
            demand(run->exists[run->needs[i][j]]);
        }
        if (run->exists[i] && t->resources[i].properties != NULL) {
            read = template_evaluate(run, t->resources[i].properties, &value, &unknown);
            demand(read == OK || is_refusal(read));
        }
    }
    for (uint32_t i = 0; i < t->output_count; i++) {
        if (template_condition(run, t->outputs[i].condition)) {
            read = template_evaluate_text(run, t->outputs[i].value, &value);
            demand(read == OK || is_refusal(read));
        }
    }
}

/* A use of the document; false: it is refused. */
static bool use(struct template_run *run, struct template *t, const struct value *document)
{
    struct template_asking asking = {.world = run->world};
    struct template_argument *arguments;
    status read = template_read(document, run->arena, run->why, t);

    demand(read == OK || is_refusal(read));
    if (read != OK) {
        return false;
    }
    template_summarize(t, run->arena);
    run->of = t;
    read = template_arguments(t, &asking, run->arena, run->why, &arguments);
    demand(read == OK || is_refusal(read));
    run->arguments = arguments;
    return read == OK;
}

static status transformed(struct template_run *run, const struct template_transform *transform,
                          struct value *ret_result)
{
    struct str location;

    if (str_eq(transform->name, STR("AWS::LanguageExtensions"))) {
        return template_extend(run, &transform->fragment, ret_result);
    }
    if (str_eq(transform->name, STR("AWS::Include"))) {
        TRY(template_include_location(run, transform, &location));
        return template_include(run, transform, STR("A: !Ref B\n"), ret_result);
    }
    *ret_result = transform->fragment;
    return OK;
}

static void run_all(struct value *document, struct arena *arena, struct why *why)
{
    size_t asked = 0;
    struct template_world world = {.context = &asked, .answer = answer, .region = STR("r"),
                                   .account = STR("1"), .stack_name = STR("s")};
    struct template_run run = {.world = &world, .arena = arena, .why = why};
    struct template_transform transform;
    struct template t;
    bool found = true;

    for (int i = 0; found && i < TRANSFORMS_MAX; i++) {
        struct value result;

        if (!use(&run, &t, document) ||
            template_transform_next(document, arena, why, &found, &transform) != OK) {
            return;
        }
        if (found) {
            status read = transformed(&run, &transform, &result);

            demand(read == OK || is_refusal(read));
            if (read != OK) {
                return;
            }
            template_transform_done(&transform, arena, &result);
        }
    }
    if (!found && !t.pending) {
        status read = template_begin(&run);

        demand(read == OK || is_refusal(read));
        if (read == OK) {
            look(&run);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + (size == 0));
    struct arena *arena = arena_new(ARENA_BYTES_MAX);
    struct why why = {.text = ""};
    struct value document;
    status read;

    demand(text != NULL);
    memcpy(text, data, size);
    read = template_document(str_of(text, size), arena, &why, &document);
    demand(read == OK || is_refusal(read));
    if (read == OK) {
        same_as_json(&document, arena, &why);
        run_all(&document, arena, &why);
    }
    arena_free(arena);
    free(text);
    return 0;
}
