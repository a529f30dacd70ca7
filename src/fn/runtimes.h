/* SPDX-License-Identifier: Apache-2.0
 *
 * weir's bootstraps (src/fn/runtime/), built into the program by tools/embed.
 */
#ifndef WEIR_FN_RUNTIMES_H
#define WEIR_FN_RUNTIMES_H

#include "base/str.h"

struct fn_runtime_file {
    const char *name; /* "bootstrap.py" */
    struct str text;  /* what is in it */
};

extern const struct fn_runtime_file fn_runtime_files[];
extern const size_t fn_runtime_file_count;

#endif
