/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading events in the order of their time, second by second: the index says which chunks a second
 * has, all of which are looked at, and what is wanted of them is sorted.
 *
 *   rows of the index ──second──► gathered ──sorted──► taken ──page full, or much looked at──► end
 *
 * Rules
 *  1. A page ends between two events, or after a whole second; its next place says where.
 *  2. Of one second little more is kept than fits into the page: now and then the best are kept,
 *     and the others will be read again for the next page. From then on chunks are passed over
 *     that have nothing better, which their rows say.
 *  3. Events from before the group's horizon are not there, whether they were swept or not.
 */
#include "base/mem.h"
#include "cell/cell.h"
#include "svc/logs/event.h"
#include "svc/logs/keys.h"

#include <assert.h>
#include <stdlib.h>

#define GATHERED_SPARE 1000          /* events of one second, beyond twice the page's room */
#define GATHERED_BYTES (4u << 20)    /* of their messages */
#define LOOKED_BYTES (4u << 20)      /* of chunks; then a page ends, however empty */
#define AHEAD_MAX 32                 /* chunks read at once */
#define AHEAD_BYTES (256u * 1024)    /* of them */
#define SCRATCH_BYTES_MAX (64u << 20)
#define NAMES_MAX 10000              /* of streams, remembered for one page */

/* Rows of one scan of the index; the next is read already. */
struct rows {
    struct txn_scan *scan;       /* NULL: at its end */
    struct chunk_span span;      /* what it goes over */
    struct chunk_row head;       /* the next */
};

struct walk {
    struct call *c;              /* whose */
    const struct wish *wish;     /* what it looks for */
    struct place low, high;      /* events from low on, before high */
    struct rows *rows;           /* one, or one for each stream */
    size_t row_count;            /* of them */
    struct found *found;         /* taken ones, then gathered ones; owned */
    size_t taken, count, room;   /* of them */
    size_t taken_bytes, bytes;   /* as AWS counts: of taken ones, of all */
    bool full;                   /* some did not fit into the page: only those before worst do */
    struct place worst;          /* the last one that fits, when it is full */
    uint64_t looked;             /* bytes of chunks so far */
    struct arena *texts;         /* messages found; owned */
    struct arena *ahead;         /* chunks read; owned */
    struct arena *scratch;       /* of the filter; owned */
    struct log_record records[AHEAD_MAX]; /* chunks read, in ahead */
    size_t record_count;         /* of them */
    struct map *names;           /* stream's number, as eight bytes → its name, "" for none */
};

static size_t cost_of(const struct found *found)
{
    return found->message.bytes + EVENT_EXTRA_BYTES;
}

/* ---- the index ---- */

static void rows_step(struct rows *rows)
{
    if (rows->scan != NULL && !chunks_next(rows->scan, &rows->head)) {
        txn_scan_close(rows->scan);
        rows->scan = NULL;
    }
}

static void rows_open(struct walk *walk)
{
    const struct wish *wish = walk->wish;
    size_t count = wish->streams == NULL ? 1 : wish->stream_count;

    walk->rows = arena_zero(walk->c->arena, (count + 1) * sizeof(struct rows));
    walk->row_count = count;
    for (size_t i = 0; i < count; i++) {
        struct rows *rows = &walk->rows[i];

        rows->span = (struct chunk_span){
            .group = wish->group->log,
            .stream = wish->streams == NULL ? 0 : wish->streams[i],
            .from = (uint64_t)walk->low.ms / 1000,
            .to = (uint64_t)walk->high.ms / 1000,
            .descending = wish->backwards,
        };
        rows->scan = chunks_scan(walk->c, &rows->span);
        rows_step(rows);
    }
}

static bool comes_before(const struct walk *walk, const struct chunk_row *a,
                         const struct chunk_row *b)
{
    if (a->second != b->second) {
        return walk->wish->backwards ? a->second > b->second : a->second < b->second;
    }
    return a->sequence < b->sequence;
}

/* The scan whose next row comes first; NULL: none has any. */
static struct rows *rows_first(struct walk *walk)
{
    struct rows *first = NULL;

    for (size_t i = 0; i < walk->row_count; i++) {
        struct rows *rows = &walk->rows[i];

        if (rows->scan != NULL &&
            (first == NULL || comes_before(walk, &rows->head, &first->head))) {
            first = rows;
        }
    }
    return first;
}

/* ---- names ---- */

/* Of a stream; false: it is not there any more. */
static bool name_of(struct walk *walk, uint64_t stream, struct str *ret_name)
{
    struct str key = str_of(&stream, sizeof(stream));
    struct str *known = map_get(walk->names, key);

    if (known == NULL) {
        known = ARENA_NEW(walk->c->arena, struct str);
        (void)stream_name_of(walk->c, stream, known);
        (void)map_set(walk->names, key, known, NULL); /* full: it is asked for again */
    }
    *ret_name = *known;
    return known->bytes > 0;
}

