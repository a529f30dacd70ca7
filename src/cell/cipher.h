/* SPDX-License-Identifier: Apache-2.0
 *
 * Enciphering and deciphering stored bodies (struct call_cipher): the same act both ways, from any
 * byte of the body on, piece by piece, in place. On any thread, one at a time.
 */
#ifndef WEIR_CELL_CIPHER_H
#define WEIR_CELL_CIPHER_H

#include "cell/body.h"

struct cipher_run;

/* Begins at that byte of the body. */
struct cipher_run *cipher_begin(const struct call_cipher *cipher, uint64_t offset);
void cipher_apply(struct cipher_run *run, void *at, size_t bytes); /* the next bytes, in place */
void cipher_end(struct cipher_run *run);                           /* NULL is fine */

#endif
