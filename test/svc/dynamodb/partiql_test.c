/* SPDX-License-Identifier: Apache-2.0
 *
 * PartiQL, read: which statements are refused, in AWS's words and with its positions; what the
 * others become, shown as one line of text; and that conditions written in PartiQL hold as they
 * should.
 */
#include "world.h"

#include "base/buf.h"
#include "svc/dynamodb/number.h"
#include "svc/dynamodb/partiql_plan.h"

#define MALFORMED "Statement wasn't well formed, can't be processed: "
#define ROWS(rows) rows, sizeof(rows) / sizeof((rows)[0])

/* ---- a statement as text ---- */

static void show_datum(struct buf *buf, struct datum datum)
{
    struct cursor cursor = cursor_of(datum.body);
    struct number number;
    char text[NUMBER_TEXT_BYTES_MAX];

    switch ((enum datum_type)datum.type) {
    case DATUM_S:
        buf_printf(buf, "'%.*s'", STR_ARG(datum.body));
        return;
    case DATUM_N:
        assert_true(number_unpack(datum.body, &number));
        buf_add_bytes(buf, text, number_text(&number, text));
        return;
    case DATUM_BOOL:
        buf_add(buf, datum.body.at[0] != 0 ? STR("true") : STR("false"));
        return;
    case DATUM_L:
        for (buf_add(buf, STR("[")); cursor.rest.bytes > 0; buf_add(buf, STR(" "))) {
            show_datum(buf, datum_read(&cursor));
        }
        buf_add(buf, STR("]"));
        return;
    case DATUM_SS:
    case DATUM_NS:
        for (buf_add(buf, STR("<")); cursor.rest.bytes > 0; buf_add(buf, STR(" "))) {
            show_datum(buf, datum_read_member(&cursor, datum.type));
        }
        buf_add(buf, STR(">"));
        return;
    case DATUM_M:
        for (buf_add(buf, STR("{")); cursor.rest.bytes > 0; buf_add(buf, STR(" "))) {
            struct str name;
            struct datum value = datum_read_pair(&cursor, &name);

            buf_printf(buf, "%.*s:", STR_ARG(name));
            show_datum(buf, value);
        }
        buf_add(buf, STR("}"));
        return;
    default:
        buf_add(buf, datum_type_name(datum.type));
    }
}

static void show_path(struct buf *buf, const struct path *path)
{
    for (uint32_t i = 0; i < path->count; i++) {
        if (path->steps[i].is_index) {
            buf_printf(buf, "[%u]", path->steps[i].index);
        } else {
            buf_printf(buf, "%s%.*s", i > 0 ? "." : "", STR_ARG(path->steps[i].name));
        }
    }
}

static void show_expr(struct buf *buf, const struct expr *expr)
{
    if (expr->op == OP_PATH) {
        show_path(buf, expr->path);
        return;
    }
    if (expr->op == OP_VALUE) {
        show_datum(buf, expr->value);
        return;
    }
    buf_printf(buf, "(%.*s", STR_ARG(expr->text));
    for (const struct expr *child = expr->first; child != NULL; child = child->next) {
        buf_add(buf, STR(" "));
        show_expr(buf, child);
    }
    buf_add(buf, STR(")"));
}

static void show_update(struct buf *buf, const struct update *update)
{
    static const char *const words[] = {"SET", "REMOVE", "ADD", "DELETE"};

    for (const struct action *action = update->first; action != NULL; action = action->next) {
        buf_printf(buf, " %s ", words[action->kind]);
        show_path(buf, action->path);
        if (action->value != NULL) {
            buf_add(buf, STR("="));
            show_expr(buf, action->value);
        }
    }
}

static void show(struct buf *buf, const struct statement *s)
{
    static const char *const words[] = {"SELECT", "INSERT", "UPDATE", "DELETE", "EXISTS"};
    static const char *const returns[] = {"", " ALL OLD", " ALL NEW", " MODIFIED OLD",
                                          " MODIFIED NEW"};

    buf_printf(buf, "%s %.*s", words[s->kind], STR_ARG(s->table));
    if (s->index.bytes > 0) {
        buf_printf(buf, "/%.*s", STR_ARG(s->index));
    }
    for (size_t i = 0; i < s->column_count; i++) {
        buf_add(buf, i == 0 ? STR(" ") : STR(","));
        show_path(buf, s->columns[i].path);
        buf_printf(buf, ">%.*s", STR_ARG(s->columns[i].name));
    }
    if (s->kind == STATEMENT_INSERT) {
        buf_add(buf, STR(" "));
        show_datum(buf, (struct datum){DATUM_M, s->item.attributes});
    }
    show_update(buf, &s->update);
    if (s->where != NULL) {
        buf_add(buf, STR(" "));
        show_expr(buf, s->where);
    }
    for (size_t i = 0; i < s->order_count; i++) {
        buf_printf(buf, " %s%.*s", s->orders[i].down ? "v" : "^", STR_ARG(s->orders[i].name));
    }
    buf_printf(buf, "%s", returns[s->returning]);
}

