/* SPDX-License-Identifier: Apache-2.0
 *
 * The door: where requests come in from the network and durable answers go out. See door.c for a
 * request's whole way.
 */
#ifndef WEIR_CELL_DOOR_H
#define WEIR_CELL_DOOR_H

#include "cell/cell.h"
#include "net/http.h"

struct door;

struct door_options {
    struct cell *cell;               /* where calls run */
    bool auth;                 /* check signatures */
    bool relaxed;              /* say so on every answer */
    const char *version;       /* of weir, for /_weir/health */
    const char *ca_path;       /* of the local authority's certificate, or NULL */
};

struct door *door_new(const struct door_options *options);
/* Between stopping the server and freeing it: no thread of the door's works for a loop any more. */
void door_settle(struct door *door);
/* After the server was stopped and freed. */
void door_free(struct door *door);
const struct http_app *door_app(struct door *door);

#endif
