/* SPDX-License-Identifier: Apache-2.0
 *
 * The context keys of a call. Source: "AWS global condition context keys", IAM user guide, and the
 * keys of services in the Service Authorization Reference.
 *
 * A key is looked for only when a policy asks. What the handler said about it comes first, then
 * global keys, then keys that are a member of the operation's input.
 */
#include "cell/authorize_int.h"

#include "base/time.h"

#include <assert.h>

/* The key being looked for, and where its values go. */
struct looking {
    const struct asked *asked;     /* in whose context */
    struct call *c;                /* its call */
    struct str key;                /* which */
    struct policy_values *values;  /* to be filled */
};

static bool one(struct looking *looking, struct str value)
{
    looking->values->one = value;
    looking->values->values = &looking->values->one;
    looking->values->count = 1;
    return true;
}

static bool some(struct looking *looking, struct str value)
{
    return value.bytes > 0 && one(looking, value);
}

static bool truth(struct looking *looking, bool value)
{
    return one(looking, value ? STR("true") : STR("false"));
}

static bool number(struct looking *looking, int64_t value)
{
    return one(looking, arena_printf(looking->c->arena, "%lld", (long long)value));
}

static bool header(struct looking *looking, const char *name)
{
    return looking->c->request != NULL &&
           some(looking, http_header(looking->c->request, str_c(name)));
}

/* ---- the caller ---- */

static bool caller_arn(struct looking *looking)
{
    const struct policy_principal *principal = &looking->asked->request.principal;

    return some(looking, principal->kind == CALLER_ROLE ? principal->source : principal->arn);
}

static bool caller_account(struct looking *looking)
{
    return some(looking, looking->asked->request.principal.account);
}

static bool caller_type(struct looking *looking)
{
    static const char *const names[] = {
        [CALLER_NOBODY] = "Anonymous", [CALLER_ROOT] = "Account", [CALLER_USER] = "User",
        [CALLER_ROLE] = "AssumedRole", [CALLER_FEDERATED] = "FederatedUser",
        [CALLER_SERVICE] = "Service", [CALLER_WEB] = "Anonymous",
    };

    return one(looking, str_c(names[looking->asked->request.principal.kind]));
}

static bool caller_id(struct looking *looking)
{
    const struct identity *identity = looking->c->identity;

    return identity != NULL ? some(looking, identity->user_id)
                            : looking->asked->request.principal.kind == CALLER_NOBODY &&
                                  one(looking, STR("anonymous"));
}

/* Only users have one; it is what stands behind the path. */
static bool caller_name(struct looking *looking)
{
    const struct policy_principal *principal = &looking->asked->request.principal;
    struct str rest = principal->arn;
    struct str name = STR_NONE;

    while (rest.at != NULL) {
        name = str_split(&rest, '/');
    }
    return principal->kind == CALLER_USER && some(looking, name);
}

static bool caller_is_service(struct looking *looking)
{
    return truth(looking, looking->asked->request.principal.kind == CALLER_SERVICE);
}

static bool caller_service_name(struct looking *looking)
{
    const struct policy_principal *principal = &looking->asked->request.principal;

    return principal->kind == CALLER_SERVICE && some(looking, principal->name);
}

static bool has_session(const struct looking *looking)
{
    return looking->c->identity != NULL && looking->c->identity->token.bytes > 0;
}

static bool session_mfa(struct looking *looking)
{
    return has_session(looking) && truth(looking, looking->c->identity->mfa);
}

static bool session_mfa_age(struct looking *looking)
{
    return has_session(looking) && looking->c->identity->mfa &&
           number(looking, (looking->c->now - looking->c->identity->made_ms) / MS_PER_SECOND);
}

static bool session_made(struct looking *looking)
{
    return has_session(looking) &&
           one(looking, time_iso(looking->c->arena, looking->c->identity->made_ms));
}

static bool session_source(struct looking *looking)
{
    return looking->c->identity != NULL &&
           some(looking, looking->c->identity->source_identity);
}

