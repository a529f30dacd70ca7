/* SPDX-License-Identifier: Apache-2.0
 *
 * The journal against what is derived from it.
 *
 * Logs: one pass; each appended record of an entry up to the checkpoint is compared with the log's,
 * and each log that was not dropped must be there.
 *
 * Index: what the kept entries up to the index's position did last to each key is gathered in a
 * table of facts (a 128-bit hash of the key, the entry, a checksum of the value), then the index is
 * read from end to end and held against it. The table is bounded: when there may be more keys, they
 * are spread by their hash over several passes, each over journal and index.
 *
 * Blobs: what the index says is published, and what the entries behind its position published since
 * and took back, against the files.
 */
#include "store/fsck_int.h"

#include "base/digest.h"
#include "base/mem.h"
#include "store/key.h"

#include <assert.h>
#include <stdio.h>

#define ENTRY_BYTES_MAX (UINT64_C(2) << 30)
#define READ_BYTES_MAX (64u * 1024 * 1024)
#define LOGS_MAX 16000000u
#define KEY_SHOWN_MAX 96

enum { FACT_NONE, FACT_PUT, FACT_DELETED };

/* What the newest entry did to a key. */
struct fact {
    uint64_t hash[2];   /* of the key */
    uint64_t position;  /* of the entry */
    uint32_t crc;       /* of the value */
    uint8_t kind;       /* FACT_… */
    bool seen;          /* the index has the key */
};

struct compare {
    struct fsck_run *run;    /* the whole */
    struct arena *arena;     /* of one entry */
    struct arena *read;      /* of one record or key */
    uint64_t first, last;    /* positions seen */
    uint64_t keyed;          /* changes of keys, up to the index's position */
    uint64_t lines;          /* findings of this kind so far */
    struct map *live;        /* logs that were changed and not dropped since */
    struct map *published;   /* ids of blobs */
    struct fact *facts;      /* a table, at most half full */
    size_t fact_slots;       /* a power of two */
    uint64_t part, parts;    /* of the keys, in this pass */
};

static bool may_say(struct compare *compare)
{
    if (++compare->lines == FSCK_LINES_MAX) {
        fsck_say(compare->run, "more of this kind are only counted");
    }
    if (compare->lines >= FSCK_LINES_MAX) {
        compare->run->result.findings++;
        return false;
    }
    return true;
}

/* Each change of every entry. */
typedef void change_act(struct compare *compare, uint64_t position, const struct change *change);

struct pass {
    struct compare *compare; /* the whole */
    change_act *act;         /* of this pass */
};

static bool entry_each(void *arg, const struct journal_entry *raw)
{
    struct pass *pass = arg;
    struct compare *compare = pass->compare;
    struct why why = {""};
    struct entry entry;

    compare->first = compare->first == 0 ? raw->position : compare->first;
    compare->last = raw->position;
    if (pass->act == NULL) {
        return true;
    }
    arena_clear(compare->arena);
    if (entry_read(raw->body, compare->arena, &why, &entry) != OK) {
        fsck_say(compare->run, "journal entry %llu: %s", (unsigned long long)raw->position,
                 why.text);
        return true;
    }
    for (size_t i = 0; i < entry.change_count; i++) {
        pass->act(compare, raw->position, &entry.changes[i]);
    }
    return true;
}

static status each_change(struct compare *compare, change_act *act, struct why *why)
{
    struct pass pass = {compare, act};

    return fsck_journal_each(compare->run->files, compare->run->journal_dir, entry_each, &pass,
                             why);
}

status fsck_journal_ends(struct fsck_run *run, struct why *why, uint64_t *ret_first,
                         uint64_t *ret_last)
{
    struct compare compare = {.run = run};

    TRY(each_change(&compare, NULL, why));
    *ret_first = compare.first == 0 ? 1 : compare.first;
    *ret_last = compare.last;
    return OK;
}

/* ---- logs ---- */

static void live_set(struct compare *compare, uint64_t log, bool live)
{
    struct str key = str_of(&log, sizeof(log));
    void *former = NULL;

    if (live) {
        map_set(compare->live, key, compare, &former);
    } else {
        map_remove(compare->live, key);
    }
}

static void record_compare(struct compare *compare, uint64_t position, const struct change *change)
{
    struct logs *logs = compare->run->logs;
    struct log_state state = logs_state(logs, change->log);
    struct log_range range = {change->log, change->sequence, 1, READ_BYTES_MAX};
    struct log_record record;
    size_t count = 0;
    const char *fault = NULL;

    if (log_find(logs, change->log) == NULL || change->sequence < state.first) {
        return; /* dropped (live says whether rightly) or trimmed */
    }
    arena_clear(compare->read);
    if (change->sequence > state.last) {
        fault = "is missing";
    } else if (logs_read(logs, &range, compare->read, &record, &count) != OK || count != 1) {
        fault = "cannot be read";
    } else if (record.at_ms != change->at_ms || !str_eq(record.data, change->data)) {
        fault = "differs";
    }
    if (fault != NULL && may_say(compare)) {
        fsck_say(compare->run, "log %llu: record %llu, appended by entry %llu, %s",
                 (unsigned long long)change->log, (unsigned long long)change->sequence,
                 (unsigned long long)position, fault);
    }
}