static bool stream_is_wanted(struct walk *walk, uint64_t stream)
{
    struct str name;

    return walk->wish->streams != NULL ||
           (name_of(walk, stream, &name) && str_starts(name, walk->wish->prefix));
}

/* ---- chunks ---- */

static const struct log_record *record_ahead(const struct walk *walk, uint64_t sequence)
{
    for (size_t i = 0; i < walk->record_count; i++) {
        if (walk->records[i].sequence == sequence) {
            return &walk->records[i];
        }
    }
    return NULL;
}

/* *ret_record NULL: it was trimmed. Others that are near come along where they will be wanted. */
static status record_read(struct walk *walk, uint64_t sequence,
                          const struct log_record **ret_record)
{
    bool along = walk->wish->streams == NULL && !walk->wish->backwards;
    struct log_range range = {walk->wish->group->log, sequence, along ? AHEAD_MAX : 1,
                              along ? AHEAD_BYTES : 1};

    *ret_record = record_ahead(walk, sequence);
    if (*ret_record == NULL) {
        arena_clear(walk->ahead);
        walk->record_count = 0;
        TRY(logs_read(store_logs(cell_store(walk->c->cell)), &range, walk->ahead, walk->records,
                      &walk->record_count));
        *ret_record = record_ahead(walk, sequence);
    }
    return OK;
}

/* ---- what is found ---- */

static int compare(const void *a, const void *b)
{
    return place_cmp(((const struct found *)a)->place, ((const struct found *)b)->place);
}

static int compare_back(const void *a, const void *b)
{
    return compare(b, a);
}

/* Sorts what was gathered, and lets go of what does not fit into the page. */
static void cut(struct walk *walk)
{
    const struct wish *wish = walk->wish;
    size_t bytes = walk->taken_bytes;
    size_t keep = walk->taken;

    if (walk->count > walk->taken + 1) {
        qsort(&walk->found[walk->taken], walk->count - walk->taken, sizeof(struct found),
              wish->backwards ? compare_back : compare);
    }
    while (keep < walk->count && keep < wish->count_max &&
           (keep == 0 || bytes + cost_of(&walk->found[keep]) <= wish->bytes_max)) {
        bytes += cost_of(&walk->found[keep]);
        keep++;
    }
    walk->full |= keep < walk->count;
    walk->count = keep;
    walk->bytes = bytes;
    if (walk->full) {
        walk->worst = walk->found[keep - 1].place;
    }
}

/* The page is full, and that one comes behind all of it. */
static bool comes_too_late(const struct walk *walk, struct place place)
{
    int order = place_cmp(place, walk->worst);

    return walk->full && (walk->wish->backwards ? order < 0 : order > 0);
}

/* Messages that were let go of lie there still: the others move into a new place. */
static void texts_tidy(struct walk *walk)
{
    struct arena *texts = arena_new(SCRATCH_BYTES_MAX);

    for (size_t i = 0; i < walk->count; i++) {
        walk->found[i].message = arena_dup(texts, walk->found[i].message);
    }
    arena_free(walk->texts);
    walk->texts = texts;
}

static void found_add(struct walk *walk, const struct found *found)
{
    size_t most = 2 * (walk->wish->count_max - walk->taken) + GATHERED_SPARE;

    if (walk->count - walk->taken >= most ||
        walk->bytes - walk->taken_bytes >= GATHERED_BYTES) {
        cut(walk);
        texts_tidy(walk);
    }
    if (walk->count == walk->room) {
        walk->room = walk->room == 0 ? 256 : 2 * walk->room;
        walk->found = mem_grow(walk->found, walk->room * sizeof(struct found));
    }
    walk->found[walk->count] = *found;
    walk->found[walk->count].message = arena_dup(walk->texts, found->message);
    walk->count++;
    walk->bytes += cost_of(found);
}

static bool is_wanted(struct walk *walk, const struct found *found)
{
    const struct filter *filter = walk->wish->filter;

    return place_cmp(found->place, walk->low) >= 0 && place_cmp(found->place, walk->high) < 0 &&
           !comes_too_late(walk, found->place) &&
           (filter == NULL || filter_match(filter, found->message, walk->scratch));
}

/* None of its events can be wanted, as its row says. */
static bool is_aside(const struct walk *walk, const struct chunk_row *row)
{
    struct place first = {row->first_ms, row->sequence, 0};
    struct place last = {row->last_ms, row->sequence, UINT64_MAX};

    return place_cmp(last, walk->low) < 0 || place_cmp(first, walk->high) >= 0 ||
           comes_too_late(walk, walk->wish->backwards ? last : first);
}

