/* SPDX-License-Identifier: Apache-2.0
 *
 * Large bodies on their way into blobs.
 *
 * Rules
 *  1. The loop only copies: pieces of INTAKE_PIECE_BYTES go to two works on the door's pool, one
 *     takes the content out of aws-chunked or a form and sums, the other enciphers and writes. Each
 *     work runs on one thread at a time, so pieces stay in order; the two run side by side.
 *  2. While INTAKE_PIECES_MAX pieces of an upload wait, its peer is held back. So an upload holds
 *     at most those, what one read brings, and the blob writer's buffer: about 2.5 MiB.
 *  3. The write work has the last word, also when something failed or the peer is gone: it finishes
 *     (syncs) or cancels the blob, then posts the intake home. Before that nothing is answered.
 *  4. A body that turns out to be small needs no blob: its one piece is kept until the call is
 *     over.
 *  5. What the call did not publish is removed when it is over, on the pool: removing gigabytes
 *     takes a while.
 *
 *   TAKING ──whole──► ENDING ──written, synced──► over: batch
 *      └──failed, gone──► (pieces are dropped, the blob cancelled) ──► over: answered
 */
#include "cell/intake.h"

#include "base/codec.h"
#include "base/mem.h"
#include "cell/cipher.h"
#include "cell/door_int.h"
#include "sys/log.h"

#include <assert.h>
#include <openssl/crypto.h>

struct piece {
    struct link link; /* in a queue */
    size_t bytes;     /* in at */
    char at[];        /* INTAKE_PIECE_BYTES */
};

struct intake {
    struct visit *visit;         /* whose body */
    struct body_read read;       /* sums; the sum work's while there are pieces */
    struct http_request head;    /* read.head, which its bringer keeps no longer than its call */
    struct call_cipher cipher;   /* SSE-C */
    bool enciphers;              /* cipher is used */
    struct piece *filling;       /* the loop's next piece */
    struct piece *passing;       /* the sum work's next piece, when content is taken out */
    struct piece *only;          /* the whole content, when it is small */
    struct blob_writer *writer;  /* the write work's; NULL before the first piece */
    struct cipher_run *run;      /* the write work's */
    char id[BLOB_ID_BYTES];      /* of the blob */
    struct lock lock;            /* everything below */
    struct link raw;             /* pieces for the sum work */
    struct link plain;           /* pieces for the write work */
    size_t waiting;              /* pieces in either */
    bool whole;                  /* no further raw pieces */
    bool summed;                 /* no further plain pieces */
    bool summing, writing;       /* the work is queued or runs */
    bool over;                   /* nothing will happen any more */
    bool paused;                 /* the peer is held back */
    bool coming;                 /* back is posted */
    status failed;               /* the first thing that went wrong */
    struct why why;              /* of that */
    struct pool_work sums;       /* takes from raw */
    struct pool_work write;      /* takes from plain */
    struct loop_work back;       /* home: resume the peer, or go on with the visit */
};

static struct blobs *blobs_of(const struct intake *intake)
{
    return store_blobs(cell_store(intake->visit->home->door->cell));
}

static struct pool *pool_of(const struct intake *intake)
{
    return intake->visit->home->door->pool;
}

/* ---- pieces ---- */

static struct piece *piece_new(struct intake *intake)
{
    struct piece *piece = buffer_take(&intake->visit->home->door->buffers);

    static_assert(sizeof(*piece) + INTAKE_PIECE_BYTES <= BUFFER_BYTES, "a piece is a buffer");
    link_init(&piece->link);
    piece->bytes = 0;
    return piece;
}

static void piece_free(struct intake *intake, struct piece *piece)
{
    buffer_give(&intake->visit->home->door->buffers, piece);
}

/* From here to the sums the lock is held. */
static void drop_all(struct intake *intake, struct link *queue)
{
    while (!link_alone(queue)) {
        struct piece *piece = LINK_OWNER(queue->next, struct piece, link);

        link_remove(&piece->link);
        intake->waiting--;
        piece_free(intake, piece);
    }
}

static struct piece *take(struct link *queue)
{
    struct piece *piece = LINK_OWNER(queue->next, struct piece, link);

    link_remove(&piece->link);
    return piece;
}

static void start(struct intake *intake, bool *running, struct pool_work *work)
{
    if (!*running) {
        *running = true;
        pool_post(pool_of(intake), work);
    }
}

static void go_home(struct intake *intake)
{
    if (!intake->coming) {
        intake->coming = true;
        loop_post(intake->visit->home->loop, &intake->back);
    }
}

