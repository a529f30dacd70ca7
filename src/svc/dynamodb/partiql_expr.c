/* SPDX-License-Identifier: Apache-2.0
 *
 * Paths, operands and conditions of PartiQL, as the nodes of every other expression.
 *
 *   or          = and { OR and }
 *   and         = not { AND not }
 *   not         = { NOT } predicate
 *   predicate   = operand [ comparator operand | [ NOT ] BETWEEN operand AND operand
 *                         | [ NOT ] IN list | IS [ NOT ] ( MISSING | NULL | type ) ]
 *   list        = ( operand { , operand } ) | literal
 *   operand     = term { (+|-) term }
 *   term        = literal | path | word ( [ operand { , operand } ] ) | ( or )
 *   path        = name { . name | [ int ] | [ 'name' ] }
 *
 * A condition and an operand begin alike, so both are read as one, and who needs a condition asks
 * is_condition(). What has no node of its own becomes what says the same: IS MISSING is
 * attribute_not_exists, IS with a type is attribute_type, a call = FALSE is its NOT.
 */
#include "svc/dynamodb/partiql_int.h"

#include <assert.h>

#define INDEX_MAX 2147483647u
#define MISSING_RIGHT "Missing right-hand side expression of infix operator"

static status or_read(struct reader *r, struct expr **ret_expr);

status operators_check(const struct reader *r)
{
    if (r->operators > EXPR_OPERATORS_MAX) {
        return why_set(r->terms.why, &DDB_VALIDATION, "The expression contains too many operators; "
                       "number of operators: %zu", r->operators);
    }
    return OK;
}

static struct expr *node(struct reader *r, enum expr_op op, struct str text)
{
    r->operators++;
    return expr_new(r->terms.arena, op, text);
}

static struct expr *value_node(struct reader *r, struct str text, struct datum value)
{
    struct expr *expr = expr_new(r->terms.arena, OP_VALUE, text);

    expr->value = value;
    return expr;
}

/* ---- paths ---- */

static status name_step(struct reader *r, const char *refusal, struct step *ret_step)
{
    if (r->now.kind != LEXEME_WORD && r->now.kind != LEXEME_QUOTED) {
        return reader_refuse(r, refusal);
    }
    *ret_step = (struct step){.name = r->now.name};
    reader_step(r);
    return OK;
}

/* Behind the bracket. */
static status bracket_step(struct reader *r, struct step *ret_step)
{
    uint64_t index = 0;

    if (r->now.kind == LEXEME_STRING) {
        *ret_step = (struct step){.name = r->now.name};
    } else if (r->now.kind == LEXEME_NUMBER && str_to_u64(r->now.text, &index)) {
        if (index > INDEX_MAX) {
            return why_set(r->terms.why, &DDB_VALIDATION, "List index is not within the allowable "
                           "range; index: [%.*s]", STR_ARG(r->now.text));
        }
        *ret_step = (struct step){.index = (uint32_t)index, .is_index = true};
    } else {
        return reader_refuse(r, "Unexpected path component");
    }
    reader_step(r);
    return reader_skip(r, "]") ? OK : reader_refuse(r, "Unexpected path component");
}

status path_read(struct reader *r, struct path **ret_path)
{
    struct step steps[EXPR_PATH_STEPS_MAX + 1];
    struct path *path = ARENA_NEW(r->terms.arena, struct path);

    TRY(name_step(r, "Unexpected term", &steps[path->count++]));
    while (now_is(r, ".") || now_is(r, "[")) {
        bool dot = now_is(r, ".");

        if (path->count > EXPR_PATH_STEPS_MAX) {
            break;
        }
        reader_step(r);
        TRY(dot ? name_step(r, "Invalid path dot component", &steps[path->count])
                : bracket_step(r, &steps[path->count]));
        path->count++;
    }
    if (path->count > EXPR_PATH_STEPS_MAX) {
        return why_set(r->terms.why, &DDB_VALIDATION, "The document path has too many nesting "
                       "levels; nesting levels: %u", path->count);
    }
    path->steps = arena_alloc(r->terms.arena, path->count * sizeof(*steps));
    memcpy(path->steps, steps, path->count * sizeof(*steps));
    *ret_path = path;
    return OK;
}

/* ---- functions ---- */

