/* SPDX-License-Identifier: Apache-2.0
 *
 * Keys of Route 53; nobody else knows them. Records are trees (cell/shelf.h) but for owners.
 *
 *   ("route53", "zone", account, id)                          GetHostedZone
 *   ("route53", "record", zone, reversed name, type, identifier)  an item of ListResourceRecordSets
 *   ("route53", "change", account, id)                        GetChange
 *   ("route53", "check", account, id)                         GetHealthCheck's HealthCheck
 *   ("route53", "tags", type, id)                             ListTagsForResource's ResourceTagSet
 *   ("route53", "owner", type, id)                            u8 1, the account
 */
#include "cell/cell.h"
#include "svc/route53/route53_int.h"

#define VERSION 1

static struct key kind_key(struct arena *arena, const char *kind)
{
    struct key key = key_of(arena, ROUTE53_SERVICE);

    key_str(&key, str_c(kind));
    return key;
}

/* (kind, account, id); without id what all begin with. */
static struct str row(struct call *c, const char *kind, struct str id)
{
    struct key key = kind_key(c->arena, kind);

    key_str(&key, c->account);
    if (id.at != NULL) {
        key_str(&key, id);
    }
    return key_end(&key);
}

/* All of the account's, from behind that id. */
static struct txn_scan *scan_after(struct call *c, const char *kind, struct str after)
{
    struct str all = row(c, kind, STR_NONE);
    struct key key = kind_key(c->arena, kind);

    if (after.at == NULL) {
        return txn_scan_prefix(c->txn, all);
    }
    key_str(&key, c->account);
    key_str(&key, after);
    key_u64(&key, 0);
    return txn_scan(c->txn, key_end(&key), key_after_prefix(c->arena, all), false);
}

/* ---- owners ---- */

static struct str owner_row(struct arena *arena, const char *type, struct str id)
{
    struct key key = kind_key(arena, "owner");

    key_str(&key, str_c(type));
    key_str(&key, id);
    return key_end(&key);
}

static void owner_save(struct call *c, const char *type, struct str id)
{
    txn_put(c->txn, owner_row(c->arena, type, id),
            arena_printf(c->arena, "%c%.*s", VERSION, STR_ARG(c->account)));
}

struct str owner_peek(struct cell *cell, struct arena *arena, struct str type, struct str id)
{
    struct str packed;

    return store_get(cell_store(cell), arena, owner_row(arena, arena_dup(arena, type).at, id),
                     &packed)
               ? str_slice(packed, 1, packed.bytes) : STR_NONE;
}

/* ---- zones ---- */

static uint32_t zone_shape(void)
{
    return shelf_shape(ROUTE53_SERVICE, "GetHostedZone", "");
}

static struct zone zone_read(struct value *about)
{
    struct zone zone = {.about = about};

    zone.zone = (struct value *)(uintptr_t)get(about, "HostedZone");
    zone.name = get_str(zone.zone, "Name");
    zone.id = get_str(zone.zone, "Id");
    zone.id = str_slice(zone.id, STR("/hostedzone/").bytes, zone.id.bytes);
    return zone;
}

bool zone_find(struct call *c, struct str id, struct zone *ret_zone)
{
    struct value *about;

    if (str_starts(id, STR("/hostedzone/"))) {
        id = str_slice(id, STR("/hostedzone/").bytes, id.bytes);
    }
    about = shelf_get(c, row(c, "zone", id), zone_shape());
    if (about == NULL) {
        return false;
    }
    *ret_zone = zone_read(about);
    return true;
}

status zone_of_id(struct call *c, struct str id, struct zone *ret_zone)
{
    return zone_find(c, id, ret_zone)
               ? OK : fail(c, &R53_NO_ZONE, "No hosted zone found with ID: %.*s", STR_ARG(id));
}

void zone_new(struct call *c, struct str name, struct zone *ret_zone)
{
    struct value *about = value_struct(c->arena, zone_shape());
    struct value *zone = set_struct(c->arena, about, "HostedZone");
    struct str id = id_new(c, 'Z', ZONE_ID_BYTES);

    set_str(zone, "Id", arena_printf(c->arena, "/hostedzone/%.*s", STR_ARG(id)));
    set_str(zone, "Name", name);
    owner_save(c, "hostedzone", id);
    *ret_zone = zone_read(about);
}

