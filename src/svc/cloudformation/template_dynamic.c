/* SPDX-License-Identifier: Apache-2.0
 *
 * Dynamic references: {{resolve:service:…}} in texts that are computed already.
 *
 *   ssm, ssm-secure    name or ARN [ : version ]
 *   secretsmanager     name or ARN [ : SecretString [ : key [ : stage [ : version id ]]]]
 */
#include "svc/cloudformation/template_int.h"

#include "base/buf.h"

#define OPEN STR("{{resolve:")
#define CLOSE STR("}}")
#define SSM_ARN_PARTS 6    /* arn:aws:ssm:region:account:parameter/name */
#define SECRET_ARN_PARTS 7 /* arn:aws:secretsmanager:region:account:secret:name */

/* What stands before the count-th colon; *rest: what stands behind it, STR_NONE: nothing. */
static struct str parts(struct str *rest, int count)
{
    struct str all = *rest;
    size_t at = 0;

    for (int i = 0; i < count; i++) {
        at = str_find(all, ':', i == 0 ? 0 : at + 1);
        if (at == all.bytes) {
            *rest = STR_NONE;
            return all;
        }
    }
    *rest = str_slice(all, at + 1, all.bytes);
    return str_slice(all, 0, at);
}

/* An empty part was not said. */
static struct str said(struct str part)
{
    return part.bytes == 0 ? STR_NONE : part;
}

static bool read_ssm(struct str rest, struct template_dynamic *dynamic)
{
    uint64_t version;

    dynamic->name = parts(&rest, str_starts(rest, STR("arn:")) ? SSM_ARN_PARTS : 1);
    dynamic->version = said(rest);
    return dynamic->name.bytes > 0 &&
           (rest.at == NULL || (str_to_u64(rest, &version) && version > 0));
}

static bool read_secret(struct str rest, struct template_dynamic *dynamic)
{
    struct str what;

    dynamic->name = parts(&rest, str_starts(rest, STR("arn:")) ? SECRET_ARN_PARTS : 1);
    what = str_split(&rest, ':');
    dynamic->key = said(str_split(&rest, ':'));
    dynamic->stage = said(str_split(&rest, ':'));
    dynamic->version = said(str_split(&rest, ':'));
    return dynamic->name.bytes > 0 && rest.at == NULL &&
           (what.bytes == 0 || str_eq(what, STR("SecretString"))) &&
           (dynamic->stage.at == NULL || dynamic->version.at == NULL);
}

/* False: another service, whose text stays. */
static bool is_service(struct str service)
{
    return str_eq(service, STR("ssm")) || str_eq(service, STR("ssm-secure")) ||
           str_eq(service, STR("secretsmanager"));
}

static struct str rest_of(struct str whole, struct template_dynamic *dynamic)
{
    struct str rest = str_slice(whole, OPEN.bytes, whole.bytes - CLOSE.bytes);

    *dynamic = (struct template_dynamic){.whole = whole, .service = str_split(&rest, ':')};
    return rest;
}

/* One of a service that is known; its parts. */
static status read_parts(struct str whole, struct why *why, struct template_dynamic *dynamic)
{
    struct str rest = rest_of(whole, dynamic);
    bool secret = str_eq(dynamic->service, STR("secretsmanager"));

    return (secret ? read_secret(rest, dynamic) : read_ssm(rest, dynamic))
               ? OK
               : template_wrong(why,
                                "Incorrect format is used in the following %s reference: [%.*s]",
                                secret ? "Secrets Manager" : "SSM", STR_ARG(whole));
}

static status resolve(struct template_run *run, struct str whole, struct value *ret_value)
{
    struct template_dynamic dynamic;
    struct template_question question = {
        .kind = TEMPLATE_DYNAMIC, .dynamic = &dynamic, .arena = run->arena, .why = run->why};
    struct value answer;

    (void)rest_of(whole, &dynamic);
    if (!is_service(dynamic.service)) {
        *ret_value = template_text(whole);
        return OK;
    }
    TRY(read_parts(whole, run->why, &dynamic));
    TRY(template_ask(run->world, &question, &answer));
    if (!template_as_text(run->arena, &answer, ret_value)) {
        return template_wrong(run->why, "Could not resolve %.*s to a string", STR_ARG(whole));
    }
    return OK;
}

