/* SPDX-License-Identifier: Apache-2.0
 *
 * The grammar of expressions, by recursive descent.
 *
 *   or          = and { OR and }
 *   and         = not { AND not }
 *   not         = { NOT } primary
 *   primary     = operand [ comparator operand | BETWEEN operand AND operand
 *                         | IN ( operand { , operand } ) ]
 *               | ( or )
 *   operand     = :value | path | word ( operand { , operand } ) | ( operand )
 *   path        = name { . name | [ int ] }
 *   paths       = path { , path }
 *   update      = section { section }
 *   section     = SET path = set { , ... } | REMOVE path { , ... }
 *               | ADD path :value { , ... } | DELETE path :value { , ... }
 *   set         = operand [ + operand | - operand ] | ( set )
 *
 * A parenthesis may open a condition or an operand; what is inside tells. So "(" reads a condition
 * that may also be a bare operand, and nothing is read twice. Parentheses straight around
 * parentheses are refused when the outer one closes, before anything behind them is looked at.
 *
 * Nodes hold names and values as written; check.c binds them.
 */
#include "svc/dynamodb/expr_int.h"

#include <assert.h>

static status parse_or(struct parser *p, bool bare_too, struct expr **ret_expr);
static status parse_operand(struct parser *p, bool condition_too, struct expr **ret_expr);

/* ---- nodes and tokens ---- */

struct expr *expr_new(struct arena *arena, enum expr_op op, struct str text)
{
    struct expr *expr = ARENA_NEW(arena, struct expr);

    expr->op = (uint8_t)op;
    expr->text = text;
    return expr;
}

void expr_add(struct expr *parent, struct expr *child)
{
    assert(child->next == NULL);
    if (parent->last == NULL) {
        parent->first = child;
    } else {
        parent->last->next = child;
    }
    parent->last = child;
    parent->count++;
}

static status expect(struct parser *p, char sign)
{
    if (!token_is(p, sign)) {
        return parser_refuse_here(p);
    }
    p->at++;
    return OK;
}

/* Opens a parenthesis or a function's operands. */
static status nest(struct parser *p)
{
    if (++p->nesting > EXPR_NESTING_MAX) {
        return expr_refuse(p->terms, p->kind, "The expression has too many nesting levels; "
                                              "nesting levels: %u", p->nesting);
    }
    return OK;
}

static struct expr *node(struct parser *p, enum expr_op op, struct str text)
{
    p->operators++;
    return expr_new(p->terms->arena, op, text);
}

/* Words that are no names where conditions or updates are read. */
static bool token_is_keyword(const struct parser *p)
{
    static const char *const of_conditions[] = {"AND", "OR", "NOT", "BETWEEN", "IN", NULL};
    static const char *const of_updates[] = {"SET", "REMOVE", "ADD", "DELETE", NULL};
    static const char *const none[] = {NULL};
    const char *const *words = p->kind == EXPR_UPDATE       ? of_updates
                               : p->kind == EXPR_PROJECTION ? none
                                                            : of_conditions;

    for (; *words != NULL; words++) {
        if (token_is_word(p, *words)) {
            return true;
        }
    }
    return false;
}

/* ---- paths ---- */

static status read_name(struct parser *p, struct step *step)
{
    const struct token *token = token_now(p);

    if (token->kind != TOKEN_NAME && (token->kind != TOKEN_WORD || token_is_keyword(p))) {
        return parser_refuse_here(p);
    }
    *step = (struct step){.name = token->text, .is_term = token->kind == TOKEN_NAME};
    p->at++;
    return OK;
}

/* [ int ]; the digits are kept as name, for check.c. */
static status read_index(struct parser *p, struct step *step)
{
    if (token_now(p)->kind != TOKEN_INT) {
        return parser_refuse_here(p);
    }
    *step = (struct step){.name = token_now(p)->text, .is_index = true};
    p->at++;
    return expect(p, ']');
}

