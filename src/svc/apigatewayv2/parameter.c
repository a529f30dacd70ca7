/* SPDX-License-Identifier: Apache-2.0
 *
 * Parameters of integrations: which may be mapped, and what the actions of AWS's services must be
 * given. Sources: "Transform API requests and responses for HTTP APIs", "AWS service integrations
 * for HTTP APIs: integration subtype reference", API Gateway developer guide.
 */
#include "svc/apigatewayv2/rule.h"

#define NAMES_MAX 12

/* ---- services' actions ---- */

static const struct {
    const char *subtype;
    const char *required[NAMES_MAX];
    const char *optional[NAMES_MAX];
} actions[] = {
    {"AppConfig-GetConfiguration",
     {"Application", "Environment", "Configuration", "ClientId"},
     {"ClientConfigurationVersion", "Region"}},
    {"EventBridge-PutEvents",
     {"Detail", "DetailType", "Source"},
     {"Time", "EventBusName", "Resources", "Region", "TraceHeader"}},
    {"Kinesis-PutRecord",
     {"StreamName", "Data", "PartitionKey"},
     {"SequenceNumberForOrdering", "ExplicitHashKey", "Region"}},
    {"SQS-DeleteMessage", {"ReceiptHandle", "QueueUrl"}, {"Region"}},
    {"SQS-PurgeQueue", {"QueueUrl"}, {"Region"}},
    {"SQS-ReceiveMessage",
     {"QueueUrl"},
     {"AttributeNames", "MaxNumberOfMessages", "MessageAttributeNames", "ReceiveRequestAttemptId",
      "VisibilityTimeout", "WaitTimeSeconds", "Region"}},
    {"SQS-SendMessage",
     {"QueueUrl", "MessageBody"},
     {"DelaySeconds", "MessageAttributes", "MessageDeduplicationId", "MessageGroupId",
      "MessageSystemAttributes", "Region"}},
    {"StepFunctions-StartExecution", {"StateMachineArn"}, {"Name", "Input", "Region"}},
    {"StepFunctions-StartSyncExecution",
     {"StateMachineArn"},
     {"Name", "Input", "Region", "TraceHeader"}},
    {"StepFunctions-StopExecution", {"ExecutionArn"}, {"Cause", "Error", "Region"}},
};

static bool is_among(struct str name, const char *const names[NAMES_MAX])
{
    for (size_t i = 0; i < NAMES_MAX && names[i] != NULL; i++) {
        if (str_eq(name, str_c(names[i]))) {
            return true;
        }
    }
    return false;
}

static status expression_check(struct call *c, struct str value, bool answer)
{
    static const char *const asked[] = {"$request.", "$context.", "$stageVariables."};

    if (value.bytes == 0 || value.at[0] != '$' || str_starts(value, STR("${")) ||
        (answer && str_starts(value, STR("$response.")))) {
        return OK;
    }
    for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
        if (str_starts(value, str_c(asked[i])) && value.bytes > strlen(asked[i])) {
            return OK;
        }
    }
    return bad_request(c, "Invalid mapping expression specified: Validation Result: warnings : "
                       "[], errors : [Invalid mapping expression specified: %.*s]",
                       STR_ARG(str_slice(value, 0, 256)));
}

static status action_check(struct call *c, size_t action, const struct value *given)
{
    for (size_t i = 0; i < NAMES_MAX && actions[action].required[i] != NULL; i++) {
        struct str name = str_c(actions[action].required[i]);

        if (given == NULL || map_find(given, name) == NULL) {
            return bad_request(c, "Parameter: %.*s does not exist for %s: it is required",
                               STR_ARG(name), actions[action].subtype);
        }
    }
    for (uint32_t i = 0; given != NULL && i < given->count; i++) {
        struct str name = given->pairs[i].key;

        if (!is_among(name, actions[action].required) &&
            !is_among(name, actions[action].optional)) {
            return bad_request(c, "Parameter: %.*s does not fit schema for Operation: %s",
                               STR_ARG(str_slice(name, 0, 256)), actions[action].subtype);
        }
        TRY(expression_check(c, given->pairs[i].value.str, false));
    }
    return OK;
}

