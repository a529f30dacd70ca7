/* SPDX-License-Identifier: Apache-2.0
 *
 * Who can have policies: inline ones, managed ones that are attached, a boundary; and who is in
 * which group. How often a managed policy is in use is counted here and nowhere else.
 */
#include "base/mem.h"
#include "svc/iam/iam_int.h"

#include <assert.h>

/* ---- inline policies, in the order of their names ---- */

static size_t place_of(const struct principal *principal, struct str name, bool *ret_there)
{
    size_t at = 0;

    while (at < principal->inline_count && name_cmp(principal->inlines[at].name, name) < 0) {
        at++;
    }
    *ret_there = at < principal->inline_count && str_eq(principal->inlines[at].name, name);
    return at;
}

struct inline_policy *inline_find(const struct principal *principal, struct str name)
{
    bool there;
    size_t place = place_of(principal, name, &there);

    return there ? &principal->inlines[place] : NULL;
}

void inline_set(struct principal *principal, struct str name, struct str text,
                struct policy *policy)
{
    bool there;
    size_t place = place_of(principal, name, &there);

    if (!there) {
        principal->inlines = mem_grow(principal->inlines,
                                      (principal->inline_count + 1) * sizeof(struct inline_policy));
        memmove(&principal->inlines[place + 1], &principal->inlines[place],
                (principal->inline_count - place) * sizeof(struct inline_policy));
        principal->inlines[place] = (struct inline_policy){.name = STR_NONE};
        principal->inline_count++;
        text_set(&principal->inlines[place].name, name);
    }
    document_set(&principal->inlines[place].document, text, policy);
}

bool inline_remove(struct principal *principal, struct str name)
{
    bool there;
    size_t place = place_of(principal, name, &there);

    if (there) {
        text_set(&principal->inlines[place].name, STR_NONE);
        document_done(&principal->inlines[place].document);
        principal->inline_count--;
        memmove(&principal->inlines[place], &principal->inlines[place + 1],
                (principal->inline_count - place) * sizeof(struct inline_policy));
    }
    return there;
}

/* ---- managed policies, in the order of their names, AWS's and the account's mixed ---- */

struct uses *uses_of(struct account *account, struct managed *managed)
{
    return managed->thing.account == NULL ? &account->aws_uses[managed->place] : &managed->uses;
}

static int managed_cmp(const struct managed *a, const struct managed *b)
{
    int by_name = name_cmp(a->thing.name, b->thing.name);

    return by_name != 0 ? by_name : memcmp(a->thing.id, b->thing.id, ID_BYTES);
}

struct str attached_name(struct arena *arena, const struct managed *managed)
{
    return arena_printf(arena, "%.*s\x01%.*s", STR_ARG(managed->thing.name), ID_BYTES,
                        managed->thing.id);
}

bool attached_find(const struct principal *principal, const struct managed *managed,
                   size_t *ret_place)
{
    size_t at = 0;

    while (at < principal->attached_count && managed_cmp(principal->attached[at], managed) < 0) {
        at++;
    }
    *ret_place = at;
    return at < principal->attached_count && principal->attached[at] == managed;
}

void attach(struct principal *principal, struct managed *managed)
{
    size_t place;
    bool there = attached_find(principal, managed, &place);

    assert(!there);
    assert(principal->attached_count < ATTACHED_MAX);
    memmove(&principal->attached[place + 1], &principal->attached[place],
            (principal->attached_count - place) * sizeof(principal->attached[0]));
    principal->attached[place] = managed;
    principal->attached_count++;
    uses_of(principal->thing.account, managed)->attached++;
}

bool detach(struct principal *principal, const struct managed *managed)
{
    struct managed *there;
    size_t place;

    if (!attached_find(principal, managed, &place)) {
        return false;
    }
    there = principal->attached[place];
    principal->attached_count--;
    memmove(&principal->attached[place], &principal->attached[place + 1],
            (principal->attached_count - place) * sizeof(principal->attached[0]));
    assert(uses_of(principal->thing.account, there)->attached > 0);
    uses_of(principal->thing.account, there)->attached--;
    return true;
}

void boundary_set(struct principal *principal, struct managed *managed)
{
    struct account *account = principal->thing.account;

    if (principal->boundary != NULL) {
        assert(uses_of(account, principal->boundary)->boundaries > 0);
        uses_of(account, principal->boundary)->boundaries--;
    }
    principal->boundary = managed;
    if (managed != NULL) {
        uses_of(account, managed)->boundaries++;
    }
}

void principal_done(struct principal *principal)
{
    for (size_t i = 0; i < principal->inline_count; i++) {
        text_set(&principal->inlines[i].name, STR_NONE);
        document_done(&principal->inlines[i].document);
    }
    mem_free(principal->inlines);
}

/* ---- groups ---- */

bool group_join(struct group *group, struct user *user)
{
    for (size_t i = 0; i < user->group_count; i++) {
        if (user->groups[i] == group) {
            return false;
        }
    }
    assert(user->group_count < GROUPS_PER_USER_MAX);
    user->groups[user->group_count++] = group;
    group->users = mem_grow(group->users, (group->user_count + 1) * sizeof(group->users[0]));
    group->users[group->user_count++] = user;
    return true;
}

bool group_leave(struct group *group, struct user *user)
{
    size_t at = 0;

    while (at < user->group_count && user->groups[at] != group) {
        at++;
    }
    if (at == user->group_count) {
        return false;
    }
    user->group_count--;
    memmove(&user->groups[at], &user->groups[at + 1],
            (user->group_count - at) * sizeof(user->groups[0]));
    for (at = 0; group->users[at] != user; at++) {
        assert(at < group->user_count);
    }
    group->user_count--;
    group->users[at] = group->users[group->user_count];
    return true;
}
