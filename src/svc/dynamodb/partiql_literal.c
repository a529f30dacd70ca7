/* SPDX-License-Identifier: Apache-2.0
 *
 * Values as PartiQL writes them: 'text', numbers, TRUE, FALSE, NULL, [lists], {'maps': 1},
 * <<sets>>, and ? for the next parameter. They are packed at once, from the inside out.
 */
#include "svc/dynamodb/number.h"
#include "svc/dynamodb/partiql_int.h"

#include <assert.h>
#include <stdlib.h>

#define INVALID "One or more parameter values were invalid: "
#define PLACE_TEXT_BYTES_MAX 256
#define COLLECTION_TEXT_BYTES_MAX 1024

/* What is read so far of a list, a map or a set. */
struct element {
    struct str name;       /* a map's */
    struct datum value;    /* or a set's member as a scalar */
    struct element *next;  /* as written */
};

struct elements {
    struct element *first; /* as written */
    struct element *last;
    size_t count;          /* of them */
    size_t bytes;          /* at most, packed */
};

static void elements_add(struct reader *r, struct elements *elements, struct str name,
                         struct datum value)
{
    struct element *element = ARENA_NEW(r->terms.arena, struct element);

    *element = (struct element){name, value, NULL};
    if (elements->last == NULL) {
        elements->first = element;
    } else {
        elements->last->next = element;
    }
    elements->last = element;
    elements->count++;
    elements->bytes += DATUM_HEAD_BYTES_MAX + name.bytes + datum_packed_bytes_max(value);
}

static status room_for(struct reader *r, size_t bytes, char **ret_room)
{
    *ret_room = arena_try(r->terms.arena, bytes + 1);
    if (*ret_room == NULL) {
        return why_set(r->terms.why, &ERR_LIMIT, "no memory for a value of %zu bytes", bytes);
    }
    return OK;
}

/* ---- numbers ---- */

/* "root.a[1]" */
static void place_text(const struct place *place, struct buf *buf)
{
    if (place == NULL) {
        buf_add(buf, STR("root"));
        return;
    }
    place_text(place->outer, buf);
    if (place->name.bytes > 0) {
        buf_add_c(buf, '.');
        buf_add(buf, place->name);
    } else {
        buf_printf(buf, "[%u]", place->index);
    }
}

static status refuse_number(struct reader *r, const struct place *place)
{
    struct why why = *r->terms.why;
    struct buf buf;

    buf_init(&buf, PLACE_TEXT_BYTES_MAX);
    place_text(place, &buf);
    why_set(r->terms.why, &DDB_VALIDATION, "%s under %.*s", why.text,
            buf_spent(&buf) ? 4 : (int)buf.bytes, buf_spent(&buf) ? "root" : buf.at);
    buf_done(&buf);
    return &DDB_VALIDATION;
}

static status number_read(struct reader *r, const struct place *place, struct datum *ret_datum)
{
    bool minus = false;
    struct number number;
    char *packed;

    while (now_is(r, "-") || now_is(r, "+")) {
        minus ^= now_is(r, "-");
        reader_step(r);
    }
    if (r->now.kind != LEXEME_NUMBER) {
        return reader_refuse_term(r);
    }
    if (number_parse(r->now.text, r->terms.why, &number) != OK) {
        return refuse_number(r, place);
    }
    number.sign = (int8_t)(minus ? -number.sign : number.sign);
    packed = arena_alloc(r->terms.arena, NUMBER_PACKED_BYTES_MAX);
    *ret_datum = (struct datum){DATUM_N, str_of(packed, number_pack(&number, packed))};
    reader_step(r);
    return OK;
}

/* ---- lists ---- */

static unsigned depth_of(const struct place *place)
{
    unsigned depth = 1;

    for (; place != NULL; place = place->outer) {
        depth++;
    }
    return depth;
}

