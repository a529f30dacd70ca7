/* SPDX-License-Identifier: Apache-2.0
 *
 * The inside of authorization: one state per cell, used in the cell only.
 *
 *   authorize.c           who registered, asking, the services' words for no
 *   authorize_resource.c  which resources a call is about, from the model's templates
 *   authorize_context.c   the context keys of a call
 *   authorize_log.c       what was decided lately, for `weir why`
 */
#ifndef WEIR_CELL_AUTHORIZE_INT_H
#define WEIR_CELL_AUTHORIZE_INT_H

#include "base/map.h"
#include "cell/authorize.h"
#include "cell/cell_int.h"

#define PRINCIPAL_SOURCES_MAX 4
#define RESOURCE_SOURCES_MAX 64
#define GUARDS_MAX 128         /* actions on resources that one call is about; more: on "*" */
#define COMPILED_MAX 4096      /* documents kept by their text; then all are forgotten */
#define COMPILED_BYTES_MAX ((size_t)16 << 20) /* of their texts; the same */
#define VALUES_MAX 64          /* of one context key */

/* ---- what was decided ---- */

#define DECISIONS_ALLOWED_MAX 1000 /* the latest are kept */
#define DECISIONS_DENIED_MAX 4000  /* the same of those that say no */
#define DECISION_BYTES_MAX 2048    /* of one; where it would be more, its names are cut */
#define RESOURCE_BYTES_MAX 8192    /* of a resource written from a template */

struct decision_log {
    char *rows;             /* a ring of DECISION_BYTES_MAX each; owned; NULL: none yet */
    size_t room;            /* rows */
    uint64_t count;         /* ever noted; the newest is at (count - 1) % room */
};

struct authorize {
    struct cell *cell;      /* whose */
    const struct principal_source *principals[PRINCIPAL_SOURCES_MAX];
    size_t principal_count; /* of them */
    const struct resource_source *resources[RESOURCE_SOURCES_MAX];
    size_t resource_count;  /* of them */
    struct map *compiled;   /* kind and text → struct policy */
    size_t compiled_bytes;  /* of the texts */
    struct buf scratch;     /* a resource being written */
    struct decision_log allowed; /* lately */
    struct decision_log denied;  /* the same */
};

struct authorize *authorize_new(struct cell *cell);
void authorize_free(struct authorize *authorize); /* takes NULL */

const struct resource_source *resource_source_of(const struct authorize *authorize,
                                                 struct str service);
bool principal_tag(struct cell *cell, struct str arn, struct str key, struct str *ret_value);

/* ---- one question ---- */

/* What is asked, and everything that is known about it. */
struct asked {
    struct call *c;                     /* by whom */
    struct policy_request request;      /* as policies see it */
    const struct authorize_key *keys;   /* that the handler knows */
    size_t key_count;                   /* of them */
    struct str source, source_account;  /* of a service's hand-off: aws:SourceArn and its like */
    struct resource_facts facts;        /* of the resource */
    struct principal_policies *policies; /* of the caller; NULL: not looked up */
    struct policy_named resource;       /* its policy; policy NULL: none */
    struct policy_named session[IDENTITY_POLICIES_MAX]; /* of the caller */
    struct policy_set sets[PART_COUNT]; /* all that is looked at */
    struct policy_context context;      /* of the request */
};

/* authorize_context.c */
bool authorize_key_find(const struct policy_context *context, struct str key,
                        struct policy_values *ret_values);

/* authorize.c: may it use weir's own doors (weir:View, weir:Change)? Not in the cell. */
bool authorize_door(struct cell *cell, const struct identity *identity, struct arena *arena,
                    bool changes);

/* authorize_resource.c: the actions and resources that guard the call. */
struct guard {
    struct str action;                  /* "kinesis:PutRecord" */
    struct str resource;                /* ARN, or "*" */
};
size_t authorize_guards(struct call *c, struct guard guards[GUARDS_MAX]);

/* The values of the first of A|B in the input that is set; A.B goes inside. */
size_t authorize_values(struct call *c, struct str names, struct str *values, size_t count_max);

/* authorize_log.c */
void decisions_forget(struct decision_log *log);
void decision_note(const struct asked *asked, const struct policy_decision *decision,
                   const char *otherwise);
/* What was decided lately, newest first, as JSON; not in the cell. */
struct decision_filter {
    struct str request;     /* id of the call; empty: any */
    bool allowed, denied;   /* which are wanted */
    size_t count_max;       /* decisions at most */
};
void decisions_text(struct cell *cell, const struct decision_filter *filter, struct buf *out);

#endif
