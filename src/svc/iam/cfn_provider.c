/* SPDX-License-Identifier: Apache-2.0
 *
 * Identity providers and server certificates in templates.
 */
#include "svc/iam/cfn.h"

#define NAME_BYTES_MAX 128

static const char *const arn_only[] = {"Arn", NULL};

/* ---- AWS::IAM::OIDCProvider ---- */

static const struct resource_property oidc_properties[] = {
    {"ClientIdList", "ClientIDList", RESOURCE_IN_PLACE, 0},
    {"Tags", NULL, RESOURCE_IN_PLACE, RESOURCE_TAGS},
    {"ThumbprintList", NULL, RESOURCE_IN_PLACE, 0},
    {"Url", NULL, RESOURCE_REPLACES, 0},
};
static const struct resource_tagging oidc_tagging = {
    "TagOpenIDConnectProvider", "UntagOpenIDConnectProvider", "OpenIDConnectProviderArn", "Tags",
    "TagKeys"};

static status oidc_make(struct resource *r)
{
    return resource_make_by(r, "CreateOpenIDConnectProvider", "OpenIDConnectProviderArn");
}

static status oidc_change(struct resource *r)
{
    struct value *gone;
    struct value *more;
    struct inner inner;

    resource_list_changed(r, "ClientIdList", &gone, &more);
    for (uint32_t i = 0; i < more->count; i++) {
        TRY(resource_ask(r, "AddClientIDToOpenIDConnectProvider",
                         RESOURCE_ARGS({"OpenIDConnectProviderArn", r->id},
                                       {"ClientID", cfn_item(r, more, i)}),
                         &inner));
    }
    for (uint32_t i = 0; i < gone->count; i++) {
        TRY(resource_ask(r, "RemoveClientIDFromOpenIDConnectProvider",
                         RESOURCE_ARGS({"OpenIDConnectProviderArn", r->id},
                                       {"ClientID", cfn_item(r, gone, i)}),
                         &inner));
    }
    if (resource_changed(r, "ThumbprintList") && resource_get(r, "ThumbprintList") != NULL) {
        TRY(resource_begin(r, "UpdateOpenIDConnectProviderThumbprint", &inner));
        set_str(inner.in, "OpenIDConnectProviderArn", r->id);
        TRY(resource_set(r, &inner, "ThumbprintList", resource_get(r, "ThumbprintList")));
        TRY(resource_run(r, &inner));
    }
    return resource_tag_by(r, "Tags", &oidc_tagging, r->id);
}

static status oidc_remove(struct resource *r)
{
    return resource_remove_by(r, "DeleteOpenIDConnectProvider", "OpenIDConnectProviderArn");
}

static status arn_tell(struct resource *r)
{
    resource_attribute(r, "Arn", r->id);
    return OK;
}

static status oidc_now(struct resource *r, struct value *ret_properties)
{
    const struct value *want = resource_get(r, "Url");
    struct inner inner;

    TRY(resource_ask(r, "GetOpenIDConnectProvider",
                     RESOURCE_ARGS({"OpenIDConnectProviderArn", r->id}), &inner));
    doc_put_text(r->c->arena, ret_properties, "Url",
                 want == NULL ? get_str(inner.out, "Url") : doc_text(r->c->arena, want));
    resource_now_tags(r, ret_properties, "Tags", get(inner.out, "Tags"));
    for (size_t i = 0; i < 2; i++) {
        const char *member = i == 0 ? "ClientIDList" : "ThumbprintList";
        struct str name = i == 0 ? STR("ClientIdList") : STR("ThumbprintList");

        if (has(inner.out, member)) {
            *doc_put(r->c->arena, ret_properties, name) =
                *resource_document(r->c->arena, get(inner.out, member));
        }
    }
    return OK;
}

const struct resource_type cfn_oidc_provider = {
    .name = "AWS::IAM::OIDCProvider",
    .service = "iam",
    RESOURCE_TYPE_PROPERTIES(oidc_properties),
    .attributes = arn_only,
    .make = oidc_make,
    .change = oidc_change,
    .remove = oidc_remove,
    .tell = arn_tell,
    .now = oidc_now,
};

/* ---- AWS::IAM::SAMLProvider ---- */

static const struct resource_property saml_properties[] = {
    {"Name", NULL, RESOURCE_REPLACES, 0},
    {"SamlMetadataDocument", "SAMLMetadataDocument", RESOURCE_IN_PLACE, 0},
    {"Tags", NULL, RESOURCE_IN_PLACE, RESOURCE_TAGS},
};
static const struct resource_tagging saml_tagging = {"TagSAMLProvider", "UntagSAMLProvider",
                                                     "SAMLProviderArn", "Tags", "TagKeys"};