/* Between an opening and a closing sign: the next element begins; false: it closes here. */
static status element_follows(struct reader *r, const char *closing, size_t count, bool *ret_more)
{
    *ret_more = false;
    if (count == 0 ? reader_skip(r, closing) : !now_is(r, ",")) {
        if (count == 0 || reader_skip(r, closing)) {
            return OK;
        }
        return reader_refuse(r, "Unexpected term");
    }
    if (count > 0) {
        reader_step(r);
    }
    *ret_more = true;
    return OK;
}

static status list_read(struct reader *r, const struct place *place, struct datum *ret_datum)
{
    struct elements elements = {0};
    bool more = false;
    char *body;
    char *to;

    TRY(element_follows(r, "]", 0, &more));
    while (more) {
        struct place inner = {place, STR_NONE, (uint32_t)elements.count};
        struct datum value;

        TRY(literal_read(r, &inner, &value));
        elements_add(r, &elements, STR_NONE, value);
        TRY(element_follows(r, "]", elements.count, &more));
    }
    TRY(room_for(r, elements.bytes, &body));
    to = body;
    for (const struct element *one = elements.first; one != NULL; one = one->next) {
        to = datum_put(to, one->value);
    }
    *ret_datum = (struct datum){DATUM_L, str_of(body, (size_t)(to - body))};
    return OK;
}

/* ---- maps ---- */

static int element_cmp(const void *a, const void *b)
{
    return str_cmp((*(const struct element *const *)a)->name,
                   (*(const struct element *const *)b)->name);
}

/* The pairs, packed behind ahead bytes of room; of a name that is there twice the last one. */
static status pairs_pack(struct reader *r, const struct elements *elements, size_t ahead,
                         struct str *ret_body)
{
    const struct element **sorted = arena_alloc(r->terms.arena,
                                                (elements->count + 1) * sizeof(*sorted));
    size_t count = 0;
    char *body;
    char *to;

    for (const struct element *one = elements->first; one != NULL; one = one->next) {
        size_t at = 0;

        while (at < count && !str_eq(sorted[at]->name, one->name)) {
            at++;
        }
        sorted[at] = one;
        count += at == count;
    }
    qsort(sorted, count, sizeof(*sorted), element_cmp);
    TRY(room_for(r, ahead + elements->bytes, &body));
    to = body = body + ahead;
    for (size_t i = 0; i < count; i++) {
        to = datum_put(datum_put_str(to, sorted[i]->name), sorted[i]->value);
    }
    *ret_body = str_of(body, (size_t)(to - body));
    return OK;
}

/* 'name': */
static status name_read(struct reader *r, struct str *ret_name)
{
    if (r->now.kind != LEXEME_STRING && r->now.kind != LEXEME_QUOTED) {
        return reader_refuse_term(r);
    }
    *ret_name = r->now.name;
    reader_step(r);
    return reader_skip(r, ":") ? OK : reader_refuse(r, "Unexpected term");
}

/* root: the pairs are an item's attributes, each a root of its own. */
static status pairs_read(struct reader *r, const struct place *place, bool root,
                         struct elements *ret_elements)
{
    struct elements elements = {0};
    bool more = false;

    TRY(element_follows(r, "}", 0, &more));
    while (more) {
        struct place inner = {.outer = place};
        struct datum value;

        TRY(name_read(r, &inner.name));
        TRY(literal_read(r, root ? NULL : &inner, &value));
        elements_add(r, &elements, inner.name, value);
        TRY(element_follows(r, "}", elements.count, &more));
    }
    *ret_elements = elements;
    return OK;
}

static status map_read(struct reader *r, const struct place *place, struct datum *ret_datum)
{
    struct elements elements;

    TRY(pairs_read(r, place, false, &elements));
    ret_datum->type = DATUM_M;
    return pairs_pack(r, &elements, 0, &ret_datum->body);
}

/* ---- sets ---- */

