/* SPDX-License-Identifier: Apache-2.0
 *
 * Rows of stacks and how they are read; the only file that knows them. Shapes are the model's where
 * AWS describes the same thing; what only the engine knows are maps. stack.h lists the rows.
 */
#include "base/buf.h"
#include "svc/cloudformation/rows.h"
#include "wire/json.h"

#include <assert.h>

#define VERSION 1

/* ---- shapes and keys ---- */

uint32_t stack_shape(void)
{
    return shelf_shape(CFN_SERVICE, "DescribeStacks", "Stacks");
}

uint32_t event_shape(void)
{
    return shelf_shape(CFN_SERVICE, "DescribeStackEvents", "StackEvents");
}

static struct key stack_row(struct call *c, const char *kind, const struct stack *stack)
{
    struct key key = key_of(c->arena, CFN_SERVICE);

    key_str(&key, str_c(kind));
    key_str(&key, stack->account);
    key_str(&key, stack->region);
    key_str(&key, stack->key);
    return key;
}

static struct str row(struct call *c, const char *kind, const struct stack *stack)
{
    struct key key = stack_row(c, kind, stack);

    return key_end(&key);
}

static struct str numbered(struct call *c, const char *kind, const struct stack *stack,
                           uint64_t number)
{
    struct key key = stack_row(c, kind, stack);

    key_u64(&key, number);
    return key_end(&key);
}

static struct str name_row(struct call *c, struct str name)
{
    struct key key = shelf_key(c, CFN_SERVICE, "name");

    key_str(&key, name);
    return key_end(&key);
}

/* ---- maps ---- */

void map_set_tree(struct arena *arena, struct value *map, const char *name, struct value value)
{
    for (uint32_t i = 0; i < map->count; i++) {
        if (str_eq(map->pairs[i].key, str_c(name))) {
            map->pairs[i].value = value;
            return;
        }
    }
    *doc_put(arena, map, str_c(name)) = value;
}

void map_set_str(struct arena *arena, struct value *map, const char *name, struct str text)
{
    map_set_tree(arena, map, name, (struct value){.kind = VALUE_STR, .str = text});
}

void map_set_int(struct arena *arena, struct value *map, const char *name, int64_t number)
{
    map_set_tree(arena, map, name, (struct value){.kind = VALUE_INT, .number = number});
}

void map_set_bool(struct arena *arena, struct value *map, const char *name, bool truth)
{
    map_set_tree(arena, map, name, (struct value){.kind = VALUE_BOOL, .truth = truth});
}

void map_unset(struct value *map, const char *name)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < map->count; i++) {
        if (!str_eq(map->pairs[i].key, str_c(name))) {
            map->pairs[kept++] = map->pairs[i];
        }
    }
    map->count = kept;
}

struct str map_str(const struct value *map, const char *name)
{
    const struct value *value = doc_get(map, name);

    return value == NULL || value->kind != VALUE_STR ? STR("") : value->str;
}

int64_t map_int(const struct value *map, const char *name, int64_t fallback)
{
    const struct value *value = doc_get(map, name);

    return value == NULL || value->kind != VALUE_INT ? fallback : value->number;
}

bool map_true(const struct value *map, const char *name)
{
    const struct value *value = doc_get(map, name);

    return value != NULL && value->kind == VALUE_BOOL && value->truth;
}

const struct value *tags_document(struct call *c, const struct value *tags)
{
    struct value *list = ARENA_NEW(c->arena, struct value);

    list->kind = VALUE_LIST;
    for (uint32_t i = 0; tags != NULL && i < tags->count; i++) {
        struct value *tag = doc_add(c->arena, list);

        tag->kind = VALUE_MAP;
        doc_put_text(c->arena, tag, "Key", get_str(&tags->items[i], "Key"));
        doc_put_text(c->arena, tag, "Value", get_str(&tags->items[i], "Value"));
    }
    return list->count == 0 ? NULL : list;
}

/* ---- stacks ---- */

