/* SPDX-License-Identifier: Apache-2.0
 *
 * NextToken of ExecuteStatement, in base64:
 *
 *   version 1, digest (16), var: partition, str: the packed key or nothing
 *
 * The digest is of account, region, statement and parameters: with another statement the token is
 * refused. It is no secret and no proof: what it names is checked as any request's key is.
 */
#include "svc/dynamodb/partiql_run.h"

#include "base/codec.h"
#include "base/digest.h"

#define TOKEN_VERSION 1
#define TOKEN_DIGEST_BYTES 16
#define REQUEST_BYTES_MAX ((size_t)256 << 20) /* what a request can say, as JSON */
#define TOKEN_BYTES_MAX 24000 /* of base64's insides; the model allows 32768 characters */

static void digest(struct call *c, uint8_t out[SHA256_BYTES])
{
    struct buf buf;

    buf_init(&buf, REQUEST_BYTES_MAX);
    write_str(&buf, c->account);
    write_str(&buf, c->region);
    write_str(&buf, arg_str(c, "Statement"));
    if (arg_has(c, "Parameters")) {
        value_dump(&buf, arg(c, "Parameters"));
    }
    sha256(buf_str(&buf), out);
    buf_done(&buf);
}

struct str select_token_text(struct call *c, const struct select_token *token)
{
    uint8_t sum[SHA256_BYTES];
    struct buf buf;
    char *text;
    size_t bytes;

    digest(c, sum);
    buf_init(&buf, TOKEN_BYTES_MAX);
    write_u8(&buf, TOKEN_VERSION);
    buf_add_bytes(&buf, sum, TOKEN_DIGEST_BYTES);
    write_var(&buf, token->partition);
    write_str(&buf, token->last.packed);
    bytes = base64_encoded_bytes(buf.bytes);
    text = arena_alloc(c->arena, bytes);
    base64_encode(buf_str(&buf), text);
    buf_done(&buf);
    return str_of(text, bytes);
}

static status invalid(struct call *c)
{
    return fail(c, &DDB_VALIDATION, "Invalid NextToken");
}

status select_token_read(struct call *c, struct str text, struct select_token *ret_token)
{
    struct select_token token = {.last = ITEM_ABSENT};
    char *plain = arena_alloc(c->arena, text.bytes + 4);
    uint8_t sum[SHA256_BYTES];
    struct cursor cursor;
    struct str given, key;
    size_t bytes;

    if (!base64_decode(text, plain, &bytes)) {
        return invalid(c);
    }
    cursor = cursor_of(str_of(plain, bytes));
    if (read_u8(&cursor) != TOKEN_VERSION) {
        return invalid(c);
    }
    given = read_bytes(&cursor, TOKEN_DIGEST_BYTES);
    token.partition = read_var(&cursor);
    key = read_str(&cursor);
    if (!cursor_done(&cursor) || (key.bytes > 0 && !item_sound(key)) ||
        (key.bytes > 0 && !item_open(key, &token.last))) {
        return invalid(c);
    }
    digest(c, sum);
    if (memcmp(given.at, sum, TOKEN_DIGEST_BYTES) != 0) {
        return fail(c, &DDB_VALIDATION, "NextToken does not match request");
    }
    *ret_token = token;
    return OK;
}