/* Cuts the next reference out of *rest: what stands before it, and it. False: there is none. */
static bool next(struct str *rest, struct str *ret_before, struct str *ret_whole)
{
    size_t open = str_find_str(*rest, OPEN);
    struct str from = str_slice(*rest, open, rest->bytes);
    size_t close = str_find_str(from, CLOSE);

    if (from.bytes == 0 || close == from.bytes) {
        return false;
    }
    *ret_before = str_slice(*rest, 0, open);
    *ret_whole = str_slice(from, 0, close + CLOSE.bytes);
    *rest = str_slice(from, close + CLOSE.bytes, from.bytes);
    return true;
}

/* The text with its references resolved; VALUE_NONE where one is not known yet. */
static status in_text(struct template_run *run, struct value *value)
{
    struct str rest = value->str;
    struct value answer = *value;
    struct str before;
    struct str whole;
    struct buf text;
    status read = OK;
    bool known = true;

    buf_init(&text, TEMPLATE_BYTES_MAX);
    while (read == OK && next(&rest, &before, &whole)) {
        buf_add(&text, before);
        read = resolve(run, whole, &answer);
        known = known && answer.kind == VALUE_STR;
        buf_add(&text, read == OK && answer.kind == VALUE_STR ? answer.str : STR_NONE);
    }
    buf_add(&text, rest);
    if (read == OK && buf_spent(&text)) {
        read = template_wrong(run->why, "Template error: a text is longer than %u bytes",
                              TEMPLATE_BYTES_MAX);
    }
    if (read == OK) {
        *value = known ? template_text(arena_dup(run->arena, buf_str(&text)))
                       : (struct value){.kind = VALUE_NONE};
    }
    buf_done(&text);
    return read;
}

/* In place: what template_value() made is the run's own as far as lists and maps go. */
status template_dynamic(struct template_run *run, struct value *value)
{
    if (value->kind == VALUE_STR && str_find_str(value->str, OPEN) < value->str.bytes) {
        return in_text(run, value);
    }
    for (uint32_t i = 0; value->kind == VALUE_LIST && i < value->count; i++) {
        TRY(template_dynamic(run, &value->items[i]));
    }
    for (uint32_t i = 0; value->kind == VALUE_MAP && i < value->count; i++) {
        TRY(template_dynamic(run, &value->pairs[i].value));
    }
    return OK;
}

bool template_has_ssm(struct str text, bool versionless)
{
    struct template_dynamic dynamic;
    struct str before;
    struct str whole;
    struct why unsaid;

    while (next(&text, &before, &whole)) {
        (void)rest_of(whole, &dynamic);
        if (str_eq(dynamic.service, STR("ssm")) &&
            read_parts(whole, &unsaid, &dynamic) == OK &&
            (!versionless || dynamic.version.at == NULL)) {
            return true;
        }
    }
    return false;
}

bool template_has_dynamic(const struct value *value)
{
    if (value->kind == VALUE_STR) {
        return str_find_str(value->str, OPEN) < value->str.bytes;
    }
    for (uint32_t i = 0; value->kind == VALUE_LIST && i < value->count; i++) {
        if (template_has_dynamic(&value->items[i])) {
            return true;
        }
    }
    for (uint32_t i = 0; value->kind == VALUE_MAP && i < value->count; i++) {
        if (template_has_dynamic(&value->pairs[i].value)) {
            return true;
        }
    }
    return false;
}

/* ---- before anything is made ---- */

