/* SPDX-License-Identifier: Apache-2.0
 *
 * A certificate's life:
 *
 *   PENDING_VALIDATION ── every domain validated ──> ISSUED ── its end ──> EXPIRED
 *          └── 72 hours ──> VALIDATION_TIMED_OUT       └── RevokeCertificate ──> REVOKED
 *
 * timers "validate/ARN", "expire/ARN", "renew/ARN"
 */
#include "base/mem.h"
#include "bus/timer.h"
#include "svc/acm/acm_int.h"

#include <assert.h>

bool status_is(const struct certificate *certificate, const char *text)
{
    return str_eq(get_str(certificate->about, "Status"), str_c(text));
}

static void timer_at(struct call *c, const struct certificate *certificate, const char *what,
                     int64_t at_ms)
{
    bus_timer_set(c, ACM_SERVICE,
                  arena_printf(c->arena, "%s/%.*s", what, STR_ARG(certificate_arn(certificate))),
                  at_ms, STR_NONE);
}

static void timer_off(struct call *c, const struct certificate *certificate, const char *what)
{
    bus_timer_unset(c, ACM_SERVICE, arena_printf(c->arena, "%s/%.*s", what,
                                                 STR_ARG(certificate_arn(certificate))));
}

void certificate_plan(struct call *c, const struct certificate *certificate)
{
    const struct value *about = certificate->about;
    int64_t end_ms = get_time(about, "NotAfter", 0);

    timer_off(c, certificate, "validate");
    timer_off(c, certificate, "expire");
    timer_off(c, certificate, "renew");
    if (status_is(certificate, "PENDING_VALIDATION")) {
        timer_at(c, certificate, "validate", c->now + LOOK_MS);
    } else if (status_is(certificate, "ISSUED")) {
        timer_at(c, certificate, "expire", end_ms);
        if (str_eq(get_str(about, "RenewalEligibility"), STR("ELIGIBLE"))) {
            timer_at(c, certificate, "renew", end_ms - RENEW_DAYS * MS_PER_DAY);
        }
    }
}

/* ---- what it says ---- */

static void describe_uses(struct call *c, struct value *about, const struct x509_facts *facts)
{
    struct value *uses = set_list(c->arena, about, "KeyUsages", facts->use_count);
    struct value *extended = set_list(c->arena, about, "ExtendedKeyUsages",
                                      facts->extended_count);

    for (size_t i = 0; i < facts->use_count; i++) {
        set_str(list_add(c->arena, uses), "Name", str_c(facts->uses[i]));
    }
    for (size_t i = 0; i < facts->extended_count; i++) {
        struct value *use = list_add(c->arena, extended);

        set_str(use, "Name", str_c(facts->extended[i]));
        set_str(use, "OID", facts->extended_ids[i]);
    }
}

void certificate_describe(struct call *c, struct certificate *certificate,
                          const struct x509_facts *facts)
{
    struct value *about = certificate->about;

    set_str(about, "Serial", facts->serial);
    set_str(about, "Subject", facts->subject);
    set_str(about, "Issuer", facts->issuer);
    set_time(about, "NotBefore", facts->from_ms);
    set_time(about, "NotAfter", facts->to_ms);
    set_str(about, "KeyAlgorithm", facts->key);
    set_str(about, "SignatureAlgorithm", facts->signature);
    set_str(about, "Status", c->now < facts->to_ms ? STR("ISSUED") : STR("EXPIRED"));
    describe_uses(c, about, facts);
}

/* ---- issuing ---- */

void certificate_issue(struct call *c, struct certificate *certificate)
{
    const struct value *names = get(certificate->about, "SubjectAlternativeNames");
    struct value *texts = texts_load(c, certificate);
    struct str all[NAMES_MAX], pem;
    struct x509_wish wish = {
        .key_pem = get_str(texts, "PrivateKey"),
        .name = get_str(certificate->about, "DomainName"),
        .names = all,
        .from_ms = c->now - c->now % MS_PER_DAY,
        .to_ms = c->now - c->now % MS_PER_DAY + VALID_DAYS * MS_PER_DAY - MS_PER_SECOND,
    };
    struct x509_facts facts;
    status read;

    for (uint32_t i = 0; i < names->count && i < NAMES_MAX; i++) {
        all[wish.name_count++] = names->items[i].str;
    }
    pem = x509_issue(&wish, authority_pem(c, true));
    assert(pem.at != NULL);
    read = x509_read(pem, c->arena, &c->why, &facts);
    assert(read == OK);
    set_str(texts, "Certificate", arena_dup(c->arena, pem));
    set_str(texts, "CertificateChain", authority_certificate(c, true));
    mem_free((char *)(uintptr_t)pem.at);
    certificate_describe(c, certificate, &facts);
    set_time(certificate->about, "IssuedAt", c->now);
    texts_save(c, certificate, texts);
}

/* ---- moments ---- */

static void look(struct call *c, struct certificate *certificate)
{
    int64_t since_ms = c->now - get_time(certificate->about, "CreatedAt", 0);

    if (validation_look(c, certificate)) {
        certificate_issue(c, certificate);
    } else if (since_ms >= VALIDATION_HOURS * MS_PER_HOUR) {
        set_str(certificate->about, "Status", STR("VALIDATION_TIMED_OUT"));
    }
    certificate_save(c, certificate);
    certificate_plan(c, certificate);
}

status acm_timer(struct call *c, struct str name, struct str payload)
{
    size_t slash = str_find(name, '/', 0);
    struct str what = str_slice(name, 0, slash);
    struct str id = str_slice(name, slash + 1, name.bytes);
    struct certificate certificate;
    struct arn arn;

    (void)payload;
    if (!arn_read(id, &arn)) {
        return OK;
    }
    c->account = arn.account;
    c->region = arn.region;
    if (certificate_of_arn(c, id, &certificate) != OK) {
        return OK;
    }
    if (str_eq(what, STR("validate")) && status_is(&certificate, "PENDING_VALIDATION")) {
        look(c, &certificate);
    } else if (str_eq(what, STR("expire")) && status_is(&certificate, "ISSUED") &&
               get_time(certificate.about, "NotAfter", 0) <= c->now) {
        set_str(certificate.about, "Status", STR("EXPIRED"));
        certificate_save(c, &certificate);
    } else if (str_eq(what, STR("renew")) && status_is(&certificate, "ISSUED")) {
        certificate_issue(c, &certificate);
        certificate_save(c, &certificate);
        certificate_plan(c, &certificate);
    }
    return OK;
}