/* ---- blobs ---- */

static void published_set(struct compare *compare, struct str id, bool published)
{
    void *former = NULL;

    if (published) {
        map_set(compare->published, id, compare, &former);
    } else {
        map_remove(compare->published, id);
    }
}

static void published_in_index(struct compare *compare)
{
    struct kv *kv = compare->run->kv;
    struct key prefix = key_of(compare->read, "weir");
    struct kv_scan *scan = NULL;
    struct str key;
    struct str value;
    struct str from;

    key_str(&prefix, STR("blob"));
    from = key_end(&prefix);
    scan = kv->ops->scan(kv, from, key_after_prefix(compare->read, from), false);
    while (kv->ops->scan_next(scan, &key, &value)) {
        struct key_reader reader = {str_slice(key, from.bytes, key.bytes)};
        struct str id;

        if (key_read_str(&reader, compare->read, &id)) {
            published_set(compare, id, true);
        } else {
            fsck_say(compare->run, "index: a blob's key is broken");
        }
    }
    kv->ops->scan_close(scan);
}

static void blob_damaged(struct fsck_run *run, struct str id)
{
    fsck_say(run, "blob %.*s: its checksum does not agree", STR_ARG(id));
}

static void blobs_compare(struct compare *compare)
{
    struct fsck_run *run = compare->run;
    struct str id;
    void *value = NULL;

    for (size_t i = 0; map_next(compare->published, &i, &id, &value);) {
        const char *file = map_get(run->blobs, id);

        if (file == NULL && may_say(compare)) {
            fsck_say(run, "blob %.*s is published and has no file", STR_ARG(id));
        } else if (file == &run->blob_bad && may_say(compare)) {
            blob_damaged(run, id);
        }
    }
}

void fsck_blobs_all(struct fsck_run *run)
{
    struct str id;
    void *file = NULL;

    for (size_t i = 0; map_next(run->blobs, &i, &id, &file);) {
        if (file == &run->blob_bad) {
            blob_damaged(run, id);
        }
    }
}

/* ---- the first pass ---- */

static bool is_keyed(const struct change *change)
{
    return change->kind == CHANGE_PUT || change->kind == CHANGE_DELETE ||
           change->kind == CHANGE_BLOB || change->kind == CHANGE_UNBLOB;
}

static void first_pass(struct compare *compare, uint64_t position, const struct change *change)
{
    const struct fsck_run *run = compare->run;

    if (is_keyed(change)) {
        bool indexed = run->kv != NULL && position <= run->kv_position;
        bool blob = change->kind == CHANGE_BLOB || change->kind == CHANGE_UNBLOB;

        compare->keyed += indexed;
        if (blob && !indexed) {
            published_set(compare, change->key, change->kind == CHANGE_BLOB);
        }
        return;
    }
    if (!run->logs_good || position > run->note) {
        return;
    }
    live_set(compare, change->log, change->kind != CHANGE_DROP);
    if (change->kind == CHANGE_APPEND) {
        record_compare(compare, position, change);
    }
}

static void logs_missing(struct compare *compare)
{
    struct str key;
    void *value = NULL;

    for (size_t i = 0; map_next(compare->live, &i, &key, &value);) {
        uint64_t log = 0;

        memcpy(&log, key.at, sizeof(log));
        if (log_find(compare->run->logs, log) == NULL && may_say(compare)) {
            fsck_say(compare->run, "log %llu is missing", (unsigned long long)log);
        }
    }
}

/* ---- the index ---- */

static void key_hash(struct str key, uint64_t hash[2])
{
    uint8_t digest[SHA256_BYTES];

    sha256(key, digest);
    memcpy(hash, digest, 2 * sizeof(hash[0]));
}

/* The key's fact, or the empty slot for it. */
static struct fact *fact_find(const struct compare *compare, const uint64_t hash[2])
{
    size_t at = hash[0] & (compare->fact_slots - 1);

    while (compare->facts[at].kind != FACT_NONE &&
           (compare->facts[at].hash[0] != hash[0] || compare->facts[at].hash[1] != hash[1])) {
        at = (at + 1) & (compare->fact_slots - 1);
    }
    return &compare->facts[at];
}

