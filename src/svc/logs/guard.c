/* SPDX-License-Identifier: Apache-2.0
 *
 * What policies are told of log groups and destinations: whose they are, the policy of a group that
 * was put with its ARN, a destination's access policy, and tags. What an operation asks for is
 * written log-group:NAME:log-stream:STREAM, with or without a stream.
 */
#include "cell/authorize.h"
#include "svc/logs/keys.h"

/* The ARN that policies and tags are kept by: without ":*" and the stream; false: neither a group
 * nor a destination that is there. */
static bool kept_arn(struct cell *cell, struct str text, struct str *ret_arn, struct arn *ret_parts)
{
    struct log_groups *groups = cell_state(cell, "logs");
    struct str name;
    size_t end;

    if (!arn_read(text, ret_parts)) {
        return false;
    }
    if (str_starts(ret_parts->resource, STR("destination:"))) {
        *ret_arn = text;
        return true;
    }
    if (!str_starts(ret_parts->resource, STR("log-group:"))) {
        return false;
    }
    name = str_slice(ret_parts->resource, STR("log-group:").bytes, ret_parts->resource.bytes);
    end = str_find(name, ':', 0); /* names of groups have none */
    *ret_arn = str_slice(text, 0, text.bytes - (name.bytes - end));
    return group_find(groups, ret_parts->account, ret_parts->region, str_slice(name, 0, end)) !=
           NULL;
}

static struct str text_of(const struct value *document, const char *member)
{
    const struct value *value = map_find(document, str_c(member));

    return value != NULL && value->kind == VALUE_STR ? value->str : STR_NONE;
}

static bool find(struct cell *cell, struct str text, struct arena *arena,
                 struct resource_facts *ret_facts)
{
    struct value document;
    struct str kept;
    struct arn arn;

    if (!kept_arn(cell, text, &kept, &arn)) {
        return false;
    }
    *ret_facts = (struct resource_facts){.account = arn.account};
    if (str_starts(arn.resource, STR("destination:"))) {
        struct thing thing = {"destination", STR(""),
                              str_slice(arn.resource, STR("destination:").bytes,
                                        arn.resource.bytes)};

        if (!thing_peek(cell, arena, &arn, &thing, &document)) {
            return false;
        }
        ret_facts->policy = text_of(&document, "accessPolicy");
        return true;
    }
    struct thing thing = {"policy", STR("RESOURCE"), kept};

    if (thing_peek(cell, arena, &arn, &thing, &document)) {
        ret_facts->policy = text_of(&document, "policyDocument");
    }
    return true;
}

/* Tags are rows: what is told is kept here, in the place of what was told longest ago. */
static bool tag(struct cell *cell, struct str text, struct str key, struct str *ret_value)
{
    struct log_groups *groups = cell_state(cell, "logs");
    struct str *place = &groups->told[groups->told_next % TAGS_TOLD];
    struct str kept;
    struct arn arn;

    if (!kept_arn(cell, text, &kept, &arn) || !tag_peek(cell, kept, key, place)) {
        return false;
    }
    groups->told_next++;
    *ret_value = place->at == NULL ? STR("") : *place;
    return true;
}

static const struct resource_source source = {.service = "logs", .find = find, .tag = tag};

void logs_join_policies(struct cell *cell)
{
    resource_source_add(cell, &source);
}
