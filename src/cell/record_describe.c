/* SPDX-License-Identifier: Apache-2.0
 *
 * Describing records: one handler for every operation that lists them, by the service's table of
 * record_ask. Filters are EC2's: a name in words is a path of members ("attachment.vpc-id" is
 * Attachments, VpcId), "tag:Name" and "tag-key" are tags; '*' and '?' in values match as there.
 */
#include "cell/record.h"

#include "base/mem.h"
#include "cell/shelf.h"

#include <assert.h>

#define PAGE_ITEMS 1000
#define PATH_BYTES_MAX 128

static const struct error INVALID_FILTER = {"InvalidParameterValue", NULL, 400, false};
static const struct error INVALID_TOKEN = {"InvalidNextToken", NULL, 400, false};

status record_asks_open(const struct record_asks *asks, void **ret_state)
{
    struct record_asks *state = MEM_NEW(struct record_asks);

    *state = *asks;
    *ret_state = state;
    return OK;
}

void record_asks_close(void *state)
{
    mem_free(state);
}

static const struct record_ask *ask_of(const struct call *c)
{
    const struct record_asks *asks = c->state;
    struct str name = model_text(c->operation->name);

    for (size_t i = 0; i < asks->count; i++) {
        if (str_eq(str_c(asks->asks[i].operation), name)) {
            return &asks->asks[i];
        }
    }
    assert(false);
    return NULL;
}

/* ---- which ---- */

static bool matches(struct str pattern, struct str text)
{
    size_t p = 0, t = 0, star = SIZE_MAX, mark = 0;

    while (t < text.bytes) {
        if (p < pattern.bytes && pattern.at[p] == '*') {
            star = p++;
            mark = t;
        } else if (p < pattern.bytes && (pattern.at[p] == '?' || pattern.at[p] == text.at[t])) {
            p++;
            t++;
        } else if (star != SIZE_MAX) {
            p = star + 1;
            t = ++mark;
        } else {
            return false;
        }
    }
    while (p < pattern.bytes && pattern.at[p] == '*') {
        p++;
    }
    return p == pattern.bytes;
}

static bool any_matches(struct arena *arena, const struct value *patterns, const struct value *has)
{
    struct str text = doc_text(arena, has);

    for (uint32_t i = 0; text.at != NULL && patterns != NULL && i < patterns->count; i++) {
        if (matches(patterns->items[i].str, text)) {
            return true;
        }
    }
    return false;
}

/* "vpc-id" → "VpcId". */
static struct str member_name(struct arena *arena, struct str words)
{
    char *made = arena_alloc(arena, words.bytes + 1);
    size_t bytes = 0;
    bool upper = true;

    for (size_t i = 0; i < words.bytes; i++) {
        char c = words.at[i];

        if (c == '-') {
            upper = true;
            continue;
        }
        made[bytes++] = upper && c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
        upper = false;
    }
    return str_of(made, bytes);
}

/* The member, or that of its plural: "attachment" is Attachments. */
static int filter_member(struct arena *arena, uint32_t shape, struct str words)
{
    struct str name = member_name(arena, words);
    const struct shape *about = model_shape(shape);
    int index = model_member_index(about, name);

    return index >= 0 ? index : model_member_index(about, arena_printf(arena, "%.*ss",
                                                                       STR_ARG(name)));
}

static uint32_t items_shape(uint32_t shape)
{
    while (model_shape(shape)->kind == SHAPE_LIST) {
        shape = model_members[model_shape(shape)->first].shape;
    }
    return shape;
}

/* Does shape have that path at all? */
static bool path_is_known(struct arena *arena, uint32_t shape, struct str path)
{
    while (path.at != NULL) {
        struct str words = str_split(&path, '.');
        int index;

        shape = items_shape(shape);
        if (model_shape(shape)->kind != SHAPE_STRUCTURE) {
            return false;
        }
        index = filter_member(arena, shape, words);
        if (index < 0) {
            return false;
        }
        shape = model_members[model_shape(shape)->first + (uint32_t)index].shape;
    }
    return true;
}

static bool path_matches(struct arena *arena, const struct value *at, struct str path,
                         const struct value *patterns)
{
    if (at->kind == VALUE_LIST) {
        for (uint32_t i = 0; i < at->count; i++) {
            if (path_matches(arena, &at->items[i], path, patterns)) {
                return true;
            }
        }
        return false;
    }
    if (path.at == NULL) {
        return any_matches(arena, patterns, at);
    }
    if (at->kind != VALUE_STRUCT) {
        return false;
    }
    int index = filter_member(arena, at->shape, str_split(&path, '.'));

    return index >= 0 && path_matches(arena, &at->items[index], path, patterns);
}

