/* SPDX-License-Identifier: Apache-2.0
 *
 * Records of templates: made, changed, removed. Rows are (service, kind, account, region, id), see
 * shelf.h, in the shape in which they are described.
 */
#include "cell/record.h"

#include "base/buf.h"
#include "base/time.h"
#include "cell/shelf.h"
#include "wire/json.h"

#include <assert.h>

#define TEXT_BYTES_MAX (256u * 1024)
#define NOTE_ROW "row"     /* id of the row that a resource made */
#define NOTE_ENTRY "entry" /* JSON of the entry that a part made */

/* ---- texts ---- */

static void hex_add(struct call *c, struct buf *out, size_t digits)
{
    for (size_t i = 0; i < digits; i++) {
        buf_add_c(out, "0123456789abcdef"[rand_below(c->rand, 16)]);
    }
}

static void variable_add(struct resource *r, struct buf *out, struct str variable, struct str id,
                         struct str name)
{
    if (str_eq(variable, STR("account"))) {
        buf_add(out, r->c->account);
    } else if (str_eq(variable, STR("region"))) {
        buf_add(out, r->c->region);
    } else if (str_eq(variable, STR("id"))) {
        buf_add(out, id);
    } else if (str_eq(variable, STR("name"))) {
        buf_add(out, name);
    } else if (str_eq(variable, STR("now"))) {
        buf_add_iso(out, r->c->now);
    } else if (str_eq(variable, STR("hex8"))) {
        hex_add(r->c, out, 8);
    } else if (str_eq(variable, STR("hex16"))) {
        hex_add(r->c, out, 16);
    } else if (str_eq(variable, STR("hex17"))) {
        hex_add(r->c, out, 17);
    } else {
        buf_add(out, resource_str(r, arena_dup(r->c->arena, variable).at));
    }
}

struct str record_text(struct resource *r, const char *form, struct str id, struct str name)
{
    struct str rest = str_c(form);
    struct buf out;
    struct str made;

    buf_init(&out, TEXT_BYTES_MAX);
    while (rest.bytes > 0) {
        size_t at = str_find_str(rest, STR("${"));
        size_t end = str_find(rest, '}', at);

        buf_add(&out, str_slice(rest, 0, at));
        if (at == rest.bytes) {
            break;
        }
        variable_add(r, &out, str_slice(rest, at + 2, end), id, name);
        rest = str_slice(rest, end + 1, rest.bytes);
    }
    made = buf_spent(&out) ? STR("") : arena_dup(r->c->arena, buf_str(&out));
    buf_done(&out);
    return made;
}

/* The JSON of a table as a document. What a property says is in it as it is: quotes would break
 * it, so such a thing is left out. */
static const struct value *about_of(struct resource *r, const char *about, struct str id,
                                    struct str name)
{
    struct value *document = ARENA_NEW(r->c->arena, struct value);
    struct why why;

    if (about == NULL || json_read(record_text(r, about, id, name), 0, r->c->arena, &why,
                                   document) != OK) {
        return doc_map(r->c->arena);
    }
    return document;
}

/* ---- rows ---- */

static uint32_t kind_shape(const struct record_kind *kind)
{
    return shelf_shape(kind->service, kind->describe, kind->path);
}

static struct str row_key(struct call *c, const struct record_kind *kind, struct str id)
{
    struct key key = shelf_key(c, kind->service, kind->name);

    key_str(&key, id);
    return key_end(&key);
}

struct value *record_get(struct call *c, const struct record_kind *kind, struct str id)
{
    return shelf_get(c, row_key(c, kind, id), kind_shape(kind));
}

void record_put(struct call *c, const struct record_kind *kind, const struct value *item)
{
    shelf_put(c, row_key(c, kind, get_str(item, kind->id)), item);
}

struct value *record_next(struct call *c, const struct record_kind *kind,
                          struct txn_scan **ret_scan)
{
    struct str key, packed;

    if (*ret_scan == NULL) {
        struct key prefix = shelf_key(c, kind->service, kind->name);

        *ret_scan = txn_scan_prefix(c->txn, key_end(&prefix));
    }
    if (!txn_scan_next(*ret_scan, &key, &packed)) {
        txn_scan_close(*ret_scan);
        *ret_scan = NULL;
        return NULL;
    }
    return shelf_read(c->arena, packed, kind_shape(kind));
}

/* ---- filling ---- */

static const struct value *property_document(struct resource *r,
                                             const struct resource_property *property)
{
    return (property->flags & RESOURCE_TAGS) != 0 ? resource_tags(r, property->name)
                                                  : resource_get(r, property->name);
}

/* Members of a structure that properties have by name. */
static status lay_properties(struct resource *r, struct value *item)
{
    const struct shape *about = model_shape(item->shape);

    for (size_t i = 0; i < r->type->property_count; i++) {
        const struct resource_property *property = &r->type->properties[i];
        const char *member = property->member == NULL ? property->name : property->member;
        const struct value *document = property_document(r, property);
        struct value made;
        int index = member[0] == '\0' ? -1 : model_member_index(about, str_c(member));

        if (index < 0 || document == NULL) {
            continue;
        }
        TRY(resource_shape(r, model_members[about->first + (uint32_t)index].shape, document,
                           arena_printf(r->c->arena, "#/%s", property->name), &made));
        item->items[index] = made;
    }
    return OK;
}

static status fill(struct resource *r, const struct record_kind *kind, struct value *item)
{
    TRY(lay_properties(r, item));
    return kind->filled == NULL ? OK : kind->filled(r, item);
}

static status item_begin(struct resource *r, const struct record_kind *kind, struct str id,
                         struct str name, struct value **ret_item)
{
    struct value *item = ARENA_NEW(r->c->arena, struct value);
    int index = model_member_index(model_shape(kind_shape(kind)), str_c(kind->id));

