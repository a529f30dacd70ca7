/* SPDX-License-Identifier: Apache-2.0
 *
 * The operations of users' signing certificates and service-specific credentials. Both are records:
 * no service of weir takes them. Of a credential's password nothing is kept.
 */
#include "base/codec.h"
#include "svc/iam/iam_ops.h"

#include <openssl/pem.h>
#include <openssl/x509.h>

#define SERVICE_PASSWORD_BYTES 33 /* 44 letters of base64 */
#define SIGNING_ID_BYTES 32

static status user_changed(struct call *c, const struct user *user)
{
    thing_save(c, &user->principal.thing);
    call_on(c, thing_arn(c->arena, &user->principal.thing));
    return OK;
}

static struct str status_text(bool active)
{
    return active ? STR("Active") : STR("Inactive");
}

/* ---- signing certificates ---- */

static bool is_certificate(struct str body)
{
    BIO *text = BIO_new_mem_buf(body.at, (int)body.bytes);
    X509 *certificate = PEM_read_bio_X509(text, NULL, NULL, NULL);
    bool good = certificate != NULL;

    X509_free(certificate);
    BIO_free(text);
    return good;
}

static void show_signing(struct value *out, const struct user *user,
                         const struct ssh_key *certificate)
{
    set_str(out, "UserName", user->principal.thing.name);
    set_str(out, "CertificateId", certificate->id);
    set_str(out, "CertificateBody", certificate->body);
    set_str(out, "Status", status_text(certificate->active));
    set_time(out, "UploadDate", certificate->uploaded_ms);
}

/* UploadSigningCertificate */
status iam_upload_signing(struct call *c)
{
    struct str body = arg_str(c, "CertificateBody");
    struct ssh_key *certificate;
    struct user *user;
    char id[2 * ID_BYTES]; /* AWS's are longer than others */

    TRY(user_or_caller(c, &user));
    if (!is_certificate(body)) {
        return fail(c, &IAM_BAD_CERTIFICATE, "Certificate is malformed.");
    }
    for (size_t i = 0; i < user->signing_count; i++) {
        if (str_eq(user->signing[i].body, body)) {
            return fail(c, &IAM_SAME_CERTIFICATE, "The certificate already exists.");
        }
    }
    if (user->signing_count == SIGNING_MAX) {
        return fail(c, &IAM_LIMIT, "Cannot exceed quota for CertificatesPerUser: %d",
                    SIGNING_MAX);
    }
    certificate = &user->signing[user->signing_count++];
    fresh_id(c, "ASCA", id + SIGNING_ID_BYTES - ID_BYTES);
    fresh_id(c, "ASCA", id);
    text_set(&certificate->id, str_of(id, SIGNING_ID_BYTES));
    text_set(&certificate->body, body);
    certificate->active = true;
    certificate->uploaded_ms = iam_now(c);
    show_signing(put_struct(c, "Certificate"), user, certificate);
    return user_changed(c, user);
}

/* ListSigningCertificates */
status iam_list_signing(struct call *c)
{
    struct user *user;
    struct piece piece;

    TRY(user_or_caller(c, &user));
    TRY(piece_begin(c, "Certificates", user->signing_count, &piece));
    for (size_t i = 0; i < user->signing_count; i++) {
        if (piece_takes(&piece, arena_printf(c->arena, "%zu", i + 1))) {
            show_signing(list_add(c->arena, piece.list), user, &user->signing[i]);
        }
    }
    return OK;
}

static status signing_of_call(struct call *c, struct user **ret_user,
                              struct ssh_key **ret_certificate)
{
    struct str id = arg_str(c, "CertificateId");
    struct user *user;

    TRY(user_or_caller(c, &user));
    for (size_t i = 0; i < user->signing_count; i++) {
        if (str_eq(user->signing[i].id, id)) {
            *ret_user = user;
            *ret_certificate = &user->signing[i];
            return OK;
        }
    }
    return fail(c, &IAM_NO_SUCH, "The Certificate with id %.*s cannot be found.", STR_ARG(id));
}

/* UpdateSigningCertificate */
status iam_update_signing(struct call *c)
{
    struct ssh_key *certificate;
    struct user *user;

    TRY(signing_of_call(c, &user, &certificate));
    certificate->active = str_eq(arg_str(c, "Status"), STR("Active"));
    return user_changed(c, user);
}

/* DeleteSigningCertificate */
status iam_delete_signing(struct call *c)
{
    struct ssh_key *certificate;
    struct user *user;
    size_t place;

    TRY(signing_of_call(c, &user, &certificate));
    text_set(&certificate->id, STR_NONE);
    text_set(&certificate->body, STR_NONE);
    place = (size_t)(certificate - user->signing);
    user->signing_count--;
    memmove(certificate, certificate + 1,
            (user->signing_count - place) * sizeof(*certificate));
    user->signing[user->signing_count] = (struct ssh_key){.active = false};
    return user_changed(c, user);
}

/* ---- service-specific credentials ---- */

static status service_check(struct call *c, struct str service)
{
    if (!str_eq(service, STR("codecommit.amazonaws.com")) &&
        !str_eq(service, STR("cassandra.amazonaws.com"))) {
        return fail(c, &IAM_NOT_SUPPORTED,
                    "No such service %.*s is supported for Service Specific Credentials",
                    STR_ARG(service));
    }
    return OK;
}

static struct str service_user(struct call *c, const struct user *user, size_t place)
{
    const struct thing *thing = &user->principal.thing;
    struct str account = account_id(thing->account);

