/* SPDX-License-Identifier: Apache-2.0
 *
 * The inside of a cell: tasks (a call with its way through the cell), and what the door needs to
 * bring them in and take them out.
 *
 *   NEW ──run──► DONE ──(gate opens)──► answered
 *    │            ▲
 *    ├──park──► PARKED ──wake, deadline──► READY ──run──► DONE or PARKED or AT_WORK again
 *    └──work──► AT_WORK ──(a worker thread is done)──► READY
 *
 * A task belongs to its bringer while NEW or DONE, to the cell in between; the cell's lock guards
 * every transition. A parked task whose caller goes away ends at once; one at work first gets its
 * next run, in which it may tidy up.
 */
#ifndef WEIR_CELL_CELL_INT_H
#define WEIR_CELL_CELL_INT_H

#include "cell/cell.h"
#include "base/map.h"
#include "cell/timer.h"
#include "sys/pool.h"
#include "sys/thread.h"
#include "wire/wire.h"

enum task_state { TASK_NEW, TASK_PARKED, TASK_AT_WORK, TASK_READY, TASK_DONE };

/* What a call says about its answer beside the model; in its keep. */
struct call_reply {
    struct http_header headers[CALL_HEADERS_MAX]; /* put_header()'s */
    size_t header_count;                          /* of them */
    bool more[CALL_HEADERS_MAX];                  /* which are beside others of their name */
    int http;                                     /* call_answer(): the status; 0: as modelled */
    struct str body;                              /* call_answer() */
    struct call_extent *extents;                  /* call_send(); NULL: nothing to send */
    size_t extent_count;                          /* of them */
    uint64_t size;                                /* of all extents together */
    bool pinned;                                  /* their blobs wait for unpin_extents() */
};

/* Work of a call on a worker thread. */
struct call_job {
    struct pool_work work;   /* in the pool's queue */
    struct task *task;       /* whose */
    void (*run)(void *arg);  /* the handler's */
    void *arg;               /* its argument */
};

struct directory;
struct secret_keys;

struct task {
    struct call call;                /* what the handler sees; first */
    enum task_state state;
    bool gone;                       /* its caller went away */
    bool streaming;                  /* its answer is an event stream */
    status result;                   /* when DONE */
    uint64_t gate;                   /* position that must be durable before the answer leaves */
    status (*run)(struct call *c);   /* what runs next */
    void (*ended)(struct call *c);   /* call_on_end(), or NULL */
    void (*done)(struct task *task); /* called in the cell when a resumed task is DONE */
    struct arena *scratch;           /* of resumed runs; NULL before the first */
    bool one_arena;                  /* resumed runs use the first one's, too: see cell_call() */
    struct link link;                /* in waiters, the ready list, or its bringer's lists */
    uint64_t weight;                 /* bytes of its request: what a commit may cost at least */
    struct timer timer;              /* a parked call's deadline */
    const char *event;               /* streaming: the event to send, or NULL: the end */
    struct value *event_value;       /* its fields */
    struct str event_piece;          /* a page's: the bytes */
    const struct service_model *model; /* NULL: a part without operations */
    const struct service *service;   /* whose call it is; NULL: as the model says */
    const char *doing;               /* what it does, when there is no operation: a page's path */
    bool reads;                      /* changes nothing: goes on when the disk is full */
    bool must_run;                   /* READY after work: runs even for a caller that is gone */
    bool blob_kept;                  /* it has published its body's blob */
    status (*last)(struct call *c, status result, void *arg); /* call_last(); NULL: nobody */
    void *last_arg;                  /* its */
    bool inner;                      /* runs inside another call: nothing of it happens later */
    struct call_job job;             /* AT_WORK: what the worker does */
};

struct cell_service {
    const struct service *service; /* its table */
    const struct op **by_index;    /* per operation of the model; NULL: not implemented */
    const struct service_model *model; /* NULL: a part without operations */
    void *state;                   /* from open() */
    bool has_host_pages;           /* some page is found by the host's name */
};

