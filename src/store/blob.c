/* SPDX-License-Identifier: Apache-2.0
 *
 * Blob files.
 *
 * Rules
 *  1. A blob is complete when its trailer is right and the file ends behind it. A file of a writer
 *     that never finished has none; nobody published it, and the sweep removes it.
 *  2. Finishing syncs the file, then its folder, so that the name is as sure as the content. A new
 *     folder's own name is synced when it is made. A sync that fails ends the process.
 *  3. Small pieces gather in a buffer; what is written is large.
 *  4. A reader that reads from the first byte to the last gets the checksum checked on the way: its
 *     last read fails when the content changed. Reads elsewhere are not checked.
 */
#include "store/blob.h"

#include "base/digest.h"
#include "base/mem.h"
#include "sys/log.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdio.h>

#define TRAILER_BYTES 32
#define TRAILER_MAGIC "WEIRBLOB"
#define FOLDERS 256
#define GATHER_BYTES ((size_t)256 * 1024)
#define CHECK_BYTES ((size_t)1024 * 1024)
#define PATH_BYTES 4096

/* As it lies behind the content. */
struct trailer {
    char magic[8];     /* TRAILER_MAGIC */
    uint64_t bytes;    /* of the content */
    uint32_t crc;      /* CRC32C of the content */
    uint32_t self_crc; /* CRC32C of the trailer up to here */
    uint64_t zero;     /* reserved */
};
_Static_assert(sizeof(struct trailer) == TRAILER_BYTES, "the trailer has 32 bytes");
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the trailer is written as it is");

struct blobs {
    const struct files *files;     /* where they live */
    char *dir;                     /* DIR/blobs */
    char *above;                   /* DIR */
    _Atomic bool made[FOLDERS];    /* the folder was made and its name synced by this process */
};

struct blob_writer {
    struct blobs *blobs;       /* outlives the writer */
    struct file *file;         /* being written */
    char id[BLOB_ID_BYTES];    /* its name */
    uint64_t bytes;            /* written to the file */
    uint32_t crc;              /* of all pieces so far */
    size_t gathered;           /* bytes in gather */
    char *gather;              /* small pieces; made when needed */
};

struct blob {
    struct file *file;     /* open for reading */
    struct trailer about;  /* what the content should be */
    uint64_t checked;      /* so far it was read in order … */
    uint32_t crc;          /* … with this checksum */
};

static char *dir_above(const char *dir)
{
    const char *slash = strrchr(dir, '/');

    if (slash == NULL) {
        return mem_dup(".", 1);
    }
    return slash == dir ? mem_dup("/", 1) : mem_dup(dir, (size_t)(slash - dir));
}

status blobs_open(const struct files *files, const char *dir, struct why *why,
                  struct blobs **ret_blobs)
{
    status made = files->dir(files->ctx, dir, NULL, NULL);
    struct blobs *blobs = NULL;

    if (made != OK) {
        return why_set(why, made, "%s: the directory cannot be made", dir);
    }
    blobs = MEM_NEW(struct blobs);
    blobs->files = files;
    blobs->dir = mem_dup(dir, strlen(dir));
    blobs->above = dir_above(dir);
    *ret_blobs = blobs;
    return OK;
}

void blobs_close(struct blobs *blobs)
{
    if (blobs == NULL) {
        return;
    }
    mem_free(blobs->dir);
    mem_free(blobs->above);
    mem_free(blobs);
}

/* ---- names ---- */

static bool is_hex(struct str s)
{
    for (size_t i = 0; i < s.bytes; i++) {
        if (!((s.at[i] >= '0' && s.at[i] <= '9') || (s.at[i] >= 'a' && s.at[i] <= 'f'))) {
            return false;
        }
    }
    return true;
}

static void folder_path(const struct blobs *blobs, const char *id, char path[PATH_BYTES])
{
    int bytes = snprintf(path, PATH_BYTES, "%s/%.2s", blobs->dir, id);

    assert(bytes > 0);
    assert(bytes < PATH_BYTES);
}

static void blob_path(const struct blobs *blobs, struct str id, char path[PATH_BYTES])
{
    int bytes = 0;

    assert(id.bytes == BLOB_ID_BYTES);
    assert(is_hex(id));
    bytes = snprintf(path, PATH_BYTES, "%s/%.2s/%.*s", blobs->dir, id.at, STR_ARG(id));
    assert(bytes > 0);
    assert(bytes < PATH_BYTES);
}

static size_t digit(char c)
{
    return (size_t)(c <= '9' ? c - '0' : c - 'a' + 10);
}

/* ---- writing ---- */

static void must_sync(const struct blobs *blobs, status synced)
{
    if (synced != OK) {
        sys_die("blob", "cannot sync in %s (%s)", blobs->dir, synced->code);
    }
}

