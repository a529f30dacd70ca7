/* SPDX-License-Identifier: Apache-2.0
 *
 * Outputs, exports and imports. A region's exports have names of their own; one that somebody
 * imports neither changes nor goes.
 */
#include "svc/cloudformation/deploy.h"

/* ---- outputs ---- */

static status text_of(struct call *c, struct stack_wish *wish, const struct value *document,
                      struct str *ret_text)
{
    struct value value = {.kind = VALUE_NONE};

    TRY(template_evaluate_text(&wish->run, document, &value));
    *ret_text = value.kind == VALUE_STR ? value.str : doc_text(c->arena, &value);
    return OK;
}

static status output_one(struct call *c, struct stack_wish *wish,
                         const struct template_output *output, struct value *list)
{
    struct str value, name;
    struct value *told;

    TRY(text_of(c, wish, output->value, &value));
    if (value.bytes > OUTPUT_BYTES_MAX) {
        return fail(c, &CFN_VALIDATION, "Template format error: Output %.*s is longer than %d "
                                        "bytes", STR_ARG(output->name), OUTPUT_BYTES_MAX);
    }
    told = list_add(c->arena, list);
    set_str(told, "OutputKey", output->name);
    set_str(told, "OutputValue", value);
    if (output->description.at != NULL) {
        set_str(told, "Description", output->description);
    }
    if (output->export_name != NULL) {
        TRY(text_of(c, wish, output->export_name, &name));
        if (name.bytes == 0 || name.bytes > EXPORT_NAME_BYTES_MAX) {
            return fail(c, &CFN_VALIDATION, "Export name of output %.*s must have between 1 and "
                                            "%d characters", STR_ARG(output->name),
                        EXPORT_NAME_BYTES_MAX);
        }
        set_str(told, "ExportName", name);
    }
    return OK;
}

status outputs_evaluate(struct call *c, struct stack_wish *wish, struct value *about)
{
    const struct template *t = &wish->template;
    struct value *list;

    unset(about, "Outputs");
    if (t->output_count == 0) {
        return OK;
    }
    list = set_list(c->arena, about, "Outputs", t->output_count);
    for (uint32_t i = 0; i < t->output_count; i++) {
        if (template_condition(&wish->run, t->outputs[i].condition)) {
            TRY(output_one(c, wish, &t->outputs[i], list));
        }
    }
    if (list->count == 0) {
        unset(about, "Outputs");
    }
    return OK;
}

/* ---- exports ---- */

static const struct value *exported(const struct value *about, struct str name)
{
    const struct value *outputs = get(about, "Outputs");

    for (uint32_t i = 0; outputs != NULL && i < outputs->count; i++) {
        if (str_eq(get_str(&outputs->items[i], "ExportName"), name)) {
            return &outputs->items[i];
        }
    }
    return NULL;
}

static struct str joined(struct call *c, const struct value *texts)
{
    struct str all = texts->items[0].str;

    for (uint32_t i = 1; i < texts->count; i++) {
        all = arena_printf(c->arena, "%.*s and %.*s", STR_ARG(all),
                           STR_ARG(texts->items[i].str));
    }
    return all;
}

static status in_use(struct call *c, struct str name, const char *what)
{
    struct value users = export_users(c, name);

    if (users.count == 0) {
        return OK;
    }
    return fail(c, &CFN_VALIDATION, "Export %.*s cannot be %s as it is in use by %.*s",
                STR_ARG(name), what, STR_ARG(joined(c, &users)));
}

/* Those of before that are not, or not the same, in after. */
static status old_exports_check(struct call *c, const struct value *before,
                                const struct value *after)
{
    const struct value *outputs = get(before, "Outputs");

    for (uint32_t i = 0; outputs != NULL && i < outputs->count; i++) {
        struct str name = get_str(&outputs->items[i], "ExportName");
        const struct value *now = name.bytes == 0 ? NULL : exported(after, name);

        if (name.bytes > 0 && now == NULL) {
            TRY(in_use(c, name, "deleted"));
        } else if (name.bytes > 0 && !str_eq(get_str(now, "OutputValue"),
                                             get_str(&outputs->items[i], "OutputValue"))) {
            TRY(in_use(c, name, "updated"));
        }
    }
    return OK;
}

