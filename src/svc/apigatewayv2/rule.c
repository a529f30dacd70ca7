/* SPDX-License-Identifier: Apache-2.0
 *
 * What operations have in common.
 */
#include "svc/apigatewayv2/rule.h"

#include "base/codec.h"
#include "cell/cell.h"
#include "wire/json.h"

#include <assert.h>

static const struct error limit_reached = {"ConflictException", NULL, 429, false};

/* What AWS calls a kind where it is not found or there are too many, and what names it. */
static const struct {
    const char *label;   /* in sentences */
    const char *member;  /* of inputs */
} words[] = {
    [KIND_API] = {"API", "ApiId"},
    [KIND_DOMAIN] = {"domain name", "DomainName"},
    [KIND_VPC_LINK] = {"VpcLink", "VpcLinkId"},
    [KIND_MAPPING] = {"ApiMapping", "ApiMappingId"},
    [KIND_ROUTE] = {"Route", "RouteId"},
    [KIND_INTEGRATION] = {"Integration", "IntegrationId"},
    [KIND_AUTHORIZER] = {"Authorizer", "AuthorizerId"},
    [KIND_STAGE] = {"stage", "StageName"},
    [KIND_DEPLOYMENT] = {"Deployment", "DeploymentId"},
    [KIND_MODEL] = {"Model", "ModelId"},
    [KIND_ROUTE_RESPONSE] = {"RouteResponse", "RouteResponseId"},
    [KIND_INTEGRATION_RESPONSE] = {"IntegrationResponse", "IntegrationResponseId"},
};
_Static_assert(sizeof(words) / sizeof(words[0]) == KIND_COUNT, "every kind");

status bad_request(struct call *c, const char *format, ...)
{
    va_list args;
    struct str text;

    va_start(args, format);
    text = arena_vprintf(c->arena, format, args);
    va_end(args);
    return fail(c, &GATEWAY_BAD_REQUEST, "%.*s", STR_ARG(text));
}

/* ---- ids and names ---- */

struct str id_new(struct call *c, enum kind kind, struct str owner, size_t letters)
{
    static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz0123456789";
    char *id = arena_alloc(c->arena, letters);
    struct str account, region;

    do {
        for (size_t i = 0; i < letters; i++) {
            id[i] = alphabet[rand_below(c->rand, sizeof(alphabet) - 1)];
        }
    } while (record_is(c, kind, owner, str_of(id, letters)) ||
             ((kind == KIND_API || kind == KIND_VPC_LINK) &&
              api_where(c, str_of(id, letters), &account, &region)));
    return str_of(id, letters);
}

struct str apigw_arn(struct call *c, const char *format, ...)
{
    va_list args;
    struct str text;

    va_start(args, format);
    text = arena_vprintf(c->arena, format, args);
    va_end(args);
    return arena_printf(c->arena, "arn:%.*s:apigateway:%.*s::%.*s",
                        STR_ARG(arn_partition(c->region)), STR_ARG(c->region), STR_ARG(text));
}

struct str api_endpoint(struct call *c, struct str api_id, struct str region)
{
    return arena_printf(c->arena, "%s://%.*s.execute-api.%.*s.localhost%.*s",
                        call_tls(c) ? "https" : "http", STR_ARG(api_id), STR_ARG(region),
                        STR_ARG(call_port(c)));
}

/* ---- finding ---- */

status api_of_call(struct call *c, struct api *ret_api)
{
    struct api api = {arg_str(c, "ApiId"), c->account, c->region, NULL};

    call_on(c, apigw_arn(c, "/apis/%.*s", STR_ARG(api.id)));
    if (!record_get(c, KIND_API, owner_of(c), api.id, &api.record)) {
        return fail(c, &GATEWAY_NOT_FOUND, "Invalid API identifier specified %.*s:%.*s",
                    STR_ARG(c->account), STR_ARG(str_slice(api.id, 0, 128)));
    }
    *ret_api = api;
    return OK;
}

