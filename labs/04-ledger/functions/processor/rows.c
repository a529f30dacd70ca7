/* SPDX-License-Identifier: Apache-2.0
 *
 * Makes the transactions. The same texts are sent to the table and kept as the event's command: to
 * run an account's commands again, in their order, makes its rows again without any rule of the
 * bank.
 */
#include "rows.h"

#include <stdlib.h>

static const char *table;
static struct weir_buf request;
static struct weir_buf items;   /* of the transaction, without the event's row */
static struct weir_buf row;     /* the event's, as DynamoDB's JSON, without its end */
static struct weir_buf command; /* what is kept of the transaction */
static struct weir_buf found;   /* the last reading's answer */

bool rows_init(void)
{
    weir_buf_init(&request, 1u << 20);
    weir_buf_init(&items, 1u << 20);
    weir_buf_init(&row, 1u << 20);
    weir_buf_init(&command, 1u << 20);
    weir_buf_init(&found, 4u << 20);
    table = desk_setting("TABLE");
    return table != NULL;
}

/* The answer of a transaction that did not happen: may it be tried again? */
static enum rows_result result_of(bool done)
{
    if (!done) {
        return ROWS_FAILED;
    }
    return desk_answer()->error_code.at == NULL ? ROWS_DONE : ROWS_LOST;
}

/* ---- reading ---- */

static void add_get(const char *partition, struct weir_text of, const char *sort,
                    struct weir_text id)
{
    weir_json_add(&request,
                  "{'Get':{'TableName':%s,'Key':{'pk':{'S':'%s#%t'},'sk':{'S':'%s%t'}}}}", table,
                  partition, of, sort, id);
}

static struct account account_of(struct weir_text item, struct weir_text id)
{
    struct account account = {.id = id, .is_there = item.at != NULL};
    struct weir_text currency = weir_json_get(item, "currency.S");

    if (account.is_there &&
        (!weir_json_int(weir_json_get(item, "actual.N"), &account.actual_cents) ||
         !weir_json_int(weir_json_get(item, "available.N"), &account.available_cents) ||
         !weir_json_int(weir_json_get(item, "version.N"), &account.version) ||
         currency.bytes < 2)) {
        abort(); /* no row of this ledger: nothing may be built on it */
    }
    if (account.is_there) {
        account.currency = (struct weir_text){currency.at + 1, currency.bytes - 2};
    }
    return account;
}

static struct claim claim_of(struct weir_text item)
{
    struct claim claim = {.is_there = item.at != NULL};

    claim.is_payment = weir_json_string_is(weir_json_get(item, "kind.S"), "payment");
    claim.is_open = weir_json_string_is(weir_json_get(item, "state.S"), "open");
    if (claim.is_there && !weir_json_int(weir_json_get(item, "amount.N"), &claim.amount_cents)) {
        abort();
    }
    return claim;
}

enum rows_result rows_read(struct weir_invocation *in, const struct event *event,
                           struct books *ret_books, struct weir_text *ret_row)
{
    struct weir_text answers;
    enum rows_result result;

    weir_buf_clear(&request);
    weir_json_add(&request, "{'TransactItems':[");
    add_get("event", event->id, "event", WEIR_TEXT(""));
    weir_json_add(&request, ",");
    add_get("account", event->account, "account", WEIR_TEXT(""));
    if (event->to.at != NULL) {
        weir_json_add(&request, ",");
        add_get("account", event->to, "account", WEIR_TEXT(""));
    } else if (event->of.at != NULL) {
        weir_json_add(&request, ",");
        add_get("account", event->account, "claim#", event->of);
    }
    weir_json_add(&request, "]}");
    result = result_of(desk_call(in, "dynamodb", "TransactGetItems", &request,
                                 "TransactionCanceledException"));
    if (result != ROWS_DONE) {
        return result;
    }
    weir_buf_clear(&found);
    weir_buf_add(&found, desk_answer()->json.at, desk_answer()->json.bytes);
    answers = weir_json_get(weir_buf_text(&found), "Responses");
    *ret_row = weir_json_get(answers, "[0].Item");
    *ret_books = (struct books){
        .account = account_of(weir_json_get(answers, "[1].Item"), event->account)};
    if (event->to.at != NULL) {
        ret_books->to = account_of(weir_json_get(answers, "[2].Item"), event->to);
    } else if (event->of.at != NULL) {
        ret_books->claim = claim_of(weir_json_get(answers, "[2].Item"));
    }
    return found.failed ? ROWS_FAILED : ROWS_DONE;
}

