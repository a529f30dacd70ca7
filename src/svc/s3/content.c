/* SPDX-License-Identifier: Apache-2.0
 *
 * Where an object's bytes are, who else uses them, and how they go.
 *
 * Rules
 *  1. Up to 4 KiB stand in the version's record, up to 64 KiB in a row of their own, so that
 *     listing reads little; more is a blob that was written outside the cell. What was uploaded in
 *     parts is a list of pieces: completing an upload copies nothing.
 *  2. A row, blob or list that several refer to has a count. A list is counted as a whole; only a
 *     copied range counts its pieces one by one.
 *  3. A list of many pieces is not taken apart at once but by the minute's tick.
 *  4. SSE-C: AES-256 in counter mode, whatever the place. The key is never stored.
 */
#include "base/codec.h"
#include "cell/cipher.h"
#include "svc/s3/s3_core.h"

#include <assert.h>

/* ---- ids ---- */

void blob_id_text(const uint8_t id[PIECE_ID_BYTES], char ret_text[BLOB_ID_BYTES])
{
    static_assert(BLOB_ID_BYTES == 2 * PIECE_ID_BYTES, "an id is a blob's name as bytes");
    hex_encode(str_of(id, PIECE_ID_BYTES), ret_text);
}

static struct str blob_id(struct call *c, const uint8_t id[PIECE_ID_BYTES])
{
    char *text = arena_alloc(c->arena, BLOB_ID_BYTES);

    blob_id_text(id, text);
    return str_of(text, BLOB_ID_BYTES);
}

/* Rising, so that rows of one time lie together; and random, so that no two are the same. */
void piece_id_new(struct call *c, uint8_t ret_id[PIECE_ID_BYTES])
{
    uint64_t rising = sequence_next(c);

    for (int i = 7; i >= 0; i--) {
        ret_id[i] = (uint8_t)rising;
        rising >>= 8;
    }
    rand_fill(c->rand, ret_id + 8, 8);
}

/* ---- the customer's cipher ---- */

void cipher_bytes(const uint8_t key[32], const uint8_t iv[16], uint64_t offset, struct str in,
                  char *out)
{
    struct call_cipher cipher;
    struct cipher_run *run;

    memcpy(cipher.key, key, sizeof(cipher.key));
    memcpy(cipher.iv, iv, sizeof(cipher.iv));
    memcpy(out, in.at, in.bytes);
    run = cipher_begin(&cipher, offset);
    cipher_apply(run, out, in.bytes);
    cipher_end(run);
}

static struct str enciphered(struct call *c, const struct content *content, struct str bytes,
                             const uint8_t *key)
{
    char *out = arena_alloc(c->arena, bytes.bytes + 1);

    cipher_bytes(key, content->iv, 0, bytes, out);
    return str_of(out, bytes.bytes);
}

/* ---- making ---- */

/* What weir writes itself and is larger than a row: a list of rows. */
static struct content content_in_rows(struct call *c, struct str bytes)
{
    size_t count = (bytes.bytes + ROW_BYTES_MAX - 1) / ROW_BYTES_MAX;
    struct part *part = ARENA_NEW(c->arena, struct part);
    struct part_list list = {part, 1};

    assert(bytes.bytes <= CONTENT_IN_ROWS_MAX);
    part->number = 1;
    part->size = bytes.bytes;
    part->pieces = arena_zero(c->arena, count * sizeof(struct piece));
    part->piece_count = (uint32_t)count;
    for (size_t i = 0; i < count; i++) {
        struct piece *piece = &part->pieces[i];
        struct str row = str_slice(bytes, i * ROW_BYTES_MAX, (i + 1) * ROW_BYTES_MAX);

        piece->kind = CONTENT_ROW;
        piece->size = row.bytes;
        piece_id_new(c, piece->id);
        id_row_put(c, "body", piece->id, row);
    }
    return content_of_parts(c, &list);
}

struct content content_of_bytes(struct call *c, struct str bytes, const uint8_t *key)
{
    struct content content = {.kind = CONTENT_NONE};

    if (bytes.bytes == 0) {
        return content;
    }
    if (key != NULL) {
        content.enciphered = true;
        rand_fill(c->rand, content.iv, sizeof(content.iv));
        bytes = enciphered(c, &content, bytes, key);
    }
    if (bytes.bytes <= BYTES_IN_RECORD_MAX) {
        content.kind = CONTENT_BYTES;
        content.bytes = bytes;
        return content;
    }
    if (bytes.bytes > ROW_BYTES_MAX) {
        return content_in_rows(c, bytes);
    }
    content.kind = CONTENT_ROW;
    piece_id_new(c, content.id);
    id_row_put(c, "body", content.id, bytes);
    return content;
}

