/* SPDX-License-Identifier: Apache-2.0
 *
 * Log groups and their streams in templates.
 */
#include "svc/logs/cfn.h"

#define NAME_BYTES_MAX 512

/* ---- AWS::Logs::LogGroup ---- */

static const struct resource_property group_properties[] = {
    {"DeletionProtectionEnabled", NULL, RESOURCE_IN_PLACE, 0},
    {"KmsKeyId", NULL, RESOURCE_IN_PLACE, 0},
    {"LogGroupClass", NULL, RESOURCE_IN_PLACE, 0},
    {"LogGroupName", "", RESOURCE_REPLACES, 0},
    {"ResourcePolicyDocument", "", RESOURCE_IN_PLACE, 0},
    {"RetentionInDays", "", RESOURCE_IN_PLACE, 0},
    {"Tags", NULL, RESOURCE_IN_PLACE, RESOURCE_TAGS},
};
static const char *const group_attributes[] = {"Arn", NULL};

/* Without the ":*" that GetAtt has. */
static struct str group_arn(const struct resource *r)
{
    return arena_printf(r->c->arena, "arn:%.*s:logs:%.*s:%.*s:log-group:%.*s",
                        STR_ARG(arn_partition(r->caller.region)), STR_ARG(r->caller.region),
                        STR_ARG(r->caller.account), STR_ARG(r->id));
}

static status retention_put(struct resource *r)
{
    struct inner inner;

    if (!resource_changed(r, "RetentionInDays")) {
        return OK;
    }
    TRY(resource_begin(r, resource_get(r, "RetentionInDays") == NULL ? "DeleteRetentionPolicy"
                                                                     : "PutRetentionPolicy",
                       &inner));
    set_str(inner.in, "logGroupName", r->id);
    if (resource_get(r, "RetentionInDays") != NULL) {
        TRY(resource_set(r, &inner, "retentionInDays", resource_get(r, "RetentionInDays")));
    }
    return resource_run(r, &inner);
}

static status key_put(struct resource *r)
{
    struct inner inner;

    if (!resource_changed(r, "KmsKeyId")) {
        return OK;
    }
    TRY(resource_begin(r, resource_get(r, "KmsKeyId") == NULL ? "DisassociateKmsKey"
                                                              : "AssociateKmsKey", &inner));
    set_str(inner.in, "logGroupName", r->id);
    if (resource_get(r, "KmsKeyId") != NULL) {
        TRY(resource_set(r, &inner, "kmsKeyId", resource_get(r, "KmsKeyId")));
    }
    return resource_run(r, &inner);
}

/* The policy that belongs to the group; NULL: it has none. */
static status policy_there(struct resource *r, const struct value **ret_policy)
{
    const struct value *list = NULL;
    struct inner inner;

    TRY(resource_ask(r, "DescribeResourcePolicies",
                     (struct resource_arg[]){{"resourceArn", group_arn(r)},
                                             {"policyScope", STR("RESOURCE")},
                                             {NULL, r->id}},
                     &inner));
    list = get(inner.out, "resourcePolicies");
    *ret_policy = list != NULL && list->count > 0 ? &list->items[0] : NULL;
    return OK;
}

static status policy_put(struct resource *r)
{
    bool wanted = resource_get(r, "ResourcePolicyDocument") != NULL;
    const struct value *there = NULL;
    struct str document = resource_policy(r, "ResourcePolicyDocument");
    struct str revision;
    struct inner inner;

    if (!resource_changed(r, "ResourcePolicyDocument")) {
        return OK;
    }
    TRY(policy_there(r, &there));
    if (there == NULL && !wanted) {
        return OK; /* a change that failed before it came so far is taken back */
    }
    revision = there == NULL ? STR_NONE : get_str(there, "revisionId");
    return wanted ? resource_ask(r, "PutResourcePolicy",
                                 (struct resource_arg[]){{"resourceArn", group_arn(r)},
                                                         {"policyDocument", document},
                                                         {"expectedRevisionId", revision},
                                                         {NULL, document}},
                                 &inner)
                  : resource_ask(r, "DeleteResourcePolicy",
                                 (struct resource_arg[]){{"resourceArn", group_arn(r)},
                                                         {"expectedRevisionId", revision},
                                                         {NULL, document}},
                                 &inner);
}

static status group_make(struct resource *r)
{
    struct str name = resource_name(r, "LogGroupName", NAME_BYTES_MAX, false);
    struct inner inner;

    TRY(resource_begin(r, "CreateLogGroup", &inner));
    TRY(resource_fill(r, &inner));
    set_str(inner.in, "logGroupName", name);
    TRY(resource_run(r, &inner));
    r->id = name;
    TRY(policy_put(r));
    return retention_put(r);
}

static status protection_put(struct resource *r)
{
    struct inner inner;

    if (!resource_changed(r, "DeletionProtectionEnabled")) {
        return OK;
    }
    TRY(resource_begin(r, "PutLogGroupDeletionProtection", &inner));
    set_str(inner.in, "logGroupIdentifier", r->id);
    TRY(resource_set_or(r, &inner, "deletionProtectionEnabled", "DeletionProtectionEnabled",
                        "false"));
    return resource_run(r, &inner);
}

