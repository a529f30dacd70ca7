/* SPDX-License-Identifier: Apache-2.0
 *
 * Inside Cognito user pools: pools, clients, domains, groups, resource servers, users.
 *
 * Invariants between the files:
 *   1. There is nothing in memory: everything is a row (keys.c), read for each call and written in
 *      the handler that changes it. What is loaded lies in c->arena: a step that comes after a
 *      park or after work loads it again.
 *   2. Pools, clients, groups, domains and resource servers are kept as the model has them: a value
 *      tree of the shape that descriptions answer with ("about").
 *   3. A pool's id names it everywhere, whatever account asks: calls of apps come unsigned.
 *   4. A user is known by its sub. Names by which somebody signs in (the username, aliases) are
 *      rows that lead to the sub; they are changed with the user (user.c) and nowhere else.
 *   5. Whatever parks or works goes on by later.h, which keeps one thing at a time in c->kept.
 */
#ifndef WEIR_SVC_COGNITO_INT_H
#define WEIR_SVC_COGNITO_INT_H

#include "base/time.h"
#include "cell/call.h"
#include "svc/cognito/cognito.h"

#define POOLS_MAX 1000                /* of an account in a region */
#define CLIENTS_MAX 1000              /* of a pool */
#define GROUPS_MAX 10000              /* of a pool */
#define GROUPS_OF_USER_MAX 100        /* groups that a user is in */
#define SERVERS_MAX 25                /* resource servers of a pool */
#define SCOPES_MAX 100                /* of a resource server */
#define CUSTOM_ATTRIBUTES_MAX 50
#define ATTRIBUTES_MAX 80             /* of a user: standard and custom */
#define ATTRIBUTE_BYTES_MAX 2048
#define POOL_KEYS 2                   /* key pairs of a pool: of id tokens, of access tokens */
#define PASSWORDS_PAST_MAX 24         /* remembered for PasswordHistorySize */
#define HASH_BYTES 32
#define SALT_BYTES 16

/* Lines of errors: api.c has them. */
extern const struct error COGNITO_NOT_FOUND, COGNITO_INVALID, COGNITO_NOT_AUTHORIZED,
    COGNITO_NO_USER, COGNITO_USERNAME_EXISTS, COGNITO_ALIAS_EXISTS, COGNITO_NOT_CONFIRMED,
    COGNITO_PASSWORD, COGNITO_PASSWORD_HISTORY, COGNITO_RESET_REQUIRED, COGNITO_CODE_MISMATCH,
    COGNITO_CODE_EXPIRED, COGNITO_LIMIT, COGNITO_TOO_MANY, COGNITO_TOO_MANY_ATTEMPTS,
    COGNITO_GROUP_EXISTS, COGNITO_LAMBDA_VALIDATION, COGNITO_LAMBDA_UNEXPECTED,
    COGNITO_LAMBDA_ANSWER, COGNITO_MFA_NOT_FOUND, COGNITO_TOKEN_MFA_NOT_FOUND,
    COGNITO_SOFTWARE_MISMATCH, COGNITO_USER_STATE, COGNITO_SCOPE, COGNITO_OAUTH_FLOW,
    COGNITO_UNSUPPORTED_IDENTITY, COGNITO_UNSUPPORTED_TOKEN, COGNITO_UNSUPPORTED, COGNITO_DELIVERY,
    COGNITO_DUPLICATE_PROVIDER, COGNITO_TAGGING, COGNITO_UNAUTHORIZED, COGNITO_POOL_CONFIG,
    COGNITO_NOT_ENABLED, COGNITO_REUSED, COGNITO_TIER, COGNITO_PRECONDITION,
    COGNITO_DEVICE_EXISTS;

struct pool {
    struct str id;               /* "us-east-1_AbCdEfGhI" */
    struct str account, region;  /* whose and where */
    struct value *about;         /* UserPoolType: "Name", "LambdaConfig", "SchemaAttributes", … */
    struct value *mfa;           /* SetUserPoolMfaConfigResponse */
    uint64_t users;              /* EstimatedNumberOfUsers */
    bool case_sensitive;         /* usernames and aliases differ by case */
};

/* One of a pool's RSA-2048 key pairs. */
struct pool_key {
    struct str kid;              /* as tokens' heads and the JWKS have it */
    struct str private_der;      /* PKCS#8 */
};

struct client {
    struct str pool;             /* id */
    struct str id;               /* 26 of a-z0-9 */
    struct value *about;         /* UserPoolClientType; ClientSecret only if it has one */
    struct str secrets[2];       /* that are taken now; empty: none */
};

struct user_attribute {
    struct str name;             /* "email", "custom:team" */
    struct str value;
};

/* In the order of the words that UserStatus has (user.c). */
enum user_status {
    USER_UNCONFIRMED, USER_CONFIRMED, USER_RESET_REQUIRED, USER_FORCE_CHANGE_PASSWORD,
    USER_EXTERNAL_PROVIDER,
};

/* What a password has become; nothing of it is known without the password. */
struct password {
    bool set;                    /* there is one */
    uint8_t salt[SALT_BYTES];    /* of both */
    uint8_t hash[HASH_BYTES];    /* scrypt of it */
    struct str verifier;         /* SRP: g^x, big-endian */
    int64_t set_ms;              /* when it was set */
};

