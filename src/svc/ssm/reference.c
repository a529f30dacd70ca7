/* SPDX-License-Identifier: Apache-2.0
 *
 * /aws/reference/secretsmanager/NAME: a secret read as if it were a parameter. The secret is read
 * as the caller, inside its call (cell/inner.h). Source: "Referencing AWS Secrets Manager secrets
 * from Parameter Store parameters", Systems Manager user guide.
 */
#include "cell/inner.h"
#include "svc/ssm/ssm_int.h"
#include "wire/json.h"

#define PREFIX "/aws/reference/secretsmanager/"
#define RESULT_BYTES_MAX (1u << 20) /* a secret's 64 KiB, escaped */

bool is_reference(struct str name)
{
    return str_starts(name, STR(PREFIX));
}

/* "May 14, 2018 2:15:42 PM" */
static struct str date_of(struct call *c, int64_t moment_ms)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    struct time_parts at = time_parts_of(moment_ms);

    return arena_printf(c->arena, "%.3s %d, %d %d:%02d:%02d %s", months + 3 * (at.month - 1),
                        at.day, at.year, (at.hour + 11) % 12 + 1, at.minute, at.second,
                        at.hour < 12 ? "AM" : "PM");
}

static void member(struct buf *text, const char *before, struct str value)
{
    buf_add(text, str_c(before));
    json_write_str(text, value);
}

static struct str result_of(struct call *c, const struct value *secret)
{
    const struct value *stages = get(secret, "VersionStages");
    struct buf text;
    struct str result;

    buf_init(&text, RESULT_BYTES_MAX);
    member(&text, "{\"aRN\":", get_str(secret, "ARN"));
    member(&text, ",\"name\":", get_str(secret, "Name"));
    member(&text, ",\"versionId\":", get_str(secret, "VersionId"));
    member(&text, ",\"secretString\":", get_str(secret, "SecretString"));
    buf_add(&text, STR(",\"versionStages\":["));
    for (uint32_t i = 0; stages != NULL && i < stages->count; i++) {
        member(&text, i == 0 ? "" : ",", stages->items[i].str);
    }
    member(&text, "],\"createdDate\":", date_of(c, get_time(secret, "CreatedDate", 0)));
    buf_add_c(&text, '}');
    result = arena_dup(c->arena, buf_str(&text));
    buf_done(&text);
    return result;
}

/* What stands behind the name: a version's id, or a label. */
static void select_version(struct inner *inner, struct str selector)
{
    if (selector.at == NULL) {
        return;
    }
    set_str(inner->in, selector.bytes == 36 && selector.at[8] == '-' ? "VersionId"
                                                                    : "VersionStage", selector);
}

status reference_tell(struct call *c, struct str text, struct value *out)
{
    struct str name, selector;
    struct inner inner;
    status read;

    if (!arg_bool(c, "WithDecryption", false)) {
        return fail(c, &SSM_VALIDATION, "WithDecryption flag must be True for retrieving a Secret "
                    "Manager secret.");
    }
    name_split(text, &name, &selector);
    TRY(inner_begin(c, "secretsmanager", "GetSecretValue", &inner));
    inner.caller.identity = c->identity;
    inner.caller.principal = c->principal;
    set_str(inner.in, "SecretId", str_slice(name, STR(PREFIX).bytes, name.bytes));
    select_version(&inner, selector);
    read = inner_run(c, &inner);
    if (read != OK || !has(inner.out, "SecretString")) {
        return fail(c, &SSM_NOT_FOUND, "An error occurred (ParameterNotFound) when referencing "
                    "Secrets Manager: Secret %.*s not found.", STR_ARG(name));
    }
    set_str(out, "Name", name);
    set_str(out, "Type", STR("SecureString"));
    set_str(out, "Value", get_str(inner.out, "SecretString"));
    set_int(out, "Version", 0);
    if (selector.at != NULL) {
        set_str(out, "Selector", arena_printf(c->arena, ":%.*s", STR_ARG(selector)));
    }
    set_str(out, "SourceResult", result_of(c, inner.out));
    set_time(out, "LastModifiedDate", get_time(inner.out, "CreatedDate", 0));
    set_str(out, "ARN", get_str(inner.out, "ARN"));
    set_str(out, "DataType", STR("text"));
    return OK;
}
