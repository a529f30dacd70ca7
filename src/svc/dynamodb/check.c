/* SPDX-License-Identifier: Apache-2.0
 *
 * Judging parsed expressions, and binding them to the request's names and values.
 *
 * AWS finds mistakes in passes over a whole expression, and clients see whichever comes first:
 *
 *   1. as written: reserved words, list indexes, function names and where functions may stand
 *   2. conditions, node by node from the leaves: names and values that are not defined, how many
 *      operands, paths needed, first operand not repeated, types
 *   2. updates, one pass each: names, values, paths that overlap or conflict, types for ADD and
 *      DELETE, then functions and arithmetic
 */
#include "svc/dynamodb/expr_int.h"
#include "svc/dynamodb/number.h"

#include <assert.h>
#include <stdlib.h>

#define INDEX_MAX 2147483647u

struct checker {
    struct terms *terms; /* names and values */
    enum expr_kind kind; /* for sentences */
};

static const struct function functions[] = {
    {STR_INIT("attribute_exists"), OP_EXISTS, IN_CONDITION, 1},
    {STR_INIT("attribute_not_exists"), OP_NOT_EXISTS, IN_CONDITION, 1},
    {STR_INIT("attribute_type"), OP_TYPE, IN_CONDITION, 2},
    {STR_INIT("begins_with"), OP_BEGINS, IN_CONDITION, 2},
    {STR_INIT("contains"), OP_CONTAINS, IN_CONDITION, 2},
    {STR_INIT("size"), OP_SIZE, IN_OPERAND, 1},
    {STR_INIT("if_not_exists"), OP_IF_NOT_EXISTS, IN_UPDATE, 2},
    {STR_INIT("list_append"), OP_LIST_APPEND, IN_UPDATE, 2},
};

const struct function *function_find(struct str name)
{
    for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
        if (str_eq(functions[i].name, name)) {
            return &functions[i];
        }
    }
    return NULL;
}

/* ---- pass 1 ---- */

static status written_path(struct checker *c, struct path *path)
{
    if (c->kind == EXPR_STATEMENT) {
        return OK;
    }
    for (uint32_t i = 0; i < path->count; i++) {
        struct step *step = &path->steps[i];
        uint64_t index = 0;

        if (!step->is_index) {
            if (!step->is_term && word_is_reserved(step->name)) {
                return expr_refuse(c->terms, c->kind, "Attribute name is a reserved keyword; "
                                   "reserved keyword: %.*s", STR_ARG(step->name));
            }
            continue;
        }
        if (!str_to_u64(step->name, &index) || index > INDEX_MAX) {
            return expr_refuse(c->terms, c->kind, "List index is not within the allowable range; "
                               "index: [%.*s]", STR_ARG(step->name));
        }
        step->index = (uint32_t)index;
        step->name = STR_NONE;
    }
    return OK;
}

static status written_call(struct checker *c, struct expr *call, enum function_place place)
{
    const struct function *function = function_find(call->text);

    if (function == NULL) {
        return expr_refuse(c->terms, c->kind, "Invalid function name; function: %.*s",
                           STR_ARG(call->text));
    }
    if ((c->kind == EXPR_UPDATE) != (function->place == IN_UPDATE)) {
        return expr_refuse(c->terms, c->kind, "The function is not allowed in %s expression; "
                           "function: %.*s",
                           c->kind == EXPR_UPDATE ? "an update" : "a condition",
                           STR_ARG(call->text));
    }
    if (c->kind != EXPR_UPDATE && function->place != place) {
        return expr_refuse(c->terms, c->kind, "The function is not allowed to be used this way in "
                           "an expression; function: %.*s", STR_ARG(call->text));
    }
    call->op = function->op;
    return OK;
}

static status written(struct checker *c, struct expr *expr, enum function_place place)
{
    bool joins = expr->op == OP_OR || expr->op == OP_AND || expr->op == OP_NOT;

    if (expr->op == OP_PATH) {
        return written_path(c, expr->path);
    }
    if (expr->op == OP_CALL) {
        TRY(written_call(c, expr, place));
    }
    for (struct expr *child = expr->first; child != NULL; child = child->next) {
        TRY(written(c, child, joins ? IN_CONDITION : IN_OPERAND));
    }
    return OK;
}

/* ---- binding ---- */

