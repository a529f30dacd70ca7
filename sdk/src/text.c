/* SPDX-License-Identifier: Apache-2.0
 *
 * Texts: UTF-8, escapes of JSON and of addresses, and the pattern writer of JSON.
 */
#include "text.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

size_t weir_utf8_of(uint32_t character, char utf8[4])
{
    uint32_t c = character >= 0xD800 && character < 0xE000 ? 0xFFFD : character;

    if (c < 0x80) {
        utf8[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        utf8[0] = (char)(0xC0 | c >> 6);
        utf8[1] = (char)(0x80 | (c & 63));
        return 2;
    }
    if (c < 0x10000) {
        utf8[0] = (char)(0xE0 | c >> 12);
        utf8[1] = (char)(0x80 | (c >> 6 & 63));
        utf8[2] = (char)(0x80 | (c & 63));
        return 3;
    }
    utf8[0] = (char)(0xF0 | c >> 18);
    utf8[1] = (char)(0x80 | (c >> 12 & 63));
    utf8[2] = (char)(0x80 | (c >> 6 & 63));
    utf8[3] = (char)(0x80 | (c & 63));
    return 4;
}

size_t weir_utf8_bytes(struct weir_text text)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    const unsigned char *at = (const unsigned char *)text.at;
    size_t count;
    uint32_t c;

    if (at[0] < 0x80) {
        return 1;
    }
    count = at[0] >= 0xF0 ? 4 : at[0] >= 0xE0 ? 3 : 2;
    if (at[0] < 0xC2 || at[0] > 0xF4 || text.bytes < count) {
        return 0;
    }
    c = at[0] & (0x7Fu >> count);
    for (size_t i = 1; i < count; i++) {
        if ((at[i] & 0xC0) != 0x80) {
            return 0;
        }
        c = c << 6 | (at[i] & 63);
    }
    return c < least[count] || c > 0x10FFFF || (c >= 0xD800 && c < 0xE000) ? 0 : count;
}

void weir_buf_printf(struct weir_buf *out, const char *format, ...)
{
    char text[512];
    va_list args;
    int bytes;

    va_start(args, format);
    bytes = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (bytes < 0 || (size_t)bytes >= sizeof text) {
        out->failed = true;
    } else {
        weir_buf_add(out, text, (size_t)bytes);
    }
}

bool weir_text_eq(struct weir_text one, struct weir_text other)
{
    return one.bytes == other.bytes && (one.bytes == 0 || memcmp(one.at, other.at, one.bytes) == 0);
}

bool weir_text_same(struct weir_text one, struct weir_text other)
{
    if (one.bytes != other.bytes) {
        return false;
    }
    for (size_t i = 0; i < one.bytes; i++) {
        if (weir_lower(one.at[i]) != weir_lower(other.at[i])) {
            return false;
        }
    }
    return true;
}

bool weir_text_starts(struct weir_text text, const char *beginning)
{
    size_t bytes = strlen(beginning);

    return text.bytes >= bytes && memcmp(text.at, beginning, bytes) == 0;
}

bool weir_text_ends(struct weir_text text, const char *end)
{
    size_t bytes = strlen(end);

    return text.bytes >= bytes && memcmp(text.at + text.bytes - bytes, end, bytes) == 0;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct weir_text weir_text_trim(struct weir_text text)
{
    while (text.bytes > 0 && is_space(text.at[0])) {
        text.at++;
        text.bytes--;
    }
    while (text.bytes > 0 && is_space(text.at[text.bytes - 1])) {
        text.bytes--;
    }
    return text;
}

struct weir_text weir_text_split(struct weir_text *rest, char at)
{
    struct weir_text whole = *rest;
    const char *found = whole.at == NULL ? NULL : memchr(whole.at, at, whole.bytes);
    struct weir_text first = whole;

    *rest = WEIR_NONE;
    if (found != NULL) {
        first.bytes = (size_t)(found - whole.at);
        *rest = (struct weir_text){found + 1, whole.bytes - first.bytes - 1};
    }
    return first;
}

void weir_uri_add(struct weir_buf *out, struct weir_text text, const char *safe)
{
    static const char hex[] = "0123456789ABCDEF";
    size_t from = 0; /* of what is plain */

    for (size_t i = 0; i < text.bytes; i++) {
        char c = text.at[i];
        unsigned char byte = (unsigned char)c;
        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
            (c != '\0' && (strchr("-._~", c) != NULL || strchr(safe, c) != NULL))) {
            continue;
        }
        char escaped[3] = {'%', hex[byte >> 4], hex[byte & 15]};
        weir_buf_add(out, text.at + from, i - from);
        weir_buf_add(out, escaped, 3);
        from = i + 1;
    }
    weir_buf_add(out, text.bytes > 0 ? text.at + from : text.at, text.bytes - from);
}