enum mfa_kind { MFA_NONE, MFA_SMS, MFA_TOTP, MFA_EMAIL };

struct user {
    struct str pool;             /* id */
    struct str sub;              /* UUID; also the attribute "sub", which is not in attributes */
    struct str username;         /* as it was given; the sub in pools that sign in by e-mail */
    enum user_status status;
    bool disabled;
    int64_t created_ms, modified_ms;
    int64_t signed_out_ms;       /* GlobalSignOut: tokens from before are not good; 0: never */
    struct user_attribute attributes[ATTRIBUTES_MAX];
    size_t attribute_count;      /* of them */
    struct user_attribute pending[3]; /* new email, phone_number, which wait for their code */
    size_t pending_count;        /* of them */
    struct password password;
    uint8_t past[PASSWORDS_PAST_MAX][SALT_BYTES + HASH_BYTES]; /* salt, hash; the newest first */
    size_t past_count;           /* of them */
    uint8_t mfa;                 /* bits 1 << enum mfa_kind: enabled */
    uint8_t mfa_preferred;       /* enum mfa_kind */
    struct str totp;             /* secret bytes; empty: none */
    bool totp_verified;
    uint64_t totp_step;          /* the newest time step that was taken: each only once */
    uint32_t failures;           /* wrong passwords since the last right one */
    int64_t locked_until_ms;     /* no password is taken before then */
};

struct group {
    struct str pool;             /* id */
    struct str name;
    struct value *about;         /* GroupType: "Precedence", "RoleArn" */
};

struct domain {
    struct str name;             /* "myapp", "auth.example.com" */
    struct value *about;         /* DomainDescriptionType: "UserPoolId", "CustomDomainConfig" */
};

struct resource_server {
    struct str pool;             /* id */
    struct str identifier;       /* "https://api.example.com" */
    struct value *about;         /* ResourceServerType: "Scopes" */
};

/* ---- pool.c ---- */

/* ResourceNotFoundException: "User pool … does not exist." */
status pool_find(struct call *c, struct str id, struct pool *ret_pool);
status pool_of_call(struct call *c, struct pool *ret_pool); /* UserPoolId, the caller's own */
struct str pool_arn(struct arena *arena, const struct pool *pool);
/* (For call_on() in c->keep: what is staged in a later step names it, too.) */
/* Its key pairs, POOL_KEYS of them. */
void pool_keys(struct call *c, const struct pool *pool, struct pool_key ret_keys[POOL_KEYS]);
/* An attribute of its schema: SchemaAttributeType; NULL: it has none of that name. */
const struct value *pool_attribute(const struct pool *pool, struct str name);
/* A trigger's ARN ("PreSignUp"); STR_NONE: not configured. */
struct str pool_trigger(const struct pool *pool, const char *trigger);

/* ---- client.c ---- */

/* By its id alone: ResourceNotFoundException: "User pool client … does not exist." */
status client_find(struct call *c, struct str id, struct client *ret_client);
bool client_has(const struct client *client, const char *member, struct str item); /* in a list */
/* ExplicitAuthFlows, with the old names and the default: "ALLOW_USER_SRP_AUTH". */
bool client_allows(const struct client *client, struct str flow);
bool client_hides_users(const struct client *client); /* PreventUserExistenceErrors */
/* Validity in milliseconds of "AccessToken", "IdToken", "RefreshToken", by units and defaults. */
int64_t client_validity_ms(const struct client *client, const char *token);
/* SECRET_HASH (base64) of a username: NotAuthorizedException. Fine when it has no secret. */
status client_check_hash(struct call *c, const struct client *client, struct str username,
                         struct str secret_hash);
bool client_secret_fits(const struct client *client, struct str secret); /* constant time */

/* ---- domain.c, server.c, group.c ---- */

bool domain_find(struct call *c, struct str name, struct domain *ret_domain); /* false: none */
/* The prefix domain of a pool, or the custom one; STR_NONE: it has none. */
struct str domain_of_pool(struct call *c, const struct pool *pool, bool custom);
/* Is "identifier/scope" one of the pool's? */
bool scope_known(struct call *c, const struct pool *pool, struct str scope);
/* The groups of a user by precedence, then by name; at most GROUPS_OF_USER_MAX. */
size_t groups_of_user(struct call *c, const struct user *user,
                      struct group ret_groups[GROUPS_OF_USER_MAX]);

/* ---- user.c ---- */

bool user_of_sub(struct call *c, const struct pool *pool, struct str sub, struct user **ret_user);
/* By what somebody signs in with: username, alias, sub of a pool without usernames. */
bool user_of_name(struct call *c, const struct pool *pool, struct str name,
                  struct user **ret_user);
struct str user_attribute(const struct user *user, struct str name); /* "sub" too; empty: none */
bool user_is_true(const struct user *user, const char *attribute);   /* "email_verified" */
struct str user_status_text(const struct user *user);
void user_save(struct call *c, const struct pool *pool, struct user *user); /* all but its names */

#endif
