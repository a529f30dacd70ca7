/* SPDX-License-Identifier: Apache-2.0
 *
 * Versions and their labels. A label is at one version at most; AWSPREVIOUS is put where AWSCURRENT
 * was; what has no label is deprecated and goes when there are many newer ones.
 */
#include "svc/secretsmanager/secretsmanager_int.h"

#include <assert.h>

struct label {
    struct str id;   /* the version's */
    struct str name; /* "AWSCURRENT" */
};

struct labels {
    struct label at[LABELS_MAX + 2]; /* in the order in which they were attached */
    size_t count;                    /* of them */
};

struct str uuid_new(struct call *c)
{
    char *id = arena_alloc(c->arena, 36);

    rand_uuid(c->rand, id);
    return str_of(id, 36);
}

/* ---- labels ---- */

static const struct value *labels_map(const struct secret *secret)
{
    return get(secret->about, "VersionIdsToStages");
}

const struct value *labels_of(const struct secret *secret, struct str id)
{
    const struct value *map = labels_map(secret);

    return map == NULL ? NULL : map_find(map, id);
}

static void labels_read(const struct secret *secret, struct labels *labels)
{
    const struct value *map = labels_map(secret);

    labels->count = 0;
    for (uint32_t i = 0; map != NULL && i < map->count; i++) {
        const struct value *list = &map->pairs[i].value;

        for (uint32_t k = 0; k < list->count && labels->count < LABELS_MAX + 2; k++) {
            labels->at[labels->count++] = (struct label){map->pairs[i].key, list->items[k].str};
        }
    }
}

static void labels_write(struct call *c, struct secret *secret, const struct labels *labels)
{
    struct value *map;

    unset(secret->about, "VersionIdsToStages");
    if (labels->count == 0) {
        return;
    }
    map = set_map(c->arena, secret->about, "VersionIdsToStages", labels->count);
    for (size_t i = 0; i < labels->count; i++) {
        struct value *list = (struct value *)(uintptr_t)map_find(map, labels->at[i].id);

        if (list == NULL) {
            list = map_add_list(c->arena, map, labels->at[i].id, LABELS_MAX + 2);
        }
        list_add_str(list, labels->at[i].name);
    }
}

static void label_drop(struct labels *labels, struct str name)
{
    size_t kept = 0;

    for (size_t i = 0; i < labels->count; i++) {
        if (!str_eq(labels->at[i].name, name)) {
            labels->at[kept++] = labels->at[i];
        }
    }
    labels->count = kept;
}

struct str label_owner(const struct secret *secret, struct str label)
{
    struct labels labels;

    labels_read(secret, &labels);
    for (size_t i = 0; i < labels.count; i++) {
        if (str_eq(labels.at[i].name, label)) {
            return labels.at[i].id;
        }
    }
    return STR_NONE;
}

void label_move(struct call *c, struct secret *secret, struct str label, struct str to)
{
    struct str from = label_owner(secret, label);
    struct labels labels;

    if (to.at != NULL && str_eq(from, to)) {
        return;
    }
    labels_read(secret, &labels);
    label_drop(&labels, label);
    if (str_eq(label, STR("AWSCURRENT")) && from.at != NULL) {
        label_drop(&labels, STR("AWSPREVIOUS"));
        labels.at[labels.count++] = (struct label){from, STR("AWSPREVIOUS")};
    }
    if (to.at != NULL) {
        assert(labels.count < LABELS_MAX + 2);
        labels.at[labels.count++] = (struct label){to, label};
    }
    labels_write(c, secret, &labels);
}

status labels_check(struct call *c, const struct secret *secret, const struct value *labels)
{
    struct labels there;
    size_t count;

    labels_read(secret, &there);
    count = there.count;
    for (uint32_t i = 0; labels != NULL && i < labels->count; i++) {
        count += label_owner(secret, labels->items[i].str).at == NULL ? 1 : 0;
    }
    if (count > LABELS_MAX) {
        return fail(c, &SECRETS_LIMIT,
                    "The request failed because it would exceed the limit of %d staging labels "
                    "for a secret.", LABELS_MAX);
    }
    return OK;
}

/* ---- versions ---- */

status value_check(struct call *c)
{
    if (arg_has(c, "SecretString") && arg_has(c, "SecretBinary")) {
        return fail(c, &SECRETS_PARAMETER,
                    "You can't specify both a binary secret value and a string secret value in "
                    "the same secret.");
    }
    return OK;
}

bool value_given(const struct call *c)
{
    return arg_has(c, "SecretString") || arg_has(c, "SecretBinary");
}

struct str version_id_of_call(struct call *c)
{
    return arg_has(c, "ClientRequestToken") ? arg_str(c, "ClientRequestToken") : uuid_new(c);
}

status version_check(struct call *c, const struct secret *secret, struct str id, bool *ret_same)
{
    const char *member = arg_has(c, "SecretString") ? "SecretString" : "SecretBinary";
    struct value *value;

    *ret_same = false;
    TRY(value_open(c, secret, id, &value));
    if (value == NULL) {
        return OK; /* a new one, or one that a rotation began */
    }
    if (!has(value, member) || !str_eq(get_str(value, member), arg_str(c, member))) {
        return fail(c, &SECRETS_EXISTS,
                    "You can't use ClientRequestToken %.*s because that value is already in use "
                    "for a version of secret %.*s.",
                    STR_ARG(id), STR_ARG(secret_arn(secret)));
    }
    *ret_same = true;
    return OK;
}

/* The oldest without a label, when it is older than a day; STR_NONE: none has to go. */
static struct str version_too_many(struct call *c, const struct secret *secret)
{
    struct txn_scan *scan = versions_scan(c, secret);
    struct str oldest = STR_NONE;
    int64_t oldest_ms = c->now - MS_PER_DAY;
    struct value *version;
    size_t count = 0;

    while ((version = versions_next(c, scan)) != NULL) {
        struct str id = get_str(version, "VersionId");
        int64_t created_ms = get_time(version, "CreatedDate", 0);

        count++;
        if (created_ms < oldest_ms && labels_of(secret, id) == NULL) {
            oldest = id;
            oldest_ms = created_ms;
        }
    }
    return count >= VERSIONS_KEPT ? oldest : STR_NONE;
}

void version_add(struct call *c, struct secret *secret, struct str id, const struct value *value)
{
    struct str old = version_too_many(c, secret);

    if (old.at != NULL) {
        version_erase(c, secret, old);
    }
    version_add_empty(c, secret, id);
    value_save(c, secret, id, value);
}
