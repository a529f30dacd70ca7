/* SPDX-License-Identifier: Apache-2.0
 *
 * The small text files of a data directory, each written beside, synced and renamed:
 *
 *   format        "weir data 1\n"
 *   checkpoint    "weir checkpoint <position, 20 digits> crc32c <8 hex digits>\n"
 *                 the checksum is of everything before " crc32c"
 *   NAME.secret   "weir secret <64 hex digits> crc32c <8 hex digits>\n", the same way
 *
 * The format file is made first in a new directory, so one without it that has a journal is not
 * ours to touch.
 */
#include "store/store_int.h"

#include "base/codec.h"
#include "base/digest.h"
#include "sys/log.h"
#include "sys/rand.h"

#include <assert.h>
#include <stdio.h>

#define TEXT_BYTES_MAX 128
#define FORMAT_PREFIX "weir data "
#define NOTE_PREFIX "weir checkpoint "
#define SECRET_PREFIX "weir secret "

void store_path(const char *dir, const char *name, char out[STORE_PATH_BYTES_MAX])
{
    int bytes = snprintf(out, STORE_PATH_BYTES_MAX, "%s/%s", dir, name);

    assert(bytes > 0);
    assert(bytes < STORE_PATH_BYTES_MAX);
}

static status text_read(const struct files *files, const char *path, char out[TEXT_BYTES_MAX],
                        struct str *ret_text)
{
    struct file *file = NULL;
    size_t bytes = 0;
    status read = OK;

    TRY(file_open(files, path, FILE_READ, &file));
    read = file_read(file, 0, out, TEXT_BYTES_MAX, &bytes);
    file_close(file);
    TRY(read);
    *ret_text = str_of(out, bytes);
    return OK;
}

static status text_write(const struct files *files, const char *dir, const char *name,
                         struct str text)
{
    char temporary_name[64];
    char temporary[STORE_PATH_BYTES_MAX];
    char path[STORE_PATH_BYTES_MAX];
    struct file *file = NULL;
    status wrote = OK;
    status synced = OK;

    snprintf(temporary_name, sizeof(temporary_name), "%s.tmp", name);
    store_path(dir, temporary_name, temporary);
    store_path(dir, name, path);
    TRY(file_open(files, temporary, FILE_WRITE, &file));
    wrote = file_resize(file, 0);
    if (wrote == OK) {
        wrote = file_write(file, 0, text.at, text.bytes);
    }
    synced = wrote == OK ? file_sync(file) : OK;
    file_close(file);
    if (synced != OK) {
        sys_die("store", "cannot sync %s", temporary);
    }
    TRY(wrote);
    TRY(files->rename(files->ctx, temporary, path));
    return files->sync_dir(files->ctx, dir);
}

/* ---- format ---- */

static status format_write(const struct files *files, const char *dir, struct why *why)
{
    char text[TEXT_BYTES_MAX];
    int bytes = snprintf(text, sizeof(text), FORMAT_PREFIX "%u\n", STORE_FORMAT);
    status made = text_write(files, dir, "format", str_of(text, (size_t)bytes));

    return made == OK ? OK
                      : why_set(why, made, "%s/format cannot be written (%s)", dir, made->code);
}

static status format_make(const struct files *files, const char *dir, struct why *why)
{
    char path[STORE_PATH_BYTES_MAX];
    struct file *file = NULL;

    store_path(dir, "checkpoint", path);
    if (file_open(files, path, FILE_READ, &file) == OK) {
        file_close(file);
        return why_set(why, &ERR_CORRUPT, "%s has a checkpoint but no format file", dir);
    }
    return format_write(files, dir, why);
}

status store_format_check(const struct files *files, const char *dir, bool read_only,
                          struct why *why)
{
    char path[STORE_PATH_BYTES_MAX];
    char bytes[TEXT_BYTES_MAX];
    struct str text;
    uint64_t number = 0;
    status read = OK;

    store_path(dir, "format", path);
    read = text_read(files, path, bytes, &text);
    if (read == &ERR_NOT_FOUND && !read_only) {
        return format_make(files, dir, why);
    }
    if (read != OK) {
        return why_set(why, read, "%s cannot be read: is it a weir data directory?", path);
    }
    if (!str_starts(text, STR(FORMAT_PREFIX)) || !str_ends(text, STR("\n")) ||
        !str_to_u64(str_slice(text, sizeof(FORMAT_PREFIX) - 1, text.bytes - 1), &number) ||
        number == 0) {
        return why_set(why, &ERR_CORRUPT, "%s does not say which format the data has", path);
    }
    if (number > STORE_FORMAT) {
        return why_set(why, &ERR_VERSION,
                       "%s has data format %llu; this weir reads up to %u: use a newer weir", dir,
                       (unsigned long long)number, STORE_FORMAT);
    }
    /* An older one is read as it is, but what is added is not for the weir that made it. */
    return number < STORE_FORMAT && !read_only ? format_write(files, dir, why) : OK;
}

