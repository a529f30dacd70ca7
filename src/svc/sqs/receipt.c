/* SPDX-License-Identifier: Apache-2.0
 *
 * Receipt handles.
 *
 * A handle is base64 of: u8 1, u64 queue id, u64 sequence, u32 receipt, u32 CRC32C of that. The
 * receipt is how often the message had been received from this queue, which is kept in its state
 * row; so an older handle is known as such, also after a restart.
 */
#include "base/codec.h"
#include "base/digest.h"
#include "svc/sqs/sqs_rows.h"

#include <assert.h>

#define HANDLE_BYTES 25
#define VERSION 1

struct str handle_text(struct arena *arena, const struct queue *queue,
                       const struct message *message)
{
    char *text = arena_alloc(arena, base64_encoded_bytes(HANDLE_BYTES));
    struct buf packed;

    buf_init(&packed, HANDLE_BYTES);
    write_u8(&packed, VERSION);
    write_u64(&packed, queue->id);
    write_u64(&packed, message->sequence);
    write_u32(&packed, message->receives);
    write_u32(&packed, crc32c(0, buf_str(&packed)));
    assert(!buf_spent(&packed));
    base64_encode(buf_str(&packed), text);
    buf_done(&packed);
    return str_of(text, base64_encoded_bytes(HANDLE_BYTES));
}

struct handle {
    uint64_t queue_id;         /* whose */
    uint64_t sequence;         /* of the message */
    uint32_t receipt;          /* of which receive */
};

static bool receipt_read(struct str text, struct handle *ret_handle)
{
    char raw[HANDLE_BYTES + 8];
    struct cursor cursor = cursor_of(str_of(raw, HANDLE_BYTES));
    size_t bytes;

    if (text.bytes != base64_encoded_bytes(HANDLE_BYTES) || !base64_decode(text, raw, &bytes) ||
        bytes != HANDLE_BYTES || read_u8(&cursor) != VERSION) {
        return false;
    }
    ret_handle->queue_id = read_u64(&cursor);
    ret_handle->sequence = read_u64(&cursor);
    ret_handle->receipt = read_u32(&cursor);
    return read_u32(&cursor) == crc32c(0, str_of(raw, HANDLE_BYTES - 4));
}

status handle_message(struct call *c, struct queue *queue, struct str text,
                      struct message **ret_message, bool *ret_newest)
{
    struct message *message;
    struct handle handle;

    if (!receipt_read(text, &handle)) {
        return fail(c, &SQS_BAD_HANDLE,
                    "The input receipt handle \"%.*s\" is not a valid receipt handle.",
                    STR_ARG(str_slice(text, 0, 256)));
    }
    if (handle.queue_id != queue->id) {
        return fail(c, &SQS_BAD_HANDLE, "The input receipt handle is not of this queue.");
    }
    queue_settle(c->cell, queue, c->now);
    message = message_find(queue, handle.sequence);
    *ret_message = message;
    *ret_newest = message != NULL && message->receives == handle.receipt;
    return OK;
}
