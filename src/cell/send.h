/* SPDX-License-Identifier: Apache-2.0
 *
 * Sending what a call named by call_send(), after its gate. See send.c.
 */
#ifndef WEIR_CELL_SEND_H
#define WEIR_CELL_SEND_H

#include "cell/buffers.h"
#include "wire/wire.h"

#define SEND_FILE_BYTES (1024u * 1024)  /* of a blob, handed to the kernel at once */
#define SEND_PIECE_BYTES BUFFER_BYTES   /* of a blob, read at once */
#define SEND_WHOLE_BYTES (128u * 1024)  /* an answer in memory up to this goes out in one piece */

struct sending;
struct visit;

/* Says the head, then what follows it; ends the visit. */
void send_begin(struct visit *visit, struct answer *answer);
/* The peer is gone. */
void send_gone(struct sending *sending);

#endif
