/* SPDX-License-Identifier: Apache-2.0
 *
 * AWS::CloudFormation::WaitConditionHandle, an address that takes signals, and WaitCondition, which
 * is ready when enough of them have come.
 */
#include "svc/cloudformation/custom.h"

#include "base/time.h"
#include "svc/cloudformation/reply.h"

#define TIMEOUT_SECONDS_MAX 43200
#define HANDLE_MS (30 * MS_PER_DAY) /* an address works so long, or until its stack is gone */

/* ---- the handle ---- */

static status handle_make(struct resource *r)
{
    struct reply reply = {.handle = true, .until_ms = r->c->now + HANDLE_MS,
                          .text = STR_NONE, .given_up = STR_NONE};

    reply_new(r, &reply, STR_NONE, &r->id);
    return OK;
}

static status handle_remove(struct resource *r)
{
    reply_end(r->c, reply_token(r->c, r->id));
    return OK;
}

const struct resource_type wait_handle_type = {
    .name = "AWS::CloudFormation::WaitConditionHandle",
    .service = CFN_SERVICE,
    .make = handle_make,
    .remove = handle_remove,
};

/* ---- the condition ---- */

static const struct resource_property properties[] = {
    {"Count", "", RESOURCE_IN_PLACE, 0},
    {"Handle", "", RESOURCE_IN_PLACE, 0},
    {"Timeout", "", RESOURCE_IN_PLACE, 0},
};
static const char *const attributes[] = {"Data", NULL};

/* One that waits for a CreationPolicy's signals, and not for a handle's. */
static bool has_no_handle(const struct resource *r)
{
    return resource_get(r, "Handle") == NULL && resource_get(r, "Timeout") == NULL;
}

static status wait_make(struct resource *r)
{
    int64_t seconds = resource_int(r, "Timeout", -1);
    struct reply reply;

    r->id = arena_printf(r->c->arena, "%.*s/%.*s", STR_ARG(r->stack_id), STR_ARG(r->logical_id));
    if (has_no_handle(r)) {
        return OK;
    }
    if (seconds < 0 || seconds > TIMEOUT_SECONDS_MAX || resource_int(r, "Count", 1) < 1) {
        return resource_fail(r, &RESOURCE_INVALID, "Value of property Timeout must be a number "
                             "from 0 to %d, of property Count at least 1", TIMEOUT_SECONDS_MAX);
    }
    if (!reply_get(r->c, reply_token(r->c, resource_str(r, "Handle")), &reply) ||
        !reply.handle) {
        return resource_fail(r, &RESOURCE_INVALID, "Invalid WaitConditionHandle");
    }
    return OK;
}

static status wait_settled(struct resource *r)
{
    struct arena *arena = r->c->arena;
    struct value *signals;
    size_t count = reply_signals(r->c, reply_token(r->c, resource_str(r, "Handle")), &signals);
    int64_t expected = resource_int(r, "Count", 1);
    int64_t until_ms = r->since_ms + resource_int(r, "Timeout", 0) * MS_PER_SECOND;

    for (size_t i = 0; i < count; i++) {
        if (!str_eq(doc_text(arena, doc_get(&signals[i], "Status")), STR("SUCCESS"))) {
            return resource_fail(r, &RESOURCE_INVALID, "WaitCondition received failed message: "
                                 "'%.*s' for uniqueId: %.*s",
                                 STR_ARG(doc_text(arena, doc_get(&signals[i], "Reason"))),
                                 STR_ARG(doc_text(arena, doc_get(&signals[i], "UniqueId"))));
        }
    }
    if (has_no_handle(r) || (int64_t)count >= expected) {
        return OK;
    }
    if (r->c->now < until_ms) {
        return &RESOURCE_WAITS;
    }
    return resource_fail(r, &RESOURCE_INVALID, "WaitCondition timed out. Received %zu conditions "
                         "when expecting %lld", count, (long long)expected);
}

static status wait_change(struct resource *r)
{
    return resource_fail(r, &RESOURCE_INVALID,
                         "Update to resource type AWS::CloudFormation::WaitCondition is not "
                         "supported.");
}

static status wait_remove(struct resource *r)
{
    (void)r;
    return OK;
}

static status wait_tell(struct resource *r)
{
    struct arena *arena = r->c->arena;
    struct value *data = doc_map(arena);
    struct value *signals;
    size_t count = reply_signals(r->c, reply_token(r->c, resource_str(r, "Handle")), &signals);

    for (size_t i = 0; i < count; i++) {
        *doc_put(arena, data, doc_text(arena, doc_get(&signals[i], "UniqueId"))) =
            (struct value){.kind = VALUE_STR,
                           .str = doc_text(arena, doc_get(&signals[i], "Data"))};
    }
    resource_attribute(r, "Data", doc_json(arena, data));
    return OK;
}

const struct resource_type wait_type = {
    .name = "AWS::CloudFormation::WaitCondition",
    .service = CFN_SERVICE,
    RESOURCE_TYPE_PROPERTIES(properties),
    .attributes = attributes,
    .make = wait_make,
    .change = wait_change,
    .remove = wait_remove,
    .settled = wait_settled,
    .tell = wait_tell,
};
