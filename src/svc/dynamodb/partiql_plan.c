/* SPDX-License-Identifier: Apache-2.0
 *
 * From a WHERE to keys.
 *
 * A SELECT reads partitions when its condition cannot hold elsewhere: hash = value, hash IN values,
 * what ANDs such with anything, what ORs only such. Else it scans. The alternatives of an OR are
 * planned one by one; of those about the same partition
 *
 *   all with a range        they must not overlap (AWS refuses), and are read one by one
 *   none with a range       are one read
 *   some                    are one read when the others name the range attribute in another way
 *                           (<>, NOT, IN); else AWS refuses them as overlapping
 *
 * Source: developer guide, "PartiQL select statements for DynamoDB".
 */
#include "svc/dynamodb/partiql_plan.h"

#include "store/key.h"
#include "svc/dynamodb/errors.h"

#include <assert.h>
#include <stdlib.h>

struct planning {
    struct arena *arena;              /* for what is made */
    const struct key_schema *schema;  /* of what is read */
    struct why *why;                  /* the sentence */
    struct partition *at;             /* so far; room for READ_PARTITIONS_MAX */
    size_t count;                     /* of them */
};

static status refuse(struct why *why, const char *sentence)
{
    return why_set(why, &DDB_VALIDATION, "%s", sentence);
}

/* ---- terms ---- */

static bool is_attribute(const struct expr *expr, struct str name)
{
    return expr->op == OP_PATH && expr->path->count == 1 &&
           str_eq(expr->path->steps[0].name, name);
}

/* The value that expr says the attribute has; NULL: it says no such thing. */
static const struct expr *bound_value(const struct expr *expr, struct str name)
{
    bool equal = expr->op == OP_EQ || (expr->op == OP_IN && expr->count == 2);
    const struct expr *left = equal ? expr->first : NULL;

    if (left != NULL && is_attribute(left, name) && left->next->op == OP_VALUE) {
        return left->next;
    }
    if (left != NULL && left->op == OP_VALUE && is_attribute(left->next, name)) {
        return left;
    }
    return NULL;
}

static bool other_attribute(void *context, const struct path *path)
{
    const struct str *name = context;

    return !str_eq(*name, path->steps[0].name);
}

static bool names_attribute(const struct expr *expr, struct str name)
{
    return !condition_paths(expr, other_attribute, &name);
}

/* Calls seen for each of what AND joins, until seen says false. */
static bool each_joined(const struct expr *expr, bool (*seen)(void *context,
                                                              const struct expr *expr),
                        void *context)
{
    if (expr->op != OP_AND) {
        return seen(context, expr);
    }
    for (const struct expr *child = expr->first; child != NULL; child = child->next) {
        if (!each_joined(child, seen, context)) {
            return false;
        }
    }
    return true;
}

static status value_check(struct datum value, const struct key_schema *schema, uint8_t part,
                          struct why *why)
{
    if (value.type != schema->types[part]) {
        return refuse(why, "Key attribute's data type should match its data type in table's "
                           "schema");
    }
    return key_datum_check(value, schema->names[part], part < schema->hashes, why);
}

/* ---- one item ---- */

/* Looks for the values of the key attributes. */
struct key_look {
    const struct key_schema *schema;     /* which */
    struct datum values[KEY_PARTS_MAX];  /* found so far; else DATUM_NONE */
    size_t joined;                       /* what AND joins */
    size_t bound;                        /* of it: what bound an attribute */
};

static bool key_seen(void *context, const struct expr *expr)
{
    struct key_look *look = context;

    look->joined++;
    for (uint8_t i = 0; i < look->schema->count; i++) {
        const struct expr *value = bound_value(expr, look->schema->names[i]);

        if (value != NULL && look->values[i].type == DATUM_NONE) {
            look->values[i] = value->value;
            look->bound++;
            break;
        }
    }
    return true;
}

static int part_cmp(const void *a, const void *b)
{
    return str_cmp(**(const struct str *const *)a, **(const struct str *const *)b);
}

static struct item key_item(struct arena *arena, const struct key_schema *schema,
                            const struct datum *values)
{
    const struct str *sorted[KEY_PARTS_MAX] = {NULL};
    size_t bytes = ITEM_HEAD_BYTES_MAX;
    struct item item;
    char *body;
    char *to;
    status made;

    for (uint8_t i = 0; i < schema->count; i++) {
        sorted[i] = &schema->names[i];
        bytes += DATUM_HEAD_BYTES_MAX + schema->names[i].bytes +
                 datum_packed_bytes_max(values[i]);
    }
    qsort(sorted, schema->count, sizeof(sorted[0]), part_cmp);
    to = body = (char *)arena_alloc(arena, bytes) + ITEM_HEAD_BYTES_MAX;
    for (uint8_t i = 0; i < schema->count; i++) {
        to = datum_put(datum_put_str(to, *sorted[i]), values[sorted[i] - schema->names]);
    }
    made = item_make(body, to, NULL, &item);
    assert(made == OK);
    return item;
}

