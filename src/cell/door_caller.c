/* SPDX-License-Identifier: Apache-2.0
 *
 * Who calls: access key, session token and signature become an identity, outside the cell.
 *
 * Rules
 *  1. With auth off nothing is checked. A key that weir has made is whose it is (a function's calls
 *     are its role's); a 12-digit key names an account's root; any other is the root's.
 *  2. With auth on the key must be there and active, and the token its own; then the signature must
 *     fit. Only then one hears that a session has expired: it was its owner who asked.
 *  3. Of S3's buckets and objects, of queues and of topics anybody may ask without a signature:
 *     what nobody may do their policies and ACLs say. Operations whose model says so are for
 *     everybody.
 */
#include "cell/door_int.h"

#include <assert.h>

static bool is_s3(const struct visit *visit)
{
    const struct service_model *service = visit->route.service;

    return service != NULL && str_eq(model_text(service->id), STR("s3"));
}

/* Of a bucket that is there S3 itself says what is public. A large body is never asked for before
 * it could say so. */
static bool may_be_anonymous(const struct visit *visit)
{
    const struct operation *operation = visit->route.operation;
    struct str service = operation == NULL ? STR_NONE : model_text(visit->route.service->id);

    if (str_eq(service, STR("sqs")) || str_eq(service, STR("sns"))) {
        return !str_ends(model_text(operation->guards), STR("=*"));
    }
    return is_s3(visit) && operation != NULL &&
           str_starts(model_text(operation->uri), STR("/{Bucket}")) &&
           !str_eq(model_text(operation->name), STR("CreateBucket"));
}

void door_anonymous(struct call *c)
{
    identity_drop(c->identity); /* of a key whose signature was wrong */
    c->identity = NULL;
    c->verified = false;
    c->access_key = STR_NONE;
    c->account = STR("anonymous");
    c->principal = STR("anonymous");
}

static void caller_is(struct call *c, const struct identity *identity)
{
    c->identity = identity; /* held until the visit ends */
    c->account = identity->account;
    c->principal = identity->principal;
}

void door_believe(struct call *c, struct arena *arena, struct str access_key)
{
    const struct identity *known;
    uint64_t digits;

    c->access_key = access_key;
    if (access_key.bytes == 12 && str_to_u64(access_key, &digits)) {
        c->account = access_key;
        c->principal = arena_printf(arena, "arn:aws:iam::%.*s:root", STR_ARG(access_key));
        return;
    }
    known = access_key.bytes > 0 ? identity_find(cell_identities(c->cell), access_key) : NULL;
    if (known != NULL) {
        caller_is(c, known);
    }
}

status door_caller(struct call *c, const struct sigv4 *sigv4, struct why *why)
{
    const struct identity *identity =
        identity_find(cell_identities(c->cell), sigv4->access_key);

    assert(c->identity == NULL);
    if (identity == NULL) {
        return sigv4_unknown_key(sigv4, why);
    }
    caller_is(c, identity);
    if (!identity->active || (identity->token.bytes > 0 && sigv4->session_token.bytes == 0)) {
        return sigv4_unknown_key(sigv4, why);
    }
    if (!str_eq(identity->token, sigv4->session_token)) {
        return sigv4_token_invalid(sigv4, why);
    }
    return OK;
}

status door_caller_in_time(struct call *c, const struct sigv4 *sigv4, struct why *why)
{
    const struct identity *identity = c->identity;

    if (identity->expires_ms > 0 && identity->expires_ms <= clock_now_ms(cell_clock(c->cell))) {
        return sigv4_token_expired(sigv4, why);
    }
    c->verified = true;
    return OK;
}

static status unsigned_caller(struct visit *visit, const struct sigv4 *sigv4)
{
    struct call *c = &visit->task.call;

    if (visit->route.operation != NULL && (visit->route.operation->flags & OPERATION_NO_AUTH)) {
        c->guarded = false; /* it is for everybody */
        return OK;
    }
    if (may_be_anonymous(visit) && !sigv4->body_later) {
        door_anonymous(c);
        return OK;
    }
    return sigv4_missing(is_s3(visit), &c->why);
}

status door_identify(struct visit *visit, const struct http_request *request,
                     const struct sigv4 *sigv4)
{
    struct door *door = visit->home->door;
    struct call *c = &visit->task.call;

    if (sigv4->present) {
        c->access_key = sigv4->access_key;
        c->region = sigv4->region;
    }
    if (!door->auth) {
        door_believe(c, c->arena, c->access_key);
        return OK;
    }
    c->guarded = true;
    if (!sigv4->present) {
        return unsigned_caller(visit, sigv4);
    }
    TRY(door_caller(c, sigv4, &c->why));
    TRY(sigv4_check(sigv4, request, c->identity->secret, clock_now_ms(door->cell->clock),
                    visit->home->keys, c->arena, &c->why, &visit->home->seed));
    return door_caller_in_time(c, sigv4, &c->why);
}
