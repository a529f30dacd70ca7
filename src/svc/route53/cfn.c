/* SPDX-License-Identifier: Apache-2.0
 *
 * Hosted zones and health checks in templates; and the list of types.
 */
#include "svc/route53/cfn.h"

/* Another for each that is made, as Route 53 takes none twice. */
static struct str reference_new(struct resource *r)
{
    return arena_printf(r->c->arena, "%.*s-%016llx", STR_ARG(str_slice(r->logical_id, 0, 40)),
                        (unsigned long long)rand_u64(r->c->rand));
}

struct str cfn_id_of(struct str told)
{
    struct str part = told;

    for (struct str rest = told; rest.at != NULL;) {
        part = str_split(&rest, '/');
    }
    return part;
}

/* ---- tags ---- */

status cfn_tags_change(struct resource *r, const char *property, const char *what)
{
    const struct value *gone = NULL;
    const struct value *set = NULL;
    struct inner inner;

    resource_tags_changed(r, property, &gone, &set);
    if (gone == NULL && set == NULL) {
        return OK;
    }
    TRY(resource_begin(r, "ChangeTagsForResource", &inner));
    set_str(inner.in, "ResourceType", str_c(what));
    set_str(inner.in, "ResourceId", r->id);
    TRY(resource_set(r, &inner, "AddTags", set));
    TRY(resource_set(r, &inner, "RemoveTagKeys", gone));
    return resource_run(r, &inner);
}

status cfn_tags_now(struct resource *r, const char *property, const char *what,
                    struct value *ret_properties)
{
    struct inner inner;

    TRY(resource_ask(r, "ListTagsForResource",
                     RESOURCE_ARGS({"ResourceType", str_c(what)}, {"ResourceId", r->id}),
                     &inner));
    resource_now_tags(r, ret_properties, property,
                      get(get(inner.out, "ResourceTagSet"), "Tags"));
    return OK;
}

/* ---- AWS::Route53::HostedZone ---- */

static const struct resource_property zone_properties[] = {
    {"HostedZoneConfig", NULL, RESOURCE_IN_PLACE, 0},
    {"HostedZoneTags", "", RESOURCE_IN_PLACE, RESOURCE_TAGS},
    {"Name", NULL, RESOURCE_REPLACES, 0},
    {"VPCs", "", RESOURCE_IN_PLACE, 0},
};
static const char *const zone_attributes[] = {"Id", "NameServers", NULL};

static status zone_make(struct resource *r)
{
    const struct value *vpcs = resource_get(r, "VPCs");
    struct inner inner;

    TRY(resource_begin(r, "CreateHostedZone", &inner));
    TRY(resource_fill(r, &inner));
    if (vpcs != NULL && (vpcs->kind != VALUE_LIST || vpcs->count != 1)) {
        return resource_fail(r, &RESOURCE_INVALID, "weir associates a hosted zone with one VPC, "
                             "when it is made: #/VPCs must have one item");
    }
    if (vpcs != NULL) {
        TRY(resource_set(r, &inner, "VPC", &vpcs->items[0]));
    }
    set_str(inner.in, "CallerReference", reference_new(r));
    TRY(resource_run(r, &inner));
    r->id = cfn_id_of(get_str(get(inner.out, "HostedZone"), "Id"));
    return cfn_tags_change(r, "HostedZoneTags", "hostedzone");
}

static status zone_change(struct resource *r)
{
    struct str comment = doc_text(r->c->arena, doc_get(resource_get(r, "HostedZoneConfig"),
                                                       "Comment"));
    struct inner inner;

    TRY(resource_ask(r, "GetHostedZone", RESOURCE_ARGS({"Id", r->id}), &inner));
    if (resource_changed(r, "VPCs") &&
        !doc_same(has(inner.out, "VPCs")
                      ? resource_document(r->c->arena, get(inner.out, "VPCs"))
                      : NULL,
                  resource_get(r, "VPCs"))) {
        return resource_fail(r, &RESOURCE_INVALID,
                             "weir does not associate another VPC with a hosted zone: #/VPCs");
    }
    if (resource_changed(r, "HostedZoneConfig")) {
        TRY(resource_ask(r, "UpdateHostedZoneComment",
                         RESOURCE_ARGS({"Id", r->id}, {"Comment", comment}), &inner));
    }
    return cfn_tags_change(r, "HostedZoneTags", "hostedzone");
}

static status zone_remove(struct resource *r)
{
    return resource_remove_by(r, "DeleteHostedZone", "Id");
}

static status zone_tell(struct resource *r)
{
    const struct value *set;
    struct inner inner;

    TRY(resource_ask(r, "GetHostedZone", RESOURCE_ARGS({"Id", r->id}), &inner));
    resource_attribute(r, "Id", r->id);
    set = get(inner.out, "DelegationSet");
    if (set != NULL && has(set, "NameServers")) {
        resource_attribute_of(r, "NameServers",
                              resource_document(r->c->arena, get(set, "NameServers")));
    }
    return OK;
}

static bool same_zone(struct str one, struct str other)
{
    return str_eq_nocase(one, other) ||
           (one.bytes == other.bytes + 1 && one.at[other.bytes] == '.' &&
            str_eq_nocase(str_slice(one, 0, other.bytes), other));
}

