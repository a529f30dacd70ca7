/* SPDX-License-Identifier: Apache-2.0
 *
 * ChangeResourceRecordSets: all changes of a batch or none. Changes are looked at one after the
 * other, each on top of what those before it make; every one that cannot be is an entry of the one
 * error, in AWS's words. What is not formed at all (InvalidInput) fails at once.
 */
#include "base/buf.h"
#include "svc/route53/route53_ops.h"

#include <stdlib.h>

#define ERRORS_BYTES_MAX (WHY_BYTES_MAX - 128)

/* A record set as the batch leaves it. */
struct item {
    struct record_name name; /* which */
    struct value *record;    /* NULL: it is not there any more */
};

struct batch {
    const struct zone *zone; /* whose records */
    struct item *items;      /* one a change, in their order */
    size_t count;            /* of them */
    struct buf errors;       /* sentences, with ", " between */
};

void record_name_of(const struct value *record, struct record_name *ret_name)
{
    *ret_name = (struct record_name){
        get_str(record, "Name"), get_str(record, "Type"),
        has(record, "SetIdentifier") ? get_str(record, "SetIdentifier") : STR("")};
}

static bool name_eq(const struct record_name *a, const struct record_name *b)
{
    return str_eq(a->name, b->name) && str_eq(a->type, b->type) &&
           str_eq(a->identifier, b->identifier);
}

bool record_is_required(const struct zone *zone, const struct value *record)
{
    struct str type = get_str(record, "Type");

    return str_eq(get_str(record, "Name"), zone->name) &&
           (str_eq(type, STR("SOA")) || str_eq(type, STR("NS")));
}

/* ---- the first records ---- */

static void record_begin(struct call *c, const struct zone *zone, const char *type, int64_t ttl)
{
    const struct value *set = get(zone->about, "DelegationSet");
    bool soa = type[0] == 'S';
    struct value *record = value_struct(c->arena, record_shape());
    const struct value *servers = get(set, "NameServers");
    struct value *list = set_list(c->arena, record, "ResourceRecords", servers->count);
    struct record_name name;

    set_str(record, "Name", zone->name);
    set_str(record, "Type", str_c(type));
    set_int(record, "TTL", ttl);
    for (uint32_t i = 0; i < (soa ? 1 : servers->count); i++) {
        set_str(list_add(c->arena, list), "Value",
                arena_printf(c->arena, "%.*s.%s", STR_ARG(servers->items[i].str),
                             soa ? " awsdns-hostmaster.amazon.com. 1 7200 900 1209600 86400"
                                 : ""));
    }
    record_name_of(record, &name);
    record_save(c, zone->id, &name, record);
}

void zone_records_begin(struct call *c, struct zone *zone)
{
    record_begin(c, zone, "NS", 172800);
    record_begin(c, zone, "SOA", 900);
    set_int(zone->zone, "ResourceRecordSetCount", 2);
}

/* ---- form ---- */

static size_t count_of(const struct value *record, const char *const *members, size_t count)
{
    size_t found = 0;

    for (size_t i = 0; i < count; i++) {
        found += has(record, members[i]) ? 1 : 0;
    }
    return found;
}

static struct str change_text(struct call *c, const struct value *change)
{
    const struct value *record = get(change, "ResourceRecordSet");

    return arena_printf(c->arena, "[Action=%.*s, Name=%.*s, Type=%.*s, SetIdentifier=%.*s]",
                        STR_ARG(get_str(change, "Action")), STR_ARG(get_str(record, "Name")),
                        STR_ARG(get_str(record, "Type")),
                        STR_ARG(has(record, "SetIdentifier") ? get_str(record, "SetIdentifier")
                                                             : STR("null")));
}

