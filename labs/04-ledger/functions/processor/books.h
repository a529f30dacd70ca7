/* SPDX-License-Identifier: Apache-2.0
 *
 * What an event does to accounts: the bank's rules, and nothing of where accounts are kept.
 *
 * An account has two balances in cents. The actual one is all that was paid in and not yet paid
 * out. The available one is what may be taken: without deposits that were not counted yet, and
 * without payments that wait for an answer. So always
 *
 *     0 <= available = actual - deposits not yet counted - payments not yet answered
 *
 * Sums that do not fit 64 bits are rejected, never wrapped.
 */
#ifndef LEDGER_BOOKS_H
#define LEDGER_BOOKS_H

#include "event.h"

struct account {
    bool is_there;                  /* it was opened */
    struct weir_text id;            /* its number */
    struct weir_text currency;      /* of both balances */
    int64_t actual_cents;           /* after the event, once it was applied */
    int64_t available_cents;        /* likewise */
    int64_t actual_change_cents;    /* what the event did */
    int64_t available_change_cents; /* likewise */
    int64_t version;                /* how many events it has seen, without this one */
};

/* A deposit that is to be counted, or a payment that is to be answered. */
struct claim {
    bool is_there;        /* on that account */
    bool is_payment;      /* else a deposit */
    bool is_open;         /* no event decided it yet */
    int64_t amount_cents; /* what the first event said */
};

/* What an event is about; read before it is applied, written after. */
struct books {
    struct account account; /* whose event it is */
    struct account to;      /* of a transfer */
    struct claim claim;     /* made or decided by the event */
};

struct verdict {
    const char *reason;  /* NULL: it is booked. "InsufficientFunds": it is rejected */
    const char *message; /* the same for people */
    bool is_early;       /* what it needs may still be on its way */
};

/* Rejected: the books are as they were, but for what nobody may look at any more. */
struct verdict books_apply(struct books *books, const struct event *event);

#endif
