/* SPDX-License-Identifier: Apache-2.0
 *
 * What moves between services, from the command line: hold, release, holds, trace, outbox,
 * deliveries, redrive. Each asks a running weir's own doors and prints the answer as a table, or as
 * it came with --json.
 */
#include "base/arena.h"
#include "base/codec.h"
#include "cli/cli.h"
#include "net/client.h"
#include "wire/json.h"

#include <assert.h>
#include <stdio.h>

#define ANSWER_BYTES_MAX (256u * 1024 * 1024)
#define COLUMNS_MAX 6
#define CELL_BYTES_MAX 72

/* A target being made: path and parameters. */
struct target {
    struct buf text;  /* so far */
    bool any;         /* it has a parameter */
};

static void target_begin(struct target *target, const char *path)
{
    buf_init(&target->text, 64 * 1024);
    buf_add(&target->text, str_c(path));
    target->any = false;
}

static void target_add(struct target *target, const char *name, const char *value)
{
    if (value == NULL || value[0] == '\0') {
        return;
    }
    buf_printf(&target->text, "%c%s=", target->any ? '&' : '?', name);
    buf_add_percent(&target->text, str_c(value), false);
    target->any = true;
}

/* Asks; with --json prints the answer as it came. ret_value is the answer as a document. */
static int ask(const struct args *args, const char *method, struct target *target,
               struct arena *arena, struct value *ret_value)
{
    struct client_answer answer;
    struct why why = {""};
    status asked = ask_server(args, method, buf_str(&target->text), arena, &answer);

    buf_done(&target->text);
    if (asked != OK) {
        return EXIT_TROUBLE;
    }
    if (args->json) {
        fwrite(answer.body.at, 1, answer.body.bytes, stdout);
    }
    if (json_read(arena_dup(arena, answer.body), 0, arena, &why, ret_value) != OK ||
        ret_value->kind != VALUE_MAP) {
        return trouble(args, "the server's answer cannot be read: %s", why.text);
    }
    return EXIT_GOOD;
}

static struct str text_of(const struct value *map, const char *name)
{
    const struct value *value = map_find(map, str_c(name));

    return value != NULL && value->kind == VALUE_STR ? value->str : STR("");
}

/* The last part of an ARN or URL, which is what people call it. */
static struct str short_name(struct str name)
{
    size_t at = name.bytes;

    if (!str_starts(name, STR("arn:"))) {
        return name;
    }
    while (at > 0 && name.at[at - 1] != ':') {
        at--;
    }
    return str_slice(name, at, name.bytes);
}

/* A member of each item in columns; the last column may be as long as it likes. */
static void print_table(const struct value *list, const char *const *columns, size_t count)
{
    int widths[COLUMNS_MAX];

    assert(count <= COLUMNS_MAX);
    for (size_t k = 0; k < count; k++) {
        widths[k] = (int)strlen(columns[k]);
        for (uint32_t i = 0; i < list->count; i++) {
            int bytes = (int)short_name(text_of(&list->items[i], columns[k])).bytes;

            widths[k] = bytes > widths[k] ? bytes : widths[k];
        }
        widths[k] = widths[k] > CELL_BYTES_MAX ? CELL_BYTES_MAX : widths[k];
    }
    for (size_t k = 0; k < count; k++) {
        printf("%-*s%s", k + 1 < count ? widths[k] : 0, columns[k], k + 1 < count ? "  " : "\n");
    }
    for (uint32_t i = 0; i < list->count; i++) {
        for (size_t k = 0; k < count; k++) {
            struct str cell = short_name(text_of(&list->items[i], columns[k]));

            if (k + 1 < count) {
                cell = str_slice(cell, 0, CELL_BYTES_MAX);
                printf("%-*.*s  ", widths[k], STR_ARG(cell));
            } else {
                printf("%.*s\n", STR_ARG(cell));
            }
        }
    }
}

