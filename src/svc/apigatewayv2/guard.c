/* SPDX-License-Identifier: Apache-2.0
 *
 * What policies are told of API Gateway's resources: tags. What belongs to an API has the API's, a
 * stage its own.
 */
#include "cell/authorize.h"
#include "svc/apigatewayv2/record.h"

#define PEEK_BYTES_MAX (16u << 20)

/* The record that has the tags of a path: "/apis/ID/routes/…", "/domainnames/NAME/…". */
static bool tagged(struct cell *cell, struct str path, struct arena *arena,
                   struct value **ret_record)
{
    const struct gateway *gateway = cell_state(cell, "apigatewayv2");
    struct str rest = str_slice(path, 1, path.bytes);
    struct str what = str_split(&rest, '/');
    struct record_name name = {KIND_API, STR_NONE, str_split(&rest, '/')};
    struct str part = str_split(&rest, '/');

    if (str_eq(what, STR("domainnames"))) {
        const struct domain *domain = map_get(gateway->domains, name.id);

        name.kind = KIND_DOMAIN;
        if (domain != NULL) {
            name.owner = arena_printf(arena, "%.*s/%.*s", STR_ARG(domain->account),
                                      STR_ARG(domain->region));
        }
        return domain != NULL && record_peek(cell, &name, arena, ret_record);
    }
    if (!api_where_peek(cell, name.id, arena, &name.owner)) {
        return false;
    }
    if (str_eq(what, STR("vpclinks"))) {
        name.kind = KIND_VPC_LINK;
    } else if (str_eq(part, STR("stages")) && rest.bytes > 0) {
        name = (struct record_name){KIND_STAGE, name.id, str_split(&rest, '/')};
    }
    return record_peek(cell, &name, arena, ret_record);
}

static bool tag(struct cell *cell, struct str text, struct str key, struct str *ret_value)
{
    struct gateway *gateway = cell_state(cell, "apigatewayv2");
    struct str *place = &gateway->told[gateway->told_next % TAGS_TOLD];
    struct arena *arena = arena_new(PEEK_BYTES_MAX);
    const struct value *tags = NULL;
    struct value *record;
    bool found = false;
    struct arn arn;

    if (arn_read(text, &arn) && str_starts(arn.resource, STR("/")) &&
        tagged(cell, arn.resource, arena, &record)) {
        tags = get(record, "Tags");
    }
    for (uint32_t i = 0; !found && tags != NULL && i < tags->count; i++) {
        found = str_eq_nocase(tags->pairs[i].key, key);
        if (found) {
            text_keep(place, tags->pairs[i].value.str);
            gateway->told_next++;
            *ret_value = place->at == NULL ? STR("") : *place;
        }
    }
    arena_free(arena);
    return found;
}

/* They have no policies of their own, and whose they are their ids say. */
static bool find(struct cell *cell, struct str arn, struct arena *arena,
                 struct resource_facts *ret_facts)
{
    (void)cell;
    (void)arn;
    (void)arena;
    *ret_facts = (struct resource_facts){.policy = STR_NONE};
    return true;
}

static const struct resource_source source = {.service = "apigateway", .find = find, .tag = tag};

void gateway_join_policies(struct cell *cell)
{
    resource_source_add(cell, &source);
}
