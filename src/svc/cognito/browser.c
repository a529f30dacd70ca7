/* SPDX-License-Identifier: Apache-2.0
 *
 *   "browser", pool, SHA-256 of the cookie in hex   u8 1, str sub, zigzag signed in, signed out
 */
#include "svc/cognito/browser.h"

#include "base/codec.h"
#include "base/cursor.h"
#include "base/digest.h"
#include "svc/cognito/passing.h"
#include "sys/rand.h"
#include "wire/jwt.h"

#include <assert.h>

#define VERSION 1
#define COOKIE_BYTES 32
#define COOKIE_CHARS_MAX 128

static struct str chance(struct call *c)
{
    char bytes[COOKIE_BYTES];

    rand_secret(bytes, sizeof(bytes));
    return jwt_part_write(str_of(bytes, sizeof(bytes)), c->arena);
}

static struct passing browser_row(struct call *c, const struct web *web, struct str cookie)
{
    char *hex = arena_alloc(c->arena, 2 * SHA256_BYTES);
    uint8_t sum[SHA256_BYTES];

    sha256(cookie, sum);
    hex_encode(str_of(sum, sizeof(sum)), hex);
    return (struct passing){"browser", web->pool.id, str_of(hex, 2 * SHA256_BYTES)};
}

bool browser_load(struct call *c, const struct web *web, struct browser *ret_browser)
{
    struct str cookie = web_cookie(c, BROWSER_COOKIE);
    struct browser browser;
    struct passing row;
    struct cursor cursor;
    struct str record;
    struct str sub;
    int64_t signed_out_ms;
    uint8_t version;

    row = browser_row(c, web, cookie);
    if (cookie.bytes == 0 || cookie.bytes > COOKIE_CHARS_MAX || !passing_get(c, &row, &record)) {
        return false;
    }
    cursor = cursor_of(record);
    version = read_u8(&cursor);
    sub = read_str(&cursor);
    browser.signed_in_ms = read_zigzag(&cursor);
    signed_out_ms = read_zigzag(&cursor);
    assert(version == VERSION);
    assert(cursor_done(&cursor));
    if (!user_of_sub(c, &web->pool, sub, &browser.user) || browser.user->disabled ||
        browser.user->signed_out_ms != signed_out_ms) {
        return false;
    }
    *ret_browser = browser;
    return true;
}

void browser_begin(struct call *c, const struct web *web, const struct user *user)
{
    struct str cookie = chance(c);
    struct passing row = browser_row(c, web, cookie);
    struct buf record;

    buf_init(&record, PASSING_BYTES_MAX);
    write_u8(&record, VERSION);
    write_str(&record, user->sub);
    write_zigzag(&record, c->now);
    write_zigzag(&record, user->signed_out_ms);
    passing_put(c, &row, c->now + BROWSER_MS, &record);
    web_set_cookie(c, web, BROWSER_COOKIE, cookie, BROWSER_MS / MS_PER_SECOND);
}

void browser_end(struct call *c, const struct web *web)
{
    struct str cookie = web_cookie(c, BROWSER_COOKIE);
    struct passing row = browser_row(c, web, cookie);

    if (cookie.bytes > 0) {
        passing_erase(c, &row);
        web_set_cookie(c, web, BROWSER_COOKIE, STR(""), 0);
    }
}

/* ---- forms of other sites ---- */

static bool csrf_shaped(struct str text)
{
    if (text.bytes != (COOKIE_BYTES * 8 + 5) / 6) {
        return false;
    }
    for (size_t i = 0; i < text.bytes; i++) {
        char ch = text.at[i];

        if (!(ch >= 'a' && ch <= 'z') && !(ch >= 'A' && ch <= 'Z') && !(ch >= '0' && ch <= '9') &&
            ch != '-' && ch != '_') {
            return false;
        }
    }
    return true;
}

struct str csrf_give(struct call *c, const struct web *web)
{
    struct str now = web_cookie(c, CSRF_COOKIE);
    struct str made = csrf_shaped(now) ? now : chance(c);

    web_set_cookie(c, web, CSRF_COOKIE, made, BROWSER_MS / MS_PER_SECOND);
    return made;
}

bool csrf_good(struct call *c, const struct web *web)
{
    struct str cookie = web_cookie(c, CSRF_COOKIE);
    struct str field = param(&web->form, CSRF_FIELD);
    unsigned char differs = 0;

    if (!csrf_shaped(cookie) || field.bytes != cookie.bytes) {
        return false;
    }
    for (size_t i = 0; i < cookie.bytes; i++) {
        differs |= (unsigned char)(cookie.at[i] ^ field.at[i]);
    }
    return differs == 0;
}
