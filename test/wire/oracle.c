/* SPDX-License-Identifier: Apache-2.0
 *
 * The wire layer as a program, for test/e2e/protocol_test.py: one JSON command a line on standard
 * input, one JSON answer a line on standard output.
 *
 *   {"do":"decode","service","operation","protocol","method","target","headers":[[name,value]],
 *    "body":base64}                  → {"value":tree} or {"error":code,"message":sentence}
 *   {"do":"route", as decode, "scope"} → {"service","operation","protocol","value":tree}
 *   {"do":"encode","service","operation","protocol","value":tree}  → {"status","headers","body"}
 *   {"do":"fail", …,"code","query_code","http","message","detail"} → the same
 *   {"do":"event", …,"event","value"} → {"body"}
 *
 * A tree is JSON with the members' own names, blobs in base64, moments in milliseconds (in answers:
 * in seconds, as value_dump has it), so that no reader or writer under test is trusted with it.
 */
#include "base/arena.h"
#include "base/buf.h"
#include "base/codec.h"
#include "wire/json.h"
#include "wire/wire.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#define ARENA_BYTES_MAX (512u << 20)

static struct arena *arena;

static const char *const protocol_names[PROTOCOL_COUNT] = {
    "json", "query", "ec2", "rest-json", "rest-xml", "smithy-rpc-v2-cbor", "cbor",
};

/* ---- documents ---- */

static const struct value *field(const struct value *document, const char *name)
{
    return map_find(document, str_c(name));
}

static struct str text_of(const struct value *document, const char *name)
{
    const struct value *found = field(document, name);

    return found != NULL && found->kind == VALUE_STR ? found->str : STR_NONE;
}

static struct str bytes_of(struct str text)
{
    char *to = arena_alloc(arena, text.bytes + 1);
    size_t bytes = 0;

    if (!base64_decode(text, to, &bytes)) {
        fprintf(stderr, "oracle: not base64: %.*s\n", STR_ARG(text));
        exit(2);
    }
    return str_of(to, bytes);
}

/* ---- from documents to trees ---- */

static void make(struct value *to, uint32_t shape, const struct value *from);

static void make_struct(struct value *to, uint32_t shape, const struct value *from)
{
    struct value *made = value_struct(arena, shape);

    for (uint32_t i = 0; i < from->count; i++) {
        int index = model_member_index(model_shape(shape), from->pairs[i].key);
        if (index < 0) {
            fprintf(stderr, "oracle: no member %.*s\n", STR_ARG(from->pairs[i].key));
            exit(2);
        }
        if (from->pairs[i].value.kind != VALUE_NULL) {
            make(&made->items[index],
                 model_members[model_shape(shape)->first + (uint32_t)index].shape,
                 &from->pairs[i].value);
        }
    }
    *to = *made;
}

static void make_many(struct value *to, uint32_t shape, const struct value *from)
{
    uint32_t first = model_shape(shape)->first;

    *to = (struct value){.shape = shape, .count = from->count, .room = from->count};
    if (model_shape(shape)->kind == SHAPE_LIST) {
        to->kind = VALUE_LIST;
        to->items = arena_alloc(arena, from->count * sizeof(struct value));
        for (uint32_t i = 0; i < from->count; i++) {
            make(&to->items[i], model_members[first].shape, &from->items[i]);
        }
        return;
    }
    to->kind = VALUE_MAP;
    to->pairs = arena_alloc(arena, from->count * sizeof(struct pair));
    for (uint32_t i = 0; i < from->count; i++) {
        to->pairs[i].key = from->pairs[i].key;
        make(&to->pairs[i].value, model_members[first + 1].shape, &from->pairs[i].value);
    }
}

static double real_of(const struct value *from)
{
    double real = 0;

    if (from->kind == VALUE_STR) {
        assert(str_to_double(from->str, &real));
        return real;
    }
    return from->kind == VALUE_INT ? (double)from->number : from->real;
}

