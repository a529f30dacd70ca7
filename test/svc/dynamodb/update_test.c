/* SPDX-License-Identifier: Apache-2.0
 *
 * Updates and projections: AWS's sentences, what comes out, which faults come first, and generated
 * updates against doing the same to a plain list.
 */
#include "world.h"

#include "svc/dynamodb/expr.h"

#define VALUES                                                                                     \
    "{':a':{'S':'a'},':b':{'N':'1'},':c':{'B':'YQ=='},':d':{'BOOL':true},':e':{'NULL':true},"      \
    "':f':{'SS':['a']},':g':{'NS':['1']},':h':{'BS':['YQ==']},':i':{'M':{}},':j':{'L':[]},"        \
    "':n':{'N':'5'},':ss':{'SS':['b','c']},':l':{'L':[{'S':'x'},{'S':'y'}]},"                      \
    "':big':{'N':'9e125'},':deep':{'M':{'p':{'S':'q'}}}}"
#define NAMES "{'#a':'a','#c':'c','#d':'[3]','#1':'1'}"

static status read_update(struct world *w, const char *text, struct update *update)
{
    struct str json = arena_printf(w->arena, "{'ExpressionAttributeNames':" NAMES
                                             ",'ExpressionAttributeValues':" VALUES "}");
    struct value *in = input_of(w->arena, "UpdateItem", json.at);
    struct terms terms;

    assert_true(terms_read(w->arena, get(in, "ExpressionAttributeNames"),
                           get(in, "ExpressionAttributeValues"), &w->why, &terms) == OK);
    return update_read(&terms, str_c(text), update);
}

struct row {
    const char *text;  /* the expression */
    const char *told;  /* the sentence, behind the format */
};

static void assert_told(struct world *w, const struct row *rows, size_t count, const char *format)
{
    for (size_t i = 0; i < count; i++) {
        char wanted[512];
        struct update update;

        snprintf(wanted, sizeof(wanted), "Invalid UpdateExpression: %s%s", format, rows[i].told);
        if (read_update(w, rows[i].text, &update) == OK) {
            print_error("%s\n", rows[i].text);
            assert_true(false);
        }
        assert_string_equal(w->why.text, wanted);
    }
}

#define ASSERT_TOLD(rows, format) assert_told(*state, rows, sizeof(rows) / sizeof(rows[0]), format)

static void a_syntax_error_names_its_token(void **state)
{
    static const struct row rows[] = {
        {"INVALID SYNTAX HERE", "token: \"INVALID\", near: \"INVALID SYNTAX\""},
        {"set a", "token: \"<EOF>\", near: \"a\""},
        {"add a", "token: \"<EOF>\", near: \"a\""},
        {"set a=set", "token: \"set\", near: \"=set\""},
        {"remove a = b", "token: \"=\", near: \"a = b\""},
        {"add a = b", "token: \"=\", near: \"a = b\""},
        {"delete a b", "token: \"b\", near: \"a b\""},
        {"add a if_not_exist(b)", "token: \"if_not_exist\", near: \"a if_not_exist(\""},
        {"remove a b", "token: \"b\", near: \"a b\""},
        {"set :a = b", "token: \":a\", near: \"set :a =\""},
        {"set a = b / c", "token: \"/\", near: \"b / c\""},
        {"set a = b * c", "token: \"*\", near: \"b * c\""},
        {"set a[1] = \"eight\"", "token: \"\"\", near: \"= \"eight\""},
        {"set a[1] = 1", "token: \"1\", near: \"= 1\""},
        {"SET a = if_not_exists(a, 100)", "token: \"100\", near: \", 100)\""},
        {"SET if_not_exists(a, b) = a", "token: \"(\", near: \"if_not_exists(a\""},
        {"set (a = (b + c))", "token: \"(\", near: \"set (a\""},
        {"set a = (b.c).d + e", "token: \".\", near: \").d\""},
        {"set a = b + c + d", "token: \"+\", near: \"c + d\""},
        {"set a = :a,", "token: \"<EOF>\", near: \",\""},
        {"set hits : incr", "token: \":\", near: \"hits : incr\""},
        {"set a > :a", "token: \">\", near: \"a > :a\""},
    };

    ASSERT_TOLD(rows, "Syntax error; ");
}

