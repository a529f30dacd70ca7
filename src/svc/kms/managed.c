/* SPDX-License-Identifier: Apache-2.0
 *
 * AWS managed keys, and keys as other services use them (cell/secret_key.h).
 *
 * An AWS managed key is made when it is first needed: by a service's first sealing under its alias,
 * or by DescribeKey of that alias. Its policy lets everybody in the account use it through that
 * service and nothing else; it rotates every year.
 */
#include "cell/cell.h"
#include "svc/kms/ciphertext.h"
#include "svc/kms/guard.h"

#include <assert.h>

#define MANAGED_PREFIX "alias/aws/"

static const struct {
    const char *name;    /* behind alias/aws/, and of the service */
    const char *what;    /* that it protects */
} managed[] = {
    {"acm", "ACM private keys"},
    {"backup", "Backup data"},
    {"codecommit", "CodeCommit repositories"},
    {"dynamodb", "DynamoDB tables"},
    {"ebs", "EBS volumes"},
    {"elasticfilesystem", "EFS filesystems"},
    {"es", "Elasticsearch data"},
    {"fsx", "FSx resources"},
    {"glue", "Glue data"},
    {"kafka", "MSK data"},
    {"kinesis", "Kinesis streams"},
    {"kinesisvideo", "Kinesis Video streams"},
    {"lambda", "Lambda functions"},
    {"lightsail", "Lightsail resources"},
    {"rds", "RDS database volumes"},
    {"redshift", "Redshift clusters"},
    {"s3", "S3 objects"},
    {"secretsmanager", "Secrets Manager secrets"},
    {"ses", "SES messages"},
    {"sns", "SNS data"},
    {"sqs", "SQS messages"},
    {"ssm", "SSM parameters"},
    {"workspaces", "WorkSpaces volumes"},
    {"xray", "X-Ray data"},
};
#define MANAGED_COUNT (sizeof(managed) / sizeof(managed[0]))

/* MANAGED_COUNT: none. */
static size_t managed_place(struct str alias)
{
    struct str name;
    size_t place = 0;

    if (!str_starts(alias, STR(MANAGED_PREFIX))) {
        return MANAGED_COUNT;
    }
    name = str_slice(alias, sizeof(MANAGED_PREFIX) - 1, alias.bytes);
    while (place < MANAGED_COUNT && !str_eq(name, str_c(managed[place].name))) {
        place++;
    }
    return place;
}

struct str managed_to_make(struct call *c, struct str name)
{
    struct arn arn;

    if (arn_read(name, &arn) && str_eq(arn.service, STR("kms")) &&
        str_eq(arn.account, c->account) && str_eq(arn.region, c->region)) {
        name = arn.resource;
    }
    return managed_place(name) < MANAGED_COUNT &&
                   alias_find(kms_of(c), c->account, c->region, name) == NULL
               ? name : STR_NONE;
}

static struct str managed_policy(struct call *c, const char *name)
{
    struct str partition = arn_partition(c->region);

    return arena_printf(
        c->arena,
        "{\n"
        "  \"Version\" : \"2012-10-17\",\n"
        "  \"Id\" : \"auto-%s-2\",\n"
        "  \"Statement\" : [ {\n"
        "    \"Sid\" : \"Allow access through %s for all principals in the account that are "
        "authorized to use %s\",\n"
        "    \"Effect\" : \"Allow\",\n"
        "    \"Principal\" : {\n      \"AWS\" : \"*\"\n    },\n"
        "    \"Action\" : [ \"kms:Encrypt\", \"kms:Decrypt\", \"kms:ReEncrypt*\", "
        "\"kms:GenerateDataKey*\", \"kms:CreateGrant\", \"kms:DescribeKey\" ],\n"
        "    \"Resource\" : \"*\",\n"
        "    \"Condition\" : {\n"
        "      \"StringEquals\" : {\n"
        "        \"kms:CallerAccount\" : \"%.*s\",\n"
        "        \"kms:ViaService\" : \"%s.%.*s.amazonaws.com\"\n"
        "      }\n"
        "    }\n"
        "  }, {\n"
        "    \"Sid\" : \"Allow direct access to key metadata to the account\",\n"
        "    \"Effect\" : \"Allow\",\n"
        "    \"Principal\" : {\n      \"AWS\" : \"arn:%.*s:iam::%.*s:root\"\n    },\n"
        "    \"Action\" : [ \"kms:Describe*\", \"kms:Get*\", \"kms:List*\", "
        "\"kms:RevokeGrant\" ],\n"
        "    \"Resource\" : \"*\"\n"
        "  } ]\n"
        "}",
        name, name, name, STR_ARG(c->account), name, STR_ARG(c->region), STR_ARG(partition),
        STR_ARG(c->account));
}

struct kms_key *managed_key(struct call *c, struct str alias)
{
    size_t place = managed_place(alias);
    struct alias *known = alias_find(kms_of(c), c->account, c->region, alias);
    struct kms_key *key;
    uint64_t account;