/* ---- writing ---- */

static void add_account(const struct account *account, const struct event *event)
{
    if (account->version == 0) {
        weir_json_add(&items,
                      ",{'Put':{'TableName':%s,'Item':{'pk':{'S':'account#%t'},"
                      "'sk':{'S':'account'},'currency':{'S':%t},'opened':{'S':%t},"
                      "'actual':{'N':'0'},'available':{'N':'0'},'version':{'N':'1'}},"
                      "'ConditionExpression':'attribute_not_exists(pk)'}}",
                      table, account->id, account->currency, event->time);
        return;
    }
    weir_json_add(&items,
                  ",{'Update':{'TableName':%s,'Key':{'pk':{'S':'account#%t'},"
                  "'sk':{'S':'account'}},'ConditionExpression':'version = :seen',"
                  "'UpdateExpression':"
                  "'SET actual = :actual, available = :available, version = :version',"
                  "'ExpressionAttributeValues':{':seen':{'N':'%l'},':version':{'N':'%l'},"
                  "':actual':{'N':'%l'},':available':{'N':'%l'}}}}",
                  table, account->id, (long long)account->version, (long long)account->version + 1,
                  (long long)account->actual_cents, (long long)account->available_cents);
}

static void add_line(const struct account *account, const struct account *other,
                     const struct judged *judged)
{
    const struct event *event = judged->event;

    weir_json_add(&items,
                  ",{'Put':{'TableName':%s,'ConditionExpression':'attribute_not_exists(pk)',"
                  "'Item':{'pk':{'S':'account#%t'},'sk':{'S':'line#%t#%t'},'event':{'S':%t},"
                  "'type':{'S':%t},'key':{'S':%t},'actual_change':{'N':'%l'},"
                  "'available_change':{'N':'%l'},'actual':{'N':'%l'},'available':{'N':'%l'},"
                  "'version':{'N':'%l'}",
                  table, account->id, event->time, event->id, event->id, event->type,
                  judged->arrival->key, (long long)account->actual_change_cents,
                  (long long)account->available_change_cents, (long long)account->actual_cents,
                  (long long)account->available_cents, (long long)account->version + 1);
    if (event->of.at != NULL) {
        weir_json_add(&items, ",'of':{'S':%t}", event->of);
    }
    if (other != NULL) {
        weir_json_add(&items, ",'with':{'S':%t}", other->id);
    }
    weir_json_add(&items, "}}}");
}

/* Sums do not depend on the order in which events come, so a late one still counts in its month. */
static void add_statement(const struct account *account, const struct event *event)
{
    int64_t change = account->actual_change_cents;
    struct weir_text month = {event->time.at, sizeof "2026-11" - 1};

    weir_json_add(&items,
                  ",{'Update':{'TableName':%s,'Key':{'pk':{'S':'account#%t'},"
                  "'sk':{'S':'statement#%t'}},'UpdateExpression':"
                  "'ADD credits :credits, debits :debits, #lines :one',"
                  "'ExpressionAttributeNames':{'#lines':'lines'},"
                  "'ExpressionAttributeValues':{':credits':{'N':'%l'},"
                  "':debits':{'N':'%l'},':one':{'N':'1'}}}}",
                  table, account->id, month, (long long)(change > 0 ? change : 0),
                  (long long)(change < 0 ? -change : 0));
}

static void add_claim(const struct books *books, const struct event *event)
{
    if (event_is_open(event)) {
        weir_json_add(&items,
                      ",{'Put':{'TableName':%s,'ConditionExpression':'attribute_not_exists(pk)',"
                      "'Item':{'pk':{'S':'account#%t'},'sk':{'S':'claim#%t'},'kind':{'S':%s},"
                      "'state':{'S':'open'},'amount':{'N':'%l'}}}}",
                      table, event->account, event->id,
                      books->claim.is_payment ? "payment" : "deposit",
                      (long long)books->claim.amount_cents);
    } else if (event_decides(event)) {
        weir_json_add(&items,
                      ",{'Update':{'TableName':%s,'Key':{'pk':{'S':'account#%t'},"
                      "'sk':{'S':'claim#%t'}},'ConditionExpression':'#state = :open',"
                      "'UpdateExpression':'SET #state = :decided, decided_by = :event',"
                      "'ExpressionAttributeNames':{'#state':'state'},"
                      "'ExpressionAttributeValues':{':open':{'S':'open'},':decided':{'S':%t},"
                      "':event':{'S':%t}}}}",
                      table, event->account, event->of, event->type, event->id);
    }
}

