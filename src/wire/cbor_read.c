/* SPDX-License-Identifier: Apache-2.0
 *
 * CBOR into a value tree. Strings of definite length stay where they are in the text; those that
 * came in pieces are put together in the arena.
 *
 *     item = head content            head = | major 3 bits | info 5 bits | 0, 1, 2, 4 or 8 bytes |
 *     major 0 unsigned, 1 negative (-1 - n), 2 bytes, 3 text, 4 list, 5 map, 6 tag, 7 simple, float
 *     info  0..23 the number itself, 24..27 it follows, 31 of unknown length (closed by 0xff)
 *
 * Rules
 *  1. The model decides what an item becomes; what does not fit is refused with AWS's sentence
 *     (mismatch.h), what is no CBOR without one.
 *  2. Nulls, repeated keys and numbers that are too large are treated as in JSON (json_read.c).
 *  3. A stated length is believed only as far as there are bytes, and memory is taken as items
 *     really come.
 *  4. Tags: 1 is a moment, 2 and 3 are large integers, 4 a decimal fraction; others are skipped.
 *     Each counts as one level of depth.
 */
#include "wire/cbor.h"
#include "wire/json_int.h"
#include "wire/mismatch.h"
#include "wire/pairs.h"
#include "wire/wire.h"

#include "base/codec.h"

#include <assert.h>
#include <math.h>

#define NO_LENGTH UINT64_MAX /* of what is closed by a break */
#define MOMENT_MS_MAX 9e17   /* far beyond any calendar, well within 64 bits */

enum major { UNSIGNED, NEGATIVE, BYTES, TEXT, LIST, MAP, TAG, SIMPLE };

struct reader {
    const uint8_t *at;   /* the next byte */
    const uint8_t *end;  /* behind the last one */
    struct arena *arena; /* of the tree */
    struct why *why;     /* of the caller */
    uint32_t values;     /* made so far, of at most WIRE_VALUES_MAX */
    uint32_t depth;      /* lists, maps, structures and tags open now */
    bool times_ms;       /* see struct cbor_text */
};

struct head {
    uint8_t major;   /* enum major */
    uint8_t info;    /* the lower five bits */
    uint64_t number; /* what info stands for; NO_LENGTH for 31 */
};

static status read_item(struct reader *r, uint32_t shape, struct value *ret_value);

static enum shape_kind kind_of(uint32_t shape)
{
    return (enum shape_kind)model_shape(shape)->kind;
}

static size_t left(const struct reader *r)
{
    return (size_t)(r->end - r->at);
}

static status no_room(struct reader *r)
{
    return why_set(r->why, &ERR_LIMIT, "The request holds more values than can be taken.");
}

/* ---- heads and strings ---- */

static status read_head(struct reader *r, struct head *ret_head)
{
    struct head head;

    if (r->at == r->end) {
        return malformed(r->why);
    }
    head.major = *r->at >> 5;
    head.info = *r->at++ & 31;
    head.number = head.info;
    if (head.info >= 24 && head.info <= 27) {
        size_t bytes = (size_t)1 << (head.info - 24);
        if (left(r) < bytes) {
            return malformed(r->why);
        }
        head.number = 0;
        for (size_t i = 0; i < bytes; i++) {
            head.number = head.number << 8 | *r->at++;
        }
        if (head.number == NO_LENGTH && head.major >= BYTES) {
            return malformed(r->why); /* no text is that long */
        }
    } else if (head.info == 31 && head.major >= BYTES && head.major <= MAP) {
        head.number = NO_LENGTH;
    } else if (head.info > 27) {
        return malformed(r->why);
    }
    *ret_head = head;
    return OK;
}

static bool take_break(struct reader *r)
{
    if (r->at == r->end || *r->at != 0xff) {
        return false;
    }
    r->at++;
    return true;
}

static status take_piece(struct reader *r, uint64_t bytes, struct str *ret_piece)
{
    if (bytes > left(r)) {
        return malformed(r->why);
    }
    *ret_piece = str_of(r->at, (size_t)bytes);
    r->at += bytes;
    return OK;
}

