/* SPDX-License-Identifier: Apache-2.0
 *
 * Blob files.
 *
 * Rules
 *  1. A blob is complete when its trailer is right and the file is as long as that says. A file of
 *     a writer that never finished has none; nobody published it, and the sweep removes it.
 *  2. Finishing syncs the file, then its folder, so that the name is as sure as the content. A new
 *     folder's own name is synced when it is made. A sync that fails ends the process.
 *  3. Pieces gather in a buffer; what is written is large, whole blocks, and goes past the page
 *     cache where the file system lets it: copying into fresh pages is what would limit the rate.
 *  4. Blobs leave BLOB_RESERVE_BYTES of the disk free, looked at before one is begun and again
 *     every LOOK_BYTES, so that a large upload does not take the journal's room.
 *  5. A reader that reads from the first byte to the last gets the checksum checked on the way: its
 *     last read fails when the content changed. Reads elsewhere are not checked.
 */
#include "store/blob.h"

#include "base/digest.h"
#include "base/map.h"
#include "base/mem.h"
#include "sys/log.h"
#include "sys/thread.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdio.h>

#define BLOCK_BYTES ((size_t)4096) /* a file is whole blocks, so that it can be written directly */
#define TRAILER_BYTES 32
#define TRAILER_MAGIC "WEIRBLOB"
#define FOLDERS 256
#define GATHER_BYTES ((size_t)1024 * 1024)
#define LOOK_BYTES ((uint64_t)64 * 1024 * 1024)
#define CHECK_BYTES ((size_t)1024 * 1024)
#define PATH_BYTES 4096
#define SPARES_MAX 16 /* writers' buffers kept: the heap would keep more, spread over threads */
#define PINS_MAX ((size_t)1 << 22)

/* The file's last bytes. */
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
    struct lock lock;              /* everything below */
    char *spares[SPARES_MAX];      /* buffers of writers that are done, for the next ones */
    size_t spare_count;            /* of them */
    struct map *pins;              /* id → struct pin */
    uint64_t pins_beyond;          /* pins for which the map had no room */
};

/* Whoever is going to send a blob, see blobs_pin(). */
struct pin {
    uint64_t count; /* of those who pinned it */
    bool remove;    /* when the last of them is done */
};

struct blob_writer {
    struct blobs *blobs;       /* outlives the writer */
    struct file *file;         /* being written */
    char id[BLOB_ID_BYTES];    /* its name */
    uint64_t written;          /* bytes of the file so far, whole blocks */
    uint32_t crc;              /* of all pieces so far */
    size_t gathered;           /* bytes in gather */
    char *gather;              /* pieces, and room for a last block */
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
    lock_init(&blobs->lock);
    blobs->pins = map_new(PINS_MAX);
    *ret_blobs = blobs;
    return OK;
}

