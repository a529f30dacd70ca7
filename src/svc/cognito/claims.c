/* SPDX-License-Identifier: Apache-2.0
 *
 * Claims. Source: "Understanding the identity (ID) token" and "Understanding the access token",
 * Amazon Cognito developer guide; OpenID Connect Core 1.0, 5.4 for scopes.
 */
#include "svc/cognito/claims.h"

#include "svc/cognito/token.h"
#include "svc/cognito/user.h"
#include "wire/json.h"

void claim_json(struct claims *claims, struct str name, struct str json)
{
    for (size_t i = 0; i < claims->count; i++) {
        if (str_eq(claims->list[i].name, name)) {
            claims->list[i].json = json;
            return;
        }
    }
    if (claims->count < CLAIMS_MAX) {
        claims->list[claims->count++] = (struct claim){name, json};
    }
}

static struct str quoted(struct claims *claims, struct str text)
{
    struct buf out;
    struct str made;

    buf_init(&out, CLAIMS_BYTES_MAX);
    json_write_str(&out, text);
    made = buf_spent(&out) ? STR("\"\"") : arena_dup(claims->arena, buf_str(&out));
    buf_done(&out);
    return made;
}

void claim_text(struct claims *claims, const char *name, struct str text)
{
    if (text.bytes > 0) {
        claim_json(claims, str_c(name), quoted(claims, text));
    }
}

void claim_number(struct claims *claims, const char *name, int64_t number)
{
    claim_json(claims, str_c(name), arena_printf(claims->arena, "%lld", (long long)number));
}

void claim_drop(struct claims *claims, struct str name)
{
    for (size_t i = 0; i < claims->count; i++) {
        if (str_eq(claims->list[i].name, name)) {
            claims->count--;
            memmove(&claims->list[i], &claims->list[i + 1],
                    (claims->count - i) * sizeof(claims->list[0]));
            return;
        }
    }
}

struct str claims_write(const struct claims *claims)
{
    struct str made = STR_NONE;
    struct buf out;

    buf_init(&out, CLAIMS_BYTES_MAX);
    for (size_t i = 0; i < claims->count; i++) {
        buf_add_c(&out, i == 0 ? '{' : ',');
        json_write_str(&out, claims->list[i].name);
        buf_add_c(&out, ':');
        buf_add(&out, claims->list[i].json);
    }
    buf_add(&out, claims->count == 0 ? STR("{}") : STR("}"));
    if (!buf_spent(&out)) {
        made = arena_dup(claims->arena, buf_str(&out));
    }
    buf_done(&out);
    return made;
}

/* ---- scopes ---- */

void scopes_read(struct str scopes, struct scope_list *ret_list)
{
    ret_list->count = 0;
    while (scopes.at != NULL) {
        struct str scope = str_split(&scopes, ' ');

        if (scope.bytes > 0) {
            scopes_add(ret_list, scope);
        }
    }
}

void scopes_add(struct scope_list *list, struct str scope)
{
    for (size_t i = 0; i < list->count; i++) {
        if (str_eq(list->at[i], scope)) {
            return;
        }
    }
    if (list->count < TOKEN_SCOPES_MAX) {
        list->at[list->count++] = scope;
    }
}

void scopes_remove(struct scope_list *list, struct str scope)
{
    for (size_t i = 0; i < list->count; i++) {
        if (str_eq(list->at[i], scope)) {
            list->count--;
            memmove(&list->at[i], &list->at[i + 1], (list->count - i) * sizeof(list->at[0]));
            return;
        }
    }
}

struct str scopes_write(const struct scope_list *list, struct arena *arena)
{
    struct str made = STR("");

    for (size_t i = 0; i < list->count; i++) {
        made = arena_printf(arena, "%.*s%s%.*s", STR_ARG(made), i == 0 ? "" : " ",
                            STR_ARG(list->at[i]));
    }
    return made;
}

