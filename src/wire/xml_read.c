/* SPDX-License-Identifier: Apache-2.0
 *
 * XML into a value tree: expat finds the elements, a stack of frames says what each is to the
 * model.
 *
 * Rules
 *  1. A document type ends the reading: no entities of anybody's, no external anything.
 *  2. Elements are known by what stands behind a prefix. An attribute with a prefix is a member
 *     whose wire name has one.
 *  3. An element that the model does not know is passed over with all that is in it; so is one
 *     inside a scalar. Within a plain list or map every element is an item or entry.
 *  4. A member that comes twice keeps its last value, unless it is a flattened list or map.
 *  5. Expat's memory is ours (base/mem.h), so that it can be denied.
 *
 * While a frame is open, the list or map that its value lies in does not grow: only the innermost
 * element gets children. So frames may point into lists.
 */
#include "wire/names.h"
#include "wire/pairs.h"
#include "wire/scalar.h"
#include "wire/xml.h"

#include "base/mem.h"

#include <assert.h>
#include <expat.h>
#include <limits.h>

#define ELEMENTS_DEEP_MAX (3 * WIRE_DEPTH_MAX) /* a map takes an entry and a value */

const struct error XML_MALFORMED = {"MalformedXML", NULL, 400, false};

/* What an open element is. */
enum role {
    ROLE_SKIP,   /* nothing of the model's */
    ROLE_SCALAR, /* its text is a value */
    ROLE_KEY,    /* its text is a pair's key */
    ROLE_STRUCT, /* its children are members */
    ROLE_LIST,   /* its children are items */
    ROLE_MAP,    /* its children are entries */
    ROLE_ENTRY,  /* its children are a key and a value */
};

struct frame {
    enum role role;
    struct scalar scalar; /* SCALAR */
    struct value *at;     /* what is being filled; ENTRY and KEY: the map, whose last pair it is */
    struct names names;   /* LIST, MAP, ENTRY: what the children are called */
};

struct reader {
    XML_Parser parser;
    struct arena *arena;   /* of the tree */
    status failed;         /* why the parser was stopped */
    uint32_t values;       /* made so far */
    uint32_t depth;        /* frames open */
    struct value root;     /* the result */
    uint32_t root_shape;   /* its shape */
    char *text;            /* of the innermost scalar or key, in the arena, where nothing else is
                            * made meanwhile: it grows in place, and stays as a string's bytes */
    size_t text_bytes;     /* of text */
    size_t text_room;      /* allocated */
    struct frame frames[ELEMENTS_DEEP_MAX];
};

static void stop(struct reader *r, status failed)
{
    r->failed = failed;
    (void)XML_StopParser(r->parser, XML_FALSE);
}

static struct str local(const char *name)
{
    const char *colon = strrchr(name, ':');

    return str_c(colon == NULL ? name : colon + 1);
}

static bool has_prefix(struct str name)
{
    return str_find(name, ':', 0) < name.bytes;
}

/* ---- room ---- */

static bool count_value(struct reader *r)
{
    if (++r->values > WIRE_VALUES_MAX) {
        stop(r, &ERR_LIMIT);
        return false;
    }
    return true;
}

static bool make_struct(struct reader *r, uint32_t shape, struct value *at)
{
    uint32_t count = model_shape(shape)->count;
    struct value made = {.kind = VALUE_STRUCT, .shape = shape, .count = count, .room = count};

    made.items = arena_try(r->arena, (count + 1) * sizeof(struct value));
    if (made.items == NULL) {
        stop(r, &ERR_LIMIT);
        return false;
    }
    memset(made.items, 0, (count + 1) * sizeof(struct value));
    *at = made;
    return true;
}

