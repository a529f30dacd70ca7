/* SPDX-License-Identifier: Apache-2.0
 *
 * Lambda's records: functions, their versions and packages, and settings beside them.
 *
 * Rows of the store are the truth; nothing of what is here lies in memory between calls (live.c and
 * mapping.c keep what runs). A handler reads a row, checks, changes the tree, puts the row.
 *
 * Invariants
 *  1. A function's row, its $LATEST and its published versions come and go in one txn; versions are
 *     never changed once published, but for what a setting beside them says.
 *  2. Every version and every layer version holds its packages (package_hold); a package without
 *     holders keeps its blob and folder for PACKAGE_KEPT_MS, for whoever still runs it.
 *  3. A folder below DIR/functions/code or layers is whole, or not there.
 */
#ifndef WEIR_SVC_LAMBDA_LAMBDA_INT_H
#define WEIR_SVC_LAMBDA_LAMBDA_INT_H

#include "base/digest.h"
#include "cell/call.h"

#define NAME_BYTES_MAX 64
#define WORD_BYTES_MAX 256           /* of any name or qualifier that is looked for */
#define LAYERS_MAX 5
#define TIMEOUT_MAX 900
#define MEMORY_MB_MAX 10240
#define STORAGE_MB_MAX 10240
#define ENVIRONMENT_BYTES_MAX 4096
#define ROW_BYTES_MAX (4 * 1024 * 1024) /* of any row: more than the model's limits allow */
#define CONCURRENCY_MAX 1000         /* of an account in a region */
#define CONCURRENCY_UNRESERVED_MIN 100
#define CODE_BYTES_MAX INT64_C(80530636800) /* of an account in a region, zipped */
#define TAGS_MAX 50
#define LAMBDA_TAG_VALUES 16         /* that one decision may ask for */
#define LAMBDA_TAG_VALUE_BYTES 1024  /* 256 characters */

struct cell;
struct live;
struct mappings;

struct lambda {
    struct cell *cell;           /* where it lives */
    uint64_t run;                /* another at each start; of names of what is in the making */
    char swept[2 * SHA256_BYTES]; /* code.c's: how far packages were looked at */
    bool swept_any;              /* swept is one */
    bool swept_folders;          /* what earlier starts left was looked for */
    char tag_values[LAMBDA_TAG_VALUES][LAMBDA_TAG_VALUE_BYTES]; /* guard.c's */
    unsigned tag_next;           /* the next of them */
    uint8_t secret[32];          /* signs where packages are; another at each start */
    struct live *live;           /* functions that run; live.c's */
    struct mappings *mappings;   /* event source mappings that run; mapping.c's */
};

static inline struct lambda *lambda_of(struct call *c)
{
    return c->state;
}

/* ---- errors (api.c) ---- */

extern const struct error LAMBDA_BAD_VALUE;         /* InvalidParameterValueException */
extern const struct error LAMBDA_VALIDATION;        /* ValidationException */
extern const struct error LAMBDA_CONFLICT;          /* ResourceConflictException */
extern const struct error LAMBDA_NOT_FOUND;         /* ResourceNotFoundException */
extern const struct error LAMBDA_PRECONDITION;      /* PreconditionFailedException */
extern const struct error LAMBDA_IN_USE;            /* ResourceInUseException */
extern const struct error LAMBDA_TOO_MANY_REQUESTS; /* TooManyRequestsException */
extern const struct error LAMBDA_TOO_LARGE;         /* RequestTooLargeException: a payload */
extern const struct error LAMBDA_ENTITY_TOO_LARGE;  /* RequestEntityTooLargeException: a request */
extern const struct error LAMBDA_BAD_CONTENT;       /* InvalidRequestContentException */
extern const struct error LAMBDA_MEDIA_TYPE;        /* UnsupportedMediaTypeException */
extern const struct error LAMBDA_CODE_STORAGE;      /* CodeStorageExceededException */
extern const struct error LAMBDA_POLICY_LENGTH;     /* PolicyLengthExceededException */
extern const struct error LAMBDA_NO_PROVISIONED;    /* ProvisionedConcurrencyConfigNotFound… */
extern const struct error LAMBDA_NO_SIGNING;        /* CodeSigningConfigNotFoundException */
extern const struct error LAMBDA_RECURSION;         /* RecursiveInvocationException */
extern const struct error LAMBDA_SERVICE;           /* ServiceException */

