/* SPDX-License-Identifier: Apache-2.0
 *
 * Statements of PartiQL.
 *
 *   statement   = ( select | insert | update | delete | from | EXISTS ( select ) ) [ ; ]
 *   select      = SELECT ( * | path { , path } ) FROM source [ WHERE or ]
 *                 [ ORDER BY name [ ASC | DESC ] { , ... } ]
 *   insert      = INSERT INTO source VALUE map
 *   update      = UPDATE source change { change } [ WHERE or ] [ RETURNING ... ]
 *   from        = FROM source [ WHERE or ] change { change } [ RETURNING ... ]
 *   delete      = DELETE FROM source [ WHERE or ] [ RETURNING ... ]
 *   change      = SET path = operand { , path = operand } | REMOVE path { , path }
 *   source      = name [ . name ]
 *   RETURNING   ( ALL | MODIFIED ) ( OLD | NEW ) *
 *
 * set_add(a, x) and set_delete(a, x) stand only where a = is before them; they are the actions ADD
 * and DELETE.
 */
#include "svc/dynamodb/partiql_int.h"

#include <assert.h>

#define LEFTOVER "Unexpected token after expression"
#define NO_DML "Expected data manipulation"

/* ---- sources ---- */

static bool is_name(const struct lexeme *lexeme)
{
    return lexeme->kind == LEXEME_WORD || lexeme->kind == LEXEME_QUOTED;
}

static status source_part(struct reader *r, struct str *ret_name)
{
    if (r->now.name.bytes == 0) {
        return why_set(r->terms.why, &DDB_VALIDATION, "Path component cannot be an empty string");
    }
    *ret_name = r->now.name;
    reader_step(r);
    return OK;
}

static status source_read(struct reader *r, const char *refusal, struct statement *statement)
{
    if (!is_name(&r->now)) {
        return refusal != NULL ? reader_refuse(r, refusal) : reader_refuse_term(r);
    }
    TRY(source_part(r, &statement->table));
    if (!reader_skip(r, ".")) {
        return OK;
    }
    if (!is_name(&r->now)) {
        return reader_refuse(r, "Invalid path dot component");
    }
    TRY(source_part(r, &statement->index));
    if (now_is(r, ".")) {
        return why_set(r->terms.why, &DDB_VALIDATION,
                       "A path may contain at most 2 components in the FROM clause");
    }
    return OK;
}

static status no_alias(struct reader *r)
{
    if (is_name(&r->now) || now_is(r, "AS")) {
        return why_set(r->terms.why, &DDB_VALIDATION, "Aliasing is not supported");
    }
    return OK;
}

/* Of a statement that writes. */
static status no_index(struct reader *r, const struct statement *statement)
{
    if (statement->index.bytes > 0) {
        return why_set(r->terms.why, &DDB_VALIDATION,
                       "This operation is not supported on an index");
    }
    return OK;
}

static status where_follows(struct reader *r, struct statement *statement)
{
    return reader_skip(r, "WHERE") ? where_read(r, &statement->where) : OK;
}

/* ---- SELECT ---- */

static struct str column_name(struct reader *r, const struct path *path)
{
    const struct step *last = &path->steps[path->count - 1];
    uint32_t named = path->count - 1;
    struct str name;

    if (!last->is_index) {
        return last->name;
    }
    while (path->steps[named].is_index) {
        named--;
    }
    name = path->steps[named].name;
    for (uint32_t i = named + 1; i < path->count; i++) {
        name = arena_printf(r->terms.arena, "%.*s[%u]", STR_ARG(name), path->steps[i].index);
    }
    return name;
}