static bool tag_matches(struct arena *arena, const struct value *item, struct str name,
                        const struct value *patterns)
{
    const struct value *tags = model_member_index(model_shape(item->shape), STR("Tags")) < 0
                                   ? NULL
                                   : get(item, "Tags");

    for (uint32_t i = 0; tags != NULL && i < tags->count; i++) {
        const struct value *tag = &tags->items[i];
        bool by_key = str_eq(name, STR("tag-key"));

        if (by_key ? any_matches(arena, patterns, get(tag, "Key"))
                   : str_eq(get_str(tag, "Key"), str_slice(name, 4, name.bytes)) &&
                         any_matches(arena, patterns, get(tag, "Value"))) {
            return true;
        }
    }
    return false;
}

static bool is_tag_filter(struct str name)
{
    return str_eq(name, STR("tag-key")) || str_starts(name, STR("tag:"));
}

/* "cidr" is what AWS calls the block. */
static struct str filter_path(struct str name)
{
    return str_eq(name, STR("cidr")) ? STR("cidr-block") : name;
}

static const struct value *filters_of(const struct call *c)
{
    static const char *const names[] = {"Filters", "Filter"};

    for (size_t i = 0; i < 2; i++) {
        if (model_member_index(model_shape(c->operation->input), str_c(names[i])) >= 0) {
            return arg(c, names[i]);
        }
    }
    return NULL;
}

static status check_filters(struct call *c, uint32_t shape)
{
    const struct value *filters = filters_of(c);

    for (uint32_t i = 0; filters != NULL && i < filters->count; i++) {
        struct str name = get_str(&filters->items[i], "Name");

        if (!is_tag_filter(name) && !path_is_known(c->arena, shape, filter_path(name))) {
            return fail(c, &INVALID_FILTER, "The filter '%.*s' is invalid",
                        STR_ARG(str_slice(name, 0, 128)));
        }
    }
    return OK;
}

static bool passes_filters(struct call *c, const struct value *item)
{
    const struct value *filters = filters_of(c);

    for (uint32_t i = 0; filters != NULL && i < filters->count; i++) {
        struct str name = get_str(&filters->items[i], "Name");
        const struct value *values = get(&filters->items[i], "Values");

        if (is_tag_filter(name) ? !tag_matches(c->arena, item, name, values)
                                : !path_matches(c->arena, item, filter_path(name), values)) {
            return false;
        }
    }
    return true;
}

/* Is text the argument, or one of them? */
static bool is_asked(const struct value *asked, struct str text)
{
    if (asked->kind == VALUE_STR) {
        return str_eq(asked->str, text);
    }
    for (uint32_t i = 0; i < asked->count; i++) {
        if (str_eq(asked->items[i].str, text)) {
            return true;
        }
    }
    return false;
}

static bool select_passes(const struct value *asked, const struct value *has)
{
    if (has == NULL || has->kind != VALUE_LIST) {
        return has != NULL && is_asked(asked, has->str);
    }
    for (uint32_t i = 0; i < has->count; i++) {
        if (is_asked(asked, has->items[i].str)) {
            return true;
        }
    }
    return false;
}

static bool empty(const struct value *asked)
{
    return asked == NULL || (asked->kind == VALUE_LIST && asked->count == 0);
}

static bool is_wanted(struct call *c, const struct record_ask *ask, const struct value *item)
{
    for (size_t i = 0; i < ask->select_count; i++) {
        const struct value *asked = arg(c, ask->selects[i].input);

        if (!empty(asked) && !select_passes(asked, get(item, ask->selects[i].item))) {
            return false;
        }
    }
    return passes_filters(c, item);
}

/* ---- all of them ---- */

struct found {
    struct value **items; /* in the order of their ids */
    size_t count, room;   /* of them */
};

static void found_add(struct arena *arena, struct found *found, struct value *item)
{
    if (found->count == found->room) {
        size_t room = found->room == 0 ? 32 : 2 * found->room;
        struct value **grown = arena_alloc(arena, room * sizeof(*grown));

        if (found->count > 0) {
            memcpy(grown, found->items, found->count * sizeof(*grown));
        }
        found->items = grown;
        found->room = room;
    }
    found->items[found->count++] = item;
}

static bool is_found(const struct found *found, const char *member, struct str text)
{
    for (size_t i = 0; i < found->count; i++) {
        if (str_eq(get_str(found->items[i], member), text)) {
            return true;
        }
    }
    return false;
}

