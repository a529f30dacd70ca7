/* SPDX-License-Identifier: Apache-2.0
 *
 * Finding out, at opening, what the directory holds and where the journal ends.
 *
 * Rules
 *  1. Every header is read. Segments in use must follow each other as their headers say (`before`),
 *     with rising positions; a hole is refused.
 *  2. The newest segment in use is walked whole; the older ones are checked when they are read
 *     (recovery does from the checkpoint on) and by fsck.
 *  3. A bad group there, or a bad header, is a torn last write or corruption: journal_format.h says
 *     which, and how much of what follows is read to decide.
 *  4. A torn group is cut by leaving it: the next group is written over its header, the only one it
 *     had. Nothing else is changed, so a crash while opening changes nothing.
 *  5. What was found is synced before it is called durable: the process before may have ended
 *     between its write and its sync.
 */
#include "store/journal_scan.h"

#include "base/mem.h"
#include "sys/log.h"

#include <stdlib.h>

#define NAME_DIGITS 16

/* ---- what is there ---- */

static uint64_t *making_add(struct found_list *list)
{
    if (list->making_count == list->making_room) {
        list->making_room = list->making_room == 0 ? 8 : list->making_room * 2;
        list->making = mem_grow(list->making, list->making_room * sizeof(list->making[0]));
    }
    return &list->making[list->making_count++];
}

static struct found *found_add(struct found_list *list)
{
    if (list->count == list->room) {
        list->room = list->room == 0 ? 64 : list->room * 2;
        list->at = mem_grow(list->at, list->room * sizeof(list->at[0]));
    }
    list->at[list->count] = (struct found){.file = NULL};
    return &list->at[list->count++];
}

static void found_name(void *arg, const char *name)
{
    struct found_list *list = arg;
    struct str whole = str_c(name);
    struct str ending = str_slice(whole, NAME_DIGITS, whole.bytes);
    uint64_t generation = 0;

    if (!str_to_u64(str_slice(whole, 0, NAME_DIGITS), &generation) || generation == 0) {
        return; /* not ours */
    }
    if (str_eq(ending, STR(".wj"))) {
        found_add(list)->generation = generation;
    } else if (str_eq(ending, STR(".new"))) {
        *making_add(list) = generation;
    }
}

static int by_generation(const void *a, const void *b)
{
    uint64_t left = ((const struct found *)a)->generation;
    uint64_t right = ((const struct found *)b)->generation;

    return left < right ? -1 : left > right;
}

static void close_all(struct found_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        file_close(list->at[i].file);
        list->at[i].file = NULL;
    }
}

static status found_file(const struct found_list *list, uint64_t generation, struct why *why,
                         struct file **ret_file)
{
    const struct journal_options options = {.files = list->files};
    char path[JOURNAL_PATH_BYTES];
    status opened = OK;

    segment_path(list->dir, generation, "wj", path);
    opened = segment_file_open(&options, path, FILE_READ, ret_file);
    return opened == OK ? OK : why_set(why, opened, "%s: cannot be opened", path);
}

status found_open(struct found_list *list, size_t index, struct why *why)
{
    close_all(list);
    return found_file(list, list->at[index].generation, why, &list->at[index].file);
}

status found_load(struct found_list *list, struct why *why)
{
    status listed = list->files->dir(list->files->ctx, list->dir, found_name, list);

    if (listed != OK) {
        return why_set(why, listed, "%s: cannot be listed", list->dir);
    }
    if (list->count > 0) {
        qsort(list->at, list->count, sizeof(list->at[0]), by_generation);
    }
    for (size_t i = 0; i < list->count; i++) {
        struct found *found = &list->at[i];

        TRY(found_open(list, i, why));
        found->good = scan_header(found->file, found->generation, &found->why, &found->header);
        if (found->good != OK && found->good != &ERR_CORRUPT && found->good != &ERR_MALFORMED) {
            return why_set(why, found->good, "%s: %s", list->dir, found->why.text);
        }
    }
    close_all(list);
    return OK;
}

void found_done(struct found_list *list)
{
    close_all(list);
    mem_free(list->at);
    mem_free(list->making);
    *list = (struct found_list){.files = list->files};
}

static bool in_use(const struct found *found)
{
    return found->good == OK && found->header.first_position != 0;
}

size_t found_newest(const struct found_list *list)
{
    for (size_t i = list->count; i > 0; i--) {
        if (in_use(&list->at[i - 1])) {
            return i - 1;
        }
    }
    return list->count;
}

