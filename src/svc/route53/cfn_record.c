/* SPDX-License-Identifier: Apache-2.0
 *
 * Record sets in templates, one by one and in groups. Whatever changes is one batch, so that it
 * happens or not.
 */
#include "svc/route53/cfn.h"

#define GROUP_NAME_BYTES_MAX 64
#define NOTE_CHANGE "change" /* the id of what is waited for */

/* A batch as it grows. */
struct batch {
    struct resource *r;    /* whose */
    struct value *changes; /* a list */
    struct str zone;       /* its id */
};

/* ---- zones ---- */

static struct str whole(struct arena *arena, struct str name)
{
    return name.bytes > 0 && name.at[name.bytes - 1] == '.'
               ? name
               : arena_printf(arena, "%.*s.", STR_ARG(name));
}

static status zone_by_name(struct resource *r, struct str name, struct str *ret_id)
{
    struct str full = whole(r->c->arena, name);
    const struct value *zones;
    uint32_t found = 0;
    struct inner inner;

    TRY(resource_ask(r, "ListHostedZonesByName", RESOURCE_ARGS({"DNSName", full}), &inner));
    zones = get(inner.out, "HostedZones");
    for (uint32_t i = 0; zones != NULL && i < zones->count; i++) {
        if (str_eq_nocase(get_str(&zones->items[i], "Name"), full)) {
            *ret_id = cfn_id_of(get_str(&zones->items[i], "Id"));
            found++;
        }
    }
    if (found != 1) {
        return resource_fail(r, &RESOURCE_INVALID,
                             found == 0 ? "No hosted zones named %.*s found"
                                        : "Found multiple hosted zones named %.*s",
                             STR_ARG(str_slice(full, 0, 256)));
    }
    return OK;
}

/* A record's own zone, or its group's. */
static status batch_begin(struct resource *r, const struct value *properties,
                          struct batch *ret_batch)
{
    struct str id = doc_text(r->c->arena, doc_get(properties, "HostedZoneId"));
    struct str name = doc_text(r->c->arena, doc_get(properties, "HostedZoneName"));

    *ret_batch = (struct batch){r, ARENA_NEW(r->c->arena, struct value), id};
    ret_batch->changes->kind = VALUE_LIST;
    if ((id.at == NULL) == (name.at == NULL)) {
        return resource_fail(r, &RESOURCE_INVALID,
                             "Exactly one of HostedZoneId and HostedZoneName must be specified");
    }
    return id.at != NULL ? OK : zone_by_name(r, name, &ret_batch->zone);
}

/* ---- changes ---- */

/* A record as Route 53 has it. */
static void record_put(struct batch *batch, struct value *change, const struct value *properties)
{
    static const char *const members[] = {
        "Name", "Type", "SetIdentifier", "Weight", "Region", "GeoLocation", "Failover",
        "MultiValueAnswer", "TTL", "HealthCheckId", "CidrRoutingConfig",
        "GeoProximityLocation"};
    struct arena *arena = batch->r->c->arena;
    struct value *set = doc_put_map(arena, change, STR("ResourceRecordSet"));
    const struct value *values = doc_get(properties, "ResourceRecords");
    const struct value *alias = doc_get(properties, "AliasTarget");
    struct value *made;

    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        const struct value *value = doc_get(properties, members[i]);

        if (value != NULL) {
            *doc_put(arena, set, str_c(members[i])) = *value;
        }
    }
    if (values != NULL && values->kind == VALUE_LIST) {
        made = doc_put_list(arena, set, "ResourceRecords");
        for (uint32_t i = 0; i < values->count; i++) {
            struct value *one = doc_add(arena, made);

            one->kind = VALUE_MAP;
            *doc_put(arena, one, STR("Value")) = values->items[i];
        }
    }
    if (alias != NULL && alias->kind == VALUE_MAP) {
        made = doc_put(arena, set, STR("AliasTarget"));
        *made = *doc_copy(arena, alias);
        if (doc_get(alias, "EvaluateTargetHealth") == NULL) {
            doc_put_bool(arena, made, "EvaluateTargetHealth", false);
        }
    }
}

static void batch_add(struct batch *batch, const char *action, const struct value *properties)
{
    struct value *change = doc_add(batch->r->c->arena, batch->changes);

    change->kind = VALUE_MAP;
    doc_put_text(batch->r->c->arena, change, "Action", str_c(action));
    record_put(batch, change, properties);
}

/* What is not there cannot be deleted; that it is not there is said in a sentence. */
static status batch_run(struct batch *batch)
{
    struct resource *r = batch->r;
    struct value *map = doc_map(r->c->arena);
    struct str comment = resource_str(r, "Comment");
    struct inner inner;
    status changed;

    if (batch->changes->count == 0) {
        return OK;
    }
    TRY(resource_begin(r, "ChangeResourceRecordSets", &inner));
    set_str(inner.in, "HostedZoneId", batch->zone);
    if (comment.at != NULL) {
        doc_put_text(r->c->arena, map, "Comment", comment);
    }
    *doc_put(r->c->arena, map, STR("Changes")) = *batch->changes;
    TRY(resource_set(r, &inner, "ChangeBatch", map));
    changed = resource_run(r, &inner);
    if (changed != OK) {
        bool gone = strstr(inner.why.text, "but it was not found") != NULL;

        return gone ? &ERR_NOT_FOUND : changed;
    }
    resource_note(r, NOTE_CHANGE, get_str(get(inner.out, "ChangeInfo"), "Id"));
    return OK;
}

