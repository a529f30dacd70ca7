/* SPDX-License-Identifier: Apache-2.0
 *
 * The operations of roles and instance profiles.
 */
#include "cell/policy.h"
#include "svc/iam/iam_ops.h"
#include "svc/iam/show.h"

#define LINKED_PATH "/aws-service-role/"
#define LINKED_NAME_BYTES_MAX 64

/* ---- roles ---- */

/* CreateRole */
status iam_create_role(struct call *c)
{
    struct str name = arg_str(c, "RoleName");
    struct account *account;
    struct managed *boundary;
    struct policy *trust;
    struct thing *thing;
    struct role *role;
    status made;

    TRY(account_of_call(c, &account));
    TRY(boundary_of_call(c, &boundary));
    if (thing_taken(account, ROLE, name)) {
        return fail(c, &IAM_EXISTS, "Role with name %.*s already exists.", STR_ARG(name));
    }
    TRY(trust_read(c, account, arg_str(c, "AssumeRolePolicyDocument"), &trust));
    made = thing_make(c, account, ROLE, name, &thing);
    if (made != OK) {
        policy_drop(trust);
        return made;
    }
    thing_add(account, thing);
    role = (struct role *)thing;
    document_set(&role->trust, arg_str(c, "AssumeRolePolicyDocument"), trust);
    text_set(&role->description, arg_str(c, "Description"));
    role->session_seconds = (uint32_t)arg_int(c, "MaxSessionDuration", SESSION_SECONDS);
    boundary_set(&role->principal, boundary);
    thing_save(c, thing);
    show_role(c->arena, put_struct(c, "Role"), role, true);
    call_on(c, thing_arn(c->arena, thing));
    return OK;
}

/* GetRole */
status iam_get_role(struct call *c)
{
    struct role *role;

    TRY(role_of_call(c, &role));
    show_role(c->arena, put_struct(c, "Role"), role, true);
    return OK;
}

/* ListRoles */
status iam_list_roles(struct call *c)
{
    struct str prefix = arg_has(c, "PathPrefix") ? arg_str(c, "PathPrefix") : STR("/");
    struct account *account;
    struct piece piece;

    TRY(account_of_call(c, &account));
    TRY(piece_begin(c, "Roles", account->shelves[ROLE].count, &piece));
    for (size_t i = 0; i < account->shelves[ROLE].count; i++) {
        const struct thing *thing = account->shelves[ROLE].things[i];

        if (str_starts(thing->path, prefix) && piece_takes(&piece, thing->name)) {
            show_role(c->arena, list_add(c->arena, piece.list), (const struct role *)thing, false);
        }
    }
    return OK;
}

static status role_changed(struct call *c, const struct role *role)
{
    thing_save(c, &role->principal.thing);
    call_on(c, thing_arn(c->arena, &role->principal.thing));
    return OK;
}

/* UpdateRole */
status iam_update_role(struct call *c)
{
    struct role *role;

    TRY(role_to_change(c, &role));
    if (arg_has(c, "Description")) {
        text_set(&role->description, arg_str(c, "Description"));
    }
    role->session_seconds = (uint32_t)arg_int(c, "MaxSessionDuration", SESSION_SECONDS);
    return role_changed(c, role);
}

/* UpdateRoleDescription: the older way, which answers the role. */
status iam_update_role_description(struct call *c)
{
    struct role *role;

    TRY(role_of_call(c, &role));
    text_set(&role->description, arg_str(c, "Description"));
    show_role(c->arena, put_struct(c, "Role"), role, true);
    return role_changed(c, role);
}

/* UpdateAssumeRolePolicy */
status iam_update_trust(struct call *c)
{
    struct policy *trust;
    struct role *role;

    TRY(role_to_change(c, &role));
    TRY(trust_read(c, role->principal.thing.account, arg_str(c, "PolicyDocument"), &trust));
    document_set(&role->trust, arg_str(c, "PolicyDocument"), trust);
    return role_changed(c, role);
}

static bool in_a_profile(const struct role *role)
{
    const struct shelf *shelf = &role->principal.thing.account->shelves[PROFILE];

    for (size_t i = 0; i < shelf->count; i++) {
        if (((struct profile *)shelf->things[i])->role == role) {
            return true;
        }
    }
    return false;
}

static void role_delete(struct call *c, struct role *role)
{
    call_on(c, thing_arn(c->arena, &role->principal.thing));
    thing_erase(c, &role->principal.thing);
    boundary_set(&role->principal, NULL);
    while (role->principal.attached_count > 0) {
        detach(&role->principal, role->principal.attached[0]);
    }
    thing_remove(&role->principal.thing);
    thing_free(&role->principal.thing);
}

