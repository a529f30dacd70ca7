/* SPDX-License-Identifier: Apache-2.0
 *
 * Inside IAM: accounts, and the nouns in them. Everything here happens in the cell.
 *
 * Invariants between the files:
 *   1. Memory mirrors the store: everything is loaded at open, and changed in memory in the same
 *      call that stages the change. A noun is one row; what can be derived is in no row (a group's
 *      members, a policy's attachments).
 *   2. Every noun begins with a struct thing, which is what shelves, ARNs, ids and tags know of it.
 *      A shelf is sorted by name without regard to case, in which two names never differ only.
 *   3. What is named by a pointer (a policy that is attached, a role in a profile, a user in a
 *      group) cannot be deleted before the pointer is gone: DeleteConflict.
 *   4. Documents are compiled when they are set or loaded, never while somebody is authorized.
 */
#ifndef WEIR_SVC_IAM_INT_H
#define WEIR_SVC_IAM_INT_H

#include "base/list.h"
#include "base/map.h"
#include "cell/call.h"
#include "svc/iam/iam.h"
#include "svc/iam/iam_text.h"

#define ACCOUNTS_MAX 10000
#define USERS_MAX 5000              /* of an account, as AWS's quotas are: */
#define GROUPS_MAX 300
#define ROLES_MAX 1000
#define MANAGED_MAX 1500
#define PROFILES_MAX 1000
#define OIDC_MAX 100
#define SAML_MAX 100
#define CERTIFICATES_MAX 20
#define MFA_MAX 5000
#define KEYS_MAX 2                  /* of a user */
#define ACCESS_KEYS_MAX 100000      /* of all users */
#define SSH_KEYS_MAX 5
#define SIGNING_MAX 2               /* signing certificates of a user */
#define SERVICE_KEYS_EACH_MAX 2     /* service-specific credentials for a service */
#define SERVICE_KEYS_MAX 4
#define GROUPS_PER_USER_MAX 10
#define ATTACHED_MAX 10             /* managed policies of a user, a group, a role */
#define VERSIONS_MAX 5              /* of a managed policy */
#define TAGS_MAX 50
#define CLIENTS_MAX 100             /* client ids of an OIDC provider */
#define THUMBPRINTS_MAX 5
#define POLICY_CHARS_MAX 6144       /* of a version, without white space */
#define TRUST_CHARS_MAX 2048
#define INLINES_MAX 1000            /* inline policies of somebody; their sum has a quota */
#define ID_BYTES 21                 /* AIDA… */
#define SESSION_SECONDS 3600        /* a role's MaxSessionDuration, unless it says otherwise */

/* ---- the nouns ---- */

enum kind { USER, GROUP, ROLE, MANAGED, PROFILE, OIDC, SAML, CERTIFICATE, MFA, KINDS };

struct thing {
    struct account *account;   /* whose it is; NULL: AWS's own */
    uint8_t kind;              /* enum kind */
    struct str name;           /* owned */
    struct str path;           /* "/", "/team/"; owned */
    char id[ID_BYTES];         /* unique for all time */
    int64_t created_ms;        /* whole seconds */
    struct texts tags;         /* by key */
};

/* A policy document as it came, and what it means. */
struct document {
    struct str text;           /* owned */
    struct policy *policy;     /* compiled; owned; NULL: none */
};

struct inline_policy {
    struct str name;           /* owned */
    struct document document;  /* what it says */
};

struct managed;

/* Who can have policies: the head of users, groups and roles. */
struct principal {
    struct thing thing;        /* its head */
    struct inline_policy *inlines; /* by name; owned */
    size_t inline_count;       /* of them */
    struct managed *attached[ATTACHED_MAX]; /* by ARN */
    size_t attached_count;     /* of them */
    struct managed *boundary;  /* NULL: none */
};

/* What a user's access key is beside its secret, which cell/identity.h has. */
struct access_key {
    struct str id;             /* AKIA…; owned */
    bool active;               /* Status */
    int64_t created_ms;        /* when it was made */
    int64_t used_ms;           /* 0: never */
    struct str used_service, used_region; /* owned */
};

/* An SSH public key, or a signing certificate. */
struct ssh_key {
    struct str id;             /* APKA…, ASCA…; owned */
    struct str body;           /* owned */
    bool active;               /* Status */
    int64_t uploaded_ms;       /* when it came */
};

struct service_key {
    struct str id;             /* ACCA…; owned */
    struct str service;        /* "codecommit.amazonaws.com"; owned */
    struct str user_name;      /* "bob-at-111122223333"; owned */
    bool active;               /* Status */
    int64_t created_ms;        /* when it was made */
};

