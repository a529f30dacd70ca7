/* SPDX-License-Identifier: Apache-2.0
 *
 * Amazon SNS: the table of operations, in the order of the API reference, its errors, and the
 * service's life.
 */
#include "base/mem.h"
#include "cell/cell.h"
#include "svc/sns/cfn.h"
#include "svc/sns/sns_ops.h"
#include "svc/sns/sns_platform.h"

#define TICK_ROOM 20000

const struct error SNS_BAD_PARAMETER = {"InvalidParameterException", "InvalidParameter", 400,
                                        false};
const struct error SNS_BAD_VALUE = {"InvalidParameterValueException", "ParameterValueInvalid", 400,
                                    false};
const struct error SNS_NOT_FOUND = {"NotFoundException", "NotFound", 404, false};
const struct error SNS_NO_RESOURCE = {"ResourceNotFoundException", "ResourceNotFound", 404, false};
const struct error SNS_ENDPOINT_DISABLED = {"EndpointDisabledException", "EndpointDisabled", 400,
                                            false};
const struct error SNS_APP_DISABLED = {"PlatformApplicationDisabledException",
                                       "PlatformApplicationDisabled", 400, false};
const struct error SNS_AUTHORIZATION = {"AuthorizationErrorException", "AuthorizationError", 403,
                                        false};
const struct error SNS_FILTER_LIMIT = {"FilterPolicyLimitExceededException",
                                       "FilterPolicyLimitExceeded", 403, false};
const struct error SNS_SUBSCRIPTION_LIMIT = {"SubscriptionLimitExceededException",
                                             "SubscriptionLimitExceeded", 403, false};
const struct error SNS_TOPIC_LIMIT = {"TopicLimitExceededException", "TopicLimitExceeded", 403,
                                      false};
const struct error SNS_TAG_LIMIT = {"TagLimitExceededException", "TagLimitExceeded", 400, false};
const struct error SNS_EMPTY_BATCH = {"EmptyBatchRequestException", "EmptyBatchRequest", 400,
                                      false};
const struct error SNS_TOO_MANY_ENTRIES = {"TooManyEntriesInBatchRequestException",
                                           "TooManyEntriesInBatchRequest", 400, false};
const struct error SNS_NOT_DISTINCT = {"BatchEntryIdsNotDistinctException",
                                       "BatchEntryIdsNotDistinct", 400, false};
const struct error SNS_BAD_ENTRY_ID = {"InvalidBatchEntryIdException", "InvalidBatchEntryId", 400,
                                       false};
const struct error SNS_BATCH_TOO_LONG = {"BatchRequestTooLongException", "BatchRequestTooLong", 400,
                                         false};

static const struct op ops[] = {
    {"AddPermission", sns_add_permission},
    {"CheckIfPhoneNumberIsOptedOut", sns_check_opted_out},
    {"ConfirmSubscription", sns_confirm_subscription},
    {"CreatePlatformApplication", sns_create_platform_application},
    {"CreatePlatformEndpoint", sns_create_platform_endpoint},
    {"CreateSMSSandboxPhoneNumber", sns_create_sandbox_number},
    {"CreateTopic", sns_create_topic},
    {"DeleteEndpoint", sns_delete_endpoint},
    {"DeletePlatformApplication", sns_delete_platform_application},
    {"DeleteSMSSandboxPhoneNumber", sns_delete_sandbox_number},
    {"DeleteTopic", sns_delete_topic},
    {"GetEndpointAttributes", sns_get_endpoint_attributes},
    {"GetPlatformApplicationAttributes", sns_get_platform_application_attributes},
    {"GetSMSAttributes", sns_get_sms_attributes},
    {"GetSMSSandboxAccountStatus", sns_sandbox_status},
    {"GetSubscriptionAttributes", sns_get_subscription_attributes},
    {"GetTopicAttributes", sns_get_topic_attributes},
    {"ListEndpointsByPlatformApplication", sns_list_endpoints},
    {"ListOriginationNumbers", sns_list_origination_numbers},
    {"ListPhoneNumbersOptedOut", sns_list_opted_out},
    {"ListPlatformApplications", sns_list_platform_applications},
    {"ListSMSSandboxPhoneNumbers", sns_list_sandbox_numbers},
    {"ListSubscriptions", sns_list_subscriptions},
    {"ListSubscriptionsByTopic", sns_list_subscriptions_by_topic},
    {"ListTagsForResource", sns_list_tags},
    {"ListTopics", sns_list_topics},
    {"OptInPhoneNumber", sns_opt_in},
    {"Publish", sns_publish},
    {"PublishBatch", sns_publish_batch},
    {"RemovePermission", sns_remove_permission},
    {"SetEndpointAttributes", sns_set_endpoint_attributes},
    {"SetPlatformApplicationAttributes", sns_set_platform_application_attributes},
    {"SetSMSAttributes", sns_set_sms_attributes},
    {"SetSubscriptionAttributes", sns_set_subscription_attributes},
    {"SetTopicAttributes", sns_set_topic_attributes},
    {"Subscribe", sns_subscribe},
    {"TagResource", sns_tag_resource},
    {"Unsubscribe", sns_unsubscribe},
    {"UntagResource", sns_untag_resource},
    {"VerifySMSSandboxPhoneNumber", sns_verify_sandbox_number},
};

static const struct page pages[] = {
    {"/SimpleNotificationService-*", true, page_certificate},
};

static void sns_close(void *state)
{
    struct sns *sns = state;
    struct str key;
    void *topic;
    void *app;

    if (sns == NULL) {
        return;
    }
    for (size_t i = 0; map_next(sns->topics, &i, &key, &topic);) {
        topic_free(topic);
    }
    for (size_t i = 0; map_next(sns->apps, &i, &key, &app);) {
        app_free(app);
    }
    map_free(sns->apps);
    map_free(sns->topics);
    map_free(sns->subscriptions);
    signer_close(sns);
    text_set(&sns->own_url, STR_NONE);
    mem_free(sns);
}

static status sns_open(struct cell *cell, void **ret_state)
{
    struct sns *sns = MEM_NEW(struct sns);

    sns->cell = cell;
    sns->topics = map_new(TOPICS_MAX);
    sns->subscriptions = map_new(SUBSCRIPTIONS_MAX);
    sns->apps = map_new(APPS_MAX);
    *ret_state = sns; /* closed by the cell also when loading failed */
    sns_join_bus(cell);
    sns_join_policies(cell);
    return sns_load(sns);
}

static status sns_tick(struct call *c)
{
    struct str key;
    void *topic;

    for (size_t i = 0; map_next(sns_of(c)->topics, &i, &key, &topic);) {
        if (txn_room(c->txn) > TICK_ROOM) {
            archive_trim(c, topic);
        }
    }
    twins_sweep(c);
    return OK;
}

const struct service sns_service = {
    .id = "sns",
    OPS(ops),
    .open = sns_open,
    .close = sns_close,
    .tick = sns_tick,
    .pages = pages,
    .page_count = sizeof(pages) / sizeof(pages[0]),
    .types = sns_types,
    .type_count = SNS_TYPES,
};
