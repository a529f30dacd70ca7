/* SPDX-License-Identifier: Apache-2.0
 *
 * Custom domain names. A certificate's ARN is recorded as it is; that it is there is not asked.
 */
#include "svc/apigatewayv2/domain.h"
#include "svc/apigatewayv2/ops.h"
#include "svc/apigatewayv2/rule.h"
#include "wire/wire.h"

#define CONFIGURATION_ID_LETTERS 10

/* Source: "Amazon API Gateway endpoints and quotas", AWS General Reference. */
static struct str hosted_zone(struct str region)
{
    static const char *const zones[][2] = {
        {"us-east-1", "Z1UJRXOUMOOFQ8"},      {"us-east-2", "ZOJJZC49E0EPZ"},
        {"us-west-1", "Z2MUQ32089INYE"},      {"us-west-2", "Z2OJLYMUO9EFXC"},
        {"ap-northeast-1", "Z1YSHQZHG15GKL"}, {"ap-northeast-2", "Z20JF4UZKIW1U8"},
        {"ap-south-1", "Z3VO1THU9YC4UR"},     {"ap-southeast-1", "ZL327KTPIQFUL"},
        {"ap-southeast-2", "Z2RPCDW04V8134"}, {"ca-central-1", "Z19DQILCV0OWEC"},
        {"eu-central-1", "Z1U9ULNL0V5AJ3"},   {"eu-north-1", "Z3UWIKFBOOGXPP"},
        {"eu-west-1", "ZLY8HYME6SFDD"},       {"eu-west-2", "ZJ5UAJN8Y3Z2Q"},
        {"eu-west-3", "Z3KY65QIEKYHQQ"},      {"sa-east-1", "ZCMLWB8V5SYIT"},
    };

    for (size_t i = 0; i < sizeof(zones) / sizeof(zones[0]); i++) {
        if (str_eq(region, str_c(zones[i][0]))) {
            return str_c(zones[i][1]);
        }
    }
    return str_c(zones[0][1]);
}

/* ---- rules ---- */

