/* SPDX-License-Identifier: Apache-2.0
 *
 * Values: read and put, one by one and many at once; their versions and labels.
 */
#include "svc/secretsmanager/secretsmanager_ops.h"

/* ---- reading ---- */

/* Which version a call wants: by id, by label, AWSCURRENT otherwise. */
static status version_wanted(struct call *c, const struct secret *secret, struct str *ret_id)
{
    struct str id = arg_str(c, "VersionId");
    struct str label = arg_has(c, "VersionStage") ? arg_str(c, "VersionStage")
                                                  : STR("AWSCURRENT");
    struct str owner = label_owner(secret, label);

    if (id.at == NULL) {
        if (owner.at == NULL) {
            return fail(c, &SECRETS_NOT_FOUND,
                        "Secrets Manager can't find the specified secret value for staging "
                        "label: %.*s", STR_ARG(label));
        }
        *ret_id = owner;
        return OK;
    }
    if (version_load(c, secret, id) == NULL) {
        return fail(c, &SECRETS_NOT_FOUND,
                    "Secrets Manager can't find the specified secret value for VersionId: %.*s",
                    STR_ARG(id));
    }
    if (arg_has(c, "VersionStage") && !str_eq(owner, id)) {
        return fail(c, &SECRETS_REQUEST,
                    "You provided a VersionStage that is not associated to the provided "
                    "VersionId.");
    }
    *ret_id = id;
    return OK;
}

/* A version's value, and what else there is of it, into an answer. */
static void value_tell(struct call *c, const struct secret *secret, const struct value *value,
                       struct str id, struct value *out)
{
    const struct value *version = version_load(c, secret, id);
    const struct value *labels = labels_of(secret, id);
    struct value *told;

    set_members(c->arena, out, value);
    set_str(out, "ARN", secret_arn(secret));
    set_str(out, "Name", secret->name);
    set_str(out, "VersionId", id);
    set_time(out, "CreatedDate", get_time(version, "CreatedDate", 0));
    if (labels != NULL) {
        told = set_list(c->arena, out, "VersionStages", labels->count);
        for (uint32_t i = 0; i < labels->count; i++) {
            list_add_str(told, labels->items[i].str);
        }
    }
}

/* It was read: the day of it is noted, of secret and version. */
static void value_read(struct call *c, struct secret *secret, struct str id)
{
    int64_t day_ms = c->now - c->now % MS_PER_DAY;
    struct value *version = version_load(c, secret, id);

    if (get_time(secret->about, "LastAccessedDate", 0) != day_ms) {
        set_time(secret->about, "LastAccessedDate", day_ms);
        secret_save(c, secret);
    }
    if (get_time(version, "LastAccessedDate", 0) != day_ms) {
        set_time(version, "LastAccessedDate", day_ms);
        version_save(c, secret, version);
    }
}

/* GetSecretValue */
status secrets_get_value(struct call *c)
{
    struct secret secret;
    struct value *value;
    struct str id;

    TRY(secret_of_call(c, &secret));
    TRY(version_wanted(c, &secret, &id));
    TRY(value_open(c, &secret, id, &value));
    if (value == NULL || version_load(c, &secret, id) == NULL) {
        struct str label = arg_has(c, "VersionStage") ? arg_str(c, "VersionStage")
                                                      : STR("AWSCURRENT");

        return fail(c, &SECRETS_NOT_FOUND,
                    "Secrets Manager can't find the specified secret value for staging label: "
                    "%.*s", STR_ARG(label));
    }
    value_tell(c, &secret, value, id, c->out);
    value_read(c, &secret, id);
    return OK;
}

/* ---- putting ---- */