bool stack_of_key(struct call *c, struct str key, struct stack *ret_stack)
{
    struct stack stack = {.account = c->account, .region = c->region, .key = key};

    stack.about = shelf_get(c, row(c, "stack", &stack), stack_shape());
    if (stack.about == NULL) {
        return false;
    }
    stack.plan = shelf_get(c, row(c, "plan", &stack), 0);
    assert(stack.plan != NULL);
    *ret_stack = stack;
    return true;
}

bool stack_is_deleted(const struct stack *stack)
{
    return str_eq(stack_status(stack), STR("DELETE_COMPLETE"));
}

struct str last_part(struct str text)
{
    size_t at = text.bytes;

    while (at > 0 && text.at[at - 1] != '/') {
        at--;
    }
    return str_slice(text, at, text.bytes);
}

bool stack_lookup(struct call *c, struct str text, struct stack *ret_stack)
{
    struct str packed;

    if (str_starts(text, STR("arn:"))) {
        return last_part(text).bytes <= STACK_KEY_BYTES_MAX &&
               stack_of_key(c, last_part(text), ret_stack) &&
               str_eq(stack_id(ret_stack), text);
    }
    if (text.bytes > STACK_NAME_BYTES_MAX) {
        return false;
    }
    if (!txn_get(c->txn, name_row(c, text), &packed)) {
        return false;
    }
    return stack_of_key(c, arena_dup(c->arena, str_slice(packed, 1, packed.bytes)), ret_stack);
}

status stack_of_text(struct call *c, struct str text, struct stack *ret_stack)
{
    if (!stack_lookup(c, text, ret_stack)) {
        return fail(c, &CFN_VALIDATION, "Stack with id %.*s does not exist",
                    STR_ARG(str_slice(text, 0, 512)));
    }
    return OK;
}

static void put_text(struct call *c, struct str key, struct str text)
{
    struct buf packed;

    buf_init(&packed, TEMPLATE_BYTES_MAX * 2);
    buf_add_c(&packed, VERSION);
    buf_add(&packed, text);
    txn_put_packed(c->txn, key, &packed);
}

void stack_save(struct call *c, const struct stack *stack)
{
    shelf_put(c, row(c, "stack", stack), stack->about);
    shelf_put(c, row(c, "plan", stack), stack->plan);
    call_on(c, stack_id(stack));
}

void stack_name_put(struct call *c, const struct stack *stack)
{
    put_text(c, name_row(c, stack_name(stack)), stack->key);
}

void stack_name_erase(struct call *c, const struct stack *stack)
{
    txn_delete(c->txn, name_row(c, stack_name(stack)));
}

struct str stack_id(const struct stack *stack)
{
    return get_str(stack->about, "StackId");
}

struct str stack_name(const struct stack *stack)
{
    return get_str(stack->about, "StackName");
}

struct str stack_status(const struct stack *stack)
{
    return get_str(stack->about, "StackStatus");
}

bool stack_busy(const struct stack *stack)
{
    return str_ends(stack_status(stack), STR("_IN_PROGRESS")) &&
           !str_eq(stack_status(stack), STR("REVIEW_IN_PROGRESS"));
}

struct txn_scan *stack_names_scan(struct call *c)
{
    struct key key = shelf_key(c, CFN_SERVICE, "name");

    return txn_scan_prefix(c->txn, key_end(&key));
}

struct txn_scan *stacks_scan(struct call *c)
{
    struct key key = shelf_key(c, CFN_SERVICE, "stack");

    return txn_scan_prefix(c->txn, key_end(&key));
}

bool stacks_next(struct call *c, struct txn_scan *scan, struct stack *ret_stack)
{
    struct str key, packed;

    while (txn_scan_next(scan, &key, &packed)) {
        struct stack stack = {.account = c->account, .region = c->region};

        stack.about = shelf_read(c->arena, packed, stack_shape());
        stack.key = last_part(stack_id(&stack));
        stack.plan = shelf_get(c, row(c, "plan", &stack), 0);
        *ret_stack = stack;
        return true;
    }
    txn_scan_close(scan);
    return false;
}

/* ---- templates ---- */

struct str stack_template(struct call *c, const struct stack *stack, enum stack_template which)
{
    struct str packed;

