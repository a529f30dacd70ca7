/* SPDX-License-Identifier: Apache-2.0
 *
 * Attribute values and items: what AWS refuses, in its words; what comes back; sizes by AWS's
 * rules; that equal values have equal bytes, for generated items written in two ways.
 */
#include "world.h"

#define INVALID "One or more parameter values were invalid: "

static void a_value_is_refused_in_AWS_words(void **state)
{
    static const char *const rows[][2] = {
        {"{}", "Supplied AttributeValue is empty, must contain exactly one of the supported "
               "datatypes"},
        {"{\"M\":{\"a\":{}}}", "Supplied AttributeValue is empty, must contain exactly one of the "
                               "supported datatypes"},
        {"{\"L\":[{}]}", "Supplied AttributeValue is empty, must contain exactly one of the "
                         "supported datatypes"},
        {"{\"S\":\"a\",\"N\":\"1\"}", "Supplied AttributeValue has more than one datatypes set, "
                                      "must contain exactly one of the supported datatypes"},
        {"{\"NULL\":false}", INVALID "Null attribute value types must have the value of true"},
        {"{\"SS\":[]}", INVALID "An string set  may not be empty"},
        {"{\"NS\":[]}", INVALID "An number set  may not be empty"},
        {"{\"BS\":[]}", INVALID "Binary sets should not be empty"},
        {"{\"SS\":[\"a\",\"\"]}",
         INVALID "An string set may not have a empty string as a member"},
        {"{\"BS\":[\"aaaa\",\"\"]}", INVALID "Binary sets may not contain null or empty values"},
        {"{\"SS\":[\"b\",\"a\",\"b\"]}", INVALID "Input collection [b, a, b] contains duplicates."},
        {"{\"BS\":[\"Yg==\",\"Yg==\"]}",
         INVALID "Input collection [Yg==, Yg==]of type BS contains duplicates."},
        {"{\"NS\":[\"1\",\"1.0\"]}", "Input collection contains duplicates"},
        {"{\"NS\":[\"1\",\"\"]}", "The parameter cannot be converted to a numeric value"},
        {"{\"NS\":[\"1\",\"b\"]}", "The parameter cannot be converted to a numeric value: b"},
        {"{\"S\":\"a\",\"N\":\"b\"}", "The parameter cannot be converted to a numeric value: b"},
        {"{\"N\":\"1e126\"}", "Number overflow. Attempting to store a number with magnitude larger "
                              "than supported range"},
    };
    struct world *w = *state;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct item item = ITEM_ABSENT;
        struct str json = arena_printf(w->arena, "{\"a\":%s}", rows[i][0]);

        assert_true(item_from_value(w->arena, map_of(w->arena, json.at), &w->why, &item) != OK);
        assert_string_equal(w->why.text, rows[i][1]);
        assert_int_equal(item.packed.bytes, 0);
    }
}

static void empty_texts_lists_and_maps_are_kept(void **state)
{
    struct world *w = *state;
    struct item item = item_of(w, "{\"e\":{\"BOOL\":false},\"d\":{\"M\":{}},\"c\":{\"L\":[]},"
                                  "\"b\":{\"B\":\"\"},\"a\":{\"S\":\"\"},\"f\":{\"NULL\":true}}");

    assert_string_equal(text_of(w, &item),
                        "{\"a\":{\"S\":\"\"},\"b\":{\"B\":\"\"},\"c\":{\"L\":[]},\"d\":{\"M\":{}},"
                        "\"e\":{\"BOOL\":false},\"f\":{\"NULL\":true}}");
}

/* A text nested in so many lists, or maps. */
static struct str nested(struct world *w, int levels, bool lists)
{
    struct str json = STR("{\"S\":\"leaf\"}");

    while (levels-- > 0) {
        json = lists ? arena_printf(w->arena, "{\"L\":[%.*s]}", STR_ARG(json))
                     : arena_printf(w->arena, "{\"M\":{\"n\":%.*s}}", STR_ARG(json));
    }
    return arena_printf(w->arena, "{\"a\":%.*s}", STR_ARG(json));
}