/* The pieces of a string of unknown length, copied to (which may be NULL: only counted). */
static status gather(struct reader *r, uint8_t major, char *to, size_t *ret_bytes)
{
    size_t bytes = 0;

    while (!take_break(r)) {
        struct head head;
        struct str piece;
        TRY(read_head(r, &head));
        if (head.major != major || head.number == NO_LENGTH) {
            return malformed(r->why);
        }
        TRY(take_piece(r, head.number, &piece));
        if (to != NULL && piece.bytes > 0) {
            memcpy(to + bytes, piece.at, piece.bytes);
        }
        if (major == TEXT && !utf8_valid(piece)) {
            return malformed(r->why);
        }
        bytes += piece.bytes;
    }
    *ret_bytes = bytes;
    return OK;
}

/* A string's content behind its head. */
static status read_string(struct reader *r, const struct head *head, struct str *ret_string)
{
    struct str string;
    const uint8_t *start = r->at;
    size_t bytes;
    char *to;

    if (head->number != NO_LENGTH) {
        TRY(take_piece(r, head->number, &string));
        if (head->major == TEXT && !utf8_valid(string)) {
            return malformed(r->why);
        }
        *ret_string = string;
        return OK;
    }
    TRY(gather(r, head->major, NULL, &bytes));
    to = arena_try(r->arena, bytes + 1);
    if (to == NULL) {
        return no_room(r);
    }
    r->at = start;
    TRY(gather(r, head->major, to, &bytes));
    *ret_string = str_of(to, bytes);
    return OK;
}

/* ---- numbers and moments ---- */

static double half_to_double(uint16_t half)
{
    int exponent = half >> 10 & 31;
    int fraction = half & 1023;
    double size = exponent == 0    ? ldexp(fraction, -24)
                  : exponent != 31 ? ldexp(fraction + 1024, exponent - 25)
                  : fraction == 0  ? (double)INFINITY
                                   : (double)NAN;

    return half & 0x8000 ? -size : size;
}

static double float_of(const struct head *head)
{
    if (head->info == 25) {
        return half_to_double((uint16_t)head->number);
    }
    if (head->info == 26) {
        uint32_t bits = (uint32_t)head->number;
        float single;
        memcpy(&single, &bits, sizeof(single));
        return (double)single;
    }
    double real;
    memcpy(&real, &head->number, sizeof(real));
    return real;
}

static status set_moment(struct reader *r, double ms, struct value *ret)
{
    if (!(fabs(ms) < MOMENT_MS_MAX)) {
        return malformed(r->why);
    }
    ret->kind = VALUE_TIME;
    ret->moment_ms = llround(ms);
    return OK;
}

/* A whole number that 64 bits hold. */
static status set_whole(struct reader *r, uint32_t shape, int64_t number, struct value *ret)
{
    switch (kind_of(shape)) {
    case SHAPE_INTEGER:
        number = number > INT32_MAX ? INT32_MAX : number < INT32_MIN ? INT32_MIN : number;
        /* fall through */
    case SHAPE_LONG:
    case SHAPE_DOCUMENT:
        ret->kind = VALUE_INT;
        ret->number = number;
        return OK;
    case SHAPE_FLOAT:
    case SHAPE_DOUBLE:
        ret->kind = VALUE_DOUBLE;
        ret->real = (double)number;
        return OK;
    case SHAPE_TIMESTAMP:
        if (fabs((double)number) > MOMENT_MS_MAX / 1000) {
            return set_moment(r, (double)number * (r->times_ms ? 1 : 1000), ret);
        }
        ret->kind = VALUE_TIME;
        ret->moment_ms = r->times_ms ? number : number * 1000;
        return OK;
    default:
        return mismatch(r->why, FOUND_NUMBER, shape);
    }
}