bool scopes_have(struct str scopes, struct str scope)
{
    while (scopes.at != NULL) {
        if (str_eq(str_split(&scopes, ' '), scope)) {
            return true;
        }
    }
    return false;
}

static bool is_profile(struct str name)
{
    static const char *const names[] = {
        "name", "family_name", "given_name", "middle_name", "nickname", "preferred_username",
        "profile", "picture", "website", "gender", "birthdate", "zoneinfo", "locale", "updated_at",
        "address"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (str_eq(name, str_c(names[i]))) {
            return true;
        }
    }
    return str_starts(name, STR("custom:"));
}

bool scopes_show(struct str scopes, struct str attribute)
{
    bool email = scopes_have(scopes, STR("email"));
    bool phone = scopes_have(scopes, STR("phone"));
    bool profile = scopes_have(scopes, STR("profile"));

    if (scopes.bytes == 0 || (!email && !phone && !profile)) {
        return true; /* openid alone */
    }
    return (email && str_starts(attribute, STR("email"))) ||
           (phone && str_starts(attribute, STR("phone_number"))) ||
           (profile && is_profile(attribute)) || str_eq(attribute, STR("sub"));
}

/* ---- groups ---- */

static void role_add(struct group_claims *groups, struct str role)
{
    for (size_t i = 0; i < groups->role_count; i++) {
        if (str_eq(groups->roles[i], role)) {
            return;
        }
    }
    groups->roles[groups->role_count++] = role;
}

/* The role of the group that goes first; groups that stand equal must have the same. */
static struct str preferred_role(const struct group *groups, size_t count)
{
    struct str role = STR_NONE;
    int64_t first = INT64_MAX;

    for (size_t i = 0; i < count; i++) {
        int64_t precedence = get_int(groups[i].about, "Precedence", INT64_MAX);
        struct str its = get_str(groups[i].about, "RoleArn");

        if (its.bytes == 0 || precedence > first) {
            continue;
        }
        if (precedence == first && role.bytes > 0 && !str_eq(role, its)) {
            return STR_NONE;
        }
        first = precedence;
        role = its;
    }
    return role;
}

void group_claims_of(struct call *c, const struct user *user, struct group_claims *ret_groups)
{
    struct group *groups = arena_alloc(c->arena, GROUPS_OF_USER_MAX * sizeof(groups[0]));
    size_t count = groups_of_user(c, user, groups);

    *ret_groups = (struct group_claims){.group_count = count};
    for (size_t i = 0; i < count; i++) {
        struct str role = get_str(groups[i].about, "RoleArn");

        ret_groups->groups[i] = groups[i].name;
        if (role.bytes > 0) {
            role_add(ret_groups, role);
        }
    }
    ret_groups->preferred = preferred_role(groups, count);
}

static struct str texts_json(struct arena *arena, const struct str *texts, size_t count)
{
    struct buf out;
    struct str made;

    buf_init(&out, CLAIMS_BYTES_MAX);
    for (size_t i = 0; i < count; i++) {
        buf_add_c(&out, i == 0 ? '[' : ',');
        json_write_str(&out, texts[i]);
    }
    buf_add(&out, count == 0 ? STR("[]") : STR("]"));
    made = buf_spent(&out) ? STR("[]") : arena_dup(arena, buf_str(&out));
    buf_done(&out);
    return made;
}

void claims_groups(struct claims *claims, const struct group_claims *groups, bool roles)
{
    if (groups->group_count > 0) {
        claim_json(claims, STR("cognito:groups"),
                   texts_json(claims->arena, groups->groups, groups->group_count));
    } else {
        claim_drop(claims, STR("cognito:groups"));
    }
    if (!roles) {
        return;
    }
    if (groups->preferred.bytes > 0) {
        claim_text(claims, "cognito:preferred_role", groups->preferred);
    } else {
        claim_drop(claims, STR("cognito:preferred_role"));
    }
    if (groups->role_count > 0) {
        claim_json(claims, STR("cognito:roles"),
                   texts_json(claims->arena, groups->roles, groups->role_count));
    } else {
        claim_drop(claims, STR("cognito:roles"));
    }
}

