/* SPDX-License-Identifier: Apache-2.0
 *
 * JSON into a value tree, in one pass over the text and in place.
 *
 * Rules
 *  1. The model decides what a token becomes; a token that does not fit is refused with AWS's
 *     sentence (mismatch.h), broken JSON without one.
 *  2. What AWS's servers forgive is forgiven: a fraction is cut off where an integer is expected,
 *     an integer beyond 32 bits becomes the nearest that fits (so that the model's range is what
 *     refuses it), "true", "yes", "t", "y", "1" and their opposites in any case are booleans. An
 *     integer beyond 64 bits is refused.
 *  3. A null is as if it had not been said: the member is unset, the element or pair left out.
 *     Only documents keep it.
 *  4. A key that comes twice keeps its last value, in a map at its first place.
 *  5. Nothing behind the cursor is needed again, so strings are unescaped and base64 decoded over
 *     their own text. Texts end where they end: there is no zero behind them.
 *  6. Lists and maps grow by doubling in the arena; what they outgrow is given up, at most as much
 *     again as the final one.
 *  7. A member that is JSON in a string (jsonvalue) may also come as that JSON, as botocore sends
 *     it.
 *  8. The next member is guessed to be the one after the last, as clients send them; a guess costs
 *     one comparison.
 */
#include "wire/json_int.h"
#include "wire/mismatch.h"
#include "wire/pairs.h"
#include "wire/wire.h"

#include "base/buf.h"
#include "base/codec.h"
#include "base/time.h"

#include <assert.h>
#include <math.h>

#define JSON_VALUE_BYTES_MAX (1u << 20) /* of one member that is JSON in a string */

struct reader {
    char *at;            /* the next byte */
    const char *end;     /* behind the text's last byte */
    struct arena *arena; /* of the tree */
    struct why *why;     /* of the caller */
    uint32_t values;     /* made so far, of at most WIRE_VALUES_MAX */
    uint32_t depth;      /* lists, maps and structures open now */
};

/* What is to be made of the next token. */
struct wanted {
    uint32_t shape;      /* index; 0: whatever comes */
    uint8_t time_format; /* the member's; TIME_DEFAULT: the shape's */
};

static status read_value(struct reader *r, struct wanted wanted, struct value *ret_value);

static struct wanted wanted_of(uint32_t member)
{
    return (struct wanted){model_members[member].shape, model_members[member].time_format};
}

/* ---- tokens ---- */

static inline void skip_space(struct reader *r)
{
    while (r->at < r->end &&
           (*r->at == ' ' || *r->at == '\n' || *r->at == '\t' || *r->at == '\r')) {
        r->at++;
    }
}

/* The next byte after white space; 0, which is in no token, at the end. */
static inline char peek(struct reader *r)
{
    skip_space(r);
    return r->at < r->end ? *r->at : 0;
}

static inline bool take(struct reader *r, char c)
{
    if (peek(r) != c) {
        return false;
    }
    r->at++;
    return true;
}

static bool take_word(struct reader *r, struct str word)
{
    if (!str_starts(str_of(r->at, (size_t)(r->end - r->at)), word)) {
        return false;
    }
    r->at += word.bytes;
    return true;
}

/* Four hex digits at the cursor; -1 where they are not. */
static int32_t take_hex4(struct reader *r)
{
    unsigned char bytes[2];

    if (r->end - r->at < 4 || !hex_decode(str_of(r->at, 4), (char *)bytes)) {
        return -1;
    }
    r->at += 4;
    return bytes[0] << 8 | bytes[1];
}