static int print_list(const struct args *args, struct target *target, const char *member,
                      const char *const *columns, const char *none)
{
    struct arena *arena = arena_new(ANSWER_BYTES_MAX);
    struct value answer;
    int done = ask(args, "GET", target, arena, &answer);
    size_t count = 0;

    while (columns[count] != NULL) {
        count++;
    }
    if (done == EXIT_GOOD && !args->json) {
        const struct value *list = map_find(&answer, str_c(member));

        if (list == NULL || list->kind != VALUE_LIST || list->count == 0) {
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
        return usage_error(args, "say what kind and which: weir %s queue NAME.",
                           args->command->name);
    }
    arena = arena_new(ANSWER_BYTES_MAX);
    target_begin(&target, path);
    target_add(&target, "kind", args->words[0]);
    target_add(&target, "name", args->words[1]);
    target_add(&target, "key", flag_value(args, "key"));
    done = ask(args, "POST", &target, arena, &answer);
    if (done == EXIT_GOOD && !args->json) {
        const struct value *changed = map_find(&answer, STR("changed"));
        struct str key = text_of(&answer, "key");

        printf("%.*s%s%.*s %s\n", STR_ARG(text_of(&answer, "arn")), key.bytes > 0 ? " key " : "",
               STR_ARG(key), changed != NULL && changed->truth ? done_text : not_text);
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

/* ---- trace, outbox, deliveries ---- */

static int run_trace(const struct args *args)
{
    static const char *const columns[] = {"time", "from", "to", "outcome", NULL};
    static const char *const with_trace[] = {"time", "trace", "from", "to", "outcome", NULL};
    struct target target;

    target_begin(&target, "/_weir/trace");
    target_add(&target, "id", args->word_count > 0 ? args->words[0] : NULL);
    target_add(&target, "resource", flag_value(args, "resource"));
    target_add(&target, "count", flag_value(args, "count"));
    return print_list(args, &target, "hops", args->word_count > 0 ? columns : with_trace,
                      "No event went from one service to another.");
}

static int run_outbox(const struct args *args)
{
    static const char *const columns[] = {"time", "kind", "to", "subject", "body", NULL};
    struct target target;

    target_begin(&target, "/_weir/outbox");
    target_add(&target, "count", flag_value(args, "count"));
    return print_list(args, &target, "messages", columns, "Nothing would have been sent.");
}

static int run_deliveries(const struct args *args)
{
    static const char *const columns[] = {"since", "carrier", "target", "last", NULL};
    struct target target;
    struct arena *arena;
    struct value answer;
    int done;

    target_begin(&target, "/_weir/deliveries");
    if (!flag_given(args, "now")) {
        return print_list(args, &target, "deliveries", columns, "No delivery is waiting.");
    }
    arena = arena_new(ANSWER_BYTES_MAX);
    target_add(&target, "now", "1");
    done = ask(args, "POST", &target, arena, &answer);
    if (done == EXIT_GOOD && !args->json) {
        const struct value *due = map_find(&answer, STR("due"));

        printf("%lld deliveries are tried now.\n", due == NULL ? 0LL : (long long)due->number);
    }
    arena_free(arena);
    return done;
}

/* ---- redrive ---- */

static int64_t number_of(const struct value *map, const char *name)
{
    const struct value *value = map_find(map, str_c(name));

    return value != NULL && value->kind == VALUE_INT ? value->number : 0;
}

static int run_redrive(const struct args *args)
{
    struct arena *arena;
    struct target target;
    struct value answer;
    int done;

    if (args->word_count != 1) {
        return usage_error(args, "say which dead-letter queue: weir redrive QUEUE.");
    }
    arena = arena_new(ANSWER_BYTES_MAX);
    target_begin(&target, "/_weir/sqs/redrive");
    target_add(&target, "queue", args->words[0]);
    target_add(&target, "where", flag_value(args, "where"));
    target_add(&target, "rate", flag_value(args, "rate"));
    target_add(&target, "to", flag_value(args, "to"));
    target_add(&target, "dry-run", flag_given(args, "dry-run") ? "1" : NULL);
    done = ask(args, "POST", &target, arena, &answer);
    if (done == EXIT_GOOD && !args->json) {
        printf("%lld of %lld messages %s%s%.*s\n", (long long)number_of(&answer, "matching"),
               (long long)number_of(&answer, "messages"),
               flag_given(args, "dry-run") ? "would go back" : "go back",
               text_of(&answer, "task").bytes > 0 ? "; task " : ".",
               STR_ARG(text_of(&answer, "task")));
    }
    arena_free(arena);
    return done;
}

/* ---- the tables ---- */

static const struct flag key_flags[] = {
    {"key", "KEY", NULL, "Only that message group, shard or record key."},
    FLAG_SERVER,
    {NULL, NULL, NULL, NULL},
};
static const struct flag plain_flags[] = {
    FLAG_SERVER,
    {NULL, NULL, NULL, NULL},
};
static const struct flag trace_flags[] = {
    {"resource", "ARN", NULL, "Only hops from, to or over this."},
    {"count", "N", "100", "How many, newest first."},
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
    "Stop a queue, group, subscription …; what comes meanwhile waits.",
    "KIND is queue, group (with --key), subscription, function, mapping or route; NAME a name, "
    "URL\n"
    "or ARN. Nothing is lost, and everything else flows.",
    key_flags,
    run_hold};
const struct command command_release = {
    "release", "KIND NAME", 2, "Let go on what was held.", "", key_flags, run_release};
const struct command command_holds = {
    "holds", "", 0, "What is held, and since when.", "", plain_flags, run_holds};
const struct command command_trace = {
    "trace",
    "[TRACE]",
    1,
    "Follow events from service to service: where to, and what became of it.",
    "TRACE is a trace id or a request id; without it, the newest hops of all.",
    trace_flags,
    run_trace};
const struct command command_outbox = {
    "outbox", "", 0, "E-mails and text messages that AWS would have sent.", "", count_flags,
    run_outbox};
const struct command command_deliveries = {
    "deliveries",
    "",
    0,
    "Deliveries to HTTP endpoints and functions that wait for another try.",
    "",
    delivery_flags,
    run_deliveries};
const struct command command_redrive = {
    "redrive", "QUEUE", 1, "Send a dead-letter queue's messages back to where they came from.", "",
    redrive_flags, run_redrive};
