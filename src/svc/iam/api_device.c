/* SPDX-License-Identifier: Apache-2.0
 *
 * The operations of server certificates and virtual MFA devices.
 */
#include "base/codec.h"
#include "base/time.h"
#include "svc/iam/iam_ops.h"
#include "svc/iam/show.h"

#include <openssl/pem.h>
#include <openssl/x509.h>

#define SEED_BYTES 40 /* 64 letters of base32, as AWS gives */
#define SEED_LETTERS 64

/* ---- server certificates ---- */

/* When a certificate ends, and whether the key is its own. False: it is none. */
static bool pem_read(struct str body, struct str key, int64_t *ret_expires_ms, bool *ret_pair)
{
    BIO *text = BIO_new_mem_buf(body.at, (int)body.bytes);
    X509 *certificate = PEM_read_bio_X509(text, NULL, NULL, NULL);
    BIO *key_text = BIO_new_mem_buf(key.at, (int)key.bytes);
    EVP_PKEY *pair = PEM_read_bio_PrivateKey(key_text, NULL, NULL, NULL);
    struct tm ends = {0};
    bool good = certificate != NULL && ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &ends);

    if (good) {
        struct time_parts parts = {.year = ends.tm_year + 1900, .month = ends.tm_mon + 1,
                                   .day = ends.tm_mday, .hour = ends.tm_hour,
                                   .minute = ends.tm_min, .second = ends.tm_sec};

        *ret_expires_ms = time_of_parts(&parts);
        *ret_pair = pair != NULL && X509_check_private_key(certificate, pair) == 1;
    }
    EVP_PKEY_free(pair);
    X509_free(certificate);
    BIO_free(key_text);
    BIO_free(text);
    return good;
}

static void show_certificate(struct call *c, struct value *out,
                             const struct certificate *certificate)
{
    const struct thing *thing = &certificate->thing;

    set_str(out, "Path", thing->path);
    set_str(out, "ServerCertificateName", thing->name);
    set_str(out, "ServerCertificateId", str_of(thing->id, ID_BYTES));
    set_str(out, "Arn", thing_arn(c->arena, thing));
    set_time(out, "UploadDate", thing->created_ms);
    set_time(out, "Expiration", certificate->expires_ms);
}

static status certificate_changed(struct call *c, const struct certificate *certificate)
{
    thing_save(c, &certificate->thing);
    call_on(c, thing_arn(c->arena, &certificate->thing));
    return OK;
}

static status certificate_taken(struct call *c, const struct account *account, struct str name)
{
    if (thing_taken(account, CERTIFICATE, name)) {
        return fail(c, &IAM_EXISTS, "The Server Certificate with name %.*s already exists.",
                    STR_ARG(name));
    }
    return OK;
}

/* UploadServerCertificate */
status iam_upload_certificate(struct call *c)
{
    struct str name = arg_str(c, "ServerCertificateName");
    struct certificate *certificate;
    struct account *account;
    struct thing *thing;
    int64_t expires_ms;
    bool pair;

    TRY(account_of_call(c, &account));
    TRY(certificate_taken(c, account, name));
    if (!pem_read(arg_str(c, "CertificateBody"), arg_str(c, "PrivateKey"), &expires_ms, &pair)) {
        return fail(c, &IAM_BAD_CERTIFICATE, "Unable to parse certificate. Please ensure the "
                    "certificate is in PEM format.");
    }
    if (!pair) {
        return fail(c, &IAM_KEY_PAIR, "Certificate and private key do not match.");
    }
    TRY(thing_make(c, account, CERTIFICATE, name, &thing));
    thing_add(account, thing);
    certificate = (struct certificate *)thing;
    text_set(&certificate->body, arg_str(c, "CertificateBody"));
    text_set(&certificate->chain, arg_str(c, "CertificateChain"));
    text_set(&certificate->key, arg_str(c, "PrivateKey"));
    certificate->expires_ms = expires_ms;
    show_certificate(c, put_struct(c, "ServerCertificateMetadata"), certificate);
    put_tags(c->arena, c->out, &thing->tags);
    return certificate_changed(c, certificate);
}

status certificate_of_call(struct call *c, struct certificate **ret_certificate)
{
    struct str name = arg_str(c, "ServerCertificateName");
    struct account *account;
    struct thing *thing;

    TRY(account_of_call(c, &account));
    thing = thing_find(account, CERTIFICATE, name);
    if (thing == NULL) {
        return fail(c, &IAM_NO_SUCH, "The Server Certificate with name %.*s cannot be found.",
                    STR_ARG(name));
    }
    *ret_certificate = (struct certificate *)thing;
    return OK;
}

/* GetServerCertificate: its key is never shown. */
status iam_get_certificate(struct call *c)
{
    struct certificate *certificate;
    struct value *out;

    TRY(certificate_of_call(c, &certificate));
    out = put_struct(c, "ServerCertificate");
    show_certificate(c, set_struct(c->arena, out, "ServerCertificateMetadata"), certificate);
    set_str(out, "CertificateBody", certificate->body);
    if (certificate->chain.bytes > 0) {
        set_str(out, "CertificateChain", certificate->chain);
    }
    put_tags(c->arena, out, &certificate->thing.tags);
    return OK;
}

