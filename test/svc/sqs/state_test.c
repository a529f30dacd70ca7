/* SPDX-License-Identifier: Apache-2.0
 *
 * Messages in memory are what the rows say. A long life of random operations on standard and FIFO
 * queues with dead-letter queues, moves and a moving clock, in which weir is closed and opened
 * again and again: each time every queue stands as it stood before, message by message; and after
 * every operation lines, heap, table and groups agree with each other.
 *
 * Links the service with its insides (svc/sqs.o.all).
 */
#include "svc/sqs/sqs_move.h"
#include "../test/base/seeded.h"
#include "../test/svc/sqs/world.h"

#include <stdlib.h>

#define STEPS 4000
#define SEEDS 4
#define HANDLES 64

static const char *const names[] = {"work", "work.fifo", "dead", "dead.fifo"};
#define NAMES (sizeof(names) / sizeof(names[0]))

static struct queue *find(const struct world *world, const char *name)
{
    return queue_find(cell_state(world->cell, "sqs"), STR("000000000000"), STR("us-east-1"),
                      str_c(name));
}

/* ---- what must be true of a queue whenever nobody is in the cell ---- */

static void check_line(const struct queue *queue)
{
    size_t count = 0;
    uint32_t previous = 0;

    for (uint32_t at = queue->ready.first; at != 0; count++) {
        const struct message *message = message_at(queue, at);

        assert_false(message_waits(message));
        assert_int_equal(message->seat.prev, previous);
        previous = at;
        at = message->seat.next;
    }
    assert_int_equal(queue->ready.last, previous);
    assert_int_equal(count, queue->fifo ? 0 : queue_visible(queue));
}

static void check_heap(const struct queue *queue)
{
    size_t delayed = 0;

    for (size_t i = 0; i < queue->heap_count; i++) {
        const struct message *message = message_at(queue, queue->heap[i]);
        const struct message *parent = message_at(queue, queue->heap[(i - (i > 0)) / 2]);

        assert_int_equal(message->place, i + 1);
        assert_true(parent->until_ms <= message->until_ms);
        assert_ptr_equal(message_find(queue, message->sequence), message);
        delayed += message->delayed;
    }
    assert_int_equal(delayed, queue->delayed);
    assert_int_equal(queue->heap_count, queue->delayed + queue->in_flight);
}

static size_t check_group(const struct queue *queue, const struct group *group)
{
    uint64_t sequence = 0;
    size_t in_flight = 0;
    size_t count = 0;

    for (uint32_t at = group->messages.first; at != 0; count++) {
        const struct message *message = message_at(queue, at);

        assert_true(message->sequence > sequence);
        assert_ptr_equal(group_of(queue, message), group);
        in_flight += message_in_flight(message);
        sequence = message->sequence;
        at = message->seat.next;
    }
    assert_int_equal(group->count, count);
    assert_int_equal(group->in_flight, in_flight);
    assert_true(count > 0);
    assert_int_equal(group->ready, in_flight == 0 &&
                                       !message_waits(message_at(queue, group->messages.first)));
    return count;
}

static void check_groups(const struct queue *queue)
{
    size_t in_groups = 0;
    size_t ready = 0;
    struct str key;
    void *group;

    for (size_t i = 0; map_next(queue->groups, &i, &key, &group);) {
        in_groups += check_group(queue, group);
        ready += ((struct group *)group)->ready;
    }
    assert_int_equal(in_groups, queue->message_count);
    for (uint32_t at = queue->ready_groups.first; at != 0;) {
        assert_true(ready-- > 0);
        at = group_at(queue, at)->seat.next;
    }
    assert_int_equal(ready, 0);
}

static void check(const struct world *world)
{
    for (size_t i = 0; i < NAMES; i++) {
        const struct queue *queue = find(world, names[i]);

        check_line(queue);
        check_heap(queue);
        if (queue->fifo) {
            check_groups(queue);
        }
    }
}

/* ---- a picture of all queues ---- */

