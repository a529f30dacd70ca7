/* SPDX-License-Identifier: Apache-2.0
 *
 * Sign-ins and refresh tokens as rows:
 *
 *   "sign-in", pool, event_id           u8 1, str sub, str client, str origin_jti, str scopes,
 *                                       u8 1 OAuth | 2 revoked,
 *                                       zigzag at, signed out, refresh until
 *   "refresh", pool, SHA-256 in hex     u8 1, str event_id, zigzag until, retired
 *
 * Both stay a day longer than they are good for: an access token may be that much younger than the
 * last refresh, and "has expired" is said of what is known.
 */
#include "svc/cognito/sign_in.h"

#include "base/codec.h"
#include "base/cursor.h"
#include "base/digest.h"
#include "svc/cognito/passing.h"
#include "sys/rand.h"
#include "wire/jwt.h"

#include <assert.h>

#define VERSION 1
#define OAUTH 1
#define REVOKED 2
#define LONGER_MS MS_PER_DAY

static struct passing sign_in_row(struct str pool, struct str id)
{
    return (struct passing){"sign-in", pool, id};
}

void sign_in_save(struct call *c, const struct sign_in *sign_in)
{
    struct passing row = sign_in_row(sign_in->pool, sign_in->id);
    int64_t until_ms = sign_in->refresh_until_ms > c->now ? sign_in->refresh_until_ms : c->now;
    struct buf record;

    buf_init(&record, PASSING_BYTES_MAX);
    write_u8(&record, VERSION);
    write_str(&record, sign_in->sub);
    write_str(&record, sign_in->client);
    write_str(&record, sign_in->origin_jti);
    write_str(&record, sign_in->scopes);
    write_u8(&record, (uint8_t)((sign_in->oauth ? OAUTH : 0) | (sign_in->revoked ? REVOKED : 0)));
    write_zigzag(&record, sign_in->at_ms);
    write_zigzag(&record, sign_in->signed_out_ms);
    write_zigzag(&record, sign_in->refresh_until_ms);
    passing_put(c, &row, until_ms + LONGER_MS, &record);
}

bool sign_in_load(struct call *c, struct str pool, struct str id, struct sign_in *ret_sign_in)
{
    struct passing row = sign_in_row(pool, id);
    struct sign_in sign_in = {.pool = pool, .id = id};
    struct cursor cursor;
    struct str record;
    uint8_t version;
    uint8_t flags;

    if (id.bytes == 0 || !passing_get(c, &row, &record)) {
        return false;
    }
    cursor = cursor_of(record);
    version = read_u8(&cursor);
    sign_in.sub = read_str(&cursor);
    sign_in.client = read_str(&cursor);
    sign_in.origin_jti = read_str(&cursor);
    sign_in.scopes = read_str(&cursor);
    flags = read_u8(&cursor);
    sign_in.oauth = (flags & OAUTH) != 0;
    sign_in.revoked = (flags & REVOKED) != 0;
    sign_in.at_ms = read_zigzag(&cursor);
    sign_in.signed_out_ms = read_zigzag(&cursor);
    sign_in.refresh_until_ms = read_zigzag(&cursor);
    assert(version == VERSION);
    assert(cursor_done(&cursor));
    *ret_sign_in = sign_in;
    return true;
}

/* ---- refresh tokens ---- */

struct str refresh_make(struct call *c)
{
    char chance[REFRESH_BYTES];

    rand_secret(chance, sizeof(chance));
    return jwt_part_write(str_of(chance, sizeof(chance)), c->arena);
}

static struct passing refresh_row(struct call *c, struct str pool, struct str token)
{
    char *hex = arena_alloc(c->arena, 2 * SHA256_BYTES);
    uint8_t sum[SHA256_BYTES];

    sha256(token, sum);
    hex_encode(str_of(sum, sizeof(sum)), hex);
    return (struct passing){"refresh", pool, str_of(hex, 2 * SHA256_BYTES)};
}

void refresh_save(struct call *c, struct str pool, struct str token,
                  const struct refresh *refresh)
{
    struct passing row = refresh_row(c, pool, token);
    struct buf record;

    buf_init(&record, PASSING_BYTES_MAX);
    write_u8(&record, VERSION);
    write_str(&record, refresh->sign_in);
    write_zigzag(&record, refresh->until_ms);
    write_zigzag(&record, refresh->retired_ms);
    passing_put(c, &row, refresh->until_ms + LONGER_MS, &record);
}

bool refresh_load(struct call *c, struct str pool, struct str token, struct refresh *ret_refresh)
{
    struct passing row = refresh_row(c, pool, token);
    struct refresh refresh;
    struct cursor cursor;
    struct str record;
    uint8_t version;

    if (token.bytes == 0 || !passing_get(c, &row, &record)) {
        return false;
    }
    cursor = cursor_of(record);
    version = read_u8(&cursor);
    refresh.sign_in = read_str(&cursor);
    refresh.until_ms = read_zigzag(&cursor);
    refresh.retired_ms = read_zigzag(&cursor);
    assert(version == VERSION);
    assert(cursor_done(&cursor));
    *ret_refresh = refresh;
    return true;
}
