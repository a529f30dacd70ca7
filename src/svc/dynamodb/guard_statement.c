/* SPDX-License-Identifier: Apache-2.0
 *
 * PartiQL's permissions: what a statement does to which table or index, and with which leading
 * keys. Source: "IAM security policies with PartiQL for DynamoDB", developer guide.
 */
#include "svc/dynamodb/guard.h"

#include "svc/dynamodb/dynamodb_int.h"
#include "svc/dynamodb/number.h"

struct leading {
    struct call *c;                      /* for texts */
    struct str hash;                     /* of the table or index */
    struct str values[GUARD_VALUES_MAX]; /* that it is equal to */
    size_t count;                        /* of them */
};

static struct str datum_text(struct call *c, struct datum datum)
{
    struct number number;
    char *text;

    if (datum.type != DATUM_N || !number_unpack(datum.body, &number)) {
        return datum.body;
    }
    text = arena_alloc(c->arena, NUMBER_TEXT_BYTES_MAX);
    return str_of(text, number_text(&number, text));
}

static void add(struct leading *leading, struct datum datum)
{
    if (datum_is_scalar_key(datum.type) && leading->count < GUARD_VALUES_MAX) {
        leading->values[leading->count++] = datum_text(leading->c, datum);
    }
}

static bool is_hash(const struct leading *leading, const struct expr *expr)
{
    return expr != NULL && expr->op == OP_PATH && expr->path->count == 1 &&
           str_eq(expr->path->steps[0].name, leading->hash);
}

/* Equalities that everything found satisfies: not those inside an OR. */
static void look(struct leading *leading, const struct expr *expr)
{
    const struct expr *child = expr->first;

    if (expr->op == OP_AND) {
        for (; child != NULL; child = child->next) {
            if (child->op == OP_EQ || child->op == OP_IN) {
                look(leading, child);
            }
        }
        return;
    }
    if ((expr->op != OP_EQ && expr->op != OP_IN) || !is_hash(leading, child)) {
        return;
    }
    for (child = child->next; child != NULL; child = child->next) {
        if (child->op == OP_VALUE) {
            add(leading, child->value);
        }
    }
}

static const char *action_of(const struct statement *statement)
{
    switch (statement->kind) {
    case STATEMENT_INSERT:
        return "dynamodb:PartiQLInsert";
    case STATEMENT_UPDATE:
        return "dynamodb:PartiQLUpdate";
    case STATEMENT_DELETE:
        return "dynamodb:PartiQLDelete";
    default:
        return "dynamodb:PartiQLSelect";
    }
}

static void leading_keys(struct call *c, const struct statement *statement,
                         struct leading *leading)
{
    struct table *table;
    struct index *index;

    *leading = (struct leading){.c = c};
    if (table_of_name(c, statement->table, &table) != OK) {
        c->why.text[0] = '\0'; /* the handler will say so */
        return;
    }
    index = statement->index.bytes > 0 ? table_index(table, statement->index) : NULL;
    leading->hash = (index == NULL ? &table->schema : &index->schema)->names[0];
    if (statement->kind == STATEMENT_INSERT) {
        add(leading, datum_find(statement->item.attributes, leading->hash));
    } else if (statement->where != NULL) {
        look(leading, statement->where);
    }
}

status statement_may(struct call *c, const struct statement *statement)
{
    struct leading *leading;
    struct authorize_key keys[2] = {{.name = "dynamodb:LeadingKeys"},
                                    {.name = "dynamodb:FullTableScan"}};
    struct authorize_wish wish = {.action = action_of(statement), .keys = keys, .key_count = 2};

    if (!c->guarded) {
        return OK;
    }
    wish.resource = str_starts(statement->table, STR("arn:"))
                        ? statement->table
                        : call_arn(c, "dynamodb", "table/%.*s", STR_ARG(statement->table));
    if (statement->index.bytes > 0) {
        wish.resource = arena_printf(c->arena, "%.*s/index/%.*s", STR_ARG(wish.resource),
                                     STR_ARG(statement->index));
    }
    leading = arena_alloc(c->arena, sizeof(*leading));
    leading_keys(c, statement, leading);
    keys[0].values = leading->values;
    keys[0].count = leading->count;
    keys[1].value = statement->kind != STATEMENT_SELECT ? STR_NONE
                    : leading->count > 0               ? STR("false")
                                                       : STR("true");
    return call_may_with(c, &wish);
}
