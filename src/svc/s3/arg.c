/* SPDX-License-Identifier: Apache-2.0
 *
 * Members that not every operation has: many of S3's share their headers, few share all.
 */
#include "svc/s3/s3_core.h"

#include <assert.h>

const struct value *arg_if(const struct call *c, const char *member)
{
    int index = model_member_index(model_shape(c->in->shape), str_c(member));

    if (index < 0 || c->in->items[index].kind == VALUE_NONE) {
        return NULL;
    }
    return &c->in->items[index];
}

struct str arg_str_if(const struct call *c, const char *member)
{
    const struct value *value = arg_if(c, member);

    return value == NULL ? STR_NONE : value->str;
}

bool has_member(const struct value *structure, const char *member)
{
    return model_member_index(model_shape(structure->shape), str_c(member)) >= 0;
}

struct str member_str(const struct value *structure, const char *member)
{
    int index = model_member_index(model_shape(structure->shape), str_c(member));

    if (index < 0 || structure->items[index].kind == VALUE_NONE) {
        return STR_NONE;
    }
    return structure->items[index].str;
}

void set_if(struct value *structure, const char *member, struct str s)
{
    if (s.bytes > 0 && has_member(structure, member)) {
        set_str(structure, member, s);
    }
}

int64_t arg_time_if(const struct call *c, const char *member, int64_t fallback)
{
    const struct value *value = arg_if(c, member);

    if (value == NULL) {
        return fallback;
    }
    assert(value->kind == VALUE_TIME);
    return value->moment_ms;
}