static status set_real(struct reader *r, uint32_t shape, double real, struct value *ret)
{
    switch (kind_of(shape)) {
    case SHAPE_FLOAT:
    case SHAPE_DOUBLE:
    case SHAPE_DOCUMENT:
        ret->kind = VALUE_DOUBLE;
        ret->real = real;
        return OK;
    case SHAPE_INTEGER:
    case SHAPE_LONG:
        if (!(real < TWO_TO_63 && real >= -TWO_TO_63)) {
            return malformed(r->why);
        }
        return set_whole(r, shape, (int64_t)real, ret);
    case SHAPE_TIMESTAMP:
        return set_moment(r, r->times_ms && fabs(real) > 1e11 ? real : real * 1000, ret);
    default:
        return mismatch(r->why, FOUND_NUMBER, shape);
    }
}

static status set_integer(struct reader *r, uint32_t shape, const struct head *head,
                          struct value *ret)
{
    bool negative = head->major == NEGATIVE;
    enum shape_kind kind = kind_of(shape);

    if (head->number <= INT64_MAX) {
        int64_t number = (int64_t)head->number;
        return set_whole(r, shape, negative ? -1 - number : number, ret);
    }
    if (kind == SHAPE_INTEGER) {
        return set_whole(r, shape, negative ? INT64_MIN : INT64_MAX, ret);
    }
    return set_real(r, shape, negative ? -1 - (double)head->number : (double)head->number, ret);
}

/* Tags 2 and 3: bytes of a large number, the first the most significant. */
static status set_large(struct reader *r, uint32_t shape, bool negative, struct value *ret)
{
    struct head head;
    struct str bytes;
    double real = 0;

    TRY(read_head(r, &head));
    if (head.major != BYTES) {
        return malformed(r->why);
    }
    TRY(read_string(r, &head, &bytes));
    while (bytes.bytes > 0 && bytes.at[0] == 0) {
        bytes = str_slice(bytes, 1, bytes.bytes);
    }
    head = (struct head){negative ? NEGATIVE : UNSIGNED, 27, 0};
    for (size_t i = 0; i < bytes.bytes; i++) {
        head.number = head.number << 8 | (uint8_t)bytes.at[i];
        real = real * 256 + (uint8_t)bytes.at[i];
    }
    if (bytes.bytes <= 8) {
        return set_integer(r, shape, &head, ret);
    }
    return set_real(r, shape, negative ? -1 - real : real, ret);
}

/* Tag 4: [power of ten, digits]. */
static status set_decimal(struct reader *r, uint32_t shape, struct value *ret)
{
    struct value parts;

    TRY(read_item(r, 0, &parts));
    if (parts.kind != VALUE_LIST || parts.count != 2 || parts.items[0].kind != VALUE_INT ||
        parts.items[0].number < -400 || parts.items[0].number > 400) {
        return malformed(r->why);
    }
    double digits = parts.items[1].kind == VALUE_INT      ? (double)parts.items[1].number
                    : parts.items[1].kind == VALUE_DOUBLE ? parts.items[1].real
                                                          : (double)NAN;
    int power = (int)parts.items[0].number;
    double real = power < 0 ? digits / pow(10, -power) : digits * pow(10, power);
    return isfinite(real) ? set_real(r, shape, real, ret) : malformed(r->why);
}

static status set_tagged_moment(struct reader *r, uint32_t shape, struct value *ret)
{
    uint32_t values = r->values;

    TRY(read_item(r, shape, ret));
    r->values = values; /* the tag and its number are one value */
    if (kind_of(shape) != SHAPE_DOCUMENT || ret->kind == VALUE_TIME) {
        return OK;
    }
    if (ret->kind == VALUE_INT) {
        return set_moment(r, (double)ret->number * (r->times_ms ? 1 : 1000), ret);
    }
    return ret->kind == VALUE_DOUBLE ? set_moment(r, ret->real * 1000, ret) : malformed(r->why);
}

static status enter(struct reader *r)
{
    if (++r->depth > WIRE_DEPTH_MAX) {
        return why_set(r->why, &WIRE_SERIALIZATION, "Nesting is deeper than %d levels",
                       WIRE_DEPTH_MAX);
    }
    return OK;
}