void zone_save(struct call *c, const struct zone *zone)
{
    shelf_put(c, row(c, "zone", zone->id), zone->about);
    call_on(c, arena_printf(c->arena, "arn:%.*s:route53:::hostedzone/%.*s",
                            STR_ARG(arn_partition(c->region)), STR_ARG(zone->id)));
}

void zone_erase(struct call *c, const struct zone *zone)
{
    txn_delete(c->txn, row(c, "zone", zone->id));
    txn_delete(c->txn, owner_row(c->arena, "hostedzone", zone->id));
    tags_erase(c, STR("hostedzone"), zone->id);
    call_on(c, arena_printf(c->arena, "arn:%.*s:route53:::hostedzone/%.*s",
                            STR_ARG(arn_partition(c->region)), STR_ARG(zone->id)));
}

struct txn_scan *zones_scan(struct call *c, struct str after)
{
    return scan_after(c, "zone", after);
}

bool zones_next(struct call *c, struct txn_scan *scan, struct zone *ret_zone)
{
    struct str key, packed;

    if (!txn_scan_next(scan, &key, &packed)) {
        txn_scan_close(scan);
        return false;
    }
    *ret_zone = zone_read(shelf_read(c->arena, packed, zone_shape()));
    return true;
}

/* ---- record sets ---- */

uint32_t record_shape(void)
{
    return shelf_shape(ROUTE53_SERVICE, "ListResourceRecordSets", "ResourceRecordSets");
}

static struct key record_key(struct call *c, struct str zone, struct str name)
{
    struct key key = kind_key(c->arena, "record");

    key_str(&key, zone);
    if (name.at != NULL) {
        key_str(&key, name_reversed(c->arena, name));
    }
    return key;
}

static struct str record_row(struct call *c, struct str zone, const struct record_name *name)
{
    struct key key = record_key(c, zone, name->name);

    key_str(&key, name->type);
    key_str(&key, name->identifier);
    return key_end(&key);
}

struct value *record_load(struct call *c, struct str zone, const struct record_name *name)
{
    return shelf_get(c, record_row(c, zone, name), record_shape());
}

void record_save(struct call *c, struct str zone, const struct record_name *name,
                 const struct value *record)
{
    shelf_put(c, record_row(c, zone, name), record);
}

void record_erase(struct call *c, struct str zone, const struct record_name *name)
{
    txn_delete(c->txn, record_row(c, zone, name));
}

struct txn_scan *records_from(struct call *c, struct str zone, const struct record_name *from)
{
    struct key all = record_key(c, zone, STR_NONE);
    struct key key;

    if (from == NULL) {
        return txn_scan_prefix(c->txn, key_end(&all));
    }
    key = record_key(c, zone, from->name);
    if (from->type.bytes > 0) {
        key_str(&key, from->type);
        if (from->identifier.bytes > 0) {
            key_str(&key, from->identifier);
        }
    }
    return txn_scan(c->txn, key_end(&key), key_after_prefix(c->arena, key_end(&all)), false);
}

struct txn_scan *records_named(struct call *c, struct str zone, struct str name)
{
    struct key key = record_key(c, zone, name);

    return txn_scan_prefix(c->txn, key_end(&key));
}

struct value *records_next(struct call *c, struct txn_scan *scan)
{
    struct str key, packed;

    if (!txn_scan_next(scan, &key, &packed)) {
        txn_scan_close(scan);
        return NULL;
    }
    return shelf_read(c->arena, packed, record_shape());
}

/* ---- changes ---- */

static uint32_t change_shape(void)
{
    return shelf_shape(ROUTE53_SERVICE, "GetChange", "");
}

