/* SPDX-License-Identifier: Apache-2.0
 *
 * Names and values of records.
 */
#include "svc/route53/name.h"

#include <arpa/inet.h>
#include <string.h>

#define LABEL_BYTES_MAX 63
#define WIRE_BYTES_MAX 255
#define ADDRESS_BYTES_MAX 64

/* ---- names ---- */

/* Three octal digits behind the backslash there. */
static bool is_octal(struct str text, size_t at)
{
    if (at + 4 > text.bytes || text.at[at + 1] < '0' || text.at[at + 1] > '3') {
        return false;
    }
    for (size_t i = at + 2; i <= at + 3; i++) {
        if (text.at[i] < '0' || text.at[i] > '7') {
            return false;
        }
    }
    return true;
}

static bool is_plain(unsigned char letter)
{
    return (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9') ||
           letter == '-' || letter == '_';
}

/* One byte of a label at that place; *ret_next is behind it. */
static bool letter_read(struct str text, size_t at, unsigned char *ret_letter, size_t *ret_next)
{
    unsigned char letter = (unsigned char)text.at[at];

    *ret_next = at + 1;
    if (letter == '\\') {
        if (!is_octal(text, at)) {
            return false;
        }
        letter = (unsigned char)((text.at[at + 1] - '0') * 64 + (text.at[at + 2] - '0') * 8 +
                                 (text.at[at + 3] - '0'));
        *ret_next = at + 4;
    }
    *ret_letter = letter >= 'A' && letter <= 'Z' ? (unsigned char)(letter + 32) : letter;
    return letter >= 0x20 && letter != 0x7f;
}

bool name_keep(struct arena *arena, struct str text, struct str *ret_name)
{
    size_t label = 0, wire = 0, at = 0, next;
    char *name = arena_alloc(arena, 4 * text.bytes + 2);
    size_t bytes = 0;
    unsigned char letter = '\0';

    while (at < text.bytes) {
        if (text.at[at] == '.') {
            if (label == 0) {
                return false;
            }
            name[bytes++] = '.';
            wire += label + 1;
            label = 0;
            at++;
            continue;
        }
        if (!letter_read(text, at, &letter, &next)) {
            return false;
        }
        if (is_plain(letter)) {
            name[bytes++] = (char)letter;
        } else {
            name[bytes++] = '\\';
            name[bytes++] = (char)('0' + letter / 64);
            name[bytes++] = (char)('0' + letter / 8 % 8);
            name[bytes++] = (char)('0' + letter % 8);
        }
        if (++label > LABEL_BYTES_MAX) {
            return false;
        }
        at = next;
    }
    if (label > 0) {
        name[bytes++] = '.';
        wire += label + 1;
    }
    *ret_name = str_of(name, bytes);
    return bytes > 0 && bytes <= NAME_BYTES_MAX && wire < WIRE_BYTES_MAX;
}

struct str name_reversed(struct arena *arena, struct str name)
{
    char *reversed = arena_alloc(arena, name.bytes + 1);
    size_t end = name.bytes, out = 0;

    while (end > 0) { /* a label and its dot, from the last one on */
        size_t begin = end - 1;

        while (begin > 0 && name.at[begin - 1] != '.') {
            begin--;
        }
        memcpy(reversed + out, name.at + begin, end - begin);
        out += end - begin;
        end = begin;
    }
    return str_of(reversed, out);
}

bool name_within(struct str name, struct str zone)
{
    return str_ends(name, zone) &&
           (name.bytes == zone.bytes || name.at[name.bytes - zone.bytes - 1] == '.');
}

struct str name_wildcard(struct arena *arena, struct str name)
{
    size_t dot = str_find(name, '.', 0);

    return dot + 1 >= name.bytes
               ? STR_NONE
               : arena_printf(arena, "\\052%.*s", STR_ARG(str_slice(name, dot, name.bytes)));
}

/* ---- values ---- */

static bool is_address(struct str value, int family)
{
    char text[ADDRESS_BYTES_MAX], address[16];

    if (value.bytes >= sizeof(text) || str_find(value, '\0', 0) < value.bytes) {
        return false;
    }
    memcpy(text, value.at, value.bytes);
    text[value.bytes] = '\0';
    return inet_pton(family, text, address) == 1;
}

static size_t fields(struct str value)
{
    size_t count = 0;

    while (value.at != NULL) {
        count += str_split(&value, ' ').bytes > 0 ? 1 : 0;
    }
    return count;
}

/* Strings in quotation marks with spaces between, each of at most 255 bytes. */
static const char *text_wrong(struct str value)
{
    size_t at = 0, bytes;

    if (value.bytes == 0 || value.at[0] != '"') {
        return "InvalidCharacterString (Value should be enclosed in quotation marks)";
    }
    while (at < value.bytes) {
        if (value.at[at] == ' ') {
            at++;
            continue;
        }
        if (value.at[at] != '"') {
            return "InvalidCharacterString (Value should be enclosed in quotation marks)";
        }
        for (at++, bytes = 0; at < value.bytes && value.at[at] != '"'; bytes++) {
            at += value.at[at] == '\\' && at + 1 < value.bytes ? 2 : 1;
        }
        if (at >= value.bytes) {
            return "InvalidCharacterString (Unexpected end of input)";
        }
        if (bytes > 255) {
            return "CharacterStringTooLong (Value is too long)";
        }
        at++;
    }
    return NULL;
}

const char *record_wrong(struct str type, struct str value)
{
    if (str_eq(type, STR("A"))) {
        return is_address(value, AF_INET)
                   ? NULL : "ARRDATAIllegalIPv4Address (Value is not a valid IPv4 address)";
    }
    if (str_eq(type, STR("AAAA"))) {
        return is_address(value, AF_INET6)
                   ? NULL : "AAAARRDATAIllegalIPv6Address (Value is not a valid IPv6 address)";
    }
    if (str_eq(type, STR("TXT")) || str_eq(type, STR("SPF"))) {
        return text_wrong(value);
    }
    if (str_eq(type, STR("MX"))) {
        return fields(value) == 2
                   ? NULL : "MXRRDATANotTwoFields (MX record doesn't have 2 fields)";
    }
    if (str_eq(type, STR("SRV"))) {
        return fields(value) == 4
                   ? NULL : "SRVRRDATANotFourFields (SRV record doesn't have 4 fields)";
    }
    if (str_eq(type, STR("CAA"))) {
        return fields(value) >= 3
                   ? NULL : "CAARRDATANotThreeFields (CAA record doesn't have 3 fields)";
    }
    if (str_eq(type, STR("CNAME")) || str_eq(type, STR("NS")) || str_eq(type, STR("PTR"))) {
        return value.bytes > 0 && fields(value) == 1 && value.at[0] != '.'
                   ? NULL : "DomainLabelEmpty (Domain label is empty)";
    }
    return value.bytes > 0 ? NULL : "RRDATAEmpty (Value is empty)";
}
