/* SPDX-License-Identifier: Apache-2.0
 *
 * Tags of APIs, stages, domain names and VPC links; they are members of the records.
 */
#include "svc/apigatewayv2/ops.h"
#include "svc/apigatewayv2/rule.h"

/* What an ARN names: arn:aws:apigateway:REGION::/apis/ID[/stages/NAME], /domainnames/NAME,
 * /vpclinks/ID. */
struct tagged {
    enum kind kind;            /* of it */
    struct str owner, id;      /* its record's */
    struct value *record;      /* of it */
};

static bool tagged_read(struct call *c, struct str path, struct tagged *tagged)
{
    struct str rest = str_slice(path, 1, path.bytes);
    struct str parts[5] = {STR_NONE, STR_NONE, STR_NONE, STR_NONE, STR_NONE};
    size_t count = 0;

    while (rest.at != NULL && count < 5) {
        parts[count++] = str_split(&rest, '/');
    }
    tagged->owner = owner_of(c);
    tagged->id = parts[1];
    if (count == 2 && str_eq(parts[0], STR("apis"))) {
        tagged->kind = KIND_API;
    } else if (count == 2 && str_eq(parts[0], STR("domainnames"))) {
        tagged->kind = KIND_DOMAIN;
    } else if (count == 2 && str_eq(parts[0], STR("vpclinks"))) {
        tagged->kind = KIND_VPC_LINK;
    } else if (count == 4 && str_eq(parts[0], STR("apis")) && str_eq(parts[2], STR("stages")) &&
               record_is(c, KIND_API, tagged->owner, parts[1])) {
        tagged->kind = KIND_STAGE;
        tagged->owner = parts[1];
        tagged->id = parts[3];
    } else {
        return false;
    }
    return record_get(c, tagged->kind, tagged->owner, tagged->id, &tagged->record);
}

static status tagged_of_call(struct call *c, struct tagged *tagged)
{
    struct str text = arg_str(c, "ResourceArn");
    struct arn arn;

    if (!arn_read(text, &arn) || !str_eq(arn.service, STR("apigateway")) ||
        !str_starts(arn.resource, STR("/"))) {
        return bad_request(c, "Invalid resource ARN specified: %.*s",
                           STR_ARG(str_slice(text, 0, 512)));
    }
    call_on(c, text);
    return str_eq(arn.region, c->region) && tagged_read(c, arn.resource, tagged)
               ? OK
               : fail(c, &GATEWAY_NOT_FOUND, "Invalid Resource Identifier specified");
}

/* GetTags */
status apigw_get_tags(struct call *c)
{
    struct tagged tagged;

    TRY(tagged_of_call(c, &tagged));
    if (has(tagged.record, "Tags")) {
        set_value(c->out, "Tags", get(tagged.record, "Tags"));
    } else {
        (void)set_map(c->arena, c->out, "Tags", 0);
    }
    return OK;
}

static void tagged_put(struct call *c, const struct tagged *tagged)
{
    record_put(c, tagged->kind, tagged->owner, tagged->id, tagged->record);
    if (tagged->kind == KIND_STAGE) {
        lives_forget(gateway_of(c), tagged->owner);
    }
}

/* TagResource */
status apigw_tag(struct call *c)
{
    const struct value *more = arg(c, "Tags");
    struct value had = {.kind = VALUE_MAP};
    struct tagged tagged;
    struct value *tags;

    TRY(tagged_of_call(c, &tagged));
    TRY(lengths_check(c));
    if (more == NULL) {
        return OK;
    }
    if (has(tagged.record, "Tags")) {
        had = *get(tagged.record, "Tags");
    }
    tags = set_map(c->arena, tagged.record, "Tags", had.count + more->count);
    for (uint32_t i = 0; i < had.count; i++) {
        if (map_find(more, had.pairs[i].key) == NULL) {
            map_add_str(tags, had.pairs[i].key, had.pairs[i].value.str);
        }
    }
    for (uint32_t i = 0; i < more->count; i++) {
        map_add_str(tags, more->pairs[i].key, more->pairs[i].value.str);
    }
    TRY(tags_check(c, tags));
    tagged_put(c, &tagged);
    return OK;
}

static bool is_named(const struct value *keys, struct str key)
{
    for (uint32_t i = 0; i < keys->count; i++) {
        if (str_eq(keys->items[i].str, key)) {
            return true;
        }
    }
    return false;
}

/* UntagResource */
status apigw_untag(struct call *c)
{
    struct value had = {.kind = VALUE_MAP};
    struct tagged tagged;
    struct value *tags;

    TRY(tagged_of_call(c, &tagged));
    if (has(tagged.record, "Tags")) {
        had = *get(tagged.record, "Tags");
    }
    tags = set_map(c->arena, tagged.record, "Tags", had.count);
    for (uint32_t i = 0; i < had.count; i++) {
        if (!is_named(arg(c, "TagKeys"), had.pairs[i].key)) {
            map_add_str(tags, had.pairs[i].key, had.pairs[i].value.str);
        }
    }
    tagged_put(c, &tagged);
    return OK;
}