static struct str class_of(const struct resource *r, const struct value *properties)
{
    struct str class = doc_text(r->c->arena, doc_get(properties, "LogGroupClass"));

    return class.bytes > 0 ? class : STR("STANDARD");
}

static status group_change(struct resource *r)
{
    static const struct resource_tagging tagging = {"TagResource", "UntagResource", "resourceArn",
                                                    "tags", "tagKeys"};

    if (!str_eq(class_of(r, r->had), class_of(r, r->want))) {
        return resource_fail(r, &RESOURCE_INVALID,
                             "Resource handler returned message: \"LogGroupClass cannot be "
                             "changed once a log group is created\" (RequestToken: %.*s, "
                             "HandlerErrorCode: NotUpdatable)", STR_ARG(r->token));
    }
    TRY(retention_put(r));
    TRY(key_put(r));
    TRY(policy_put(r));
    TRY(protection_put(r));
    return resource_tag_by(r, "Tags", &tagging, group_arn(r));
}

static status group_remove(struct resource *r)
{
    return resource_remove_by(r, "DeleteLogGroup", "logGroupName");
}

static status group_tell(struct resource *r)
{
    resource_attribute(r, "Arn", arena_printf(r->c->arena, "%.*s:*", STR_ARG(group_arn(r))));
    return OK;
}

/* Answers have all whose name begins so. */
static const struct value *named(const struct value *list, const char *member, struct str name)
{
    for (uint32_t i = 0; list != NULL && i < list->count; i++) {
        if (str_eq(get_str(&list->items[i], member), name)) {
            return &list->items[i];
        }
    }
    return NULL;
}

static status group_now(struct resource *r, struct value *ret_properties)
{
    struct arena *arena = r->c->arena;
    const struct value *group = NULL;
    const struct value *policy = NULL;
    struct inner inner;

    TRY(resource_ask(r, "DescribeLogGroups",
                     (struct resource_arg[]){{"logGroupNamePrefix", r->id}, {NULL, r->id}},
                     &inner));
    group = named(get(inner.out, "logGroups"), "logGroupName", r->id);
    if (group == NULL) {
        return &ERR_NOT_FOUND;
    }
    resource_now_of(r, group, ret_properties);
    TRY(resource_ask(r, "ListTagsForResource",
                     (struct resource_arg[]){{"resourceArn", group_arn(r)}, {NULL, r->id}},
                     &inner));
    if (get(inner.out, "tags") != NULL) {
        resource_now_tags(r, ret_properties, "Tags",
                          resource_document(arena, get(inner.out, "tags")));
    }
    TRY(policy_there(r, &policy));
    if (policy != NULL) {
        *doc_put(arena, ret_properties, STR("ResourcePolicyDocument")) =
            *resource_tree(r, get_str(policy, "policyDocument"));
    }
    return OK;
}

/* ---- AWS::Logs::LogStream ---- */

static const struct resource_property stream_properties[] = {
    {"LogGroupName", NULL, RESOURCE_REPLACES, RESOURCE_REQUIRED},
    {"LogStreamName", "", RESOURCE_REPLACES, 0},
};

static status stream_ask(struct resource *r, const char *operation, struct str name)
{
    struct inner inner;

    return resource_ask(r, operation,
                        (struct resource_arg[]){{"logGroupName", resource_str(r, "LogGroupName")},
                                                {"logStreamName", name},
                                                {NULL, name}},
                        &inner);
}

static status stream_make(struct resource *r)
{
    struct str name = resource_name(r, "LogStreamName", NAME_BYTES_MAX, false);

    TRY(stream_ask(r, "CreateLogStream", name));
    r->id = name;
    return OK;
}

static status stream_remove(struct resource *r)
{
    return stream_ask(r, "DeleteLogStream", r->id);
}

static status stream_now(struct resource *r, struct value *ret_properties)
{
    struct str group = resource_str(r, "LogGroupName");
    struct inner inner;

    TRY(resource_ask(r, "DescribeLogStreams",
                     (struct resource_arg[]){{"logGroupName", group},
                                             {"logStreamNamePrefix", r->id},
                                             {NULL, r->id}},
                     &inner));
    if (named(get(inner.out, "logStreams"), "logStreamName", r->id) == NULL) {
        return &ERR_NOT_FOUND;
    }
    doc_put_text(r->c->arena, ret_properties, "LogGroupName", group);
    doc_put_text(r->c->arena, ret_properties, "LogStreamName", r->id);
    return OK;
}

const struct resource_type logs_group_type = {
    .name = "AWS::Logs::LogGroup",
    .service = "logs",
    RESOURCE_TYPE_PROPERTIES(group_properties),
    .attributes = group_attributes,
    .make = group_make,
    .change = group_change,
    .remove = group_remove,
    .tell = group_tell,
    .now = group_now,
};

const struct resource_type logs_stream_type = {
    .name = "AWS::Logs::LogStream",
    .service = "logs",
    RESOURCE_TYPE_PROPERTIES(stream_properties),
    .make = stream_make,
    .remove = stream_remove,
    .now = stream_now,
};
