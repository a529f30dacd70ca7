/* SPDX-License-Identifier: Apache-2.0
 *
 * Events of functions: payload format 1.0, as REST APIs have it, and what both formats have of a
 * meeting; and answers of format 1.0, which has no shorthand.
 *
 * Source: "Create AWS Lambda proxy integrations for HTTP APIs", API Gateway developer guide.
 */
#include "base/codec.h"
#include "bus/pattern.h"
#include "svc/apigatewayv2/run.h"
#include "wire/json.h"

struct http_event event_two_of(const struct meeting *meeting)
{
    return (struct http_event){
        .http = &meeting->sent,
        .route_key = meeting->route->key_text,
        .stage = meeting->live->stage_name,
        .path = meeting->overwritten.at != NULL ? meeting->overwritten : meeting->raw_path,
        .context_path = meeting->raw_path,
        .api = meeting->live->api_id,
        .host = meeting->host,
        .prefix = meeting->prefix,
        .request_id = meeting->id,
        .trace = meeting->trace,
        .account = meeting->live->account,
        .authorizer = meeting->authorizer,
        .parameters = meeting->parameters,
        .parameter_count = meeting->parameter_count,
        .variables = meeting->plan->variables,
        .variable_count = meeting->plan->variable_count,
        .now_ms = meeting->began_ms,
    };
}

/* ---- format 1.0 ---- */

static void add_pair_list(struct buf *text, const char *name, const struct http_pair *pairs,
                          size_t count, struct arena *arena)
{
    bool first = true;

    buf_printf(text, "\"%s\":%s", name, count == 0 ? "null," : "{");
    for (size_t i = 0; i < count; i++) {
        http_add_pair(text, &first, http_readable(arena, pairs[i].name),
                      http_readable(arena, pairs[i].value));
    }
    buf_add(text, count == 0 ? STR("") : STR("},"));
}

/* Was there one of that name before? */
static bool is_repeated(const struct http_pair *pairs, size_t at)
{
    for (size_t i = 0; i < at; i++) {
        if (str_eq(pairs[i].name, pairs[at].name)) {
            return true;
        }
    }
    return false;
}

/* All values of each name. */
static void add_many(struct buf *text, const char *name, const struct http_pair *pairs,
                     size_t count, struct arena *arena)
{
    buf_printf(text, "\"%s\":%s", name, count == 0 ? "null," : "{");
    for (size_t i = 0; i < count; i++) {
        if (is_repeated(pairs, i)) {
            continue;
        }
        buf_add(text, i == 0 ? STR("") : STR(","));
        json_write_str(text, http_readable(arena, pairs[i].name));
        buf_add(text, STR(":["));
        for (size_t k = i; k < count; k++) {
            if (str_eq(pairs[k].name, pairs[i].name)) {
                buf_add(text, k == i ? STR("") : STR(","));
                json_write_str(text, http_readable(arena, pairs[k].value));
            }
        }
        buf_add_c(text, ']');
    }
    buf_add(text, count == 0 ? STR("") : STR("},"));
}

/* The last value of each name. */
static size_t last_of(const struct http_pair *pairs, size_t count, struct http_pair *ret_last)
{
    size_t kept = 0;

    for (size_t i = 0; i < count; i++) {
        if (is_repeated(pairs, i)) {
            continue;
        }
        ret_last[kept] = pairs[i];
        for (size_t k = i + 1; k < count; k++) {
            if (str_eq(pairs[k].name, pairs[i].name)) {
                ret_last[kept] = pairs[k];
            }
        }
        kept++;
    }
    return kept;
}

static bool is_ours(struct str name)
{
    return str_eq(name, STR("host")) || str_eq(name, STR("x-amzn-trace-id")) ||
           str_starts(name, STR("x-forwarded-")) || str_eq(name, STR("connection"));
}

static size_t header_pairs(const struct meeting *meeting, struct arena *arena,
                           struct http_pair **ret_pairs)
{
    const struct http_request *http = &meeting->sent;
    struct http_pair *pairs = arena_alloc(arena, (http->header_count + 5) * sizeof(*pairs));
    size_t count = 0;

    for (size_t i = 0; i < http->header_count; i++) {
        if (!is_ours(http->headers[i].name)) {
            pairs[count++] = (struct http_pair){http->headers[i].name, http->headers[i].value};
        }
    }
    pairs[count++] = (struct http_pair){STR("host"), http->authority};
    pairs[count++] = (struct http_pair){STR("x-amzn-trace-id"), meeting->trace};
    pairs[count++] = (struct http_pair){STR("x-forwarded-for"), http->peer};
    pairs[count++] =
        (struct http_pair){STR("x-forwarded-port"), http->tls ? STR("443") : STR("80")};
    pairs[count++] =
        (struct http_pair){STR("x-forwarded-proto"), http->tls ? STR("https") : STR("http")};
    *ret_pairs = pairs;
    return count;
}

