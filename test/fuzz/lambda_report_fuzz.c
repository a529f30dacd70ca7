/* SPDX-License-Identifier: Apache-2.0
 *
 * What functions answer to batches: whatever comes, a report names only records of the batch, says
 * "some" exactly when it marked one, and the state of a window is a JSON object, the same when it
 * is read again.
 */
#include "svc/lambda/mapping_ops.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ARENA_BYTES_MAX (64u << 20)
#define RECORDS 3

static void demand(bool held)
{
    if (!held) {
        abort();
    }
}

static void report(struct str answer, struct arena *arena)
{
    const struct source_record records[RECORDS] = {{.id = STR_INIT("1")}, {.id = STR_INIT("22")},
                                                   {.id = STR_INIT("333")}};
    bool failed[RECORDS] = {false};
    enum items items = batch_report(answer, records, RECORDS, arena, failed);
    bool any = failed[0] || failed[1] || failed[2];

    demand(items != ITEMS_NONE || !any);
    demand(items != ITEMS_SOME || any);
}

static void state(struct str answer, struct arena *arena)
{
    struct str first;
    struct str again;
    struct buf text;

    if (!batch_state(answer, arena, &first)) {
        return;
    }
    demand(first.bytes >= 2);
    demand(first.at[0] == '{');
    buf_init(&text, ARENA_BYTES_MAX);
    buf_add(&text, STR("{\"state\":"));
    buf_add(&text, first);
    buf_add_c(&text, '}');
    demand(batch_state(buf_str(&text), arena, &again));
    demand(str_eq(first, again));
    buf_done(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new(ARENA_BYTES_MAX);
    struct str answer = str_of(data, size);

    report(answer, arena);
    state(answer, arena);
    arena_free(arena);
    return 0;
}
