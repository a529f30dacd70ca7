/* SPDX-License-Identifier: Apache-2.0
 *
 * Events as JSON, member by member as AWS has them, and read back from what services send.
 */
#include "base/time.h"
#include "svc/events/events_int.h"
#include "svc/events/text.h"
#include "wire/json.h"

#define MEMBERS 9

static void add_member(struct buf *text, const char *name, struct str value)
{
    buf_printf(text, "\"%s\":", name);
    json_write_str(text, value);
    buf_add_c(text, ',');
}

static void set_text(struct value *document, const char *name, struct str text)
{
    map_add_str(document, str_c(name), text);
}

/* What patterns look at, without reading the text again. */
static const struct value *document_of(struct call *c, const struct event_parts *parts,
                                       struct str id, struct str moment)
{
    struct value *document = ARENA_NEW(c->arena, struct value);
    struct pair *pair;

    *document = (struct value){.kind = VALUE_MAP, .room = MEMBERS};
    document->pairs = arena_zero(c->arena, MEMBERS * sizeof(*pair));
    set_text(document, "version", STR("0"));
    set_text(document, "id", id);
    set_text(document, "detail-type", parts->type);
    set_text(document, "source", parts->source);
    set_text(document, "account", parts->account);
    set_text(document, "time", moment);
    set_text(document, "region", parts->region);
    pair = &document->pairs[document->count++];
    pair->key = STR("resources");
    pair->value = parts->resources == NULL ? (struct value){.kind = VALUE_LIST}
                                           : *parts->resources;
    pair = &document->pairs[document->count++];
    pair->key = STR("detail");
    pair->value = *parts->detail_value;
    return document;
}

static void add_resources(struct buf *text, const struct value *resources)
{
    buf_add(text, STR("\"resources\":["));
    for (uint32_t i = 0; resources != NULL && i < resources->count; i++) {
        buf_add(text, i == 0 ? STR("") : STR(","));
        json_write_str(text, resources->items[i].str);
    }
    buf_add(text, STR("],"));
}

bool event_make(struct call *c, const struct event_parts *parts, struct event *ret_event)
{
    struct event event = {.id = parts->id, .source = parts->source, .account = parts->account,
                          .ingested_ms = c->now};
    struct str moment = time_iso(c->arena, parts->time_ms - parts->time_ms % MS_PER_SECOND);
    struct buf text;
    bool spent;

    if (event.id.at == NULL) {
        char *uuid = arena_alloc(c->arena, 36);

        rand_uuid(c->rand, uuid);
        event.id = str_of(uuid, 36);
    }
    buf_init(&text, EVENT_TEXT_BYTES_MAX);
    buf_add(&text, STR("{\"version\":\"0\","));
    add_member(&text, "id", event.id);
    add_member(&text, "detail-type", parts->type);
    add_member(&text, "source", parts->source);
    add_member(&text, "account", parts->account);
    add_member(&text, "time", moment);
    add_member(&text, "region", parts->region);
    add_resources(&text, parts->resources);
    buf_add(&text, STR("\"detail\":"));
    buf_add(&text, text_minify(c->arena, parts->detail));
    buf_add_c(&text, '}');
    spent = buf_spent(&text);
    if (!spent) {
        event.text = arena_dup(c->arena, buf_str(&text));
        event.document = document_of(c, parts, event.id, moment);
        *ret_event = event;
    }
    buf_done(&text);
    return !spent;
}

/* ---- what services send ---- */

static struct str text_of(const struct value *document, const char *name, struct str otherwise)
{
    const struct value *value = map_find(document, str_c(name));

    return value != NULL && value->kind == VALUE_STR && value->str.bytes > 0 ? value->str
                                                                            : otherwise;
}

static bool all_texts(const struct value *list)
{
    for (uint32_t i = 0; i < list->count; i++) {
        if (list->items[i].kind != VALUE_STR) {
            return false;
        }
    }
    return true;
}

status event_read(struct call *c, const struct bus_event *sent, struct event *ret_event)
{
    const struct value *document = pattern_document(sent->body, c->arena);
    struct event_parts parts = {.time_ms = c->now};
    struct str moment;

    if (document->kind != VALUE_MAP) {
        return &ERR_MALFORMED;
    }
    parts.id = text_of(document, "id", STR_NONE);
    parts.type = text_of(document, "detail-type", STR_NONE);
    parts.source = text_of(document, "source", STR_NONE);
    parts.account = text_of(document, "account",
                            sent->account.bytes > 0 ? sent->account : c->account);
    parts.region = text_of(document, "region", c->region);
    parts.resources = map_find(document, STR("resources"));
    parts.detail_value = map_find(document, STR("detail"));
    moment = text_of(document, "time", STR_NONE);
    if (parts.type.bytes == 0 || parts.source.bytes == 0 || parts.detail_value == NULL ||
        parts.detail_value->kind != VALUE_MAP ||
        (moment.bytes > 0 && !time_from_iso(moment, &parts.time_ms))) {
        return &ERR_MALFORMED;
    }
    if (parts.resources != NULL &&
        (parts.resources->kind != VALUE_LIST || !all_texts(parts.resources))) {
        return &ERR_MALFORMED;
    }
    parts.detail = path_find(c->arena, text_minify(c->arena, sent->body), STR("$.detail"));
    return event_make(c, &parts, ret_event) ? OK : &ERR_LIMIT;
}