/* ListServerCertificates */
status iam_list_certificates(struct call *c)
{
    struct str prefix = arg_has(c, "PathPrefix") ? arg_str(c, "PathPrefix") : STR("/");
    struct account *account;
    struct piece piece;

    TRY(account_of_call(c, &account));
    TRY(piece_begin(c, "ServerCertificateMetadataList", account->shelves[CERTIFICATE].count,
                   &piece));
    for (size_t i = 0; i < account->shelves[CERTIFICATE].count; i++) {
        const struct thing *thing = account->shelves[CERTIFICATE].things[i];

        if (str_starts(thing->path, prefix) && piece_takes(&piece, thing->name)) {
            show_certificate(c, list_add(c->arena, piece.list),
                             (const struct certificate *)thing);
        }
    }
    return OK;
}

/* UpdateServerCertificate: another name or path. */
status iam_update_certificate(struct call *c)
{
    struct str name = arg_str(c, "NewServerCertificateName");
    struct certificate *certificate;
    struct thing *thing;

    TRY(certificate_of_call(c, &certificate));
    thing = &certificate->thing;
    if (arg_has(c, "NewPath")) {
        TRY(path_check(c, arg_str(c, "NewPath")));
    }
    if (name.bytes > 0 && !str_eq_nocase(name, thing->name)) {
        TRY(certificate_taken(c, thing->account, name));
    }
    thing_erase(c, thing);
    thing_remove(thing);
    if (name.bytes > 0) {
        text_set(&thing->name, name);
    }
    if (arg_has(c, "NewPath")) {
        text_set(&thing->path, arg_str(c, "NewPath"));
    }
    thing_add(thing->account, thing);
    return certificate_changed(c, certificate);
}

/* DeleteServerCertificate */
status iam_delete_certificate(struct call *c)
{
    struct certificate *certificate;

    TRY(certificate_of_call(c, &certificate));
    call_on(c, thing_arn(c->arena, &certificate->thing));
    thing_erase(c, &certificate->thing);
    thing_remove(&certificate->thing);
    thing_free(&certificate->thing);
    return OK;
}

/* ---- virtual MFA devices ---- */

static status mfa_changed(struct call *c, const struct mfa *mfa)
{
    thing_save(c, &mfa->thing);
    call_on(c, thing_arn(c->arena, &mfa->thing));
    return OK;
}

/* RFC 4648's base32 of SEED_BYTES, which needs no padding. */
static struct str base32(struct arena *arena, struct str bytes)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    char *text = arena_alloc(arena, SEED_LETTERS);

    for (size_t i = 0; i < SEED_LETTERS; i++) {
        size_t bit = 5 * i;
        unsigned int two = (unsigned int)(uint8_t)bytes.at[bit / 8] << 8;

        two |= bit / 8 + 1 < bytes.bytes ? (uint8_t)bytes.at[bit / 8 + 1] : 0u;
        text[i] = letters[(two >> (11 - bit % 8)) & 31u];
    }
    return str_of(text, SEED_LETTERS);
}

/* CreateVirtualMFADevice: the only time that its seed is shown. weir draws no QR code. */
status iam_create_mfa(struct call *c)
{
    struct str name = arg_str(c, "VirtualMFADeviceName");
    struct account *account;
    struct thing *thing;
    struct mfa *mfa;
    struct value *out;
    char seed[SEED_BYTES];
    struct str letters;

    TRY(account_of_call(c, &account));
    if (thing_taken(account, MFA, name)) {
        return fail(c, &IAM_EXISTS, "MFADevice entity at the same path and name already exists.");
    }
    TRY(thing_make(c, account, MFA, name, &thing));
    thing_add(account, thing);
    mfa = (struct mfa *)thing;
    rand_secret(seed, sizeof(seed));
    text_set(&mfa->seed, str_of(seed, sizeof(seed)));
    out = put_struct(c, "VirtualMFADevice");
    set_str(out, "SerialNumber", thing_arn(c->arena, thing));
    letters = base32(c->arena, mfa->seed);
    set_blob(out, "Base32StringSeed", letters);
    put_tags(c->arena, out, &thing->tags);
    return mfa_changed(c, mfa);
}

status mfa_of_call(struct call *c, struct mfa **ret_mfa)
{
    struct str serial = arg_str(c, "SerialNumber");
    struct account *account;
    struct thing *thing;

    TRY(account_of_call(c, &account));
    thing = thing_of_arn(account, MFA, serial);
    if (thing == NULL) {
        return fail(c, &IAM_NO_SUCH, "VirtualMFADevice with serial number %.*s doesn't exist.",
                    STR_ARG(serial));
    }
    *ret_mfa = (struct mfa *)thing;
    return OK;
}

