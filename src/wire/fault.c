/* SPDX-License-Identifier: Apache-2.0
 *
 * The words of an error.
 *
 * Rules
 *  1. A modelled error is named by its shape; its wire code (error.code in the model) or the error
 *     line's query_code is what Query and XML say.
 *  2. The message's key is the shape's own member of that name in either case; without one it is
 *     "message", but "Message" for SerializationException, as AWS's servers have it.
 *  3. Name spaces, of which clients use only what stands behind the '#': a modelled error's is
 *     com.amazonaws., the signing name, and the version if the target has one
 *     (com.amazonaws.dynamodb.v20120810#…); what the server's framework says itself is
 *     com.amazon.coral.service#…, and com.amazon.coral.validate#… for ValidationException.
 */
#include "wire/fault.h"

#include <assert.h>

static int message_member_of(const struct shape *shape)
{
    for (uint32_t i = 0; i < shape->count; i++) {
        if (str_eq_nocase(model_text(model_members[shape->first + i].wire_name), STR("message"))) {
            return (int)i;
        }
    }
    return -1;
}

struct fault_words fault_words(const struct route *route, const struct fault *fault)
{
    struct fault_words words = {
        .code = str_c(fault->code->code),
        .message_key = STR("message"),
        .message_member = -1,
    };

    assert(fault->code != OK);
    words.query_code = words.code;
    if (str_eq(words.code, STR("SerializationException"))) {
        words.message_key = STR("Message");
    }
    if (route->operation != NULL) {
        words.shape = model_error(route->operation, words.code);
    }
    if (words.shape != NULL) {
        words.code = model_text(words.shape->name);
        if (words.shape->wire_code != 0) {
            words.query_code = model_text(words.shape->wire_code);
        }
        words.message_member = message_member_of(words.shape);
    }
    if (words.message_member >= 0) {
        const struct member *member =
            &model_members[words.shape->first + (uint32_t)words.message_member];
        words.message_key = model_text(member->wire_name);
    }
    if (fault->code->query_code != NULL) {
        words.query_code = str_c(fault->code->query_code);
    }
    return words;
}

struct str fault_full_name(const struct route *route, const struct fault_words *words,
                           struct arena *arena)
{
    if (words->shape == NULL || route->service == NULL) {
        bool checks = str_eq(words->code, STR("ValidationException"));
        return arena_printf(arena, "com.amazon.coral.%s#%.*s", checks ? "validate" : "service",
                            STR_ARG(words->code));
    }
    struct str target = STR("");
    if (route->service->target_prefix != 0) {
        target = model_text(route->service->target_prefix);
    }
    struct str version = str_slice(target, str_find(target, '_', 0) + 1, target.bytes);
    uint64_t date;
    bool dated = version.bytes == 8 && str_to_u64(version, &date);
    return arena_printf(arena, "com.amazonaws.%.*s%s%.*s#%.*s",
                        STR_ARG(model_text(route->service->signing_name)), dated ? ".v" : "",
                        dated ? (int)version.bytes : 0, version.at, STR_ARG(words->code));
}
