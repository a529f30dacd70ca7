/* SPDX-License-Identifier: Apache-2.0
 *
 * What goes out: envelopes and their signatures, deliveries to HTTP endpoints and their policies,
 * confirmations. Part of sns_int.h.
 */
#ifndef WEIR_SVC_SNS_DELIVER_H
#define WEIR_SVC_SNS_DELIVER_H

#include "bus/delivery.h"
#include "cell/call.h"

struct message;
struct sns;
struct subscription;
struct topic;

/* ---- envelope.c, signer.c ---- */

/* The JSON around a message, as AWS lays it out, and the parts of it that are the same for all. */
struct envelope;
struct envelope *envelope_new(struct call *c, const struct topic *topic,
                              const struct message *message, struct str text);
/* The same message as a function gets it: {"Records":[…]}. */
struct str records_text(struct call *c, const struct subscription *subscription,
                        const struct message *message, struct str text);
struct str envelope_text(struct call *c, struct envelope *envelope,
                         const struct subscription *subscription);
/* SubscriptionConfirmation and UnsubscribeConfirmation. */
struct str confirmation_text(struct call *c, const struct subscription *subscription,
                             const char *type, struct str id);
struct str own_url(struct call *c, const struct topic *topic); /* http://HOST, without a slash */

void signer_close(struct sns *sns);
/* base64 of the signature; makes key and certificate with the first one. */
struct str signer_sign(struct call *c, struct str text, bool sha256);
/* The path of the certificate, "/SimpleNotificationService-….pem". */
struct str signer_path(struct call *c);
status page_certificate(struct call *c);

/* ---- http.c ---- */

/* A delivery of that text to an HTTP subscription; type as in x-amz-sns-message-type. */
void http_deliver(struct call *c, const struct subscription *subscription, const char *type,
                  struct str id, struct str text);

/* ---- policy.c: delivery policies ---- */

struct delivery_policy {
    struct retry retry;        /* with what was not said as AWS has it */
    bool has_retry, has_throttle; /* were they said? */
    bool no_overrides;         /* a topic's: disableSubscriptionOverrides */
    struct str content_type;   /* headerContentType; STR_NONE: not said */
};
/* False: not a delivery policy; *ret_why says what is wrong. */
bool topic_policy_read(struct arena *arena, struct str text, struct delivery_policy *ret_policy,
                       struct str *ret_why);
bool subscription_policy_read(struct arena *arena, struct str text,
                              struct delivery_policy *ret_policy, struct str *ret_why);
/* What holds for a subscription in the end. */
void policy_of_subscription(struct arena *arena, const struct subscription *subscription,
                            struct delivery_policy *ret_policy);
/* As attributes show them; effective: with what is not said. */
struct str topic_policy_text(struct arena *arena, const struct topic *topic, bool effective);
struct str subscription_policy_text(struct arena *arena, const struct subscription *subscription,
                                    bool effective);

/* ---- confirm.c ---- */

struct str new_uuid(struct call *c);
/* A new subscription's endpoint is asked, and forgotten when it does not answer for two days. */
void confirmation_ask(struct call *c, struct subscription *subscription);
/* Whoever was unsubscribed may come back for two days. Before the subscription is erased. */
void confirmation_of_leaving(struct call *c, struct subscription *subscription);
/* The subscription that has that token, restored if it left; NULL: none. */
struct subscription *confirmation_find(struct call *c, struct str token);
void confirmation_timer(struct call *c, struct str name);

#endif