    assert(index >= 0);
    TRY(resource_shape(r, kind_shape(kind), about_of(r, kind->about, id, name), STR("#"), item));
    set_str(item, kind->id, id);
    *ret_item = item;
    return OK;
}

struct value *record_beside(struct resource *r, const struct record_kind *kind, struct str id,
                            const char *about)
{
    struct value *item = ARENA_NEW(r->c->arena, struct value);
    status shaped = resource_shape(r, kind_shape(kind), about_of(r, about, id, STR("")), STR("#"),
                                   item);

    assert(shaped == OK);
    set_str(item, kind->id, id);
    return item;
}

void record_beside_remove(struct call *c, const struct record_kind *kind, struct str id)
{
    txn_delete(c->txn, row_key(c, kind, id));
}

/* ---- resources ---- */

status record_make(struct resource *r)
{
    const struct record_kind *kind = r->type->own;
    struct str name = kind->named == NULL
                          ? STR("")
                          : resource_name(r, kind->named, kind->name_bytes_max, false);
    struct str id = record_text(r, kind->id_form, STR(""), name);
    struct value *item = NULL;

    if (record_get(r->c, kind, id) != NULL) {
        return resource_fail(r, &ERR_EXISTS, "%.*s already exists", STR_ARG(id));
    }
    TRY(item_begin(r, kind, id, name, &item));
    TRY(fill(r, kind, item));
    record_put(r->c, kind, item);
    resource_note(r, NOTE_ROW, id);
    r->id = kind->ref == NULL ? id : get_str(item, kind->ref);
    return OK;
}

static struct value *item_of(struct resource *r)
{
    return record_get(r->c, r->type->own, resource_noted(r, NOTE_ROW));
}

status record_change(struct resource *r)
{
    const struct record_kind *kind = r->type->own;
    struct value *item = item_of(r);

    if (item == NULL) {
        return resource_fail(r, &ERR_NOT_FOUND, "%.*s is not there any more", STR_ARG(r->id));
    }
    TRY(fill(r, kind, item));
    record_put(r->c, kind, item);
    return OK;
}

status record_remove(struct resource *r)
{
    const struct record_kind *kind = r->type->own;

    if (item_of(r) == NULL) {
        return &ERR_NOT_FOUND;
    }
    txn_delete(r->c->txn, row_key(r->c, kind, resource_noted(r, NOTE_ROW)));
    return OK;
}

status record_tell(struct resource *r)
{
    const struct record_kind *kind = r->type->own;
    const struct value *item = item_of(r);
    const struct value *document = item == NULL ? NULL : resource_document(r->c->arena, item);

    for (size_t i = 0; item != NULL && r->type->attributes != NULL &&
                       r->type->attributes[i] != NULL; i++) {
        const struct value *found = doc_get(document, r->type->attributes[i]);

        if (found != NULL) {
            resource_attribute_of(r, r->type->attributes[i], found);
        }
    }
    if (item != NULL && kind->tell != NULL) {
        kind->tell(r, item);
    }
    return OK;
}

/* ---- parts ---- */

static struct value *parent_of(struct resource *r, const struct record_part *part)
{
    return record_get(r->c, part->kind, resource_str(r, part->parent));
}

status record_part_make(struct resource *r)
{
    const struct record_part *part = r->type->own;
    struct str id = record_text(r, part->id_form, STR(""), STR(""));
    struct value *parent = parent_of(r, part);
    const struct value *had = NULL;
    struct value *list = NULL;
    struct value *entry = NULL;

    if (parent == NULL) {
        return resource_fail(r, part->kind->missing, part->kind->missing_words,
                             STR_ARG(resource_str(r, part->parent)));
    }
    had = get(parent, part->list);
    had = had == NULL ? NULL : doc_copy(r->c->arena, had);
    list = set_list(r->c->arena, parent, part->list, had == NULL ? 1 : had->count + 1);
    for (uint32_t i = 0; had != NULL && i < had->count; i++) {
        *list_add(r->c->arena, list) = had->items[i];
    }
    entry = list_add(r->c->arena, list);
    TRY(resource_shape(r, entry->shape, about_of(r, part->about, id, STR("")), STR("#"), entry));
    TRY(lay_properties(r, entry));
    TRY(part->filled == NULL ? OK : part->filled(r, entry));
    resource_note(r, NOTE_ENTRY, doc_json(r->c->arena, entry));
    record_put(r->c, part->kind, parent);
    r->id = id;
    return OK;
}

status record_part_remove(struct resource *r)
{
    const struct record_part *part = r->type->own;
    struct value *parent = parent_of(r, part);
    const struct value *had = parent == NULL ? NULL : get(parent, part->list);
    struct value *list = NULL;
    bool found = false;

    if (had == NULL) {
        return &ERR_NOT_FOUND;
    }
    had = doc_copy(r->c->arena, had);
    list = set_list(r->c->arena, parent, part->list, had->count);
    for (uint32_t i = 0; i < had->count; i++) {
        if (!found && str_eq(doc_json(r->c->arena, &had->items[i]),
                             resource_noted(r, NOTE_ENTRY))) {
            found = true;
        } else {
            *list_add(r->c->arena, list) = had->items[i];
        }
    }
    record_put(r->c, part->kind, parent);
    return found ? OK : &ERR_NOT_FOUND;
}

status record_part_tell(struct resource *r)
{
    for (size_t i = 0; r->type->attributes != NULL && r->type->attributes[i] != NULL; i++) {
        resource_attribute(r, r->type->attributes[i], r->id);
    }
    return OK;
}
