/* SPDX-License-Identifier: Apache-2.0
 *
 * Rules
 *  1. An invocation belongs to itself: when its function has ended it tells who waits, and goes. So
 *     nothing is left of it when its caller is gone, or does not wait any longer.
 *  2. Who waits is a parked call or a function of its maker's; what a call gets is copied into its
 *     keep, so that it can be read in any later resume.
 */
#include "bus/invoke.h"

#include "base/mem.h"
#include "bus/bus_int.h"
#include "cell/cell.h"

#include <assert.h>

/* One on its way, for which a call waits. */
struct waited {
    struct waiters waiters;  /* the call; nobody: it is gone, or waited long enough */
    struct arena *keep;      /* of the call */
    struct invoked *invoked; /* where it looks; in keep */
};

void bus_invoker_set(struct cell *cell, const struct invoker *invoker)
{
    struct bus *bus = bus_of(cell);

    assert(bus->invoker == NULL);
    bus->invoker = invoker;
}

status bus_invoke_told(struct call *c, const struct invoke_wish *wish, invoke_told *told,
                       void *arg)
{
    const struct invoker *invoker = bus_of(c->cell)->invoker;
    struct bus_event as = {.principal = c->principal};
    struct arn arn;
    status started;

    if (!arn_read(wish->function, &arn) || invoker == NULL ||
        !str_eq(arn.service, str_c(invoker->service))) {
        return fail(c, &BUS_NO_TARGET, "%.*s is not the ARN of a function",
                    STR_ARG(str_slice(wish->function, 0, 512)));
    }
    if (wish->payload.bytes > INVOKE_PAYLOAD_BYTES_MAX) {
        return fail(c, &BUS_TOO_LARGE, "The event is larger than a function takes");
    }
    struct bus_sender was = bus_become(c, &as, cell_state(c->cell, invoker->service), &arn);

    started = invoker->start(c, wish, told, arg);
    bus_become_again(c, &was);
    return started;
}

static void wake(struct cell *cell, void *arg, const struct invoked *invoked)
{
    struct waited *waited = arg;

    if (waiters_any(&waited->waiters)) {
        *waited->invoked = *invoked;
        waited->invoked->answer = arena_dup(waited->keep, invoked->answer);
        waited->invoked->request_id = arena_dup(waited->keep, invoked->request_id);
        waiters_wake(cell, &waited->waiters);
    }
    assert(!waiters_any(&waited->waiters));
    mem_free(waited);
}

status bus_invoke(struct call *c, const struct invoke_wish *wish, int64_t until_ms,
                  struct invoked *ret_invoked, status (*resume)(struct call *c))
{
    struct waited *waited = MEM_NEW(struct waited);
    status started;

    waiters_init(&waited->waiters);
    waited->keep = c->keep;
    waited->invoked = ret_invoked;
    started = bus_invoke_told(c, wish, wake, waited);
    if (started != OK) {
        mem_free(waited);
        return started;
    }
    ret_invoked->outcome = INVOKE_UNDER_WAY;
    call_park(c, &waited->waiters, until_ms, resume);
    return OK;
}