static status make_folder(struct blobs *blobs, const char *id)
{
    _Atomic bool *made = &blobs->made[digit(id[0]) * 16 + digit(id[1])];
    char path[PATH_BYTES];

    if (atomic_load(made)) {
        return OK;
    }
    folder_path(blobs, id, path);
    TRY(blobs->files->dir(blobs->files->ctx, path, NULL, NULL));
    must_sync(blobs, blobs->files->sync_dir(blobs->files->ctx, blobs->dir));
    must_sync(blobs, blobs->files->sync_dir(blobs->files->ctx, blobs->above));
    atomic_store(made, true);
    return OK;
}

status blob_create(struct blobs *blobs, struct str id, struct blob_writer **ret_writer)
{
    char path[PATH_BYTES];
    struct file *file = NULL;
    struct blob_writer *writer = NULL;

    blob_path(blobs, id, path);
    TRY(make_folder(blobs, id.at));
    TRY(file_open(blobs->files, path, FILE_WRITE | FILE_NEW, &file));
    writer = MEM_NEW(struct blob_writer);
    writer->blobs = blobs;
    writer->file = file;
    memcpy(writer->id, id.at, BLOB_ID_BYTES);
    *ret_writer = writer;
    return OK;
}

static status write_out(struct blob_writer *writer, struct str piece)
{
    TRY(file_write(writer->file, writer->bytes, piece.at, piece.bytes));
    writer->bytes += piece.bytes;
    return OK;
}

static status write_gathered(struct blob_writer *writer)
{
    if (writer->gathered > 0) {
        TRY(write_out(writer, str_of(writer->gather, writer->gathered)));
        writer->gathered = 0;
    }
    return OK;
}

static void gather(struct blob_writer *writer, struct str piece)
{
    if (piece.bytes == 0) {
        return;
    }
    if (writer->gather == NULL) {
        writer->gather = mem_alloc(GATHER_BYTES);
    }
    memcpy(writer->gather + writer->gathered, piece.at, piece.bytes);
    writer->gathered += piece.bytes;
}

status blob_write(struct blob_writer *writer, struct str piece)
{
    if (writer->gathered + piece.bytes > GATHER_BYTES) {
        TRY(write_gathered(writer));
    }
    if (piece.bytes > GATHER_BYTES) {
        TRY(write_out(writer, piece));
    } else {
        gather(writer, piece);
    }
    writer->crc = crc32c(writer->crc, piece);
    return OK;
}

static void writer_free(struct blob_writer *writer)
{
    file_close(writer->file);
    mem_free(writer->gather);
    mem_free(writer);
}

static uint32_t trailer_crc(const struct trailer *trailer)
{
    return crc32c(0, str_of(trailer, offsetof(struct trailer, self_crc)));
}

status blob_finish(struct blob_writer *writer, uint64_t *ret_bytes)
{
    const struct files *files = writer->blobs->files;
    struct trailer trailer = {.magic = "", .crc = writer->crc};
    char path[PATH_BYTES];
    status wrote = OK;

    memcpy(trailer.magic, TRAILER_MAGIC, sizeof(trailer.magic));
    trailer.bytes = writer->bytes + writer->gathered;
    trailer.self_crc = trailer_crc(&trailer);
    if (writer->gathered + TRAILER_BYTES > GATHER_BYTES) {
        wrote = write_gathered(writer);
    }
    if (wrote == OK) {
        gather(writer, str_of(&trailer, sizeof(trailer)));
        wrote = write_gathered(writer);
    }
    if (wrote != OK) {
        blob_cancel(writer);
        return wrote;
    }
    must_sync(writer->blobs, file_sync(writer->file));
    folder_path(writer->blobs, writer->id, path);
    must_sync(writer->blobs, files->sync_dir(files->ctx, path));
    *ret_bytes = trailer.bytes;
    writer_free(writer);
    return OK;
}

void blob_cancel(struct blob_writer *writer)
{
    if (writer == NULL) {
        return;
    }
    /* If it stays, the sweep of the next start removes it. */
    (void)blob_remove(writer->blobs, str_of(writer->id, BLOB_ID_BYTES));
    writer_free(writer);
}

/* ---- reading ---- */

static status trailer_read(struct file *file, struct trailer *ret_trailer)
{
    struct trailer trailer;
    uint64_t bytes = 0;
    size_t got = 0;

    TRY(file_size(file, &bytes));
    if (bytes < TRAILER_BYTES) {
        return &ERR_CORRUPT;
    }
    TRY(file_read(file, bytes - TRAILER_BYTES, &trailer, sizeof(trailer), &got));
    if (got != sizeof(trailer) ||
        memcmp(trailer.magic, TRAILER_MAGIC, sizeof(trailer.magic)) != 0 ||
        trailer.self_crc != trailer_crc(&trailer) || trailer.bytes != bytes - TRAILER_BYTES ||
        trailer.zero != 0) {
        return &ERR_CORRUPT;
    }
    *ret_trailer = trailer;
    return OK;
}

