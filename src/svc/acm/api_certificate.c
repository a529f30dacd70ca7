/* SPDX-License-Identifier: Apache-2.0
 *
 * Certificates requested, told of, listed, renewed, revoked and deleted.
 */
#include "base/mem.h"
#include "svc/acm/acm_ops.h"
#include "wire/wire.h"

#include <stdlib.h>

static status certificate_of_call(struct call *c, struct certificate *ret_certificate)
{
    return certificate_of_arn(c, arg_str(c, "CertificateArn"), ret_certificate);
}

/* ---- RequestCertificate ---- */

/* A key that is made outside; in the call's keep. */
struct making {
    struct str algorithm; /* of it */
    struct str pem;       /* made; owned */
};

static void make_key(void *arg)
{
    struct making *making = arg;

    making->pem = x509_key_new(making->algorithm);
}

static bool is_named(const struct value *list, struct str name)
{
    for (uint32_t i = 0; i < list->count; i++) {
        if (str_eq_nocase(list->items[i].str, name)) {
            return true;
        }
    }
    return false;
}

/* The domain first, then the others, each once. */
static void names_set(struct call *c, struct value *about)
{
    const struct value *more = arg(c, "SubjectAlternativeNames");
    struct value *names = set_list(c->arena, about, "SubjectAlternativeNames",
                                   1 + (more == NULL ? 0 : more->count));

    list_add_str(names, arg_str(c, "DomainName"));
    for (uint32_t i = 0; more != NULL && i < more->count; i++) {
        if (!is_named(names, more->items[i].str)) {
            list_add_str(names, more->items[i].str);
        }
    }
}

static void options_set(struct call *c, struct value *about)
{
    struct value *options = set_struct(c->arena, about, "Options");

    if (arg_has(c, "Options")) {
        set_members(c->arena, options, arg(c, "Options"));
    }
    if (!has(options, "CertificateTransparencyLoggingPreference")) {
        set_str(options, "CertificateTransparencyLoggingPreference", STR("ENABLED"));
    }
    if (!has(options, "Export")) {
        set_str(options, "Export", STR("DISABLED"));
    }
}

static status request_finish(struct call *c)
{
    struct making *making = c->kept;
    struct certificate certificate;
    struct value *texts = texts_new(c);
    struct str key = arena_dup(c->arena, making->pem);

    mem_free((char *)(uintptr_t)making->pem.at);
    certificate_new(c, &certificate);
    set_str(certificate.about, "DomainName", arg_str(c, "DomainName"));
    names_set(c, certificate.about);
    set_str(certificate.about, "Subject",
            arena_printf(c->arena, "CN=%.*s", STR_ARG(arg_str(c, "DomainName"))));
    set_time(certificate.about, "CreatedAt", c->now);
    set_str(certificate.about, "Status", STR("PENDING_VALIDATION"));
    set_str(certificate.about, "Type", STR("AMAZON_ISSUED"));
    set_str(certificate.about, "CertificateKeyPairOrigin", STR("AWS_MANAGED"));
    set_str(certificate.about, "KeyAlgorithm",
            str_starts(making->algorithm, STR("RSA_"))
                ? arena_printf(c->arena, "RSA-%.*s",
                               STR_ARG(str_slice(making->algorithm, 4, making->algorithm.bytes)))
                : making->algorithm);
    set_str(certificate.about, "RenewalEligibility", STR("INELIGIBLE"));
    set_list(c->arena, certificate.about, "InUseBy", 0);
    options_set(c, certificate.about);
    validation_begin(c, &certificate, arg(c, "DomainValidationOptions"));
    set_str(texts, "PrivateKey", key);
    texts_save(c, &certificate, texts);
    if (arg_has(c, "Tags")) {
        struct value *tags = tags_load(c, &certificate);

        tags_lay(c->arena, tags, "Tags", arg(c, "Tags"));
        tags_save(c, &certificate, tags);
    }
    if (validation_look(c, &certificate)) {
        certificate_issue(c, &certificate);
    }
    certificate_save(c, &certificate);
    certificate_plan(c, &certificate);
    validation_mail(c, &certificate, STR_NONE);
    if (arg_has(c, "IdempotencyToken")) {
        token_save(c, arg_str(c, "IdempotencyToken"), certificate_arn(&certificate));
    }
    put_str(c, "CertificateArn", certificate_arn(&certificate));
    return OK;
}