/* DeleteVirtualMFADevice */
status iam_delete_mfa(struct call *c)
{
    struct mfa *mfa;

    TRY(mfa_of_call(c, &mfa));
    if (mfa->user != NULL) {
        return fail(c, &IAM_CONFLICT, "MFA VirtualDevice in use. Must deactivate first.");
    }
    call_on(c, thing_arn(c->arena, &mfa->thing));
    thing_erase(c, &mfa->thing);
    thing_remove(&mfa->thing);
    thing_free(&mfa->thing);
    return OK;
}

/* ListVirtualMFADevices */
status iam_list_virtual_mfa(struct call *c)
{
    struct str wish = arg_str(c, "AssignmentStatus");
    struct account *account;
    struct value *item;
    struct piece piece;

    TRY(account_of_call(c, &account));
    TRY(piece_begin(c, "VirtualMFADevices", account->shelves[MFA].count, &piece));
    for (size_t i = 0; i < account->shelves[MFA].count; i++) {
        const struct mfa *mfa = (const struct mfa *)account->shelves[MFA].things[i];

        if ((str_eq(wish, STR("Assigned")) && mfa->user == NULL) ||
            (str_eq(wish, STR("Unassigned")) && mfa->user != NULL) ||
            !piece_takes(&piece, mfa->thing.name)) {
            continue;
        }
        item = list_add(c->arena, piece.list);
        set_str(item, "SerialNumber", thing_arn(c->arena, &mfa->thing));
        if (mfa->user != NULL) {
            show_user(c->arena, set_struct(c->arena, item, "User"), mfa->user, false);
            set_time(item, "EnableDate", mfa->enabled_ms);
        }
    }
    return OK;
}

static status codes_check(struct call *c, const struct mfa *mfa)
{
    struct str first = arg_str(c, "AuthenticationCode1");
    struct str second = arg_str(c, "AuthenticationCode2");

    if (str_eq(first, second) || !mfa_shows(mfa, first, c->now) ||
        !mfa_shows(mfa, second, c->now)) {
        return fail(c, &IAM_BAD_CODE, "Authentication code for device is not valid.");
    }
    return OK;
}

/* EnableMFADevice: with two codes that the device showed one after the other. */
status iam_enable_mfa(struct call *c)
{
    struct user *user;
    struct mfa *mfa;

    TRY(user_of_call(c, &user));
    TRY(mfa_of_call(c, &mfa));
    if (mfa->user != NULL) {
        return fail(c, &IAM_EXISTS, "MFA Device is already in use.");
    }
    TRY(codes_check(c, mfa));
    mfa->user = user;
    mfa->enabled_ms = iam_now(c);
    return mfa_changed(c, mfa);
}

static status mfa_of_user(struct call *c, struct mfa **ret_mfa)
{
    struct user *user;
    struct mfa *mfa;

    TRY(user_or_caller(c, &user));
    TRY(mfa_of_call(c, &mfa));
    if (mfa->user != user) {
        return fail(c, &IAM_NO_SUCH, "MFA Device invalid for user.");
    }
    *ret_mfa = mfa;
    return OK;
}

/* DeactivateMFADevice */
status iam_deactivate_mfa(struct call *c)
{
    struct mfa *mfa;

    TRY(mfa_of_user(c, &mfa));
    mfa->user = NULL;
    return mfa_changed(c, mfa);
}

/* ResyncMFADevice: weir's clock is the device's; the codes are checked and nothing else. */
status iam_resync_mfa(struct call *c)
{
    struct mfa *mfa;

    TRY(mfa_of_user(c, &mfa));
    return codes_check(c, mfa);
}

/* ListMFADevices: of a user; without one, who calls, or everybody's. */
status iam_list_mfa(struct call *c)
{
    struct user *user = caller_user(c);
    struct account *account;
    struct piece piece;

    TRY(account_of_call(c, &account));
    if (arg_has(c, "UserName")) {
        TRY(user_of_call(c, &user));
    }
    TRY(piece_begin(c, "MFADevices", account->shelves[MFA].count, &piece));
    for (size_t i = 0; i < account->shelves[MFA].count; i++) {
        const struct mfa *mfa = (const struct mfa *)account->shelves[MFA].things[i];

        if (mfa->user != NULL && (user == NULL || mfa->user == user) &&
            piece_takes(&piece, mfa->thing.name)) {
            struct value *item = list_add(c->arena, piece.list);

            set_str(item, "UserName", mfa->user->principal.thing.name);
            set_str(item, "SerialNumber", thing_arn(c->arena, &mfa->thing));
            set_time(item, "EnableDate", mfa->enabled_ms);
        }
    }
    return OK;
}

/* GetMFADevice */
status iam_get_mfa(struct call *c)
{
    struct mfa *mfa;

    if (arg_has(c, "UserName")) {
        TRY(mfa_of_user(c, &mfa));
    } else {
        TRY(mfa_of_call(c, &mfa));
    }
    put_str(c, "SerialNumber", thing_arn(c->arena, &mfa->thing));
    if (mfa->user != NULL) {
        put_str(c, "UserName", mfa->user->principal.thing.name);
        put_time(c, "EnableDate", mfa->enabled_ms);
    }
    return OK;
}