/* What follows \u: a code point, of which two escapes make one above 0xffff. */
static bool take_code_point(struct reader *r, uint32_t *ret_code_point)
{
    int32_t first = take_hex4(r);
    int32_t second;

    if (first < 0 || (first >= 0xdc00 && first <= 0xdfff)) {
        return false;
    }
    if (first < 0xd800 || first > 0xdbff) {
        *ret_code_point = (uint32_t)first;
        return true;
    }
    if (r->end - r->at < 2 || r->at[0] != '\\' || r->at[1] != 'u') {
        return false;
    }
    r->at += 2;
    second = take_hex4(r);
    if (second < 0xdc00 || second > 0xdfff) {
        return false;
    }
    *ret_code_point = 0x10000 + (((uint32_t)first - 0xd800) << 10) + ((uint32_t)second - 0xdc00);
    return true;
}

/* One escape, the cursor at its backslash; written at *to, which moves on. */
static bool take_escape(struct reader *r, char **to)
{
    static const char plain[256] = {['"'] = '"',  ['\\'] = '\\', ['/'] = '/',  ['b'] = '\b',
                                    ['f'] = '\f', ['n'] = '\n',  ['r'] = '\r', ['t'] = '\t'};
    uint32_t code_point;

    if (r->end - r->at < 2) {
        return false;
    }
    unsigned char kind = (unsigned char)r->at[1];
    r->at += 2;
    if (kind != 'u') {
        *(*to)++ = plain[kind];
        return plain[kind] != 0;
    }
    if (!take_code_point(r, &code_point)) {
        return false;
    }
    *to += utf8_put(code_point, *to); /* never longer than the escape was */
    return true;
}

/* The rest of a string from its first escape on; to is where the unescaped text goes on. */
static bool take_escaped(struct reader *r, char *to, unsigned *high, char **ret_end)
{
    while (r->at < r->end && *r->at == '\\') {
        if (!take_escape(r, &to)) {
            return false;
        }
        size_t run = plain_run(r->at, (size_t)(r->end - r->at), high);
        memmove(to, r->at, run);
        r->at += run;
        to += run;
    }
    *ret_end = to;
    return r->at < r->end && *r->at == '"';
}

/* A string, the cursor at its quote. */
static status take_string(struct reader *r, struct str *ret_string)
{
    char *start = ++r->at;
    char *end;
    unsigned high = 0;

    r->at += plain_run(start, (size_t)(r->end - start), &high);
    end = r->at;
    if (r->at == r->end ||
        (*r->at != '"' && !take_escaped(r, end, &high, &end))) {
        return malformed(r->why);
    }
    r->at++;
    if (high != 0 && !utf8_valid(str_of(start, (size_t)(end - start)))) {
        return malformed(r->why);
    }
    *ret_string = str_of(start, (size_t)(end - start));
    return OK;
}

static bool skip_digits(struct reader *r)
{
    char *start = r->at;

    while (r->at < r->end && *r->at >= '0' && *r->at <= '9') {
        r->at++;
    }
    return r->at > start;
}

/* A number's text; *ret_whole: it has neither fraction nor exponent. */
static status take_number(struct reader *r, struct str *ret_text, bool *ret_whole)
{
    char *start = r->at;
    bool whole = true;
    bool good;

    r->at += *r->at == '-';
    char *digits = r->at;
    good = skip_digits(r) && (*digits != '0' || r->at == digits + 1);
    if (r->at < r->end && *r->at == '.') {
        whole = false;
        r->at++;
        good = skip_digits(r) && good;
    }
    if (r->at < r->end && (*r->at == 'e' || *r->at == 'E')) {
        whole = false;
        r->at++;
        r->at += r->at < r->end && (*r->at == '+' || *r->at == '-');
        good = skip_digits(r) && good;
    }
    if (!good || r->at - start > WIRE_NUMBER_BYTES_MAX) {
        return malformed(r->why);
    }
    *ret_text = str_of(start, (size_t)(r->at - start));
    *ret_whole = whole;
    return OK;
}

/* ---- scalars ---- */

