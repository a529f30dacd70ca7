/* SPDX-License-Identifier: Apache-2.0
 *
 * What listeners ask of their server: the count of connections over all loops.
 */
#ifndef WEIR_NET_SERVER_INT_H
#define WEIR_NET_SERVER_INT_H

#include "net/server.h"

/* Counts one more; false when that is more than the server's maximum (it is counted all the same
 * until server_disconnected). */
bool server_connected(struct server *server);
void server_disconnected(struct server *server);

#endif
