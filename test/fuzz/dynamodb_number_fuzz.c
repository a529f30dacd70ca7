/* SPDX-License-Identifier: Apache-2.0
 *
 * Numbers as texts and as packed bytes, and bytes taken for an item. What is read must come back
 * the same; what is not sound must not be touched outside.
 */
#include "svc/dynamodb/item.h"
#include "svc/dynamodb/number.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str bytes = str_of(data, size);
    char text[NUMBER_TEXT_BYTES_MAX];
    char packed[NUMBER_PACKED_BYTES_MAX];
    struct number number;
    struct number back;
    struct item item;

    if (number_parse(bytes, NULL, &number) == OK) {
        bool same = number_parse(str_of(text, number_text(&number, text)), NULL, &back) == OK &&
                    number_cmp(&number, &back) == 0;

        assert(same);
        same = number_unpack(str_of(packed, number_pack(&number, packed)), &back) &&
               number_cmp(&number, &back) == 0;
        assert(same);
    }
    if (number_unpack(bytes, &number)) {
        assert(str_eq(bytes, str_of(packed, number_pack(&number, packed))));
    }
    if (item_open(bytes, &item)) {
        datum_at(datum_find(item.attributes, STR("a")), 1);
        item_sound(bytes);
    }
    return 0;
}
