/* SPDX-License-Identifier: Apache-2.0
 *
 * Keys of certificates; nobody else knows them. Trees are cell/shelf.h's.
 *
 *   ("acm", "certificate", account, region, id)  tree: DescribeCertificate's
 *   ("acm", "texts", account, region, id)        tree: ExportCertificate, the key in the clear
 *   ("acm", "tags", account, region, id)         tree: ListTagsForCertificate
 *   ("acm", "account", account, region)          tree: GetAccountConfiguration
 *   ("acm", "token", account, region, token)     u8 1, zigzag forgotten at, str ARN
 *   ("acm", "authority")                         u8 1, PEM of its key and certificate
 */
#include "base/cursor.h"
#include "base/mem.h"
#include "bus/timer.h"
#include "cell/cell.h"
#include "svc/acm/acm_int.h"

#include <assert.h>

#define VERSION 1
#define AUTHORITY_NAME "weir certificate authority"

static uint32_t about_shape(void)
{
    return shelf_shape(ACM_SERVICE, "DescribeCertificate", "Certificate");
}

static struct key key_in(struct arena *arena, const char *kind, const struct certificate *place)
{
    struct key key = key_of(arena, ACM_SERVICE);

    key_str(&key, str_c(kind));
    key_str(&key, place->account);
    key_str(&key, place->region);
    key_str(&key, place->id);
    return key;
}

static struct str row(struct call *c, const char *kind, const struct certificate *certificate)
{
    struct key key = key_in(c->arena, kind, certificate);

    return key_end(&key);
}

/* ---- certificates ---- */

struct str certificate_arn(const struct certificate *certificate)
{
    return get_str(certificate->about, "CertificateArn");
}

void certificate_new(struct call *c, struct certificate *ret_certificate)
{
    char *id = arena_alloc(c->arena, 36);

    rand_uuid(c->rand, id);
    *ret_certificate = (struct certificate){c->account, c->region, str_of(id, 36),
                                            value_struct(c->arena, about_shape())};
    set_str(ret_certificate->about, "CertificateArn",
            call_arn(c, ACM_SERVICE, "certificate/%.36s", id));
}

static bool place_of_arn(struct str text, struct certificate *ret_place)
{
    struct arn arn;

    if (!arn_read(text, &arn) || !str_eq(arn.service, STR(ACM_SERVICE)) ||
        !str_starts(arn.resource, STR("certificate/"))) {
        return false;
    }
    *ret_place = (struct certificate){
        arn.account, arn.region,
        str_slice(arn.resource, STR("certificate/").bytes, arn.resource.bytes), NULL};
    return true;
}

status certificate_of_arn(struct call *c, struct str arn, struct certificate *ret_certificate)
{
    struct certificate place;

    if (!place_of_arn(arn, &place)) {
        return fail(c, &ACM_ARN, "The requested Amazon Resource Name (ARN) does not refer to an "
                    "existing resource: %.*s", STR_ARG(arn));
    }
    place.about = shelf_get(c, row(c, "certificate", &place), about_shape());
    if (place.about == NULL) {
        return fail(c, &ACM_NOT_FOUND, "Could not find certificate %.*s.", STR_ARG(arn));
    }
    *ret_certificate = place;
    return OK;
}

struct value *certificate_peek(struct cell *cell, struct arena *arena, struct str arn,
                               struct certificate *ret_place)
{
    struct certificate place;

    if (!place_of_arn(arn, &place)) {
        return NULL;
    }
    struct key key = key_in(arena, "certificate", &place);

    *ret_place = place;
    return shelf_peek(cell, arena, key_end(&key), about_shape());
}

void certificate_save(struct call *c, const struct certificate *certificate)
{
    shelf_put(c, row(c, "certificate", certificate), certificate->about);
    call_on(c, certificate_arn(certificate));
}

void certificate_purge(struct call *c, const struct certificate *certificate)
{
    static const char *const kinds[] = {"certificate", "texts", "tags"};
    static const char *const timers[] = {"validate", "expire", "renew"};

    for (size_t i = 0; i < 3; i++) {
        struct str packed, key = row(c, kinds[i], certificate);

        if (txn_get(c->txn, key, &packed)) {
            txn_delete(c->txn, key);
        }
        bus_timer_unset(c, ACM_SERVICE,
                        arena_printf(c->arena, "%s/%.*s", timers[i],
                                     STR_ARG(certificate_arn(certificate))));
    }
    call_on(c, certificate_arn(certificate));
}

struct txn_scan *certificates_scan(struct call *c)
{
    struct key key = shelf_key(c, ACM_SERVICE, "certificate");

    return txn_scan_prefix(c->txn, key_end(&key));
}

bool certificates_next(struct call *c, struct txn_scan *scan, struct certificate *ret_certificate)
{
    struct str key, packed;
    struct value *about;
    bool good;

    if (!txn_scan_next(scan, &key, &packed)) {
        txn_scan_close(scan);
        return false;
    }
    about = shelf_read(c->arena, packed, about_shape());
    good = place_of_arn(get_str(about, "CertificateArn"), ret_certificate);
    assert(good);
    ret_certificate->about = about;
    return true;
}

/* ---- texts, tags ---- */

