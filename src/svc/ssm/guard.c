/* SPDX-License-Identifier: Apache-2.0
 *
 * What policies are told of parameters: their ARN has one slash before the name, and neither
 * version nor label behind it; their resource policy, their tags.
 */
#include "cell/authorize.h"
#include "svc/ssm/ssm_int.h"

#define ARENA_BYTES_MAX (1u << 20)

static bool find(struct cell *cell, struct str text, struct arena *arena,
                 struct resource_facts *ret_facts)
{
    struct parameter place;
    struct value *policy;

    if (parameter_peek(cell, arena, text, &place) == NULL) {
        return false;
    }
    *ret_facts = (struct resource_facts){.account = place.account};
    policy = policy_peek(cell, arena, &place);
    if (policy != NULL) {
        ret_facts->policy = get_str(policy, "Policy");
    }
    return true;
}

/* "parameter//a/b:3" → "parameter/a/b" */
static bool resolve(struct cell *cell, struct str text, struct arena *arena, struct str *ret_arn)
{
    struct str name, selector;
    struct arn arn;
    size_t from = STR("parameter").bytes;

    (void)cell;
    if (!arn_read(text, &arn) || !str_starts(arn.resource, STR("parameter/"))) {
        return false;
    }
    while (from + 1 < arn.resource.bytes && arn.resource.at[from + 1] == '/') {
        from++;
    }
    name_split(str_slice(arn.resource, from, arn.resource.bytes), &name, &selector);
    if (name.bytes > 1 && str_ends(name, STR("/"))) {
        name = str_slice(name, 0, name.bytes - 1);
    }
    arn.resource = arena_printf(arena, "parameter%.*s", STR_ARG(name));
    *ret_arn = arn_write(arena, &arn);
    return true;
}

static bool tag(struct cell *cell, struct str text, struct str key, struct str *ret_value)
{
    struct ssm *ssm = cell_state(cell, SSM_SERVICE);
    struct arena *arena = arena_new(ARENA_BYTES_MAX);
    struct parameter place;
    struct value *tags = parameter_peek(cell, arena, text, &place) == NULL
                             ? NULL : tags_peek(cell, arena, &place);
    const struct value *list = tags == NULL ? NULL : get(tags, "TagList");
    bool found = shelf_tell_tag(&ssm->told, list, key, ret_value);

    arena_free(arena);
    return found;
}

static const struct resource_source source = {
    .service = SSM_SERVICE, .find = find, .tag = tag, .resolve = resolve};

void ssm_join_policies(struct cell *cell)
{
    resource_source_add(cell, &source);
}