static void mistakes_have_their_sentences_in_order(void **state)
{
    static const struct row rows[] = {
        {"", "The expression can not be empty;"},
        {" set #x = :x set abOrt = true ",
         "Attribute name is a reserved keyword; reserved keyword: abOrt"},
        {" remove Absolute ", "Attribute name is a reserved keyword; reserved keyword: Absolute"},
        {"set #x = if_not_exist(:x) set c = d", "Invalid function name; function: if_not_exist"},
        {"set a = size(b)",
         "The function is not allowed in an update expression; function: size"},
        {"set a = #x set c = :x",
         "The \"SET\" section can only be used once in an update expression;"},
        {"remove #x set a = b remove e",
         "The \"REMOVE\" section can only be used once in an update expression;"},
        {"add #x :x set a = b add e :x",
         "The \"ADD\" section can only be used once in an update expression;"},
        {"delete #x :x set a = b delete #x :x",
         "The \"DELETE\" section can only be used once in an update expression;"},
        {"SET #x = if_not_exists(:x)", "An expression attribute name used in the document path is "
                                       "not defined; attribute name: #x"},
        {"SET #a = if_not_exists(:x)", "An expression attribute value used in expression is not "
                                       "defined; attribute value: :x"},
        {"set a = if_not_exists(c)", "Incorrect number of operands for operator or function; "
                                     "operator or function: if_not_exists, number of operands: 1"},
        {"set a = list_append(c)", "Incorrect number of operands for operator or function; "
                                   "operator or function: list_append, number of operands: 1"},
        {"set a = if_not_exists(:a, c)", "Operator or function requires a document path; operator "
                                         "or function: if_not_exists"},
        {"set a = if_not_exists(if_not_exists(a, b), c)",
         "Operator or function requires a document path; operator or function: if_not_exists"},
    };

    ASSERT_TOLD(rows, "");
}

static void paths_must_be_apart(void **state)
{
    static const struct row overlaps[] = {
        {"set d[1] = a, d.b = a, c[1].a = a, #c = if_not_exists(a)",
         "path one: [c, [1], a], path two: [c]"},
        {"set c.b.#c = a, c = a, #d = a", "path one: [c, b, c], path two: [c]"},
        {"set a = b remove a, #c, #d", "path one: [a], path two: [a]"},
        {"set #c[3].#d = a, #c[3] = a", "path one: [c, [3], [3]], path two: [c, [3]]"},
        {"remove c, #c.a, #d", "path one: [c], path two: [c, a]"},
        {"remove a, #c, a, #d", "path one: [a], path two: [a]"},
    };
    static const struct row conflicts[] = {
        {"set #c[3].#d = a, #c.#d[3] = if_not_exists(a)",
         "path one: [c, [3], [3]], path two: [c, [3], [3]]"},
        {"remove a.#c set a[1] = #d", "path one: [a, c], path two: [a, [1]]"},
    };

    ASSERT_TOLD(overlaps, "Two document paths overlap with each other; must remove or rewrite one "
                          "of these paths; ");
    ASSERT_TOLD(conflicts, "Two document paths conflict with each other; must remove or rewrite "
                           "one of these paths; ");
}

static void operands_have_types(void **state)
{
    static const struct row sections[] = {
        {"set b = list_append(:a, a), c = if_not_exists(a) add a.b :a",
         "ADD, operand type: STRING, typeSet: ALLOWED_FOR_ADD_OPERAND"},
        {"delete a.b :b", "DELETE, operand type: NUMBER, typeSet: ALLOWED_FOR_DELETE_OPERAND"},
        {"add a :c", "ADD, operand type: BINARY, typeSet: ALLOWED_FOR_ADD_OPERAND"},
        {"add a :d", "ADD, operand type: BOOLEAN, typeSet: ALLOWED_FOR_ADD_OPERAND"},
        {"delete a :e", "DELETE, operand type: NULL, typeSet: ALLOWED_FOR_DELETE_OPERAND"},
        {"add a :i", "ADD, operand type: MAP, typeSet: ALLOWED_FOR_ADD_OPERAND"},
        {"add a :j", "ADD, operand type: LIST, typeSet: ALLOWED_FOR_ADD_OPERAND"},
    };
    static const struct row functions[] = {
        {"set a = list_append(:a, a)", "list_append, operand type: S"},
        {"set a = list_append(a, :b)", "list_append, operand type: N"},
        {"set a = list_append(:i, a)", "list_append, operand type: M"},
        {"set a = a + :a", "+, operand type: S"}, {"set a = :c + a", "+, operand type: B"},
        {"set a = a - :j", "-, operand type: L"}, {"set a = a - :f", "-, operand type: SS"},
    };

    ASSERT_TOLD(sections, "Incorrect operand type for operator or function; operator: ");
    ASSERT_TOLD(functions,
                "Incorrect operand type for operator or function; operator or function: ");
}

