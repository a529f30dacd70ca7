/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading a policy document. What it refuses, and in which words, is IAM's; services that say it
 * otherwise look at the outcome only. Source: "Grammar of the IAM JSON policy language".
 *
 * Rules
 *  1. Unknown elements, wrong types and both of X and NotX are syntax errors.
 *  2. Variables are variables from version 2012-10-17 on; before, they are text.
 *  3. Of a document everything that is kept is copied into the policy's own arena.
 */
#include "cell/policy_int.h"

#include "base/buf.h"
#include "base/mem.h"
#include "wire/json.h"

#include <assert.h>
#include <ctype.h>

#define ARENA_BYTES_MAX (32u * 1024 * 1024)
#define SID_BYTES_MAX 1024
#define KEYS_MAX 1000 /* condition keys and variables of one document */

#define SYNTAX "Syntax errors in policy."
#define VENDOR "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."

const struct error POLICY_MALFORMED = {"MalformedPolicyDocument", NULL, 400, false};

/* A document being read. */
struct document {
    struct policy *policy;   /* it becomes this */
    struct arena *arena;     /* of the policy */
    enum policy_kind kind;   /* what it is to be */
    struct why *why;         /* of the caller */
    struct str *keys;        /* KEYS_MAX */
    uint32_t key_count;      /* of them */
};

static status bad(const struct document *document, const char *sentence)
{
    return why_set(document->why, &POLICY_MALFORMED, "%s", sentence);
}

static bool is_of_identity(const struct document *document)
{
    return document->kind == POLICY_OF_IDENTITY || document->kind == POLICY_MANAGED;
}

static const struct value *member(const struct value *map, const char *name)
{
    return map->kind == VALUE_MAP ? map_find(map, str_c(name)) : NULL;
}

/* One or many: both are written. */
static uint32_t many(const struct value *value, const struct value **ret_first)
{
    *ret_first = value->kind == VALUE_LIST ? value->items : value;
    return value->kind == VALUE_LIST ? value->count : 1;
}

static bool all_texts(const struct value *value)
{
    const struct value *first;
    uint32_t count = many(value, &first);

    for (uint32_t i = 0; i < count; i++) {
        if (first[i].kind != VALUE_STR) {
            return false;
        }
    }
    return true;
}

static bool only_members(const struct value *map, const char *const *names, size_t count)
{
    for (uint32_t i = 0; i < map->count; i++) {
        bool known = false;

        for (size_t n = 0; n < count; n++) {
            known |= str_eq(map->pairs[i].key, str_c(names[n]));
        }
        if (!known) {
            return false;
        }
    }
    return true;
}

static void note_key(struct document *document, struct str key)
{
    for (uint32_t i = 0; i < document->key_count; i++) {
        if (str_eq_nocase(document->keys[i], key)) {
            return;
        }
    }
    if (document->key_count < KEYS_MAX) {
        document->keys[document->key_count++] = arena_dup(document->arena, key);
    }
}

static status pattern_read(struct document *document, struct str text, bool wild, bool variables,
                           struct policy_pattern *pattern)
{
    struct str kept = arena_dup(document->arena, text);

    for (size_t i = 0; i < kept.bytes; i++) { /* marks among them */
        if ((unsigned char)kept.at[i] < ' ' && kept.at[i] != '\t' && kept.at[i] != '\n' &&
            kept.at[i] != '\r') {
            return bad(document, SYNTAX);
        }
    }
    if (!policy_pattern_read(document->arena, kept, wild,
                             variables && document->policy->variables, pattern)) {
        return bad(document, SYNTAX);
    }
    for (uint32_t i = 0; i < pattern->piece_count; i++) {
        if (pattern->pieces[i].key.bytes > 0) {
            note_key(document, pattern->pieces[i].key);
        }
    }
    return OK;
}

/* ---- actions and resources ---- */