/* PutSecretValue */
status secrets_put_value(struct call *c)
{
    const struct value *labels = arg(c, "VersionStages");
    struct secret secret;
    struct value *told;
    struct value *value;
    struct str id;
    bool same;

    TRY(secret_of_call(c, &secret));
    TRY(value_check(c));
    if (!value_given(c)) {
        return fail(c, &SECRETS_REQUEST, "You must provide either SecretString or SecretBinary.");
    }
    id = version_id_of_call(c);
    TRY(version_check(c, &secret, id, &same));
    TRY(labels_check(c, &secret, labels));
    if (!same) {
        bool first = label_owner(&secret, STR("AWSCURRENT")).at == NULL;

        TRY(value_seal(c, &secret, id, &value));
        version_add(c, &secret, id, value);
        if (labels == NULL || first) {
            label_move(c, &secret, STR("AWSCURRENT"), id);
        }
        for (uint32_t i = 0; labels != NULL && i < labels->count; i++) {
            label_move(c, &secret, labels->items[i].str, id);
        }
        set_time(secret.about, "LastChangedDate", c->now);
        rotation_plan(c, &secret);
        secret_save(c, &secret);
    }
    put_str(c, "ARN", secret_arn(&secret));
    put_str(c, "Name", secret.name);
    put_str(c, "VersionId", id);
    labels = labels_of(&secret, id);
    if (labels != NULL) {
        told = put_list(c, "VersionStages", labels->count);
        for (uint32_t i = 0; i < labels->count; i++) {
            list_add_str(told, labels->items[i].str);
        }
    }
    return OK;
}

/* ---- labels ---- */

static status stage_check(struct call *c, const struct secret *secret, struct str from,
                          struct str to)
{
    struct str label = arg_str(c, "VersionStage");
    struct str owner = label_owner(secret, label);

    if (to.at != NULL && version_load(c, secret, to) == NULL) {
        return fail(c, &SECRETS_NOT_FOUND,
                    "Secrets Manager can't find the specified secret value for VersionId: %.*s",
                    STR_ARG(to));
    }
    if (from.at != NULL && !str_eq(owner, from)) {
        return fail(c, &SECRETS_PARAMETER,
                    "Staging label %.*s isn't currently attached to version %.*s",
                    STR_ARG(label), STR_ARG(from));
    }
    if (to.at != NULL && owner.at != NULL && from.at == NULL && !str_eq(owner, to)) {
        return fail(c, &SECRETS_PARAMETER,
                    "The parameter RemoveFromVersionId can't be empty. Staging label %.*s is "
                    "currently attached to version %.*s, so you must explicitly reference that "
                    "version in RemoveFromVersionId.", STR_ARG(label), STR_ARG(owner));
    }
    if (to.at == NULL && str_eq(label, STR("AWSCURRENT"))) {
        return fail(c, &SECRETS_PARAMETER,
                    "You can only move staging label AWSCURRENT to a different secret version. "
                    "It can\xe2\x80\x99t be completely removed.");
    }
    return OK;
}

/* UpdateSecretVersionStage */
status secrets_update_stage(struct call *c)
{
    struct str from = arg_str(c, "RemoveFromVersionId");
    struct str to = arg_str(c, "MoveToVersionId");
    struct str label = arg_str(c, "VersionStage");
    struct secret secret;

    TRY(secret_of_call(c, &secret));
    if (from.at == NULL && to.at == NULL) {
        return fail(c, &SECRETS_PARAMETER,
                    "You must specify at least one of RemoveFromVersionId and MoveToVersionId.");
    }
    TRY(stage_check(c, &secret, from, to));
    if (to.at != NULL && label_owner(&secret, label).at == NULL) {
        struct value one = {.kind = VALUE_LIST, .count = 1};
        struct value item = {.kind = VALUE_STR, .str = label};

        one.items = &item;
        TRY(labels_check(c, &secret, &one));
    }
    label_move(c, &secret, label, to);
    set_time(secret.about, "LastChangedDate", c->now);
    secret_save(c, &secret);
    put_str(c, "ARN", secret_arn(&secret));
    put_str(c, "Name", secret.name);
    return OK;
}

