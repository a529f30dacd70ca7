/* SPDX-License-Identifier: Apache-2.0
 *
 * The Lineage of a trace header.
 */
#include "svc/lambda/lineage.h"

#include "base/buf.h"
#include "base/digest.h"

#include <stdio.h>

static const struct str field = STR_INIT("Lineage=");

/* One function of a chain. */
struct ancestor {
    struct str hash;             /* of its ARN, 8 hex digits */
    uint64_t count;              /* of its invocations */
};

/* 1:HASH:COUNT, joined by '|'; what is none is passed by. */
static size_t ancestors_of(struct str lineage, struct ancestor *ancestors)
{
    size_t count = 0;

    while (lineage.at != NULL && count < LINEAGE_FUNCTIONS_MAX) {
        struct str one = str_split(&lineage, '|');
        struct ancestor ancestor;

        (void)str_split(&one, ':');
        ancestor.hash = str_split(&one, ':');
        if (one.at != NULL && ancestor.hash.bytes == 8 && str_to_u64(one, &ancestor.count)) {
            ancestors[count++] = ancestor;
        }
    }
    return count;
}

/* Cuts the field out of the header. */
static struct str take_lineage(struct str trace, struct buf *ret_rest)
{
    struct str found = STR_NONE;

    while (trace.at != NULL) {
        struct str part = str_split(&trace, ';');

        if (str_starts(part, field)) {
            found = str_slice(part, field.bytes, part.bytes);
        } else if (part.bytes > 0) {
            buf_add(ret_rest, part);
            buf_add_c(ret_rest, ';');
        }
    }
    return found;
}

struct str lineage_next(struct str trace, struct str function_arn, struct arena *arena,
                        uint32_t *ret_count)
{
    struct ancestor ancestors[LINEAGE_FUNCTIONS_MAX];
    uint64_t own = 1;
    char hash[9];
    struct buf text;
    struct str made;
    size_t count;

    if (trace.bytes > LINEAGE_BYTES_MAX) {
        *ret_count = 1;
        return trace;
    }
    (void)snprintf(hash, sizeof hash, "%08x", crc32c(0, function_arn));
    buf_init(&text, 4u * LINEAGE_BYTES_MAX);
    count = ancestors_of(take_lineage(trace, &text), ancestors);
    for (size_t i = 0; i < count; i++) {
        own += str_eq(ancestors[i].hash, str_c(hash)) ? ancestors[i].count : 0;
    }
    *ret_count = own < UINT32_MAX ? (uint32_t)own : UINT32_MAX;
    buf_printf(&text, "Lineage=1:%s:%u", hash, *ret_count);
    for (size_t i = 0, kept = 1; i < count && kept < LINEAGE_FUNCTIONS_MAX; i++) {
        if (!str_eq(ancestors[i].hash, str_c(hash))) {
            buf_printf(&text, "|1:%.*s:%llu", STR_ARG(ancestors[i].hash),
                       (unsigned long long)ancestors[i].count);
            kept++;
        }
    }
    made = arena_dup(arena, buf_str(&text));
    buf_done(&text);
    return made;
}

bool lineage_is_loop(struct call *c, const struct target *target, struct str trace)
{
    struct target whole = target_with(target, STR_NONE);
    struct str mode;
    uint32_t count;

    (void)lineage_next(trace, target_arn(c->arena, &whole), c->arena, &count);
    return count > LINEAGE_MAX &&
           !(setting_get(c, "recursion", &whole, &mode) && str_eq(mode, STR("Allow")));
}
