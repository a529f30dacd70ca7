/* SPDX-License-Identifier: Apache-2.0
 *
 * Texts that SQS's handlers read themselves: receipt handles, queue URLs, policies, redrive
 * policies, handles of moves, bodies and their attributes; and rows that may be damaged. The first
 * byte says which, the rest is the text. Nothing may be read beyond it, and what was read must make
 * sense.
 */
#include "base/mem.h"
#include "svc/sqs/sqs_move.h"
#include "svc/sqs/sqs_ops.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* One queue and one message of it, as everything is tried on. */
struct scene {
    struct sqs sqs;            /* without a cell: nobody waits */
    struct queue *queue;       /* "q" */
    struct message *message;   /* received once */
    struct call *c;            /* on it */
};

static void set_scene(struct scene *scene, struct arena *arena)
{
    *scene = (struct scene){.c = ARENA_NEW(arena, struct call)};
    scene->sqs.queues = map_new(16);
    seats_init(&scene->sqs.seats);
    scene->queue = queue_new(&scene->sqs, STR("000000000000"), STR("us-east-1"), STR("q"));
    scene->queue->id = 7;
    assert(queue_add(&scene->sqs, scene->queue) == OK);
    scene->message = message_add(scene->queue, 1000, 1, STR_NONE);
    scene->message->receives = 1;
    scene->c->arena = scene->c->keep = arena;
    scene->c->state = &scene->sqs;
    scene->c->account = STR("000000000000");
    scene->c->region = STR("us-east-1");
}

static void clear_scene(struct scene *scene)
{
    queue_free(scene->queue);
    map_free(scene->sqs.queues);
    seats_done(&scene->sqs.seats);
}

static void try_handle(struct scene *scene, struct str text)
{
    struct message *message = NULL;
    bool newest = false;

    if (handle_message(scene->c, scene->queue, text, &message, &newest) == OK) {
        assert(message == NULL || message == scene->message);
        assert(!newest || str_eq(handle_text(scene->c->arena, scene->queue, message), text));
    }
}

static void try_url(struct scene *scene, struct str text)
{
    struct queue *queue = NULL;

    if (queue_of_url(scene->c, text, &queue) == OK) {
        assert(queue == scene->queue);
    }
    queue = queue_of_arn(&scene->sqs, text);
    assert(queue == NULL || str_eq(queue->arn, text));
}

static void try_attribute(struct scene *scene, const char *name, struct str text)
{
    const struct operation *set =
        model_operation(model_service(STR("sqs")), STR("SetQueueAttributes"));
    struct value *in = value_struct(scene->c->arena, set->input);
    struct value *map = set_map(scene->c->arena, in, "Attributes", 1);
    struct queue_settings *settings;

    map_add_str(map, str_c(name), text);
    if (settings_read(scene->c, scene->queue, map, false, &settings) != OK) {
        return;
    }
    settings_apply(scene->queue, settings);
    assert(settings_differ(scene->queue, settings) == NULL);
    assert(scene->queue->receives_max <= 1000);
    assert(scene->queue->policy.bytes <= POLICY_BYTES_MAX);
}

static void try_move(struct scene *scene, struct str text)
{
    const struct operation *cancel =
        model_operation(model_service(STR("sqs")), STR("CancelMessageMoveTask"));
    struct value *in = value_struct(scene->c->arena, cancel->input);

    set_str(in, "TaskHandle", text);
    scene->c->in = in;
    assert(sqs_cancel_move(scene->c) != OK); /* there is none */
}

/* Name, type and value of an attribute, up to a zero byte each; then the body. */
static void try_message(struct scene *scene, struct str text)
{
    const struct operation *send = model_operation(model_service(STR("sqs")), STR("SendMessage"));
    struct value *in = value_struct(scene->c->arena, send->input);
    struct value *map = set_map(scene->c->arena, in, "MessageAttributes", 1);
    struct str rest = text;
    struct value *attribute = map_add(scene->c->arena, map, str_split(&rest, '\0'));
    struct content content;

    set_str(attribute, "DataType", str_split(&rest, '\0'));
    set_str(attribute, "StringValue", str_split(&rest, '\0'));
    set_str(in, "MessageBody", rest);
    if (content_read(scene->c, scene->queue, in, &content) == OK) {
        assert(content.attribute_count == 1);
        assert(content_bytes(&content) <= unchecked_bytes(in));
        assert(attributes_md5(scene->c->arena, content.attributes, 1).bytes == 32);
    }
}

static void try_rows(struct str text)
{
    struct received received;
    struct message state;
    struct str group;
    int64_t sent_ms;

    if (content_peek(text, &sent_ms, &group)) {
        assert(group.bytes <= text.bytes);
    }
    (void)state_unpack(text, &state, &received);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const attributes[] = {"Policy", "RedrivePolicy", "RedriveAllowPolicy",
                                             "DelaySeconds"};
    struct str text = str_slice(str_of(data, size), 1, size);
    struct arena *arena = arena_new(64u << 20);
    struct scene scene;

    if (size == 0) {
        arena_free(arena);
        return 0;
    }
    set_scene(&scene, arena);
    switch (data[0]) {
    case 'h': try_handle(&scene, text); break;
    case 'u': try_url(&scene, text); break;
    case 'm': try_move(&scene, text); break;
    case 'b': try_message(&scene, text); break;
    case 'r': try_rows(text); break;
    default: try_attribute(&scene, attributes[data[0] % 4], text); break;
    }
    clear_scene(&scene);
    arena_free(arena);
    return 0;
}
