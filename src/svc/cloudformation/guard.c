/* SPDX-License-Identifier: Apache-2.0
 *
 * What policies are told of stacks: the whole ARN of one that was named, tags.
 */
#include "cell/authorize.h"
#include "cell/cell.h"
#include "svc/cloudformation/rows.h"

#define ARENA_BYTES_MAX (4u << 20)

/* ".../stack/name" or ".../stack/name/key", as committed; NULL: there is none. */
static struct value *stack_peek(struct cell *cell, struct arena *arena, struct str text)
{
    struct arn arn;
    struct str rest, name, key, packed;
    struct key row;

    if (!arn_read(text, &arn) || !str_starts(arn.resource, STR("stack/"))) {
        return NULL;
    }
    rest = str_slice(arn.resource, strlen("stack/"), arn.resource.bytes);
    name = str_split(&rest, '/');
    key = rest.at == NULL ? STR("*") : str_split(&rest, '/'); /* "key" or "key", then a star */
    if (name.bytes > STACK_NAME_BYTES_MAX || key.bytes > STACK_KEY_BYTES_MAX) {
        return NULL;
    }
    if (str_eq(key, STR("*"))) {
        row = key_of(arena, CFN_SERVICE);
        key_str(&row, STR("name"));
        key_str(&row, arn.account);
        key_str(&row, arn.region);
        key_str(&row, name);
        if (!store_get(cell_store(cell), arena, key_end(&row), &packed)) {
            return NULL;
        }
        key = str_slice(packed, 1, packed.bytes);
    }
    row = key_of(arena, CFN_SERVICE);
    key_str(&row, STR("stack"));
    key_str(&row, arn.account);
    key_str(&row, arn.region);
    key_str(&row, key);
    return shelf_peek(cell, arena, key_end(&row), stack_shape());
}

static bool find(struct cell *cell, struct str text, struct arena *arena,
                 struct resource_facts *ret_facts)
{
    struct arn arn;

    if (!arn_read(text, &arn) || stack_peek(cell, arena, text) == NULL) {
        return false;
    }
    *ret_facts = (struct resource_facts){.account = arn.account};
    return true;
}

static bool resolve(struct cell *cell, struct str text, struct arena *arena, struct str *ret_arn)
{
    struct value *about = stack_peek(cell, arena, text);

    if (about == NULL) {
        return false;
    }
    *ret_arn = get_str(about, "StackId");
    return true;
}

static bool tag(struct cell *cell, struct str text, struct str key, struct str *ret_value)
{
    struct cloudformation *cfn = cell_state(cell, CFN_SERVICE);
    struct arena *arena = arena_new(ARENA_BYTES_MAX);
    struct value *about = stack_peek(cell, arena, text);
    const struct value *tags = about == NULL ? NULL : get(about, "Tags");
    bool found = shelf_tell_tag(&cfn->told, tags, key, ret_value);

    arena_free(arena);
    return found;
}

static const struct resource_source source = {
    .service = CFN_SERVICE, .find = find, .tag = tag, .resolve = resolve};

void cfn_join_policies(struct cell *cell)
{
    resource_source_add(cell, &source);
}