/* Each that must be there is. */
static status check_found(struct call *c, const struct record_ask *ask, const struct found *found)
{
    for (size_t i = 0; i < ask->select_count; i++) {
        const struct value *asked = arg(c, ask->selects[i].input);

        if (!ask->selects[i].must || asked == NULL) {
            continue;
        }
        for (uint32_t j = 0; j < (asked->kind == VALUE_STR ? 1 : asked->count); j++) {
            struct str text = asked->kind == VALUE_STR ? asked->str : asked->items[j].str;

            if (!is_found(found, ask->selects[i].item, text)) {
                return fail(c, ask->kind->missing, ask->kind->missing_words,
                            STR_ARG(str_slice(text, 0, 512)));
            }
        }
    }
    return OK;
}

/* ---- the answer ---- */

static const char *member_of(uint32_t shape, const char *const names[])
{
    for (size_t i = 0; names[i] != NULL; i++) {
        if (model_member_index(model_shape(shape), str_c(names[i])) >= 0) {
            return names[i];
        }
    }
    return NULL;
}

static int64_t page_items(const struct call *c)
{
    static const char *const names[] = {"MaxResults", "PageSize", "MaxRecords", "maxResults", NULL};
    const char *name = member_of(c->operation->input, names);
    int64_t items = name == NULL ? PAGE_ITEMS : arg_int(c, name, PAGE_ITEMS);

    return items < 1 || items > PAGE_ITEMS ? PAGE_ITEMS : items;
}

static status token_take(struct call *c, struct str *ret_after)
{
    static const char *const names[] = {"NextToken", "Marker", "nextToken", NULL};
    const char *name = member_of(c->operation->input, names);

    *ret_after = STR_NONE;
    if (name == NULL || !arg_has(c, name)) {
        return OK;
    }
    return page_token_read(c->arena, arg_str(c, name), ret_after)
               ? OK
               : fail(c, &INVALID_TOKEN, "The token '%.*s' is invalid",
                      STR_ARG(str_slice(arg_str(c, name), 0, 256)));
}

static void token_give(struct call *c, struct str last)
{
    static const char *const names[] = {"NextToken", "NextMarker", "nextToken", NULL};
    const char *name = member_of(c->operation->output, names);

    if (name != NULL) {
        put_str(c, name, page_token(c->arena, last));
    }
}

static void item_give(struct call *c, const struct record_ask *ask, struct value *list,
                      const struct value *item)
{
    struct value *given = list_add(c->arena, list);

    if (ask->inner != NULL) {
        struct value *inner = set_list(c->arena, given, ask->inner, 1);

        set_members(c->arena, list_add(c->arena, inner), item);
        set_members(c->arena, given, item);
    } else {
        set_members(c->arena, given, item);
    }
}

static status answer(struct call *c, const struct record_ask *ask, const struct found *found)
{
    int64_t page = page_items(c);
    struct value *list = NULL;
    struct str after;
    int64_t given = 0;

    TRY(token_take(c, &after));
    list = put_list(c, ask->path, (size_t)page);
    for (size_t i = 0; i < found->count; i++) {
        struct str id = get_str(found->items[i], ask->kind->id);

        if (after.at != NULL && str_cmp(id, after) <= 0) {
            continue;
        }
        if (given == page) {
            token_give(c, get_str(found->items[i - 1], ask->kind->id));
            break;
        }
        item_give(c, ask, list, found->items[i]);
        given++;
    }
    return OK;
}

static bool is_list(const struct record_ask *ask, const struct call *c)
{
    const struct shape *output = model_shape(c->operation->output);
    int index = model_member_index(output, str_c(ask->path));

    assert(index >= 0);
    return model_shape(model_members[output->first + (uint32_t)index].shape)->kind == SHAPE_LIST;
}

status record_describe(struct call *c)
{
    const struct record_ask *ask = ask_of(c);
    struct txn_scan *scan = NULL;
    struct found found = {0};
    struct value *item = NULL;

    TRY(check_filters(c, shelf_shape(ask->kind->service, ask->kind->describe, ask->kind->path)));
    while ((item = record_next(c, ask->kind, &scan)) != NULL) {
        if (is_wanted(c, ask, item)) {
            found_add(c->arena, &found, item);
        }
    }
    TRY(check_found(c, ask, &found));
    if (!is_list(ask, c)) { /* it must be there, as check_found() saw */
        set_members(c->arena, put_struct(c, ask->path), found.items[0]);
        return OK;
    }
    return answer(c, ask, &found);
}