static int member_cmp(const void *a, const void *b)
{
    return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

static status refuse_duplicates(struct reader *r, const struct elements *elements, uint8_t type)
{
    struct buf text;

    if (type == DATUM_N) {
        return why_set(r->terms.why, &DDB_VALIDATION, "Input collection contains duplicates");
    }
    buf_init(&text, COLLECTION_TEXT_BYTES_MAX);
    for (const struct element *one = elements->first; one != NULL && !buf_spent(&text);
         one = one->next) {
        buf_add(&text, one == elements->first ? STR("") : STR(", "));
        buf_add(&text, one->value.body);
    }
    why_set(r->terms.why, &DDB_VALIDATION, INVALID "Input collection [%.*s] contains duplicates.",
            STR_ARG(buf_str(&text)));
    buf_done(&text);
    return &DDB_VALIDATION;
}

static status members_check(struct reader *r, const struct elements *elements)
{
    uint8_t type = elements->count > 0 ? elements->first->value.type : (uint8_t)DATUM_NONE;

    if (elements->count == 0) {
        return why_set(r->terms.why, &DDB_VALIDATION, "Empty bags are not supported");
    }
    for (const struct element *one = elements->first; one != NULL; one = one->next) {
        if ((one->value.type != DATUM_S && one->value.type != DATUM_N) ||
            one->value.type != type) {
            return why_set(r->terms.why, &DDB_VALIDATION,
                           "DynamoDB only supports either numbers or strings in bags");
        }
        if (one->value.body.bytes == 0) {
            return why_set(r->terms.why, &DDB_VALIDATION, INVALID
                           "An string set may not have a empty string as a member");
        }
    }
    return OK;
}

static status members_pack(struct reader *r, const struct elements *elements,
                           struct datum *ret_datum)
{
    struct str *members = arena_alloc(r->terms.arena, elements->count * sizeof(*members));
    uint8_t type = elements->first->value.type;
    size_t count = 0;
    char *body;
    char *to;

    for (const struct element *one = elements->first; one != NULL; one = one->next) {
        members[count++] = one->value.body;
    }
    qsort(members, count, sizeof(*members), member_cmp);
    TRY(room_for(r, elements->bytes, &body));
    to = body;
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && str_eq(members[i - 1], members[i])) {
            return refuse_duplicates(r, elements, type);
        }
        to = datum_put_str(to, members[i]);
    }
    *ret_datum = (struct datum){type == DATUM_S ? DATUM_SS : DATUM_NS,
                                str_of(body, (size_t)(to - body))};
    return OK;
}

static status set_read(struct reader *r, const struct place *place, struct datum *ret_datum)
{
    struct elements elements = {0};
    bool more = false;

    TRY(element_follows(r, ">>", 0, &more));
    while (more) {
        struct place inner = {place, STR_NONE, (uint32_t)elements.count};
        struct datum value;

        if (now_is(r, "?")) {
            return why_set(r->terms.why, &DDB_VALIDATION, "Unsupported data type in Bag");
        }
        TRY(literal_read(r, &inner, &value));
        elements_add(r, &elements, STR_NONE, value);
        TRY(element_follows(r, ">>", elements.count, &more));
    }
    TRY(members_check(r, &elements));
    return members_pack(r, &elements, ret_datum);
}

struct datum *datum_elements(struct arena *arena, struct datum many, size_t *ret_count)
{
    size_t count = datum_count(many);
    struct datum *elements = arena_alloc(arena, (count + 1) * sizeof(*elements));
    struct cursor cursor = cursor_of(many.body);

    assert(many.type == DATUM_L || datum_is_set(many.type));
    for (size_t i = 0; i < count; i++) {
        elements[i] = many.type == DATUM_L ? datum_read(&cursor)
                                           : datum_read_member(&cursor, many.type);
    }
    *ret_count = count;
    return elements;
}

/* ---- any ---- */

static status parameter_read(struct reader *r, struct datum *ret_datum)
{
    if (r->values_used == r->values->count) {
        return why_set(r->terms.why, &DDB_VALIDATION,
                       "Number of parameters in request and statement don't match.");
    }
    *ret_datum = r->values->at[r->values_used++];
    reader_step(r);
    return OK;
}