void change_tell(struct call *c, struct str comment)
{
    struct value *kept = value_struct(c->arena, change_shape());
    struct value *info = set_struct(c->arena, kept, "ChangeInfo");
    struct str id = id_new(c, 'C', ZONE_ID_BYTES);

    set_str(info, "Id", arena_printf(c->arena, "/change/%.*s", STR_ARG(id)));
    set_str(info, "Status", STR("INSYNC"));
    set_time(info, "SubmittedAt", c->now);
    if (comment.bytes > 0) {
        set_str(info, "Comment", comment);
    }
    shelf_put(c, row(c, "change", id), kept);
    set_members(c->arena, put_struct(c, "ChangeInfo"), info);
    set_str((struct value *)(uintptr_t)get(c->out, "ChangeInfo"), "Status", STR("PENDING"));
}

struct value *change_load(struct call *c, struct str id)
{
    if (str_starts(id, STR("/change/"))) {
        id = str_slice(id, STR("/change/").bytes, id.bytes);
    }
    return shelf_get(c, row(c, "change", id), change_shape());
}

void changes_sweep(struct call *c)
{
    struct key key = kind_key(c->arena, "change");
    struct txn_scan *scan = txn_scan_prefix(c->txn, key_end(&key));
    struct str name, packed;

    while (txn_room(c->txn) > 1000 && txn_scan_next(scan, &name, &packed)) {
        const struct value *kept = shelf_read(c->arena, packed, change_shape());

        if (get_time(get(kept, "ChangeInfo"), "SubmittedAt", 0) < c->now - CHANGE_KEEP_MS) {
            txn_delete(c->txn, arena_dup(c->arena, name));
        }
    }
    txn_scan_close(scan);
}

/* ---- health checks ---- */

static uint32_t check_shape(void)
{
    return shelf_shape(ROUTE53_SERVICE, "GetHealthCheck", "HealthCheck");
}

struct value *check_load(struct call *c, struct str id)
{
    return shelf_get(c, row(c, "check", id), check_shape());
}

void check_save(struct call *c, const struct value *check)
{
    struct str id = get_str(check, "Id");

    shelf_put(c, row(c, "check", id), check);
    owner_save(c, "healthcheck", id);
    call_on(c, arena_printf(c->arena, "arn:%.*s:route53:::healthcheck/%.*s",
                            STR_ARG(arn_partition(c->region)), STR_ARG(id)));
}

void check_erase(struct call *c, struct str id)
{
    txn_delete(c->txn, row(c, "check", id));
    txn_delete(c->txn, owner_row(c->arena, "healthcheck", id));
    tags_erase(c, STR("healthcheck"), id);
}

struct txn_scan *checks_scan(struct call *c, struct str after)
{
    return scan_after(c, "check", after);
}

struct value *checks_next(struct call *c, struct txn_scan *scan)
{
    struct str key, packed;

    if (!txn_scan_next(scan, &key, &packed)) {
        txn_scan_close(scan);
        return NULL;
    }
    return shelf_read(c->arena, packed, check_shape());
}

/* ---- tags ---- */

static uint32_t tags_shape(void)
{
    return shelf_shape(ROUTE53_SERVICE, "ListTagsForResource", "ResourceTagSet");
}

static struct str tags_row(struct arena *arena, struct str type, struct str id)
{
    struct key key = kind_key(arena, "tags");

    key_str(&key, type);
    key_str(&key, id);
    return key_end(&key);
}

struct value *tags_load(struct call *c, struct str type, struct str id)
{
    struct value *tags = shelf_get(c, tags_row(c->arena, type, id), tags_shape());

    if (tags == NULL) {
        tags = value_struct(c->arena, tags_shape());
        set_str(tags, "ResourceType", type);
        set_str(tags, "ResourceId", id);
    }
    return tags;
}

struct value *tags_peek(struct cell *cell, struct arena *arena, struct str type, struct str id)
{
    return shelf_peek(cell, arena, tags_row(arena, type, id), tags_shape());
}

void tags_save(struct call *c, struct str type, struct str id, const struct value *tags)
{
    shelf_put(c, tags_row(c->arena, type, id), tags);
}

void tags_erase(struct call *c, struct str type, struct str id)
{
    struct str packed, key = tags_row(c->arena, type, id);

    if (txn_get(c->txn, key, &packed)) {
        txn_delete(c->txn, key);
    }
}
