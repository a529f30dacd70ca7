/* SPDX-License-Identifier: Apache-2.0
 *
 * Authorization codes as rows that end by themselves:
 *
 *   "grant", pool, SHA-256 of the code in hex   u8 1, str client, redirect_uri, sub, scopes, nonce,
 *                                               challenge, zigzag signed in, signed out
 */
#include "base/codec.h"
#include "base/cursor.h"
#include "base/digest.h"
#include "svc/cognito/grant.h"
#include "svc/cognito/passing.h"
#include "sys/rand.h"

#include <assert.h>

#define VERSION 1

static struct passing grant_row(struct call *c, const struct pool *pool, struct str text)
{
    char *hex = arena_alloc(c->arena, 2 * SHA256_BYTES);
    uint8_t sum[SHA256_BYTES];

    sha256(text, sum);
    hex_encode(str_of(sum, sizeof(sum)), hex);
    return (struct passing){"grant", pool->id, str_of(hex, 2 * SHA256_BYTES)};
}

/* A UUID, as AWS's are; all of its chance comes from the kernel. */
static struct str grant_code_text(struct call *c)
{
    uint8_t chance[16];
    char hex[32];

    rand_secret(chance, sizeof(chance));
    chance[6] = (uint8_t)((chance[6] & 0x0f) | 0x40);
    chance[8] = (uint8_t)((chance[8] & 0x3f) | 0x80);
    hex_encode(str_of(chance, sizeof(chance)), hex);
    return arena_printf(c->arena, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16,
                        hex + 20);
}

struct str grant_code_make(struct call *c, const struct pool *pool, const struct grant_code *code)
{
    struct str text = grant_code_text(c);
    struct passing row = grant_row(c, pool, text);
    struct buf record;

    buf_init(&record, PASSING_BYTES_MAX);
    write_u8(&record, VERSION);
    write_str(&record, code->client);
    write_str(&record, code->redirect_uri);
    write_str(&record, code->sub);
    write_str(&record, code->scopes);
    write_str(&record, code->nonce);
    write_str(&record, code->challenge);
    write_zigzag(&record, code->signed_in_ms);
    write_zigzag(&record, code->signed_out_ms);
    passing_put(c, &row, c->now + CODE_MS, &record);
    return text;
}

bool grant_code_take(struct call *c, const struct pool *pool, struct str text,
                     struct grant_code *ret_code)
{
    struct passing row = grant_row(c, pool, text);
    struct cursor cursor;
    struct str record;
    uint8_t version;

    if (text.bytes == 0 || !passing_get(c, &row, &record)) {
        return false;
    }
    passing_erase(c, &row);
    cursor = cursor_of(record);
    version = read_u8(&cursor);
    ret_code->client = read_str(&cursor);
    ret_code->redirect_uri = read_str(&cursor);
    ret_code->sub = read_str(&cursor);
    ret_code->scopes = read_str(&cursor);
    ret_code->nonce = read_str(&cursor);
    ret_code->challenge = read_str(&cursor);
    ret_code->signed_in_ms = read_zigzag(&cursor);
    ret_code->signed_out_ms = read_zigzag(&cursor);
    assert(version == VERSION);
    assert(cursor_done(&cursor));
    return true;
}