static status action_check(const struct document *document, struct str action)
{
    size_t colon = str_find(action, ':', 0);
    struct str vendor = str_slice(action, 0, colon);

    if (str_eq(action, STR("*"))) {
        return OK;
    }
    if (colon == action.bytes || colon == 0) {
        return bad(document, VENDOR);
    }
    for (size_t i = 0; i < vendor.bytes; i++) {
        if (!isalnum((unsigned char)vendor.at[i]) && vendor.at[i] != '-' && vendor.at[i] != '.') {
            return why_set(document->why, &POLICY_MALFORMED, "Vendor %.*s is not valid",
                           STR_ARG(str_slice(vendor, 0, 256)));
        }
    }
    if (str_find(action, ':', colon + 1) < action.bytes) {
        return bad(document, "Actions/Condition can contain only one colon.");
    }
    if (document->kind == POLICY_OF_TRUST && !str_eq_nocase(vendor, STR("sts"))) {
        return bad(document, "AssumeRole policy may only specify STS AssumeRole actions.");
    }
    return OK;
}

static status partition_bad(const struct document *document, struct str partition, struct str rest)
{
    return why_set(document->why, &POLICY_MALFORMED,
                   "Partition \"%.*s\" is not valid for resource \"arn:%.*s:%.*s\".",
                   STR_ARG(str_slice(partition, 0, 128)), STR_ARG(str_slice(partition, 0, 128)),
                   STR_ARG(str_slice(rest, 0, 1024)));
}

/* Other kinds belong to a service, which knows its own. */
static status resource_check(const struct document *document, struct str resource)
{
    struct str rest = resource;
    struct str first = str_split(&rest, ':');
    struct str partition;
    int colons = 0;

    if (!is_of_identity(document) || str_eq(resource, STR("*"))) {
        return OK;
    }
    if (rest.at == NULL) {
        return why_set(document->why, &POLICY_MALFORMED,
                       "Resource %.*s must be in ARN format or \"*\".",
                       STR_ARG(str_slice(resource, 0, 1024)));
    }
    partition = str_split(&rest, ':');
    if (!str_eq(first, STR("arn"))) {
        return partition_bad(document, partition, rest.at == NULL ? STR("*:*:*:*") : rest);
    }
    for (size_t i = 0; i < rest.bytes; i++) {
        colons += rest.at[i] == ':';
    }
    if (colons < 3 && !str_ends(rest, STR("*"))) {
        return bad(document, "The policy failed legacy parsing");
    }
    if (!str_starts(partition, STR("aws")) && !str_eq(partition, STR("*"))) {
        return partition_bad(document, partition, rest);
    }
    return OK;
}

typedef status (*text_check)(const struct document *document, struct str text);

static status patterns_read(struct document *document, const struct value *value, text_check check,
                            bool variables, struct policy_patterns *patterns)
{
    const struct value *first;
    uint32_t count = many(value, &first);
    struct policy_pattern *items = arena_alloc(document->arena, (count + 1) * sizeof(*items));

    if (!all_texts(value)) {
        return bad(document, SYNTAX);
    }
    for (uint32_t i = 0; i < count; i++) {
        TRY(check(document, first[i].str));
        TRY(pattern_read(document, first[i].str, true, variables, &items[i]));
    }
    patterns->items = items;
    patterns->count = count;
    patterns->given = true;
    return OK;
}

static status pair_read(struct document *document, const struct value *is,
                        const struct value *is_not, text_check check,
                        struct policy_patterns *patterns)
{
    if (is != NULL && is_not != NULL) {
        return bad(document, SYNTAX);
    }
    patterns->negated = is_not != NULL;
    return is == NULL && is_not == NULL
               ? OK
               : patterns_read(document, is != NULL ? is : is_not, check, check == resource_check,
                               patterns);
}

