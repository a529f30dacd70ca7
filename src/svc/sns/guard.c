/* SPDX-License-Identifier: Apache-2.0
 *
 * What policies are told of topics. A topic whose policy was never set has SNS's own, which lets
 * its account; that is what identity policies and the root do anyway, so here it is none.
 */
#include "cell/authorize.h"
#include "svc/sns/sns_int.h"

static bool find(struct cell *cell, struct str arn, struct arena *arena,
                 struct resource_facts *ret_facts)
{
    const struct topic *topic = topic_find(cell_state(cell, "sns"), arn);

    (void)arena;
    if (topic == NULL) {
        return false;
    }
    *ret_facts = (struct resource_facts){.policy = setting_get(&topic->attributes, "Policy"),
                                         .account = topic->account};
    return true;
}

static bool tag(struct cell *cell, struct str arn, struct str key, struct str *ret_value)
{
    const struct topic *topic = topic_find(cell_state(cell, "sns"), arn);

    for (size_t i = 0; topic != NULL && i < topic->tags.count; i++) {
        if (str_eq_nocase(topic->tags.items[i].name, key)) {
            *ret_value = topic->tags.items[i].text;
            return true;
        }
    }
    return false;
}

static const struct resource_source source = {.service = "sns", .find = find, .tag = tag};

void sns_join_policies(struct cell *cell)
{
    resource_source_add(cell, &source);
}