static void add_book(const struct account *account, const struct account *other,
                     const struct judged *judged)
{
    add_account(account, judged->event);
    add_line(account, other, judged);
    add_statement(account, judged->event);
}

/* The event's row, up to where its command and its end come. */
static void begin_row(const struct judged *judged)
{
    const struct event *event = judged->event;

    weir_buf_clear(&row);
    weir_json_add(&row,
                  "{'pk':{'S':'event#%t'},'sk':{'S':'event'},'result':{'S':%s},'type':{'S':%t},"
                  "'account':{'S':%t},'key':{'S':%t},'object_version':{'S':%t},'text':{'S':%t}",
                  event->id, judged->verdict.reason == NULL ? "booked" : "rejected", event->type,
                  event->account, judged->arrival->key, judged->arrival->version, judged->text);
    if (judged->verdict.reason != NULL) {
        weir_json_add(&row, ",'reason':{'S':%s},'message':{'S':%s}", judged->verdict.reason,
                      judged->verdict.message);
    }
}

/* "account/000000000012": the place among the account's commands. */
static void add_command_key(const struct account *account, bool first)
{
    char version[24];
    int at = sizeof version;
    int64_t left = account->version + 1;

    version[--at] = '\0';
    for (int digit = 0; digit < 12 || left > 0; digit++) {
        version[--at] = (char)('0' + left % 10);
        left /= 10;
    }
    weir_json_add(&row, first ? "{'S':'%t/%s.json'}" : ",{'S':'%t/%s.json'}", account->id,
                  version + at);
}

static void add_put_row(struct weir_buf *to)
{
    weir_json_add(to,
                  "{'Put':{'TableName':%s,'ConditionExpression':'attribute_not_exists(pk)',"
                  "'Item':%j}}",
                  table, weir_buf_text(&row));
}

/* Ends the event's row: with the command, and where it is to be kept. */
static void end_row_with_command(const struct books *books, const struct event *event)
{
    size_t bytes = row.bytes;

    weir_json_add(&row, "}");
    weir_buf_clear(&command);
    weir_json_add(&command, "{'event':%t,'time':%t,'TransactItems':[", event->id, event->time);
    add_put_row(&command);
    weir_buf_add(&command, items.at, items.bytes);
    weir_json_add(&command, "]}");
    row.bytes = bytes; /* open again: a command does not contain itself */
    weir_json_add(&row, ",'command':{'S':%t},'command_keys':{'L':[", weir_buf_text(&command));
    add_command_key(&books->account, true);
    if (event->to.at != NULL) {
        add_command_key(&books->to, false);
    }
    weir_json_add(&row, "]}}");
}

enum rows_result rows_write(struct weir_invocation *in, const struct judged *judged,
                            const struct books *books, struct weir_text *ret_row)
{
    const struct event *event = judged->event;
    bool transfers = event->to.at != NULL;
    enum rows_result result;

    weir_buf_clear(&items);
    begin_row(judged);
    if (judged->verdict.reason == NULL) {
        add_book(&books->account, transfers ? &books->to : NULL, judged);
        if (transfers) {
            add_book(&books->to, &books->account, judged);
        }
        add_claim(books, event);
        end_row_with_command(books, event);
    } else {
        weir_json_add(&row, "}");
    }
    weir_buf_clear(&request);
    weir_json_add(&request, "{'TransactItems':[");
    add_put_row(&request);
    weir_buf_add(&request, items.at, items.bytes);
    weir_json_add(&request, "]}");
    if (items.failed || row.failed || command.failed) {
        weir_lambda_log(in, WEIR_ERROR, "the transaction is too large");
        return ROWS_FAILED;
    }
    result = result_of(desk_call(in, "dynamodb", "TransactWriteItems", &request,
                                 "TransactionCanceledException"));
    *ret_row = weir_buf_text(&row);
    return result;
}
