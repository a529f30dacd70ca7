/* SPDX-License-Identifier: Apache-2.0
 *
 * Parameter mapping: what integrations get and clients are told, changed as the integration says.
 *
 * Rules
 *  1. Values are of the request as it came, whatever was mapped before.
 *  2. A variable that there is not makes nothing: its header or parameter is not set.
 *  3. Reserved headers are left alone; who tries was refused when the integration was made.
 *  4. Answers are mapped by the status that the integration gave.
 */
#include "base/codec.h"
#include "svc/apigatewayv2/run.h"

static struct str lower(struct str s, struct arena *arena)
{
    char *text = arena_alloc(arena, s.bytes + 1);

    for (size_t i = 0; i < s.bytes; i++) {
        text[i] = s.at[i] >= 'A' && s.at[i] <= 'Z' ? (char)(s.at[i] + 32) : s.at[i];
    }
    return str_of(text, s.bytes);
}

/* "append:header.name", "overwrite:path", "overwrite:statuscode" */
static bool key_read(struct str key, struct arena *arena, struct mapping *mapping)
{
    static const char *const acts[] = {"append:", "overwrite:", "remove:"};
    struct str rest = STR_NONE;

    for (size_t i = 0; i < 3; i++) {
        if (str_starts(key, str_c(acts[i]))) {
            mapping->act = (enum map_act)i;
            rest = str_slice(key, strlen(acts[i]), key.bytes);
        }
    }
    if (str_starts(rest, STR("header."))) {
        mapping->place = MAP_HEADER;
        mapping->name = lower(str_slice(rest, STR("header.").bytes, rest.bytes), arena);
    } else if (str_starts(rest, STR("querystring."))) {
        mapping->place = MAP_QUERY;
        mapping->name = str_slice(rest, STR("querystring.").bytes, rest.bytes);
    } else if (str_eq(rest, STR("path"))) {
        mapping->place = MAP_PATH;
    } else if (str_eq_nocase(rest, STR("statuscode"))) {
        mapping->place = MAP_STATUS;
    } else {
        return false;
    }
    return true;
}

struct mappings mappings_read(const struct value *map, struct arena *arena)
{
    struct mapping *items = arena_zero(arena, (map->count + 1) * sizeof(*items));
    size_t count = 0;

    for (uint32_t i = 0; map->kind == VALUE_MAP && i < map->count; i++) {
        if (key_read(map->pairs[i].key, arena, &items[count])) {
            items[count++].text = text_read(map->pairs[i].value.str, false, arena);
        }
    }
    return (struct mappings){0, items, count};
}

static bool is_reserved(struct str name)
{
    static const char *const names[] = {
        "access-control-", "apigw-", "authorization", "connection", "content-encoding",
        "content-length", "content-location", "forwarded", "keep-alive", "origin",
        "proxy-authenticate", "proxy-authorization", "te", "trailers", "transfer-encoding",
        "upgrade", "x-amz-", "x-amzn-", "x-apigw-", "x-forwarded-for", "x-forwarded-host",
        "x-forwarded-proto", "via", "host"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct str known = str_c(names[i]);

        if (str_ends(known, STR("-")) ? str_starts(name, known) : str_eq(name, known)) {
            return true;
        }
    }
    return false;
}

/* Everything it names is there? */
static bool text_there(struct call *c, struct meeting *meeting, const struct text *text)
{
    for (size_t i = 0; i < text->piece_count; i++) {
        if (meeting_piece(c, meeting, &text->pieces[i]).at == NULL) {
            return false;
        }
    }
    return true;
}

static size_t headers_without(struct http_header *headers, size_t count, struct str name)
{
    size_t kept = 0;

    for (size_t i = 0; i < count; i++) {
        if (!str_eq(headers[i].name, name)) {
            headers[kept++] = headers[i];
        }
    }
    return kept;
}

static bool is_sound(struct str value)
{
    for (size_t i = 0; i < value.bytes; i++) {
        if ((unsigned char)value.at[i] < 0x20 && value.at[i] != '\t') {
            return false;
        }
    }
    return true;
}

/* ---- requests ---- */

struct list {
    struct http_header *headers; /* with room for all mappings */
    size_t count;                /* of them */
};

static void change_header(const struct mapping *mapping, struct str value, struct list *list)
{
    if (is_reserved(mapping->name)) {
        return;
    }
    if (mapping->act != MAP_APPEND) {
        list->count = headers_without(list->headers, list->count, mapping->name);
    }
    if (mapping->act != MAP_REMOVE && is_sound(value)) {
        list->headers[list->count++] = (struct http_header){mapping->name, value};
    }
}

