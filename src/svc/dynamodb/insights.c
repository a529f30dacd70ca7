/* SPDX-License-Identifier: Apache-2.0
 *
 * Contributor Insights as a table keeps them: (str index, u8 1 enabled 2 throttled only, zigzag
 * changed_ms) for each.
 */
#include "svc/dynamodb/insights.h"

#include "base/cursor.h"

#include <assert.h>

#define PACKED_BYTES_MAX 16384

size_t insights_unpack(struct str packed, struct insight insights[INSIGHTS_MAX])
{
    struct cursor cursor = cursor_of(packed);
    size_t count = 0;

    while (cursor.rest.bytes > 0 && cursor_ok(&cursor) && count < INSIGHTS_MAX) {
        struct insight *insight = &insights[count++];
        uint8_t flags;

        insight->index = read_str(&cursor);
        flags = read_u8(&cursor);
        insight->enabled = (flags & 1) != 0;
        insight->throttled_only = (flags & 2) != 0;
        insight->changed_ms = read_zigzag(&cursor);
    }
    return count;
}

struct insight insight_of(const struct table *table, struct str index)
{
    struct insight insights[INSIGHTS_MAX];
    size_t count = insights_unpack(table->extras[EXTRA_INSIGHTS], insights);

    for (size_t i = 0; i < count; i++) {
        if (str_eq(insights[i].index, index)) {
            return insights[i];
        }
    }
    return (struct insight){.index = index};
}

static void insight_write(struct buf *packed, const struct insight *insight)
{
    write_str(packed, insight->index);
    write_u8(packed, (uint8_t)((insight->enabled ? 1 : 0) | (insight->throttled_only ? 2 : 0)));
    write_zigzag(packed, insight->changed_ms);
}

void insight_set(struct call *c, struct table *table, const struct insight *insight)
{
    struct insight insights[INSIGHTS_MAX];
    size_t count = insights_unpack(arena_dup(c->arena, table->extras[EXTRA_INSIGHTS]), insights);
    struct buf packed;

    buf_init(&packed, PACKED_BYTES_MAX);
    for (size_t i = 0; i < count; i++) {
        if (!str_eq(insights[i].index, insight->index) &&
            (insights[i].index.bytes == 0 || table_index(table, insights[i].index) != NULL)) {
            insight_write(&packed, &insights[i]);
        }
    }
    insight_write(&packed, insight);
    assert(!buf_spent(&packed));
    text_set(&table->extras[EXTRA_INSIGHTS], buf_str(&packed));
    buf_done(&packed);
}
