/* SPDX-License-Identifier: Apache-2.0
 *
 * What is not there yet says so.
 */
#include "svc/cloudformation/template.h"

const struct error TEMPLATE_INVALID = {"ValidationError", NULL, 400, false};
static const struct error NOT_THERE = {"NotImplemented", NULL, 501, false};

static status not_there(struct why *why)
{
    return why_set(why, &NOT_THERE, "templates are not read yet");
}

status template_document(struct str text, struct arena *arena, struct why *why,
                         struct value *ret_document)
{
    (void)text, (void)arena, (void)ret_document;
    return not_there(why);
}

status template_transform_next(struct value *document, struct arena *arena, struct why *why,
                               bool *ret_found, struct template_transform *ret_transform)
{
    (void)document, (void)arena, (void)ret_found, (void)ret_transform;
    return not_there(why);
}

void template_transform_done(const struct template_transform *transform,
                             const struct value *result)
{
    *transform->place = *result;
}

struct value template_transforms(const struct value *document, struct arena *arena)
{
    (void)document, (void)arena;
    return (struct value){.kind = VALUE_LIST};
}

status template_extend(struct template_run *run, const struct value *fragment,
                       struct value *ret_result)
{
    (void)fragment, (void)ret_result;
    return not_there(run->why);
}

status template_include_location(struct template_run *run,
                                 const struct template_transform *transform,
                                 struct str *ret_location)
{
    (void)transform, (void)ret_location;
    return not_there(run->why);
}

status template_include(struct template_run *run, const struct template_transform *transform,
                        struct str text, struct value *ret_result)
{
    (void)text, (void)transform, (void)ret_result;
    return not_there(run->why);
}

status template_read(const struct value *document, struct arena *arena, struct why *why,
                     struct template *ret_template)
{
    (void)document, (void)arena, (void)ret_template;
    return not_there(why);
}

const struct template_resource *template_resource_find(const struct template *t, struct str name)
{
    for (uint32_t i = 0; i < t->resource_count; i++) {
        if (str_eq(t->resources[i].name, name)) {
            return &t->resources[i];
        }
    }
    return NULL;
}

status template_arguments(const struct template *t, const struct template_asking *asking,
                          struct arena *arena, struct why *why,
                          struct template_argument **ret_arguments)
{
    (void)t, (void)asking, (void)arena, (void)ret_arguments;
    return not_there(why);
}

status template_begin(struct template_run *run)
{
    return not_there(run->why);
}

status template_evaluate(struct template_run *run, const struct value *document,
                         struct value *ret_value, bool *ret_unknown)
{
    (void)document, (void)ret_value, (void)ret_unknown;
    return not_there(run->why);
}

status template_evaluate_text(struct template_run *run, const struct value *document,
                              struct value *ret_value)
{
    (void)document, (void)ret_value;
    return not_there(run->why);
}

bool template_condition(const struct template_run *run, struct str name)
{
    const struct value *truth = name.bytes == 0 ? NULL : map_find(&run->conditions, name);

    return name.bytes == 0 || (truth != NULL && truth->truth);
}

struct template_summary template_summarize(const struct template *t, struct arena *arena)
{
    struct template_summary summary = {.reason = STR_NONE};

    (void)t, (void)arena;
    return summary;
}
