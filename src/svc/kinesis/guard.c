/* SPDX-License-Identifier: Apache-2.0
 *
 * What policies are told of streams, consumers and queues of streams.
 */
#include "cell/authorize.h"
#include "svc/kinesis/kinesis_int.h"
#include "svc/kinesis/kinesis_ops.h"

/* stream/NAME and what lies below it. */
static bool of_stream(struct kinesis *kinesis, const struct arn *arn, struct tagged *ret_tagged)
{
    struct str rest = arn->resource;
    struct str name;
    struct str below;

    (void)str_split(&rest, '/');
    name = str_split(&rest, '/');
    below = str_split(&rest, '/');
    ret_tagged->stream = stream_find(kinesis, arn->account, arn->region, name);
    if (ret_tagged->stream == NULL) {
        return false;
    }
    if (str_eq(below, STR("consumer"))) {
        ret_tagged->consumer = consumer_find(ret_tagged->stream, str_split(&rest, ':'));
        if (ret_tagged->consumer == NULL) {
            return false;
        }
        ret_tagged->tags = &ret_tagged->consumer->tags;
        ret_tagged->policy = &ret_tagged->consumer->policy;
        return true;
    }
    ret_tagged->tags = &ret_tagged->stream->tags;
    ret_tagged->policy = &ret_tagged->stream->policy;
    return true;
}

static bool named(struct cell *cell, struct str text, struct tagged *ret_tagged)
{
    struct kinesis *kinesis = cell_state(cell, "kinesis");
    struct arn arn;

    memset(ret_tagged, 0, sizeof(*ret_tagged));
    if (!arn_read(text, &arn)) {
        return false;
    }
    if (str_starts(arn.resource, STR("stream/"))) {
        return of_stream(kinesis, &arn, ret_tagged);
    }
    ret_tagged->queue = map_get(kinesis->queues, text);
    if (ret_tagged->queue == NULL) {
        return false;
    }
    ret_tagged->tags = queue_tags(ret_tagged->queue);
    ret_tagged->policy = queue_policy(ret_tagged->queue);
    return true;
}

static bool find(struct cell *cell, struct str arn, struct arena *arena,
                 struct resource_facts *ret_facts)
{
    struct tagged tagged;

    (void)arena;
    if (!named(cell, arn, &tagged)) {
        return false;
    }
    *ret_facts = (struct resource_facts){.policy = *tagged.policy};
    return true;
}

static bool tag(struct cell *cell, struct str arn, struct str key, struct str *ret_value)
{
    struct tagged tagged;

    if (!named(cell, arn, &tagged)) {
        return false;
    }
    for (size_t i = 0; i < tagged.tags->count; i++) {
        if (str_eq_nocase(tagged.tags->items[i].key, key)) {
            *ret_value = tagged.tags->items[i].value;
            return true;
        }
    }
    return false;
}

static const struct resource_source source = {.service = "kinesis", .find = find, .tag = tag};

void kinesis_join_policies(struct cell *cell)
{
    resource_source_add(cell, &source);
}