static status batch_settled(struct resource *r)
{
    struct str change = resource_noted(r, NOTE_CHANGE);
    struct inner inner;

    if (change.bytes == 0) {
        return OK;
    }
    TRY(resource_ask(r, "GetChange", RESOURCE_ARGS({"Id", change}), &inner));
    return str_eq(get_str(get(inner.out, "ChangeInfo"), "Status"), STR("INSYNC"))
               ? OK
               : &RESOURCE_WAITS;
}

/* Are they about the same record, whatever its values? */
static bool same_record(struct arena *arena, const struct value *one, const struct value *other)
{
    struct str a = doc_text(arena, doc_get(one, "Name"));
    struct str b = doc_text(arena, doc_get(other, "Name"));

    return a.at != NULL && b.at != NULL && str_eq_nocase(whole(arena, a), whole(arena, b)) &&
           doc_same(doc_get(one, "Type"), doc_get(other, "Type")) &&
           doc_same(doc_get(one, "SetIdentifier"), doc_get(other, "SetIdentifier"));
}

/* ---- AWS::Route53::RecordSet ---- */

static const struct resource_property record_properties[] = {
    {"AliasTarget", "", RESOURCE_IN_PLACE, 0},
    {"CidrRoutingConfig", "", RESOURCE_IN_PLACE, 0},
    {"Comment", "", RESOURCE_IN_PLACE, RESOURCE_SECRET},
    {"Failover", "", RESOURCE_IN_PLACE, 0},
    {"GeoLocation", "", RESOURCE_IN_PLACE, 0},
    {"GeoProximityLocation", "", RESOURCE_IN_PLACE, 0},
    {"HealthCheckId", "", RESOURCE_IN_PLACE, 0},
    {"HostedZoneId", "", RESOURCE_REPLACES, 0},
    {"HostedZoneName", "", RESOURCE_REPLACES, 0},
    {"MultiValueAnswer", "", RESOURCE_IN_PLACE, 0},
    {"Name", "", RESOURCE_REPLACES, RESOURCE_REQUIRED},
    {"Region", "", RESOURCE_IN_PLACE, 0},
    {"ResourceRecords", "", RESOURCE_IN_PLACE, 0},
    {"SetIdentifier", "", RESOURCE_IN_PLACE, 0},
    {"TTL", "", RESOURCE_IN_PLACE, 0},
    {"Type", "", RESOURCE_IN_PLACE, RESOURCE_REQUIRED},
    {"Weight", "", RESOURCE_IN_PLACE, 0},
};

static status record_make(struct resource *r)
{
    struct batch batch;

    TRY(batch_begin(r, r->want, &batch));
    batch_add(&batch, "CREATE", r->want);
    TRY(batch_run(&batch));
    r->id = resource_str(r, "Name");
    return OK;
}

static status record_change(struct resource *r)
{
    struct batch batch;

    TRY(batch_begin(r, r->want, &batch));
    if (same_record(r->c->arena, r->had, r->want)) {
        batch_add(&batch, "UPSERT", r->want);
    } else {
        batch_add(&batch, "DELETE", r->had);
        batch_add(&batch, "CREATE", r->want);
    }
    return batch_run(&batch);
}

static status record_remove(struct resource *r)
{
    struct batch batch;

    TRY(batch_begin(r, r->want, &batch));
    batch_add(&batch, "DELETE", r->want);
    return batch_run(&batch);
}

/* The set of that name, type and identifier; NULL: it is not there. */
static status record_read(struct resource *r, struct str zone, const struct value *properties,
                          const struct value **ret_set)
{
    struct str name = doc_text(r->c->arena, doc_get(properties, "Name"));
    const struct value *sets;
    struct inner inner;

    TRY(resource_ask(r, "ListResourceRecordSets",
                     RESOURCE_ARGS({"HostedZoneId", zone}, {"StartRecordName", name}), &inner));
    sets = resource_document(r->c->arena, get(inner.out, "ResourceRecordSets"));
    *ret_set = NULL;
    for (uint32_t i = 0; i < sets->count && *ret_set == NULL; i++) {
        if (same_record(r->c->arena, &sets->items[i], properties)) {
            *ret_set = &sets->items[i];
        }
    }
    return OK;
}

/* An alias whose target a template spells without the dot at its end, or with capitals. */
static void alias_now(struct resource *r, const struct value *alias, const struct value *wanted,
                      struct value *ret_alias)
{
    const struct value *name = wanted == NULL ? NULL : doc_get(wanted, "DNSName");
    struct str spelt = doc_text(r->c->arena, name);
    struct str is = doc_text(r->c->arena, doc_get(alias, "DNSName"));

