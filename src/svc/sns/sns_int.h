/* SPDX-License-Identifier: Apache-2.0
 *
 * Inside SNS: topics, subscriptions, messages. Everything here happens in the cell.
 *
 * Invariants between the files:
 *   1. Memory mirrors the store: every topic and subscription is loaded at open, and changed in
 *      memory in the same call that stages the change.
 *   2. Publishing stages everything it causes: queue messages through the bus, deliveries to HTTP
 *      endpoints as rows, what would be sent by mail in the outbox. All of it is one journal entry.
 *   3. A subscription's filter policy is compiled once, when it is set or loaded.
 */
#ifndef WEIR_SVC_SNS_INT_H
#define WEIR_SVC_SNS_INT_H

#include "base/map.h"
#include "bus/delivery.h"
#include "bus/pattern.h"
#include "bus/sink.h"
#include "cell/call.h"
#include "svc/sns/sns.h"

#define TOPICS_MAX 1000000
#define SUBSCRIPTIONS_MAX 1000000
#define SUBSCRIPTIONS_PER_TOPIC_MAX 10000 /* a publish to all of them is one entry */
#define FILTERS_PER_TOPIC_MAX 10000
#define MESSAGE_BYTES_MAX (256u * 1024)
#define SUBJECT_BYTES_MAX 100
#define ATTRIBUTES_MAX 10
#define BATCH_MAX 10
#define TAGS_MAX 50
#define PAGE_MAX 100
#define DEDUPLICATION_MS (INT64_C(5) * 60 * 1000)
#define ID_BYTES 36 /* a UUID */

extern const struct error SNS_BAD_PARAMETER, SNS_BAD_VALUE, SNS_NOT_FOUND, SNS_NO_RESOURCE,
    SNS_AUTHORIZATION, SNS_ENDPOINT_DISABLED, SNS_APP_DISABLED, SNS_FILTER_LIMIT,
    SNS_SUBSCRIPTION_LIMIT, SNS_TOPIC_LIMIT, SNS_TAG_LIMIT, SNS_EMPTY_BATCH, SNS_TOO_MANY_ENTRIES,
    SNS_NOT_DISTINCT, SNS_BAD_ENTRY_ID, SNS_BATCH_TOO_LONG;

/* A name and a text; lists of them are sorted by name. */
struct setting {
    struct str name, text;     /* owned */
};

struct settings {
    struct setting *items;     /* owned */
    size_t count;              /* of them */
};

struct topic {
    struct str account, region, name; /* owned */
    int64_t created_ms;
    bool fifo;                 /* FifoTopic */
    struct settings attributes; /* as set: DisplayName, Policy, DeliveryPolicy, KmsMasterKeyId, … */
    struct settings tags;
    bool content_dedup;        /* of attributes: ContentBasedDeduplication */
    bool dedup_by_group;       /* of attributes: FifoThroughputScope MessageGroup */
    bool sha256;               /* of attributes: SignatureVersion 2 */
    uint32_t archive_days;     /* of attributes: ArchivePolicy; 0: none */
    uint64_t archive;          /* the log of archived messages; 0: none yet */
    int64_t archive_began_ms;  /* BeginningArchiveTime */
    uint64_t last;             /* sequence given last; FIFO */
    struct subscription *subscriptions; /* in the order of their making */
    struct subscription *newest; /* the last of them */
    uint32_t subscription_count; /* of them */
    uint32_t pending;          /* of them, not confirmed */
    uint64_t deleted;          /* subscriptions that were */
};

enum protocol_kind {
    TO_SQS, TO_LAMBDA, TO_FIREHOSE, TO_HTTP, TO_HTTPS, TO_EMAIL, TO_EMAIL_JSON, TO_SMS,
    TO_APPLICATION, PROTOCOLS
};

struct subscription {
    struct topic *topic;       /* whose it is */
    struct subscription *next; /* of the topic */
    char id[ID_BYTES];         /* last part of its ARN */
    struct str arn;            /* owned */
    uint8_t protocol;          /* enum protocol_kind */
    struct str endpoint;       /* owned */
    struct str owner;          /* account; owned */
    bool pending;              /* not confirmed yet */
    bool authenticated;        /* ConfirmationWasAuthenticated */
    struct str token;          /* while pending; owned */
    struct settings attributes; /* as set: FilterPolicy, RedrivePolicy, … */
    bool raw;                  /* of attributes: RawMessageDelivery */
    bool by_body;              /* of attributes: FilterPolicyScope MessageBody */
    struct pattern *pattern;   /* of attributes: FilterPolicy; NULL: none; owned */
    struct str dead_arn;       /* of attributes: RedrivePolicy; owned */
    int64_t replay_to_ms;      /* a replay ends there; 0: none is running */
    uint64_t replay_next;      /* archive sequence it goes on at */
};

/* The service's state. */
struct sns {
    struct cell *cell;         /* whose service this is */
    struct map *topics;        /* ARN → struct topic */
    struct map *subscriptions; /* ARN → struct subscription */
    struct map *apps;          /* ARN → struct app, a platform application */
    struct signer *signer;     /* signer.c's; NULL: not made yet */
    struct str own_url;        /* where its last caller reached it, http://HOST; owned */
};

static inline struct sns *sns_of(const struct call *c)
{
    return c->state;
}

/* ---- argument.c ---- */

/* A member that is an ARN of SNS in this region: InvalidParameter. */
status arn_of_call(struct call *c, const char *member, struct arn *ret_arn);
/* The name that a page begins behind; empty: with the first. InvalidParameter. */
status page_after(struct call *c, const char *member, struct str *ret_after);
void put_page_token(struct call *c, const char *member, struct str last);
bool number_is_e164(struct str number);                          /* +15551234567 */
bool number_is_loose(struct arena *arena, struct str number);    /* +15/551-234.567 */
struct str digest_text(struct arena *arena, struct str text);    /* SHA-256 in hex */

