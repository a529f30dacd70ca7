/* SPDX-License-Identifier: Apache-2.0
 *
 * Functions that are asked and whose answer somebody waits for: an HTTP API's, a user pool's
 * triggers, a delivery stream's transformations. Named by ARN, so that who asks knows no service.
 * (What only is to be told to a function is an event: bus/sink.h.)
 */
#ifndef WEIR_BUS_INVOKE_H
#define WEIR_BUS_INVOKE_H

#include "bus/sink.h"

#define INVOKE_PAYLOAD_BYTES_MAX (6u * 1024 * 1024)

struct invoke_wish {
    struct str function;     /* ARN, with or without a qualifier */
    struct str payload;      /* JSON; copied */
    struct str principal;    /* who asks: "apigateway.amazonaws.com"; the policy decides */
    struct str source;       /* ARN of what asks: the policy's aws:SourceArn */
    struct str account;      /* of source: aws:SourceAccount */
    struct str trace;        /* X-Ray header; empty: the call's */
    bool allowed;            /* who asks has a role's leave already: the policy is not asked */
    bool alone;              /* nothing of the state that the call saw is in the payload, which so
                              * need not be durable before the handler sees it */
};

/* UNDER_WAY: it has not ended, who waited was woken by its moment. ANSWERED: answer is what the
 * handler returned. FAILED: answer is the error's document, {"errorMessage": …}. NOT_RUN: nothing
 * of the handler ran, answer says why. */
enum invoke_outcome { INVOKE_UNDER_WAY, INVOKE_ANSWERED, INVOKE_FAILED, INVOKE_NOT_RUN };

struct invoked {
    enum invoke_outcome outcome; /* how it went */
    struct str answer;       /* JSON, or words */
    struct str request_id;   /* of the invocation */
    uint64_t took_us;        /* the handler's time */
};

/* A call waits: it is parked, and resume runs when the function answered or c->now is until_ms
 * (INT64_MAX: as long as it takes). *ret_invoked, in c->keep, is filled then, its strings too.
 * Return OK right after it; anything but OK (BUS_NO_TARGET, BUS_REFUSED, BUS_TOO_LARGE, BUS_BUSY;
 * c->why says it): nothing happened. A caller that goes away leaves the function running. */
status bus_invoke(struct call *c, const struct invoke_wish *wish, int64_t until_ms,
                  struct invoked *ret_invoked, status (*resume)(struct call *c));

/* Nobody waits in a call: told runs in a visit of the cell, once, with what lives as long as it
 * runs; it goes on by cell_step(). The same errors; then told does not run. */
typedef void invoke_told(struct cell *cell, void *arg, const struct invoked *invoked);
status bus_invoke_told(struct call *c, const struct invoke_wish *wish, invoke_told *told,
                       void *arg);

/* The service that has functions: one. Inside start c->state, account and region are the
 * function's; it says OK and later ended, once, in a visit; or one of the errors above. */
struct invoker {
    const char *service;     /* as ARNs have it: "lambda" */
    status (*start)(struct call *c, const struct invoke_wish *wish, invoke_told *ended, void *arg);
};
void bus_invoker_set(struct cell *cell, const struct invoker *invoker);

#endif
