/* SPDX-License-Identifier: Apache-2.0
 *
 * What policies are told of hosted zones and health checks, whose ARNs name neither account nor
 * region: whose they are, and their tags.
 */
#include "cell/authorize.h"
#include "svc/route53/route53_int.h"

#define ARENA_BYTES_MAX (1u << 20)

/* "hostedzone/Z…" */
static bool place_of(struct str text, struct str *ret_type, struct str *ret_id)
{
    struct arn arn;

    if (!arn_read(text, &arn) || !str_eq(arn.service, STR(ROUTE53_SERVICE))) {
        return false;
    }
    *ret_id = arn.resource;
    *ret_type = str_split(ret_id, '/');
    return ret_id->at != NULL;
}

static bool find(struct cell *cell, struct str text, struct arena *arena,
                 struct resource_facts *ret_facts)
{
    struct str type, id, owner;

    if (!place_of(text, &type, &id)) {
        return false;
    }
    owner = owner_peek(cell, arena, type, id);
    if (owner.at == NULL) {
        return false;
    }
    *ret_facts = (struct resource_facts){.account = owner};
    return true;
}

static bool tag(struct cell *cell, struct str text, struct str key, struct str *ret_value)
{
    struct route53 *route53 = cell_state(cell, ROUTE53_SERVICE);
    struct arena *arena = arena_new(ARENA_BYTES_MAX);
    struct str type, id;
    struct value *tags = place_of(text, &type, &id) ? tags_peek(cell, arena, type, id) : NULL;
    const struct value *list = tags == NULL ? NULL : get(tags, "Tags");
    bool found = shelf_tell_tag(&route53->told, list, key, ret_value);

    arena_free(arena);
    return found;
}

static const struct resource_source source = {
    .service = ROUTE53_SERVICE, .find = find, .tag = tag};

void route53_join_policies(struct cell *cell)
{
    resource_source_add(cell, &source);
}
