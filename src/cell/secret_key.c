/* SPDX-License-Identifier: Apache-2.0
 *
 * Passes on to who registered.
 */
#include "cell/secret_key.h"

#include "cell/cell_int.h"

#include <assert.h>

const struct error SECRET_NOT_FOUND = {"NotFoundException", NULL, 400, false};
const struct error SECRET_DISABLED = {"DisabledException", NULL, 400, false};
const struct error SECRET_STATE = {"KMSInvalidStateException", NULL, 400, false};
const struct error SECRET_USAGE = {"InvalidKeyUsageException", NULL, 400, false};
const struct error SECRET_CIPHERTEXT = {"InvalidCiphertextException", NULL, 400, false};
const struct error SECRET_DENIED = {"AccessDeniedException", NULL, 400, false};

void secret_keys_set(struct cell *cell, const struct secret_keys *keys)
{
    assert(cell->secret_keys == NULL);
    cell->secret_keys = keys;
}

static __attribute__((returns_nonnull)) status nobody(struct call *c,
                                                      const struct secret_wish *wish)
{
    return fail(c, &SECRET_NOT_FOUND, "Key '%.*s' does not exist", STR_ARG(wish->key));
}

status secret_key_find(struct call *c, const struct secret_wish *wish, struct str *ret_arn)
{
    return c->cell->secret_keys == NULL ? nobody(c, wish)
                                        : c->cell->secret_keys->find(c, wish, ret_arn);
}

status secret_seal(struct call *c, const struct secret_wish *wish, struct str plain,
                   struct str *ret_sealed)
{
    if (plain.bytes > SECRET_PLAIN_BYTES_MAX) {
        return fail(c, &ERR_LIMIT, "At most %u bytes can be sealed at once.",
                    SECRET_PLAIN_BYTES_MAX);
    }
    return c->cell->secret_keys == NULL ? nobody(c, wish)
                                        : c->cell->secret_keys->seal(c, wish, plain, ret_sealed);
}

status secret_open(struct call *c, const struct secret_wish *wish, struct str sealed,
                   struct str *ret_plain)
{
    return c->cell->secret_keys == NULL ? nobody(c, wish)
                                        : c->cell->secret_keys->open(c, wish, sealed, ret_plain);
}
