/* SPDX-License-Identifier: Apache-2.0
 *
 * weir's own doors to the past of tables, for `weir table`:
 *
 *   GET  /_weir/dynamodb/show?table=&at=[&key=|&from=&to=][&cut=&after=]
 *        {"table", "at", "cut", "items": [DynamoDB JSON], "after": where to go on, or absent}
 *   GET  /_weir/dynamodb/diff?table=&at=[&until=][&key=|&from=&to=][&cut=&until-cut=&after=]
 *        {"table", "at", "until", "cut", "until-cut", "changes": [{"change": "added" "removed"
 *         "changed", "key", "before", "after"}], "after"}
 *   GET  /_weir/dynamodb/history?table=&key=[&next=]
 *        {"table", "versions": [{"sequence", "time", "change": "put" "deleted" "expired" "known",
 *         "operation", "principal", "request", "item"}], "next": where to go on, or absent}
 *   POST /_weir/dynamodb/restore?table=&at=[&key=|&from=&to=][&into=]
 *        {"table", "at", "into", "job": number}
 *   GET  /_weir/dynamodb/job?number=   answers when it is over, or after a while
 *        {"running": false, "items", "bytes"}
 *
 * A table is a name or an ARN; a moment is ISO, seconds since 1970, "10m ago" or "now"; keys are
 * JSON. Each answer is one step's worth: ask again with its cut and after.
 */
#ifndef WEIR_SVC_DYNAMODB_PAGES_H
#define WEIR_SVC_DYNAMODB_PAGES_H

#include "svc/dynamodb/backup.h"

/* What most pages are asked for. */
struct asked {
    struct table *table;     /* which */
    int64_t at_ms;           /* as of when */
    uint64_t cut;            /* of that moment */
    struct key_range keys;   /* of which items */
    struct str within;       /* key_range_within() */
    struct str after;        /* only suffixes behind this one */
};

/* ---- pages.c ---- */

/* False: it was answered why not. */
bool page_table(struct call *c, struct table **ret_table);
bool page_asked(struct call *c, struct asked *ret_asked);
bool page_moment(struct call *c, const struct table *table, const char *name, int64_t *ret_at_ms,
                 uint64_t *ret_cut);
void page_refuse(struct call *c, int http, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void page_answer(struct call *c, struct buf *text);
void page_member(struct buf *text, const char *name, struct str value); /* ,"name":"value" */
status page_show(struct call *c);
status page_diff(struct call *c);
status page_history(struct call *c);

/* ---- pages_restore.c ---- */

status page_restore(struct call *c);
status page_job(struct call *c);

#endif
