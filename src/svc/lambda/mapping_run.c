/* SPDX-License-Identifier: Apache-2.0
 *
 * Batches of event source mappings as invocations (run.h).
 */
#include "cell/authorize.h"
#include "svc/lambda/mapping_ops.h"
#include "svc/lambda/run.h"

status mapping_role_check(struct call *c, struct str role, struct str source)
{
    static const char *const actions[][3] = {
        {"sqs", "sqs:ReceiveMessage", "ReceiveMessage on SQS"},
        {"sqs", "sqs:DeleteMessage", "DeleteMessage on SQS"},
        {"sqs", "sqs:GetQueueAttributes", "GetQueueAttributes on SQS"},
        {"kinesis", "kinesis:GetRecords", "GetRecords on Kinesis"},
        {"dynamodb", "dynamodb:GetRecords", "GetRecords on DynamoDB"},
    };
    struct arn arn;

    for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
        if (arn_read(source, &arn) && str_eq(arn.service, str_c(actions[i][0])) &&
            !role_may(c, role, actions[i][1], source)) {
            return lambda_fail(c, &LAMBDA_BAD_VALUE,
                               "The provided execution role does not have permissions to call %s",
                               actions[i][2]);
        }
    }
    return OK;
}

static status check(struct call *c, const struct mapping *mapping, struct version *ret_version)
{
    TRY(run_check(c, &mapping->target));
    TRY(version_find(c, &mapping->target, ret_version));
    return mapping_role_check(c, get_str(ret_version->config, "Role"), mapping->source);
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
        .alone = wish->durable,
        .done = done,
        .user = batch,
    };
    struct run *run;

    return run_start(c, &run_wish, &run);
}

const struct mapping_runner mapping_runner = {check, start};
