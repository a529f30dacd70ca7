/* SPDX-License-Identifier: Apache-2.0
 *
 * A REST request into a value tree. The body comes first and the rest over it, so that what the
 * model has in a header cannot be said in the body.
 *
 * Rules
 *  1. Labels are matched segment by segment; a greedy one ({Key+}) takes all segments but those
 *     that the template still has behind it. What is escaped is decoded after cutting, so %2F
 *     never cuts.
 *  2. In the query a list member takes all values of its name, a map member every name that no
 *     other member and no word of the template has.
 *  3. A header with commas is a list where the model says so; elements may be quoted; a date has
 *     one comma of its own.
 *  4. An empty body is as if there were none: a payload member stays unset.
 *  5. Texts in a shape's other kinds are refused with AWS's sentence for a wrong string. In XML's
 *     protocol, S3's, an empty one in the query is as if it were not there, and so is a header's
 *     date that is none (RFC 9110, 13.1.3).
 *  6. A header that is not UTF-8 is ISO 8859-1, as HTTP once had it.
 */
#include "wire/rest.h"

#include "wire/json_int.h"
#include "wire/mismatch.h"
#include "wire/xml.h"

#include "base/codec.h"
#include "base/time.h"

#include <assert.h>

/* What is being decoded, and where to. */
struct decoding {
    const struct route *route;          /* its operation and path */
    const struct http_request *request; /* headers and body */
    struct arena *arena;                /* of the tree */
    struct why *why;                    /* of the caller */
    struct value *input;                /* the structure to fill */
    const struct shape *shape;          /* its shape */
    struct http_header *query;          /* names and values, decoded; headers serve as pairs */
    size_t query_count;                 /* of them */
};

static const struct member *member_at(const struct decoding *d, uint32_t i)
{
    return &model_members[d->shape->first + i];
}

/* ---- texts ---- */

static bool time_from_text(struct str text, enum time_format format, int64_t *ret_moment_ms)
{
    switch (format) {
    case TIME_ISO:
        return time_from_iso(text, ret_moment_ms);
    case TIME_HTTP:
        return time_from_http_date(text, ret_moment_ms);
    default:
        return time_from_epoch_seconds(text, ret_moment_ms);
    }
}

static status blob_from_text(struct decoding *d, struct str text, struct str *ret_blob)
{
    char *to = arena_try(d->arena, text.bytes + 1);

    if (to == NULL) {
        return &ERR_LIMIT;
    }
    *ret_blob = str_of(to, 0);
    return base64_decode(text, to, &ret_blob->bytes)
               ? OK
               : why_set(d->why, &WIRE_SERIALIZATION, "Invalid Base64 character");
}

/* One scalar out of a path, a query or a header. format: of moments that say nothing themselves. */
static status from_text(struct decoding *d, const struct member *member, struct str text,
                        enum time_format format, struct value *ret)
{
    struct value value = {.shape = member->shape};
    bool good;

    switch ((enum shape_kind)model_shape(member->shape)->kind) {
    case SHAPE_STRING:
        value.kind = VALUE_STR;
        value.str = text;
        if (member->flags & MEMBER_JSON_VALUE) {
            TRY(blob_from_text(d, text, &value.str));
        }
        good = utf8_valid(value.str);
        break;
    case SHAPE_BLOB:
        value.kind = VALUE_BLOB;
        TRY(blob_from_text(d, text, &value.str));
        good = true;
        break;
    case SHAPE_BOOLEAN:
        value.kind = VALUE_BOOL;
        value.truth = str_eq_nocase(text, STR("true"));
        good = value.truth || str_eq_nocase(text, STR("false"));
        break;
    case SHAPE_INTEGER:
    case SHAPE_LONG:
        value.kind = VALUE_INT;
        good = str_to_i64(text, &value.number);
        break;
    case SHAPE_FLOAT:
    case SHAPE_DOUBLE:
        value.kind = VALUE_DOUBLE;
        good = str_to_double(text, &value.real);
        break;
    case SHAPE_TIMESTAMP:
        value.kind = VALUE_TIME;
        good = time_from_text(text, time_format_of(member, member->shape, format),
                              &value.moment_ms);
        break;
    default:
        good = false;
    }
    if (!good) {
        return mismatch(d->why, FOUND_STRING, member->shape);
    }
    *ret = value;
    return OK;
}

