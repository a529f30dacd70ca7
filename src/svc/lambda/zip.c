/* SPDX-License-Identifier: Apache-2.0
 *
 * Unpacking zips. What an archive says is data: names that are absolute, lead out or hold "." and
 * "..", links that point out, special files, encrypted entries and sums that do not fit make it no
 * package. Sizes are what comes out, not what is declared.
 *
 * Of a file's mode the executable bits count; the rest is made readable for everybody, since a
 * worker is another user than weir. Entries without a Unix mode are plain files.
 */
#include "base/mem.h"
#include "svc/lambda/package.h"
#include "sys/tree.h"

#include <assert.h>
#include <sys/stat.h>
#include <zip.h>

#define PIECE_BYTES (64u * 1024)

struct unpacking {
    zip_t *zip;                  /* the archive */
    struct tree *tree;           /* where to; NULL: nowhere */
    uint64_t bytes;              /* that came out so far */
    uint64_t bytes_max;          /* at most */
    char *piece;                 /* PIECE_BYTES */
};

struct entry_info {
    zip_uint64_t index;          /* in the archive */
    struct str name;             /* without a slash at its end */
    mode_t mode;                 /* kind and permissions */
};

static status entry_look(const struct unpacking *unpacking, zip_uint64_t index,
                         struct entry_info *info)
{
    const char *name = zip_get_name(unpacking->zip, index, ZIP_FL_ENC_GUESS);
    zip_uint32_t attributes = 0;
    zip_uint8_t system = 0;
    zip_stat_t st;

    if (name == NULL || zip_stat_index(unpacking->zip, index, 0, &st) != 0 ||
        ((st.valid & ZIP_STAT_ENCRYPTION_METHOD) != 0 && st.encryption_method != ZIP_EM_NONE)) {
        return &ERR_MALFORMED;
    }
    (void)zip_file_get_external_attributes(unpacking->zip, index, 0, &system, &attributes);
    info->index = index;
    info->name = str_c(name);
    info->mode = system == ZIP_OPSYS_UNIX ? (mode_t)(attributes >> 16) : 0;
    if ((info->mode & S_IFMT) == 0) {
        info->mode = S_IFREG | (info->mode & 0777);
    }
    if (str_ends(info->name, STR("/"))) {
        info->name.bytes--;
        info->mode = S_IFDIR;
    }
    return tree_name_good(info->name) ? OK : &ERR_MALFORMED;
}

static status take_piece(struct unpacking *unpacking, struct str piece)
{
    unpacking->bytes += piece.bytes;
    if (unpacking->bytes > unpacking->bytes_max) {
        return &ERR_LIMIT;
    }
    return unpacking->tree == NULL ? OK : tree_file_add(unpacking->tree, piece);
}

static status read_all(struct unpacking *unpacking, zip_file_t *file)
{
    for (;;) {
        zip_int64_t got = zip_fread(file, unpacking->piece, PIECE_BYTES);

        if (got < 0) {
            return &ERR_MALFORMED;
        }
        if (got == 0) {
            return OK;
        }
        TRY(take_piece(unpacking, str_of(unpacking->piece, (size_t)got)));
    }
}

static status unpack_file(struct unpacking *unpacking, const struct entry_info *info)
{
    zip_file_t *file = zip_fopen_index(unpacking->zip, info->index, 0);
    status went = OK;

    if (file == NULL) {
        return &ERR_MALFORMED;
    }
    if (unpacking->tree != NULL) {
        went = tree_file_begin(unpacking->tree, info->name, (info->mode & 0111) != 0);
    }
    if (went == OK) {
        went = read_all(unpacking, file);
    }
    if (zip_fclose(file) != 0 && went == OK) {
        went = &ERR_MALFORMED;
    }
    if (unpacking->tree != NULL) {
        status ended = tree_file_end(unpacking->tree);

        went = went == OK ? ended : went;
    }
    return went;
}

static status unpack_link(struct unpacking *unpacking, const struct entry_info *info)
{
    zip_file_t *file = zip_fopen_index(unpacking->zip, info->index, 0);
    zip_int64_t got;

    if (file == NULL) {
        return &ERR_MALFORMED;
    }
    got = zip_fread(file, unpacking->piece, TREE_NAME_BYTES_MAX);
    if (zip_fclose(file) != 0 || got <= 0 ||
        !tree_link_good(info->name, str_of(unpacking->piece, (size_t)got))) {
        return &ERR_MALFORMED;
    }
    unpacking->bytes += (uint64_t)got;
    return unpacking->tree == NULL
               ? OK
               : tree_link(unpacking->tree, info->name, str_of(unpacking->piece, (size_t)got));
}

static status unpack_entry(struct unpacking *unpacking, const struct entry_info *info)
{
    switch (info->mode & S_IFMT) {
    case S_IFREG:
        return unpack_file(unpacking, info);
    case S_IFDIR:
        return unpacking->tree == NULL ? OK : tree_folder(unpacking->tree, info->name);
    case S_IFLNK:
        return unpack_link(unpacking, info);
    default: /* a pipe, a device */
        return &ERR_MALFORMED;
    }
}

static status unpack_all(struct unpacking *unpacking)
{
    zip_int64_t count = zip_get_num_entries(unpacking->zip, 0);

    if (count > ZIP_ENTRIES_MAX) {
        return &ERR_LIMIT;
    }
    for (zip_int64_t i = 0; i < count; i++) {
        struct entry_info info;

        TRY(entry_look(unpacking, (zip_uint64_t)i, &info));
        TRY(unpack_entry(unpacking, &info));
    }
    return count > 0 ? OK : &ERR_NOT_FOUND;
}

status zip_unpack(struct str zip, struct tree *tree, uint64_t bytes_max, uint64_t *ret_bytes)
{
    struct unpacking unpacking = {.tree = tree, .bytes_max = bytes_max};
    zip_source_t *source = zip_source_buffer_create(zip.at, zip.bytes, 0, NULL);
    status went;

    assert(zip.bytes == 0 || zip.at != NULL);
    if (source == NULL) {
        return &ERR_MALFORMED;
    }
    unpacking.zip = zip_open_from_source(source, ZIP_RDONLY, NULL);
    if (unpacking.zip == NULL) {
        zip_source_free(source);
        return &ERR_MALFORMED;
    }
    unpacking.piece = mem_alloc(PIECE_BYTES);
    went = unpack_all(&unpacking);
    mem_free(unpacking.piece);
    zip_discard(unpacking.zip);
    if (went == OK) {
        *ret_bytes = unpacking.bytes;
    }
    return went;
}
