/* SPDX-License-Identifier: Apache-2.0
 *
 * Tags: their rules, and packed pairs, which metadata is too. Source: "Categorizing your storage
 * using tags": keys of 1 to 128, values of up to 256 characters; letters, digits, spaces and
 * + - = . _ : / @; keys unique, none beginning with "aws:".
 */
#include "base/codec.h"
#include "base/cursor.h"
#include "svc/s3/s3_core.h"

#include <assert.h>

#define TAG_KEY_CHARACTERS_MAX 128
#define TAG_VALUE_CHARACTERS_MAX 256
#define PAIRS_BYTES_MAX (64u * 1024)
#define TAG_COUNT_MAX 50

/* ---- packed pairs ---- */

bool pairs_next(struct str *packed, struct str *ret_name, struct str *ret_value)
{
    struct cursor cursor = cursor_of(*packed);

    if (packed->bytes == 0) {
        return false;
    }
    *ret_name = read_str(&cursor);
    *ret_value = read_str(&cursor);
    assert(cursor_ok(&cursor));
    *packed = cursor.rest;
    return true;
}

size_t pairs_count(struct str packed)
{
    struct str name;
    struct str value;
    size_t count = 0;

    while (pairs_next(&packed, &name, &value)) {
        count++;
    }
    return count;
}

/* ---- rules ---- */

static bool characters_fit(struct str text)
{
    for (size_t i = 0; i < text.bytes; i++) {
        unsigned char at = (unsigned char)text.at[i];

        if (at < 0x80 && !(at >= '0' && at <= '9') && !(at >= 'a' && at <= 'z') &&
            !(at >= 'A' && at <= 'Z') && memchr(" +-=._:/@", at, 9) == NULL) {
            return false;
        }
    }
    return utf8_valid(text);
}

struct pair_text {
    struct str key, value; /* one tag */
};

/* InvalidTag with its TagKey, in that sentence. */
static status fail_tag(struct call *c, const struct pair_text *tag, const char *sentence)
{
    c->more_count = 0;
    fail_more(c, "TagKey", tag->key);
    return fail(c, &S3_INVALID_TAG, "%s", sentence);
}

static status tag_check(struct call *c, const struct pair_text *tag, const char *reserved)
{
    if (tag->key.bytes == 0 || !characters_fit(tag->key) ||
        utf8_count(tag->key) > TAG_KEY_CHARACTERS_MAX) {
        return fail_tag(c, tag, "The TagKey you have provided is invalid");
    }
    if (!characters_fit(tag->value) || utf8_count(tag->value) > TAG_VALUE_CHARACTERS_MAX) {
        status failed = fail_tag(c, tag, "The TagValue you have provided is invalid");

        fail_more(c, "TagValue", tag->value);
        return failed;
    }
    return str_starts_nocase(tag->key, STR("aws:")) ? fail_tag(c, tag, reserved) : OK;
}

/* of_object: S3 has another sentence for reserved keys of objects than of buckets. */
static status all_check(struct call *c, const struct pair_text *tags, size_t count, bool of_object)
{
    const char *reserved = of_object ? "Your TagKey cannot be prefixed with aws:"
                                     : "System tags cannot be added/updated by requester";

    for (size_t i = 0; i < count; i++) {
        TRY(tag_check(c, &tags[i], reserved));
        for (size_t j = 0; j < i; j++) {
            if (str_eq(tags[i].key, tags[j].key)) {
                return fail_tag(c, &tags[i], "Cannot provide multiple Tags with the same key");
            }
        }
    }
    return OK;
}

static struct str all_pack(struct call *c, const struct pair_text *tags, size_t count)
{
    struct buf packed;
    struct str text;

    buf_init(&packed, PAIRS_BYTES_MAX);
    for (size_t i = 0; i < count; i++) {
        write_str(&packed, tags[i].key);
        write_str(&packed, tags[i].value);
    }
    assert(!buf_spent(&packed));
    text = arena_dup(c->arena, buf_str(&packed));
    buf_done(&packed);
    return text;
}

/* ---- of a structure ---- */

static size_t tags_of_list(const struct value *tag_set, struct pair_text tags[TAG_COUNT_MAX])
{
    for (uint32_t i = 0; i < tag_set->count; i++) {
        tags[i].key = get_str(&tag_set->items[i], "Key");
        tags[i].value = get_str(&tag_set->items[i], "Value");
    }
    return tag_set->count;
}

status tags_check(struct call *c, const struct value *tag_set, size_t count_max)
{
    struct pair_text tags[TAG_COUNT_MAX];

    assert(count_max <= TAG_COUNT_MAX);
    if (tag_set == NULL) {
        return OK;
    }
    if (tag_set->count > count_max) {
        return count_max == OBJECT_TAGS_MAX
                   ? fail(c, &S3_BAD_REQUEST, "Object tags cannot be greater than 10")
                   : fail(c, &S3_BAD_REQUEST, "Bucket tag count cannot be greater than 50");
    }
    return all_check(c, tags, tags_of_list(tag_set, tags), count_max == OBJECT_TAGS_MAX);
}

struct str tags_pack(struct call *c, const struct value *tag_set)
{
    struct pair_text tags[TAG_COUNT_MAX];

    return tag_set == NULL ? STR_NONE : all_pack(c, tags, tags_of_list(tag_set, tags));
}

/* ---- of x-amz-tagging ---- */

static status fail_header(struct call *c, struct str header)
{
    return fail_argument(c, "x-amz-tagging", header,
                         "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded "
                         "URL query parameters without tag name duplicates.");
}

status tags_of_header(struct call *c, struct str header, struct str *ret_packed)
{
    struct pair_text tags[OBJECT_TAGS_MAX];
    struct str rest = header;
    size_t count = 0;

    while (rest.at != NULL && header.bytes > 0) {
        struct str piece = str_split(&rest, '&');
        size_t equals = str_find(piece, '=', 0);

        if (piece.bytes == 0) {
            continue;
        }
        if (count == OBJECT_TAGS_MAX) {
            return fail(c, &S3_BAD_REQUEST, "Object tags cannot be greater than 10");
        }
        if (!percent_decode(c->arena, str_slice(piece, 0, equals), true, &tags[count].key) ||
            !percent_decode(c->arena, str_slice(piece, equals + 1, piece.bytes), true,
                            &tags[count].value)) {
            return fail_header(c, header);
        }
        if (!characters_fit(tags[count].key) || !characters_fit(tags[count].value)) {
            return fail_header(c, header);
        }
        for (size_t i = 0; i < count; i++) {
            if (str_eq(tags[i].key, tags[count].key)) {
                return fail_header(c, header);
            }
        }
        count++;
    }
    TRY(all_check(c, tags, count, true));
    *ret_packed = all_pack(c, tags, count);
    return OK;
}