static status form_check(struct call *c, const struct value *change)
{
    static const char *const policies[] = {"Weight", "Region", "Failover", "GeoLocation",
                                           "MultiValueAnswer", "CidrRoutingConfig",
                                           "GeoProximityLocation"};
    const struct value *record = get(change, "ResourceRecordSet");
    bool plain = has(record, "TTL") && has(record, "ResourceRecords");
    bool some = has(record, "TTL") || has(record, "ResourceRecords");
    size_t found = count_of(record, policies, 7);

    if (has(record, "AliasTarget") ? some : !plain) {
        return fail(c, &R53_INPUT,
                    "Invalid request: Expected exactly one of [AliasTarget, all of [TTL, and "
                    "ResourceRecords], or TrafficPolicyInstanceId], but found %s in Change with "
                    "%.*s", has(record, "AliasTarget") ? "more than one" : "none",
                    STR_ARG(change_text(c, change)));
    }
    if (found > 0 && !has(record, "SetIdentifier")) {
        return fail(c, &R53_INPUT,
                    "Invalid request: Missing field 'SetIdentifier' in Change with %.*s",
                    STR_ARG(change_text(c, change)));
    }
    if (found > 1 || (found == 0 && has(record, "SetIdentifier"))) {
        return fail(c, &R53_INPUT,
                    "Invalid request: Expected exactly one of [Weight, Region, Failover, "
                    "GeoLocation, or MultiValueAnswer], but found %s in Change with %.*s",
                    found > 1 ? "more than one" : "none", STR_ARG(change_text(c, change)));
    }
    return OK;
}

/* Names as they are kept; InvalidChangeBatch for what is none. */
static status normalize(struct call *c, const struct value *change, struct value **ret_record)
{
    struct value *record = value_struct(c->arena, record_shape());
    struct str name;

    set_members(c->arena, record, get(change, "ResourceRecordSet"));
    if (!name_keep(c->arena, get_str(record, "Name"), &name)) {
        return fail(c, &R53_BATCH, "[The request contains an invalid set of changes for a "
                    "resource record set '%.*s %.*s']", STR_ARG(get_str(record, "Type")),
                    STR_ARG(get_str(record, "Name")));
    }
    set_str(record, "Name", name);
    if (has(record, "AliasTarget")) {
        struct value *target = value_copy(c->arena, get(record, "AliasTarget"));

        if (!name_keep(c->arena, get_str(target, "DNSName"), &name)) {
            return fail(c, &R53_BATCH, "[The alias target '%.*s' is not a valid domain name.]",
                        STR_ARG(get_str(target, "DNSName")));
        }
        set_str(target, "DNSName", name);
        set_value(record, "AliasTarget", target);
    }
    if (has(record, "HealthCheckId") && check_load(c, get_str(record, "HealthCheckId")) == NULL) {
        return fail(c, &R53_NO_CHECK, "No health check exists with the specified ID %.*s",
                    STR_ARG(get_str(record, "HealthCheckId")));
    }
    *ret_record = record;
    return OK;
}

/* ---- what is there ---- */

static struct value *current(struct call *c, const struct batch *batch,
                             const struct record_name *name)
{
    for (size_t i = batch->count; i > 0; i--) {
        if (name_eq(&batch->items[i - 1].name, name)) {
            return batch->items[i - 1].record;
        }
    }
    return record_load(c, batch->zone->id, name);
}

/* Whether the batch speaks of it behind that item. */
static bool is_later(const struct batch *batch, size_t item, const struct record_name *name)
{
    for (size_t i = item; i < batch->count; i++) {
        if (name_eq(&batch->items[i].name, name)) {
            return true;
        }
    }
    return false;
}

/* The next record set of that name as the batch leaves it; NULL: no more. */
struct siblings {
    struct txn_scan *scan;   /* of rows; NULL: they are done */
    size_t item;             /* of the batch */
};

static struct value *sibling_next(struct call *c, const struct batch *batch, struct str name,
                                  struct siblings *siblings)
{
    while (siblings->scan != NULL) {
        struct value *record = records_next(c, siblings->scan);
        struct record_name key;

        if (record == NULL) {
            siblings->scan = NULL;
            break;
        }
        record_name_of(record, &key);
        if (!is_later(batch, 0, &key)) {
            return record;
        }
    }
    while (siblings->item < batch->count) {
        const struct item *item = &batch->items[siblings->item++];

        if (item->record != NULL && str_eq(item->name.name, name) &&
            !is_later(batch, siblings->item, &item->name)) {
            return item->record;
        }
    }
    return NULL;
}

