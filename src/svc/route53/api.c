/* SPDX-License-Identifier: Apache-2.0
 *
 * Amazon Route 53: the table of operations, in the order of the API reference, its errors, and the
 * service's life.
 */
#include "base/mem.h"
#include "cell/cell.h"
#include "svc/route53/cfn.h"
#include "svc/route53/route53_ops.h"

const struct error R53_NO_ZONE = {"NoSuchHostedZone", NULL, 404, false};
const struct error R53_ZONE_EXISTS = {"HostedZoneAlreadyExists", NULL, 409, false};
const struct error R53_NOT_EMPTY = {"HostedZoneNotEmpty", NULL, 400, false};
const struct error R53_DOMAIN = {"InvalidDomainName", NULL, 400, false};
const struct error R53_INPUT = {"InvalidInput", NULL, 400, false};
const struct error R53_BATCH = {"InvalidChangeBatch", NULL, 400, false};
const struct error R53_NO_CHANGE = {"NoSuchChange", NULL, 404, false};
const struct error R53_NO_CHECK = {"NoSuchHealthCheck", NULL, 404, false};
const struct error R53_CHECK_EXISTS = {"HealthCheckAlreadyExists", NULL, 409, false};
const struct error R53_CHECK_VERSION = {"HealthCheckVersionMismatch", NULL, 409, false};
const struct error R53_CHECK_USED = {"HealthCheckInUse", NULL, 400, false};
const struct error R53_VPC = {"InvalidVPCId", NULL, 400, false};
const struct error R53_NO_SET = {"NoSuchDelegationSet", NULL, 400, false};

static const struct op ops[] = {
    {"ChangeResourceRecordSets", r53_change_records},
    {"ChangeTagsForResource", r53_change_tags},
    {"CreateHealthCheck", r53_create_check},
    {"CreateHostedZone", r53_create_zone},
    {"DeleteHealthCheck", r53_delete_check},
    {"DeleteHostedZone", r53_delete_zone},
    {"GetChange", r53_get_change},
    {"GetHealthCheck", r53_get_check},
    {"GetHealthCheckCount", r53_get_check_count},
    {"GetHostedZone", r53_get_zone},
    {"GetHostedZoneCount", r53_get_zone_count},
    {"ListHealthChecks", r53_list_checks},
    {"ListHostedZones", r53_list_zones},
    {"ListHostedZonesByName", r53_list_zones_by_name},
    {"ListResourceRecordSets", r53_list_records},
    {"ListTagsForResource", r53_list_tags},
    {"ListTagsForResources", r53_list_tags_of_many},
    {"TestDNSAnswer", r53_test_answer},
    {"UpdateHealthCheck", r53_update_check},
    {"UpdateHostedZoneComment", r53_update_comment},
};

struct str id_new(struct call *c, char first, size_t letters)
{
    static const char all[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    char *id = arena_alloc(c->arena, letters + 1);

    id[0] = first;
    for (size_t i = 1; i < letters; i++) {
        id[i] = all[rand_below(c->rand, sizeof(all) - 1)];
    }
    return str_of(id, letters);
}

status max_items(struct call *c, size_t most, size_t *ret_count)
{
    uint64_t count = most;

    if (arg_has(c, "MaxItems") &&
        (!str_to_u64(arg_str(c, "MaxItems"), &count) || count == 0)) {
        return fail(c, &R53_INPUT, "Invalid value for MaxItems: %.*s",
                    STR_ARG(arg_str(c, "MaxItems")));
    }
    *ret_count = count > most ? most : (size_t)count;
    put_str(c, "MaxItems", arena_printf(c->arena, "%zu", *ret_count));
    return OK;
}

static void service_close(void *state)
{
    struct route53 *route53 = state;

    shelf_told_done(&route53->told);
    mem_free(route53);
}

static status service_open(struct cell *cell, void **ret_state)
{
    struct route53 *route53 = MEM_NEW(struct route53);

    route53->cell = cell;
    route53_join_policies(cell);
    *ret_state = route53;
    return OK;
}

static status service_tick(struct call *c)
{
    changes_sweep(c);
    return OK;
}

const struct service route53_service = {
    .id = ROUTE53_SERVICE,
    .ops = ops,
    .op_count = sizeof(ops) / sizeof(ops[0]),
    .open = service_open,
    .close = service_close,
    .tick = service_tick,
    .types = route53_types,
    .type_count = ROUTE53_TYPES,
};
