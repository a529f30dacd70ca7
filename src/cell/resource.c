/* SPDX-License-Identifier: Apache-2.0
 *
 * What resource types have in common: reading properties, asking operations, saying what came of
 * it.
 */
#include "cell/resource.h"

#include "cell/cell_int.h"
#include "cell/service.h"
#include "wire/json.h"

#include <assert.h>
#include <stdio.h>

#define SUFFIX_LETTERS 12 /* of a made name */
#define NOTE_NAME "name"  /* keeps it */

const struct error RESOURCE_WAITS = {"ResourceWaits", NULL, 503, true};
const struct error RESOURCE_INVALID = {"InvalidRequest", NULL, 400, false};

/* ---- types ---- */

const struct resource_type *resource_type_next(struct cell *cell, size_t *at)
{
    size_t passed = 0;

    for (size_t i = 0; i < cell->service_count; i++) {
        const struct service *service = cell->services[i].service;

        if (*at - passed < service->type_count) {
            return service->types[(*at)++ - passed];
        }
        passed += service->type_count;
    }
    return NULL;
}

const struct resource_type *resource_type_find(struct cell *cell, struct str name)
{
    const struct resource_type *type = NULL;

    if (str_starts(name, STR("Custom::"))) {
        name = STR("AWS::CloudFormation::CustomResource");
    }
    for (size_t at = 0; (type = resource_type_next(cell, &at)) != NULL;) {
        if (str_eq(str_c(type->name), name)) {
            return type;
        }
    }
    return NULL;
}

const struct resource_property *resource_property_find(const struct resource_type *type,
                                                       struct str name)
{
    for (size_t i = 0; i < type->property_count; i++) {
        if (str_eq(str_c(type->properties[i].name), name)) {
            return &type->properties[i];
        }
    }
    return NULL;
}

static void say_more(struct why *why, const char *format, struct str name)
{
    size_t bytes = strlen(why->text);
    int shown = name.bytes < 256 ? (int)name.bytes : 256;

    snprintf(why->text + bytes, sizeof(why->text) - bytes, bytes == 0 ? "" : "\n");
    bytes = strlen(why->text);
    snprintf(why->text + bytes, sizeof(why->text) - bytes, format, shown, name.at);
}

status resource_check(const struct resource_type *type, const struct value *properties,
                      struct why *why)
{
    assert(properties->kind == VALUE_MAP);
    why->text[0] = '\0';
    for (size_t i = 0; i < type->property_count; i++) {
        const struct resource_property *property = &type->properties[i];

        if ((property->flags & RESOURCE_REQUIRED) != 0 &&
            doc_get(properties, property->name) == NULL) {
            say_more(why, "#: required key [%.*s] not found", str_c(property->name));
        }
    }
    for (uint32_t i = 0; !type->open && i < properties->count; i++) {
        if (resource_property_find(type, properties->pairs[i].key) == NULL) {
            say_more(why, "#: extraneous key [%.*s] is not permitted", properties->pairs[i].key);
        }
    }
    return why->text[0] == '\0' ? OK : &RESOURCE_INVALID;
}

/* ---- properties ---- */

const struct value *resource_get(const struct resource *r, const char *property)
{
    return doc_get(r->want, property);
}

struct str resource_str(const struct resource *r, const char *property)
{
    return doc_text(r->c->arena, resource_get(r, property));
}

bool resource_bool(const struct resource *r, const char *property, bool fallback)
{
    struct str text = resource_str(r, property);

    return text.at == NULL ? fallback : str_eq_nocase(text, STR("true"));
}

int64_t resource_int(const struct resource *r, const char *property, int64_t fallback)
{
    int64_t number = fallback;

    (void)str_to_i64(resource_str(r, property), &number);
    return number;
}

bool resource_changed(const struct resource *r, const char *property)
{
    const struct value *had = r->had == NULL ? NULL : doc_get(r->had, property);

    return !doc_same(had, resource_get(r, property));
}