    if (!txn_get(c->txn, numbered(c, "template", stack, which), &packed)) {
        return STR_NONE;
    }
    return arena_dup(c->arena, str_slice(packed, 1, packed.bytes));
}

void stack_template_put(struct call *c, const struct stack *stack, enum stack_template which,
                        struct str text)
{
    struct str key = numbered(c, "template", stack, which);
    struct str packed;

    if (text.at != NULL) {
        put_text(c, key, text);
    } else if (txn_get(c->txn, key, &packed)) {
        txn_delete(c->txn, key);
    }
}

/* ---- resources ---- */

static struct value *member_of(const struct value *map, const char *name)
{
    return (struct value *)(uintptr_t)doc_get(map, name);
}

static struct value *map_or_new(struct arena *arena, const struct value *map, const char *name,
                                enum value_kind kind)
{
    struct value *there = member_of(map, name);

    if (there == NULL) {
        there = ARENA_NEW(arena, struct value);
        there->kind = (uint8_t)kind;
    }
    return there;
}

static struct stack_resource resource_read(struct arena *arena, struct str packed)
{
    const struct value *map = shelf_read(arena, packed, 0);
    struct stack_resource own = {
        .number = (uint64_t)map_int(map, "number", 0),
        .part = (uint8_t)map_int(map, "part", 0),
        .doing = (uint8_t)map_int(map, "doing", 0),
        .made_now = map_true(map, "made_now"),
        .former = map_true(map, "former"),
        .replaced = map_true(map, "replaced"),
        .update = map_true(map, "update"),
        .done = map_str(map, "done"),
        .logical_id = map_str(map, "logical_id"),
        .type = map_str(map, "type"),
        .id = map_str(map, "id"),
        .status = map_str(map, "status"),
        .reason = map_str(map, "reason"),
        .at_ms = map_int(map, "at_ms", 0),
        .since_ms = map_int(map, "since_ms", 0),
        .properties = map_or_new(arena, map, "properties", VALUE_MAP),
        .before = member_of(map, "before"),
        .attributes = map_or_new(arena, map, "attributes", VALUE_MAP),
        .notes = map_or_new(arena, map, "notes", VALUE_MAP),
        .needs = map_or_new(arena, map, "needs", VALUE_LIST),
        .metadata = member_of(map, "metadata"),
        .more = map_or_new(arena, map, "more", VALUE_MAP),
        .deletion = map_str(map, "deletion"),
        .replacement = map_str(map, "replacement"),
    };

    return own;
}

static void put_tree(struct arena *arena, struct value *map, const char *name,
                     const struct value *tree)
{
    if (tree != NULL && (tree->kind != VALUE_MAP || tree->count > 0)) {
        map_set_tree(arena, map, name, *tree);
    }
}

static void put_texts(struct arena *arena, struct value *map, const struct stack_resource *own)
{
    const struct {
        const char *name; /* of the member */
        struct str text;  /* empty: left out */
    } texts[] = {
        {"done", own->done},       {"logical_id", own->logical_id}, {"type", own->type},
        {"id", own->id},           {"status", own->status},         {"reason", own->reason},
        {"deletion", own->deletion}, {"replacement", own->replacement},
    };

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (texts[i].text.bytes > 0) {
            map_set_str(arena, map, texts[i].name, texts[i].text);
        }
    }
}

void resource_save(struct call *c, const struct stack *stack, const struct stack_resource *own)
{
    struct value *map = doc_map(c->arena);

    map_set_int(c->arena, map, "number", (int64_t)own->number);
    map_set_int(c->arena, map, "part", own->part);
    map_set_int(c->arena, map, "doing", own->doing);
    map_set_int(c->arena, map, "at_ms", own->at_ms);
    map_set_int(c->arena, map, "since_ms", own->since_ms);
    map_set_bool(c->arena, map, "made_now", own->made_now);
    map_set_bool(c->arena, map, "former", own->former);
    map_set_bool(c->arena, map, "replaced", own->replaced);
    map_set_bool(c->arena, map, "update", own->update);
    put_texts(c->arena, map, own);
    put_tree(c->arena, map, "properties", own->properties);
    put_tree(c->arena, map, "before", own->before);
    put_tree(c->arena, map, "attributes", own->attributes);
    put_tree(c->arena, map, "notes", own->notes);
    put_tree(c->arena, map, "needs", own->needs);
    put_tree(c->arena, map, "metadata", own->metadata);
    put_tree(c->arena, map, "more", own->more);
    shelf_put(c, numbered(c, "resource", stack, own->number), map);
}