static void more_than_300_operators_are_refused(void **state)
{
    struct world *w = *state;
    struct str text = STR("SET a0=b+c");
    struct update update;

    for (int i = 1; i < 300; i++) {
        text = arena_printf(w->arena, "%.*s,a%d=b+c", STR_ARG(text), i);
    }
    assert_true(read_update(w, text.at, &update) == OK);
    text = arena_printf(w->arena, "%.*s,a=b+c", STR_ARG(text));
    assert_true(read_update(w, text.at, &update) != OK);
    assert_string_equal(w->why.text, "Invalid UpdateExpression: The expression contains too many "
                                     "operators; number of operators: 301");
}

/* ---- applying ---- */

#define ITEM                                                                                       \
    "{'k':{'S':'key'},'n':{'N':'10'},'s':{'S':'text'},'ss':{'SS':['a','b']},'ns':{'NS':['1']},"    \
    "'l':{'L':[{'S':'l0'},{'S':'l1'},{'S':'l2'}]},"                                                \
    "'m':{'M':{'x':{'N':'1'},'y':{'M':{'z':{'S':'zz'}}},'q':{'L':[{'N':'0'}]}}}}"

struct outcome {
    const char *text;    /* the expression */
    const char *changed; /* what projecting the touched paths from the new item gives */
    const char *old;     /* and from the old */
};

static void updates_make_what_they_say(void **state)
{
    static const struct outcome rows[] = {
        {"SET a = :a", "{'a':{'S':'a'}}", "{}"},
        {"SET n = n + :n, s = :n - :b", "{'n':{'N':'15'},'s':{'N':'4'}}",
         "{'n':{'N':'10'},'s':{'S':'text'}}"},
        {"SET n = s, s = n", "{'n':{'S':'text'},'s':{'N':'10'}}",
         "{'n':{'N':'10'},'s':{'S':'text'}}"},
        {"SET a = if_not_exists(gone, :n) + n", "{'a':{'N':'15'}}", "{}"},
        {"SET n = if_not_exists(n, :b)", "{'n':{'N':'10'}}", "{'n':{'N':'10'}}"},
        {"SET a = (n + :n)", "{'a':{'N':'15'}}", "{}"},
        {"SET a = ((n) + (m.x))", "{'a':{'N':'11'}}", "{}"},
        {"SET a = list_append(:l, list_append(l, if_not_exists(gone, :j)))",
         "{'a':{'L':[{'S':'x'},{'S':'y'},{'S':'l0'},{'S':'l1'},{'S':'l2'}]}}", "{}"},
        {"SET l[1] = :n", "{'l':{'L':[{'N':'5'}]}}", "{'l':{'L':[{'S':'l1'}]}}"},
        {"SET m.x = :a, m.y.z = :b, m.fresh = :n",
         "{'m':{'M':{'fresh':{'N':'5'},'x':{'S':'a'},'y':{'M':{'z':{'N':'1'}}}}}}",
         "{'m':{'M':{'x':{'N':'1'},'y':{'M':{'z':{'S':'zz'}}}}}}"},
        {"REMOVE n, gone, m.y, m.gone", "{}",
         "{'m':{'M':{'y':{'M':{'z':{'S':'zz'}}}}},'n':{'N':'10'}}"},
        {"ADD n :n, ss :ss, a :b, b :f", "{'a':{'N':'1'},'b':{'SS':['a']},'n':{'N':'15'},"
                                         "'ss':{'SS':['a','b','c']}}",
         "{'n':{'N':'10'},'ss':{'SS':['a','b']}}"},
        {"ADD m.x :n, m.y.w :n", "{'m':{'M':{'x':{'N':'6'},'y':{'M':{'w':{'N':'5'}}}}}}",
         "{'m':{'M':{'x':{'N':'1'}}}}"},
        {"DELETE ss :ss, gone :f", "{'ss':{'SS':['a']}}", "{'ss':{'SS':['a','b']}}"},
        {"DELETE ns :g", "{}", "{'ns':{'NS':['1']}}"},
        {"remove s set a = s add n :b delete ss :f",
         "{'a':{'S':'text'},'n':{'N':'11'},'ss':{'SS':['b']}}",
         "{'n':{'N':'10'},'s':{'S':'text'},'ss':{'SS':['a','b']}}"},
    };
    struct world *w = *state;
    struct item old = item_of(w, ITEM);

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct update update;
        struct item item;
        struct item changed;
        struct item was;

        if (read_update(w, rows[i].text, &update) != OK ||
            update_apply(w->arena, &update, &old, &w->why, &item) != OK) {
            print_error("%s\n%s\n", rows[i].text, w->why.text);
            assert_true(false);
        }
        assert_true(item_sound(item.packed));
        assert_true(projection_apply(w->arena, &update.touched, &item, &changed) == OK);
        assert_true(projection_apply(w->arena, &update.touched, &old, &was) == OK);
        assert_string_equal(text_of(w, &changed), quoted(w->arena, rows[i].changed).at);
        assert_string_equal(text_of(w, &was), quoted(w->arena, rows[i].old).at);
    }
}

