/* SPDX-License-Identifier: Apache-2.0
 *
 * Signing in by SRP: InitiateAuth gives B, the answer to PASSWORD_VERIFIER proves the password. The
 * session's id is the secret block, so that clients which send no session back are fine.
 */
#include "base/codec.h"
#include "base/digest.h"
#include "svc/cognito/device.h"
#include "svc/cognito/flow.h"
#include "svc/cognito/srp.h"

#include <assert.h>

/* What is calculated outside the cell; in c->keep. */
struct srp_work {
    struct flow *flow;                    /* whose */
    struct str a_hex;                     /* A */
    struct str verifier;                  /* the user's, or made up */
    struct str salt;                      /* the same */
    struct str identity;                  /* the pool's name and the user's, or the device's */
    uint8_t secret[SRP_SECRET_BYTES];     /* b */
    char b_hex[2 * SRP_BYTES];            /* B */
    size_t b_digits;                      /* of it */
    bool ok;                              /* A is one */
    struct srp_proof proof;               /* of an answer */
    uint8_t claim[SRP_CLAIM_BYTES];       /* what it has to be */
};

static void begin_run(void *arg)
{
    struct srp_work *work = arg;

    work->ok = srp_public_ok(work->a_hex);
    rand_secret(work->secret, sizeof(work->secret));
    work->b_digits = srp_public(work->verifier, str_of(work->secret, sizeof(work->secret)),
                                work->b_hex);
}

/* Somebody who is not there has a salt that stays the same, and a verifier that fits nothing. */
static void make_up(struct call *c, const struct who *who, struct srp_work *work)
{
    struct pool_key keys[POOL_KEYS];
    uint8_t sum[SHA256_BYTES];
    uint8_t *verifier = arena_alloc(c->keep, SRP_BYTES);

    pool_keys(c, &who->pool, keys);
    hmac_sha256(keys[0].private_der, work->flow->name, sum);
    work->salt = arena_dup(c->keep, str_of(sum, SALT_BYTES));
    rand_secret(verifier, SRP_BYTES);
    verifier[0] = 0x7f; /* below N */
    work->verifier = str_of(verifier, SRP_BYTES);
}

/* The salt as a number, as hashes took it. */
static struct str salt_hex(struct call *c, struct str salt)
{
    char *hex = arena_alloc(c->keep, 2 * salt.bytes);

    hex_encode(salt, hex);
    return str_of(hex, 2 * salt.bytes);
}

bool flow_of_device(const struct flow *flow)
{
    return str_starts(flow->now.challenge, STR("DEVICE_"));
}

/* Whose secret it is about: the user's, its device's, or nobody's. */
static status secret_of(struct call *c, const struct who *who, struct srp_work *work)
{
    struct flow *flow = work->flow;
    struct str pool = pool_name_of(&who->pool);
    struct device device;

    if (flow_of_device(flow)) {
        if (who->user == NULL ||
            !device_known(c, &who->pool, who->user, flow->now.metadata, &device)) {
            return fail(c, &COGNITO_NOT_FOUND, "Device does not exist.");
        }
        work->salt = arena_dup(c->keep, device.salt);
        work->verifier = arena_dup(c->keep, device.verifier);
        work->identity = arena_printf(c->keep, "%.*s%.*s", STR_ARG(device.group),
                                      STR_ARG(device.key));
        return OK;
    }
    work->identity = arena_printf(c->keep, "%.*s%.*s", STR_ARG(pool),
                                  STR_ARG(who->user == NULL ? flow->name : who->user->username));
    if (who->user == NULL || !who->user->password.set) {
        make_up(c, who, work);
        return OK;
    }
    TRY(password_locked(c, who->user));
    work->salt = arena_dup(c->keep, str_of(who->user->password.salt, SALT_BYTES));
    work->verifier = arena_dup(c->keep, who->user->password.verifier);
    return OK;
}