static status list_room(struct decoding *d, uint32_t shape, size_t count, struct value *ret_list)
{
    struct value list = {.kind = VALUE_LIST, .shape = shape, .room = (uint32_t)count};

    list.items = arena_try(d->arena, (count + 1) * sizeof(struct value));
    if (list.items == NULL) {
        return &ERR_LIMIT;
    }
    *ret_list = list;
    return OK;
}

/* ---- path ---- */

static size_t segments_of(struct str path)
{
    size_t count = 1;

    for (size_t i = 0; i < path.bytes; i++) {
        count += path.at[i] == '/';
    }
    return count;
}

/* "{Key+}" is the label Key, and greedy. */
static bool is_label(struct str segment, struct str *ret_name, bool *ret_greedy)
{
    if (!str_starts(segment, STR("{")) || !str_ends(segment, STR("}"))) {
        return false;
    }
    *ret_name = str_slice(segment, 1, segment.bytes - 1);
    *ret_greedy = str_ends(*ret_name, STR("+"));
    ret_name->bytes -= *ret_greedy;
    return true;
}

/* Cuts the first count segments off. */
static struct str cut_segments(struct str *path, size_t count)
{
    struct str whole = *path;
    size_t bytes = 0;

    for (size_t i = 0; i < count; i++) {
        struct str segment = str_split(path, '/');
        bytes += segment.bytes + (i > 0);
    }
    return str_slice(whole, 0, bytes);
}

static status bind_label(struct decoding *d, struct str name, struct str escaped)
{
    struct str text;

    for (uint32_t i = 0; i < d->shape->count; i++) {
        const struct member *member = member_at(d, i);
        if (member->location == AT_URI && str_eq(model_text(member->wire_name), name)) {
            if (!percent_decode(d->arena, escaped, false, &text)) {
                return malformed(d->why);
            }
            return from_text(d, member, text, TIME_ISO, &d->input->items[i]);
        }
    }
    return OK; /* a label without a member: nothing to say */
}

/* The path behind what stands for the bucket in the host. */
static status bind_bucket(struct decoding *d, struct str *template)
{
    struct str bucket = STR("{Bucket}");

    if (d->route->bucket.bytes == 0 || !str_starts(*template, bucket)) {
        return OK;
    }
    *template = str_slice(*template, bucket.bytes + 1, template->bytes);
    return bind_label(d, STR("Bucket"), d->route->bucket);
}

static status bind_path(struct decoding *d)
{
    struct str template = model_text(d->route->operation->uri);
    struct str path = d->route->path;
    struct str name;
    bool greedy;

    template = str_slice(template, str_starts(template, STR("/")), str_find(template, '?', 0));
    path = str_slice(path, str_starts(path, STR("/")), str_find(path, '?', 0));
    TRY(bind_bucket(d, &template));
    while (template.at != NULL && path.at != NULL) {
        struct str segment = str_split(&template, '/');
        bool label = is_label(segment, &name, &greedy);
        size_t count = 1;
        if (label && greedy) {
            size_t behind = template.at == NULL ? 0 : segments_of(template);
            size_t all = segments_of(path);
            count = all > behind ? all - behind : 1;
        }
        struct str text = cut_segments(&path, count);
        if (label) {
            TRY(bind_label(d, name, text));
        }
    }
    return OK;
}

/* ---- query ---- */

static status split_query(struct decoding *d)
{
    struct str rest = d->request->query;
    size_t room = 1;

    if (rest.bytes == 0) {
        return OK;
    }
    for (size_t i = 0; i < rest.bytes; i++) {
        room += rest.at[i] == '&';
    }
    d->query = arena_try(d->arena, room * sizeof(d->query[0]));
    if (d->query == NULL) {
        return &ERR_LIMIT;
    }
    while (rest.at != NULL) {
        struct str piece = str_split(&rest, '&');
        struct http_header *pair = &d->query[d->query_count];
        struct str name = str_split(&piece, '=');
        if (!percent_decode(d->arena, name, true, &pair->name) ||
            !percent_decode(d->arena, piece, true, &pair->value)) {
            return malformed(d->why);
        }
        d->query_count += pair->name.bytes > 0;
    }
    return OK;
}