static void add_request(struct buf *text, const struct meeting *meeting, struct arena *arena)
{
    struct http_pair *pairs, *last;
    size_t count = header_pairs(meeting, arena, &pairs);

    last = arena_alloc(arena, (count + 1) * sizeof(*last));
    add_pair_list(text, "headers", last, last_of(pairs, count, last), arena);
    add_many(text, "multiValueHeaders", pairs, count, arena);
    count = http_query_pairs(meeting->sent.query, arena, &pairs);
    last = arena_alloc(arena, (count + 1) * sizeof(*last));
    add_pair_list(text, "queryStringParameters", last, last_of(pairs, count, last), arena);
    add_many(text, "multiValueQueryStringParameters", pairs, count, arena);
}

static void add_or_null(struct buf *text, const char *name, struct str value)
{
    if (value.bytes > 0) {
        http_add_member(text, name, value);
    } else {
        buf_printf(text, "\"%s\":null,", name);
    }
}

static void add_identity(struct buf *text, struct call *c, const struct meeting *meeting)
{
    bool iam = meeting->iam;

    buf_add(text, STR("\"identity\":{"));
    add_or_null(text, "accessKey", iam ? c->access_key : STR_NONE);
    add_or_null(text, "accountId", iam ? c->account : STR_NONE);
    add_or_null(text, "caller", iam ? c->access_key : STR_NONE);
    buf_add(text, STR("\"cognitoAmr\":null,\"cognitoAuthenticationProvider\":null,"
                      "\"cognitoAuthenticationType\":null,\"cognitoIdentityId\":null,"
                      "\"cognitoIdentityPoolId\":null,\"principalOrgId\":null,"));
    http_add_member(text, "sourceIp", meeting->http.peer);
    add_or_null(text, "user", iam ? c->access_key : STR_NONE);
    http_add_member(text, "userAgent",
                    http_readable(c->arena, http_header(&meeting->http, STR("user-agent"))));
    buf_add(text, STR("\"userArn\":"));
    if (iam) {
        json_write_str(text, c->principal);
    } else {
        buf_add(text, STR("null"));
    }
    buf_add(text, STR("},"));
}

static struct str resource_path(const struct meeting *meeting)
{
    struct str key = meeting->route->key_text;
    size_t space = str_find(key, ' ', 0);

    return space < key.bytes ? str_slice(key, space + 1, key.bytes) : key;
}

static void add_context(struct buf *text, struct call *c, const struct meeting *meeting)
{
    buf_add(text, STR("\"requestContext\":{"));
    http_add_member(text, "accountId", meeting->live->account);
    http_add_member(text, "apiId", meeting->live->api_id);
    if (meeting->authorizer_1.bytes > 0) {
        buf_add(text, STR("\"authorizer\":"));
        buf_add(text, meeting->authorizer_1);
        buf_add_c(text, ',');
    }
    http_add_member(text, "domainName", http_readable(c->arena, meeting->host));
    http_add_member(text, "domainPrefix", http_readable(c->arena, meeting->prefix));
    http_add_member(text, "extendedRequestId", meeting->id);
    http_add_member(text, "httpMethod", meeting->http.method);
    add_identity(text, c, meeting);
    http_add_member(text, "path", meeting->raw_path);
    http_add_member(text, "protocol",
                    meeting->http.version == 20 ? STR("HTTP/2.0") : STR("HTTP/1.1"));
    http_add_member(text, "requestId", meeting->id);
    buf_add(text, STR("\"requestTime\":\""));
    http_add_clf_time(text, meeting->began_ms);
    buf_printf(text, "\",\"requestTimeEpoch\":%lld,", (long long)meeting->began_ms);
    http_add_member(text, "resourceId", meeting->route->key_text);
    http_add_member(text, "resourcePath", resource_path(meeting));
    buf_add(text, STR("\"stage\":"));
    json_write_str(text, meeting->live->stage_name);
    buf_add(text, STR("},"));
}

static void add_body(struct buf *text, const struct http_request *http)
{
    bool plain = http_is_text(http_header(http, STR("content-type"))) && utf8_valid(http->body);

    buf_add(text, STR("\"body\":"));
    if (http->body.bytes == 0) {
        buf_add(text, STR("null"));
    } else if (plain) {
        json_write_str(text, http->body);
    } else {
        buf_add_c(text, '"');
        buf_add_base64(text, http->body);
        buf_add_c(text, '"');
    }
    buf_printf(text, ",\"isBase64Encoded\":%s}",
               http->body.bytes > 0 && !plain ? "true" : "false");
}