status service_parameters_check(struct call *c, const struct value *integration)
{
    struct str subtype = get_str(integration, "IntegrationSubtype");

    for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
        if (str_eq(subtype, str_c(actions[i].subtype))) {
            return action_check(c, i, get(integration, "RequestParameters"));
        }
    }
    return bad_request(c, "Invalid integration subtype specified: %.*s",
                       STR_ARG(str_slice(subtype, 0, 128)));
}

/* ---- mapping ---- */

static bool is_reserved(struct str header)
{
    static const char *const families[] = {"access-control-", "apigw-", "x-amz-", "x-amzn-"};
    static const char *const names[] = {
        "authorization",       "connection",        "content-encoding", "content-length",
        "content-location",    "forwarded",         "keep-alive",       "origin",
        "proxy-authenticate",  "proxy-authorization", "te",             "trailers",
        "transfer-encoding",   "upgrade",           "via",              "x-forwarded-for",
        "x-forwarded-host",    "x-forwarded-proto",
    };

    for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
        if (str_starts_nocase(header, str_c(families[i]))) {
            return true;
        }
    }
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (str_eq_nocase(header, str_c(names[i]))) {
            return true;
        }
    }
    return false;
}

static status invalid(struct call *c, struct str key)
{
    return bad_request(c, "Invalid mapping expression specified: Validation Result: warnings : "
                       "[], errors : [Invalid mapping expression parameter specified: %.*s]",
                       STR_ARG(str_slice(key, 0, 256)));
}

/* "append:header.name", "overwrite:path"; alone: what is overwritten whole ("path",
 * "statuscode"). */
static status key_check(struct call *c, struct str key, bool answer)
{
    struct str place = key;
    struct str action = str_split(&place, ':');
    bool overwrites = str_eq(action, STR("overwrite"));
    struct str header = str_starts(place, STR("header."))
                            ? str_slice(place, strlen("header."), place.bytes)
                            : STR_NONE;

    if (!overwrites && !str_eq(action, STR("append")) && !str_eq(action, STR("remove"))) {
        return invalid(c, key);
    }
    if (header.bytes > 0) {
        return is_reserved(header)
                   ? bad_request(c, "Operations on header %.*s are restricted", STR_ARG(header))
                   : OK;
    }
    if (overwrites && str_eq(place, answer ? STR("statuscode") : STR("path"))) {
        return OK;
    }
    return !answer && str_starts(place, STR("querystring.")) &&
                   place.bytes > strlen("querystring.")
               ? OK
               : invalid(c, key);
}

static status mappings_check(struct call *c, const struct value *map, bool answer)
{
    for (uint32_t i = 0; map != NULL && i < map->count; i++) {
        TRY(key_check(c, map->pairs[i].key, answer));
        TRY(expression_check(c, map->pairs[i].value.str, answer));
    }
    return OK;
}

status parameters_check(struct call *c, const struct value *integration)
{
    const struct value *answers = get(integration, "ResponseParameters");

    if (!has(integration, "IntegrationSubtype")) {
        TRY(mappings_check(c, get(integration, "RequestParameters"), false));
    }
    for (uint32_t i = 0; answers != NULL && i < answers->count; i++) {
        uint64_t code;

        if (!str_to_u64(answers->pairs[i].key, &code) || code < 200 || code > 599) {
            return bad_request(c, "Invalid status code %.*s specified in responseParameters: it "
                               "must be between 200 and 599",
                               STR_ARG(str_slice(answers->pairs[i].key, 0, 64)));
        }
        TRY(mappings_check(c, &answers->pairs[i].value, true));
    }
    return OK;
}