/* A piece has been written or dropped. */
static void made_room(struct intake *intake)
{
    if (intake->paused && intake->waiting <= INTAKE_PIECES_MAX / 2) {
        go_home(intake);
    }
}

static void fail_with(struct intake *intake, status code, const struct why *why)
{
    if (intake->failed == OK) {
        intake->failed = code;
        intake->why = *why;
    }
}

/* ---- sums, on the pool ---- */

static void to_write(struct intake *intake, struct piece *piece, bool is_new)
{
    lock_take(&intake->lock);
    intake->waiting += is_new;
    list_push(&intake->plain, &piece->link);
    start(intake, &intake->writing, &intake->write);
    lock_give(&intake->lock);
}

/* Content that was taken out of chunks or a form. */
static status pass(void *arg, struct str plain)
{
    struct intake *intake = arg;

    while (plain.bytes > 0) {
        struct piece *piece = intake->passing;

        if (piece == NULL) {
            piece = intake->passing = piece_new(intake);
        }
        size_t room = INTAKE_PIECE_BYTES - piece->bytes;
        size_t taken = plain.bytes < room ? plain.bytes : room;

        memcpy(piece->at + piece->bytes, plain.at, taken);
        piece->bytes += taken;
        plain = str_slice(plain, taken, plain.bytes);
        if (piece->bytes == INTAKE_PIECE_BYTES) {
            intake->passing = NULL;
            to_write(intake, piece, true);
        }
    }
    return OK;
}

static status pass_as_it_is(void *arg, struct str plain)
{
    (void)arg;
    (void)plain;
    return OK;
}

static status sum_piece(struct intake *intake, struct piece *piece, struct why *why)
{
    struct str raw = str_of(piece->at, piece->bytes);
    status taken;

    if (!body_is_wrapped(&intake->read)) {
        taken = body_read_take(&intake->read, raw, pass_as_it_is, NULL, why);
        to_write(intake, piece, false);
        return taken;
    }
    taken = body_read_take(&intake->read, raw, pass, intake, why);
    piece_free(intake, piece);
    lock_take(&intake->lock);
    intake->waiting--;
    made_room(intake);
    lock_give(&intake->lock);
    return taken;
}

/* All pieces were summed, or something failed. The lock is held. */
static void sums_done(struct intake *intake)
{
    struct why why = {""};
    status ended = OK;

    if (intake->failed == OK) {
        ended = body_read_end(&intake->read, &why);
    }
    if (ended != OK) {
        fail_with(intake, ended, &why);
    }
    if (intake->passing != NULL) {
        list_push(&intake->plain, &intake->passing->link);
        intake->waiting++;
        intake->passing = NULL;
    }
    intake->summed = true;
    start(intake, &intake->writing, &intake->write);
}

static void run_sums(struct pool_work *work)
{
    struct intake *intake = LINK_OWNER(work, struct intake, sums);

    lock_take(&intake->lock);
    while (intake->failed == OK && !link_alone(&intake->raw)) {
        struct piece *piece = take(&intake->raw);
        struct why why = {""};
        status summed;

        lock_give(&intake->lock);
        summed = sum_piece(intake, piece, &why);
        lock_take(&intake->lock);
        if (summed != OK) {
            fail_with(intake, summed, &why);
        }
    }
    if (intake->failed != OK) {
        drop_all(intake, &intake->raw);
    }
    if ((intake->whole || intake->failed != OK) && !intake->summed) {
        sums_done(intake);
    }
    intake->summing = false;
    lock_give(&intake->lock);
}

/* ---- writing, on the pool ---- */

static status write_piece(struct intake *intake, struct piece *piece)
{
    if (intake->writer == NULL) {
        if (body_cipher_key(intake->read.head, intake->cipher.key)) {
            intake->enciphers = true;
            rand_secret(intake->cipher.iv, sizeof(intake->cipher.iv));
        }
        TRY(blob_create(blobs_of(intake), str_of(intake->id, BLOB_ID_BYTES), &intake->writer));
        intake->run = intake->enciphers ? cipher_begin(&intake->cipher, 0) : NULL;
    }
    if (intake->run != NULL) {
        cipher_apply(intake->run, piece->at, piece->bytes);
    }
    return blob_write(intake->writer, str_of(piece->at, piece->bytes));
}

/* Rule 4: whether the next piece is the only one, and small. A first one that is not full is also
 * the last; the sum work says so when it is sure. The lock is held. */