/* How many steps the tokens from here could make at most. */
static size_t steps_max(const struct parser *p)
{
    size_t count = 1;

    for (size_t at = p->at; at < p->count; at++) {
        const struct token *token = &p->tokens[at];
        bool opens = token->kind == TOKEN_SIGN &&
                     (token->text.at[0] == '.' || token->text.at[0] == '[');

        if (token->kind == TOKEN_END || token->kind == TOKEN_COMPARATOR ||
            (token->kind == TOKEN_SIGN && !opens && token->text.at[0] != ']')) {
            break;
        }
        count += opens;
    }
    return count;
}

static status parse_path(struct parser *p, struct path **ret_path)
{
    struct path *path = ARENA_NEW(p->terms->arena, struct path);

    path->steps = arena_alloc(p->terms->arena, steps_max(p) * sizeof(*path->steps));
    TRY(read_name(p, &path->steps[path->count++]));
    for (;;) {
        if (token_is(p, '.')) {
            p->at++;
            TRY(read_name(p, &path->steps[path->count++]));
        } else if (token_is(p, '[')) {
            p->at++;
            TRY(read_index(p, &path->steps[path->count++]));
        } else {
            break;
        }
    }
    *ret_path = path;
    return OK;
}

/* ---- operands ---- */

static status parse_call(struct parser *p, struct expr **ret_expr)
{
    struct expr *call = node(p, OP_CALL, token_now(p)->text);
    struct expr *operand = NULL;

    p->at += 2; /* the name and its parenthesis */
    TRY(nest(p));
    TRY(parse_operand(p, false, &operand));
    expr_add(call, operand);
    while (token_is(p, ',')) {
        p->at++;
        TRY(parse_operand(p, false, &operand));
        expr_add(call, operand);
    }
    TRY(expect(p, ')'));
    p->nesting--;
    *ret_expr = call;
    return OK;
}

static status parse_parens(struct parser *p, bool condition_too, struct expr **ret_expr)
{
    struct expr *inner = NULL;

    p->at++;
    TRY(nest(p));
    if (condition_too) {
        TRY(parse_or(p, true, &inner));
    } else {
        TRY(parse_operand(p, false, &inner));
    }
    TRY(expect(p, ')'));
    p->nesting--;
    if (inner->parens) {
        return expr_refuse(p->terms, p->kind, "The expression has redundant parentheses;");
    }
    inner->parens = true;
    *ret_expr = inner;
    return OK;
}

static status parse_operand(struct parser *p, bool condition_too, struct expr **ret_expr)
{
    const struct token *token = token_now(p);
    struct expr *operand = NULL;

    if (token_is(p, '(')) {
        return parse_parens(p, condition_too, ret_expr);
    }
    if (token->kind == TOKEN_VALUE) {
        *ret_expr = expr_new(p->terms->arena, OP_VALUE, token->text);
        p->at++;
        return OK;
    }
    if (token->kind == TOKEN_WORD && !token_is_keyword(p) && token[1].kind == TOKEN_SIGN &&
        token[1].text.at[0] == '(') {
        return parse_call(p, ret_expr);
    }
    operand = expr_new(p->terms->arena, OP_PATH, token->text);
    TRY(parse_path(p, &operand->path));
    *ret_expr = operand;
    return OK;
}

static bool is_operand(const struct expr *expr)
{
    return expr->op == OP_VALUE || expr->op == OP_PATH;
}

/* ---- conditions ---- */

static enum expr_op comparator_op(struct str text)
{
    if (text.bytes == 1) {
        return text.at[0] == '=' ? OP_EQ : text.at[0] == '<' ? OP_LT : OP_GT;
    }
    return text.at[1] == '>' ? OP_NE : text.at[0] == '<' ? OP_LE : OP_GE;
}

static status parse_comparison(struct parser *p, struct expr *left, struct expr **ret_expr)
{
    struct str text = token_now(p)->text;
    struct expr *expr = node(p, comparator_op(text), text);
    struct expr *right = NULL;

    p->at++;
    expr_add(expr, left);
    TRY(parse_operand(p, false, &right));
    expr_add(expr, right);
    *ret_expr = expr;
    return OK;
}

