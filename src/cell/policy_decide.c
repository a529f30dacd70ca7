/* SPDX-License-Identifier: Apache-2.0
 *
 * What policies say of a request; the rules are in policy.h.
 */
#include "cell/policy_int.h"

#include <assert.h>

/* How a statement's principals fit the caller; the more it names him, the more it allows. */
enum naming {
    NAMES_NOT,
    NAMES_ACCOUNT, /* the account he is in */
    NAMES_ROLE,    /* the role his session is of, or everybody: a session stays limited */
    NAMES_SELF,    /* him */
};

/* ---- principals ---- */

static bool is_session(const struct policy_principal *principal)
{
    return principal->kind == CALLER_ROLE || principal->kind == CALLER_FEDERATED;
}

static enum naming anybody_names(const struct policy_principal *principal)
{
    return is_session(principal) ? NAMES_ROLE : NAMES_SELF;
}

static enum naming arn_names(const struct policy_principal *principal, struct str arn)
{
    if (principal->arn.bytes > 0 && str_eq(arn, principal->arn)) {
        return NAMES_SELF;
    }
    return principal->source.bytes > 0 && str_eq(arn, principal->source) ? NAMES_ROLE : NAMES_NOT;
}

static enum naming who_names(const struct policy_who *who, const struct policy_principal *principal)
{
    bool in_account = principal->account.bytes > 0;

    switch (who->kind) {
    case NAMED_ANYBODY:
        return anybody_names(principal);
    case NAMED_ACCOUNT:
        if (!in_account || !str_eq(who->text, principal->account)) {
            return NAMES_NOT;
        }
        return principal->kind == CALLER_ROOT ? NAMES_SELF : NAMES_ACCOUNT;
    case NAMED_ARN:
        return arn_names(principal, who->text);
    case NAMED_SERVICE:
        return principal->kind == CALLER_SERVICE && str_eq(who->text, principal->name)
                   ? NAMES_SELF : NAMES_NOT;
    case NAMED_FEDERATED:
        return principal->kind == CALLER_WEB && str_eq(who->text, principal->name) ? NAMES_SELF
                                                                                   : NAMES_NOT;
    case NAMED_CANONICAL:
        return principal->canonical.bytes > 0 && str_eq(who->text, principal->canonical)
                   ? NAMES_ACCOUNT : NAMES_NOT;
    }
    return NAMES_NOT;
}

static enum naming best_naming(const struct policy_statement *statement,
                               const struct policy_principal *principal)
{
    enum naming best = NAMES_NOT;

    for (uint32_t i = 0; i < statement->who_count; i++) {
        enum naming naming = who_names(&statement->whos[i], principal);

        best = naming > best ? naming : best;
    }
    return best;
}

static bool lists(const struct policy_statement *statement, enum policy_named_kind kind,
                  struct str text)
{
    for (uint32_t i = 0; i < statement->who_count; i++) {
        if (statement->whos[i].kind == kind && str_eq(statement->whos[i].text, text)) {
            return true;
        }
    }
    return false;
}

/* Everything that the caller is must be listed: his account, his role, his session. (Who has a
 * boundary is never excepted on AWS, which advises against NotPrincipal; here he may be.) */
static bool is_excepted(const struct policy_statement *statement,
                        const struct policy_principal *principal)
{
    if (principal->account.bytes == 0) {
        return best_naming(statement, principal) != NAMES_NOT;
    }
    return lists(statement, NAMED_ANYBODY, STR_NONE) ||
           (lists(statement, NAMED_ACCOUNT, principal->account) &&
            (principal->kind == CALLER_ROOT ||
             (lists(statement, NAMED_ARN, principal->arn) &&
              (!is_session(principal) || lists(statement, NAMED_ARN, principal->source)))));
}

static enum naming naming_of(const struct policy_statement *statement,
                             const struct policy_principal *principal)
{
    if (!statement->whos_given) {
        return NAMES_SELF;
    }
    if (!statement->whos_negated) {
        return best_naming(statement, principal);
    }
    return is_excepted(statement, principal) ? NAMES_NOT : anybody_names(principal);
}

/* ---- statements ---- */