static status chunk_look(struct walk *walk, const struct chunk_row *row)
{
    const struct log_record *record;
    struct chunk chunk;
    struct event event;

    if (is_aside(walk, row) || !stream_is_wanted(walk, row->stream)) {
        return OK;
    }
    TRY(record_read(walk, row->sequence, &record));
    if (record == NULL) {
        return OK;
    }
    if (!chunk_read(record->data, &chunk) || chunk.stream != row->stream) {
        return why_set(&walk->c->why, &ERR_CORRUPT, "A chunk of log events cannot be read");
    }
    walk->looked += record->data.bytes;
    while (chunk_next(&chunk, &event)) {
        struct found found = {.place = {event.ms, row->sequence, chunk.index - 1},
                              .ingested_ms = record->at_ms, .stream = row->stream,
                              .message = event.message};

        if (is_wanted(walk, &found)) {
            found_add(walk, &found);
        }
    }
    return OK;
}

/* ---- the walk ---- */

/* A second's chunks; the next scan's row is then of another second. */
static status second_look(struct walk *walk)
{
    struct rows *rows = rows_first(walk);
    uint64_t second = rows->head.second;

    while (rows != NULL && rows->head.second == second) {
        TRY(chunk_look(walk, &rows->head));
        rows_step(rows);
        rows = rows_first(walk);
    }
    cut(walk);
    walk->taken = walk->count;
    walk->taken_bytes = walk->bytes;
    return OK;
}

static status walk_on(struct walk *walk, struct walked *ret_walked)
{
    bool backwards = walk->wish->backwards;
    struct rows *rows = rows_first(walk);

    while (rows != NULL && !walk->full && walk->taken < walk->wish->count_max &&
           walk->looked < LOOKED_BYTES) {
        TRY(second_look(walk));
        rows = rows_first(walk);
    }
    ret_walked->more = walk->full || rows != NULL;
    if (ret_walked->more && (walk->full || walk->taken == walk->wish->count_max)) {
        struct place last = walk->found[walk->taken - 1].place;

        ret_walked->next = backwards ? last : place_after(last);
    } else if (ret_walked->more) {
        uint64_t second = rows->head.second + (backwards ? 1 : 0);

        ret_walked->next = (struct place){(int64_t)second * 1000, 0, 0};
    }
    return OK;
}

static void bounds(struct walk *walk)
{
    const struct wish *wish = walk->wish;
    int64_t horizon_ms = group_horizon_ms(walk->c, wish->group);

    walk->low = (struct place){wish->from_ms > horizon_ms ? wish->from_ms : horizon_ms, 0, 0};
    walk->high = (struct place){wish->to_ms, 0, 0};
    walk->low.ms = walk->low.ms < 0 ? 0 : walk->low.ms;
    if (wish->placed && !wish->backwards && place_cmp(wish->place, walk->low) > 0) {
        walk->low = wish->place;
    }
    if (wish->placed && wish->backwards && place_cmp(wish->place, walk->high) < 0) {
        walk->high = wish->place;
    }
}

static void give(struct walk *walk, struct walked *ret_walked)
{
    ret_walked->count = walk->taken;
    ret_walked->events = arena_alloc(walk->c->arena, (walk->taken + 1) * sizeof(struct found));
    for (size_t i = 0; i < walk->taken; i++) {
        ret_walked->events[i] = walk->found[i];
        ret_walked->events[i].message = arena_dup(walk->c->arena, walk->found[i].message);
        (void)name_of(walk, walk->found[i].stream, &ret_walked->events[i].name);
    }
}

status events_walk(struct call *c, const struct wish *wish, struct walked *ret_walked)
{
    struct walk walk = {.c = c, .wish = wish};
    status walked = OK;

    assert(wish->count_max > 0);
    *ret_walked = (struct walked){.more = false};
    bounds(&walk);
    if (place_cmp(walk.low, walk.high) >= 0) {
        return OK;
    }
    walk.texts = arena_new(SCRATCH_BYTES_MAX);
    walk.ahead = arena_new(SCRATCH_BYTES_MAX);
    walk.scratch = arena_new(SCRATCH_BYTES_MAX);
    walk.names = map_new(NAMES_MAX);
    rows_open(&walk);
    walked = walk_on(&walk, ret_walked);
    give(&walk, ret_walked);
    for (size_t i = 0; i < walk.row_count; i++) {
        if (walk.rows[i].scan != NULL) {
            txn_scan_close(walk.rows[i].scan);
        }
    }
    map_free(walk.names);
    arena_free(walk.scratch);
    arena_free(walk.ahead);
    arena_free(walk.texts);
    mem_free(walk.found);
    return walked;
}
