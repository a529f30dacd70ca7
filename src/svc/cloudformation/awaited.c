/* SPDX-License-Identifier: Apache-2.0
 *
 * DescribeStacks of SDKs' waiters. A waiter asks, sleeps for up to half a minute and asks again, so
 * that `aws cloudformation deploy` takes that long for a stack that is made in two seconds. SDKs
 * say in their User-Agent what they do it for ("m/B,b": B is a waiter). Such a call is answered
 * when its stack is no longer busy, or a while later; what anybody else asks is answered at once.
 * Source: AWS SDKs' user agent metrics.
 */
#include "svc/cloudformation/cloudformation_ops.h"

#include "net/http.h"

#define HOLD_MS 20000 /* clients give up after a minute */

struct awaited {
    struct str name;  /* the stack, as it was named */
    int64_t until_ms; /* answered by then in any case */
};

/* "… m/D,b,B cfg/…" has B. */
static bool is_waiter(struct str agent)
{
    while (agent.at != NULL) {
        struct str word = str_split(&agent, ' ');

        if (!str_starts(word, STR("m/"))) {
            continue;
        }
        word = str_slice(word, 2, word.bytes);
        while (word.at != NULL) {
            if (str_eq(str_split(&word, ','), STR("B"))) {
                return true;
            }
        }
    }
    return false;
}

static status awaited_on(struct call *c)
{
    const struct awaited *awaited = c->kept;
    struct cloudformation *cfn = cell_state(c->cell, CFN_SERVICE);
    struct stack stack;

    TRY(stack_of_text(c, awaited->name, &stack));
    if (stack_busy(&stack) && c->now < awaited->until_ms) {
        call_park(c, &cfn->awaited, awaited->until_ms, awaited_on);
        return OK;
    }
    return stack_tell(c, &stack);
}

bool stack_await(struct call *c, const struct stack *stack)
{
    struct cloudformation *cfn = cell_state(c->cell, CFN_SERVICE);
    struct awaited *awaited;

    if (!stack_busy(stack) || c->request == NULL ||
        !is_waiter(http_header(c->request, STR("user-agent")))) {
        return false;
    }
    awaited = ARENA_NEW(c->keep, struct awaited);
    awaited->name = arena_dup(c->keep, stack_id(stack));
    awaited->until_ms = c->now + HOLD_MS;
    c->kept = awaited;
    call_park(c, &cfn->awaited, awaited->until_ms, awaited_on);
    return true;
}