static bool grow(struct reader *r, struct value *many, size_t bytes)
{
    uint32_t room = many->room == 0 ? 4 : many->room * 2;
    void *at;

    if (many->count < many->room) {
        return true;
    }
    at = arena_grow_try(r->arena, many->items, many->room * bytes, room * bytes);
    if (at == NULL) {
        stop(r, &ERR_LIMIT);
        return false;
    }
    many->items = at;
    many->room = room;
    return true;
}

static void text_clear(struct reader *r)
{
    r->text = NULL;
    r->text_bytes = r->text_room = 0;
}

static void text_add(struct reader *r, const char *at, size_t bytes)
{
    if (bytes > r->text_room - r->text_bytes) {
        size_t room = r->text_bytes + (bytes > r->text_room ? bytes : r->text_room);
        char *grown = arena_grow_try(r->arena, r->text, r->text_room, room);
        if (grown == NULL) {
            stop(r, &ERR_LIMIT);
            return;
        }
        r->text = grown;
        r->text_room = room;
    }
    memcpy(r->text + r->text_bytes, at, bytes);
    r->text_bytes += bytes;
}

static struct str text_of(const struct reader *r)
{
    return r->text == NULL ? STR("") : str_of(r->text, r->text_bytes);
}

/* ---- opening ---- */

static void push(struct reader *r, const struct frame *frame)
{
    if (r->failed != OK) {
        return;
    }
    if (r->depth == ELEMENTS_DEEP_MAX) {
        stop(r, &XML_MALFORMED);
        return;
    }
    r->frames[r->depth++] = *frame;
}

static void push_skip(struct reader *r)
{
    push(r, &(struct frame){.role = ROLE_SKIP});
}

static void take_attributes(struct reader *r, struct value *structure, const char **attributes)
{
    const struct shape *shape = model_shape(structure->shape);

    for (uint32_t i = 0; i < shape->count && attributes[0] != NULL; i++) {
        const struct member *member = &model_members[shape->first + i];
        struct str name = model_text(member->wire_name);

        if ((member->flags & MEMBER_XML_ATTRIBUTE) == 0) {
            continue;
        }
        for (const char **a = attributes; *a != NULL; a += 2) {
            bool same = has_prefix(name) == has_prefix(str_c(*a)) &&
                        str_ends(name, local(*a)) && !str_starts(str_c(*a), STR("xmlns")) &&
                        (has_prefix(name) || str_eq(name, str_c(*a)));
            if (same && count_value(r)) {
                struct str text = arena_dup(r->arena, str_c(a[1]));
                if (scalar_read(scalar_of(member), text, r->arena, &structure->items[i]) != OK) {
                    stop(r, &XML_MALFORMED);
                }
            }
        }
    }
}

/* An element that is the value of member (NULL: the root), of shape. */
static void open_value(struct reader *r, const struct member *member, uint32_t shape,
                       struct value *at, const char **attributes)
{
    struct frame frame = {.role = ROLE_SCALAR, .scalar = {shape, TIME_DEFAULT}, .at = at};

    if (member != NULL) {
        frame.scalar = scalar_of(member);
        frame.names = names_of(member, false);
    } else if (model_shape(shape)->kind == SHAPE_MAP) {
        frame.names.key = model_text(model_members[model_shape(shape)->first].wire_name);
        frame.names.value = model_text(model_members[model_shape(shape)->first + 1].wire_name);
    }
    if (!count_value(r)) {
        return;
    }
    switch ((enum shape_kind)model_shape(shape)->kind) {
    case SHAPE_STRUCTURE:
        frame.role = ROLE_STRUCT;
        if (!make_struct(r, shape, at)) {
            return;
        }
        take_attributes(r, at, attributes);
        break;
    case SHAPE_LIST:
        frame.role = ROLE_LIST;
        *at = (struct value){.kind = VALUE_LIST, .shape = shape};
        break;
    case SHAPE_MAP:
        frame.role = ROLE_MAP;
        *at = (struct value){.kind = VALUE_MAP, .shape = shape};
        break;
    default:
        text_clear(r);
    }
    push(r, &frame);
}

