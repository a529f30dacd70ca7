/* SPDX-License-Identifier: Apache-2.0
 *
 * Between keeper.c, which is weir's end and the keeper's loop, and guard.c, which confines.
 */
#ifndef WEIR_SYS_KEEPER_INT_H
#define WEIR_SYS_KEEPER_INT_H

#include "sys/keeper.h"

#include <stdatomic.h>
#include <sys/types.h>

#define KEPT_MAX 1024 /* programs at a time */

/* What all three see, in memory shared since before the fork. */
struct kept_page {
    _Atomic uint64_t id;       /* 0: free */
    _Atomic uint64_t peak;     /* bytes resident at most so far */
    _Atomic uint32_t memory;   /* 1: was ended for its memory */
};

/* What the kernel lets us do. */
enum guard_feature {
    GUARD_NAMESPACES = 1, /* own processes, mounts, IPC */
    GUARD_USER = 2,       /* another user than weir */
    GUARD_FILTER = 4,     /* a filter of system calls */
};

/* In the keeper: which of these work, by trying. */
unsigned guard_features(void);
/* In the keeper: starts a guard with its program. Its process id; -1. */
pid_t guard_start(const struct confine *confine, int out_fd, unsigned features,
                  struct kept_page *page);

#endif