/* ---- tokens ---- */

static bool revocable(const struct claims_of *of)
{
    return get_bool(of->client->about, "EnableTokenRevocation", false);
}

/* As ID tokens say it: truths, numbers and the address have types of their own. */
static void claim_attribute(struct claims *claims, struct str name, struct str value)
{
    struct str json = quoted(claims, value);

    if (str_eq(name, STR("email_verified")) || str_eq(name, STR("phone_number_verified"))) {
        json = str_eq(value, STR("true")) ? STR("true") : STR("false");
    } else if (str_eq(name, STR("address"))) {
        json = arena_printf(claims->arena, "{\"formatted\":%.*s}", STR_ARG(json));
    } else if (str_eq(name, STR("updated_at"))) {
        uint64_t number;

        json = str_to_u64(value, &number) ? value : json;
    }
    claim_json(claims, name, json);
}

bool client_reads(const struct client *client, struct str attribute)
{
    return !has(client->about, "ReadAttributes") || str_eq(attribute, STR("sub")) ||
           client_has(client, "ReadAttributes", attribute);
}

static void claim_attributes(const struct claims_of *of, struct claims *claims)
{
    for (size_t i = 0; i < of->user->attribute_count; i++) {
        const struct user_attribute *attribute = &of->user->attributes[i];

        if (!str_eq(attribute->name, STR("sub")) &&
            client_reads(of->client, attribute->name) &&
            scopes_show(of->sign_in->oauth ? of->sign_in->scopes : STR_NONE, attribute->name)) {
            claim_attribute(claims, attribute->name, attribute->value);
        }
    }
}

static void claim_times(const struct claims_of *of, struct claims *claims)
{
    claim_number(claims, "auth_time",
                 (of->sign_in == NULL ? of->now_ms : of->sign_in->at_ms) / 1000);
    claim_number(claims, "exp", of->until_ms / 1000);
    claim_number(claims, "iat", of->now_ms / 1000);
}

void claims_id(const struct claims_of *of, struct claims *claims)
{
    claim_text(claims, "sub", of->user->sub);
    claims_groups(claims, of->groups, true);
    claim_text(claims, "iss", of->issuer);
    claim_text(claims, "cognito:username", of->user->username);
    claim_text(claims, "nonce", of->nonce);
    if (revocable(of)) {
        claim_text(claims, "origin_jti", of->sign_in->origin_jti);
    }
    claim_text(claims, "aud", of->client->id);
    claim_text(claims, "event_id", of->sign_in->id);
    claim_text(claims, "token_use", STR("id"));
    claim_times(of, claims);
    if (revocable(of)) {
        claim_text(claims, "jti", of->jti);
    }
    claim_attributes(of, claims);
}

void claims_access(const struct claims_of *of, struct claims *claims)
{
    claim_text(claims, "sub", of->user == NULL ? of->client->id : of->user->sub);
    if (of->user != NULL) {
        claims_groups(claims, of->groups, false);
    }
    claim_text(claims, "iss", of->issuer);
    if (of->user == NULL || of->sign_in->oauth) {
        claim_number(claims, "version", 2);
    }
    claim_text(claims, "client_id", of->client->id);
    if (of->user != NULL && revocable(of)) {
        claim_text(claims, "origin_jti", of->sign_in->origin_jti);
    }
    if (of->user != NULL) {
        claim_text(claims, "event_id", of->sign_in->id);
    }
    claim_text(claims, "token_use", STR("access"));
    claim_text(claims, "scope", of->scopes);
    claim_times(of, claims);
    claim_text(claims, "jti", of->jti);
    if (of->user != NULL) {
        claim_text(claims, "username", of->user->username);
    }
}
