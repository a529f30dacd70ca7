/* SPDX-License-Identifier: Apache-2.0
 *
 * Amazon Resource Names: five colons cut six parts, the last of which may hold more colons.
 */
#include "cell/arn.h"

bool arn_read(struct str text, struct arn *ret_arn)
{
    struct str part[5];
    struct str rest = text;

    for (int i = 0; i < 5; i++) {
        size_t colon = str_find(rest, ':', 0);

        if (colon == rest.bytes) {
            return false;
        }
        part[i] = str_slice(rest, 0, colon);
        rest = str_slice(rest, colon + 1, rest.bytes);
    }
    if (!str_eq(part[0], STR("arn")) || part[1].bytes == 0 || part[2].bytes == 0 ||
        rest.bytes == 0) {
        return false;
    }
    *ret_arn = (struct arn){part[1], part[2], part[3], part[4], rest};
    return true;
}

struct str arn_write(struct arena *arena, const struct arn *arn)
{
    return arena_printf(arena, "arn:%.*s:%.*s:%.*s:%.*s:%.*s", STR_ARG(arn->partition),
                        STR_ARG(arn->service), STR_ARG(arn->region), STR_ARG(arn->account),
                        STR_ARG(arn->resource));
}

struct str arn_partition(struct str region)
{
    if (str_starts(region, STR("cn-"))) {
        return STR("aws-cn");
    }
    if (str_starts(region, STR("us-gov-"))) {
        return STR("aws-us-gov");
    }
    return STR("aws");
}

struct str arn_name_key(char out[ARN_NAME_KEY_BYTES_MAX], struct str account, struct str region,
                        struct str name)
{
    size_t bytes = 0;
    struct str parts[3] = {account, region, name};

    for (int i = 0; i < 3; i++) {
        if (bytes + parts[i].bytes + 1 > ARN_NAME_KEY_BYTES_MAX) {
            return STR("/");
        }
        memcpy(out + bytes, parts[i].at, parts[i].bytes);
        bytes += parts[i].bytes;
        out[bytes++] = '/';
    }
    return str_of(out, bytes - 1);
}
