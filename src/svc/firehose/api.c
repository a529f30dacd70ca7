/* SPDX-License-Identifier: Apache-2.0
 *
 * Firehose: the table of operations, in the order of the API reference, and the service's life.
 */
#include "base/mem.h"
#include "cell/cell.h"
#include "svc/firehose/cfn.h"
#include "svc/firehose/firehose.h"
#include "svc/firehose/firehose_ops.h"
#include "sys/pool.h"

#define POSTS_AT_ONCE_MAX 16

const struct error FIREHOSE_CONCURRENT = {"ConcurrentModificationException", NULL, 400, false};
const struct error FIREHOSE_INVALID_ARGUMENT = {"InvalidArgumentException", NULL, 400, false};
const struct error FIREHOSE_INVALID_KMS = {"InvalidKMSResourceException", NULL, 400, false};
const struct error FIREHOSE_INVALID_SOURCE = {"InvalidSourceException", NULL, 400, false};
const struct error FIREHOSE_LIMIT = {"LimitExceededException", NULL, 400, false};
const struct error FIREHOSE_IN_USE = {"ResourceInUseException", NULL, 400, false};
const struct error FIREHOSE_NOT_FOUND = {"ResourceNotFoundException", NULL, 400, false};
const struct error FIREHOSE_UNAVAILABLE = {"ServiceUnavailableException", NULL, 503, true};

static const struct op ops[] = {
    {"CreateDeliveryStream", firehose_create},
    {"DeleteDeliveryStream", firehose_delete},
    {"DescribeDeliveryStream", firehose_describe},
    {"ListDeliveryStreams", firehose_list},
    {"ListTagsForDeliveryStream", firehose_list_tags},
    {"PutRecord", firehose_put_record},
    {"PutRecordBatch", firehose_put_batch},
    {"StartDeliveryStreamEncryption", firehose_start_encryption},
    {"StopDeliveryStreamEncryption", firehose_stop_encryption},
    {"TagDeliveryStream", firehose_tag},
    {"UntagDeliveryStream", firehose_untag},
    {"UpdateDestination", firehose_update},
};

static void service_close(void *state)
{
    struct firehose *firehose = state;
    struct str key;
    void *value;

    if (firehose == NULL) {
        return;
    }
    for (size_t i = 0; map_next(firehose->streams, &i, &key, &value);) {
        stream_free(value);
    }
    map_free(firehose->streams);
    pool_free(firehose->posts);
    mem_free(firehose);
}

static status service_open(struct cell *cell, void **ret_state)
{
    struct firehose *firehose = MEM_NEW(struct firehose);

    firehose->cell = cell;
    firehose->streams = map_new(STREAMS_MAX);
    firehose->posts = pool_new("post", POSTS_AT_ONCE_MAX);
    *ret_state = firehose; /* closed by the cell also when loading failed */
    firehose_join_bus(cell);
    firehose_join_policies(cell);
    return streams_load(firehose);
}

static void settle_visit(struct cell *cell, void *arg)
{
    struct firehose *firehose = arg;

    (void)cell;
    firehose->settled = true;
}

/* Requests to endpoints that are under way come to their end. */
static void service_settle(void *state)
{
    struct firehose *firehose = state;

    cell_visit(firehose->cell, settle_visit, firehose);
    pool_settle(firehose->posts);
}

const struct service firehose_service = {
    .id = "firehose",
    .ops = ops,
    .op_count = sizeof(ops) / sizeof(ops[0]),
    .open = service_open,
    .close = service_close,
    .settle = service_settle,
    .types = firehose_types,
    .type_count = FIREHOSE_TYPES,
};