bool literal_begins(const struct reader *r)
{
    static const char *const words[] = {"TRUE", "FALSE", "NULL", "?",  "[",
                                        "{",    "<<",    "-",    "+",  NULL};

    for (const char *const *one = words; *one != NULL; one++) {
        if (now_is(r, *one)) {
            return true;
        }
    }
    return r->now.kind == LEXEME_STRING || r->now.kind == LEXEME_NUMBER;
}

static status scalar_read(struct reader *r, const struct place *place, struct datum *ret_datum)
{
    if (r->now.kind == LEXEME_STRING) {
        *ret_datum = (struct datum){DATUM_S, r->now.name};
    } else if (now_is(r, "NULL")) {
        *ret_datum = (struct datum){DATUM_NULL, STR_NONE};
    } else if (now_is(r, "TRUE") || now_is(r, "FALSE")) {
        *ret_datum = (struct datum){DATUM_BOOL, now_is(r, "TRUE") ? STR("\1") : STR("\0")};
    } else if (now_is(r, "?")) {
        return parameter_read(r, ret_datum);
    } else {
        return number_read(r, place, ret_datum);
    }
    reader_step(r);
    return OK;
}

status literal_read(struct reader *r, const struct place *place, struct datum *ret_datum)
{
    if (!literal_begins(r)) {
        bool name = r->now.kind == LEXEME_WORD || r->now.kind == LEXEME_QUOTED ||
                    lexeme_is(&r->next, "(");

        return name ? reader_refuse_at(r, &r->now, "Unsupported data type: %.*s under key root",
                                       STR_ARG(r->now.name))
                    : reader_refuse_term(r);
    }
    if (depth_of(place) > DATUM_DEPTH_MAX) {
        return why_set(r->terms.why, &DDB_VALIDATION, "Nesting Levels have exceeded supported "
                       "limits: Attributes in the item have nested levels beyond supported limit");
    }
    if (reader_skip(r, "[")) {
        return list_read(r, place, ret_datum);
    }
    if (reader_skip(r, "{")) {
        return map_read(r, place, ret_datum);
    }
    if (reader_skip(r, "<<")) {
        return set_read(r, place, ret_datum);
    }
    return scalar_read(r, place, ret_datum);
}

/* INSERT's value: a map, or one parameter that is a map. */
status literal_item(struct reader *r, struct item *ret_item)
{
    struct elements elements;
    struct datum value;
    struct str body;
    char *room;

    if (reader_skip(r, "{")) {
        TRY(pairs_read(r, NULL, true, &elements));
        TRY(pairs_pack(r, &elements, ITEM_HEAD_BYTES_MAX, &body));
        room = (char *)(uintptr_t)body.at;
        return item_make(room, room + body.bytes, r->terms.why, ret_item);
    }
    TRY(literal_read(r, NULL, &value));
    if (value.type != DATUM_M) {
        return why_set(r->terms.why, &DDB_VALIDATION,
                       "Insert value must be a map of attribute names to values");
    }
    TRY(room_for(r, ITEM_HEAD_BYTES_MAX + value.body.bytes, &room));
    room += ITEM_HEAD_BYTES_MAX;
    if (value.body.bytes > 0) {
        memcpy(room, value.body.at, value.body.bytes);
    }
    return item_make(room, room + value.body.bytes, r->terms.why, ret_item);
}

status statement_values_read(struct arena *arena, const struct value *list, struct why *why,
                             struct values *ret_values)
{
    struct values values = {NULL, 0};

    if (list != NULL) {
        values.at = arena_alloc(arena, (list->count + 1) * sizeof(*values.at));
        for (uint32_t i = 0; i < list->count; i++) {
            TRY(datum_from_value(arena, &list->items[i], why, &values.at[values.count++]));
        }
    }
    *ret_values = values;
    return OK;
}
