/* SPDX-License-Identifier: Apache-2.0
 *
 * Certificates in templates. A stack waits until one is issued; where an option names a hosted
 * zone, the record that proves it is put there, and stays when the certificate goes, as on AWS.
 */
#include "svc/acm/cfn.h"

#define PROOF_TTL_SECONDS 300

/* ---- AWS::CertificateManager::Certificate ---- */

static const struct resource_property certificate_properties[] = {
    {"CertificateAuthorityArn", NULL, RESOURCE_REPLACES, 0},
    {"CertificateExport", "", RESOURCE_IN_PLACE, 0},
    {"CertificateTransparencyLoggingPreference", "", RESOURCE_IN_PLACE, 0},
    {"DomainName", NULL, RESOURCE_REPLACES, RESOURCE_REQUIRED},
    {"DomainValidationOptions", "", RESOURCE_REPLACES, RESOURCE_SECRET},
    {"KeyAlgorithm", NULL, RESOURCE_REPLACES, 0},
    {"SubjectAlternativeNames", NULL, RESOURCE_REPLACES, 0},
    {"Tags", NULL, RESOURCE_IN_PLACE, RESOURCE_TAGS},
    {"ValidationMethod", NULL, RESOURCE_REPLACES, 0},
};
static const char *const certificate_attributes[] = {"Id", NULL};

static status options_set(struct resource *r, struct inner *inner)
{
    struct value *options = doc_map(r->c->arena);
    const struct value *logging = resource_get(r, "CertificateTransparencyLoggingPreference");
    const struct value *export = resource_get(r, "CertificateExport");

    if (logging != NULL) {
        *doc_put(r->c->arena, options, STR("CertificateTransparencyLoggingPreference")) =
            *logging;
    } else if (r->had != NULL) {
        doc_put_text(r->c->arena, options, "CertificateTransparencyLoggingPreference",
                     STR("ENABLED"));
    }
    if (export != NULL) {
        *doc_put(r->c->arena, options, STR("Export")) = *export;
    }
    return options->count == 0 ? OK : resource_set(r, inner, "Options", options);
}

/* What the operation takes of the options: where to write to. */
static status mails_set(struct resource *r, struct inner *inner)
{
    const struct value *list = resource_get(r, "DomainValidationOptions");
    struct value *made = ARENA_NEW(r->c->arena, struct value);

    made->kind = VALUE_LIST;
    for (uint32_t i = 0; list != NULL && list->kind == VALUE_LIST && i < list->count; i++) {
        const struct value *domain = doc_get(&list->items[i], "ValidationDomain");
        const struct value *name = doc_get(&list->items[i], "DomainName");
        struct value *one;

        if (domain != NULL && name != NULL) {
            one = doc_add(r->c->arena, made);
            one->kind = VALUE_MAP;
            *doc_put(r->c->arena, one, STR("DomainName")) = *name;
            *doc_put(r->c->arena, one, STR("ValidationDomain")) = *domain;
        }
    }
    return resource_set(r, inner, "DomainValidationOptions", made->count == 0 ? NULL : made);
}

static status certificate_read(struct resource *r, const struct value **ret_certificate)
{
    struct inner inner;

    TRY(resource_ask(r, "DescribeCertificate", RESOURCE_ARGS({"CertificateArn", r->id}), &inner));
    *ret_certificate = get(inner.out, "Certificate");
    return OK;
}

/* The zone that a name's proof goes to; STR_NONE: somebody else puts it. */
static struct str zone_of(struct resource *r, struct str domain)
{
    const struct value *list = resource_get(r, "DomainValidationOptions");

    for (uint32_t i = 0; list != NULL && list->kind == VALUE_LIST && i < list->count; i++) {
        struct str name = doc_text(r->c->arena, doc_get(&list->items[i], "DomainName"));

        if (name.at != NULL && str_eq_nocase(name, domain)) {
            return doc_text(r->c->arena, doc_get(&list->items[i], "HostedZoneId"));
        }
    }
    return STR_NONE;
}

