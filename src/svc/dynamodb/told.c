/* SPDX-License-Identifier: Apache-2.0
 *
 * Descriptions that stay.
 *
 *   ("dynamodb", "told", kind, account, region, ARN)    version 1: zigzag when it was saved first,
 *                                                       str JSON of the description
 *   ("dynamodb", "asked", kind, account, region, token) version 1: zigzag when, str SHA-256 of the
 *                                                       request, str ARN
 */
#include "svc/dynamodb/told.h"

#include "base/codec.h"
#include "base/cursor.h"
#include "base/digest.h"
#include "base/time.h"
#include "wire/json.h"

#include <assert.h>

#define VERSION 1
#define TOLD_BYTES_MAX (1u << 20)
#define TOLD_MS (90 * MS_PER_DAY)
#define TOKEN_MS (8 * MS_PER_HOUR)
#define EXPIRE_LOOKS 1000

static struct key row_begin(struct call *c, const char *row, const char *kind)
{
    struct key key = row_kind(c->arena, row);

    key_str(&key, str_c(kind));
    key_str(&key, c->account);
    key_str(&key, c->region);
    return key;
}

static struct str row_of(struct call *c, const char *row, const char *kind, struct str name)
{
    struct key key = row_begin(c, row, kind);

    key_str(&key, name);
    return key_end(&key);
}

/* When it was saved first; now, when it was not. */
static int64_t saved_ms(struct call *c, struct str row)
{
    struct str packed;
    struct cursor cursor;

    if (!txn_get(c->txn, row, &packed)) {
        return c->now;
    }
    cursor = cursor_of(packed);
    return read_u8(&cursor) == VERSION ? read_zigzag(&cursor) : c->now;
}

/* By what the ARN says: a job's step and a request may be of different accounts. */
static struct str row_of_arn(struct call *c, const char *kind, struct str text)
{
    struct key key = row_kind(c->arena, "told");
    struct arn arn = {0};

    (void)arn_read(text, &arn);
    key_str(&key, str_c(kind));
    key_str(&key, arn.account);
    key_str(&key, arn.region);
    key_str(&key, text);
    return key_end(&key);
}

void told_save(struct call *c, const char *kind, struct str arn, const struct value *about)
{
    struct str row = row_of_arn(c, kind, arn);
    struct buf text;
    struct buf packed;

    buf_init(&text, TOLD_BYTES_MAX);
    buf_init(&packed, TOLD_BYTES_MAX + 64);
    json_write(&text, about, TIME_EPOCH);
    assert(!buf_spent(&text));
    write_u8(&packed, VERSION);
    write_zigzag(&packed, saved_ms(c, row));
    write_str(&packed, buf_str(&text));
    txn_put(c->txn, row, arena_dup(c->arena, buf_str(&packed)));
    buf_done(&packed);
    buf_done(&text);
}

struct value *told_load(struct call *c, const char *kind, struct str arn, uint32_t shape)
{
    struct value *about = ARENA_NEW(c->arena, struct value);
    struct str packed;
    struct cursor cursor;
    status read;

    if (!txn_get(c->txn, row_of_arn(c, kind, arn), &packed)) {
        return NULL;
    }
    cursor = cursor_of(packed);
    (void)read_u8(&cursor);
    (void)read_zigzag(&cursor);
    read = json_read(arena_dup(c->arena, read_str(&cursor)), shape, c->arena, &c->why, about);
    assert(read == OK);
    return about;
}

bool told_next(struct call *c, const char *kind, struct str before, struct txn_scan **scan,
               struct str *ret_arn)
{
    struct key prefix = row_begin(c, "told", kind);
    struct str first = key_end(&prefix);
    struct str key, value;

    if (*scan == NULL) {
        *scan = txn_scan(c->txn, first,
                         before.bytes > 0 ? row_of(c, "told", kind, before)
                                          : key_after_prefix(c->arena, first), true);
    }
    if (!txn_scan_next(*scan, &key, &value)) {
        txn_scan_close(*scan);
        return false;
    }
    struct key_reader reader = {row_rest(key, first)};
    bool good = key_read_str(&reader, c->arena, ret_arn);

    assert(good);
    return true;
}

