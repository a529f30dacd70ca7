/* SPDX-License-Identifier: Apache-2.0
 *
 * Values at rest: a row has a ciphertext of KMS (cell/secret_key.h) as its SecretBinary, and as its
 * Name which member is sealed in it. The key is the secret's KmsKeyId, or alias/aws/secretsmanager;
 * the encryption context is what AWS's is, SecretARN and SecretVersionId. With auth on the caller
 * needs kms:GenerateDataKey to put and kms:Decrypt to read, by way of secretsmanager; the AWS
 * managed key's policy lets everybody who may read the secret.
 *
 * A row without a Name was put before there were keys, and is read as it stands.
 */
#include "cell/secret_key.h"
#include "svc/secretsmanager/secretsmanager_int.h"

#define PAIRS 2 /* of the context */

static struct secret_wish wish_of(const struct secret *secret, struct str id,
                                  struct secret_pair pairs[PAIRS])
{
    pairs[0] = (struct secret_pair){STR("SecretARN"), secret_arn(secret)};
    pairs[1] = (struct secret_pair){STR("SecretVersionId"), id};
    return (struct secret_wish){.service = "secretsmanager", .context = pairs,
                                .context_count = PAIRS, .data_key = true};
}

/* KMS's no in this service's words. */
static __attribute__((returns_nonnull)) status no_key(struct call *c, status said, status code)
{
    struct why why = c->why;

    return fail(c, said == &SECRET_DENIED ? &SECRETS_ACCESS : code, "%s", why.text);
}

status value_seal(struct call *c, const struct secret *secret, struct str id,
                  struct value **ret_value)
{
    const char *member = arg_has(c, "SecretString") ? "SecretString" : "SecretBinary";
    struct secret_pair pairs[PAIRS];
    struct secret_wish wish = wish_of(secret, id, pairs);
    struct value *value =
        value_struct(c->arena, shelf_shape(SECRETS_SERVICE, "GetSecretValue", ""));
    struct str sealed;
    status went;

    wish.key = has(secret->about, "KmsKeyId") ? get_str(secret->about, "KmsKeyId")
                                              : STR("alias/aws/secretsmanager");
    went = secret_seal(c, &wish, arg_str(c, member), &sealed);
    if (went != OK) {
        return no_key(c, went, &SECRETS_ENCRYPTION);
    }
    set_str(value, "Name", str_c(member));
    set_blob(value, "SecretBinary", sealed);
    *ret_value = value;
    return OK;
}

status value_open(struct call *c, const struct secret *secret, struct str id,
                  struct value **ret_value)
{
    struct value *value = value_load(c, secret, id);
    struct secret_pair pairs[PAIRS];
    struct secret_wish wish = wish_of(secret, id, pairs);
    struct str plain;
    status went;

    *ret_value = value;
    if (value == NULL || !has(value, "Name")) {
        return OK;
    }
    went = secret_open(c, &wish, get_str(value, "SecretBinary"), &plain);
    if (went != OK) {
        return no_key(c, went, &SECRETS_DECRYPTION);
    }
    *ret_value = value_struct(c->arena, shelf_shape(SECRETS_SERVICE, "GetSecretValue", ""));
    if (str_eq(get_str(value, "Name"), STR("SecretString"))) {
        set_str(*ret_value, "SecretString", plain);
    } else {
        set_blob(*ret_value, "SecretBinary", plain);
    }
    return OK;
}