/* parameters: a JSON list of AttributeValues, or NULL. */
static status statement_of(struct world *w, const char *text, const char *parameters,
                           struct statement *ret_statement)
{
    struct values values;
    const struct value *list = NULL;

    if (parameters != NULL) {
        struct str json = arena_printf(w->arena, "{'Statement':'x','Parameters':%s}", parameters);

        list = get(input_of(w->arena, "ExecuteStatement", json.at), "Parameters");
    }
    TRY(statement_values_read(w->arena, list, &w->why, &values));
    return statement_read(w->arena, str_c(text), &values, &w->why, ret_statement);
}

/* The statement's text, or the sentence of its refusal. */
static const char *read_as(struct world *w, const char *text, const char *parameters)
{
    struct statement statement;
    struct buf buf;
    const char *shown;

    if (statement_of(w, text, parameters, &statement) != OK) {
        return w->why.text;
    }
    buf_init(&buf, 1u << 20);
    show(&buf, &statement);
    buf_add_c(&buf, 0);
    shown = arena_dup(w->arena, buf_str(&buf)).at;
    buf_done(&buf);
    return shown;
}

struct row {
    const char *text;   /* the statement */
    const char *wanted; /* what it becomes, or its sentence */
};

static void assert_read(struct world *w, const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *read = read_as(w, rows[i].text, NULL);

        if (strcmp(read, rows[i].wanted) != 0) {
            print_error("%s\n", rows[i].text);
        }
        assert_string_equal(read, rows[i].wanted);
    }
}

/* ---- what statements become ---- */

static void selects_are_read(void **state)
{
    static const struct row rows[] = {
        {"SELECT * FROM Music", "SELECT Music"},
        {"select * from \"Music\" ;", "SELECT Music"},
        {"SELECT * FROM \"T\".\"I\" WHERE a = 1", "SELECT T/I (= a 1)"},
        {"SELECT a, m.b, l[0], m.l[1][2], \"size\", m['x y'] FROM t",
         "SELECT t a>a,m.b>b,l[0]>l[0],m.l[1][2]>l[1][2],size>size,m.x y>x y"},
        {"SELECT * FROM t WHERE a = 'it''s' AND \"q\"\"q\" <> -1.50e1",
         "SELECT t (AND (= a 'it's') (<> q\"q -15))"},
        {"SELECT * FROM t WHERE a = 1 OR b < 2 AND NOT c >= 3",
         "SELECT t (OR (= a 1) (AND (< b 2) (NOT (>= c 3))))"},
        {"SELECT * FROM t WHERE (a = 1 OR b != 2) AND c = TRUE",
         "SELECT t (AND (OR (= a 1) (!= b 2)) (= c true))"},
        {"SELECT * FROM t WHERE a BETWEEN 1 AND 2 AND b IN [1, 'x'] AND c IN (1, d)",
         "SELECT t (AND (BETWEEN a 1 2) (IN b 1 'x') (IN c 1 d))"},
        {"SELECT * FROM t WHERE a NOT IN [1] AND b NOT BETWEEN 1 AND 2 AND NOT c IN <<'x'>>",
         "SELECT t (AND (NOT (IN a 1)) (NOT (BETWEEN b 1 2)) (NOT (IN c 'x')))"},
        {"SELECT * FROM t WHERE a IS MISSING AND b IS NOT MISSING AND c = MISSING AND d <> MISSING",
         "SELECT t (AND (attribute_not_exists a) (attribute_exists b) (attribute_not_exists c)"
         " (attribute_exists d))"},
        {"SELECT * FROM t WHERE a IS NULL AND b IS NOT NULL AND c IS STRING AND d IS BAG",
         "SELECT t (AND (attribute_type a 'NULL') (NOT (attribute_type b 'NULL'))"
         " (attribute_type c 'S') (OR (attribute_type d 'SS') (attribute_type d 'NS')"
         " (attribute_type d 'BS')))"},
        {"SELECT * FROM t WHERE a IS DOUBLE PRECISION OR a IS CHARACTER VARYING",
         "SELECT t (OR (attribute_type a 'N') (attribute_type a 'S'))"},
        {"SELECT * FROM t WHERE BEGINS_WITH(a, 'x') AND contains(b, 1) AND Size(c) > 3"
         " AND attribute_type(d, 'S') = false AND attribute_exists(\"e\".f) = true",
         "SELECT t (AND (begins_with a 'x') (contains b 1) (> (size c) 3)"
         " (NOT (attribute_type d 'S')) (attribute_exists e.f))"},
        {"SELECT * FROM t WHERE a = [1, [], {'k': <<1, 2>>, 'a': null}]",
         "SELECT t (= a [1 [] {a:NULL k:<1 2 > } ])"},
        {"SELECT * FROM t WHERE a = 1 ORDER BY a DESC, b ASC, c", "SELECT t (= a 1) va ^b ^c"},
        {"-- one\nSELECT * /* two */ FROM t -- three\n WHERE a = .5 --", "SELECT t (= a 0.5)"},
        {"EXISTS(SELECT * FROM \"t\" WHERE a = 1)", "EXISTS t (= a 1)"},
    };

    assert_read(*state, ROWS(rows));
}

