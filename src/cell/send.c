/* SPDX-License-Identifier: Apache-2.0
 *
 * Sending what a call named by call_send(): stretches of blobs and of memory.
 *
 *   pool: open the blob, bring the next piece into memory ──► home: hand it to net ──► drained?
 *            ▲                                                  │ (more)
 *            └──────────────────────────────────────────────────┘ at once: one piece ahead
 *
 * Rules
 *  1. The loop never waits for the disk: blobs are opened and read on the door's pool. Where net
 *     takes files (plain HTTP/1.1) the pool only brings the next SEND_FILE_BYTES into the system's
 *     cache, and the kernel sends them from there; else it reads SEND_PIECE_BYTES, and deciphers.
 *  2. One piece is with net, one is being made ready: so an answer holds two pieces of memory
 *     however slow its peer is.
 *  3. The head goes out with the first piece: what cannot even be opened still has an error's
 *     answer. What fails later breaks the connection off, as the length is promised.
 *  4. Few bytes that are all in memory go out as an ordinary answer.
 *  5. A visit ends when all was handed over, or when the peer is gone and the pool is done with it.
 */
#include "cell/send.h"

#include "cell/cipher.h"
#include "cell/door_int.h"
#include "sys/log.h"

#include <assert.h>

struct sending {
    struct visit *visit;        /* whose answer */
    struct answer *answer;      /* its head, until it was said */
    size_t index;               /* extent that the next piece is of */
    uint64_t done;              /* bytes of it that are in earlier pieces */
    struct blob *blob;          /* of that extent, when open */
    struct cipher_run *run;     /* the same, when enciphered */
    bool by_file;               /* pieces are parts of files */
    bool begun;                 /* the head was said */
    bool working;               /* the pool makes a piece ready */
    bool ready;                 /* there is one: the following */
    status failed;              /* of making it */
    struct str piece;           /* in memory; by_file: only its size counts */
    int fd;                     /* by_file: where it is; -1: in memory */
    uint64_t offset;            /* by_file: and from which byte */
    char *memory;               /* SEND_PIECE_BYTES, made when needed */
    struct pool_work work;      /* makes the next piece ready */
    struct loop_work back;      /* home with it */
};

static const struct call_reply *reply_of(const struct sending *sending)
{
    return sending->visit->task.call.reply;
}

/* ---- making a piece ready: on the pool, or at home when it is in memory ---- */

static void close_blob(struct sending *sending)
{
    blob_close(sending->blob);
    sending->blob = NULL;
    cipher_end(sending->run);
    sending->run = NULL;
}

static status open_blob(struct sending *sending, const struct call_extent *extent)
{
    struct blobs *blobs = store_blobs(cell_store(sending->visit->home->door->cell));

    if (sending->blob != NULL) {
        return OK;
    }
    TRY(blob_open(blobs, extent->blob, &sending->blob));
    if (extent->offset + extent->size > blob_bytes(sending->blob)) {
        return &ERR_CORRUPT;
    }
    if (extent->cipher != NULL) {
        sending->run = cipher_begin(extent->cipher, extent->offset);
    }
    return OK;
}

static status read_piece(struct sending *sending, uint64_t offset, size_t bytes)
{
    size_t got = 0;

    if (sending->memory == NULL) {
        sending->memory = buffer_take(&sending->visit->home->door->buffers);
    }
    TRY(blob_read(sending->blob, offset, sending->memory, bytes, &got));
    if (got != bytes) {
        return &ERR_CORRUPT;
    }
    if (sending->run != NULL) {
        cipher_apply(sending->run, sending->memory, bytes);
    }
    sending->piece = str_of(sending->memory, bytes);
    sending->fd = -1;
    return OK;
}

static status make_piece(struct sending *sending)
{
    const struct call_extent *extent = &reply_of(sending)->extents[sending->index];
    uint64_t offset = extent->offset + sending->done;
    uint64_t rest = extent->size - sending->done;

    if (extent->blob.bytes == 0) {
        uint64_t bytes = rest < SEND_PIECE_BYTES ? rest : SEND_PIECE_BYTES;

        sending->piece = str_of(extent->bytes.at + offset, (size_t)bytes);
        sending->fd = -1;
        return OK;
    }
    TRY(open_blob(sending, extent));
    if (!sending->by_file || sending->run != NULL || blob_fd(sending->blob) < 0) {
        return read_piece(sending, offset,
                          (size_t)(rest < SEND_PIECE_BYTES ? rest : SEND_PIECE_BYTES));
    }
    uint64_t bytes = rest < SEND_FILE_BYTES ? rest : SEND_FILE_BYTES;

    blob_prefetch(sending->blob, offset, bytes);
    sending->piece = str_of(NULL, (size_t)bytes);
    sending->fd = blob_fd(sending->blob);
    sending->offset = offset;
    return OK;
}

static void run_work(struct pool_work *work)
{
    struct sending *sending = LINK_OWNER(work, struct sending, work);

    sending->failed = make_piece(sending);
    loop_post(sending->visit->home->loop, &sending->back);
}

/* ---- at home ---- */

/* The extent that the next piece is of; NULL: there is none. */
static const struct call_extent *next_extent(struct sending *sending)
{
    const struct call_reply *reply = reply_of(sending);

    while (sending->index < reply->extent_count &&
           sending->done == reply->extents[sending->index].size) {
        close_blob(sending);
        sending->index++;
        sending->done = 0;
    }
    return sending->index < reply->extent_count ? &reply->extents[sending->index] : NULL;
}