/* ---- the request ---- */

static bool source_ip(struct looking *looking)
{
    return looking->c->request != NULL && looking->asked->source.bytes == 0 &&
           some(looking, looking->c->request->peer);
}

static bool secure(struct looking *looking)
{
    return truth(looking, looking->asked->request.principal.kind == CALLER_SERVICE ||
                              (looking->c->request != NULL && looking->c->request->tls));
}

static bool current_time(struct looking *looking)
{
    return one(looking, time_iso(looking->c->arena, looking->c->now));
}

static bool epoch_time(struct looking *looking)
{
    return number(looking, looking->c->now / MS_PER_SECOND);
}

static bool region(struct looking *looking)
{
    return some(looking, looking->c->region);
}

static bool user_agent(struct looking *looking)
{
    return header(looking, "user-agent");
}

static bool referer(struct looking *looking)
{
    return header(looking, "referer");
}

static bool via_service(struct looking *looking)
{
    return truth(looking, false);
}

static bool source_arn(struct looking *looking)
{
    return some(looking, looking->asked->source);
}

static bool source_account(struct looking *looking)
{
    return some(looking, looking->asked->source_account);
}

static bool resource_account(struct looking *looking)
{
    return some(looking, looking->asked->request.account);
}

/* iam:PassRole: to the service that is asked. */
static bool passed_to(struct looking *looking)
{
    const struct operation *operation = looking->c->operation;

    return operation != NULL &&
           one(looking, arena_printf(looking->c->arena, "%.*s.amazonaws.com",
                                     STR_ARG(model_text(
                                         model_service_of(operation)->signing_name))));
}

static bool signature_version(struct looking *looking)
{
    return looking->c->identity != NULL && one(looking, STR("AWS4-HMAC-SHA256"));
}

static bool content_sha256(struct looking *looking)
{
    return header(looking, "x-amz-content-sha256");
}

static const struct {
    struct str key;
    bool (*find)(struct looking *looking);
} globals[] = {
    {STR_INIT("aws:PrincipalArn"), caller_arn},
    {STR_INIT("aws:PrincipalAccount"), caller_account},
    {STR_INIT("aws:PrincipalType"), caller_type},
    {STR_INIT("aws:userid"), caller_id},
    {STR_INIT("aws:username"), caller_name},
    {STR_INIT("aws:PrincipalIsAWSService"), caller_is_service},
    {STR_INIT("aws:PrincipalServiceName"), caller_service_name},
    {STR_INIT("aws:MultiFactorAuthPresent"), session_mfa},
    {STR_INIT("aws:MultiFactorAuthAge"), session_mfa_age},
    {STR_INIT("aws:TokenIssueTime"), session_made},
    {STR_INIT("aws:SourceIdentity"), session_source},
    {STR_INIT("aws:SourceIp"), source_ip},
    {STR_INIT("aws:SecureTransport"), secure},
    {STR_INIT("aws:CurrentTime"), current_time},
    {STR_INIT("aws:EpochTime"), epoch_time},
    {STR_INIT("aws:RequestedRegion"), region},
    {STR_INIT("aws:UserAgent"), user_agent},
    {STR_INIT("aws:Referer"), referer},
    {STR_INIT("aws:ViaAWSService"), via_service},
    {STR_INIT("aws:SourceArn"), source_arn},
    {STR_INIT("aws:SourceAccount"), source_account},
    {STR_INIT("aws:ResourceAccount"), resource_account},
    {STR_INIT("s3:ResourceAccount"), resource_account},
    {STR_INIT("iam:PassedToService"), passed_to},
    {STR_INIT("s3:signatureversion"), signature_version},
    {STR_INIT("s3:x-amz-content-sha256"), content_sha256},
};

/* ---- the operation's input ---- */