/* A number that str_to_i64 does not take: with a fraction or an exponent, or too large. */
static bool integer_of_real(struct str text, int64_t *ret_number)
{
    double real;

    if (!str_to_double(text, &real)) {
        return false;
    }
    if (real >= TWO_TO_63 || real < -TWO_TO_63) {
        *ret_number = real < 0 ? INT64_MIN : INT64_MAX;
        return false;
    }
    *ret_number = (int64_t)real;
    return true;
}

static status set_integer(struct reader *r, uint32_t shape, struct str text, struct value *ret)
{
    int64_t number = 0;
    bool fits = str_to_i64(text, &number) || integer_of_real(text, &number);

    ret->kind = VALUE_INT;
    if (model_shape(shape)->kind == SHAPE_INTEGER && number != 0) {
        ret->number = number > INT32_MAX ? INT32_MAX : number < INT32_MIN ? INT32_MIN : number;
        return OK;
    }
    ret->number = number;
    return fits ? OK : malformed(r->why);
}

static status set_real(struct reader *r, struct str text, struct value *ret)
{
    ret->kind = VALUE_DOUBLE;
    return str_to_double(text, &ret->real) ? OK : malformed(r->why);
}

static status read_number(struct reader *r, struct wanted wanted, struct value *ret)
{
    struct str text;
    bool whole = false;

    TRY(take_number(r, &text, &whole));
    switch ((enum shape_kind)model_shape(wanted.shape)->kind) {
    case SHAPE_DOCUMENT:
        if (whole && str_to_i64(text, &ret->number)) {
            ret->kind = VALUE_INT;
            return OK;
        }
        return set_real(r, text, ret);
    case SHAPE_INTEGER:
    case SHAPE_LONG:
        return set_integer(r, wanted.shape, text, ret);
    case SHAPE_FLOAT:
    case SHAPE_DOUBLE:
        return set_real(r, text, ret);
    case SHAPE_TIMESTAMP:
        ret->kind = VALUE_TIME;
        return time_from_epoch_seconds(text, &ret->moment_ms) ? OK : malformed(r->why);
    default:
        return mismatch(r->why, FOUND_NUMBER, wanted.shape);
    }
}

/* A blob, the cursor at its quote. Most of a long one is decoded on the way to its end, which is
 * looked for only in what is left then. */
static status read_blob(struct reader *r, struct value *ret)
{
    char *start = r->at + 1;
    size_t ahead = base64_decode_run(str_of(start, (size_t)(r->end - start)), start);
    size_t bytes = ahead / 4 * 3;
    size_t more;
    struct str rest;

    r->at += ahead;
    TRY(take_string(r, &rest));
    if (base64_decode(rest, start + bytes, &more)) {
        ret->kind = VALUE_BLOB;
        ret->str = str_of(start, bytes + more);
        return OK;
    }
    if (rest.bytes % 4 != 0) {
        return why_set(r->why, &WIRE_SERIALIZATION,
                       "Base64 encoded length is expected a multiple of 4 bytes but found: %zu",
                       ahead + rest.bytes);
    }
    return why_set(r->why, &WIRE_SERIALIZATION, "Invalid Base64 character");
}

/* As texts where the model says so. */
static status set_time_from(struct reader *r, struct wanted wanted, struct str text,
                            struct value *ret)
{
    uint8_t format = wanted.time_format != TIME_DEFAULT ? wanted.time_format
                                                        : model_shape(wanted.shape)->time_format;

    ret->kind = VALUE_TIME;
    if ((format == TIME_ISO && time_from_iso(text, &ret->moment_ms)) ||
        (format == TIME_HTTP && time_from_http_date(text, &ret->moment_ms))) {
        return OK;
    }
    return mismatch(r->why, FOUND_STRING, wanted.shape);
}

static bool is_one_of(struct str text, const char *const words[5])
{
    for (int i = 0; i < 5; i++) {
        if (str_eq_nocase(text, str_c(words[i]))) {
            return true;
        }
    }
    return false;
}

