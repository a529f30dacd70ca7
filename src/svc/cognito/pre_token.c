/* SPDX-License-Identifier: Apache-2.0
 *
 * PreTokenGeneration: what the function is told, and what of its answer changes tokens. Version 1
 * changes ID tokens and groups; version 2 access tokens and scopes, too; version 3 is asked also
 * for client credentials. Source: "Pre token generation Lambda trigger", Amazon Cognito developer
 * guide.
 */
#include "svc/cognito/mint.h"

#include "wire/json.h"

#define REQUEST_BYTES_MAX (256u * 1024)

/* 1, 2 or 3. */
static int version_of(const struct pool *pool)
{
    const struct value *lambdas = get(pool->about, "LambdaConfig");
    const struct value *config =
        lambdas == NULL ? NULL : get(lambdas, "PreTokenGenerationConfig");
    struct str version = config == NULL ? STR_NONE : get_str(config, "LambdaVersion");

    return str_eq(version, STR("V3_0")) ? 3 : str_eq(version, STR("V2_0")) ? 2 : 1;
}

bool pre_token_set(const struct pool *pool, const struct mint *mint)
{
    return trigger_set(pool, "PreTokenGeneration") &&
           (mint->wish.sub.bytes > 0 || version_of(pool) == 3);
}

/* ---- what it is told ---- */

static void add_texts(struct buf *out, const char *name, const struct str *texts, size_t count)
{
    buf_printf(out, "\"%s\":[", name);
    for (size_t i = 0; i < count; i++) {
        if (i > 0) {
            buf_add_c(out, ',');
        }
        json_write_str(out, texts[i]);
    }
    buf_add_c(out, ']');
}

static void add_groups(struct buf *out, const struct group_claims *groups)
{
    buf_add(out, STR("\"groupConfiguration\":{"));
    add_texts(out, "groupsToOverride", groups->groups, groups->group_count);
    buf_add_c(out, ',');
    add_texts(out, "iamRolesToOverride", groups->roles, groups->role_count);
    buf_add(out, STR(",\"preferredRole\":"));
    if (groups->preferred.bytes > 0) {
        json_write_str(out, groups->preferred);
    } else {
        buf_add(out, STR("null"));
    }
    buf_add_c(out, '}');
}

static void add_metadata(struct buf *out, const struct value *metadata)
{
    buf_add(out, STR(",\"clientMetadata\":{"));
    for (uint32_t i = 0; i < metadata->count; i++) {
        if (i > 0) {
            buf_add_c(out, ',');
        }
        json_write_str(out, metadata->pairs[i].key);
        buf_add_c(out, ':');
        json_write_str(out, metadata->pairs[i].value.str);
    }
    buf_add_c(out, '}');
}

void pre_token_ask(struct call *c, const struct mint_now *now, struct mint *mint)
{
    static const char *const sources[] = {"TokenGeneration_ClientCredentials"};
    struct group_claims *groups = ARENA_NEW(c->arena, struct group_claims);
    struct scope_list *scopes = ARENA_NEW(c->arena, struct scope_list);
    struct trigger *trigger = &mint->trigger;
    int version = version_of(&now->pool);
    struct buf out;

    buf_init(&out, REQUEST_BYTES_MAX);
    if (now->user != NULL) {
        group_claims_of(c, now->user, groups);
    }
    add_groups(&out, groups);
    if (version > 1) {
        struct str asked = mint->wish.sub.bytes == 0 ? mint->wish.scopes : mint->sign_in.scopes;

        scopes_read(asked.bytes > 0 ? asked : STR(SCOPE_API), scopes);
        buf_add_c(&out, ',');
        add_texts(&out, "scopes", scopes->at, scopes->count);
    }
    if (mint->wish.metadata != NULL) {
        add_metadata(&out, mint->wish.metadata);
    }
    *trigger = (struct trigger){
        .name = "PreTokenGeneration",
        .source = now->user == NULL ? sources[0] : mint->wish.source,
        .version = version == 1 ? "1" : version == 2 ? "2" : "3",
        .client_id = mint->wish.client,
        .username = now->user == NULL ? mint->wish.client : STR_NONE,
        .user = now->user,
        .request = arena_dup(c->keep, buf_str(&out)),
        .response = version == 1 ? STR("\"claimsOverrideDetails\":null")
                                 : STR("\"claimsAndScopeOverrideDetails\":null"),
        .pool = &now->pool};
    buf_done(&out);
}

/* ---- what it answers ---- */

/* A member that is a map or a list; NULL: it is not there, or null. */
static status member_of(struct call *c, const struct value *map, const char *name,
                        enum value_kind kind, const struct value **ret_member)
{
    const struct value *member = map == NULL ? NULL : map_find(map, str_c(name));

    *ret_member = NULL;
    if (member == NULL || member->kind == VALUE_NULL) {
        return OK;
    }
    if (member->kind != kind) {
        return fail(c, &COGNITO_LAMBDA_ANSWER, "Unrecognizable lambda output");
    }
    *ret_member = member;
    return OK;
}

static status details_of(struct call *c, const struct mint *mint, const struct value **ret_details)
{
    bool first = mint->trigger.version == NULL || str_eq(str_c(mint->trigger.version), STR("1"));

    return member_of(c, mint->trigger.answer,
                     first ? "claimsOverrideDetails" : "claimsAndScopeOverrideDetails", VALUE_MAP,
                     ret_details);
}

