/* SPDX-License-Identifier: Apache-2.0
 *
 * Hosted zones and changes.
 */
#include "base/digest.h"
#include "svc/route53/route53_ops.h"

#include <stdlib.h>

/* ---- CreateHostedZone ---- */

static status create_check(struct call *c, struct str *ret_name)
{
    const struct value *config = arg(c, "HostedZoneConfig");
    struct txn_scan *scan;
    struct zone other;
    bool taken = false;

    if (!name_keep(c->arena, arg_str(c, "Name"), ret_name)) {
        return fail(c, &R53_DOMAIN, "%.*s is not a valid domain name",
                    STR_ARG(arg_str(c, "Name")));
    }
    if (arg_has(c, "DelegationSetId")) {
        return fail(c, &R53_NO_SET, "No delegation set found with ID: %.*s",
                    STR_ARG(arg_str(c, "DelegationSetId")));
    }
    if (config != NULL && get_bool(config, "PrivateZone", false) && !arg_has(c, "VPC")) {
        return fail(c, &R53_VPC, "When you're creating a private hosted zone (when you specify "
                    "true for PrivateZone), you must also specify values for VPCId and "
                    "VPCRegion.");
    }
    scan = zones_scan(c, STR_NONE);
    while (zones_next(c, scan, &other)) {
        taken |= str_eq(get_str(other.zone, "CallerReference"), arg_str(c, "CallerReference"));
    }
    if (taken) {
        return fail(c, &R53_ZONE_EXISTS, "A hosted zone has already been created with the "
                    "specified caller reference.");
    }
    return OK;
}

/* Four servers, in four domains, by the zone's id. */
static void servers_set(struct call *c, const struct zone *zone)
{
    static const char *const domains[NAME_SERVERS] = {"com", "net", "org", "co.uk"};
    struct value *set = set_struct(c->arena, zone->about, "DelegationSet");
    struct value *servers = set_list(c->arena, set, "NameServers", NAME_SERVERS);
    uint8_t sum[SHA256_BYTES];

    sha256(zone->id, sum);
    for (unsigned i = 0; i < NAME_SERVERS; i++) {
        list_add_str(servers, arena_printf(c->arena, "ns-%u.awsdns-%02u.%s",
                                           i * 512 + (sum[2 * i] * 2u) % 512,
                                           sum[2 * i + 1] % 64u, domains[i]));
    }
}

/* CreateHostedZone */
status r53_create_zone(struct call *c)
{
    bool closed = arg_has(c, "VPC");
    struct value *config;
    struct zone zone;
    struct str name;

    TRY(create_check(c, &name));
    zone_new(c, name, &zone);
    set_str(zone.zone, "CallerReference", arg_str(c, "CallerReference"));
    config = set_struct(c->arena, zone.zone, "Config");
    if (arg_has(c, "HostedZoneConfig") && has(arg(c, "HostedZoneConfig"), "Comment")) {
        set_str(config, "Comment", get_str(arg(c, "HostedZoneConfig"), "Comment"));
    }
    set_bool(config, "PrivateZone", closed);
    servers_set(c, &zone);
    if (closed) {
        struct value *list = set_list(c->arena, zone.about, "VPCs", 1);

        set_members(c->arena, list_add(c->arena, list), arg(c, "VPC"));
        set_value(c->out, "VPC", arg(c, "VPC"));
    }
    zone_records_begin(c, &zone);
    zone_save(c, &zone);
    change_tell(c, STR_NONE);
    set_value(c->out, "HostedZone", zone.zone);
    set_value(c->out, "DelegationSet", get(zone.about, "DelegationSet"));
    put_str(c, "Location", arena_printf(c->arena,
                                        "https://route53.amazonaws.com/2013-04-01/hostedzone/%.*s",
                                        STR_ARG(zone.id)));
    return OK;
}

/* ---- one zone ---- */

/* GetHostedZone */
status r53_get_zone(struct call *c)
{
    struct zone zone;

    TRY(zone_of_id(c, arg_str(c, "Id"), &zone));
    set_members(c->arena, c->out, zone.about);
    if (has(zone.about, "VPCs")) { /* a private zone has no servers that anybody may ask */
        unset(c->out, "DelegationSet");
    }
    return OK;
}

/* UpdateHostedZoneComment */
status r53_update_comment(struct call *c)
{
    struct value *config;
    struct zone zone;

    TRY(zone_of_id(c, arg_str(c, "Id"), &zone));
    config = (struct value *)(uintptr_t)get(zone.zone, "Config");
    if (arg_str(c, "Comment").bytes > 0) {
        set_str(config, "Comment", arg_str(c, "Comment"));
    } else {
        unset(config, "Comment");
    }
    zone_save(c, &zone);
    set_value(c->out, "HostedZone", zone.zone);
    return OK;
}

/* DeleteHostedZone */
status r53_delete_zone(struct call *c)
{
    struct record_name name;
    struct txn_scan *scan;
    struct value *record;
    struct zone zone;

    TRY(zone_of_id(c, arg_str(c, "Id"), &zone));
    scan = records_from(c, zone.id, NULL);
    while ((record = records_next(c, scan)) != NULL) {
        if (!record_is_required(&zone, record)) {
            txn_scan_close(scan);
            return fail(c, &R53_NOT_EMPTY, "The specified hosted zone contains non-required "
                        "resource record sets and so cannot be deleted.");
        }
    }
    scan = records_from(c, zone.id, NULL);
    while ((record = records_next(c, scan)) != NULL) {
        record_name_of(record, &name);
        record_erase(c, zone.id, &name);
    }
    zone_erase(c, &zone);
    change_tell(c, STR_NONE);
    return OK;
}

