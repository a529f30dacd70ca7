/* SPDX-License-Identifier: Apache-2.0
 *
 * Blobs: large bodies as files, written beside, synced, and published by a journal entry
 * (CHANGE_BLOB). Writing and reading happen outside the cell, on any thread; a blob never changes
 * once published. A file whose publication is not in the journal is swept at the next start.
 *
 * File: DIR/blobs/<first two digits of id>/<id>. Content as it is, then a 32-byte trailer:
 * "WEIRBLOB", u64 content bytes, u32 CRC32C of the content, u32 CRC32C of the trailer so far, and
 * 8 zero bytes.
 */
#ifndef WEIR_STORE_BLOB_H
#define WEIR_STORE_BLOB_H

#include "base/error.h"
#include "base/str.h"
#include "sys/file.h"

#define BLOB_ID_BYTES 32 /* hex digits of a random 128-bit number */

struct blobs;
struct blob_writer;
struct blob;

status blobs_open(const struct files *files, const char *dir, struct why *why,
                  struct blobs **ret_blobs);
void blobs_close(struct blobs *blobs);

/* id: BLOB_ID_BYTES digits chosen by the caller. */
status blob_create(struct blobs *blobs, struct str id, struct blob_writer **ret_writer);
status blob_write(struct blob_writer *writer, struct str piece);
/* Syncs file and folder: from now on it may be published. Frees the writer. */
status blob_finish(struct blob_writer *writer, uint64_t *ret_bytes);
void blob_cancel(struct blob_writer *writer); /* removes the file; NULL is fine */

status blob_open(struct blobs *blobs, struct str id, struct blob **ret_blob);
uint64_t blob_bytes(const struct blob *blob);
status blob_read(struct blob *blob, uint64_t offset, void *at, size_t bytes, size_t *ret_bytes);
void blob_close(struct blob *blob);

/* After CHANGE_UNBLOB is durable. Open readers keep what they have. */
status blob_remove(struct blobs *blobs, struct str id);
/* Every file there is, for the sweep and fsck; check: read it whole and compare the checksum. */
status blobs_each(struct blobs *blobs, bool check,
                  void (*each)(void *arg, struct str id, bool good), void *arg);

#endif
