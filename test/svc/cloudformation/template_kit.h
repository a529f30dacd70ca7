/* SPDX-License-Identifier: Apache-2.0
 *
 * A world for templates: physical ids are "id-NAME", attributes "NAME/ATTRIBUTE"; resources whose
 * names begin with "Later" are not known yet.
 */
#ifndef WEIR_TEST_SVC_CLOUDFORMATION_TEMPLATE_KIT_H
#define WEIR_TEST_SVC_CLOUDFORMATION_TEMPLATE_KIT_H

#include "svc/cloudformation/template_int.h"

#include "base/buf.h"
#include "wire/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

#define KIT_BYTES_MAX (64u << 20)

static struct arena *arena;
static struct why why;

static int kit_up(void **state)
{
    (void)state;
    arena = arena_new(KIT_BYTES_MAX);
    why.text[0] = '\0';
    return 0;
}

static int kit_down(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static struct value kit_text(struct str text)
{
    return template_text(text);
}

static status kit_dynamic(const struct template_question *question, struct value *ret_value)
{
    const struct template_dynamic *dynamic = question->dynamic;

    if (str_eq(dynamic->name, STR("gone"))) {
        return why_set(question->why, &TEMPLATE_INVALID, "there is no %.*s",
                       STR_ARG(dynamic->whole));
    }
    if (!str_eq(dynamic->name, STR("later"))) {
        *ret_value = kit_text(arena_printf(
            question->arena, "<%.*s|%.*s|%.*s|%.*s|%.*s>", STR_ARG(dynamic->service),
            STR_ARG(dynamic->name), STR_ARG(dynamic->key), STR_ARG(dynamic->stage),
            STR_ARG(dynamic->version)));
    }
    return OK;
}

static status kit_answer(void *context, const struct template_question *question,
                         struct value *ret_value)
{
    struct arena *a = question->arena;

    (void)context;
    switch (question->kind) {
    case TEMPLATE_REF:
        if (!str_starts(question->resource->name, STR("Later"))) {
            *ret_value = kit_text(arena_printf(a, "id-%.*s", STR_ARG(question->resource->name)));
        }
        return OK;
    case TEMPLATE_ATTRIBUTE:
        if (str_eq(question->name, STR("List"))) {
            *ret_value = template_list(a, 2);
            *template_list_add(ret_value) = kit_text(STR("x"));
            *template_list_add(ret_value) = kit_text(STR("y"));
        } else if (!str_starts(question->resource->name, STR("Later"))) {
            *ret_value = kit_text(arena_printf(a, "%.*s/%.*s", STR_ARG(question->resource->name),
                                               STR_ARG(question->name)));
        }
        return OK;
    case TEMPLATE_IMPORT:
        if (!str_starts(question->name, STR("shared"))) {
            return why_set(question->why, &TEMPLATE_INVALID, "No export named %.*s found.",
                           STR_ARG(question->name));
        }
        *ret_value = kit_text(arena_printf(a, "of-%.*s", STR_ARG(question->name)));
        return OK;
    case TEMPLATE_SSM:
        if (!str_starts(question->name, STR("/"))) {
            return &ERR_NOT_FOUND;
        }
        *ret_value = kit_text(STR("one, two"));
        return OK;
    case TEMPLATE_SSM_NAME:
        return str_starts(question->name, STR("/")) ? OK : &ERR_NOT_FOUND;
    case TEMPLATE_ZONES:
        *ret_value = template_list(a, 2);
        *template_list_add(ret_value) =
            kit_text(arena_printf(a, "%.*sa", STR_ARG(question->name)));
        *template_list_add(ret_value) =
            kit_text(arena_printf(a, "%.*sb", STR_ARG(question->name)));
        return OK;
    case TEMPLATE_DYNAMIC:
        return kit_dynamic(question, ret_value);
    default:
        return OK;
    }
}

static bool kit_has_type(void *context, struct str type)
{
    (void)context;
    return !str_starts(type, STR("No::"));
}

static bool kit_has_attribute(void *context, const struct template_resource *resource,
                              struct str name)
{
    (void)context;
    (void)resource;
    return !str_eq(name, STR("Nothing"));
}

static struct template_world kit_world(void)
{
    return (struct template_world){
        .answer = kit_answer,
        .has_type = kit_has_type,
        .has_attribute = kit_has_attribute,
        .account = STR("123456789012"),
        .region = STR("eu-central-1"),
        .stack_id = STR("arn:aws:cloudformation:eu-central-1:123456789012:stack/s/1"),
        .stack_name = STR("s"),
    };
}

/* A use of a template, ready. */
struct kit {
    struct value document;
    struct template of;
    struct template_world world;
    struct template_run run;
    struct template_asking asking;
};

/* "A=b\nC=d" as what is given; "A" alone: the previous value. */
static struct template_given *kit_given(const char *text, size_t *ret_count)
{
    struct template_given *given = arena_zero(arena, 64 * sizeof(*given));
    struct str rest = text == NULL ? STR_NONE : str_c(text);

    *ret_count = 0;
    while (rest.at != NULL) {
        struct str line = str_split(&rest, '\n');
        size_t at = str_find(line, '=', 0);

        given[*ret_count].name = str_slice(line, 0, at);
        given[*ret_count].value = str_slice(line, at + 1, line.bytes);
        given[(*ret_count)++].use_previous = at == line.bytes;
    }
    return given;
}

/* Reads a document, gives its parameters, begins. */
static inline status kit_use(struct kit *kit, const char *given, const char *before)
{
    struct template_argument *arguments;

    kit->world = kit_world();
    kit->asking.world = &kit->world;
    kit->asking.given = kit_given(given, &kit->asking.given_count);
    kit->asking.before = kit_given(before, &kit->asking.before_count);
    TRY(template_read(&kit->document, arena, &why, &kit->of));
    TRY(template_arguments(&kit->of, &kit->asking, arena, &why, &arguments));
    kit->run = (struct template_run){.of = &kit->of,
                                     .arguments = arguments,
                                     .world = &kit->world,
                                     .arena = arena,
                                     .why = &why};
    return kit->of.pending ? OK : template_begin(&kit->run);
}

static inline status kit_begin(struct kit *kit, const char *text, const char *given)
{
    TRY(template_document(str_c(text), arena, &why, &kit->document));
    return kit_use(kit, given, NULL);
}

static inline const char *kit_json(const struct value *value)
{
    struct buf out;
    const char *text;

    buf_init(&out, KIT_BYTES_MAX);
    value_dump(&out, value);
    text = arena_dup(arena, buf_str(&out)).at;
    buf_done(&out);
    return text;
}

#endif