static void open_item(struct reader *r, struct value *list, const char **attributes)
{
    const struct member *of = &model_members[model_shape(list->shape)->first];

    if (!grow(r, list, sizeof(struct value))) {
        return;
    }
    struct value *item = &list->items[list->count++];

    *item = (struct value){.kind = VALUE_NONE, .shape = of->shape};
    open_value(r, of, of->shape, item, attributes);
}

static void open_entry(struct reader *r, struct value *map, const struct names *names)
{
    if (!count_value(r) || !grow(r, map, sizeof(struct pair))) {
        return;
    }
    struct pair *pair = &map->pairs[map->count++];

    pair->key = STR_NONE;
    pair->value = (struct value){.kind = VALUE_NONE};
    push(r, &(struct frame){.role = ROLE_ENTRY, .at = map, .names = *names});
}

static void open_member(struct reader *r, struct value *structure, struct str name,
                        const char **attributes)
{
    const struct shape *shape = model_shape(structure->shape);

    for (uint32_t i = 0; i < shape->count; i++) {
        const struct member *member = &model_members[shape->first + i];
        struct names names = names_of(member, false);
        struct value *at = &structure->items[i];
        uint8_t kind = model_shape(member->shape)->kind;

        if (!str_eq(names.name, name) && !str_eq(model_text(member->wire_name), name)) {
            continue;
        }
        if (member->flags & MEMBER_XML_ATTRIBUTE || member->location != AT_BODY) {
            continue;
        }
        if (!names.flattened || (kind != SHAPE_LIST && kind != SHAPE_MAP)) {
            open_value(r, member, member->shape, at, attributes);
            return;
        }
        if (at->kind == VALUE_NONE) {
            *at = (struct value){.kind = kind == SHAPE_LIST ? VALUE_LIST : VALUE_MAP,
                                 .shape = member->shape};
        }
        if (kind == SHAPE_LIST) {
            open_item(r, at, attributes);
        } else {
            open_entry(r, at, &names);
        }
        return;
    }
    push_skip(r);
}

static void open_in_entry(struct reader *r, const struct frame *entry, struct str name,
                          const char **attributes)
{
    struct pair *pair = &entry->at->pairs[entry->at->count - 1];
    const struct member *of = &model_members[model_shape(entry->at->shape)->first + 1];

    if (str_eq(name, entry->names.key)) {
        text_clear(r);
        push(r, &(struct frame){.role = ROLE_KEY, .at = entry->at});
    } else if (str_eq(name, entry->names.value)) {
        open_value(r, of, of->shape, &pair->value, attributes);
    } else {
        push_skip(r);
    }
}

static void XMLCALL on_open(void *user, const char *name, const char **attributes)
{
    struct reader *r = user;

    if (r->failed != OK) {
        return;
    }
    if (r->depth == 0) {
        open_value(r, NULL, r->root_shape, &r->root, attributes);
        return;
    }
    struct frame top = r->frames[r->depth - 1];

    switch (top.role) {
    case ROLE_STRUCT:
        open_member(r, top.at, local(name), attributes);
        return;
    case ROLE_LIST:
        open_item(r, top.at, attributes);
        return;
    case ROLE_MAP:
        open_entry(r, top.at, &top.names);
        return;
    case ROLE_ENTRY:
        open_in_entry(r, &top, local(name), attributes);
        return;
    default:
        push_skip(r);
    }
}

/* ---- closing ---- */

static void close_scalar(struct reader *r, const struct frame *frame)
{
    status read = scalar_read(frame->scalar, text_of(r), r->arena, frame->at);

    if (read != OK) {
        stop(r, read == &ERR_LIMIT ? read : &XML_MALFORMED);
    }
}