static status actions_read(struct document *document, const struct value *from,
                           struct policy_statement *statement)
{
    TRY(pair_read(document, member(from, "Action"), member(from, "NotAction"), action_check,
                  &statement->actions));
    return statement->actions.count > 0
               ? OK
               : bad(document, document->kind == POLICY_OF_RESOURCE
                                   ? "Missing required field Action"
                                   : "Policy statement must contain actions.");
}

static status resources_read(struct document *document, const struct value *from,
                             struct policy_statement *statement)
{
    TRY(pair_read(document, member(from, "Resource"), member(from, "NotResource"), resource_check,
                  &statement->resources));
    if (document->kind == POLICY_OF_TRUST && statement->resources.given) {
        return bad(document, "Has prohibited field Resource");
    }
    if (is_of_identity(document) && statement->resources.count == 0) {
        return bad(document, "Policy statement must contain resources.");
    }
    return OK;
}

/* ---- principals ---- */

static bool is_account(struct str text)
{
    uint64_t number;

    return text.bytes == 12 && str_to_u64(text, &number);
}

/* arn:aws:iam::123456789012:root */
static bool is_root_arn(struct str text, struct str *ret_account)
{
    struct str rest = text;
    struct str parts[5];

    for (int i = 0; i < 5; i++) {
        parts[i] = str_split(&rest, ':');
    }
    *ret_account = parts[4];
    return str_eq(parts[0], STR("arn")) && str_eq(parts[2], STR("iam")) && is_account(parts[4]) &&
           str_eq(rest, STR("root"));
}

/* A unique id stands for a user or role that is gone: it fits nobody. */
static bool is_arn_or_id(struct str text)
{
    return str_starts(text, STR("arn:aws")) || str_starts(text, STR("AROA")) ||
           str_starts(text, STR("AIDA"));
}

static status aws_read(struct document *document, struct str text, struct policy_who *who)
{
    struct str account;

    who->text = arena_dup(document->arena, text);
    if (str_eq(text, STR("*"))) {
        who->kind = NAMED_ANYBODY;
    } else if (is_account(text)) {
        who->kind = NAMED_ACCOUNT;
    } else if (is_root_arn(who->text, &account)) {
        who->kind = NAMED_ACCOUNT;
        who->text = account;
    } else if (is_arn_or_id(text)) {
        who->kind = NAMED_ARN;
    } else {
        return why_set(document->why, &POLICY_MALFORMED,
                       "Invalid principal in policy: \"AWS\":\"%.*s\"",
                       STR_ARG(str_slice(text, 0, 1024)));
    }
    return OK;
}

static status who_read(struct document *document, struct str kind, struct str text,
                       struct policy_who *who)
{
    if (str_eq(kind, STR("AWS"))) {
        return aws_read(document, text, who);
    }
    who->text = arena_dup(document->arena, text);
    if (str_eq(kind, STR("Service"))) {
        who->kind = NAMED_SERVICE;
    } else if (str_eq(kind, STR("Federated"))) {
        who->kind = NAMED_FEDERATED;
    } else if (str_eq(kind, STR("CanonicalUser"))) {
        who->kind = NAMED_CANONICAL;
    } else {
        return bad(document, "Invalid principal in policy");
    }
    return OK;
}

static uint32_t whos_count(const struct value *from)
{
    const struct value *first;
    uint32_t count = 1;

    for (uint32_t i = 0; from->kind == VALUE_MAP && i < from->count; i++) {
        count += many(&from->pairs[i].value, &first);
    }
    return count;
}

static status whos_read(struct document *document, const struct value *from,
                        struct policy_statement *statement)
{
    struct policy_who *whos =
        arena_zero(document->arena, whos_count(from) * sizeof(*whos));
    uint32_t count = 0;

