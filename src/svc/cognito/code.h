/* SPDX-License-Identifier: Apache-2.0
 *
 * Codes that are sent to users, and the messages that carry them. A code is a small row ("code",
 * pool, sub and purpose): the code, until when, wrong tries, since when and how often it was sent,
 * which attribute it proves. Messages go to the bus's outbox.
 */
#ifndef WEIR_SVC_COGNITO_CODE_H
#define WEIR_SVC_COGNITO_CODE_H

#include "svc/cognito/trigger.h"
#include "svc/cognito/user.h"

#define CODE_SIGN_UP "signup"
#define CODE_FORGOT "forgot"    /* of attributes: their names */
#define CODE_DIGITS 6

/* Where a message goes. */
struct delivery {
    bool email;                 /* else by SMS */
    struct str address;         /* empty: nowhere */
    const char *attribute;      /* "email", "phone_number" */
};
/* A user's address; verified: only if it is. */
struct delivery delivery_to(const struct user *user, bool email, bool verified);
/* "Destination", "DeliveryMedium", "AttributeName". */
void delivery_put(struct call *c, struct value *details, const struct delivery *delivery);

/* A new code, staged: LimitExceededException when there were too many within an hour. */
struct code_wish {
    const char *purpose;        /* CODE_… or an attribute's name */
    const char *attribute;      /* that it proves; NULL: none */
    int64_t valid_ms;           /* for so long */
};
status code_issue(struct call *c, const struct user *user, const struct code_wish *wish,
                  struct str *ret_code);
/* OK; or, with *ret_answered, what the handler returns: a wrong one is counted, and answered by
 * later.h. CodeMismatchException, ExpiredCodeException, LimitExceededException. */
status code_check(struct call *c, const struct user *user, const char *purpose, struct str given,
                  bool *ret_answered);
struct str code_attribute(struct call *c, const struct user *user, const char *purpose);
void code_forget(struct call *c, const struct user *user, const char *purpose);
struct str code_digits(struct call *c); /* six, by chance */

/* A message with a code or temporary password in it; in c->keep, strings too. */
struct message {
    const char *source;         /* CustomMessage's: "CustomMessage_SignUp" */
    struct str code;            /* for {####} */
    struct str username;        /* for {username}: an invitation; empty: none */
    struct str client_id;       /* empty: none */
    const struct value *metadata; /* ClientMetadata; NULL: none */
    struct delivery to;         /* where */
    struct str pool, sub;       /* whose user */
    struct trigger trigger;     /* message_send()'s */
    struct later then;          /* what goes on */
};
struct message *message_new(struct call *c, const struct user *user, const char *source,
                            const struct delivery *to, struct str code);
/* Asks CustomMessage if there is one, sends, goes on. Return what it returns. */
status message_send(struct call *c, struct message *message, struct later then);

#endif