static status request_check(struct call *c)
{
    const struct value *options = arg(c, "DomainValidationOptions");
    const struct value *names = arg(c, "SubjectAlternativeNames");

    if (arg_has(c, "CertificateAuthorityArn")) {
        return fail(c, &WIRE_NOT_IMPLEMENTED, "Private certificate authorities are not there.");
    }
    if (str_eq(arg_str(c, "ValidationMethod"), STR("HTTP")) || arg_has(c, "ManagedBy")) {
        return fail(c, &ACM_VALIDATION, "HTTP validation is for certificates that CloudFront "
                    "manages.");
    }
    if (names != NULL && names->count >= NAMES_MAX) {
        return fail(c, &ACM_VALIDATION, "A certificate can have at most %d names.", NAMES_MAX);
    }
    for (uint32_t i = 0; options != NULL && i < options->count; i++) {
        struct str domain = get_str(&options->items[i], "DomainName");
        struct str asked = get_str(&options->items[i], "ValidationDomain");

        if (!str_ends(domain, asked) ||
            (!str_eq(domain, arg_str(c, "DomainName")) &&
             (names == NULL || !is_named(names, domain)))) {
            return fail(c, &ACM_OPTIONS, "The validation domain %.*s is neither %.*s nor above "
                        "it.", STR_ARG(asked), STR_ARG(domain));
        }
    }
    return acm_tags_check(c, NULL, arg(c, "Tags"));
}

/* RequestCertificate */
status acm_request(struct call *c)
{
    struct str algorithm = arg_has(c, "KeyAlgorithm") ? arg_str(c, "KeyAlgorithm")
                                                      : STR("RSA_2048");
    struct str known = token_load(c, arg_str(c, "IdempotencyToken"));
    struct certificate certificate;
    struct making *making;

    TRY(request_check(c));
    if (!x509_algorithm_known(algorithm)) {
        return fail(c, &ACM_VALIDATION, "The key algorithm %.*s cannot be requested.",
                    STR_ARG(algorithm));
    }
    if (known.at != NULL && certificate_of_arn(c, known, &certificate) == OK &&
        str_eq(get_str(certificate.about, "DomainName"), arg_str(c, "DomainName"))) {
        put_str(c, "CertificateArn", known);
        return OK;
    }
    making = ARENA_NEW(c->keep, struct making);
    making->algorithm = arena_dup(c->keep, algorithm);
    c->kept = making;
    call_work(c, make_key, making, request_finish);
    return OK;
}

/* ---- telling ---- */

/* DescribeCertificate */
status acm_describe(struct call *c)
{
    struct certificate certificate;

    TRY(certificate_of_call(c, &certificate));
    set_value(c->out, "Certificate", certificate.about);
    return OK;
}

/* GetCertificate */
status acm_get(struct call *c)
{
    struct certificate certificate;
    const struct value *texts;

    TRY(certificate_of_call(c, &certificate));
    texts = texts_load(c, &certificate);
    if (!has(texts, "Certificate")) {
        return fail(c, &ACM_PROGRESS, "Certificate %.*s is not issued yet.",
                    STR_ARG(certificate_arn(&certificate)));
    }
    put_str(c, "Certificate", get_str(texts, "Certificate"));
    if (has(texts, "CertificateChain")) {
        put_str(c, "CertificateChain", get_str(texts, "CertificateChain"));
    }
    return OK;
}

static bool text_in(const struct value *list, struct str text)
{
    for (uint32_t i = 0; list != NULL && i < list->count; i++) {
        struct str item = list->items[i].str;
        bool same = item.bytes == text.bytes;

        for (size_t k = 0; k < item.bytes && same; k++) { /* RSA_2048 is told as RSA-2048 */
            same = item.at[k] == text.at[k] || (item.at[k] == '_' && text.at[k] == '-');
        }
        if (same) {
            return true;
        }
    }
    return false;
}

/* Every wanted use is among the certificate's. */
static bool uses_fit(const struct value *wanted, const struct value *uses)
{
    for (uint32_t i = 0; wanted != NULL && i < wanted->count; i++) {
        bool found = str_eq(wanted->items[i].str, STR("ANY"));

        for (uint32_t k = 0; uses != NULL && k < uses->count && !found; k++) {
            found = str_eq(get_str(&uses->items[k], "Name"), wanted->items[i].str);
        }
        if (!found) {
            return false;
        }
    }
    return true;
}

