/* SPDX-License-Identifier: Apache-2.0
 *
 * Conditions: AWS's sentences for what is wrong with one, in AWS's order, and whether a right one
 * holds, against tables and against a plain evaluator for generated ones.
 */
#include "world.h"

#include "svc/dynamodb/expr.h"

/* Names and values that the tests' expressions may use. */
#define NAMES "{'#a':'a','#b':'b'}"
#define VALUES                                                                                     \
    "{':a':{'S':'a'},':b':{'N':'1'},':c':{'B':'YQ=='},':d':{'BOOL':true},':e':{'NULL':true},"      \
    "':f':{'SS':['a']},':g':{'NS':['1']},':h':{'BS':['YQ==']},':i':{'M':{}},':j':{'L':[]},"        \
    "':k':{'S':'z'},':t':{'S':'S'}}"

static void terms_open(struct world *w, const char *names, const char *values, struct terms *terms)
{
    struct str json = arena_printf(
        w->arena, "{\"ExpressionAttributeNames\":%s,\"ExpressionAttributeValues\":%s}", names,
        values);
    struct value *in = input_of(w->arena, "PutItem", json.at);

    if (terms_read(w->arena, get(in, "ExpressionAttributeNames"),
                   get(in, "ExpressionAttributeValues"), &w->why, terms) != OK) {
        print_error("%s\n", w->why.text);
        assert_true(!"terms of a test");
    }
}

/* The sentence without its "Invalid FilterExpression: ", or "" when it is right. */
static const char *told(struct world *w, const char *text, const char *names, const char *values)
{
    static const char prefix[] = "Invalid FilterExpression: ";
    struct terms terms;
    const struct expr *condition = NULL;

    terms_open(w, names, values, &terms);
    if (condition_read(&terms, EXPR_FILTER, str_c(text), &condition) == OK) {
        return "";
    }
    if (strncmp(w->why.text, prefix, sizeof(prefix) - 1) != 0) {
        return w->why.text;
    }
    return w->why.text + sizeof(prefix) - 1;
}

struct row {
    const char *text; /* the expression */
    const char *told; /* the sentence */
};

static void assert_told(struct world *w, const struct row *rows, size_t count, const char *format)
{
    for (size_t i = 0; i < count; i++) {
        char wanted[512];

        snprintf(wanted, sizeof(wanted), "%s%s", format, rows[i].told);
        assert_string_equal(told(w, rows[i].text, NAMES, VALUES), wanted);
    }
}

#define ASSERT_TOLD(rows, format) assert_told(*state, rows, sizeof(rows) / sizeof(rows[0]), format)

static void a_syntax_error_names_its_token_and_its_neighbours(void **state)
{
    static const struct row rows[] = {
        {"a > 4", "token: \"4\", near: \"> 4\""},
        {"a-b", "token: \"-\", near: \"a-b\""},
        {"foo", "token: \"<EOF>\", near: \"foo\""},
        {"attribute_exists(", "token: \"<EOF>\", near: \"(\""},
        {"attribute_exists()", "token: \")\", near: \"()\""},
        {"contains (themes, :a", "token: \"<EOF>\", near: \":a\""},
        {"things are not gonna be ok", "token: \"are\", near: \"things are not\""},
        {"tenantAgent:abc123-", "token: \":abc123\", near: \"tenantAgent:abc123-\""},
        {"!!", "token: \"!\", near: \"!!\""},
        {"\xc3\xbc > a", "token: \"\xc3\xbc\", near: \"\xc3\xbc >\""},
        {"_a > b", "token: \"_\", near: \"_a\""},
        {"#$.b > a", "token: \"#\", near: \"#$\""},
        {"a in b, c", "token: \"b\", near: \"in b,\""},
        {"a in (b,c,)", "token: \")\", near: \",)\""},
        {"a > between", "token: \"between\", near: \"> between\""},
        {"size(a).b > a", "token: \".\", near: \").b\""},
        {"(size(a))[0] > a", "token: \"[\", near: \")[0\""},
        {"(a)between(b.(c.d))and(c)", "token: \"(\", near: \".(c\""},
        {"(a)between(b.c.d)and((c)", "token: \"<EOF>\", near: \")\""},
        {"(a)between(b.c[4.5].#d)and(:a)", "token: \".\", near: \"4.5\""},
        {"b[:a] > a", "token: \":a\", near: \"[:a]\""},
        {"b[01] > a", "token: \"1\", near: \"01]\""},
        {"a = (b = c)", "token: \"=\", near: \"b = c\""},
        {"(a AND b = c)", "token: \"AND\", near: \"a AND b\""},
        {"(a = b AND c)", "token: \")\", near: \"c)\""},
        {"NOT a", "token: \"<EOF>\", near: \"a\""},
    };

    ASSERT_TOLD(rows, "Syntax error; ");
}

