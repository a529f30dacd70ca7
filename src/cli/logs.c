/* SPDX-License-Identifier: Apache-2.0
 *
 * weir logs: what a log group, or a function, wrote; with -f what it writes. First by time what is
 * there, then what comes, as it comes; the server answers when there is something.
 */
#include "cli/page.h"

#include "base/time.h"

#include <stdio.h>

/* Texts that outlive the answer they came in. */
struct place {
    char next[80];   /* where to go on by time; empty: at the end */
    char cut[24];    /* what belongs to the first part; fixed by the first answer */
    char after[80];  /* where to go on by arrival */
};

static void keep(char *to, size_t room, struct str text)
{
    (void)snprintf(to, room, "%.*s", STR_ARG(text));
}

static void ask_for(const struct args *args, struct target *target)
{
    target_begin(target, "/_weir/logs");
    target_add_c(target, "group", args->words[0]);
    target_add_c(target, "stream", flag_value(args, "stream"));
    target_add_c(target, "filter", flag_value(args, "filter"));
}

static void print_event(const struct args *args, struct arena *arena, const struct value *event)
{
    struct str message = member_text(event, "message");
    struct buf text;

    if (args->json) {
        buf_init(&text, PAGE_BYTES_MAX);
        value_dump(&text, event);
        fwrite(buf_str(&text).at, 1, buf_str(&text).bytes, stdout);
        putchar('\n');
        buf_done(&text);
        return;
    }
    while (str_ends(message, STR("\n")) || str_ends(message, STR("\r"))) {
        message.bytes--;
    }
    printf("%.*s %.*s %.*s\n",
           STR_ARG(time_iso(arena, member_number(event, "timestamp"))),
           STR_ARG(member_text(event, "stream")), STR_ARG(message));
}

static void print_events(const struct args *args, struct arena *arena, const struct value *answer)
{
    const struct value *list = member_list(answer, "events");

    for (uint32_t i = 0; list != NULL && i < list->count; i++) {
        print_event(args, arena, &list->items[i]);
    }
    fflush(stdout);
}

static int run_history(const struct args *args, struct place *place)
{
    struct arena *arena = arena_new(PAGE_BYTES_MAX);
    int done;

    do {
        struct target target;
        struct value answer;

        arena_clear(arena);
        ask_for(args, &target);
        target_add_c(&target, "since", flag_value(args, "since"));
        target_add_c(&target, "follow", flag_given(args, "follow") ? "true" : NULL);
        target_add(&target, "next", str_c(place->next));
        target_add(&target, "cut", str_c(place->cut));
        done = page_ask(args, "GET", &target, arena, &answer);
        keep(place->next, sizeof(place->next), STR(""));
        if (done == EXIT_GOOD) {
            print_events(args, arena, &answer);
            keep(place->next, sizeof(place->next), member_text(&answer, "next"));
            keep(place->cut, sizeof(place->cut), member_text(&answer, "cut"));
            keep(place->after, sizeof(place->after), member_text(&answer, "after"));
        }
    } while (done == EXIT_GOOD && place->next[0] != '\0');
    arena_free(arena);
    return done;
}

/* Until the server stops, or somebody stops it. */
static int run_follow(const struct args *args, struct place *place)
{
    struct arena *arena = arena_new(PAGE_BYTES_MAX);
    int done;

    do {
        struct target target;
        struct value answer;

        arena_clear(arena);
        ask_for(args, &target);
        target_add(&target, "after", str_c(place->after));
        target.patient = true;
        done = page_ask(args, "GET", &target, arena, &answer);
        if (done == EXIT_GOOD) {
            print_events(args, arena, &answer);
            keep(place->after, sizeof(place->after), member_text(&answer, "after"));
        }
    } while (done == EXIT_GOOD && !ferror(stdout));
    arena_free(arena);
    return done;
}

static int run_logs(const struct args *args)
{
    struct place place = {"", "", ""};
    int done;

    if (args->word_count != 1) {
        return usage_error(args, "say whose: a function's name, or a log group's.");
    }
    done = run_history(args, &place);
    return done == EXIT_GOOD && flag_given(args, "follow") ? run_follow(args, &place) : done;
}

static const struct flag logs_flags[] = {
    {"follow", NULL, NULL, "Go on with what comes. -f is the same."},
    {"since", "WHEN", NULL, "Only from then on: 10m, or a moment. (all that is kept)"},
    {"filter", "PATTERN", NULL, "Only what matches: ERROR, '?WARN ?ERROR', '{ $.n > 3 }'."},
    {"stream", "NAME", NULL, "Only of streams whose name begins so."},
    FLAG_SERVER,
    FLAGS_END,
};

const struct command command_logs = {
    "logs",
    "GROUP|FUNCTION",
    1,
    "Show what a function or a log group wrote, or follow it.",
    "A name without a slash is a function's first: orders is the group /aws/lambda/orders, if\n"
    "there is one. A group may also be named by its ARN. With -f, what comes is shown as it\n"
    "comes, in the order of its arrival, and a group that is not there yet is waited for.\n"
    "--filter takes CloudWatch's filter patterns. With --json each event is a line of its own.",
    logs_flags,
    run_logs};