static void lists_close_up_and_grow_at_their_end(void **state)
{
    static const struct outcome rows[] = {
        {"REMOVE l[0], l[2]", "{'L':[{'S':'l1'}]}", NULL},
        {"REMOVE l[7]", "{'L':[{'S':'l0'},{'S':'l1'},{'S':'l2'}]}", NULL},
        {"SET l[9] = :b, l[5] = :a", "{'L':[{'S':'l0'},{'S':'l1'},{'S':'l2'},{'S':'a'},{'N':'1'}]}",
         NULL},
        {"SET l[9] = :b, l[1] = :a REMOVE l[0]", "{'L':[{'S':'a'},{'S':'l2'},{'N':'1'}]}", NULL},
        {"ADD l[3] :b", "{'L':[{'S':'l0'},{'S':'l1'},{'S':'l2'},{'N':'1'}]}", NULL},
        {"REMOVE l[0], l[1], l[2]", "{'L':[]}", NULL},
        {"SET l[1] = l[2], l[2] = l[1]", "{'L':[{'S':'l0'},{'S':'l2'},{'S':'l1'}]}", NULL},
    };
    struct world *w = *state;
    struct item old = item_of(w, "{'l':{'L':[{'S':'l0'},{'S':'l1'},{'S':'l2'}]}}");

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct str wanted = arena_printf(w->arena, "{'l':%s}", rows[i].changed);
        struct update update;
        struct item item;

        assert_true(read_update(w, rows[i].text, &update) == OK);
        assert_true(update_apply(w->arena, &update, &old, &w->why, &item) == OK);
        assert_string_equal(text_of(w, &item), quoted(w->arena, wanted.at).at);
    }
}

#define WRONG_TYPE "An operand in the update expression has an incorrect data type"
#define MISSING                                                                                    \
    "The provided expression refers to an attribute that does not exist in the item"
#define BAD_PATH "The document path provided in the update expression is invalid for update"
#define OVERFLOW                                                                                   \
    "Number overflow. Attempting to store a number with magnitude larger than supported range"

static void faults_are_told_in_AWS_order(void **state)
{
    static const struct row rows[] = {
        {"delete ns :f", WRONG_TYPE}, {"delete m :g", WRONG_TYPE}, {"delete n :g", WRONG_TYPE},
        {"add m :g", WRONG_TYPE}, {"add ns :b", WRONG_TYPE}, {"add ss :g", WRONG_TYPE},
        {"set e = k + :b", WRONG_TYPE}, {"set e = m - :b", WRONG_TYPE},
        {"set e = list_append(ns, if_not_exists(f, :j))", WRONG_TYPE},
        {"set c = b", MISSING}, {"set e = list_append(b, c)", MISSING},
        {"set e = gone + :b", MISSING},
        {"set gone.a = k", BAD_PATH}, {"set gone[1] = k", BAD_PATH}, {"set s.a = :a", BAD_PATH},
        {"set m[1] = :a", BAD_PATH}, {"set l.#1 = :a", BAD_PATH},
        {"remove s.a set #1 = :a", BAD_PATH},
        {"remove gone.a", BAD_PATH}, {"delete l.#1 :f", BAD_PATH}, {"add m[1] :b", BAD_PATH},
        {"set l[9].a = :a", BAD_PATH},
        {"set gone.a = :a, b = k + :b", WRONG_TYPE}, {"set s.a = :a, b = k + :b", BAD_PATH},
        {"set b = c remove gone.a", BAD_PATH},
        {"set e = :big + :big", OVERFLOW}, {"set e = :big + :big, f = gone", MISSING},
        {"set m.y.a1 = :deep, e = n + :big",
         "Attempting to store more than 38 significant digits in a Number"},
    };
    struct world *w = *state;
    struct item old = item_of(w, ITEM);

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct update update;
        struct item item;

        assert_true(read_update(w, rows[i].text, &update) == OK);
        if (update_apply(w->arena, &update, &old, &w->why, &item) == OK) {
            print_error("%s\n", rows[i].text);
            assert_true(false);
        }
        assert_string_equal(w->why.text, rows[i].told);
    }
}