status record_of_call(struct call *c, enum kind kind, struct str owner, struct value **ret_record)
{
    struct str id = arg_str(c, words[kind].member);

    if (record_get(c, kind, owner, id, ret_record)) {
        return OK;
    }
    if (kind == KIND_STAGE || kind == KIND_DOMAIN) {
        return fail(c, &GATEWAY_NOT_FOUND, "Invalid %s identifier specified", words[kind].label);
    }
    return fail(c, &GATEWAY_NOT_FOUND, "Invalid %s identifier specified %.*s", words[kind].label,
                STR_ARG(str_slice(id, 0, 128)));
}

status room_check(struct call *c, enum kind kind, struct str owner, size_t count_max)
{
    bool alone = kind == KIND_API || kind == KIND_DOMAIN || kind == KIND_VPC_LINK;

    if (records_count(c, kind, owner) < count_max) {
        return OK;
    }
    return fail(c, &limit_reached,
                "Maximum number of %ss for this %s has been reached. Please contact AWS if you "
                "need additional %ss.", words[kind].label,
                alone ? "account" : kind == KIND_MAPPING ? "domain name" : "API",
                words[kind].label);
}

/* ---- lengths ---- */

/* "StringWithLengthBetween1And128": the numbers; false: the shape has none. */
static bool length_limits(struct str name, uint64_t *ret_min, uint64_t *ret_max)
{
    static const struct str mark = STR_INIT("LengthBetween");
    size_t at = str_find_str(name, mark);
    struct str rest = str_slice(name, at + mark.bytes, name.bytes);
    size_t and = str_find_str(rest, STR("And"));
    struct str max = str_slice(rest, and + 3, rest.bytes);

    if (str_eq(max, STR("32K"))) {
        *ret_max = 32 * 1024;
        return str_to_u64(str_slice(rest, 0, and), ret_min);
    }
    return at < name.bytes && str_to_u64(str_slice(rest, 0, and), ret_min) &&
           str_to_u64(max, ret_max);
}

static status length_check(struct call *c, const struct value *value, struct str label)
{
    struct str shape = model_text(model_shape(value->shape)->name);
    uint64_t min, max;
    size_t is;

    if (!length_limits(shape, &min, &max)) {
        return OK;
    }
    if (str_starts(model_text(c->operation->name), STR("Update"))) {
        min = 0; /* an empty text takes away */
    }
    is = utf8_count(value->str);
    return is >= min && is <= max
               ? OK
               : bad_request(c, "Invalid %.*s specified. The length must be between %llu and %llu "
                             "characters.", STR_ARG(label), (unsigned long long)min,
                             (unsigned long long)max);
}

/* Trees of this model are four deep. */
static status walk(struct call *c, const struct value *value, struct str label)
{
    switch (value->kind) {
    case VALUE_STR:
        return length_check(c, value, label);
    case VALUE_LIST:
        for (uint32_t i = 0; i < value->count; i++) {
            TRY(walk(c, &value->items[i], label));
        }
        return OK;
    case VALUE_MAP:
        for (uint32_t i = 0; i < value->count; i++) {
            TRY(walk(c, &value->pairs[i].value, label));
        }
        return OK;
    case VALUE_STRUCT: {
        const struct shape *shape = model_shape(value->shape);

        for (uint32_t i = 0; i < value->count; i++) {
            TRY(walk(c, &value->items[i], model_text(model_members[shape->first + i].name)));
        }
        return OK;
    }
    default:
        return OK;
    }
}

status lengths_check(struct call *c)
{
    return walk(c, c->in, STR_NONE);
}

status record_lengths_check(struct call *c, const struct value *record)
{
    return walk(c, record, STR_NONE);
}

status size_check(struct call *c, enum kind kind, const struct value *record)
{
    bool deployed = kind == KIND_ROUTE || kind == KIND_INTEGRATION || kind == KIND_AUTHORIZER;
    struct buf text;
    bool fits;

    buf_init(&text, deployed ? DEPLOYED_BYTES_MAX : OTHER_BYTES_MAX);
    json_write(&text, record, TIME_EPOCH);
    fits = !buf_spent(&text);
    buf_done(&text);
    return fits ? OK : bad_request(c, "The %s is too large", words[kind].label);
}

