/* SPDX-License-Identifier: Apache-2.0
 *
 * POST /scans/entry: somebody holds a card to a door and waits. In one transaction the table is
 * asked whether the card is active, whether its owner may enter the building and counts as outside,
 * and then has him inside; nobody comes in twice, whatever arrives at the same time. Then the scan
 * becomes an event object, and only then the door opens.
 *
 * A device that gets no answer sends its scan again, with the same id: if it is what the table
 * already knows, it only gets the answer (and the object, should that be missing).
 */
#include "lab.h"

#include <string.h>

#define TRIES 5

struct scan {
    struct weir_text id;       /* the device's own, a UUID as a rule */
    struct weir_text card;     /* that was held to the door */
    struct weir_text at;       /* when */
    struct weir_text device;   /* who says so: the authorizer knows it */
    struct weir_text building; /* where that is */
    struct weir_text door;     /* likewise */
    struct weir_buf owner;     /* employee, then name: the card's */
    size_t employee_bytes;     /* of the owner */
};

struct refusal {
    int status;          /* of HTTP */
    const char *reason;  /* for programs */
    const char *message; /* for the device's display */
};

static const struct refusal unknown = {404, "unknown-card", "This card is not known."};
static const struct refusal inactive = {403, "card-not-active",
                                        "This card was replaced or blocked."};
static const struct refusal forbidden = {403, "no-permission",
                                         "You may not enter this building."};
static const struct refusal inside = {409, "inside", "You count as inside already."};
static const struct refusal late = {409, "late", "Later scans are there already."};
static const struct refusal failed = {503, "try-again", "Something did not work. Try again."};

static struct scan scan;

static struct weir_text employee(void)
{
    return (struct weir_text){scan.owner.at, scan.employee_bytes};
}

static struct weir_text name(void)
{
    return (struct weir_text){scan.owner.at + scan.employee_bytes,
                              scan.owner.bytes - scan.employee_bytes};
}

static bool read_scan(const struct weir_invocation *in)
{
    struct weir_text body = lab_body(in);
    struct weir_text context = weir_json_get(in->event, "requestContext.authorizer.lambda");

    scan.id = lab_plain(body, "scan");
    scan.card = lab_plain(body, "card");
    scan.at = lab_plain(body, "at");
    scan.device = lab_plain(context, "device");
    scan.building = lab_plain(context, "building");
    scan.door = lab_plain(context, "door");
    return lab_is_id(scan.id) && lab_is_id(scan.card) && lab_is_moment(scan.at) &&
           scan.building.at != NULL;
}

/* Whose card it is. NULL: known. */
static const struct refusal *find_card(const struct weir_invocation *in)
{
    struct weir_aws_answer answer;
    struct weir_text item;
    struct weir_text text;

    weir_json_add(lab_begin(),
                  "{'TableName':%s,'Key':{'pk':{'S':'CARD#%t'},'sk':{'S':'CARD'}},"
                  "'ConsistentRead':true}",
                  lab_table, scan.card);
    if (!lab_call(in, "dynamodb", "GetItem", NULL, &answer)) {
        return &failed;
    }
    item = weir_json_get(answer.json, "Item");
    text = lab_plain(item, "employee.S");
    weir_buf_clear(&scan.owner);
    weir_buf_add(&scan.owner, text.at, text.bytes);
    scan.employee_bytes = text.bytes;
    text = weir_json_get(item, "name.S"); /* JSON, with its quotes */
    weir_buf_add(&scan.owner, text.at, text.bytes);
    return item.at == NULL ? &unknown : NULL;
}

/* The transaction: card, permission, presence. */
static void write_transaction(struct weir_buf *out)
{
    weir_json_add(out,
                  "{'TransactItems':[{'ConditionCheck':{'TableName':%s,"
                  "'Key':{'pk':{'S':'CARD#%t'},'sk':{'S':'CARD'}},"
                  "'ConditionExpression':'employee = :e AND #state = :active',"
                  "'ExpressionAttributeNames':{'#state':'state'},"
                  "'ExpressionAttributeValues':{':e':{'S':%t},':active':{'S':'active'}}}},",
                  lab_table, scan.card, employee());
    weir_json_add(out,
                  "{'ConditionCheck':{'TableName':%s,"
                  "'Key':{'pk':{'S':'EMPLOYEE#%t'},'sk':{'S':'MAY#%t'}},"
                  "'ConditionExpression':'attribute_exists(pk) AND "
                  "(attribute_not_exists(valid_until) OR valid_until > :at)',"
                  "'ExpressionAttributeValues':{':at':{'S':%t}}}},",
                  lab_table, employee(), scan.building, scan.at);
    weir_json_add(out,
                  "{'Update':{'TableName':%s,"
                  "'Key':{'pk':{'S':'EMPLOYEE#%t'},'sk':{'S':'PRESENCE'}},"
                  "'UpdateExpression':'SET employee = :e, #name = :name, building = :b, "
                  "door = :door, card = :card, entered = :at, entry_scan = :scan, "
                  "gsi1pk = :inside, gsi1sk = :since',"
                  "'ConditionExpression':'attribute_not_exists(gsi1pk) AND "
                  "(attribute_not_exists(entered) OR entered < :at) AND "
                  "(attribute_not_exists(gone) OR gone <= :at)',"
                  "'ExpressionAttributeNames':{'#name':'name'},",
                  lab_table, employee());
    weir_json_add(out,
                  "'ExpressionAttributeValues':{':e':{'S':%t},':name':{'S':%j},':b':{'S':%t},"
                  "':door':{'S':%t},':card':{'S':%t},':at':{'S':%t},':scan':{'S':%t},"
                  "':inside':{'S':'INSIDE#%t'},':since':{'S':'%t#%t'}},"
                  "'ReturnValuesOnConditionCheckFailure':'ALL_OLD'}}]}",
                  employee(), name(), scan.building, scan.door, scan.card, scan.at, scan.id,
                  scan.building, scan.at, employee());
}

