/* SPDX-License-Identifier: Apache-2.0
 *
 * Backups: their rows, and the job that copies a table's items as of the moment of the call.
 *
 *   ("dynamodb", "backup", account, region, table, id)   version 1: u8 type, u8 ready, str name,
 *                                                        zigzag created, zigzag expires, var
 *                                                        number, var items, var bytes, var copied
 *                                                        bytes, str the table's row
 *   ("dynamodb", "item", number, suffix)                 its items, as a table's: keys.c
 */
#include "svc/dynamodb/backup.h"

#include "base/cursor.h"
#include "base/time.h"

#include <assert.h>

#define VERSION 1
#define ROW_BYTES_MAX (8u << 20)
#define FORGET_CHANGES 2000
#define EXPIRE_AT_ONCE 10

struct str backup_arn(struct arena *arena, const struct backup *backup)
{
    struct arn arn = {arn_partition(backup->region), STR("dynamodb"), backup->region,
                      backup->account,
                      arena_printf(arena, "table/%.*s/backup/%.*s", STR_ARG(backup->table_name),
                                   STR_ARG(backup->id))};

    return arn_write(arena, &arn);
}

/* ---- rows ---- */

static struct key row_begin(struct arena *arena, struct str account, struct str region)
{
    struct key key = row_kind(arena, "backup");

    key_str(&key, account);
    key_str(&key, region);
    return key;
}

static struct str row_of(struct arena *arena, const struct backup *backup)
{
    struct key key = row_begin(arena, backup->account, backup->region);

    key_str(&key, backup->table_name);
    key_str(&key, backup->id);
    return key_end(&key);
}

void backup_save(struct call *c, const struct backup *backup)
{
    struct buf packed;

    buf_init(&packed, ROW_BYTES_MAX);
    write_u8(&packed, VERSION);
    write_u8(&packed, backup->type);
    write_u8(&packed, backup->ready);
    write_str(&packed, backup->name);
    write_zigzag(&packed, backup->created_ms);
    write_zigzag(&packed, backup->expires_ms);
    write_var(&packed, backup->number);
    write_var(&packed, backup->tally.items);
    write_var(&packed, backup->tally.bytes);
    write_var(&packed, backup->bytes);
    write_str(&packed, backup->table);
    assert(!buf_spent(&packed));
    txn_put(c->txn, row_of(c->arena, backup), arena_dup(c->arena, buf_str(&packed)));
    buf_done(&packed);
}

static bool backup_read(struct str packed, struct backup *backup)
{
    struct cursor cursor = cursor_of(packed);

    if (read_u8(&cursor) != VERSION) {
        return false;
    }
    backup->type = read_u8(&cursor);
    backup->ready = read_u8(&cursor) != 0;
    backup->name = read_str(&cursor);
    backup->created_ms = read_zigzag(&cursor);
    backup->expires_ms = read_zigzag(&cursor);
    backup->number = read_var(&cursor);
    backup->tally.items = read_var(&cursor);
    backup->tally.bytes = read_var(&cursor);
    backup->bytes = read_var(&cursor);
    backup->table = read_str(&cursor);
    return cursor_done(&cursor);
}

/* "table/NAME/backup/ID" */
static bool name_of_arn(struct str text, struct backup *backup)
{
    struct arn arn;
    struct str rest;

    if (!arn_read(text, &arn) || !str_eq(arn.service, STR("dynamodb"))) {
        return false;
    }
    rest = arn.resource;
    if (!str_eq(str_split(&rest, '/'), STR("table"))) {
        return false;
    }
    backup->table_name = str_split(&rest, '/');
    if (!str_eq(str_split(&rest, '/'), STR("backup"))) {
        return false;
    }
    backup->account = arn.account;
    backup->region = arn.region;
    backup->id = rest;
    return backup->table_name.bytes > 0 && rest.bytes > 0;
}

status backup_name(struct call *c, struct str arn, struct backup *ret_backup)
{
    *ret_backup = (struct backup){0};
    return name_of_arn(arn, ret_backup)
               ? OK
               : fail(c, &DDB_VALIDATION, "The specified backup ARN is not valid");
}

status backup_of_arn(struct call *c, struct str arn, struct backup *ret_backup)
{
    struct backup backup;
    struct str packed;

    TRY(backup_name(c, arn, &backup));
    if (!txn_get(c->txn, row_of(c->arena, &backup), &packed)) {
        return fail(c, &DDB_BACKUP_NOT_FOUND, "Backup not found: %.*s", STR_ARG(arn));
    }
    if (!backup_read(packed, &backup)) {
        return &ERR_CORRUPT;
    }
    *ret_backup = backup;
    return OK;
}

bool backup_next(struct call *c, const struct backup *after, struct txn_scan **scan,
                 struct backup *ret_backup)
{
    struct key prefix = row_begin(c->arena, c->account, c->region);
    struct str first = key_end(&prefix);
    struct str key, packed;
    struct backup backup = {.account = c->account, .region = c->region};

    if (*scan == NULL) {
        struct str from = after == NULL ? first
                                        : key_after_prefix(c->arena, row_of(c->arena, after));

        *scan = txn_scan(c->txn, from, key_after_prefix(c->arena, first), false);
    }
    if (!txn_scan_next(*scan, &key, &packed)) {
        txn_scan_close(*scan);
        return false;
    }
    struct key_reader reader = {row_rest(key, first)};
    bool good = key_read_str(&reader, c->arena, &backup.table_name) &&
                key_read_str(&reader, c->arena, &backup.id) &&
                backup_read(arena_dup(c->arena, packed), &backup);

    assert(good);
    *ret_backup = backup;
    return true;
}

/* ---- making ---- */

