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

static status resolve(struct template_run *run, struct str whole, struct value *ret_value)
{
    struct str rest = str_slice(whole, OPEN.bytes, whole.bytes - CLOSE.bytes);
    struct template_dynamic dynamic = {.whole = whole, .service = str_split(&rest, ':')};
    struct template_question question = {
        .kind = TEMPLATE_DYNAMIC, .dynamic = &dynamic, .arena = run->arena, .why = run->why};
    bool secret = str_eq(dynamic.service, STR("secretsmanager"));
    struct value answer;

    if (!is_service(dynamic.service)) {
        *ret_value = template_text(whole);
        return OK;
    }
    if (!(secret ? read_secret(rest, &dynamic) : read_ssm(rest, &dynamic))) {
        return template_wrong(run->why, "Incorrect format is used in the following %s reference: "
                                        "[%.*s]",
                              secret ? "Secrets Manager" : "SSM", STR_ARG(whole));
    }
    TRY(template_ask(run->world, &question, &answer));
    if (!template_as_text(run->arena, &answer, ret_value)) {
        return template_wrong(run->why, "Could not resolve %.*s to a string", STR_ARG(whole));
    }
    return OK;
}

/* The text with its references resolved; VALUE_NONE where one is not known yet. */
static status in_text(struct template_run *run, struct value *value)
{
    struct str rest = value->str;
    struct value answer = *value;
    struct buf text;
    size_t open;
    status read = OK;
    bool known = true;

    buf_init(&text, TEMPLATE_BYTES_MAX);
    while (read == OK && (open = str_find_str(rest, OPEN)) < rest.bytes) {
        struct str from = str_slice(rest, open, rest.bytes);
        size_t close = str_find_str(from, CLOSE);

        if (close == from.bytes) {
            break;
        }
        buf_add(&text, str_slice(rest, 0, open));
        read = resolve(run, str_slice(from, 0, close + CLOSE.bytes), &answer);
        known = known && answer.kind == VALUE_STR;
        buf_add(&text, read == OK && answer.kind == VALUE_STR ? answer.str : STR_NONE);
        rest = str_slice(from, close + CLOSE.bytes, from.bytes);
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