/* ---- the note of the last checkpoint ---- */

static size_t note_text(uint64_t position, char out[TEXT_BYTES_MAX])
{
    int bytes = snprintf(out, TEXT_BYTES_MAX, NOTE_PREFIX "%020llu", (unsigned long long)position);
    uint32_t crc = crc32c(0, str_of(out, (size_t)bytes));

    return (size_t)bytes +
           (size_t)snprintf(out + bytes, TEXT_BYTES_MAX - (size_t)bytes, " crc32c %08x\n", crc);
}

status store_note_read(const struct files *files, const char *dir, struct why *why,
                       uint64_t *ret_position)
{
    char path[STORE_PATH_BYTES_MAX];
    char bytes[TEXT_BYTES_MAX];
    char expected[TEXT_BYTES_MAX];
    struct str text;
    size_t digits_at = sizeof(NOTE_PREFIX) - 1;
    uint64_t position = 0;
    status read = OK;

    store_path(dir, "checkpoint", path);
    read = text_read(files, path, bytes, &text);
    if (read == &ERR_NOT_FOUND) {
        *ret_position = 0;
        return OK;
    }
    if (read != OK) {
        return why_set(why, read, "%s cannot be read", path);
    }
    if (!str_starts(text, STR(NOTE_PREFIX)) ||
        !str_to_u64(str_slice(text, digits_at, digits_at + 20), &position) ||
        !str_eq(text, str_of(expected, note_text(position, expected)))) {
        return why_set(why, &ERR_CORRUPT, "%s is damaged: its checksum does not agree", path);
    }
    *ret_position = position;
    return OK;
}

status store_note_write(const struct files *files, const char *dir, uint64_t position)
{
    char text[TEXT_BYTES_MAX];

    return text_write(files, dir, "checkpoint", str_of(text, note_text(position, text)));
}

/* ---- secrets ---- */

static size_t secret_text(const uint8_t secret[STORE_SECRET_BYTES], char out[TEXT_BYTES_MAX])
{
    char hex[2 * STORE_SECRET_BYTES];
    int bytes;
    int more;

    hex_encode(str_of(secret, STORE_SECRET_BYTES), hex);
    bytes = snprintf(out, TEXT_BYTES_MAX, SECRET_PREFIX "%.*s", (int)sizeof(hex), hex);
    assert(bytes > 0);
    more = snprintf(out + bytes, TEXT_BYTES_MAX - (size_t)bytes, " crc32c %08x\n",
                    crc32c(0, str_of(out, (size_t)bytes)));
    assert(more > 0);
    return (size_t)bytes + (size_t)more;
}

static bool secret_read(struct str text, uint8_t out[STORE_SECRET_BYTES])
{
    size_t begin = sizeof(SECRET_PREFIX) - 1;
    char again[TEXT_BYTES_MAX];

    return str_starts(text, STR(SECRET_PREFIX)) &&
           text.bytes > begin + 2 * STORE_SECRET_BYTES &&
           hex_decode(str_slice(text, begin, begin + 2 * STORE_SECRET_BYTES), (char *)out) &&
           str_eq(text, str_of(again, secret_text(out, again)));
}

status store_secret(struct store *store, const char *name, bool make,
                    uint8_t out[STORE_SECRET_BYTES], struct why *why)
{
    char path[STORE_PATH_BYTES_MAX];
    char bytes[TEXT_BYTES_MAX];
    char file[64];
    struct str text;
    status read;

    snprintf(file, sizeof(file), "%s.secret", name);
    store_path(store->dir, file, path);
    read = text_read(store->options.files, path, bytes, &text);
    if (read == &ERR_NOT_FOUND && make) {
        rand_secret(out, STORE_SECRET_BYTES);
        text = str_of(bytes, secret_text(out, bytes));
        read = text_write(store->options.files, store->dir, file, text);
        return read == OK ? OK : why_set(why, read, "%s cannot be written (%s)", path, read->code);
    }
    if (read != OK) {
        return why_set(why, read, "%s cannot be read (%s)", path, read->code);
    }
    if (!secret_read(text, out)) {
        return why_set(why, &ERR_CORRUPT, "%s is not as it was written", path);
    }
    if (make) { /* whoever made it may have ended before its name was sure */
        read = store->options.files->sync_dir(store->options.files->ctx, store->dir);
    }
    return read == OK ? OK : why_set(why, read, "%s cannot be synced (%s)", path, read->code);
}