static void prepare(struct sending *sending)
{
    const struct call_extent *extent;

    assert(!sending->working);
    assert(!sending->ready);
    extent = next_extent(sending);
    if (extent == NULL) {
        return;
    }
    if (extent->blob.bytes == 0) {
        sending->failed = make_piece(sending);
        sending->ready = true;
        return;
    }
    sending->working = true;
    pool_post(sending->visit->home->door->pool, &sending->work);
}

static void release(struct sending *sending)
{
    close_blob(sending);
    buffer_give(&sending->visit->home->door->buffers, sending->memory);
    sending->memory = NULL;
}

static void end(struct sending *sending)
{
    struct visit *visit = sending->visit;
    struct exchange *x = visit->x;

    release(sending);
    door_end_visit(visit);
    exchange_end(x);
}

static void give_up(struct sending *sending)
{
    struct visit *visit = sending->visit;

    if (visit->task.gone) {
        release(sending);
        visit->head_sent = sending->begun;
        door_answer_nobody(visit);
    } else if (!sending->begun) {
        release(sending);
        door_answer_error(visit, sending->failed);
    } else {
        log_write(LOG_ERROR, "door", "%.*s: sending a blob failed: %s",
                  STR_ARG(visit->task.call.request_id), sending->failed->code);
        end(sending); /* short of what was promised: net breaks it off */
    }
}

static void hand_over(struct sending *sending)
{
    struct exchange *x = sending->visit->x;

    if (!sending->begun) {
        struct answer *answer = sending->answer;

        sending->begun = true;
        exchange_begin(x, answer->http, answer->headers, answer->header_count);
    }
    if (sending->fd >= 0) {
        exchange_send_file(x, sending->fd, sending->offset, sending->piece.bytes);
    } else {
        exchange_send(x, sending->piece);
    }
    sending->done += sending->piece.bytes;
    sending->ready = false;
}

/* Goes on as far as it can now. */
static void step(struct sending *sending)
{
    while (!sending->working) {
        if (sending->ready && sending->failed != OK) {
            give_up(sending);
            return;
        }
        if (sending->ready && exchange_backlog(sending->visit->x) > 0) {
            return; /* drained() comes */
        }
        if (sending->ready) {
            hand_over(sending);
        }
        prepare(sending);
        if (!sending->working && !sending->ready) {
            end(sending);
            return;
        }
    }
}

static void come_home(struct loop_work *work)
{
    struct sending *sending = LINK_OWNER(work, struct sending, back);

    sending->working = false;
    sending->ready = true;
    if (sending->visit->task.gone) {
        give_up(sending);
        return;
    }
    step(sending);
}

static void drained(struct exchange *x)
{
    struct visit *visit = exchange_user(x);

    if (visit != NULL && !visit->task.gone) {
        step(visit->sending);
    }
}

void send_gone(struct sending *sending)
{
    if (!sending->working) {
        give_up(sending);
    } /* else it comes home first */
}

/* ---- whole answers ---- */

/* Rule 4; false: it is not so. */
static bool in_memory(const struct call_reply *reply)
{
    for (size_t i = 0; i < reply->extent_count; i++) {
        if (reply->extents[i].blob.bytes > 0) {
            return false;
        }
    }
    return reply->size <= SEND_WHOLE_BYTES; /* larger ones are not joined */
}

static struct str join(const struct call_reply *reply, struct arena *arena)
{
    const struct call_extent *first = reply->extents;
    char *at;
    size_t bytes = 0;

    if (reply->size == 0) {
        return STR_NONE;
    }
    if (reply->extent_count == 1) {
        return str_of(first->bytes.at + first->offset, (size_t)first->size);
    }
    at = arena_alloc(arena, (size_t)reply->size + 1);
    for (size_t i = 0; i < reply->extent_count; i++) {
        const struct call_extent *extent = &reply->extents[i];

        memcpy(at + bytes, extent->bytes.at + extent->offset, (size_t)extent->size);
        bytes += (size_t)extent->size;
    }
    return str_of(at, bytes);
}

static void send_whole(struct visit *visit, const struct answer *answer, struct str body)
{
    exchange_answer(visit->x, answer->http, answer->headers, answer->header_count, body);
    door_end_visit(visit);
}

void send_begin(struct visit *visit, struct answer *answer)
{
    const struct call_reply *reply = visit->task.call.reply;
    struct arena *arena = exchange_arena(visit->x);
    struct sending *sending;

    if (reply->size == 0 || in_memory(reply)) {
        send_whole(visit, answer, join(reply, arena));
        return;
    }
    door_add_header(answer, STR("content-length"),
                    arena_printf(arena, "%llu", (unsigned long long)reply->size));
    if (str_eq(exchange_request(visit->x)->method, STR("HEAD"))) {
        send_whole(visit, answer, STR_NONE);
        return;
    }
    sending = ARENA_NEW(arena, struct sending);
    sending->visit = visit;
    sending->answer = arena_alloc(arena, sizeof(*answer));
    *sending->answer = *answer;
    sending->by_file = exchange_takes_files(visit->x);
    sending->work.run = run_work;
    link_init(&sending->back.link);
    sending->back.run = come_home;
    visit->sending = sending;
    visit->place = VISIT_SEND;
    exchange_on_drain(visit->x, drained);
    prepare(sending);
    step(sending);
}