static void the_thirty_third_level_is_too_deep(void **state)
{
    struct world *w = *state;

    for (int lists = 0; lists < 2; lists++) {
        struct item item = item_of(w, nested(w, 31, lists).at);

        assert_true(item.bytes > 0);
        assert_true(item_from_value(w->arena, map_of(w->arena, nested(w, 32, lists).at), &w->why,
                                    &item) != OK);
        assert_string_equal(w->why.text,
                            "Nesting Levels have exceeded supported limits: Attributes in the item "
                            "have nested levels beyond supported limit");
    }
}

static void sizes_are_what_AWS_counts(void **state)
{
    static const struct {
        const char *json; /* an item */
        size_t bytes;     /* counted */
    } rows[] = {
        {"{}", 0},
        {"{\"a\":{\"S\":\"xyz\"}}", 4},
        {"{\"\xc3\xa9\":{\"S\":\"\xe2\x82\xac\"}}", 5},
        {"{\"a\":{\"B\":\"AAEC\"}}", 4},
        {"{\"a\":{\"N\":\"123\"}}", 4},
        {"{\"a\":{\"N\":\"-123\"}}", 5},
        {"{\"a\":{\"BOOL\":true},\"b\":{\"NULL\":true}}", 4},
        {"{\"a\":{\"SS\":[\"x\",\"yz\"]}}", 4},
        {"{\"a\":{\"NS\":[\"1\",\"22\"]}}", 5},
        {"{\"a\":{\"L\":[]}}", 4},
        {"{\"a\":{\"L\":[{\"S\":\"xy\"},{\"N\":\"1\"}]}}", 10},
        {"{\"a\":{\"M\":{}}}", 4},
        {"{\"a\":{\"M\":{\"bc\":{\"S\":\"x\"}}}}", 8},
    };
    struct world *w = *state;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct item item = item_of(w, rows[i].json);
        struct item back;

        assert_int_equal(item.bytes, rows[i].bytes);
        assert_true(item_open(item.packed, &back));
        assert_int_equal(back.bytes, rows[i].bytes);
    }
}

static void an_item_of_400_KB_fits_and_one_byte_more_does_not(void **state)
{
    struct world *w = *state;
    char *text = arena_zero(w->arena, ITEM_BYTES_MAX + 64);
    int head = snprintf(text, 32, "{\"ab\":{\"S\":\"");
    struct item item;

    memset(text + head, 'x', ITEM_BYTES_MAX - 2);
    memcpy(text + head + ITEM_BYTES_MAX - 2, "\"}}", 4);
    item = item_of(w, text);
    assert_int_equal(item.bytes, ITEM_BYTES_MAX);
    assert_true(item_fits(&item, false, &w->why) == OK);
    memcpy(text + head + ITEM_BYTES_MAX - 2, "x\"}}", 5);
    item = item_of(w, text);
    assert_true(item_fits(&item, false, &w->why) != OK);
    assert_string_equal(w->why.text, "Item size has exceeded the maximum allowed size");
    assert_true(item_fits(&item, true, &w->why) != OK);
    assert_string_equal(w->why.text, "Item size to update has exceeded the maximum allowed size");
}

static struct datum value_of(struct world *w, const char *json)
{
    struct item item = item_of(w, arena_printf(w->arena, "{\"a\":%s}", json).at);

    return datum_find(item.attributes, STR("a"));
}

static void keys_sort_as_their_values(void **state)
{
    /* ascending within each type */
    static const char *const rows[] = {
        "{\"S\":\"A\"}", "{\"S\":\"A\\u0000\"}", "{\"S\":\"A\\u0000A\"}", "{\"S\":\"A\\u0001\"}",
        "{\"S\":\"AA\"}", "{\"S\":\"a\"}", "{\"S\":\"\xc3\xa9\"}",
        "{\"N\":\"-1e125\"}", "{\"N\":\"-2\"}", "{\"N\":\"-1.25\"}", "{\"N\":\"-1.2\"}",
        "{\"N\":\"-1e-130\"}", "{\"N\":\"0\"}", "{\"N\":\"1e-130\"}", "{\"N\":\"1.2\"}",
        "{\"N\":\"1.25\"}", "{\"N\":\"2\"}", "{\"N\":\"10\"}", "{\"N\":\"1e125\"}",
        "{\"B\":\"AA==\"}", "{\"B\":\"AAA=\"}", "{\"B\":\"AAE=\"}", "{\"B\":\"AQ==\"}",
        "{\"B\":\"/w==\"}",
    };
    struct world *w = *state;
    struct str former = STR_NONE;
    uint8_t type = DATUM_NONE;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct datum value = value_of(w, rows[i]);
        struct key key = key_of(w->arena, "dynamodb");
        struct key_reader reader;
        struct str service;
        struct datum back;

        key_datum(&key, value);
        key_str(&key, STR("behind"));
        if (type == value.type) {
            assert_true(str_cmp(former, key_end(&key)) < 0);
        }
        former = key_end(&key);
        type = value.type;
        reader.rest = former;
        assert_true(key_read_str(&reader, w->arena, &service));
        assert_true(key_read_datum(&reader, w->arena, type, &back));
        assert_true(datum_eq(back, value));
    }
}

