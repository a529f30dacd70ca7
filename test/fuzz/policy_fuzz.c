/* SPDX-License-Identifier: Apache-2.0
 *
 * Policies: the first byte chooses the kind of document; then come, each up to a zero byte, the
 * document, the action, the resource, and words "key=value" as the request's context (a key that
 * comes again has one value more). Whatever comes, nothing is touched outside; a document that
 * compiles says the same twice, and the same with a listener as without; its statements lie in the
 * text in order; and what its own patterns match they match again.
 */
#include "cell/policy.h"

#include <stdlib.h>

#define VALUES_MAX 8

struct words {
    struct policy_context context;  /* first */
    struct str rest;                /* all words */
    struct str values[VALUES_MAX];  /* of the key asked for last */
};

struct counting {
    struct policy_listener listener; /* first */
    size_t matched;                  /* statements */
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct str next(struct str *rest)
{
    size_t end = str_find(*rest, '\0', 0);
    struct str word = str_slice(*rest, 0, end);

    *rest = str_slice(*rest, end + 1, rest->bytes);
    return word;
}

static bool find(const struct policy_context *context, struct str key,
                 struct policy_values *ret_values)
{
    struct words *words = (struct words *)(uintptr_t)context;
    struct str rest = words->rest;
    size_t count = 0;

    while (rest.bytes > 0 && count < VALUES_MAX) {
        struct str word = next(&rest);
        size_t equals = str_find(word, '=', 0);

        if (equals < word.bytes && str_eq_nocase(str_slice(word, 0, equals), key)) {
            words->values[count++] = str_slice(word, equals + 1, word.bytes);
        }
    }
    ret_values->values = words->values;
    ret_values->count = count;
    return count > 0;
}

static void matched(struct policy_listener *listener, const struct policy_heard *heard)
{
    (void)heard;
    ((struct counting *)(void *)listener)->matched++;
}

static void places_rise(const struct policy *policy)
{
    struct policy_place before = {.end_line = 0};

    for (uint32_t i = 0; i < policy_statement_count(policy); i++) {
        struct policy_place place = policy_place(policy, i);

        if (place.begin_line < before.end_line ||
            (place.begin_line == before.end_line && place.begin_column < before.end_column) ||
            place.end_line < place.begin_line) {
            abort();
        }
        before = place;
    }
}

static void decide(const struct policy *policy, struct policy_request *request)
{
    static const enum policy_caller kinds[] = {CALLER_NOBODY, CALLER_ROOT, CALLER_USER,
                                               CALLER_ROLE, CALLER_SERVICE};
    struct counting counting = {.listener = {.matched = matched}};
    struct policy_named named = {policy, STR("p")};
    struct policy_set sets[PART_COUNT] = {{NULL, 0, false}};
    struct policy_decision one;
    struct policy_decision other;

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        request->principal.kind = kinds[i];
        for (size_t part = 0; part < PART_COUNT; part++) {
            sets[part] = (struct policy_set){&named, 1, true};
            policy_decide(request, sets, NULL, &one);
            policy_decide(request, sets, &counting.listener, &other);
            sets[part] = (struct policy_set){NULL, 0, false};
            if (one.allowed != other.allowed || one.denied != other.denied ||
                one.part != other.part) {
                abort();
            }
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct words words = {.context.find = find};
    struct policy_request request = {
        .principal = {.arn = STR("arn:aws:iam::111111111111:user/ann"),
                      .source = STR("arn:aws:iam::111111111111:user/ann"),
                      .account = STR("111111111111"), .name = STR("s3.amazonaws.com")},
        .context = &words.context,
    };
    struct policy *policy = NULL;
    struct why why;
    struct str text;

    if (size < 2) {
        return 0;
    }
    words.rest = str_of(data + 1, size - 1);
    text = next(&words.rest);
    request.action = next(&words.rest);
    request.resource = next(&words.rest);
    if (policy_compile(text, (enum policy_kind)(data[0] % 4), &why, &policy) == OK) {
        places_rise(policy);
        if (policy_says(policy, &request, NULL) != policy_says(policy, &request, NULL)) {
            abort();
        }
        decide(policy, &request);
        policy_drop(policy);
    }
    if (policy_like(text, text, false) && !policy_like(text, text, true)) {
        abort();
    }
    (void)policy_arn_like(text, request.resource);
    return 0;
}
