/* SPDX-License-Identifier: Apache-2.0
 *
 * Signing in, whoever asks: InitiateAuth and its kin, and hosted pages.
 *
 *     flow_begin ─ UserMigration ─ PreAuthentication ─┬─ password ──────────────┐
 *                                                     ├─ SRP: PASSWORD_VERIFIER ─┤
 *                                                     └─ custom: Define, Create ─┤
 *     flow_answer: one challenge's answer ───────────────────────────────────────┤
 *                                                                                v
 *        NEW_PASSWORD_REQUIRED, a second factor ─ PostAuthentication ─ done: signed in
 *
 * Each way ends in done.run (with flow->challenge, or NULL: signed in), or in an error. A flow
 * holds ids: every step reads pool, client and user again.
 */
#ifndef WEIR_SVC_COGNITO_FLOW_H
#define WEIR_SVC_COGNITO_FLOW_H

#include "svc/cognito/client.h"
#include "svc/cognito/code.h"
#include "svc/cognito/password.h"
#include "svc/cognito/session.h"

#define FLOW_PARAMS_MAX 6

enum flow_kind { FLOW_PASSWORD, FLOW_SRP, FLOW_CUSTOM, FLOW_CHOICE };

struct flow {
    /* Who asks for what; strings and trees in c->keep. */
    enum flow_kind kind;
    struct str client;          /* id */
    const struct value *in;     /* AuthParameters or ChallengeResponses, a map; NULL: none */
    const struct value *metadata; /* ClientMetadata; NULL: none */
    struct later done;          /* how it ends */
    /* How it ended. */
    struct str challenge;       /* the next one; empty: signed in */
    struct str session;         /* to answer it with; empty: SECRET_BLOCK leads to it */
    struct user_attribute params[FLOW_PARAMS_MAX]; /* ChallengeParameters */
    size_t param_count;         /* of them */
    const struct value *more;   /* a custom challenge's, a map; NULL: none */
    struct str choices;         /* AvailableChallenges, with spaces between; empty: none */
    struct str sub;             /* who; empty: nobody (and the client is not to know) */
    const char *source;         /* PreTokenGeneration's, for tokens_mint() */
    /* Its own. */
    struct str pool;            /* id */
    struct str name;            /* USERNAME */
    struct session now;         /* the session whose challenge was answered, or that begins */
    struct trigger trigger;     /* the one that is asked */
    struct password_work *work; /* a password that is compared or made */
    bool device_proved;         /* by DEVICE_PASSWORD_VERIFIER: it stands for the second factor */
    bool hidden;                /* there is no such user, and that stays hidden */
};

/* client, in, metadata, done, kind are set. InvalidParameterException, NotAuthorizedException,
 * UserNotFoundException, PasswordResetRequiredException, UserNotConfirmedException, … Return what
 * it returns. */
status flow_begin(struct call *c, struct flow *flow);
/* An answer to a challenge; session is what the client sent back. */
status flow_answer(struct call *c, struct flow *flow, struct str challenge, struct str session);

/* ---- between flow*.c ---- */

struct who {
    struct pool pool;           /* the client's */
    struct client client;       /* who asks */
    struct user *user;          /* who signs in; NULL: hidden */
};
status flow_load(struct call *c, struct flow *flow, struct who *ret_who);
struct str flow_in(const struct flow *flow, const char *name); /* empty: not given */
status flow_need(struct call *c, const struct flow *flow, const char *name, struct str *ret_value);
void flow_param(struct flow *flow, const char *name, struct str value);
/* The words for a wrong name or password, whichever it was. */
status flow_refuse(struct call *c);
/* Ends in that challenge, its session staged. */
status flow_challenge(struct call *c, struct flow *flow, const struct who *who,
                      const char *challenge);
/* The first factor is right: what the user's state asks for, a second factor, the end. */
status flow_proved(struct call *c, struct flow *flow);
status flow_second(struct call *c, struct flow *flow, const struct who *who);
status flow_finish(struct call *c, struct flow *flow, const struct who *who);
status flow_send_code(struct call *c, struct flow *flow, const struct who *who,
                      const char *challenge);
/* Second factors that a user could use now: bits 1 << enum mfa_kind. */
uint8_t flow_factors(const struct who *who);
const char *factor_name(enum mfa_kind kind); /* "SMS_MFA" */

status flow_password(struct call *c, struct flow *flow); /* PASSWORD is compared */
status flow_srp_begin(struct call *c, struct flow *flow);
status flow_srp_answer(struct call *c, struct flow *flow);
/* Is the session about a device, whose SRP it is then? */
bool flow_of_device(const struct flow *flow);
status flow_define(struct call *c, struct flow *flow); /* what DefineAuthChallenge says */
status flow_custom_answer(struct call *c, struct flow *flow);
status flow_choose(struct call *c, struct flow *flow, struct str choice);

#endif
