/* SPDX-License-Identifier: Apache-2.0
 *
 * Whose access key is this? The access keys of a cell, for checking signatures outside its lock.
 * They live in the store as ("iam", "access-key", ID) and are read at start; the service that
 * manages them keeps both in step.
 *
 * Record, version 1: u8 1, str secret, str account, str principal.
 */
#ifndef WEIR_CELL_IDENTITY_H
#define WEIR_CELL_IDENTITY_H

#include "base/arena.h"
#include "cell/cell.h"

#define IDENTITIES_MAX 100000

struct identity {
    struct str access_key; /* AKIA… */
    struct str secret;
    struct str account;    /* 12 digits */
    struct str principal;  /* ARN */
};

struct identities;

status identities_open(struct cell *cell, struct why *why, struct identities **ret_identities);
void identities_close(struct identities *identities);
size_t identities_count(struct identities *identities);
/* From any thread; strings live as long as the identities. */
bool identity_find(struct identities *identities, struct str access_key,
                   struct identity *ret_identity);
/* The account's root key, made and stored (durably) when there is no key at all. *ret_made says
 * whether it was made now, which is the only time its secret is shown. */
status identity_root(struct identities *identities, struct why *why, struct identity *ret_identity,
                     bool *ret_made);

#endif
