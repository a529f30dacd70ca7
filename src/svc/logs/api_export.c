/* SPDX-License-Identifier: Apache-2.0
 *
 * The operations of export tasks. Beginning one writes an object into the bucket, as AWS does, so a
 * bucket that is not there or does not take it is told at once.
 */
#include "bus/bucket_file.h"
#include "bus/sink.h"
#include "svc/logs/export.h"
#include "svc/logs/keys.h"
#include "svc/logs/logs_ops.h"

#define TOLD_MS (30 * MS_PER_DAY) /* that a task is told of after its end */

static struct thing task_named(struct str id)
{
    return (struct thing){"export", STR(""), id};
}

/* An account has one task at a time. */
static status one_check(struct call *c)
{
    struct things things = {.kind = "export", .scope = STR(""), .shape = export_shape()};
    struct value *about;
    struct thing thing;

    while (things_next(c, &things, &thing, &about)) {
        if (!export_is_over(about)) {
            things_close(&things);
            return fail(c, &LOGS_LIMIT, "Resource limit exceeded.");
        }
    }
    return OK;
}

/* Tasks that ended long ago are not told of any more. */
static void old_ones_forget(struct call *c)
{
    struct things things = {.kind = "export", .scope = STR(""), .shape = export_shape()};
    struct value *about;
    struct thing thing;

    while (things_next(c, &things, &thing, &about)) {
        const struct value *info = get(about, "executionInfo");

        if (info != NULL && get_int(info, "completionTime", c->now) < c->now - TOLD_MS) {
            (void)thing_erase(c, &thing);
        }
    }
}

static struct value *task_new(struct call *c, struct str id)
{
    static const char *const kept[] = {"taskName", "logGroupName", "from", "to", "destination"};
    struct value *about = value_struct(c->arena, export_shape());

    for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
        if (arg_has(c, kept[i])) {
            set_value(about, kept[i], arg(c, kept[i]));
        }
    }
    set_str(about, "taskId", id);
    set_str(about, "destinationPrefix", arg_has(c, "destinationPrefix")
                                            ? arg_str(c, "destinationPrefix")
                                            : STR("exportedlogs"));
    export_status_set(c, about, "PENDING", "");
    return about;
}

static status bucket_greet(struct call *c, const struct value *about)
{
    struct bucket_file file = {.bucket = arg_str(c, "destination"),
                               .key = export_key(c->arena, about, "aws-logs-write-test"),
                               .type = "text/plain", .principal = "logs.amazonaws.com"};
    struct group *group;
    status put;

    TRY(group_of_call(c, &group));
    TRY(file_make(c->cell, STR("Permission Check Successful"), &file)); /* small: in memory */
    put = file_put(c, &file, group_arn(c, group));
    if (put == &BUS_NO_TARGET) {
        return fail(c, &LOGS_INVALID,
                    "The given bucket does not exist. Please provide a valid bucket.");
    }
    return put == OK ? OK
                     : fail(c, &LOGS_INVALID,
                            "PutObject call on the given bucket failed. Please check if CloudWatch "
                            "Logs has been granted permission to perform this operation.");
}

/* CreateExportTask */
status logs_create_export(struct call *c)
{
    struct str id = uuid_new(c);
    struct group *group;
    struct value *about;
    struct thing thing = task_named(id);

    TRY(group_of_call(c, &group));
    if (arg_int(c, "from", 0) > arg_int(c, "to", 0)) {
        return fail(c, &LOGS_INVALID, "The from time cannot be after the to time.");
    }
    if (arg_int(c, "to", 0) > TIME_MS_MAX) {
        return fail(c, &LOGS_INVALID, "The to time is too far away.");
    }
    if (group->class != CLASS_STANDARD) {
        return fail(c, &LOGS_INVALID, "Log groups of this class cannot be exported.");
    }
    TRY(one_check(c));
    about = task_new(c, id);
    TRY(bucket_greet(c, about));
    old_ones_forget(c);
    thing_save(c, &thing, about);
    export_begin(c, id, arg_str(c, "logStreamNamePrefix"));
    put_str(c, "taskId", id);
    call_on(c, group_arn(c, group));
    return OK;
}

/* CancelExportTask */
status logs_cancel_export(struct call *c)
{
    struct thing thing = task_named(arg_str(c, "taskId"));
    struct value *about = thing_load(c, &thing, export_shape());

    if (about == NULL) {
        return fail(c, &LOGS_NOT_FOUND, "The specified export task does not exist.");
    }
    if (export_is_over(about)) {
        return fail(c, &LOGS_OPERATION, "The specified export task has already finished");
    }
    export_status_set(c, about, "CANCELLED", "Cancelled by user");
    thing_save(c, &thing, about);
    return OK;
}

/* DescribeExportTasks */
status logs_describe_exports(struct call *c)
{
    struct things things = {.kind = "export", .scope = STR(""), .prefix = arg_str(c, "taskId"),
                            .shape = export_shape()};
    size_t limit = limit_of_call(c, "limit", PAGE_DEFAULT);
    struct value *list;
    struct value *about;
    struct thing thing;
    struct thing last = {.kind = "export"};

    TRY(token_read(c, "nextToken", &things.after));
    list = put_list(c, "exportTasks", limit);
    while (things_next(c, &things, &thing, &about)) {
        if ((arg_has(c, "taskId") && !str_eq(thing.name, arg_str(c, "taskId"))) ||
            (arg_has(c, "statusCode") &&
             !str_eq(export_status(about), arg_str(c, "statusCode")))) {
            continue;
        }
        if (list->count == limit) {
            put_str(c, "nextToken", token_of(c, things_place(c, &last)));
            things_close(&things);
            break;
        }
        *list_add(c->arena, list) = *about;
        last = thing;
    }
    return OK;
}