void resource_erase(struct call *c, const struct stack *stack, const struct stack_resource *own)
{
    txn_delete(c->txn, numbered(c, "resource", stack, own->number));
}

size_t stack_resources(struct call *c, const struct stack *stack,
                       struct stack_resource **ret_resources)
{
    struct txn_scan *scan = txn_scan_prefix(c->txn, row(c, "resource", stack));
    struct stack_resource *rows = NULL;
    size_t count = 0;
    size_t room = 0;
    struct str key, packed;

    while (txn_scan_next(scan, &key, &packed)) {
        if (count == room) {
            struct stack_resource *more;

            room = room == 0 ? 16 : room * 2;
            more = arena_alloc(c->arena, room * sizeof(rows[0]));
            if (count > 0) {
                memcpy(more, rows, count * sizeof(rows[0]));
            }
            rows = more;
        }
        rows[count++] = resource_read(c->arena, packed);
    }
    txn_scan_close(scan);
    *ret_resources = rows;
    return count;
}

uint64_t resource_number_next(struct call *c, struct stack *stack)
{
    int64_t number = map_int(stack->plan, "next_number", 1);

    map_set_int(c->arena, stack->plan, "next_number", number + 1);
    return (uint64_t)number;
}

struct stack_resource *resource_find(struct stack_resource *resources, size_t count,
                                     struct str logical_id)
{
    for (size_t i = 0; i < count; i++) {
        if (resources[i].part == PART_CURRENT && str_eq(resources[i].logical_id, logical_id)) {
            return &resources[i];
        }
    }
    return NULL;
}

/* ---- events ---- */

void event_put(struct call *c, struct stack *stack, const struct value *event)
{
    int64_t number = map_int(stack->plan, "next_event", 1);

    map_set_int(c->arena, stack->plan, "next_event", number + 1);
    shelf_put(c, numbered(c, "event", stack, (uint64_t)number), event);
}

struct value *event_get(struct call *c, const struct stack *stack, uint64_t number)
{
    return shelf_get(c, numbered(c, "event", stack, number), event_shape());
}

/* ---- exports and imports ---- */

static struct str export_row(struct call *c, struct str name)
{
    struct key key = shelf_key(c, CFN_SERVICE, "export");

    key_str(&key, name);
    return key_end(&key);
}

static struct key imports_row(struct call *c, const char *kind, struct str first)
{
    struct key key = shelf_key(c, CFN_SERVICE, kind);

    key_str(&key, first);
    return key;
}

struct value *export_get(struct call *c, struct str name)
{
    return name.bytes > EXPORT_NAME_BYTES_MAX ? NULL : shelf_get(c, export_row(c, name), 0);
}

void export_put(struct call *c, const struct stack *stack, struct str name, struct str value)
{
    struct value *map = doc_map(c->arena);

    doc_put_text(c->arena, map, "name", name);
    doc_put_text(c->arena, map, "value", value);
    doc_put_text(c->arena, map, "stack", stack_id(stack));
    shelf_put(c, export_row(c, name), map);
}

void export_erase(struct call *c, struct str name)
{
    txn_delete(c->txn, export_row(c, name));
}

struct value exports_all(struct call *c)
{
    struct key key = shelf_key(c, CFN_SERVICE, "export");
    struct txn_scan *scan = txn_scan_prefix(c->txn, key_end(&key));
    struct value list = {.kind = VALUE_LIST};
    struct str at, packed;

    while (txn_scan_next(scan, &at, &packed)) {
        *doc_add(c->arena, &list) = *shelf_read(c->arena, packed, 0);
    }
    txn_scan_close(scan);
    return list;
}