static void writes_are_read(void **state)
{
    static const struct row rows[] = {
        {"INSERT INTO \"t\" VALUE {'b': 1, 'a': 'x', 'b': [true]}", "INSERT t {a:'x' b:[true ] }"},
        {"INSERT INTO t VALUE {}", "INSERT t {}"},
        {"UPDATE t SET a = 1, m.b[2] = a - 1 SET c = list_append(c, [1]) REMOVE d, e WHERE k = 1",
         "UPDATE t SET a=1 SET m.b[2]=(- a 1) SET c=(list_append c [1 ]) REMOVE d REMOVE e"
         " (= k 1)"},
        {"UPDATE t SET a = (b + 1) - c", "UPDATE t SET a=(- (+ b 1) c)"},
        {"UPDATE t SET s = SET_ADD(s, <<'x'>>), m.s = set_delete(m.s, <<1>>) WHERE k = 1",
         "UPDATE t ADD s=<'x' > DELETE m.s=<1 > (= k 1)"},
        {"FROM t WHERE k = 1 SET a = 2 REMOVE b RETURNING MODIFIED NEW *",
         "UPDATE t SET a=2 REMOVE b (= k 1) MODIFIED NEW"},
        {"UPDATE t REMOVE a WHERE k = 1 RETURNING ALL NEW *",
         "UPDATE t REMOVE a (= k 1) ALL NEW"},
        {"DELETE FROM t WHERE k = 1 RETURNING ALL OLD *", "DELETE t (= k 1) ALL OLD"},
        {"DELETE FROM t", "DELETE t"},
    };

    assert_read(*state, ROWS(rows));
}

static void parameters_stand_for_values_in_order(void **state)
{
    struct world *w = *state;

    assert_string_equal(read_as(w, "SELECT * FROM t WHERE a = ? AND b IN ? AND c = '?'",
                                "[{'S':'x'},{'L':[{'N':'1'},{'N':'2'}]}]"),
                        "SELECT t (AND (= a 'x') (IN b 1 2) (= c '?'))");
    assert_string_equal(read_as(w, "INSERT INTO t VALUE ?", "[{'M':{'a':{'SS':['x']}}}]"),
                        "INSERT t {a:<'x' > }");
    assert_string_equal(read_as(w, "UPDATE t SET a = set_add(a, ?) WHERE k = ?",
                                "[{'NS':['1']},{'N':'7'}]"),
                        "UPDATE t ADD a=<1 > (= k 7)");
    assert_string_equal(read_as(w, "SELECT * FROM t WHERE a = ?", NULL),
                        "Number of parameters in request and statement don't match.");
    assert_string_equal(read_as(w, "SELECT * FROM t WHERE a = ?", "[{'S':'x'},{'S':'y'}]"),
                        "Number of parameters in request and statement don't match.");
    assert_string_equal(read_as(w, "SELECT * FROM t WHERE a = ?", "[{'N':'abc'}]"),
                        "The parameter cannot be converted to a numeric value: abc");
    assert_string_equal(read_as(w, "INSERT INTO t VALUE {'a': <<?>>}", "[{'S':'x'}]"),
                        "Unsupported data type in Bag");
}

/* ---- what is refused ---- */

