/* SPDX-License-Identifier: Apache-2.0
 *
 * Lambda triggers: a pool's functions are asked with Cognito's event, and answer by its response.
 *
 *     trigger_begin(c, &pool, …, &event)   version, region, userPoolId, userName, callerContext,
 *                                          triggerSource, request.userAttributes
 *     … members of event->request and event->response are added …
 *     trigger_ask(c, trigger, (struct later){…})
 *     … later: trigger->response is the answer's "response" …
 */
#ifndef WEIR_SVC_COGNITO_TRIGGER_H
#define WEIR_SVC_COGNITO_TRIGGER_H

#include "svc/cognito/cognito_int.h"
#include "svc/cognito/later.h"
#include "base/buf.h"

struct trigger {
    const char *name;         /* in LambdaConfig: "PreSignUp" */
    const char *source;       /* triggerSource: "PreSignUp_SignUp" */
    const char *version;      /* "1", or "2" for PreTokenGeneration's second kind */
    struct str client_id;     /* callerContext.clientId; empty: none ("CLIENT_ID_NOT_APPLICABLE") */
    struct str username;      /* userName; empty: the user's */
    const struct user *user;  /* request.userAttributes; NULL: attributes */
    const struct user_attribute *attributes; /* without a user, and its count */
    size_t attribute_count;   /* of them */
    struct str request;       /* more members of "request": JSON, "\"a\":1,\"b\":2"; may be empty */
    struct str response;      /* members of "response" as they go out; may be empty */
    struct value *answer;     /* then: the document "response", a map; in c->keep */
    const struct pool *pool;  /* used by trigger_ask() only */
};

bool trigger_set(const struct pool *pool, const char *name);
/* Asks; then runs when it has answered. Everything else ends the call with AWS's words:
 * UserLambdaValidationException, UnexpectedLambdaException, InvalidLambdaResponseException.
 * trigger lies in c->keep. Return what it returns. */
status trigger_ask(struct call *c, struct trigger *trigger, struct later then);

/* Of what it answered; not said, or of another kind: false, empty. */
bool answer_bool(const struct trigger *trigger, const char *member);
struct str answer_str(const struct trigger *trigger, const char *member);
/* "name":{…} of a map of texts (ClientMetadata; NULL: {}), behind what is there. */
void json_map(struct buf *json, const char *name, const struct value *map);
/* A request or response that was written: in c->keep, the buffer done with. */
struct str json_kept(struct call *c, struct buf *json);

#endif
