/* SPDX-License-Identifier: Apache-2.0
 *
 * Requests as events of payload format 2.0, and answers as AWS reads them.
 */
#include "bus/http_event.h"

#include "base/codec.h"
#include "base/time.h"
#include "bus/pattern.h"
#include "wire/json.h"

#include <string.h>

#define ZEROS 8 /* between prelude and body */

/* ---- the event ---- */

void http_add_member(struct buf *text, const char *name, struct str value)
{
    buf_printf(text, "\"%s\":", name);
    json_write_str(text, value);
    buf_add_c(text, ',');
}

struct str http_readable(struct arena *arena, struct str s)
{
    char *copy;

    if (utf8_valid(s)) {
        return s;
    }
    copy = arena_alloc(arena, s.bytes + 1);
    for (size_t i = 0; i < s.bytes; i++) {
        copy[i] = (unsigned char)s.at[i] < 0x80 ? s.at[i] : '?';
    }
    return str_of(copy, s.bytes);
}

void http_add_pair(struct buf *text, bool *first, struct str name, struct str value)
{
    if (!*first) {
        buf_add_c(text, ',');
    }
    *first = false;
    json_write_str(text, name);
    buf_add_c(text, ':');
    json_write_str(text, value);
}

struct str http_values(const struct http_request *http, size_t index, struct arena *arena)
{
    struct str name = http->headers[index].name;
    struct str joined = http->headers[index].value;

    for (size_t i = 0; i < index; i++) {
        if (str_eq(http->headers[i].name, name)) {
            return STR_NONE;
        }
    }
    for (size_t i = index + 1; i < http->header_count; i++) {
        if (str_eq(http->headers[i].name, name)) {
            joined = arena_printf(arena, "%.*s,%.*s", STR_ARG(joined),
                                  STR_ARG(http->headers[i].value));
        }
    }
    return joined.at == NULL ? STR("") : joined;
}

static bool is_ours(struct str name)
{
    return str_eq(name, STR("host")) || str_eq(name, STR("x-amzn-trace-id")) ||
           str_starts(name, STR("x-forwarded-")) || str_eq(name, STR("connection"));
}

static void add_headers(struct buf *text, const struct http_event *event, struct arena *arena)
{
    const struct http_request *http = event->http;
    bool first = true;

    buf_add(text, STR("\"headers\":{"));
    for (size_t i = 0; i < http->header_count; i++) {
        struct str value = http_values(http, i, arena);

        if (value.at != NULL && !is_ours(http->headers[i].name)) {
            http_add_pair(text, &first, http->headers[i].name, http_readable(arena, value));
        }
    }
    http_add_pair(text, &first, STR("host"), http_readable(arena, http->authority));
    http_add_pair(text, &first, STR("x-amzn-trace-id"), event->trace);
    http_add_pair(text, &first, STR("x-forwarded-for"), http->peer);
    http_add_pair(text, &first, STR("x-forwarded-port"), http->tls ? STR("443") : STR("80"));
    http_add_pair(text, &first, STR("x-forwarded-proto"), http->tls ? STR("https") : STR("http"));
    buf_add(text, STR("},"));
}

static void add_cookies(struct buf *text, const struct http_request *http, struct arena *arena)
{
    bool first = true;

    for (size_t i = 0; i < http->header_count; i++) {
        struct str rest = http->headers[i].value;

        while (str_eq(http->headers[i].name, STR("cookie")) && rest.at != NULL) {
            struct str cookie = str_trim(str_split(&rest, ';'));

            if (cookie.bytes > 0) {
                buf_add(text, first ? STR("\"cookies\":[") : STR(","));
                json_write_str(text, http_readable(arena, cookie));
                first = false;
            }
        }
    }
    if (!first) {
        buf_add(text, STR("],"));
    }
}

