/* SPDX-License-Identifier: Apache-2.0
 *
 * Signals that a CreationPolicy asks for before a resource counts as made. They are kept in the
 * resource's row ("more": signals, a map from a unique id to SUCCESS or FAILURE).
 */
#include "svc/cloudformation/deploy.h"

#define TIMEOUT_MS (INT64_C(5) * 60 * 1000) /* when the policy does not say */

struct policy {
    int64_t count;      /* of signals that are needed */
    int64_t percent;    /* of them that must be SUCCESS */
    int64_t timeout_ms; /* since the resource began */
};

static int64_t number_of(struct arena *arena, const struct value *value, int64_t fallback)
{
    int64_t number = fallback;

    (void)str_to_i64(doc_text(arena, value), &number);
    return number;
}

/* "PT1H30M", "PT300S", "P1DT2H". */
static bool duration_read(struct str text, int64_t *ret_ms)
{
    int64_t total_ms = 0;
    int64_t number = 0;

    if (text.bytes < 2 || text.at[0] != 'P') {
        return false;
    }
    for (size_t i = 1; i < text.bytes; i++) {
        char letter = text.at[i];

        if (letter >= '0' && letter <= '9' && number < 1000000) {
            number = number * 10 + (letter - '0');
            continue;
        }
        if (letter != 'T') {
            int64_t unit = letter == 'D' ? 86400 : letter == 'H' ? 3600 : letter == 'M' ? 60 : 1;

            total_ms += number * unit * 1000;
        }
        number = 0;
    }
    *ret_ms = total_ms;
    return true;
}

static bool policy_of(struct deploy *d, const struct stack_resource *own, struct policy *ret)
{
    const struct template_resource *resource =
        d->planned ? template_resource_find(&d->wish.template, own->logical_id) : NULL;
    const struct value *asked =
        resource == NULL ? NULL : doc_get(resource->definition, "CreationPolicy");
    struct value policy = {.kind = VALUE_NONE};
    const struct value *signals;

    if (asked == NULL || own->doing != DOING_MAKE ||
        wish_evaluate(&d->wish, asked, true, &policy) != OK) {
        return false;
    }
    signals = doc_get(&policy, "ResourceSignal");
    if (signals == NULL) {
        return false;
    }
    ret->count = number_of(d->arena, doc_get(signals, "Count"), 1);
    ret->timeout_ms = TIMEOUT_MS;
    ret->percent = number_of(d->arena,
                             doc_get(doc_get(&policy, "AutoScalingCreationPolicy"),
                                     "MinSuccessfulInstancesPercent"), 100);
    (void)duration_read(doc_text(d->arena, doc_get(signals, "Timeout")), &ret->timeout_ms);
    return ret->count > 0;
}

static int64_t counted(const struct stack_resource *own, const char *as)
{
    const struct value *signals = doc_get(own->more, "signals");
    int64_t count = 0;

    for (uint32_t i = 0; signals != NULL && i < signals->count; i++) {
        count += str_eq(signals->pairs[i].value.str, str_c(as));
    }
    return count;
}

status signals_settled(struct call *c, struct deploy *d, const struct stack_resource *own,
                       struct why *why)
{
    int64_t good = counted(own, "SUCCESS");
    int64_t bad = counted(own, "FAILURE");
    struct policy policy;

    if (!policy_of(d, own, &policy)) {
        return OK;
    }
    if (bad * 100 > policy.count * (100 - policy.percent)) {
        return why_set(why, &CFN_VALIDATION,
                       "Received %lld FAILURE signal(s) out of %lld. Unable to satisfy %lld%% "
                       "MinSuccessfulInstancesPercent requirement",
                       (long long)bad, (long long)policy.count, (long long)policy.percent);
    }
    if (good + bad >= policy.count) {
        return OK;
    }
    if (c->now - own->since_ms >= policy.timeout_ms) {
        return why_set(why, &CFN_VALIDATION,
                       "Failed to receive %lld resource signal(s) within the specified duration",
                       (long long)(policy.count - good - bad));
    }
    return &RESOURCE_WAITS;
}