bool resource_any_changed(const struct resource *r, const char *properties)
{
    for (struct str rest = str_c(properties); rest.at != NULL;) {
        struct str name = arena_dup(r->c->arena, str_split(&rest, ' '));

        if (resource_changed(r, name.at)) {
            return true;
        }
    }
    return false;
}

struct str resource_policy(const struct resource *r, const char *property)
{
    const struct value *document = resource_get(r, property);

    if (document == NULL || document->kind == VALUE_STR) {
        return document == NULL ? STR_NONE : document->str;
    }
    return doc_json(r->c->arena, document);
}

const struct value *resource_json(struct resource *r, const char *text)
{
    struct value *document = ARENA_NEW(r->c->arena, struct value);
    status read = json_read(arena_dup(r->c->arena, str_c(text)), 0, r->c->arena, NULL, document);

    assert(read == OK);
    return document;
}

const struct value *resource_tree(struct resource *r, struct str text)
{
    struct value *document = ARENA_NEW(r->c->arena, struct value);

    if (!str_starts(text, STR("{")) ||
        json_read(arena_dup(r->c->arena, text), 0, r->c->arena, NULL, document) != OK) {
        *document = (struct value){.kind = VALUE_STR, .str = text};
    }
    return document;
}

static char lower_of(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

struct str resource_name(struct resource *r, const char *property, size_t bytes_max, bool lower)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    struct str given = resource_str(r, property);
    struct str noted = resource_noted(r, NOTE_NAME);
    size_t room = bytes_max - SUFFIX_LETTERS - 2;
    struct str stack = r->stack_name;
    struct str logical = r->logical_id;
    char suffix[SUFFIX_LETTERS];
    struct str made;

    if (given.at != NULL || noted.bytes > 0) {
        return given.at != NULL ? given : noted;
    }
    assert(bytes_max > SUFFIX_LETTERS + 2);
    for (size_t i = 0; i < SUFFIX_LETTERS; i++) {
        suffix[i] = letters[rand_below(r->c->rand, sizeof(letters) - 1)];
    }
    /* the longer of the two gives way, as far as needed */
    if (stack.bytes + logical.bytes > room) {
        size_t half = room / 2;

        stack = str_slice(stack, 0, logical.bytes < half ? room - logical.bytes : half);
        logical = str_slice(logical, 0, room - stack.bytes);
    }
    made = arena_printf(r->c->arena, "%.*s-%.*s-%.*s", STR_ARG(stack), STR_ARG(logical),
                        SUFFIX_LETTERS, suffix);
    if (lower) {
        char *at = arena_alloc(r->c->arena, made.bytes + 1);

        for (size_t i = 0; i < made.bytes; i++) {
            at[i] = lower_of(made.at[i]);
        }
        made = str_of(at, made.bytes);
    }
    resource_note(r, NOTE_NAME, made);
    return made;
}

struct str resource_short_name(struct resource *r, const char *property, const char *prefix,
                               size_t bytes_max)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    size_t room = bytes_max - SUFFIX_LETTERS - 1 - strlen(prefix);
    struct str given = resource_str(r, property);
    struct str noted = resource_noted(r, NOTE_NAME);
    char suffix[SUFFIX_LETTERS];
    struct str made;

    if (given.at != NULL || noted.bytes > 0) {
        return given.at != NULL ? given : noted;
    }
    for (size_t i = 0; i < SUFFIX_LETTERS; i++) {
        suffix[i] = letters[rand_below(r->c->rand, sizeof(letters) - 1)];
    }
    made = arena_printf(r->c->arena, "%s%.*s-%.*s", prefix,
                        STR_ARG(str_slice(r->logical_id, 0, room)), SUFFIX_LETTERS, suffix);
    resource_note(r, NOTE_NAME, made);
    return made;
}

/* ---- tags ---- */

