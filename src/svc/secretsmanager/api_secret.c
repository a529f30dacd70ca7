/* SPDX-License-Identifier: Apache-2.0
 *
 * Secrets themselves: made, changed, told of, deleted and brought back; their tags.
 */
#include "bus/timer.h"
#include "svc/secretsmanager/secretsmanager_ops.h"
#include "wire/wire.h"

#define SUFFIX_LETTERS 6

static void put_name(struct call *c, const struct secret *secret)
{
    put_str(c, "ARN", secret_arn(secret));
    put_str(c, "Name", secret->name);
}

/* ---- tags ---- */

status secret_tags_check(struct call *c, const struct secret *secret, const struct value *tags)
{
    size_t count = tags_count(secret->about, "Tags");
    const struct value *old = get(secret->about, "Tags");

    for (uint32_t i = 0; tags != NULL && i < tags->count; i++) {
        struct str key = get_str(&tags->items[i], "Key");

        if (key.bytes == 0) {
            return fail(c, &SECRETS_PARAMETER, "You must specify a Key for every tag.");
        }
        if (str_starts_nocase(key, STR("aws:"))) {
            return fail(c, &SECRETS_PARAMETER,
                        "Tag keys that begin with aws: are reserved for AWS.");
        }
        count += tag_find(old, key).at == NULL ? 1 : 0;
    }
    if (count > TAGS_MAX) {
        return fail(c, &SECRETS_PARAMETER, "A secret can have at most %d tags.", TAGS_MAX);
    }
    return OK;
}

/* TagResource */
status secrets_tag(struct call *c)
{
    struct secret secret;

    TRY(secret_of_call(c, &secret));
    TRY(secret_tags_check(c, &secret, arg(c, "Tags")));
    tags_lay(c->arena, secret.about, "Tags", arg(c, "Tags"));
    set_time(secret.about, "LastChangedDate", c->now);
    secret_save(c, &secret);
    return OK;
}

/* UntagResource */
status secrets_untag(struct call *c)
{
    struct secret secret;

    TRY(secret_of_call(c, &secret));
    tags_take(secret.about, "Tags", arg(c, "TagKeys"));
    set_time(secret.about, "LastChangedDate", c->now);
    secret_save(c, &secret);
    return OK;
}

/* ---- CreateSecret ---- */

static status name_check(struct call *c, struct str name)
{
    for (size_t i = 0; i < name.bytes; i++) {
        char letter = name.at[i];
        bool plain = (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
                     (letter >= '0' && letter <= '9');

        if (!plain && (letter == '\0' || strchr("-/_+=.@!", letter) == NULL)) {
            return fail(c, &SECRETS_VALIDATION,
                        "Invalid name. Must be a valid name containing alphanumeric characters, "
                        "or any of the following: -/_+=.@!");
        }
    }
    return OK;
}

static struct str arn_new(struct call *c, struct str name)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    char suffix[SUFFIX_LETTERS];

    for (size_t i = 0; i < SUFFIX_LETTERS; i++) {
        suffix[i] = letters[rand_below(c->rand, sizeof(letters) - 1)];
    }
    return call_arn(c, SECRETS_SERVICE, "secret:%.*s-%.*s", STR_ARG(name), SUFFIX_LETTERS, suffix);
}

/* There is one of that name: the same call again, or an error. */
static status create_again(struct call *c, const struct secret *secret)
{
    bool same = false;

    if (has(secret->about, "DeletedDate")) {
        return fail(c, &SECRETS_REQUEST,
                    "You can't create this secret because a secret with this name is already "
                    "scheduled for deletion.");
    }
    if (value_given(c) && arg_has(c, "ClientRequestToken") &&
        value_load(c, secret, arg_str(c, "ClientRequestToken")) != NULL &&
        version_check(c, secret, arg_str(c, "ClientRequestToken"), &same) == OK && same) {
        put_name(c, secret);
        put_str(c, "VersionId", arg_str(c, "ClientRequestToken"));
        return OK;
    }
    return fail(c, &SECRETS_EXISTS,
                "The operation failed because the secret %.*s already exists.",
                STR_ARG(secret->name));
}

/* What a secret is said to be, as far as the call says it. */
static void describe(struct call *c, struct value *about)
{
    static const char *const members[] = {"Description", "KmsKeyId", "Type"};

    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        if (arg_has(c, members[i])) {
            set_str(about, members[i], arg_str(c, members[i]));
        }
    }
    if (get_str(about, "KmsKeyId").bytes == 0) {
        unset(about, "KmsKeyId");
    }
    set_time(about, "LastChangedDate", c->now);
}

