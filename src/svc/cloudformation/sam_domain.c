/* SPDX-License-Identifier: Apache-2.0
 *
 * Domain names of APIs. The ids of a domain and of a hosted zone's record sets are made from hashes
 * of their names, so that several APIs share them.
 */
#include "svc/cloudformation/sam_domain.h"

#include "svc/cloudformation/sam_function.h"

/* A domain that is being made. */
struct making {
    struct value *config;     /* the unit's Domain */
    struct str id;            /* logical id of the domain name */
    const struct value *name; /* the domain's name */
    bool rest;                /* of a REST API */
    bool private;             /* in a VPC */
};

struct str sam_stage_id(struct sam *s, const struct value *name)
{
    struct str text = node_text(name);
    struct str id = sam_id(s, "Stage");

    if (text.bytes == 0) {
        return id;
    }
    for (size_t i = 0; i < text.bytes; i++) {
        char c = text.at[i];

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))) {
            return sam_join(s, id, node_hash(s->arena, text));
        }
    }
    return arena_printf(s->arena, "%.*s%.*sStage", STR_ARG(s->id), STR_ARG(text));
}

struct value sam_definition_location(struct sam *s, const struct value *uri)
{
    struct value at = node_is(uri, VALUE_MAP) ? *uri : sam_s3_pointer(s, uri);

    if (node_is(uri, VALUE_MAP) &&
        (!node_true(node_get(uri, "Bucket")) || !node_true(node_get(uri, "Key")))) {
        sam_refuse(s, s->id, "'DefinitionUri' requires Bucket and Key properties to be "
                             "specified.");
    } else if (at.kind == VALUE_NONE && s->place->keeps_paths) {
        return *uri;
    } else if (at.kind == VALUE_NONE) {
        sam_refuse(s, s->id, "'DefinitionUri' is not a valid S3 Uri of the form 's3://bucket/key' "
                             "with optional versionId query parameter.");
    }
    return node_make(s->arena, "{Bucket: %v, Key: %v, Version: %v}", node_get(&at, "Bucket"),
                     node_get(&at, "Key"), node_get(&at, "Version"));
}

void sam_permit_authorizer(struct sam *s, struct str name, struct str partition,
                           const struct value *function)
{
    struct sam_made *made = sam_make(s, arena_printf(s->arena, "%.*s%.*sAuthorizerPermission",
                                                     STR_ARG(s->id), STR_ARG(name)),
                                     "AWS::Lambda::Permission", &s->passed);

    made->properties = node_make(
        s->arena,
        "{Action: 'lambda:InvokeFunction', FunctionName: %v, Principal: "
        "'apigateway.amazonaws.com', SourceArn: {'Fn::Sub': [%s, {'__ApiId__': {Ref: %s}}]}}",
        function,
        arena_printf(s->arena,
                     "arn:%.*s:execute-api:${AWS::Region}:${AWS::AccountId}:"
                     "${__ApiId__}/authorizers/*",
                     STR_ARG(partition)),
        s->id);
}

/* ---- DNS ---- */

static struct value alias_target(struct sam *s, const struct making *m, struct value *route)
{
    const struct value *kind = node_get(m->config, "EndpointConfiguration");
    struct value zone = {.kind = VALUE_NONE};
    struct value name = {.kind = VALUE_NONE};

    if (node_is_text(kind, "REGIONAL")) {
        zone = sam_attribute(s, m->id, "RegionalHostedZoneId");
        name = sam_attribute(s, m->id, "RegionalDomainName");
    } else if (node_is_text(kind, "EDGE")) {
        if (node_get(route, "DistributionDomainName") == NULL) {
            node_put(s->arena, route, "DistributionDomainName",
                     sam_attribute(s, m->id, "DistributionDomainName"));
        }
        zone = node_c("Z2FDTNDATAQYW2");
        name = *node_get(route, "DistributionDomainName");
    } else {
        struct value null = {.kind = VALUE_NULL};
        const struct value *own = node_get(route, "VpcEndpointHostedZoneId");
        const struct value *dns = node_get(route, "VpcEndpointDomainName");

        zone = own != NULL ? *own : null;
        name = dns != NULL ? *dns : null;
    }
    return node_make(s->arena, "{EvaluateTargetHealth: %v, HostedZoneId: %v, DNSName: %v}",
                     node_get(route, "EvaluateTargetHealth"), &zone, &name);
}

static void add_records(struct sam *s, const struct making *m, struct value *route,
                        struct value *list)
{
    struct value target = alias_target(s, m, route);
    const struct value *six = node_get(route, "IpV6");