/* The header is bad: was it being rewritten when the power went, before anything lay behind it? */
static status torn_header(const struct found *found, struct file *file, bool *ret_torn)
{
    struct journal_segment_header header = {.generation = found->generation};
    struct scan scan;
    bool any = true;
    uint64_t bytes = 0;
    status looked = OK;

    TRY(file_size(file, &bytes));
    header.bytes = bytes / JOURNAL_BLOCK_BYTES * JOURNAL_BLOCK_BYTES;
    if (header.bytes / JOURNAL_BLOCK_BYTES < 2) {
        *ret_torn = false; /* no crash makes a segment that short: somebody cut it */
        return OK;
    }
    scan_init(&scan);
    scan_start(&scan, file, &header, (struct segment_mark){JOURNAL_BLOCK_BYTES, 1, 0});
    looked = scan_group_within(&scan, (struct scan_range){JOURNAL_BLOCK_BYTES, header.bytes}, false,
                               &any);
    scan_done(&scan);
    TRY(looked);
    *ret_torn = !any;
    return OK;
}

/* A bad header behind the newest segment in use. */
static status check_torn(const struct found_list *list, const struct found *found, struct why *why)
{
    struct file *file = NULL;
    bool torn = false;
    status looked = OK;

    TRY(found_file(list, found->generation, why, &file));
    looked = torn_header(found, file, &torn);
    file_close(file);
    if (looked != OK) {
        return why_set(why, looked, "segment %016llu.wj cannot be read",
                       (unsigned long long)found->generation);
    }
    return torn ? OK : why_set(why, &ERR_CORRUPT, "%s", found->why.text);
}

/* The newest segment in use before that one; NULL when there is none. */
static const struct found *found_before(const struct found_list *list, size_t index)
{
    while (index > 0) {
        index--;
        if (in_use(&list->at[index])) {
            return &list->at[index];
        }
    }
    return NULL;
}

status found_check(const struct found_list *list, size_t index, struct why *why)
{
    const struct found *found = &list->at[index];
    const struct found *before = found_before(list, index);
    size_t newest = found_newest(list);

    if (found->good == &ERR_MALFORMED && (newest == list->count || index > newest)) {
        return check_torn(list, found, why);
    }
    if (found->good != OK) {
        return why_set(why, &ERR_CORRUPT, "%s", found->why.text);
    }
    if (!in_use(found) || before == NULL) {
        return OK;
    }
    if (found->header.before != before->generation) {
        return why_set(why, &ERR_CORRUPT, "segment %016llu.wj (from position %llu) is missing",
                       (unsigned long long)found->header.before,
                       (unsigned long long)before->header.first_position);
    }
    if (found->header.first_position < before->header.first_position) {
        return why_set(why, &ERR_CORRUPT, "segment %016llu.wj begins before the one before it",
                       (unsigned long long)found->generation);
    }
    return OK;
}

/* ---- where it ends ---- */

/* Where a group would tell that what lies at the end is damaged, not torn; quick: as far as the
 * good groups promise that one must be. */
static struct scan_range telling_range(struct scan *scan, bool in_group, bool quick)
{
    uint64_t torn_bytes = in_group ? scan->group.bytes : (uint64_t)JOURNAL_BLOCK_BYTES;
    uint64_t at = in_group ? scan->group.offset : scan->offset;
    struct scan_range range = {journal_padded(at + torn_bytes), scan->header.bytes};

    if (quick && scan->reach != 0) {
        range.to = range.from + 2 * scan->reach;
    }
    return range;
}

/* Something bad lies at the end: nothing may begin behind it. */
static status tail_judge(struct scan *scan, struct scan_range telling, const struct why *found,
                         struct why *why)
{
    bool any = false;

    TRY(scan_group_within(scan, telling, true, &any));
    if (!any) {
        return OK;
    }
    if (found->text[0] != 0) {
        return why_set(why, &ERR_CORRUPT, "%s", found->text);
    }
    return why_set(why, &ERR_CORRUPT,
                   "position %llu, segment %016llu.wj, offset %llu: the group is damaged",
                   (unsigned long long)scan->next, (unsigned long long)scan->header.generation,
                   (unsigned long long)scan->offset);
}

/* Walks one group with entries. */
static status tail_group(struct scan *scan, struct segment *segment, struct why *why,
                         struct tail *tail)
{
    struct journal_entry entry = {.position = 0};
    struct segment_mark mark;

    TRY(scan_group(scan, why));
    mark = (struct segment_mark){scan->group.offset, scan->group.first_position, 0};
    while (scan->left > 0) {
        TRY(scan_entry(scan, why, &entry));
        mark.at_ms = entry.position == mark.position ? entry.at_ms : mark.at_ms;
    }
    if (segment != NULL) {
        segment_note(segment, &mark);
    }
    tail->entries += scan->group.count;
    tail->newest_at_ms = entry.at_ms;
    return OK;
}

status tail_find(struct scan *scan, struct segment *segment, struct why *why,
                 struct tail *ret_tail)
{
    struct tail tail = {.newest_at_ms = 0};
    struct why found = {""};
    status walked = OK;

