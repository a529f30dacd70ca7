/* SPDX-License-Identifier: Apache-2.0
 *
 * What several operations are given: ARNs, page tokens, phone numbers, and how AWS refuses them.
 */
#include "base/codec.h"
#include "base/digest.h"
#include "svc/sns/sns_int.h"

#define TOKEN_BYTES_MAX 4096
#define ARN_PARTS 6
#define NUMBER_DIGITS_MAX 15

static int parts_of(struct str text)
{
    int parts = 0;

    while (text.at != NULL && parts < ARN_PARTS) {
        (void)str_split(&text, ':');
        parts++;
    }
    return parts == 0 ? 1 : parts;
}

status arn_of_call(struct call *c, const char *member, struct arn *ret_arn)
{
    struct str text = arg_str(c, member);

    if (parts_of(text) < ARN_PARTS) {
        return fail(c, &SNS_BAD_PARAMETER,
                    "Invalid parameter: %s Reason: An ARN must have at least 6 elements, not %d",
                    member, parts_of(text));
    }
    /* Links that people follow say no region; whoever signs has to ask the topic's own. */
    if (!arn_read(text, ret_arn) || !str_eq(ret_arn->service, STR("sns")) ||
        ret_arn->resource.bytes == 0 ||
        (c->access_key.bytes > 0 && !str_eq(ret_arn->region, c->region))) {
        return fail(c, &SNS_BAD_PARAMETER, "Invalid parameter: %s", member);
    }
    return OK;
}

/* ---- page tokens: base64 of the name given last, so that nobody builds on what they say ---- */

status page_after(struct call *c, const char *member, struct str *ret_after)
{
    struct str token = arg_str(c, member);
    char *plain = arena_alloc(c->arena, token.bytes + 1);
    size_t bytes = 0;

    if (token.bytes > TOKEN_BYTES_MAX || !base64_decode(token, plain, &bytes)) {
        return fail(c, &SNS_BAD_PARAMETER, "Invalid parameter: %s", member);
    }
    *ret_after = str_of(plain, bytes);
    return OK;
}

void put_page_token(struct call *c, const char *member, struct str last)
{
    char *token = arena_alloc(c->arena, base64_encoded_bytes(last.bytes) + 1);

    base64_encode(last, token);
    put_str(c, member, str_of(token, base64_encoded_bytes(last.bytes)));
}

/* ---- phone numbers ---- */

bool number_is_e164(struct str number)
{
    bool good = number.bytes >= 2 && number.bytes <= NUMBER_DIGITS_MAX + 1 && number.at[0] == '+';

    for (size_t i = 1; good && i < number.bytes; i++) {
        good = number.at[i] >= '0' && number.at[i] <= '9';
    }
    return good;
}

bool number_is_loose(struct arena *arena, struct str number)
{
    char *digits = arena_alloc(arena, number.bytes + 1);
    size_t count = 0;
    bool good = true;
    bool mark = true; /* the character before was one, or there is none */

    for (size_t i = 0; i < number.bytes; i++) {
        char ch = number.at[i];
        bool is_mark = ch == '-' || ch == '.' || ch == '/';

        good = good && !(is_mark && mark);
        mark = is_mark;
        if (!is_mark) {
            digits[count++] = ch;
        }
    }
    return good && !mark && number_is_e164(str_of(digits, count));
}

/* ---- sums ---- */

struct str digest_text(struct arena *arena, struct str text)
{
    uint8_t sum[SHA256_BYTES];
    char *hex = arena_alloc(arena, 2 * SHA256_BYTES);

    sha256(text, sum);
    hex_encode(str_of(sum, sizeof(sum)), hex);
    return str_of(hex, 2 * SHA256_BYTES);
}
