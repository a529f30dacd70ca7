/* SPDX-License-Identifier: Apache-2.0
 *
 * The operations, and what the service's parts ask of one another.
 */
#ifndef WEIR_SVC_FIREHOSE_OPS_H
#define WEIR_SVC_FIREHOSE_OPS_H

#include "bus/bucket_file.h"
#include "svc/firehose/firehose_int.h"

status firehose_create(struct call *c);
status firehose_delete(struct call *c);
status firehose_describe(struct call *c);
status firehose_list(struct call *c);
status firehose_list_tags(struct call *c);
status firehose_put_record(struct call *c);
status firehose_put_batch(struct call *c);
status firehose_start_encryption(struct call *c);
status firehose_stop_encryption(struct call *c);
status firehose_tag(struct call *c);
status firehose_untag(struct call *c);
status firehose_update(struct call *c);

/* tag.c: FIREHOSE_INVALID_ARGUMENT. there: JSON, may be empty. */
status tags_merge(struct call *c, struct str there, const struct value *more, struct str *ret_tags);
bool tags_find(const struct stream *stream, struct str key, struct str *ret_value);

/* destination.c: what a configuration says, as the description has it. Update: over was. */
struct wished {
    const struct value *was;      /* DestinationDescription; NULL: a new one */
    struct value *description;    /* DestinationDescription to be filled */
    struct str access_key;        /* of an endpoint; STR_NONE: none was given */
};
status destination_read(struct call *c, struct wished *wished);
/* destination_check.c: InvalidArgumentException. */
status destination_check(struct call *c, const struct value *description);

/* guard.c, sink.c */
void firehose_join_policies(struct cell *cell);
void firehose_join_bus(struct cell *cell);

/* ingest.c: a stream as source. */
status ingest_check(struct call *c, const struct value *source);
void ingest_begin(struct call *c, struct stream *stream, struct str arn, struct str role);
void ingest_open(struct stream *stream, struct str arn, struct str role);
void ingest_position(struct stream *stream, uint64_t shard, uint64_t origin, uint64_t next);
void ingest_free(struct ingest *ingest); /* NULL is fine */
struct str ingest_source(const struct stream *stream); /* empty: records are put */
void ingest_wake(struct stream *stream); /* there is room again */
/* keys.c */
struct position {
    uint64_t shard, origin, next; /* number, which shard of it, place of the next record */
};
void position_save(struct call *c, const struct stream *stream, const struct position *position);
void position_erase(struct call *c, const struct stream *stream, uint64_t shard);

/* ---- jobs ---- */

/* A thread's, for one batch of one lane. */
struct job {
    struct str account, region, name; /* of the stream; owned */
    uint64_t id;                /* of the stream: the number of its first log */
    enum lane_kind kind;        /* which lane */
    struct str arn;             /* of the stream; owned */
    struct str source;          /* ARN of the stream that feeds it; empty: none; owned */
    struct plan *plan;          /* held */
    struct arena *arena;        /* of the batch */
    uint64_t next;              /* in the lane: behind what was read */
    uint64_t end;               /* behind what is to be read; 0: not known yet */
    uint64_t bytes;             /* of data, of what was read and used */
    int64_t now_ms;             /* of the last step */
    int64_t oldest_ms;          /* of what was read */
    struct stored *records;     /* of the last read, in the arena */
    uint64_t *sequences;        /* theirs */
    size_t count;               /* of them */
    bool gone;                  /* the stream is */
    bool last;                  /* weir stops: the lane gets no other one */
    bool failed;                /* not for a bucket's, a function's or an endpoint's reasons */
    bool held;                  /* post.c: end is the batch that failed before */
    uint32_t attempts;          /* failures before this try */
    int64_t failing_ms;         /* since when */
};

void job_begin(struct lane *lane);   /* a thread takes over: deliver, post or process */
struct lane *job_lane(struct call *c, const struct job *job); /* NULL: it is gone */
/* Outside: the next records of the lane, at most so many bytes; false: it failed, or is gone. */
bool job_read(struct cell *cell, struct job *job, uint64_t bytes_max);
bool job_step(struct cell *cell, struct job *job, status (*run)(struct call *c, void *arg),
              void *arg);
void job_end(struct cell *cell, struct job *job); /* outside; frees it */

void deliver_run(struct cell *cell, void *job);
void post_run(struct cell *cell, void *job);
void process_run(struct cell *cell, void *job);

/* failure.c */
struct failure {
    const char *code;           /* "Lambda.FunctionError" */
    struct str message;         /* AWS's sentence */
    uint32_t attempts;          /* that were made */
    int64_t arrived_ms, ended_ms; /* the record; the last attempt */
    struct str data;            /* the record */
    struct str function;        /* ARN; empty: no function was asked */
    struct str sequence;        /* of the record; empty: not said */
};
struct str failure_line(struct arena *arena, const struct failure *failure);
/* A line for CloudWatch Logs, if the stream wants them. */
struct complaint {
    struct str group, stream;   /* log stream; empty: nobody wants it */
    struct str destination;     /* ARN or URL */
    const char *code;           /* "S3.NoSuchBucket" */
    struct str message;         /* what to do about it */
    struct str processor;       /* ARN of a function; empty: none */
};
void complain(struct call *c, const struct job *job, const struct complaint *complaint);

#endif