size_t http_query_pairs(struct str query, struct arena *arena, struct http_pair **ret_pairs)
{
    struct http_pair *pairs;
    size_t count = 0, room = 1;

    for (size_t i = 0; i < query.bytes; i++) {
        room += query.at[i] == '&';
    }
    room = room < HTTP_EVENT_QUERY_MAX ? room : HTTP_EVENT_QUERY_MAX;
    pairs = arena_alloc(arena, room * sizeof(*pairs));
    while (query.at != NULL && count < room) {
        struct str piece = str_split(&query, '&');
        size_t equals = str_find(piece, '=', 0);
        struct http_pair *pair = &pairs[count];

        if (piece.bytes > 0 &&
            percent_decode(arena, str_slice(piece, 0, equals), true, &pair->name) &&
            percent_decode(arena, str_slice(piece, equals + 1, piece.bytes), true,
                           &pair->value)) {
            count++;
        }
    }
    *ret_pairs = pairs;
    return count;
}

size_t http_query_joined(struct str query, struct arena *arena, struct http_pair **ret_pairs)
{
    struct http_pair *pairs;
    size_t all = http_query_pairs(query, arena, &pairs);
    size_t count = 0;

    for (size_t i = 0; i < all; i++) {
        size_t at = 0;

        while (at < count && !str_eq(pairs[at].name, pairs[i].name)) {
            at++;
        }
        if (at == count) {
            pairs[count++] = pairs[i];
        } else {
            pairs[at].value = arena_printf(arena, "%.*s,%.*s", STR_ARG(pairs[at].value),
                                           STR_ARG(pairs[i].value));
        }
    }
    *ret_pairs = pairs;
    return count;
}

static void add_pairs(struct buf *text, const char *name, const struct http_pair *pairs,
                      size_t count, struct arena *arena)
{
    bool first = true;

    if (count == 0) {
        return;
    }
    buf_printf(text, "\"%s\":{", name);
    for (size_t i = 0; i < count; i++) {
        http_add_pair(text, &first, http_readable(arena, pairs[i].name),
                      http_readable(arena, pairs[i].value));
    }
    buf_add(text, STR("},"));
}

static void add_query(struct buf *text, struct str query, struct arena *arena)
{
    struct http_pair *pairs;
    size_t count = query.bytes == 0 ? 0 : http_query_joined(query, arena, &pairs);

    if (count > 0) {
        add_pairs(text, "queryStringParameters", pairs, count, arena);
    }
}

void http_add_clf_time(struct buf *text, int64_t moment_ms)
{
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    struct time_parts t = time_parts_of(moment_ms);

    buf_printf(text, "%02d/%s/%04d:%02d:%02d:%02d +0000", t.day, months[t.month - 1], t.year,
               t.hour, t.minute, t.second);
}

static void add_context(struct buf *text, const struct http_event *event, struct arena *arena)
{
    const struct http_request *http = event->http;

    buf_add(text, STR("\"requestContext\":{"));
    http_add_member(text, "accountId", event->account);
    if (event->authorizer.bytes > 0) {
        buf_add(text, STR("\"authorizer\":"));
        buf_add(text, event->authorizer);
        buf_add_c(text, ',');
    }
    http_add_member(text, "apiId", event->api);
    http_add_member(text, "domainName", http_readable(arena, event->host));
    http_add_member(text, "domainPrefix", http_readable(arena, event->prefix));
    buf_add(text, STR("\"http\":{"));
    http_add_member(text, "method", http->method);
    http_add_member(text, "path", http_readable(arena, event->context_path.at == NULL
                                                           ? event->path
                                                           : event->context_path));
    http_add_member(text, "protocol", http->version == 20 ? STR("HTTP/2.0") : STR("HTTP/1.1"));
    http_add_member(text, "sourceIp", http->peer);
    buf_add(text, STR("\"userAgent\":"));
    json_write_str(text, http_readable(arena, http_header(http, STR("user-agent"))));
    buf_add(text, STR("},"));
    http_add_member(text, "requestId", event->request_id);
    http_add_member(text, "routeKey", event->route_key);
    http_add_member(text, "stage", event->stage);
    buf_add(text, STR("\"time\":\""));
    http_add_clf_time(text, event->now_ms);
    buf_printf(text, "\",\"timeEpoch\":%lld},", (long long)event->now_ms);
}

