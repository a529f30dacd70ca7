/* SPDX-License-Identifier: Apache-2.0
 *
 * What policies are told of queues.
 */
#include "cell/authorize.h"
#include "svc/sqs/sqs_int.h"

static bool find(struct cell *cell, struct str arn, struct arena *arena,
                 struct resource_facts *ret_facts)
{
    const struct queue *queue = queue_of_arn(cell_state(cell, "sqs"), arn);

    (void)arena;
    if (queue == NULL) {
        return false;
    }
    *ret_facts = (struct resource_facts){.policy = queue->policy, .account = queue->account};
    return true;
}

static bool tag(struct cell *cell, struct str arn, struct str key, struct str *ret_value)
{
    const struct queue *queue = queue_of_arn(cell_state(cell, "sqs"), arn);

    for (size_t i = 0; queue != NULL && i < queue->tag_count; i++) {
        if (str_eq_nocase(queue->tags[i].key, key)) {
            *ret_value = queue->tags[i].value;
            return true;
        }
    }
    return false;
}

static const struct resource_source source = {.service = "sqs", .find = find, .tag = tag};

void sqs_join_policies(struct cell *cell)
{
    resource_source_add(cell, &source);
}