/* Why the transaction was cancelled; NULL: it was this scan, which came before. */
static const struct refusal *refusal_of(const struct weir_aws_answer *answer)
{
    static const char condition[] = "ConditionalCheckFailed";
    struct weir_text was = weir_json_get(answer->json, "CancellationReasons[2].Item");
    struct weir_text before = lab_plain(was, "entry_scan.S");

    if (before.bytes == scan.id.bytes && memcmp(before.at, scan.id.at, before.bytes) == 0) {
        return NULL;
    }
    if (weir_text_is(lab_cancelled(answer, 0), condition)) {
        return &inactive;
    }
    if (weir_text_is(lab_cancelled(answer, 1), condition)) {
        return &forbidden;
    }
    return weir_json_get(was, "gsi1pk").at != NULL ? &inside : &late;
}

/* NULL: the owner is inside now, by this scan. */
static const struct refusal *enter(const struct weir_invocation *in)
{
    static const char cancelled[] = "TransactionCanceledException";
    struct weir_aws_answer answer;

    for (int i = 0; i < TRIES; i++) {
        write_transaction(lab_begin());
        if (lab_call(in, "dynamodb", "TransactWriteItems", cancelled, &answer)) {
            return NULL;
        }
        if (!weir_text_is(answer.error_code, cancelled)) {
            return &failed;
        }
        bool conflict = false;
        for (int item = 0; item < 3; item++) {
            conflict |= weir_text_is(lab_cancelled(&answer, item), "TransactionConflict");
        }
        if (!conflict) {
            return refusal_of(&answer);
        }
    }
    return &failed; /* others are busy with the same card */
}

/* The scan as an event object, accepted or refused. */
static bool keep_event(const struct weir_invocation *in, const struct refusal *why)
{
    struct weir_buf event;
    char key[160];
    bool kept;

    lab_key(key, why == NULL ? "entry" : "entry-refused", scan.at, scan.id);
    weir_buf_init(&event, 8192);
    weir_json_add(&event, "{'type':%s,'scan':%t,'card':%t,'at':%t,'building':%t,'door':%t,"
                          "'device':%t",
                  why == NULL ? "entry" : "entry-refused", scan.id, scan.card, scan.at,
                  scan.building, scan.door, scan.device);
    if (scan.employee_bytes > 0) {
        weir_json_add(&event, ",'employee':%t", employee());
    }
    if (why != NULL) {
        weir_json_add(&event, ",'reason':%s", why->reason);
    }
    weir_json_add(&event, "}");
    kept = !event.failed && lab_put_event(in, key, weir_buf_text(&event)) != LAB_PUT_FAILED;
    weir_buf_done(&event);
    return kept;
}

static void handle(struct weir_invocation *in)
{
    const struct refusal *why;
    struct weir_buf answer;

    if (!read_scan(in)) {
        lab_refuse(in, 400, "bad-scan", "A scan has scan, card and at (2026-12-01T08:00:00.000Z).");
        return;
    }
    why = find_card(in);
    if (why == NULL) {
        why = enter(in);
    }
    if (why == &failed || !keep_event(in, why)) {
        lab_fail(in);
        return;
    }
    if (why != NULL) {
        lab_refuse(in, why->status, why->reason, why->message);
        return;
    }
    weir_buf_init(&answer, 4096);
    weir_json_add(&answer, "{'open':true,'scan':%t,'employee':%t,'name':%j}", scan.id, employee(),
                  name());
    lab_answer(in, 200, weir_buf_text(&answer));
    weir_buf_done(&answer);
}

int main(void)
{
    weir_buf_init(&scan.owner, 8192);
    return lab_run(handle);
}