static int by_sequence(const void *a, const void *b)
{
    const struct message *one = *(struct message *const *)a;
    const struct message *other = *(struct message *const *)b;

    return one->sequence < other->sequence ? -1 : one->sequence > other->sequence;
}

static void draw_queue(struct arena *arena, struct buf *text, const struct queue *queue)
{
    struct message **sorted = arena_alloc(arena, (queue->message_count + 1) * sizeof(*sorted));
    struct message *message;
    size_t count = 0;

    for (size_t at = 0; (message = table_next(queue, &at)) != NULL;) {
        sorted[count++] = message;
    }
    assert_int_equal(count, queue->message_count);
    qsort(sorted, count, sizeof(*sorted), by_sequence);
    buf_printf(text, "%.*s %llu %zu %zu %llu\n", STR_ARG(queue->name),
               (unsigned long long)queue->rows, queue->in_flight, queue->delayed,
               (unsigned long long)queue->duplicates);
    for (size_t i = 0; i < count; i++) {
        const struct group *group = group_of(queue, sorted[i]);
        struct str name = group == NULL ? STR("") : group_name(group);

        buf_printf(text, " %llu sent %lld until %lld received %u delayed %d state %d group %.*s\n",
                   (unsigned long long)sorted[i]->sequence, (long long)sorted[i]->sent_ms,
                   (long long)(message_waits(sorted[i]) ? sorted[i]->until_ms : 0),
                   sorted[i]->receives, sorted[i]->delayed, sorted[i]->has_state,
                   STR_ARG(name));
    }
    for (size_t i = 0; i < queue->move_count; i++) {
        buf_printf(text, " move %.36s %d %llu\n", queue->moves[i]->id, queue->moves[i]->state,
                   (unsigned long long)queue->moves[i]->moved);
    }
}

static struct str draw(struct world *world)
{
    struct buf text;
    struct str drawn;

    buf_init(&text, 16u << 20);
    for (size_t i = 0; i < NAMES; i++) {
        struct queue *queue = find(world, names[i]);

        queue_settle(world->cell, queue, clock_now_ms(&world->clock));
        draw_queue(world->arena, &text, queue);
    }
    drawn = arena_dup(world->arena, buf_str(&text));
    buf_done(&text);
    return drawn;
}

/* ---- the life ---- */

struct life {
    struct world *world;       /* in which */
    struct seeded chance;      /* of everything */
    char handles[HANDLES][64]; /* the last ones received */
    uint8_t of[HANDLES];       /* index of their queues */
    uint64_t received;         /* so many */
    int sent;                  /* messages so far */
};

static uint64_t below(struct life *life, uint64_t bound)
{
    return seeded_below(&life->chance, bound);
}

static void act_send(struct life *life, size_t at)
{
    static const char *const groups[] = {"a", "b", "c"};
    bool fifo = str_ends(str_c(names[at]), STR(".fifo"));
    struct str body = arena_printf(life->world->arena, "%d", life->sent - (below(life, 8) == 0));

    life->sent++;
    assert_ptr_equal(world_send(life->world, names[at], fifo ? groups[below(life, 3)] : NULL, body,
                                below(life, 3) == 0 ? (int64_t)below(life, 100) : 0), OK);
}

static void act_receive(struct life *life, size_t at)
{
    status received;
    const struct value *list =
        world_receive(life->world, names[at], 1 + (int64_t)below(life, 10),
                      (int64_t)(below(life, 3) * below(life, 60)), &received);

    assert_ptr_equal(received, OK);
    for (uint32_t i = 0; list != NULL && i < list->count; i++) {
        struct str handle = get_str(&list->items[i], "ReceiptHandle");
        size_t slot = life->received++ % HANDLES;

        assert_true(handle.bytes < sizeof(life->handles[slot]));
        memcpy(life->handles[slot], handle.at, handle.bytes);
        life->handles[slot][handle.bytes] = '\0';
        life->of[slot] = (uint8_t)at;
    }
}