/* A backup's items lie below a number, as a table's do. */
static uint64_t number_new(struct call *c)
{
    struct table numbered = {0};

    number_take(c, &numbered);
    return numbered.number;
}

static struct str table_packed(struct call *c, const struct table *table)
{
    struct buf packed;
    struct str text;

    buf_init(&packed, ROW_BYTES_MAX);
    table_pack(&packed, table);
    assert(!buf_spent(&packed));
    text = arena_dup(c->arena, buf_str(&packed));
    buf_done(&packed);
    return text;
}

static void backup_of_table(struct call *c, const struct table *table, struct str name,
                            struct backup *backup)
{
    *backup = (struct backup){
        .account = arena_dup(c->arena, table->account),
        .region = arena_dup(c->arena, table->region),
        .table_name = arena_dup(c->arena, table->name),
        .id = arena_printf(c->arena, "%014lld-%08llx", (long long)c->now,
                           (unsigned long long)(rand_u64(c->rand) >> 32)),
        .name = name,
        .type = BACKUP_USER,
        .created_ms = c->now,
        .tally = table->tally,
        .bytes = table->tally.bytes,
        .table = table_packed(c, table),
    };
}

void backup_begin(struct call *c, const struct table *table, struct str name,
                  struct backup *ret_backup)
{
    struct job job = {.kind = JOB_BACKUP, .source = past_of_table(table)};

    backup_of_table(c, table, name, ret_backup);
    ret_backup->number = number_new(c);
    backup_save(c, ret_backup);
    job.id = backup_arn(c->arena, ret_backup);
    job.account = ret_backup->account;
    job.region = ret_backup->region;
    job.table = ret_backup->table_name;
    job.target = ret_backup->number;
    job.cut = txn_log_state(c->txn, table->log).last;
    job_begin(c, &job);
}

static status backup_step(struct call *c, struct job *job)
{
    struct past_range range = {.of = job->source, .cut = job->cut, .after = job->after};
    struct str prefix = rows_of(c->arena, "item", job->target);
    struct past_step step;
    struct backup backup;

    TRY(past_gather(c, &range, &step));
    if (backup_of_arn(c, job->id, &backup) != OK) {
        job_over(c, job); /* nobody deletes one that is being made: see api_backup.c */
        return OK;
    }
    for (size_t i = 0; i < step.count; i++) {
        const struct past_item *item = &step.items[i];

        txn_put(c->txn, past_joined(c->arena, prefix, item->suffix), item->before.packed);
        job->bytes += item->before.bytes;
    }
    job->items += step.count;
    text_set(&job->after, step.after);
    call_on(c, job->id);
    if (!step.ended) {
        job_save(c, job);
        return OK;
    }
    backup.ready = true;
    backup.bytes = job->bytes;
    backup_save(c, &backup);
    job_over(c, job);
    return OK;
}

const struct job_way job_backup = {"BackUp", backup_step, NULL, NULL};

bool backup_of_deleted(struct call *c, const struct table *table)
{
    struct backup backup;

    if (!table->pitr) {
        return false;
    }
    backup_of_table(c, table,
                    arena_printf(c->arena, "%.*s$DeletedTableBackup", STR_ARG(table->name)),
                    &backup);
    backup.type = BACKUP_SYSTEM;
    backup.expires_ms = c->now + BACKUP_SYSTEM_MS;
    backup.ready = true;
    backup.number = table->number;
    backup_save(c, &backup);
    return true;
}

struct table *backup_table(const struct backup *backup)
{
    struct table *table =
        table_unpack(backup->account, backup->region, backup->table_name, backup->table);

    if (table != NULL) {
        table->tally = backup->tally;
    }
    return table;
}

/* ---- going ---- */

void backup_delete(struct call *c, const struct backup *backup)
{
    struct job job = {.kind = JOB_FORGET, .id = backup_arn(c->arena, backup),
                      .account = backup->account, .region = backup->region,
                      .table = backup->table_name, .target = backup->number};

    txn_delete(c->txn, row_of(c->arena, backup));
    job_begin(c, &job);
}

static status forget_step(struct call *c, struct job *job)
{
    struct txn_scan *scan =
        txn_scan_prefix(c->txn, rows_of(c->arena, "item", job->target));
    struct str key, value;
    int count = 0;
    bool more = true;

    while (count < FORGET_CHANGES && (more = txn_scan_next(scan, &key, &value))) {
        txn_delete(c->txn, arena_dup(c->arena, key));
        count++;
    }
    txn_scan_close(scan);
    call_on(c, job->id);
    if (!more) {
        job_over(c, job);
    }
    return OK;
}

const struct job_way job_forget = {"Forget", forget_step, NULL, NULL};

void backups_expire(struct call *c)
{
    struct key kind = row_kind(c->arena, "backup");
    struct str prefix = key_end(&kind);
    struct txn_scan *scan = txn_scan_prefix(c->txn, prefix);
    struct str key, packed;
    struct backup gone[EXPIRE_AT_ONCE];
    int count = 0;

    while (count < EXPIRE_AT_ONCE && txn_scan_next(scan, &key, &packed)) {
        struct key_reader reader = {row_rest(key, prefix)};
        struct backup *backup = &gone[count];

        *backup = (struct backup){0};
        if (backup_read(packed, backup) && backup->expires_ms > 0 &&
            backup->expires_ms <= c->now && key_read_str(&reader, c->arena, &backup->account) &&
            key_read_str(&reader, c->arena, &backup->region) &&
            key_read_str(&reader, c->arena, &backup->table_name) &&
            key_read_str(&reader, c->arena, &backup->id)) {
            count++;
        }
    }
    txn_scan_close(scan);
    for (int i = 0; i < count; i++) {
        if (dynamodb_of(c)->jobs->count < JOBS_MAX) {
            backup_delete(c, &gone[i]);
        }
    }
}
