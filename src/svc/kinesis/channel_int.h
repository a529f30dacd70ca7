/* SPDX-License-Identifier: Apache-2.0
 *
 * Inside channels: a channel delivers a stream's records to a bucket, as objects.
 *
 *   a timer, every data freshness ──► a worker: read ──► check, pack ──► deliver ──► read …
 *                                        in the cell     outside          in the cell
 *
 * "deliver" hands the object (and one of records that were not as promised) to the bucket by its
 * ARN and moves the channel's cursors, in one journal entry: each record lands exactly once,
 * whatever is killed when. Records put before the channel was made are not delivered.
 */
#ifndef WEIR_SVC_KINESIS_CHANNEL_INT_H
#define WEIR_SVC_KINESIS_CHANNEL_INT_H

#include "base/compress.h"
#include "svc/kinesis/kinesis_int.h"

#define CHANNELS_MAX 10000
#define CHANNELS_PER_STREAM_MAX 1 /* to a bucket, as on AWS when only asked for with limits */
#define CHANNEL_ID_BYTES 36
#define FRESHNESS_SECONDS_DEFAULT 300
#define FRESHNESS_SECONDS_MIN 300
#define FRESHNESS_SECONDS_MAX 900
#define CHANNEL_BATCH_BYTES_MAX (16u * 1024 * 1024) /* of records in one object, before packing */
#define CHANNEL_BATCH_RECORDS_MAX 100000

struct channel {
    struct stream *stream;      /* whose records it delivers */
    struct channel *next;       /* in the stream's list, by name */
    struct str name;            /* owned */
    char id[CHANNEL_ID_BYTES];  /* a UUID, in object keys */
    int64_t created_ms;         /* CreateChannel */
    struct str input;           /* CreateChannel's input, as JSON of its shape; owned */
    struct str logging;         /* LoggingConfiguration as JSON of its shape; owned */
    uint32_t freshness_seconds; /* between deliveries */
    struct tags tags;           /* owned */
    uint64_t *cursors;          /* by shard number: next log sequence to deliver */
    uint32_t cursor_count;      /* shards beyond begin at 1 */
    bool busy;                  /* a worker is at it */
};

/* channel_keys.c */
void channel_save(struct call *c, const struct channel *channel);
void channel_cursor_save(struct call *c, const struct channel *channel, uint32_t shard);
void channel_erase(struct call *c, const struct channel *channel); /* with its cursors */

/* channel.c */
struct channel *channel_new(struct stream *stream, struct str name);
void channel_free(struct channel *channel);
bool channel_add(struct kinesis *kinesis, struct channel *channel); /* false: too many */
void channel_remove(struct kinesis *kinesis, struct channel *channel); /* and frees it */
struct str channel_arn(struct arena *arena, const struct channel *channel);
void channel_set_cursor(struct channel *channel, uint32_t shard, uint64_t next);
uint64_t channel_cursor(const struct channel *channel, uint32_t shard);
/* The CreateChannel input as a tree, in the arena. */
const struct value *channel_input(const struct channel *channel, struct arena *arena);
/* The next delivery, a freshness from now. */
void channel_arm(struct call *c, const struct channel *channel);

#endif
