/* SPDX-License-Identifier: Apache-2.0
 *
 * The outbox: e-mails and text messages that AWS would send. weir never does; it records them
 * durably, and shows them (`weir outbox`, /_weir/outbox).
 */
#ifndef WEIR_BUS_OUTBOX_H
#define WEIR_BUS_OUTBOX_H

#include "cell/call.h"

#define OUTBOX_KEEP_MAX 10000 /* messages; the oldest goes */

struct outbox_message {
    struct str kind;    /* "email", "email-json", "sms" */
    struct str from;    /* ARN of what sends */
    struct str to;      /* address or number */
    struct str subject; /* STR_NONE: none */
    struct str body;
};
void outbox_add(struct call *c, const struct outbox_message *message);

#endif
