/* SPDX-License-Identifier: Apache-2.0
 *
 * A form into a value tree.
 *
 * The parameters are split at '&' and '=', decoded, and sorted by the segments of their names, of
 * which numbers count as numbers. Then everything that belongs to one member, item or entry stands
 * together, and a *group* is all of it: the parameters from first to end, whose names agree up to
 * at, and among which the one that ends there (if any) is the first.
 *
 * Rules
 *  1. Empty text for a structure, list or map makes it empty; other text is AWS's "Unexpected …
 *     element termination".
 *  2. Items and entries come in the order of their numbers, whatever these are.
 *  3. A parameter that comes twice: its last value counts.
 *  4. What the model does not know is passed over; EC2 refuses it, but for what every request may
 *     carry.
 */
#include "wire/names.h"
#include "wire/pairs.h"
#include "wire/query.h"
#include "wire/scalar.h"

#include "base/codec.h"

#include <assert.h>
#include <stdlib.h>

const struct error QUERY_UNKNOWN_PARAMETER = {"UnknownParameter", NULL, 400, false};

struct param {
    struct str name;  /* decoded */
    struct str value; /* decoded */
    uint32_t order;   /* in the request */
};

struct form {
    struct arena *arena;  /* of the tree */
    struct why *why;      /* of the caller */
    struct param *params; /* sorted, see above */
    uint32_t count;       /* of params */
    uint32_t depth;       /* structures, lists and maps open now */
    bool ec2;             /* its dialect */
    bool sqs;             /* its names */
};

struct group {
    uint32_t first;     /* index of a param */
    uint32_t end;       /* behind the last */
    size_t at;          /* the names agree up to here: a dot or an end */
    struct str segment; /* what they have before it */
};

static status no_room(struct form *form)
{
    return why_set(form->why, &ERR_LIMIT, "The request holds more values than can be taken.");
}

/* ---- parameters ---- */

/* s itself when nothing is escaped. */
static status unescape(struct form *form, struct str s, struct str *ret_plain)
{
    size_t i = 0;
    size_t bytes;
    char *to;

    while (i < s.bytes && s.at[i] != '%' && s.at[i] != '+') {
        i++;
    }
    if (i == s.bytes) {
        *ret_plain = s;
        return OK;
    }
    to = arena_try(form->arena, s.bytes);
    if (to == NULL) {
        return no_room(form);
    }
    memcpy(to, s.at, i);
    bytes = i;
    for (; i < s.bytes; i++) {
        char c = s.at[i];
        if (c == '%') {
            if (s.bytes - i < 3 || !hex_decode(str_of(s.at + i + 1, 2), &c)) {
                return why_set(form->why, &WIRE_SERIALIZATION,
                               "The request holds a broken escape sequence.");
            }
            i += 2;
        } else if (c == '+') {
            c = ' ';
        }
        to[bytes++] = c;
    }
    *ret_plain = str_of(to, bytes);
    return OK;
}

static status add_params(struct form *form, struct str rest)
{
    if (rest.bytes == 0) {
        return OK;
    }
    while (rest.at != NULL) {
        struct str part = str_split(&rest, '&');
        size_t equals = str_find(part, '=', 0);
        struct param *param = &form->params[form->count];

        if (part.bytes == 0) {
            continue;
        }
        TRY(unescape(form, str_slice(part, 0, equals), &param->name));
        TRY(unescape(form, str_slice(part, equals + 1, part.bytes), &param->value));
        if (param->name.bytes > QUERY_NAME_BYTES_MAX) {
            return why_set(form->why, &WIRE_SERIALIZATION,
                           "The name of a parameter is longer than %d bytes.",
                           QUERY_NAME_BYTES_MAX);
        }
        if (!utf8_valid(param->name) || !utf8_valid(param->value)) {
            return why_set(form->why, &WIRE_SERIALIZATION, "The request is not valid UTF-8.");
        }
        param->order = form->count++;
    }
    return OK;
}