static status bind_query_list(struct decoding *d, const struct member *member, struct value *ret)
{
    const struct member *of = &model_members[model_shape(member->shape)->first];
    struct value list;

    TRY(list_room(d, member->shape, d->query_count, &list));
    for (size_t i = 0; i < d->query_count; i++) {
        if (str_eq(d->query[i].name, model_text(member->wire_name))) {
            TRY(from_text(d, of, d->query[i].value, TIME_ISO, &list.items[list.count]));
            list.count++;
        }
    }
    if (list.count > 0) {
        *ret = list;
    }
    return OK;
}

/* Whether a name belongs to another member or to the template. */
static bool is_bound(const struct decoding *d, struct str name)
{
    struct str uri = model_text(d->route->operation->uri);
    struct str words = str_slice(uri, str_find(uri, '?', 0) + 1, uri.bytes);

    while (words.at != NULL && words.bytes > 0) {
        struct str word = str_split(&words, '&');
        if (str_eq(str_split(&word, '='), name)) {
            return true;
        }
    }
    for (uint32_t i = 0; i < d->shape->count; i++) {
        const struct member *member = member_at(d, i);
        if (member->location == AT_QUERY && model_shape(member->shape)->kind != SHAPE_MAP &&
            str_eq(model_text(member->wire_name), name)) {
            return true;
        }
    }
    return false;
}

static struct value *pair_of(struct value *map, struct str name)
{
    for (uint32_t i = 0; i < map->count; i++) {
        if (str_eq(map->pairs[i].key, name)) {
            return &map->pairs[i].value;
        }
    }
    map->pairs[map->count] = (struct pair){.key = name};
    return &map->pairs[map->count++].value;
}

/* One more value of a name; in a map of lists a name may come several times. */
static status add_to_map(struct decoding *d, struct value *map, const struct http_header *pair)
{
    const struct member *of = &model_members[model_shape(map->shape)->first + 1];
    struct value *at = pair_of(map, pair->name);

    if (model_shape(of->shape)->kind != SHAPE_LIST) {
        return from_text(d, of, pair->value, TIME_ISO, at);
    }
    if (at->kind == VALUE_NONE) {
        TRY(list_room(d, of->shape, d->query_count, at));
    }
    of = &model_members[model_shape(of->shape)->first];
    TRY(from_text(d, of, pair->value, TIME_ISO, &at->items[at->count]));
    at->count++;
    return OK;
}

static status map_room(struct decoding *d, uint32_t shape, size_t count, struct value *ret_map)
{
    struct value map = {.kind = VALUE_MAP, .shape = shape, .room = (uint32_t)count};

    map.pairs = arena_try(d->arena, (count + 1) * sizeof(struct pair));
    if (map.pairs == NULL) {
        return &ERR_LIMIT;
    }
    *ret_map = map;
    return OK;
}

static status bind_query_map(struct decoding *d, const struct member *member, struct value *ret)
{
    struct value map;

    TRY(map_room(d, member->shape, d->query_count, &map));
    for (size_t i = 0; i < d->query_count; i++) {
        if (!is_bound(d, d->query[i].name)) {
            TRY(add_to_map(d, &map, &d->query[i]));
        }
    }
    if (map.count > 0) {
        *ret = map;
    }
    return OK;
}

/* Rule 5. */
static status bind_query_text(struct decoding *d, const struct member *member, struct str text,
                              struct value *ret)
{
    enum shape_kind kind = (enum shape_kind)model_shape(member->shape)->kind;
    bool whole = kind == SHAPE_INTEGER || kind == SHAPE_LONG;
    bool xml = d->route->protocol == PROTOCOL_REST_XML;
    int64_t number;

    if (xml && text.bytes == 0 && kind != SHAPE_STRING) {
        return OK;
    }
    if (xml && whole && !str_to_i64(text, &number)) {
        return why_set(d->why, &WIRE_INVALID_ARGUMENT,
                       "Provided %.*s not an integer or within integer range",
                       STR_ARG(model_text(member->wire_name)));
    }
    return from_text(d, member, text, TIME_ISO, ret);
}

