/* SPDX-License-Identifier: Apache-2.0
 *
 * What policies are told of secrets: the whole ARN of what was named without its random end, the
 * resource policy, tags.
 */
#include "cell/authorize.h"
#include "svc/secretsmanager/secretsmanager_int.h"

#define ARENA_BYTES_MAX (1u << 20)

static bool find(struct cell *cell, struct str text, struct arena *arena,
                 struct resource_facts *ret_facts)
{
    struct arn arn;

    if (!arn_read(text, &arn) || secret_peek(cell, arena, text) == NULL) {
        return false;
    }
    *ret_facts = (struct resource_facts){.account = arn.account};
    ret_facts->policy = policy_peek(cell, arena, text);
    return true;
}

static bool resolve(struct cell *cell, struct str text, struct arena *arena, struct str *ret_arn)
{
    struct value *about = secret_peek(cell, arena, text);

    if (about == NULL) {
        return false;
    }
    *ret_arn = get_str(about, "ARN");
    return true;
}

static bool tag(struct cell *cell, struct str text, struct str key, struct str *ret_value)
{
    struct secrets *secrets = cell_state(cell, SECRETS_SERVICE);
    struct arena *arena = arena_new(ARENA_BYTES_MAX);
    struct value *about = secret_peek(cell, arena, text);
    const struct value *tags = about == NULL ? NULL : get(about, "Tags");
    bool found = shelf_tell_tag(&secrets->told, tags, key, ret_value);

    arena_free(arena);
    return found;
}

static const struct resource_source source = {
    .service = SECRETS_SERVICE, .find = find, .tag = tag, .resolve = resolve};

void secrets_join_policies(struct cell *cell)
{
    resource_source_add(cell, &source);
}