static void malformed_statements_are_refused(void **state)
{
    static const struct row rows[] = {
        {"SLECT * FROM t", MALFORMED "Expected data manipulation"},
        {"", MALFORMED "Expected data manipulation"},
        {"UPDATE Payment-x SET a = 1", MALFORMED "Expected data manipulation"},
        {"SELECT * FROM t WHERE a = 1 foo", MALFORMED "Unexpected token after expression"},
        {"SELECT * FROM t WHERE a = 1 e5", MALFORMED "Unexpected token after expression"},
        {"SELECT * FROM t WHERE a = 1)", MALFORMED "Unexpected token after expression"},
        {"SELECT * FROM t ORDER BY a WHERE a = 1", MALFORMED "Unexpected token after expression"},
        {"INSERT INTO t VALUE {'a': 1} foo", MALFORMED "Unexpected token after expression"},
        {"INSERT INTO t u VALUE {'a': 1}", MALFORMED "Unexpected token after expression"},
        {"INSERT INTO t (key, b) VALUES (1, 2)", MALFORMED "Unexpected keyword"},
        {"DELETE FROM t WHERE a = 1 ORDER BY a", MALFORMED "Unexpected token after expression"},
        {"FROM t SET c = 1 WHERE a = 1", MALFORMED "Unexpected token after expression"},
        {"SELECT * FROM t; SELECT * FROM t", MALFORMED "Unexpected token after expression"},
        {"SELECT * FROM t WHERE a = 1e2147483648", MALFORMED},
        {"SELECT * FROM t WHERE a = 1.5e-2147483647", MALFORMED},
        {"SELECT * FROM t WHERE a = 1 # note", MALFORMED},
        {"SELECT * FROM t WHERE a = 1 /* note", MALFORMED},
        {"SELECT * FROM t WHERE a = 'x", MALFORMED},
        {"SELECT * FROM \"t", MALFORMED},
        {"SELECT * FROM t WHERE", MALFORMED "Unexpected term"},
        {"SELECT * FROM t WHERE;", MALFORMED "Unexpected term"},
        {"UPDATE t SET a = 1 WHERE", MALFORMED "Unexpected term"},
        {"SELECT * FROM t WHERE NOT", MALFORMED "Unexpected term"},
        {"SELECT * FROM t WHERE (", MALFORMED "Unexpected term"},
        {"SELECT * FROM", MALFORMED "Unexpected term"},
        {"SELECT * FROM t WHERE a = 1 AND",
         MALFORMED "Missing right-hand side expression of infix operator"},
        {"SELECT * FROM t WHERE a = 1 OR",
         MALFORMED "Missing right-hand side expression of infix operator"},
        {"SELECT * FROM t WHERE ORDER BY a", MALFORMED "Unexpected keyword"},
        {"SELECT * FROM t WHERE pad = 1", MALFORMED "Unexpected keyword"},
        {"SELECT * FROM t WHERE IS NULL", MALFORMED "Unexpected operator"},
        {"SELECT * FROM t WHERE a = LIKE", MALFORMED "Unexpected operator"},
        {"SELECT * FROM t WHERE a IS FOO", MALFORMED "Expected type name"},
        {"SELECT m.inner FROM t", MALFORMED "Invalid path dot component"},
        {"DELETE FROM", MALFORMED "Expected identifier for simple path"},
        {"DELETE FROM WHERE a = 1", MALFORMED "Expected identifier for simple path"},
    };

    assert_read(*state, ROWS(rows));
}