/* DeleteRole */
status iam_delete_role(struct call *c)
{
    struct role *role;

    TRY(role_to_change(c, &role));
    if (in_a_profile(role)) {
        return fail(c, &IAM_CONFLICT,
                    "Cannot delete entity, must remove roles from instance profile first.");
    }
    if (role->principal.attached_count > 0) {
        return fail(c, &IAM_CONFLICT, "Cannot delete entity, must detach all policies first.");
    }
    if (role->principal.inline_count > 0) {
        return fail(c, &IAM_CONFLICT, "Cannot delete entity, must delete policies first.");
    }
    role_delete(c, role);
    return OK;
}

/* ---- service-linked roles ---- */

/* "autoscaling.amazonaws.com" has AWSServiceRoleForAutoScaling. Others get their name as it is
 * written: weir knows the spelling of those that stacks make. */
static struct str linked_name(struct call *c, struct str service, struct str suffix)
{
    static const struct {
        const char *service, *name;
    } known[] = {
        {"autoscaling", "AutoScaling"}, {"elasticloadbalancing", "ElasticLoadBalancing"},
        {"ecs", "ECS"}, {"rds", "RDS"}, {"ops.apigateway", "APIGateway"},
        {"lex", "LexBots"}, {"elasticache", "ElastiCache"}, {"ssm", "AmazonSSM"},
        {"replication.dynamodb", "DynamoDBReplication"},
        {"kinesisreplication.dynamodb", "DynamoDBKinesisDataStreamsReplication"},
        {"dynamodb.application-autoscaling", "ApplicationAutoScaling_DynamoDBTable"},
        {"lambda.application-autoscaling", "ApplicationAutoScaling_LambdaConcurrency"},
        {"ecs.application-autoscaling", "ApplicationAutoScaling_ECSService"},
        {"apidestinations.events", "AmazonEventBridgeApiDestinations"},
        {"email.cognito-idp", "AmazonCognitoIdpEmailService"},
        {"cognito-idp", "AmazonCognitoIdp"}, {"backup", "Backup"}, {"spot", "EC2Spot"},
        {"es", "AmazonElasticsearchService"}, {"cloudtrail", "CloudTrail"},
        {"imagebuilder", "ImageBuilder"}, {"fsx", "AmazonFSx"}, {"schemas", "Schemas"},
        {"events", "CloudWatchEvents"}, {"logs", "AmazonCloudWatchLogs"},
        {"delivery.logs", "LogDelivery"},
    };
    struct str host = str_slice(service, 0, str_find_str(service, STR(".amazonaws.com")));
    struct str name = host;

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (str_eq(host, str_c(known[i].service))) {
            name = str_c(known[i].name);
        }
    }
    return arena_printf(c->arena, "AWSServiceRoleFor%.*s%s%.*s", STR_ARG(name),
                        suffix.bytes > 0 ? "_" : "", STR_ARG(suffix));
}

/* CreateServiceLinkedRole: a role that only its service may assume, without policies of weir's. */
status iam_create_linked_role(struct call *c)
{
    struct str service = arg_str(c, "AWSServiceName");
    struct str name = linked_name(c, service, arg_str(c, "CustomSuffix"));
    struct account *account;
    struct thing *thing;
    struct role *role;
    struct policy *trust;
    struct str text;

    TRY(account_of_call(c, &account));
    if (!str_ends(service, STR(".amazonaws.com")) || name.bytes > LINKED_NAME_BYTES_MAX) {
        return fail(c, &IAM_INVALID, "Invalid service name: %.*s", STR_ARG(service));
    }
    if (thing_taken(account, ROLE, name)) {
        return fail(c, &IAM_INVALID,
                    "Service role name %.*s has been taken in this account, please try a "
                    "different suffix.",
                    STR_ARG(name));
    }
    text = arena_printf(c->arena,
                        "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Action\":[\"sts:AssumeRole"
                        "\"],\"Effect\":\"Allow\",\"Principal\":{\"Service\":[\"%.*s\"]}}]}",
                        STR_ARG(service));
    TRY(quota_check(c, account, ROLE));
    TRY(trust_read(c, account, text, &trust));
    thing = thing_new(account, ROLE, name);
    fresh_id(c, kind_words(ROLE)->id, thing->id);
    thing->created_ms = iam_now(c);
    text_set(&thing->path, arena_printf(c->arena, LINKED_PATH "%.*s/", STR_ARG(service)));
    thing_add(account, thing);
    role = (struct role *)thing;
    document_set(&role->trust, text, trust);
    text_set(&role->description, arg_str(c, "Description"));
    text_set(&role->linked, service);
    role->session_seconds = SESSION_SECONDS;
    show_role(c->arena, put_struct(c, "Role"), role, true);
    return role_changed(c, role);
}