static void what_becomes_too_large_is_refused(void **state)
{
    struct world *w = *state;
    char *json = arena_zero(w->arena, 400 * 1024);
    struct update update;
    struct item old;
    struct item item;

    memset(json, 'x', 300 * 1024);
    memcpy(json, "{'l':{'L':[{'S':'", 17);
    memcpy(json + 300 * 1024, "'}]}}", 6);
    old = item_of(w, json);
    assert_true(read_update(w, "SET a = list_append(l, l)", &update) == OK);
    assert_true(update_apply(w->arena, &update, &old, &w->why, &item) != OK);
    assert_string_equal(w->why.text, "Item size to update has exceeded the maximum allowed size");
    assert_true(read_update(w, "SET a = list_append(list_append(list_append(l, l), list_append(l, "
                               "l)), list_append(list_append(l, l), list_append(l, l)))",
                            &update) == OK);
    assert_true(update_apply(w->arena, &update, &old, &w->why, &item) != OK);
    assert_string_equal(w->why.text, "Item size to update has exceeded the maximum allowed size");
    assert_true(arena_bytes(w->arena) < (16u << 20));
}

/* ---- projections ---- */

static void projections_take_the_parts_named(void **state)
{
    static const char *const rows[][2] = {
        {"n, gone", "{'n':{'N':'10'}}"},
        {"m.y", "{'m':{'M':{'y':{'M':{'z':{'S':'zz'}}}}}}"},
        {"m.y.z, m.x, m.gone", "{'m':{'M':{'x':{'N':'1'},'y':{'M':{'z':{'S':'zz'}}}}}}"},
        {"l[2], l[0], l[9]", "{'l':{'L':[{'S':'l0'},{'S':'l2'}]}}"},
        {"m.q[0]", "{'m':{'M':{'q':{'L':[{'N':'0'}]}}}}"},
        {"m.q[1], s.a, l.a", "{}"},
        {"k,n,s,ss,ns,l,m", NULL},
    };
    struct world *w = *state;
    struct item item = item_of(w, ITEM);
    struct terms terms = {.arena = w->arena, .why = &w->why};

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct paths paths;
        struct item part;
        const char *wanted =
            rows[i][1] == NULL ? text_of(w, &item) : quoted(w->arena, rows[i][1]).at;

        assert_true(projection_read(&terms, str_c(rows[i][0]), &paths) == OK);
        assert_true(projection_apply(w->arena, &paths, &item, &part) == OK);
        assert_true(item_sound(part.packed));
        assert_string_equal(text_of(w, &part), wanted);
    }
}

static void projections_are_refused_in_AWS_words(void **state)
{
    static const char *const rows[][2] = {
        {"", "The expression can not be empty;"},
        {"my-attr", "Syntax error; token: \"-\", near: \"my-attr\""},
        {"!!", "Syntax error; token: \"!\", near: \"!!\""},
        {"a,", "Syntax error; token: \"<EOF>\", near: \",\""},
        {"a, :b", "Syntax error; token: \":b\", near: \", :b\""},
        {"a, name", "Attribute name is a reserved keyword; reserved keyword: name"},
        {"#x", "An expression attribute name used in the document path is not defined; attribute "
               "name: #x"},
        {"a.b, a", "Two document paths overlap with each other; must remove or rewrite one of "
                   "these paths; path one: [a, b], path two: [a]"},
        {"a.b, a[0]", "Two document paths conflict with each other; must remove or rewrite one of "
                      "these paths; path one: [a, b], path two: [a, [0]]"},
    };
    struct world *w = *state;
    struct terms terms = {.arena = w->arena, .why = &w->why};

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct str wanted =
            arena_printf(w->arena, "Invalid ProjectionExpression: %s", rows[i][1]);
        struct paths paths;

        assert_true(projection_read(&terms, str_c(rows[i][0]), &paths) != OK);
        assert_string_equal(w->why.text, wanted.at);
    }
}