static size_t texts_of(const struct value *list, struct str *ret_texts, size_t room)
{
    size_t count = 0;

    for (uint32_t i = 0; list != NULL && i < list->count && count < room; i++) {
        if (list->items[i].kind == VALUE_STR) {
            ret_texts[count++] = list->items[i].str;
        }
    }
    return count;
}

status pre_token_groups(struct call *c, const struct mint *mint, struct group_claims *groups)
{
    const struct value *details, *override, *names, *roles, *preferred;

    TRY(details_of(c, mint, &details));
    TRY(member_of(c, details, "groupOverrideDetails", VALUE_MAP, &override));
    if (override == NULL) {
        return OK;
    }
    TRY(member_of(c, override, "groupsToOverride", VALUE_LIST, &names));
    TRY(member_of(c, override, "iamRolesToOverride", VALUE_LIST, &roles));
    TRY(member_of(c, override, "preferredRole", VALUE_STR, &preferred));
    groups->group_count = texts_of(names, groups->groups, GROUPS_OF_USER_MAX);
    groups->role_count = texts_of(roles, groups->roles, GROUPS_OF_USER_MAX);
    groups->preferred = preferred == NULL ? STR_NONE : preferred->str;
    return OK;
}

status pre_token_scopes(struct call *c, const struct mint *mint, struct scope_list *scopes)
{
    const struct value *details, *access, *more, *less;

    TRY(details_of(c, mint, &details));
    TRY(member_of(c, details, "accessTokenGeneration", VALUE_MAP, &access));
    TRY(member_of(c, access, "scopesToAdd", VALUE_LIST, &more));
    TRY(member_of(c, access, "scopesToSuppress", VALUE_LIST, &less));
    for (uint32_t i = 0; less != NULL && i < less->count; i++) {
        if (less->items[i].kind == VALUE_STR) {
            scopes_remove(scopes, less->items[i].str);
        }
    }
    for (uint32_t i = 0; more != NULL && i < more->count; i++) {
        struct str scope = more->items[i].str;

        if (more->items[i].kind == VALUE_STR && scope.bytes > 0 &&
            str_find(scope, ' ', 0) == scope.bytes && !str_starts(scope, STR("aws.cognito"))) {
            scopes_add(scopes, scope);
        }
    }
    return OK;
}

/* Which claims stay as they are, whatever it says. */
static bool is_fixed(struct str name, bool id)
{
    static const char *const all[] = {"acr", "amr", "at_hash", "auth_time", "azp", "exp", "iat",
                                      "iss", "jti", "nbf", "nonce", "origin_jti", "sub",
                                      "token_use"};
    static const char *const of_id[] = {"identities", "aud", "cognito:username"};
    static const char *const of_access[] = {"username", "client_id", "scope", "device_key",
                                            "event_id", "version"};
    const char *const *more = id ? of_id : of_access;
    size_t more_count = id ? sizeof(of_id) / sizeof(of_id[0])
                           : sizeof(of_access) / sizeof(of_access[0]);

    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        if (str_eq(name, str_c(all[i]))) {
            return true;
        }
    }
    for (size_t i = 0; i < more_count; i++) {
        if (str_eq(name, str_c(more[i]))) {
            return true;
        }
    }
    return str_starts(name, STR("cognito:")) || str_starts(name, STR("dev:"));
}

/* An access token may get an audience: its own client. */
static bool may_claim(const struct mint *mint, const struct pair *pair, bool id)
{
    if (!id && str_eq(pair->key, STR("aud"))) {
        return pair->value.kind == VALUE_STR && str_eq(pair->value.str, mint->wish.client);
    }
    return !is_fixed(pair->key, id) && pair->value.kind != VALUE_NULL;
}

static status change(struct call *c, const struct mint *mint, const struct value *changes, bool id,
                     struct claims *claims)
{
    bool first = str_eq(str_c(mint->trigger.version), STR("1"));
    const struct value *more, *less;

    TRY(member_of(c, changes, "claimsToAddOrOverride", VALUE_MAP, &more));
    TRY(member_of(c, changes, "claimsToSuppress", VALUE_LIST, &less));
    for (uint32_t i = 0; more != NULL && i < more->count; i++) {
        const struct pair *pair = &more->pairs[i];
        struct buf out;

        if (!may_claim(mint, pair, id)) {
            continue;
        }
        if (first && pair->value.kind != VALUE_STR) {
            return fail(c, &COGNITO_LAMBDA_ANSWER, "Unrecognizable lambda output");
        }
        buf_init(&out, CLAIMS_BYTES_MAX);
        json_write(&out, &pair->value, TIME_EPOCH);
        if (!buf_spent(&out)) {
            claim_json(claims, pair->key, arena_dup(c->arena, buf_str(&out)));
        }
        buf_done(&out);
    }
    for (uint32_t i = 0; less != NULL && i < less->count; i++) {
        if (less->items[i].kind == VALUE_STR && !is_fixed(less->items[i].str, id)) {
            claim_drop(claims, less->items[i].str);
        }
    }
    return OK;
}

status pre_token_claims(struct call *c, const struct mint *mint, bool id, struct claims *claims)
{
    const struct value *details, *changes;

    TRY(details_of(c, mint, &details));
    if (details == NULL) {
        return OK;
    }
    if (str_eq(str_c(mint->trigger.version), STR("1"))) {
        return id ? change(c, mint, details, id, claims) : OK;
    }
    TRY(member_of(c, details, id ? "idTokenGeneration" : "accessTokenGeneration", VALUE_MAP,
                  &changes));
    return change(c, mint, changes, id, claims);
}