static status column_read(struct reader *r, struct statement *statement)
{
    struct column column;
    bool word = r->now.kind == LEXEME_WORD || r->now.kind == LEXEME_KEYWORD;

    if (word && lexeme_is(&r->next, "(")) {
        return reader_refuse_at(r, &r->now, "Unexpected path component");
    }
    if (!is_name(&r->now)) {
        return reader_refuse_term(r);
    }
    TRY(path_read(r, &column.path));
    TRY(no_alias(r));
    column.name = column_name(r, column.path);
    for (size_t i = 0; i < statement->column_count; i++) {
        if (str_eq(statement->columns[i].name, column.name)) {
            return why_set(r->terms.why, &DDB_VALIDATION,
                           "Duplicate identifiers in select clause: %.*s", STR_ARG(column.name));
        }
    }
    if (statement->column_count == STATEMENT_COLUMNS_MAX) {
        return why_set(r->terms.why, &DDB_VALIDATION, "Too many columns in select clause");
    }
    statement->columns[statement->column_count++] = column;
    return OK;
}

static status columns_read(struct reader *r, struct statement *statement)
{
    if (reader_skip(r, "*")) {
        return OK;
    }
    statement->columns = arena_alloc(r->terms.arena,
                                     STATEMENT_COLUMNS_MAX * sizeof(*statement->columns));
    do {
        TRY(column_read(r, statement));
    } while (reader_skip(r, ","));
    return OK;
}

static status orders_read(struct reader *r, struct statement *statement)
{
    struct order *orders = arena_alloc(r->terms.arena, STATEMENT_ORDERS_MAX * sizeof(*orders));

    if (!reader_skip(r, "BY")) {
        return reader_refuse(r, "Expected BY after ORDER");
    }
    statement->orders = orders;
    do {
        if (!is_name(&r->now)) {
            return reader_refuse_term(r);
        }
        if (statement->order_count == STATEMENT_ORDERS_MAX) {
            return why_set(r->terms.why, &DDB_VALIDATION, "Too many attributes in ORDER BY clause");
        }
        orders[statement->order_count] = (struct order){.name = r->now.name};
        reader_step(r);
        orders[statement->order_count++].down = reader_skip(r, "DESC");
        if (!orders[statement->order_count - 1].down) {
            reader_skip(r, "ASC");
        }
    } while (reader_skip(r, ","));
    return OK;
}

static status select_read(struct reader *r, struct statement *statement)
{
    static const char *const clauses[] = {"GROUP", "HAVING", "LIMIT", NULL};

    statement->kind = STATEMENT_SELECT;
    TRY(columns_read(r, statement));
    if (!reader_skip(r, "FROM")) {
        return reader_refuse(r, "Expected FROM after SELECT list");
    }
    TRY(source_read(r, NULL, statement));
    TRY(no_alias(r));
    if (now_is(r, ",") || now_is(r, "JOIN") || now_is(r, "INNER") || now_is(r, "LEFT")) {
        return why_set(r->terms.why, &DDB_VALIDATION,
                       "FROM clause may only contain a single table name");
    }
    TRY(where_follows(r, statement));
    if (reader_skip(r, "ORDER")) {
        TRY(orders_read(r, statement));
    }
    for (const char *const *clause = clauses; *clause != NULL; clause++) {
        if (now_is(r, *clause)) {
            return why_set(r->terms.why, &DDB_VALIDATION, "Unsupported clause: %s", *clause);
        }
    }
    return OK;
}

/* EXISTS(SELECT ...) */
static status exists_read(struct reader *r, struct statement *statement)
{
    if (!reader_skip(r, "(") || !reader_skip(r, "SELECT")) {
        return reader_refuse(r, NO_DML);
    }
    TRY(select_read(r, statement));
    statement->kind = STATEMENT_EXISTS;
    return reader_skip(r, ")") ? OK : reader_refuse(r, "Unexpected term");
}

/* ---- INSERT ---- */

static status insert_read(struct reader *r, struct statement *statement)
{
    statement->kind = STATEMENT_INSERT;
    if (!reader_skip(r, "INTO")) {
        return reader_refuse(r, NO_DML);
    }
    TRY(source_read(r, "Expected identifier for simple path", statement));
    if (statement->index.bytes > 0) {
        return why_set(r->terms.why, &DDB_VALIDATION,
                       "FROM clause may only contain a single table name");
    }
    if (!reader_skip(r, "VALUE")) {
        struct expr *instead;

        TRY(operand_read(r, &instead));
        return reader_refuse(r, LEFTOVER);
    }
    return literal_item(r, &statement->item);
}

