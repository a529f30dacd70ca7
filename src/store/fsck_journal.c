/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading a journal that nobody has opened: journal_open would make files ready and cut a torn
 * tail; fsck must not. The newest segment is read up to where its groups end; journal_fsck has
 * judged already whether that is a torn write or damage.
 */
#include "store/fsck_int.h"
#include "store/journal_scan.h"

static status segment_each(const struct found *found,
                           bool (*each)(void *arg, const struct journal_entry *entry), void *arg,
                           struct why *why, bool *ret_go_on)
{
    const struct segment_mark start = {JOURNAL_BLOCK_BYTES, found->header.first_position, 0};
    struct scan scan;
    status read = OK;
    bool go_on = true;

    scan_init(&scan);
    scan_start(&scan, found->file, &found->header, start);
    while (read == OK && go_on) {
        struct journal_entry entry;

        if (scan.left == 0) {
            read = scan_group(&scan, why);
            continue;
        }
        read = scan_entry(&scan, why, &entry);
        go_on = read != OK || each(arg, &entry);
    }
    scan_done(&scan);
    *ret_go_on = go_on;
    return read;
}

status fsck_journal_each(const struct files *files, const char *dir,
                         bool (*each)(void *arg, const struct journal_entry *entry), void *arg,
                         struct why *why)
{
    struct found_list list = {.files = files, .dir = dir};
    status read = found_load(&list, why);
    size_t newest = found_newest(&list);
    bool go_on = true;

    for (size_t i = 0; read == OK && go_on && i < list.count; i++) {
        const struct found *found = &list.at[i];

        if (found->good != OK || found->header.first_position == 0) {
            continue;
        }
        read = found_open(&list, i, why);
        if (read == OK) {
            read = segment_each(found, each, arg, why, &go_on);
        }
        if (read == &ERR_NOT_FOUND || (read == &ERR_CORRUPT && i == newest)) {
            read = OK;
        }
    }
    found_done(&list);
    return read;
}