static void add_escaped(struct buf *text, struct str s)
{
    for (size_t i = 0; i < s.bytes; i++) {
        unsigned char c = (unsigned char)s.at[i];

        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
            strchr("-._~", c) != NULL) {
            buf_add_c(text, (char)c);
        } else {
            buf_printf(text, "%%%02X", c);
        }
    }
}

static bool is_named(struct str pair, struct str name, struct arena *arena)
{
    struct str plain;

    return percent_decode(arena, str_slice(pair, 0, str_find(pair, '=', 0)), true, &plain) &&
           str_eq(plain, name);
}

static struct str change_query(struct str query, const struct mapping *mapping, struct str value,
                               struct arena *arena)
{
    struct str rest = query, made;
    struct buf text;

    buf_init(&text, RUN_MAPPED_BYTES_MAX);
    while (rest.at != NULL) {
        struct str pair = str_split(&rest, '&');

        if (pair.bytes > 0 &&
            (mapping->act == MAP_APPEND || !is_named(pair, mapping->name, arena))) {
            buf_add(&text, text.bytes > 0 ? STR("&") : STR(""));
            buf_add(&text, pair);
        }
    }
    if (mapping->act != MAP_REMOVE) {
        buf_add(&text, text.bytes > 0 ? STR("&") : STR(""));
        add_escaped(&text, mapping->name);
        buf_add_c(&text, '=');
        add_escaped(&text, value);
    }
    made = arena_dup(arena, buf_str(&text));
    buf_done(&text);
    return made;
}

void map_request(struct call *c, struct meeting *meeting)
{
    const struct mappings *mappings = &meeting->route->request;
    size_t room = meeting->http.header_count + mappings->count + 1;
    struct list list;

    meeting->sent = meeting->http;
    if (mappings->count == 0) {
        return;
    }
    list.headers = arena_alloc(c->keep, room * sizeof(list.headers[0]));
    list.count = meeting->http.header_count;
    memcpy(list.headers, meeting->http.headers, list.count * sizeof(list.headers[0]));
    for (size_t i = 0; i < mappings->count; i++) {
        const struct mapping *mapping = &mappings->items[i];
        struct str value = STR_NONE;

        if (mapping->act != MAP_REMOVE) {
            if (!text_there(c, meeting, &mapping->text)) {
                continue;
            }
            value = meeting_text(c, meeting, &mapping->text);
        }
        if (mapping->place == MAP_HEADER) {
            change_header(mapping, value, &list);
        } else if (mapping->place == MAP_QUERY) {
            meeting->sent.query = change_query(meeting->sent.query, mapping, value, c->keep);
        } else if (mapping->place == MAP_PATH) {
            meeting->overwritten = value;
        }
    }
    meeting->sent.headers = list.headers;
    meeting->sent.header_count = list.count;
}

/* ---- answers ---- */

static void change_answer(struct http_answer *answer, const struct mapping *mapping,
                          struct str value)
{
    int64_t http;

    if (mapping->place == MAP_STATUS) {
        if (str_to_i64(value, &http) && http >= 200 && http <= 599) {
            answer->http = (int)http;
        }
        return;
    }
    if (mapping->place != MAP_HEADER || is_reserved(mapping->name)) {
        return;
    }
    if (mapping->act != MAP_APPEND) {
        answer->header_count =
            headers_without(answer->headers, answer->header_count, mapping->name);
    }
    if (mapping->act != MAP_REMOVE) {
        http_answer_add(answer, mapping->name, value);
    }
}

void map_answer(struct call *c, struct meeting *meeting)
{
    const struct mappings *mappings = NULL;
    struct http_answer *changed;

    for (size_t i = 0; i < meeting->route->answer_count; i++) {
        if (meeting->route->answers[i].http == meeting->answer.http) {
            mappings = &meeting->route->answers[i];
        }
    }
    if (mappings == NULL) {
        return;
    }
    changed = arena_alloc(c->keep, sizeof(*changed)); /* rule 1 */
    *changed = meeting->answer;
    for (size_t i = 0; i < mappings->count; i++) {
        const struct mapping *mapping = &mappings->items[i];

        if (mapping->act == MAP_REMOVE) {
            change_answer(changed, mapping, STR_NONE);
        } else if (text_there(c, meeting, &mapping->text)) {
            change_answer(changed, mapping, meeting_text(c, meeting, &mapping->text));
        }
    }
    meeting->answer = *changed;
}