static status set_truth_from(struct reader *r, uint32_t shape, struct str text, struct value *ret)
{
    static const char *const yes[5] = {"true", "yes", "t", "y", "1"};
    static const char *const no[5] = {"false", "no", "f", "n", "0"};

    ret->kind = VALUE_BOOL;
    ret->truth = is_one_of(text, yes);
    return ret->truth || is_one_of(text, no) ? OK : mismatch(r->why, FOUND_STRING, shape);
}

static status read_string(struct reader *r, struct wanted wanted, struct value *ret)
{
    enum shape_kind kind = (enum shape_kind)model_shape(wanted.shape)->kind;
    struct str text;

    if (kind == SHAPE_BLOB) {
        return read_blob(r, ret);
    }
    TRY(take_string(r, &text));
    switch (kind) {
    case SHAPE_DOCUMENT:
    case SHAPE_STRING:
        ret->kind = VALUE_STR;
        ret->str = text;
        return OK;
    case SHAPE_TIMESTAMP:
        return set_time_from(r, wanted, text, ret);
    case SHAPE_BOOLEAN:
        return set_truth_from(r, wanted.shape, text, ret);
    case SHAPE_FLOAT:
    case SHAPE_DOUBLE:
        /* Only the three that are no JSON numbers. */
        if (str_to_double(text, &ret->real) && !isfinite(ret->real)) {
            ret->kind = VALUE_DOUBLE;
            return OK;
        }
        return mismatch(r->why, FOUND_STRING, wanted.shape);
    default:
        return mismatch(r->why, FOUND_STRING, wanted.shape);
    }
}

static status read_word(struct reader *r, struct wanted wanted, struct value *ret)
{
    enum shape_kind kind = (enum shape_kind)model_shape(wanted.shape)->kind;

    if (take_word(r, STR("null"))) {
        ret->kind = VALUE_NULL;
        return OK;
    }
    bool truth = take_word(r, STR("true"));
    if (!truth && !take_word(r, STR("false"))) {
        return malformed(r->why);
    }
    if (kind != SHAPE_BOOLEAN && kind != SHAPE_DOCUMENT) {
        return mismatch(r->why, truth ? FOUND_TRUE : FOUND_FALSE, wanted.shape);
    }
    ret->kind = VALUE_BOOL;
    ret->truth = truth;
    return OK;
}

/* ---- what holds values ---- */

static status enter(struct reader *r)
{
    r->at++;
    if (++r->depth > WIRE_DEPTH_MAX) {
        return why_set(r->why, &WIRE_SERIALIZATION, "Nesting is deeper than %d levels",
                       WIRE_DEPTH_MAX);
    }
    return OK;
}

static status no_room(struct reader *r)
{
    return why_set(r->why, &ERR_LIMIT, "The request holds more values than can be taken.");
}

/* Behind a value: a comma and something behind it, or the end. */
static status read_more(struct reader *r, char close, bool *ret_more)
{
    if (take(r, ',')) {
        *ret_more = true;
        return OK;
    }
    *ret_more = false;
    return take(r, close) ? OK : malformed(r->why);
}

static status read_key(struct reader *r, struct str *ret_key)
{
    if (peek(r) != '"') {
        return malformed(r->why);
    }
    TRY(take_string(r, ret_key));
    return take(r, ':') ? OK : malformed(r->why);
}

/* The key of exactly this member, if that is what comes. */
static bool take_key_of(struct reader *r, const struct member *member)
{
    struct str key = json_key(member);

    if ((size_t)(r->end - r->at) < key.bytes + 2 || r->at[key.bytes + 1] != '"' ||
        memcmp(r->at + 1, key.at, key.bytes) != 0) {
        return false;
    }
    r->at += key.bytes + 2;
    return true;
}

static uint32_t member_of_key(const struct shape *shape, struct str key)
{
    uint32_t i = 0;

    while (i < shape->count && !str_eq(json_key(&model_members[shape->first + i]), key)) {
        i++;
    }
    return i;
}