const struct call_body *body_of_call(struct call *c)
{
    static const struct call_body empty = {
        .declared_size = UINT64_MAX,
        .md5 = {0xd4, 0x1d, 0x8c, 0xd9, 0x8f, 0x00, 0xb2, 0x04, 0xe9, 0x80, 0x09, 0x98, 0xec, 0xf8,
                0x42, 0x7e},
        .kind = CHECKSUM_CRC64NVME,
    };

    return c->body == NULL ? &empty : c->body;
}

struct content content_of_body(struct call *c, const uint8_t *key)
{
    return content_of_received(c, body_of_call(c), key);
}

struct content content_of_received(struct call *c, const struct call_body *body,
                                   const uint8_t *key)
{
    struct content content = {.kind = CONTENT_BLOB};
    bool good;

    if (body->blob.bytes == 0) {
        return content_of_bytes(c, body->bytes, key);
    }
    good = hex_decode(body->blob, (char *)content.id);
    assert(good);
    assert(body->blob.bytes == BLOB_ID_BYTES);
    if (key != NULL) {
        assert(body->cipher != NULL);
        content.enciphered = true;
        memcpy(content.iv, body->cipher->iv, sizeof(content.iv));
    }
    txn_blob_keep(c->txn, body->blob);
    return content;
}

struct content content_of_parts(struct call *c, const struct part_list *list)
{
    struct content content = {.kind = CONTENT_LIST};

    piece_id_new(c, content.id);
    id_row_put(c, "list", content.id, list_pack(c->arena, list));
    return content;
}

struct part *part_of_content(struct call *c, const struct content *content, uint64_t size)
{
    struct part *part = ARENA_NEW(c->arena, struct part);
    struct piece *piece = ARENA_NEW(c->arena, struct piece);

    part->size = size;
    part->pieces = piece;
    if (content->kind == CONTENT_NONE) {
        return part;
    }
    part->piece_count = 1;
    piece->kind = content->kind;
    piece->enciphered = content->enciphered;
    piece->size = size;
    memcpy(piece->iv, content->iv, sizeof(piece->iv));
    if (content->kind == CONTENT_BYTES) { /* pieces are never in a record */
        piece->kind = CONTENT_ROW;
        piece_id_new(c, piece->id);
        id_row_put(c, "body", piece->id, content->bytes);
    } else {
        memcpy(piece->id, content->id, sizeof(piece->id));
    }
    return part;
}

/* ---- sharing and dropping ---- */

static bool let_go(struct call *c, const uint8_t id[PIECE_ID_BYTES])
{
    uint64_t count = shared_count(c, id);

    if (count > 1) {
        shared_set(c, id, count - 1);
        return false;
    }
    return true;
}

static void hold_more(struct call *c, const uint8_t id[PIECE_ID_BYTES])
{
    shared_set(c, id, shared_count(c, id) + 1);
}

void content_share(struct call *c, const struct content *content)
{
    if (content->kind >= CONTENT_ROW) {
        hold_more(c, content->id);
    }
}

void piece_share(struct call *c, const struct piece *piece)
{
    hold_more(c, piece->id);
}

void piece_drop(struct call *c, const struct piece *piece)
{
    if (!let_go(c, piece->id)) {
        return;
    }
    if (piece->kind == CONTENT_ROW) {
        id_row_delete(c, "body", piece->id);
    } else {
        txn_blob_drop(c->txn, blob_id(c, piece->id));
    }
}

void content_parts(struct call *c, const struct content *content, struct part_list *ret_list)
{
    struct str value;
    bool there = id_row_get(c, "list", content->id, &value);

    assert(content->kind == CONTENT_LIST);
    assert(there);
    list_read(c->arena, value, ret_list);
}

static void list_drop(struct call *c, const struct content *content)
{
    struct part_list list;
    size_t pieces = 0;

    if (!let_go(c, content->id)) {
        return;
    }
    content_parts(c, content, &list);
    for (size_t i = 0; i < list.count; i++) {
        pieces += list.parts[i].piece_count;
    }
    if (pieces > PIECES_AT_ONCE_MAX) {
        garbage_add_list(c, content->id);
        return;
    }
    for (size_t i = 0; i < list.count; i++) {
        for (uint32_t j = 0; j < list.parts[i].piece_count; j++) {
            piece_drop(c, &list.parts[i].pieces[j]);
        }
    }
    id_row_delete(c, "list", content->id);
}

void content_drop(struct call *c, const struct content *content)
{
    struct piece piece = {.kind = content->kind};

    if (content->kind == CONTENT_LIST) {
        list_drop(c, content);
    } else if (content->kind >= CONTENT_ROW) {
        memcpy(piece.id, content->id, sizeof(piece.id));
        piece_drop(c, &piece);
    }
}

/* ---- reading ---- */

