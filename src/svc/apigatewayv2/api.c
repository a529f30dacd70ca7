/* SPDX-License-Identifier: Apache-2.0
 *
 * Amazon API Gateway v2: the table of operations, in the order of the API reference, its errors,
 * and the service's life.
 */
#include "base/mem.h"
#include "cell/cell.h"
#include "svc/apigatewayv2/domain.h"
#include "svc/apigatewayv2/record.h"

const struct error GATEWAY_BAD_REQUEST = {"BadRequestException", NULL, 400, false};
const struct error GATEWAY_NOT_FOUND = {"NotFoundException", NULL, 404, false};
const struct error GATEWAY_CONFLICT = {"ConflictException", NULL, 409, false};
const struct error GATEWAY_TOO_MANY = {"TooManyRequestsException", NULL, 429, true};

static void service_close(void *state)
{
    struct gateway *gateway = state;

    lives_free(gateway);
    domains_free(gateway);
    mem_free(gateway);
}

static status service_open(struct cell *cell, void **ret_state)
{
    struct gateway *gateway = MEM_NEW(struct gateway);

    gateway->cell = cell;
    gateway->lives = map_new(LIVES_MAX);
    gateway->domains = map_new(DOMAINS_MAX);
    *ret_state = gateway; /* closed by the cell also when loading failed */
    return domains_load(gateway);
}

const struct service apigatewayv2_service = {
    .id = "apigatewayv2",
    .open = service_open,
    .close = service_close,
};
