/* SPDX-License-Identifier: Apache-2.0
 *
 * Does who asks own the domain?
 *
 *   DNS    where a hosted zone of the account in weir's Route 53 has the domain, its record is
 *          waited for. Of other domains weir knows nothing: they count as validated.
 *   EMAIL  mails into the outbox (bus/outbox.h), each with a POST that approves
 */
#include "base/codec.h"
#include "base/digest.h"
#include "bus/outbox.h"
#include "cell/inner.h"
#include "svc/acm/acm_int.h"

#define SUM_LETTERS 32

static struct str letters_of(struct call *c, struct str text)
{
    uint8_t sum[SHA256_BYTES];
    char *hex = arena_alloc(c->arena, (size_t)2 * SHA256_BYTES);

    sha256(text, sum);
    hex_encode(str_of(sum, sizeof(sum)), hex);
    return str_of(hex, SUM_LETTERS);
}

/* "*.example.com" is validated by example.com's record. */
static struct str bare(struct str domain)
{
    return str_starts(domain, STR("*.")) ? str_slice(domain, 2, domain.bytes) : domain;
}

/* ---- beginning ---- */

/* Letters of an account's domain: the same for all its certificates. */
static void record_set(struct call *c, struct value *validation, struct str domain)
{
    struct value *record = set_struct(c->arena, validation, "ResourceRecord");
    struct str name = letters_of(c, arena_printf(c->arena, "name %.*s %.*s", STR_ARG(c->account),
                                                 STR_ARG(bare(domain))));
    struct str value = letters_of(c, arena_printf(c->arena, "value %.*s %.*s",
                                                  STR_ARG(c->account), STR_ARG(bare(domain))));

    set_str(record, "Name", arena_printf(c->arena, "_%.*s.%.*s.", STR_ARG(name),
                                         STR_ARG(bare(domain))));
    set_str(record, "Type", STR("CNAME"));
    set_str(record, "Value", arena_printf(c->arena, "_%.*s.%.10s.acm-validations.aws.",
                                          STR_ARG(value), name.at));
}

static void mails_set(struct call *c, struct value *validation, struct str domain)
{
    static const char *const names[] = {"administrator", "hostmaster", "postmaster", "webmaster",
                                        "admin"};
    struct value *mails = set_list(c->arena, validation, "ValidationEmails", 5);

    for (size_t i = 0; i < 5; i++) {
        list_add_str(mails, arena_printf(c->arena, "%s@%.*s", names[i], STR_ARG(domain)));
    }
}

static struct str validation_domain(const struct value *options, struct str domain)
{
    for (uint32_t i = 0; options != NULL && i < options->count; i++) {
        if (str_eq(get_str(&options->items[i], "DomainName"), domain)) {
            return get_str(&options->items[i], "ValidationDomain");
        }
    }
    return bare(domain);
}

void validation_begin(struct call *c, struct certificate *certificate, const struct value *options)
{
    const struct value *names = get(certificate->about, "SubjectAlternativeNames");
    bool dns = str_eq(arg_str(c, "ValidationMethod"), STR("DNS"));
    struct value *list = set_list(c->arena, certificate->about, "DomainValidationOptions",
                                  names->count);

    for (uint32_t i = 0; i < names->count; i++) {
        struct value *validation = list_add(c->arena, list);
        struct str domain = names->items[i].str;
        struct str asked = validation_domain(options, domain);

        set_str(validation, "DomainName", domain);
        set_str(validation, "ValidationDomain", dns ? domain : asked);
        set_str(validation, "ValidationStatus", STR("PENDING_VALIDATION"));
        set_str(validation, "ValidationMethod", dns ? STR("DNS") : STR("EMAIL"));
        if (dns) {
            record_set(c, validation, domain);
        } else {
            mails_set(c, validation, asked);
        }
    }
}

/* ---- records ---- */

/* The id of the account's public zone of exactly that name; STR_NONE: there is none. */
static struct str zone_of(struct call *c, struct str name)
{
    struct inner inner;
    const struct value *zones;

    if (inner_begin(c, "route53", "ListHostedZonesByName", &inner) != OK) {
        return STR_NONE;
    }
    set_str(inner.in, "DNSName", name);
    set_str(inner.in, "MaxItems", STR("1"));
    if (inner_run(c, &inner) != OK) {
        return STR_NONE;
    }
    zones = get(inner.out, "HostedZones");
    if (zones == NULL || zones->count == 0) {
        return STR_NONE;
    }
    const struct value *config = get(&zones->items[0], "Config");
    struct str found = get_str(&zones->items[0], "Name");

    return found.bytes == name.bytes + 1 && str_starts(found, name) &&
                   (config == NULL || !get_bool(config, "PrivateZone", false))
               ? get_str(&zones->items[0], "Id") : STR_NONE;
}

static bool record_is(struct call *c, struct str zone, const struct value *record)
{
    const struct value *data;
    struct inner inner;

    if (inner_begin(c, "route53", "TestDNSAnswer", &inner) != OK) {
        return false;
    }
    if (str_starts(zone, STR("/hostedzone/"))) {
        zone = str_slice(zone, STR("/hostedzone/").bytes, zone.bytes);
    }
    set_str(inner.in, "HostedZoneId", zone);
    set_str(inner.in, "RecordName", get_str(record, "Name"));
    set_str(inner.in, "RecordType", STR("CNAME"));
    if (inner_run(c, &inner) != OK) {
        return false;
    }
    data = get(inner.out, "RecordData");
    for (uint32_t i = 0; data != NULL && i < data->count; i++) {
        struct str value = data->items[i].str, wanted = get_str(record, "Value");

        if (str_eq_nocase(value, wanted) ||
            str_eq_nocase(value, str_slice(wanted, 0, wanted.bytes - 1))) {
            return true;
        }
    }
    return false;
}

