/* SPDX-License-Identifier: Apache-2.0
 *
 * Rules
 *  1. An address works until what it is for is over or its time has passed; then it is refused, as
 *     an expired one of S3.
 *  2. Whatever comes to a custom resource's address is kept as it came; who waits judges it. The
 *     last one before that counts.
 *  3. A signal of a handle is one of its unique id: the first counts.
 */
#include "svc/cloudformation/reply.h"

#include "base/codec.h"
#include "base/time.h"
#include "svc/cloudformation/deploy.h"
#include "sys/rand.h"
#include "wire/json.h"

#define VERSION 1
#define TOKEN_BYTES 32
#define ROW_BYTES_MAX (256u * 1024)
#define PATH "/_weir/cloudformation/reply/"
#define UNIQUE_BYTES_MAX 1024

static struct str reply_key(struct call *c, struct str token)
{
    struct key key = key_of(c->arena, CFN_SERVICE);

    key_str(&key, STR("reply"));
    key_str(&key, token);
    return key_end(&key);
}

static struct key signals_key(struct call *c, struct str token)
{
    struct key key = key_of(c->arena, CFN_SERVICE);

    key_str(&key, STR("signal"));
    key_str(&key, token);
    return key;
}

/* ---- rows ---- */

static void row_put(struct call *c, struct str key, const struct value *map)
{
    struct str json = doc_json(c->arena, map);

    txn_put(c->txn, key, arena_printf(c->arena, "%c%.*s", VERSION, STR_ARG(json)));
}

static bool row_read(struct call *c, struct str packed, struct value *ret_map)
{
    struct why why;

    return packed.bytes > 1 && packed.at[0] == VERSION &&
           json_read(arena_dup(c->arena, str_slice(packed, 1, packed.bytes)), 0, c->arena, &why,
                     ret_map) == OK;
}

static void reply_save(struct call *c, const struct reply *reply)
{
    struct value *map = doc_map(c->arena);

    doc_put_text(c->arena, map, "stack", reply->stack_id);
    doc_put_text(c->arena, map, "logical", reply->logical_id);
    doc_put_bool(c->arena, map, "handle", reply->handle);
    doc_put_int(c->arena, map, "until", reply->until_ms);
    if (reply->text.at != NULL) {
        doc_put_text(c->arena, map, "text", reply->text);
    }
    if (reply->given_up.at != NULL) {
        doc_put_text(c->arena, map, "given_up", reply->given_up);
    }
    row_put(c, reply_key(c, reply->token), map);
}

bool reply_get(struct call *c, struct str token, struct reply *ret_reply)
{
    struct value map;
    struct str packed;
    const struct value *until;

    if (token.bytes == 0 || token.bytes > 2 * TOKEN_BYTES ||
        !txn_get(c->txn, reply_key(c, token), &packed) || !row_read(c, packed, &map)) {
        return false;
    }
    until = doc_get(&map, "until");
    *ret_reply = (struct reply){
        .token = token,
        .stack_id = doc_text(c->arena, doc_get(&map, "stack")),
        .logical_id = doc_text(c->arena, doc_get(&map, "logical")),
        .handle = doc_get(&map, "handle")->truth,
        .until_ms = until->number,
        .text = doc_text(c->arena, doc_get(&map, "text")),
        .given_up = doc_text(c->arena, doc_get(&map, "given_up")),
    };
    return true;
}

void reply_end(struct call *c, struct str token)
{
    struct txn_scan *scan;
    struct key signals;
    struct str key;
    struct str value;

    if (token.bytes == 0) {
        return;
    }
    signals = signals_key(c, token);
    scan = txn_scan_prefix(c->txn, key_end(&signals));
    while (txn_scan_next(scan, &key, &value)) {
        txn_delete(c->txn, arena_dup(c->arena, key));
    }
    txn_scan_close(scan);
    txn_delete(c->txn, reply_key(c, token));
}

/* ---- addresses ---- */

/* Letters for AWSAccessKeyId, which is there because programs look for it. */
static struct str key_letters(struct call *c)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    char *made = arena_alloc(c->arena, 20);

    memcpy(made, "ASIA", 4);
    for (size_t i = 4; i < 20; i++) {
        made[i] = letters[rand_below(c->rand, 32)];
    }
    return str_of(made, 20);
}

void reply_new(struct resource *r, struct reply *reply, struct str what, struct str *ret_url)
{
    struct call *c = r->c;
    char secret[TOKEN_BYTES];
    char *token = arena_alloc(c->arena, sizeof(secret) * 2);
    struct buf path;

    rand_secret(secret, sizeof(secret));
    hex_encode(str_of(secret, sizeof(secret)), token);
    reply->token = str_of(token, sizeof(secret) * 2);
    reply->stack_id = r->stack_id;
    reply->logical_id = r->logical_id;
    reply_save(c, reply);
    buf_init(&path, 8192);
    buf_add_percent(&path, arena_printf(c->arena, "%.*s|%.*s%s%.*s", STR_ARG(r->stack_id),
                                        STR_ARG(r->logical_id), what.bytes > 0 ? "|" : "",
                                        STR_ARG(what)), false);
    *ret_url = arena_printf(c->arena, "%.*s" PATH "%.*s?AWSAccessKeyId=%.*s&Expires=%lld"
                            "&Signature=%.*s", STR_ARG(cell_address(c->cell)),
                            STR_ARG(buf_str(&path)), STR_ARG(key_letters(c)),
                            (long long)(reply->until_ms / MS_PER_SECOND), STR_ARG(reply->token));
    buf_done(&path);
}

