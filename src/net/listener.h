/* SPDX-License-Identifier: Apache-2.0
 *
 * Listening sockets, and the connections accepted from them.
 */
#ifndef WEIR_NET_LISTENER_H
#define WEIR_NET_LISTENER_H

#include "net/net_int.h"

struct listener; /* one socket on one loop */

/* An open listening socket, not yet on a loop. */
status listener_bind_tcp(const char *host, uint16_t port, struct why *why, int *ret_fd,
                         uint16_t *ret_port);
/* ERR_BUSY when somebody answers there; a socket file that nobody serves is replaced. */
status listener_bind_unix(const char *path, struct why *why, int *ret_fd);

/* Puts the socket on net's loop; it owns fd from here on, also on failure. */
status listener_open(struct net_loop *net, int fd, bool is_unix, struct why *why,
                     struct listener **ret_listener);
/* Connections from it say that port (http_request.port); before the loop turns again. */
void listener_tell_port(struct listener *listener, uint16_t port);
/* On the loop's thread, or before it runs. */
void listener_close(struct listener *listener);

#endif
