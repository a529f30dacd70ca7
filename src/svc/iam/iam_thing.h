/* SPDX-License-Identifier: Apache-2.0
 *
 * What IAM's files offer one another: things on shelves, documents, who has policies, pages, rows.
 */
#ifndef WEIR_SVC_IAM_THING_H
#define WEIR_SVC_IAM_THING_H

#include "svc/iam/iam_int.h"

/* ---- api.c ---- */

extern const struct error IAM_NO_SUCH, IAM_EXISTS, IAM_CONFLICT, IAM_LIMIT, IAM_MALFORMED,
    IAM_INVALID, IAM_UNMODIFIABLE, IAM_NOT_ATTACHABLE, IAM_PASSWORD, IAM_NOT_A_USER,
    IAM_NO_REPORT, IAM_REPORT_EXPIRED, IAM_VALIDATION, IAM_BAD_SSH_KEY, IAM_SAME_SSH_KEY,
    IAM_SSH_ENCODING, IAM_BAD_CERTIFICATE, IAM_KEY_PAIR, IAM_BAD_CODE,
    IAM_SAME_CERTIFICATE, IAM_NOT_SUPPORTED;

/* ---- account.c ---- */

/* An account is there as soon as somebody asks for it; NULL: too many. */
struct account *account_find(struct iam *iam, struct str id);
/* The caller's: LimitExceeded. */
status account_of_call(struct call *c, struct account **ret_account);
static inline struct str account_id(const struct account *account)
{
    return str_of(account->id, sizeof(account->id));
}
void account_free(struct account *account);
/* c->now in whole seconds, as everything that IAM remembers. */
int64_t iam_now(const struct call *c);

/* ---- thing.c ---- */

/* What a kind is called: in rows, in ARNs, in ids. */
struct kind_words {
    const char *row;           /* "user" */
    const char *arn;           /* "user": what its ARN's resource begins with */
    const char *id;            /* "AIDA" */
    size_t count_max;          /* in an account */
    const char *quota;         /* what AWS calls that */
};
const struct kind_words *kind_words(uint8_t kind);

/* Of that kind's size, on no shelf yet. */
struct thing *thing_new(struct account *account, uint8_t kind, struct str name);
void thing_free(struct thing *thing);
/* The same for a call's new one: an id, now, Path (InvalidInput, ValidationError), Tags. What it
 * says is checked before: EntityAlreadyExists is the caller's to say. */
status thing_make(struct call *c, struct account *account, uint8_t kind, struct str name,
                  struct thing **ret_thing);
struct thing *thing_find(const struct account *account, uint8_t kind, struct str name);
/* Is there one whose name differs in nothing but case? */
bool thing_taken(const struct account *account, uint8_t kind, struct str name);
bool thing_add(struct account *account, struct thing *thing); /* false: kind's count_max */
void thing_remove(struct thing *thing);                       /* off its shelf; not freed */
struct str thing_arn(struct arena *arena, const struct thing *thing);
/* By its ARN, in an account or (managed policies) AWS's own; NULL: none. */
struct thing *thing_of_arn(const struct account *account, uint8_t kind, struct str arn);
/* A fresh unique id: "AIDA" and 17 of A-Z2-7. */
void fresh_id(struct call *c, const char *prefix, char out[ID_BYTES]);
status path_check(struct call *c, struct str path);
status quota_check(struct call *c, const struct account *account, uint8_t kind);

/* By the call's member: NoSuchEntity in that noun's words. */
status user_of_call(struct call *c, struct user **ret_user);     /* UserName */
/* The same, but without UserName whoever calls: ValidationError for who is no user. */
status user_or_caller(struct call *c, struct user **ret_user);
struct user *caller_user(struct call *c);                        /* NULL: is none */
status group_of_call(struct call *c, struct group **ret_group);  /* GroupName */
status role_of_call(struct call *c, struct role **ret_role);     /* RoleName */
status role_to_change(struct call *c, struct role **ret_role);   /* UnmodifiableEntity */
status profile_of_call(struct call *c, struct profile **ret_profile); /* InstanceProfileName */
status managed_of_call(struct call *c, struct managed **ret_managed); /* PolicyArn */
status managed_to_change(struct call *c, struct managed **ret_managed); /* the account's own */
status no_such_user(struct call *c, struct str name);

