/* SPDX-License-Identifier: Apache-2.0
 *
 * Key conditions on keys of several attributes: generated schemas, conditions and rows. A condition
 * that is accepted gives a range of rows that has exactly those rows whose attributes satisfy all
 * its terms; one that is refused skips a part or goes on behind an inequality.
 */
#include "world.h"

#include "svc/dynamodb/expr.h"

static const char *const names[KEY_PARTS_MAX] = {"h0", "h1", "h2", "h3", "r0", "r1", "r2", "r3"};
static const uint8_t ops[] = {OP_EQ, OP_LT, OP_LE, OP_GT, OP_GE, OP_BETWEEN, OP_BEGINS};

static struct key_schema some_schema(void)
{
    struct key_schema schema = {.hashes = (uint8_t)(1 + chance(3))};
    uint8_t ranges = (uint8_t)chance(4);

    for (; schema.count < schema.hashes + ranges; schema.count++) {
        uint8_t i = schema.count;

        schema.names[i] = str_c(names[i < schema.hashes ? i : 4 + i - schema.hashes]);
        schema.types[i] = DATUM_B;
    }
    return schema;
}

/* Few of them, with bytes that keys write specially. */
static struct datum some_part(struct world *w)
{
    static const char letters[] = {0, 1, 'a', (char)0xff};
    char text[2];
    size_t bytes = 1 + chance(2);

    for (size_t i = 0; i < bytes; i++) {
        text[i] = letters[chance(sizeof(letters))];
    }
    return (struct datum){DATUM_B, arena_dup(w->arena, str_of(text, bytes))};
}

/* Terms for the first parts, in an order of their own; now and then one is missing or odd. */
static struct key_condition some_condition(struct world *w, const struct key_schema *schema)
{
    struct key_condition condition = {0};
    size_t upto = schema->hashes + chance(schema->count - schema->hashes + 1u);

    for (size_t i = 0; i < upto; i++) {
        struct key_term term = {.name = schema->names[i], .op = OP_EQ};

        term.values[0] = some_part(w);
        term.values[1] = some_part(w);
        if (i >= schema->hashes && (i + 1 == upto || chance(8) == 0)) {
            term.op = ops[chance(sizeof(ops))];
        }
        if (chance(20) != 0) {
            size_t at = chance(condition.count + 1);

            memmove(&condition.terms[at + 1], &condition.terms[at],
                    (condition.count - at) * sizeof(term));
            condition.terms[at] = term;
            condition.count++;
        }
    }
    return condition;
}

/* What the guide says of it, told from the terms alone. */
static bool is_allowed(const struct key_schema *schema, const struct key_condition *condition)
{
    bool ends = false; /* behind an inequality, or a part without a term */

    for (uint8_t i = 0; i < schema->count; i++) {
        const struct key_term *found = NULL;

        for (size_t j = 0; j < condition->count; j++) {
            if (str_eq(condition->terms[j].name, schema->names[i])) {
                found = &condition->terms[j];
            }
        }
        if ((found == NULL && i < schema->hashes) || (found != NULL && ends)) {
            return false;
        }
        ends = ends || found == NULL || found->op != OP_EQ;
    }
    return true;
}

static bool all_hold(const struct key_condition *condition, const struct datum *row)
{
    for (size_t i = 0; i < condition->count; i++) {
        if (!key_term_holds(&condition->terms[i], row[i])) {
            return false;
        }
    }
    return true;
}

static struct str key_of_parts(struct world *w, const struct datum *parts, size_t count)
{
    struct key key = key_of(w->arena, "dynamodb");

    for (size_t i = 0; i < count; i++) {
        key_datum(&key, parts[i]);
    }
    return key_end(&key);
}

static void expect_range(struct world *w, const struct key_schema *schema,
                         const struct key_condition *condition)
{
    struct datum row[KEY_PARTS_MAX];
    struct str from, to, key;
    bool inside;

    for (uint8_t i = 0; i < schema->hashes; i++) {
        row[i] = condition->terms[i].values[0];
    }
    key_condition_range(w->arena, key_of_parts(w, row, schema->hashes), condition, &from, &to);
    for (uint8_t i = 0; i < schema->count; i++) {
        bool near = i < condition->count && chance(3) != 0;

        row[i] = near ? condition->terms[i].values[0] : some_part(w);
    }
    key = key_of_parts(w, row, schema->count);
    inside = str_cmp(from, key) <= 0 && str_cmp(key, to) < 0;
    assert_true(inside == all_hold(condition, row));
}

static void generated_conditions_have_exactly_the_rows_that_satisfy(void **state)
{
    struct world *w = *state;
    int accepted = 0;
    int refused = 0;

    for (int i = 0; i < 40000; i++) {
        struct key_schema schema = some_schema();
        struct key_condition condition;
        bool allowed;

        arena_clear(w->arena);
        condition = some_condition(w, &schema);
        allowed = is_allowed(&schema, &condition);
        assert_true((key_condition_bind(&condition, &schema, &w->why) == OK) == allowed);
        accepted += allowed;
        refused += !allowed;
        for (uint8_t j = 0; allowed && j < condition.count; j++) {
            assert_true(str_eq(condition.terms[j].name, schema.names[j]));
        }
        for (int j = 0; allowed && j < 4; j++) {
            expect_range(w, &schema, &condition);
        }
    }
    assert_true(accepted > 10000);
    assert_true(refused > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_WORLD(generated_conditions_have_exactly_the_rows_that_satisfy),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
