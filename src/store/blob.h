/* SPDX-License-Identifier: Apache-2.0
 *
 * Blobs: large bodies as files, written beside, synced, and published by a journal entry
 * (CHANGE_BLOB). Writing and reading happen outside the cell, on any thread; a blob never changes
 * once published. A file whose publication is not in the journal is swept at the next start.
 *
 * File: DIR/blobs/<first two digits of id>/<id>. Whole blocks of 4,096 bytes, as few as it needs:
 * the content as it is, zeros, and in the last 32 bytes the trailer: "WEIRBLOB", u64 content bytes,
 * u32 CRC32C of the content, u32 CRC32C of the trailer so far, and 8 zero bytes.
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

/* Disk space that blobs leave to the journal and its own reserve. */
#define BLOB_RESERVE_BYTES (UINT64_C(320) * 1024 * 1024)
/* Is there room for so much content: OK or ERR_FULL. From any thread. */
status blobs_admit(struct blobs *blobs, uint64_t bytes);

/* id: BLOB_ID_BYTES digits chosen by the caller. */
status blob_create(struct blobs *blobs, struct str id, struct blob_writer **ret_writer);
status blob_write(struct blob_writer *writer, struct str piece);
/* Syncs file and folder: from now on it may be published. Frees the writer. */
status blob_finish(struct blob_writer *writer, uint64_t *ret_bytes);
void blob_cancel(struct blob_writer *writer); /* removes the file; NULL is fine */

status blob_open(struct blobs *blobs, struct str id, struct blob **ret_blob);
uint64_t blob_bytes(const struct blob *blob);
status blob_read(struct blob *blob, uint64_t offset, void *at, size_t bytes, size_t *ret_bytes);
/* For sendfile(2); -1 where the backing has no descriptor. It is the blob's, until blob_close. */
int blob_fd(const struct blob *blob);
/* Brings a part of it into memory where the system can, so that sending it will not wait. */
void blob_prefetch(struct blob *blob, uint64_t offset, uint64_t bytes);
void blob_close(struct blob *blob); /* NULL is fine */

/* After CHANGE_UNBLOB is durable. Open readers keep what they have. A pinned one is removed when
 * its last pin goes, and OK says that it will be. */
status blob_remove(struct blobs *blobs, struct str id);
/* Whoever is going to open and send a blob pins it while it is sure to be there (in the cell), from
 * any thread; as often unpinned as pinned. */
void blobs_pin(struct blobs *blobs, struct str id);
void blobs_unpin(struct blobs *blobs, struct str id);
/* Every file there is, for the sweep and fsck; check: read it whole and compare the checksum. */
status blobs_each(struct blobs *blobs, bool check,
                  void (*each)(void *arg, struct str id, bool good), void *arg);

#endif