/* Where secure strings may be: properties that AWS keeps to itself. */
static bool may_be_secure(struct str path)
{
    static const char *const paths[] = {
        "AWS::DirectoryService::MicrosoftAD/Properties/Password",
        "AWS::DirectoryService::SimpleAD/Properties/Password",
        "AWS::ElastiCache::ReplicationGroup/Properties/AuthToken",
        "AWS::IAM::User/Properties/LoginProfile/Password",
        "AWS::KinesisFirehose::DeliveryStream/Properties/RedshiftDestinationConfiguration/Password",
        "AWS::OpsWorks::App/Properties/AppSource/Password",
        "AWS::OpsWorks::Stack/Properties/CustomCookbooksSource/Password",
        "AWS::OpsWorks::Stack/Properties/RdsDbInstances",
        "AWS::RDS::DBCluster/Properties/MasterUserPassword",
        "AWS::RDS::DBInstance/Properties/MasterUserPassword",
        "AWS::Redshift::Cluster/Properties/MasterUserPassword",
    };

    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        if (str_eq(path, str_c(paths[i]))) {
            return true;
        }
    }
    return false;
}

/* Looking through the properties of one resource. */
struct looking {
    struct arena *arena;           /* for paths */
    struct why *why;               /* for the sentence */
    struct template_names refused; /* paths where no secure one may be */
};

static status look_text(struct looking *looking, struct str text, struct str path)
{
    struct template_dynamic dynamic;
    struct str before;
    struct str whole;

    while (next(&text, &before, &whole)) {
        (void)rest_of(whole, &dynamic);
        if (!is_service(dynamic.service) || str_find_str(whole, STR("${")) < whole.bytes) {
            continue; /* none of ours, or not written out */
        }
        TRY(read_parts(whole, looking->why, &dynamic));
        if (str_eq(dynamic.service, STR("ssm-secure")) && !may_be_secure(path)) {
            template_names_add(&looking->refused, path);
        }
    }
    return OK;
}

/* Names make the path longer until there is a list or a call. */
static status look(struct looking *looking, const struct value *value, struct str path, bool fixed)
{
    bool stays = fixed || template_call_of(value).function != FUNCTION_NONE;

    if (value->kind == VALUE_STR) {
        return look_text(looking, value->str, path);
    }
    for (uint32_t i = 0; value->kind == VALUE_LIST && i < value->count; i++) {
        TRY(look(looking, &value->items[i], path, true));
    }
    for (uint32_t i = 0; value->kind == VALUE_MAP && i < value->count; i++) {
        const struct pair *pair = &value->pairs[i];
        bool deeper = !stays && (pair->value.kind != VALUE_STR ||
                                 str_find_str(pair->value.str, OPEN) < pair->value.str.bytes);

        TRY(look(looking, &pair->value,
                 deeper ? arena_printf(looking->arena, "%.*s/%.*s", STR_ARG(path),
                                       STR_ARG(pair->key))
                        : path,
                 stays));
    }
    return OK;
}

status template_dynamic_check(const struct template *t, const bool *exists, struct arena *arena,
                              struct why *why)
{
    struct looking looking = {.arena = arena, .why = why, .refused = {.arena = arena}};
    struct str all = STR("");

    for (uint32_t i = 0; i < t->resource_count; i++) {
        const struct template_resource *resource = &t->resources[i];

        if (resource->properties != NULL && (exists == NULL || exists[i]) &&
            template_has_dynamic(resource->properties)) {
            TRY(look(&looking, resource->properties,
                     arena_printf(arena, "%.*s/Properties", STR_ARG(resource->type)), false));
        }
    }
    for (uint32_t i = 0; i < looking.refused.count && all.bytes < WHY_BYTES_MAX; i++) {
        all = arena_printf(arena, "%.*s%s%.*s", STR_ARG(all), i == 0 ? "" : ",",
                           STR_ARG(looking.refused.at[i]));
    }
    return all.bytes == 0
               ? OK
               : template_wrong(why, "SSM Secure reference is not supported in: [%.*s]",
                                STR_ARG(all));
}