static void expire(struct call *c, const char *row, int64_t keep_ms)
{
    struct key kind = row_kind(c->arena, row);
    struct txn_scan *scan = txn_scan_prefix(c->txn, key_end(&kind));
    struct str key, packed;

    for (int i = 0; i < EXPIRE_LOOKS && txn_scan_next(scan, &key, &packed); i++) {
        struct cursor cursor = cursor_of(packed);

        if (read_u8(&cursor) == VERSION && read_zigzag(&cursor) < c->now - keep_ms) {
            txn_delete(c->txn, arena_dup(c->arena, key));
        }
    }
    txn_scan_close(scan);
}

void told_expire(struct call *c)
{
    expire(c, "told", TOLD_MS);
    expire(c, "asked", TOKEN_MS);
}

uint32_t told_shape(const char *operation, const char *member)
{
    const struct operation *found =
        model_operation(model_service(STR("dynamodb")), str_c(operation));
    const struct shape *output = model_shape(found->output);
    int index = model_member_index(output, str_c(member));

    assert(index >= 0);
    return model_members[output->first + (uint32_t)index].shape;
}

/* ---- tokens ---- */

static void digest_of(struct call *c, uint8_t out[SHA256_BYTES])
{
    struct buf text;

    buf_init(&text, TOLD_BYTES_MAX);
    value_dump(&text, c->in);
    sha256(buf_str(&text), out);
    buf_done(&text);
}

status told_token(struct call *c, const char *kind, status conflict, struct str *ret_arn)
{
    struct str token = arg_str(c, "ClientToken");
    uint8_t digest[SHA256_BYTES];
    struct cursor cursor;
    struct str packed, asked;

    *ret_arn = STR_NONE;
    if (token.bytes == 0 || !txn_get(c->txn, row_of(c, "asked", kind, token), &packed)) {
        return OK;
    }
    cursor = cursor_of(packed);
    if (read_u8(&cursor) != VERSION || read_zigzag(&cursor) < c->now - TOKEN_MS) {
        return OK;
    }
    digest_of(c, digest);
    asked = read_str(&cursor);
    if (!str_eq(asked, str_of(digest, sizeof(digest)))) {
        return fail(c, conflict, "There was a conflict when writing to the specified S3 bucket or "
                    "starting the operation: the ClientToken was used with other parameters");
    }
    *ret_arn = read_str(&cursor);
    return OK;
}

void told_token_save(struct call *c, const char *kind, struct str arn)
{
    struct str token = arg_str(c, "ClientToken");
    uint8_t digest[SHA256_BYTES];
    struct buf packed;

    if (token.bytes == 0) {
        return;
    }
    digest_of(c, digest);
    buf_init(&packed, 64u * 1024);
    write_u8(&packed, VERSION);
    write_zigzag(&packed, c->now);
    write_str(&packed, str_of(digest, sizeof(digest)));
    write_str(&packed, arn);
    txn_put(c->txn, row_of(c, "asked", kind, token), arena_dup(c->arena, buf_str(&packed)));
    buf_done(&packed);
}

/* ---- pages ---- */

struct str told_page(struct call *c, struct str arn, size_t bytes_min)
{
    size_t bytes = arn.bytes < bytes_min / 2 ? bytes_min / 2 : arn.bytes;
    char *padded = arena_zero(c->arena, (bytes + 7) / 8 * 8);
    char *hex = arena_alloc(c->arena, (bytes + 7) / 8 * 16);

    memcpy(padded, arn.at, arn.bytes);
    hex_encode(str_of(padded, (bytes + 7) / 8 * 8), hex);
    return str_of(hex, (bytes + 7) / 8 * 16);
}

status told_page_read(struct call *c, struct str *ret_arn)
{
    struct str token = arg_str(c, "NextToken");
    char *arn = arena_zero(c->arena, token.bytes / 2 + 1);

    *ret_arn = STR_NONE;
    if (token.bytes == 0) {
        return OK;
    }
    if (!hex_decode(token, arn)) {
        return fail(c, &DDB_VALIDATION, "The NextToken is not valid");
    }
    *ret_arn = str_c(arn);
    return OK;
}

/* ---- names ---- */

struct str told_id(struct call *c)
{
    return arena_printf(c->arena, "%014lld-%08llx", (long long)c->now,
                        (unsigned long long)(rand_u64(c->rand) >> 32));
}
