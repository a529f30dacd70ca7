/* SPDX-License-Identifier: Apache-2.0
 *
 * Certificates brought in and taken out. Texts are read, and keys put below passphrases, on other
 * threads.
 */
#include "base/mem.h"
#include "svc/acm/acm_ops.h"

/* ---- ImportCertificate ---- */

/* What is read outside; in the call's keep, its texts in an arena of its own. */
struct importing {
    struct str certificate, key, chain; /* PEM, as they came */
    struct arena *arena;     /* of what was read; owned */
    struct x509_facts facts; /* of the certificate */
    status wrong;            /* OK: they fit */
    struct why why;          /* what is wrong */
};

static status import_read(struct importing *importing)
{
    TRY(x509_read(importing->certificate, importing->arena, &importing->why, &importing->facts));
    TRY(x509_match(importing->certificate, importing->key, &importing->why));
    return importing->chain.bytes == 0 ? OK : x509_chain_check(importing->chain, &importing->why);
}

static void import_work(void *arg)
{
    struct importing *importing = arg;

    importing->arena = arena_new(1u << 20);
    importing->wrong = import_read(importing);
}

static void about_fill(struct call *c, struct certificate *certificate,
                       const struct x509_facts *facts)
{
    struct value *about = certificate->about;
    struct value *names = set_list(c->arena, about, "SubjectAlternativeNames",
                                   facts->name_count);

    for (size_t i = 0; i < facts->name_count; i++) {
        list_add_str(names, facts->names[i]);
    }
    set_str(about, "DomainName", facts->common_name.bytes > 0 || facts->name_count == 0
                                     ? facts->common_name : facts->names[0]);
    set_str(about, "Type", STR("IMPORTED"));
    set_str(about, "CertificateKeyPairOrigin", STR("CUSTOMER_PROVIDED"));
    set_str(about, "RenewalEligibility", STR("INELIGIBLE"));
    set_time(about, "ImportedAt", c->now);
    if (!has(about, "CreatedAt")) {
        set_time(about, "CreatedAt", c->now);
    }
    set_list(c->arena, about, "InUseBy", 0);
    set_str(set_struct(c->arena, about, "Options"), "CertificateTransparencyLoggingPreference",
            STR("DISABLED"));
    certificate_describe(c, certificate, facts);
}

static status import_store(struct call *c, const struct importing *importing)
{
    struct certificate certificate;
    struct value *texts = texts_new(c);

    if (importing->wrong != OK) {
        return fail(c, &ACM_VALIDATION, "%s", importing->why.text);
    }
    if (c->now < importing->facts.from_ms || c->now > importing->facts.to_ms) {
        return fail(c, &ACM_VALIDATION, "The certificate is not within its valid period.");
    }
    if (arg_has(c, "CertificateArn")) {
        TRY(certificate_of_arn(c, arg_str(c, "CertificateArn"), &certificate));
    } else {
        certificate_new(c, &certificate);
    }
    about_fill(c, &certificate, &importing->facts);
    set_str(texts, "Certificate", arg_str(c, "Certificate"));
    set_str(texts, "PrivateKey", arg_str(c, "PrivateKey"));
    if (arg_str(c, "CertificateChain").bytes > 0) {
        set_str(texts, "CertificateChain", arg_str(c, "CertificateChain"));
    }
    texts_save(c, &certificate, texts);
    if (arg_has(c, "Tags")) {
        struct value *tags = tags_load(c, &certificate);

        tags_lay(c->arena, tags, "Tags", arg(c, "Tags"));
        tags_save(c, &certificate, tags);
    }
    certificate_save(c, &certificate);
    certificate_plan(c, &certificate);
    put_str(c, "CertificateArn", certificate_arn(&certificate));
    return OK;
}

static status import_finish(struct call *c)
{
    struct importing *importing = c->kept;
    status stored = import_store(c, importing);

    arena_free(importing->arena);
    return stored;
}

/* ImportCertificate */
status acm_import(struct call *c)
{
    struct importing *importing = ARENA_NEW(c->keep, struct importing);
    struct certificate certificate;

    TRY(acm_tags_check(c, NULL, arg(c, "Tags")));
    if (arg_has(c, "CertificateArn")) {
        TRY(certificate_of_arn(c, arg_str(c, "CertificateArn"), &certificate));
        if (!str_eq(get_str(certificate.about, "Type"), STR("IMPORTED"))) {
            return fail(c, &ACM_VALIDATION, "Only an imported certificate can be imported "
                        "again.");
        }
        if (arg_has(c, "Tags")) {
            return fail(c, &ACM_VALIDATION, "Tags cannot be given when a certificate is imported "
                        "again.");
        }
    }
    importing->certificate = arg_str(c, "Certificate");
    importing->key = arg_str(c, "PrivateKey");
    importing->chain = arg_str(c, "CertificateChain");
    c->kept = importing;
    call_work(c, import_work, importing, import_finish);
    return OK;
}

/* ---- ExportCertificate ---- */

/* A key that is put below a passphrase outside; in the call's keep. */
struct locking {
    struct str key, passphrase; /* what came */
    struct str locked;          /* owned; STR_NONE: it did not work */
};

static void lock_work(void *arg)
{
    struct locking *locking = arg;

    locking->locked = x509_key_lock(locking->key, locking->passphrase);
}

static status export_tell(struct call *c, struct str locked)
{
    struct certificate certificate;
    const struct value *texts;

    TRY(certificate_of_arn(c, arg_str(c, "CertificateArn"), &certificate));
    if (locked.at == NULL) {
        return fail(c, &ACM_VALIDATION, "The private key cannot be exported.");
    }
    texts = texts_load(c, &certificate);
    put_str(c, "Certificate", get_str(texts, "Certificate"));
    put_str(c, "CertificateChain", get_str(texts, "CertificateChain"));
    put_str(c, "PrivateKey", arena_dup(c->arena, locked));
    if (!str_eq(get_str(certificate.about, "RenewalEligibility"), STR("ELIGIBLE"))) {
        set_str(certificate.about, "RenewalEligibility", STR("ELIGIBLE"));
        certificate_save(c, &certificate);
        certificate_plan(c, &certificate);
    }
    return OK;
}

static status export_finish(struct call *c)
{
    struct locking *locking = c->kept;
    status told = export_tell(c, locking->locked);

    mem_free((char *)(uintptr_t)locking->locked.at);
    return told;
}

/* ExportCertificate */
status acm_export(struct call *c)
{
    struct locking *locking = ARENA_NEW(c->keep, struct locking);
    const struct value *options;
    struct certificate certificate;

    TRY(certificate_of_arn(c, arg_str(c, "CertificateArn"), &certificate));
    options = get(certificate.about, "Options");
    if (!str_eq(get_str(certificate.about, "Type"), STR("AMAZON_ISSUED")) || options == NULL ||
        !str_eq(get_str(options, "Export"), STR("ENABLED"))) {
        return fail(c, &ACM_VALIDATION, "Certificate ARN: %.*s is not a private certificate",
                    STR_ARG(certificate_arn(&certificate)));
    }
    if (!status_is(&certificate, "ISSUED")) {
        return fail(c, &ACM_PROGRESS, "Certificate %.*s is not issued.",
                    STR_ARG(certificate_arn(&certificate)));
    }
    locking->key = arena_dup(c->keep, get_str(texts_load(c, &certificate), "PrivateKey"));
    locking->passphrase = arena_dup(c->keep, arg_str(c, "Passphrase"));
    c->kept = locking;
    call_work(c, lock_work, locking, export_finish);
    return OK;
}
