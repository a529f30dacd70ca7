/* SPDX-License-Identifier: Apache-2.0
 *
 * dynamodb:LeadingKeys and its like, read from a call's input before its handler sees it. Source:
 * "Using IAM policy conditions for fine-grained access control", developer guide.
 *
 * Rules
 *  1. LeadingKeys are the values of the first hash attribute, of every item that the call names in
 *     that table; of a query the one that it is equal to.
 *  2. Attributes are the top-level names that the call names anywhere: in items, keys, lists of
 *     attributes and expressions.
 *  3. More than GUARD_VALUES_MAX: a value that is none ("*" and a zero) is told instead, which
 *     what is to be allowed for certain values does not fit.
 */
#include "svc/dynamodb/guard.h"

#include "svc/dynamodb/dynamodb_int.h"

#include <ctype.h>

struct gathering {
    struct call *c;              /* whose input */
    const struct table *table;   /* which items count */
    struct str hash;             /* of the table or index */
    struct str *values;          /* GUARD_VALUES_MAX */
    size_t count;                /* of them */
    bool attributes;             /* names are gathered; else values of hash */
};

static void gather(struct gathering *g, struct str value)
{
    for (size_t i = 0; i < g->count; i++) {
        if (str_eq(g->values[i], value)) {
            return;
        }
    }
    if (g->count == GUARD_VALUES_MAX) { /* rule 3 */
        g->values[GUARD_VALUES_MAX - 1] = STR("*\0");
        return;
    }
    g->values[g->count++] = value;
}

/* The member of a structure; NULL: its shape has none, or it is not set. */
static const struct value *member(const struct value *structure, const char *name)
{
    int index = structure == NULL || structure->kind != VALUE_STRUCT
                    ? -1
                    : model_member_index(model_shape(structure->shape), str_c(name));

    return index < 0 || structure->items[index].kind == VALUE_NONE ? NULL
                                                                   : &structure->items[index];
}

static struct str text_of(const struct value *structure, const char *name)
{
    const struct value *value = member(structure, name);

    return value != NULL && (value->kind == VALUE_STR || value->kind == VALUE_BLOB) ? value->str
                                                                                    : STR_NONE;
}

/* An AttributeValue that may be a key. */
static void gather_datum(struct gathering *g, const struct value *datum)
{
    static const char *const types[] = {"S", "N", "B"};

    for (size_t i = 0; i < 3; i++) {
        const struct value *value = member(datum, types[i]);

        if (value != NULL) {
            gather(g, value->str);
            return;
        }
    }
}

/* A Key or an Item. */
static void gather_item(struct gathering *g, const struct value *item)
{
    const struct value *datum;

    if (item == NULL || item->kind != VALUE_MAP) {
        return;
    }
    if (!g->attributes) {
        datum = map_find(item, g->hash);
        if (datum != NULL) {
            gather_datum(g, datum);
        }
        return;
    }
    for (uint32_t i = 0; i < item->count; i++) {
        gather(g, item->pairs[i].key);
    }
}

/* ---- expressions ---- */

static bool is_letter(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

static bool is_word(struct str name)
{
    static const struct str words[] = {
        STR_INIT("SET"), STR_INIT("REMOVE"), STR_INIT("ADD"), STR_INIT("DELETE"), STR_INIT("AND"),
        STR_INIT("OR"), STR_INIT("NOT"), STR_INIT("BETWEEN"), STR_INIT("IN"),
    };

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (str_eq_nocase(name, words[i])) {
            return true;
        }
    }
    return false;
}

/* The attribute that a name in an expression stands for. */
static struct str attribute_of(const struct value *in, struct str name)
{
    const struct value *names = member(in, "ExpressionAttributeNames");
    const struct value *found = name.bytes == 0 || name.at[0] != '#' || names == NULL
                                    ? NULL : map_find(names, name);

    return found == NULL ? name : found->str;
}

/* A name, at the front of the text; empty: something else stands there. */
static struct str name_at(struct str text)
{
    size_t bytes = text.bytes > 0 && text.at[0] == '#' ? 1 : 0;

    while (bytes < text.bytes && is_letter(text.at[bytes])) {
        bytes++;
    }
    return str_slice(text, 0, bytes);
}

static void gather_names(struct gathering *g, const struct value *in, struct str text)
{
    char before = ' ';

    while (text.bytes > 0) {
        struct str name = name_at(text);
        struct str rest = str_trim(str_slice(text, name.bytes, text.bytes));

        if (name.bytes == 0) {
            before = text.at[0] == ' ' ? before : text.at[0];
            text = str_slice(text, 1, text.bytes);
            continue;
        }
        /* not :value, a.PART, [number], function(, AND */
        if (before != ':' && before != '.' && !isdigit((unsigned char)name.at[0]) &&
            !str_starts(rest, STR("(")) && !is_word(name)) {
            gather(g, attribute_of(in, name));
        }
        before = ' ';
        text = str_slice(text, name.bytes, text.bytes);
    }
}

