/* SPDX-License-Identifier: Apache-2.0
 *
 * Zips for tests, made by libzip from names, contents and modes.
 */
#ifndef WEIR_TEST_LAMBDA_ZIPS_H
#define WEIR_TEST_LAMBDA_ZIPS_H

#include "base/arena.h"

#include <assert.h>
#include <sys/stat.h>
#include <zip.h>

struct zip_entry {
    const char *name;    /* as it is in the archive; ends with '/': a folder */
    const char *content; /* text; a link's: where it leads */
    mode_t mode;         /* 0: none is said */
};

static inline struct str zip_make(struct arena *arena, const struct zip_entry *entries,
                                  size_t count)
{
    zip_source_t *source = zip_source_buffer_create(NULL, 0, 0, NULL);
    zip_t *zip = zip_open_from_source(source, ZIP_TRUNCATE, NULL);
    zip_stat_t st;
    char *bytes;
    zip_int64_t got;

    assert(zip != NULL);
    zip_source_keep(source);
    for (size_t i = 0; i < count; i++) {
        const struct zip_entry *entry = &entries[i];
        zip_int64_t index =
            zip_file_add(zip, entry->name,
                         zip_source_buffer(zip, entry->content, strlen(entry->content), 0),
                         ZIP_FL_ENC_UTF_8);

        assert(index >= 0);
        if (entry->mode != 0) {
            zip_file_set_external_attributes(zip, (zip_uint64_t)index, 0, ZIP_OPSYS_UNIX,
                                             (zip_uint32_t)entry->mode << 16);
        }
        zip_file_set_mtime(zip, (zip_uint64_t)index, 1790000000, 0);
    }
    int closed = zip_close(zip);

    assert(closed == 0);
    int looked = zip_source_stat(source, &st);

    assert(looked == 0);
    bytes = arena_alloc(arena, (size_t)st.size + 1);
    zip_source_open(source);
    got = zip_source_read(source, bytes, st.size);
    assert(got == (zip_int64_t)st.size);
    zip_source_close(source);
    zip_source_free(source);
    return str_of(bytes, (size_t)st.size);
}

#endif