bool http_is_text(struct str type)
{
    struct str kind = str_trim(str_slice(type, 0, str_find(type, ';', 0)));

    return str_starts_nocase(kind, STR("text/")) || str_eq_nocase(kind, STR("application/json")) ||
           str_eq_nocase(kind, STR("application/javascript")) ||
           str_eq_nocase(kind, STR("application/xml")) || str_ends(kind, STR("+json")) ||
           str_ends(kind, STR("+xml"));
}

static void add_body(struct buf *text, const struct http_request *http)
{
    bool plain = http_is_text(http_header(http, STR("content-type"))) && utf8_valid(http->body);

    if (http->body.bytes > 0 && plain) {
        http_add_member(text, "body", http->body);
    } else if (http->body.bytes > 0) {
        buf_add(text, STR("\"body\":\""));
        buf_add_base64(text, http->body);
        buf_add(text, STR("\","));
    }
    buf_printf(text, "\"isBase64Encoded\":%s}", http->body.bytes > 0 && !plain ? "true" : "false");
}

struct str http_event_write(const struct http_event *event, struct arena *arena)
{
    struct buf text;
    struct str made = STR_NONE;

    buf_init(&text, HTTP_EVENT_BYTES_MAX);
    buf_add(&text, STR("{\"version\":\"2.0\","));
    buf_add(&text, event->head);
    http_add_member(&text, "routeKey", event->route_key);
    http_add_member(&text, "rawPath", http_readable(arena, event->path));
    http_add_member(&text, "rawQueryString", http_readable(arena, event->http->query));
    add_cookies(&text, event->http, arena);
    add_headers(&text, event, arena);
    add_query(&text, event->http->query, arena);
    add_context(&text, event, arena);
    add_pairs(&text, "pathParameters", event->parameters, event->parameter_count, arena);
    add_pairs(&text, "stageVariables", event->variables, event->variable_count, arena);
    if (event->bodiless) {
        text.bytes--; /* the comma */
        buf_add_c(&text, '}');
    } else {
        add_body(&text, event->http);
    }
    if (!buf_spent(&text)) {
        made = arena_dup(arena, buf_str(&text));
    }
    buf_done(&text);
    return made;
}

/* ---- the answer ---- */

static const struct value *find(const struct value *map, const char *name)
{
    return map->kind == VALUE_MAP ? map_find(map, str_c(name)) : NULL;
}

static struct str text_of(struct arena *arena, const struct value *value)
{
    struct buf text;
    struct str made;

    if (value->kind == VALUE_STR) {
        return value->str;
    }
    buf_init(&text, HTTP_EVENT_BYTES_MAX);
    value_dump(&text, value);
    made = arena_dup(arena, buf_str(&text));
    buf_done(&text);
    return made;
}

bool http_answer_status(const struct value *value, int *ret_http)
{
    int64_t number = 0;

    if (value->kind == VALUE_INT) {
        number = value->number;
    } else if (value->kind != VALUE_STR || !str_to_i64(value->str, &number)) {
        return false;
    }
    if (number < 200 || number > 599) { /* 1xx is not the end of an answer */
        return false;
    }
    *ret_http = (int)number;
    return true;
}

void http_answer_add(struct http_answer *answer, struct str name, struct str value)
{
    for (size_t i = 0; i < value.bytes; i++) {
        if ((unsigned char)value.at[i] < 0x20 && value.at[i] != '\t') {
            return;
        }
    }
    for (size_t i = 0; i < name.bytes; i++) {
        unsigned char c = (unsigned char)name.at[i];

        if (c <= 0x20 || c >= 0x7f || strchr("\"(),/:;<=>?@[\\]{}", c) != NULL) {
            return;
        }
    }
    if (answer->header_count < HTTP_ANSWER_HEADERS_MAX && name.bytes > 0) {
        answer->headers[answer->header_count++] = (struct http_header){name, value};
    }
}