static status bind_query(struct decoding *d, const struct member *member, struct value *ret)
{
    switch ((enum shape_kind)model_shape(member->shape)->kind) {
    case SHAPE_LIST:
        return bind_query_list(d, member, ret);
    case SHAPE_MAP:
        return bind_query_map(d, member, ret);
    default:
        break;
    }
    for (size_t i = 0; i < d->query_count; i++) {
        if (str_eq(d->query[i].name, model_text(member->wire_name))) {
            return bind_query_text(d, member, d->query[i].value, ret);
        }
    }
    return OK;
}

/* ---- headers ---- */

/* Cuts one element off a header's list: up to a comma, or a quoted string. */
static struct str cut_element(struct decoding *d, struct str *rest, bool dates)
{
    struct str text = str_trim(*rest);
    size_t end;

    if (!str_starts(text, STR("\""))) {
        end = str_find(text, ',', 0);
        end = dates && end < text.bytes ? str_find(text, ',', end + 1) : end;
        *rest = end < text.bytes ? str_slice(text, end + 1, text.bytes) : STR_NONE;
        return str_trim(str_slice(text, 0, end));
    }
    char *to = arena_alloc(d->arena, text.bytes);
    size_t bytes = 0;
    for (end = 1; end < text.bytes && text.at[end] != '"'; end++) {
        end += text.at[end] == '\\' && end + 1 < text.bytes;
        to[bytes++] = text.at[end];
    }
    end = str_find(text, ',', end);
    *rest = end < text.bytes ? str_slice(text, end + 1, text.bytes) : STR_NONE;
    return str_of(to, bytes);
}

static status bind_header_list(struct decoding *d, const struct member *member, struct str text,
                               struct value *ret)
{
    const struct member *of = &model_members[model_shape(member->shape)->first];
    bool dates = model_shape(of->shape)->kind == SHAPE_TIMESTAMP &&
                 time_format_of(of, of->shape, TIME_HTTP) == TIME_HTTP;
    struct value list;
    size_t room = 1;

    for (size_t i = 0; i < text.bytes; i++) {
        room += text.at[i] == ',';
    }
    TRY(list_room(d, member->shape, room, &list));
    while (text.at != NULL) {
        TRY(from_text(d, of, cut_element(d, &text, dates), TIME_HTTP, &list.items[list.count]));
        list.count++;
    }
    *ret = list;
    return OK;
}

/* The field of a member, whose name the model may write in any case. */
static const struct http_header *header_of(const struct decoding *d, const struct member *member)
{
    for (size_t i = 0; i < d->request->header_count; i++) {
        if (str_eq_nocase(d->request->headers[i].name, model_text(member->wire_name))) {
            return &d->request->headers[i];
        }
    }
    return NULL;
}

/* Rule 6. */
static status header_text(struct decoding *d, struct str text, struct str *ret_text)
{
    char *to;
    size_t bytes = 0;

    *ret_text = text;
    if (utf8_valid(text)) {
        return OK;
    }
    to = arena_try(d->arena, 2 * text.bytes);
    if (to == NULL) {
        return &ERR_LIMIT;
    }
    for (size_t i = 0; i < text.bytes; i++) {
        bytes += utf8_put((unsigned char)text.at[i], to + bytes);
    }
    *ret_text = str_of(to, bytes);
    return OK;
}

/* A date that is none, where that is no mistake: rule 5. */
static bool no_date(const struct decoding *d, const struct member *member, struct str text)
{
    int64_t moment_ms;

    return d->route->protocol == PROTOCOL_REST_XML &&
           model_shape(member->shape)->kind == SHAPE_TIMESTAMP &&
           time_format_of(member, member->shape, TIME_HTTP) == TIME_HTTP &&
           !time_from_http_date(text, &moment_ms);
}

static status bind_header(struct decoding *d, const struct member *member, struct value *ret)
{
    const struct http_header *header = header_of(d, member);
    struct str text;

    if (header == NULL || no_date(d, member, header->value)) {
        return OK;
    }
    TRY(header_text(d, header->value, &text));
    if (model_shape(member->shape)->kind == SHAPE_LIST) {
        return text.bytes == 0 ? OK : bind_header_list(d, member, text, ret);
    }
    return from_text(d, member, text, TIME_HTTP, ret);
}

