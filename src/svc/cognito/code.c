/* SPDX-License-Identifier: Apache-2.0
 *
 * Codes that are sent to users.
 */
#include "svc/cognito/code.h"

#include "base/digest.h"
#include "base/cursor.h"

#include <assert.h>

#define TRIES_MAX 5      /* wrong ones for a code */
#define SENDS_MAX 20     /* of a purpose within an hour */
#define ROW_BYTES_MAX 512

struct code {
    struct str text;      /* six digits */
    int64_t expires_ms;   /* not good from then on */
    uint64_t tries;       /* wrong ones */
    int64_t since_ms;     /* begin of the hour in which sends are counted */
    uint64_t sends;       /* within it */
    struct str attribute; /* that it proves; empty: none */
};

static struct small code_row(struct call *c, const struct user *user, const char *purpose)
{
    return (struct small){"code", user->pool, pair_of(c, user->sub, str_c(purpose))};
}

static bool code_load(struct call *c, const struct user *user, const char *purpose,
                      struct code *ret_code)
{
    struct cursor cursor;
    struct str packed;

    if (!small_get(c, code_row(c, user, purpose), &packed)) {
        return false;
    }
    cursor = cursor_of(packed);
    ret_code->text = read_str(&cursor);
    ret_code->expires_ms = read_zigzag(&cursor);
    ret_code->tries = read_var(&cursor);
    ret_code->since_ms = read_zigzag(&cursor);
    ret_code->sends = read_var(&cursor);
    ret_code->attribute = read_str(&cursor);
    assert(cursor_done(&cursor));
    return true;
}

static void code_save(struct call *c, const struct user *user, const char *purpose,
                      const struct code *code)
{
    struct buf packed;

    buf_init(&packed, ROW_BYTES_MAX);
    write_str(&packed, code->text);
    write_zigzag(&packed, code->expires_ms);
    write_var(&packed, code->tries);
    write_zigzag(&packed, code->since_ms);
    write_var(&packed, code->sends);
    write_str(&packed, code->attribute);
    small_put(c, code_row(c, user, purpose), buf_str(&packed));
    buf_done(&packed);
}

static status too_often(struct call *c)
{
    return fail(c, &COGNITO_LIMIT, "Attempt limit exceeded, please try after some time.");
}

struct str code_digits(struct call *c)
{
    uint64_t chance;

    rand_secret(&chance, sizeof(chance));
    return arena_printf(c->arena, "%06llu", (unsigned long long)(chance % 1000000));
}

status code_issue(struct call *c, const struct user *user, const struct code_wish *wish,
                  struct str *ret_code)
{
    struct code code = {.since_ms = c->now};
    struct code before;

    if (code_load(c, user, wish->purpose, &before) && c->now - before.since_ms < MS_PER_HOUR) {
        code.since_ms = before.since_ms;
        code.sends = before.sends;
    }
    if (code.sends >= SENDS_MAX) {
        return too_often(c);
    }
    code.sends++;
    code.text = code_digits(c);
    code.expires_ms = c->now + wish->valid_ms;
    code.attribute = wish->attribute == NULL ? STR_NONE : str_c(wish->attribute);
    code_save(c, user, wish->purpose, &code);
    *ret_code = code.text;
    return OK;
}

status code_check(struct call *c, const struct user *user, const char *purpose, struct str given,
                  bool *ret_answered)
{
    struct code code;

    *ret_answered = true;
    if (!code_load(c, user, purpose, &code) || c->now >= code.expires_ms) {
        return fail(c, &COGNITO_CODE_EXPIRED,
                    "Invalid code provided, please request a code again.");
    }
    if (code.tries >= TRIES_MAX) {
        return too_often(c);
    }
    if (given.bytes != code.text.bytes ||
        !bytes_eq_const_time(given.at, code.text.at, given.bytes)) {
        code.tries++;
        code_save(c, user, purpose, &code);
        return later_fail(c, &COGNITO_CODE_MISMATCH,
                          "Invalid verification code provided, please try again.");
    }
    *ret_answered = false;
    return OK;
}

struct str code_attribute(struct call *c, const struct user *user, const char *purpose)
{
    struct code code;

    return code_load(c, user, purpose, &code) ? code.attribute : STR_NONE;
}

void code_forget(struct call *c, const struct user *user, const char *purpose)
{
    small_erase(c, code_row(c, user, purpose));
}
