/* SPDX-License-Identifier: Apache-2.0
 *
 * Passwords.
 */
#include "svc/cognito/password.h"

#include "base/digest.h"
#include "svc/cognito/srp.h"

#include <assert.h>
#include <openssl/evp.h>

#define SCRYPT_N (1u << 15)
#define SCRYPT_R 8
#define SCRYPT_P 1
#define SCRYPT_MEMORY_MAX (64u << 20)
#define SYMBOLS "^$*.[]{}()?-\"!@#%&/\\,><':;|_~`+= "
#define FAILURES_FREE 5                    /* wrong passwords before the first wait */
#define LOCK_MS_MAX (15 * MS_PER_MINUTE)

/* ---- the policy ---- */

struct kinds {
    bool lower, upper, digit, symbol; /* there is such a character */
};

static struct kinds kinds_of(struct str password)
{
    struct kinds kinds = {.lower = false};

    for (size_t i = 0; i < password.bytes; i++) {
        char c = password.at[i];

        kinds.lower |= c >= 'a' && c <= 'z';
        kinds.upper |= c >= 'A' && c <= 'Z';
        kinds.digit |= c >= '0' && c <= '9';
        kinds.symbol |= str_find(STR(SYMBOLS), c, 0) < STR(SYMBOLS).bytes;
    }
    return kinds;
}

status password_check_policy(struct call *c, const struct pool *pool, struct str password)
{
    const struct value *policy = pool_password_policy(pool);
    struct kinds has_kind = kinds_of(password);
    const char *lacks = NULL;

    if ((int64_t)password.bytes < get_int(policy, "MinimumLength", 8)) {
        lacks = "Password not long enough";
    } else if (get_bool(policy, "RequireUppercase", false) && !has_kind.upper) {
        lacks = "Password must have uppercase characters";
    } else if (get_bool(policy, "RequireLowercase", false) && !has_kind.lower) {
        lacks = "Password must have lowercase characters";
    } else if (get_bool(policy, "RequireNumbers", false) && !has_kind.digit) {
        lacks = "Password must have numeric characters";
    } else if (get_bool(policy, "RequireSymbols", false) && !has_kind.symbol) {
        lacks = "Password must have symbol characters";
    }
    return lacks == NULL ? OK
                         : fail(c, &COGNITO_PASSWORD, "Password did not conform with policy: %s",
                                lacks);
}

struct str password_random(struct call *c, const struct pool *pool)
{
    static const struct str sets[] = {STR_INIT("abcdefghijkmnopqrstuvwxyz"),
                                      STR_INIT("ABCDEFGHJKLMNPQRSTUVWXYZ"),
                                      STR_INIT("23456789"), STR_INIT("!@#%*-_+=")};
    size_t bytes = (size_t)get_int(pool_password_policy(pool), "MinimumLength", 8);
    char *at;

    bytes = bytes < 8 ? 8 : bytes;
    at = arena_alloc(c->arena, bytes);
    for (size_t i = 0; i < bytes; i++) {
        struct str set = sets[i % 4];

        at[i] = set.at[rand_below(c->rand, set.bytes)];
    }
    return str_of(at, bytes);
}

/* ---- outside ---- */

static void slow_hash(struct str password, const uint8_t *salt, uint8_t out[HASH_BYTES])
{
    int good = EVP_PBE_scrypt(password.at, password.bytes, salt, SALT_BYTES, SCRYPT_N, SCRYPT_R,
                              SCRYPT_P, SCRYPT_MEMORY_MAX, out, HASH_BYTES);

    assert(good == 1);
}

static bool is_password(struct str password, const uint8_t *salt, const uint8_t *hash)
{
    uint8_t made[HASH_BYTES];

    slow_hash(password, salt, made);
    return bytes_eq_const_time(made, hash, HASH_BYTES);
}

