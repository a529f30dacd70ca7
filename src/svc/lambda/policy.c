/* SPDX-License-Identifier: Apache-2.0
 *
 * Resource policies as texts.
 */
#include "svc/lambda/policy.h"

#include "cell/cell.h"
#include "wire/json.h"

struct str quoted(struct call *c, struct str text)
{
    struct str made;
    struct buf out;

    buf_init(&out, ROW_BYTES_MAX);
    json_write_str(&out, text);
    made = arena_dup(c->arena, buf_str(&out));
    buf_done(&out);
    return made;
}

static const struct value *statements_of(struct call *c, struct str policy)
{
    const struct value *document = value_of_json(c, policy, 0);
    const struct value *statements =
        document->kind == VALUE_MAP ? map_find(document, STR("Statement")) : NULL;

    return statements != NULL && statements->kind == VALUE_LIST ? statements : NULL;
}

static bool has_sid(const struct value *statement, struct str sid)
{
    const struct value *is =
        statement->kind == VALUE_MAP ? map_find(statement, STR("Sid")) : NULL;

    return is != NULL && is->kind == VALUE_STR && str_eq(is->str, sid);
}

static bool policy_has(struct call *c, struct str policy, struct str sid)
{
    const struct value *statements = statements_of(c, policy);

    for (uint32_t i = 0; statements != NULL && i < statements->count; i++) {
        if (has_sid(&statements->items[i], sid)) {
            return true;
        }
    }
    return false;
}

/* All statements but the one of that Sid (STR_NONE: all), and one more behind (empty: none). */
static struct str policy_write(struct call *c, struct str policy, struct str without,
                               struct str more)
{
    const struct value *statements = policy.bytes > 0 ? statements_of(c, policy) : NULL;
    struct str made = STR_NONE;
    bool first = true;
    struct buf out;

    buf_init(&out, ROW_BYTES_MAX);
    buf_add(&out, STR("{\"Version\":\"2012-10-17\",\"Id\":\"default\",\"Statement\":["));
    for (uint32_t i = 0; statements != NULL && i < statements->count; i++) {
        if (without.bytes > 0 && has_sid(&statements->items[i], without)) {
            continue;
        }
        buf_add(&out, first ? STR_NONE : STR(","));
        json_write(&out, &statements->items[i], TIME_EPOCH);
        first = false;
    }
    if (more.bytes > 0) {
        buf_add(&out, first ? STR_NONE : STR(","));
        buf_add(&out, more);
        first = false;
    }
    buf_add(&out, STR("]}"));
    if (!first) {
        made = arena_dup(c->arena, buf_str(&out));
    }
    buf_done(&out);
    return made;
}

status policy_add(struct call *c, struct str policy, struct str statement, struct str sid,
                  struct str *ret_policy)
{
    struct str made;

    if (policy.bytes > 0 && policy_has(c, policy, sid)) {
        return lambda_fail(c, &LAMBDA_CONFLICT,
                           "The statement id (%.*s) provided already exists. Please provide a new "
                           "statement id, or remove the existing statement.", STR_ARG(sid));
    }
    made = policy_write(c, policy, STR_NONE, statement);
    if (made.bytes > POLICY_BYTES_MAX) {
        return lambda_fail(c, &LAMBDA_POLICY_LENGTH,
                           "The final policy size (%zu) is bigger than the limit (%d).",
                           made.bytes, POLICY_BYTES_MAX);
    }
    *ret_policy = made;
    return OK;
}

status policy_remove(struct call *c, struct str policy, struct str sid, struct str *ret_policy)
{
    if (!policy_has(c, policy, sid)) {
        return lambda_fail(c, &LAMBDA_NOT_FOUND,
                           "Statement %.*s is not found in resource policy.", STR_ARG(sid));
    }
    *ret_policy = policy_write(c, policy, sid, STR_NONE);
    return OK;
}