/* CreateSecret */
status secrets_create(struct call *c)
{
    struct secret secret = {c->account, c->region, arg_str(c, "Name"), NULL};
    struct value *value;

    TRY(name_check(c, secret.name));
    TRY(value_check(c));
    if (arg_has(c, "AddReplicaRegions") || arg_has(c, "CrossAccountPrimaryARN")) {
        return fail(c, &WIRE_NOT_IMPLEMENTED, "Secrets are not replicated here.");
    }
    if (secret_of_name(c, secret.name, &secret)) {
        return create_again(c, &secret);
    }
    secret.about = secret_about_new(c);
    TRY(secret_tags_check(c, &secret, arg(c, "Tags")));
    set_str(secret.about, "ARN", arn_new(c, secret.name));
    set_str(secret.about, "Name", secret.name);
    set_time(secret.about, "CreatedDate", c->now);
    describe(c, secret.about);
    tags_lay(c->arena, secret.about, "Tags", arg(c, "Tags"));
    put_name(c, &secret);
    if (value_given(c)) {
        struct str id = version_id_of_call(c);

        TRY(value_seal(c, &secret, id, &value));
        version_add(c, &secret, id, value);
        label_move(c, &secret, STR("AWSCURRENT"), id);
        put_str(c, "VersionId", id);
    }
    secret_save(c, &secret);
    return OK;
}

/* UpdateSecret */
status secrets_update(struct call *c)
{
    struct secret secret;
    struct str id = STR_NONE;
    struct value *value;
    bool same = false;

    TRY(secret_of_call(c, &secret));
    TRY(value_check(c));
    if (value_given(c)) {
        id = version_id_of_call(c);
        TRY(version_check(c, &secret, id, &same));
    }
    describe(c, secret.about);
    put_name(c, &secret);
    if (value_given(c)) {
        put_str(c, "VersionId", id);
    }
    if (value_given(c) && !same) {
        TRY(value_seal(c, &secret, id, &value));
        version_add(c, &secret, id, value);
        label_move(c, &secret, STR("AWSCURRENT"), id);
        rotation_plan(c, &secret);
    }
    secret_save(c, &secret);
    return OK;
}

/* DescribeSecret */
status secrets_describe(struct call *c)
{
    struct secret secret;

    TRY(secret_of_id(c, arg_str(c, "SecretId"), &secret));
    set_members(c->arena, c->out, secret.about);
    return OK;
}

/* ---- deleting ---- */

/* Without a window it goes at once, and it is no mistake when it is not there. */
static status delete_forced(struct call *c)
{
    struct secret secret = {c->account, c->region, arg_str(c, "SecretId"), NULL};
    struct str id = arg_str(c, "SecretId");
    struct arn arn;

    if (secret_of_id(c, id, &secret) == OK) {
        put_name(c, &secret);
        secret_purge(c, &secret);
    } else {
        bool whole = arn_read(id, &arn);

        put_str(c, "ARN", whole ? id : arn_new(c, id));
        put_str(c, "Name", id);
    }
    put_time(c, "DeletionDate", c->now);
    return OK;
}

/* DeleteSecret */
status secrets_delete(struct call *c)
{
    int64_t days = arg_int(c, "RecoveryWindowInDays", WINDOW_DAYS_MAX);
    struct secret secret;
    int64_t at_ms;

    if (arg_bool(c, "ForceDeleteWithoutRecovery", false)) {
        return arg_has(c, "RecoveryWindowInDays")
                   ? fail(c, &SECRETS_PARAMETER,
                          "You can't use ForceDeleteWithoutRecovery in conjunction with "
                          "RecoveryWindowInDays.")
                   : delete_forced(c);
    }
    if (days < WINDOW_DAYS_MIN || days > WINDOW_DAYS_MAX) {
        return fail(c, &SECRETS_PARAMETER,
                    "The RecoveryWindowInDays value must be between 7 and 30 days (inclusive).");
    }
    TRY(secret_of_call(c, &secret));
    at_ms = c->now + days * MS_PER_DAY;
    set_time(secret.about, "DeletedDate", at_ms);
    secret_save(c, &secret);
    bus_timer_set(c, SECRETS_SERVICE,
                  arena_printf(c->arena, "purge/%.*s", STR_ARG(secret_arn(&secret))), at_ms,
                  STR_NONE);
    put_name(c, &secret);
    put_time(c, "DeletionDate", at_ms);
    return OK;
}

/* RestoreSecret */
status secrets_restore(struct call *c)
{
    struct secret secret;

    TRY(secret_of_id(c, arg_str(c, "SecretId"), &secret));
    put_name(c, &secret);
    if (has(secret.about, "DeletedDate")) {
        unset(secret.about, "DeletedDate");
        secret_save(c, &secret);
        bus_timer_unset(c, SECRETS_SERVICE,
                        arena_printf(c->arena, "purge/%.*s", STR_ARG(secret_arn(&secret))));
    }
    return OK;
}

/* "purge/ARN" and rotation.c's. */
status secrets_timer(struct call *c, struct str name, struct str payload)
{
    size_t slash = str_find(name, '/', 0);
    struct str id = str_slice(name, slash + 1, name.bytes);
    struct secret secret;
    struct arn arn;

    if (!str_starts(name, STR("purge/"))) {
        return rotation_timer(c, name, payload);
    }
    if (arn_read(id, &arn)) {
        c->account = arn.account;
        c->region = arn.region;
        if (secret_of_id(c, id, &secret) == OK && has(secret.about, "DeletedDate")) {
            secret_purge(c, &secret);
        }
    }
    return OK;
}