static size_t parts_of(struct str s)
{
    size_t parts = s.bytes > 0;

    for (size_t i = 0; i < s.bytes; i++) {
        parts += s.at[i] == '&';
    }
    return parts;
}

/* The segment of name that begins at at. */
static inline struct str segment_of(struct str name, size_t at)
{
    return str_slice(name, at, str_find(name, '.', at));
}

static bool is_number(struct str s)
{
    for (size_t i = 0; i < s.bytes; i++) {
        if (s.at[i] < '0' || s.at[i] > '9') {
            return false;
        }
    }
    return s.bytes > 0;
}

/* Numbers before words, by size: of more digits is greater, once zeros in front are gone. */
static int compare_segments(struct str a, struct str b)
{
    bool number = is_number(a);

    if (number != is_number(b)) {
        return number ? -1 : 1;
    }
    if (number) {
        struct str x = a;
        struct str y = b;
        while (x.bytes > 1 && x.at[0] == '0') {
            x = str_slice(x, 1, x.bytes);
        }
        while (y.bytes > 1 && y.at[0] == '0') {
            y = str_slice(y, 1, y.bytes);
        }
        if (x.bytes != y.bytes) {
            return x.bytes < y.bytes ? -1 : 1;
        }
        int order = str_cmp(x, y);
        if (order != 0) {
            return order;
        }
    }
    return str_cmp(a, b);
}

static int by_segments(const void *one, const void *other)
{
    const struct param *a = one;
    const struct param *b = other;
    size_t at_a = 0;
    size_t at_b = 0;

    for (;;) {
        bool end_a = at_a > a->name.bytes;
        bool end_b = at_b > b->name.bytes;
        if (end_a || end_b) {
            return end_a != end_b ? (end_a ? -1 : 1) : a->order < b->order ? -1 : 1;
        }
        struct str segment_a = segment_of(a->name, at_a);
        struct str segment_b = segment_of(b->name, at_b);
        int order = compare_segments(segment_a, segment_b);
        if (order != 0) {
            return order;
        }
        at_a += segment_a.bytes + 1;
        at_b += segment_b.bytes + 1;
    }
}

static void sort(struct form *form)
{
    bool sorted = true;

    for (uint32_t i = 1; sorted && i < form->count; i++) {
        sorted = by_segments(&form->params[i - 1], &form->params[i]) < 0;
    }
    if (!sorted) {
        qsort(form->params, form->count, sizeof(form->params[0]), by_segments);
    }
}

/* ---- groups ---- */

/* What follows the dot at which whole's names agree, from the parameter *position on. False at the
 * end; then there are no more. Parameters that end where whole does are not part of any. */
static bool next_group(const struct form *form, const struct group *whole, uint32_t *position,
                       struct group *ret_group)
{
    size_t begin = whole->at == 0 && whole->segment.at == NULL ? 0 : whole->at + 1;
    uint32_t i = *position;

    while (i < whole->end && form->params[i].name.bytes < begin) {
        i++;
    }
    if (i >= whole->end) {
        return false;
    }
    struct str segment = segment_of(form->params[i].name, begin);
    struct group group = {i, i + 1, begin + segment.bytes, segment};

    while (group.end < whole->end &&
           str_eq(segment_of(form->params[group.end].name, begin), segment)) {
        group.end++;
    }
    *position = group.end;
    *ret_group = group;
    return true;
}

/* The value of the parameter that ends where the group's names agree: the last of them. */
static const struct param *leaf_of(const struct form *form, const struct group *group)
{
    const struct param *leaf = NULL;

    for (uint32_t i = group->first;
         i < group->end && form->params[i].name.bytes == group->at; i++) {
        leaf = &form->params[i];
    }
    return leaf;
}

static bool has_more(const struct form *form, const struct group *group)
{
    return form->params[group->end - 1].name.bytes > group->at;
}

static status enter(struct form *form)
{
    if (++form->depth > WIRE_DEPTH_MAX) {
        return why_set(form->why, &WIRE_SERIALIZATION, "Nesting is deeper than %d levels",
                       WIRE_DEPTH_MAX);
    }
    return OK;
}

