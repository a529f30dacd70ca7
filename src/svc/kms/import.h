/* SPDX-License-Identifier: Apache-2.0
 *
 * What of an import happens outside the cell: making the wrapping pair, and unwrapping what came.
 */
#ifndef WEIR_SVC_KMS_IMPORT_H
#define WEIR_SVC_KMS_IMPORT_H

#include "svc/kms/crypt.h"

struct import_algorithm {
    const char *name;     /* "RSAES_OAEP_SHA_256" */
    const char *hash;     /* of OAEP */
    bool wraps;           /* an AES key, under which the material is wrapped */
};
const struct import_algorithm *import_algorithm(struct str name); /* NULL: none of that name */

struct import {
    const struct spec *spec;                  /* import_make: of the pair; else the key's */
    const struct import_algorithm *algorithm; /* import_take */
    struct str input;                         /* import_take: as it came */
    struct crypt_bytes wrapping;              /* private half; wiped by import_take */
    struct crypt_bytes out;                   /* public half; or the material, as it is kept */
    bool unwrapped;                           /* it could be unwrapped */
    bool good;                                /* all is well: out is to be used */
};
void import_make(void *arg); /* a struct import */
void import_take(void *arg);

#endif