static void tag_put(struct arena *arena, struct value *list, struct str key,
                    const struct value *value)
{
    struct value *tag = NULL;

    for (uint32_t i = 0; i < list->count; i++) {
        if (str_eq(doc_text(arena, doc_get(&list->items[i], "Key")), key)) {
            return; /* those that come first win */
        }
    }
    tag = doc_add(arena, list);
    tag->kind = VALUE_MAP;
    doc_put_text(arena, tag, "Key", key);
    doc_put_text(arena, tag, "Value", doc_text(arena, value));
}

static void tags_put(struct arena *arena, struct value *list, const struct value *tags)
{
    if (tags == NULL) {
        return;
    }
    for (uint32_t i = 0; i < tags->count; i++) {
        if (tags->kind == VALUE_MAP) {
            tag_put(arena, list, tags->pairs[i].key, &tags->pairs[i].value);
        } else if (tags->kind == VALUE_LIST) {
            tag_put(arena, list, doc_text(arena, doc_get(&tags->items[i], "Key")),
                    doc_get(&tags->items[i], "Value"));
        }
    }
}

static const struct value *tags_of(struct resource *r, const struct value *properties,
                                   const char *property)
{
    const struct value *below = properties == r->want ? r->stack_tags : r->stack_tags_had;
    struct value *list = ARENA_NEW(r->c->arena, struct value);

    list->kind = VALUE_LIST;
    tags_put(r->c->arena, list, properties == NULL ? NULL : doc_get(properties, property));
    tags_put(r->c->arena, list, below);
    return list->count == 0 ? NULL : list;
}

const struct value *resource_tags(struct resource *r, const char *property)
{
    return tags_of(r, r->want, property);
}

static const struct value *tag_of(struct arena *arena, const struct value *list, struct str key)
{
    for (uint32_t i = 0; list != NULL && i < list->count; i++) {
        if (str_eq(doc_text(arena, doc_get(&list->items[i], "Key")), key)) {
            return &list->items[i];
        }
    }
    return NULL;
}

void resource_tags_changed(struct resource *r, const char *property, const struct value **ret_gone,
                           const struct value **ret_set)
{
    struct arena *arena = r->c->arena;
    struct value *gone = ARENA_NEW(arena, struct value);
    struct value *set = ARENA_NEW(arena, struct value);
    const struct value *had = tags_of(r, r->had, property);
    const struct value *want = tags_of(r, r->want, property);

    gone->kind = VALUE_LIST;
    set->kind = VALUE_LIST;
    for (uint32_t i = 0; had != NULL && i < had->count; i++) {
        struct str key = doc_text(arena, doc_get(&had->items[i], "Key"));

        if (tag_of(arena, want, key) == NULL) {
            *doc_add(arena, gone) = (struct value){.kind = VALUE_STR, .str = key};
        }
    }
    for (uint32_t i = 0; want != NULL && i < want->count; i++) {
        struct str key = doc_text(arena, doc_get(&want->items[i], "Key"));

        if (!doc_same(&want->items[i], tag_of(arena, had, key))) {
            *doc_add(arena, set) = want->items[i];
        }
    }
    *ret_gone = gone->count == 0 ? NULL : gone;
    *ret_set = set->count == 0 ? NULL : set;
}

void resource_now_tags(struct resource *r, struct value *properties, const char *property,
                       const struct value *tags)
{
    struct arena *arena = r->c->arena;
    const struct value *own = resource_get(r, property);
    bool map = own != NULL && own->kind == VALUE_MAP;
    struct value *list = ARENA_NEW(arena, struct value);
    struct value *left = ARENA_NEW(arena, struct value);

    list->kind = VALUE_LIST;
    left->kind = map ? VALUE_MAP : VALUE_LIST;
    if (tags != NULL && tags->shape != 0) {
        tags = resource_document(arena, tags);
    }
    tags_put(arena, list, tags);
    for (uint32_t i = 0; i < list->count; i++) {
        const struct value *tag = &list->items[i];
        struct str key = doc_text(arena, doc_get(tag, "Key"));

        if (doc_same(tag, tag_of(arena, r->stack_tags, key)) ||
            str_starts(key, STR("aws:"))) {
            continue;
        }
        if (map) {
            *doc_put(arena, left, key) = *doc_get(tag, "Value");
        } else {
            *doc_add(arena, left) = *tag;
        }
    }
    if (left->count > 0) {
        *doc_put(arena, properties, str_c(property)) = *left;
    }
}

