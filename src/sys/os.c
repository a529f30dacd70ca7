/* SPDX-License-Identifier: Apache-2.0
 *
 * The process among others.
 */
#include "sys/os.h"

#include <assert.h>
#include <errno.h>
#include <link.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

uint64_t os_resident_bytes(void)
{
    FILE *statm = fopen("/proc/self/statm", "re");
    unsigned long long size = 0;
    unsigned long long resident = 0;
    int read;

    if (statm == NULL) {
        return 0;
    }
    read = fscanf(statm, "%llu %llu", &size, &resident);
    fclose(statm);
    return read == 2 ? resident * (uint64_t)sysconf(_SC_PAGESIZE) : 0;
}

void os_tune_memory(void)
{
    mallopt(M_MMAP_THRESHOLD, 4 * 1024 * 1024);
    mallopt(M_TRIM_THRESHOLD, 16 * 1024 * 1024);
}

/* A program's and its libraries' code and constants are pages of their files, never written:
 * let go, they come back by themselves when they are touched again. */
static int let_go_of_code(struct dl_phdr_info *object, size_t bytes, void *arg)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);

    (void)bytes;
    (void)arg;
    for (size_t i = 0; i < object->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &object->dlpi_phdr[i];
        uintptr_t from = (object->dlpi_addr + part->p_vaddr + page - 1) & ~(page - 1);
        uintptr_t to = (object->dlpi_addr + part->p_vaddr + part->p_filesz) & ~(page - 1);

        if (part->p_type == PT_LOAD && (part->p_flags & PF_W) == 0 && to > from) {
            (void)madvise((void *)from, to - from, MADV_DONTNEED); /* advice: may be refused */
        }
    }
    return 0;
}

void os_give_back_memory(void)
{
    (void)malloc_trim(0);
    (void)dl_iterate_phdr(let_go_of_code, NULL);
}

static void stop_signals(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGTERM);
    sigaddset(set, SIGINT);
}

void os_hold_signals(void)
{
    sigset_t set;
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    int held;

    stop_signals(&set);
    held = pthread_sigmask(SIG_BLOCK, &set, NULL);
    assert(held == 0);
    sigaction(SIGPIPE, &ignore, NULL);
}

void os_wait_for_stop(void)
{
    sigset_t set;
    int got;

    stop_signals(&set);
    while (sigwait(&set, &got) != 0) {
    }
}