static void parentheses_around_parentheses_are_redundant(void **state)
{
    static const struct row rows[] = {
        {"a=a and a > ((views))", ""},
        {"(a)between(((b.c)).d)and(c)", ""},
        {"a > whatever((:things), ((a)))", ""},
        {"a=a AND ((a=a AND a=a)) AND a=a", ""},
        {"a=a OR ((a=a OR (a=a OR a=a)))", ""},
    };

    ASSERT_TOLD(rows, "The expression has redundant parentheses;");
}

static void functions_are_known_and_stand_where_they_may(void **state)
{
    static const struct row unknown[] = {
        {"a=a and whatever((:things)) > a", "whatever"},
        {"attRIbute_exIsts((views), #a)", "attRIbute_exIsts"},
    };
    static const struct row misused[] = {
        {"a=a and attribute_exists((views), (#a)) > b", "attribute_exists"},
        {"attribute_not_exists(things) > b", "attribute_not_exists"},
        {"attribute_type(things, :a) > b", "attribute_type"},
        {"begins_with(things, a) > b", "begins_with"},
        {"contains(:things, c) > b", "contains"},
        {"size(contains(a, b)) > a", "contains"},
        {"size(things)", "size"},
        {"a between b and attribute_exists(things)", "attribute_exists"},
        {"a in (b, attribute_exists(things))", "attribute_exists"},
    };

    ASSERT_TOLD(unknown, "Invalid function name; function: ");
    ASSERT_TOLD(misused,
                "The function is not allowed to be used this way in an expression; function: ");
}

static void reserved_words_come_before_what_is_not_defined(void **state)
{
    static const struct row reserved[] = {
        {"attribute_exists(views, #z)", "views"},
        {":z < abOrT", "abOrT"},
        {"a.Status = :a", "Status"},
    };
    static const struct row names[] = {
        {"attribute_exists(#Pictures.RearView, :a) and a=a", "#Pictures"},
        {"begins_with(Pictures.#RearView)", "#RearView"},
        {"(#P between :lo and :hi) and (#PC in (:cat1, :cat2))", "#P"},
        {"#4g > a", "#4g"},
        {"#_ > a", "#_"},
        {"(a)between(b.c[45].#d)and(:a)", "#d"},
    };
    static const struct row values[] = {
        {"begins_with(:hello, #a, #b)", ":hello"},
        {":x < :b", ":x"},
        {":_ > a", ":_"},
    };

    ASSERT_TOLD(reserved, "Attribute name is a reserved keyword; reserved keyword: ");
    ASSERT_TOLD(names, "An expression attribute name used in the document path is not defined; "
                       "attribute name: ");
    ASSERT_TOLD(values, "An expression attribute value used in expression is not defined; "
                        "attribute value: ");
}

static void functions_take_so_many_operands_of_such_types(void **state)
{
    static const struct row counts[] = {
        {"attribute_exists(things, a) and a=a", "attribute_exists, number of operands: 2"},
        {"attribute_not_exists(things, b)", "attribute_not_exists, number of operands: 2"},
        {"attribute_type(things)", "attribute_type, number of operands: 1"},
        {"begins_with(things)", "begins_with, number of operands: 1"},
        {"begins_with(things, size(a), b)", "begins_with, number of operands: 3"},
        {"contains(things)", "contains, number of operands: 1"},
        {"size(things, a) > b", "size, number of operands: 2"},
    };
    static const struct row types[] = {
        {"attribute_type(a, size(a)) and a=a and a=:a", "attribute_type, operand type: N"},
        {"attribute_type(a, :c)", "attribute_type, operand type: B"},
        {"attribute_type(a, b)", "attribute_type, operand type: "
                                 "{NS,SS,L,BS,N,M,B,BOOL,NULL,S}"},
        {"begins_with(a, :b)", "begins_with, operand type: N"},
        {"begins_with(:d, a)", "begins_with, operand type: BOOL"},
        {"begins_with(a, :j)", "begins_with, operand type: L"},
        {"size(size(a)) > :a", "size, operand type: N"},
        {"attribute_not_exists(size(:b))", "size, operand type: N"},
        {"size(:e) > a", "size, operand type: NULL"},
        {"a < :f", "<, operand type: SS"},
        {"a between :i and :i", "BETWEEN, operand type: M"},
    };

    ASSERT_TOLD(counts, "Incorrect number of operands for operator or function; operator or "
                        "function: ");
    ASSERT_TOLD(types, "Incorrect operand type for operator or function; operator or function: ");
}

