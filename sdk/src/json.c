/* SPDX-License-Identifier: Apache-2.0
 *
 * Reads JSON where it stands. A value is found by walking over what comes before it, so nothing is
 * built and nothing can be stale; documents of handlers are small enough for that.
 */
#include "weir_json.h"

#include "text.h"

#include <stdlib.h>
#include <string.h>

#define NUMBER_BYTES_MAX 64

/* The bytes yet to read. */
struct cursor {
    const char *at;  /* the next one */
    const char *end; /* behind the last one */
};

static struct cursor over(struct weir_text text)
{
    return (struct cursor){text.at, text.at == NULL ? NULL : text.at + text.bytes};
}

static bool is_space(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

static void skip_space(struct cursor *c)
{
    while (c->at < c->end && is_space(*c->at)) {
        c->at++;
    }
}

static bool take(struct cursor *c, char wanted)
{
    skip_space(c);
    if (c->at < c->end && *c->at == wanted) {
        c->at++;
        return true;
    }
    return false;
}

static bool is_digit(const struct cursor *c)
{
    return c->at < c->end && *c->at >= '0' && *c->at <= '9';
}

static bool skip_digits(struct cursor *c)
{
    if (!is_digit(c)) {
        return false;
    }
    while (is_digit(c)) {
        c->at++;
    }
    return true;
}

static bool skip_number(struct cursor *c)
{
    bool is_zero;

    if (*c->at == '-') {
        c->at++;
    }
    is_zero = c->at < c->end && *c->at == '0';
    if (is_zero) {
        c->at++;
    } else if (!skip_digits(c)) {
        return false;
    }
    if (c->at < c->end && *c->at == '.') {
        c->at++;
        if (!skip_digits(c)) {
            return false;
        }
    }
    if (c->at < c->end && (*c->at == 'e' || *c->at == 'E')) {
        c->at++;
        if (c->at < c->end && (*c->at == '+' || *c->at == '-')) {
            c->at++;
        }
        return skip_digits(c);
    }
    return true;
}

static int hex_of(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool skip_escape(struct cursor *c)
{
    if (c->at == c->end || strchr("\"\\/bfnrtu", *c->at) == NULL || *c->at == '\0') {
        return false;
    }
    if (*c->at++ != 'u') {
        return true;
    }
    for (int i = 0; i < 4; i++, c->at++) {
        if (c->at == c->end || hex_of(*c->at) < 0) {
            return false;
        }
    }
    return true;
}

/* Behind the opening quote; ends behind the closing one. */
static bool skip_string(struct cursor *c)
{
    while (c->at < c->end) {
        unsigned char byte = (unsigned char)*c->at++;
        if (byte == '"') {
            return true;
        }
        if (byte < 0x20 || (byte == '\\' && !skip_escape(c))) {
            return false;
        }
    }
    return false;
}

static bool skip_word(struct cursor *c, const char *word)
{
    size_t bytes = strlen(word);

    if ((size_t)(c->end - c->at) < bytes || memcmp(c->at, word, bytes) != 0) {
        return false;
    }
    c->at += bytes;
    return true;
}

static bool skip_scalar(struct cursor *c)
{
    switch (*c->at) {
    case '"':
        c->at++;
        return skip_string(c);
    case 't':
        return skip_word(c, "true");
    case 'f':
        return skip_word(c, "false");
    case 'n':
        return skip_word(c, "null");
    default:
        return skip_number(c);
    }
}

static bool skip_key(struct cursor *c)
{
    return take(c, '"') && skip_string(c) && take(c, ':');
}

/* After a value: closes what ends here, or stands before the next value. Whether it is good; *depth
 * 0: all is closed. */
static bool skip_between(struct cursor *c, const char *open, int *depth)
{
    while (*depth > 0) {
        char kind = open[*depth - 1];
        if (take(c, ',')) {
            return kind == '[' || skip_key(c);
        }
        if (!take(c, kind == '[' ? ']' : '}')) {
            return false;
        }
        --*depth;
    }
    return true;
}

/* One value of whatever depth, without recursion. */
static bool skip_value(struct cursor *c)
{
    char open[WEIR_JSON_DEPTH_MAX];
    int depth = 0;

    for (;;) {
        skip_space(c);
        if (c->at == c->end) {
            return false;
        }
        if (*c->at == '{' || *c->at == '[') {
            char kind = *c->at++;
            if (depth == WEIR_JSON_DEPTH_MAX) {
                return false;
            }
            open[depth++] = kind;
            if (take(c, kind == '{' ? '}' : ']')) {
                depth--;
            } else if (kind == '{' && !skip_key(c)) {
                return false;
            } else {
                continue;
            }
        } else if (!skip_scalar(c)) {
            return false;
        }
        if (!skip_between(c, open, &depth)) {
            return false;
        }
        if (depth == 0) {
            return true;
        }
    }
}

bool weir_json_check(struct weir_text document)
{
    struct cursor c = over(document);

    if (document.at == NULL || !skip_value(&c)) {
        return false;
    }
    skip_space(&c);
    return c.at == c.end;
}

enum weir_json_kind weir_json_kind(struct weir_text value)
{
    while (value.bytes > 0 && is_space(*value.at)) {
        value.at++;
        value.bytes--;
    }
    if (value.bytes == 0) {
        return WEIR_JSON_NONE;
    }
    switch (*value.at) {
    case '{':
        return WEIR_JSON_OBJECT;
    case '[':
        return WEIR_JSON_ARRAY;
    case '"':
        return WEIR_JSON_STRING;
    case 't':
    case 'f':
        return WEIR_JSON_BOOL;
    case 'n':
        return WEIR_JSON_NULL;
    default:
        return *value.at == '-' || (*value.at >= '0' && *value.at <= '9') ? WEIR_JSON_NUMBER
                                                                          : WEIR_JSON_NONE;
    }
}

/* ---- one after the other ---- */

struct weir_json_each weir_json_each(struct weir_text container)
{
    struct weir_json_each each = {.rest = WEIR_NONE};
    struct cursor c = over(container);

    if (container.at != NULL) {
        each.is_object = take(&c, '{');
        if (each.is_object || take(&c, '[')) {
            each.rest = (struct weir_text){c.at, (size_t)(c.end - c.at)};
        }
    }
    return each;
}

bool weir_json_next(struct weir_json_each *each)
{
    struct cursor c = over(each->rest);
    struct weir_text none = WEIR_NONE;

    if (each->rest.at == NULL) {
        return false;
    }
    each->rest = none;
    (void)(each->value.at != NULL && take(&c, ',')); /* there is none before the first */
    if (each->is_object) {
        skip_space(&c);
        each->key.at = c.at;
        if (!take(&c, '"') || !skip_string(&c)) {
            return false;
        }
        each->key.bytes = (size_t)(c.at - each->key.at);
        if (!take(&c, ':')) {
            return false;
        }
    }
    skip_space(&c);
    each->value.at = c.at;
    if (c.at == c.end || *c.at == ']' || !skip_value(&c)) {
        return false;
    }
    each->value.bytes = (size_t)(c.at - each->value.at);
    each->rest = (struct weir_text){c.at, (size_t)(c.end - c.at)};
    return true;
}

/* ---- strings ---- */

/* The four digits of an escape. */
static uint32_t unit_of(const char *at)
{
    uint32_t unit = 0;

    for (int i = 0; i < 4; i++) {
        unit = unit << 4 | (uint32_t)hex_of(at[i]);
    }
    return unit;
}

/* The character of an escape behind its backslash, in UTF-8; moves behind it. The string was walked
 * over before, so escapes are whole. */
static size_t unescape(const char **at, const char *end, char utf8[4])
{
    static const char from[] = "bfnrt";
    static const char to[] = "\b\f\n\r\t";
    char c = *(*at)++;
    const char *known = strchr(from, c);
    uint32_t unit;

    if (c != 'u') {
        utf8[0] = known != NULL ? to[known - from] : c;
        return 1;
    }
    unit = unit_of(*at);
    *at += 4;
    if (unit >= 0xD800 && unit < 0xDC00 && end - *at >= 6 && (*at)[0] == '\\' && (*at)[1] == 'u') {
        uint32_t low = unit_of(*at + 2);
        if (low >= 0xDC00 && low < 0xE000) {
            unit = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
            *at += 6;
        }
    }
    return weir_utf8_of(unit, utf8);
}

/* The string's inside, or WEIR_NONE. */
static struct weir_text inside(struct weir_text value)
{
    struct cursor c = over(value);
    const char *from;

    if (value.at == NULL || !take(&c, '"')) {
        return WEIR_NONE;
    }
    from = c.at;
    if (!skip_string(&c)) {
        return WEIR_NONE;
    }
    return (struct weir_text){from, (size_t)(c.at - 1 - from)};
}

struct weir_text weir_json_string(struct weir_text value, struct weir_buf *scratch)
{
    struct weir_text text = inside(value);
    const char *at = text.at;
    const char *end = over(text).end;
    size_t before = scratch->bytes;
    char *to;

    if (text.at == NULL || memchr(text.at, '\\', text.bytes) == NULL) {
        return text;
    }
    to = weir_buf_need(scratch, text.bytes);
    if (to == NULL) {
        return WEIR_NONE;
    }
    while (at < end) {
        if (*at != '\\') {
            *to++ = *at++;
            continue;
        }
        char utf8[4];
        at++;
        size_t bytes = unescape(&at, end, utf8);
        memcpy(to, utf8, bytes);
        to += bytes;
    }
    *to = '\0';
    scratch->bytes = (size_t)(to - scratch->at);
    return (struct weir_text){scratch->at + before, scratch->bytes - before};
}

/* Whether a JSON string says a text; without memory. */
static bool says(struct weir_text value, struct weir_text wanted)
{
    struct weir_text text = inside(value);
    const char *at = text.at;
    const char *end = over(text).end;
    size_t done = 0;

    if (text.at == NULL) {
        return false;
    }
    while (at < end) {
        char utf8[4] = {*at++};
        size_t bytes = 1;
        if (utf8[0] == '\\') {
            bytes = unescape(&at, end, utf8);
        }
        if (wanted.bytes - done < bytes || memcmp(wanted.at + done, utf8, bytes) != 0) {
            return false;
        }
        done += bytes;
    }
    return done == wanted.bytes;
}

bool weir_json_string_is(struct weir_text value, const char *text)
{
    return says(value, weir_text(text));
}

/* ---- by name and path ---- */

struct weir_text weir_json_member(struct weir_text object, struct weir_text name)
{
    struct weir_json_each each = weir_json_each(object);

    while (each.is_object && weir_json_next(&each)) {
        if (says(each.key, name)) {
            return each.value;
        }
    }
    return WEIR_NONE;
}

static struct weir_text element(struct weir_text array, size_t index)
{
    struct weir_json_each each = weir_json_each(array);

    while (!each.is_object && weir_json_next(&each)) {
        if (index-- == 0) {
            return each.value;
        }
    }
    return WEIR_NONE;
}

struct weir_text weir_json_get(struct weir_text document, const char *path)
{
    struct weir_text value = document;

    while (*path != '\0' && value.at != NULL) {
        if (*path == '[') {
            size_t index = 0;
            for (path++; *path >= '0' && *path <= '9'; path++) {
                index = index * 10 + (size_t)(*path - '0');
            }
            path += *path == ']';
            value = element(value, index);
        } else {
            path += *path == '.';
            size_t bytes = strcspn(path, ".[");
            value = weir_json_member(value, (struct weir_text){path, bytes});
            path += bytes;
        }
    }
    return value;
}

/* ---- numbers and the rest ---- */

bool weir_json_int(struct weir_text value, int64_t *ret_number)
{
    if (value.bytes >= 2 && value.at[0] == '"' && value.at[value.bytes - 1] == '"') {
        value.at++;
        value.bytes -= 2;
    }
    bool negative = value.bytes > 0 && *value.at == '-';
    uint64_t limit = (uint64_t)INT64_MAX + (negative ? 1 : 0);
    uint64_t number = 0;
    size_t i = negative ? 1 : 0;

    if (value.bytes == i) {
        return false;
    }
    for (; i < value.bytes; i++) {
        unsigned digit = (unsigned)(value.at[i] - '0');
        if (digit > 9 || number > (limit - digit) / 10) {
            return false;
        }
        number = number * 10 + digit;
    }
    *ret_number = negative ? (int64_t)(0 - number) : (int64_t)number;
    return true;
}

bool weir_json_double(struct weir_text value, double *ret_number)
{
    char copy[NUMBER_BYTES_MAX];

    if (weir_json_kind(value) != WEIR_JSON_NUMBER || value.bytes >= sizeof copy ||
        !weir_json_check(value)) {
        return false;
    }
    memcpy(copy, value.at, value.bytes);
    copy[value.bytes] = '\0';
    *ret_number = strtod(copy, NULL);
    return true;
}

bool weir_json_bool(struct weir_text value, bool *ret_bool)
{
    bool is_true = weir_text_is(value, "true");

    if (!is_true && !weir_text_is(value, "false")) {
        return false;
    }
    *ret_bool = is_true;
    return true;
}