static bool is_small(const struct intake *intake)
{
    const struct piece *next = LINK_OWNER(intake->plain.next, struct piece, link);

    return intake->writer == NULL && next->bytes <= CALL_BODY_INLINE_MAX;
}

/* Rule 3. The lock is held, but for the slow part. */
static void end_writing(struct intake *intake)
{
    struct blob_writer *writer = intake->writer;
    bool good = intake->failed == OK;
    struct why why = {""};
    status finished = OK;
    uint64_t bytes = 0;

    intake->writer = NULL;
    cipher_end(intake->run);
    intake->run = NULL;
    if (writer != NULL) {
        lock_give(&intake->lock);
        if (good) {
            finished = blob_finish(writer, &bytes);
        } else {
            blob_cancel(writer);
        }
        lock_take(&intake->lock);
        if (finished != OK) {
            fail_with(intake, finished, &why);
        } else if (good) {
            assert(bytes == intake->read.body.size);
            intake->read.body.blob = str_of(intake->id, BLOB_ID_BYTES);
        }
    }
    intake->over = true;
    go_home(intake);
}

static void run_write(struct pool_work *work)
{
    struct intake *intake = LINK_OWNER(work, struct intake, write);

    lock_take(&intake->lock);
    while (intake->failed == OK && !link_alone(&intake->plain) && !is_small(intake)) {
        struct piece *piece = take(&intake->plain);
        struct why why = {""};
        status wrote;

        intake->waiting--;
        lock_give(&intake->lock);
        wrote = write_piece(intake, piece);
        piece_free(intake, piece);
        lock_take(&intake->lock);
        if (wrote != OK) {
            fail_with(intake, wrote, &why);
        }
        made_room(intake);
    }
    if (intake->failed != OK) {
        drop_all(intake, &intake->plain);
        if (!intake->summed) { /* it drops what is still raw, and comes back here */
            start(intake, &intake->summing, &intake->sums);
        }
    }
    if (intake->summed && !link_alone(&intake->plain)) {
        intake->only = take(&intake->plain);
        intake->waiting--;
    }
    if (intake->summed) {
        end_writing(intake);
    }
    intake->writing = false;
    lock_give(&intake->lock);
}

/* ---- at home ---- */

static void go_on(struct intake *intake)
{
    struct visit *visit = intake->visit;
    struct call_body *body = &intake->read.body;

    if (visit->task.gone) {
        door_answer_nobody(visit);
        return;
    }
    if (intake->failed != OK) {
        visit->task.call.why = intake->why;
        door_answer_error(visit, intake->failed);
        return;
    }
    if (intake->only != NULL) {
        body->bytes = str_of(intake->only->at, intake->only->bytes);
    } else if (body->blob.bytes > 0 && intake->enciphers) {
        body->cipher = &intake->cipher;
    }
    visit->task.call.body = body;
    door_to_batch(visit);
}

static void come_home(struct loop_work *work)
{
    struct intake *intake = LINK_OWNER(work, struct intake, back);
    bool resume;
    bool over;

    lock_take(&intake->lock);
    /* Who posted this may still be about to leave the lock; then it is done with the intake. */
    intake->coming = false;
    over = intake->over;
    resume = intake->paused;
    intake->paused = false;
    lock_give(&intake->lock);
    if (resume) {
        exchange_resume(intake->visit->x);
    }
    if (over) {
        go_on(intake);
    }
}

/* Everything but the blob's pieces lives with the exchange. */
static void fresh_id(struct visit *visit, char id[BLOB_ID_BYTES])
{
    char random[BLOB_ID_BYTES / 2];

    rand_fill(&visit->home->rand, random, sizeof(random));
    hex_encode(str_of(random, sizeof(random)), id);
}

static status admit(struct visit *visit)
{
    struct door *door = visit->home->door;
    struct call *c = &visit->task.call;
    uint64_t expected = exchange_body_expected(visit->x);
    status admitted;

    admitted = blobs_admit(store_blobs(cell_store(door->cell)),
                           expected == UINT64_MAX ? 0 : expected);
    if (admitted != OK) {
        return fail(c, admitted, "The disk that holds weir's data is full.");
    }
    if (__atomic_add_fetch(&door->uploads, 1, __ATOMIC_RELAXED) > INTAKE_UPLOADS_MAX) {
        __atomic_sub_fetch(&door->uploads, 1, __ATOMIC_RELAXED);
        return fail(c, &BODY_SLOW_DOWN, "Please reduce your request rate.");
    }
    return OK;
}