static bool pattern_fits(const struct policy_pattern *pattern, struct str text, bool nocase)
{
    if (pattern->wild) {
        return policy_marked_like(pattern->text, text, nocase);
    }
    return nocase ? str_eq_nocase(pattern->text, text) : str_eq(pattern->text, text);
}

static bool actions_fit(const struct policy_statement *statement, struct str action)
{
    const struct policy_patterns *actions = &statement->actions;

    for (uint32_t i = 0; i < actions->count; i++) {
        if (pattern_fits(&actions->items[i], action, true)) {
            return !actions->negated;
        }
    }
    return actions->negated;
}

static bool resource_fits(const struct policy_pattern *pattern,
                          const struct policy_request *request)
{
    char room[EXPANDED_BYTES_MAX];
    struct policy_pattern filled = *pattern;

    return policy_pattern_expand(pattern, request, room, &filled.text) &&
           pattern_fits(&filled, request->resource, false);
}

static bool resources_fit(const struct policy_statement *statement,
                          const struct policy_request *request)
{
    const struct policy_patterns *resources = &statement->resources;

    for (uint32_t i = 0; i < resources->count; i++) {
        if (resource_fits(&resources->items[i], request)) {
            return !resources->negated;
        }
    }
    return !resources->given || resources->negated;
}

/* Rule 1. */
static enum naming speaks_of(const struct policy_statement *statement,
                             const struct policy_request *request,
                             struct policy_listener *listener)
{
    enum naming naming = naming_of(statement, &request->principal);

    return naming != NAMES_NOT && actions_fit(statement, request->action) &&
                   resources_fit(statement, request) &&
                   policy_conditions_hold(statement, request, listener)
               ? naming : NAMES_NOT;
}

/* ---- documents ---- */

/* What a part says, so far. */
struct saying {
    enum policy_said said;             /* in all */
    enum naming naming;                /* of the statement that allows most */
    const struct policy_named *policy; /* which says it */
    uint32_t statement;                /* of it */
};

static void policy_adds(const struct policy_named *named, const struct policy_request *request,
                        struct policy_listener *listener, struct policy_heard *heard,
                        struct saying *saying)
{
    const struct policy *policy = named->policy;

    for (uint32_t i = 0; i < policy->count; i++) {
        const struct policy_statement *statement = &policy->statements[i];
        enum naming naming;

        if (saying->said == SAID_DENY && listener == NULL) {
            return;
        }
        naming = speaks_of(statement, request, listener);
        if (naming == NAMES_NOT) {
            continue;
        }
        if (listener != NULL && listener->matched != NULL) {
            heard->policy = named;
            heard->statement = i;
            listener->matched(listener, heard);
        }
        if (saying->said != SAID_DENY && (!statement->place.allows || naming > saying->naming)) {
            *saying = (struct saying){statement->place.allows ? SAID_ALLOW : SAID_DENY, naming,
                                      named, i};
        }
    }
}

enum policy_said policy_says(const struct policy *policy, const struct policy_request *request,
                             uint32_t *ret_statement)
{
    struct policy_named named = {policy, STR_NONE};
    struct saying saying = {.said = SAID_NOTHING};

    policy_adds(&named, request, NULL, NULL, &saying);
    if (saying.said != SAID_NOTHING && ret_statement != NULL) {
        *ret_statement = saying.statement;
    }
    return saying.said;
}

static struct saying part_says(enum policy_part part, const struct policy_set *set,
                               const struct policy_request *request,
                               struct policy_listener *listener)
{
    struct policy_heard heard = {.part = part};
    struct saying saying = {.said = SAID_NOTHING};

    assert(set->count <= POLICY_SETS_MAX);
    for (size_t i = 0; i < set->count; i++) {
        policy_adds(&set->policies[i], request, listener, &heard, &saying);
    }
    return saying;
}

/* ---- the decision ---- */

static void decided_by(struct policy_decision *decision, enum policy_part part,
                       const struct saying *saying)
{
    decision->part = part;
    decision->policy = saying->policy;
    decision->statement = saying->statement;
}

static bool lets(const struct policy_set *set, const struct saying *saying)
{
    return !set->present || saying->said == SAID_ALLOW;
}