static void what_aws_does_not_support_is_refused(void **state)
{
    static const struct row rows[] = {
        {"SELECT * FROM t u WHERE a = 1", "Aliasing is not supported"},
        {"SELECT * FROM t AS u WHERE a = 1", "Aliasing is not supported"},
        {"SELECT a AS b FROM t", "Aliasing is not supported"},
        {"UPDATE t u SET a = 3 WHERE a = 1", "Aliasing is not supported"},
        {"DELETE FROM t u WHERE a = 1", "Aliasing is not supported"},
        {"SELECT m.z, z FROM t", "Duplicate identifiers in select clause: z"},
        {"SELECT * FROM t LIMIT 1", "Unsupported clause: LIMIT"},
        {"SELECT * FROM \"\" WHERE a = 1", "Path component cannot be an empty string"},
        {"SELECT * FROM t.\"\" WHERE a = 1", "Path component cannot be an empty string"},
        {"SELECT * FROM t.u.v", "A path may contain at most 2 components in the FROM clause"},
        {"INSERT INTO t.i VALUE {}", "FROM clause may only contain a single table name"},
        {"UPDATE t.i SET a = 1 WHERE k = 1", "This operation is not supported on an index"},
        {"DELETE FROM t.i WHERE k = 1", "This operation is not supported on an index"},
        {"DELETE FROM t WHERE k = 1 RETURNING MODIFIED OLD *",
         "Invalid returning clause: RETURNING MODIFIED OLD *. Only RETURNING ALL OLD * is allowed"
         " in DELETE statements."},
        {"SELECT attribute_exists(a) FROM t", "Unexpected path component at 1:8:16"},
        {"SELECT COUNT(*) FROM t", "Unexpected path component at 1:8:5"},
        {"SELECT * FROM t WHERE EXISTS(a)", "Unrecognized function: exists at 1:23:6"},
        {"SELECT *\nFROM t WHERE set_add(a, <<'x'>>) = a",
         "Unrecognized function: set_add at 2:14:7"},
        {"SELECT * FROM t WHERE attribute_exists('a')",
         "Operator or function requires a document path; operator or function: attribute_exists"},
        {"SELECT * FROM t WHERE attribute_exists()",
         "Incorrect number of operands for operator or function; operator or function: "
         "attribute_exists, number of operands: 0"},
        {"SELECT * FROM t WHERE a < TRUE",
         "Incorrect operand type for operator or function; operator or function: <, operand type: "
         "BOOL"},
        {"SELECT * FROM t WHERE a BETWEEN 2 AND 1",
         "The BETWEEN operator requires upper bound to be greater than or equal to lower bound; "
         "lower bound operand: AttributeValue: {N:2}, upper bound operand: AttributeValue: {N:1}"},
        {"SELECT * FROM t WHERE a LIKE 'x%'", "Unsupported operation: Like"},
        {"SELECT * FROM t WHERE a", "Unsupported expression in where clause: a"},
        {"SELECT * FROM t WHERE a = b + 1", "Unsupported operation in where clause: +"},
        {"UPDATE t SET a = 1, a.b = 2 WHERE k = 1",
         "Two document paths overlap with each other; must remove or rewrite one of these paths; "
         "path one: [a], path two: [a, b]"},
        {"UPDATE t SET a = a + 'x' WHERE k = 1",
         "Incorrect operand type for operator or function; operator or function: +, operand type: "
         "S"},
        {"UPDATE t SET a = if_not_exists(a, 1) WHERE k = 1",
         "Unrecognized function: if_not_exists at 1:18:13"},
    };

    assert_read(*state, ROWS(rows));
}

static void sets_are_refused_as_aws_does(void **state)
{
    static const struct row rows[] = {
        {"UPDATE t SET u = set_add(s, <<'x'>>) WHERE k = 1",
         "The first argument to SET_ADD must equal the assignment value at 1:18:7"},
        {"UPDATE t SET s = set_add(<<'a'>>, <<'x'>>) WHERE k = 1",
         "The first argument to SET_ADD must equal the assignment value at 1:18:7"},
        {"UPDATE t SET s = set_delete(s, 'x') WHERE k = 1",
         "The second argument to SET_DELETE must be a value with type SET at 1:29:1"},
        {"UPDATE t SET s = set_add(s) WHERE k = 1",
         "SET_ADD must have exactly two arguments at 1:18:7"},
        {"UPDATE t SET s = set_add(s, <<'x'>>, <<'y'>>) WHERE k = 1",
         "SET_ADD must have exactly two arguments at 1:18:7"},
        {"UPDATE t SET s = set_add(s, <<'x', 'x'>>) WHERE k = 1",
         "One or more parameter values were invalid: Input collection [x, x] contains duplicates."},
        {"UPDATE t SET s = set_add(s, <<>>) WHERE k = 1", "Empty bags are not supported"},
        {"INSERT INTO t VALUE {'s': <<1, 'x'>>}",
         "DynamoDB only supports either numbers or strings in bags"},
        {"INSERT INTO t VALUE {'s': set_add(<<'a'>>, <<'b'>>)}",
         "Unsupported data type: set_add under key root at 1:27:7"},
    };

    assert_read(*state, ROWS(rows));
}

static void numbers_say_where_they_stand(void **state)
{
    static const struct row rows[] = {
        {"SELECT * FROM t WHERE a = 1e126",
         "Number overflow. Attempting to store a number with magnitude larger than supported range"
         " under root"},
        {"UPDATE t SET a = 1e-131 WHERE k = 1",
         "Number underflow. Attempting to store a number with magnitude smaller than supported "
         "range under root"},
        {"SELECT * FROM t WHERE a = 123456789012345678901234567890123456789",
         "Attempting to store more than 38 significant digits in a Number under root"},
        {"INSERT INTO t VALUE {'k': 1e126}",
         "Number overflow. Attempting to store a number with magnitude larger than supported range"
         " under root"},
        {"INSERT INTO t VALUE {'m': {'x': 1e126}}",
         "Number overflow. Attempting to store a number with magnitude larger than supported range"
         " under root.x"},
        {"INSERT INTO t VALUE {'l': [1, {'y': [1e126]}]}",
         "Number overflow. Attempting to store a number with magnitude larger than supported range"
         " under root[1].y[0]"},
    };

    assert_read(*state, ROWS(rows));
}