/* ---- operations ---- */

status resource_begin(struct resource *r, const char *operation, struct inner *ret_inner)
{
    return resource_begin_of(r, r->type->service, operation, ret_inner);
}

status resource_begin_of(struct resource *r, const char *service, const char *operation,
                         struct inner *ret_inner)
{
    status begun = inner_begin(r->c, service, operation, ret_inner);

    if (begun != OK) {
        return resource_fail(r, begun, "%s", r->c->why.text);
    }
    ret_inner->caller = r->caller;
    return OK;
}

static bool says(status code, const char *part)
{
    return str_find_str(str_c(code->code), str_c(part)) < strlen(code->code);
}

bool resource_is_gone(status code)
{
    return code == &ERR_NOT_FOUND || says(code, "NotFound") || says(code, "NoSuch") ||
           says(code, "NonExistent") || says(code, "DoesNotExist") ||
           says(code, "NonexistentQueue");
}

static const char *handler_code(status code)
{
    if (resource_is_gone(code)) {
        return "NotFound";
    }
    if (says(code, "Exists") || says(code, "AlreadyOwned") || says(code, "NameExists")) {
        return "AlreadyExists";
    }
    if (says(code, "AccessDenied") || says(code, "NotAuthorized") || code->http == 403) {
        return "AccessDenied";
    }
    if (says(code, "Conflict") || says(code, "InUse")) {
        return "ResourceConflict";
    }
    if (says(code, "LimitExceeded") || says(code, "TooMany")) {
        return "ServiceLimitExceeded";
    }
    return code->http >= 500 ? "ServiceInternalError" : "InvalidRequest";
}

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static bool is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

/* As the handlers' SDK calls its clients: "CognitoIdentityProvider", "Sqs", "DynamoDb". */
static struct str client_name(struct arena *arena, const struct inner *inner)
{
    struct str id = model_text(model_service(str_c(inner->service))->service_id);
    char *at = arena_alloc(arena, id.bytes + 1);
    size_t bytes = 0;

    for (size_t i = 0; i < id.bytes; i++) {
        bool inside = i > 0 && is_upper(id.at[i - 1]) && is_upper(id.at[i]) &&
                      (i + 1 == id.bytes || !is_lower(id.at[i + 1]));

        if (id.at[i] != ' ') {
            at[bytes++] = inside ? lower_of(id.at[i]) : id.at[i];
        }
    }
    return str_of(at, bytes);
}

/* All of it, with its texts. */
static void answer_own(struct arena *arena, const struct value *answer, struct value *ret_own)
{
    *ret_own = *answer;
    switch (answer->kind) {
    case VALUE_STR:
    case VALUE_BLOB:
        ret_own->str = answer->str.at == NULL ? STR_NONE : arena_dup(arena, answer->str);
        return;
    case VALUE_LIST:
    case VALUE_STRUCT:
    case VALUE_ONE:
        ret_own->items = arena_alloc(arena, (answer->count + 1) * sizeof(struct value));
        for (uint32_t i = 0; i < answer->count; i++) {
            answer_own(arena, &answer->items[i], &ret_own->items[i]);
        }
        return;
    case VALUE_MAP:
        ret_own->pairs = arena_alloc(arena, (answer->count + 1) * sizeof(struct pair));
        for (uint32_t i = 0; i < answer->count; i++) {
            ret_own->pairs[i].key = arena_dup(arena, answer->pairs[i].key);
            answer_own(arena, &answer->pairs[i].value, &ret_own->pairs[i].value);
        }
        return;
    default:
        return;
    }
}