    statement->whos = whos;
    statement->whos_given = true;
    if (from->kind == VALUE_STR && str_eq(from->str, STR("*"))) {
        whos[0].kind = NAMED_ANYBODY;
        statement->who_count = 1;
        return OK;
    }
    if (from->kind != VALUE_MAP || from->count == 0) {
        return bad(document, "Invalid principal in policy");
    }
    for (uint32_t i = 0; i < from->count; i++) {
        const struct value *first;
        uint32_t texts = many(&from->pairs[i].value, &first);

        if (!all_texts(&from->pairs[i].value)) {
            return bad(document, SYNTAX);
        }
        for (uint32_t k = 0; k < texts; k++) {
            TRY(who_read(document, from->pairs[i].key, first[k].str, &whos[count++]));
        }
    }
    statement->who_count = count;
    return count > 0 ? OK : bad(document, "Invalid principal in policy");
}

static status principals_read(struct document *document, const struct value *from,
                              struct policy_statement *statement)
{
    const struct value *is = member(from, "Principal");
    const struct value *is_not = member(from, "NotPrincipal");

    if (is_of_identity(document)) {
        return is == NULL && is_not == NULL
                   ? OK
                   : bad(document, "Policy document should not specify a principal.");
    }
    if (is != NULL && is_not != NULL) {
        return bad(document, SYNTAX);
    }
    if (is == NULL && (is_not == NULL || document->kind == POLICY_OF_TRUST)) {
        return bad(document, "Missing required field Principal");
    }
    statement->whos_negated = is_not != NULL;
    return whos_read(document, is != NULL ? is : is_not, statement);
}

/* ---- conditions ---- */

static bool text_of(struct document *document, const struct value *value, struct str *ret_text)
{
    struct buf number;

    switch (value->kind) {
    case VALUE_STR:
        *ret_text = value->str;
        return true;
    case VALUE_BOOL:
        *ret_text = value->truth ? STR("true") : STR("false");
        return true;
    case VALUE_INT:
        *ret_text = arena_printf(document->arena, "%lld", (long long)value->number);
        return true;
    case VALUE_DOUBLE:
        buf_init(&number, 64);
        json_write_double(&number, value->real);
        *ret_text = arena_dup(document->arena, buf_str(&number));
        buf_done(&number);
        return true;
    default:
        return false;
    }
}

static status test_read(struct document *document, const struct pair *from,
                        struct policy_test *test)
{
    const struct value *first;
    uint32_t count = many(&from->value, &first);
    struct policy_pattern *values = arena_alloc(document->arena, (count + 1) * sizeof(*values));

    if (str_find(from->key, ':', 0) == from->key.bytes) {
        return bad(document, VENDOR);
    }
    note_key(document, from->key);
    test->key = arena_dup(document->arena, from->key);
    for (uint32_t i = 0; i < count; i++) {
        struct str text;

        if (!text_of(document, &first[i], &text)) {
            return bad(document, SYNTAX);
        }
        TRY(pattern_read(document, text, test->operator->wild, test->operator->variables,
                         &values[i]));
    }
    test->values = values;
    test->value_count = count;
    return OK;
}

static status conditions_read(struct document *document, const struct value *from,
                              struct policy_statement *statement)
{
    const struct value *condition = member(from, "Condition");
    struct policy_test *tests;
    uint32_t count = 0;

    if (condition == NULL) {
        return OK;
    }
    if (condition->kind != VALUE_MAP) {
        return bad(document, SYNTAX);
    }
    for (uint32_t i = 0; i < condition->count; i++) {
        count += condition->pairs[i].value.kind == VALUE_MAP ? condition->pairs[i].value.count : 0;
    }
    tests = arena_zero(document->arena, (count + 1) * sizeof(*tests));
    for (uint32_t i = 0; i < condition->count; i++) {
        const struct pair *pair = &condition->pairs[i];
        struct policy_test test = {.operator = NULL};

        test.operator = policy_operator_of(pair->key, &test.quantifier, &test.if_exists);
        if (test.operator == NULL || pair->value.kind != VALUE_MAP) {
            return bad(document, SYNTAX);
        }
        for (uint32_t k = 0; k < pair->value.count; k++) {
            tests[statement->test_count] = test;
            TRY(test_read(document, &pair->value.pairs[k], &tests[statement->test_count++]));
        }
    }
    statement->tests = tests;
    return OK;
}