static bool fits(struct call *c, const struct certificate *certificate)
{
    const struct value *about = certificate->about, *includes = arg(c, "Includes");
    const struct value *statuses = arg(c, "CertificateStatuses");
    const struct value *origins = arg(c, "CertificateKeyPairOrigins");
    const struct value *types = includes == NULL ? NULL : get(includes, "keyTypes");
    const struct value *options = get(about, "Options");

    if ((statuses != NULL && !text_in(statuses, get_str(about, "Status"))) ||
        (origins != NULL && !text_in(origins, get_str(about, "CertificateKeyPairOrigin")))) {
        return false;
    }
    if (types != NULL ? !text_in(types, get_str(about, "KeyAlgorithm"))
                      : !str_eq(get_str(about, "KeyAlgorithm"), STR("RSA-2048"))) {
        return false;
    }
    if (includes == NULL) {
        return true;
    }
    return !has(includes, "managedBy") &&
           (!has(includes, "exportOption") ||
            (options != NULL && str_eq(get_str(options, "Export"),
                                       get_str(includes, "exportOption")))) &&
           uses_fit(get(includes, "keyUsage"), get(about, "KeyUsages")) &&
           uses_fit(get(includes, "extendedKeyUsage"), get(about, "ExtendedKeyUsages"));
}

static void names_of_uses(struct call *c, struct value *entry, const char *member,
                          const struct value *uses)
{
    struct value *names = set_list(c->arena, entry, member, uses == NULL ? 0 : uses->count);

    for (uint32_t i = 0; uses != NULL && i < uses->count; i++) {
        list_add_str(names, get_str(&uses->items[i], "Name"));
    }
}

static void summarize(struct call *c, const struct certificate *certificate, struct value *entry)
{
    const struct value *about = certificate->about, *options = get(about, "Options");
    const struct value *names = get(about, "SubjectAlternativeNames");

    set_members(c->arena, entry, about);
    names_of_uses(c, entry, "KeyUsages", get(about, "KeyUsages"));
    names_of_uses(c, entry, "ExtendedKeyUsages", get(about, "ExtendedKeyUsages"));
    if (names != NULL) {
        set_value(entry, "SubjectAlternativeNameSummaries", names);
    }
    set_bool(entry, "HasAdditionalSubjectAlternativeNames", false);
    set_bool(entry, "InUse", false);
    if (options != NULL && has(options, "Export")) {
        set_str(entry, "ExportOption", get_str(options, "Export"));
        set_bool(entry, "Exported",
                 str_eq(get_str(about, "RenewalEligibility"), STR("ELIGIBLE")));
    }
}

struct placed {
    struct str place;               /* sorts as wanted */
    struct certificate certificate; /* which */
};

static int compare(const void *a, const void *b)
{
    return str_cmp(((const struct placed *)a)->place, ((const struct placed *)b)->place);
}

static size_t gather(struct call *c, struct placed **ret_placed)
{
    bool down = str_eq(arg_str(c, "SortOrder"), STR("DESCENDING"));
    struct txn_scan *scan = certificates_scan(c);
    struct placed *placed = NULL;
    size_t count = 0, room = 0;
    struct certificate one;

    while (certificates_next(c, scan, &one)) {
        uint64_t at = (uint64_t)get_time(one.about, "CreatedAt", 0);

        if (!fits(c, &one)) {
            continue;
        }
        if (count == room) {
            room = room == 0 ? 64 : 2 * room;
            struct placed *grown = arena_alloc(c->arena, room * sizeof(*grown));

            if (count > 0) {
                memcpy(grown, placed, count * sizeof(*grown));
            }
            placed = grown;
        }
        placed[count++] = (struct placed){
            arena_printf(c->arena, "%016llx %.*s", (unsigned long long)(down ? ~at : at),
                         STR_ARG(one.id)), one};
    }
    if (count > 1) {
        qsort(placed, count, sizeof(*placed), compare);
    }
    *ret_placed = placed;
    return count;
}

/* ListCertificates */
status acm_list(struct call *c)
{
    size_t count_max = (size_t)arg_int(c, "MaxItems", CERTIFICATES_PAGE);
    struct str after = STR_NONE;
    struct placed *placed;
    struct value *list;
    size_t count;

    if (arg_has(c, "SortBy") != arg_has(c, "SortOrder")) {
        return fail(c, &ACM_VALIDATION, "SortBy and SortOrder must be specified together.");
    }
    if (arg_has(c, "NextToken") && !page_token_read(c->arena, arg_str(c, "NextToken"), &after)) {
        return fail(c, &ACM_ARGS, "The NextToken value is invalid.");
    }
    count = gather(c, &placed);
    list = put_list(c, "CertificateSummaryList", count_max);
    for (size_t i = 0; i < count; i++) {
        if (str_cmp(placed[i].place, after) <= 0) {
            continue;
        }
        if (list->count == count_max) {
            put_str(c, "NextToken", page_token(c->arena, placed[i - 1].place));
            break;
        }
        summarize(c, &placed[i].certificate, list_add(c->arena, list));
    }
    return OK;
}