/* The stretch of pieces that [offset, offset + size) covers. */
static void pieces_of_list(struct call *c, const struct content *content,
                           const struct content_range *range, struct pieces *pieces)
{
    struct part_list list;
    uint64_t at = 0;
    uint64_t end = range->offset + range->size;
    size_t room = 0;

    content_parts(c, content, &list);
    for (size_t i = 0; i < list.count; i++) {
        room += list.parts[i].piece_count;
    }
    pieces->items = arena_alloc(c->arena, (room + 1) * sizeof(struct piece));
    for (size_t i = 0; i < list.count && at < end; i++) {
        for (uint32_t j = 0; j < list.parts[i].piece_count && at < end; j++) {
            struct piece piece = list.parts[i].pieces[j];
            uint64_t from = range->offset > at ? range->offset - at : 0;
            uint64_t to = end - at < piece.size ? end - at : piece.size;

            at += piece.size;
            if (from < to) {
                piece.offset += from;
                piece.size = to - from;
                pieces->items[pieces->count++] = piece;
            }
        }
    }
}

void content_pieces(struct call *c, const struct object *object,
                    const struct content_range *range, struct pieces *ret_pieces)
{
    const struct content *content = &object->content;

    assert(content->kind != CONTENT_BYTES);
    assert(range->offset + range->size <= object->size);
    *ret_pieces = (struct pieces){NULL, 0};
    if (range->size == 0) {
        return;
    }
    if (content->kind == CONTENT_LIST) {
        pieces_of_list(c, content, range, ret_pieces);
        return;
    }
    ret_pieces->items = ARENA_NEW(c->arena, struct piece);
    ret_pieces->count = 1;
    ret_pieces->items->kind = content->kind;
    ret_pieces->items->enciphered = content->enciphered;
    ret_pieces->items->offset = range->offset;
    ret_pieces->items->size = range->size;
    memcpy(ret_pieces->items->id, content->id, PIECE_ID_BYTES);
    memcpy(ret_pieces->items->iv, content->iv, sizeof(content->iv));
}

/* Bytes in memory, deciphered: those of [offset, offset + size). */
static struct call_extent extent_of_bytes(struct call *c, struct str stored,
                                          const struct piece *piece, const uint8_t *key)
{
    struct str bytes = str_slice(stored, piece->offset, piece->offset + piece->size);

    assert(bytes.bytes == piece->size);
    if (piece->enciphered) {
        char *out = arena_alloc(c->arena, bytes.bytes + 1);

        assert(key != NULL);
        cipher_bytes(key, piece->iv, piece->offset, bytes, out);
        bytes.at = out;
    }
    return (struct call_extent){.bytes = bytes, .size = bytes.bytes};
}

static struct call_extent extent_of_piece(struct call *c, const struct piece *piece,
                                          const uint8_t *key)
{
    struct call_extent extent = {.offset = piece->offset, .size = piece->size};
    struct str stored;

    if (piece->kind == CONTENT_ROW) {
        bool there = id_row_get(c, "body", piece->id, &stored);

        assert(there);
        return extent_of_bytes(c, stored, piece, key);
    }
    extent.blob = blob_id(c, piece->id);
    if (piece->enciphered) {
        struct call_cipher *cipher = ARENA_NEW(c->arena, struct call_cipher);

        assert(key != NULL);
        memcpy(cipher->key, key, sizeof(cipher->key));
        memcpy(cipher->iv, piece->iv, sizeof(cipher->iv));
        extent.cipher = cipher;
    }
    return extent;
}

void content_extents(struct call *c, const struct object *object,
                     const struct content_range *range, struct call_extent **ret_extents,
                     size_t *ret_count)
{
    struct pieces pieces;

    if (object->content.kind == CONTENT_BYTES) {
        struct piece piece = {.enciphered = object->content.enciphered,
                              .offset = range->offset,
                              .size = range->size};

        memcpy(piece.iv, object->content.iv, sizeof(piece.iv));
        *ret_extents = ARENA_NEW(c->arena, struct call_extent);
        **ret_extents = extent_of_bytes(c, object->content.bytes, &piece, range->key);
        *ret_count = 1;
        return;
    }
    content_pieces(c, object, range, &pieces);
    *ret_extents = arena_alloc(c->arena, (pieces.count + 1) * sizeof(struct call_extent));
    *ret_count = pieces.count;
    for (size_t i = 0; i < pieces.count; i++) {
        (*ret_extents)[i] = extent_of_piece(c, &pieces.items[i], range->key);
    }
}

status object_bytes(struct call *c, const struct object *object, size_t bytes_max,
                    struct str *ret_bytes)
{
    struct content_range range = {.size = object->size};
    struct call_extent *extents;
    size_t count;
    char *bytes;
    size_t at = 0;

    if (object->size > bytes_max || object->encryption == ENCRYPTION_CUSTOMER) {
        return &ERR_LIMIT;
    }
    content_extents(c, object, &range, &extents, &count);
    bytes = arena_alloc(c->arena, object->size + 1);
    for (size_t i = 0; i < count; i++) {
        if (extents[i].blob.bytes > 0) {
            return &ERR_LIMIT;
        }
        memcpy(bytes + at, extents[i].bytes.at, extents[i].size);
        at += extents[i].size;
    }
    *ret_bytes = str_of(bytes, at);
    return OK;
}
