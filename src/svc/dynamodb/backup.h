/* SPDX-License-Identifier: Apache-2.0
 *
 * Backups: a table's items at the moment of the call, copied to rows of their own, with the table's
 * row as it was. They need neither the table nor its log once they are made.
 */
#ifndef WEIR_SVC_DYNAMODB_BACKUP_H
#define WEIR_SVC_DYNAMODB_BACKUP_H

#include "svc/dynamodb/job.h"

#define BACKUP_NAME_BYTES_MIN 3
#define BACKUP_NAME_BYTES_MAX 255
#define BACKUP_SYSTEM_MS (INT64_C(35) * 24 * 3600 * 1000)

enum backup_type { BACKUP_USER = 1, BACKUP_SYSTEM = 2 }; /* stored */

struct backup {
    struct str account, region; /* whose */
    struct str table_name;      /* of which table */
    struct str id;              /* last part of its ARN: 01489602797149-73d8d5bc */
    struct str name;            /* BackupName */
    uint8_t type;               /* enum backup_type */
    bool ready;                 /* AVAILABLE */
    int64_t created_ms;         /* when it was asked for */
    int64_t expires_ms;         /* 0: never */
    uint64_t number;            /* its items are rows below that number, as a table's are */
    struct tally tally;         /* of the table, then */
    uint64_t bytes;             /* copied */
    struct str table;           /* the table's row (table_pack) */
};

/* ---- backup.c: rows and jobs ---- */

struct str backup_arn(struct arena *arena, const struct backup *backup);
/* What an ARN says; ValidationException. */
status backup_name(struct call *c, struct str arn, struct backup *ret_backup);
/* By its ARN; texts in the call's arena. BackupNotFoundException. */
status backup_of_arn(struct call *c, struct str arn, struct backup *ret_backup);
void backup_save(struct call *c, const struct backup *backup);
/* Backups of the call's account and region by table and age; *scan NULL at first. after: behind
 * that backup of that table; NULL: from the first. Close the scan unless it came to its end. */
bool backup_next(struct call *c, const struct backup *after, struct txn_scan **scan,
                 struct backup *ret_backup);
/* A backup begins; fills in what is not said. */
void backup_begin(struct call *c, const struct table *table, struct str name,
                  struct backup *ret_backup);
/* Its row goes, its items are swept. */
void backup_delete(struct call *c, const struct backup *backup);
/* The table as it was, not found by anybody; the caller frees it. */
struct table *backup_table(const struct backup *backup);
/* A table with point-in-time recovery is being deleted: its items become a backup of the system's,
 * kept for 35 days. True: they belong to the backup now, and are not to be swept. */
bool backup_of_deleted(struct call *c, const struct table *table);
/* What is older than its expiry goes. */
void backups_expire(struct call *c);

/* ---- restore.c ---- */

/* A new table like that one, under that name: settings as AWS restores them, no items yet. */
struct table *restore_like(struct call *c, const struct table *like, struct str name);
/* Made in the cell, filled by a job: from source at cut (PAST_NOW: all), items in range only. */
struct restoring {
    struct table *table;      /* restore_like()'s, with what was overridden */
    struct past_of source;    /* whose items */
    uint64_t cut;             /* as of when */
    struct str within;        /* as in struct past_range */
    struct str range;         /* key_range_pack(); empty: all */
};
struct job *restore_begin(struct call *c, const struct restoring *restoring); /* NULL: no memory */

/* ---- key_range.c ---- */

/* Items from a key to a key, both included; a key may leave out its last attributes. */
struct key_range {
    struct item from, to;     /* ITEM_ABSENT: open */
};
bool key_range_has(const struct key_schema *schema, const struct key_range *range,
                   const struct item *item);
/* What all suffixes in the range begin with; empty: they have nothing in common. */
struct str key_range_within(struct arena *arena, const struct key_schema *schema,
                            const struct key_range *range);
struct str key_range_pack(struct arena *arena, const struct key_range *range);
bool key_range_unpack(struct str packed, struct key_range *ret_range);
/* A key as JSON: {"pk":"a","sk":1}, or DynamoDB's {"pk":{"S":"a"}}; its last attributes may be left
 * out. DDB_VALIDATION. */
status key_read(struct call *c, const struct key_schema *schema, struct str json,
                struct item *ret_key);

#endif