void blobs_close(struct blobs *blobs)
{
    struct str id;
    void *pin;

    if (blobs == NULL) {
        return;
    }
    /* What is pinned still, and was to be removed, is found by the next start's sweep. */
    for (size_t i = 0; map_next(blobs->pins, &i, &id, &pin);) {
        mem_free(pin);
    }
    map_free(blobs->pins);
    while (blobs->spare_count > 0) {
        mem_free(blobs->spares[--blobs->spare_count]);
    }
    lock_done(&blobs->lock);
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

status blobs_admit(struct blobs *blobs, uint64_t bytes)
{
    uint64_t space = 0;

    TRY(blobs->files->space(blobs->files->ctx, blobs->dir, &space));
    return space >= BLOB_RESERVE_BYTES && space - BLOB_RESERVE_BYTES >= bytes ? OK : &ERR_FULL;
}

/* A file for whole blocks, direct where these are enough for that. */
static status open_new(struct blobs *blobs, const char *path, struct file **ret_file)
{
    struct file *file;

    TRY(file_open(blobs->files, path, FILE_WRITE | FILE_NEW | FILE_DIRECT, &file));
    if (BLOCK_BYTES % file->align != 0) {
        file_close(file);
        TRY(file_open(blobs->files, path, FILE_WRITE, &file));
    }
    *ret_file = file;
    return OK;
}

static char *spare_take(struct blobs *blobs)
{
    char *spare = NULL;

    lock_take(&blobs->lock);
    if (blobs->spare_count > 0) {
        spare = blobs->spares[--blobs->spare_count];
    }
    lock_give(&blobs->lock);
    return spare != NULL ? spare : mem_aligned(BLOCK_BYTES, GATHER_BYTES + BLOCK_BYTES);
}

static void spare_give(struct blobs *blobs, char *spare)
{
    bool keep;

    lock_take(&blobs->lock);
    keep = blobs->spare_count < SPARES_MAX;
    if (keep) {
        blobs->spares[blobs->spare_count++] = spare;
    }
    lock_give(&blobs->lock);
    if (!keep) {
        mem_free(spare);
    }
}

status blob_create(struct blobs *blobs, struct str id, struct blob_writer **ret_writer)
{
    char path[PATH_BYTES];
    struct file *file = NULL;
    struct blob_writer *writer = NULL;

    blob_path(blobs, id, path);
    TRY(make_folder(blobs, id.at));
    TRY(open_new(blobs, path, &file));
    writer = MEM_NEW(struct blob_writer);
    writer->blobs = blobs;
    writer->file = file;
    writer->gather = spare_take(blobs);
    memcpy(writer->id, id.at, BLOB_ID_BYTES);
    *ret_writer = writer;
    return OK;
}

/* bytes: whole blocks of what was gathered. */
static status write_out(struct blob_writer *writer, size_t bytes)
{
    TRY(file_write(writer->file, writer->written, writer->gather, bytes));
    writer->written += bytes;
    writer->gathered = 0;
    return writer->written % LOOK_BYTES == 0 ? blobs_admit(writer->blobs, 0) : OK;
}

status blob_write(struct blob_writer *writer, struct str piece)
{
    writer->crc = crc32c(writer->crc, piece);
    while (piece.bytes > 0) {
        size_t room = GATHER_BYTES - writer->gathered;
        size_t taken = piece.bytes < room ? piece.bytes : room;

        memcpy(writer->gather + writer->gathered, piece.at, taken);
        writer->gathered += taken;
        piece = str_slice(piece, taken, piece.bytes);
        if (writer->gathered == GATHER_BYTES) {
            TRY(write_out(writer, GATHER_BYTES));
        }
    }
    return OK;
}

static void writer_free(struct blob_writer *writer)
{
    file_close(writer->file);
    spare_give(writer->blobs, writer->gather);
    mem_free(writer);
}

static uint32_t trailer_crc(const struct trailer *trailer)
{
    return crc32c(0, str_of(trailer, offsetof(struct trailer, self_crc)));
}

/* How long the file of so much content is. */
static uint64_t file_bytes(uint64_t content_bytes)
{
    return (content_bytes + TRAILER_BYTES + BLOCK_BYTES - 1) / BLOCK_BYTES * BLOCK_BYTES;
}

status blob_finish(struct blob_writer *writer, uint64_t *ret_bytes)
{
    const struct files *files = writer->blobs->files;
    struct trailer trailer = {.magic = "", .crc = writer->crc};
    size_t last = 0;
    char path[PATH_BYTES];
    status wrote = OK;

    memcpy(trailer.magic, TRAILER_MAGIC, sizeof(trailer.magic));
    trailer.bytes = writer->written + writer->gathered;
    trailer.self_crc = trailer_crc(&trailer);
    last = (size_t)(file_bytes(trailer.bytes) - writer->written);
    assert(last <= GATHER_BYTES + BLOCK_BYTES);
    memset(writer->gather + writer->gathered, 0, last - writer->gathered);
    memcpy(writer->gather + last - TRAILER_BYTES, &trailer, TRAILER_BYTES);
    wrote = write_out(writer, last);
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
    if (bytes < BLOCK_BYTES) {
        return &ERR_CORRUPT;
    }
    TRY(file_read(file, bytes - TRAILER_BYTES, &trailer, sizeof(trailer), &got));
    if (got != sizeof(trailer) ||
        memcmp(trailer.magic, TRAILER_MAGIC, sizeof(trailer.magic)) != 0 ||
        trailer.self_crc != trailer_crc(&trailer) || trailer.bytes > bytes ||
        file_bytes(trailer.bytes) != bytes || trailer.zero != 0) {
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

int blob_fd(const struct blob *blob)
{
    return blob->file->fd;
}

void blob_prefetch(struct blob *blob, uint64_t offset, uint64_t bytes)
{
    file_prefetch(blob->file, offset, bytes);
}

void blob_close(struct blob *blob)
{
    if (blob == NULL) {
        return;
    }
    file_close(blob->file);
    mem_free(blob);
}

/* ---- removing ---- */

static status remove_file(struct blobs *blobs, struct str id)
{
    char path[PATH_BYTES];

    blob_path(blobs, id, path);
    return blobs->files->remove(blobs->files->ctx, path);
}

status blob_remove(struct blobs *blobs, struct str id)
{
    bool later = false;
    struct pin *pin;

    lock_take(&blobs->lock);
    pin = map_get(blobs->pins, id);
    if (pin != NULL) {
        pin->remove = true;
        later = true;
    }
    later |= blobs->pins_beyond > 0; /* it may be one of them: the next start's sweep removes it */
    lock_give(&blobs->lock);
    return later ? OK : remove_file(blobs, id);
}

void blobs_pin(struct blobs *blobs, struct str id)
{
    struct pin *pin;

    assert(id.bytes == BLOB_ID_BYTES);
    lock_take(&blobs->lock);
    pin = map_get(blobs->pins, id);
    if (pin == NULL) {
        pin = MEM_NEW(struct pin);
        if (!map_set(blobs->pins, id, pin, NULL)) {
            mem_free(pin);
            pin = NULL;
            blobs->pins_beyond++;
        }
    }
    if (pin != NULL) {
        pin->count++;
    }
    lock_give(&blobs->lock);
}

void blobs_unpin(struct blobs *blobs, struct str id)
{
    bool remove = false;
    struct pin *pin;

    lock_take(&blobs->lock);
    pin = map_get(blobs->pins, id);
    if (pin == NULL) {
        assert(blobs->pins_beyond > 0);
        blobs->pins_beyond--;
    } else if (--pin->count == 0) {
        remove = pin->remove;
        (void)map_remove(blobs->pins, id);
        mem_free(pin);
    }
    lock_give(&blobs->lock);
    if (remove) {
        status removed = remove_file(blobs, id);

        if (removed != OK) {
            log_write(LOG_WARNING, "blob", "cannot remove %.*s (%s)", STR_ARG(id), removed->code);
        }
    }
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

/* What stands between content and trailer are zeros. */
static bool rest_is_zero(const struct blob *blob)
{
    uint64_t from = blob->about.bytes;
    size_t bytes = (size_t)(file_bytes(from) - from - TRAILER_BYTES);
    char rest[BLOCK_BYTES];
    size_t got = 0;

    if (file_read(blob->file, from, rest, bytes, &got) != OK || got != bytes) {
        return false;
    }
    while (got > 0 && rest[got - 1] == 0) {
        got--;
    }
    return got == 0;
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
    bool good = read == OK && rest_is_zero(blob);

    blob_close(blob);
    return good;
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
