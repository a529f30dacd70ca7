/* SPDX-License-Identifier: Apache-2.0
 *
 * What several handlers ask of their arguments.
 */
#include "base/codec.h"
#include "svc/kms/kms_ops.h"

#define MARKER_BYTES_MAX 1024

status page_read(struct call *c, size_t limit, struct kms_page *ret_page)
{
    struct str marker = arg_str(c, "Marker");
    char *after = arena_alloc(c->arena, marker.bytes / 2 + 1);

    if (marker.bytes > MARKER_BYTES_MAX || marker.bytes % 2 != 0 || !hex_decode(marker, after)) {
        return fail(c, &KMS_MARKER, "Could not deserialize marker '%.*s'", STR_ARG(marker));
    }
    ret_page->limit = (size_t)arg_int(c, "Limit", (int64_t)limit);
    ret_page->after = str_of(after, marker.bytes / 2);
    return OK;
}

void page_end(struct call *c, struct str last)
{
    put_bool(c, "Truncated", last.bytes > 0);
    if (last.bytes > 0) {
        char *hex = arena_alloc(c->arena, 2 * last.bytes);

        hex_encode(last, hex);
        put_str(c, "NextMarker", str_of(hex, 2 * last.bytes));
    }
}

status dry_run(struct call *c)
{
    return arg_bool(c, "DryRun", false)
               ? fail(c, &KMS_DRY_RUN,
                      "The request would have succeeded, but the DryRun option is set.")
               : OK;
}

status no_recipient(struct call *c)
{
    return arg_has(c, "Recipient")
               ? fail(c, &KMS_VALIDATION,
                      "weir has no Nitro enclaves: Recipient cannot be answered.")
               : OK;
}
