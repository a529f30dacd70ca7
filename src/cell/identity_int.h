/* SPDX-License-Identifier: Apache-2.0
 *
 * An access key's record.
 *
 *   version 2: u8 2, u8 kind, u8 flags (1 active, 2 mfa), var made ms, var expires ms,
 *              str secret, token, account, principal, source, user_id, source_identity,
 *              var policies, str each; var tags, str key, str value, u8 transitive each
 *   version 1: u8 1, str secret, account, principal
 */
#ifndef WEIR_CELL_IDENTITY_INT_H
#define WEIR_CELL_IDENTITY_INT_H

#include "base/buf.h"
#include "cell/identity.h"

void identity_write(struct buf *packed, const struct identity *identity);
/* Everything but access_key, which stays. Strings lie in record, the lists of policies and tags in
 * arena. False: it is none. */
bool identity_read(struct str record, struct arena *arena, struct identity *ret_identity);

#endif