static status begun(struct call *c, void *arg)
{
    struct srp_work *work = arg;
    struct flow *flow = work->flow;
    struct later done = flow->done;
    struct str username, block;
    struct who who;
    char *at;

    TRY(flow_load(c, flow, &who));
    if (!work->ok) {
        return fail(c, &COGNITO_INVALID, "SRP_A is not a valid value.");
    }
    username = who.user == NULL ? flow->name : arena_dup(c->keep, who.user->username);
    if (flow->now.id.bytes > 0) { /* the challenge that led here */
        session_close(c, &flow->now);
    }
    flow->now.a_hex = work->a_hex;
    flow->now.b_hex = str_of(work->b_hex, work->b_digits);
    flow->now.secret = str_of(work->secret, sizeof(work->secret));
    flow->now.name = flow->name;
    flow->now.sub = flow->sub;
    flow->now.challenge =
        flow_of_device(flow) ? STR("DEVICE_PASSWORD_VERIFIER") : STR("PASSWORD_VERIFIER");
    session_open(c, &who.client, &flow->now);
    at = arena_alloc(c->keep, base64_encoded_bytes(flow->now.id.bytes));
    base64_encode(flow->now.id, at);
    block = str_of(at, base64_encoded_bytes(flow->now.id.bytes));
    flow->challenge = flow->now.challenge;
    flow->session = flow->now.custom || flow->kind == FLOW_CHOICE || flow_of_device(flow)
                        ? arena_dup(c->keep, flow->now.id)
                        : STR_NONE;
    flow_param(flow, "SALT", salt_hex(c, work->salt));
    flow_param(flow, "SECRET_BLOCK", block);
    flow_param(flow, "SRP_B", flow->now.b_hex);
    flow_param(flow, "USERNAME", username);
    if (flow_of_device(flow)) {
        flow_param(flow, "DEVICE_KEY", flow->now.metadata);
    } else {
        flow_param(flow, "USER_ID_FOR_SRP", username);
    }
    return done.run(c, done.arg);
}

status flow_srp_begin(struct call *c, struct flow *flow)
{
    struct srp_work *work = ARENA_NEW(c->keep, struct srp_work);
    struct who who;

    work->flow = flow;
    work->a_hex = flow->now.a_hex;
    TRY(flow_load(c, flow, &who));
    if (work->a_hex.bytes == 0) {
        TRY(flow_need(c, flow, "SRP_A", &work->a_hex));
    }
    TRY(secret_of(c, &who, work));
    later_work(c, begin_run, work, (struct later){begun, work});
    return OK;
}

/* ---- the answer ---- */

static void answer_run(void *arg)
{
    struct srp_work *work = arg;

    work->ok = srp_claim(&work->proof, work->claim);
}

static status answered(struct call *c, void *arg)
{
    struct srp_work *work = arg;
    struct flow *flow = work->flow;
    struct str given = flow_in(flow, "PASSWORD_CLAIM_SIGNATURE");
    char claim[(SRP_CLAIM_BYTES + 2) / 3 * 4];
    struct who who;

    TRY(flow_load(c, flow, &who));
    base64_encode(str_of(work->claim, sizeof(work->claim)), claim);
    if (who.user == NULL) {
        return flow_refuse(c);
    }
    if (!work->ok || given.bytes != sizeof(claim) ||
        !bytes_eq_const_time(given.at, claim, sizeof(claim))) {
        session_close(c, &flow->now);
        password_wrong(c, who.user);
        return later_fail(c, &COGNITO_NOT_AUTHORIZED, "Incorrect username or password.");
    }
    session_close(c, &flow->now);
    if (flow_of_device(flow)) {
        flow->device_proved = true;
        return flow_second(c, flow, &who);
    }
    if (flow->now.custom) {
        flow->now.history = arena_printf(
            c->keep,
            "%.*s,{\"challengeName\":\"PASSWORD_VERIFIER\",\"challengeResult\":true,"
            "\"challengeMetadata\":null}",
            STR_ARG(flow->now.history));
        return flow_define(c, flow);
    }
    return flow_proved(c, flow);
}

status flow_srp_answer(struct call *c, struct flow *flow)
{
    struct srp_work *work = ARENA_NEW(c->keep, struct srp_work);
    struct str claim, block, timestamp;
    struct who who;

    work->flow = flow;
    TRY(flow_load(c, flow, &who));
    TRY(flow_need(c, flow, "PASSWORD_CLAIM_SIGNATURE", &claim));
    TRY(flow_need(c, flow, "PASSWORD_CLAIM_SECRET_BLOCK", &block));
    TRY(flow_need(c, flow, "TIMESTAMP", &timestamp));
    TRY(secret_of(c, &who, work));
    work->proof = (struct srp_proof){
        .verifier = work->verifier,
        .secret = flow->now.secret,
        .a_hex = flow->now.a_hex,
        .b_hex = flow->now.b_hex,
        .message = arena_printf(c->keep, "%.*s%.*s%.*s", STR_ARG(work->identity),
                                STR_ARG(flow->now.id), STR_ARG(timestamp)),
    };
    later_work(c, answer_run, work, (struct later){answered, work});
    return OK;
}