/* GetChange */
status r53_get_change(struct call *c)
{
    struct value *kept = change_load(c, arg_str(c, "Id"));

    if (kept == NULL) {
        return fail(c, &R53_NO_CHANGE, "Could not find resource with ID: %.*s",
                    STR_ARG(arg_str(c, "Id")));
    }
    set_members(c->arena, c->out, kept);
    return OK;
}

/* GetHostedZoneCount */
status r53_get_zone_count(struct call *c)
{
    struct txn_scan *scan = zones_scan(c, STR_NONE);
    struct zone zone;
    int64_t count = 0;

    while (zones_next(c, scan, &zone)) {
        count++;
    }
    put_int(c, "HostedZoneCount", count);
    return OK;
}

/* ---- lists ---- */

static bool is_private(const struct zone *zone)
{
    return get_bool(get(zone->zone, "Config"), "PrivateZone", false);
}

/* ListHostedZones: by their ids; NextMarker is the first of the next page. */
status r53_list_zones(struct call *c)
{
    bool closed = arg_has(c, "HostedZoneType");
    struct txn_scan *scan;
    struct value *list;
    struct zone zone;
    size_t count_max;

    if (arg_has(c, "DelegationSetId")) {
        return fail(c, &R53_NO_SET, "No delegation set found with ID: %.*s",
                    STR_ARG(arg_str(c, "DelegationSetId")));
    }
    TRY(max_items(c, LIST_PAGE, &count_max));
    list = put_list(c, "HostedZones", count_max);
    put_bool(c, "IsTruncated", false);
    put_str(c, "Marker", arg_has(c, "Marker") ? arg_str(c, "Marker") : STR(""));
    scan = zones_scan(c, STR_NONE);
    while (zones_next(c, scan, &zone)) {
        if ((closed && !is_private(&zone)) ||
            (arg_has(c, "Marker") && str_cmp(zone.id, arg_str(c, "Marker")) < 0)) {
            continue;
        }
        if (list->count == count_max) {
            put_bool(c, "IsTruncated", true);
            put_str(c, "NextMarker", zone.id);
            txn_scan_close(scan);
            break;
        }
        set_members(c->arena, list_add(c->arena, list), zone.zone);
    }
    return OK;
}

struct placed {
    struct str place;  /* reversed name, then id: the order */
    struct zone zone;  /* which */
};

static int compare(const void *a, const void *b)
{
    return str_cmp(((const struct placed *)a)->place, ((const struct placed *)b)->place);
}

static struct str place_of(struct call *c, struct str name, struct str id)
{
    return arena_printf(c->arena, "%.*s %.*s", STR_ARG(name_reversed(c->arena, name)),
                        STR_ARG(id));
}

static size_t gather(struct call *c, struct placed **ret_placed)
{
    struct txn_scan *scan = zones_scan(c, STR_NONE);
    struct placed *placed = NULL;
    size_t count = 0, room = 0;
    struct zone zone;

    while (zones_next(c, scan, &zone)) {
        if (count == room) {
            room = room == 0 ? 64 : 2 * room;
            struct placed *grown = arena_alloc(c->arena, room * sizeof(*grown));

            if (count > 0) {
                memcpy(grown, placed, count * sizeof(*grown));
            }
            placed = grown;
        }
        placed[count++] = (struct placed){place_of(c, zone.name, zone.id), zone};
    }
    if (count > 1) {
        qsort(placed, count, sizeof(*placed), compare);
    }
    *ret_placed = placed;
    return count;
}

/* Where the list begins. */
static status start_of_call(struct call *c, struct str *ret_place)
{
    struct str name = STR_NONE;

    *ret_place = STR("");
    if (arg_has(c, "HostedZoneId") && !arg_has(c, "DNSName")) {
        return fail(c, &R53_INPUT, "If you specify HostedZoneId, you must also specify DNSName.");
    }
    if (arg_str(c, "DNSName").bytes > 0) {
        if (!name_keep(c->arena, arg_str(c, "DNSName"), &name)) {
            return fail(c, &R53_DOMAIN, "%.*s is not a valid domain name",
                        STR_ARG(arg_str(c, "DNSName")));
        }
        *ret_place = place_of(c, name, arg_has(c, "HostedZoneId") ? arg_str(c, "HostedZoneId")
                                                                  : STR(""));
        put_str(c, "DNSName", arg_str(c, "DNSName"));
    }
    if (arg_has(c, "HostedZoneId")) {
        put_str(c, "HostedZoneId", arg_str(c, "HostedZoneId"));
    }
    return OK;
}

/* ListHostedZonesByName */
status r53_list_zones_by_name(struct call *c)
{
    struct placed *placed;
    struct value *list;
    size_t count_max, count;
    struct str start;

    TRY(max_items(c, LIST_PAGE, &count_max));
    TRY(start_of_call(c, &start));
    count = gather(c, &placed);
    list = put_list(c, "HostedZones", count_max);
    put_bool(c, "IsTruncated", false);
    for (size_t i = 0; i < count; i++) {
        if (str_cmp(placed[i].place, start) < 0) {
            continue;
        }
        if (list->count == count_max) {
            put_bool(c, "IsTruncated", true);
            put_str(c, "NextDNSName", placed[i].zone.name);
            put_str(c, "NextHostedZoneId", placed[i].zone.id);
            break;
        }
        set_members(c->arena, list_add(c->arena, list), placed[i].zone.zone);
    }
    return OK;
}
