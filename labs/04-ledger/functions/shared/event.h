/* SPDX-License-Identifier: Apache-2.0
 *
 * An event of a bank account, as it lies in the new-events bucket:
 *
 *     {"id":"3f0c…","type":"withdrawal","account":"DE100017","amount":2050,"currency":"EUR",
 *      "time":"2026-11-03T10:15:00Z"}
 *
 * Money is a whole number of cents: 20.5, 2e3 and "2050" are refused. Other members may be there
 * and are kept with the event; they mean nothing here.
 */
#ifndef LEDGER_EVENT_H
#define LEDGER_EVENT_H

#include "weir_json.h"

#define EVENT_BYTES_MAX (16u << 10)

enum event_kind {
    ACCOUNT_OPENED,     /* with nothing in it */
    DEPOSIT_CASH,       /* at a machine: there, but not available until it was counted */
    DEPOSIT_VERIFIED,   /* of: the deposit; amount: what was counted */
    WITHDRAWAL,         /* never below zero */
    PAYMENT_INCOMING,   /* from outside */
    PAYMENT_UNVERIFIED, /* to outside: what it takes is no longer available */
    PAYMENT_ACCEPTED,   /* of: the payment; now it is gone */
    PAYMENT_REJECTED,   /* of: the payment; now it is available again */
    TRANSFER,           /* to: another account of this bank */
};

/* Texts lie in the document. */
struct event {
    enum event_kind kind;       /* its type */
    struct weir_text type;      /* the same as it is written */
    struct weir_text id;        /* of the event, once and for all */
    struct weir_text account;   /* whose event it is */
    struct weir_text currency;  /* "EUR" */
    struct weir_text time;      /* "2026-11-03T10:15:00Z": when it happened */
    int64_t amount_cents;       /* above 0; 0: its type has none */
    struct weir_text of;        /* the event that it decides; or nothing */
    struct weir_text to;        /* the other account; or nothing */
};

/* NULL: it is an event. Else what is wrong, for people. */
const char *event_read(struct weir_text document, struct event *ret_event);

/* Whether it decides an earlier event, named by `of`. */
bool event_decides(const struct event *event);
/* Whether a later event decides it. */
bool event_is_open(const struct event *event);

#endif
