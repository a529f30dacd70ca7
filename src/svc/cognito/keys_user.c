/* SPDX-License-Identifier: Apache-2.0
 *
 * Record bytes of users, version 1; their names are small rows (user.c).
 *
 *   ("cognito-idp", "user", pool, sub)   u8 1, str username, u8 status, u8 disabled, zigzag made,
 *       zigzag modified, zigzag signed out, attributes, pending ones, password, past passwords,
 *       u8 MFA, u8 preferred MFA, str TOTP secret, u8 verified, var step, var failures,
 *       zigzag locked until
 */
#include "svc/cognito/keys.h"

#include "base/cursor.h"

#include <assert.h>

#define VERSION 1
#define USER_BYTES_MAX (256u * 1024)
#define PAST_BYTES (SALT_BYTES + HASH_BYTES)

static struct str key_of_user(struct call *c, struct str pool, struct str sub)
{
    struct key key = key_of(c->arena, "cognito-idp");

    key_str(&key, STR("user"));
    key_str(&key, pool);
    if (sub.bytes > 0) {
        key_str(&key, sub);
    }
    return key_end(&key);
}

static void write_attributes(struct buf *packed, const struct user_attribute *attributes,
                             size_t count)
{
    write_var(packed, count);
    for (size_t i = 0; i < count; i++) {
        write_str(packed, attributes[i].name);
        write_str(packed, attributes[i].value);
    }
}

static void write_password(struct buf *packed, const struct user *user)
{
    const struct password *password = &user->password;

    write_u8(packed, password->set);
    buf_add_bytes(packed, password->salt, SALT_BYTES);
    buf_add_bytes(packed, password->hash, HASH_BYTES);
    write_str(packed, password->verifier);
    write_zigzag(packed, password->set_ms);
    write_var(packed, user->past_count);
    for (size_t i = 0; i < user->past_count; i++) {
        buf_add_bytes(packed, user->past[i], PAST_BYTES);
    }
}

void user_put(struct call *c, const struct user *user)
{
    struct buf packed;

    buf_init(&packed, USER_BYTES_MAX);
    write_u8(&packed, VERSION);
    write_str(&packed, user->username);
    write_u8(&packed, (uint8_t)user->status);
    write_u8(&packed, user->disabled);
    write_zigzag(&packed, user->created_ms);
    write_zigzag(&packed, user->modified_ms);
    write_zigzag(&packed, user->signed_out_ms);
    write_attributes(&packed, user->attributes, user->attribute_count);
    write_attributes(&packed, user->pending, user->pending_count);
    write_password(&packed, user);
    write_u8(&packed, user->mfa);
    write_u8(&packed, user->mfa_preferred);
    write_str(&packed, user->totp);
    write_u8(&packed, user->totp_verified);
    write_var(&packed, user->totp_step);
    write_var(&packed, user->failures);
    write_zigzag(&packed, user->locked_until_ms);
    txn_put_packed(c->txn, key_of_user(c, user->pool, user->sub), &packed);
}

static size_t read_attributes(struct cursor *cursor, struct user_attribute *attributes,
                              size_t count_max)
{
    uint64_t count = read_var(cursor);

    for (uint64_t i = 0; i < count && i < count_max; i++) {
        attributes[i].name = read_str(cursor);
        attributes[i].value = read_str(cursor);
    }
    cursor->bad |= count > count_max;
    return cursor->bad ? 0 : (size_t)count;
}

static void read_fixed(struct cursor *cursor, uint8_t *out, size_t bytes)
{
    struct str read = read_bytes(cursor, bytes);

    if (cursor_ok(cursor)) {
        memcpy(out, read.at, bytes);
    }
}

static void read_password(struct cursor *cursor, struct user *user)
{
    struct password *password = &user->password;

    password->set = read_u8(cursor) != 0;
    read_fixed(cursor, password->salt, SALT_BYTES);
    read_fixed(cursor, password->hash, HASH_BYTES);
    password->verifier = read_str(cursor);
    password->set_ms = read_zigzag(cursor);
    user->past_count = (size_t)read_var(cursor);
    if (user->past_count > PASSWORDS_PAST_MAX) {
        cursor->bad = true;
        return;
    }
    for (size_t i = 0; i < user->past_count; i++) {
        read_fixed(cursor, user->past[i], PAST_BYTES);
    }
}

/* packed must live as long as the user. */
bool user_unpack(struct call *c, struct str pool, struct str packed, struct user *ret_user)
{
    struct cursor cursor = cursor_of(packed);
    struct user *user = ret_user;

    (void)c;
    *user = (struct user){.pool = pool};
    cursor.bad |= read_u8(&cursor) != VERSION;
    user->username = read_str(&cursor);
    user->status = (enum user_status)read_u8(&cursor);
    user->disabled = read_u8(&cursor) != 0;
    user->created_ms = read_zigzag(&cursor);
    user->modified_ms = read_zigzag(&cursor);
    user->signed_out_ms = read_zigzag(&cursor);
    user->attribute_count = read_attributes(&cursor, user->attributes, ATTRIBUTES_MAX);
    user->pending_count = read_attributes(&cursor, user->pending, 3);
    read_password(&cursor, user);
    user->mfa = read_u8(&cursor);
    user->mfa_preferred = read_u8(&cursor);
    user->totp = read_str(&cursor);
    user->totp_verified = read_u8(&cursor) != 0;
    user->totp_step = read_var(&cursor);
    user->failures = (uint32_t)read_var(&cursor);
    user->locked_until_ms = read_zigzag(&cursor);
    return cursor_done(&cursor);
}

bool user_load(struct call *c, struct str pool, struct str sub, struct user **ret_user)
{
    struct user *user;
    struct str packed;
    bool good;

    if (sub.bytes == 0 || !txn_get(c->txn, key_of_user(c, pool, sub), &packed)) {
        return false;
    }
    user = ARENA_NEW(c->arena, struct user);
    good = user_unpack(c, arena_dup(c->arena, pool), arena_dup(c->arena, packed), user);
    assert(good);
    user->sub = arena_dup(c->arena, sub);
    *ret_user = user;
    return true;
}

void user_unput(struct call *c, const struct user *user)
{
    txn_delete(c->txn, key_of_user(c, user->pool, user->sub));
}

bool users_next(struct call *c, struct users *users, struct user *ret_user)
{
    struct str key, packed;
    struct key_reader reader;
    bool good = true;

    if (users->scan == NULL) {
        struct str from = key_of_user(c, users->pool, users->after);
        struct str prefix = key_of_user(c, users->pool, STR_NONE);

        from = users->after.bytes > 0 ? key_after_prefix(c->arena, from) : from;
        users->scan = txn_scan(c->txn, from, key_after_prefix(c->arena, prefix), false);
    }
    if (!txn_scan_next(users->scan, &key, &packed)) {
        users_close(users);
        return false;
    }
    good = user_unpack(c, users->pool, arena_dup(c->arena, packed), ret_user);
    reader = (struct key_reader){key};
    for (int i = 0; i < 4; i++) {
        good = good && key_read_str(&reader, c->arena, &ret_user->sub);
    }
    assert(good);
    return true;
}

void users_close(struct users *users)
{
    if (users->scan != NULL) {
        txn_scan_close(users->scan);
        users->scan = NULL;
    }
}
