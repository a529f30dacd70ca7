/* SPDX-License-Identifier: Apache-2.0
 *
 * What moves between services, from the command line: hold, release, holds, outbox, deliveries,
 * redrive. Each asks a running weir's own doors and prints the answer as a table, or as it came
 * with --json. (trace has a file of its own.)
 */
#include "cli/page.h"

#include <stdio.h>

static int print_list(const struct args *args, struct target *target, const char *member,
                      const char *const *columns, const char *none)
{
    struct arena *arena = arena_new(PAGE_BYTES_MAX);
    struct value answer;
    int done = page_ask_shown(args, "GET", target, arena, &answer);
    size_t count = 0;

    while (columns[count] != NULL) {
        count++;
    }
    if (done == EXIT_GOOD && !args->json) {
        const struct value *list = member_list(&answer, member);

        if (list == NULL || list->count == 0) {
            printf("%s\n", none);
        } else {
            print_table(list, columns, count);
        }
    }
    arena_free(arena);
    return done;
}

/* ---- hold, release, holds ---- */

static int run_hold_or_release(const struct args *args, const char *path, const char *done_text,
                               const char *not_text)
{
    struct arena *arena;
    struct target target;
    struct value answer;
    int done;

    if (args->word_count != 2) {
        return usage_error(args,
                           "say what kind and which: weir %s queue NAME, group QUEUE --key GROUP, "
                           "subscription TOPIC:QUEUE, rule RULE, function FUNCTION, or "
                           "mapping FUNCTION:SOURCE.",
                           args->command->name);
    }
    arena = arena_new(PAGE_BYTES_MAX);
    target_begin(&target, path);
    target_add_c(&target, "kind", args->words[0]);
    target_add_c(&target, "name", args->words[1]);
    target_add_c(&target, "key", flag_value(args, "key"));
    done = page_ask_shown(args, "POST", &target, arena, &answer);
    if (done == EXIT_GOOD && !args->json) {
        const struct value *changed = map_find(&answer, STR("changed"));
        struct str key = member_text(&answer, "key");
        bool mapping = str_eq(member_text(&answer, "kind"), STR("mapping"));

        printf("%.*s%s%.*s %s\n", STR_ARG(member_text(&answer, "arn")),
               key.bytes == 0 ? "" : mapping ? " key " : " group ", STR_ARG(key),
               changed != NULL && changed->truth ? done_text : not_text);
    }
    arena_free(arena);
    return done;
}

static int run_hold(const struct args *args)
{
    return run_hold_or_release(args, "/_weir/hold", "is held; `weir release` lets it go on.",
                               "was held already.");
}

static int run_release(const struct args *args)
{
    return run_hold_or_release(args, "/_weir/release", "goes on.", "was not held.");
}

static int run_holds(const struct args *args)
{
    static const char *const columns[] = {"kind", "since", "arn", "key", NULL};
    struct target target;

    target_begin(&target, "/_weir/holds");
    return print_list(args, &target, "holds", columns, "Nothing is held.");
}

/* ---- outbox, deliveries ---- */

static int run_outbox(const struct args *args)
{
    static const char *const columns[] = {"time", "kind", "to", "subject", "body", NULL};
    struct target target;

    target_begin(&target, "/_weir/outbox");
    target_add_c(&target, "count", flag_value(args, "count"));
    return print_list(args, &target, "messages", columns, "Nothing would have been sent.");
}

/* A piece at a time, until none is left that waits. */
static int try_now(const struct args *args)
{
    struct arena *arena = arena_new(PAGE_BYTES_MAX);
    int64_t all = 0;
    int64_t due = 1;
    int done = EXIT_GOOD;

    while (done == EXIT_GOOD && due > 0) {
        struct target target;
        struct value answer;

        target_begin(&target, "/_weir/deliveries");
        target_add_c(&target, "now", "1");
        done = page_ask(args, "POST", &target, arena, &answer);
        due = done == EXIT_GOOD ? member_number(&answer, "due") : 0;
        all += due;
        arena_clear(arena);
    }
    if (done == EXIT_GOOD) {
        printf(args->json ? "{\"due\":%lld}\n" : "%lld deliveries are tried now.\n",
               (long long)all);
    }
    arena_free(arena);
    return done;
}

static int run_deliveries(const struct args *args)
{
    static const char *const columns[] = {"id", "since", "next", "attempts", "target", "last",
                                          NULL};
    struct target target;

    if (flag_given(args, "now")) {
        return try_now(args);
    }
    target_begin(&target, "/_weir/deliveries");
    target_add_c(&target, "count", flag_value(args, "count"));
    return print_list(args, &target, "deliveries", columns, "No delivery is waiting.");
}

/* ---- redrive ---- */