/* ---- statements ---- */

static status sid_read(struct document *document, const struct value *from,
                       struct policy_statement *statement)
{
    const struct value *sid = member(from, "Sid");

    if (sid == NULL) {
        return OK;
    }
    if (sid->kind != VALUE_STR || sid->str.bytes > SID_BYTES_MAX) {
        return bad(document, SYNTAX);
    }
    for (size_t i = 0; is_of_identity(document) && i < sid->str.bytes; i++) {
        if (!isalnum((unsigned char)sid->str.at[i])) {
            return bad(document, "Statement IDs (SID) must be alpha-numeric. Check that your input "
                                 "satisfies the regular expression [0-9A-Za-z]*");
        }
    }
    statement->place.sid = arena_dup(document->arena, sid->str);
    return OK;
}

static status effect_read(struct document *document, const struct value *from,
                          struct policy_statement *statement)
{
    const struct value *effect = member(from, "Effect");

    if (effect == NULL && document->kind == POLICY_OF_RESOURCE) {
        return bad(document, "Missing required field Effect");
    }
    if (effect == NULL || effect->kind != VALUE_STR ||
        (!str_eq(effect->str, STR("Allow")) && !str_eq(effect->str, STR("Deny")))) {
        return bad(document, SYNTAX);
    }
    statement->place.allows = str_eq(effect->str, STR("Allow"));
    return OK;
}

static status statement_read(struct document *document, const struct value *from,
                             struct policy_statement *statement)
{
    static const char *const names[] = {"Sid", "Effect", "Principal", "NotPrincipal", "Action",
                                        "NotAction", "Resource", "NotResource", "Condition"};

    if (from->kind != VALUE_MAP ||
        !only_members(from, names, sizeof(names) / sizeof(names[0]))) {
        return bad(document, SYNTAX);
    }
    TRY(effect_read(document, from, statement));
    TRY(sid_read(document, from, statement));
    TRY(principals_read(document, from, statement));
    TRY(actions_read(document, from, statement));
    TRY(resources_read(document, from, statement));
    return conditions_read(document, from, statement);
}

static bool sids_differ(const struct policy_statement *statements, uint32_t count)
{
    for (uint32_t i = 1; i < count; i++) {
        for (uint32_t k = 0; statements[i].place.sid.bytes > 0 && k < i; k++) {
            if (str_eq(statements[i].place.sid, statements[k].place.sid)) {
                return false;
            }
        }
    }
    return true;
}

static status version_read(struct document *document, const struct value *from)
{
    const struct value *version = member(from, "Version");
    bool is_new = version != NULL && version->kind == VALUE_STR &&
                  str_eq(version->str, STR("2012-10-17"));
    bool is_old = version == NULL || (version->kind == VALUE_STR &&
                                      str_eq(version->str, STR("2008-10-17")));

    document->policy->variables = is_new;
    if (!is_new && !is_old) {
        return bad(document, SYNTAX);
    }
    if (document->kind == POLICY_MANAGED && !is_new) {
        return bad(document, "Policy document must be version 2012-10-17 or greater.");
    }
    return OK;
}

