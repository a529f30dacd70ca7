/* SPDX-License-Identifier: Apache-2.0
 *
 * Tags: a small list sorted by key, owned by what is tagged. Source: "Tagging your resources in
 * Amazon Kinesis Data Streams": 50 per resource, keys 1 to 128 characters, values 0 to 256,
 * letters, digits, space and _ . / = + - % @ ; keys beginning with "aws:" are AWS's own.
 */
#include "base/codec.h"
#include "base/mem.h"
#include "svc/kinesis/kinesis_int.h"

#define KEY_CHARS_MAX 128
#define VALUE_CHARS_MAX 256

static size_t place_of(const struct tags *tags, struct str key, bool *ret_there)
{
    size_t at = 0;

    *ret_there = false;
    while (at < tags->count) {
        int order = str_cmp(tags->items[at].key, key);

        if (order >= 0) {
            *ret_there = order == 0;
            break;
        }
        at++;
    }
    return at;
}

struct str *tags_find(struct tags *tags, struct str key)
{
    bool there;
    size_t at = place_of(tags, key, &there);

    return there ? &tags->items[at].value : NULL;
}

void tags_set(struct tags *tags, struct str key, struct str value)
{
    bool there;
    size_t at = place_of(tags, key, &there);

    if (there) {
        text_set(&tags->items[at].value, value);
        return;
    }
    tags->items = mem_grow(tags->items, (tags->count + 1) * sizeof(struct tag));
    memmove(&tags->items[at + 1], &tags->items[at], (tags->count - at) * sizeof(struct tag));
    tags->items[at] = (struct tag){STR_NONE, STR_NONE};
    text_set(&tags->items[at].key, key);
    text_set(&tags->items[at].value, value);
    tags->count++;
}

static void tag_done(struct tag *tag)
{
    text_set(&tag->key, STR_NONE);
    text_set(&tag->value, STR_NONE);
}

void tags_remove(struct tags *tags, struct str key)
{
    bool there;
    size_t at = place_of(tags, key, &there);

    if (!there) {
        return;
    }
    tag_done(&tags->items[at]);
    tags->count--;
    memmove(&tags->items[at], &tags->items[at + 1], (tags->count - at) * sizeof(struct tag));
}

void tags_done(struct tags *tags)
{
    for (size_t i = 0; i < tags->count; i++) {
        tag_done(&tags->items[i]);
    }
    mem_free(tags->items);
    *tags = (struct tags){NULL, 0};
}

/* Letters and digits of any script count; of ASCII only what AWS names. */
static bool characters_good(struct str text)
{
    for (size_t i = 0; i < text.bytes; i++) {
        unsigned char ch = (unsigned char)text.at[i];

        if (ch < 0x80 && strchr(" _./=+-%@:", ch) == NULL && !(ch >= '0' && ch <= '9') &&
            !((ch | 0x20) >= 'a' && (ch | 0x20) <= 'z')) {
            return false;
        }
    }
    return true;
}

static status pair_check(struct call *c, struct str key, struct str value)
{
    if (key.bytes == 0 || utf8_count(key) > KEY_CHARS_MAX || utf8_count(value) > VALUE_CHARS_MAX) {
        return fail(c, &KINESIS_INVALID_ARGUMENT,
                    "Tag keys have 1 to %d characters and values 0 to %d.", KEY_CHARS_MAX,
                    VALUE_CHARS_MAX);
    }
    if (!characters_good(key) || !characters_good(value)) {
        return fail(c, &KINESIS_INVALID_ARGUMENT,
                    "Some tags contain invalid characters. Valid characters: Unicode letters, "
                    "digits, white space, _ . / = + - %% @ :.");
    }
    if (str_starts_nocase(key, STR("aws:"))) {
        return fail(c, &KINESIS_INVALID_ARGUMENT,
                    "Tag keys starting with aws: are reserved for system use.");
    }
    return OK;
}

status tags_check(struct call *c, const struct tags *there, const struct value *map)
{
    size_t count = there == NULL ? 0 : there->count;

    for (uint32_t i = 0; map != NULL && i < map->count; i++) {
        bool known = false;

        TRY(pair_check(c, map->pairs[i].key, map->pairs[i].value.str));
        if (there != NULL) {
            place_of(there, map->pairs[i].key, &known);
        }
        count += !known;
    }
    if (count > TAGS_MAX) {
        return fail(c, &KINESIS_INVALID_ARGUMENT,
                    "Failed to add tags. A given resource cannot have more than %d tags associated "
                    "with it.", TAGS_MAX);
    }
    return OK;
}
