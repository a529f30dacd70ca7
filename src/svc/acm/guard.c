/* SPDX-License-Identifier: Apache-2.0
 *
 * What policies are told of certificates: whose they are, and their tags.
 */
#include "cell/authorize.h"
#include "svc/acm/acm_int.h"

#define ARENA_BYTES_MAX (1u << 20)

static bool find(struct cell *cell, struct str text, struct arena *arena,
                 struct resource_facts *ret_facts)
{
    struct certificate place;

    if (certificate_peek(cell, arena, text, &place) == NULL) {
        return false;
    }
    *ret_facts = (struct resource_facts){.account = place.account};
    return true;
}

static bool tag(struct cell *cell, struct str text, struct str key, struct str *ret_value)
{
    struct acm *acm = cell_state(cell, ACM_SERVICE);
    struct arena *arena = arena_new(ARENA_BYTES_MAX);
    struct certificate place;
    struct value *tags = certificate_peek(cell, arena, text, &place) == NULL
                             ? NULL : tags_peek(cell, arena, &place);
    const struct value *list = tags == NULL ? NULL : get(tags, "Tags");
    bool found = shelf_tell_tag(&acm->told, list, key, ret_value);

    arena_free(arena);
    return found;
}

static const struct resource_source source = {.service = ACM_SERVICE, .find = find, .tag = tag};

void acm_join_policies(struct cell *cell)
{
    resource_source_add(cell, &source);
}
