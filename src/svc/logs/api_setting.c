/* SPDX-License-Identifier: Apache-2.0
 *
 * Destinations, resource policies and query definitions: descriptions that are kept. A destination
 * leads subscription filters to its target. Policies are enforced when IAM is there; queries are
 * not run.
 */
#include "svc/logs/keys.h"
#include "svc/logs/logs_ops.h"

/* How many there are of a kind; kinds are small. */
static size_t count_of(struct call *c, const char *kind, uint32_t shape)
{
    struct things things = {.kind = kind, .shape = shape};
    struct value *about;
    struct thing thing;
    size_t count = 0;

    while (things_next(c, &things, &thing, &about)) {
        count++;
    }
    return count;
}

/* A page of a kind. */
struct telling {
    struct things things;     /* which */
    const char *limit_member; /* of the input */
    const char *list_member;  /* of the output */
    bool (*is_wanted)(const struct call *c, const struct value *about); /* NULL: all */
};

static status tell(struct call *c, struct telling *telling)
{
    size_t limit = limit_of_call(c, telling->limit_member, PAGE_DEFAULT);
    struct value *list;
    struct value *about;
    struct thing thing;
    struct thing last = {.kind = telling->things.kind};

    TRY(token_read(c, "nextToken", &telling->things.after));
    list = put_list(c, telling->list_member, limit);
    while (things_next(c, &telling->things, &thing, &about)) {
        if (telling->is_wanted != NULL && !telling->is_wanted(c, about)) {
            continue;
        }
        if (list->count == limit) {
            put_str(c, "nextToken", token_of(c, things_place(c, &last)));
            things_close(&telling->things);
            break;
        }
        *list_add(c->arena, list) = *about;
        last = thing;
    }
    return OK;
}

/* ---- destinations ---- */

static uint32_t destination_shape(void)
{
    return thing_shape("DescribeDestinations", "destinations");
}

static struct thing destination_named(struct str name)
{
    return (struct thing){"destination", STR(""), name};
}

struct str destination_target(struct call *c, const struct arn *arn)
{
    struct str account = c->account;
    struct str region = c->region;
    struct value *about = NULL;

    if (str_starts(arn->resource, STR("destination:"))) {
        struct thing thing = destination_named(
            str_slice(arn->resource, STR("destination:").bytes, arn->resource.bytes));

        c->account = arn->account;
        c->region = arn->region;
        about = thing_load(c, &thing, destination_shape());
        c->account = account;
        c->region = region;
    }
    return about == NULL ? STR_NONE : get_str(about, "targetArn");
}

static status target_check(struct call *c)
{
    struct arn arn;

    if (!arn_read(arg_str(c, "targetArn"), &arn) ||
        (!str_eq(arn.service, STR("kinesis")) && !str_eq(arn.service, STR("firehose")))) {
        return fail(c, &LOGS_INVALID,
                    "Invalid target ARN: destinations are Kinesis streams and Firehose streams.");
    }
    return OK;
}

/* PutDestination */
status logs_put_destination(struct call *c)
{
    struct thing thing = destination_named(arg_str(c, "destinationName"));
    struct str arn = call_arn(c, "logs", "destination:%.*s", STR_ARG(thing.name));
    struct value *about = thing_load(c, &thing, destination_shape());
    bool fresh = about == NULL;

    TRY(target_check(c));
    TRY(tags_check(c, arn, arg(c, "tags"), &LOGS_INVALID));
    if (fresh && count_of(c, "destination", destination_shape()) >= DESTINATIONS_MAX) {
        return fail(c, &LOGS_INVALID, "weir keeps at most %d destinations.", DESTINATIONS_MAX);
    }
    if (fresh) {
        about = value_struct(c->arena, destination_shape());
        set_str(about, "destinationName", thing.name);
        set_str(about, "arn", arn);
        set_int(about, "creationTime", c->now);
    }
    set_str(about, "targetArn", arg_str(c, "targetArn"));
    set_str(about, "roleArn", arg_str(c, "roleArn"));
    thing_save(c, &thing, about);
    tags_set(c, arn, arg(c, "tags"));
    set_value(c->out, "destination", about);
    call_on(c, arn);
    return OK;
}

