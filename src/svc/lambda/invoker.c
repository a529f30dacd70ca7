/* SPDX-License-Identifier: Apache-2.0
 *
 * Functions as others ask them, and wait for what they say (bus/invoke.h). Who asks is let in by
 * the function's policy, unless a role of its own has the leave.
 */
#include "base/mem.h"
#include "bus/hold.h"
#include "bus/invoke.h"
#include "cell/authorize.h"
#include "svc/lambda/lineage.h"
#include "svc/lambda/run.h"
#include "svc/lambda/sink.h"

/* One on its way. */
struct asked_run {
    invoke_told *ended;          /* who is told */
    void *arg;                   /* its own */
};

static void done(struct cell *cell, struct run *run)
{
    static const enum invoke_outcome outcomes[] = {
        [FN_ANSWERED] = INVOKE_ANSWERED,
        [FN_FAILED] = INVOKE_FAILED,
        [FN_NOT_RUN] = INVOKE_NOT_RUN,
    };
    struct asked_run *asked = run_user(run);
    struct invoked invoked = {outcomes[run_outcome(run)], run_answer(run), run_request_id(run),
                              run_took_us(run)};

    asked->ended(cell, asked->arg, &invoked);
    mem_free(asked);
    run_free(run);
}

static status busy(struct call *c, const char *words)
{
    c->detail = NULL; /* of an error that is not answered */
    return fail(c, &BUS_BUSY, "%s", words);
}

static status check(struct call *c, const struct invoke_wish *wish, const struct target *target,
                    struct version *ret_version)
{
    struct service_wish may = {
        .service = wish->principal,
        .action = "lambda:InvokeFunction",
        .resource = wish->function,
        .source = wish->source,
        .source_account = wish->account,
    };
    struct target whole = target_with(target, STR_NONE);
    struct str state;

    if (version_find(c, target, ret_version) != OK) {
        c->detail = NULL;
        return fail(c, &BUS_NO_TARGET, "There is no function %.*s", STR_ARG(wish->function));
    }
    if (!wish->allowed && !service_may(c, &may)) {
        return fail(c, &BUS_REFUSED, "The policy of %.*s does not let %.*s invoke it",
                    STR_ARG(wish->function), STR_ARG(wish->principal));
    }
    state = get_str(ret_version->config, "State");
    if (str_eq(state, STR("Pending")) || str_eq(state, STR("Failed"))) {
        return busy(c, "The function cannot run yet");
    }
    if (hold_on(c, HOLD_FUNCTION, target_arn(c->arena, &whole), STR_NONE)) {
        return busy(c, "The function is held (weir release function)");
    }
    return OK;
}

static status start(struct call *c, const struct invoke_wish *wish, invoke_told *ended, void *arg)
{
    struct run_wish run_wish = {.payload = wish->payload, .trace = wish->trace,
                                .alone = wish->alone, .done = done};
    struct target target;
    struct version version;
    struct asked_run *asked;
    struct run *run;

    if (!target_of_arn(wish->function, &target)) {
        return fail(c, &BUS_NO_TARGET, "There is no function %.*s", STR_ARG(wish->function));
    }
    TRY(check(c, wish, &target, &version));
    asked = MEM_NEW(struct asked_run);
    *asked = (struct asked_run){ended, arg};
    run_wish.version = &version;
    run_wish.qualifier = target.qualifier;
    run_wish.user = asked;
    if (run_start(c, &run_wish, &run) != OK) {
        mem_free(asked);
        return busy(c, "Rate Exceeded.");
    }
    return OK;
}

static const struct invoker invoker = {"lambda", start};

void invoker_open(struct cell *cell)
{
    bus_invoker_set(cell, &invoker);
}
