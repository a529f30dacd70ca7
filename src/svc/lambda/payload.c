/* SPDX-License-Identifier: Apache-2.0
 *
 * Is it JSON? One pass over the text, without memory of its own but a bit for each level: whether
 * what is open is an object.
 */
#include "svc/lambda/payload.h"

#include "base/codec.h"

#include <assert.h>

struct look {
    struct str text;             /* all of it */
    size_t at;                   /* the next byte */
    uint32_t depth;              /* what is open */
    uint8_t objects[(PAYLOAD_DEPTH_MAX + 7) / 8]; /* bit: that level is an object */
};

static char peek(const struct look *look)
{
    return look->at < look->text.bytes ? look->text.at[look->at] : '\0';
}

static void skip_space(struct look *look)
{
    while (peek(look) == ' ' || peek(look) == '\t' || peek(look) == '\n' || peek(look) == '\r') {
        look->at++;
    }
}

static bool take(struct look *look, char c)
{
    if (peek(look) != c || look->at == look->text.bytes) {
        return false;
    }
    look->at++;
    return true;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_hex(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool take_escape(struct look *look)
{
    char c = peek(look);

    if (c == 'u') {
        for (int i = 0; i < 4; i++) {
            look->at++;
            if (!is_hex(peek(look))) {
                return false;
            }
        }
    } else if (c == '\0' || strchr("\"\\/bfnrt", c) == NULL) {
        return false;
    }
    look->at++;
    return true;
}

static bool take_string(struct look *look)
{
    if (!take(look, '"')) {
        return false;
    }
    while (look->at < look->text.bytes) {
        unsigned char c = (unsigned char)look->text.at[look->at];

        if (c < 0x20) {
            return false;
        }
        look->at++;
        if (c == '"') {
            return true;
        }
        if (c == '\\' && !take_escape(look)) {
            return false;
        }
    }
    return false;
}

static bool take_digits(struct look *look)
{
    size_t from = look->at;

    while (is_digit(peek(look))) {
        look->at++;
    }
    return look->at > from;
}

static bool take_number(struct look *look)
{
    (void)take(look, '-');
    if (!take(look, '0') && !take_digits(look)) {
        return false;
    }
    if (is_digit(peek(look)) || (take(look, '.') && !take_digits(look))) {
        return false;
    }
    if (take(look, 'e') || take(look, 'E')) {
        if (!take(look, '+')) {
            (void)take(look, '-');
        }
        return take_digits(look);
    }
    return true;
}

static bool take_word(struct look *look, struct str word)
{
    if (!str_starts(str_slice(look->text, look->at, look->text.bytes), word)) {
        return false;
    }
    look->at += word.bytes;
    return true;
}

static bool take_scalar(struct look *look)
{
    switch (peek(look)) {
    case '"':
        return take_string(look);
    case 't':
        return take_word(look, STR("true"));
    case 'f':
        return take_word(look, STR("false"));
    case 'n':
        return take_word(look, STR("null"));
    default:
        return take_number(look);
    }
}

static bool in_object(const struct look *look)
{
    uint32_t level = look->depth - 1;

    assert(look->depth > 0);
    return (look->objects[level / 8] >> (level % 8) & 1) != 0;
}

static bool take_key(struct look *look)
{
    skip_space(look);
    if (!take_string(look)) {
        return false;
    }
    skip_space(look);
    return take(look, ':');
}

/* A '[' or '{' was taken. *ret_value: a value comes next, or it was closed at once. */
static bool open_level(struct look *look, bool object, bool *ret_value)
{
    uint32_t level = look->depth;
    uint8_t bit = (uint8_t)(1u << (level % 8));

    if (level == PAYLOAD_DEPTH_MAX) {
        return false;
    }
    look->depth++;
    look->objects[level / 8] =
        (uint8_t)(object ? look->objects[level / 8] | bit : look->objects[level / 8] & ~bit);
    skip_space(look);
    if (take(look, object ? '}' : ']')) {
        look->depth--;
        *ret_value = false;
        return true;
    }
    *ret_value = true;
    return !object || take_key(look);
}

/* Behind a value: closes what ends here. *ret_value: another follows a comma. */
static bool go_on(struct look *look, bool *ret_value)
{
    while (look->depth > 0) {
        bool object = in_object(look);

        skip_space(look);
        if (take(look, ',')) {
            *ret_value = true;
            return !object || take_key(look);
        }
        if (!take(look, object ? '}' : ']')) {
            return false;
        }
        look->depth--;
    }
    *ret_value = false;
    return true;
}

static bool take_all(struct look *look)
{
    bool value = true;

    while (value) {
        bool opened = true;

        skip_space(look);
        if (take(look, '{')) {
            opened = open_level(look, true, &value);
        } else if (take(look, '[')) {
            opened = open_level(look, false, &value);
        } else {
            opened = take_scalar(look);
            value = false;
        }
        if (!opened || (!value && !go_on(look, &value))) {
            return false;
        }
    }
    skip_space(look);
    return look->at == look->text.bytes;
}

static void say_where(const struct look *look, struct why *why)
{
    size_t line = 1;
    size_t column = 1;

    for (size_t i = 0; i < look->at; i++) {
        column = look->text.at[i] == '\n' ? 1 : column + 1;
        line += look->text.at[i] == '\n';
    }
    if (look->at >= look->text.bytes) {
        why_set(why, &ERR_MALFORMED, "Unexpected end-of-input\n at [Source: (byte[]); line: %zu, "
                "column: %zu]", line, column);
        return;
    }
    unsigned char c = (unsigned char)look->text.at[look->at];

    why_set(why, &ERR_MALFORMED, "Unexpected character ('%c' (code %u)): expected a valid value "
            "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')\n at "
            "[Source: (byte[]); line: %zu, column: %zu]", c < 0x20 || c > 0x7e ? '?' : c, c, line,
            column);
}

bool payload_is_json(struct str text, struct why *why)
{
    struct look look = {.text = text};

    if (!take_all(&look)) {
        say_where(&look, why);
        return false;
    }
    if (!utf8_valid(text)) {
        why_set(why, &ERR_MALFORMED, "Invalid UTF-8");
        return false;
    }
    return true;
}