/* An answer may show the service's own memory, which the step's next operation may free. */
status resource_run(struct resource *r, struct inner *inner)
{
    status result = inner_run(r->c, inner);
    struct value *own;
    struct str client;

    if (result == OK) {
        own = ARENA_NEW(r->c->arena, struct value);
        answer_own(r->c->arena, inner->out, own);
        inner->out = own;
        return OK;
    }
    client = client_name(r->c->arena, inner);
    return resource_fail(r, result,
                         "Resource handler returned message: \"%.*s (Service: %.*s, Status Code: "
                         "%d, Request ID: %.*s)\" (RequestToken: %.*s, HandlerErrorCode: %s)",
                         (int)(strlen(inner->why.text) < 1200 ? strlen(inner->why.text) : 1200),
                         inner->why.text, STR_ARG(client), result->http,
                         STR_ARG(r->c->request_id), STR_ARG(r->token), handler_code(result));
}

/* "A.B" of an answer; STR_NONE: not there. */
static struct str answer_str(struct arena *arena, const struct value *out, const char *path)
{
    struct str rest = str_c(path);

    while (rest.at != NULL) {
        struct str part = arena_dup(arena, str_split(&rest, '.'));

        if (rest.at == NULL) {
            return get_str(out, part.at);
        }
        out = get(out, part.at);
        if (out == NULL) {
            return STR_NONE;
        }
    }
    return STR_NONE;
}

status resource_make_by(struct resource *r, const char *operation, const char *id)
{
    struct inner inner;

    TRY(resource_begin(r, operation, &inner));
    TRY(resource_fill(r, &inner));
    TRY(resource_run(r, &inner));
    r->id = answer_str(r->c->arena, inner.out, id);
    assert(r->id.bytes > 0);
    return OK;
}

status resource_change_by(struct resource *r, const char *operation, const char *member)
{
    struct inner inner;

    TRY(resource_begin(r, operation, &inner));
    TRY(resource_fill(r, &inner));
    set_str(inner.in, member, r->id);
    return resource_run(r, &inner);
}

status resource_remove_by(struct resource *r, const char *operation, const char *member)
{
    struct inner inner;

    TRY(resource_begin(r, operation, &inner));
    set_str(inner.in, member, r->id);
    return resource_run(r, &inner);
}

/* ---- what came of it ---- */

status resource_fail(struct resource *r, status code, const char *format, ...)
{
    va_list args;

    assert(code != OK);
    va_start(args, format);
    vsnprintf(r->why.text, sizeof(r->why.text), format, args);
    va_end(args);
    return code;
}

status resource_exists(struct resource *r, struct str identifier)
{
    return resource_fail(r, &ERR_EXISTS,
                         "Resource handler returned message: \"Resource of type '%s' with "
                         "identifier '%.*s' already exists.\" (RequestToken: %.*s, "
                         "HandlerErrorCode: AlreadyExists)",
                         r->type->name, STR_ARG(str_slice(identifier, 0, 512)),
                         STR_ARG(r->token));
}

static struct value *replace(struct arena *arena, struct value *map, struct str name)
{
    for (uint32_t i = 0; i < map->count; i++) {
        if (str_eq(map->pairs[i].key, name)) {
            return &map->pairs[i].value;
        }
    }
    return doc_put(arena, map, name);
}

void resource_attribute(struct resource *r, const char *name, struct str value)
{
    *replace(r->c->arena, r->attributes, str_c(name)) =
        (struct value){.kind = VALUE_STR, .str = value};
}

void resource_attribute_of(struct resource *r, const char *name, const struct value *document)
{
    *replace(r->c->arena, r->attributes, str_c(name)) = *document;
}

void resource_note(struct resource *r, const char *name, struct str value)
{
    *replace(r->c->arena, r->notes, str_c(name)) =
        (struct value){.kind = VALUE_STR, .str = value};
}

struct str resource_noted(const struct resource *r, const char *name)
{
    const struct value *noted = doc_get(r->notes, name);

    return noted == NULL ? STR_NONE : noted->str;
}
