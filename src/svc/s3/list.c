/* SPDX-License-Identifier: Apache-2.0
 *
 * What lists share: common prefixes, URL encoding, continuation tokens (the text to go on behind,
 * in base64).
 */
#include "base/codec.h"
#include "svc/s3/s3_core.h"

#define TOKEN_BYTES_MAX 2048

struct str key_rolled(struct str key, struct str prefix, struct str delimiter)
{
    struct str rest = str_slice(key, prefix.bytes, key.bytes);
    size_t at;

    if (delimiter.bytes == 0) {
        return STR_NONE;
    }
    at = str_find_str(rest, delimiter);
    return at == rest.bytes ? STR_NONE : str_slice(key, 0, prefix.bytes + at + delimiter.bytes);
}

struct str url_encoded(struct arena *arena, struct str text)
{
    struct buf out;
    struct str encoded;

    buf_init(&out, 4 * TOKEN_BYTES_MAX);
    buf_add_percent(&out, text, true);
    encoded = arena_dup(arena, buf_str(&out));
    buf_done(&out);
    return encoded;
}

struct str list_token_write(struct call *c, struct str text)
{
    return base64_text(c->arena, text.at, text.bytes);
}

status list_token_read(struct call *c, struct str token, struct str *ret_text)
{
    char *text = arena_alloc(c->arena, TOKEN_BYTES_MAX);
    size_t bytes;

    if (token.bytes > TOKEN_BYTES_MAX || !base64_decode(token, text, &bytes) || bytes == 0) {
        return fail_argument(c, "continuation-token", STR_NONE,
                             "The continuation token provided is incorrect");
    }
    *ret_text = str_of(text, bytes);
    return OK;
}