/* ---- plans ---- */

static const struct key_schema keyed_by_two = {
    .names = {STR_INIT("p"), STR_INIT("s")},
    .types = {DATUM_S, DATUM_N},
    .hashes = 1,
    .count = 2,
};

/* What is read: the partitions with their ranges, or "all"; or the sentence. */
static const char *planned(struct world *w, const char *rest)
{
    struct str text = arena_printf(w->arena, "SELECT * FROM t %s", rest);
    struct statement statement;
    struct reads reads;
    struct buf buf;
    const char *shown;

    if (statement_of(w, text.at, NULL, &statement) != OK ||
        statement_reads_plan(w->arena, &statement, &keyed_by_two, &w->why, &reads) != OK) {
        return w->why.text;
    }
    buf_init(&buf, 1u << 20);
    buf_add(&buf, reads.count == 0 ? STR("all") : reads.descending ? STR("down") : STR("up"));
    for (size_t i = 0; i < reads.count; i++) {
        buf_add(&buf, STR(" "));
        show_datum(&buf, reads.at[i].hash);
        if (reads.at[i].has_range) {
            buf_printf(&buf, "%d:", reads.at[i].range.op);
            show_datum(&buf, reads.at[i].range.values[0]);
        }
    }
    buf_add_c(&buf, 0);
    shown = arena_dup(w->arena, buf_str(&buf)).at;
    buf_done(&buf);
    return shown;
}

#define OVERLAP "Overlapping conditions with range keys are not supported in where clause"
#define WRONG_TYPE "Key attribute's data type should match its data type in table's schema"

static void where_chooses_partitions(void **state)
{
    char eq[64], gt[64];
    const struct row rows[] = {
        {"", "all"},
        {"WHERE x = 1", "all"},
        {"WHERE p > 'a'", "all"},
        {"WHERE NOT p = 'a'", "all"},
        {"WHERE p = 'a' OR x = 1", "all"},
        {"WHERE p.q = 'a'", "all"},
        {"WHERE p = x", "all"},
        {"WHERE p IN []", "all"},
        {"WHERE p = 'a'", "up 'a'"},
        {"WHERE 'a' = p AND x = 1", "up 'a'"},
        {"WHERE x = 1 AND (y = 2 AND p = 'a')", "up 'a'"},
        {"WHERE p = 'a' OR p = 'b' AND x = 1 OR p = 'a'", "up 'a' 'b'"},
        {"WHERE (p = 'b' OR p IN ['a', 'b']) AND x = 1", "up 'b' 'a'"},
        {"WHERE p IN ('b', 'a', 'b')", "up 'b' 'a'"},
        {"WHERE p = 'a' AND s = 1", eq},
        {"WHERE p = 'a' AND 1 < s AND s < 9", gt},
        {"WHERE p = 'a' AND s <> 1", "up 'a'"},
        {"WHERE p = 'a' AND s IN [1, 2]", "up 'a'"},
        {"WHERE p = 'a' AND s = x", "up 'a'"},
        {"WHERE p = 'a' AND NOT s = 1 OR p = 'a' AND s = 2", "up 'a'"},
        {"WHERE p = 'a' AND s = 1 OR p = 'a' AND s = 2 OR p = 'a' AND s <> 3", "up 'a'"},
        {"WHERE p = 'a' OR p = 'a' AND NOT s = 1", "up 'a'"},
        {"WHERE p = 'a' AND x = 1 OR p = 'a' AND s = 2", OVERLAP},
        {"WHERE p = 'a' AND x <> 1 OR p = 'a' AND s = 2", OVERLAP},
        {"WHERE p = 'a' AND s > 1 OR p = 'a' AND s = 2", OVERLAP},
        {"WHERE p = 1", WRONG_TYPE},
        {"WHERE p IN ['a', 1]", WRONG_TYPE},
        {"WHERE p = 'a' AND s = '1'", WRONG_TYPE},
        {"WHERE p = 'a' ORDER BY s DESC", "down 'a'"},
        {"WHERE p = 'a' ORDER BY p DESC, s ASC", "up 'a'"},
        {"WHERE p IN ['b', 'c', 'a'] ORDER BY p DESC", "up 'c' 'b' 'a'"},
        {"WHERE p IN ['b', 'c', 'a'] ORDER BY p, s DESC", "down 'a' 'b' 'c'"},
        {"ORDER BY p", "Must have WHERE clause in the statement when using ORDER BY clause."},
        {"WHERE x = 1 ORDER BY p", "Must have at least one non-optional hash key condition in "
                                   "WHERE clause when using ORDER BY clause."},
        {"WHERE p = 'a' ORDER BY x", "Variable reference x in ORDER BY clause must be part of the "
                                     "primary key"},
        {"WHERE p IN ['a', 'b'] ORDER BY s", "Must have hash key in ORDER BY clause when more than "
                                             "one hash key condition specified in WHERE clause."},
    };

    snprintf(eq, sizeof(eq), "up 'a'%d:1", OP_EQ);
    snprintf(gt, sizeof(gt), "up 'a'%d:1", OP_GT);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *plan = planned(*state, rows[i].text);

        if (strcmp(plan, rows[i].wanted) != 0) {
            print_error("%s\n", rows[i].text);
        }
        assert_string_equal(plan, rows[i].wanted);
    }
}