static int run_redrive(const struct args *args)
{
    struct arena *arena;
    struct target target;
    struct value answer;
    int done;

    if (args->word_count != 1) {
        return usage_error(args, "say which dead-letter queue: weir redrive QUEUE.");
    }
    arena = arena_new(PAGE_BYTES_MAX);
    target_begin(&target, "/_weir/sqs/redrive");
    target_add_c(&target, "queue", args->words[0]);
    target_add_c(&target, "where", flag_value(args, "where"));
    target_add_c(&target, "rate", flag_value(args, "rate"));
    target_add_c(&target, "to", flag_value(args, "to"));
    target_add_c(&target, "dry-run", flag_given(args, "dry-run") ? "1" : NULL);
    done = page_ask_shown(args, "POST", &target, arena, &answer);
    if (done == EXIT_GOOD && !args->json) {
        int64_t matching = member_number(&answer, "matching");
        int64_t messages = member_number(&answer, "messages");
        struct str task = member_text(&answer, "task");

        if (flag_given(args, "dry-run")) {
            printf("%lld of %lld messages would go back; nothing was moved.\n",
                   (long long)matching, (long long)messages);
        } else {
            printf("%lld of %lld messages go back: task %.*s\n", (long long)matching,
                   (long long)messages, STR_ARG(task));
        }
    }
    arena_free(arena);
    return done;
}

/* ---- the tables ---- */

static const struct flag key_flags[] = {
    {"key", "KEY", NULL, "Only that message group of the queue, shard or key of the mapping."},
    FLAG_SERVER,
    {NULL, NULL, NULL, NULL},
};
static const struct flag plain_flags[] = {
    FLAG_SERVER,
    {NULL, NULL, NULL, NULL},
};
static const struct flag count_flags[] = {
    {"count", "N", "100", "How many, newest first."},
    FLAG_SERVER,
    {NULL, NULL, NULL, NULL},
};
static const struct flag delivery_flags[] = {
    {"now", NULL, NULL, "Try everything that waits now."},
    {"count", "N", "100", "How many, the next to be tried first."},
    FLAG_SERVER,
    {NULL, NULL, NULL, NULL},
};
static const struct flag redrive_flags[] = {
    {"where", "PATTERN", NULL, "Only messages that match, such as '{\"body\":{\"card\":[17]}}'."},
    {"rate", "N", NULL, "Messages a second; without it, as fast as it goes."},
    {"to", "QUEUE", NULL, "Where to; without it, where each came from."},
    {"dry-run", NULL, NULL, "Count, move nothing."},
    FLAG_SERVER,
    {NULL, NULL, NULL, NULL},
};

const struct command command_hold = {
    "hold",
    "KIND NAME",
    2,
    "Stop a queue, subscription, rule, function or mapping; what comes meanwhile waits.",
    "KIND NAME is one of\n"
    "  queue QUEUE              nothing of it is received; sends go on\n"
    "  group QUEUE --key GROUP  one message group of a FIFO queue; the others flow\n"
    "  subscription TOPIC:QUEUE its events wait, and go on in their order after the release\n"
    "  rule RULE or BUS/RULE    the same of a rule of EventBridge\n"
    "  function FUNCTION        nothing of it runs\n"
    "  mapping FUNCTION:SOURCE [--key KEY]  what feeds a function: all of it, one shard, or the\n"
    "                           records of one partition key or message group\n"
    "QUEUE is a name, URL or ARN; a subscription may be named by its ARN. A hold survives a\n"
    "restart. Nothing is lost, and everything else flows.",
    key_flags,
    run_hold};
const struct command command_release = {
    "release", "KIND NAME", 2, "Let go on what was held.",
    "KIND, NAME and --key as `weir holds` shows them, or as they were given to `weir hold`.",
    key_flags, run_release};
const struct command command_holds = {
    "holds", "", 0, "What is held, and since when.", "", plain_flags, run_holds};
const struct command command_outbox = {
    "outbox", "", 0, "E-mails and text messages that AWS would have sent.", "", count_flags,
    run_outbox};
const struct command command_deliveries = {
    "deliveries",
    "",
    0,
    "Deliveries to HTTP endpoints that wait for another try.",
    "`last` says what went wrong at the last try, `next` when it is tried again.",
    delivery_flags,
    run_deliveries};
const struct command command_redrive = {
    "redrive", "QUEUE", 1, "Send a dead-letter queue's messages back to where they came from.",
    "The task it starts is one of StartMessageMoveTask: `aws sqs list-message-move-tasks` shows\n"
    "it, `aws sqs cancel-message-move-task` ends it. A pattern is an EventBridge pattern over\n"
    "{\"body\": …, \"attributes\": …}; a body that is JSON is looked into.",
    redrive_flags, run_redrive};