/* ---- generated: an item of six numbers, or none, against an array ---- */

#define NUMBERS 6

static struct item item_of_numbers(struct world *w, const int64_t *numbers, const bool *there)
{
    struct str json = STR("{'k':{'S':'key'}");

    for (int i = 0; i < NUMBERS; i++) {
        if (there[i]) {
            json = arena_printf(w->arena, "%.*s,'v%d':{'N':'%lld'}", STR_ARG(json), i,
                                (long long)numbers[i]);
        }
    }
    return item_of(w, arena_printf(w->arena, "%.*s}", STR_ARG(json)).at);
}

/* Adds what happens to number i to the expression's three sections, and does it. */
static void generate(struct buf *sections, int i, const int64_t *was, int64_t *numbers, bool *there)
{
    int other = (int)chance(NUMBERS);
    bool known = there[other];

    switch (chance(5)) {
    case 0:
        buf_printf(&sections[0], "%sv%d = if_not_exists(v%d, :n) + :b",
                   sections[0].bytes > 0 ? ", " : " SET ", i, other);
        numbers[NUMBERS + i] = (known ? was[other] : 5) + 1;
        there[NUMBERS + i] = true;
        return;
    case 1:
        buf_printf(&sections[1], "%sv%d", sections[1].bytes > 0 ? "," : " REMOVE ", i);
        there[NUMBERS + i] = false;
        return;
    case 2:
        buf_printf(&sections[2], "%sv%d :n", sections[2].bytes > 0 ? "," : " ADD ", i);
        numbers[NUMBERS + i] = (there[i] ? was[i] : 0) + 5;
        there[NUMBERS + i] = true;
        return;
    case 3:
        if (known) {
            buf_printf(&sections[0], "%sv%d = v%d - :n", sections[0].bytes > 0 ? ", " : " SET ", i,
                       other);
            numbers[NUMBERS + i] = was[other] - 5;
            there[NUMBERS + i] = true;
        }
        return;
    default:
        return;
    }
}

static void generated_updates_do_what_an_array_does(void **state)
{
    struct world *w = *state;

    for (int round = 0; round < 3000; round++) {
        int64_t numbers[2 * NUMBERS];
        bool there[2 * NUMBERS];
        struct buf sections[3];
        struct buf text;
        struct update update;
        struct item old;
        struct item item = ITEM_ABSENT;
        struct item wanted;

        arena_clear(w->arena);
        buf_init(&text, 4096);
        for (int i = 0; i < NUMBERS; i++) {
            numbers[i] = numbers[NUMBERS + i] = (int64_t)chance(2000) - 1000;
            there[i] = there[NUMBERS + i] = chance(3) > 0;
        }
        for (int i = 0; i < 3; i++) {
            buf_init(&sections[i], 4096);
        }
        for (int i = 0; i < NUMBERS; i++) {
            generate(sections, i, numbers, numbers, there);
        }
        for (int i = 0; i < 3; i++) {
            buf_add(&text, buf_str(&sections[(i + round) % 3]));
        }
        old = item_of_numbers(w, numbers, there);
        wanted = item_of_numbers(w, numbers + NUMBERS, there + NUMBERS);
        if (text.bytes > 0) {
            assert_true(read_update(w, arena_dup(w->arena, buf_str(&text)).at, &update) == OK);
            assert_true(update_apply(w->arena, &update, &old, &w->why, &item) == OK);
            assert_true(str_eq(item.packed, wanted.packed));
        }
        for (int i = 0; i < 3; i++) {
            buf_done(&sections[i]);
        }
        buf_done(&text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_WORLD(a_syntax_error_names_its_token),
        IN_WORLD(mistakes_have_their_sentences_in_order),
        IN_WORLD(paths_must_be_apart),
        IN_WORLD(operands_have_types),
        IN_WORLD(more_than_300_operators_are_refused),
        IN_WORLD(updates_make_what_they_say),
        IN_WORLD(lists_close_up_and_grow_at_their_end),
        IN_WORLD(faults_are_told_in_AWS_order),
        IN_WORLD(what_becomes_too_large_is_refused),
        IN_WORLD(projections_take_the_parts_named),
        IN_WORLD(projections_are_refused_in_AWS_words),
        IN_WORLD(generated_updates_do_what_an_array_does),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