/* ---- values ---- */

static status read_value(struct form *form, const struct member *member, const struct group *group,
                         struct value *ret);

static const char *kind_name(uint8_t kind)
{
    switch ((enum shape_kind)kind) {
    case SHAPE_BLOB: return "a Blob";
    case SHAPE_BOOLEAN: return "a Boolean";
    case SHAPE_INTEGER: return "an Integer";
    case SHAPE_LONG: return "a Long";
    case SHAPE_FLOAT: return "a Float";
    case SHAPE_DOUBLE: return "a Double";
    case SHAPE_TIMESTAMP: return "a Timestamp";
    default: return "a String";
    }
}

static status read_scalar(struct form *form, const struct member *member,
                          const struct group *group, struct value *ret)
{
    const struct param *leaf = leaf_of(form, group);
    status read;

    if (leaf == NULL) {
        return why_set(form->why, &WIRE_SERIALIZATION,
                       "Start of structure or map found where not expected.");
    }
    read = scalar_read(scalar_of(member), leaf->value, form->arena, ret);
    if (read == &ERR_MALFORMED) {
        return why_set(form->why, &WIRE_SERIALIZATION, "%.*s can not be converted to %s",
                       STR_ARG(str_slice(leaf->value, 0, 256)),
                       kind_name(model_shape(member->shape)->kind));
    }
    return read == OK ? OK : no_room(form);
}

/* Rule 1. */
static status check_leaf(struct form *form, const struct group *group, const char *kind)
{
    const struct param *leaf = leaf_of(form, group);

    if (leaf != NULL && leaf->value.bytes > 0) {
        return why_set(form->why, &WIRE_SERIALIZATION, "Unexpected %s element termination", kind);
    }
    return OK;
}

/* What every request may carry beside its operation's members. */
static bool is_common(struct str name)
{
    static const struct str common[] = {
        STR_INIT("Action"),          STR_INIT("Version"),          STR_INIT("AWSAccessKeyId"),
        STR_INIT("Signature"),       STR_INIT("SignatureMethod"),  STR_INIT("SignatureVersion"),
        STR_INIT("Timestamp"),       STR_INIT("Expires"),          STR_INIT("SecurityToken"),
    };

    for (size_t i = 0; i < sizeof(common) / sizeof(common[0]); i++) {
        if (str_eq(name, common[i])) {
            return true;
        }
    }
    return str_starts_nocase(name, STR("X-Amz-"));
}

static bool is_called(const struct form *form, const struct member *member, struct str segment)
{
    struct names names;

    if (form->ec2) {
        return str_eq(model_text(member->query_name), segment) ||
               str_eq(model_text(member->name), segment);
    }
    if (str_eq(model_text(member->wire_name), segment)) {
        return true;
    }
    if ((member->flags & MEMBER_FLATTENED) == 0) {
        return false;
    }
    names = names_of(member, form->sqs);
    return str_eq(names.name, segment);
}

static const struct member *member_of(const struct form *form, const struct shape *shape,
                                      struct str segment, uint32_t *ret_index)
{
    for (uint32_t i = 0; i < shape->count; i++) {
        const struct member *member = &model_members[shape->first + i];
        if (is_called(form, member, segment)) {
            *ret_index = i;
            return member;
        }
    }
    return NULL;
}

static status read_members(struct form *form, const struct group *whole, struct value *structure)
{
    const struct shape *shape = model_shape(structure->shape);
    uint32_t position = whole->first;
    struct group group;
    uint32_t index = 0;

    while (next_group(form, whole, &position, &group)) {
        const struct member *member = member_of(form, shape, group.segment, &index);
        if (member != NULL) {
            TRY(read_value(form, member, &group, &structure->items[index]));
        } else if (form->ec2 && !(form->depth == 0 && is_common(group.segment))) {
            return why_set(form->why, &QUERY_UNKNOWN_PARAMETER,
                           "The parameter %.*s is not recognized",
                           STR_ARG(str_slice(form->params[group.first].name, 0, 256)));
        }
    }
    return OK;
}

