/* SPDX-License-Identifier: Apache-2.0
 *
 * SAM's policy templates, filled in.
 */
#include "svc/cloudformation/sam_policy.h"

/* A template that is being filled in. */
struct filling {
    struct sam *s;             /* the transform */
    const char *parameters;    /* the template's, with spaces between them */
    const struct value *given; /* their values */
};

const struct sam_policy_template *sam_policy_template_find(struct str name)
{
    for (const struct sam_policy_template *t = sam_policy_templates; t->name != NULL; t++) {
        if (str_eq(name, str_c(t->name))) {
            return t;
        }
    }
    return NULL;
}

/* The parameter that a hole stands for: of the same name, whatever its case. */
static const struct value *parameter(const struct filling *f, struct str hole)
{
    struct str rest = str_c(f->parameters);

    while (rest.at != NULL) {
        struct str name = str_split(&rest, ' ');

        if (str_eq_nocase(name, hole)) {
            return node_find(f->given, name);
        }
    }
    return NULL;
}

/* "@sqs:{queueName}" as Fn::Sub. */
static struct value resource(const struct filling *f, struct str word)
{
    struct arena *arena = f->s->arena;
    struct value holes = node_map();
    struct str text = STR("");
    struct value sub;

    if (str_eq(word, STR("*"))) {
        return node_str(word);
    }
    if (word.at[0] == '@' || word.at[0] == '^') {
        size_t colon = str_find(word, ':', 0);

        text = arena_printf(arena, "arn:${AWS::Partition}:%.*s:%s:", (int)(colon - 1), word.at + 1,
                            word.at[0] == '@' ? "${AWS::Region}:${AWS::AccountId}" : ":");
        word = str_slice(word, colon + 1, word.bytes);
    }
    while (word.bytes > 0) {
        size_t open = str_find(word, '{', 0);
        size_t close = str_find(word, '}', open);
        struct str hole = str_slice(word, open + 1, close);
        bool plain = open == word.bytes || (open > 0 && word.at[open - 1] == '$');

        text = arena_printf(arena, "%.*s%.*s", STR_ARG(text), (int)open, word.at);
        if (open < word.bytes) {
            text = arena_printf(arena, plain ? "%.*s{%.*s}" : "%.*s${%.*s}", STR_ARG(text),
                                STR_ARG(hole));
        }
        if (!plain) {
            node_set(arena, &holes, hole, parameter(f, hole));
        }
        word = str_slice(word, close + 1, word.bytes);
    }
    sub = node_str(text);
    return holes.count > 0 ? node_make(arena, "{'Fn::Sub': [%v, %v]}", &sub, &holes)
                           : node_make(arena, "{'Fn::Sub': %v}", &sub);
}

static struct value actions(const struct filling *f, struct str words)
{
    bool one = words.at[0] == '=';
    struct str rest = str_slice(words, one ? 1 : 0, words.bytes);
    struct str service = str_split(&rest, ' ');
    struct value list = node_list();

    while (rest.at != NULL) {
        node_push(f->s->arena, &list,
                  node_str(sam_join(f->s, service, str_split(&rest, ' '))));
    }
    return one ? list.items[0] : list;
}

static struct value resources(const struct filling *f, struct str words)
{
    struct value list = node_list();

    if (words.at[0] != '[') {
        return resource(f, words);
    }
    words = str_slice(words, 2, words.bytes);
    while (words.at != NULL) {
        node_push(f->s->arena, &list, resource(f, str_split(&words, ' ')));
    }
    return list;
}

static struct value statement(const struct filling *f, struct str text)
{
    size_t arrow = str_find_str(text, STR(" > "));
    struct str what = str_slice(text, arrow + 3, text.bytes);
    size_t asks = str_find_str(what, STR(" ? "));
    struct value action = actions(f, str_slice(text, 0, arrow));
    struct value on = resources(f, str_slice(what, 0, asks));
    struct value made = node_make(f->s->arena, "{Effect: 'Allow', Action: %v, Resource: %v}",
                                  &action, &on);

    if (asks < what.bytes) {
        struct str condition = str_slice(what, asks + 3, what.bytes);
        struct str key = str_split(&condition, ' ');
        struct value is = resource(f, condition);

        node_put(f->s->arena, &made, "Condition",
                 node_make(f->s->arena, "{StringEquals: {%s: %v}}", key, &is));
    }
    return made;
}

/* Says which parameters have no value. */
static bool has_all(struct sam *s, const struct sam_policy_template *template,
                    const struct value *given)
{
    struct str rest = str_c(template->parameters);
    struct value missing = node_list();

    if (!node_is(given, VALUE_MAP)) {
        sam_refuse(s, s->id, "Must specify valid parameter values for policy template '%s'",
                   template->name);
        return false;
    }
    while (rest.bytes > 0) {
        struct str name = str_split(&rest, ' ');

        if (!node_has(given, arena_dup(s->arena, name).at)) {
            node_push(s->arena, &missing, node_str(name));
        }
    }
    if (missing.count > 0) {
        sam_refuse(s, s->id,
                   "Following required parameters of template '%s' don't have values: %.*s",
                   template->name, STR_ARG(node_shown(s->arena, &missing)));
    }
    return missing.count == 0;
}

struct value sam_policy_statements(struct sam *s, const struct sam_policy_template *template,
                                   const struct value *given)
{
    struct filling f = {.s = s, .parameters = template->parameters, .given = given};
    struct str rest = str_c(template->statements);
    struct value list = node_list();

    if (!has_all(s, template, given)) {
        return node_map();
    }
    while (rest.bytes > 0) {
        size_t end = str_find_str(rest, STR(" | "));

        node_push(s->arena, &list, statement(&f, str_slice(rest, 0, end)));
        rest = str_slice(rest, end + 3, rest.bytes);
    }
    return node_make(s->arena, "{Statement: %v}", &list);
}