status statement_key_plan(struct arena *arena, const struct statement *statement,
                          const struct key_schema *schema, struct why *why,
                          struct write_key *ret_key)
{
    struct key_look look = {.schema = schema};

    if (statement->where != NULL) {
        each_joined(statement->where, key_seen, &look);
    }
    for (uint8_t i = 0; i < schema->count; i++) {
        if (look.values[i].type == DATUM_NONE) {
            return refuse(why, "Where clause does not contain a mandatory equality on all key "
                               "attributes");
        }
    }
    for (uint8_t i = 0; i < schema->count; i++) {
        TRY(value_check(look.values[i], schema, i, why));
    }
    ret_key->key = key_item(arena, schema, look.values);
    ret_key->only = look.joined == look.bound;
    return OK;
}

/* ---- which partitions ---- */

static bool binds_hash(const struct expr *expr, struct str hash);

static bool does_not_bind(void *context, const struct expr *expr)
{
    return !binds_hash(expr, *(const struct str *)context);
}

/* Whether it can hold in partitions only that it names. */
static bool binds_hash(const struct expr *expr, struct str hash)
{
    if (expr->op == OP_AND) {
        return !each_joined(expr, does_not_bind, &hash);
    }
    if (expr->op == OP_IN) {
        bool values = expr->count > 1 && is_attribute(expr->first, hash);

        for (const struct expr *one = expr->first->next; one != NULL; one = one->next) {
            values = values && one->op == OP_VALUE;
        }
        return values;
    }
    if (expr->op == OP_OR) {
        for (const struct expr *child = expr->first; child != NULL; child = child->next) {
            if (!binds_hash(child, hash)) {
                return false;
            }
        }
        return true;
    }
    return bound_value(expr, hash) != NULL;
}

/* ---- ranges ---- */

static enum expr_op mirrored(enum expr_op op)
{
    return op == OP_LT   ? OP_GT
           : op == OP_LE ? OP_GE
           : op == OP_GT ? OP_LT
           : op == OP_GE ? OP_LE
                         : op;
}

/* Looks for a range within what AND joins. */
struct range_look {
    struct planning *p;          /* schema */
    struct partition *into;      /* has_range, range and names_range */
    status found;                /* a value of the wrong type */
};

static bool is_range_op(enum expr_op op)
{
    return op == OP_EQ || (op >= OP_LT && op <= OP_BETWEEN) || op == OP_BEGINS;
}

static bool range_values(const struct expr *expr, struct str name, struct key_term *term)
{
    const struct expr *left = expr->first;
    size_t values = 0;

    if (left->op == OP_VALUE && expr->count == 2 && is_attribute(left->next, name) &&
        expr->op != OP_BEGINS) {
        term->op = (uint8_t)mirrored((enum expr_op)expr->op);
        term->values[0] = left->value;
        return true;
    }
    if (!is_attribute(left, name)) {
        return false;
    }
    term->op = expr->op;
    for (const struct expr *one = left->next; one != NULL; one = one->next) {
        if (one->op != OP_VALUE) {
            return false;
        }
        term->values[values++] = one->value;
    }
    return true;
}

static bool range_seen(void *context, const struct expr *expr)
{
    struct range_look *look = context;
    const struct key_schema *schema = look->p->schema;
    uint8_t part = schema->hashes;
    struct key_term term = {.name = schema->names[part]};

    if (!names_attribute(expr, term.name)) {
        return true;
    }
    look->into->names_range = true;
    if (look->into->has_range || !is_range_op((enum expr_op)expr->op) ||
        !range_values(expr, term.name, &term) ||
        (term.op == OP_BEGINS && schema->types[part] == DATUM_N)) {
        return true;
    }
    look->found = value_check(term.values[0], schema, part, look->p->why);
    if (look->found == OK && term.op == OP_BETWEEN) {
        look->found = value_check(term.values[1], schema, part, look->p->why);
    }
    look->into->range = term;
    look->into->has_range = true;
    return look->found == OK;
}

static status range_of(struct planning *p, const struct expr *alternative,
                       struct partition *into)
{
    struct range_look look = {p, into, OK};

    into->from = STR_NONE;
    into->to = STR("\xff");
    if (p->schema->count > p->schema->hashes) {
        each_joined(alternative, range_seen, &look);
        TRY(look.found);
    }
    if (into->has_range) {
        key_term_range(p->arena, STR("r"), &into->range, &into->from, &into->to);
    }
    return OK;
}