static status parse_between(struct parser *p, struct expr *left, struct expr **ret_expr)
{
    struct expr *expr = node(p, OP_BETWEEN, STR("BETWEEN"));
    struct expr *bound = NULL;

    p->at++;
    expr_add(expr, left);
    TRY(parse_operand(p, false, &bound));
    expr_add(expr, bound);
    if (!token_is_word(p, "AND")) {
        return parser_refuse_here(p);
    }
    p->at++;
    TRY(parse_operand(p, false, &bound));
    expr_add(expr, bound);
    *ret_expr = expr;
    return OK;
}

static status parse_in(struct parser *p, struct expr *left, struct expr **ret_expr)
{
    struct expr *expr = node(p, OP_IN, STR("IN"));
    struct expr *operand = NULL;

    p->at++;
    expr_add(expr, left);
    TRY(expect(p, '('));
    TRY(parse_operand(p, false, &operand));
    expr_add(expr, operand);
    while (token_is(p, ',')) {
        p->at++;
        TRY(parse_operand(p, false, &operand));
        expr_add(expr, operand);
    }
    TRY(expect(p, ')'));
    *ret_expr = expr;
    return OK;
}

/* bare_too: an operand alone will do when its parenthesis closes right behind it. */
static status parse_primary(struct parser *p, bool bare_too, struct expr **ret_expr)
{
    struct expr *left = NULL;

    TRY(parse_operand(p, true, &left));
    if (is_operand(left) || left->op == OP_CALL) {
        if (token_now(p)->kind == TOKEN_COMPARATOR) {
            return parse_comparison(p, left, ret_expr);
        }
        if (token_is_word(p, "BETWEEN")) {
            return parse_between(p, left, ret_expr);
        }
        if (token_is_word(p, "IN")) {
            return parse_in(p, left, ret_expr);
        }
        if (is_operand(left) && !(bare_too && token_is(p, ')'))) {
            return parser_refuse_here(p);
        }
    }
    *ret_expr = left;
    return OK;
}

static status parse_not(struct parser *p, bool bare_too, struct expr **ret_expr)
{
    struct expr *top = NULL;
    struct expr *lowest = NULL;
    struct expr *inner = NULL;
    unsigned nesting = p->nesting;

    while (token_is_word(p, "NOT")) {
        struct expr *expr = node(p, OP_NOT, STR("NOT"));

        TRY(nest(p));
        p->at++;
        if (lowest == NULL) {
            top = expr;
        } else {
            expr_add(lowest, expr);
        }
        lowest = expr;
    }
    TRY(parse_primary(p, bare_too && top == NULL, &inner));
    p->nesting = nesting;
    if (lowest != NULL) {
        expr_add(lowest, inner);
    }
    *ret_expr = top != NULL ? top : inner;
    return OK;
}

static status parse_and(struct parser *p, bool bare_too, struct expr **ret_expr)
{
    struct expr *first = NULL;
    struct expr *all = NULL;

    TRY(parse_not(p, bare_too, &first));
    while (token_is_word(p, "AND")) {
        struct expr *further = NULL;

        p->at++;
        if (all == NULL) {
            all = expr_new(p->terms->arena, OP_AND, STR("AND"));
            expr_add(all, first);
        }
        p->operators++;
        TRY(parse_not(p, false, &further));
        expr_add(all, further);
    }
    *ret_expr = all != NULL ? all : first;
    return OK;
}

static status parse_or(struct parser *p, bool bare_too, struct expr **ret_expr)
{
    struct expr *first = NULL;
    struct expr *any = NULL;

    TRY(parse_and(p, bare_too, &first));
    while (token_is_word(p, "OR")) {
        struct expr *further = NULL;

        p->at++;
        if (any == NULL) {
            any = expr_new(p->terms->arena, OP_OR, STR("OR"));
            expr_add(any, first);
        }
        p->operators++;
        TRY(parse_and(p, false, &further));
        expr_add(any, further);
    }
    *ret_expr = any != NULL ? any : first;
    return OK;
}

static status parse_end(struct parser *p)
{
    return token_now(p)->kind == TOKEN_END ? OK : parser_refuse_here(p);
}

