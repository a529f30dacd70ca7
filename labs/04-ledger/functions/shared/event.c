/* SPDX-License-Identifier: Apache-2.0
 *
 * Reads events, and refuses whatever is not exactly one. What may be in a text is said by character
 * so that keys, groups and rows can be made of it as it is.
 */
#include "event.h"

#include <string.h>

enum { HAS_AMOUNT = 1, HAS_OF = 2, HAS_TO = 4, IS_OPEN = 8 };

static const struct {
    const char *type; /* as it is written */
    int has;          /* which members it needs */
} kinds[] = {
    [ACCOUNT_OPENED] = {"account-opened", 0},
    [DEPOSIT_CASH] = {"deposit-cash", HAS_AMOUNT | IS_OPEN},
    [DEPOSIT_VERIFIED] = {"deposit-verified", HAS_AMOUNT | HAS_OF},
    [WITHDRAWAL] = {"withdrawal", HAS_AMOUNT},
    [PAYMENT_INCOMING] = {"payment-incoming", HAS_AMOUNT},
    [PAYMENT_UNVERIFIED] = {"payment-unverified", HAS_AMOUNT | IS_OPEN},
    [PAYMENT_ACCEPTED] = {"payment-accepted", HAS_OF},
    [PAYMENT_REJECTED] = {"payment-rejected", HAS_OF},
    [TRANSFER] = {"transfer", HAS_AMOUNT | HAS_TO},
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* The member's text, without its quotes, if it has so many plain characters; else nothing. */
static struct weir_text plain_member(struct weir_text document, const char *name, size_t bytes_min,
                                     size_t bytes_max)
{
    struct weir_text text = weir_json_get(document, name);

    if (weir_json_kind(text) != WEIR_JSON_STRING || text.bytes < 2 + bytes_min ||
        text.bytes > 2 + bytes_max) {
        return WEIR_NONE;
    }
    text = (struct weir_text){text.at + 1, text.bytes - 2};
    for (size_t i = 0; i < text.bytes; i++) {
        char c = text.at[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

        if (!letter && !is_digit(c) && c != '-') {
            return WEIR_NONE;
        }
    }
    return text;
}

static int number_at(const char *at)
{
    return (at[0] - '0') * 10 + (at[1] - '0');
}

/* "2026-11-03T10:15:00Z", a moment that there is; seconds are whole and the zone is UTC, so that
 * texts sort as moments do. */
static struct weir_text moment_member(struct weir_text document)
{
    static const char form[] = "dddd-dd-ddTdd:dd:ddZ";
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    struct weir_text text = weir_json_get(document, "time");
    int year, month, day;
    bool leap;

    if (weir_json_kind(text) != WEIR_JSON_STRING || text.bytes != 2 + sizeof form - 1) {
        return WEIR_NONE;
    }
    text = (struct weir_text){text.at + 1, text.bytes - 2};
    for (size_t i = 0; i < text.bytes; i++) {
        if (form[i] == 'd' ? !is_digit(text.at[i]) : text.at[i] != form[i]) {
            return WEIR_NONE;
        }
    }
    year = number_at(text.at) * 100 + number_at(text.at + 2);
    month = number_at(text.at + 5);
    day = number_at(text.at + 8);
    leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    if (year < 1970 || month < 1 || month > 12 || day < 1 ||
        day > days[month - 1] + (month == 2 && leap) || number_at(text.at + 11) > 23 ||
        number_at(text.at + 14) > 59 || number_at(text.at + 17) > 59) {
        return WEIR_NONE;
    }
    return text;
}

/* A whole number of cents above 0: digits and nothing else. */
static bool cents_member(struct weir_text document, int64_t *ret_cents)
{
    struct weir_text number = weir_json_get(document, "amount");

    if (weir_json_kind(number) != WEIR_JSON_NUMBER) {
        return false;
    }
    for (size_t i = 0; i < number.bytes; i++) {
        if (!is_digit(number.at[i])) {
            return false;
        }
    }
    return weir_json_int(number, ret_cents) && *ret_cents > 0;
}

static const char *read_by_kind(struct weir_text document, struct event *event)
{
    int has = kinds[event->kind].has;

    if ((has & HAS_AMOUNT) != 0 && !cents_member(document, &event->amount_cents)) {
        return "amount is not a whole number of cents above 0";
    }
    if ((has & HAS_OF) != 0 && (event->of = plain_member(document, "of", 8, 64)).at == NULL) {
        return "of is not the id of an event";
    }
    if ((has & HAS_TO) != 0 && (event->to = plain_member(document, "to", 4, 34)).at == NULL) {
        return "to is not an account";
    }
    if (event->to.bytes == event->account.bytes &&
        memcmp(event->to.at, event->account.at, event->to.bytes) == 0) {
        return "to is the same account";
    }
    return NULL;
}

const char *event_read(struct weir_text document, struct event *ret_event)
{
    struct weir_text type;
    struct event event = {0};
    size_t kind = 0;

    if (document.bytes > EVENT_BYTES_MAX) {
        return "it is longer than an event may be";
    }
    if (!weir_json_check(document) || weir_json_kind(document) != WEIR_JSON_OBJECT) {
        return "it is not a JSON object";
    }
    type = weir_json_get(document, "type");
    while (kind < sizeof kinds / sizeof kinds[0] && !weir_json_string_is(type, kinds[kind].type)) {
        kind++;
    }
    if (kind == sizeof kinds / sizeof kinds[0]) {
        return "type is none that there is";
    }
    event.kind = (enum event_kind)kind;
    event.type = plain_member(document, "type", 1, 64);
    event.id = plain_member(document, "id", 8, 64);
    event.account = plain_member(document, "account", 4, 34);
    event.currency = plain_member(document, "currency", 3, 3);
    event.time = moment_member(document);
    if (event.id.at == NULL) {
        return "id has not 8 to 64 letters, digits and hyphens";
    }
    if (event.account.at == NULL) {
        return "account has not 4 to 34 letters, digits and hyphens";
    }
    if (event.currency.at == NULL) {
        return "currency has not three letters";
    }
    if (event.time.at == NULL) {
        return "time is no moment as 2026-11-03T10:15:00Z";
    }
    const char *wrong = read_by_kind(document, &event);
    if (wrong == NULL) {
        *ret_event = event;
    }
    return wrong;
}

bool event_decides(const struct event *event)
{
    return (kinds[event->kind].has & HAS_OF) != 0;
}

bool event_is_open(const struct event *event)
{
    return (kinds[event->kind].has & IS_OPEN) != 0;
}