static status read_tagged(struct reader *r, uint32_t shape, uint64_t tag, struct value *ret)
{
    TRY(enter(r));
    switch (tag) {
    case 1:
        TRY(set_tagged_moment(r, shape, ret));
        break;
    case 2:
    case 3:
        TRY(set_large(r, shape, tag == 3, ret));
        break;
    case 4:
        TRY(set_decimal(r, shape, ret));
        break;
    default:
        TRY(read_item(r, shape, ret));
    }
    r->depth--;
    return OK;
}

/* ---- what holds values ---- */

/* Whether another item follows in what head opened, of which done are read. */
static bool is_more(struct reader *r, const struct head *head, uint64_t done)
{
    return head->number == NO_LENGTH ? !take_break(r) : done < head->number;
}

static status grow(struct reader *r, struct value *many, size_t bytes)
{
    uint32_t room = many->room == 0 ? 4 : many->room * 2;
    void *at;

    if (many->count < many->room) {
        return OK;
    }
    at = arena_grow_try(r->arena, many->items, many->room * bytes, room * bytes);
    if (at == NULL) {
        return no_room(r);
    }
    many->items = at;
    many->room = room;
    return OK;
}

static status read_list(struct reader *r, uint32_t shape, const struct head *head,
                        struct value *ret)
{
    uint32_t of = kind_of(shape) == SHAPE_LIST ? model_members[model_shape(shape)->first].shape : 0;
    struct value made = {.kind = VALUE_LIST, .shape = shape};
    struct value item;

    made.items = NULL;
    for (uint64_t done = 0; is_more(r, head, done); done++) {
        TRY(read_item(r, of, &item));
        if (item.kind == VALUE_NULL && kind_of(of) != SHAPE_DOCUMENT) {
            continue;
        }
        TRY(grow(r, &made, sizeof(struct value)));
        made.items[made.count++] = item;
    }
    *ret = made;
    return OK;
}

static status read_key(struct reader *r, struct str *ret_key)
{
    struct head head;

    TRY(read_head(r, &head));
    return head.major == TEXT ? read_string(r, &head, ret_key) : malformed(r->why);
}

static status read_map(struct reader *r, uint32_t shape, const struct head *head,
                       struct value *ret)
{
    uint32_t of =
        kind_of(shape) == SHAPE_MAP ? model_members[model_shape(shape)->first + 1].shape : 0;
    struct value made = {.kind = VALUE_MAP, .shape = shape};
    struct pair pair;

    made.pairs = NULL;
    for (uint64_t done = 0; is_more(r, head, done); done++) {
        TRY(read_key(r, &pair.key));
        TRY(read_item(r, of, &pair.value));
        TRY(grow(r, &made, sizeof(struct pair)));
        made.pairs[made.count++] = pair;
    }
    if (!pairs_settle(&made, r->arena, kind_of(of) == SHAPE_DOCUMENT)) {
        return no_room(r);
    }
    *ret = made;
    return OK;
}

static uint32_t member_of_key(const struct shape *shape, uint32_t guess, struct str key)
{
    if (guess < shape->count && str_eq(json_key(&model_members[shape->first + guess]), key)) {
        return guess;
    }
    uint32_t i = 0;
    while (i < shape->count && !str_eq(json_key(&model_members[shape->first + i]), key)) {
        i++;
    }
    return i;
}

static status read_member(struct reader *r, struct value *structure, uint32_t *guess)
{
    const struct shape *shape = model_shape(structure->shape);
    struct str key;
    struct value unknown;

    TRY(read_key(r, &key));
    uint32_t i = member_of_key(shape, *guess, key);
    if (i == shape->count) {
        return read_item(r, 0, &unknown);
    }
    *guess = i + 1;
    TRY(read_item(r, model_members[shape->first + i].shape, &structure->items[i]));
    if (structure->items[i].kind == VALUE_NULL &&
        kind_of(structure->items[i].shape) != SHAPE_DOCUMENT) {
        structure->items[i].kind = VALUE_NONE;
    }
    return OK;
}

static status read_structure(struct reader *r, uint32_t shape, const struct head *head,
                             struct value *ret)
{
    uint32_t count = model_shape(shape)->count;
    struct value made = {.kind = VALUE_STRUCT, .shape = shape, .count = count, .room = count};
    uint32_t guess = 0;