/* The nearest zone decides; without one the domain is not weir's to judge. */
static bool domain_is_good(struct call *c, const struct value *validation)
{
    struct str rest = bare(get_str(validation, "DomainName"));

    while (rest.at != NULL && rest.bytes > 0) {
        struct str zone = zone_of(c, rest);

        if (zone.at != NULL) {
            return record_is(c, zone, get(validation, "ResourceRecord"));
        }
        (void)str_split(&rest, '.');
    }
    return true;
}

bool validation_look(struct call *c, struct certificate *certificate)
{
    struct value *list =
        (struct value *)(uintptr_t)get(certificate->about, "DomainValidationOptions");
    bool all = true;

    for (uint32_t i = 0; i < list->count; i++) {
        struct value *validation = &list->items[i];
        bool good = str_eq(get_str(validation, "ValidationStatus"), STR("SUCCESS"));

        if (!good && str_eq(get_str(validation, "ValidationMethod"), STR("DNS"))) {
            good = domain_is_good(c, validation);
        }
        if (good) {
            set_str(validation, "ValidationStatus", STR("SUCCESS"));
        }
        all = all && good;
    }
    c->why.text[0] = '\0';
    return all;
}

/* ---- mails ---- */

/* Nobody guesses it who has not read the mail: it comes from the certificate's key. */
static struct str approval(struct call *c, const struct certificate *certificate,
                           struct str domain)
{
    const struct value *texts = texts_load(c, certificate);

    return letters_of(c, arena_printf(c->arena, "%.*s %.*s", STR_ARG(domain),
                                      STR_ARG(get_str(texts, "PrivateKey"))));
}

static void mail_one(struct call *c, const struct certificate *certificate,
                     const struct value *validation)
{
    struct str domain = get_str(validation, "DomainName");
    const struct value *mails = get(validation, "ValidationEmails");
    struct str body = arena_printf(
        c->arena,
        "Somebody asked for a certificate of %.*s in account %.*s, region %.*s:\n%.*s\n\n"
        "To approve it: POST /_weir/acm/approve?certificate=%.*s&domain=%.*s&code=%.*s\n",
        STR_ARG(domain), STR_ARG(certificate->account), STR_ARG(certificate->region),
        STR_ARG(certificate_arn(certificate)), STR_ARG(certificate_arn(certificate)),
        STR_ARG(domain), STR_ARG(approval(c, certificate, domain)));

    for (uint32_t i = 0; mails != NULL && i < mails->count; i++) {
        struct outbox_message message = {
            .kind = STR("email"),
            .from = certificate_arn(certificate),
            .to = mails->items[i].str,
            .subject = arena_printf(c->arena, "Certificate request for %.*s", STR_ARG(domain)),
            .body = body,
        };

        outbox_add(c, &message);
    }
}

void validation_mail(struct call *c, const struct certificate *certificate, struct str domain)
{
    const struct value *list = get(certificate->about, "DomainValidationOptions");

    for (uint32_t i = 0; list != NULL && i < list->count; i++) {
        if (str_eq(get_str(&list->items[i], "ValidationMethod"), STR("EMAIL")) &&
            (domain.at == NULL || str_eq(get_str(&list->items[i], "DomainName"), domain))) {
            mail_one(c, certificate, &list->items[i]);
        }
    }
}

/* POST /_weir/acm/approve?certificate=ARN&domain=DOMAIN&code=CODE */
status page_approve(struct call *c)
{
    struct str domain = page_arg(c, "domain");
    struct certificate certificate;
    struct value *list;
    struct arn arn;

    if (!str_eq(c->request->method, STR("POST")) || !arn_read(page_arg(c, "certificate"), &arn)) {
        call_answer(c, 400, "text/plain", STR("POST certificate, domain and code.\n"));
        return OK;
    }
    c->account = arena_dup(c->arena, arn.account);
    c->region = arena_dup(c->arena, arn.region);
    if (certificate_of_arn(c, page_arg(c, "certificate"), &certificate) != OK ||
        !status_is(&certificate, "PENDING_VALIDATION") ||
        !str_eq(page_arg(c, "code"), approval(c, &certificate, domain))) {
        call_answer(c, 404, "text/plain", STR("There is nothing to approve.\n"));
        return OK;
    }
    list = (struct value *)(uintptr_t)get(certificate.about, "DomainValidationOptions");
    for (uint32_t i = 0; i < list->count; i++) {
        if (str_eq(get_str(&list->items[i], "DomainName"), domain)) {
            set_str(&list->items[i], "ValidationStatus", STR("SUCCESS"));
        }
    }
    if (validation_look(c, &certificate)) {
        certificate_issue(c, &certificate);
    }
    certificate_save(c, &certificate);
    certificate_plan(c, &certificate);
    call_answer(c, 200, "text/plain", STR("Approved.\n"));
    return OK;
}