static bool label_fits(struct str label)
{
    if (label.bytes == 0 || label.bytes > 63 || label.at[0] == '-' ||
        label.at[label.bytes - 1] == '-') {
        return false;
    }
    for (size_t i = 0; i < label.bytes; i++) {
        char letter = label.at[i];

        if (!((letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9') ||
              letter == '-')) {
            return false;
        }
    }
    return true;
}

static status name_check(struct call *c, struct str name)
{
    struct str rest = str_starts(name, STR("*.")) ? str_slice(name, 2, name.bytes) : name;
    bool good = str_find(rest, '.', 0) < rest.bytes && name.bytes <= 253;

    while (good && rest.at != NULL) {
        good = label_fits(str_split(&rest, '.'));
    }
    return good ? OK
                : bad_request(c, "Invalid domain name specified: %.*s",
                              STR_ARG(str_slice(name, 0, 512)));
}

static status configuration_check(struct call *c, const struct value *configuration)
{
    struct str certificate = get_str(configuration, "CertificateArn");
    struct arn arn;

    if (certificate.bytes == 0) {
        return bad_request(c, "Invalid input. A certificate ARN must be specified");
    }
    if (!arn_read(certificate, &arn) || !str_eq(arn.service, STR("acm"))) {
        return bad_request(c, "Invalid certificate ARN: %.*s",
                           STR_ARG(str_slice(certificate, 0, 512)));
    }
    if (str_eq(get_str(configuration, "EndpointType"), STR("EDGE")) ||
        str_eq(get_str(configuration, "SecurityPolicy"), STR("TLS_1_0"))) {
        return bad_request(c, "Only REGIONAL domain names with a security policy of TLS 1.2 can be "
                           "managed through the API Gateway V2 API. For TLS 1.0 domain names, "
                           "please use the API Gateway V1 API to upgrade your security policy to "
                           "TLS 1.2. Currently, only REST APIs can be attached to a domain name "
                           "with a security policy of TLS 1.0.");
    }
    return OK;
}

static status input_check(struct call *c)
{
    const struct value *configurations = arg(c, "DomainNameConfigurations");

    TRY(lengths_check(c));
    if (arg_has(c, "RoutingMode") && !str_eq(arg_str(c, "RoutingMode"), STR("API_MAPPING_ONLY"))) {
        return fail(c, &WIRE_NOT_IMPLEMENTED, "routing rules are not implemented by weir");
    }
    if (configurations != NULL && configurations->count != 1) {
        return bad_request(c, "Invalid input. Expected one domain name configuration");
    }
    return OK;
}

/* ---- operations ---- */

/* What AWS fills in; in place of the configuration there was, whose address stays. */
static void configuration_put(struct call *c, struct value *record, const struct value *asked,
                              struct str address)
{
    struct value *list = set_list(c->arena, record, "DomainNameConfigurations", 1);
    struct value *made = list_add(c->arena, list);

    copy_members(made, asked);
    set_str(made, "ApiGatewayDomainName", address);
    set_str(made, "DomainNameStatus", STR("AVAILABLE"));
    set_str(made, "EndpointType", STR("REGIONAL"));
    set_str(made, "HostedZoneId", hosted_zone(c->region));
    set_str(made, "SecurityPolicy", STR("TLS_1_2"));
    if (!has(made, "IpAddressType")) {
        set_str(made, "IpAddressType", STR("ipv4"));
    }
}

static void domain_complete(struct call *c, struct value *record)
{
    set_str(record, "ApiMappingSelectionExpression", STR("$request.basepath"));
    set_str(record, "RoutingMode", STR("API_MAPPING_ONLY"));
    if (!has(record, "Tags")) {
        (void)set_map(c->arena, record, "Tags", 0);
    }
}

/* CreateDomainName */
status apigw_create_domain(struct call *c)
{
    struct value *record = record_new(c->arena, KIND_DOMAIN);
    const struct value *configurations = arg(c, "DomainNameConfigurations");
    struct str name = arg_str(c, "DomainName");
    struct str arn = apigw_arn(c, "/domainnames/%.*s", STR_ARG(str_slice(name, 0, 512)));
    struct str id = id_new(c, KIND_DOMAIN, owner_of(c), CONFIGURATION_ID_LETTERS);

    call_on(c, arn);
    TRY(input_check(c));
    if (configurations == NULL) {
        return bad_request(c, "Invalid input. Expected one domain name configuration");
    }
    TRY(name_check(c, name));
    TRY(configuration_check(c, &configurations->items[0]));
    TRY(tags_check(c, arg(c, "Tags")));
    copy_members(record, c->in);
    TRY(size_check(c, KIND_DOMAIN, record));
    if (domain_named(gateway_of(c), c->account, c->region, name) != NULL) {
        return fail(c, &GATEWAY_CONFLICT, "The domain name you provided already exists.");
    }
    TRY(room_check(c, KIND_DOMAIN, owner_of(c), DOMAIN_NAMES_MAX));
    if (domain_enter(gateway_of(c), c->account, c->region, name) == NULL) {
        return fail(c, &WIRE_UNAVAILABLE, "too many domain names");
    }
    set_str(record, "DomainNameArn", arn);
    configuration_put(c, record, &configurations->items[0],
                      arena_printf(c->arena, "d-%.*s.execute-api.%.*s.amazonaws.com", STR_ARG(id),
                                   STR_ARG(c->region)));
    domain_complete(c, record);
    record_put(c, KIND_DOMAIN, owner_of(c), name, record);
    domain_certificate(gateway_of(c), name, record);
    copy_members(c->out, record);
    return OK;
}

static status domain_of_call(struct call *c, struct value **ret_record)
{
    call_on(c, apigw_arn(c, "/domainnames/%.*s",
                         STR_ARG(str_slice(arg_str(c, "DomainName"), 0, 512))));
    return record_of_call(c, KIND_DOMAIN, owner_of(c), ret_record);
}

/* GetDomainName */
status apigw_get_domain(struct call *c)
{
    struct value *record;

    TRY(domain_of_call(c, &record));
    copy_members(c->out, record);
    return OK;
}

/* GetDomainNames */
status apigw_get_domains(struct call *c)
{
    return list_tell(c, &(struct listing){.kind = KIND_DOMAIN, .owner = owner_of(c)});
}

/* UpdateDomainName */
status apigw_update_domain(struct call *c)
{
    const struct value *asked = arg(c, "DomainNameConfigurations");
    struct value *record;
    struct value *was;

    TRY(domain_of_call(c, &record));
    TRY(input_check(c));
    was = &get(record, "DomainNameConfigurations")->items[0];
    if (asked != NULL) {
        struct value *wanted = value_struct(c->arena, was->shape);

        copy_members(wanted, was);
        copy_members(wanted, &asked->items[0]);
        TRY(configuration_check(c, wanted));
        configuration_put(c, record, wanted, get_str(was, "ApiGatewayDomainName"));
    }
    if (arg_has(c, "MutualTlsAuthentication")) {
        const struct value *mutual = arg(c, "MutualTlsAuthentication");

        if (has(mutual, "TruststoreUri") && get_str(mutual, "TruststoreUri").bytes == 0) {
            unset_member(record, "MutualTlsAuthentication");
        } else {
            set_value(record, "MutualTlsAuthentication", mutual);
        }
    }
    domain_complete(c, record);
    TRY(size_check(c, KIND_DOMAIN, record));
    record_put(c, KIND_DOMAIN, owner_of(c), arg_str(c, "DomainName"), record);
    domain_certificate(gateway_of(c), arg_str(c, "DomainName"), record);
    copy_members(c->out, record);
    return OK;
}

/* DeleteDomainName */
status apigw_delete_domain(struct call *c)
{
    struct gateway *gateway = gateway_of(c);
    struct str name = arg_str(c, "DomainName");
    struct value *record;

    TRY(domain_of_call(c, &record));
    records_erase(c, KIND_MAPPING, domain_owner(c, name));
    record_erase(c, KIND_DOMAIN, owner_of(c), name);
    domain_leave(gateway, domain_named(gateway, c->account, c->region, name));
    return OK;
}