/* ---- tag.c ---- */

status tags_check(struct call *c, const struct texts *there, const struct value *tags);
void tags_add(struct texts *texts, const struct value *tags);
void put_tags(struct arena *arena, struct value *structure, const struct texts *texts);

/* ---- document.c ---- */

/* Compiles: MalformedPolicyDocument, LimitExceeded. kind is an enum policy_kind. */
status document_read(struct call *c, struct str text, int kind, struct policy **ret_policy);
void document_set(struct document *document, struct str text, struct policy *policy); /* takes it */
void document_done(struct document *document);
bool document_load(struct document *document, struct str text, int kind);
size_t document_chars(struct str text); /* without white space, as quotas count */
/* As answers show documents: percent-encoded (RFC 3986). */
struct str document_shown(struct arena *arena, struct str text);

/* ---- trust.c ---- */

/* A trust policy: MalformedPolicyDocument, LimitExceeded. */
status trust_read(struct call *c, const struct account *account, struct str text,
                  struct policy **ret_policy);

/* ---- principal.c ---- */

struct inline_policy *inline_find(const struct principal *principal, struct str name);
void inline_set(struct principal *principal, struct str name, struct str text,
                struct policy *policy);
bool inline_remove(struct principal *principal, struct str name);
bool attached_find(const struct principal *principal, const struct managed *managed,
                   size_t *ret_place);
struct str attached_name(struct arena *arena, const struct managed *managed); /* for pages */
void attach(struct principal *principal, struct managed *managed);
bool detach(struct principal *principal, const struct managed *managed);
void boundary_set(struct principal *principal, struct managed *managed); /* NULL: none */
void principal_done(struct principal *principal);
/* Counts of a policy's uses in an account. */
struct uses *uses_of(struct account *account, struct managed *managed);
bool group_join(struct group *group, struct user *user);  /* false: was in it */
bool group_leave(struct group *group, struct user *user); /* false: was not */

/* ---- managed.c ---- */

struct version *version_find(struct managed *managed, uint32_t number); /* NULL: none */
struct version *version_default(const struct managed *managed);
struct version *version_add(struct managed *managed, struct str text, struct policy *policy);
void version_remove(struct managed *managed, struct version *version);
void aws_policies_open(struct iam *iam);
void aws_policies_close(struct iam *iam);

/* ---- mfa.c ---- */

/* Is that what the device shows now, or half a minute ago or ahead? */
bool mfa_shows(const struct mfa *mfa, struct str code, int64_t now_ms);

/* ---- piece.c ---- */

/* A list in pieces: MaxItems, Marker, IsTruncated. The marker is the name given last. */
struct piece {
    struct call *c;            /* whose answer it is */
    struct value *list;        /* gets the items */
    uint32_t count_max;        /* in this piece */
    uint32_t given;            /* in lists before this one, of this piece */
    struct str after;          /* the name given last by the piece before */
    struct str last;           /* by this one */
    bool full;                 /* more did not fit: nothing is taken any more */
};
/* member: the answer's list, for at most so many things. ValidationError. */
status piece_begin(struct call *c, const char *member, size_t count, struct piece *ret_piece);
/* The same for an answer of several lists: each begins with piece_part(), at first too. */
status piece_begin_parts(struct call *c, struct piece *ret_piece);
void piece_part(struct piece *piece, const char *member, size_t count);
/* Names come in the order of name_cmp(). True: add one item to piece->list. */
bool piece_takes(struct piece *piece, struct str name);

/* ---- keys.c: the only file that knows key and record bytes ---- */

void thing_save(struct call *c, const struct thing *thing);
void thing_erase(struct call *c, const struct thing *thing);
void account_save(struct call *c, const struct account *account); /* alias, password policy */
status iam_load(struct iam *iam);

/* ---- source.c ---- */

void iam_join_cell(struct cell *cell); /* as the cell's source of principals and roles */

#endif