    made.items = arena_try(r->arena, (count + 1) * sizeof(struct value));
    if (made.items == NULL) {
        return no_room(r);
    }
    memset(made.items, 0, (count + 1) * sizeof(struct value));
    for (uint64_t done = 0; is_more(r, head, done); done++) {
        TRY(read_member(r, &made, &guess));
    }
    *ret = made;
    return OK;
}

static status read_holder(struct reader *r, uint32_t shape, const struct head *head,
                          struct value *ret)
{
    enum shape_kind kind = kind_of(shape);

    TRY(enter(r));
    if (head->major == LIST) {
        if (kind != SHAPE_LIST && kind != SHAPE_DOCUMENT) {
            return mismatch(r->why, FOUND_LIST, shape);
        }
        TRY(read_list(r, shape, head, ret));
    } else if (kind == SHAPE_STRUCTURE) {
        TRY(read_structure(r, shape, head, ret));
    } else if (kind == SHAPE_MAP || kind == SHAPE_DOCUMENT) {
        TRY(read_map(r, shape, head, ret));
    } else {
        return mismatch(r->why, FOUND_MAP, shape);
    }
    r->depth--;
    return OK;
}

/* ---- items ---- */

static status set_string(struct reader *r, uint32_t shape, const struct head *head,
                         struct value *ret)
{
    enum shape_kind kind = kind_of(shape);
    bool text = head->major == TEXT;

    TRY(read_string(r, head, &ret->str));
    if (kind != SHAPE_DOCUMENT && kind != (text ? SHAPE_STRING : SHAPE_BLOB)) {
        return mismatch(r->why, text ? FOUND_STRING : FOUND_BYTES, shape);
    }
    ret->kind = text ? VALUE_STR : VALUE_BLOB;
    return OK;
}

static status set_simple(struct reader *r, uint32_t shape, const struct head *head,
                         struct value *ret)
{
    if (head->info >= 25 && head->info <= 27) {
        return set_real(r, shape, float_of(head), ret);
    }
    if (head->info == 22 || head->info == 23) { /* null, undefined */
        ret->kind = VALUE_NULL;
        return OK;
    }
    if (head->info != 20 && head->info != 21) {
        return malformed(r->why);
    }
    if (kind_of(shape) != SHAPE_BOOLEAN && kind_of(shape) != SHAPE_DOCUMENT) {
        return mismatch(r->why, head->info == 21 ? FOUND_TRUE : FOUND_FALSE, shape);
    }
    ret->kind = VALUE_BOOL;
    ret->truth = head->info == 21;
    return OK;
}

static status read_item(struct reader *r, uint32_t shape, struct value *ret_value)
{
    struct value value = {.kind = VALUE_NONE, .shape = shape};
    struct head head;

    if (++r->values > WIRE_VALUES_MAX) {
        return no_room(r);
    }
    TRY(read_head(r, &head));
    switch ((enum major)head.major) {
    case UNSIGNED:
    case NEGATIVE:
        TRY(set_integer(r, shape, &head, &value));
        break;
    case BYTES:
    case TEXT:
        TRY(set_string(r, shape, &head, &value));
        break;
    case LIST:
    case MAP:
        TRY(read_holder(r, shape, &head, &value));
        break;
    case TAG:
        TRY(read_tagged(r, shape, head.number, &value));
        break;
    case SIMPLE:
        TRY(set_simple(r, shape, &head, &value));
        break;
    }
    *ret_value = value;
    return OK;
}

status cbor_read(struct cbor_text text, uint32_t shape, struct arena *arena, struct why *why,
                 struct value *ret_value)
{
    struct reader r = {
        .at = (const uint8_t *)text.bytes.at,
        .end = (const uint8_t *)text.bytes.at + text.bytes.bytes,
        .arena = arena,
        .why = why,
        .times_ms = text.times_ms,
    };
    struct value value;

    assert(shape < model_shape_count);
    if (text.bytes.bytes == 0) {
        return malformed(why);
    }
    TRY(read_item(&r, shape, &value));
    if (r.at != r.end) {
        return malformed(why);
    }
    *ret_value = value;
    return OK;
}