static void ranges_of_a_partition_are_read_in_their_order(void **state)
{
    char wanted[64];

    snprintf(wanted, sizeof(wanted), "up 'a'%d:1 'a'%d:5", OP_EQ, OP_GE);
    assert_string_equal(planned(*state, "WHERE p = 'a' AND s >= 5 OR p = 'a' AND s = 1"), wanted);
    snprintf(wanted, sizeof(wanted), "down 'a'%d:5 'a'%d:1", OP_GE, OP_EQ);
    assert_string_equal(planned(*state, "WHERE p = 'a' AND s >= 5 OR p = 'a' AND s = 1 "
                                        "ORDER BY s DESC"), wanted);
}

static void writes_need_the_whole_key(void **state)
{
    static const struct {
        const char *where;
        const char *wanted; /* the key; "+": and more */
    } rows[] = {
        {"WHERE p = 'a' AND s = 1", "{'p':{'S':'a'},'s':{'N':'1'}}"},
        {"WHERE 1 = s AND p IN ['a']", "{'p':{'S':'a'},'s':{'N':'1'}}"},
        {"WHERE (x = 1 AND s = 1) AND p = 'a'", "+{'p':{'S':'a'},'s':{'N':'1'}}"},
        {"WHERE p = 'a' AND s = 1 AND s = 2", "+{'p':{'S':'a'},'s':{'N':'1'}}"},
        {"", NULL},
        {"WHERE p = 'a'", NULL},
        {"WHERE p = 'a' AND s > 1", NULL},
        {"WHERE p = 'a' OR s = 1", NULL},
        {"WHERE p IN ['a', 'b'] AND s = 1", NULL},
    };
    struct world *w = *state;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct str text = arena_printf(w->arena, "DELETE FROM t %s", rows[i].where);
        const char *wanted = rows[i].wanted;
        struct statement statement;
        struct write_key key;

        assert_ptr_equal(statement_of(w, text.at, NULL, &statement), OK);
        if (wanted == NULL) {
            assert_ptr_not_equal(statement_key_plan(w->arena, &statement, &keyed_by_two, &w->why,
                                                    &key), OK);
            assert_string_equal(w->why.text, "Where clause does not contain a mandatory equality "
                                             "on all key attributes");
            continue;
        }
        assert_ptr_equal(statement_key_plan(w->arena, &statement, &keyed_by_two, &w->why, &key),
                         OK);
        assert_int_equal(key.only, wanted[0] != '+');
        assert_string_equal(text_of(w, &key.key),
                            quoted(w->arena, wanted[0] == '+' ? wanted + 1 : wanted).at);
    }
}

static void columns_are_shown_by_their_last_names(void **state)
{
    struct world *w = *state;
    struct item item = item_of(w, "{'a':{'N':'1'},'l':{'L':[{'S':'p'},{'S':'q'}]},"
                                  "'m':{'M':{'z':{'N':'5'},'k':{'L':[{'N':'3'}]}}}}");
    struct item shown;
    struct statement statement;

    assert_ptr_equal(statement_of(w, "SELECT m.z, l[1], gone, m.k[0], a FROM t", NULL, &statement),
                     OK);
    assert_ptr_equal(statement_columns_apply(w->arena, &statement, &item, &shown), OK);
    assert_true(item_sound(shown.packed));
    assert_string_equal(text_of(w, &shown), quoted(w->arena, "{'a':{'N':'1'},'k[0]':{'N':'3'},"
                                                             "'l[1]':{'S':'q'},'z':{'N':'5'}}").at);
    assert_ptr_equal(statement_of(w, "SELECT gone FROM t", NULL, &statement), OK);
    assert_ptr_equal(statement_columns_apply(w->arena, &statement, &item, &shown), OK);
    assert_string_equal(text_of(w, &shown), "{}");
}