static status bind_headers(struct decoding *d, const struct member *member, struct value *ret)
{
    const struct member *of = &model_members[model_shape(member->shape)->first + 1];
    struct str prefix = model_text(member->wire_name);
    struct value map;

    TRY(map_room(d, member->shape, d->request->header_count, &map));
    for (size_t i = 0; i < d->request->header_count; i++) {
        const struct http_header *header = &d->request->headers[i];
        if (str_starts_nocase(header->name, prefix)) {
            struct str key = str_slice(header->name, prefix.bytes, header->name.bytes);
            struct str text;

            TRY(header_text(d, header->value, &text));
            TRY(from_text(d, of, text, TIME_HTTP, pair_of(&map, key)));
        }
    }
    if (map.count > 0) {
        *ret = map;
    }
    return OK;
}

/* ---- body ---- */

static status read_payload(struct decoding *d, const struct member *member, struct value *ret)
{
    struct str body = d->request->body;
    enum shape_kind kind = (enum shape_kind)model_shape(member->shape)->kind;

    if (body.bytes == 0) {
        return OK;
    }
    if (kind == SHAPE_STRING && !utf8_valid(body)) {
        return malformed(d->why);
    }
    if (kind == SHAPE_BLOB || kind == SHAPE_STRING) {
        *ret = (struct value){.kind = kind == SHAPE_BLOB ? VALUE_BLOB : VALUE_STR,
                              .shape = member->shape};
        ret->str = body;
        return OK;
    }
    if (d->route->protocol == PROTOCOL_REST_JSON) {
        return json_read(body, member->shape, d->arena, d->why, ret);
    }
    return xml_read(body, member->shape, d->arena, d->why, ret);
}

/* The body as a whole: the members that are nowhere else. */
static status read_members(struct decoding *d)
{
    struct value body;
    bool any = false;

    for (uint32_t i = 0; i < d->shape->count; i++) {
        any = any || member_at(d, i)->location == AT_BODY;
    }
    if (!any || d->request->body.bytes == 0) {
        return OK;
    }
    if (d->route->protocol == PROTOCOL_REST_JSON) {
        TRY(json_read(d->request->body, d->input->shape, d->arena, d->why, &body));
    } else {
        TRY(xml_read(d->request->body, d->input->shape, d->arena, d->why, &body));
    }
    if (body.kind != VALUE_STRUCT) { /* null */
        return malformed(d->why);
    }
    for (uint32_t i = 0; i < d->shape->count; i++) {
        if (member_at(d, i)->location == AT_BODY) {
            d->input->items[i] = body.items[i];
        }
    }
    return OK;
}

static status read_body(struct decoding *d)
{
    for (uint32_t i = 0; i < d->shape->count; i++) {
        if (member_at(d, i)->flags & MEMBER_PAYLOAD) {
            TRY(read_payload(d, member_at(d, i), &d->input->items[i]));
            if (d->input->items[i].kind == VALUE_NULL) {
                d->input->items[i].kind = VALUE_NONE;
            }
            return OK;
        }
    }
    return read_members(d);
}

status rest_decode(const struct route *route, const struct http_request *request,
                   struct arena *arena, struct why *why, struct value *input)
{
    struct decoding d = {
        .route = route,
        .request = request,
        .arena = arena,
        .why = why,
        .input = input,
        .shape = model_shape(input->shape),
    };

    assert(input->kind == VALUE_STRUCT);
    TRY(read_body(&d));
    TRY(bind_path(&d));
    TRY(split_query(&d));
    for (uint32_t i = 0; i < d.shape->count; i++) {
        const struct member *member = member_at(&d, i);
        if (member->location == AT_QUERY) {
            TRY(bind_query(&d, member, &input->items[i]));
        } else if (member->location == AT_HEADER) {
            TRY(bind_header(&d, member, &input->items[i]));
        } else if (member->location == AT_HEADERS) {
            TRY(bind_headers(&d, member, &input->items[i]));
        }
    }
    return OK;
}