/* fail(), and the exception's Type, "User", as all of Lambda's have it. */
status lambda_fail(struct call *c, status code, const char *format, ...)
    __attribute__((format(printf, 3, 4), returns_nonnull));

/* ---- which function (target.c) ---- */

struct target {                  /* which function; strings live in the call's arena */
    struct str account;          /* 12 digits */
    struct str region;           /* us-east-1 */
    struct str name;             /* of the function */
    struct str qualifier;        /* "$LATEST", "3", "prod"; empty: none given */
};

/* From a name, partial ARN or ARN and a Qualifier, with AWS's validation errors. */
status target_read(struct call *c, struct str function_name, struct str qualifier,
                   struct target *ret_target);
/* The same of an operation's FunctionName and (where it has one) Qualifier; the function is there:
 * ResourceNotFoundException. Its qualifier may still be nobody's. */
status target_of_call(struct call *c, struct target *ret_target);
/* The same, and its qualifier is one of its versions or aliases, if it has one. */
status target_of_resource(struct call *c, struct target *ret_target);
/* There is such a function: ResourceNotFoundException with that sentence. */
status function_check(struct call *c, const struct target *target, const char *sentence);
bool qualifier_is_latest(struct str qualifier);             /* "" and "$LATEST" */
bool qualifier_is_version(struct str qualifier, uint64_t *ret_number); /* $LATEST: 0 */
/* ARN, with the qualifier when there is one. */
struct str target_arn(struct arena *arena, const struct target *target);
/* Takes apart what target_read() reads: what the text says replaces what is in target. */
bool target_parse(struct str text, struct target *target);
struct target target_with(const struct target *target, struct str qualifier);

/* ---- functions and versions (version.c) ---- */

struct function {
    uint64_t last_version;       /* the newest published; numbers are never used again */
    int64_t created_ms;          /* when */
};

struct version {                 /* of a function, as its row says; in the call's arena */
    struct target target;        /* qualifier: "$LATEST" or its number */
    uint64_t number;             /* 0: $LATEST */
    struct value *config;        /* shaped as FunctionConfiguration */
    struct str code;             /* SHA-256 of the package, hex */
    struct str code_blob;        /* id of its blob */
    struct str layers[LAYERS_MAX];      /* SHA-256 of its layers' packages, hex, in order */
    struct str layer_blobs[LAYERS_MAX]; /* ids of their blobs */
    size_t layer_count;          /* of both */
    uint64_t serial;             /* another whenever code or configuration are: other workers */
    struct str origin;           /* a published one: digest of the $LATEST it was made of */
};

/* ResourceNotFoundException "Function not found: ARN". An alias is followed; with weights c->rand
 * chooses. */
status version_find(struct call *c, const struct target *target, struct version *ret_version);
/* A new serial, RevisionId and LastModified: before it is put. */
void version_touch(struct call *c, struct version *version);
/* Code and configuration as a text to be compared: not when, whose revision, or which number. */
struct str version_digest(struct call *c, const struct version *version);
/* $LATEST as it is becomes a version, unless the newest already is that. description: STR_NONE for
 * its own. */
void version_publish(struct call *c, const struct version *latest, struct str description,
                     struct version *ret_version);
struct str revision_new(struct call *c);
/* RevisionId is the argument when one came: PreconditionFailedException, which says by which
 * operation the newest is to be got. */
status revision_check(struct call *c, struct str is, const char *source);
/* 2026-12-01T05:00:00.000+0000 */
struct str lambda_time(struct arena *arena, int64_t moment_ms);
/* Shape of a member of an operation's output (NULL: of the output), for trees that rows hold. */
uint32_t shape_of(const char *operation, const char *member);
uint32_t config_shape(void);            /* FunctionConfiguration */

