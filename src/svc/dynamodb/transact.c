/* SPDX-License-Identifier: Apache-2.0
 *
 * Transactions: all or nothing. Nothing comes in between, for a call is alone in the cell, so there
 * are no conflicts and nothing is ever in progress: all actions are judged, then all are staged as
 * one journal entry.
 */
#include "svc/dynamodb/transact.h"

#include "base/buf.h"
#include "svc/dynamodb/throttle.h"

#define NAMES_BYTES_MAX 8192

/* Codes of reasons are not those of errors. */
static const struct {
    status code;       /* of a single write */
    const char *name;  /* of the reason */
} reasons_known[] = {
    {&DDB_CONDITION_FAILED, "ConditionalCheckFailed"},
    {&DDB_VALIDATION, "ValidationError"},
    {&DDB_COLLECTION_SIZE, "ItemCollectionSizeLimitExceeded"},
    {&DDB_THROUGHPUT, "ProvisionedThroughputExceeded"},
    {&DDB_THROTTLED, "ThrottlingError"},
    {&DDB_DUPLICATE_ITEM, "DuplicateItem"},
};

static const char *reason_name(status code)
{
    for (size_t i = 0; i < sizeof(reasons_known) / sizeof(reasons_known[0]); i++) {
        if (reasons_known[i].code == code) {
            return reasons_known[i].name;
        }
    }
    return code == OK ? "None" : NULL;
}

bool is_reason(status code)
{
    return code != OK && reason_name(code) != NULL;
}

struct reason reason_of(struct call *c, status code)
{
    struct reason reason = {.code = code};

    if (code != OK) {
        reason.message = arena_dup(c->arena, str_c(c->why.text));
    }
    return reason;
}

static void put_reason(struct call *c, struct value *to, const struct reason *reason)
{
    set_str(to, "Code", str_c(reason_name(reason->code)));
    if (reason->code != OK) {
        set_str(to, "Message", reason->message);
    }
    if (reason->item != NULL && reason->item->packed.bytes > 0) {
        item_to_value(c->arena, reason->item, to, "Item");
    }
}

status transaction_cancel(struct call *c, const struct reason *reasons, size_t count)
{
    struct value *detail;
    struct value *list;
    struct buf names;
    bool any = false;

    for (size_t i = 0; i < count; i++) {
        any = any || reasons[i].code != OK;
    }
    if (!any) {
        return OK;
    }
    detail = fail_detail(c, &DDB_TRANSACTION_CANCELED);
    list = set_list(c->arena, detail, "CancellationReasons", count);
    buf_init(&names, NAMES_BYTES_MAX);
    for (size_t i = 0; i < count; i++) {
        put_reason(c, list_add(c->arena, list), &reasons[i]);
        buf_printf(&names, "%s%s", i > 0 ? ", " : "", reason_name(reasons[i].code));
    }
    /* of a hundred it is longer than struct why */
    set_str(detail, "Message",
            arena_printf(c->arena, "Transaction cancelled, please refer cancellation reasons for "
                         "specific reasons [%.*s]", STR_ARG(buf_str(&names))));
    buf_done(&names);
    return fail(c, &DDB_TRANSACTION_CANCELED, "%.*s", STR_ARG(get_str(detail, "Message")));
}

/* What it may be together: for AWS, and for one entry of the journal. */
static status size_check(struct call *c, const struct item_write *writes, size_t count)
{
    size_t bytes = 0;
    size_t weight = 0;

    for (size_t i = 0; i < count; i++) {
        size_t old = writes[i].old.bytes;

        bytes += old > writes[i].item.bytes ? old : writes[i].item.bytes;
        weight += write_weight(&writes[i]);
    }
    if (bytes > TRANSACTION_BYTES_MAX) {
        return fail(c, &DDB_VALIDATION, "Member must have aggregate item size less than or equal "
                    "to 4194304 bytes");
    }
    return weight <= WEIGHT_MAX || count == 1
               ? OK
               : fail(c, &ERR_LIMIT, "The transaction is too large for one journal entry.");
}

status transaction_write(struct call *c, struct item_write *writes, const bool *show, size_t count,
                         struct costs *costs)
{
    struct reason *reasons = arena_alloc(c->arena, (count + 1) * sizeof(reasons[0]));

    for (size_t i = 0; i < count; i++) {
        status judged = write_judge(c, &writes[i]);

        if (judged != OK && !is_reason(judged)) {
            return judged;
        }
        reasons[i] = reason_of(c, judged);
        if (judged == &DDB_CONDITION_FAILED && show[i]) {
            reasons[i].item = &writes[i].old;
        }
    }
    TRY(transaction_cancel(c, reasons, count));
    TRY(size_check(c, writes, count));
    for (size_t i = 0; i < count; i++) {
        struct cost one = {.table = writes[i].table};

        write_stage(c, &writes[i], &one);
        throttle_take(c, &one, TRANSACTION_TIMES);
        cost_add(costs_of(costs, writes[i].table, STR_NONE), &one);
    }
    return OK;
}

void transaction_again(struct call *c, const struct item_write *writes, size_t count,
                       struct costs *costs)
{
    for (size_t i = 0; i < count; i++) {
        struct cost one = {.table = writes[i].table};

        one.read_halves = read_halves(item_load(c, one.table, writes[i].suffix).bytes, true);
        throttle_take(c, &one, TRANSACTION_TIMES);
        cost_add(costs_of(costs, one.table, STR_NONE), &one);
    }
}