static void other_mistakes_have_their_sentences(void **state)
{
    static const struct row rows[] = {
        {"", "The expression can not be empty;"},
        {"attribute_type(a, :a)", "Invalid attribute type name found; type: a, valid types: "
                                  "{B,NULL,SS,BOOL,L,BS,N,NS,S,M}"},
        {"attribute_exists(:a) and a=a", "Operator or function requires a document path; operator "
                                         "or function: attribute_exists"},
        {"attribute_not_exists(size(:a))", "Operator or function requires a document path; "
                                           "operator or function: attribute_not_exists"},
        {"a = a AND #a = b AND :views > a",
         "The first operand must be distinct from the remaining operands for this operator or "
         "function; operator: =, first operand: [a]"},
        {"contains(ab.bc[1].a, ab.bc[1].#a)",
         "The first operand must be distinct from the remaining operands for this operator or "
         "function; operator: contains, first operand: [ab, bc, [1], a]"},
        {"a between :a and :b", "The BETWEEN operator requires same data type for lower and upper "
                                "bounds; lower bound operand: AttributeValue: {S:a}, upper bound "
                                "operand: AttributeValue: {N:1}"},
        {"a between :k and :a", "The BETWEEN operator requires upper bound to be greater than or "
                                "equal to lower bound; lower bound operand: AttributeValue: {S:z}, "
                                "upper bound operand: AttributeValue: {S:a}"},
        {"a[2147483648] = :a",
         "List index is not within the allowable range; index: [2147483648]"},
        {"if_not_exists(a, :a) = b",
         "The function is not allowed in a condition expression; function: if_not_exists"},
    };

    ASSERT_TOLD(rows, "");
}

static void lengths_are_bounded(void **state)
{
    struct world *w = *state;
    char *text = arena_zero(w->arena, 8192);
    char *to = text;

    memset(text, ' ', 4096);
    memcpy(text, "a = :a", 6);
    assert_string_equal(told(w, text, NAMES, VALUES), "");
    text[4096] = ' ';
    assert_string_equal(told(w, text, NAMES, VALUES), "Expression size has exceeded the maximum "
                                                      "allowed size; expression size: 4097");
    memset(text, 0, 8192);
    memcpy(to, "a IN (:a", 8);
    for (to += 8; to < text + 8 + 3 * 100; to += 3) {
        memcpy(to, ",:a", 3);
    }
    *to = ')';
    assert_string_equal(told(w, text, NAMES, VALUES), "The IN operator is provided with too many "
                                                      "operands; number of operands: 101");
    memset(text, 0, 8192);
    for (to = text; to < text + 4 * 257; to += 4) {
        memcpy(to, "NOT(", 4);
    }
    assert_string_equal(told(w, text, NAMES, VALUES),
                        "The expression has too many nesting levels; nesting levels: 257");
}