static void a_key_is_neither_empty_nor_too_long(void **state)
{
    struct world *w = *state;
    struct datum text = {DATUM_S, STR_NONE};

    assert_true(key_datum_check(text, STR("a"), true, &w->why) != OK);
    assert_string_equal(w->why.text,
                        "One or more parameter values are not valid. The AttributeValue for a key "
                        "attribute cannot contain an empty string value. Key: a");
    text.body = str_of(arena_zero(w->arena, 2049), 2048);
    assert_true(key_datum_check(text, STR("a"), true, &w->why) == OK);
    text.body.bytes = 2049;
    assert_true(key_datum_check(text, STR("a"), true, &w->why) != OK);
    assert_string_equal(w->why.text, INVALID "Size of hashkey has exceeded the maximum size limit "
                                             "of2048 bytes");
    text.body.bytes = 1024;
    assert_true(key_datum_check(text, STR("a"), false, &w->why) == OK);
    text.body.bytes = 1025;
    assert_true(key_datum_check(text, STR("a"), false, &w->why) != OK);
    assert_string_equal(w->why.text, INVALID "Aggregated size of all range keys has exceeded the "
                                             "size limit of 1024 bytes");
}

/* ---- generated ---- */

/* One value, written twice: plain, and with members turned around and numbers written otherwise. */
static void write_value(struct buf *plain, struct buf *other, int depth);

static void both(struct buf *plain, struct buf *other, const char *text)
{
    buf_add(plain, str_c(text));
    buf_add(other, str_c(text));
}

static void write_number(struct buf *plain, struct buf *other, uint64_t number)
{
    bool minus = number % 3 == 0 && number > 0;

    buf_printf(plain, "\"%s%llu\"", minus ? "-" : "", (unsigned long long)number);
    buf_printf(other, "\"%s0%llu.0e0\"", minus ? "-" : "", (unsigned long long)number);
}

static void write_set(struct buf *plain, struct buf *other, bool numbers)
{
    uint64_t count = 1 + chance(6);
    uint64_t first = chance(1000);

    both(plain, other, numbers ? "{\"NS\":[" : "{\"SS\":[");
    for (uint64_t i = 0; i < count; i++) {
        uint64_t up = first + 7 * i;
        uint64_t down = first + 7 * (count - 1 - i);
        struct buf unused;

        buf_init(&unused, 4096);
        both(plain, other, i > 0 ? "," : "");
        if (numbers) {
            write_number(plain, &unused, up);
            write_number(&unused, other, down);
        } else {
            buf_printf(plain, "\"s%llu\"", (unsigned long long)up);
            buf_printf(other, "\"s%llu\"", (unsigned long long)down);
        }
        buf_done(&unused);
    }
    both(plain, other, "]}");
}

/* Pairs with different names, the second text in reverse. */
static void write_pairs(struct buf *plain, struct buf *other, int depth)
{
    struct buf pairs[5];
    struct buf others[5];
    uint64_t count = chance(6);

    for (uint64_t i = 0; i < count; i++) {
        buf_init(&pairs[i], 1u << 20);
        buf_init(&others[i], 1u << 20);
        buf_printf(&pairs[i], "\"n%llu\":", (unsigned long long)i);
        buf_printf(&others[i], "\"n%llu\":", (unsigned long long)i);
        write_value(&pairs[i], &others[i], depth);
    }
    both(plain, other, "{");
    for (uint64_t i = 0; i < count; i++) {
        both(plain, other, i > 0 ? "," : "");
        buf_add(plain, buf_str(&pairs[i]));
        buf_add(other, buf_str(&others[count - 1 - i]));
    }
    both(plain, other, "}");
    for (uint64_t i = 0; i < count; i++) {
        buf_done(&pairs[i]);
        buf_done(&others[i]);
    }
}