/* ---- setting.c ---- */

void text_set(struct str *owned, struct str text);
struct str setting_get(const struct settings *settings, const char *name); /* STR_NONE: not set */
void setting_set(struct settings *settings, struct str name, struct str text);
void setting_remove(struct settings *settings, struct str name);
void settings_done(struct settings *settings);

/* ---- topic.c ---- */

struct topic *topic_new(struct str account, struct str region, struct str name);
void topic_free(struct topic *topic); /* with its subscriptions */
struct str topic_arn(struct arena *arena, const struct topic *topic);
struct topic *topic_find(const struct sns *sns, struct str arn); /* NULL: none */
/* By the ARN of a member; InvalidParameter, NotFound. */
status topic_of_call(struct call *c, const char *member, struct topic **ret_topic);
bool topic_add(struct sns *sns, struct topic *topic); /* false: too many */
void topic_remove(struct sns *sns, struct topic *topic); /* and frees it */
struct topic **topics_sorted(struct call *c, size_t *ret_count);
/* Checks an attribute and sets it; of settings that are fields too, the field. */
status topic_attribute_check(struct call *c, const struct topic *topic, struct str name,
                             struct str text);
void topic_attribute_set(struct topic *topic, struct str name, struct str text);

/* ---- subscription.c ---- */

struct subscription *subscription_new(struct topic *topic, struct str id);
void subscription_free(struct subscription *subscription);
bool subscription_add(struct sns *sns, struct subscription *subscription); /* false: too many */
void subscription_remove(struct sns *sns, struct subscription *subscription); /* and frees it */
status subscription_of_call(struct call *c, struct subscription **ret_subscription);
bool protocol_read(struct str text, uint8_t *ret_protocol);
struct str protocol_text(uint8_t protocol);
/* What is to be set, checked; compiled holds what came of a filter policy. */
struct subscription_change {
    const char *why;           /* how a refusal begins: "", "Attributes Reason: " */
    struct str name, text;     /* the attribute */
    struct pattern *pattern;   /* of FilterPolicy, or of a new FilterPolicyScope */
    struct str dead_arn;       /* of RedrivePolicy */
};
status subscription_attribute_check(struct call *c, const struct subscription *subscription,
                                    struct subscription_change *change);
void subscription_attribute_set(struct subscription *subscription,
                                struct subscription_change *change);
/* After loading: fields of attributes. */
status subscription_settle(struct subscription *subscription);

/* ---- keys.c: the only file that knows key and record bytes ---- */

void topic_save(struct call *c, const struct topic *topic);
void topic_erase(struct call *c, const struct topic *topic); /* with its subscriptions' rows */
void subscription_save(struct call *c, const struct subscription *subscription);
void subscription_erase(struct call *c, const struct subscription *subscription);
/* One that left, with whose it was; false: its topic is gone. Not added. */
struct str subscription_pack(struct arena *arena, const struct subscription *subscription);
bool subscription_unpack(struct sns *sns, struct str packed,
                         struct subscription **ret_subscription);
struct twin {
    struct str id;             /* MessageId */
    uint64_t number;           /* SequenceNumber's */
    int64_t sent_ms;           /* when */
};
bool twin_find(struct call *c, const struct topic *topic, struct str scope, struct str id,
               struct twin *ret_twin);
void twin_save(struct call *c, const struct topic *topic, struct str scope, struct str id,
               const struct twin *twin);
void twins_sweep(struct call *c);
/* Things that are a row each and nothing else: phone numbers, SMS attributes, platforms. */
struct str thing_get(struct call *c, const char *kind, struct str name); /* STR_NONE: none */
void thing_set(struct call *c, const char *kind, struct str name, struct str text);
void thing_erase(struct call *c, const char *kind, struct str name);
/* Things of a kind, in the order of their names, from behind one. */
struct things {
    const char *kind;          /* "sms", "sandbox", … */
    struct str after;          /* STR_NONE: from the first */
    struct txn_scan *scan;     /* NULL at first */
};
/* False at the end, which closes the scan. Strings live in the call's arena. */
bool thing_next(struct call *c, struct things *things, struct str *ret_name, struct str *ret_text);
status sns_load(struct sns *sns);

#include "svc/sns/sns_message.h"

/* ---- publish.c ---- */

/* What a publish became. */
struct published {
    struct str id;             /* MessageId */
    uint64_t number;           /* FIFO */
};
/* What these cause fits into one entry: InvalidParameter. */
status fan_out_check(struct call *c, const struct topic *topic, const struct message *messages,
                     size_t count);
/* Stages it and all that it causes. */
void topic_publish(struct call *c, struct topic *topic, struct message *message,
                   struct published *ret_published);
/* To one subscription, if its filter lets it through. */
void subscription_give(struct call *c, struct subscription *subscription,
                       const struct message *message);

#include "svc/sns/sns_deliver.h"

/* ---- replay.c ---- */

void archive_add(struct call *c, struct topic *topic, const struct message *message);
void archive_trim(struct call *c, struct topic *topic);
status replay_check(struct call *c, const struct subscription *subscription, struct str text);
void replay_begin(struct call *c, struct subscription *subscription);
void replay_timer(struct call *c, struct str name);

/* ---- sink.c ---- */

void sns_join_bus(struct cell *cell);
void sns_join_policies(struct cell *cell); /* guard.c */

#endif