static status proof_put(struct resource *r, struct str zone, const struct value *record)
{
    struct arena *arena = r->c->arena;
    struct value *batch = doc_map(arena);
    struct value *change = doc_add(arena, doc_put_list(arena, batch, "Changes"));
    struct value *set;
    struct value *value;
    struct inner inner;

    change->kind = VALUE_MAP;
    doc_put_text(arena, change, "Action", STR("UPSERT"));
    set = doc_put_map(arena, change, STR("ResourceRecordSet"));
    doc_put_text(arena, set, "Name", get_str(record, "Name"));
    doc_put_text(arena, set, "Type", get_str(record, "Type"));
    doc_put_int(arena, set, "TTL", PROOF_TTL_SECONDS);
    value = doc_add(arena, doc_put_list(arena, set, "ResourceRecords"));
    value->kind = VALUE_MAP;
    doc_put_text(arena, value, "Value", get_str(record, "Value"));
    TRY(resource_begin_of(r, "route53", "ChangeResourceRecordSets", &inner));
    set_str(inner.in, "HostedZoneId", zone);
    TRY(resource_set(r, &inner, "ChangeBatch", batch));
    return resource_run(r, &inner);
}

static status proofs_put(struct resource *r)
{
    const struct value *certificate = NULL;
    const struct value *options;

    TRY(certificate_read(r, &certificate));
    options = get(certificate, "DomainValidationOptions");
    for (uint32_t i = 0; options != NULL && i < options->count; i++) {
        struct str zone = zone_of(r, get_str(&options->items[i], "DomainName"));

        if (zone.at != NULL && has(&options->items[i], "ResourceRecord")) {
            TRY(proof_put(r, zone, get(&options->items[i], "ResourceRecord")));
        }
    }
    return OK;
}

static status certificate_make(struct resource *r)
{
    struct inner inner;

    TRY(resource_begin(r, "RequestCertificate", &inner));
    TRY(resource_fill(r, &inner));
    TRY(mails_set(r, &inner));
    TRY(options_set(r, &inner));
    TRY(resource_run(r, &inner));
    r->id = get_str(inner.out, "CertificateArn");
    return proofs_put(r);
}

static status certificate_settled(struct resource *r)
{
    const struct value *certificate = NULL;
    struct str state;

    TRY(certificate_read(r, &certificate));
    state = get_str(certificate, "Status");
    if (str_eq(state, STR("PENDING_VALIDATION"))) {
        return &RESOURCE_WAITS;
    }
    if (str_eq(state, STR("ISSUED"))) {
        return OK;
    }
    return resource_fail(r, &RESOURCE_INVALID, "The certificate is in state %.*s",
                         STR_ARG(has(certificate, "FailureReason")
                                     ? get_str(certificate, "FailureReason")
                                     : state));
}

/* Only keys count where tags are taken off. */
static status tags_change(struct resource *r)
{
    const struct value *gone = NULL;
    const struct value *set = NULL;
    struct value *tags = ARENA_NEW(r->c->arena, struct value);
    struct inner inner;

    tags->kind = VALUE_LIST;
    resource_tags_changed(r, "Tags", &gone, &set);
    for (uint32_t i = 0; gone != NULL && i < gone->count; i++) {
        struct value *tag = doc_add(r->c->arena, tags);

        tag->kind = VALUE_MAP;
        doc_put_text(r->c->arena, tag, "Key", gone->items[i].str);
    }
    if (tags->count > 0) {
        TRY(resource_begin(r, "RemoveTagsFromCertificate", &inner));
        set_str(inner.in, "CertificateArn", r->id);
        TRY(resource_set(r, &inner, "Tags", tags));
        TRY(resource_run(r, &inner));
    }
    if (set != NULL) {
        TRY(resource_begin(r, "AddTagsToCertificate", &inner));
        set_str(inner.in, "CertificateArn", r->id);
        TRY(resource_set(r, &inner, "Tags", set));
        TRY(resource_run(r, &inner));
    }
    return OK;
}

static status certificate_change(struct resource *r)
{
    struct inner inner;

    if (resource_any_changed(r, "CertificateExport CertificateTransparencyLoggingPreference")) {
        TRY(resource_begin(r, "UpdateCertificateOptions", &inner));
        set_str(inner.in, "CertificateArn", r->id);
        TRY(options_set(r, &inner));
        TRY(resource_run(r, &inner));
    }
    return tags_change(r);
}

static status certificate_remove(struct resource *r)
{
    return resource_remove_by(r, "DeleteCertificate", "CertificateArn");
}

static status certificate_tell(struct resource *r)
{
    resource_attribute(r, "Id", r->id);
    return OK;
}

