/* SPDX-License-Identifier: Apache-2.0
 *
 * The guard: process 1 of a program's own namespaces.
 *
 *   1. makes a root of its own: /usr, /etc and what was asked for, read-only; /dev, /proc, /tmp
 *   2. forks the program, which gives up all rights and becomes a user of its own
 *   3. waits: for the program's end, for freezing (SIGUSR1) and thawing (SIGUSR2), and every
 *      LOOK_MS, while it is not frozen, for its memory
 *
 * When it ends, the kernel ends whatever is left in its namespaces. Nothing here outlives a
 * failure: a guard that cannot do its work ends with 127.
 */
#include "sys/keeper_int.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define LOOK_MS 50
#define LOOK_FIRST_MS 2 /* the first look, then ever later: its first report tells of it */
#define FILES_MAX 1024       /* AWS: 1,024 */
#define PROCESSES_MAX 1024   /* the same, with threads */
#define SLACK_BYTES (UINT64_C(512) << 20) /* what a program may ask for beyond what it may use */
#define PATH_BYTES_MAX 4096
#define EXIT_GUARD 127

/* ---- the root ---- */

static _Noreturn void give_up(const char *what)
{
    (void)dprintf(STDERR_FILENO, "weir: cannot confine the function: %s: %s\n", what,
                  strerror(errno));
    _exit(EXIT_GUARD);
}

static void must(bool good, const char *what)
{
    if (!good) {
        give_up(what);
    }
}

/* The folders above path, and path itself unless it is to be a file. */
static void make_path(const char *path, bool is_folder)
{
    char part[PATH_BYTES_MAX];

    for (size_t i = 1; i < sizeof part - 1 && path[i] != '\0'; i++) {
        if (path[i] == '/') {
            memcpy(part, path, i);
            part[i] = '\0';
            (void)mkdir(part, 0755);
        }
    }
    if (is_folder) {
        (void)mkdir(path, 0755);
    } else {
        int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0444);

        must(fd >= 0, path);
        (void)close(fd);
    }
}

/* Shows from at root/to; a link stays a link, what is not there is left out. */
static void show(const char *root, const char *from, const char *to, unsigned long flags)
{
    char inside[PATH_BYTES_MAX];
    char link[PATH_BYTES_MAX];
    struct stat found;
    ssize_t bytes;

    (void)snprintf(inside, sizeof inside, "%s%s", root, to);
    if (lstat(from, &found) != 0) {
        return;
    }
    if (S_ISLNK(found.st_mode) && (bytes = readlink(from, link, sizeof link - 1)) > 0 &&
        link[0] != '/') {
        link[bytes] = '\0';
        (void)symlink(link, inside);
        return;
    }
    if (stat(from, &found) != 0) {
        return;
    }
    make_path(inside, S_ISDIR(found.st_mode));
    must(mount(from, inside, NULL, MS_BIND | MS_REC, NULL) == 0, from);
    /* mounts of a user namespace keep the flags they came with */
    if (mount(NULL, inside, NULL, MS_REMOUNT | MS_BIND | flags, NULL) != 0 && errno != EPERM) {
        give_up(from);
    }
}

static void make_devices(const char *root)
{
    static const char *const devices[] = {"/dev/null", "/dev/zero", "/dev/full", "/dev/random",
                                          "/dev/urandom"};
    char inside[PATH_BYTES_MAX];

    for (size_t i = 0; i < sizeof devices / sizeof devices[0]; i++) {
        show(root, devices[i], devices[i], MS_NOSUID | MS_NOEXEC);
    }
    (void)snprintf(inside, sizeof inside, "%s/dev/fd", root);
    (void)symlink("/proc/self/fd", inside);
    (void)snprintf(inside, sizeof inside, "%s/dev/stdin", root);
    (void)symlink("/proc/self/fd/0", inside);
    (void)snprintf(inside, sizeof inside, "%s/dev/stdout", root);
    (void)symlink("/proc/self/fd/1", inside);
    (void)snprintf(inside, sizeof inside, "%s/dev/stderr", root);
    (void)symlink("/proc/self/fd/2", inside);
}

static void make_own(const char *root, const char *kind, const char *at, const char *options)
{
    char inside[PATH_BYTES_MAX];

    (void)snprintf(inside, sizeof inside, "%s%s", root, at);
    make_path(inside, true);
    must(mount(kind, inside, kind, MS_NOSUID | MS_NODEV, options) == 0, at);
}

