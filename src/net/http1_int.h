/* SPDX-License-Identifier: Apache-2.0
 *
 * What the two halves of HTTP/1.1 know of each other: http1.c reads, http1_answer.c writes.
 */
#ifndef WEIR_NET_HTTP1_INT_H
#define WEIR_NET_HTTP1_INT_H

#include "net/net_int.h"

/* http1_answer.c: the writing half of the protocol's table. */
void http1_answer(struct exchange *x, const struct answer *answer);
void http1_begin(struct exchange *x, const struct answer *answer);
void http1_send(struct exchange *x, struct str piece);
void http1_send_file(struct exchange *x, int fd, uint64_t offset, uint64_t bytes);
void http1_end(struct exchange *x);
size_t http1_backlog(const struct exchange *x);

/* Lets those leave that are answered and first in line. */
void http1_advance(struct connection *c);
/* Writes the 100 that the first in line is owed. */
void http1_continue(struct connection *c);

/* http1.c: whether the rest of the body under way is short enough to be read past. */
bool http1_may_skip(const struct connection *c);
void http1_discard(struct connection *c); /* no more requests from this peer */

/* http2.c: takes over a connection whose request asked for it; false when its settings are bad. */
bool http2_upgrade(struct exchange *x, struct str settings);

/* Where the body being read goes on, if so much of it is still to come that it should be read right
 * there; else NULL. */
char *http1_place(struct connection *c, size_t *ret_bytes);

#endif
