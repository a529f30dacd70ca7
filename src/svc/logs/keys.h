/* SPDX-License-Identifier: Apache-2.0
 *
 * Rows of CloudWatch Logs; keys.c and things.c alone know their bytes.
 */
#ifndef WEIR_SVC_LOGS_KEYS_H
#define WEIR_SVC_LOGS_KEYS_H

#include "svc/logs/logs_int.h"

/* ---- groups, subscription filters, streams ---- */

void group_save(struct call *c, const struct group *group);
void group_erase(struct call *c, const struct group *group);
void subscription_save(struct call *c, const struct group *group,
                       const struct subscription *subscription);
void subscription_erase(struct call *c, const struct group *group,
                        const struct subscription *subscription); /* with its holds */
status logs_load(struct log_groups *logs);

/* Groups of the call's account and region by name, from behind after, that begin with prefix. */
struct txn_scan *groups_scan(struct call *c, struct str prefix, struct str after);
struct group *groups_next(struct call *c, struct txn_scan *scan); /* NULL: no more; closes it */

bool stream_load(struct call *c, struct group *group, struct str name, struct stream *ret_stream);
void stream_save(struct call *c, const struct stream *stream);
void stream_add(struct call *c, const struct stream *stream); /* a new one's rows */
void stream_erase(struct call *c, const struct stream *stream);
/* By name, ascending or descending, from behind after (or before it), that begin with prefix. */
struct streams_span {
    struct group *group;  /* whose */
    struct str prefix;    /* may be empty */
    struct str after;     /* empty: from the first */
    bool descending;
};
struct txn_scan *streams_scan(struct call *c, const struct streams_span *span);
/* Strings lie in the call's arena. False: no more; closes the scan. */
bool streams_next(struct call *c, struct group *group, struct txn_scan *scan,
                  struct stream *ret_stream);
/* The name of a stream that is there. */
bool stream_name_of(struct call *c, uint64_t stream, struct str *ret_name);

/* ---- the index of chunks ---- */

/* Where a chunk is: its second and its sequence in the group's log. */
struct chunk_row {
    uint64_t second;      /* of all its events, since 1970 */
    uint64_t sequence;    /* in the group's log */
    uint64_t stream;      /* whose */
    int64_t first_ms, last_ms; /* of its first and last event, since 1970 */
};
void chunk_index(struct call *c, const struct group *group, const struct chunk_row *row);
/* Of a group (stream 0) or of a stream. */
struct chunk_span {
    uint64_t group;       /* its number */
    uint64_t stream;      /* 0: all of the group's */
    uint64_t from, to;    /* seconds, both included */
    bool descending;
};
struct txn_scan *chunks_scan(struct call *c, const struct chunk_span *span);
bool chunks_next(struct txn_scan *scan, struct chunk_row *ret_row);
void chunk_forget(struct call *c, uint64_t group, const struct chunk_row *row);

/* ---- what was deleted and is still to be swept ---- */

void gone_group(struct call *c, uint64_t group);
void gone_stream(struct call *c, uint64_t group, uint64_t stream);
/* Sweeps; false: there is more. Leaves `spare` changes for others. */
bool gone_sweep(struct call *c, size_t spare);

/* ---- things.c: descriptions in the model's shape, kept as JSON ---- */

/* A thing of the call's account and region. */
struct thing {
    const char *kind;     /* "metric", "destination", "query", "policy", "export" */
    struct str scope;     /* the group it belongs to; may be empty */
    struct str name;      /* unique in its scope */
};
void thing_save(struct call *c, const struct thing *thing, const struct value *about);
struct value *thing_load(struct call *c, const struct thing *thing, uint32_t shape); /* or NULL */
bool thing_erase(struct call *c, const struct thing *thing); /* false: there was none */
/* Those of a kind, by scope and name. */
struct things {
    const char *kind;     /* which */
    struct str scope;     /* STR_NONE: of all */
    struct str prefix;    /* of names, within a scope; may be empty */
    struct str after;     /* a place as things_place() says it; empty: from the first */
    uint32_t shape;       /* of what is kept */
    struct txn_scan *scan; /* NULL at first */
};
/* False at the end, which closes the scan. Strings and tree are the call's. */
bool things_next(struct call *c, struct things *things, struct thing *ret_thing,
                 struct value **ret_about);
void things_close(struct things *things); /* when left before its end */
struct str things_place(struct call *c, const struct thing *thing);
/* Without a call: of the ARN's account and region, as a document. */
bool thing_peek(struct cell *cell, struct arena *arena, const struct arn *arn,
                const struct thing *thing, struct value *ret_document);
/* The shape of an item of a list member of an operation's output. */
uint32_t thing_shape(const char *operation, const char *list_member);

/* Tags of whatever has that ARN. */
void tag_save(struct call *c, struct str arn, struct str key, struct str value);
void tag_erase(struct call *c, struct str arn, struct str key);
void tags_erase(struct call *c, struct str arn); /* all of them */
size_t tags_count(struct call *c, struct str arn);
bool tag_load(struct call *c, struct str arn, struct str key, struct str *ret_value);
/* Without a call, and whatever the key's case: into a text that is owned. */
bool tag_peek(struct cell *cell, struct str arn, struct str key, struct str *owned);
/* Into a map of texts. */
void tags_put(struct call *c, struct str arn, const char *member);

#endif