/* ---- changing ---- */

/* DeleteCertificate */
status acm_delete(struct call *c)
{
    struct certificate certificate;

    TRY(certificate_of_call(c, &certificate));
    certificate_purge(c, &certificate);
    return OK;
}

/* ResendValidationEmail */
status acm_resend(struct call *c)
{
    const struct value *list;
    struct certificate certificate;
    bool mailed = false;

    TRY(certificate_of_call(c, &certificate));
    if (!status_is(&certificate, "PENDING_VALIDATION")) {
        return fail(c, &ACM_STATE, "The certificate is not waiting for its validation.");
    }
    list = get(certificate.about, "DomainValidationOptions");
    for (uint32_t i = 0; i < list->count; i++) {
        mailed |= str_eq(get_str(&list->items[i], "DomainName"), arg_str(c, "Domain")) &&
                  str_eq(get_str(&list->items[i], "ValidationMethod"), STR("EMAIL")) &&
                  str_eq(get_str(&list->items[i], "ValidationDomain"),
                         arg_str(c, "ValidationDomain"));
    }
    if (!mailed) {
        return fail(c, &ACM_OPTIONS, "The domain %.*s is not validated by e-mail to %.*s.",
                    STR_ARG(arg_str(c, "Domain")), STR_ARG(arg_str(c, "ValidationDomain")));
    }
    validation_mail(c, &certificate, arg_str(c, "Domain"));
    call_on(c, certificate_arn(&certificate));
    return OK;
}

/* UpdateCertificateOptions */
status acm_update_options(struct call *c)
{
    const struct value *wanted = arg(c, "Options");
    struct certificate certificate;
    struct value *options;

    TRY(certificate_of_call(c, &certificate));
    if (!str_eq(get_str(certificate.about, "Type"), STR("AMAZON_ISSUED")) ||
        !status_is(&certificate, "ISSUED")) {
        return fail(c, &ACM_STATE, "The certificate %.*s is in a state in which its options "
                    "cannot be changed.", STR_ARG(certificate_arn(&certificate)));
    }
    if (has(wanted, "ValidationMethod")) {
        return fail(c, &WIRE_NOT_IMPLEMENTED, "A certificate's way of validation stays as it is.");
    }
    options = set_struct(c->arena, certificate.about, "Options");
    set_members(c->arena, options, wanted);
    if (!has(options, "CertificateTransparencyLoggingPreference")) {
        set_str(options, "CertificateTransparencyLoggingPreference", STR("ENABLED"));
    }
    if (!has(options, "Export")) {
        set_str(options, "Export", STR("DISABLED"));
    }
    certificate_save(c, &certificate);
    return OK;
}

/* RevokeCertificate */
status acm_revoke(struct call *c)
{
    struct certificate certificate;

    TRY(certificate_of_call(c, &certificate));
    if (!status_is(&certificate, "ISSUED") ||
        !str_eq(get_str(certificate.about, "RenewalEligibility"), STR("ELIGIBLE"))) {
        return fail(c, &ACM_CONFLICT, "Only a certificate that was exported can be revoked.");
    }
    set_str(certificate.about, "Status", STR("REVOKED"));
    set_str(certificate.about, "RenewalEligibility", STR("INELIGIBLE"));
    set_time(certificate.about, "RevokedAt", c->now);
    set_str(certificate.about, "RevocationReason", arg_str(c, "RevocationReason"));
    certificate_save(c, &certificate);
    certificate_plan(c, &certificate);
    put_str(c, "CertificateArn", certificate_arn(&certificate));
    return OK;
}

/* RenewCertificate */
status acm_renew(struct call *c)
{
    struct certificate certificate;

    TRY(certificate_of_call(c, &certificate));
    if (!status_is(&certificate, "ISSUED") ||
        !str_eq(get_str(certificate.about, "RenewalEligibility"), STR("ELIGIBLE"))) {
        return fail(c, &ACM_VALIDATION, "The certificate %.*s is not eligible for renewal.",
                    STR_ARG(certificate_arn(&certificate)));
    }
    certificate_issue(c, &certificate);
    certificate_save(c, &certificate);
    certificate_plan(c, &certificate);
    return OK;
}
