/* SPDX-License-Identifier: Apache-2.0
 *
 * Texts of moments, durations and numbers: no reader passes its end or overflows, and a moment that
 * was read from a date is read back from what is written for it.
 */
#include "base/mem.h"
#include "base/time.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool held)
{
    if (!held) {
        abort();
    }
}

static void write_and_read(int64_t moment)
{
    struct buf buf;
    int64_t again = 0;
    struct time_parts parts = time_parts_of(moment);
    buf_init(&buf, 64);
    buf_add_iso(&buf, moment);
    /* An offset may have carried the moment past the four-digit years. */
    if (parts.year >= 0 && parts.year <= 9999) {
        demand(time_from_iso(buf_str(&buf), &again));
        demand(again == moment);
    }
    buf_done(&buf);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* A piece of exactly this size: strtod must not see what stands behind it. */
    char *text = mem_alloc(size);
    if (size > 0) {
        memcpy(text, data, size);
    }
    struct str s = str_of(text, size);
    int64_t moment;
    double number;
    if (time_from_iso(s, &moment)) {
        write_and_read(moment);
    }
    if (time_from_http_date(s, &moment) || time_from_sigv4(s, &moment)) {
        write_and_read(moment);
    }
    if (time_from_epoch_seconds(s, &moment)) {
        demand(str_to_double(s, &number));
        (void)time_parts_of(moment);
    }
    demand(!duration_from_text(s, &moment) || moment >= 0);
    mem_free(text);
    return 0;
}