/* Keys that are a member of the input, of whichever operation has it. */
static const struct {
    struct str key;
    struct str path; /* A.B goes inside */
} members[] = {
    {STR_INIT("s3:prefix"), STR_INIT("Prefix")},
    {STR_INIT("s3:delimiter"), STR_INIT("Delimiter")},
    {STR_INIT("s3:max-keys"), STR_INIT("MaxKeys")},
    {STR_INIT("s3:x-amz-acl"), STR_INIT("ACL")},
    {STR_INIT("s3:x-amz-grant-full-control"), STR_INIT("GrantFullControl")},
    {STR_INIT("s3:x-amz-grant-read"), STR_INIT("GrantRead")},
    {STR_INIT("s3:x-amz-grant-read-acp"), STR_INIT("GrantReadACP")},
    {STR_INIT("s3:x-amz-grant-write"), STR_INIT("GrantWrite")},
    {STR_INIT("s3:x-amz-grant-write-acp"), STR_INIT("GrantWriteACP")},
    {STR_INIT("s3:x-amz-storage-class"), STR_INIT("StorageClass")},
    {STR_INIT("s3:x-amz-server-side-encryption"), STR_INIT("ServerSideEncryption")},
    {STR_INIT("s3:x-amz-server-side-encryption-aws-kms-key-id"), STR_INIT("SSEKMSKeyId")},
    {STR_INIT("s3:x-amz-server-side-encryption-customer-algorithm"),
     STR_INIT("SSECustomerAlgorithm")},
    {STR_INIT("s3:x-amz-copy-source"), STR_INIT("CopySource")},
    {STR_INIT("s3:x-amz-metadata-directive"), STR_INIT("MetadataDirective")},
    {STR_INIT("s3:x-amz-website-redirect-location"), STR_INIT("WebsiteRedirectLocation")},
    {STR_INIT("s3:VersionId"), STR_INIT("VersionId")},
    {STR_INIT("s3:object-lock-mode"), STR_INIT("ObjectLockMode")},
    {STR_INIT("s3:object-lock-legal-hold"), STR_INIT("ObjectLockLegalHoldStatus")},
    {STR_INIT("s3:LocationConstraint"),
     STR_INIT("CreateBucketConfiguration.LocationConstraint")},
    {STR_INIT("sns:Protocol"), STR_INIT("Protocol")},
    {STR_INIT("sns:Endpoint"), STR_INIT("Endpoint")},
    {STR_INIT("dynamodb:Select"), STR_INIT("Select")},
    {STR_INIT("dynamodb:ReturnValues"), STR_INIT("ReturnValues")},
    {STR_INIT("dynamodb:ReturnConsumedCapacity"), STR_INIT("ReturnConsumedCapacity")},
    {STR_INIT("lambda:FunctionUrlAuthType"), STR_INIT("FunctionUrlAuthType|AuthType")},
    {STR_INIT("lambda:Principal"), STR_INIT("Principal")},
    {STR_INIT("lambda:Layer"), STR_INIT("Layers")},
    {STR_INIT("lambda:CodeSigningConfigArn"), STR_INIT("CodeSigningConfigArn")},
    {STR_INIT("lambda:EventSourceArn"), STR_INIT("EventSourceArn")},
    {STR_INIT("iam:PolicyARN"), STR_INIT("PolicyArn")},
    {STR_INIT("iam:PermissionsBoundary"), STR_INIT("PermissionsBoundary")},
    {STR_INIT("iam:AWSServiceName"), STR_INIT("AWSServiceName")},
    {STR_INIT("sts:RoleSessionName"), STR_INIT("RoleSessionName")},
    {STR_INIT("sts:ExternalId"), STR_INIT("ExternalId")},
    {STR_INIT("sts:SourceIdentity"), STR_INIT("SourceIdentity")},
    {STR_INIT("sts:DurationSeconds"), STR_INIT("DurationSeconds")},
    {STR_INIT("sts:TransitiveTagKeys"), STR_INIT("TransitiveTagKeys")},
    {STR_INIT("logs:DestinationArn"), STR_INIT("destinationArn")},
    {STR_INIT("kms:SigningAlgorithm"), STR_INIT("SigningAlgorithm")},
    {STR_INIT("kms:MacAlgorithm"), STR_INIT("MacAlgorithm")},
    {STR_INIT("kms:MessageType"), STR_INIT("MessageType")},
    {STR_INIT("kms:KeyAgreementAlgorithm"), STR_INIT("KeyAgreementAlgorithm")},
    {STR_INIT("kms:DataKeyPairSpec"), STR_INIT("KeyPairSpec")},
    {STR_INIT("kms:GrantOperations"), STR_INIT("Operations")},
    {STR_INIT("kms:GranteePrincipal"), STR_INIT("GranteePrincipal")},
    {STR_INIT("kms:RetiringPrincipal"), STR_INIT("RetiringPrincipal")},
    {STR_INIT("kms:WrappingAlgorithm"), STR_INIT("WrappingAlgorithm")},
    {STR_INIT("kms:WrappingKeySpec"), STR_INIT("WrappingKeySpec")},
    {STR_INIT("kms:ExpirationModel"), STR_INIT("ExpirationModel")},
    {STR_INIT("kms:BypassPolicyLockoutSafetyCheck"), STR_INIT("BypassPolicyLockoutSafetyCheck")},
    {STR_INIT("kms:ScheduleKeyDeletionPendingWindowInDays"), STR_INIT("PendingWindowInDays")},
    {STR_INIT("kms:RotationPeriodInDays"), STR_INIT("RotationPeriodInDays")},
    {STR_INIT("kms:ReplicaRegion"), STR_INIT("ReplicaRegion")},
};

