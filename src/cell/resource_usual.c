/* SPDX-License-Identifier: Apache-2.0
 *
 * Steps that most resource types take alike: small questions, properties that go back to what they
 * are without, tags, lists of attached things.
 */
#include "cell/resource.h"

#include <assert.h>

status resource_ask(struct resource *r, const char *operation, const struct resource_arg *args,
                    struct inner *ret_inner)
{
    TRY(resource_begin(r, operation, ret_inner));
    for (; args->member != NULL; args++) {
        if (args->text.at != NULL) {
            set_str(ret_inner->in, args->member, args->text);
        }
    }
    return resource_run(r, ret_inner);
}

/* ---- back to the default ---- */

static struct value default_of(const char *text)
{
    if (strcmp(text, "[]") == 0) {
        return (struct value){.kind = VALUE_LIST};
    }
    if (strcmp(text, "{}") == 0) {
        return (struct value){.kind = VALUE_MAP};
    }
    return (struct value){.kind = VALUE_STR, .str = str_c(text)};
}

status resource_fill_back(struct resource *r, struct inner *inner,
                          const struct resource_default *defaults)
{
    for (; defaults->property != NULL; defaults++) {
        const struct resource_property *property =
            resource_property_find(r->type, str_c(defaults->property));
        struct value *document = ARENA_NEW(r->c->arena, struct value);

        assert(property != NULL);
        *document = default_of(defaults->text);
        if (r->had != NULL && doc_get(r->had, defaults->property) != NULL &&
            resource_get(r, defaults->property) == NULL) {
            TRY(resource_set(r, inner,
                             property->member == NULL ? property->name : property->member,
                             document));
        }
    }
    return OK;
}

/* ---- tags ---- */

status resource_tag_by(struct resource *r, const char *property,
                       const struct resource_tagging *by, struct str id)
{
    const struct value *gone = NULL;
    const struct value *set = NULL;
    struct inner inner;

    resource_tags_changed(r, property, &gone, &set);
    if (gone != NULL) {
        TRY(resource_begin(r, by->untag, &inner));
        set_str(inner.in, by->id, id);
        TRY(resource_set(r, &inner, by->keys, gone));
        TRY(resource_run(r, &inner));
    }
    if (set != NULL) {
        TRY(resource_begin(r, by->tag, &inner));
        set_str(inner.in, by->id, id);
        TRY(resource_set(r, &inner, by->tags, set));
        TRY(resource_run(r, &inner));
    }
    return OK;
}

/* ---- lists ---- */

static struct str text_at(struct arena *arena, const struct value *list, uint32_t i)
{
    return list->kind == VALUE_MAP ? list->pairs[i].key : doc_text(arena, &list->items[i]);
}

static bool lists(struct arena *arena, const struct value *list, struct str text)
{
    for (uint32_t i = 0; list != NULL && i < list->count; i++) {
        if (str_eq(text_at(arena, list, i), text)) {
            return true;
        }
    }
    return false;
}

static struct value *only_in(struct arena *arena, const struct value *one,
                             const struct value *other)
{
    struct value *only = ARENA_NEW(arena, struct value);

    only->kind = VALUE_LIST;
    for (uint32_t i = 0; one != NULL && i < one->count; i++) {
        struct str text = text_at(arena, one, i);

        if (!lists(arena, other, text) && !lists(arena, only, text)) {
            *doc_add(arena, only) = (struct value){.kind = VALUE_STR, .str = text};
        }
    }
    return only;
}

static const struct value *many(const struct value *properties, const char *property)
{
    const struct value *list = properties == NULL ? NULL : doc_get(properties, property);

    return list != NULL && (list->kind == VALUE_LIST || list->kind == VALUE_MAP) ? list : NULL;
}

void resource_list_changed(const struct resource *r, const char *property,
                           struct value **ret_gone, struct value **ret_new)
{
    const struct value *had = many(r->had, property);
    const struct value *want = many(r->want, property);

    *ret_gone = only_in(r->c->arena, had, want);
    *ret_new = only_in(r->c->arena, want, had);
}

/* ---- drift ---- */

void resource_now_of(struct resource *r, const struct value *shaped,
                     struct value *ret_properties)
{
    const struct value *told = resource_document(r->c->arena, shaped);

    for (size_t i = 0; i < r->type->property_count; i++) {
        const struct resource_property *property = &r->type->properties[i];
        const struct value *value = doc_get(told, property->name);

        if (value == NULL && property->member != NULL && property->member[0] != '\0') {
            value = doc_get(told, property->member);
        }
        if ((property->flags & RESOURCE_TAGS) != 0) {
            resource_now_tags(r, ret_properties, property->name, value);
        } else if (value != NULL && value->kind != VALUE_NONE) {
            *doc_put(r->c->arena, ret_properties, str_c(property->name)) = *value;
        }
    }
}