static status zone_now(struct resource *r, struct value *ret_properties)
{
    const struct value *zone;
    const struct value *config;
    struct str name = resource_str(r, "Name");
    struct inner inner;

    TRY(resource_ask(r, "GetHostedZone", RESOURCE_ARGS({"Id", r->id}), &inner));
    zone = get(inner.out, "HostedZone");
    config = get(zone, "Config");
    doc_put_text(r->c->arena, ret_properties, "Name",
                 name.at != NULL && same_zone(get_str(zone, "Name"), name)
                     ? name
                     : get_str(zone, "Name"));
    if (config != NULL && has(config, "Comment")) {
        doc_put_text(r->c->arena,
                     doc_put_map(r->c->arena, ret_properties, STR("HostedZoneConfig")), "Comment",
                     get_str(config, "Comment"));
    }
    if (has(inner.out, "VPCs")) {
        *doc_put(r->c->arena, ret_properties, STR("VPCs")) =
            *resource_document(r->c->arena, get(inner.out, "VPCs"));
    }
    return cfn_tags_now(r, "HostedZoneTags", "hostedzone", ret_properties);
}

/* ---- AWS::Route53::HealthCheck ---- */

static const struct resource_property check_properties[] = {
    {"HealthCheckConfig", NULL, RESOURCE_DECIDES, RESOURCE_REQUIRED},
    {"HealthCheckTags", "", RESOURCE_IN_PLACE, RESOURCE_TAGS},
};
static const char *const check_attributes[] = {"HealthCheckId", NULL};

static const struct value *config_of(const struct value *properties, const char *member)
{
    return doc_get(doc_get(properties, "HealthCheckConfig"), member);
}

/* What no update can change. */
static bool check_replaces(const struct resource *r, const struct resource_property *property)
{
    static const char *const fixed[] = {"Type", "MeasureLatency", "RequestInterval"};

    (void)property;
    for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++) {
        if (!doc_same(config_of(r->had, fixed[i]), config_of(r->want, fixed[i]))) {
            return true;
        }
    }
    return false;
}

static status check_make(struct resource *r)
{
    struct inner inner;

    TRY(resource_begin(r, "CreateHealthCheck", &inner));
    TRY(resource_fill(r, &inner));
    set_str(inner.in, "CallerReference", reference_new(r));
    TRY(resource_run(r, &inner));
    r->id = get_str(get(inner.out, "HealthCheck"), "Id");
    return cfn_tags_change(r, "HealthCheckTags", "healthcheck");
}

static status check_change(struct resource *r)
{
    static const char *const members[] = {
        "IPAddress", "Port", "ResourcePath", "FullyQualifiedDomainName", "SearchString",
        "FailureThreshold", "Inverted", "HealthThreshold", "ChildHealthChecks", "EnableSNI",
        "Regions", "AlarmIdentifier", "InsufficientDataHealthStatus"};
    static const char *const resets[] = {"ChildHealthChecks", "FullyQualifiedDomainName",
                                         "Regions", "ResourcePath"};
    struct value *reset = ARENA_NEW(r->c->arena, struct value);
    struct inner inner;

    reset->kind = VALUE_LIST;
    TRY(resource_begin(r, "UpdateHealthCheck", &inner));
    set_str(inner.in, "HealthCheckId", r->id);
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        TRY(resource_set(r, &inner, members[i], config_of(r->want, members[i])));
    }
    for (size_t i = 0; i < sizeof(resets) / sizeof(resets[0]); i++) {
        if (config_of(r->had, resets[i]) != NULL && config_of(r->want, resets[i]) == NULL) {
            *doc_add(r->c->arena, reset) =
                (struct value){.kind = VALUE_STR, .str = str_c(resets[i])};
        }
    }
    TRY(resource_set(r, &inner, "ResetElements", reset->count == 0 ? NULL : reset));
    TRY(resource_run(r, &inner));
    return cfn_tags_change(r, "HealthCheckTags", "healthcheck");
}

static status check_remove(struct resource *r)
{
    return resource_remove_by(r, "DeleteHealthCheck", "HealthCheckId");
}

static status check_tell(struct resource *r)
{
    resource_attribute(r, "HealthCheckId", r->id);
    return OK;
}

/* Of the configuration what the template says, as Route 53 completes it. */
static status check_now(struct resource *r, struct value *ret_properties)
{
    const struct value *want = resource_get(r, "HealthCheckConfig");
    const struct value *told;
    struct value *made;
    struct inner inner;

    TRY(resource_ask(r, "GetHealthCheck", RESOURCE_ARGS({"HealthCheckId", r->id}), &inner));
    told = resource_document(r->c->arena,
                             get(get(inner.out, "HealthCheck"), "HealthCheckConfig"));
    made = doc_put_map(r->c->arena, ret_properties, STR("HealthCheckConfig"));
    for (uint32_t i = 0; want->kind == VALUE_MAP && i < want->count; i++) {
        const struct value *value = map_find(told, want->pairs[i].key);

        if (value != NULL) {
            *doc_put(r->c->arena, made, want->pairs[i].key) = *value;
        }
    }
    return cfn_tags_now(r, "HealthCheckTags", "healthcheck", ret_properties);
}

/* ---- the list ---- */

static const struct resource_type types[] = {
    {
        .name = "AWS::Route53::HealthCheck",
        .service = "route53",
        RESOURCE_TYPE_PROPERTIES(check_properties),
        .attributes = check_attributes,
        .make = check_make,
        .change = check_change,
        .remove = check_remove,
        .tell = check_tell,
        .now = check_now,
        .replaces = check_replaces,
        .record_only = true,
    },
    {
        .name = "AWS::Route53::HostedZone",
        .service = "route53",
        RESOURCE_TYPE_PROPERTIES(zone_properties),
        .attributes = zone_attributes,
        .make = zone_make,
        .change = zone_change,
        .remove = zone_remove,
        .tell = zone_tell,
        .now = zone_now,
    },
};

const struct resource_type *const route53_types[ROUTE53_TYPES] = {
    &types[0], &types[1], &cfn_record_set, &cfn_record_set_group};