static uint32_t texts_shape(void)
{
    return shelf_shape(ACM_SERVICE, "ExportCertificate", "");
}

struct value *texts_new(struct call *c)
{
    return value_struct(c->arena, texts_shape());
}

struct value *texts_load(struct call *c, const struct certificate *certificate)
{
    return shelf_get(c, row(c, "texts", certificate), texts_shape());
}

void texts_save(struct call *c, const struct certificate *certificate, const struct value *texts)
{
    shelf_put(c, row(c, "texts", certificate), texts);
}

static uint32_t tags_shape(void)
{
    return shelf_shape(ACM_SERVICE, "ListTagsForCertificate", "");
}

struct value *tags_load(struct call *c, const struct certificate *certificate)
{
    struct value *tags = shelf_get(c, row(c, "tags", certificate), tags_shape());

    return tags != NULL ? tags : value_struct(c->arena, tags_shape());
}

struct value *tags_peek(struct cell *cell, struct arena *arena, const struct certificate *place)
{
    struct key key = key_in(arena, "tags", place);

    return shelf_peek(cell, arena, key_end(&key), tags_shape());
}

void tags_save(struct call *c, const struct certificate *certificate, const struct value *tags)
{
    shelf_put(c, row(c, "tags", certificate), tags);
}

/* ---- an account's ---- */

static struct str token_row(struct call *c, struct str token)
{
    struct key key = shelf_key(c, ACM_SERVICE, "token");

    key_str(&key, token);
    return key_end(&key);
}

struct str token_load(struct call *c, struct str token)
{
    struct str packed;
    struct cursor cursor;

    if (token.at == NULL || !txn_get(c->txn, token_row(c, token), &packed)) {
        return STR_NONE;
    }
    cursor = cursor_of(arena_dup(c->arena, packed));
    (void)read_u8(&cursor);
    return read_zigzag(&cursor) > c->now ? read_str(&cursor) : STR_NONE;
}

void token_save(struct call *c, struct str token, struct str arn)
{
    struct buf packed;

    buf_init(&packed, 4096);
    write_u8(&packed, VERSION);
    write_zigzag(&packed, c->now + TOKEN_MS);
    write_str(&packed, arn);
    txn_put_packed(c->txn, token_row(c, token), &packed);
}

void tokens_sweep(struct call *c)
{
    struct key key = key_of(c->arena, ACM_SERVICE);
    struct txn_scan *scan;
    struct str name, packed;

    key_str(&key, STR("token"));
    scan = txn_scan_prefix(c->txn, key_end(&key));
    while (txn_room(c->txn) > 1000 && txn_scan_next(scan, &name, &packed)) {
        struct cursor cursor = cursor_of(packed);

        (void)read_u8(&cursor);
        if (read_zigzag(&cursor) <= c->now) {
            txn_delete(c->txn, arena_dup(c->arena, name));
        }
    }
    txn_scan_close(scan);
}

static struct str configuration_row(struct call *c)
{
    struct key key = shelf_key(c, ACM_SERVICE, "account");

    return key_end(&key);
}

struct value *configuration_load(struct call *c)
{
    uint32_t shape = shelf_shape(ACM_SERVICE, "GetAccountConfiguration", "");
    struct value *configuration = shelf_get(c, configuration_row(c), shape);

    if (configuration == NULL) {
        configuration = value_struct(c->arena, shape);
        set_int(set_struct(c->arena, configuration, "ExpiryEvents"), "DaysBeforeExpiry",
                DAYS_BEFORE_EXPIRY);
    }
    return configuration;
}

void configuration_save(struct call *c, const struct value *configuration)
{
    shelf_put(c, configuration_row(c), configuration);
}

/* ---- the authority ---- */

static struct str authority_new(struct call *c, struct str row_key)
{
    struct str key = x509_key_new(STR("EC_prime256v1")), certificate, pem;
    struct x509_wish wish = {
        .key_pem = key,
        .name = STR(AUTHORITY_NAME),
        .from_ms = c->now - MS_PER_DAY,
        .to_ms = c->now + AUTHORITY_DAYS * MS_PER_DAY,
    };

    certificate = x509_issue(&wish, STR_NONE);
    assert(certificate.at != NULL);
    pem = arena_printf(c->arena, "%c%.*s%.*s", VERSION, STR_ARG(key), STR_ARG(certificate));
    mem_free((char *)(uintptr_t)key.at);
    mem_free((char *)(uintptr_t)certificate.at);
    txn_put(c->txn, row_key, pem);
    return str_slice(pem, 1, pem.bytes);
}

struct str authority_pem(struct call *c, bool make)
{
    struct key key = key_of(c->arena, ACM_SERVICE);
    struct str packed;

    key_str(&key, STR("authority"));
    if (txn_get(c->txn, key_end(&key), &packed)) {
        return str_slice(packed, 1, packed.bytes);
    }
    return make ? authority_new(c, key_end(&key)) : STR_NONE;
}

struct str authority_certificate(struct call *c, bool make)
{
    struct str pem = authority_pem(c, make);

    return pem.at == NULL ? STR_NONE
                          : arena_dup(c->arena,
                                      str_slice(pem, str_find_str(pem, STR("-----BEGIN CERTIF")),
                                                pem.bytes));
}
