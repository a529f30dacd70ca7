/* SPDX-License-Identifier: Apache-2.0
 *
 * A process beside weir that starts confined processes for it. It is forked before weir has
 * threads, files or secrets, so what it starts can inherit none; when weir is gone, however it
 * went, the keeper ends everything it started, and itself.
 *
 *   weir ──socket── keeper ──clone── guard (process 1 of its own namespaces)
 *                                      └─fork── the program: own user, limits, system call filter
 *
 * The guard sees to the program's memory, freezes and thaws all of it (kill(-1) reaches every
 * process of its namespace and no other), and takes all of it along when it ends. What the kernel
 * does not allow (no user namespaces, not root) is left out and told, see keeper_misses().
 *
 * One thread talks to a keeper; nothing here waits but keeper_start() and keeper_end().
 */
#ifndef WEIR_SYS_KEEPER_H
#define WEIR_SYS_KEEPER_H

#include "base/error.h"
#include "base/str.h"

#define CONFINE_BINDS_MAX 32
#define CONFINE_BYTES_MAX (192u * 1024) /* of all texts of one struct confine */

struct keeper;

/* What the program sees of the file system, read-only; a path outside, its path inside. */
struct confine_bind {
    const char *from;        /* a file or a folder; what is not there is left out */
    const char *to;          /* absolute */
};

/* A program to be started. Texts are zero-ended and of weir's own making. */
struct confine {
    const char *const *argv;       /* argv[0] is a path inside; ended by NULL */
    const char *const *envp;       /* ended by NULL */
    const struct confine_bind *binds; /* beside /usr, /etc, /dev, /proc and its own /tmp */
    size_t bind_count;             /* at most CONFINE_BINDS_MAX */
    const char *root;              /* an empty folder outside, where its root is mounted */
    const char *dir;               /* working directory inside */
    uint32_t uid;                  /* user and group it runs as, if weir is root */
    uint64_t memory_bytes;         /* ended when it has more resident */
    uint64_t tmp_bytes;            /* size of its /tmp */
};

enum keeper_event { KEEPER_STARTED, KEEPER_ENDED };

/* What became of a program. */
struct keeper_news {
    enum keeper_event event; /* which */
    uint64_t id;             /* as keeper_spawn() was told */
    int exit_code;           /* KEEPER_ENDED: as a shell says it, 128 + signal */
    bool memory;             /* KEEPER_ENDED: it had more memory than it may */
};

/* Before any thread is started. */
status keeper_start(struct why *why, struct keeper **ret_keeper);
/* Ends everything that was started, then the keeper. NULL is fine. */
void keeper_end(struct keeper *keeper);
/* Readable when there are news. */
int keeper_fd(const struct keeper *keeper);
bool keeper_next(struct keeper *keeper, struct keeper_news *ret_news); /* false: none now */
/* What the kernel does not allow here, as a list in a sentence; "" when all is there. */
const char *keeper_misses(const struct keeper *keeper);

/* Starts a program; its output and errors go to out_fd, which stays the caller's. id is the
 * caller's choice, 8 or more, never used twice. What goes wrong comes as KEEPER_ENDED with 127.
 * ERR_LIMIT: too long. */
status keeper_spawn(struct keeper *keeper, uint64_t id, const struct confine *confine, int out_fd,
                    struct why *why);
void keeper_freeze(struct keeper *keeper, uint64_t id); /* no processor time until thawed */
void keeper_thaw(struct keeper *keeper, uint64_t id);
void keeper_kill(struct keeper *keeper, uint64_t id);   /* all of it; KEEPER_ENDED follows */
/* The most it had resident since it was started. */
uint64_t keeper_memory(struct keeper *keeper, uint64_t id);

#endif