/* The names of a template do not have the certificate's first one among the others. */
static status certificate_now(struct resource *r, struct value *ret_properties)
{
    const struct value *want = resource_get(r, "SubjectAlternativeNames");
    const struct value *algorithm = resource_get(r, "KeyAlgorithm");
    const struct value *certificate = NULL;
    const struct value *domains;
    const struct value *options;
    struct inner inner;

    TRY(certificate_read(r, &certificate));
    doc_put_text(r->c->arena, ret_properties, "DomainName", get_str(certificate, "DomainName"));
    if (want != NULL) { /* names and algorithm stay what they were asked for */
        *doc_put(r->c->arena, ret_properties, STR("SubjectAlternativeNames")) = *want;
    }
    if (algorithm != NULL) {
        *doc_put(r->c->arena, ret_properties, STR("KeyAlgorithm")) = *algorithm;
    }
    domains = get(certificate, "DomainValidationOptions");
    if (domains != NULL && domains->count > 0 && has(&domains->items[0], "ValidationMethod")) {
        doc_put_text(r->c->arena, ret_properties, "ValidationMethod",
                     get_str(&domains->items[0], "ValidationMethod"));
    }
    options = get(certificate, "Options");
    if (options != NULL && has(options, "CertificateTransparencyLoggingPreference")) {
        doc_put_text(r->c->arena, ret_properties, "CertificateTransparencyLoggingPreference",
                     get_str(options, "CertificateTransparencyLoggingPreference"));
    }
    TRY(resource_ask(r, "ListTagsForCertificate", RESOURCE_ARGS({"CertificateArn", r->id}),
                     &inner));
    resource_now_tags(r, ret_properties, "Tags", get(inner.out, "Tags"));
    return OK;
}

/* ---- AWS::CertificateManager::Account ---- */

static const struct resource_property account_properties[] = {
    {"ExpiryEventsConfiguration", "", RESOURCE_IN_PLACE, RESOURCE_REQUIRED},
};
static const char *const account_attributes[] = {"AccountId", NULL};

static status expiry_put(struct resource *r, const struct value *expiry)
{
    struct inner inner;

    TRY(resource_begin(r, "PutAccountConfiguration", &inner));
    TRY(resource_set(r, &inner, "ExpiryEvents", expiry));
    set_str(inner.in, "IdempotencyToken",
            arena_printf(r->c->arena, "%016llx", (unsigned long long)rand_u64(r->c->rand)));
    return resource_run(r, &inner);
}

static status account_change(struct resource *r)
{
    return expiry_put(r, resource_get(r, "ExpiryEventsConfiguration"));
}

static status account_make(struct resource *r)
{
    TRY(account_change(r));
    r->id = r->c->account;
    return OK;
}

static status account_remove(struct resource *r)
{
    struct value *usual = doc_map(r->c->arena);

    doc_put_int(r->c->arena, usual, "DaysBeforeExpiry", 45);
    return expiry_put(r, usual);
}

static status account_tell(struct resource *r)
{
    resource_attribute(r, "AccountId", r->id);
    return OK;
}

static status account_now(struct resource *r, struct value *ret_properties)
{
    struct inner inner;

    TRY(resource_begin(r, "GetAccountConfiguration", &inner));
    TRY(resource_run(r, &inner));
    if (has(inner.out, "ExpiryEvents")) {
        *doc_put(r->c->arena, ret_properties, STR("ExpiryEventsConfiguration")) =
            *resource_document(r->c->arena, get(inner.out, "ExpiryEvents"));
    }
    return OK;
}

static const struct resource_type types[ACM_TYPES] = {
    {
        .name = "AWS::CertificateManager::Account",
        .service = "acm",
        RESOURCE_TYPE_PROPERTIES(account_properties),
        .attributes = account_attributes,
        .make = account_make,
        .change = account_change,
        .remove = account_remove,
        .tell = account_tell,
        .now = account_now,
    },
    {
        .name = "AWS::CertificateManager::Certificate",
        .service = "acm",
        RESOURCE_TYPE_PROPERTIES(certificate_properties),
        .attributes = certificate_attributes,
        .make = certificate_make,
        .change = certificate_change,
        .remove = certificate_remove,
        .settled = certificate_settled,
        .tell = certificate_tell,
        .now = certificate_now,
    },
};

const struct resource_type *const acm_types[ACM_TYPES] = {&types[0], &types[1]};
