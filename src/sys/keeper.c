/* SPDX-License-Identifier: Apache-2.0
 *
 * Weir's end of the keeper, and the keeper's own loop. They speak over a socket pair that keeps
 * messages apart:
 *
 *   weir → keeper   struct order, for SPAWN with all texts behind it and the output's descriptor
 *   keeper → weir   struct news; the first of all says what works here (feature bits in id)
 *
 * The keeper waits in ppoll() for orders and for SIGCHLD, has no threads and blocks nowhere else.
 */
#include "sys/keeper.h"

#include "base/mem.h"
#include "sys/keeper_int.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define WORDS_MAX 1024 /* argv and envp of one program */

enum order_kind { ORDER_SPAWN, ORDER_FREEZE, ORDER_THAW, ORDER_KILL };

struct order {
    uint64_t id;            /* whose */
    uint64_t memory_bytes;  /* SPAWN: of struct confine … */
    uint64_t tmp_bytes;
    uint32_t uid;
    uint32_t kind;          /* enum order_kind */
    uint32_t argc, envc;    /* SPAWN: how many texts of each follow, zero-ended … */
    uint32_t binds;         /* … then pairs of paths, then root and dir */
};

struct news {
    uint64_t id;            /* whose */
    uint32_t event;         /* enum keeper_event */
    int32_t exit_code;      /* KEEPER_ENDED */
    uint32_t memory;        /* KEEPER_ENDED */
};

struct keeper {
    int fd;                    /* weir's end */
    pid_t pid;                 /* the keeper */
    struct kept_page *pages;   /* shared */
    char misses[256];          /* what does not work here */
    char *message;             /* CONFINE_BYTES_MAX and an order: the one being sent */
};

/* ---- the keeper's side ---- */

struct kept {
    pid_t pid;   /* of its guard; 0: free */
    uint64_t id; /* weir's */
};

struct keeping {
    int fd;                        /* the keeper's end */
    unsigned features;             /* what works here */
    struct kept kept[KEPT_MAX];    /* with the page of the same place */
    struct kept_page *pages;       /* shared */
    char message[sizeof(struct order) + CONFINE_BYTES_MAX]; /* the one that came */
};

static void tell(struct keeping *k, const struct news *news)
{
    while (send(k->fd, news, sizeof *news, MSG_NOSIGNAL) < 0 && errno == EINTR) {
    }
}

static struct kept *kept_of(struct keeping *k, uint64_t id)
{
    for (size_t i = 0; i < KEPT_MAX; i++) {
        if (k->kept[i].pid != 0 && k->kept[i].id == id) {
            return &k->kept[i];
        }
    }
    return NULL;
}

/* The next zero-ended text of the message; "" behind its end. */
static const char *next_text(const char **at, const char *end)
{
    const char *text = *at;
    const char *zero = text < end ? memchr(text, '\0', (size_t)(end - text)) : NULL;

    if (zero == NULL) {
        *at = end;
        return "";
    }
    *at = zero + 1;
    return text;
}

static pid_t spawn(struct keeping *k, const struct order *order, const char *end, int out_fd,
                   struct kept_page *page)
{
    static const char *words[WORDS_MAX + 2];
    struct confine_bind binds[CONFINE_BINDS_MAX];
    struct confine confine = {.argv = words, .envp = words + order->argc + 1, .binds = binds,
                              .bind_count = order->binds, .uid = order->uid,
                              .memory_bytes = order->memory_bytes,
                              .tmp_bytes = order->tmp_bytes};
    const char *at = (const char *)(order + 1);

    if (order->argc + order->envc > WORDS_MAX || order->binds > CONFINE_BINDS_MAX) {
        return -1;
    }
    for (uint32_t i = 0; i < order->argc + order->envc; i++) {
        words[i + (i >= order->argc)] = next_text(&at, end);
    }
    words[order->argc] = NULL;
    words[order->argc + order->envc + 1] = NULL;
    for (uint32_t i = 0; i < order->binds; i++) {
        binds[i].from = next_text(&at, end);
        binds[i].to = next_text(&at, end);
    }
    confine.root = next_text(&at, end);
    confine.dir = next_text(&at, end);
    return guard_start(&confine, out_fd, k->features, page);
}

static void spawn_ordered(struct keeping *k, const struct order *order, const char *end,
                          int out_fd)
{
    struct news news = {.id = order->id, .event = KEEPER_ENDED, .exit_code = 127};
    size_t place = 0;

    while (place < KEPT_MAX && k->kept[place].pid != 0) {
        place++;
    }
    if (place < KEPT_MAX) {
        struct kept_page *page = &k->pages[place];
        pid_t pid;

        atomic_store(&page->peak, 0);
        atomic_store(&page->memory, 0);
        atomic_store(&page->id, order->id);
        pid = spawn(k, order, end, out_fd, page);
        if (pid > 0) {
            k->kept[place] = (struct kept){pid, order->id};
            news.event = KEEPER_STARTED;
            news.exit_code = 0;
        }
    }
    tell(k, &news);
}