static void work_run(void *arg)
{
    struct password_work *work = arg;

    if (work->given.bytes > 0) {
        work->good = is_password(work->given, work->now.salt, work->now.hash) && work->now.set;
    }
    for (size_t i = 0; i < work->past_count && work->fresh.bytes > 0; i++) {
        work->reused |= is_password(work->fresh, work->past[i], work->past[i] + SALT_BYTES);
    }
    if (work->fresh.bytes > 0) {
        slow_hash(work->fresh, work->made.salt, work->made.hash);
        srp_verifier(work->identity, work->fresh, str_of(work->made.salt, SALT_BYTES),
                     work->verifier);
        work->made.verifier = str_of(work->verifier, sizeof(work->verifier));
    }
}

struct str pool_name_of(const struct pool *pool)
{
    return str_slice(pool->id, str_find(pool->id, '_', 0) + 1, pool->id.bytes);
}

struct password_work *password_work(struct call *c, const struct pool *pool,
                                    const struct user *user)
{
    struct password_work *work = ARENA_NEW(c->keep, struct password_work);
    size_t past_max = (size_t)get_int(pool_password_policy(pool), "PasswordHistorySize", 0);

    static_assert(sizeof(work->verifier) == SRP_BYTES, "a verifier");
    work->identity = arena_printf(c->keep, "%.*s%.*s", STR_ARG(pool_name_of(pool)),
                                  STR_ARG(user->username));
    work->now = user->password;
    work->now.verifier = STR_NONE;
    if (past_max > 0 && user->password.set) {
        memcpy(work->past[0], user->password.salt, SALT_BYTES);
        memcpy(work->past[0] + SALT_BYTES, user->password.hash, HASH_BYTES);
        work->past_count = 1;
    }
    for (size_t i = 0; i < user->past_count && work->past_count < past_max; i++) {
        memcpy(work->past[work->past_count++], user->past[i], sizeof(user->past[i]));
    }
    return work;
}

void password_begin(struct call *c, struct password_work *work, struct later then)
{
    work->given = arena_dup(c->keep, work->given);
    work->fresh = arena_dup(c->keep, work->fresh);
    rand_secret(work->made.salt, SALT_BYTES);
    later_work(c, work_run, work, then);
}

status password_set(struct call *c, const struct pool *pool, struct user *user,
                    const struct password_work *work)
{
    size_t past_max = (size_t)get_int(pool_password_policy(pool), "PasswordHistorySize", 0);

    if (work->reused) {
        return fail(c, &COGNITO_PASSWORD_HISTORY,
                    "Password has previously been used. Please choose a different password.");
    }
    if (user->password.set && past_max > 0) {
        user->past_count += user->past_count < PASSWORDS_PAST_MAX;
        memmove(user->past[1], user->past[0],
                (user->past_count - 1) * sizeof(user->past[0]));
        memcpy(user->past[0], user->password.salt, SALT_BYTES);
        memcpy(user->past[0] + SALT_BYTES, user->password.hash, HASH_BYTES);
    }
    user->password = work->made;
    user->password.set = true;
    user->password.set_ms = c->now;
    user->failures = 0;
    user->locked_until_ms = 0;
    return OK;
}

/* ---- wrong ones ---- */

status password_locked(struct call *c, const struct user *user)
{
    return c->now < user->locked_until_ms
               ? fail(c, &COGNITO_NOT_AUTHORIZED, "Password attempts exceeded")
               : OK;
}

/* After the fifth wrong one a second, then twice as long each time, up to 15 minutes. */
void password_wrong(struct call *c, struct user *user)
{
    user->failures++;
    if (user->failures >= FAILURES_FREE) {
        uint32_t doubled = user->failures - FAILURES_FREE;
        int64_t wait_ms = doubled < 20 ? MS_PER_SECOND << doubled : LOCK_MS_MAX;

        user->locked_until_ms = c->now + (wait_ms < LOCK_MS_MAX ? wait_ms : LOCK_MS_MAX);
    }
    user_put(c, user);
}