/* The part that has to allow and does not; PART_COUNT: all do. */
static enum policy_part first_silent(const struct policy_set sets[PART_COUNT],
                                     const struct saying says[PART_COUNT], bool root)
{
    if (!root && says[PART_IDENTITY].said != SAID_ALLOW) {
        return PART_IDENTITY;
    }
    if (!lets(&sets[PART_BOUNDARY], &says[PART_BOUNDARY])) {
        return PART_BOUNDARY;
    }
    return lets(&sets[PART_SESSION], &says[PART_SESSION]) ? PART_COUNT : PART_SESSION;
}

static void allow_or_not(const struct policy_request *request,
                         const struct policy_set sets[PART_COUNT],
                         const struct saying says[PART_COUNT], struct policy_decision *decision)
{
    const struct policy_principal *principal = &request->principal;
    const struct saying *resource = &says[PART_RESOURCE];
    enum naming naming = resource->said == SAID_ALLOW ? resource->naming : NAMES_NOT;
    bool alone = principal->account.bytes == 0; /* rule 6 */
    enum policy_part silent = first_silent(sets, says, principal->kind == CALLER_ROOT);
    enum policy_part by = PART_IDENTITY;

    if (alone || ((decision->across || request->consent) && naming == NAMES_NOT)) {
        by = PART_RESOURCE;
        silent = naming >= NAMES_ROLE ? PART_COUNT : PART_RESOURCE;
    } else if (!decision->across && naming == NAMES_SELF) {
        by = PART_RESOURCE;
        silent = PART_COUNT;
    } else if (!decision->across && naming == NAMES_ROLE && silent == PART_IDENTITY) {
        by = PART_RESOURCE;
        silent = first_silent(sets, says, true);
    }
    decision->allowed = silent == PART_COUNT;
    decided_by(decision, decision->allowed ? by : silent, &says[by]);
    if (!decision->allowed) {
        decision->policy = NULL;
    }
}

void policy_decide(const struct policy_request *request, const struct policy_set sets[PART_COUNT],
                   struct policy_listener *listener, struct policy_decision *ret_decision)
{
    struct saying says[PART_COUNT];
    const struct policy_principal *principal = &request->principal;

    *ret_decision = (struct policy_decision){.allowed = false};
    ret_decision->across = request->account.bytes > 0 && principal->account.bytes > 0 &&
                           !str_eq(request->account, principal->account);
    for (size_t i = 0; i < PART_COUNT; i++) {
        says[i] = part_says((enum policy_part)i, &sets[i], request, listener);
        ret_decision->said[i] = says[i].said;
    }
    for (size_t i = 0; i < PART_COUNT; i++) {
        if (says[i].said == SAID_DENY) {
            ret_decision->denied = true;
            decided_by(ret_decision, (enum policy_part)i, &says[i]);
            return;
        }
    }
    allow_or_not(request, sets, says, ret_decision);
}

/* ---- in words ---- */

static const char *part_name(enum policy_part part)
{
    static const char *const names[PART_COUNT] = {
        [PART_IDENTITY] = "identity-based policy",
        [PART_RESOURCE] = "resource-based policy",
        [PART_BOUNDARY] = "permissions boundary",
        [PART_SESSION] = "session policy",
    };

    return names[part];
}

struct str policy_sentence(struct arena *arena, const struct policy_request *request,
                           const struct policy_decision *decision)
{
    const struct policy_principal *principal = &request->principal;
    struct str who = principal->arn.bytes > 0 ? principal->arn : principal->name;
    struct str first = arena_printf(
        arena, "User: %.*s is not authorized to perform: %.*s on resource: %.*s",
        STR_ARG(who.bytes > 0 ? who : STR("anonymous")), STR_ARG(request->action),
        STR_ARG(request->resource));

    if (decision->denied) {
        return arena_printf(arena, "%.*s with an explicit deny in %s %s", STR_ARG(first),
                            decision->part == PART_IDENTITY ? "an" : "a",
                            part_name(decision->part));
    }
    return arena_printf(arena, "%.*s because no %s allows the %.*s action", STR_ARG(first),
                        part_name(decision->part), STR_ARG(request->action));
}
