/* SPDX-License-Identifier: Apache-2.0
 *
 * Lists in pieces. A marker is base64 of the name given last, so that what is made or deleted
 * between two pieces moves nothing else.
 */
#include "base/codec.h"
#include "svc/iam/iam_int.h"

#define ITEMS_USUAL 100
#define ITEMS_MAX 1000
#define MARKER_BYTES_MAX 4096

status piece_begin_parts(struct call *c, struct piece *ret_piece)
{
    struct str marker = arg_str(c, "Marker");
    struct piece piece = {.c = c, .count_max = (uint32_t)arg_int(c, "MaxItems", ITEMS_USUAL)};
    size_t bytes = 0;
    char *plain;

    if (marker.bytes > 0) {
        plain = arena_alloc(c->arena, marker.bytes + 1);
        if (marker.bytes > MARKER_BYTES_MAX || !base64_decode(marker, plain, &bytes) ||
            bytes == 0) {
            return fail(c, &IAM_VALIDATION, "Invalid Marker.");
        }
        piece.after = str_of(plain, bytes);
    }
    if (piece.count_max > ITEMS_MAX) {
        piece.count_max = ITEMS_MAX;
    }
    put_bool(c, "IsTruncated", false);
    *ret_piece = piece;
    return OK;
}

void piece_part(struct piece *piece, const char *member, size_t count)
{
    size_t room;

    piece->given += piece->list == NULL ? 0 : piece->list->count;
    room = piece->count_max - piece->given;
    piece->list = put_list(piece->c, member, count < room ? count : room);
}

status piece_begin(struct call *c, const char *member, size_t count, struct piece *ret_piece)
{
    TRY(piece_begin_parts(c, ret_piece));
    piece_part(ret_piece, member, count);
    return OK;
}

bool piece_takes(struct piece *piece, struct str name)
{
    char *marker;

    if (piece->full || (piece->after.bytes > 0 && name_cmp(name, piece->after) <= 0)) {
        return false;
    }
    if (piece->given + piece->list->count == piece->count_max) {
        marker = arena_alloc(piece->c->arena, base64_encoded_bytes(piece->last.bytes) + 1);
        base64_encode(piece->last, marker);
        put_bool(piece->c, "IsTruncated", true);
        put_str(piece->c, "Marker", str_of(marker, base64_encoded_bytes(piece->last.bytes)));
        piece->full = true;
        return false;
    }
    piece->last = name;
    return true;
}
