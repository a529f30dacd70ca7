/* SPDX-License-Identifier: Apache-2.0
 *
 * What a bulk operation's reports say.
 */
#include "svc/dynamodb/bulk.h"

#include "base/time.h"
#include "svc/dynamodb/export.h"
#include "wire/json.h"

static void add_place(struct buf *lines, const struct bulk_place *place)
{
    buf_add(lines, STR("{\"S3Key\":"));
    json_write_str(lines, place->key);
    if (place->record > 0) {
        buf_printf(lines, ",\"RecordNumber\":%llu", (unsigned long long)place->record);
    }
}

void bulk_error_line(struct buf *lines, const struct bulk_place *place, struct str message)
{
    add_place(lines, place);
    buf_add(lines, STR(",\"ErrorCode\":\"ValidationException\",\"ErrorMessage\":"));
    json_write_str(lines, message);
    buf_add(lines, STR("}\n"));
}

void bulk_condition_line(struct buf *lines, struct arena *arena, const struct bulk_place *place,
                         const struct item *item, const struct item *old)
{
    add_place(lines, place);
    buf_add(lines, STR(",\"Item\":"));
    item_text(lines, arena, item);
    if (old->packed.bytes > 0) {
        buf_add(lines, STR(",\"ExistingItem\":"));
        item_text(lines, arena, old);
    }
    buf_add(lines, STR("}\n"));
}

void bulk_summary(struct buf *text, const struct value *about)
{
    json_write(text, about, TIME_EPOCH);
    buf_add(text, STR("\n"));
}