static status destination_of_call(struct call *c, struct thing *ret_thing, struct value **ret_about)
{
    *ret_thing = destination_named(arg_str(c, "destinationName"));
    *ret_about = thing_load(c, ret_thing, destination_shape());
    return *ret_about != NULL
               ? OK
               : fail(c, &LOGS_NOT_FOUND, "The specified destination does not exist.");
}

/* PutDestinationPolicy */
status logs_put_destination_policy(struct call *c)
{
    struct value *about;
    struct thing thing;
    status found = destination_of_call(c, &thing, &about);

    if (found != OK) { /* of this operation the model has no ResourceNotFoundException */
        return fail(c, &LOGS_INVALID, "The specified destination does not exist.");
    }
    set_str(about, "accessPolicy", arg_str(c, "accessPolicy"));
    thing_save(c, &thing, about);
    call_on(c, get_str(about, "arn"));
    return OK;
}

/* DeleteDestination */
status logs_delete_destination(struct call *c)
{
    struct value *about;
    struct thing thing;

    TRY(destination_of_call(c, &thing, &about));
    (void)thing_erase(c, &thing);
    tags_erase(c, get_str(about, "arn"));
    call_on(c, get_str(about, "arn"));
    return OK;
}

/* DescribeDestinations */
status logs_describe_destinations(struct call *c)
{
    struct telling telling = {
        {.kind = "destination", .scope = STR(""), .prefix = arg_str(c, "DestinationNamePrefix"),
         .shape = destination_shape()},
        "limit", "destinations", NULL};

    return tell(c, &telling);
}

/* ---- resource policies ---- */

static uint32_t policy_shape(void)
{
    return thing_shape("DescribeResourcePolicies", "resourcePolicies");
}

/* Of an account by its name, of a group by the group's ARN. */
static struct thing policy_of_call(struct call *c)
{
    struct str arn = arg_str(c, "resourceArn");

    return arn.bytes > 0 ? (struct thing){"policy", STR("RESOURCE"), arn}
                         : (struct thing){"policy", STR("ACCOUNT"), arg_str(c, "policyName")};
}

static status policy_named(struct call *c)
{
    struct group *group;

    if (arg_has(c, "resourceArn")) {
        return group_of_identifier(c, arg_str(c, "resourceArn"), &group);
    }
    return arg_str(c, "policyName").bytes > 0 &&
                   arg_str(c, "policyName").bytes <= LOGS_NAME_BYTES_MAX
               ? OK
               : fail(c, &LOGS_INVALID, "policyName is required.");
}

/* Nobody changed it since its revision was read. */
static status revision_check(struct call *c, const struct value *about)
{
    struct str expected = arg_str(c, "expectedRevisionId");

    if (!arg_has(c, "resourceArn") || about == NULL ||
        str_eq(expected, get_str(about, "revisionId"))) {
        return OK;
    }
    return fail(c, &LOGS_ABORTED, "The policy is of another revision than expected.");
}

/* PutResourcePolicy */
status logs_put_policy(struct call *c)
{
    struct thing thing = policy_of_call(c);
    const struct value *was;
    struct value *about;

    TRY(policy_named(c));
    if (arg_str(c, "policyDocument").bytes == 0) {
        return fail(c, &LOGS_INVALID, "policyDocument is required.");
    }
    was = thing_load(c, &thing, policy_shape());
    TRY(revision_check(c, was));
    if (was == NULL && count_of(c, "policy", policy_shape()) >= RESOURCE_POLICIES_MAX) {
        return fail(c, &LOGS_LIMIT, "Resource limit exceeded.");
    }
    about = value_struct(c->arena, policy_shape());
    set_str(about, "policyName", arg_str(c, "policyName"));
    set_str(about, "policyDocument", arg_str(c, "policyDocument"));
    set_int(about, "lastUpdatedTime", c->now);
    if (arg_has(c, "resourceArn")) {
        set_str(about, "policyScope", STR("RESOURCE"));
        set_str(about, "resourceArn", arg_str(c, "resourceArn"));
        set_str(about, "revisionId", uuid_new(c));
        put_str(c, "revisionId", get_str(about, "revisionId"));
    } else {
        set_str(about, "policyScope", STR("ACCOUNT"));
    }
    thing_save(c, &thing, about);
    set_value(c->out, "resourcePolicy", about);
    call_on(c, call_arn(c, "logs", "resource-policy:%.*s", STR_ARG(arg_str(c, "policyName"))));
    return OK;
}

