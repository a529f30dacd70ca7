/* SPDX-License-Identifier: Apache-2.0
 *
 * Accounts: one is there as soon as somebody asks for it, and takes next to nothing until it has
 * something.
 */
#include "base/mem.h"
#include "svc/iam/iam_int.h"

struct account *account_find(struct iam *iam, struct str id)
{
    struct account *account = map_get(iam->accounts, id);

    if (account != NULL || id.bytes != sizeof(account->id)) {
        return account;
    }
    account = MEM_NEW(struct account);
    account->iam = iam;
    memcpy(account->id, id.at, sizeof(account->id));
    if (!map_set(iam->accounts, id, account, NULL)) {
        mem_free(account);
        return NULL;
    }
    return account;
}

status account_of_call(struct call *c, struct account **ret_account)
{
    struct account *account = account_find(iam_of(c), c->account);

    if (account == NULL) {
        return fail(c, &IAM_LIMIT, "weir keeps at most %d accounts.", ACCOUNTS_MAX);
    }
    *ret_account = account;
    return OK;
}

void account_free(struct account *account)
{
    for (size_t kind = 0; kind < KINDS; kind++) {
        struct shelf *shelf = &account->shelves[kind];

        for (size_t i = 0; i < shelf->count; i++) {
            thing_free(shelf->things[i]);
        }
        mem_free(shelf->things);
    }
    text_set(&account->alias, STR_NONE);
    text_set(&account->report, STR_NONE);
    mem_free(account);
}

int64_t iam_now(const struct call *c)
{
    return c->now - c->now % 1000;
}