static void write_list(struct buf *plain, struct buf *other, int depth)
{
    uint64_t count = chance(4);

    both(plain, other, "{\"L\":[");
    for (uint64_t i = 0; i < count; i++) {
        both(plain, other, i > 0 ? "," : "");
        write_value(plain, other, depth);
    }
    both(plain, other, "]}");
}

static void write_value(struct buf *plain, struct buf *other, int depth)
{
    switch (chance(depth > 0 ? 8 : 6)) {
    case 0:
        both(plain, other, "{\"S\":\"some text\"}");
        return;
    case 1:
        both(plain, other, "{\"N\":");
        write_number(plain, other, chance(1000000));
        both(plain, other, "}");
        return;
    case 2:
        both(plain, other, chance(2) ? "{\"BOOL\":true}" : "{\"NULL\":true}");
        return;
    case 3:
        both(plain, other, "{\"B\":\"AAECAwQ=\"}");
        return;
    case 4:
    case 5:
        write_set(plain, other, chance(2));
        return;
    case 6:
        write_list(plain, other, depth - 1);
        return;
    default:
        both(plain, other, "{\"M\":");
        write_pairs(plain, other, depth - 1);
        both(plain, other, "}");
    }
}

static void generated_items_come_back_and_equal_ones_have_equal_bytes(void **state)
{
    struct world *w = *state;

    for (int i = 0; i < 3000; i++) {
        struct buf plain;
        struct buf other;
        struct item item;
        struct item same;
        struct item back;

        arena_clear(w->arena);
        buf_init(&plain, 4u << 20);
        buf_init(&other, 4u << 20);
        write_pairs(&plain, &other, 4);
        item = item_of(w, arena_dup(w->arena, buf_str(&plain)).at);
        same = item_of(w, arena_dup(w->arena, buf_str(&other)).at);
        assert_true(str_eq(item.packed, same.packed));
        back = item_of(w, text_of(w, &item));
        assert_true(str_eq(item.packed, back.packed));
        assert_true(item.packed.bytes <= 5 * item.bytes + 64);
        buf_done(&plain);
        buf_done(&other);
    }
}

static void torn_items_are_never_sound(void **state)
{
    struct world *w = *state;
    struct item item = item_of(w, "{\"a\":{\"S\":\"xyz\"},\"b\":{\"L\":[{\"N\":\"12\"},"
                                  "{\"M\":{\"c\":{\"SS\":[\"p\",\"q\"]}}}]},"
                                  "\"z\":{\"BOOL\":true}}");
    char bytes[256];

    for (size_t cut = 0; cut < item.packed.bytes; cut++) {
        assert_false(item_sound(str_of(item.packed.at, cut)));
    }
    for (size_t at = 0; at < item.packed.bytes; at++) {
        for (int bit = 0; bit < 8; bit++) {
            struct item open;

            memcpy(bytes, item.packed.at, item.packed.bytes);
            bytes[at] = (char)(bytes[at] ^ 1 << bit);
            if (item_open(str_of(bytes, item.packed.bytes), &open)) {
                datum_find(open.attributes, STR("z"));
                datum_at(datum_find(open.attributes, STR("b")), 1);
                item_sound(open.packed);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_WORLD(a_value_is_refused_in_AWS_words),
        IN_WORLD(empty_texts_lists_and_maps_are_kept),
        IN_WORLD(the_thirty_third_level_is_too_deep),
        IN_WORLD(sizes_are_what_AWS_counts),
        IN_WORLD(an_item_of_400_KB_fits_and_one_byte_more_does_not),
        IN_WORLD(keys_sort_as_their_values),
        IN_WORLD(a_key_is_neither_empty_nor_too_long),
        IN_WORLD(generated_items_come_back_and_equal_ones_have_equal_bytes),
        IN_WORLD(torn_items_are_never_sound),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