/* Both ways round: whose imports an export has, which exports a stack imports. */
void import_put(struct call *c, const struct stack *stack, struct str name)
{
    struct key by_export = imports_row(c, "import", name);
    struct key by_stack = imports_row(c, "importing", stack->key);
    struct str packed;

    key_str(&by_export, stack->key);
    key_str(&by_stack, name);
    if (!txn_get(c->txn, key_end(&by_export), &packed)) {
        put_text(c, key_end(&by_export), stack_name(stack));
        put_text(c, key_end(&by_stack), name);
    }
}

void import_erase(struct call *c, const struct stack *stack, struct str name)
{
    struct key by_export = imports_row(c, "import", name);
    struct key by_stack = imports_row(c, "importing", stack->key);

    key_str(&by_export, stack->key);
    key_str(&by_stack, name);
    txn_delete(c->txn, key_end(&by_export));
    txn_delete(c->txn, key_end(&by_stack));
}

static struct value texts_of(struct call *c, struct key key)
{
    struct txn_scan *scan = txn_scan_prefix(c->txn, key_end(&key));
    struct value list = {.kind = VALUE_LIST};
    struct str at, packed;

    while (txn_scan_next(scan, &at, &packed)) {
        *doc_add(c->arena, &list) = (struct value){
            .kind = VALUE_STR, .str = arena_dup(c->arena, str_slice(packed, 1, packed.bytes))};
    }
    txn_scan_close(scan);
    return list;
}

struct value export_users(struct call *c, struct str name)
{
    return texts_of(c, imports_row(c, "import", name));
}

struct value stack_imports(struct call *c, const struct stack *stack)
{
    return texts_of(c, imports_row(c, "importing", stack->key));
}

/* ---- the end of a stack's time ---- */

static void sweep(struct call *c, struct str prefix)
{
    struct txn_scan *scan = txn_scan_prefix(c->txn, prefix);
    struct str key, packed;

    while (txn_room(c->txn) > 10 && txn_scan_next(scan, &key, &packed)) {
        txn_delete(c->txn, arena_dup(c->arena, key));
    }
    txn_scan_close(scan);
}

bool stack_purge(struct call *c, const struct stack *stack)
{
    static const char *const kinds[] = {"event", "resource", "template"};

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        sweep(c, row(c, kinds[i], stack));
    }
    if (txn_room(c->txn) <= 10) {
        return false;
    }
    txn_delete(c->txn, row(c, "plan", stack));
    txn_delete(c->txn, row(c, "stack", stack));
    return true;
}

/* ---- operations under way ---- */

static struct str underway_row(struct call *c, const struct stack *stack)
{
    struct key key = shelf_key(c, CFN_SERVICE, "under-way");

    key_str(&key, stack->key);
    return key_end(&key);
}

void underway_put(struct call *c, const struct stack *stack)
{
    put_text(c, underway_row(c, stack), STR(""));
}

void underway_erase(struct call *c, const struct stack *stack)
{
    txn_delete(c->txn, underway_row(c, stack));
}

void underway_each(struct cell *cell, void *to,
                   void (*found)(void *to, const struct stack *stack))
{
    struct arena *arena = arena_new(STEP_ARENA_BYTES_MAX);
    struct key prefix = key_of(arena, CFN_SERVICE);
    struct kv_scan *scan;
    struct str key, packed;

    key_str(&prefix, STR("under-way"));
    scan = store_scan(cell_store(cell), key_end(&prefix),
                      key_after_prefix(arena, key_end(&prefix)), false);
    while (store_scan_next(scan, &key, &packed)) {
        struct key_reader reader = {.rest = arena_dup(arena, key)};
        struct stack stack = {.about = NULL};
        struct str part;
        bool read = key_read_str(&reader, arena, &part) && key_read_str(&reader, arena, &part) &&
                    key_read_str(&reader, arena, &stack.account) &&
                    key_read_str(&reader, arena, &stack.region) &&
                    key_read_str(&reader, arena, &stack.key);

        assert(read);
        found(to, &stack);
    }
    store_scan_close(scan);
    arena_free(arena);
}