struct str reply_token(struct call *c, struct str url)
{
    struct str mark = STR("&Signature=");
    size_t at = str_find_str(url, mark);

    (void)c;
    if (at == url.bytes || str_find_str(url, STR(PATH)) == url.bytes) {
        return STR_NONE;
    }
    return str_slice(url, at + mark.bytes, at + mark.bytes + 2 * TOKEN_BYTES);
}

/* The stack need not wait for its next look. */
static void look_again(struct call *c, const struct reply *reply)
{
    struct stack stack;
    struct str account, region;
    struct arn arn;

    if (!arn_read(reply->stack_id, &arn)) {
        return;
    }
    account = c->account;
    region = c->region;
    c->account = arn.account;
    c->region = arn.region;
    if (stack_lookup(c, reply->stack_id, &stack)) {
        deploy_forget(c, &stack);
    }
    c->account = account;
    c->region = region;
}

void reply_give_up(struct call *c, struct str url, struct str why)
{
    struct reply reply;

    if (!reply_get(c, reply_token(c, url), &reply) || reply.text.at != NULL) {
        return;
    }
    reply.given_up = why;
    reply_save(c, &reply);
    look_again(c, &reply);
}

/* ---- signals ---- */

size_t reply_signals(struct call *c, struct str token, struct value **ret_signals)
{
    struct value *signals = arena_alloc(c->arena, SIGNALS_MAX * sizeof(*signals));
    struct key prefix = signals_key(c, token);
    struct txn_scan *scan = txn_scan_prefix(c->txn, key_end(&prefix));
    struct str key;
    struct str packed;
    size_t count = 0;

    while (count < SIGNALS_MAX && txn_scan_next(scan, &key, &packed)) {
        count += row_read(c, packed, &signals[count]);
    }
    txn_scan_close(scan);
    *ret_signals = signals;
    return count;
}

/* A PUT to a handle: false when it is no signal. */
static bool signal_take(struct call *c, const struct reply *reply)
{
    struct value map;
    struct value *signals;
    struct why why;
    struct str unique;
    struct key key = signals_key(c, reply->token);
    struct str there;

    if (json_read(arena_dup(c->arena, c->request->body), 0, c->arena, &why, &map) != OK ||
        map.kind != VALUE_MAP) {
        return false;
    }
    unique = doc_text(c->arena, doc_get(&map, "UniqueId"));
    if (unique.bytes == 0 || unique.bytes > UNIQUE_BYTES_MAX ||
        doc_text(c->arena, doc_get(&map, "Status")).bytes == 0) {
        return false;
    }
    key_str(&key, unique);
    if (!txn_get(c->txn, key_end(&key), &there) &&
        reply_signals(c, reply->token, &signals) < SIGNALS_MAX) {
        row_put(c, key_end(&key), &map);
    }
    return true;
}

/* ---- the page ---- */

static status refuse(struct call *c, int http, const char *code, const char *sentence)
{
    call_answer(c, http, "application/xml",
                arena_printf(c->arena, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>"
                             "%s</Code><Message>%s</Message><RequestId>%.*s</RequestId></Error>",
                             code, sentence, STR_ARG(c->request_id)));
    return OK;
}

static status page_reply(struct call *c)
{
    struct str body = c->request->body;
    struct reply reply;

    if (!str_eq(c->request->method, STR("PUT"))) {
        return refuse(c, 403, "SignatureDoesNotMatch", "This address takes a PUT.");
    }
    if (!reply_get(c, page_arg(c, "Signature"), &reply) || c->now >= reply.until_ms) {
        return refuse(c, 403, "AccessDenied", "Request has expired");
    }
    if (body.bytes > REPLY_BODY_BYTES_MAX) {
        return refuse(c, 400, "EntityTooLarge",
                      "Your proposed upload exceeds the maximum allowed size");
    }
    if (reply.handle && !signal_take(c, &reply)) {
        return refuse(c, 400, "InvalidRequest", "A signal is a JSON object with Status, Reason, "
                                                "UniqueId and Data.");
    }
    if (!reply.handle) {
        reply.text = body.bytes <= REPLY_BYTES_MAX && utf8_valid(body)
                         ? body
                         : STR("");
        reply.given_up = body.bytes > REPLY_BYTES_MAX ? STR("Response object is too long.")
                                                      : STR_NONE;
        reply_save(c, &reply);
    }
    look_again(c, &reply);
    call_on(c, reply.stack_id);
    call_answer(c, 200, NULL, STR_NONE);
    return OK;
}

const struct page reply_page = {PATH "*", true, page_reply};