struct user {
    struct principal principal; /* its head */
    struct group *groups[GROUPS_PER_USER_MAX]; /* in the order of joining */
    size_t group_count;        /* of them */
    struct access_key keys[KEYS_MAX]; /* in the order of their making */
    size_t key_count;          /* of them */
    struct ssh_key ssh_keys[SSH_KEYS_MAX]; /* in the order of their coming */
    size_t ssh_key_count;      /* of them */
    struct ssh_key signing[SIGNING_MAX]; /* certificates, in the order of their coming */
    size_t signing_count;      /* of them */
    struct service_key service_keys[SERVICE_KEYS_MAX]; /* in the order of their making */
    size_t service_key_count;  /* of them */
    struct str password;       /* salt and hash; empty: no login profile; owned */
    int64_t password_ms;       /* when the login profile was made */
    int64_t password_set_ms;   /* when the password was */
    bool password_reset;       /* PasswordResetRequired */
    struct link noted;         /* in iam.noted: a key was used, which its row does not say yet */
};

struct group {
    struct principal principal; /* its head */
    struct user **users;       /* its members; owned */
    size_t user_count;         /* of them */
};

struct role {
    struct principal principal; /* its head */
    struct document trust;     /* AssumeRolePolicyDocument */
    struct str description;    /* owned */
    uint32_t session_seconds;  /* MaxSessionDuration */
    int64_t used_ms;           /* 0: never */
    struct str used_region;    /* owned */
    struct str linked;         /* the service whose role it is; empty: nobody's; owned */
};

struct version {
    uint32_t number;           /* of v1 */
    int64_t created_ms;        /* when it was made */
    struct document document;  /* what it says */
};

struct uses {
    uint32_t attached;         /* AttachmentCount */
    uint32_t boundaries;       /* PermissionsBoundaryUsageCount */
};

struct managed {
    struct thing thing;        /* its head */
    struct str description;    /* owned */
    int64_t updated_ms;        /* UpdateDate */
    struct version versions[VERSIONS_MAX]; /* oldest first */
    size_t version_count;      /* of them */
    uint32_t version_default;  /* its number */
    uint32_t version_last;     /* given last */
    struct uses uses;          /* the account's own policies only */
    uint32_t place;            /* AWS's own: which one */
    bool service_linked;       /* AWS's own: for the roles of services only */
};

struct profile {
    struct thing thing;        /* its head */
    struct role *role;         /* NULL: none */
};

/* OIDC: its URL is the name. SAML: clients holds the document. */
struct provider {
    struct thing thing;        /* its head */
    struct texts clients;      /* ClientIDList, by name */
    struct texts thumbprints;  /* by name */
    struct str document;       /* SAML metadata; owned */
    int64_t valid_until_ms;    /* SAML */
};

struct certificate {
    struct thing thing;        /* its head */
    struct str body, chain, key; /* PEM; owned */
    int64_t expires_ms;        /* Expiration */
};

struct mfa {
    struct thing thing;        /* its head */
    struct str seed;           /* 20 bytes and more; owned */
    struct user *user;         /* NULL: not enabled */
    int64_t enabled_ms;        /* when; 0: not */
};

/* ---- accounts ---- */

struct shelf {
    struct thing **things;     /* by name; owned, and so are they */
    size_t count;              /* of them */
    size_t room;               /* allocated */
};

struct password_policy {
    bool set;                  /* there is one */
    uint32_t length_min;       /* of a password */
    bool symbols, numbers, uppers, lowers; /* required */
    bool change_allowed;       /* AllowUsersToChangePassword */
    uint32_t age_days_max;     /* 0: passwords do not expire */
    uint32_t reuse;            /* PasswordReusePrevention; 0: none */
    bool hard_expiry;          /* HardExpiry */
};

#define AWS_POLICIES_MAX 96    /* AWS's own that weir knows */

struct account {
    struct iam *iam;           /* whose account this is */
    char id[12];               /* its digits */
    struct shelf shelves[KINDS]; /* by kind */
    struct uses aws_uses[AWS_POLICIES_MAX]; /* by managed.place */
    struct str alias;          /* empty: none; owned */
    struct password_policy passwords; /* what is asked of them */
    int64_t reported_ms;       /* GenerateCredentialReport; 0: none */
    struct str report;         /* owned */
};

struct iam {
    struct cell *cell;         /* whose service this is */
    struct map *accounts;      /* id → struct account */
    struct map *keys;          /* access key → struct user */
    struct managed *aws[AWS_POLICIES_MAX]; /* AWS's own policies */
    size_t aws_count;          /* of them */
    struct link noted;         /* of users whose rows are to be saved */
};

static inline struct iam *iam_of(const struct call *c)
{
    return c->state;
}

#include "svc/iam/iam_thing.h"

#endif