static status saml_make(struct resource *r)
{
    struct inner inner;

    TRY(resource_begin(r, "CreateSAMLProvider", &inner));
    TRY(resource_fill(r, &inner));
    set_str(inner.in, "Name", resource_name(r, "Name", NAME_BYTES_MAX, false));
    TRY(resource_run(r, &inner));
    r->id = get_str(inner.out, "SAMLProviderArn");
    return OK;
}

static status saml_change(struct resource *r)
{
    if (resource_changed(r, "SamlMetadataDocument")) {
        TRY(resource_change_by(r, "UpdateSAMLProvider", "SAMLProviderArn"));
    }
    return resource_tag_by(r, "Tags", &saml_tagging, r->id);
}

static status saml_remove(struct resource *r)
{
    return resource_remove_by(r, "DeleteSAMLProvider", "SAMLProviderArn");
}

static status saml_now(struct resource *r, struct value *ret_properties)
{
    struct inner inner;

    TRY(resource_ask(r, "GetSAMLProvider", RESOURCE_ARGS({"SAMLProviderArn", r->id}), &inner));
    doc_put_text(r->c->arena, ret_properties, "SamlMetadataDocument",
                 get_str(inner.out, "SAMLMetadataDocument"));
    resource_now_tags(r, ret_properties, "Tags", get(inner.out, "Tags"));
    return OK;
}

const struct resource_type cfn_saml_provider = {
    .name = "AWS::IAM::SAMLProvider",
    .service = "iam",
    RESOURCE_TYPE_PROPERTIES(saml_properties),
    .attributes = arn_only,
    .make = saml_make,
    .change = saml_change,
    .remove = saml_remove,
    .tell = arn_tell,
    .now = saml_now,
};

/* ---- AWS::IAM::ServerCertificate ---- */

static const struct resource_property certificate_properties[] = {
    {"CertificateBody", NULL, RESOURCE_REPLACES, 0},
    {"CertificateChain", NULL, RESOURCE_REPLACES, RESOURCE_SECRET},
    {"Path", NULL, RESOURCE_IN_PLACE, 0},
    {"PrivateKey", NULL, RESOURCE_REPLACES, RESOURCE_SECRET},
    {"ServerCertificateName", NULL, RESOURCE_REPLACES, 0},
    {"Tags", NULL, RESOURCE_IN_PLACE, RESOURCE_TAGS},
};
static const struct resource_tagging certificate_tagging = {
    "TagServerCertificate", "UntagServerCertificate", "ServerCertificateName", "Tags", "TagKeys"};

static status certificate_make(struct resource *r)
{
    struct str name = resource_name(r, "ServerCertificateName", NAME_BYTES_MAX, false);
    struct inner inner;

    TRY(resource_begin(r, "UploadServerCertificate", &inner));
    TRY(resource_fill(r, &inner));
    set_str(inner.in, "ServerCertificateName", name);
    TRY(resource_run(r, &inner));
    r->id = name;
    return OK;
}

static status certificate_change(struct resource *r)
{
    struct str path = resource_str(r, "Path");
    struct inner inner;

    if (resource_changed(r, "Path")) {
        TRY(resource_ask(r, "UpdateServerCertificate",
                         RESOURCE_ARGS({"ServerCertificateName", r->id},
                                       {"NewPath", path.at == NULL ? STR("/") : path}),
                         &inner));
    }
    return resource_tag_by(r, "Tags", &certificate_tagging, r->id);
}

static status certificate_remove(struct resource *r)
{
    return resource_remove_by(r, "DeleteServerCertificate", "ServerCertificateName");
}

static status certificate_read(struct resource *r, const struct value **ret_certificate)
{
    struct inner inner;

    TRY(resource_ask(r, "GetServerCertificate", RESOURCE_ARGS({"ServerCertificateName", r->id}),
                     &inner));
    *ret_certificate = get(inner.out, "ServerCertificate");
    return OK;
}

static status certificate_tell(struct resource *r)
{
    const struct value *certificate = NULL;

    TRY(certificate_read(r, &certificate));
    resource_attribute(r, "Arn",
                       get_str(get(certificate, "ServerCertificateMetadata"), "Arn"));
    return OK;
}

static status certificate_now(struct resource *r, struct value *ret_properties)
{
    const struct value *certificate = NULL;

    TRY(certificate_read(r, &certificate));
    resource_now_of(r, get(certificate, "ServerCertificateMetadata"), ret_properties);
    doc_put_text(r->c->arena, ret_properties, "CertificateBody",
                 get_str(certificate, "CertificateBody"));
    resource_now_tags(r, ret_properties, "Tags", get(certificate, "Tags"));
    return OK;
}

const struct resource_type cfn_server_certificate = {
    .name = "AWS::IAM::ServerCertificate",
    .service = "iam",
    RESOURCE_TYPE_PROPERTIES(certificate_properties),
    .attributes = arn_only,
    .make = certificate_make,
    .change = certificate_change,
    .remove = certificate_remove,
    .tell = certificate_tell,
    .now = certificate_now,
};