/* ---- JSON ---- */

/* How many bytes at the beginning stand for themselves and are ASCII. */
static size_t plain_bytes(struct weir_text text)
{
    size_t i = 0;

    while (i < text.bytes && (unsigned char)text.at[i] >= ' ' && (unsigned char)text.at[i] < 127 &&
           text.at[i] != '"' && text.at[i] != '\\') {
        i++;
    }
    return i;
}

void weir_json_add_escaped(struct weir_buf *out, struct weir_text text)
{
    static const char from[] = "\"\\\n\r\t\b\f";
    static const char to[] = "\"\\nrtbf";
    size_t i = 0;

    while (i < text.bytes) {
        size_t run = plain_bytes((struct weir_text){text.at + i, text.bytes - i});
        if (run > 0) {
            weir_buf_add(out, text.at + i, run);
            i += run;
            continue;
        }
        char c = text.at[i];
        const char *known = c == '\0' ? NULL : strchr(from, c);
        size_t bytes = weir_utf8_bytes((struct weir_text){text.at + i, text.bytes - i});
        if (known != NULL) {
            char escaped[2] = {'\\', to[known - from]};
            weir_buf_add(out, escaped, 2);
        } else if ((unsigned char)c < 0x20) {
            weir_buf_printf(out, "\\u%04x", (unsigned)c);
        } else if (bytes == 0) {
            weir_buf_add(out, "\xEF\xBF\xBD", 3);
        } else {
            weir_buf_add(out, text.at + i, bytes);
        }
        i += bytes == 0 ? 1 : bytes;
    }
}

void weir_json_add_string(struct weir_buf *out, struct weir_text text)
{
    weir_buf_add(out, "\"", 1);
    weir_json_add_escaped(out, text);
    weir_buf_add(out, "\"", 1);
}

static void add_text(struct weir_buf *out, struct weir_text text, bool quoted, bool base64)
{
    if (text.at == NULL && !quoted) {
        weir_buf_add(out, "null", 4);
        return;
    }
    weir_buf_add(out, "\"", quoted ? 0 : 1);
    if (base64) {
        weir_base64_add(out, text);
    } else {
        weir_json_add_escaped(out, text);
    }
    weir_buf_add(out, "\"", quoted ? 0 : 1);
}

/* JSON has no words for what is not a number. */
static void add_double(struct weir_buf *out, double number)
{
    if (!isfinite(number)) {
        weir_buf_add(out, "null", 4);
    } else {
        weir_buf_printf(out, "%.17g", number);
    }
}

void weir_json_add(struct weir_buf *out, const char *pattern, ...)
{
    bool quoted = false;
    va_list args;

    va_start(args, pattern);
    for (const char *p = pattern; *p != '\0'; p++) {
        if (*p == '\'') {
            quoted = !quoted;
            weir_buf_add(out, "\"", 1);
            continue;
        }
        if (*p != '%' || p[1] == '\0') {
            weir_buf_add(out, p, 1);
            continue;
        }
        switch (*++p) {
        case 's':
            add_text(out, weir_text(va_arg(args, const char *)), quoted, false);
            break;
        case 't':
            add_text(out, va_arg(args, struct weir_text), quoted, false);
            break;
        case 'v':
            add_text(out, va_arg(args, struct weir_text), quoted, true);
            break;
        case 'j': {
            struct weir_text json = va_arg(args, struct weir_text);
            weir_buf_add_text(out, json.bytes == 0 ? WEIR_TEXT("null") : json);
            break;
        }
        case 'd':
            weir_buf_printf(out, "%d", va_arg(args, int));
            break;
        case 'l':
            weir_buf_printf(out, "%lld", va_arg(args, long long));
            break;
        case 'b':
            weir_buf_add_c(out, va_arg(args, int) ? "true" : "false");
            break;
        case 'f':
            add_double(out, va_arg(args, double));
            break;
        default:
            weir_buf_add(out, p, 1);
        }
    }
    va_end(args);
}
