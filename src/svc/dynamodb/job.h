/* SPDX-License-Identifier: Apache-2.0
 *
 * Jobs: long doings with a table's past and with files: backups, restores, exports, imports. A job
 * is a row as long as it runs; one thread takes step after step of one job after the other, each
 * step an entry of its own with its progress, so a job goes on after a crash where it was.
 *
 *   made in a call ──► steps ──► over: its row goes in the entry of its last step
 *
 * Rules
 *  1. A job's fields are changed in the cell only. The thread reads them between its steps; a
 *     handler does no more to a job than say that it is cancelled.
 *  2. What a job reads is there until it is over: the log is not trimmed behind its cut (jobs_pin),
 *     and its tables are not deleted (jobs_use).
 *  3. A turn that fails (a full disk) is taken again at the next minute.
 */
#ifndef WEIR_SVC_DYNAMODB_JOB_H
#define WEIR_SVC_DYNAMODB_JOB_H

#include "cell/doing.h"
#include "svc/dynamodb/past.h"

#define JOBS_MAX 1000        /* at once */
#define JOB_ARENA_BYTES (256u << 20)

enum job_kind {          /* the numbers are stored */
    JOB_BACKUP = 1,      /* rows of a new backup from a table's past */
    JOB_RESTORE = 2,     /* a new table from a backup or a table's past */
    JOB_REWIND = 3,      /* items of a table become what they were */
    JOB_FORGET = 4,      /* rows of a backup that was deleted */
    JOB_EXPORT = 5,      /* files in a bucket from a table's past */
    JOB_IMPORT = 6,      /* a new table from files in a bucket */
    JOB_BULK = 7,        /* items of files in a bucket go into a table */
    JOB_KINDS,
};

struct job {
    struct job *next;            /* in the ring of all that run */
    uint64_t number;             /* of its row; never used twice while it is there */
    uint8_t kind;                /* enum job_kind */
    bool busy;                   /* the thread is at it, in a step or between two */
    bool resting;                /* its last turn failed: not before the next minute */
    int64_t paused_until_ms;     /* it is to be slow: not before then, unless cancelled */
    bool cancelled;              /* it is to end */
    bool over;                   /* its row is gone: whoever holds it lets go */
    struct str id;               /* ARN of what it makes; owned */
    struct str account, region;  /* owned */
    struct str table;            /* name of the table that it changes, or reads; owned */
    uint64_t target;             /* that table's number, or the backup's; 0: none */
    struct past_of source;       /* whose past is read */
    uint64_t cut, until;         /* as in struct past_range */
    struct str within;           /* the same; owned */
    struct str after;            /* progress: suffix, or key of an object; owned */
    uint64_t line;               /* progress within that object */
    uint64_t items, bytes;       /* done */
    uint64_t failed;             /* of them or beside them: could not be done */
    uint64_t read;               /* looked at, bytes or items, as its kind says */
    uint64_t files;              /* written */
    uint64_t refused;            /* of a bulk operation: conditions that did not hold */
    int64_t begun_ms;            /* when it was asked for */
    struct str principal, request_id; /* by whom; owned */
    struct str about;            /* what only its kind knows; owned */
    void *work;                  /* the thread's; freed by its kind */
};

/* What a kind of job does. */
struct job_way {
    const char *name;            /* of its entries: "BackUp" */
    /* One bounded piece. In the cell: */
    status (*step)(struct call *c, struct job *job);
    /* or on the thread, going in by job_do(): */
    status (*turn)(struct job *job, struct cell *cell, struct arena *arena);
    void (*work_free)(void *work); /* NULL: nothing is kept between turns */
};
extern const struct job_way job_backup, job_restore, job_rewind, job_forget, job_export,
    job_import, job_bulk;

/* What a job did that is over: for whoever waits for it. */
#define JOB_RESULTS 64
struct job_result {
    uint64_t number;             /* which; 0: none yet */
    uint64_t items, bytes;       /* done */
};

/* All of them, and what trims. */
struct jobs {
    struct cell *cell;           /* where */
    struct job *first;           /* the oldest; owned */
    size_t count;                /* of them */
    uint64_t number;             /* the last given */
    _Atomic bool working;        /* the thread runs */
    struct timer start;          /* starts it when all services are open */
    struct timer trim;           /* the next step of trimming */
    struct job_result results[JOB_RESULTS]; /* by number; in memory only */
    struct waiters ended;        /* woken when one is over */
};

/* ---- job.c ---- */

status jobs_open(struct dynamodb *dynamodb);
void jobs_close(struct dynamodb *dynamodb);
void jobs_tick(struct call *c);
/* A job like that one begins; texts are copied. ERR_LIMIT was asked before: jobs_room(). */
struct job *job_begin(struct call *c, const struct job *like);
status jobs_room(struct call *c);            /* LimitExceededException */
void job_save(struct call *c, const struct job *job);
void job_cancel(struct call *c, struct job *job);
void job_over(struct call *c, struct job *job); /* in a step: its row goes */
/* From a turn: run in the cell as that job. */
status job_do(struct job *job, struct cell *cell, struct arena *arena,
              status (*run)(struct call *c, void *arg), void *arg);
/* In a step: what it changes was caused by who asked for the job. */
void job_cause(struct call *c, const struct job *job);
/* By the ARN of what it makes, or by number; NULL: it is not running. */
struct job *job_of(struct dynamodb *dynamodb, struct str id);
struct job *job_numbered(struct dynamodb *dynamodb, uint64_t number);
/* The oldest sequence of the table's log that some job still needs; UINT64_MAX: none does. */
uint64_t jobs_pin(const struct dynamodb *dynamodb, const struct table *table);
/* Some job reads or fills that table. */
bool jobs_use(const struct dynamodb *dynamodb, const struct table *table);
/* The table that it changes, if it is still there. */
struct table *job_table(struct call *c, const struct job *job);

#endif