/* ---- judging ---- */

static void wrong(struct batch *batch, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void wrong(struct batch *batch, const char *format, ...)
{
    char text[1024];
    va_list args;
    int bytes;

    va_start(args, format);
    bytes = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (batch->errors.bytes > 0) {
        buf_add(&batch->errors, STR(", "));
    }
    if (bytes > 0) {
        buf_add(&batch->errors, str_of(text, (size_t)bytes < sizeof(text) ? (size_t)bytes
                                                                          : sizeof(text) - 1));
    }
}

static struct str record_text(struct call *c, const struct record_name *name)
{
    return name->identifier.bytes == 0
               ? arena_printf(c->arena, "[name='%.*s', type='%.*s']", STR_ARG(name->name),
                              STR_ARG(name->type))
               : arena_printf(c->arena, "[name='%.*s', type='%.*s', set-identifier='%.*s']",
                              STR_ARG(name->name), STR_ARG(name->type),
                              STR_ARG(name->identifier));
}

static void values_judge(struct batch *batch, const struct value *record)
{
    const struct value *list = get(record, "ResourceRecords");
    struct str type = get_str(record, "Type");

    for (uint32_t i = 0; list != NULL && i < list->count; i++) {
        struct str value = get_str(&list->items[i], "Value");
        const char *words = record_wrong(type, value);

        if (words != NULL) {
            wrong(batch, "Invalid Resource Record: 'FATAL problem: %s encountered with '%.*s''",
                  words, STR_ARG(value));
        }
        for (uint32_t k = 0; k < i; k++) {
            if (str_eq(value, get_str(&list->items[k], "Value"))) {
                wrong(batch, "Duplicate Resource Record: '%.*s'", STR_ARG(value));
                break;
            }
        }
    }
    if (list != NULL && list->count > 1 && str_eq(type, STR("CNAME"))) {
        wrong(batch, "RRSet of type CNAME with DNS name %.*s can have only one value",
              STR_ARG(get_str(record, "Name")));
    }
}

/* Which way of routing a record set has. */
static const char *policy_of(const struct value *record)
{
    static const char *const policies[] = {"Weight", "Region", "Failover", "GeoLocation",
                                           "MultiValueAnswer", "CidrRoutingConfig",
                                           "GeoProximityLocation"};

    for (size_t i = 0; i < 7; i++) {
        if (has(record, policies[i])) {
            return policies[i];
        }
    }
    return "";
}

static void others_judge(struct call *c, struct batch *batch, const struct value *record,
                         const struct record_name *name)
{
    struct siblings siblings = {records_named(c, batch->zone->id, name->name), 0};
    bool cname = str_eq(name->type, STR("CNAME")), conflict = false, mixed = false;
    const struct value *other;

    while ((other = sibling_next(c, batch, name->name, &siblings)) != NULL) {
        struct record_name key;

        record_name_of(other, &key);
        if (name_eq(&key, name)) {
            continue;
        }
        if (str_eq(key.type, name->type)) {
            mixed = mixed || strcmp(policy_of(other), policy_of(record)) != 0;
        } else if (cname || str_eq(key.type, STR("CNAME"))) {
            conflict = true;
        }
    }
    if (conflict && cname) {
        wrong(batch, "RRSet of type CNAME with DNS name %.*s is not permitted as it conflicts with "
              "other records with the same DNS name in zone %.*s", STR_ARG(name->name),
              STR_ARG(batch->zone->name));
    } else if (conflict) {
        wrong(batch, "RRSet of type %.*s with DNS name %.*s is not permitted because a conflicting "
              "RRSet of type CNAME with the same DNS name already exists in zone %.*s",
              STR_ARG(name->type), STR_ARG(name->name), STR_ARG(batch->zone->name));
    }
    if (mixed) {
        wrong(batch, "RRSet with DNS name %.*s, type %.*s, SetIdentifier %.*s cannot be created as "
              "other RRSets exist with the same name and type.", STR_ARG(name->name),
              STR_ARG(name->type),
              STR_ARG(name->identifier.bytes > 0 ? name->identifier : STR("null")));
    }
}

/* An alias into a zone of the account: there must be such a record there. */
static void alias_judge(struct call *c, struct batch *batch, const struct value *record)
{
    const struct value *target = get(record, "AliasTarget");
    struct str name = get_str(target, "DNSName"), type = get_str(record, "Type");
    bool there = false;
    struct zone zone;

    if (!zone_find(c, get_str(target, "HostedZoneId"), &zone)) {
        return; /* a load balancer's, a distribution's: not weir's to judge */
    }
    if (!name_within(name, zone.name)) {
        wrong(batch, "Tried to create an alias that targets %.*s, type %.*s in zone %.*s, but the "
              "alias target name does not lie within the target zone", STR_ARG(name),
              STR_ARG(type), STR_ARG(zone.id));
        return;
    }
    if (str_eq(zone.id, batch->zone->id)) {
        struct siblings siblings = {records_named(c, zone.id, name), 0};
        const struct value *other;

        while ((other = sibling_next(c, batch, name, &siblings)) != NULL) {
            there |= str_eq(get_str(other, "Type"), type);
        }
    } else {
        struct txn_scan *scan = records_named(c, zone.id, name);
        const struct value *other;

        while ((other = records_next(c, scan)) != NULL) {
            there |= str_eq(get_str(other, "Type"), type);
        }
    }
    if (!there) {
        wrong(batch, "Tried to create an alias that targets %.*s, type %.*s in zone %.*s, but that "
              "target was not found", STR_ARG(name), STR_ARG(type), STR_ARG(zone.id));
    }
}

static void set_judge(struct call *c, struct batch *batch, const struct value *record,
                      const struct record_name *name)
{
    bool apex = str_eq(name->name, batch->zone->name);

    if (!name_within(name->name, batch->zone->name)) {
        wrong(batch, "RRSet with DNS name %.*s is not permitted in zone %.*s",
              STR_ARG(name->name), STR_ARG(batch->zone->name));
        return;
    }
    if (str_eq(name->type, STR("CNAME")) && apex) {
        wrong(batch, "RRSet of type CNAME with DNS name %.*s is not permitted at apex in zone "
              "%.*s", STR_ARG(name->name), STR_ARG(batch->zone->name));
        return;
    }
    if (str_eq(name->type, STR("SOA")) && !apex) {
        wrong(batch, "RRSet of type SOA with DNS name %.*s is not permitted in zone %.*s",
              STR_ARG(name->name), STR_ARG(batch->zone->name));
        return;
    }
    values_judge(batch, record);
    others_judge(c, batch, record, name);
    if (has(record, "AliasTarget")) {
        alias_judge(c, batch, record);
    }
}

static int compare_values(const void *a, const void *b)
{
    return str_cmp(get_str(a, "Value"), get_str(b, "Value"));
}

/* The same whatever the order of its values. */
static struct str canonical(struct call *c, const struct value *record)
{
    struct value *copy = value_copy(c->arena, record);
    const struct value *list = get(record, "ResourceRecords");
    struct buf text;
    struct str dumped;

    if (list != NULL) {
        struct value sorted = *list;

        sorted.items = arena_alloc(c->arena, (list->count + 1) * sizeof(sorted.items[0]));
        memcpy(sorted.items, list->items, list->count * sizeof(sorted.items[0]));
        qsort(sorted.items, sorted.count, sizeof(sorted.items[0]), compare_values);
        set_value(copy, "ResourceRecords", &sorted);
    }
    buf_init(&text, SHELF_BYTES_MAX);
    value_dump(&text, copy);
    dumped = arena_dup(c->arena, buf_str(&text));
    buf_done(&text);
    return dumped;
}

static void delete_judge(struct call *c, struct batch *batch, const struct value *record,
                         const struct record_name *name)
{
    const struct value *there = current(c, batch, name);

    if (!name_within(name->name, batch->zone->name)) {
        wrong(batch, "RRSet with DNS name %.*s is not permitted in zone %.*s",
              STR_ARG(name->name), STR_ARG(batch->zone->name));
    } else if (there == NULL) {
        wrong(batch, "Tried to delete resource record set %.*s but it was not found",
              STR_ARG(record_text(c, name)));
    } else if (!str_eq(canonical(c, there), canonical(c, record))) {
        wrong(batch, "Tried to delete resource record set %.*s but the values provided do not "
              "match the current values", STR_ARG(record_text(c, name)));
    } else if (record_is_required(batch->zone, record)) {
        wrong(batch, "%s", str_eq(name->type, STR("SOA"))
                               ? "A HostedZone must contain exactly one SOA record."
                               : "A HostedZone must contain at least one NS record for the zone "
                                 "itself.");
    }
}

static status change_judge(struct call *c, struct batch *batch, const struct value *change)
{
    struct str action = get_str(change, "Action");
    struct record_name name;
    struct value *record;

    TRY(normalize(c, change, &record));
    record_name_of(record, &name);
    if (str_eq(action, STR("DELETE"))) {
        delete_judge(c, batch, record, &name);
        record = NULL;
    } else {
        if (str_eq(action, STR("CREATE")) && current(c, batch, &name) != NULL) {
            wrong(batch, "Tried to create resource record set %.*s but it already exists",
                  STR_ARG(record_text(c, &name)));
        }
        set_judge(c, batch, record, &name);
    }
    batch->items[batch->count++] = (struct item){name, record};
    return OK;
}

/* ---- staging ---- */

static int64_t stage(struct call *c, const struct batch *batch)
{
    int64_t more = 0;

    for (size_t i = 0; i < batch->count; i++) {
        const struct item *item = &batch->items[i];
        bool there;

        if (is_later(batch, i + 1, &item->name)) {
            continue;
        }
        there = record_load(c, batch->zone->id, &item->name) != NULL;
        if (item->record != NULL) {
            record_save(c, batch->zone->id, &item->name, item->record);
            more += there ? 0 : 1;
        } else if (there) {
            record_erase(c, batch->zone->id, &item->name);
            more--;
        }
    }
    return more;
}

static status size_check(struct call *c, const struct value *changes)
{
    size_t count = 0;

    for (uint32_t i = 0; i < changes->count; i++) {
        const struct value *records = get(get(&changes->items[i], "ResourceRecordSet"),
                                          "ResourceRecords");
        bool twice = str_eq(get_str(&changes->items[i], "Action"), STR("UPSERT"));

        count += (records == NULL ? 1 : records->count) * (twice ? 2u : 1u);
        TRY(form_check(c, &changes->items[i]));
    }
    return count <= BATCH_RECORDS_MAX
               ? OK : fail(c, &R53_BATCH, "[Number of records limit of %d exceeded.]",
                           BATCH_RECORDS_MAX);
}

static status judge_all(struct call *c, struct batch *batch, const struct value *changes)
{
    for (uint32_t i = 0; i < changes->count; i++) {
        TRY(change_judge(c, batch, &changes->items[i]));
    }
    return batch->errors.bytes == 0
               ? OK : fail(c, &R53_BATCH, "[%.*s]", STR_ARG(buf_str(&batch->errors)));
}

/* ChangeResourceRecordSets */
status r53_change_records(struct call *c)
{
    const struct value *given = arg(c, "ChangeBatch");
    const struct value *changes = get(given, "Changes");
    struct batch batch = {.count = 0};
    struct zone zone;
    status judged;

    TRY(zone_of_id(c, arg_str(c, "HostedZoneId"), &zone));
    TRY(size_check(c, changes));
    batch.zone = &zone;
    batch.items = arena_alloc(c->arena, (changes->count + 1) * sizeof(batch.items[0]));
    buf_init(&batch.errors, ERRORS_BYTES_MAX * 4);
    judged = judge_all(c, &batch, changes);
    buf_done(&batch.errors);
    TRY(judged);
    set_int(zone.zone, "ResourceRecordSetCount",
            get_int(zone.zone, "ResourceRecordSetCount", 0) + stage(c, &batch));
    zone_save(c, &zone);
    change_tell(c, has(given, "Comment") ? get_str(given, "Comment") : STR_NONE);
    return OK;
}