static void make(struct value *to, uint32_t shape, const struct value *from)
{
    if (from->kind == VALUE_NULL) {
        *to = (struct value){.kind = VALUE_NULL, .shape = shape};
        return;
    }
    switch ((enum shape_kind)model_shape(shape)->kind) {
    case SHAPE_STRUCTURE:
        make_struct(to, shape, from);
        return;
    case SHAPE_LIST:
    case SHAPE_MAP:
        make_many(to, shape, from);
        return;
    case SHAPE_BLOB:
        *to = (struct value){.kind = VALUE_BLOB, .shape = shape};
        to->str = bytes_of(from->str);
        return;
    case SHAPE_TIMESTAMP:
        *to = (struct value){.kind = VALUE_TIME, .shape = shape};
        to->moment_ms = from->number;
        return;
    case SHAPE_FLOAT:
    case SHAPE_DOUBLE:
        *to = (struct value){.kind = VALUE_DOUBLE, .shape = shape};
        to->real = real_of(from);
        return;
    default:
        *to = *from;
        to->shape = shape;
    }
}

/* ---- commands ---- */

static uint8_t protocol_of(struct str name)
{
    for (uint8_t i = 0; i < PROTOCOL_COUNT; i++) {
        if (str_eq(str_c(protocol_names[i]), name)) {
            return i;
        }
    }
    fprintf(stderr, "oracle: no protocol %.*s\n", STR_ARG(name));
    exit(2);
}

static struct route route_of(const struct value *command, struct str path)
{
    struct route route = {.path = path, .origin = text_of(command, "origin")};

    route.service = model_service(text_of(command, "service"));
    if (route.service == NULL) {
        fprintf(stderr, "oracle: no service %.*s\n", STR_ARG(text_of(command, "service")));
        exit(2);
    }
    route.operation = model_operation(route.service, text_of(command, "operation"));
    if (route.operation == NULL) {
        fprintf(stderr, "oracle: no operation %.*s\n", STR_ARG(text_of(command, "operation")));
        exit(2);
    }
    route.protocol = protocol_of(text_of(command, "protocol"));
    route.json_minor = route.service->json_minor;
    return route;
}

static struct http_request request_of(const struct value *command)
{
    const struct value *headers = field(command, "headers");
    struct http_header *made = arena_alloc(arena, (headers->count + 1) * sizeof(*made));
    struct http_request request = {
        .method = text_of(command, "method"),
        .target = text_of(command, "target"),
        .authority = STR("127.0.0.1:4566"),
        .headers = made,
        .header_count = headers->count,
        .body = bytes_of(text_of(command, "body")),
        .version = 11,
        .loopback = true,
    };

    for (uint32_t i = 0; i < headers->count; i++) {
        made[i].name = headers->items[i].items[0].str;
        made[i].value = str_trim(headers->items[i].items[1].str);
        if (str_eq(made[i].name, STR("host"))) {
            request.authority = made[i].value;
        }
    }
    size_t question = str_find(request.target, '?', 0);
    request.path = str_slice(request.target, 0, question);
    request.query = str_slice(request.target, question + 1, request.target.bytes);
    return request;
}

static void print_error(struct buf *out, status code, const struct why *why)
{
    buf_add(out, STR("{\"error\":"));
    json_write_str(out, str_c(code->code));
    buf_add(out, STR(",\"message\":"));
    json_write_str(out, str_c(why->text));
    buf_add(out, STR("}"));
}

static void decode(const struct value *command, struct buf *out)
{
    struct http_request request = request_of(command);
    struct route route = route_of(command, request.path);
    struct why why = {""};
    struct value *input;
    status decoded = wire_decode(&route, &request, arena, &why, &input);

    if (decoded != OK) {
        print_error(out, decoded, &why);
        return;
    }
    buf_add(out, STR("{\"value\":"));
    value_dump(out, input);
    buf_add(out, STR("}"));
}

static void route_and_decode(const struct value *command, struct buf *out)
{
    struct http_request request = request_of(command);
    struct route route;
    struct why why = {""};
    struct value *input;
    status done = wire_route(&request, text_of(command, "scope"), arena, &why, &route);

    if (done == OK) {
        done = wire_decode(&route, &request, arena, &why, &input);
    }
    if (done != OK) {
        print_error(out, done, &why);
        return;
    }
    buf_printf(out, "{\"service\":\"%.*s\",\"operation\":\"%.*s\",\"protocol\":\"%s\",\"value\":",
               STR_ARG(model_text(route.service->id)), STR_ARG(model_text(route.operation->name)),
               protocol_names[route.protocol]);
    value_dump(out, input);
    buf_add(out, STR("}"));
}