static status new_exports_check(struct call *c, const struct stack *stack,
                                const struct value *after)
{
    const struct value *outputs = get(after, "Outputs");

    for (uint32_t i = 0; outputs != NULL && i < outputs->count; i++) {
        struct str name = get_str(&outputs->items[i], "ExportName");
        const struct value *there = name.bytes == 0 ? NULL : export_get(c, name);

        if (there != NULL && !str_eq(map_str(there, "stack"), stack_id(stack))) {
            struct str other = map_str(there, "stack");
            struct str owner = str_slice(other, 0, other.bytes - last_part(other).bytes - 1);

            return fail(c, &CFN_VALIDATION,
                        "Export with name %.*s is already exported by stack %.*s", STR_ARG(name),
                        STR_ARG(last_part(owner)));
        }
    }
    return OK;
}

static void exports_stage(struct call *c, const struct stack *stack, const struct value *before,
                          const struct value *after)
{
    const struct value *had = get(before, "Outputs");
    const struct value *now = get(after, "Outputs");

    for (uint32_t i = 0; had != NULL && i < had->count; i++) {
        struct str name = get_str(&had->items[i], "ExportName");

        if (name.bytes > 0 && exported(after, name) == NULL) {
            export_erase(c, name);
        }
    }
    for (uint32_t i = 0; now != NULL && i < now->count; i++) {
        struct str name = get_str(&now->items[i], "ExportName");

        if (name.bytes > 0) {
            export_put(c, stack, name, get_str(&now->items[i], "OutputValue"));
        }
    }
}

status exports_free_check(struct call *c, const struct stack *stack)
{
    struct value *none = value_struct(c->arena, stack_shape());

    return old_exports_check(c, stack->about, none);
}

/* ---- imports ---- */

static bool is_imported(const struct deploy *d, struct str name)
{
    const struct value *imported = &d->wish.world.imported;

    for (uint32_t i = 0; i < imported->count; i++) {
        if (str_eq(imported->items[i].str, name)) {
            return true;
        }
    }
    return false;
}

/* Everything is asked for once more, so that what is imported is known whole. */
void imports_settle(struct call *c, struct deploy *d)
{
    struct value had = stack_imports(c, &d->stack);
    struct value ignored;

    if (!d->planned || had.count == 0) {
        return;
    }
    d->wish.world.finished = true;
    for (uint32_t i = 0; i < d->wish.template.resource_count; i++) {
        const struct value *properties = d->wish.template.resources[i].properties;

        if (d->wish.run.exists[i] && properties != NULL) {
            (void)wish_evaluate(&d->wish, properties, true, &ignored);
        }
    }
    d->wish.world.finished = false;
    c->why.text[0] = '\0';
    for (uint32_t i = 0; i < had.count; i++) {
        if (!is_imported(d, had.items[i].str)) {
            import_erase(c, &d->stack, had.items[i].str);
        }
    }
}

/* ---- both ---- */

status outputs_settle(struct call *c, struct deploy *d)
{
    struct value *about = value_copy(c->arena, d->stack.about);

    d->wish.world.imported.count = 0;
    TRY(outputs_evaluate(c, &d->wish, about));
    TRY(old_exports_check(c, d->stack.about, about));
    TRY(new_exports_check(c, &d->stack, about));
    exports_stage(c, &d->stack, d->stack.about, about);
    for (uint32_t i = 0; i < d->wish.world.imported.count; i++) {
        import_put(c, &d->stack, d->wish.world.imported.items[i].str);
    }
    imports_settle(c, d);
    d->stack.about = about;
    return OK;
}

void outputs_drop(struct call *c, struct stack *stack)
{
    struct value imports = stack_imports(c, stack);
    const struct value *outputs = get(stack->about, "Outputs");

    for (uint32_t i = 0; outputs != NULL && i < outputs->count; i++) {
        struct str name = get_str(&outputs->items[i], "ExportName");

        if (name.bytes > 0 && export_get(c, name) != NULL) {
            export_erase(c, name);
        }
    }
    for (uint32_t i = 0; i < imports.count; i++) {
        import_erase(c, stack, imports.items[i].str);
    }
}