/* A text of count times of piece, between head and tail. */
static const char *repeated(struct world *w, const char *head, const char *piece, size_t count,
                            const char *tail)
{
    struct buf buf;
    const char *text;

    buf_init(&buf, 1u << 20);
    buf_add(&buf, str_c(head));
    while (count-- > 0) {
        buf_add(&buf, str_c(piece));
    }
    buf_add(&buf, str_c(tail));
    buf_add_c(&buf, 0);
    text = arena_dup(w->arena, buf_str(&buf)).at;
    buf_done(&buf);
    return text;
}

static void depth_is_bounded(void **state)
{
    struct world *w = *state;
    static const char deep[] = "Nesting Levels have exceeded supported limits: Attributes in the "
                               "item have nested levels beyond supported limit";
    struct statement statement;

    assert_string_equal(read_as(w, repeated(w, "SELECT * FROM t WHERE a = ", "[", 32, ""), NULL),
                        MALFORMED "Unexpected term");
    assert_string_equal(read_as(w, repeated(w, "SELECT * FROM t WHERE a = ", "[", 33, ""), NULL),
                        deep);
    assert_string_equal(read_as(w, repeated(w, "SELECT * FROM t WHERE ", "(", 5000, ""), NULL),
                        "The expression has too many nesting levels; nesting levels: 257");
    assert_string_equal(read_as(w, repeated(w, "SELECT * FROM t WHERE ", "NOT ", 2000, ""), NULL),
                        "The expression has too many nesting levels; nesting levels: 257");
    assert_string_equal(read_as(w, repeated(w, "UPDATE t SET a = a", "+a", 3000, ""), NULL),
                        "The expression contains too many operators; number of operators: 301");
    assert_string_equal(read_as(w, repeated(w, "SELECT * FROM t WHERE a", ".a", 32, "=1"), NULL),
                        "The document path has too many nesting levels; nesting levels: 33");
    assert_ptr_equal(statement_of(w, repeated(w, "SELECT * FROM t WHERE a=1", " AND a=1", 900, ""),
                                  NULL, &statement), OK);
    assert_ptr_not_equal(statement_of(w, repeated(w, "SELECT * FROM t WHERE a IN [1", ",1", 100,
                                                  "]"), NULL, &statement), OK);
}

static void conditions_hold(void **state)
{
    static const struct {
        const char *where;
        bool holds;
    } rows[] = {
        {"a = 1", true},
        {"a = '1'", false},
        {"a <> 2 AND b != 'y'", true},
        {"gone <> 2", true},
        {"gone = 2", false},
        {"NOT gone = 2", true},
        {"a IN [3, 2, 1]", true},
        {"a NOT IN (3, 2)", true},
        {"2 > a", true},
        {"b BETWEEN 'a' AND 'z'", true},
        {"m.k = 5 AND l[1] = 'q'", true},
        {"m.k[0] IS MISSING", true},
        {"n IS NULL AND a IS NOT NULL", true},
        {"b IS STRING AND a IS INT AND m IS STRUCT AND l IS LIST AND s IS BAG", true},
        {"contains(s, 'y') AND NOT contains(s, 'z')", true},
        {"size(s) = 2 AND size(b) = 1", true},
        {"s = <<'y', 'x'>>", true},
        {"m = {'k': 5}", true},
        {"begins_with(b, 'x') = false", false},
        {"n = NULL", true},
    };
    struct world *w = *state;
    struct item item = item_of(w, "{'a':{'N':'1'},'b':{'S':'x'},'l':{'L':[{'S':'p'},{'S':'q'}]},"
                                  "'m':{'M':{'k':{'N':'5'}}},'s':{'SS':['x','y']},"
                                  "'n':{'NULL':true}}");

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct str text = arena_printf(w->arena, "SELECT * FROM t WHERE %s", rows[i].where);
        struct statement statement;

        if (statement_of(w, text.at, NULL, &statement) != OK ||
            condition_holds(statement.where, item.attributes) != rows[i].holds) {
            print_error("%s\n%s\n", rows[i].where, w->why.text);
            assert_true(!"a condition of a test");
        }
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        IN_WORLD(selects_are_read),
        IN_WORLD(writes_are_read),
        IN_WORLD(parameters_stand_for_values_in_order),
        IN_WORLD(malformed_statements_are_refused),
        IN_WORLD(what_aws_does_not_support_is_refused),
        IN_WORLD(sets_are_refused_as_aws_does),
        IN_WORLD(numbers_say_where_they_stand),
        IN_WORLD(depth_is_bounded),
        IN_WORLD(conditions_hold),
        IN_WORLD(where_chooses_partitions),
        IN_WORLD(ranges_of_a_partition_are_read_in_their_order),
        IN_WORLD(writes_need_the_whole_key),
        IN_WORLD(columns_are_shown_by_their_last_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
