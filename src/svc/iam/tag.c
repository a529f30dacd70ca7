/* SPDX-License-Identifier: Apache-2.0
 *
 * Tags: of users, roles, policies, profiles, providers, certificates and MFA devices alike. Keys
 * differ also when only their case does not: AWS refuses those, so does weir.
 */
#include "svc/iam/iam_ops.h"

static bool has_key(const struct texts *texts, struct str key, struct str *ret_there)
{
    for (size_t i = 0; i < texts->count; i++) {
        if (str_eq_nocase(texts->items[i].name, key)) {
            *ret_there = texts->items[i].name;
            return true;
        }
    }
    return false;
}

status tags_check(struct call *c, const struct texts *there, const struct value *tags)
{
    size_t count = there->count;
    struct str former;

    for (uint32_t i = 0; tags != NULL && i < tags->count; i++) {
        struct str key = get_str(&tags->items[i], "Key");

        if (str_starts_nocase(key, STR("aws:"))) {
            return fail(c, &IAM_INVALID, "Cannot use reserved prefix \"aws:\" in tag keys.");
        }
        for (uint32_t k = 0; k < i; k++) {
            if (str_eq_nocase(key, get_str(&tags->items[k], "Key"))) {
                return fail(c, &IAM_INVALID, "Duplicate tag keys found. Please note that Tag keys "
                            "are case insensitive.");
            }
        }
        count += !has_key(there, key, &former);
    }
    if (count > TAGS_MAX) {
        return fail(c, &IAM_LIMIT, "The number of tags has reached the maximum limit.");
    }
    return OK;
}

void tags_add(struct texts *texts, const struct value *tags)
{
    struct str former;

    for (uint32_t i = 0; tags != NULL && i < tags->count; i++) {
        struct str key = get_str(&tags->items[i], "Key");

        if (has_key(texts, key, &former)) {
            (void)texts_remove(texts, former);
        }
        texts_set(texts, key, get_str(&tags->items[i], "Value"));
    }
}

static void tag_put(struct arena *arena, struct value *list, const struct text *tag)
{
    struct value *item = list_add(arena, list);

    set_str(item, "Key", tag->name);
    set_str(item, "Value", tag->text.at == NULL ? STR("") : tag->text);
}

void put_tags(struct arena *arena, struct value *structure, const struct texts *texts)
{
    struct value *list;

    if (texts->count == 0) {
        return;
    }
    list = set_list(arena, structure, "Tags", texts->count);
    for (size_t i = 0; i < texts->count; i++) {
        tag_put(arena, list, &texts->items[i]);
    }
}

/* ---- the operations, of each noun ---- */

static status tag(struct call *c, struct thing *thing)
{
    const struct value *tags = arg(c, "Tags");

    TRY(tags_check(c, &thing->tags, tags));
    tags_add(&thing->tags, tags);
    thing_save(c, thing);
    call_on(c, thing_arn(c->arena, thing));
    return OK;
}

static status untag(struct call *c, struct thing *thing)
{
    const struct value *keys = arg(c, "TagKeys");
    struct str former;

    for (uint32_t i = 0; keys != NULL && i < keys->count; i++) {
        if (has_key(&thing->tags, keys->items[i].str, &former)) {
            (void)texts_remove(&thing->tags, former);
        }
    }
    thing_save(c, thing);
    call_on(c, thing_arn(c->arena, thing));
    return OK;
}

static status list_tags(struct call *c, const struct thing *thing)
{
    struct piece piece;

    TRY(piece_begin(c, "Tags", thing->tags.count, &piece));
    for (size_t i = 0; i < thing->tags.count; i++) {
        if (piece_takes(&piece, thing->tags.items[i].name)) {
            tag_put(c->arena, piece.list, &thing->tags.items[i]);
        }
    }
    return OK;
}

#define TAG_OPS(noun, type, find, head)                                                            \
    status iam_tag_##noun(struct call *c)                                                          \
    {                                                                                              \
        struct type *found;                                                                        \
                                                                                                   \
        TRY(find(c, &found));                                                                      \
        return tag(c, head);                                                                       \
    }                                                                                              \
    status iam_untag_##noun(struct call *c)                                                        \
    {                                                                                              \
        struct type *found;                                                                        \
                                                                                                   \
        TRY(find(c, &found));                                                                      \
        return untag(c, head);                                                                     \
    }                                                                                              \
    status iam_list_##noun##_tags(struct call *c)                                                  \
    {                                                                                              \
        struct type *found;                                                                        \
                                                                                                   \
        TRY(find(c, &found));                                                                      \
        return list_tags(c, head);                                                                 \
    }

static status policy_to_tag(struct call *c, struct managed **ret_managed)
{
    return managed_to_change(c, ret_managed);
}

TAG_OPS(user, user, user_of_call, &found->principal.thing)
TAG_OPS(role, role, role_of_call, &found->principal.thing)
TAG_OPS(policy, managed, policy_to_tag, &found->thing)
TAG_OPS(profile, profile, profile_of_call, &found->thing)
TAG_OPS(oidc, provider, oidc_of_call, &found->thing)
TAG_OPS(saml, provider, saml_of_call, &found->thing)
TAG_OPS(certificate, certificate, certificate_of_call, &found->thing)
TAG_OPS(mfa, mfa, mfa_of_call, &found->thing)
