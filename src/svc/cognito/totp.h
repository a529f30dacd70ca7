/* SPDX-License-Identifier: Apache-2.0
 *
 * Time-based one-time passwords (RFC 6238): SHA-1, 30 seconds, six digits.
 */
#ifndef WEIR_SVC_COGNITO_TOTP_H
#define WEIR_SVC_COGNITO_TOTP_H

#include "base/arena.h"

#include <stdint.h>

#define TOTP_SECRET_BYTES 32
#define TOTP_STEP_MS 30000

/* What a device with that secret shows in a step. */
uint32_t totp_code(struct str secret, uint64_t step);
/* The step, of the one at now_ms, the one before and the one behind, in which code is shown;
 * false: in none. */
bool totp_fits(struct str secret, struct str code, int64_t now_ms, uint64_t *ret_step);
struct str base32_text(struct arena *arena, struct str bytes); /* without padding */

#endif
