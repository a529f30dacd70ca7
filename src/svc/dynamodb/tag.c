/* SPDX-License-Identifier: Apache-2.0
 *
 * Tags of a table: kept in its row as (str key, str value) in the order of their keys. Source:
 * "Tagging resources" and the constraints of DynamoDB's API: 50 of a table, keys of 1 to 128
 * characters, values of 0 to 256.
 */
#include "svc/dynamodb/tags.h"

#include "base/codec.h"
#include "base/cursor.h"

#include <assert.h>

#define KEY_CHARS_MAX 128
#define VALUE_CHARS_MAX 256
#define PACKED_BYTES_MAX 131072

/* Letters and digits of any script count; of ASCII only what AWS names. */
static bool characters_good(struct str text)
{
    for (size_t i = 0; i < text.bytes; i++) {
        unsigned char ch = (unsigned char)text.at[i];

        if (ch < 0x80 && (ch == 0 || strchr(" _./=+-:@", ch) == NULL) &&
            !(ch >= '0' && ch <= '9') && !((ch | 0x20) >= 'a' && (ch | 0x20) <= 'z')) {
            return false;
        }
    }
    return true;
}

static status tag_check(struct call *c, const struct value *tag)
{
    struct str key = get_str(tag, "Key");
    struct str value = get_str(tag, "Value");

    if (key.bytes == 0 || utf8_count(key) > KEY_CHARS_MAX || !characters_good(key)) {
        return fail(c, &DDB_VALIDATION, "The Tag Key provided is invalid, Key: %.*s",
                    STR_ARG(key));
    }
    if (utf8_count(value) > VALUE_CHARS_MAX || !characters_good(value)) {
        return fail(c, &DDB_VALIDATION, "The Tag Value provided is invalid, Value: %.*s",
                    STR_ARG(value));
    }
    if (str_starts_nocase(key, STR("aws:"))) {
        return fail(c, &DDB_VALIDATION, "Tag Key cannot be prefixed with aws:, Key: %.*s",
                    STR_ARG(key));
    }
    return OK;
}

static status list_check(struct call *c, const struct value *list)
{
    for (uint32_t i = 0; i < list->count; i++) {
        struct str key = get_str(&list->items[i], "Key");

        TRY(tag_check(c, &list->items[i]));
        for (uint32_t j = 0; j < i; j++) {
            if (str_eq(get_str(&list->items[j], "Key"), key)) {
                return fail(c, &DDB_VALIDATION, "Duplicate Tag Keys provided as input: Duplicate "
                            "Tag Key found %.*s", STR_ARG(key));
            }
        }
        if (i >= TAGS_MAX) {
            break; /* too many anyway; do not compare them all */
        }
    }
    return OK;
}

size_t tags_unpack(struct str packed, struct tag tags[TAGS_MAX])
{
    struct cursor cursor = cursor_of(packed);
    size_t count = 0;

    while (cursor.rest.bytes > 0 && cursor_ok(&cursor) && count < TAGS_MAX) {
        tags[count].key = read_str(&cursor);
        tags[count].value = read_str(&cursor);
        count++;
    }
    return count;
}

struct str tags_pack(struct arena *arena, const struct tag *tags, size_t count)
{
    struct buf packed;
    struct str kept;

    buf_init(&packed, PACKED_BYTES_MAX);
    for (size_t i = 0; i < count; i++) {
        write_str(&packed, tags[i].key);
        write_str(&packed, tags[i].value);
    }
    assert(!buf_spent(&packed));
    kept = arena_dup(arena, buf_str(&packed));
    buf_done(&packed);
    return kept;
}

status tags_join(struct call *c, struct str packed, const struct value *list,
                 struct str *ret_packed)
{
    struct tag tags[TAGS_MAX];
    size_t count = tags_unpack(packed, tags);

    TRY(list_check(c, list));
    for (uint32_t i = 0; i < list->count; i++) {
        struct str key = get_str(&list->items[i], "Key");
        size_t at = 0;

        while (at < count && str_cmp(tags[at].key, key) < 0) {
            at++;
        }
        if (at == count || !str_eq(tags[at].key, key)) {
            if (count == TAGS_MAX) {
                return fail(c, &DDB_VALIDATION, "Number of Tags exceed the current limit for the "
                                                "provided ResourceArn");
            }
            memmove(&tags[at + 1], &tags[at], (count - at) * sizeof(tags[0]));
            count++;
        }
        tags[at] = (struct tag){key, get_str(&list->items[i], "Value")};
    }
    *ret_packed = tags_pack(c->arena, tags, count);
    return OK;
}