    for (int i = 0; i < (node_is(six, VALUE_BOOL) && six->truth ? 2 : 1); i++) {
        node_push(s->arena, list,
                  node_make(s->arena,
                            "{Name: %v, Type: %c, AliasTarget: %v, Region: %v, SetIdentifier: %v}",
                            m->name, i == 0 ? "A" : "AAAA", &target, node_get(route, "Region"),
                            node_get(route, "SetIdentifier")));
    }
}

static void make_group(struct sam *s, struct str id, const struct value *group)
{
    struct sam_made *made = sam_make(s, id, "AWS::Route53::RecordSetGroup",
                                     node_get(group, "Attributes"));

    sam_set(s, made, "HostedZoneId", node_get(group, "HostedZoneId"));
    sam_set(s, made, "HostedZoneName", node_get(group, "HostedZoneName"));
    sam_set(s, made, "RecordSets", node_get(group, "RecordSets"));
}

static void make_records(struct sam *s, const struct making *m)
{
    struct value *route = node_get(m->config, "Route53");
    const struct value *zone = node_get(route, "HostedZoneId");
    const struct value *zone_name = node_get(route, "HostedZoneName");
    const struct value *by = node_true(zone) ? zone : zone_name;
    bool alone = m->rest && node_true(node_get(route, "SeparateRecordSetGroup"));
    struct value fresh;
    struct value pair;
    struct value *group;
    struct str id;

    if (route == NULL || !sam_expect(s, route, VALUE_MAP, "Domain.Route53")) {
        return;
    }
    if (zone == NULL && zone_name == NULL) {
        sam_refuse(s, s->id, "HostedZoneId or HostedZoneName is required to enable Route53 support "
                             "on Custom Domains.");
        return;
    }
    pair = node_make(s->arena, "[%v, %v]", by, m->name);
    id = sam_join(s, STR("RecordSetGroup"), node_hash_of(s->arena, alone ? &pair : by));
    fresh = node_make(s->arena,
                      "{Attributes: %v, HostedZoneId: %v, HostedZoneName: %v, RecordSets: []}",
                      &s->passed, zone, zone != NULL && !m->rest ? NULL : zone_name);
    group = node_find(&s->record_groups, id);
    if (group == NULL) {
        group = node_set(s->arena, &s->record_groups, id, &fresh);
    }
    add_records(s, m, route, node_get(group, "RecordSets"));
    make_group(s, id, group);
}

/* ---- mappings ---- */

/* A base path without what ids cannot have. */
static struct str plain(struct sam *s, struct str path)
{
    char *made = arena_alloc(s->arena, path.bytes + 1);
    size_t bytes = 0;

    for (size_t i = 0; i < path.bytes; i++) {
        char c = path.at[i];

        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')) {
            made[bytes++] = c;
        }
    }
    made[bytes] = 0;
    return str_of(made, bytes);
}

static struct str trimmed(struct str path)
{
    while (path.bytes > 0 && path.at[0] == '/') {
        path = str_slice(path, 1, path.bytes);
    }
    while (path.bytes > 0 && path.at[path.bytes - 1] == '/') {
        path.bytes--;
    }
    return path;
}

static void make_mapping(struct sam *s, const struct making *m, const struct value *path)
{
    bool normal = !node_has(m->config, "NormalizeBasePath") ||
                  node_true(node_get(m->config, "NormalizeBasePath"));
    struct str text = node_text(path);
    struct str id = arena_printf(s->arena, "%.*s%.*s%s", STR_ARG(s->id), STR_ARG(plain(s, text)),
                                 m->rest ? "BasePathMapping" : "ApiMapping");
    struct sam_made *made = sam_make(s, id,
                                     !m->rest     ? "AWS::ApiGatewayV2::ApiMapping"
                                     : m->private ? "AWS::ApiGateway::BasePathMappingV2"
                                                  : "AWS::ApiGateway::BasePathMapping",
                                     &s->passed);

    sam_put(s, made, m->private ? "DomainNameArn" : "DomainName", sam_ref(s, m->id));
    sam_put(s, made, m->rest ? "RestApiId" : "ApiId", sam_ref(s, s->id));
    sam_put(s, made, "Stage", sam_ref(s, sam_id(s, ".Stage")));
    if (path != NULL && m->rest) {
        sam_put(s, made, "BasePath", node_str(normal ? plain(s, text) : text));
    } else if (path != NULL) {
        sam_put(s, made, "ApiMappingKey", node_str(trimmed(text)));
    }
}

