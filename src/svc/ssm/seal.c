/* SPDX-License-Identifier: Apache-2.0
 *
 * Secure strings: in rows a value is the base64 of a ciphertext of KMS, as GetParameter shows it
 * without WithDecryption, under the parameter's KeyId and with its ARN as the encryption context.
 * With auth on the caller needs kms:Encrypt to put and kms:Decrypt to read, by way of ssm.
 *
 * A value that is no such ciphertext was put before there were keys, and is read as it stands.
 */
#include "base/codec.h"
#include "cell/secret_key.h"
#include "svc/ssm/ssm_ops.h"

#define SEALED_BEGIN "AQICAHh3" /* how ciphertexts of weir's begin, in base64 */

static bool is_secure(const struct value *about)
{
    return str_eq(get_str(about, "Type"), STR("SecureString"));
}

/* KMS's no in Parameter Store's words. */
static __attribute__((returns_nonnull)) status no_key(struct call *c, status said)
{
    struct why why = c->why;

    return fail(c, said == &SECRET_DENIED ? &SSM_DENIED : &SSM_KEY, "%s", why.text);
}

static struct secret_wish wish_of(struct str arn, struct secret_pair *pair)
{
    *pair = (struct secret_pair){STR("PARAMETER_ARN"), arn};
    return (struct secret_wish){.service = "ssm", .context = pair, .context_count = 1};
}

status value_seal(struct call *c, const struct value *about, struct str *ret_value)
{
    struct str value = arg_str(c, "Value");
    struct secret_pair pair;
    struct secret_wish wish = wish_of(get_str(about, "ARN"), &pair);
    struct str sealed;
    status went;
    char *text;

    if (!is_secure(about)) {
        *ret_value = value;
        return OK;
    }
    wish.key = get_str(about, "KeyId");
    went = secret_seal(c, &wish, value, &sealed);
    if (went != OK) {
        return no_key(c, went);
    }
    text = arena_alloc(c->arena, base64_encoded_bytes(sealed.bytes));
    base64_encode(sealed, text);
    *ret_value = str_of(text, base64_encoded_bytes(sealed.bytes));
    return OK;
}

status value_open(struct call *c, const struct parameter *parameter, const struct value *version,
                  struct str *ret_value)
{
    struct str value = get_str(version, "Value");
    struct secret_pair pair;
    struct secret_wish wish = wish_of(get_str(parameter->about, "ARN"), &pair);
    struct str plain;
    size_t bytes;
    status went;
    char *sealed;

    *ret_value = value;
    if (!is_secure(version) || !arg_bool(c, "WithDecryption", false) ||
        !str_starts(value, STR(SEALED_BEGIN))) {
        return OK;
    }
    sealed = arena_alloc(c->arena, value.bytes);
    if (!base64_decode(value, sealed, &bytes)) {
        return OK;
    }
    went = secret_open(c, &wish, str_of(sealed, bytes), &plain);
    if (went != OK) {
        return no_key(c, went);
    }
    *ret_value = plain;
    return OK;
}