/* With whatever handle; a stale one is refused or does nothing. */
static void act_finish(struct life *life, bool delete)
{
    size_t slot = below(life, HANDLES);
    struct value *in;
    struct value *out;

    if (slot >= life->received) {
        return;
    }
    in = world_input(life->world, delete ? "DeleteMessage" : "ChangeMessageVisibility",
                     names[life->of[slot]]);
    set_str(in, "ReceiptHandle", str_c(life->handles[slot]));
    if (!delete) {
        set_int(in, "VisibilityTimeout", (int64_t)below(life, 50));
    }
    (void)world_call(life->world, delete ? "DeleteMessage" : "ChangeMessageVisibility", in, &out);
}

static void act_rarely(struct life *life, size_t at)
{
    struct world *world = life->world;
    struct value *in;
    struct value *out;

    switch (below(life, 8)) {
    case 0:
        assert_ptr_equal(
            world_call(world, "PurgeQueue", world_input(world, "PurgeQueue", names[at]), &out), OK);
        break;
    case 1: /* also 15 days, after which everything is too old */
        assert_ptr_equal(cell_advance(world->cell, below(life, 10) == 0 ? INT64_C(1296000000)
                                                                        : INT64_C(300000),
                                      &world->why), OK);
        break;
    default:
        in = world_input(world, "StartMessageMoveTask", NULL);
        set_str(in, "SourceArn", at % 2 == 0 ? STR(WORLD_HOME "dead")
                                             : STR(WORLD_HOME "dead.fifo"));
        set_int(in, "MaxNumberOfMessagesPerSecond", 1 + (int64_t)below(life, 5));
        (void)world_call(world, "StartMessageMoveTask", in, &out); /* one may be running */
    }
}

static void act(struct life *life)
{
    size_t at = below(life, NAMES);

    switch (below(life, 16)) {
    case 0: case 1: case 2: case 3: case 4:
        act_send(life, at % 2); /* a dead letter has a source to go back to */
        break;
    case 5: case 6: case 7: case 8:
        act_receive(life, at);
        break;
    case 9: case 10:
        act_finish(life, true);
        break;
    case 11: case 12:
        act_finish(life, false);
        break;
    case 13: case 14:
        assert_ptr_equal(cell_advance(life->world->cell, (int64_t)below(life, 20000),
                                      &life->world->why), OK);
        break;
    default:
        if (below(life, 5) == 0) {
            act_rarely(life, at);
        }
    }
}

static void open_again(struct world *world)
{
    struct str before = draw(world);
    struct str after;

    world_close(world);
    assert_ptr_equal(world_open(world), OK);
    check(world);
    after = draw(world);
    if (!str_eq(before, after)) {
        print_error("before:\n%.*safter:\n%.*s", STR_ARG(before), STR_ARG(after));
    }
    assert_true(str_eq(before, after));
}

static uint64_t moved(const struct queue *queue)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < queue->move_count; i++) {
        sum += queue->moves[i]->moved;
    }
    return sum;
}

static void every_start_finds_queues_as_they_were(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct world world = {.disk = faulty_new(seed), .arena = arena_new(256u << 20)};
        struct life life = {.world = &world, .chance = {seed}};

        assert_ptr_equal(world_open(&world), OK);
        assert_ptr_equal(world_create(&world, "dead", NULL), OK);
        assert_ptr_equal(world_create(&world, "dead.fifo", NULL), OK);
        assert_ptr_equal(world_create(&world, "work", "dead"), OK);
        assert_ptr_equal(world_create(&world, "work.fifo", "dead.fifo"), OK);
        for (int i = 0; i < STEPS; i++) {
            act(&life);
            check(&world);
            if (below(&life, 100) == 0) {
                open_again(&world);
            }
            arena_clear(world.arena);
        }
        assert_true(find(&world, "work.fifo")->duplicates > 0); /* else this would prove little */
        assert_true(find(&world, "dead")->move_count > 0);
        assert_true(moved(find(&world, "dead.fifo")) > 0);
        world_close(&world);
        faulty_free(world.disk);
        arena_free(world.arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_start_finds_queues_as_they_were),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