/* False: weir is gone. */
static bool take_order(struct keeping *k)
{
    struct iovec piece = {k->message, sizeof k->message};
    union {
        char bytes[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control;
    struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1, .msg_control = control.bytes,
                             .msg_controllen = sizeof control.bytes};
    ssize_t bytes = recvmsg(k->fd, &message, MSG_CMSG_CLOEXEC);
    const struct order *order = (const struct order *)(const void *)k->message;
    struct cmsghdr *passed = CMSG_FIRSTHDR(&message);
    int out_fd = -1;
    struct kept *kept;

    if (bytes < (ssize_t)sizeof *order) {
        return bytes < 0 && errno == EINTR;
    }
    if (passed != NULL && passed->cmsg_type == SCM_RIGHTS) {
        memcpy(&out_fd, CMSG_DATA(passed), sizeof out_fd);
    }
    kept = kept_of(k, order->id);
    if (order->kind == ORDER_SPAWN) {
        spawn_ordered(k, order, k->message + bytes, out_fd);
    } else if (kept != NULL) {
        (void)kill(kept->pid, order->kind == ORDER_FREEZE ? SIGUSR1
                              : order->kind == ORDER_THAW ? SIGUSR2
                                                          : SIGKILL);
    }
    if (out_fd >= 0) {
        (void)close(out_fd);
    }
    return true;
}

static void bury(struct keeping *k)
{
    int how;

    for (pid_t pid; (pid = waitpid(-1, &how, WNOHANG)) > 0;) {
        for (size_t i = 0; i < KEPT_MAX; i++) {
            if (k->kept[i].pid == pid) {
                struct news news = {.id = k->kept[i].id, .event = KEEPER_ENDED,
                                    .exit_code = WIFEXITED(how) ? WEXITSTATUS(how)
                                                                : 128 + WTERMSIG(how),
                                    .memory = atomic_load(&k->pages[i].memory)};

                k->kept[i].pid = 0;
                tell(k, &news);
                atomic_store(&k->pages[i].id, 0);
            }
        }
    }
}

static void on_child(int number)
{
    (void)number; /* it interrupts ppoll() */
}

static _Noreturn void keep(int fd, struct kept_page *pages)
{
    static struct keeping keeping;
    struct keeping *k = &keeping;
    struct sigaction child = {.sa_handler = on_child};
    struct pollfd polled = {.fd = fd, .events = POLLIN};
    sigset_t blocked, open;
    struct news ready = {.event = KEEPER_STARTED};

    (void)prctl(PR_SET_NAME, "weir-keeper", 0, 0, 0);
    (void)signal(SIGINT, SIG_IGN); /* a terminal's Ctrl-C is for weir, which ends us */
    (void)signal(SIGTERM, SIG_IGN);
    (void)sigaction(SIGCHLD, &child, NULL);
    k->fd = fd;
    k->pages = pages;
    k->features = guard_features();
    ready.id = k->features;
    tell(k, &ready);
    sigemptyset(&open);
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGCHLD);
    (void)sigprocmask(SIG_SETMASK, &blocked, NULL);
    for (bool more = true; more;) {
        bury(k);
        if (ppoll(&polled, 1, NULL, &open) > 0) {
            more = take_order(k);
        }
    }
    for (size_t i = 0; i < KEPT_MAX; i++) {
        if (k->kept[i].pid != 0) {
            (void)kill(k->kept[i].pid, SIGKILL);
        }
    }
    _exit(0);
}

/* ---- weir's side ---- */

static void say_misses(struct keeper *keeper, unsigned features)
{
    (void)snprintf(keeper->misses, sizeof keeper->misses, "%s%s%s",
                   (features & GUARD_NAMESPACES) != 0 ? "" : "namespaces, ",
                   (features & GUARD_USER) != 0 ? "" : "a user of their own, ",
                   (features & GUARD_FILTER) != 0 ? "" : "a filter of system calls, ");
    size_t bytes = strlen(keeper->misses);

    if (bytes > 2) {
        keeper->misses[bytes - 2] = '\0';
    }
}

status keeper_start(struct why *why, struct keeper **ret_keeper)
{
    size_t bytes = KEPT_MAX * sizeof(struct kept_page);
    void *pages = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    struct keeper *keeper;
    int ends[2];
    pid_t pid;

    if (pages == MAP_FAILED || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
        return why_set(why, &ERR_IO, "cannot make a socket: %s", strerror(errno));
    }
    pid = fork();
    if (pid < 0) {
        return why_set(why, &ERR_IO, "cannot fork: %s", strerror(errno));
    }
    if (pid == 0) {
        (void)close(ends[0]);
        keep(ends[1], pages);
    }
    (void)close(ends[1]);
    keeper = MEM_NEW(struct keeper);
    keeper->fd = ends[0];
    keeper->pid = pid;
    keeper->pages = pages;
    keeper->message = mem_alloc(sizeof(struct order) + CONFINE_BYTES_MAX);
    *ret_keeper = keeper;
    return OK;
}