static void print_answer(struct buf *out, const struct answer *answer)
{
    buf_printf(out, "{\"status\":%d,\"headers\":[", answer->http);
    for (size_t i = 0; i < answer->header_count; i++) {
        buf_add(out, i > 0 ? STR(",[") : STR("["));
        json_write_str(out, answer->headers[i].name);
        buf_add(out, STR(","));
        json_write_str(out, answer->headers[i].value);
        buf_add(out, STR("]"));
    }
    buf_add(out, STR("],\"body\":\""));
    buf_add_base64(out, answer->body);
    buf_add(out, STR("\"}"));
}

static void encode(const struct value *command, struct buf *out)
{
    struct route route = route_of(command, STR("/"));
    struct value output = *value_struct(arena, route.operation->output);
    struct answer answer;
    struct why why = {""};

    if (route.operation->output != 0) {
        make(&output, route.operation->output, field(command, "value"));
    }
    status encoded = wire_encode(&route, &output, STR("request-1"), arena, &answer);
    if (encoded != OK) {
        print_error(out, encoded, &why);
        return;
    }
    print_answer(out, &answer);
}

static void encode_fault(const struct value *command, struct buf *out)
{
    struct route route = route_of(command, STR("/"));
    struct str query_code = text_of(command, "query_code");
    struct error line = {
        .code = arena_dup(arena, text_of(command, "code")).at,
        .query_code = query_code.at == NULL ? NULL : arena_dup(arena, query_code).at,
        .http = (uint16_t)field(command, "http")->number,
    };
    struct fault fault = {.code = &line,
                          .message = text_of(command, "message"),
                          .resource = text_of(command, "resource")};
    const struct shape *shape = model_error(route.operation, text_of(command, "code"));
    struct value detail;
    struct answer answer;

    if (shape != NULL && field(command, "detail") != NULL) {
        make(&detail, (uint32_t)(shape - model_shapes), field(command, "detail"));
        fault.detail = &detail;
    }
    wire_encode_error(&route, &fault, STR("request-1"), arena, &answer);
    print_answer(out, &answer);
}

/* The structure of an event: a member of the output's event stream. */
static uint32_t event_shape(const struct operation *operation, struct str event)
{
    const struct shape *output = model_shape(operation->output);

    for (uint32_t i = 0; i < output->count; i++) {
        const struct shape *stream = model_shape(model_members[output->first + i].shape);
        if (stream->flags & SHAPE_EVENTSTREAM) {
            int index = model_member_index(stream, event);
            assert(index >= 0);
            return model_members[stream->first + (uint32_t)index].shape;
        }
    }
    fprintf(stderr, "oracle: no event stream\n");
    exit(2);
}

static void encode_event(const struct value *command, struct buf *out)
{
    struct route route = route_of(command, STR("/"));
    struct str event = arena_dup(arena, text_of(command, "event"));
    struct value value;
    struct str message;
    struct why why = {""};

    make(&value, event_shape(route.operation, event), field(command, "value"));
    status encoded = wire_encode_event(&route, event.at, &value, arena, &message);
    if (encoded != OK) {
        print_error(out, encoded, &why);
        return;
    }
    buf_add(out, STR("{\"body\":\""));
    buf_add_base64(out, message);
    buf_add(out, STR("\"}"));
}

static void obey(struct str line, struct buf *out)
{
    struct value command;
    struct why why = {""};
    status read = json_read(line, 0, arena, &why, &command);

    if (read != OK) {
        fprintf(stderr, "oracle: not JSON: %.*s\n", STR_ARG(line));
        exit(2);
    }
    struct str what = text_of(&command, "do");
    if (str_eq(what, STR("decode"))) {
        decode(&command, out);
    } else if (str_eq(what, STR("route"))) {
        route_and_decode(&command, out);
    } else if (str_eq(what, STR("encode"))) {
        encode(&command, out);
    } else if (str_eq(what, STR("fail"))) {
        encode_fault(&command, out);
    } else {
        encode_event(&command, out);
    }
}

int main(void)
{
    char *line = NULL;
    size_t room = 0;
    ssize_t bytes;
    struct buf out;

    arena = arena_new(ARENA_BYTES_MAX);
    buf_init(&out, ARENA_BYTES_MAX);
    while ((bytes = getline(&line, &room, stdin)) > 0) {
        struct str text = str_of(line, (size_t)bytes - (line[bytes - 1] == '\n'));
        obey(text, &out);
        buf_add_c(&out, '\n');
        fwrite(out.at, 1, out.bytes, stdout);
        fflush(stdout);
        buf_clear(&out);
        arena_clear(arena);
    }
    free(line);
    buf_done(&out);
    arena_free(arena);
    return 0;
}
