/* SPDX-License-Identifier: Apache-2.0
 *
 * Durable timers: a moment at which a service wants to be called, as rows of the store. For what is
 * rare or long (lifecycle, restore jobs, schedules, retries); what every message has (visibility)
 * is derived from the messages themselves by its service.
 *
 *   ("bus", "timer", service, name)        at_ms, payload
 *   ("bus", "due", at_ms, service, name)   empty
 */
#ifndef WEIR_BUS_TIMER_H
#define WEIR_BUS_TIMER_H

#include "cell/call.h"

/* Set, or set again: name is unique within its service. A moment that has passed fires at once,
 * after this turn. */
void bus_timer_set(struct call *c, const char *service, struct str name, int64_t at_ms,
                   struct str payload);
void bus_timer_unset(struct call *c, const char *service, struct str name);
bool bus_timer_is_set(struct call *c, const char *service, struct str name);

/* In a service's open(). fire runs as a call of its own, the timer already unset in its txn;
 * c->state is the service's. One that fails is tried again a minute later. */
void bus_timer_owner(struct cell *cell, const char *service,
                     status (*fire)(struct call *c, struct str name, struct str payload));

#endif