/* The key of a change, and its value: a blob's is the position of the entry that published it. */
static void fact_note(struct compare *compare, uint64_t position, const struct change *change)
{
    bool blob = change->kind == CHANGE_BLOB || change->kind == CHANGE_UNBLOB;
    bool gone = change->kind == CHANGE_DELETE || change->kind == CHANGE_UNBLOB;
    struct str value = blob ? str_of(&position, sizeof(position)) : change->data;
    struct str key = change->key;
    uint64_t hash[2];

    if (!is_keyed(change) || position > compare->run->kv_position) {
        return;
    }
    if (blob) {
        arena_clear(compare->read);
        key = store_blob_key(compare->read, change->key);
    }
    key_hash(key, hash);
    if (hash[1] % compare->parts != compare->part) {
        return;
    }
    *fact_find(compare, hash) = (struct fact){
        .hash = {hash[0], hash[1]},
        .position = position,
        .crc = gone ? 0 : crc32c(0, value),
        .kind = gone ? FACT_DELETED : FACT_PUT,
    };
}

static void key_show(struct str key, char out[4 * KEY_SHOWN_MAX + 4])
{
    size_t shown = key.bytes < KEY_SHOWN_MAX ? key.bytes : KEY_SHOWN_MAX;
    size_t bytes = 0;

    for (size_t i = 0; i < shown; i++) {
        unsigned char c = (unsigned char)key.at[i];

        bool plain = c > ' ' && c < 0x7f && c != '\\';

        bytes += (size_t)snprintf(out + bytes, 5, plain ? "%c" : "\\x%02x", c);
    }
    snprintf(out + bytes, 4, "%s", shown < key.bytes ? "..." : "");
}

static void pair_compare(struct compare *compare, struct str key, struct str value)
{
    char shown[4 * KEY_SHOWN_MAX + 4];
    const char *fault = NULL;
    struct fact *fact = NULL;
    uint64_t hash[2];

    key_hash(key, hash);
    if (hash[1] % compare->parts != compare->part) {
        return;
    }
    compare->run->result.keys++;
    fact = fact_find(compare, hash);
    fact->seen = true;
    if (fact->kind == FACT_DELETED) {
        fault = "is there, although it was deleted by";
    } else if (fact->kind == FACT_PUT && fact->crc != crc32c(0, value)) {
        fault = "has another value than was put by";
    }
    if (fault != NULL && may_say(compare)) {
        key_show(key, shown);
        fsck_say(compare->run, "index: key %s %s entry %llu", shown, fault,
                 (unsigned long long)fact->position);
    }
}

static void facts_missing(struct compare *compare)
{
    for (size_t i = 0; i < compare->fact_slots; i++) {
        const struct fact *fact = &compare->facts[i];

        if (fact->kind == FACT_PUT && !fact->seen && may_say(compare)) {
            fsck_say(compare->run, "index: a key that was put by entry %llu is missing",
                     (unsigned long long)fact->position);
        }
    }
}

static status index_pass(struct compare *compare, struct why *why)
{
    struct kv *kv = compare->run->kv;
    struct kv_scan *scan = NULL;
    struct str key;
    struct str value;

    memset(compare->facts, 0, compare->fact_slots * sizeof(compare->facts[0]));
    TRY(each_change(compare, fact_note, why));
    scan = kv->ops->scan(kv, STR("\x01"), STR("\xff"), false);
    while (kv->ops->scan_next(scan, &key, &value)) {
        pair_compare(compare, key, value);
    }
    kv->ops->scan_close(scan);
    facts_missing(compare);
    return OK;
}

static status index_compare(struct compare *compare, struct why *why)
{
    status compared = OK;
    uint64_t keys = compare->keyed < FSCK_KEYS_PER_PASS ? compare->keyed : FSCK_KEYS_PER_PASS;

    /* A pass may get a little more than its share: the table has room for twice as many. */
    compare->parts = compare->keyed / FSCK_KEYS_PER_PASS + 1;
    compare->fact_slots = 1024;
    while (compare->fact_slots < 3 * keys) {
        compare->fact_slots *= 2;
    }
    compare->facts = mem_alloc(compare->fact_slots * sizeof(compare->facts[0]));
    for (compare->part = 0; compare->part < compare->parts && compared == OK; compare->part++) {
        compared = index_pass(compare, why);
    }
    mem_free(compare->facts);
    return compared;
}

void fsck_compare(struct fsck_run *run)
{
    struct compare compare = {
        .run = run,
        .arena = arena_new(ENTRY_BYTES_MAX),
        .read = arena_new(ENTRY_BYTES_MAX),
        .live = map_new(LOGS_MAX),
        .published = map_new(FSCK_BLOBS_MAX),
    };
    struct why why = {""};
    status compared = OK;

    if (run->kv != NULL) {
        published_in_index(&compare);
    }
    compared = each_change(&compare, first_pass, &why);
    if (run->logs_good) {
        logs_missing(&compare);
    }
    if (compared == OK && run->kv != NULL) {
        compared = index_compare(&compare, &why);
    }
    if (run->kv != NULL || compare.first <= 1) {
        blobs_compare(&compare);
    } else {
        fsck_blobs_all(run); /* what the dropped entries published was in the index alone */
    }
    if (compared != OK) {
        fsck_say(run, "journal: %s", why.text);
    }
    map_free(compare.published);
    map_free(compare.live);
    arena_free(compare.read);
    arena_free(compare.arena);
}