/* JSON where a string that is JSON was expected: the same text, but for its white space. */
static status read_json_value(struct reader *r, uint32_t shape, struct value *ret)
{
    struct value document;
    struct buf text;

    TRY(read_value(r, (struct wanted){0, TIME_DEFAULT}, &document));
    buf_init(&text, JSON_VALUE_BYTES_MAX);
    json_write(&text, &document, TIME_EPOCH);
    bool spent = buf_spent(&text);
    *ret = (struct value){.kind = VALUE_STR, .shape = shape};
    ret->str = spent ? STR_NONE : arena_dup(r->arena, buf_str(&text));
    buf_done(&text);
    return spent ? no_room(r) : OK;
}

static status read_member_value(struct reader *r, uint32_t member, struct value *ret)
{
    char c = peek(r);

    if ((model_members[member].flags & MEMBER_JSON_VALUE) && (c == '{' || c == '[')) {
        return read_json_value(r, model_members[member].shape, ret);
    }
    return read_value(r, wanted_of(member), ret);
}

/* One member with its key. *guess: which one to expect; becomes the one after it. */
static status read_member(struct reader *r, struct value *structure, uint32_t *guess)
{
    const struct shape *shape = model_shape(structure->shape);
    uint32_t i = *guess;
    struct str key;

    if (peek(r) == '"' && i < shape->count && take_key_of(r, &model_members[shape->first + i])) {
        if (!take(r, ':')) {
            return malformed(r->why);
        }
    } else {
        TRY(read_key(r, &key));
        i = member_of_key(shape, key);
        if (i == shape->count) {
            struct value unknown;
            return read_value(r, (struct wanted){0, TIME_DEFAULT}, &unknown);
        }
    }
    *guess = i + 1;
    TRY(read_member_value(r, shape->first + i, &structure->items[i]));
    if (structure->items[i].kind == VALUE_NULL &&
        model_shape(structure->items[i].shape)->kind != SHAPE_DOCUMENT) {
        structure->items[i].kind = VALUE_NONE;
    }
    return OK;
}

static status read_structure(struct reader *r, uint32_t shape, struct value *ret)
{
    uint32_t count = model_shape(shape)->count;
    struct value made = {.kind = VALUE_STRUCT, .shape = shape, .count = count, .room = count};
    uint32_t guess = 0;
    bool more = true;

    TRY(enter(r));
    made.items = arena_try(r->arena, (count + 1) * sizeof(struct value));
    if (made.items == NULL) {
        return no_room(r);
    }
    memset(made.items, 0, (count + 1) * sizeof(struct value));
    if (take(r, '}')) {
        more = false;
    }
    while (more) {
        TRY(read_member(r, &made, &guess));
        TRY(read_more(r, '}', &more));
    }
    r->depth--;
    *ret = made;
    return OK;
}

/* Room for one element or pair more, of bytes each. */
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

/* Only what the model leaves open may be null. */
static bool may_be_null(struct wanted wanted)
{
    return model_shape(wanted.shape)->kind == SHAPE_DOCUMENT;
}

static status read_list(struct reader *r, uint32_t shape, struct value *ret)
{
    struct wanted wanted = {0, TIME_DEFAULT};
    struct value made = {.kind = VALUE_LIST, .shape = shape};
    struct value item;
    bool more = true;

    TRY(enter(r));
    if (model_shape(shape)->kind != SHAPE_DOCUMENT) {
        wanted = wanted_of(model_shape(shape)->first);
    }
    made.items = NULL;
    if (take(r, ']')) {
        more = false;
    }
    while (more) {
        TRY(read_value(r, wanted, &item));
        if (item.kind != VALUE_NULL || may_be_null(wanted)) {
            TRY(grow(r, &made, sizeof(struct value)));
            made.items[made.count++] = item;
        }
        TRY(read_more(r, ']', &more));
    }
    r->depth--;
    *ret = made;
    return OK;
}