status parse_condition(struct parser *p, struct expr **ret_condition)
{
    struct expr *condition = NULL;

    TRY(parse_or(p, false, &condition));
    TRY(parse_end(p));
    *ret_condition = condition;
    return OK;
}

/* ---- projections ---- */

status parse_paths(struct parser *p, struct paths *ret_paths)
{
    struct paths paths = {.at = arena_alloc(p->terms->arena, p->count * sizeof(*paths.at))};

    TRY(parse_path(p, &paths.at[paths.count++]));
    while (token_is(p, ',')) {
        p->at++;
        TRY(parse_path(p, &paths.at[paths.count++]));
    }
    TRY(parse_end(p));
    *ret_paths = paths;
    return OK;
}

/* ---- updates ---- */

/* operand [ (+|-) operand ] */
static status parse_sum(struct parser *p, struct expr *left, struct expr **ret_expr)
{
    struct expr *sum;
    struct expr *right = NULL;

    if (!token_is(p, '+') && !token_is(p, '-')) {
        *ret_expr = left;
        return OK;
    }
    sum = node(p, token_is(p, '+') ? OP_PLUS : OP_MINUS, token_now(p)->text);
    p->at++;
    expr_add(sum, left);
    TRY(parse_operand(p, false, &right));
    expr_add(sum, right);
    *ret_expr = sum;
    return OK;
}

/* The right side of SET: a parenthesis may be around an operand or around a sum. */
static status parse_set_value(struct parser *p, struct expr **ret_expr)
{
    struct expr *left = NULL;

    if (!token_is(p, '(')) {
        TRY(parse_operand(p, false, &left));
        return parse_sum(p, left, ret_expr);
    }
    p->at++;
    TRY(nest(p));
    TRY(parse_operand(p, false, &left));
    TRY(parse_sum(p, left, &left));
    TRY(expect(p, ')'));
    p->nesting--;
    if (left->parens) {
        return expr_refuse(p->terms, p->kind, "The expression has redundant parentheses;");
    }
    left->parens = true;
    if (left->op == OP_PLUS || left->op == OP_MINUS) {
        *ret_expr = left;
        return OK;
    }
    return parse_sum(p, left, ret_expr);
}

static status parse_action(struct parser *p, enum action_kind kind, struct action *action)
{
    action->kind = (uint8_t)kind;
    TRY(parse_path(p, &action->path));
    if (kind == ACTION_REMOVE) {
        return OK;
    }
    if (kind == ACTION_SET) {
        if (token_now(p)->kind != TOKEN_COMPARATOR || !str_eq(token_now(p)->text, STR("="))) {
            return parser_refuse_here(p);
        }
        p->at++;
        return parse_set_value(p, &action->value);
    }
    if (token_now(p)->kind != TOKEN_VALUE) {
        return parser_refuse_here(p);
    }
    return parse_operand(p, false, &action->value);
}

static status parse_section(struct parser *p, uint16_t section, struct update *update)
{
    static const char *const words[] = {"SET", "REMOVE", "ADD", "DELETE"};
    size_t kind = 0;

    while (kind < 4 && !token_is_word(p, words[kind])) {
        kind++;
    }
    if (kind == 4) {
        return parser_refuse_here(p);
    }
    do {
        struct action *action = ARENA_NEW(p->terms->arena, struct action);

        p->at++; /* the keyword, or a comma */
        action->section = section;
        TRY(parse_action(p, (enum action_kind)kind, action));
        if (update->last == NULL) {
            update->first = action;
        } else {
            update->last->next = action;
        }
        update->last = action;
        update->count++;
    } while (token_is(p, ','));
    return OK;
}

status parse_update(struct parser *p, struct update *ret_update)
{
    struct update update = {0};
    uint16_t section = 0;

    do {
        TRY(parse_section(p, section++, &update));
    } while (token_now(p)->kind != TOKEN_END);
    if (p->operators > EXPR_OPERATORS_MAX) {
        return expr_refuse(p->terms, p->kind, "The expression contains too many operators; "
                                              "number of operators: %zu", p->operators);
    }
    *ret_update = update;
    return OK;
}
