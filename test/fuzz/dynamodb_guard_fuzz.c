/* SPDX-License-Identifier: Apache-2.0
 *
 * What DynamoDB tells policies of a call: the first byte chooses the operation, the rest is its
 * input as JSON. Whatever comes, nothing is touched outside, and no more values are told than there
 * is room for.
 */
#include "svc/dynamodb/guard.h"

#include "wire/json.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const operations[] = {"Query", "UpdateItem", "PutItem", "BatchGetItem",
                                             "BatchWriteItem", "TransactWriteItems", "Scan"};
    static const char *const keys[] = {"dynamodb:LeadingKeys", "dynamodb:Attributes",
                                       "dynamodb:EnclosingOperation"};
    struct table table = {.name = STR("t"), .arn = STR("arn:aws:dynamodb:us-east-1:1:table/t")};
    struct call c = {.arena = arena_new(64u << 20)};
    struct value in;
    struct why why;

    if (size > 1) {
        c.operation = model_operation(
            model_service(STR("dynamodb")),
            str_c(operations[data[0] % (sizeof(operations) / sizeof(operations[0]))]));
        if (json_read(arena_dup(c.arena, str_of(data + 1, size - 1)), c.operation->input, c.arena,
                      &why, &in) == OK) {
            c.in = &in;
            for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
                struct policy_values values = {NULL, 0, STR_NONE};

                if (guard_key_find(&c, &table, STR("pk"), str_c(keys[i]), &values) &&
                    (values.count == 0 || values.count > GUARD_VALUES_MAX)) {
                    abort();
                }
            }
        }
    }
    arena_free(c.arena);
    return 0;
}