static void make_root(const struct confine *confine)
{
    static const char *const shown[] = {"/usr", "/bin", "/sbin", "/lib", "/lib64", "/lib32",
                                        "/etc"};
    const char *root = confine->root;
    char options[128];

    must(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0, "private mounts");
    must(mount("tmpfs", root, "tmpfs", MS_NOSUID, "size=4m,mode=755") == 0, "a root");
    for (size_t i = 0; i < sizeof shown / sizeof shown[0]; i++) {
        show(root, shown[i], shown[i], MS_RDONLY | MS_NOSUID | MS_NODEV);
    }
    for (size_t i = 0; i < confine->bind_count; i++) {
        show(root, confine->binds[i].from, confine->binds[i].to,
             MS_RDONLY | MS_NOSUID | MS_NODEV);
    }
    make_devices(root);
    (void)snprintf(options, sizeof options, "size=%llu,mode=1777",
                   (unsigned long long)confine->tmp_bytes);
    make_own(root, "tmpfs", "/tmp", options);
    make_own(root, "tmpfs", "/dev/shm", "size=64m,mode=1777");
    make_own(root, "proc", "/proc", NULL);
    must(chdir(root) == 0, root);
    must(syscall(SYS_pivot_root, ".", ".") == 0, "pivot_root");
    must(umount2(".", MNT_DETACH) == 0, "the old root");
    must(chdir("/") == 0, "/");
    /* what was made for mounting is there; nothing more is to be added to the root itself */
    (void)mount(NULL, "/", NULL, MS_REMOUNT | MS_RDONLY | MS_NOSUID, "size=4m,mode=755");
}

/* ---- the program ---- */

/* System calls that no handler has a use for, and that reach beyond it. */
static bool filter_calls(void)
{
    static const int refused[] = {
        SCMP_SYS(mount), SCMP_SYS(umount2), SCMP_SYS(pivot_root), SCMP_SYS(chroot),
        SCMP_SYS(move_mount), SCMP_SYS(open_tree), SCMP_SYS(fsopen), SCMP_SYS(fsmount),
        SCMP_SYS(fsconfig), SCMP_SYS(fspick), SCMP_SYS(mount_setattr), SCMP_SYS(setns),
        SCMP_SYS(unshare), SCMP_SYS(ptrace), SCMP_SYS(process_vm_readv),
        SCMP_SYS(process_vm_writev), SCMP_SYS(kexec_load), SCMP_SYS(kexec_file_load),
        SCMP_SYS(init_module), SCMP_SYS(finit_module), SCMP_SYS(delete_module),
        SCMP_SYS(reboot), SCMP_SYS(swapon), SCMP_SYS(swapoff), SCMP_SYS(bpf),
        SCMP_SYS(perf_event_open), SCMP_SYS(userfaultfd), SCMP_SYS(keyctl), SCMP_SYS(add_key),
        SCMP_SYS(request_key), SCMP_SYS(open_by_handle_at), SCMP_SYS(name_to_handle_at),
        SCMP_SYS(acct), SCMP_SYS(quotactl), SCMP_SYS(settimeofday), SCMP_SYS(clock_settime),
        SCMP_SYS(clock_adjtime), SCMP_SYS(adjtimex), SCMP_SYS(sethostname),
        SCMP_SYS(setdomainname), SCMP_SYS(iopl), SCMP_SYS(ioperm), SCMP_SYS(syslog),
        SCMP_SYS(vhangup), SCMP_SYS(lookup_dcookie), SCMP_SYS(mknod), SCMP_SYS(mknodat),
        SCMP_SYS(io_uring_setup), SCMP_SYS(io_uring_enter), SCMP_SYS(io_uring_register)};
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    bool good = filter != NULL;

    for (size_t i = 0; good && i < sizeof refused / sizeof refused[0]; i++) {
        (void)seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), refused[i], 0);
    }
    /* a new user namespace would give rights back */
    good = good && seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(clone), 1,
                                    SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_NEWUSER,
                                            CLONE_NEWUSER)) == 0;
    good = good && seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0) == 0;
    good = good && seccomp_load(filter) == 0;
    seccomp_release(filter);
    return good;
}

static void limit(__rlimit_resource_t what, uint64_t most)
{
    struct rlimit both = {most, most};

    (void)setrlimit(what, &both);
}