/* ---- rows (keys.c) ---- */

bool function_get(struct call *c, const struct target *target, struct function *ret_function);
void function_put(struct call *c, const struct target *target, const struct function *function);
/* With its versions, aliases and settings. */
void function_erase(struct call *c, const struct target *target);
/* Functions of the call's account and region by name, behind after (empty: all). */
struct function_scan;
struct function_scan *function_scan(struct call *c, struct str after);
bool function_scan_next(struct function_scan *scan, struct target *ret_target,
                        struct function *ret_function);
void function_scan_close(struct function_scan *scan);

bool version_get(struct call *c, const struct target *target, uint64_t number,
                 struct version *ret_version);
bool version_is(struct call *c, const struct target *target, uint64_t number); /* it is there */
void version_put(struct call *c, const struct version *version); /* holds no packages */
void version_erase(struct call *c, const struct version *version);
/* Versions of a function in order, from that number on ($LATEST is 0). */
struct version_scan;
struct version_scan *version_scan(struct call *c, const struct target *target, uint64_t from);
bool version_scan_next(struct version_scan *scan, struct version *ret_version);
void version_scan_close(struct version_scan *scan);

/* Rows of settings, by (name, qualifier; empty is one, too): of functions the kinds in keys.c,
 * which go with their function; of other things ("layer", "signing-config") what their files say.
 * Texts live as long as the call. */
bool setting_get(struct call *c, const char *kind, const struct target *target,
                 struct str *ret_json);
void setting_put(struct call *c, const char *kind, const struct target *target, struct str json);
void setting_delete(struct call *c, const char *kind, const struct target *target);
/* The same without a call, as committed: for who asks from beside one. */
bool setting_look(struct cell *cell, struct arena *arena, const char *kind,
                  const struct target *target, struct str *ret_json);
bool function_look(struct cell *cell, struct arena *arena, const struct target *target);
/* All settings of a function at that qualifier. */
void settings_erase(struct call *c, const struct target *target);
/* All of a kind, by name, then qualifier: of the target's account and region (STR_NONE: of all),
 * and of its name when it has one; behind its qualifier when it has one. */
struct setting_scan;
struct setting_scan *setting_scan(struct call *c, const char *kind, const struct target *target);
bool setting_scan_next(struct setting_scan *scan, struct target *ret_target,
                       struct str *ret_json);
/* All of a kind of the target's account and region whose names are behind its name. */
struct setting_scan *setting_scan_behind(struct call *c, const char *kind,
                                         const struct target *target);
void setting_scan_close(struct setting_scan *scan);
/* Settings as trees: put as JSON, read by a shape of the model. */
void setting_put_value(struct call *c, const char *kind, const struct target *target,
                       const struct value *value);
bool setting_get_value(struct call *c, const char *kind, const struct target *target,
                       uint32_t shape, struct value **ret_value);
/* What both structures have members for; what from has not set is unset. */
void copy_members(struct value *to, const struct value *from);
struct value *value_of_json(struct call *c, struct str json, uint32_t shape);
struct str json_of_value(struct call *c, const struct value *value);

/* What an account has in a region. */
struct usage {
    int64_t functions;           /* how many */
    int64_t code_bytes;          /* zips of their versions, and of layer versions */
};
struct usage usage_get(struct call *c, const struct target *target);
void usage_add(struct call *c, const struct target *target, int64_t functions,
               int64_t code_bytes);

/* ---- code.c ---- */

/* Outside the cell: the folder with the unpacked package, made when it is missing. */
status code_folder(struct lambda *lambda, const struct version *version, struct arena *arena,
                   struct why *why, struct str *ret_path);
/* The same of a version's layers; empty: it has none. */
status layers_folder(struct lambda *lambda, const struct version *version, struct arena *arena,
                     struct why *why, struct str *ret_path);

/* ---- live.c ---- */

/* Told when rows change under running functions: code, configuration, concurrency. */
void live_changed(struct call *c, const struct target *target);
void live_deleted(struct call *c, const struct target *target);

#endif