/* "hash = :value", wherever it stands in a key condition. */
static void gather_equality(struct gathering *g, const struct value *in, struct str text)
{
    const struct value *values = member(in, "ExpressionAttributeValues");
    char before = ' ';

    while (text.bytes > 0) {
        struct str name = name_at(text);
        struct str rest = str_trim(str_slice(text, name.bytes, text.bytes));

        if (name.bytes > 0 && before != ':' && str_eq(attribute_of(in, name), g->hash) &&
            str_starts(rest, STR("="))) {
            struct str value = str_trim(str_slice(rest, 1, rest.bytes));
            size_t bytes = str_starts(value, STR(":"))
                               ? 1 + name_at(str_slice(value, 1, value.bytes)).bytes : 0;
            const struct value *datum =
                values == NULL ? NULL : map_find(values, str_slice(value, 0, bytes));

            gather_datum(g, datum);
            return;
        }
        before = text.at[0];
        text = str_slice(text, name.bytes > 0 ? name.bytes : 1, text.bytes);
    }
}

/* ---- inputs ---- */

static void gather_query(struct gathering *g, const struct value *in)
{
    const struct value *conditions = member(in, "KeyConditions");
    const struct value *condition =
        conditions == NULL || g->attributes ? NULL : map_find(conditions, g->hash);
    const struct value *list = member(condition, "AttributeValueList");

    if (list != NULL && list->count > 0) {
        gather_datum(g, &list->items[0]);
    }
    if (!g->attributes) {
        gather_equality(g, in, text_of(in, "KeyConditionExpression"));
    }
}

static void gather_attributes(struct gathering *g, const struct value *in)
{
    static const char *const maps[] = {"AttributeUpdates", "Expected", "KeyConditions",
                                       "QueryFilter", "ScanFilter"};
    static const char *const texts[] = {"ProjectionExpression", "ConditionExpression",
                                        "FilterExpression", "KeyConditionExpression",
                                        "UpdateExpression"};
    const struct value *list = member(in, "AttributesToGet");

    for (uint32_t i = 0; list != NULL && i < list->count; i++) {
        gather(g, list->items[i].str);
    }
    for (size_t i = 0; i < sizeof(maps) / sizeof(maps[0]); i++) {
        gather_item(g, member(in, maps[i]));
    }
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        gather_names(g, in, text_of(in, texts[i]));
    }
}

/* An operation about one item, or one action of many. */
static void gather_one(struct gathering *g, const struct value *in)
{
    gather_item(g, member(in, "Key"));
    gather_item(g, member(in, "Item"));
    gather_query(g, in);
    if (g->attributes) {
        gather_attributes(g, in);
    }
}

static bool is_table(const struct gathering *g, struct str name_or_arn)
{
    return str_eq(name_or_arn, g->table->name) || str_eq(name_or_arn, g->table->arn);
}

/* BatchGetItem's and BatchWriteItem's of one table. */
static void gather_batch(struct gathering *g, const struct value *of_table)
{
    const struct value *keys = member(of_table, "Keys");

    for (uint32_t i = 0; keys != NULL && i < keys->count; i++) {
        gather_item(g, &keys->items[i]);
    }
    if (keys != NULL && g->attributes) {
        gather_attributes(g, of_table);
    }
    for (uint32_t i = 0; of_table->kind == VALUE_LIST && i < of_table->count; i++) {
        gather_one(g, member(&of_table->items[i], "PutRequest"));
        gather_one(g, member(&of_table->items[i], "DeleteRequest"));
    }
}

static void gather_transaction(struct gathering *g, const struct value *items)
{
    static const char *const kinds[] = {"Get", "Put", "Update", "Delete", "ConditionCheck"};

    for (uint32_t i = 0; i < items->count; i++) {
        for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
            const struct value *action = member(&items->items[i], kinds[k]);

            if (is_table(g, text_of(action, "TableName"))) {
                gather_one(g, action);
            }
        }
    }
}

static void gather_all(struct gathering *g)
{
    const struct value *batch = member(g->c->in, "RequestItems");
    const struct value *items = member(g->c->in, "TransactItems");

    for (uint32_t i = 0; batch != NULL && i < batch->count; i++) {
        if (is_table(g, batch->pairs[i].key)) {
            gather_batch(g, &batch->pairs[i].value);
        }
    }
    if (items != NULL) {
        gather_transaction(g, items);
    }
    gather_one(g, g->c->in);
}

static bool enclosing(struct call *c, struct policy_values *ret_values)
{
    struct str name = model_text(c->operation->name);

    if (!str_starts(name, STR("Transact")) && !str_starts(name, STR("Batch")) &&
        !str_starts(name, STR("Execute"))) {
        return false;
    }
    ret_values->one = name;
    ret_values->values = &ret_values->one;
    ret_values->count = 1;
    return true;
}

bool guard_key_find(struct call *c, const struct table *table, struct str hash, struct str key,
                    struct policy_values *ret_values)
{
    struct gathering g = {.c = c, .table = table, .hash = hash,
                          .attributes = str_eq_nocase(key, STR("dynamodb:Attributes"))};

    if (c->operation != NULL && str_eq_nocase(key, STR("dynamodb:EnclosingOperation"))) {
        return enclosing(c, ret_values);
    }
    if (c->in == NULL || (!g.attributes && !str_eq_nocase(key, STR("dynamodb:LeadingKeys")))) {
        return false;
    }
    g.values = arena_alloc(c->arena, GUARD_VALUES_MAX * sizeof(*g.values));
    gather_all(&g);
    ret_values->values = g.values;
    ret_values->count = g.count;
    return g.count > 0;
}
