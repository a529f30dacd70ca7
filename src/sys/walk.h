/* SPDX-License-Identifier: Apache-2.0
 *
 * Looking through a folder that is somebody else's: what is to be packed, what changed. Links are
 * followed; what can be neither read nor entered is passed over.
 */
#ifndef WEIR_SYS_WALK_H
#define WEIR_SYS_WALK_H

#include "base/error.h"
#include "base/str.h"

#define WALK_FILES_MAX 200000
#define WALK_DEPTH_MAX 40

struct walked {
    const char *path;    /* to open it */
    struct str name;     /* below the folder, parts between slashes */
    uint64_t bytes;      /* of the file */
    int64_t changed_ns;  /* since 1970 */
    bool runs;           /* somebody may execute it */
};

/* Every file in it, in the order of names, whatever the system's. ERR_NOT_FOUND: there is no such
 * folder; ERR_LIMIT: more than that. */
status walk_folder(const char *path, void (*each)(void *arg, const struct walked *one), void *arg);
/* One file by itself. ERR_NOT_FOUND: there is none, or it is a folder. */
status walk_file(const char *path, struct walked *ret_one);
bool walk_is_folder(const char *path);

#endif