static status read_map(struct reader *r, uint32_t shape, struct value *ret)
{
    struct wanted wanted = {0, TIME_DEFAULT};
    struct value made = {.kind = VALUE_MAP, .shape = shape};
    struct pair pair;
    bool more = true;

    TRY(enter(r));
    if (model_shape(shape)->kind != SHAPE_DOCUMENT) {
        wanted = wanted_of(model_shape(shape)->first + 1);
    }
    made.pairs = NULL;
    if (take(r, '}')) {
        more = false;
    }
    while (more) {
        TRY(read_key(r, &pair.key));
        TRY(read_value(r, wanted, &pair.value));
        TRY(grow(r, &made, sizeof(struct pair)));
        made.pairs[made.count++] = pair;
        TRY(read_more(r, '}', &more));
    }
    r->depth--;
    if (!pairs_settle(&made, r->arena, may_be_null(wanted))) {
        return no_room(r);
    }
    *ret = made;
    return OK;
}

static status read_holder(struct reader *r, struct wanted wanted, struct value *ret)
{
    enum shape_kind kind = (enum shape_kind)model_shape(wanted.shape)->kind;
    bool list = *r->at == '[';

    if (list && (kind == SHAPE_LIST || kind == SHAPE_DOCUMENT)) {
        return read_list(r, wanted.shape, ret);
    }
    if (list) {
        return mismatch(r->why, FOUND_LIST, wanted.shape);
    }
    if (kind == SHAPE_STRUCTURE) {
        return read_structure(r, wanted.shape, ret);
    }
    if (kind == SHAPE_MAP || kind == SHAPE_DOCUMENT) {
        return read_map(r, wanted.shape, ret);
    }
    return mismatch(r->why, FOUND_MAP, wanted.shape);
}

static status read_value(struct reader *r, struct wanted wanted, struct value *ret_value)
{
    struct value value = {.kind = VALUE_NONE, .shape = wanted.shape};
    char c = peek(r);

    if (++r->values > WIRE_VALUES_MAX) {
        return no_room(r);
    }
    if (c == '"') {
        TRY(read_string(r, wanted, &value));
    } else if (c == '{' || c == '[') {
        TRY(read_holder(r, wanted, &value));
    } else if (c == '-' || (c >= '0' && c <= '9')) {
        TRY(read_number(r, wanted, &value));
    } else if (c == 't' || c == 'f' || c == 'n') {
        TRY(read_word(r, wanted, &value));
    } else {
        return malformed(r->why);
    }
    *ret_value = value;
    return OK;
}

static status read_all(struct reader *r, uint32_t shape, struct value *ret_value)
{
    struct value value;

    if (r->at == r->end) {
        return malformed(r->why);
    }
    TRY(read_value(r, (struct wanted){shape, TIME_DEFAULT}, &value));
    skip_space(r);
    if (r->at != r->end) {
        return malformed(r->why);
    }
    *ret_value = value;
    return OK;
}

static struct reader reader_of(struct str text, struct arena *arena, struct why *why)
{
    return (struct reader){
        .at = (char *)(uintptr_t)text.at, /* ours to change, as the header says */
        .end = text.at + text.bytes,
        .arena = arena,
        .why = why,
    };
}

status json_read(struct str text, uint32_t shape, struct arena *arena, struct why *why,
                 struct value *ret_value)
{
    struct reader r = reader_of(text, arena, why);

    assert(shape < model_shape_count);
    return read_all(&r, shape, ret_value);
}

status json_read_at(struct str text, struct arena *arena, struct why *why, struct value *ret_value,
                    size_t *ret_at)
{
    struct reader r = reader_of(text, arena, why);
    status read = read_all(&r, 0, ret_value);

    if (read != OK) {
        *ret_at = (size_t)(r.at - text.at);
    }
    return read;
}
