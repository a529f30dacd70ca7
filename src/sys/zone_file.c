/* SPDX-License-Identifier: Apache-2.0
 *
 * Where Debian's tzdata lies.
 */
#include "sys/zone_file.h"

#include "base/mem.h"
#include "sys/file.h"

#include <stdio.h>

#define NAME_BYTES_MAX 50
#define FOLDER "/usr/share/zoneinfo/"

static bool is_name(struct str name)
{
    for (size_t i = 0; i < name.bytes; i++) {
        char ch = name.at[i];

        if (!((ch | 0x20) >= 'a' && (ch | 0x20) <= 'z') && ch != '_' &&
            (ch != '/' || i == 0 || i + 1 == name.bytes)) {
            return false;
        }
    }
    return name.bytes > 0 && name.bytes <= NAME_BYTES_MAX;
}

status zone_load(struct str name, struct zone **ret_zone)
{
    char path[sizeof(FOLDER) + NAME_BYTES_MAX];
    struct file *file = NULL;
    size_t got = 0;
    char *bytes;
    status read;

    if (!is_name(name)) {
        return &ERR_NOT_FOUND;
    }
    (void)snprintf(path, sizeof(path), FOLDER "%.*s", STR_ARG(name));
    if (file_open(files_real(), path, FILE_READ, &file) != OK) {
        return &ERR_NOT_FOUND;
    }
    bytes = mem_alloc(ZONE_BYTES_MAX);
    read = file_read(file, 0, bytes, ZONE_BYTES_MAX, &got);
    file_close(file);
    if (read == OK) {
        read = zone_read(str_of(bytes, got), ret_zone);
    }
    mem_free(bytes);
    return read == OK ? OK : &ERR_NOT_FOUND;
}