/* A flattened map is complete when the structure around it is. */
static void close_struct(struct reader *r, struct value *structure)
{
    for (uint32_t i = 0; i < structure->count; i++) {
        if (structure->items[i].kind == VALUE_MAP &&
            !pairs_settle(&structure->items[i], r->arena, false)) {
            stop(r, &ERR_LIMIT);
        }
    }
}

static void close_entry(struct reader *r, struct value *map)
{
    if (map->pairs[map->count - 1].key.at == NULL) { /* neither the one nor the other is a pair */
        stop(r, &XML_MALFORMED);
    }
}

static void XMLCALL on_close(void *user, const char *name)
{
    struct reader *r = user;

    (void)name;
    if (r->failed != OK) {
        return;
    }
    assert(r->depth > 0);
    struct frame *frame = &r->frames[--r->depth];

    switch (frame->role) {
    case ROLE_SCALAR:
        close_scalar(r, frame);
        break;
    case ROLE_KEY:
        frame->at->pairs[frame->at->count - 1].key = text_of(r);
        break;
    case ROLE_STRUCT:
        close_struct(r, frame->at);
        break;
    case ROLE_ENTRY:
        close_entry(r, frame->at);
        break;
    case ROLE_MAP:
        if (!pairs_settle(frame->at, r->arena, false)) {
            stop(r, &ERR_LIMIT);
        }
        break;
    default:
        break;
    }
}

/* ---- the rest ---- */

static void XMLCALL on_text(void *user, const char *text, int bytes)
{
    struct reader *r = user;
    enum role role;

    if (r->failed != OK || r->depth == 0) {
        return;
    }
    role = r->frames[r->depth - 1].role;
    if (role == ROLE_SCALAR || role == ROLE_KEY) {
        text_add(r, text, (size_t)bytes);
    }
}

static void XMLCALL on_doctype(void *user, const char *name, const char *system, const char *public,
                               int has_subset)
{
    (void)name;
    (void)system;
    (void)public;
    (void)has_subset;
    stop(user, &XML_MALFORMED);
}

static status parse(struct reader *r, struct str text)
{
    enum XML_Status parsed;

    XML_SetUserData(r->parser, r);
    /* Expat would ask the system for randomness; the process's own seed serves as well. */
    (void)XML_SetHashSalt(r->parser, (unsigned long)str_hash(STR("xml")) | 1);
    XML_SetElementHandler(r->parser, on_open, on_close);
    XML_SetCharacterDataHandler(r->parser, on_text);
    XML_SetStartDoctypeDeclHandler(r->parser, on_doctype);
    parsed = XML_Parse(r->parser, text.at == NULL ? "" : text.at, (int)text.bytes, 1);
    if (r->failed != OK) {
        return r->failed;
    }
    if (parsed == XML_STATUS_OK) {
        return OK;
    }
    return XML_GetErrorCode(r->parser) == XML_ERROR_NO_MEMORY ? &ERR_LIMIT : &XML_MALFORMED;
}

status xml_read(struct str text, uint32_t shape, struct arena *arena, struct why *why,
                struct value *ret_value)
{
    static const XML_Memory_Handling_Suite memory = {mem_try, mem_grow_try, mem_free};
    struct reader *r;
    status done = &ERR_LIMIT;

    if (text.bytes > INT_MAX) {
        return why_set(why, &ERR_LIMIT, "The XML is larger than can be taken.");
    }
    r = MEM_NEW(struct reader);
    r->arena = arena;
    r->root_shape = shape;
    r->parser = XML_ParserCreate_MM(NULL, &memory, NULL);
    if (r->parser != NULL) {
        done = parse(r, text);
        XML_ParserFree(r->parser);
    }
    if (done == OK) {
        *ret_value = r->root;
    }
    mem_free(r);
    if (done == &XML_MALFORMED) {
        return why_set(why, &XML_MALFORMED,
                       "The XML you provided was not well-formed or did not validate against our "
                       "published schema");
    }
    return done == OK ? OK : why_set(why, done, "The XML holds more than can be taken.");
}