static _Noreturn void become_program(const struct confine *confine, unsigned features, int out_fd)
{
    int null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

    (void)setsid();
    if (null_fd < 0 || dup2(null_fd, STDIN_FILENO) < 0 || dup2(out_fd, STDOUT_FILENO) < 0 ||
        dup2(out_fd, STDERR_FILENO) < 0) {
        _exit(EXIT_GUARD);
    }
    (void)syscall(SYS_close_range, 3u, ~0u, 0u);
    limit(RLIMIT_NOFILE, FILES_MAX);
    limit(RLIMIT_NPROC, PROCESSES_MAX);
    limit(RLIMIT_CORE, 0);
    must(chdir(confine->dir) == 0, confine->dir);
    if ((features & GUARD_USER) != 0) {
        must(setgroups(0, NULL) == 0, "groups");
        must(setresgid(confine->uid, confine->uid, confine->uid) == 0, "a group");
        must(setresuid(confine->uid, confine->uid, confine->uid) == 0, "a user");
    }
    must(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "no new rights");
    if ((features & GUARD_FILTER) != 0) {
        must(filter_calls(), "a filter of system calls");
    }
    sigset_t none;

    sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    (void)signal(SIGPIPE, SIG_DFL);
    limit(RLIMIT_DATA, confine->memory_bytes + SLACK_BYTES); /* last: a sanitizer has more */
    (void)execve(confine->argv[0], (char *const *)(uintptr_t)confine->argv,
                 (char *const *)(uintptr_t)confine->envp);
    give_up(confine->argv[0]);
}

/* ---- the guard ---- */

static uint64_t resident_of(const char *pid)
{
    char path[64];
    char text[128] = "";
    unsigned long long size = 0, resident = 0;
    int fd;

    (void)snprintf(path, sizeof path, "/proc/%.16s/statm", pid);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return 0;
    }
    if (read(fd, text, sizeof text - 1) <= 0 || sscanf(text, "%llu %llu", &size, &resident) != 2) {
        resident = 0;
    }
    (void)close(fd);
    return resident * (uint64_t)sysconf(_SC_PAGESIZE);
}

/* What it has resident, pages that it shares with others counted by its share: slow to find out. */
static uint64_t share_of(const char *pid)
{
    static const char word[] = "\nPss:";
    char path[64];
    char text[1024] = "";
    unsigned long long kib = 0;
    const char *found;
    int fd;

    (void)snprintf(path, sizeof path, "/proc/%.16s/smaps_rollup", pid);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return resident_of(pid);
    }
    found = read(fd, text, sizeof text - 1) > 0 ? strstr(text, word) : NULL;
    (void)close(fd);
    if (found == NULL || sscanf(found + sizeof word - 1, "%llu", &kib) != 1) {
        return resident_of(pid);
    }
    return kib * 1024;
}

/* Of all processes here but the guard; without namespaces of the program only. */
static uint64_t sum_of_all(unsigned features, pid_t program, uint64_t (*of)(const char *pid))
{
    char number[24];
    uint64_t sum = 0;
    DIR *all;

    (void)snprintf(number, sizeof number, "%d", (int)program);
    if ((features & GUARD_NAMESPACES) == 0) {
        return of(number);
    }
    all = opendir("/proc");
    for (struct dirent *one; all != NULL && (one = readdir(all)) != NULL;) {
        if (one->d_name[0] >= '1' && one->d_name[0] <= '9' && strcmp(one->d_name, "1") != 0) {
            sum += of(one->d_name);
        }
    }
    if (all != NULL) {
        (void)closedir(all);
    }
    return sum;
}

static void look_at_memory(const struct confine *confine, unsigned features, pid_t program,
                           struct kept_page *page)
{
    uint64_t now = sum_of_all(features, program, resident_of);

    if (now > confine->memory_bytes) { /* forked processes share most of what they have */
        now = sum_of_all(features, program, share_of);
    }
    if (now > atomic_load(&page->peak)) {
        atomic_store(&page->peak, now);
    }
    if (now > confine->memory_bytes) {
        atomic_store(&page->memory, 1);
        (void)kill((features & GUARD_NAMESPACES) != 0 ? -1 : -program, SIGKILL);
    }
}

/* Until the program ends; its exit code. */
static int keep_guard(const struct confine *confine, unsigned features, pid_t program,
                      struct kept_page *page)
{
    pid_t all = (features & GUARD_NAMESPACES) != 0 ? -1 : -program;
    struct timespec look = {0, LOOK_FIRST_MS * 1000000L};
    bool frozen = false;
    sigset_t signals;
    int how;

