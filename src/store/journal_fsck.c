/* SPDX-License-Identifier: Apache-2.0
 *
 * Looking at everything, changing nothing: every header, the order of segments, every entry. It
 * goes on behind what is wrong, with the next segment, so that one run tells all. A torn last group
 * and half-made files are what crashes leave; they are no findings.
 */
#include "store/journal_scan.h"

struct fsck {
    void (*report)(void *arg, const char *line); /* for each finding */
    void *arg;                                   /* its argument */
    uint64_t entries;                            /* good ones seen */
    uint64_t findings;                           /* reported */
};

static void finding(struct fsck *fsck, const struct why *why)
{
    fsck->findings++;
    if (fsck->report != NULL) {
        fsck->report(fsck->arg, why->text);
    }
}

/* A segment that another one follows: it must be whole up to that one's first position. */
static status walk_whole(struct fsck *fsck, struct scan *scan, uint64_t until, struct why *why)
{
    while (scan->next < until) {
        struct journal_entry entry;
        status read = scan->left == 0 ? scan_group(scan, why) : OK;

        if (read == &ERR_NOT_FOUND) {
            return why_set(why, &ERR_CORRUPT,
                           "position %llu, segment %016llu.wj, offset %llu: no group begins here",
                           (unsigned long long)scan->next,
                           (unsigned long long)scan->header.generation,
                           (unsigned long long)scan->offset);
        }
        TRY(read);
        TRY(scan_entry(scan, why, &entry));
        fsck->entries++;
    }
    if (scan->next > until) {
        return why_set(why, &ERR_CORRUPT, "segment %016llu.wj goes beyond position %llu",
                       (unsigned long long)scan->header.generation, (unsigned long long)until);
    }
    return OK;
}

/* until: first position of the next segment in use; 0 for the newest. */
static status walk(struct fsck *fsck, const struct found *found, uint64_t until, struct why *why)
{
    const struct segment_mark start = {JOURNAL_BLOCK_BYTES, found->header.first_position, 0};
    struct tail tail = {.entries = 0};
    struct scan scan;
    status walked = OK;

    scan_init(&scan);
    scan_start(&scan, found->file, &found->header, start);
    if (until != 0) {
        walked = walk_whole(fsck, &scan, until, why);
    } else {
        walked = tail_find(&scan, NULL, why, &tail);
        fsck->entries += tail.entries;
    }
    scan_done(&scan);
    return walked;
}

static uint64_t position_after(const struct found_list *list, size_t index)
{
    for (size_t i = index + 1; i < list->count; i++) {
        if (list->at[i].good == OK && list->at[i].header.first_position != 0) {
            return list->at[i].header.first_position;
        }
    }
    return 0;
}

status journal_fsck(const struct files *files, const char *dir,
                    void (*report)(void *arg, const char *line), void *arg,
                    uint64_t *ret_entries)
{
    struct fsck fsck = {.report = report, .arg = arg};
    struct found_list list = {.files = files, .dir = dir};
    struct why why = {""};
    status loaded = found_load(&list, &why);

    if (loaded != OK) {
        finding(&fsck, &why);
    }
    for (size_t i = 0; loaded == OK && i < list.count; i++) {
        const struct found *found = &list.at[i];

        if (found_check(&list, i, &why) != OK) {
            finding(&fsck, &why);
        }
        if (found->good != OK || found->header.first_position == 0) {
            continue;
        }
        if (found_open(&list, i, &why) != OK ||
            walk(&fsck, found, position_after(&list, i), &why) != OK) {
            finding(&fsck, &why);
        }
    }
    found_done(&list);
    *ret_entries = fsck.entries;
    if (loaded != OK) {
        return loaded;
    }
    return fsck.findings == 0 ? OK : &ERR_CORRUPT;
}
