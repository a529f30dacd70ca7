/* SPDX-License-Identifier: Apache-2.0
 *
 * Random passwords, from the kernel's chance: what is made here is somebody's password.
 */
#include "svc/secretsmanager/secretsmanager_ops.h"

#include <assert.h>

#define KINDS 5
#define LETTERS_MAX 128
#define PASSWORD_BYTES_DEFAULT 32

struct letters {
    char at[LETTERS_MAX]; /* of one kind, or of all */
    size_t count;         /* of them */
};

/* Unbiased: bytes at or above the greatest multiple are drawn again. */
static size_t below(size_t limit)
{
    size_t fair;
    uint8_t byte;

    assert(limit > 0);
    assert(limit <= 256);
    fair = 256 - 256 % limit;
    do {
        rand_secret(&byte, 1);
    } while (byte >= fair);
    return byte % limit;
}

static void letters_add(struct letters *letters, struct str from, struct str excluded)
{
    for (size_t i = 0; i < from.bytes; i++) {
        if (str_find(excluded, from.at[i], 0) == excluded.bytes) {
            letters->at[letters->count++] = from.at[i];
        }
    }
}

/* The kinds that the call includes, without what it excludes; how many. */
static size_t kinds_of_call(struct call *c, struct letters kinds[KINDS])
{
    static const struct {
        const char *member;  /* that excludes it, or includes it */
        struct str letters;  /* of the kind */
        bool included;       /* without being asked for */
    } all[KINDS] = {
        {"ExcludeLowercase", STR_INIT("abcdefghijklmnopqrstuvwxyz"), true},
        {"ExcludeUppercase", STR_INIT("ABCDEFGHIJKLMNOPQRSTUVWXYZ"), true},
        {"ExcludeNumbers", STR_INIT("0123456789"), true},
        {"ExcludePunctuation", STR_INIT("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"), true},
        {"IncludeSpace", STR_INIT(" "), false},
    };
    size_t count = 0;

    for (size_t i = 0; i < KINDS; i++) {
        kinds[count] = (struct letters){.count = 0};
        if (arg_bool(c, all[i].member, false) != all[i].included) {
            letters_add(&kinds[count], all[i].letters, arg_str(c, "ExcludeCharacters"));
        }
        count += kinds[count].count > 0 ? 1 : 0;
    }
    return count;
}

/* GetRandomPassword */
status secrets_random_password(struct call *c)
{
    size_t bytes = (size_t)arg_int(c, "PasswordLength", PASSWORD_BYTES_DEFAULT);
    bool each = arg_bool(c, "RequireEachIncludedType", true);
    struct letters kinds[KINDS], every = {.count = 0};
    size_t count = kinds_of_call(c, kinds);
    char *password;

    for (size_t i = 0; i < count; i++) {
        letters_add(&every, str_of(kinds[i].at, kinds[i].count), STR_NONE);
    }
    if (count == 0) {
        return fail(c, &SECRETS_PARAMETER,
                    "There are no characters left to make a password of: do not exclude all.");
    }
    if (each && bytes < count) {
        return fail(c, &SECRETS_PARAMETER,
                    "The password length must be at least the number of required character "
                    "types.");
    }
    password = arena_alloc(c->arena, bytes + 1);
    for (size_t i = 0; i < bytes; i++) {
        const struct letters *from = each && i < count ? &kinds[i] : &every;

        password[i] = from->at[below(from->count)];
    }
    for (size_t i = bytes - 1; i > 0; i--) { /* the required ones anywhere */
        size_t other;
        char letter = password[i];

        do {
            uint16_t number;

            rand_secret(&number, sizeof(number));
            other = number % 8192;
        } while (other > i);
        password[i] = password[other];
        password[other] = letter;
    }
    put_str(c, "RandomPassword", str_of(password, bytes));
    return OK;
}
