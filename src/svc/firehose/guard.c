/* SPDX-License-Identifier: Apache-2.0
 *
 * What policies are told of delivery streams: their tags. They have no policies of their own.
 */
#include "cell/authorize.h"
#include "svc/firehose/firehose_ops.h"


static struct stream *stream_named(struct cell *cell, struct str arn)
{
    return stream_of_arn(cell_state(cell, "firehose"), arn);
}

static bool find(struct cell *cell, struct str arn, struct arena *arena,
                 struct resource_facts *ret_facts)
{
    (void)arena;
    if (stream_named(cell, arn) == NULL) {
        return false;
    }
    *ret_facts = (struct resource_facts){.policy = STR_NONE};
    return true;
}

static bool tag(struct cell *cell, struct str arn, struct str key, struct str *ret_value)
{
    struct stream *stream = stream_named(cell, arn);

    return stream != NULL && tags_find(stream, key, ret_value);
}

static const struct resource_source source = {.service = "firehose", .find = find, .tag = tag};

void firehose_join_policies(struct cell *cell)
{
    resource_source_add(cell, &source);
}
