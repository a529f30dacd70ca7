/* SPDX-License-Identifier: Apache-2.0
 *
 * ExpressionAttributeNames and ExpressionAttributeValues of one request: read once, looked up by
 * binary search, and each must be used by some expression.
 */
#include "svc/dynamodb/errors.h"
#include "svc/dynamodb/expr_int.h"

#include <stdlib.h>

#define UNUSED_TEXT_BYTES_MAX 1024

struct term {
    struct str key;      /* "#n" or ":v" */
    struct str name;     /* of the attribute */
    struct datum value;  /* or the value */
    bool used;           /* by an expression */
};

static int term_cmp(const void *a, const void *b)
{
    return str_cmp(((const struct term *)a)->key, ((const struct term *)b)->key);
}

static bool is_word_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static bool key_is_good(struct str key, char sign)
{
    bool good = key.bytes > 1 && key.at[0] == sign;

    for (size_t i = 1; good && i < key.bytes; i++) {
        good = is_word_char(key.at[i]);
    }
    return good;
}

/* The member's keys, judged. */
static status keys_read(const struct value *map, const char *member, char sign, struct terms *terms)
{
    if (map->count == 0) {
        return why_set(terms->why, &DDB_VALIDATION, "%s must not be empty", member);
    }
    for (uint32_t i = 0; i < map->count; i++) {
        struct str key = map->pairs[i].key;

        if (key.bytes > TERM_KEY_BYTES_MAX) {
            return why_set(terms->why, &DDB_VALIDATION, "%s contains invalid key: The expression "
                           "attribute map contains a key that is too long; size of key: %zu",
                           member, key.bytes);
        }
        if (!key_is_good(key, sign)) {
            return why_set(terms->why, &DDB_VALIDATION,
                           "%s contains invalid key: Syntax error; key: \"%.*s\"", member,
                           STR_ARG(key));
        }
    }
    return OK;
}

static status terms_make(const struct value *map, struct terms *terms, struct term **ret_terms)
{
    struct term *made = arena_try(terms->arena, map->count * sizeof(*made));

    if (made == NULL) {
        return why_set(terms->why, &ERR_LIMIT, "no memory for %u names or values", map->count);
    }
    for (uint32_t i = 0; i < map->count; i++) {
        made[i] = (struct term){.key = map->pairs[i].key};
    }
    *ret_terms = made;
    return OK;
}

static status names_read(const struct value *names, struct terms *terms)
{
    TRY(keys_read(names, "ExpressionAttributeNames", '#', terms));
    TRY(terms_make(names, terms, &terms->names));
    for (uint32_t i = 0; i < names->count; i++) {
        terms->names[i].name = names->pairs[i].value.str;
        if (terms->names[i].name.bytes == 0) {
            return why_set(terms->why, &DDB_VALIDATION,
                           "ExpressionAttributeNames contains invalid value: Empty attribute name "
                           "for key %.*s", STR_ARG(names->pairs[i].key));
        }
    }
    terms->name_count = names->count;
    qsort(terms->names, terms->name_count, sizeof(*terms->names), term_cmp);
    return OK;
}

static status values_read(const struct value *values, struct terms *terms)
{
    TRY(keys_read(values, "ExpressionAttributeValues", ':', terms));
    TRY(terms_make(values, terms, &terms->values));
    for (uint32_t i = 0; i < values->count; i++) {
        struct why why;
        status read = datum_from_value(terms->arena, &values->pairs[i].value, &why,
                                       &terms->values[i].value);

        if (read != OK) {
            return why_set(terms->why, read,
                           "ExpressionAttributeValues contains invalid value: %s for key %.*s",
                           why.text, STR_ARG(values->pairs[i].key));
        }
    }
    terms->value_count = values->count;
    qsort(terms->values, terms->value_count, sizeof(*terms->values), term_cmp);
    return OK;
}

status terms_read(struct arena *arena, const struct value *names, const struct value *values,
                  struct why *why, struct terms *ret_terms)
{
    struct terms terms = {.arena = arena, .why = why};

    if (names != NULL) {
        TRY(names_read(names, &terms));
    }
    if (values != NULL) {
        TRY(values_read(values, &terms));
    }
    *ret_terms = terms;
    return OK;
}

static status all_used(const struct term *at, size_t count, const char *member, struct why *why)
{
    struct buf text;
    status told = OK;

    buf_init(&text, UNUSED_TEXT_BYTES_MAX);
    for (size_t i = 0; i < count && !buf_spent(&text); i++) {
        if (!at[i].used) {
            buf_add(&text, text.bytes > 0 ? STR(", ") : STR(""));
            buf_add(&text, at[i].key);
        }
    }
    if (text.bytes > 0) {
        told = why_set(why, &DDB_VALIDATION,
                       "Value provided in %s unused in expressions: keys: {%.*s}", member,
                       STR_ARG(buf_str(&text)));
    }
    buf_done(&text);
    return told;
}

status terms_all_used(struct terms *terms)
{
    TRY(all_used(terms->names, terms->name_count, "ExpressionAttributeNames", terms->why));
    return all_used(terms->values, terms->value_count, "ExpressionAttributeValues", terms->why);
}

static const struct term *term_find(struct term *at, size_t count, struct str key)
{
    struct term wanted = {.key = key};
    struct term *found = NULL;

    if (count > 0) {
        found = bsearch(&wanted, at, count, sizeof(*at), term_cmp);
    }
    if (found != NULL) {
        found->used = true;
    }
    return found;
}

const struct term *terms_name(struct terms *terms, struct str key)
{
    return term_find(terms->names, terms->name_count, key);
}

const struct term *terms_value(struct terms *terms, struct str key)
{
    return term_find(terms->values, terms->value_count, key);
}

struct str term_name(const struct term *term)
{
    return term->name;
}

struct datum term_value(const struct term *term)
{
    return term->value;
}