static void check_path(struct sam *s, const struct making *m, const struct value *path, uint32_t i)
{
    if (path->kind != VALUE_STR) {
        if (m->rest) {
            sam_refuse(s, s->id, "Property 'Domain.BasePath[%u]' should be a string.", i);
        } else {
            sam_refuse(s, s->id, "Basepath must be a string.");
        }
        return;
    }
    for (size_t k = 0; !m->rest && k < path->str.bytes; k++) {
        char c = path->str.at[k];

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              c == '/' || c == '-' || c == '_')) {
            sam_refuse(s, s->id, "Invalid Basepath name provided.");
        }
    }
}

static void make_mappings(struct sam *s, const struct making *m)
{
    const struct value *path = node_get(m->config, "BasePath");

    if (node_true(path) && path->kind == VALUE_STR) {
        check_path(s, m, path, 0);
        make_mapping(s, m, path);
    } else if (node_true(path) && path->kind == VALUE_LIST) {
        for (uint32_t i = 0; i < path->count; i++) {
            check_path(s, m, &path->items[i], i);
            make_mapping(s, m, &path->items[i]);
        }
    } else {
        make_mapping(s, m, NULL);
    }
}

/* ---- domain names ---- */

static void set_mutual_tls(struct sam *s, const struct making *m, struct sam_made *made)
{
    const struct value *given = node_get(m->config, "MutualTlsAuthentication");
    const struct value *uri = node_get(given, "TruststoreUri");
    const struct value *version = node_get(given, "TruststoreVersion");

    if (!node_true(given)) {
        return;
    }
    if (given->kind != VALUE_MAP) {
        if (m->rest) {
            sam_refuse(s, s->id, "Property 'Domain.MutualTlsAuthentication' should be a map.");
        } else {
            sam_refuse(s, s->id, "MutualTlsAuthentication must be a map with at least one of the "
                                 "following fields ['TruststoreUri', 'TruststoreVersion'].");
        }
        return;
    }
    for (uint32_t i = 0; i < given->count; i++) {
        struct str key = given->pairs[i].key;

        if (!str_eq(key, STR("TruststoreUri")) && !str_eq(key, STR("TruststoreVersion"))) {
            sam_refuse(s, m->rest ? s->id : key,
                       "Available %sMutualTlsAuthentication fields are ['TruststoreUri', "
                       "'TruststoreVersion'].",
                       m->rest ? "Domain." : "");
        }
    }
    sam_put(s, made, "MutualTlsAuthentication",
            node_make(s->arena, "{TruststoreUri: %v, TruststoreVersion: %v}",
                      node_true(uri) ? uri : NULL, node_true(version) ? version : NULL));
}

static const struct value *if_true(const struct value *value)
{
    return node_true(value) ? value : NULL;
}

static void make_http_name(struct sam *s, const struct making *m)
{
    struct sam_made *made = sam_make(s, m->id, "AWS::ApiGatewayV2::DomainName", &s->passed);

    sam_set(s, made, "DomainName", m->name);
    sam_put(s, made, "Tags", node_make(s->arena, "{'httpapi:createdBy': 'SAM'}"));
    sam_put(s, made, "DomainNameConfigurations",
            node_make(s->arena,
                      "[{CertificateArn: %v, EndpointType: %v, "
                      "OwnershipVerificationCertificateArn: %v, SecurityPolicy: %v}]",
                      node_get(m->config, "CertificateArn"),
                      node_get(m->config, "EndpointConfiguration"),
                      if_true(node_get(m->config, "OwnershipVerificationCertificateArn")),
                      if_true(node_get(m->config, "SecurityPolicy"))));
    set_mutual_tls(s, m, made);
}

void sam_http_domain(struct sam *s)
{
    struct value *config = sam_property(s, "Domain");
    const struct value *endpoint;
    struct making m = {.config = config, .rest = false};

    if (config == NULL) {
        return;
    }
    sam_resolve(s, config);
    m.name = node_get(config, "DomainName");
    if (m.name == NULL || node_get(config, "CertificateArn") == NULL) {
        sam_refuse(s, s->id, "Custom Domains only works if both DomainName and CertificateArn are "
                             "provided.");
        return;
    }
    m.name = node_new(s->arena, *m.name);
    m.id = sam_join(s, STR("ApiGatewayDomainNameV2"), node_hash_of(s->arena, m.name));
    endpoint = node_get(config, "EndpointConfiguration");
    if (endpoint == NULL) {
        node_put(s->arena, config, "EndpointConfiguration", node_c("REGIONAL"));
    } else if (!node_is_text(endpoint, "REGIONAL")) {
        sam_refuse(s, s->id,
                   "EndpointConfiguration for Custom Domains must be one of ['REGIONAL'].");
        return;
    }
    make_http_name(s, &m);
    make_mappings(s, &m);
    make_records(s, &m);
}