/* ---- applying ---- */

static bool is_empty(const struct value *value)
{
    return (value->kind == VALUE_STR && value->str.bytes == 0) ||
           (value->kind == VALUE_MAP && value->count == 0);
}

static void apply(struct arena *arena, struct value *to, const struct value *from);

static void apply_struct(struct arena *arena, struct value *to, const struct value *from)
{
    const struct shape *shape = model_shape(to->shape);

    for (uint32_t i = 0; i < to->count; i++) {
        struct str name = model_text(model_members[shape->first + i].name);
        int index = model_member_index(model_shape(from->shape), name);

        if (index >= 0 && from->items[index].kind != VALUE_NONE) {
            apply(arena, &to->items[i], &from->items[index]);
        }
    }
}

/* Keys with an empty value go, others come or change. */
static void apply_map(struct arena *arena, struct value *to, const struct value *from)
{
    uint32_t had = to->kind == VALUE_MAP ? to->count : 0;
    struct pair *pairs = arena_zero(arena, (had + from->count + 1) * sizeof(pairs[0]));
    struct value made = *from;
    uint32_t count = 0;

    for (uint32_t i = 0; i < had; i++) {
        if (map_find(from, to->pairs[i].key) == NULL) {
            pairs[count++] = to->pairs[i];
        }
    }
    for (uint32_t i = 0; i < from->count; i++) {
        const struct value *was =
            had > 0 ? map_find(to, from->pairs[i].key) : NULL;

        if (is_empty(&from->pairs[i].value)) {
            continue;
        }
        pairs[count] = from->pairs[i];
        if (was != NULL && was->kind == VALUE_STRUCT) {
            pairs[count].value = *was;
            apply(arena, &pairs[count].value, &from->pairs[i].value);
        }
        count++;
    }
    made.pairs = pairs;
    made.count = count;
    made.room = had + from->count + 1;
    *to = made;
}

static void apply(struct arena *arena, struct value *to, const struct value *from)
{
    if (from->kind == VALUE_STR && from->str.bytes == 0) {
        to->kind = VALUE_NONE;
    } else if (from->kind == VALUE_MAP) {
        apply_map(arena, to, from);
    } else if (from->kind == VALUE_STRUCT && to->kind == VALUE_STRUCT) {
        apply_struct(arena, to, from);
    } else {
        *to = *from;
    }
}

void record_apply(struct call *c, struct value *record, const struct value *in)
{
    if (model_member_index(model_shape(record->shape), STR("CorsConfiguration")) >= 0 &&
        has(in, "CorsConfiguration")) {
        unset_member(record, "CorsConfiguration"); /* it is replaced */
    }
    apply_struct(c->arena, record, in);
}

void unset_member(struct value *record, const char *member)
{
    int index = model_member_index(model_shape(record->shape), str_c(member));

    assert(index >= 0);
    record->items[index].kind = VALUE_NONE;
}

/* ---- tags ---- */

status tags_check(struct call *c, const struct value *tags)
{
    if (tags == NULL) {
        return OK;
    }
    if (tags->count > TAGS_MAX) {
        return bad_request(c, "Tags cannot have more than %d entries", TAGS_MAX);
    }
    for (uint32_t i = 0; i < tags->count; i++) {
        struct str key = tags->pairs[i].key;

        if (key.bytes == 0 || utf8_count(key) > 128) {
            return bad_request(c, "Invalid tag key: %.*s. The length must be between 1 and 128 "
                               "characters.", STR_ARG(str_slice(key, 0, 256)));
        }
        if (str_starts_nocase(key, STR("aws:"))) {
            return bad_request(c, "aws: prefixed tag key names are not allowed for external use.");
        }
    }
    return OK;
}