static struct str lower(struct arena *arena, struct str s)
{
    char *text = arena_alloc(arena, s.bytes + 1);

    for (size_t i = 0; i < s.bytes; i++) {
        text[i] = s.at[i] >= 'A' && s.at[i] <= 'Z' ? (char)(s.at[i] + 32) : s.at[i];
    }
    text[s.bytes] = '\0';
    return str_of(text, s.bytes);
}

/* net says these itself. */
static bool is_nets(struct str name)
{
    return str_eq(name, STR("content-length")) || str_eq(name, STR("transfer-encoding")) ||
           str_eq(name, STR("connection")) || str_eq(name, STR("date"));
}

static void fields_read(const struct value *document, struct arena *arena,
                        struct http_answer *answer)
{
    const struct value *headers = find(document, "headers");
    const struct value *cookies = find(document, "cookies");
    bool typed = false;

    for (uint32_t i = 0; headers != NULL && headers->kind == VALUE_MAP && i < headers->count;
         i++) {
        struct str name = lower(arena, headers->pairs[i].key);

        typed |= str_eq(name, STR("content-type"));
        if (!is_nets(name)) {
            http_answer_add(answer, name, text_of(arena, &headers->pairs[i].value));
        }
    }
    answer->typed = typed;
    if (!typed) {
        http_answer_add(answer, STR("content-type"), STR("application/json"));
    }
    for (uint32_t i = 0; cookies != NULL && cookies->kind == VALUE_LIST && i < cookies->count;
         i++) {
        http_answer_add(answer, STR("set-cookie"), text_of(arena, &cookies->items[i]));
    }
}

static bool body_read(const struct value *document, struct arena *arena,
                      struct http_answer *answer)
{
    const struct value *body = find(document, "body");
    const struct value *encoded = find(document, "isBase64Encoded");
    size_t bytes = 0;
    char *plain;

    if (body == NULL || body->kind == VALUE_NULL) {
        answer->body = STR("");
        return true;
    }
    answer->body = text_of(arena, body);
    if (encoded == NULL || encoded->kind != VALUE_BOOL || !encoded->truth) {
        return true;
    }
    plain = arena_alloc(arena, answer->body.bytes + 1);
    if (!base64_decode(answer->body, plain, &bytes)) {
        return false;
    }
    answer->body = str_of(plain, bytes);
    return true;
}

bool http_answer_read(struct str json, struct arena *arena, struct http_answer *ret_answer)
{
    struct http_answer answer = {.http = 200};
    const struct value *document = pattern_document(json, arena);
    const struct value *code = find(document, "statusCode");

    if (code == NULL) {
        http_answer_add(&answer, STR("content-type"), STR("application/json"));
        answer.body = json;
        answer.bare = true;
    } else {
        if (!http_answer_status(code, &answer.http) || !body_read(document, arena, &answer)) {
            return false;
        }
        fields_read(document, arena, &answer);
    }
    *ret_answer = answer;
    return true;
}

bool http_prelude_read(struct str bytes, struct arena *arena, struct http_answer *ret_answer,
                      size_t *ret_bytes)
{
    struct http_answer answer = {.http = 200};
    struct str zeros = {"\0\0\0\0\0\0\0\0", ZEROS};
    size_t end = str_find_str(bytes, zeros);
    const struct value *document;
    const struct value *code;

    if (end == bytes.bytes) {
        *ret_bytes = bytes.bytes > HTTP_PRELUDE_BYTES_MAX ? 1 : 0;
        return false;
    }
    document = pattern_document(str_slice(bytes, 0, end), arena);
    code = find(document, "statusCode");
    if (document->kind != VALUE_MAP || (code != NULL && !http_answer_status(code, &answer.http))) {
        *ret_bytes = 1;
        return false;
    }
    fields_read(document, arena, &answer);
    *ret_bytes = end + ZEROS;
    *ret_answer = answer;
    return true;
}
