/* SPDX-License-Identifier: Apache-2.0
 *
 * Batches of event source mappings as invocations (run.h).
 */
#include "svc/lambda/mapping_ops.h"
#include "svc/lambda/run.h"

static status check(struct call *c, const struct mapping *mapping, struct version *ret_version)
{
    TRY(run_check(c, &mapping->target));
    return version_find(c, &mapping->target, ret_version);
}

static void done(struct cell *cell, struct run *run)
{
    struct batch *batch = run_user(run);
    enum fn_outcome outcome = run_outcome(run);
    struct ran_how how = {
        .ran = outcome == FN_ANSWERED ? RAN_OK : outcome == FN_FAILED ? RAN_FAILED : RAN_NOT,
        .answer = run_answer(run),
        .request_id = run_request_id(run),
        .version = run_version(run),
    };

    batch_done(cell, batch, &how);
    run_free(run);
}

static status start(struct call *c, const struct mapping_wish *wish, struct batch *batch)
{
    struct run_wish run_wish = {
        .version = wish->version,
        .qualifier = batch->mapping->target.qualifier,
        .payload = wish->event,
        .trace = wish->trace,
        .done = done,
        .user = batch,
    };
    struct run *run;

    return run_start(c, &run_wish, &run);
}

const struct mapping_runner mapping_runner = {check, start};