/* ---- of REST APIs ---- */

static void make_rest_name(struct sam *s, const struct making *m)
{
    static const char *const same[] = {"SecurityPolicy", "EndpointAccessMode", "Policy",
                                       "OwnershipVerificationCertificateArn"};
    const struct value *kind = node_get(m->config, "EndpointConfiguration");
    struct sam_made *made = sam_make(s, m->id,
                                     m->private ? "AWS::ApiGateway::DomainNameV2"
                                                : "AWS::ApiGateway::DomainName",
                                     &s->passed);

    sam_set(s, made, "DomainName", m->name);
    sam_set(s, made, node_is_text(kind, "REGIONAL") ? "RegionalCertificateArn" : "CertificateArn",
            node_get(m->config, "CertificateArn"));
    sam_put(s, made, "EndpointConfiguration",
            node_make(s->arena, "{Types: [%v], IpAddressType: %v}", kind,
                      if_true(node_get(m->config, "IpAddressType"))));
    if (!m->private) {
        set_mutual_tls(s, m, made);
    }
    for (size_t i = 0; i < 4; i++) {
        bool shared = i < 2 || (i == 2 && m->private) || (i == 3 && !m->private);

        if (shared) {
            sam_set(s, made, same[i], if_true(node_get(m->config, same[i])));
        } else if (node_true(node_get(m->config, same[i]))) {
            sam_refuse(s, m->id, "property %s not defined for resource of type %s", same[i],
                       made->type);
        }
    }
}

static void make_access(struct sam *s, const struct making *m)
{
    const struct value *access = node_get(m->config, "AccessAssociation");
    const struct value *endpoint = node_get(access, "VpcEndpointId");
    struct value by;
    struct sam_made *made;

    if (access == NULL || !sam_expect(s, access, VALUE_MAP, "Domain.AccessAssociation")) {
        return;
    }
    by = node_make(s->arena, "[%v, %s]", endpoint, m->id);
    made = sam_make(s, sam_join(s, STR("DomainNameAccessAssociation"), node_hash_of(s->arena, &by)),
                    "AWS::ApiGateway::DomainNameAccessAssociation", &s->passed);
    sam_put(s, made, "DomainNameArn", sam_ref(s, m->id));
    sam_put(s, made, "AccessAssociationSourceType", node_c("VPCE"));
    sam_set(s, made, "AccessAssociationSource", endpoint);
}

static bool check_endpoint(struct sam *s, struct value *config)
{
    const struct value *kind = node_get(config, "EndpointConfiguration");

    if (kind == NULL) {
        node_put(s->arena, config, "EndpointConfiguration", node_c("REGIONAL"));
        return true;
    }
    if (node_is_text(kind, "EDGE") || node_is_text(kind, "REGIONAL") ||
        node_is_text(kind, "PRIVATE")) {
        return true;
    }
    sam_refuse(s, s->id, "EndpointConfiguration for Custom Domains must be one of ['EDGE', "
                         "'REGIONAL', 'PRIVATE'].");
    return false;
}

void sam_rest_domain(struct sam *s)
{
    struct value *config = sam_property(s, "Domain");
    struct making m = {.config = config, .rest = true};

    if (config == NULL) {
        return;
    }
    sam_resolve(s, config);
    m.private = node_is_text(node_get(config, "EndpointConfiguration"), "PRIVATE");
    if (node_get(config, "DomainName") == NULL || node_get(config, "CertificateArn") == NULL) {
        sam_refuse(s, s->id, "Property 'Domain.%s' is required.",
                   node_get(config, "DomainName") == NULL ? "DomainName" : "CertificateArn");
        return;
    }
    m.name = node_new(s->arena, *node_get(config, "DomainName"));
    m.id = sam_join(s, m.private ? STR("ApiGatewayDomainNameV2") : STR("ApiGatewayDomainName"),
                    node_hash_of(s->arena, m.name));
    if (!check_endpoint(s, config)) {
        return;
    }
    if (!m.private) {
        node_put(s->arena, config, "ApiDomainName", node_str(m.id));
    }
    make_rest_name(s, &m);
    make_mappings(s, &m);
    make_access(s, &m);
    make_records(s, &m);
}
