/* SPDX-License-Identifier: Apache-2.0
 *
 * A stack: the buffer that came back last is the warmest.
 */
#include "cell/buffers.h"

#include "base/mem.h"

void buffers_init(struct buffers *buffers)
{
    lock_init(&buffers->lock);
    buffers->kept = 0;
}

void buffers_done(struct buffers *buffers)
{
    while (buffers->kept > 0) {
        mem_free(buffers->at[--buffers->kept]);
    }
    lock_done(&buffers->lock);
}

void *buffer_take(struct buffers *buffers)
{
    void *at = NULL;

    lock_take(&buffers->lock);
    if (buffers->kept > 0) {
        at = buffers->at[--buffers->kept];
    }
    lock_give(&buffers->lock);
    return at != NULL ? at : mem_alloc(BUFFER_BYTES);
}

void buffer_give(struct buffers *buffers, void *at)
{
    bool keep;

    if (at == NULL) {
        return;
    }
    lock_take(&buffers->lock);
    keep = buffers->kept < BUFFERS_KEPT_MAX;
    if (keep) {
        buffers->at[buffers->kept++] = at;
    }
    lock_give(&buffers->lock);
    if (!keep) {
        mem_free(at);
    }
}