/* DeleteServiceLinkedRole: done at once; the task is only a name. */
status iam_delete_linked_role(struct call *c)
{
    struct role *role;
    char uuid[36];

    TRY(role_of_call(c, &role));
    if (role->linked.bytes == 0) {
        return fail(c, &IAM_NO_SUCH, "The role with name %.*s cannot be found.",
                    STR_ARG(arg_str(c, "RoleName")));
    }
    rand_uuid(c->rand, uuid);
    put_str(c, "DeletionTaskId",
            arena_printf(c->arena, "task%.*s%.*s/%.*s", STR_ARG(role->principal.thing.path),
                         STR_ARG(role->principal.thing.name), (int)sizeof(uuid), uuid));
    role_delete(c, role);
    return OK;
}

/* GetServiceLinkedRoleDeletionStatus */
status iam_linked_role_status(struct call *c)
{
    if (!str_starts(arg_str(c, "DeletionTaskId"), STR("task" LINKED_PATH))) {
        return fail(c, &IAM_NO_SUCH, "The deletion task %.*s cannot be found.",
                    STR_ARG(arg_str(c, "DeletionTaskId")));
    }
    put_str(c, "Status", STR("SUCCEEDED"));
    return OK;
}

/* ---- instance profiles ---- */

/* CreateInstanceProfile */
status iam_create_profile(struct call *c)
{
    struct str name = arg_str(c, "InstanceProfileName");
    struct account *account;
    struct thing *thing;

    TRY(account_of_call(c, &account));
    if (thing_taken(account, PROFILE, name)) {
        return fail(c, &IAM_EXISTS, "Instance Profile %.*s already exists.", STR_ARG(name));
    }
    TRY(thing_make(c, account, PROFILE, name, &thing));
    thing_add(account, thing);
    thing_save(c, thing);
    show_profile(c->arena, put_struct(c, "InstanceProfile"), (struct profile *)thing);
    call_on(c, thing_arn(c->arena, thing));
    return OK;
}

/* GetInstanceProfile */
status iam_get_profile(struct call *c)
{
    struct profile *profile;

    TRY(profile_of_call(c, &profile));
    show_profile(c->arena, put_struct(c, "InstanceProfile"), profile);
    return OK;
}

static status profiles_listed(struct call *c, const struct role *role, struct str prefix)
{
    struct account *account;
    struct piece piece;

    TRY(account_of_call(c, &account));
    TRY(piece_begin(c, "InstanceProfiles", account->shelves[PROFILE].count, &piece));
    for (size_t i = 0; i < account->shelves[PROFILE].count; i++) {
        const struct profile *profile =
            (const struct profile *)account->shelves[PROFILE].things[i];

        if ((role == NULL || profile->role == role) &&
            str_starts(profile->thing.path, prefix) && piece_takes(&piece, profile->thing.name)) {
            show_profile(c->arena, list_add(c->arena, piece.list), profile);
        }
    }
    return OK;
}

/* ListInstanceProfiles */
status iam_list_profiles(struct call *c)
{
    return profiles_listed(c, NULL,
                           arg_has(c, "PathPrefix") ? arg_str(c, "PathPrefix") : STR("/"));
}

/* ListInstanceProfilesForRole */
status iam_list_profiles_for_role(struct call *c)
{
    struct role *role;

    TRY(role_of_call(c, &role));
    return profiles_listed(c, role, STR("/"));
}

/* DeleteInstanceProfile */
status iam_delete_profile(struct call *c)
{
    struct profile *profile;

    TRY(profile_of_call(c, &profile));
    if (profile->role != NULL) {
        return fail(c, &IAM_CONFLICT,
                    "Cannot delete entity, must remove roles from instance profile first.");
    }
    call_on(c, thing_arn(c->arena, &profile->thing));
    thing_erase(c, &profile->thing);
    thing_remove(&profile->thing);
    thing_free(&profile->thing);
    return OK;
}

/* AddRoleToInstanceProfile: one at most. */
status iam_add_role_to_profile(struct call *c)
{
    struct profile *profile;
    struct role *role;

    TRY(profile_of_call(c, &profile));
    TRY(role_to_change(c, &role));
    if (profile->role != NULL) {
        return fail(c, &IAM_LIMIT,
                    "Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1");
    }
    profile->role = role;
    thing_save(c, &profile->thing);
    call_on(c, thing_arn(c->arena, &profile->thing));
    return OK;
}

/* RemoveRoleFromInstanceProfile */
status iam_remove_role_from_profile(struct call *c)
{
    struct profile *profile;
    struct role *role;

    TRY(profile_of_call(c, &profile));
    TRY(role_of_call(c, &role));
    if (profile->role != role) {
        return fail(c, &IAM_NO_SUCH, "Role %.*s in Instance Profile %.*s cannot be found.",
                    STR_ARG(role->principal.thing.name), STR_ARG(profile->thing.name));
    }
    profile->role = NULL;
    thing_save(c, &profile->thing);
    call_on(c, thing_arn(c->arena, &profile->thing));
    return OK;
}