    return place == 0 ? arena_printf(c->arena, "%.*s-at-%.*s", STR_ARG(thing->name),
                                     STR_ARG(account))
                      : arena_printf(c->arena, "%.*s+%zu-at-%.*s", STR_ARG(thing->name), place,
                                     STR_ARG(account));
}

static void show_service_key(struct value *out, const struct user *user,
                             const struct service_key *key)
{
    set_time(out, "CreateDate", key->created_ms);
    set_str(out, "ServiceName", key->service);
    set_str(out, "ServiceUserName", key->user_name);
    set_str(out, "ServiceSpecificCredentialId", key->id);
    set_str(out, "UserName", user->principal.thing.name);
    set_str(out, "Status", status_text(key->active));
}

/* With a fresh password, which is shown this once. */
static void put_service_key(struct call *c, const struct user *user,
                            const struct service_key *key)
{
    struct value *out = put_struct(c, "ServiceSpecificCredential");
    char *password = arena_alloc(c->arena, base64_encoded_bytes(SERVICE_PASSWORD_BYTES) + 1);
    char secret[SERVICE_PASSWORD_BYTES];

    rand_secret(secret, sizeof(secret));
    base64_encode(str_of(secret, sizeof(secret)), password);
    show_service_key(out, user, key);
    set_str(out, "ServicePassword",
            str_of(password, base64_encoded_bytes(SERVICE_PASSWORD_BYTES)));
}

/* CreateServiceSpecificCredential */
status iam_create_service_key(struct call *c)
{
    struct str service = arg_str(c, "ServiceName");
    struct service_key *key;
    struct user *user;
    size_t there = 0;
    char id[ID_BYTES];

    TRY(user_of_call(c, &user));
    TRY(service_check(c, service));
    for (size_t i = 0; i < user->service_key_count; i++) {
        there += str_eq(user->service_keys[i].service, service);
    }
    if (there == SERVICE_KEYS_EACH_MAX || user->service_key_count == SERVICE_KEYS_MAX) {
        return fail(c, &IAM_LIMIT,
                    "Cannot exceed quota for ServiceSpecificCredentialsPerUser: %d",
                    SERVICE_KEYS_EACH_MAX);
    }
    key = &user->service_keys[user->service_key_count++];
    fresh_id(c, "ACCA", id);
    text_set(&key->id, str_of(id, ID_BYTES));
    text_set(&key->service, service);
    text_set(&key->user_name, service_user(c, user, there));
    key->active = true;
    key->created_ms = iam_now(c);
    put_service_key(c, user, key);
    return user_changed(c, user);
}

/* ListServiceSpecificCredentials: of a user, or with AllUsers of the whole account. */
status iam_list_service_keys(struct call *c)
{
    struct str service = arg_str(c, "ServiceName");
    bool all = arg_bool(c, "AllUsers", false);
    struct account *account;
    struct user *user = NULL;
    struct piece piece;

    TRY(account_of_call(c, &account));
    if (service.bytes > 0) {
        TRY(service_check(c, service));
    }
    if (!all) {
        TRY(user_or_caller(c, &user));
    }
    TRY(piece_begin(c, "ServiceSpecificCredentials",
                    SERVICE_KEYS_MAX * account->shelves[USER].count, &piece));
    for (size_t i = 0; i < account->shelves[USER].count; i++) {
        const struct user *of = (const struct user *)account->shelves[USER].things[i];

        for (size_t k = 0; (all || of == user) && k < of->service_key_count; k++) {
            struct str name = arena_printf(c->arena, "%.*s\x01%zu",
                                           STR_ARG(of->principal.thing.name), k);

            if ((service.bytes == 0 || str_eq(service, of->service_keys[k].service)) &&
                piece_takes(&piece, name)) {
                show_service_key(list_add(c->arena, piece.list), of, &of->service_keys[k]);
            }
        }
    }
    return OK;
}

static status service_key_of_call(struct call *c, struct user **ret_user,
                                  struct service_key **ret_key)
{
    struct str id = arg_str(c, "ServiceSpecificCredentialId");
    struct user *user;

    TRY(user_or_caller(c, &user));
    for (size_t i = 0; i < user->service_key_count; i++) {
        if (str_eq(user->service_keys[i].id, id)) {
            *ret_user = user;
            *ret_key = &user->service_keys[i];
            return OK;
        }
    }
    return fail(c, &IAM_NO_SUCH, "No such credential %.*s exists", STR_ARG(id));
}

/* ResetServiceSpecificCredential: another password. */
status iam_reset_service_key(struct call *c)
{
    struct service_key *key;
    struct user *user;

    TRY(service_key_of_call(c, &user, &key));
    put_service_key(c, user, key);
    return user_changed(c, user);
}

/* UpdateServiceSpecificCredential */
status iam_update_service_key(struct call *c)
{
    struct service_key *key;
    struct user *user;

    TRY(service_key_of_call(c, &user, &key));
    key->active = str_eq(arg_str(c, "Status"), STR("Active"));
    return user_changed(c, user);
}

void service_key_done(struct service_key *key)
{
    text_set(&key->id, STR_NONE);
    text_set(&key->service, STR_NONE);
    text_set(&key->user_name, STR_NONE);
}

/* DeleteServiceSpecificCredential */
status iam_delete_service_key(struct call *c)
{
    struct service_key *key;
    struct user *user;
    size_t place;

    TRY(service_key_of_call(c, &user, &key));
    service_key_done(key);
    place = (size_t)(key - user->service_keys);
    user->service_key_count--;
    memmove(key, key + 1, (user->service_key_count - place) * sizeof(*key));
    user->service_keys[user->service_key_count] = (struct service_key){.active = false};
    return user_changed(c, user);
}
