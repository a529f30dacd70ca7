/* SPDX-License-Identifier: Apache-2.0
 *
 * Aliases in memory: names of keys in one account and Region.
 */
#include "base/mem.h"
#include "svc/kms/keys.h"

void alias_free(struct alias *alias)
{
    text_set(&alias->account, STR_NONE);
    text_set(&alias->region, STR_NONE);
    text_set(&alias->name, STR_NONE);
    text_set(&alias->key_id, STR_NONE);
    mem_free(alias);
}

bool alias_enter(struct kms *kms, struct alias *alias)
{
    char name[ARN_NAME_KEY_BYTES_MAX];

    return map_set(kms->aliases, arn_name_key(name, alias->account, alias->region, alias->name),
                   alias, NULL);
}

struct alias *alias_find(const struct kms *kms, struct str account, struct str region,
                         struct str name)
{
    char key[ARN_NAME_KEY_BYTES_MAX];

    return map_get(kms->aliases, arn_name_key(key, account, region, name));
}

struct str alias_arn(struct arena *arena, const struct alias *alias)
{
    return arena_printf(arena, "arn:%.*s:kms:%.*s:%.*s:%.*s",
                        STR_ARG(arn_partition(alias->region)), STR_ARG(alias->region),
                        STR_ARG(alias->account), STR_ARG(alias->name));
}

struct alias *alias_make(struct call *c, struct str name, struct kms_key *key)
{
    struct alias *alias = MEM_NEW(struct alias);

    text_set(&alias->account, key->account);
    text_set(&alias->region, key->region);
    text_set(&alias->name, name);
    text_set(&alias->key_id, key->id);
    alias->created_ms = alias->updated_ms = c->now;
    if (!alias_enter(kms_of(c), alias)) {
        alias_free(alias);
        return NULL;
    }
    key->aliases++;
    alias_save(c, alias);
    return alias;
}

void alias_remove(struct call *c, struct alias *alias)
{
    char name[ARN_NAME_KEY_BYTES_MAX];
    struct kms_key *key = key_find(kms_of(c), alias->account, alias->region, alias->key_id);

    if (key != NULL) {
        key->aliases--;
    }
    alias_erase(c, alias);
    (void)map_remove(kms_of(c)->aliases,
                     arn_name_key(name, alias->account, alias->region, alias->name));
    alias_free(alias);
}

void aliases_remove(struct call *c, const struct kms_key *key)
{
    struct alias *found[ALIASES_OF_KEY_MAX];
    size_t count = 0;
    struct str name;
    void *value;

    for (size_t i = 0; key->aliases > 0 && map_next(kms_of(c)->aliases, &i, &name, &value);) {
        struct alias *alias = value;

        if (str_eq(alias->key_id, key->id) && str_eq(alias->account, key->account) &&
            str_eq(alias->region, key->region) && count < ALIASES_OF_KEY_MAX) {
            found[count++] = alias;
        }
    }
    for (size_t i = 0; i < count; i++) {
        alias_remove(c, found[i]);
    }
}