static bool overlap(const struct partition *a, const struct partition *b)
{
    return str_cmp(a->from, b->to) < 0 && str_cmp(b->from, a->to) < 0;
}

/* ---- partitions ---- */

static status too_many(struct planning *p, size_t count)
{
    return why_set(p->why, &DDB_VALIDATION, "The IN operator is provided with too many operands; "
                   "number of operands: %zu", count);
}

/* All of the partition at i is read: its other ranges are not read again. */
static void partition_whole(struct planning *p, size_t i)
{
    size_t kept = i + 1;

    p->at[i].has_range = false;
    p->at[i].from = STR_NONE;
    for (size_t j = i + 1; j < p->count; j++) {
        if (!datum_eq(p->at[j].hash, p->at[i].hash)) {
            p->at[kept++] = p->at[j];
        }
    }
    p->count = kept;
}

/* One more, which an alternative names; before: how many there were before that alternative. */
static status partition_add(struct planning *p, struct partition partition, size_t before)
{
    for (size_t i = 0; i < p->count; i++) {
        struct partition *other = &p->at[i];

        if (!datum_eq(other->hash, partition.hash)) {
            continue;
        }
        if (i >= before || (!other->has_range && !partition.has_range)) {
            return OK;
        }
        if (other->has_range && partition.has_range && !overlap(other, &partition)) {
            continue;
        }
        if ((other->has_range && partition.has_range) ||
            !(other->has_range ? partition.names_range : other->names_range)) {
            return refuse(p->why, "Overlapping conditions with range keys are not supported in "
                                  "where clause");
        }
        partition_whole(p, i);
        return OK;
    }
    if (p->count == READ_PARTITIONS_MAX) {
        return too_many(p, p->count + 1);
    }
    p->at[p->count++] = partition;
    return OK;
}

static status partitions_of(struct planning *p, const struct expr *expr,
                            struct partition *partition, size_t before);

/* Of what AND joins, the first that binds the hash attribute. */
struct bind_look {
    struct str hash;              /* its name */
    const struct expr *found;     /* it */
};

static bool bind_seen(void *context, const struct expr *expr)
{
    struct bind_look *look = context;

    look->found = binds_hash(expr, look->hash) ? expr : NULL;
    return look->found == NULL;
}

static status partition_value(struct planning *p, struct datum value, struct partition *partition,
                              size_t before)
{
    TRY(value_check(value, p->schema, 0, p->why));
    partition->hash = value;
    return partition_add(p, *partition, before);
}

static status partitions_of(struct planning *p, const struct expr *expr,
                            struct partition *partition, size_t before)
{
    struct bind_look look = {p->schema->names[0], expr};

    if (expr->op == OP_AND) {
        each_joined(expr, bind_seen, &look);
        return partitions_of(p, look.found, partition, before);
    }
    if (expr->op == OP_OR) {
        for (const struct expr *child = expr->first; child != NULL; child = child->next) {
            TRY(partitions_of(p, child, partition, before));
        }
        return OK;
    }
    if (expr->op == OP_EQ) {
        return partition_value(p, bound_value(expr, look.hash)->value, partition, before);
    }
    assert(expr->op == OP_IN);
    if (expr->count - 1 > READ_PARTITIONS_MAX) {
        return too_many(p, expr->count - 1u);
    }
    for (const struct expr *one = expr->first->next; one != NULL; one = one->next) {
        TRY(partition_value(p, one->value, partition, before));
    }
    return OK;
}

/* expr: one of the alternatives, or an OR of some. */
static status alternatives_plan(struct planning *p, const struct expr *expr)
{
    struct partition partition = {.hash = DATUM_ABSENT};

    if (expr->op == OP_OR) {
        for (const struct expr *child = expr->first; child != NULL; child = child->next) {
            TRY(alternatives_plan(p, child));
        }
        return OK;
    }
    TRY(range_of(p, expr, &partition));
    return partitions_of(p, expr, &partition, p->count);
}

/* ---- their order ---- */

static int partition_cmp(const struct partition *a, const struct partition *b, bool by_hash,
                         bool hash_down)
{
    int order = by_hash ? datum_cmp(a->hash, b->hash) : 0;

    if (order != 0) {
        return hash_down ? -order : order;
    }
    return datum_eq(a->hash, b->hash) ? str_cmp(a->from, b->from) : 0;
}