    *ret_alias = *doc_copy(r->c->arena, alias);
    if (spelt.at != NULL && is.at != NULL &&
        str_eq_nocase(whole(r->c->arena, spelt), whole(r->c->arena, is))) {
        *doc_map_of(r->c->arena, ret_alias, STR("DNSName")) = *name;
    }
}

/* As a template has it: its name as that spells it, values as texts. */
static void record_now_of(struct resource *r, const struct value *set,
                          const struct value *properties, struct value *ret_properties)
{
    for (uint32_t i = 0; i < set->count; i++) {
        const struct pair *pair = &set->pairs[i];
        struct value *made;

        if (str_eq(pair->key, STR("Name"))) {
            *doc_put(r->c->arena, ret_properties, pair->key) = *doc_get(properties, "Name");
        } else if (str_eq(pair->key, STR("AliasTarget"))) {
            alias_now(r, &pair->value, doc_get(properties, "AliasTarget"),
                      doc_put(r->c->arena, ret_properties, pair->key));
        } else if (str_eq(pair->key, STR("ResourceRecords"))) {
            made = doc_put_list(r->c->arena, ret_properties, "ResourceRecords");
            for (uint32_t j = 0; j < pair->value.count; j++) {
                *doc_add(r->c->arena, made) = *doc_get(&pair->value.items[j], "Value");
            }
        } else {
            *doc_put(r->c->arena, ret_properties, pair->key) = pair->value;
        }
    }
}

static status record_now(struct resource *r, struct value *ret_properties)
{
    const struct value *set = NULL;
    struct batch batch;

    TRY(batch_begin(r, r->want, &batch));
    TRY(record_read(r, batch.zone, r->want, &set));
    if (set == NULL) {
        return &ERR_NOT_FOUND;
    }
    record_now_of(r, set, r->want, ret_properties);
    for (size_t i = 0; i < 2; i++) {
        const char *name = i == 0 ? "HostedZoneId" : "HostedZoneName";

        if (resource_get(r, name) != NULL) {
            *doc_put(r->c->arena, ret_properties, str_c(name)) = *resource_get(r, name);
        }
    }
    return OK;
}

const struct resource_type cfn_record_set = {
    .name = "AWS::Route53::RecordSet",
    .service = "route53",
    RESOURCE_TYPE_PROPERTIES(record_properties),
    .make = record_make,
    .change = record_change,
    .remove = record_remove,
    .settled = batch_settled,
    .now = record_now,
};

/* ---- AWS::Route53::RecordSetGroup ---- */

static const struct resource_property group_properties[] = {
    {"Comment", "", RESOURCE_IN_PLACE, RESOURCE_SECRET},
    {"HostedZoneId", "", RESOURCE_REPLACES, 0},
    {"HostedZoneName", "", RESOURCE_REPLACES, 0},
    {"RecordSets", "", RESOURCE_IN_PLACE, 0},
};

static const struct value *records_of(const struct value *properties)
{
    const struct value *list = doc_get(properties, "RecordSets");

    return list != NULL && list->kind == VALUE_LIST ? list : NULL;
}

static const struct value *record_of(struct arena *arena, const struct value *properties,
                                     const struct value *like)
{
    const struct value *list = records_of(properties);

    for (uint32_t i = 0; list != NULL && i < list->count; i++) {
        if (same_record(arena, &list->items[i], like)) {
            return &list->items[i];
        }
    }
    return NULL;
}

/* Every record of the group. */
static void group_add(struct batch *batch, const char *action)
{
    const struct value *list = records_of(batch->r->want);

    for (uint32_t i = 0; list != NULL && i < list->count; i++) {
        batch_add(batch, action, &list->items[i]);
    }
}

static status group_make(struct resource *r)
{
    struct batch batch;

    TRY(batch_begin(r, r->want, &batch));
    group_add(&batch, "CREATE");
    TRY(batch_run(&batch));
    r->id = resource_name(r, "", GROUP_NAME_BYTES_MAX, false);
    return OK;
}

static status group_change(struct resource *r)
{
    const struct value *had = records_of(r->had);
    const struct value *want = records_of(r->want);
    struct batch batch;

    TRY(batch_begin(r, r->want, &batch));
    for (uint32_t i = 0; had != NULL && i < had->count; i++) {
        if (record_of(r->c->arena, r->want, &had->items[i]) == NULL) {
            batch_add(&batch, "DELETE", &had->items[i]);
        }
    }
    for (uint32_t i = 0; want != NULL && i < want->count; i++) {
        if (!doc_same(record_of(r->c->arena, r->had, &want->items[i]), &want->items[i])) {
            batch_add(&batch, "UPSERT", &want->items[i]);
        }
    }
    return batch_run(&batch);
}

static status group_remove(struct resource *r)
{
    struct batch batch;

    TRY(batch_begin(r, r->want, &batch));
    group_add(&batch, "DELETE");
    return batch_run(&batch);
}

const struct resource_type cfn_record_set_group = {
    .name = "AWS::Route53::RecordSetGroup",
    .service = "route53",
    RESOURCE_TYPE_PROPERTIES(group_properties),
    .make = group_make,
    .change = group_change,
    .remove = group_remove,
    .settled = batch_settled,
};