void keeper_end(struct keeper *keeper)
{
    int how;

    if (keeper == NULL) {
        return;
    }
    (void)close(keeper->fd);
    while (waitpid(keeper->pid, &how, 0) < 0 && errno == EINTR) {
    }
    (void)munmap(keeper->pages, KEPT_MAX * sizeof(struct kept_page));
    mem_free(keeper->message);
    mem_free(keeper);
}

int keeper_fd(const struct keeper *keeper)
{
    return keeper->fd;
}

const char *keeper_misses(const struct keeper *keeper)
{
    return keeper->misses;
}

bool keeper_next(struct keeper *keeper, struct keeper_news *ret_news)
{
    struct news news;

    while (recv(keeper->fd, &news, sizeof news, MSG_DONTWAIT) == (ssize_t)sizeof news) {
        if (news.event == KEEPER_STARTED && news.id < 8) { /* what works here */
            say_misses(keeper, (unsigned)news.id);
            continue;
        }
        *ret_news = (struct keeper_news){news.event, news.id, news.exit_code, news.memory != 0};
        return true;
    }
    return false;
}

/* Adds a text with its zero; false: there is no room. */
static bool add_text(struct keeper *keeper, size_t *bytes, const char *text)
{
    size_t more = strlen(text) + 1;

    if (*bytes + more > sizeof(struct order) + CONFINE_BYTES_MAX) {
        return false;
    }
    memcpy(keeper->message + *bytes, text, more);
    *bytes += more;
    return true;
}

static bool add_texts(struct keeper *keeper, size_t *bytes, const char *const *texts,
                      uint32_t *ret_count)
{
    for (*ret_count = 0; texts[*ret_count] != NULL; (*ret_count)++) {
        if (!add_text(keeper, bytes, texts[*ret_count])) {
            return false;
        }
    }
    return true;
}

static void send_order(struct keeper *keeper, size_t bytes, int fd)
{
    struct iovec piece = {keeper->message, bytes};
    union {
        char bytes[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control = {{0}};
    struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1};

    if (fd >= 0) {
        message.msg_control = control.bytes;
        message.msg_controllen = sizeof control.bytes;
        struct cmsghdr *passed = CMSG_FIRSTHDR(&message);

        passed->cmsg_level = SOL_SOCKET;
        passed->cmsg_type = SCM_RIGHTS;
        passed->cmsg_len = CMSG_LEN(sizeof fd);
        memcpy(CMSG_DATA(passed), &fd, sizeof fd);
    }
    while (sendmsg(keeper->fd, &message, MSG_NOSIGNAL) < 0 && errno == EINTR) {
    }
}

status keeper_spawn(struct keeper *keeper, uint64_t id, const struct confine *confine, int out_fd,
                    struct why *why)
{
    struct order order = {.id = id, .kind = ORDER_SPAWN, .memory_bytes = confine->memory_bytes,
                          .tmp_bytes = confine->tmp_bytes, .uid = confine->uid,
                          .binds = (uint32_t)confine->bind_count};
    size_t bytes = sizeof order;
    bool fits = add_texts(keeper, &bytes, confine->argv, &order.argc) &&
                add_texts(keeper, &bytes, confine->envp, &order.envc);

    assert(id >= 8);
    assert(confine->bind_count <= CONFINE_BINDS_MAX);
    for (size_t i = 0; i < confine->bind_count; i++) {
        fits = fits && add_text(keeper, &bytes, confine->binds[i].from) &&
               add_text(keeper, &bytes, confine->binds[i].to);
    }
    fits = fits && add_text(keeper, &bytes, confine->root) &&
           add_text(keeper, &bytes, confine->dir) && order.argc + order.envc <= WORDS_MAX;
    if (!fits) {
        return why_set(why, &ERR_LIMIT, "the program's arguments and environment are too long");
    }
    memcpy(keeper->message, &order, sizeof order);
    send_order(keeper, bytes, out_fd);
    return OK;
}

static void order(struct keeper *keeper, uint64_t id, enum order_kind kind)
{
    struct order order = {.id = id, .kind = kind};

    memcpy(keeper->message, &order, sizeof order);
    send_order(keeper, sizeof order, -1);
}

void keeper_freeze(struct keeper *keeper, uint64_t id)
{
    order(keeper, id, ORDER_FREEZE);
}

void keeper_thaw(struct keeper *keeper, uint64_t id)
{
    order(keeper, id, ORDER_THAW);
}

void keeper_kill(struct keeper *keeper, uint64_t id)
{
    order(keeper, id, ORDER_KILL);
}

uint64_t keeper_memory(struct keeper *keeper, uint64_t id)
{
    for (size_t i = 0; i < KEPT_MAX; i++) {
        if (atomic_load(&keeper->pages[i].id) == id) {
            return atomic_load(&keeper->pages[i].peak);
        }
    }
    return 0;
}