status intake_begin(struct visit *visit, const struct body_source *source)
{
    struct call *c = &visit->task.call;
    struct intake *intake = ARENA_NEW(c->keep, struct intake);

    intake->visit = visit;
    TRY(body_read_begin(&intake->read, source, &c->why));
    intake->head = *source->request;
    intake->read.head = &intake->head;
    status admitted = admit(visit);

    if (admitted != OK) {
        body_read_done(&intake->read);
        return admitted;
    }
    fresh_id(visit, intake->id);
    lock_init(&intake->lock);
    link_init(&intake->raw);
    link_init(&intake->plain);
    intake->sums.run = run_sums;
    intake->write.run = run_write;
    intake->back.run = come_home;
    link_init(&intake->back.link);
    visit->intake = intake;
    visit->place = VISIT_INTAKE;
    return OK;
}

/* The filled piece goes to the pool. */
static void hand_over(struct intake *intake)
{
    lock_take(&intake->lock);
    if (intake->failed != OK) {
        intake->filling->bytes = 0; /* nobody wants it: see go_on() */
        lock_give(&intake->lock);
        return;
    }
    list_push(&intake->raw, &intake->filling->link);
    intake->filling = NULL;
    intake->waiting++;
    start(intake, &intake->summing, &intake->sums);
    intake->paused |= intake->waiting >= INTAKE_PIECES_MAX;
    lock_give(&intake->lock);
    if (intake->paused) { /* only this thread sets it */
        exchange_pause(intake->visit->x);
    }
}

void intake_data(struct intake *intake, struct str piece)
{
    while (piece.bytes > 0) {
        if (intake->filling == NULL) {
            intake->filling = piece_new(intake);
        }
        struct piece *filling = intake->filling;
        size_t room = INTAKE_PIECE_BYTES - filling->bytes;
        size_t taken = piece.bytes < room ? piece.bytes : room;

        memcpy(filling->at + filling->bytes, piece.at, taken);
        filling->bytes += taken;
        piece = str_slice(piece, taken, piece.bytes);
        if (filling->bytes == INTAKE_PIECE_BYTES) {
            hand_over(intake);
        }
    }
}

void intake_whole(struct intake *intake)
{
    lock_take(&intake->lock);
    intake->whole = true;
    if (intake->filling != NULL && intake->failed == OK) {
        list_push(&intake->raw, &intake->filling->link);
        intake->filling = NULL;
        intake->waiting++;
    }
    if (!intake->summed) {
        start(intake, &intake->summing, &intake->sums);
    }
    lock_give(&intake->lock);
}

void intake_gone(struct intake *intake)
{
    struct why why = {""};

    lock_take(&intake->lock);
    fail_with(intake, &ERR_CLOSED, &why);
    if (!intake->summed) {
        start(intake, &intake->summing, &intake->sums);
    }
    lock_give(&intake->lock);
}

/* A blob nobody wants. */
struct unwanted {
    struct pool_work work;  /* on the pool */
    struct blobs *blobs;    /* where it is */
    char id[BLOB_ID_BYTES]; /* which */
};

static void run_remove(struct pool_work *work)
{
    struct unwanted *unwanted = LINK_OWNER(work, struct unwanted, work);
    struct str id = str_of(unwanted->id, BLOB_ID_BYTES);
    status removed = blob_remove(unwanted->blobs, id);

    if (removed != OK) {
        log_write(LOG_WARNING, "door", "cannot remove blob %.*s (%s)", STR_ARG(id), removed->code);
    }
    mem_free(unwanted);
}

void intake_end(struct intake *intake, bool published)
{
    if (intake == NULL) {
        return;
    }
    assert(intake->over);
    if (intake->read.body.blob.bytes > 0 && !published) {
        struct unwanted *unwanted = MEM_NEW(struct unwanted);

        unwanted->blobs = blobs_of(intake);
        memcpy(unwanted->id, intake->id, BLOB_ID_BYTES);
        unwanted->work.run = run_remove;
        pool_post(pool_of(intake), &unwanted->work);
    }
    body_read_done(&intake->read);
    piece_free(intake, intake->filling);
    piece_free(intake, intake->only);
    OPENSSL_cleanse(&intake->cipher, sizeof(intake->cipher));
    lock_take(&intake->lock); /* the work that posted it home has left */
    lock_give(&intake->lock);
    lock_done(&intake->lock);
    __atomic_sub_fetch(&intake->visit->home->door->uploads, 1, __ATOMIC_RELAXED);
}
