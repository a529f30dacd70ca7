/* SPDX-License-Identifier: Apache-2.0
 *
 * What files of clients offer one another. A client has up to two secrets, things of their own
 * ("secret", named by the client's id and theirs); both are taken.
 */
#ifndef WEIR_SVC_COGNITO_CLIENT_H
#define WEIR_SVC_COGNITO_CLIENT_H

#include "svc/cognito/keys.h"
#include "svc/cognito/text.h"

#define SECRETS_MAX 2

struct secrets {
    struct value *about[SECRETS_MAX]; /* ClientSecretDescriptorType, the oldest first */
    struct str names[SECRETS_MAX];    /* of the things */
    size_t count;                     /* of both */
};
void secrets_load(struct call *c, const struct client *client, struct secrets *ret_secrets);
struct value *secret_add(struct call *c, const struct client *client, struct str secret);
bool client_load(struct call *c, struct str pool, struct str id, struct client *ret_client);
int64_t validity_ms(const struct value *about, const char *token);

#endif