static status bind_path(struct checker *c, struct path *path)
{
    for (uint32_t i = 0; i < path->count; i++) {
        struct step *step = &path->steps[i];
        const struct term *term = NULL;

        if (!step->is_term) {
            continue;
        }
        term = terms_name(c->terms, step->name);
        if (term == NULL) {
            return expr_refuse(c->terms, c->kind, "An expression attribute name used in the "
                               "document path is not defined; attribute name: %.*s",
                               STR_ARG(step->name));
        }
        step->name = term_name(term);
        step->is_term = false;
    }
    if (path->count > EXPR_PATH_STEPS_MAX) {
        return expr_refuse(c->terms, c->kind, "The document path has too many nesting levels; "
                                              "nesting levels: %u", path->count);
    }
    return OK;
}

static status bind_value(struct checker *c, struct expr *expr)
{
    const struct term *term;

    if (c->kind == EXPR_STATEMENT) {
        return OK;
    }
    term = terms_value(c->terms, expr->text);
    if (term == NULL) {
        return expr_refuse(c->terms, c->kind, "An expression attribute value used in expression is "
                           "not defined; attribute value: %.*s", STR_ARG(expr->text));
    }
    expr->value = term_value(term);
    return OK;
}

static status bind_names(struct checker *c, struct expr *expr)
{
    if (expr->op == OP_PATH) {
        return bind_path(c, expr->path);
    }
    for (struct expr *child = expr->first; child != NULL; child = child->next) {
        TRY(bind_names(c, child));
    }
    return OK;
}

static status bind_values(struct checker *c, struct expr *expr)
{
    if (expr->op == OP_VALUE) {
        return bind_value(c, expr);
    }
    for (struct expr *child = expr->first; child != NULL; child = child->next) {
        TRY(bind_values(c, child));
    }
    return OK;
}

/* ---- sentences about operands ---- */

/* "[a, [1], b]" */
static struct str path_text(struct arena *arena, const struct path *path)
{
    struct str text = STR("[");

    for (uint32_t i = 0; i < path->count; i++) {
        const struct step *step = &path->steps[i];
        const char *comma = i > 0 ? ", " : "";

        text = step->is_index
                   ? arena_printf(arena, "%.*s%s[%u]", STR_ARG(text), comma, step->index)
                   : arena_printf(arena, "%.*s%s%.*s", STR_ARG(text), comma, STR_ARG(step->name));
    }
    return arena_printf(arena, "%.*s]", STR_ARG(text));
}

/* What is known of an operand's type before there is an item. */
static uint8_t known_type(const struct expr *operand)
{
    return operand->op == OP_VALUE  ? operand->value.type
           : operand->op == OP_SIZE ? (uint8_t)DATUM_N
                                    : (uint8_t)DATUM_NONE;
}

static status wrong_type(struct checker *c, struct str operator_text, struct str type)
{
    return expr_refuse(c->terms, c->kind, "Incorrect operand type for operator or function; "
                       "operator or function: %.*s, operand type: %.*s", STR_ARG(operator_text),
                       STR_ARG(type));
}

/* Every operand's type, where known, must be one of the bits in types. */
static status check_types(struct checker *c, const struct expr *expr, unsigned types)
{
    for (const struct expr *child = expr->first; child != NULL; child = child->next) {
        uint8_t type = known_type(child);

        if (type != DATUM_NONE && (types >> type & 1) == 0) {
            return wrong_type(c, expr->text, datum_type_name(type));
        }
    }
    return OK;
}

#define TYPES_SCALAR (1u << DATUM_S | 1u << DATUM_N | 1u << DATUM_B)
#define TYPES_TEXT (1u << DATUM_S | 1u << DATUM_B)
#define TYPES_SIZED                                                                                \
    (TYPES_TEXT | 1u << DATUM_SS | 1u << DATUM_NS | 1u << DATUM_BS | 1u << DATUM_L | 1u << DATUM_M)

static status check_distinct(struct checker *c, const struct expr *expr)
{
    const struct expr *first = expr->first;

    if (first->op != OP_PATH) {
        return OK;
    }
    for (const struct expr *other = first->next; other != NULL; other = other->next) {
        if (other->op == OP_PATH && path_cmp(first->path, other->path) == 0) {
            return expr_refuse(c->terms, c->kind, "The first operand must be distinct from the "
                               "remaining operands for this operator or function; operator: %.*s, "
                               "first operand: %.*s", STR_ARG(expr->text),
                               STR_ARG(path_text(c->terms->arena, first->path)));
        }
    }
    return OK;
}