static bool members_find(struct looking *looking, struct str paths)
{
    struct str *values = arena_alloc(looking->c->arena, VALUES_MAX * sizeof(*values));
    size_t count = authorize_values(looking->c, paths, values, VALUES_MAX);

    looking->values->values = values;
    looking->values->count = count;
    return count > 0;
}

static bool member_find(struct looking *looking)
{
    if (looking->c->in == NULL) {
        return false;
    }
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        if (str_eq_nocase(looking->key, members[i].key)) {
            return members_find(looking, members[i].path);
        }
    }
    return false;
}

/* ---- tags ---- */

static bool key_starts(const struct looking *looking, struct str prefix, struct str *ret_rest)
{
    if (!str_starts_nocase(looking->key, prefix)) {
        return false;
    }
    *ret_rest = str_slice(looking->key, prefix.bytes, looking->key.bytes);
    return true;
}

static bool caller_tag(struct looking *looking, struct str name)
{
    const struct identity *identity = looking->c->identity;
    struct str value;

    for (size_t i = 0; identity != NULL && i < identity->tag_count; i++) {
        if (str_eq_nocase(identity->tags[i].key, name)) {
            return one(looking, identity->tags[i].value);
        }
    }
    return principal_tag(looking->c->cell, looking->asked->request.principal.source, name,
                         &value) &&
           one(looking, value);
}

/* Who knows the resource; NULL: nobody. */
static const struct resource_source *source_of(const struct looking *looking)
{
    struct arn arn;

    return arn_read(looking->asked->request.resource, &arn)
               ? resource_source_of(looking->c->cell->authorize, arn.service) : NULL;
}

static bool resource_tag(struct looking *looking, struct str name)
{
    const struct resource_source *source = source_of(looking);
    struct str value;

    return source != NULL && source->tag != NULL &&
           source->tag(looking->c->cell, looking->asked->request.resource, name, &value) &&
           one(looking, value);
}

/* A field of a structure by either spelling. */
static struct str field_of(const struct value *item, struct str upper, struct str lower)
{
    const struct shape *shape = model_shape(item->shape);
    int index = model_member_index(shape, upper);

    index = index < 0 ? model_member_index(shape, lower) : index;
    return index < 0 || item->items[index].kind != VALUE_STR ? STR_NONE : item->items[index].str;
}

