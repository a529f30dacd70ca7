/* SPDX-License-Identifier: Apache-2.0
 *
 * Ciphertexts of symmetric keys. They name their key and the material they were made with:
 *
 *   5    01 02 02 00 78   as AWS's begin, so that people know them: AQICAHh… in base64
 *   2    "w" 1        weir's, version 1
 *   6    account      12 digits, big-endian
 *   u8   1 + bytes    of the key's id, and the id
 *   8    material     begin of its id
 *   12   nonce, then ciphertext, then 16 tag   AES-256-GCM
 *
 * Authenticated is everything before the nonce and the encryption context, its pairs sorted by
 * name, each name and value with its length before it.
 */
#ifndef WEIR_SVC_KMS_CIPHERTEXT_H
#define WEIR_SVC_KMS_CIPHERTEXT_H

#include "svc/kms/kms_int.h"

#define CIPHERTEXT_MATERIAL_BYTES 8

struct ciphertext {
    struct str account;     /* 12 digits; in the arena */
    struct str key_id;      /* whose */
    struct str material;    /* begin of its id */
    struct str head;        /* everything before the nonce */
    struct str sealed;      /* nonce, ciphertext, tag */
};

/* Pure: false when it is no ciphertext of weir's. */
bool ciphertext_read(struct str text, struct arena *arena, struct ciphertext *ret_ciphertext);

/* context: a map, or NULL. Under the key's current material. */
struct str ciphertext_seal(struct call *c, const struct kms_key *key, const struct value *context,
                     struct str plain);
/* InvalidCiphertextException. The key is the blob's. */
status ciphertext_open(struct call *c, const struct kms_key *key, const struct ciphertext *blob,
                 const struct value *context, struct str *ret_plain);
/* The key that a ciphertext names, in the call's Region; NULL: it is not there. */
struct kms_key *ciphertext_key(struct call *c, const struct ciphertext *blob);

#endif