static void names_and_values_are_checked_and_must_be_used(void **state)
{
    static const char *const rows[][2] = {
        {"{\"ExpressionAttributeNames\":{}}", "ExpressionAttributeNames must not be empty"},
        {"{\"ExpressionAttributeNames\":{\"a\":\"a\"}}",
         "ExpressionAttributeNames contains invalid key: Syntax error; key: \"a\""},
        {"{\"ExpressionAttributeNames\":{\"#\":\"a\"}}",
         "ExpressionAttributeNames contains invalid key: Syntax error; key: \"#\""},
        {"{\"ExpressionAttributeValues\":{}}", "ExpressionAttributeValues must not be empty"},
        {"{\"ExpressionAttributeValues\":{\":b\":{},\"b\":{\"S\":\"a\"}}}",
         "ExpressionAttributeValues contains invalid key: Syntax error; key: \"b\""},
        {"{\"ExpressionAttributeValues\":{\":b\":{\"M\":{\"a\":{}}}}}",
         "ExpressionAttributeValues contains invalid value: Supplied AttributeValue is empty, must "
         "contain exactly one of the supported datatypes for key :b"},
        {"{\"ExpressionAttributeValues\":{\":b\":{\"NS\":[]}}}",
         "ExpressionAttributeValues contains invalid value: One or more parameter values were "
         "invalid: An number set  may not be empty for key :b"},
    };
    struct world *w = *state;
    struct terms terms;
    const struct expr *condition;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct value *in = input_of(w->arena, "PutItem", rows[i][0]);

        assert_true(terms_read(w->arena, get(in, "ExpressionAttributeNames"),
                               get(in, "ExpressionAttributeValues"), &w->why, &terms) != OK);
        assert_string_equal(w->why.text, rows[i][1]);
    }
    terms_open(w, NAMES, "{\":a\":{\"S\":\"a\"},\":b\":{\"S\":\"a\"}}", &terms);
    assert_true(condition_read(&terms, EXPR_CONDITION, STR("#b = :b"), &condition) == OK);
    assert_true(terms_all_used(&terms) != OK);
    assert_string_equal(w->why.text,
                        "Value provided in ExpressionAttributeNames unused in expressions: keys: "
                        "{#a}");
    assert_true(condition_read(&terms, EXPR_CONDITION, STR("#a = :b"), &condition) == OK);
    assert_true(terms_all_used(&terms) != OK);
    assert_string_equal(w->why.text,
                        "Value provided in ExpressionAttributeValues unused in expressions: keys: "
                        "{:a}");
}

/* ---- holding ---- */

#define ITEM                                                                                       \
    "{'s':{'S':'hello'},'n':{'N':'10'},'x':{'B':'AAEC'},'t':{'BOOL':true},'nil':{'NULL':true},"    \
    "'ss':{'SS':['a','b']},'ns':{'NS':['1','2']},"                                                 \
    "'l':{'L':[{'S':'a'},{'N':'5'},{'M':{'k':{'N':'7'}}}]},"                                       \
    "'m':{'M':{'a':{'S':'b'},'l':{'L':[]}}},'e':{'S':'\xe2\x82\xac\xf0\x9f\x98\x80'}}"

static void conditions_hold_or_not(void **state)
{
    static const struct {
        const char *text; /* with VALUES_HELD */
        bool holds;       /* for ITEM */
    } rows[] = {
        {"s = :hello", true}, {"s <> :hello", false}, {"gone = :hello", false},
        {"gone <> :hello", true}, {"s = :ten", false}, {"s <> :ten", true},
        {"n = :ten", true}, {"n > :five", true}, {"n < :five", false}, {"n >= :ten", true},
        {":five < n", true}, {"s > :five", false}, {"n > :hello", false}, {"NOT n > :hello", true},
        {"gone > :five", false}, {"n between :five and :ten", true},
        {"n between :five and :five", false}, {"gone between :five and :ten", false},
        {"s in (:ten, :hello)", true}, {"s in (:ten, n)", false}, {"gone in (:ten, nope)", false},
        {"attribute_exists(s)", true}, {"attribute_exists(l[2].k)", true},
        {"attribute_exists(l[3])", false}, {"attribute_not_exists(m.b)", true},
        {"attribute_exists(s.a)", false}, {"attribute_exists(m[0])", false},
        {"attribute_type(s, :S)", true}, {"attribute_type(n, :S)", false},
        {"attribute_type(gone, :S)", false}, {"begins_with(s, :he)", true},
        {"begins_with(s, :hello)", true}, {"begins_with(n, :he)", false},
        {"contains(s, :ell)", true}, {"contains(s, :ten)", false}, {"contains(ss, :a)", true},
        {"contains(ss, :he)", false}, {"contains(ns, :one)", true}, {"contains(l, :a)", true},
        {"contains(l, :five)", true}, {"contains(l, :ten)", false}, {"contains(n, :ten)", false},
        {"size(s) = :five", true}, {"size(ss) = :two", true}, {"size(l) = :three", true},
        {"size(m) = :two", true}, {"size(x) = :three", true}, {"size(n) = :two", false},
        {"size(e) = :three", true}, {"size(gone) = :two", false}, {"ss = :ba", true},
        {"m.a = :b", true}, {"l[2].k > :five", true}, {"t = :true", true}, {"nil = :null", true},
        {"s = :hello AND n = :ten", true}, {"s = :hello AND n = :five", false},
        {"s = :ten OR n = :ten", true}, {"NOT s = :ten AND n = :ten", true},
        {"s = :ten AND s = :ten OR n = :ten", true}, {"s = :ten AND (s = :ten OR n = :ten)", false},
        {"n = :ten OR s = :ten AND s = :ten", true}, {"NOT (s = :hello AND n = :ten)", false},
        {"NOT NOT s = :hello", true}, {"(s) = (:hello)", true}, {"not not not s=:hello", false},
    };
    struct world *w = *state;
    struct item item = item_of(w, ITEM);
    struct terms terms;

    terms_open(w, "{\"#a\":\"a\"}",
               "{':hello':{'S':'hello'},':he':{'S':'he'},':ell':{'S':'ell'},':a':{'S':'a'},"
               "':b':{'S':'b'},':S':{'S':'S'},':one':{'N':'1.0'},':two':{'N':'2'},"
               "':three':{'N':'3'},':five':{'N':'5'},':ten':{'N':'1e1'},':ba':{'SS':['b','a']},"
               "':true':{'BOOL':true},':null':{'NULL':true}}",
               &terms);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct expr *condition = NULL;

        if (condition_read(&terms, EXPR_CONDITION, str_c(rows[i].text), &condition) != OK) {
            print_error("%s\n%s\n", rows[i].text, w->why.text);
            assert_true(false);
        }
        if (condition_holds(condition, item.attributes) != rows[i].holds) {
            print_error("%s\n", rows[i].text);
            assert_true(false);
        }
    }
}