/* Members that carry tags: a map, or a list of Key and Value. */
static const struct value *tags_given(const struct looking *looking)
{
    static const struct str names[] = {STR_INIT("Tags"), STR_INIT("tags")};
    const struct value *in = looking->c->in;

    for (size_t i = 0; in != NULL && in->kind == VALUE_STRUCT && i < 2; i++) {
        int index = model_member_index(model_shape(in->shape), names[i]);

        if (index >= 0 && in->items[index].kind != VALUE_NONE) {
            return &in->items[index];
        }
    }
    return NULL;
}

/* The i-th tag of those given; false: there are no more. */
static bool tag_at(const struct value *tags, uint32_t i, struct str *ret_key,
                   struct str *ret_value)
{
    if (tags == NULL || i >= tags->count ||
        (tags->kind != VALUE_MAP && tags->kind != VALUE_LIST)) {
        return false;
    }
    if (tags->kind == VALUE_MAP) {
        *ret_key = tags->pairs[i].key;
        *ret_value = tags->pairs[i].value.kind == VALUE_STR ? tags->pairs[i].value.str : STR_NONE;
        return true;
    }
    if (tags->items[i].kind != VALUE_STRUCT) {
        return false;
    }
    *ret_key = field_of(&tags->items[i], STR("Key"), STR("key"));
    *ret_value = field_of(&tags->items[i], STR("Value"), STR("value"));
    return true;
}

static bool request_tag(struct looking *looking, struct str name)
{
    const struct value *tags = tags_given(looking);
    struct str key;
    struct str value;

    for (uint32_t i = 0; tag_at(tags, i, &key, &value); i++) {
        if (str_eq_nocase(key, name)) {
            return one(looking, value);
        }
    }
    return false;
}

static bool tag_keys(struct looking *looking)
{
    const struct value *tags = tags_given(looking);
    struct str *keys = arena_alloc(looking->c->arena, VALUES_MAX * sizeof(*keys));
    struct str value;
    uint32_t count = 0;

    if (tags == NULL) {
        return members_find(looking, STR("TagKeys|tagKeys"));
    }
    while (count < VALUES_MAX && tag_at(tags, count, &keys[count], &value)) {
        count++;
    }
    looking->values->values = keys;
    looking->values->count = count;
    return count > 0;
}

static bool tag_find(struct looking *looking)
{
    struct str name;

    if (key_starts(looking, STR("aws:PrincipalTag/"), &name)) {
        return caller_tag(looking, name);
    }
    if (key_starts(looking, STR("aws:RequestTag/"), &name)) {
        return request_tag(looking, name);
    }
    if (key_starts(looking, STR("aws:ResourceTag/"), &name) ||
        key_starts(looking, STR("iam:ResourceTag/"), &name) ||
        key_starts(looking, STR("s3:ExistingObjectTag/"), &name)) {
        return resource_tag(looking, name);
    }
    return str_eq_nocase(looking->key, STR("aws:TagKeys")) && tag_keys(looking);
}

/* Keys that only the resource's service can tell. */
static bool service_find(struct looking *looking)
{
    const struct resource_source *source = source_of(looking);

    return source != NULL && source->key != NULL &&
           source->key(looking->c, looking->asked->request.resource, looking->key,
                       looking->values);
}

/* ---- all of them ---- */

bool authorize_key_find(const struct policy_context *context, struct str key,
                        struct policy_values *ret_values)
{
    const struct asked *asked = LINK_OWNER(context, const struct asked, context);
    struct looking looking = {asked, asked->c, key, ret_values};

    for (size_t i = 0; i < asked->key_count; i++) {
        const struct authorize_key *known = &asked->keys[i];

        if (str_eq_nocase(key, str_c(known->name))) {
            if (known->values == NULL) {
                return some(&looking, known->value);
            }
            ret_values->values = known->values;
            ret_values->count = known->count;
            return known->count > 0;
        }
    }
    for (size_t i = 0; i < sizeof(globals) / sizeof(globals[0]); i++) {
        if (str_eq_nocase(key, globals[i].key)) {
            return globals[i].find(&looking);
        }
    }
    return tag_find(&looking) || member_find(&looking) || service_find(&looking);
}