static status read_structure(struct form *form, const struct member *member,
                             const struct group *group, struct value *ret)
{
    uint32_t count = model_shape(member->shape)->count;
    struct value made = {
        .kind = VALUE_STRUCT, .shape = member->shape, .count = count, .room = count};

    TRY(check_leaf(form, group, "complex"));
    TRY(enter(form));
    made.items = arena_try(form->arena, (count + 1) * sizeof(struct value));
    if (made.items == NULL) {
        return no_room(form);
    }
    memset(made.items, 0, (count + 1) * sizeof(struct value));
    TRY(read_members(form, group, &made));
    form->depth--;
    *ret = made;
    return OK;
}

/* How many numbered groups there are below whole. Everything else there is wrong. */
static status count_numbered(struct form *form, const struct group *whole, uint32_t *ret_count)
{
    uint32_t position = whole->first;
    uint32_t count = 0;
    struct group group;

    while (next_group(form, whole, &position, &group)) {
        if (!is_number(group.segment)) {
            return why_set(form->why, &WIRE_SERIALIZATION, "Key %.*s is not a valid list index",
                           STR_ARG(str_slice(form->params[group.first].name, 0, 256)));
        }
        count++;
    }
    *ret_count = count;
    return OK;
}

/* The group below whole that holds the numbers: whole itself when flattened, else that of word (or
 * of "member"). False when there is none. */
static bool numbered_group(const struct form *form, const struct group *whole, struct str word,
                           struct group *ret_group)
{
    uint32_t position = whole->first;
    struct group group;

    while (next_group(form, whole, &position, &group)) {
        if (str_eq(group.segment, word) || str_eq(group.segment, STR("member"))) {
            *ret_group = group;
            return true;
        }
        if (is_number(group.segment)) { /* as if it were flattened */
            *ret_group = *whole;
            return true;
        }
    }
    return false;
}

static status read_list(struct form *form, const struct member *member, const struct group *whole,
                        struct value *ret)
{
    struct names names = names_of(member, form->sqs);
    const struct member *of = &model_members[model_shape(member->shape)->first];
    struct value list = {.kind = VALUE_LIST, .shape = member->shape};
    struct group numbered = *whole;
    struct group group;
    uint32_t count = 0;

    TRY(check_leaf(form, whole, "list"));
    TRY(enter(form));
    list.items = NULL;
    if (form->ec2 || names.flattened || numbered_group(form, whole, names.item, &numbered)) {
        TRY(check_leaf(form, &numbered, "list"));
        TRY(count_numbered(form, &numbered, &count));
        list.items = arena_try(form->arena, (count + 1) * sizeof(struct value));
        if (list.items == NULL) {
            return no_room(form);
        }
        list.room = count + 1;
        uint32_t position = numbered.first;
        while (next_group(form, &numbered, &position, &group)) {
            TRY(read_value(form, of, &group, &list.items[list.count]));
            list.count++;
        }
    } else if (has_more(form, whole)) {
        return why_set(form->why, &WIRE_SERIALIZATION, "Unexpected list element termination");
    }
    form->depth--;
    *ret = list;
    return OK;
}

static status read_entry(struct form *form, const struct member *map, const struct names *names,
                         const struct group *whole, struct pair *ret_pair)
{
    const struct member *key = &model_members[model_shape(map->shape)->first];
    uint32_t position = whole->first;
    struct value key_value = {.kind = VALUE_NONE};
    struct group group;

    ret_pair->value = (struct value){.kind = VALUE_NONE};
    while (next_group(form, whole, &position, &group)) {
        if (str_eq(group.segment, names->key)) {
            TRY(read_scalar(form, key, &group, &key_value));
        } else if (str_eq(group.segment, names->value)) {
            TRY(read_value(form, key + 1, &group, &ret_pair->value));
        }
    }
    if (key_value.kind != VALUE_STR) {
        return why_set(form->why, &WIRE_SERIALIZATION, "Unexpected map element termination");
    }
    if (ret_pair->value.kind == VALUE_NONE &&
        model_shape(key[1].shape)->kind == SHAPE_STRUCTURE) { /* an empty one says nothing */
        const struct group nothing = {whole->end, whole->end, whole->at, whole->segment};
        TRY(read_structure(form, key + 1, &nothing, &ret_pair->value));
    }
    ret_pair->key = key_value.str;
    return OK;
}

