/* SPDX-License-Identifier: Apache-2.0
 *
 * API mappings: which stage a domain name's paths lead to.
 */
#include "svc/apigatewayv2/domain.h"
#include "svc/apigatewayv2/ops.h"
#include "svc/apigatewayv2/rule.h"

#define MAPPING_KEY_BYTES_MAX 300

/* ---- rules ---- */

static status key_check(struct call *c, struct str key)
{
    bool good = key.bytes <= MAPPING_KEY_BYTES_MAX;

    for (size_t i = 0; good && i < key.bytes; i++) {
        char letter = key.at[i];

        good = (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
               (letter >= '0' && letter <= '9') ||
               (letter != '\0' && strchr("$-_.+!*'(),/", letter) != NULL);
    }
    for (struct str rest = key; good && key.bytes > 0 && rest.at != NULL;) {
        good = str_split(&rest, '/').bytes > 0;
    }
    return good ? OK
                : bad_request(c, "An ApiMapping key may contain only letters, numbers and one of "
                              "$-_.+!*'(),");
}

/* Of the memory's form, which mirrors the rows. */
static status key_free(struct call *c, const struct domain *domain, const struct value *mapping)
{
    for (size_t i = 0; i < domain->mapping_count; i++) {
        const struct domain_mapping *other = &domain->mappings[i];

        if (str_eq(other->key, get_str(mapping, "ApiMappingKey")) &&
            !str_eq(other->id, get_str(mapping, "ApiMappingId"))) {
            return fail(c, &GATEWAY_CONFLICT,
                        "ApiMapping key already exists for this domain name");
        }
    }
    return OK;
}

static status mapping_check(struct call *c, const struct domain *domain,
                            const struct value *mapping)
{
    struct str api = get_str(mapping, "ApiId");

    TRY(lengths_check(c));
    TRY(key_check(c, get_str(mapping, "ApiMappingKey")));
    if (!record_is(c, KIND_API, owner_of(c), api)) {
        return bad_request(c, "Invalid API identifier specified %.*s:%.*s", STR_ARG(c->account),
                           STR_ARG(str_slice(api, 0, 128)));
    }
    if (!record_is(c, KIND_STAGE, api, get_str(mapping, "Stage"))) {
        return bad_request(c, "Invalid stage identifier specified");
    }
    return key_free(c, domain, mapping);
}

/* ---- operations ---- */

static status domain_of_call(struct call *c, struct domain **ret_domain)
{
    struct str name = arg_str(c, "DomainName");
    struct value *record;

    call_on(c, apigw_arn(c, "/domainnames/%.*s", STR_ARG(str_slice(name, 0, 512))));
    TRY(record_of_call(c, KIND_DOMAIN, owner_of(c), &record));
    *ret_domain = domain_named(gateway_of(c), c->account, c->region, name);
    return OK;
}

static status mapping_of_call(struct call *c, struct domain **ret_domain,
                              struct value **ret_mapping)
{
    TRY(domain_of_call(c, ret_domain));
    return record_of_call(c, KIND_MAPPING, domain_owner(c, arg_str(c, "DomainName")),
                          ret_mapping);
}

static void mapping_put(struct call *c, struct domain *domain, const struct value *mapping)
{
    record_put(c, KIND_MAPPING, domain_owner(c, arg_str(c, "DomainName")),
               get_str(mapping, "ApiMappingId"), mapping);
    domain_map(domain, mapping);
}

/* CreateApiMapping */
status apigw_create_mapping(struct call *c)
{
    struct value *mapping = record_new(c->arena, KIND_MAPPING);
    struct str owner = domain_owner(c, arg_str(c, "DomainName"));
    struct domain *domain;

    TRY(domain_of_call(c, &domain));
    copy_members(mapping, c->in);
    TRY(mapping_check(c, domain, mapping));
    TRY(room_check(c, KIND_MAPPING, owner, MAPPINGS_MAX));
    if (!has(mapping, "ApiMappingKey")) {
        set_str(mapping, "ApiMappingKey", STR(""));
    }
    set_str(mapping, "ApiMappingId", id_new(c, KIND_MAPPING, owner, OTHER_ID_LETTERS));
    mapping_put(c, domain, mapping);
    copy_members(c->out, mapping);
    return OK;
}

/* GetApiMapping */
status apigw_get_mapping(struct call *c)
{
    struct value *mapping;
    struct domain *domain;

    TRY(mapping_of_call(c, &domain, &mapping));
    copy_members(c->out, mapping);
    return OK;
}

/* GetApiMappings */
status apigw_get_mappings(struct call *c)
{
    struct domain *domain;

    TRY(domain_of_call(c, &domain));
    return list_tell(c, &(struct listing){.kind = KIND_MAPPING,
                                          .owner = domain_owner(c, arg_str(c, "DomainName"))});
}

/* UpdateApiMapping */
status apigw_update_mapping(struct call *c)
{
    struct value *mapping;
    struct domain *domain;

    TRY(mapping_of_call(c, &domain, &mapping));
    copy_members(mapping, c->in);
    TRY(mapping_check(c, domain, mapping));
    mapping_put(c, domain, mapping);
    copy_members(c->out, mapping);
    return OK;
}

/* DeleteApiMapping */
status apigw_delete_mapping(struct call *c)
{
    struct value *mapping;
    struct domain *domain;

    TRY(mapping_of_call(c, &domain, &mapping));
    record_erase(c, KIND_MAPPING, domain_owner(c, arg_str(c, "DomainName")),
                 arg_str(c, "ApiMappingId"));
    domain_unmap(domain, arg_str(c, "ApiMappingId"));
    return OK;
}