/* Its identity sources are one text. */
static void add_authorizer_head(struct buf *text, struct call *c, struct meeting *meeting,
                                const char *type)
{
    struct str *identity;
    struct buf joined;

    (void)auth_identity(c, meeting, &identity);
    buf_init(&joined, HTTP_EVENT_BYTES_MAX);
    for (size_t i = 0; i < meeting->route->identity_count; i++) {
        buf_add(&joined, i == 0 ? STR("") : STR(","));
        buf_add(&joined, identity[i]);
    }
    http_add_member(text, "type", str_c(type));
    http_add_member(text, "methodArn", auth_arn(c, meeting));
    http_add_member(text, "identitySource", http_readable(c->arena, buf_str(&joined)));
    http_add_member(text, "authorizationToken", http_readable(c->arena, buf_str(&joined)));
    buf_done(&joined);
}

/* type: an authorizer's, which has a few members more and no body; NULL: an integration's. */
struct str event_one(struct call *c, struct meeting *meeting, const char *type)
{
    struct str path = meeting->overwritten.at != NULL ? meeting->overwritten : meeting->key_path;
    struct str made = STR_NONE;
    struct buf text;

    buf_init(&text, HTTP_EVENT_BYTES_MAX);
    buf_add(&text, STR("{\"version\":\"1.0\","));
    if (type != NULL) {
        add_authorizer_head(&text, c, meeting, type);
    }
    http_add_member(&text, "resource", resource_path(meeting));
    http_add_member(&text, "path", path);
    http_add_member(&text, "httpMethod", meeting->sent.method);
    add_request(&text, meeting, c->arena);
    add_context(&text, c, meeting);
    add_pair_list(&text, "pathParameters", meeting->parameters, meeting->parameter_count,
                  c->arena);
    add_pair_list(&text, "stageVariables", meeting->plan->variables,
                  meeting->plan->variable_count, c->arena);
    if (type == NULL) {
        add_body(&text, &meeting->sent);
    } else {
        text.bytes--; /* the last comma */
        buf_add_c(&text, '}');
    }
    if (!buf_spent(&text)) {
        made = arena_dup(c->arena, buf_str(&text));
    }
    buf_done(&text);
    return made;
}

/* ---- answers of format 1.0 ---- */

static struct str lower(struct str s, struct arena *arena)
{
    char *text = arena_alloc(arena, s.bytes + 1);

    for (size_t i = 0; i < s.bytes; i++) {
        text[i] = s.at[i] >= 'A' && s.at[i] <= 'Z' ? (char)(s.at[i] + 32) : s.at[i];
    }
    return str_of(text, s.bytes);
}

static bool has_header(const struct value *map, struct str name)
{
    for (uint32_t i = 0; map != NULL && map->kind == VALUE_MAP && i < map->count; i++) {
        if (str_eq_nocase(map->pairs[i].key, name)) {
            return true;
        }
    }
    return false;
}

/* Those of multiValueHeaders come in place of those of headers, value by value. */
static void add_many_headers(const struct value *many, struct arena *arena,
                             struct http_answer *answer)
{
    for (uint32_t i = 0; i < many->count; i++) {
        const struct value *values = &many->pairs[i].value;
        struct str name = lower(many->pairs[i].key, arena);

        for (uint32_t k = 0; values->kind == VALUE_LIST && k < values->count; k++) {
            if (values->items[k].kind == VALUE_STR &&
                !str_eq(name, STR("content-length")) &&
                !str_eq(name, STR("transfer-encoding")) && !str_eq(name, STR("connection"))) {
                http_answer_add(answer, name, values->items[k].str);
            }
        }
    }
}

bool answer_one(struct str json, struct arena *arena, struct http_answer *ret_answer)
{
    const struct value *document = pattern_document(json, arena);
    const struct value *many;
    size_t kept = 0;

    if (document->kind != VALUE_MAP || !http_answer_read(json, arena, ret_answer) ||
        ret_answer->bare) {
        return false;
    }
    many = map_find(document, STR("multiValueHeaders"));
    if (many == NULL || many->kind != VALUE_MAP) {
        return true;
    }
    for (size_t i = 0; i < ret_answer->header_count; i++) {
        if (!has_header(many, ret_answer->headers[i].name)) {
            ret_answer->headers[kept++] = ret_answer->headers[i];
        }
    }
    ret_answer->header_count = kept;
    add_many_headers(many, arena, ret_answer);
    return true;
}