status blob_open(struct blobs *blobs, struct str id, struct blob **ret_blob)
{
    char path[PATH_BYTES];
    struct trailer about;
    struct file *file = NULL;
    struct blob *blob = NULL;
    status read = OK;

    blob_path(blobs, id, path);
    TRY(file_open(blobs->files, path, FILE_READ, &file));
    read = trailer_read(file, &about);
    if (read != OK) {
        file_close(file);
        return read;
    }
    blob = MEM_NEW(struct blob);
    blob->file = file;
    blob->about = about;
    *ret_blob = blob;
    return OK;
}

uint64_t blob_bytes(const struct blob *blob)
{
    return blob->about.bytes;
}

status blob_read(struct blob *blob, uint64_t offset, void *at, size_t bytes, size_t *ret_bytes)
{
    uint64_t rest = offset < blob->about.bytes ? blob->about.bytes - offset : 0;
    size_t wanted = bytes < rest ? bytes : (size_t)rest;
    size_t got = 0;

    TRY(file_read(blob->file, offset, at, wanted, &got));
    if (got != wanted) {
        return &ERR_CORRUPT;
    }
    if (offset == blob->checked && got > 0) {
        blob->crc = crc32c(blob->crc, str_of(at, got));
        blob->checked += got;
        if (blob->checked == blob->about.bytes && blob->crc != blob->about.crc) {
            return &ERR_CORRUPT;
        }
    }
    *ret_bytes = got;
    return OK;
}

void blob_close(struct blob *blob)
{
    if (blob == NULL) {
        return;
    }
    file_close(blob->file);
    mem_free(blob);
}

status blob_remove(struct blobs *blobs, struct str id)
{
    char path[PATH_BYTES];

    blob_path(blobs, id, path);
    return blobs->files->remove(blobs->files->ctx, path);
}

/* ---- all of them ---- */

/* Names are copied first: the caller may remove files while it hears of them. */
struct names {
    char (*at)[BLOB_ID_BYTES + 1]; /* the names */
    size_t count;                  /* of them */
    size_t room;                   /* allocated */
    size_t bytes;                  /* of a name that counts */
    status listed;                 /* how it went */
};

static void name_add(void *arg, const char *name)
{
    struct names *names = arg;
    struct str whole = str_c(name);

    if (whole.bytes != names->bytes || !is_hex(whole)) {
        return; /* not ours */
    }
    if (names->count == names->room) {
        names->room = names->room == 0 ? 64 : names->room * 2;
        names->at = mem_grow(names->at, names->room * sizeof(names->at[0]));
    }
    memcpy(names->at[names->count], name, whole.bytes + 1);
    names->count++;
}

static void names_list(const struct blobs *blobs, const char *path, struct names *names)
{
    names->listed = blobs->files->dir(blobs->files->ctx, path, name_add, names);
}

static bool content_is_good(struct blobs *blobs, struct str id)
{
    struct blob *blob = NULL;
    char *piece = NULL;
    uint64_t at = 0;
    size_t got = 0;
    status read = blob_open(blobs, id, &blob);

    if (read != OK) {
        return false;
    }
    piece = mem_alloc(CHECK_BYTES);
    do {
        read = blob_read(blob, at, piece, CHECK_BYTES, &got);
        at += got;
    } while (read == OK && at < blob_bytes(blob));
    mem_free(piece);
    blob_close(blob);
    return read == OK;
}

/* Who is told of every blob. */
struct telling {
    bool check;                                        /* the content is looked at, too */
    void (*each)(void *arg, struct str id, bool good); /* hears of each */
    void *arg;                                         /* its argument */
};

static status folder_each(struct blobs *blobs, const char *folder, const struct telling *telling)
{
    struct names ids = {.bytes = BLOB_ID_BYTES};
    char path[PATH_BYTES];

    folder_path(blobs, folder, path);
    names_list(blobs, path, &ids);
    for (size_t i = 0; ids.listed == OK && i < ids.count; i++) {
        struct str id = str_of(ids.at[i], BLOB_ID_BYTES);

        telling->each(telling->arg, id, !telling->check || content_is_good(blobs, id));
    }
    mem_free(ids.at);
    return ids.listed;
}

status blobs_each(struct blobs *blobs, bool check,
                  void (*each)(void *arg, struct str id, bool good), void *arg)
{
    const struct telling telling = {check, each, arg};
    struct names folders = {.bytes = 2};
    status listed = OK;

    names_list(blobs, blobs->dir, &folders);
    listed = folders.listed;
    for (size_t i = 0; listed == OK && i < folders.count; i++) {
        listed = folder_each(blobs, folders.at[i], &telling);
    }
    mem_free(folders.at);
    return listed;
}