    sigemptyset(&signals);
    sigaddset(&signals, SIGCHLD);
    sigaddset(&signals, SIGUSR1);
    sigaddset(&signals, SIGUSR2);
    for (;;) {
        int came = sigtimedwait(&signals, NULL, frozen ? NULL : &look);

        if (came == SIGUSR1 || came == SIGUSR2) {
            frozen = came == SIGUSR1;
            (void)kill(all, frozen ? SIGSTOP : SIGCONT);
        }
        if (!frozen || came == SIGUSR1) {
            look_at_memory(confine, features, program, page);
            look.tv_nsec = look.tv_nsec * 2 < LOOK_MS * 1000000L ? look.tv_nsec * 2
                                                                 : LOOK_MS * 1000000L;
        }
        for (pid_t ended; (ended = waitpid(-1, &how, WNOHANG)) > 0;) {
            if (ended == program) {
                return WIFEXITED(how) ? WEXITSTATUS(how) : 128 + WTERMSIG(how);
            }
        }
    }
}

static _Noreturn void guard(const struct confine *confine, int out_fd, unsigned features,
                            struct kept_page *page)
{
    sigset_t blocked;
    pid_t program;

    (void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    (void)prctl(PR_SET_NAME, "weir-guard", 0, 0, 0);
    (void)dup2(out_fd, STDERR_FILENO); /* what goes wrong here is the function's output */
    sigfillset(&blocked);
    (void)sigprocmask(SIG_SETMASK, &blocked, NULL);
    if ((features & GUARD_NAMESPACES) != 0) {
        make_root(confine);
    }
    program = fork();
    must(program >= 0, "fork");
    if (program == 0) {
        become_program(confine, features, out_fd);
    }
    (void)syscall(SYS_close_range, 3u, ~0u, 0u); /* the pipe ends with the program */
    (void)close(STDOUT_FILENO);
    (void)close(STDERR_FILENO);
    _exit(keep_guard(confine, features, program, page));
}

/* Without another user's rights: root of a user namespace, which is nobody outside. */
static void map_user(uid_t uid, gid_t gid)
{
    char text[64];
    int fd = open("/proc/self/setgroups", O_WRONLY | O_CLOEXEC);

    if (fd >= 0) {
        (void)!write(fd, "deny", 4);
        (void)close(fd);
    }
    for (int i = 0; i < 2; i++) {
        int bytes = snprintf(text, sizeof text, "0 %u 1\n", i == 0 ? uid : gid);

        fd = open(i == 0 ? "/proc/self/uid_map" : "/proc/self/gid_map", O_WRONLY | O_CLOEXEC);
        must(fd >= 0 && write(fd, text, (size_t)bytes) == bytes, "a user namespace");
        (void)close(fd);
    }
}

static pid_t clone_guard(unsigned features)
{
    unsigned long flags = SIGCHLD;

    if ((features & GUARD_NAMESPACES) != 0) {
        flags |= CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC;
        flags |= geteuid() == 0 ? 0 : CLONE_NEWUSER;
    }
    return (pid_t)syscall(SYS_clone, flags, NULL, NULL, NULL, NULL);
}

pid_t guard_start(const struct confine *confine, int out_fd, unsigned features,
                  struct kept_page *page)
{
    uid_t uid = geteuid();
    gid_t gid = getegid();
    pid_t pid = clone_guard(features);

    if (pid == 0) {
        if (uid != 0 && (features & GUARD_NAMESPACES) != 0) {
            map_user(uid, gid);
        }
        guard(confine, out_fd, features, page);
    }
    return pid;
}

unsigned guard_features(void)
{
    unsigned features = geteuid() == 0 ? GUARD_USER : 0;
    pid_t pid = clone_guard(GUARD_NAMESPACES);
    int how = 0;

    if (pid == 0) {
        _exit(0);
    }
    if (pid > 0 && waitpid(pid, &how, 0) == pid) {
        features |= GUARD_NAMESPACES;
    }
    pid = fork();
    if (pid == 0) {
        _exit(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && filter_calls() ? 0 : 1);
    }
    if (pid > 0 && waitpid(pid, &how, 0) == pid && WIFEXITED(how) && WEXITSTATUS(how) == 0) {
        features |= GUARD_FILTER;
    }
    return features;
}