/* ListSecretVersionIds: what has a value, in the order of its ids. */
status secrets_list_versions(struct call *c)
{
    size_t count_max = (size_t)arg_int(c, "MaxResults", SECRETS_PAGE);
    struct str after = STR_NONE;
    struct txn_scan *scan;
    struct value *version, *list;
    struct secret secret;

    TRY(secret_of_id(c, arg_str(c, "SecretId"), &secret));
    if (arg_has(c, "NextToken") && !page_token_read(c->arena, arg_str(c, "NextToken"), &after)) {
        return fail(c, &SECRETS_TOKEN, "The NextToken value is invalid.");
    }
    list = put_list(c, "Versions", count_max);
    scan = versions_scan(c, &secret);
    while ((version = versions_next(c, scan)) != NULL) {
        struct str id = get_str(version, "VersionId");
        const struct value *labels = labels_of(&secret, id);

        if (str_cmp(id, after) <= 0 || value_load(c, &secret, id) == NULL ||
            (labels == NULL && !arg_bool(c, "IncludeDeprecated", false))) {
            continue;
        }
        if (list->count == count_max) {
            put_str(c, "NextToken",
                    page_token(c->arena, get_str(&list->items[list->count - 1], "VersionId")));
            txn_scan_close(scan);
            break;
        }
        struct value *entry = list_add(c->arena, list);

        set_members(c->arena, entry, version);
        if (labels != NULL) {
            set_value(entry, "VersionStages", labels);
        }
    }
    put_str(c, "ARN", secret_arn(&secret));
    put_str(c, "Name", secret.name);
    return OK;
}

/* ---- many at once ---- */

static void batch_error(struct call *c, struct value *errors, struct str id, status wrong)
{
    struct value *error = list_add(c->arena, errors);

    set_str(error, "SecretId", id);
    set_str(error, "ErrorCode", str_c(wrong->code));
    set_str(error, "Message", arena_dup(c->arena, str_c(c->why.text)));
}

static status batch_one(struct call *c, struct secret *secret, struct value *list)
{
    struct str id = label_owner(secret, STR("AWSCURRENT"));
    struct value *value = NULL;

    TRY(secret_alive(c, secret));
    TRY(call_may(c, "secretsmanager:GetSecretValue", secret_arn(secret)));
    if (id.at != NULL) {
        TRY(value_open(c, secret, id, &value));
    }
    if (value == NULL) {
        return fail(c, &SECRETS_NOT_FOUND,
                    "Secrets Manager can't find the specified secret value for staging label: "
                    "AWSCURRENT");
    }
    value_tell(c, secret, value, id, list_add(c->arena, list));
    value_read(c, secret, id);
    return OK;
}

static void batch_filtered(struct call *c, struct value *list, struct value *errors)
{
    struct secret *found;
    size_t count = secrets_filtered(c, &found, list->room);

    for (size_t i = 0; i < count; i++) {
        status wrong = batch_one(c, &found[i], list);

        if (wrong != OK) {
            batch_error(c, errors, secret_arn(&found[i]), wrong);
        }
    }
}

/* BatchGetSecretValue */
status secrets_batch_get(struct call *c)
{
    const struct value *ids = arg(c, "SecretIdList");
    size_t count_max = (size_t)arg_int(c, "MaxResults", BATCH_MAX);
    struct value *list, *errors;

    if ((ids != NULL) == arg_has(c, "Filters")) {
        return fail(c, &SECRETS_PARAMETER,
                    "Either 'SecretIdList' or 'Filters' must be provided, but not both.");
    }
    if (ids != NULL && arg_has(c, "MaxResults")) {
        return fail(c, &SECRETS_PARAMETER,
                    "'Filters' not specified. 'Filters' must also be specified when "
                    "'MaxResults' is provided.");
    }
    TRY(secrets_page_check(c));
    list = put_list(c, "SecretValues", ids != NULL ? ids->count : count_max);
    errors = put_list(c, "Errors", ids != NULL ? ids->count : count_max);
    for (uint32_t i = 0; ids != NULL && i < ids->count; i++) {
        struct secret secret;
        status wrong = secret_of_id(c, ids->items[i].str, &secret);

        wrong = wrong == OK ? batch_one(c, &secret, list) : wrong;
        if (wrong != OK) {
            batch_error(c, errors, ids->items[i].str, wrong);
        }
    }
    if (ids == NULL) {
        batch_filtered(c, list, errors);
    }
    c->why.text[0] = '\0';
    return OK;
}