static struct str bound_text(struct arena *arena, struct datum bound)
{
    char text[NUMBER_TEXT_BYTES_MAX];
    struct number number = {0};
    struct str type = datum_type_name(bound.type);

    if (bound.type == DATUM_N) {
        number_unpack(bound.body, &number);
        return arena_printf(arena, "AttributeValue: {N:%.*s}", (int)number_text(&number, text),
                            text);
    }
    if (bound.type == DATUM_B) {
        return arena_printf(arena, "AttributeValue: {B:java.nio.HeapByteBuffer[pos=0 lim=%zu "
                            "cap=%zu]}", bound.body.bytes, bound.body.bytes);
    }
    return arena_printf(arena, "AttributeValue: {%.*s:%.*s}", STR_ARG(type), STR_ARG(bound.body));
}

static status check_bounds(struct checker *c, const struct expr *between)
{
    const struct expr *low = between->first->next;
    const struct expr *high = low->next;
    struct arena *arena = c->terms->arena;
    bool same = false;

    if (low->op != OP_VALUE || high->op != OP_VALUE) {
        return OK;
    }
    same = low->value.type == high->value.type;
    if (same && datum_cmp(low->value, high->value) <= 0) {
        return OK;
    }
    return expr_refuse(c->terms, c->kind, "The BETWEEN operator requires %s; lower bound operand: "
                       "%.*s, upper bound operand: %.*s",
                       same ? "upper bound to be greater than or equal to lower bound"
                            : "same data type for lower and upper bounds",
                       STR_ARG(bound_text(arena, low->value)),
                       STR_ARG(bound_text(arena, high->value)));
}

/* ---- functions ---- */

static status check_count(struct checker *c, const struct expr *call)
{
    if (call->count != function_find(call->text)->operands) {
        return expr_refuse(c->terms, c->kind, "Incorrect number of operands for operator or "
                           "function; operator or function: %.*s, number of operands: %u",
                           STR_ARG(call->text), call->count);
    }
    return OK;
}

static status check_needs_path(struct checker *c, const struct expr *call)
{
    if (call->first->op != OP_PATH) {
        return expr_refuse(c->terms, c->kind, "Operator or function requires a document path; "
                           "operator or function: %.*s", STR_ARG(call->text));
    }
    return OK;
}

static status check_type_name(struct checker *c, const struct expr *call)
{
    const struct expr *name = call->first->next;
    uint8_t type = known_type(name);

    if (type != DATUM_S) {
        return wrong_type(c, call->text, type == DATUM_NONE
                                             ? STR("{NS,SS,L,BS,N,M,B,BOOL,NULL,S}")
                                             : datum_type_name(type));
    }
    if (!datum_type_of(name->value.body, &type)) {
        return expr_refuse(c->terms, c->kind, "Invalid attribute type name found; type: %.*s, "
                           "valid types: {B,NULL,SS,BOOL,L,BS,N,NS,S,M}",
                           STR_ARG(name->value.body));
    }
    return OK;
}

static status check_call(struct checker *c, const struct expr *call)
{
    TRY(check_count(c, call));
    switch ((enum expr_op)call->op) {
    case OP_EXISTS:
    case OP_NOT_EXISTS:
    case OP_IF_NOT_EXISTS:
        return check_needs_path(c, call);
    case OP_TYPE:
        TRY(check_needs_path(c, call));
        TRY(check_distinct(c, call));
        return check_type_name(c, call);
    case OP_BEGINS:
        TRY(check_distinct(c, call));
        return check_types(c, call, TYPES_TEXT);
    case OP_CONTAINS:
        return check_distinct(c, call);
    case OP_SIZE:
        return check_types(c, call, TYPES_SIZED);
    case OP_LIST_APPEND:
        return check_types(c, call, 1u << DATUM_L);
    default:
        return OK;
    }
}

static status check_in(struct checker *c, const struct expr *in)
{
    if (in->count - 1 > EXPR_IN_MAX) {
        return expr_refuse(c->terms, c->kind, "The IN operator is provided with too many operands; "
                                              "number of operands: %d", in->count - 1);
    }
    return check_distinct(c, in);
}

/* ---- pass 2: conditions ---- */