static status read_map(struct form *form, const struct member *member, const struct group *whole,
                       struct value *ret)
{
    struct names names = names_of(member, form->sqs);
    struct value map = {.kind = VALUE_MAP, .shape = member->shape};
    struct group numbered = *whole;
    struct group group;
    uint32_t count = 0;

    TRY(check_leaf(form, whole, "map"));
    TRY(enter(form));
    map.pairs = NULL;
    if (names.flattened || numbered_group(form, whole, STR("entry"), &numbered)) {
        TRY(check_leaf(form, &numbered, "map"));
        TRY(count_numbered(form, &numbered, &count));
        map.pairs = arena_try(form->arena, (count + 1) * sizeof(struct pair));
        if (map.pairs == NULL) {
            return no_room(form);
        }
        map.room = count + 1;
        uint32_t position = numbered.first;
        while (next_group(form, &numbered, &position, &group)) {
            TRY(read_entry(form, member, &names, &group, &map.pairs[map.count]));
            map.count++;
        }
    } else if (has_more(form, whole)) {
        return why_set(form->why, &WIRE_SERIALIZATION, "Unexpected map element termination");
    }
    form->depth--;
    if (!pairs_settle(&map, form->arena, false)) {
        return no_room(form);
    }
    *ret = map;
    return OK;
}

static status read_value(struct form *form, const struct member *member, const struct group *group,
                         struct value *ret)
{
    switch ((enum shape_kind)model_shape(member->shape)->kind) {
    case SHAPE_STRUCTURE:
        return read_structure(form, member, group, ret);
    case SHAPE_LIST:
        return read_list(form, member, group, ret);
    case SHAPE_MAP:
        return read_map(form, member, group, ret);
    default:
        return read_scalar(form, member, group, ret);
    }
}

/* A request of SQS may be posted to the queue itself, and then names it by its path alone. */
static void queue_of_path(const struct route *route, struct str path, struct value *input)
{
    const struct shape *shape = model_shape(route->operation->input);

    for (uint32_t i = 0; path.bytes > 1 && i < shape->count; i++) {
        if (str_eq(model_text(model_members[shape->first + i].name), STR("QueueUrl")) &&
            input->items[i].kind == VALUE_NONE) {
            set_str(input, "QueueUrl", path);
        }
    }
}

status query_decode(const struct route *route, const struct http_request *request,
                    struct arena *arena, struct why *why, struct value *input)
{
    size_t parts = parts_of(request->query) + parts_of(request->body);
    struct form form = {
        .arena = arena,
        .why = why,
        .ec2 = route->protocol == PROTOCOL_EC2,
        .sqs = str_eq(model_text(route->service->id), STR("sqs")),
    };
    struct group all = {0, 0, 0, STR_NONE};

    assert(input->kind == VALUE_STRUCT);
    if (parts > QUERY_PARAMS_MAX) {
        return why_set(why, &WIRE_SERIALIZATION, "The request has more than %d parameters.",
                       QUERY_PARAMS_MAX);
    }
    form.params = arena_try(arena, (parts + 1) * sizeof(struct param));
    if (form.params == NULL) {
        return no_room(&form);
    }
    TRY(add_params(&form, request->query));
    TRY(add_params(&form, request->body));
    sort(&form);
    all.end = form.count;
    if (form.count > 0) {
        TRY(read_members(&form, &all, input));
    }
    if (form.sqs) {
        queue_of_path(route, request->path, input);
    }
    return OK;
}