/* Ranges of one partition in their order; partitions as they came, or by their hash. */
static void partitions_sort(struct reads *reads, bool by_hash, bool hash_down)
{
    for (size_t i = 1; i < reads->count; i++) {
        struct partition one = reads->at[i];
        size_t at = i;

        while (at > 0) {
            int order = partition_cmp(&reads->at[at - 1], &one, by_hash, hash_down);
            bool same = datum_eq(reads->at[at - 1].hash, one.hash);

            if (same && reads->descending ? order >= 0 : order <= 0) {
                break;
            }
            reads->at[at] = reads->at[at - 1];
            at--;
        }
        reads->at[at] = one;
    }
}

static bool many_hashes(const struct reads *reads)
{
    for (size_t i = 1; i < reads->count; i++) {
        if (!datum_eq(reads->at[i].hash, reads->at[0].hash)) {
            return true;
        }
    }
    return false;
}

static status orders_plan(const struct statement *statement, const struct key_schema *schema,
                          struct why *why, struct reads *reads)
{
    bool by_hash = false;
    bool hash_down = false;

    for (size_t i = 0; i < statement->order_count; i++) {
        const struct order *order = &statement->orders[i];
        bool hash = str_eq(order->name, schema->names[0]);

        if (!hash && (schema->count == 1 || !str_eq(order->name, schema->names[1]))) {
            return why_set(why, &DDB_VALIDATION, "Variable reference %.*s in ORDER BY clause must "
                           "be part of the primary key", STR_ARG(order->name));
        }
        if (hash && i > 0 && many_hashes(reads)) {
            return refuse(why, "Hash key must come first in ORDER BY clause when more than one "
                               "hash key condition specified in WHERE clause.");
        }
        by_hash = by_hash || hash;
        hash_down = hash ? order->down : hash_down;
        reads->descending = hash ? reads->descending : order->down;
    }
    if (statement->order_count > 0 && statement->where == NULL) {
        return refuse(why, "Must have WHERE clause in the statement when using ORDER BY clause.");
    }
    if (statement->order_count > 0 && reads->count == 0) {
        return refuse(why, "Must have at least one non-optional hash key condition in WHERE clause "
                           "when using ORDER BY clause.");
    }
    if (statement->order_count > 0 && !by_hash && many_hashes(reads)) {
        return refuse(why, "Must have hash key in ORDER BY clause when more than one hash key "
                           "condition specified in WHERE clause.");
    }
    partitions_sort(reads, by_hash, hash_down);
    return OK;
}

status statement_reads_plan(struct arena *arena, const struct statement *statement,
                            const struct key_schema *schema, struct why *why,
                            struct reads *ret_reads)
{
    struct planning p = {arena, schema, why, NULL, 0};
    struct reads reads = {0};
    const struct expr *where = statement->where;

    assert(schema->hashes == 1);
    assert(schema->count <= 2);
    if (where != NULL && binds_hash(where, schema->names[0])) {
        p.at = arena_alloc(arena, READ_PARTITIONS_MAX * sizeof(*p.at));
        TRY(alternatives_plan(&p, where));
        reads.at = p.at;
        reads.count = p.count;
        reads.keyed = where->op != OP_OR;
    }
    TRY(orders_plan(statement, schema, why, &reads));
    *ret_reads = reads;
    return OK;
}

/* ---- what is shown ---- */

static int column_cmp(const void *a, const void *b)
{
    return str_cmp((*(const struct column *const *)a)->name,
                   (*(const struct column *const *)b)->name);
}

status statement_columns_apply(struct arena *arena, const struct statement *statement,
                               const struct item *item, struct item *ret_item)
{
    size_t count = statement->column_count;
    const struct column **sorted = arena_alloc(arena, (count + 1) * sizeof(*sorted));
    size_t bytes = ITEM_HEAD_BYTES_MAX;
    char *body;
    char *to;

    if (count == 0) {
        *ret_item = *item;
        return OK;
    }
    for (size_t i = 0; i < count; i++) {
        struct datum value = path_find(statement->columns[i].path, item->attributes);

        sorted[i] = &statement->columns[i];
        bytes += DATUM_HEAD_BYTES_MAX + sorted[i]->name.bytes + datum_packed_bytes_max(value);
    }
    qsort(sorted, count, sizeof(*sorted), column_cmp);
    body = arena_try(arena, bytes);
    if (body == NULL) {
        return &ERR_LIMIT;
    }
    to = body = body + ITEM_HEAD_BYTES_MAX;
    for (size_t i = 0; i < count; i++) {
        struct datum value = path_find(sorted[i]->path, item->attributes);

        if (value.type != DATUM_NONE) {
            to = datum_put(datum_put_str(to, sorted[i]->name), value);
        }
    }
    return item_make(body, to, NULL, ret_item);
}