static status bound(struct checker *c, struct expr *expr)
{
    if (expr->op == OP_PATH) {
        return bind_path(c, expr->path);
    }
    if (expr->op == OP_VALUE) {
        return bind_value(c, expr);
    }
    for (struct expr *child = expr->first; child != NULL; child = child->next) {
        TRY(bound(c, child));
    }
    switch ((enum expr_op)expr->op) {
    case OP_OR:
    case OP_AND:
    case OP_NOT:
        return OK;
    case OP_EQ:
    case OP_NE:
        return check_distinct(c, expr);
    case OP_LT:
    case OP_LE:
    case OP_GT:
    case OP_GE:
        TRY(check_distinct(c, expr));
        return check_types(c, expr, TYPES_SCALAR);
    case OP_BETWEEN:
        TRY(check_distinct(c, expr));
        TRY(check_types(c, expr, TYPES_SCALAR));
        return check_bounds(c, expr);
    case OP_IN:
        return check_in(c, expr);
    default:
        return check_call(c, expr);
    }
}

status check_condition(struct terms *terms, enum expr_kind kind, struct expr *condition)
{
    struct checker c = {terms, kind};

    TRY(written(&c, condition, IN_CONDITION));
    return bound(&c, condition);
}

/* ---- paths ---- */

int path_cmp(const struct path *a, const struct path *b)
{
    for (uint32_t i = 0; i < a->count && i < b->count; i++) {
        const struct step *x = &a->steps[i];
        const struct step *y = &b->steps[i];
        int order = 0;

        if (x->is_index != y->is_index) {
            return x->is_index ? 1 : -1;
        }
        if (x->is_index) {
            order = x->index == y->index ? 0 : x->index < y->index ? -1 : 1;
        } else {
            order = str_cmp(x->name, y->name);
        }
        if (order != 0) {
            return order;
        }
    }
    return a->count == b->count ? 0 : a->count < b->count ? -1 : 1;
}

enum path_relation { APART, OVERLAP, CONFLICT };

static enum path_relation relation(const struct path *a, const struct path *b)
{
    for (uint32_t i = 0; i < a->count && i < b->count; i++) {
        const struct step *x = &a->steps[i];
        const struct step *y = &b->steps[i];

        if (x->is_index != y->is_index) {
            return CONFLICT;
        }
        if (x->is_index ? x->index != y->index : !str_eq(x->name, y->name)) {
            return APART;
        }
    }
    return OVERLAP;
}

static int path_at_cmp(const void *a, const void *b)
{
    return path_cmp(*(struct path *const *)a, *(struct path *const *)b);
}

/* The first pair, as written, that stands in that relation. */
static status refuse_pair(const struct terms *terms, enum expr_kind kind, const struct paths *paths,
                          enum path_relation wanted)
{
    for (size_t j = 1; j < paths->count; j++) {
        for (size_t i = 0; i < j; i++) {
            if (relation(paths->at[i], paths->at[j]) == wanted) {
                return expr_refuse(terms, kind, "Two document paths %s with each other; must "
                                   "remove or rewrite one of these paths; path one: %.*s, "
                                   "path two: %.*s",
                                   wanted == OVERLAP ? "overlap" : "conflict",
                                   STR_ARG(path_text(terms->arena, paths->at[i])),
                                   STR_ARG(path_text(terms->arena, paths->at[j])));
            }
        }
    }
    return OK;
}

status paths_apart(const struct terms *terms, enum expr_kind kind, struct paths *paths)
{
    struct path **sorted = arena_alloc(terms->arena, (paths->count + 1) * sizeof(*sorted));
    bool apart = true;

    /* Sorted, a path stands right before what it is a beginning of, and a name next to an index
     * in the same place; so neighbours tell whether any pair is bad. */
    memcpy(sorted, paths->at, paths->count * sizeof(*sorted));
    qsort(sorted, paths->count, sizeof(*sorted), path_at_cmp);
    for (size_t i = 1; i < paths->count; i++) {
        apart = apart && relation(sorted[i - 1], sorted[i]) == APART;
    }
    if (!apart) {
        TRY(refuse_pair(terms, kind, paths, OVERLAP));
        TRY(refuse_pair(terms, kind, paths, CONFLICT));
    }
    paths->at = sorted;
    return OK;
}

