/* SPDX-License-Identifier: Apache-2.0
 *
 * Resource policies of tables and their streams: kept as they came, once they are JSON objects with
 * statements.
 */
#include "svc/dynamodb/tables.h"

#include "sys/rand.h"
#include "wire/json.h"

#define POLICY_BYTES_MAX 20480
#define REVISION_BYTES 36
#define INVALID "One or more parameter values were invalid: "

status policy_check(struct call *c, struct str policy)
{
    struct value document;
    const struct value *statement;
    struct why why;

    if (policy.bytes > POLICY_BYTES_MAX) {
        return fail(c, &DDB_VALIDATION, INVALID "Maximum policy size of %d bytes exceeded",
                    POLICY_BYTES_MAX);
    }
    if (json_read(arena_dup(c->arena, policy), 0, c->arena, &why, &document) != OK ||
        document.kind != VALUE_MAP) {
        return fail(c, &DDB_VALIDATION, INVALID "Invalid policy document: This policy contains "
                                                "invalid Json");
    }
    statement = map_find(&document, STR("Statement"));
    if (statement == NULL || (statement->kind != VALUE_MAP && statement->kind != VALUE_LIST) ||
        statement->count == 0) {
        return fail(c, &DDB_VALIDATION, INVALID "Invalid policy document: Could not parse the "
                                                "policy: Statement is empty!");
    }
    return OK;
}

void policy_set(struct call *c, struct table *table, bool of_stream, struct str policy)
{
    char revision[REVISION_BYTES];

    rand_uuid(c->rand, revision);
    text_set(&table->extras[of_stream ? EXTRA_STREAM_POLICY : EXTRA_POLICY], policy);
    text_set(&table->extras[of_stream ? EXTRA_STREAM_POLICY_REVISION : EXTRA_POLICY_REVISION],
             policy.bytes > 0 ? str_of(revision, REVISION_BYTES) : STR_NONE);
}