/* DeleteResourcePolicy */
status logs_delete_policy(struct call *c)
{
    struct thing thing = policy_of_call(c);
    const struct value *about = thing_load(c, &thing, policy_shape());

    if (about == NULL) {
        return fail(c, &LOGS_NOT_FOUND, "Policy with name [%.*s] does not exist",
                    STR_ARG(arg_str(c, "policyName")));
    }
    TRY(revision_check(c, about));
    (void)thing_erase(c, &thing);
    call_on(c, call_arn(c, "logs", "resource-policy:%.*s", STR_ARG(arg_str(c, "policyName"))));
    return OK;
}

static bool is_policy_wanted(const struct call *c, const struct value *about)
{
    return !arg_has(c, "resourceArn") ||
           str_eq(arg_str(c, "resourceArn"), get_str(about, "resourceArn"));
}

/* DescribeResourcePolicies: of the account, unless another scope is asked for. */
status logs_describe_policies(struct call *c)
{
    struct str scope = arg_str(c, "policyScope");
    struct telling telling = {
        {.kind = "policy", .scope = scope.bytes > 0 ? scope : STR("ACCOUNT"),
         .shape = policy_shape()},
        "limit", "resourcePolicies", is_policy_wanted};

    if (arg_has(c, "resourceArn")) {
        telling.things.scope = STR("RESOURCE");
        telling.things.prefix = arg_str(c, "resourceArn");
    }
    return tell(c, &telling);
}

/* ---- query definitions ---- */

static uint32_t query_shape(void)
{
    return thing_shape("DescribeQueryDefinitions", "queryDefinitions");
}

/* PutQueryDefinition */
status logs_put_query_definition(struct call *c)
{
    static const char *const kept[] = {"queryLanguage", "name", "queryString", "logGroupNames",
                                       "parameters"};
    struct thing thing = {"query", STR(""), arg_str(c, "queryDefinitionId")};
    struct value *about = value_struct(c->arena, query_shape());

    if (arg_has(c, "queryDefinitionId") && thing_load(c, &thing, query_shape()) == NULL) {
        return fail(c, &LOGS_NOT_FOUND, "The specified query definition does not exist.");
    }
    if (!arg_has(c, "queryDefinitionId")) {
        if (count_of(c, "query", query_shape()) >= QUERY_DEFINITIONS_MAX) {
            return fail(c, &LOGS_LIMIT, "Resource limit exceeded.");
        }
        thing.name = uuid_new(c);
    }
    for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
        if (arg_has(c, kept[i])) {
            set_value(about, kept[i], arg(c, kept[i]));
        }
    }
    set_str(about, "queryDefinitionId", thing.name);
    set_int(about, "lastModified", c->now);
    thing_save(c, &thing, about);
    put_str(c, "queryDefinitionId", thing.name);
    call_on(c, call_arn(c, "logs", "query-definition:%.*s", STR_ARG(thing.name)));
    return OK;
}

/* DeleteQueryDefinition */
status logs_delete_query_definition(struct call *c)
{
    struct thing thing = {"query", STR(""), arg_str(c, "queryDefinitionId")};

    if (!thing_erase(c, &thing)) {
        return fail(c, &LOGS_NOT_FOUND, "The specified query definition does not exist.");
    }
    put_bool(c, "success", true);
    call_on(c, call_arn(c, "logs", "query-definition:%.*s", STR_ARG(thing.name)));
    return OK;
}

static bool is_query_wanted(const struct call *c, const struct value *about)
{
    return str_starts(get_str(about, "name"), arg_str(c, "queryDefinitionNamePrefix")) &&
           (!arg_has(c, "queryLanguage") ||
            str_eq(arg_str(c, "queryLanguage"), has(about, "queryLanguage")
                                                    ? get_str(about, "queryLanguage")
                                                    : STR("CWLI")));
}

/* DescribeQueryDefinitions */
status logs_describe_query_definitions(struct call *c)
{
    struct telling telling = {
        {.kind = "query", .scope = STR(""), .shape = query_shape()},
        "maxResults", "queryDefinitions", is_query_wanted};

    return tell(c, &telling);
}
