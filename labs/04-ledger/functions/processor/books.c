/* SPDX-License-Identifier: Apache-2.0
 *
 * One function per kind of event. All arithmetic is in move().
 */
#include "books.h"

#include <string.h>

static const struct verdict booked = {NULL, NULL, false};
static const struct verdict account_unknown = {"AccountUnknown", "there is no such account", true};
static const struct verdict too_little = {"InsufficientFunds", "there is not so much available",
                                          false};
static const struct verdict too_much = {"Overflow", "the sum is more than an account can hold",
                                        false};
static const struct verdict deposit_unknown = {"DepositUnknown", "the account has no such deposit",
                                               true};
static const struct verdict payment_unknown = {"PaymentUnknown", "the account has no such payment",
                                               true};
static const struct verdict decided = {"AlreadyDecided", "an earlier event decided it", false};

/* Adds to both balances, or does nothing. */
static struct verdict move(struct account *account, int64_t actual_cents, int64_t available_cents)
{
    int64_t actual, available;

    if (__builtin_add_overflow(account->actual_cents, actual_cents, &actual) ||
        __builtin_add_overflow(account->available_cents, available_cents, &available)) {
        return too_much;
    }
    if (available < 0 || actual < available) {
        return too_little;
    }
    account->actual_cents = actual;
    account->available_cents = available;
    account->actual_change_cents = actual_cents;
    account->available_change_cents = available_cents;
    return booked;
}

static struct verdict open_account(struct books *books, const struct event *event)
{
    if (books->account.is_there) {
        return (struct verdict){"AccountExists", "the account was opened before", false};
    }
    books->account.is_there = true;
    books->account.currency = event->currency;
    return booked;
}

static struct verdict open_claim(struct books *books, const struct event *event)
{
    bool is_payment = event->kind == PAYMENT_UNVERIFIED;

    books->claim = (struct claim){true, is_payment, true, event->amount_cents};
    return is_payment ? move(&books->account, 0, -event->amount_cents)
                      : move(&books->account, event->amount_cents, 0);
}

/* What was counted counts, whatever the machine had said. */
static struct verdict verify(struct books *books, const struct event *event)
{
    if (!books->claim.is_there || books->claim.is_payment) {
        return deposit_unknown;
    }
    if (!books->claim.is_open) {
        return decided;
    }
    books->claim.is_open = false;
    /* both are above 0: the difference fits */
    return move(&books->account, event->amount_cents - books->claim.amount_cents,
                event->amount_cents);
}

static struct verdict answer(struct books *books, const struct event *event)
{
    int64_t cents = books->claim.amount_cents;

    if (!books->claim.is_there || !books->claim.is_payment) {
        return payment_unknown;
    }
    if (!books->claim.is_open) {
        return decided;
    }
    books->claim.is_open = false;
    return event->kind == PAYMENT_ACCEPTED ? move(&books->account, -cents, 0)
                                           : move(&books->account, 0, cents);
}

static struct verdict check_account(const struct account *account, const struct event *event)
{
    if (!account->is_there) {
        return account_unknown;
    }
    if (account->currency.bytes != event->currency.bytes ||
        memcmp(account->currency.at, event->currency.at, event->currency.bytes) != 0) {
        return (struct verdict){"CurrencyMismatch", "the account has another currency", false};
    }
    return booked;
}

static struct verdict transfer(struct books *books, const struct event *event)
{
    struct verdict verdict = check_account(&books->to, event);

    if (verdict.reason == NULL) {
        verdict = move(&books->account, -event->amount_cents, -event->amount_cents);
    }
    if (verdict.reason == NULL) {
        verdict = move(&books->to, event->amount_cents, event->amount_cents);
    }
    return verdict;
}

struct verdict books_apply(struct books *books, const struct event *event)
{
    int64_t cents = event->amount_cents;

    if (event->kind == ACCOUNT_OPENED) {
        return open_account(books, event);
    }
    struct verdict verdict = check_account(&books->account, event);
    if (verdict.reason != NULL) {
        return verdict;
    }
    switch (event->kind) {
    case DEPOSIT_CASH:
    case PAYMENT_UNVERIFIED:
        return open_claim(books, event);
    case DEPOSIT_VERIFIED:
        return verify(books, event);
    case WITHDRAWAL:
        return move(&books->account, -cents, -cents);
    case PAYMENT_INCOMING:
        return move(&books->account, cents, cents);
    case PAYMENT_ACCEPTED:
    case PAYMENT_REJECTED:
        return answer(books, event);
    case TRANSFER:
        return transfer(books, event);
    default:
        return (struct verdict){"Malformed", "type is none that there is", false};
    }
}