/* ---- UPDATE ---- */

static void action_add(struct update *update, struct action *action)
{
    if (update->last == NULL) {
        update->first = action;
    } else {
        update->last->next = action;
    }
    update->last = action;
    update->count++;
}

/* set_add(path, set), set_delete(path, set): the word stands here. */
static status set_call_read(struct reader *r, struct action *action)
{
    struct lexeme word = r->now;
    struct lexeme first;
    bool add = now_is(r, "set_add");
    const char *name = add ? "SET_ADD" : "SET_DELETE";
    struct expr *operands[3] = {NULL};
    size_t count = 0;

    reader_step(r);
    reader_step(r);
    first = r->now;
    if (!now_is(r, ")")) {
        do {
            TRY(operand_read(r, &operands[count]));
            count += count < 2;
        } while (reader_skip(r, ",") && operands[2] == NULL);
    }
    if (count != 2 || operands[2] != NULL) {
        return reader_refuse_at(r, &word, "%s must have exactly two arguments", name);
    }
    if (!reader_skip(r, ")")) {
        return reader_refuse(r, "Unexpected term");
    }
    if (operands[0]->op != OP_PATH || path_cmp(operands[0]->path, action->path) != 0) {
        return reader_refuse_at(r, &word, "The first argument to %s must equal the assignment "
                                "value", name);
    }
    if (operands[1]->op != OP_VALUE || !datum_is_set(operands[1]->value.type)) {
        return reader_refuse_at(r, &first, "The second argument to %s must be a value with type "
                                "SET", name);
    }
    action->kind = add ? ACTION_ADD : ACTION_DELETE;
    action->value = operands[1];
    return OK;
}

/* What SET may make of operands. */
static status set_value_check(struct reader *r, const struct expr *expr)
{
    switch ((enum expr_op)expr->op) {
    case OP_PATH:
    case OP_PLUS:
    case OP_MINUS:
    case OP_LIST_APPEND:
        break;
    case OP_VALUE:
        if (expr->value.type != DATUM_NONE) {
            break;
        }
        __attribute__((fallthrough));
    default:
        return why_set(r->terms.why, &DDB_VALIDATION, "The function is not allowed in an update "
                       "expression; function: %.*s", STR_ARG(expr->text));
    }
    for (const struct expr *child = expr->first; child != NULL; child = child->next) {
        TRY(set_value_check(r, child));
    }
    return OK;
}

static status assignment_read(struct reader *r, struct action *action)
{
    TRY(path_read(r, &action->path));
    if (!reader_skip(r, "=")) {
        return reader_refuse(r, "Expected = in SET");
    }
    action->kind = ACTION_SET;
    if ((now_is(r, "set_add") || now_is(r, "set_delete")) && lexeme_is(&r->next, "(")) {
        return set_call_read(r, action);
    }
    TRY(operand_read(r, &action->value));
    TRY(operators_check(r));
    return set_value_check(r, action->value);
}

static status changes_read(struct reader *r, struct statement *statement)
{
    statement->kind = STATEMENT_UPDATE;
    if (!now_is(r, "SET") && !now_is(r, "REMOVE")) {
        return reader_refuse(r, NO_DML);
    }
    while (now_is(r, "SET") || now_is(r, "REMOVE")) {
        bool set = now_is(r, "SET");

        do {
            struct action *action = ARENA_NEW(r->terms.arena, struct action);

            reader_step(r); /* the word, or a comma */
            action->kind = ACTION_REMOVE;
            TRY(set ? assignment_read(r, action) : path_read(r, &action->path));
            action_add(&statement->update, action);
        } while (now_is(r, ","));
    }
    return OK;
}