    if (known != NULL) {
        return key_find(kms_of(c), known->account, known->region, known->key_id);
    }
    if (place == MANAGED_COUNT || !str_to_u64(c->account, &account) ||
        map_count(kms_of(c)->keys) >= KEYS_MAX ||
        map_count(kms_of(c)->aliases) >= ALIASES_MAX) {
        return NULL;
    }
    key = key_new(c->account, c->region, key_id_new(c, false));
    key->spec = spec_named(STR("SYMMETRIC_DEFAULT"));
    key->usage = USAGE_ENCRYPT;
    key->managed = true;
    key->created_ms = c->now;
    key->rotates = true;
    key->period_days = PERIOD_DAYS_DEFAULT;
    key->rotation_ms = c->now + PERIOD_DAYS_DEFAULT * MS_PER_DAY;
    text_set(&key->description,
             arena_printf(c->arena, "Default key that protects my %s when no other key is defined",
                          managed[place].what));
    text_set(&key->policy, managed_policy(c, managed[place].name));
    bool entered = key_enter(kms_of(c), key);

    assert(entered);
    material_make(c, key);
    (void)alias_make(c, alias, key);
    key_save(c, key);
    life_set(c->cell, key);
    return key;
}

/* ---- as other services use keys ---- */

/* The call as KMS's own, and as it was. */
static void *enter(struct call *c)
{
    void *state = c->state;

    c->state = cell_state(c->cell, "kms");
    return state;
}

static struct value *context_of(struct call *c, const struct secret_wish *wish)
{
    struct value *map = ARENA_NEW(c->arena, struct value);

    map->kind = VALUE_MAP;
    map->count = (uint32_t)wish->context_count;
    map->pairs = arena_zero(c->arena, (wish->context_count + 1) * sizeof(map->pairs[0]));
    for (size_t i = 0; i < wish->context_count; i++) {
        map->pairs[i].key = wish->context[i].name;
        map->pairs[i].value.kind = VALUE_STR;
        map->pairs[i].value.str = wish->context[i].value;
    }
    return map;
}

/* May the caller, through that service; is the key one that seals? */
static status through(struct call *c, const struct secret_wish *wish, const struct kms_key *key,
                      bool opens)
{
    struct may may = {.key = key, .via = wish->service, .algorithm = "SYMMETRIC_DEFAULT",
                      .context = context_of(c, wish)};

    may.action = opens ? "kms:Decrypt" : wish->data_key ? "kms:GenerateDataKey" : "kms:Encrypt";
    may.operation = opens ? GRANT_DECRYPT : wish->data_key ? GRANT_DATA_KEY : GRANT_ENCRYPT;
    if (key_may(c, &may) != OK) {
        return &SECRET_DENIED;
    }
    TRY(key_usable(c, key));
    return key->spec->kind == SPEC_AES
               ? OK
               : fail(c, &SECRET_USAGE,
                      "%.*s is not a symmetric encryption KMS key.",
                      STR_ARG(key_arn(c->arena, key)));
}

static status find_inside(struct call *c, const struct secret_wish *wish, struct str *ret_arn)
{
    struct str alias = managed_to_make(c, wish->key);
    struct kms_key *key;

    if (alias.at != NULL) {
        *ret_arn = call_arn(c, "kms", "%.*s", STR_ARG(alias));
        return OK;
    }
    TRY(key_named(c, wish->key, true, &key));
    TRY(through(c, wish, key, false));
    *ret_arn = key_arn(c->arena, key);
    return OK;
}

static status seal_inside(struct call *c, const struct secret_wish *wish, struct str plain,
                          struct str *ret_sealed)
{
    struct str alias = managed_to_make(c, wish->key);
    struct kms_key *key;

    if (alias.at != NULL) {
        TRY(master_ready(c));
        key = managed_key(c, alias);
        if (key == NULL) {
            return fail(c, &SECRET_NOT_FOUND, "At most %d keys are kept.", KEYS_MAX);
        }
    } else {
        TRY(key_named(c, wish->key, true, &key));
        TRY(through(c, wish, key, false));
    }
    *ret_sealed = ciphertext_seal(c, key, context_of(c, wish), plain);
    return OK;
}

static status open_inside(struct call *c, const struct secret_wish *wish, struct str sealed,
                          struct str *ret_plain)
{
    struct kms_key *named = NULL;
    struct kms_key *key;
    struct ciphertext blob;

    if (!ciphertext_read(sealed, c->arena, &blob)) {
        return fail(c, &SECRET_CIPHERTEXT, "This was not sealed by weir.");
    }
    if (wish->key.bytes > 0) {
        TRY(key_named(c, wish->key, true, &named));
    }
    key = ciphertext_key(c, &blob);
    if (key == NULL || (named != NULL && named != key)) {
        return fail(c, &SECRET_NOT_FOUND, "The key that this was sealed with does not exist");
    }
    TRY(through(c, wish, key, true));
    return ciphertext_open(c, key, &blob, context_of(c, wish), ret_plain);
}

static status secrets_find(struct call *c, const struct secret_wish *wish, struct str *ret_arn)
{
    void *state = enter(c);
    status found = find_inside(c, wish, ret_arn);

    c->state = state;
    return found;
}

static status secrets_seal(struct call *c, const struct secret_wish *wish, struct str plain,
                           struct str *ret_sealed)
{
    void *state = enter(c);
    status sealed = seal_inside(c, wish, plain, ret_sealed);

    c->state = state;
    return sealed;
}

static status secrets_open(struct call *c, const struct secret_wish *wish, struct str sealed,
                           struct str *ret_plain)
{
    void *state = enter(c);
    status opened = open_inside(c, wish, sealed, ret_plain);

    c->state = state;
    return opened;
}

static const struct secret_keys secrets = {secrets_find, secrets_seal, secrets_open};

void kms_join_secrets(struct cell *cell)
{
    secret_keys_set(cell, &secrets);
}
