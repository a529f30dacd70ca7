/* SPDX-License-Identifier: Apache-2.0
 *
 * CORS rules of buckets: checking what is put.
 */
#include "svc/s3/s3_settings_ops.h"

#define RULES_MAX 100

status cors_check(struct call *c, const struct bucket *bucket, const struct value *value)
{
    static const char *const methods[] = {"GET", "PUT", "POST", "DELETE", "HEAD"};
    const struct value *rules = get(value, "CORSRules");

    (void)bucket;
    if (rules == NULL || rules->count == 0 || rules->count > RULES_MAX) {
        return fail_s3(c, &S3_MALFORMED_XML);
    }
    for (uint32_t i = 0; i < rules->count; i++) {
        const struct value *allowed = get(&rules->items[i], "AllowedMethods");

        if (allowed == NULL || get(&rules->items[i], "AllowedOrigins") == NULL) {
            return fail_s3(c, &S3_MALFORMED_XML);
        }
        for (uint32_t k = 0; k < allowed->count; k++) {
            bool known = false;

            for (size_t m = 0; m < 5; m++) {
                known |= str_eq(allowed->items[k].str, str_c(methods[m]));
            }
            if (!known) {
                return fail(c, &S3_INVALID_REQUEST,
                            "Found unsupported HTTP method in CORS config. Unsupported method is "
                            "%.*s", STR_ARG(str_slice(allowed->items[k].str, 0, 64)));
            }
        }
    }
    return OK;
}
