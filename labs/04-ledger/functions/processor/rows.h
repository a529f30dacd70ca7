/* SPDX-License-Identifier: Apache-2.0
 *
 * How the books lie in the table: all of an account under one partition key.
 *
 *     pk             sk                          what
 *     account#A      account                     both balances, version
 *     account#A      line#TIME#EVENT             what one event did; lines sort by time
 *     account#A      statement#2026-11           sums of the month: credits, debits, lines
 *     account#A      claim#EVENT                 a deposit to be counted, a payment to be answered
 *     event#EVENT    event                       what became of the event: booked, or why not
 *
 * An event's rows are written by one transaction, or not at all. It holds only if the event has no
 * row yet (so it counts once) and the accounts still have the versions that were read (so nobody
 * else's change is lost). The event's row also has what is to be done after the transaction: it is
 * an outbox, so that a crash between leaves nothing undone.
 */
#ifndef LEDGER_ROWS_H
#define LEDGER_ROWS_H

#include "books.h"
#include "desk.h"

enum rows_result {
    ROWS_DONE,
    ROWS_LOST,  /* somebody else was faster: read again */
    ROWS_FAILED /* it was logged */
};

/* Sets up what is kept; false: no memory, or the table's name is not set. */
bool rows_init(void);

/* The books that the event is about, and the event's row, if there is one: DynamoDB's JSON. Good
 * until the next reading. */
enum rows_result rows_read(struct weir_invocation *in, const struct event *event,
                           struct books *ret_books, struct weir_text *ret_row);

/* What is written when an event was judged. */
struct judged {
    const struct event *event;      /* what it says */
    const struct arrival *arrival;  /* where it lay */
    struct weir_text text;          /* as it lay there */
    struct verdict verdict;         /* what the books say */
};

/* Writes the books as they are after the event, or that it was rejected. The event's row is told as
 * by rows_read, good until the next writing. */
enum rows_result rows_write(struct weir_invocation *in, const struct judged *judged,
                            const struct books *books, struct weir_text *ret_row);

#endif
