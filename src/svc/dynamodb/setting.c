/* SPDX-License-Identifier: Apache-2.0
 *
 * Settings that are kept and shown: encryption. What lies on disk is encrypted when the key service
 * is there (DESIGN.md, Store).
 */
#include "svc/dynamodb/tables.h"

#define INVALID "One or more parameter values were invalid: "

/* The ARN of a key that is named by id, alias or ARN; of AWS's own key when it is not named. */
static struct str key_arn(struct call *c, struct str named)
{
    if (named.bytes == 0) {
        return call_arn(c, "kms", "alias/aws/dynamodb");
    }
    if (str_starts(named, STR("arn:"))) {
        return named;
    }
    return str_starts(named, STR("alias/")) ? call_arn(c, "kms", "%.*s", STR_ARG(named))
                                            : call_arn(c, "kms", "key/%.*s", STR_ARG(named));
}

status sse_read(struct call *c, const struct value *given, struct str *ret_kept)
{
    struct str type = get_str(given, "SSEType");
    struct str key = get_str(given, "KMSMasterKeyId");
    bool enabled = get_bool(given, "Enabled", type.bytes > 0);

    if (!enabled && (type.bytes > 0 || key.bytes > 0)) {
        return fail(c, &DDB_VALIDATION, INVALID "%s can not be specified if Enabled is false",
                    type.bytes > 0 ? "SSEType" : "KMSMasterKeyId");
    }
    if (str_eq(type, STR("AES256"))) {
        return fail(c, &DDB_VALIDATION, INVALID "SSEType AES256 is not supported");
    }
    if (key.bytes > 0 && type.bytes == 0) {
        return fail(c, &DDB_VALIDATION,
                    INVALID "SSEType KMS is required if KMSMasterKeyId is specified");
    }
    *ret_kept = enabled ? key_arn(c, key) : STR_NONE;
    return OK;
}

void put_sse(struct call *c, struct value *about, const struct table *table)
{
    struct str key = table->extras[EXTRA_SSE];
    struct value *description;

    if (key.bytes == 0) {
        return;
    }
    description = set_struct(c->arena, about, "SSEDescription");
    set_str(description, "Status", STR("ENABLED"));
    set_str(description, "SSEType", STR("KMS"));
    set_str(description, "KMSMasterKeyArn", arena_dup(c->arena, key));
}
