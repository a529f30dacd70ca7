/* SPDX-License-Identifier: Apache-2.0
 *
 * Fn::Cidr: consecutive blocks of addresses out of one, for IPv4 and IPv6.
 */
#include "svc/cloudformation/template_int.h"

#include "base/u128.h"

#include <arpa/inet.h>

#define BLOCKS_MAX 256
#define ADDRESS_TEXT_BYTES_MAX 64

/* A block of addresses. */
struct block {
    u128 first;  /* its lowest address */
    int bits;    /* of an address: 32 or 128 */
    int prefix;  /* of them, those that all its addresses share */
};

static u128 from_bytes(const unsigned char *at, int bytes)
{
    u128 number = 0;

    for (int i = 0; i < bytes; i++) {
        number = number << 8 | at[i];
    }
    return number;
}

static bool block_of(struct str text, struct block *ret_block)
{
    size_t slash = str_find(text, '/', 0);
    struct block block = {.bits = str_find(text, ':', 0) < slash ? 128 : 32};
    char address[ADDRESS_TEXT_BYTES_MAX] = {0};
    unsigned char bytes[16];
    uint64_t prefix;

    if (slash >= sizeof(address) ||
        !str_to_u64(str_slice(text, slash + 1, text.bytes), &prefix) ||
        prefix > (uint64_t)block.bits) {
        return false;
    }
    memcpy(address, text.at, slash);
    if (inet_pton(block.bits == 32 ? AF_INET : AF_INET6, address, bytes) != 1) {
        return false;
    }
    block.prefix = (int)prefix;
    block.first = from_bytes(bytes, block.bits / 8);
    if (block.prefix == 0) {
        block.first = 0;
    } else {
        block.first = block.first >> (block.bits - block.prefix) << (block.bits - block.prefix);
    }
    *ret_block = block;
    return true;
}

static struct str block_text(const struct block *block, struct arena *arena)
{
    unsigned char bytes[16];
    char text[ADDRESS_TEXT_BYTES_MAX];

    for (int i = 0; i < block->bits / 8; i++) {
        bytes[i] = (unsigned char)(block->first >> (block->bits - 8 - 8 * i));
    }
    inet_ntop(block->bits == 32 ? AF_INET : AF_INET6, bytes, text, sizeof(text));
    return arena_printf(arena, "%s/%d", text, block->prefix);
}

static bool number_of(const struct value *value, struct arena *arena, int64_t *ret_number)
{
    return template_is_scalar(value) && str_to_i64(doc_text(arena, value), ret_number);
}

status template_cidr(const struct value *arguments, struct arena *arena, struct why *why,
                     struct value *ret_list)
{
    struct block block;
    int64_t count;
    int64_t bits;
    struct value list;

    if (arguments->kind != VALUE_LIST || arguments->count < 2 ||
        !template_is_text(&arguments->items[0]) ||
        !block_of(arguments->items[0].str, &block)) {
        return template_wrong(why, "Template error: Fn::Cidr requires a valid IP block");
    }
    bits = block.bits == 32 ? 8 : 64;
    if (!number_of(&arguments->items[1], arena, &count) || count < 1 || count > BLOCKS_MAX ||
        (arguments->count > 2 && !number_of(&arguments->items[2], arena, &bits))) {
        return template_wrong(why, "Template error: Fn::Cidr count must be between 1 and %d and "
                                   "cidrBits an integer", BLOCKS_MAX);
    }
    if (bits < 1 || bits > block.bits - block.prefix ||
        (block.bits - block.prefix - bits < 9 &&
         count > (int64_t)1 << (block.bits - block.prefix - bits))) {
        return template_wrong(why,
                              "Template error: Fn::Cidr cannot fit %lld blocks with %lld bits in "
                              "%.*s",
                              (long long)count, (long long)bits,
                              STR_ARG(arguments->items[0].str));
    }
    block.prefix = block.bits - (int)bits;
    list = template_list(arena, (size_t)count);
    while (list.count < (uint32_t)count) {
        *template_list_add(&list) = template_text(block_text(&block, arena));
        block.first += bits == 128 ? 0 : (u128)1 << bits;
    }
    *ret_list = list;
    return OK;
}
