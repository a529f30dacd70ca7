/* SPDX-License-Identifier: Apache-2.0
 *
 * Addresses to which somebody outside says how something went: the ResponseURL of a custom
 * resource's request, a wait condition's handle. As AWS's pre-signed ones: whoever has the address
 * may PUT, and nobody guesses it.
 *
 *   PUT /_weir/cloudformation/reply/WHAT?AWSAccessKeyId=…&Expires=…&Signature=TOKEN
 *
 *   ("cloudformation", "reply", token)            u8 1 (version), a map as JSON
 *   ("cloudformation", "signal", token, unique)   u8 1, a map as JSON: of handles
 */
#ifndef WEIR_SVC_CLOUDFORMATION_REPLY_H
#define WEIR_SVC_CLOUDFORMATION_REPLY_H

#include "svc/cloudformation/cloudformation_int.h"

#define REPLY_BYTES_MAX 4096        /* of a custom resource's response, as AWS has it */
#define REPLY_BODY_BYTES_MAX 65536  /* of what is read at all */
#define SIGNALS_MAX 1000            /* of a handle */

extern const struct page reply_page;

struct reply {
    struct str token;       /* in the address */
    struct str stack_id;    /* ARN of whose it is */
    struct str logical_id;  /* of the resource */
    bool handle;            /* of a wait condition: takes signals */
    int64_t until_ms;       /* nothing is taken from then on */
    struct str text;        /* what came; STR_NONE: nothing yet */
    struct str given_up;    /* why nothing will come; STR_NONE: something may */
};

/* A new one of a resource, with its row; what is the request's id or empty, for the address. */
void reply_new(struct resource *r, struct reply *reply, struct str what, struct str *ret_url);
bool reply_get(struct call *c, struct str token, struct reply *ret_reply);
/* The token of an address; STR_NONE: it is none of ours. */
struct str reply_token(struct call *c, struct str url);
/* Its rows go; fine when there are none. */
void reply_end(struct call *c, struct str token);
/* Nothing will come: the address, and why. */
void reply_give_up(struct call *c, struct str url, struct str why);

/* A handle's signals: maps with Status, UniqueId, Reason, Data; in the arena. */
size_t reply_signals(struct call *c, struct str token, struct value **ret_signals);

#endif