/* Hosts that services claimed (host.h). */
struct hosts {
    struct lock lock;        /* the map; asked outside the cell */
    struct map *map;         /* from host to claim */
    size_t count;            /* of the map, atomic: 0 needs no lock */
    const struct certificate_owner *owner; /* who has certificates; NULL: nobody */
};
void hosts_init(struct hosts *hosts);
void hosts_done(struct hosts *hosts);
/* From any thread; NULL: it is nobody's. */
const struct page *hosts_page(struct hosts *hosts, struct str authority,
                              const char **ret_service);

#define CELL_SERVICES_MAX 64
#define CELL_NEXT_MAX 16   /* timers that go on in the next turn: each part's own few */
#define CELL_ADDRESS_BYTES_MAX 95
#define CELL_WORKERS_MAX 8 /* threads for call_work() */

struct cell {
    struct lock lock;               /* everything below */
    struct store *store;
    struct clock *clock;
    int64_t now;                    /* of this entry into the cell; never goes back */
    struct rand rand;               /* c->rand */
    bool limits;                    /* --limits=aws */
    bool unknown_types;             /* --allow-unknown-types */
    struct cell_service services[CELL_SERVICES_MAX];
    size_t service_count;
    struct identities *identities;  /* access keys */
    struct authorize *authorize;    /* who has policies, what was decided */
    bool auth;                      /* signatures are checked, as the door says */
    char address[CELL_ADDRESS_BYTES_MAX + 1]; /* cell_address(), zero-ended */
    const struct cell_service **by_model; /* per service of the models; NULL: not here */
    const struct directory *directory; /* what IAM knows; NULL: no IAM */
    struct hosts hosts;             /* that users gave names to */
    const struct secret_keys *secret_keys; /* KMS's; NULL: no KMS */
    struct pool *workers;           /* for call_work() */
    struct cond call_ended;         /* for cell_call(): one of its tasks is done */
    struct link ready;              /* tasks to resume before the cell is left */
    struct timers timers;           /* deadlines, the minute's tick */
    struct timer tick;
    struct timer *next[CELL_NEXT_MAX]; /* to be set when the next turn settles */
    size_t next_count;              /* of them */
    struct arena *work;             /* of the tick and other doings of its own */
    struct thread timekeeper;       /* enters when the soonest timer is due */
    struct cond timer_sooner;       /* wakes it: armed_ms is too late */
    int64_t armed_ms;               /* what it waits for */
    struct thread checkpointer;     /* makes checkpoints outside the lock */
    struct cond checkpoint_wanted;
    bool stopping;                  /* the threads are to end */
    uint32_t inner_depth;           /* operations that run inside one another's calls */
    bool closing;                   /* nobody waits any more, see cell_wait_no_more() */
};

void task_init(struct task *task, struct cell *cell, struct arena *arena);
void task_done_with(struct task *task); /* frees what it holds beside its arena */

/* Enter, run any number of tasks, leave: once per turn of a loop. */
void cell_enter(struct cell *cell);
void cell_run(struct cell *cell, struct task *task);
void cell_leave(struct cell *cell);
/* In the cell: a parked task whose caller is gone ends here. */
void cell_cancel(struct cell *cell, struct task *task);
/* A parked task's timer: it is due. */
void task_deadline(struct cell *cell, struct timer *timer);
/* In the cell: a stream that is between two events ends here. */
void cell_end(struct cell *cell, struct task *task);
/* In the cell: whether a task's caller may leave without waiting for another run. */
bool cell_may_cancel(const struct task *task);
/* From any thread: a call's answer was sent, or nobody wants it: its blobs may go. */
void reply_unpin(struct cell *cell, struct call_reply *reply);

/* The handler's table entry for an operation; NULL: not implemented. */
const struct op *cell_op(const struct cell *cell, const struct operation *operation);
const struct cell_service *cell_service_of_model(const struct cell *cell,
                                                 const struct service_model *model);
/* The page of a path at a host (empty: none in particular), and whose it is; NULL: none. */
const struct page *cell_page(struct cell *cell, struct str path, struct str host,
                             const struct cell_service **ret_service);

#endif