static status document_read(struct document *document, const struct value *from)
{
    static const char *const names[] = {"Version", "Id", "Statement"};
    const struct value *list = member(from, "Statement");
    const struct value *first;
    struct policy_statement *statements;
    uint32_t count;

    if (from->kind != VALUE_MAP ||
        !only_members(from, names, sizeof(names) / sizeof(names[0]))) {
        return bad(document, SYNTAX);
    }
    TRY(version_read(document, from));
    count = list == NULL ? 0 : many(list, &first);
    if (count == 0) {
        return bad(document, document->kind == POLICY_OF_RESOURCE
                                 ? "Missing required field Statement" : SYNTAX);
    }
    if (count > POLICY_STATEMENTS_MAX) {
        return why_set(document->why, &ERR_LIMIT, "The policy has more than %d statements",
                       POLICY_STATEMENTS_MAX);
    }
    statements = arena_zero(document->arena, count * sizeof(*statements));
    for (uint32_t i = 0; i < count; i++) {
        statements[i].place.index = i;
        TRY(statement_read(document, &first[i], &statements[i]));
    }
    if (!sids_differ(statements, count)) {
        return bad(document, "Statement IDs (SID) in a single policy must be unique.");
    }
    document->policy->statements = statements;
    document->policy->count = count;
    return OK;
}

static status compile(struct str text, struct document *document, struct arena *scratch)
{
    struct value value;
    struct why why = {""};
    status read = json_read(arena_dup(scratch, text), 0, scratch, &why, &value);

    if (read == &ERR_LIMIT) {
        return why_set(document->why, &ERR_LIMIT, "The policy is too large");
    }
    if (read != OK) {
        return bad(document, document->kind == POLICY_OF_RESOURCE
                                 ? "This policy contains invalid Json" : SYNTAX);
    }
    TRY(document_read(document, &value));
    policy_places(text, document->policy->statements, document->policy->count);
    document->policy->keys = document->keys;
    document->policy->key_count = document->key_count;
    return arena_spent(document->arena)
               ? why_set(document->why, &ERR_LIMIT, "The policy is too large") : OK;
}

status policy_compile(struct str text, enum policy_kind kind, struct why *why,
                      struct policy **ret_policy)
{
    struct document document = {.kind = kind, .why = why};
    struct arena *scratch;
    status compiled;

    if (text.bytes > POLICY_DOCUMENT_BYTES_MAX) {
        return why_set(why, &ERR_LIMIT, "A policy has at most %u bytes",
                       POLICY_DOCUMENT_BYTES_MAX);
    }
    document.arena = arena_new(ARENA_BYTES_MAX);
    document.policy = ARENA_NEW(document.arena, struct policy);
    document.policy->arena = document.arena;
    document.policy->holders = 1;
    document.policy->kind = kind;
    scratch = arena_new(ARENA_BYTES_MAX);
    document.keys = arena_alloc(scratch, KEYS_MAX * sizeof(*document.keys));
    compiled = compile(text, &document, scratch);
    if (compiled != OK) {
        arena_free(document.arena);
    } else {
        struct str *keys =
            arena_alloc(document.arena, (document.key_count + 1) * sizeof(*keys));

        memcpy(keys, document.keys, document.key_count * sizeof(*keys));
        document.policy->keys = keys;
        *ret_policy = document.policy;
    }
    arena_free(scratch);
    return compiled;
}

struct policy *policy_hold(const struct policy *policy)
{
    struct policy *held = (struct policy *)(uintptr_t)policy;

    __atomic_add_fetch(&held->holders, 1, __ATOMIC_RELAXED);
    return held;
}

void policy_drop(const struct policy *policy)
{
    struct policy *held = (struct policy *)(uintptr_t)policy;

    if (held != NULL && __atomic_sub_fetch(&held->holders, 1, __ATOMIC_ACQ_REL) == 0) {
        arena_free(held->arena);
    }
}

/* ---- looking at it ---- */

uint32_t policy_statement_count(const struct policy *policy)
{
    return policy->count;
}

struct policy_place policy_place(const struct policy *policy, uint32_t statement)
{
    assert(statement < policy->count);
    return policy->statements[statement].place;
}

bool policy_next_key(const struct policy *policy, size_t *position, struct str *ret_key)
{
    if (*position >= policy->key_count) {
        return false;
    }
    *ret_key = policy->keys[(*position)++];
    return true;
}