/* The function of a condition or an operand, whatever its case. */
static const struct function *function_called(struct str word)
{
    char lower[32];
    const struct function *function;

    if (word.bytes > sizeof(lower)) {
        return NULL;
    }
    for (size_t i = 0; i < word.bytes; i++) {
        char c = word.at[i];

        lower[i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
    }
    function = function_find(str_of(lower, word.bytes));
    return function != NULL && function->op != OP_IF_NOT_EXISTS ? function : NULL;
}

static status refuse_function(struct reader *r, const struct lexeme *word)
{
    char lower[64];
    size_t bytes = word->text.bytes < sizeof(lower) ? word->text.bytes : sizeof(lower);

    for (size_t i = 0; i < bytes; i++) {
        char c = word->text.at[i];

        lower[i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
    }
    return reader_refuse_at(r, word, "Unrecognized function: %.*s", (int)bytes, lower);
}

/* Operands up to the closing parenthesis, as children. */
static status operands_read(struct reader *r, struct expr *parent)
{
    struct expr *operand = NULL;

    if (reader_skip(r, ")")) {
        return OK;
    }
    do {
        TRY(operand_read(r, &operand));
        expr_add(parent, operand);
    } while (reader_skip(r, ","));
    return reader_skip(r, ")") ? OK : reader_refuse(r, "Unexpected term");
}

static status call_read(struct reader *r, struct expr **ret_expr)
{
    struct lexeme word = r->now;
    const struct function *function = function_called(word.text);
    unsigned nesting = r->nesting;
    struct expr *call;

    if (function == NULL) {
        return refuse_function(r, &word);
    }
    call = node(r, (enum expr_op)function->op, function->name);
    reader_step(r);
    reader_step(r);
    TRY(reader_nest(r));
    TRY(operands_read(r, call));
    r->nesting = nesting;
    *ret_expr = call;
    return OK;
}

/* ---- operands ---- */

static status parens_read(struct reader *r, struct expr **ret_expr)
{
    unsigned nesting = r->nesting;
    struct expr *inner = NULL;

    TRY(reader_nest(r));
    TRY(or_read(r, &inner));
    if (!reader_skip(r, ")")) {
        return reader_refuse(r, "Unexpected term");
    }
    r->nesting = nesting;
    inner->parens = true;
    *ret_expr = inner;
    return OK;
}

static status term_read(struct reader *r, struct expr **ret_expr)
{
    struct lexeme first = r->now;
    bool word = first.kind == LEXEME_WORD || first.kind == LEXEME_KEYWORD;

    if (reader_skip(r, "(")) {
        return parens_read(r, ret_expr);
    }
    if (literal_begins(r)) {
        struct datum value;

        TRY(literal_read(r, NULL, &value));
        *ret_expr = value_node(r, first.text, value);
        return OK;
    }
    if (reader_skip(r, "MISSING")) {
        *ret_expr = value_node(r, first.text, DATUM_ABSENT);
        return OK;
    }
    if (word && lexeme_is(&r->next, "(") && !now_is(r, "NOT") && !now_is(r, "AND") &&
        !now_is(r, "OR") && !now_is(r, "IN")) {
        return call_read(r, ret_expr);
    }
    if (first.kind != LEXEME_WORD && first.kind != LEXEME_QUOTED) {
        return reader_refuse_term(r);
    }
    *ret_expr = expr_new(r->terms.arena, OP_PATH, first.text);
    return path_read(r, &(*ret_expr)->path);
}

/* An operator's right side. */
static status right_read(struct reader *r, status (*read)(struct reader *r, struct expr **ret_expr),
                         struct expr **ret_expr)
{
    return r->now.kind == LEXEME_END ? reader_refuse(r, MISSING_RIGHT) : read(r, ret_expr);
}

status operand_read(struct reader *r, struct expr **ret_expr)
{
    struct expr *left = NULL;

    TRY(term_read(r, &left));
    while (now_is(r, "+") || now_is(r, "-")) {
        struct expr *sum = node(r, now_is(r, "+") ? OP_PLUS : OP_MINUS, r->now.text);
        struct expr *right = NULL;

        reader_step(r);
        TRY(right_read(r, term_read, &right));
        TRY(operators_check(r)); /* sums lean to the left: each is one level more */
        expr_add(sum, left);
        expr_add(sum, right);
        left = sum;
    }
    *ret_expr = left;
    return OK;
}

/* ---- predicates ---- */

static bool is_condition(const struct expr *expr)
{
    switch ((enum expr_op)expr->op) {
    case OP_PATH:
    case OP_VALUE:
    case OP_SIZE:
    case OP_PLUS:
    case OP_MINUS:
    case OP_LIST_APPEND:
        return false;
    default:
        return true;
    }
}

static struct expr *not_of(struct reader *r, struct expr *expr)
{
    struct expr *not = node(r, OP_NOT, STR("NOT"));

    expr_add(not, expr);
    return not;
}

static bool is_missing(const struct expr *expr)
{
    return expr->op == OP_VALUE && expr->value.type == DATUM_NONE;
}

/* a = MISSING, a <> MISSING */
static status compare_missing(struct reader *r, enum expr_op op, struct expr *path,
                              struct expr **ret_expr)
{
    struct expr *expr;

    if ((op != OP_EQ && op != OP_NE) || path->op != OP_PATH) {
        return why_set(r->terms.why, &DDB_VALIDATION, "Incorrect operand type for operator or "
                       "function; operator or function: MISSING, operand type: MISSING");
    }
    expr = op == OP_EQ ? node(r, OP_NOT_EXISTS, STR("attribute_not_exists"))
                       : node(r, OP_EXISTS, STR("attribute_exists"));
    expr_add(expr, path);
    *ret_expr = expr;
    return OK;
}

/* A condition = TRUE, <> FALSE, ... */
static status compare_condition(struct reader *r, enum expr_op op, struct expr *condition,
                                struct expr *truth, struct expr **ret_expr)
{
    bool wanted;

    if (truth->op != OP_VALUE || truth->value.type != DATUM_BOOL || (op != OP_EQ && op != OP_NE)) {
        return why_set(r->terms.why, &DDB_VALIDATION, "The function is not allowed to be used this "
                       "way in an expression; function: %.*s", STR_ARG(condition->text));
    }
    wanted = (truth->value.body.at[0] != 0) == (op == OP_EQ);
    *ret_expr = wanted ? condition : not_of(r, condition);
    return OK;
}

static enum expr_op comparator_op(struct str text)
{
    if (text.bytes == 1) {
        return text.at[0] == '=' ? OP_EQ : text.at[0] == '<' ? OP_LT : OP_GT;
    }
    return text.at[0] == '!' || text.at[1] == '>' ? OP_NE : text.at[0] == '<' ? OP_LE : OP_GE;
}

static bool is_comparator(const struct lexeme *lexeme)
{
    static const char *const signs[] = {"=", "<>", "!=", "<", "<=", ">", ">=", NULL};

    for (const char *const *sign = signs; *sign != NULL; sign++) {
        if (lexeme_is(lexeme, *sign)) {
            return true;
        }
    }
    return false;
}

static status comparison_read(struct reader *r, struct expr *left, struct expr **ret_expr)
{
    struct str text = r->now.text;
    enum expr_op op = comparator_op(text);
    struct expr *right = NULL;
    struct expr *expr;

    reader_step(r);
    TRY(right_read(r, operand_read, &right));
    if (is_missing(right)) {
        return compare_missing(r, op, left, ret_expr);
    }
    if (is_missing(left)) {
        return compare_missing(r, op, right, ret_expr);
    }
    if (is_condition(left)) {
        return compare_condition(r, op, left, right, ret_expr);
    }
    if (is_condition(right)) {
        return compare_condition(r, op, right, left, ret_expr);
    }
    expr = node(r, op, text);
    expr_add(expr, left);
    expr_add(expr, right);
    *ret_expr = expr;
    return OK;
}

static status between_read(struct reader *r, struct expr *left, struct expr **ret_expr)
{
    struct expr *expr = node(r, OP_BETWEEN, STR("BETWEEN"));
    struct expr *bound = NULL;

    expr_add(expr, left);
    TRY(right_read(r, operand_read, &bound));
    expr_add(expr, bound);
    if (!reader_skip(r, "AND")) {
        return reader_refuse(r, "Expected AND after BETWEEN");
    }
    TRY(right_read(r, operand_read, &bound));
    expr_add(expr, bound);
    *ret_expr = expr;
    return OK;
}

static status in_read(struct reader *r, struct expr *left, struct expr **ret_expr)
{
    struct expr *expr = node(r, OP_IN, STR("IN"));
    struct datum many;
    struct datum *elements;
    size_t count;

    expr_add(expr, left);
    *ret_expr = expr;
    if (reader_skip(r, "(")) {
        return operands_read(r, expr);
    }
    if (r->now.kind == LEXEME_END) {
        return reader_refuse(r, MISSING_RIGHT);
    }
    TRY(literal_read(r, NULL, &many));
    if (many.type != DATUM_L && !datum_is_set(many.type)) {
        return why_set(r->terms.why, &DDB_VALIDATION, "Incorrect operand type for operator or "
                       "function; operator or function: IN, operand type: %.*s",
                       STR_ARG(datum_type_name(many.type)));
    }
    elements = datum_elements(r->terms.arena, many, &count);
    if (count > EXPR_IN_MAX) {
        return why_set(r->terms.why, &DDB_VALIDATION, "The IN operator is provided with too many "
                       "operands; number of operands: %zu", count);
    }
    for (size_t i = 0; i < count; i++) {
        expr_add(expr, value_node(r, STR("IN"), elements[i]));
    }
    return OK;
}

/* ---- IS ---- */

struct type_word {
    const char *word;   /* PartiQL's */
    const char *second; /* a second word that may follow; NULL: none */
    const char *types;  /* those of attribute_type */
};

static const struct type_word type_words[] = {
    {"NULL", NULL, "NULL"},    {"BOOL", NULL, "BOOL"},         {"BOOLEAN", NULL, "BOOL"},
    {"SMALLINT", NULL, "N"},   {"INT", NULL, "N"},             {"INTEGER", NULL, "N"},
    {"INT2", NULL, "N"},       {"INT4", NULL, "N"},            {"INT8", NULL, "N"},
    {"INTEGER2", NULL, "N"},   {"INTEGER4", NULL, "N"},        {"INTEGER8", NULL, "N"},
    {"BIGINT", NULL, "N"},     {"FLOAT", NULL, "N"},           {"REAL", NULL, "N"},
    {"DECIMAL", NULL, "N"},    {"NUMERIC", NULL, "N"},         {"DOUBLE", "PRECISION", "N"},
    {"STRING", NULL, "S"},     {"CHAR", NULL, "S"},            {"VARCHAR", NULL, "S"},
    {"SYMBOL", NULL, "S"},     {"CHARACTER", "VARYING", "S"},  {"BLOB", NULL, "B"},
    {"CLOB", NULL, "B"},       {"LIST", NULL, "L"},            {"STRUCT", NULL, "M"},
    {"TUPLE", NULL, "M"},      {"BAG", NULL, "SS NS BS"},
};

static struct expr *type_test(struct reader *r, struct expr *path, struct str type)
{
    struct expr *expr = node(r, OP_TYPE, STR("attribute_type"));
    struct expr *of = expr_new(r->terms.arena, OP_PATH, path->text);

    of->path = path->path;
    expr_add(expr, of);
    expr_add(expr, value_node(r, type, (struct datum){DATUM_S, type}));
    return expr;
}

/* Any of the types. */
static struct expr *types_test(struct reader *r, struct expr *path, const char *types)
{
    struct str rest = str_c(types);
    struct expr *first = type_test(r, path, str_split(&rest, ' '));
    struct expr *any;

    if (rest.bytes == 0) {
        return first;
    }
    any = node(r, OP_OR, STR("OR"));
    expr_add(any, first);
    while (rest.bytes > 0) {
        expr_add(any, type_test(r, path, str_split(&rest, ' ')));
    }
    return any;
}

static status is_read(struct reader *r, struct expr *left, struct expr **ret_expr)
{
    bool turned = reader_skip(r, "NOT");
    struct expr *expr = NULL;

    if (left->op != OP_PATH) {
        return why_set(r->terms.why, &DDB_VALIDATION, "Operator or function requires a document "
                       "path; operator or function: IS");
    }
    if (reader_skip(r, "MISSING")) {
        return compare_missing(r, turned ? OP_NE : OP_EQ, left, ret_expr);
    }
    for (size_t i = 0; i < sizeof(type_words) / sizeof(type_words[0]); i++) {
        if (expr == NULL && reader_skip(r, type_words[i].word)) {
            if (type_words[i].second != NULL) {
                reader_skip(r, type_words[i].second);
            }
            expr = types_test(r, left, type_words[i].types);
        }
    }
    if (expr == NULL) {
        return reader_refuse(r, "Expected type name");
    }
    *ret_expr = turned ? not_of(r, expr) : expr;
    return OK;
}

static status predicate_read(struct reader *r, struct expr **ret_expr)
{
    struct expr *left = NULL;
    bool turned;

    TRY(operand_read(r, &left));
    if (is_comparator(&r->now)) {
        return comparison_read(r, left, ret_expr);
    }
    if (reader_skip(r, "IS")) {
        return is_read(r, left, ret_expr);
    }
    turned = now_is(r, "NOT") && (lexeme_is(&r->next, "IN") || lexeme_is(&r->next, "BETWEEN"));
    if (turned) {
        reader_step(r);
    }
    *ret_expr = left;
    if (reader_skip(r, "IN")) {
        TRY(in_read(r, left, ret_expr));
    } else if (reader_skip(r, "BETWEEN")) {
        TRY(between_read(r, left, ret_expr));
    } else if (now_is(r, "LIKE") || (now_is(r, "NOT") && lexeme_is(&r->next, "LIKE"))) {
        return why_set(r->terms.why, &DDB_VALIDATION, "Unsupported operation: Like");
    }
    if (turned) {
        *ret_expr = not_of(r, *ret_expr);
    }
    return OK;
}

/* ---- conditions ---- */

static status condition_wanted(struct reader *r, const struct expr *expr)
{
    if (is_condition(expr)) {
        return OK;
    }
    return why_set(r->terms.why, &DDB_VALIDATION, "Unsupported expression in where clause: %.*s",
                   STR_ARG(expr->text));
}

static status not_read(struct reader *r, struct expr **ret_expr)
{
    unsigned nesting = r->nesting;
    size_t count = 0;
    struct expr *inner = NULL;

    while (reader_skip(r, "NOT")) {
        TRY(reader_nest(r));
        count++;
    }
    TRY(predicate_read(r, &inner));
    r->nesting = nesting;
    if (count > 0) {
        TRY(condition_wanted(r, inner));
    }
    for (; count > 0; count--) {
        inner = not_of(r, inner);
    }
    *ret_expr = inner;
    return OK;
}

/* What AND or OR joins. */
static status joined_read(struct reader *r, enum expr_op op,
                          status (*read)(struct reader *r, struct expr **ret_expr),
                          struct expr **ret_expr)
{
    const char *word = op == OP_AND ? "AND" : "OR";
    struct expr *first = NULL;
    struct expr *all = NULL;

    TRY(read(r, &first));
    while (reader_skip(r, word)) {
        struct expr *further = NULL;

        if (all == NULL) {
            TRY(condition_wanted(r, first));
            all = node(r, op, str_c(word));
            expr_add(all, first);
        }
        TRY(right_read(r, read, &further));
        TRY(condition_wanted(r, further));
        expr_add(all, further);
    }
    *ret_expr = all != NULL ? all : first;
    return OK;
}

static status and_read(struct reader *r, struct expr **ret_expr)
{
    return joined_read(r, OP_AND, not_read, ret_expr);
}

static status or_read(struct reader *r, struct expr **ret_expr)
{
    return joined_read(r, OP_OR, and_read, ret_expr);
}

/* Sums, conditions and what only updates have are no operands here. */
static status operands_check(struct reader *r, const struct expr *expr)
{
    bool joins = expr->op == OP_AND || expr->op == OP_OR || expr->op == OP_NOT;

    for (const struct expr *child = expr->first; child != NULL; child = child->next) {
        if (child->op == OP_PLUS || child->op == OP_MINUS || is_missing(child)) {
            return why_set(r->terms.why, &DDB_VALIDATION,
                           "Unsupported operation in where clause: %.*s", STR_ARG(child->text));
        }
        if (!joins && (is_condition(child) || child->op == OP_LIST_APPEND)) {
            return why_set(r->terms.why, &DDB_VALIDATION, "The function is not allowed to be used "
                           "this way in an expression; function: %.*s", STR_ARG(child->text));
        }
        TRY(operands_check(r, child));
    }
    return OK;
}

status where_read(struct reader *r, struct expr **ret_where)
{
    struct expr *where = NULL;

    TRY(or_read(r, &where));
    TRY(condition_wanted(r, where));
    TRY(operands_check(r, where));
    TRY(check_condition(&r->terms, EXPR_STATEMENT, where));
    *ret_where = where;
    return OK;
}