static status returning_follows(struct reader *r, struct statement *statement)
{
    bool all, old;

    if (!reader_skip(r, "RETURNING")) {
        return OK;
    }
    all = now_is(r, "ALL");
    if (!reader_skip(r, "ALL") && !reader_skip(r, "MODIFIED")) {
        return reader_refuse(r, "Expected ALL or MODIFIED after RETURNING");
    }
    old = now_is(r, "OLD");
    if (!reader_skip(r, "OLD") && !reader_skip(r, "NEW")) {
        return reader_refuse(r, "Expected OLD or NEW in RETURNING");
    }
    if (!reader_skip(r, "*")) {
        return reader_refuse(r, "Expected * in RETURNING");
    }
    statement->returning = all ? (old ? RETURNING_ALL_OLD : RETURNING_ALL_NEW)
                               : (old ? RETURNING_MODIFIED_OLD : RETURNING_MODIFIED_NEW);
    return OK;
}

static status update_statement_read(struct reader *r, struct statement *statement)
{
    TRY(source_read(r, "Expected identifier for simple path", statement));
    TRY(no_alias(r));
    TRY(changes_read(r, statement));
    TRY(where_follows(r, statement));
    return returning_follows(r, statement);
}

static status from_read(struct reader *r, struct statement *statement)
{
    TRY(source_read(r, NULL, statement));
    TRY(no_alias(r));
    TRY(where_follows(r, statement));
    TRY(changes_read(r, statement));
    return returning_follows(r, statement);
}

/* ---- DELETE ---- */

static status delete_read(struct reader *r, struct statement *statement)
{
    static const char *const texts[] = {
        [RETURNING_ALL_NEW] = "ALL NEW",
        [RETURNING_MODIFIED_OLD] = "MODIFIED OLD",
        [RETURNING_MODIFIED_NEW] = "MODIFIED NEW",
    };

    statement->kind = STATEMENT_DELETE;
    if (!reader_skip(r, "FROM")) {
        return reader_refuse(r, NO_DML);
    }
    TRY(source_read(r, "Expected identifier for simple path", statement));
    TRY(no_alias(r));
    TRY(where_follows(r, statement));
    TRY(returning_follows(r, statement));
    if (statement->returning > RETURNING_ALL_OLD) {
        return why_set(r->terms.why, &DDB_VALIDATION, "Invalid returning clause: RETURNING %s *. "
                       "Only RETURNING ALL OLD * is allowed in DELETE statements.",
                       texts[statement->returning]);
    }
    return OK;
}

/* ---- any ---- */

static status any_read(struct reader *r, struct statement *statement)
{
    static const struct {
        const char *word;
        status (*read)(struct reader *r, struct statement *statement);
    } forms[] = {
        {"SELECT", select_read}, {"INSERT", insert_read}, {"UPDATE", update_statement_read},
        {"DELETE", delete_read}, {"FROM", from_read},     {"EXISTS", exists_read},
    };

    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        if (reader_skip(r, forms[i].word)) {
            return forms[i].read(r, statement);
        }
    }
    return reader_refuse(r, NO_DML);
}

status statement_read(struct arena *arena, struct str text, const struct values *values,
                      struct why *why, struct statement *ret_statement)
{
    struct reader r = {.terms = {.arena = arena, .why = why}, .values = values};
    struct statement statement = {0};

    if (text.bytes > STATEMENT_BYTES_MAX) {
        return why_set(why, &DDB_VALIDATION, "Statement size has exceeded the maximum allowed "
                                             "size");
    }
    reader_begin(&r, text);
    TRY(any_read(&r, &statement));
    reader_skip(&r, ";");
    if (r.now.kind != LEXEME_END) {
        return reader_refuse(&r, LEFTOVER);
    }
    if (r.values_used != values->count) {
        return why_set(why, &DDB_VALIDATION,
                       "Number of parameters in request and statement don't match.");
    }
    if (statement.kind == STATEMENT_UPDATE || statement.kind == STATEMENT_DELETE) {
        TRY(no_index(&r, &statement));
    }
    if (statement.kind == STATEMENT_UPDATE) {
        TRY(check_statement_update(&r.terms, &statement.update));
    }
    *ret_statement = statement;
    return OK;
}
