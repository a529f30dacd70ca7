/* SPDX-License-Identifier: Apache-2.0
 *
 * The operations of identity providers: OIDC, whose tokens AssumeRoleWithWebIdentity takes, and
 * SAML, which are records.
 */
#include "base/time.h"
#include "svc/iam/iam_ops.h"

#define SAML_DOCUMENT_BYTES_MIN 1000
#define SAML_YEARS 100

/* ---- OIDC ---- */

bool name_is_local(struct str name)
{
    struct str host = str_slice(name, 0, str_find(name, '/', 0));

    host = str_slice(host, 0, str_find(host, ':', 0));
    return str_eq(host, STR("localhost")) || str_eq(host, STR("127.0.0.1"));
}

bool provider_name(struct str url, struct str *ret_name)
{
    bool https = str_starts(url, STR("https://"));
    struct str name = str_slice(url, https ? 8 : 7, url.bytes);

    while (name.bytes > 0 && name.at[name.bytes - 1] == '/') {
        name.bytes--;
    }
    if ((!https && !str_starts(url, STR("http://"))) || name.bytes == 0 ||
        name_is_local(name) == https || str_find(name, '?', 0) < name.bytes ||
        str_find(name, ' ', 0) < name.bytes) {
        return false;
    }
    *ret_name = name;
    return true;
}

static status lists_check(struct call *c, const struct value *clients,
                          const struct value *thumbprints)
{
    if (clients != NULL && clients->count > CLIENTS_MAX) {
        return fail(c, &IAM_LIMIT,
                    "Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: %d", CLIENTS_MAX);
    }
    if (thumbprints != NULL && thumbprints->count > THUMBPRINTS_MAX) {
        return fail(c, &IAM_INVALID, "Thumbprint list must contain fewer than %d entries.",
                    THUMBPRINTS_MAX);
    }
    return OK;
}

static void texts_of(struct texts *texts, const struct value *list)
{
    for (uint32_t i = 0; list != NULL && i < list->count; i++) {
        texts_set(texts, list->items[i].str, STR_NONE);
    }
}

static void put_texts(struct call *c, const char *member, const struct texts *texts)
{
    struct value *list = put_list(c, member, texts->count);

    for (size_t i = 0; i < texts->count; i++) {
        list_add_str(list, texts->items[i].name);
    }
}

static status provider_changed(struct call *c, const struct provider *provider)
{
    thing_save(c, &provider->thing);
    call_on(c, thing_arn(c->arena, &provider->thing));
    return OK;
}

/* CreateOpenIDConnectProvider */
status iam_create_oidc(struct call *c)
{
    struct account *account;
    struct provider *provider;
    struct thing *thing;
    struct str name;

    TRY(account_of_call(c, &account));
    if (!provider_name(arg_str(c, "Url"), &name)) {
        return fail(c, &IAM_VALIDATION, "Invalid Open ID Connect Provider URL");
    }
    TRY(lists_check(c, arg(c, "ClientIDList"), arg(c, "ThumbprintList")));
    if (thing_taken(account, OIDC, name)) {
        return fail(c, &IAM_EXISTS, "Provider with url https://%.*s already exists.",
                    STR_ARG(name));
    }
    TRY(thing_make(c, account, OIDC, name, &thing));
    thing_add(account, thing);
    provider = (struct provider *)thing;
    texts_of(&provider->clients, arg(c, "ClientIDList"));
    texts_of(&provider->thumbprints, arg(c, "ThumbprintList"));
    put_str(c, "OpenIDConnectProviderArn", thing_arn(c->arena, thing));
    put_tags(c->arena, c->out, &thing->tags);
    return provider_changed(c, provider);
}

status oidc_of_call(struct call *c, struct provider **ret_provider)
{
    struct str arn = arg_str(c, "OpenIDConnectProviderArn");
    struct account *account;
    struct provider *provider;

    TRY(account_of_call(c, &account));
    provider = (struct provider *)thing_of_arn(account, OIDC, arn);
    if (provider == NULL) {
        return fail(c, &IAM_NO_SUCH, "OpenIDConnect Provider not found for arn %.*s",
                    STR_ARG(arn));
    }
    *ret_provider = provider;
    return OK;
}

/* GetOpenIDConnectProvider */
status iam_get_oidc(struct call *c)
{
    struct provider *provider;

    TRY(oidc_of_call(c, &provider));
    put_str(c, "Url", provider->thing.name);
    put_texts(c, "ClientIDList", &provider->clients);
    put_texts(c, "ThumbprintList", &provider->thumbprints);
    put_time(c, "CreateDate", provider->thing.created_ms);
    put_tags(c->arena, c->out, &provider->thing.tags);
    return OK;
}

static status list_arns(struct call *c, uint8_t kind, const char *member)
{
    struct account *account;
    const struct shelf *shelf;
    struct value *list;

    TRY(account_of_call(c, &account));
    shelf = &account->shelves[kind];
    list = put_list(c, member, shelf->count);
    for (size_t i = 0; i < shelf->count; i++) {
        struct value *item = list_add(c->arena, list);
        const struct provider *provider = (const struct provider *)shelf->things[i];

        set_str(item, "Arn", thing_arn(c->arena, &provider->thing));
        if (kind == SAML) {
            set_time(item, "ValidUntil", provider->valid_until_ms);
            set_time(item, "CreateDate", provider->thing.created_ms);
        }
    }
    return OK;
}