/* A boolean expression over 8 attributes that are 0 or 1, written and evaluated side by side. */
static bool generate(struct buf *text, unsigned bits, int depth)
{
    uint64_t what = chance(depth > 0 ? 5 : 1);
    bool left;
    bool right;

    if (what == 0) {
        uint64_t name = chance(8);
        uint64_t one = chance(2);

        buf_printf(text, "v%llu %s :%s", (unsigned long long)name, chance(2) ? "=" : "  = ",
                   one ? "one" : "zero");
        return (bits >> name & 1) == one;
    }
    if (what == 1) {
        buf_add(text, STR("NOT ("));
        left = generate(text, bits, depth - 1);
        buf_add(text, STR(" AND v0 = v1)"));
        return !(left && (bits & 1) == (bits >> 1 & 1));
    }
    buf_add(text, STR("((v0 = :zero OR "));
    left = generate(text, bits, depth - 1);
    left = left || (bits & 1) == 0;
    buf_add(text, what == 2 ? STR(") AND ") : STR(") or "));
    right = generate(text, bits, depth - 2);
    buf_add_c(text, ')');
    return what == 2 ? left && right : left || right;
}

static void generated_conditions_hold_as_a_plain_evaluation_says(void **state)
{
    struct world *w = *state;
    int checked = 0;

    for (int i = 0; i < 5000; i++) {
        unsigned bits = (unsigned)chance(256);
        struct str json = STR("{");
        struct item item;
        struct terms terms;
        struct buf text;
        const struct expr *condition = NULL;
        bool wanted;

        arena_clear(w->arena);
        for (unsigned v = 0; v < 8; v++) {
            json = arena_printf(w->arena, "%.*s%s\"v%u\":{\"N\":\"%u\"}", STR_ARG(json),
                                v > 0 ? "," : "", v, bits >> v & 1);
        }
        item = item_of(w, arena_printf(w->arena, "%.*s}", STR_ARG(json)).at);
        terms_open(w, "{\"#a\":\"a\"}", "{\":zero\":{\"N\":\"0\"},\":one\":{\"N\":\"1\"}}", &terms);
        buf_init(&text, 1u << 20);
        wanted = generate(&text, bits, 5);
        if (text.bytes <= EXPR_BYTES_MAX) {
            assert_true(condition_read(&terms, EXPR_CONDITION, buf_str(&text), &condition) == OK);
            assert_true(condition_holds(condition, item.attributes) == wanted);
            checked++;
        }
        buf_done(&text);
    }
    assert_true(checked > 4000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_WORLD(a_syntax_error_names_its_token_and_its_neighbours),
        IN_WORLD(parentheses_around_parentheses_are_redundant),
        IN_WORLD(functions_are_known_and_stand_where_they_may),
        IN_WORLD(reserved_words_come_before_what_is_not_defined),
        IN_WORLD(functions_take_so_many_operands_of_such_types),
        IN_WORLD(other_mistakes_have_their_sentences),
        IN_WORLD(lengths_are_bounded),
        IN_WORLD(names_and_values_are_checked_and_must_be_used),
        IN_WORLD(conditions_hold_or_not),
        IN_WORLD(generated_conditions_hold_as_a_plain_evaluation_says),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
