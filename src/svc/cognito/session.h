/* SPDX-License-Identifier: Apache-2.0
 *
 * Sessions of an authentication that is under way: what a challenge was, until it is answered.
 *
 *   ("cognito-idp", "session", id)              u8 1 and what struct session has
 *   ("cognito-idp", "session-due", at_ms, id)   empty: it is over then
 */
#ifndef WEIR_SVC_COGNITO_SESSION_H
#define WEIR_SVC_COGNITO_SESSION_H

#include "svc/cognito/cognito_int.h"

#define SESSION_ID_BYTES 96      /* letters: what clients see */

struct session {
    struct str id;               /* the client's "Session"; of SRP the beginning of its block */
    struct str pool, client;     /* ids */
    struct str sub;              /* who; empty: nobody, and the client is not to know that */
    struct str name;             /* USERNAME as it was given */
    struct str challenge;        /* "SMS_MFA", … */
    struct str a_hex, b_hex;     /* SRP: A and B */
    struct str secret;           /* SRP: b; MFA_SETUP: the TOTP secret */
    struct str code;             /* that was sent */
    struct str history;          /* custom: "session" so far, a JSON list without its brackets */
    struct str secrets;          /* custom: privateChallengeParameters, JSON */
    struct str metadata;         /* custom: challengeMetadata; a device's key */
    bool custom;                 /* of the flow CUSTOM_AUTH */
    bool proved;                 /* MFA_SETUP: VerifySoftwareToken said SUCCESS */
    uint32_t tries;              /* wrong answers */
    int64_t expires_ms;          /* not good from then on */
};

/* Staged, with an id of its own; valid as long as the client's AuthSessionValidity says. */
void session_open(struct call *c, const struct client *client, struct session *session);
void session_save(struct call *c, const struct session *session);
void session_close(struct call *c, const struct session *session);
/* NotAuthorizedException: there is none (any more). */
status session_find(struct call *c, struct str id, struct session *ret_session);
bool sessions_sweep(struct call *c); /* those that are over; true: none is left */

#endif