/* ListOpenIDConnectProviders */
status iam_list_oidc(struct call *c)
{
    return list_arns(c, OIDC, "OpenIDConnectProviderList");
}

static status provider_delete(struct call *c, struct provider *provider)
{
    call_on(c, thing_arn(c->arena, &provider->thing));
    thing_erase(c, &provider->thing);
    thing_remove(&provider->thing);
    thing_free(&provider->thing);
    return OK;
}

/* DeleteOpenIDConnectProvider: fine when there is none. */
status iam_delete_oidc(struct call *c)
{
    struct provider *provider;

    return oidc_of_call(c, &provider) == OK ? provider_delete(c, provider) : OK;
}

/* AddClientIDToOpenIDConnectProvider: fine when it is there. */
status iam_add_client(struct call *c)
{
    struct provider *provider;

    TRY(oidc_of_call(c, &provider));
    if (provider->clients.count >= CLIENTS_MAX &&
        texts_get(&provider->clients, arg_str(c, "ClientID")).at == NULL) {
        return fail(c, &IAM_LIMIT,
                    "Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: %d", CLIENTS_MAX);
    }
    texts_set(&provider->clients, arg_str(c, "ClientID"), STR_NONE);
    return provider_changed(c, provider);
}

/* RemoveClientIDFromOpenIDConnectProvider: fine when it is not there. */
status iam_remove_client(struct call *c)
{
    struct provider *provider;

    TRY(oidc_of_call(c, &provider));
    texts_remove(&provider->clients, arg_str(c, "ClientID"));
    return provider_changed(c, provider);
}

/* UpdateOpenIDConnectProviderThumbprint */
status iam_update_thumbprints(struct call *c)
{
    struct provider *provider;

    TRY(oidc_of_call(c, &provider));
    TRY(lists_check(c, NULL, arg(c, "ThumbprintList")));
    texts_done(&provider->thumbprints);
    texts_of(&provider->thumbprints, arg(c, "ThumbprintList"));
    return provider_changed(c, provider);
}

/* ---- SAML ---- */

static status metadata_check(struct call *c, struct str document)
{
    if (document.bytes < SAML_DOCUMENT_BYTES_MIN ||
        str_find_str(document, STR("EntityDescriptor")) == document.bytes) {
        return fail(c, &IAM_INVALID, "Could not parse metadata");
    }
    return OK;
}

/* CreateSAMLProvider */
status iam_create_saml(struct call *c)
{
    struct str name = arg_str(c, "Name");
    struct account *account;
    struct provider *provider;
    struct thing *thing;

    TRY(account_of_call(c, &account));
    TRY(metadata_check(c, arg_str(c, "SAMLMetadataDocument")));
    if (thing_taken(account, SAML, name)) {
        return fail(c, &IAM_EXISTS, "SAMLProvider %.*s already exists.", STR_ARG(name));
    }
    TRY(thing_make(c, account, SAML, name, &thing));
    thing_add(account, thing);
    provider = (struct provider *)thing;
    text_set(&provider->document, arg_str(c, "SAMLMetadataDocument"));
    provider->valid_until_ms = thing->created_ms + SAML_YEARS * 365 * MS_PER_DAY;
    put_str(c, "SAMLProviderArn", thing_arn(c->arena, thing));
    put_tags(c->arena, c->out, &thing->tags);
    return provider_changed(c, provider);
}

status saml_of_call(struct call *c, struct provider **ret_provider)
{
    struct account *account;
    struct provider *provider;

    TRY(account_of_call(c, &account));
    provider = (struct provider *)thing_of_arn(account, SAML, arg_str(c, "SAMLProviderArn"));
    if (provider == NULL) {
        return fail(c, &IAM_NO_SUCH, "Manifest not found for arn %.*s",
                    STR_ARG(arg_str(c, "SAMLProviderArn")));
    }
    *ret_provider = provider;
    return OK;
}

/* GetSAMLProvider */
status iam_get_saml(struct call *c)
{
    struct provider *provider;

    TRY(saml_of_call(c, &provider));
    put_str(c, "SAMLMetadataDocument", provider->document);
    put_time(c, "CreateDate", provider->thing.created_ms);
    put_time(c, "ValidUntil", provider->valid_until_ms);
    put_tags(c->arena, c->out, &provider->thing.tags);
    return OK;
}

/* ListSAMLProviders */
status iam_list_saml(struct call *c)
{
    return list_arns(c, SAML, "SAMLProviderList");
}

/* UpdateSAMLProvider */
status iam_update_saml(struct call *c)
{
    struct provider *provider;

    TRY(saml_of_call(c, &provider));
    if (arg_has(c, "SAMLMetadataDocument")) {
        TRY(metadata_check(c, arg_str(c, "SAMLMetadataDocument")));
        text_set(&provider->document, arg_str(c, "SAMLMetadataDocument"));
    }
    put_str(c, "SAMLProviderArn", thing_arn(c->arena, &provider->thing));
    return provider_changed(c, provider);
}

/* DeleteSAMLProvider */
status iam_delete_saml(struct call *c)
{
    struct provider *provider;

    TRY(saml_of_call(c, &provider));
    return provider_delete(c, provider);
}