status check_paths(struct terms *terms, struct paths *paths)
{
    struct checker c = {terms, EXPR_PROJECTION};

    for (size_t i = 0; i < paths->count; i++) {
        TRY(written_path(&c, paths->at[i]));
    }
    for (size_t i = 0; i < paths->count; i++) {
        TRY(bind_path(&c, paths->at[i]));
    }
    return paths_apart(terms, EXPR_PROJECTION, paths);
}

/* ---- updates ---- */

static status written_update(struct checker *c, struct update *update)
{
    static const char *const words[] = {"SET", "REMOVE", "ADD", "DELETE"};
    bool seen[4] = {false};
    int section = -1;
    int repeated = -1;

    for (struct action *action = update->first; action != NULL; action = action->next) {
        TRY(written_path(c, action->path));
        if (action->value != NULL) {
            TRY(written(c, action->value, IN_OPERAND));
        }
        if (action->section != section) {
            section = action->section;
            repeated = seen[action->kind] && repeated < 0 ? action->kind : repeated;
            seen[action->kind] = true;
        }
    }
    if (repeated >= 0) {
        return expr_refuse(c->terms, c->kind, "The \"%s\" section can only be used once in an "
                                              "update expression;", words[repeated]);
    }
    return OK;
}

/* ADD takes numbers and sets, DELETE sets; AWS writes the types out here. */
static status check_operand(struct checker *c, const struct action *action)
{
    static const char *const long_names[] = {
        [DATUM_S] = "STRING", [DATUM_N] = "NUMBER",   [DATUM_B] = "BINARY",  [DATUM_L] = "LIST",
        [DATUM_M] = "MAP",    [DATUM_BOOL] = "BOOLEAN", [DATUM_NULL] = "NULL",
    };
    uint8_t type = action->value->value.type;
    const char *word = action->kind == ACTION_ADD ? "ADD" : "DELETE";

    if (datum_is_set(type) || (type == DATUM_N && action->kind == ACTION_ADD)) {
        return OK;
    }
    return expr_refuse(c->terms, c->kind, "Incorrect operand type for operator or function; "
                       "operator: %s, operand type: %s, typeSet: ALLOWED_FOR_%s_OPERAND", word,
                       long_names[type], word);
}

static status check_set_value(struct checker *c, const struct expr *expr)
{
    for (const struct expr *child = expr->first; child != NULL; child = child->next) {
        TRY(check_set_value(c, child));
    }
    switch ((enum expr_op)expr->op) {
    case OP_PLUS:
    case OP_MINUS:
        return check_types(c, expr, 1u << DATUM_N);
    case OP_IF_NOT_EXISTS:
    case OP_LIST_APPEND:
        return check_call(c, expr);
    default:
        return OK;
    }
}

static status touched_paths(struct terms *terms, enum expr_kind kind, struct update *update)
{
    struct paths *paths = &update->touched;

    paths->at = arena_alloc(terms->arena, (update->count + 1) * sizeof(*paths->at));
    for (struct action *action = update->first; action != NULL; action = action->next) {
        paths->at[paths->count++] = action->path;
    }
    return paths_apart(terms, kind, paths);
}

status check_update(struct terms *terms, struct update *update)
{
    struct checker c = {terms, EXPR_UPDATE};
    struct action *action;

    TRY(written_update(&c, update));
    for (action = update->first; action != NULL; action = action->next) {
        TRY(bind_path(&c, action->path));
        if (action->value != NULL) {
            TRY(bind_names(&c, action->value));
        }
    }
    for (action = update->first; action != NULL; action = action->next) {
        if (action->value != NULL) {
            TRY(bind_values(&c, action->value));
        }
    }
    TRY(touched_paths(terms, EXPR_UPDATE, update));
    for (action = update->first; action != NULL; action = action->next) {
        if (action->kind == ACTION_ADD || action->kind == ACTION_DELETE) {
            TRY(check_operand(&c, action));
        }
    }
    for (action = update->first; action != NULL; action = action->next) {
        if (action->kind == ACTION_SET) {
            TRY(check_set_value(&c, action->value));
        }
    }
    return OK;
}

status check_statement_update(struct terms *terms, struct update *update)
{
    struct checker c = {terms, EXPR_STATEMENT};

    TRY(touched_paths(terms, EXPR_STATEMENT, update));
    for (struct action *action = update->first; action != NULL; action = action->next) {
        if (action->kind == ACTION_SET) {
            TRY(check_set_value(&c, action->value));
        }
    }
    return OK;
}