    do {
        tail.offset = scan->offset;
        tail.next = scan->next;
        walked = tail_group(scan, segment, &found, &tail);
    } while (walked == OK);
    if (walked == &ERR_NOT_FOUND) {
        tail.offset = scan->offset; /* behind empty groups too */
        tail.reach = scan->reach;
    } else if (walked != &ERR_CORRUPT || scan->left == 0) {
        return why_set(why, walked, "%s", found.text); /* unreadable, or a header that cannot be */
    } else {
        tail.torn = true;
        tail.offset = scan->group.offset;
        tail.reach = scan->reach_before;
    }
    TRY(tail_judge(scan, telling_range(scan, tail.torn, segment != NULL), &found, why));
    *ret_tail = tail;
    return OK;
}

/* ---- opening ---- */

static struct segment *adopt(struct found *found)
{
    struct segment *segment = MEM_NEW(struct segment);

    link_init(&segment->link);
    segment->header = found->header;
    return segment;
}

static status remove_file(const struct journal *journal, uint64_t generation, const char *ending)
{
    const struct files *files = journal->options.files;
    char path[JOURNAL_PATH_BYTES];

    segment_path(journal->dir, generation, ending, path);
    return files->remove(files->ctx, path);
}

/* Segments into their lists. */
static status sort_out(struct journal *journal, struct found_list *list, struct why *why)
{
    size_t newest = found_newest(list);
    uint64_t highest = 0;

    for (size_t i = 0; i < list->count; i++) {
        struct found *found = &list->at[i];

        TRY(found_check(list, i, why));
        highest = found->generation;
        if (in_use(found)) {
            struct segment *segment = adopt(found);

            list_push(&journal->segments, &segment->link);
            journal->segments_bytes += segment->header.bytes;
            continue;
        }
        if (found->good == OK && newest != list->count && i > newest) {
            list_push(&journal->spares, &adopt(found)->link);
        } else {
            TRY(remove_file(journal, found->generation, "wj"));
        }
    }
    for (size_t i = 0; i < list->making_count; i++) {
        highest = highest > list->making[i] ? highest : list->making[i];
        TRY(remove_file(journal, list->making[i], "new"));
    }
    journal->generation_next = highest + 1;
    return OK;
}

static status open_for_writing(struct journal *journal, struct segment *segment, struct why *why)
{
    char path[JOURNAL_PATH_BYTES];
    status opened = OK;

    segment_path(journal->dir, segment->header.generation, "wj", path);
    opened = segment_file_open(&journal->options, path, FILE_WRITE, &segment->file);
    return opened == OK ? OK : why_set(why, opened, "%s: cannot be opened", path);
}

static status find_end(struct journal *journal, struct why *why)
{
    struct segment *current = segment_current(journal);
    struct tail tail = {.torn = false};
    struct scan scan;
    status found = OK;

    TRY(open_for_writing(journal, current, why));
    scan_init(&scan);
    scan_start(&scan, current->file, &current->header, segment_seek(current, 0));
    found = tail_find(&scan, current, why, &tail);
    scan_done(&scan);
    TRY(found);
    if (!journal->options.relaxed && file_sync(current->file) != OK) {
        return why_set(why, &ERR_IO, "%s: cannot be synced", journal->dir);
    }
    if (tail.torn) {
        log_write(LOG_INFO, "journal", "%s: a last write that was not complete is left out, behind "
                  "position %llu", journal->dir, (unsigned long long)tail.next - 1);
    }
    journal->offset = tail.offset;
    journal->reach = tail.reach == 0 ? UINT64_MAX : tail.reach;
    journal->made_bytes = current->header.bytes;
    journal->newest_at_ms = tail.entries > 0 ? tail.newest_at_ms : current->header.first_at_ms;
    atomic_store(&journal->last, tail.next - 1);
    atomic_store(&journal->durable, tail.next - 1);
    atomic_store(&journal->first, segment_of(journal->segments.next)->header.first_position);
    return OK;
}

static status begin(struct journal *journal, struct why *why)
{
    struct segment *first = NULL;
    status made = segment_make_first(journal, &first);

    if (made != OK) {
        return why_set(why, made, "%s: the first segment cannot be made", journal->dir);
    }
    list_push(&journal->segments, &first->link);
    journal->segments_bytes = first->header.bytes;
    journal->offset = JOURNAL_BLOCK_BYTES;
    journal->reach = UINT64_MAX;
    atomic_store(&journal->first, first->header.first_position);
    return OK;
}

status journal_recover(struct journal *journal, struct why *why)
{
    struct found_list list = {.files = journal->options.files, .dir = journal->dir};
    status done = found_load(&list, why);
    struct why inner = {""};

    if (done == OK) {
        done = sort_out(journal, &list, &inner);
        if (done != OK) {
            (void)why_set(why, done, "%s: %s", journal->dir,
                          inner.text[0] != 0 ? inner.text : "its files cannot be sorted out");
        }
    }
    found_done(&list);
    TRY(done);
    if (link_alone(&journal->segments)) {
        return begin(journal, why);
    }
    for (struct link *at = journal->spares.next; at != &journal->spares; at = at->next) {
        TRY(open_for_writing(journal, segment_of(at), why));
    }
    done = find_end(journal, &inner);
    return done == OK ? OK : why_set(why, done, "%s: %s", journal->dir, inner.text);
}
