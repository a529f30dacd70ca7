/* SPDX-License-Identifier: Apache-2.0
 *
 * Progress of stacks.
 */
#include "cli/progress.h"

#include "base/time.h"
#include "cli/aws.h"
#include "sys/terminal.h"

#include <stdio.h>

#define ARENA_BYTES_MAX (64u << 20)
#define PAUSE_MS_MIN 20
#define PAUSE_MS_MAX 400
#define EVENTS_MAX 4096
#define DEPTH_MAX 5 /* nested stacks in the tree */

/* ---- what the server says ---- */

int stack_describe(const struct args *args, const char *stack, struct arena *arena,
                   const struct value **ret_stack)
{
    const struct value *list = NULL;
    struct aws_answer answer;
    struct aws_form form;

    aws_begin(&form, "cloudformation", "DescribeStacks");
    aws_add_c(&form, "StackName", stack);
    if (aws_call(args, &form, arena, &answer) != OK) {
        return EXIT_TROUBLE;
    }
    *ret_stack = NULL;
    if (!answer.good && str_find_str(answer.message, STR("does not exist")) <
                            answer.message.bytes) {
        return EXIT_GOOD;
    }
    if (!answer.good) {
        return trouble(args, "%.*s", STR_ARG(answer.message));
    }
    list = get(answer.out, "Stacks");
    *ret_stack = list == NULL || list->count == 0 ? NULL : &list->items[0];
    return EXIT_GOOD;
}

/* Events newest first, down to seen. */
static int events_since(const struct progress *progress, struct arena *arena,
                        const struct value **ret_events, size_t *ret_count)
{
    struct str token = STR_NONE;
    size_t count = 0;

    do {
        const struct value *out = NULL;
        const struct value *list = NULL;
        struct aws_form form;
        int done;

        aws_begin(&form, "cloudformation", "DescribeStackEvents");
        aws_add_c(&form, "StackName", progress->stack);
        aws_add(&form, "NextToken", token);
        done = aws_call_good(progress->args, &form, arena, &out);
        if (done != EXIT_GOOD) {
            return done;
        }
        list = get(out, "StackEvents");
        token = get_str(out, "NextToken");
        for (uint32_t i = 0; list != NULL && i < list->count && count < EVENTS_MAX; i++) {
            if (str_eq(get_str(&list->items[i], "EventId"), str_c(progress->seen))) {
                token = STR_NONE;
                break;
            }
            ret_events[count++] = &list->items[i];
        }
    } while (token.bytes > 0 && count < EVENTS_MAX);
    *ret_count = count;
    return EXIT_GOOD;
}

static void keep(char *to, size_t room, struct str text)
{
    (void)snprintf(to, room, "%.*s", STR_ARG(text));
}

int progress_begin(struct progress *progress, const struct args *args, const char *stack)
{
    struct arena *arena = arena_new(ARENA_BYTES_MAX);
    const struct value *there = NULL;
    int done;

    *progress = (struct progress){.args = args};
    keep(progress->stack, sizeof(progress->stack), str_c(stack));
    done = stack_describe(args, stack, arena, &there);
    if (done == EXIT_GOOD && there != NULL) {
        const struct value **events = arena_alloc(arena, EVENTS_MAX * sizeof(*events));
        size_t count = 0;

        keep(progress->stack, sizeof(progress->stack), get_str(there, "StackId"));
        done = events_since(progress, arena, events, &count);
        if (done == EXIT_GOOD && count > 0) {
            keep(progress->seen, sizeof(progress->seen), get_str(events[0], "EventId"));
        }
    }
    arena_free(arena);
    return done;
}

/* ---- showing ---- */

static const char *color_of(struct str word)
{
    if (str_find_str(word, STR("FAILED")) < word.bytes) {
        return "\033[31m";
    }
    if (str_ends(word, STR("IN_PROGRESS"))) {
        return "\033[33m";
    }
    return str_find_str(word, STR("ROLLBACK")) < word.bytes ? "\033[31m" : "\033[32m";
}

static void print_event(struct arena *arena, const struct value *event)
{
    struct str reason = get_str(event, "ResourceStatusReason");

    printf("%.*s  %-28.*s  %-32.*s  %.*s%s%.*s\n",
           STR_ARG(time_iso(arena, get_time(event, "Timestamp", 0))),
           STR_ARG(get_str(event, "ResourceStatus")), STR_ARG(get_str(event, "ResourceType")),
           STR_ARG(get_str(event, "LogicalResourceId")), reason.bytes > 0 ? ": " : "",
           STR_ARG(reason));
}

static int show_events(struct progress *progress, struct arena *arena)
{
    const struct value **events = arena_alloc(arena, EVENTS_MAX * sizeof(*events));
    size_t count = 0;
    int done = events_since(progress, arena, events, &count);

    if (done != EXIT_GOOD || count == 0) {
        return done;
    }
    for (size_t i = count; i-- > 0;) {
        print_event(arena, events[i]);
    }
    fflush(stdout);
    keep(progress->seen, sizeof(progress->seen), get_str(events[0], "EventId"));
    return EXIT_GOOD;
}

/* The tree: rows that are drawn so far, and how many the terminal has. */
struct tree_view {
    struct progress *progress; /* whose */
    struct arena *arena;       /* of this drawing */
    int rows, rows_max;        /* drawn; beyond it nothing is drawn */
};

static void draw_row(struct tree_view *view, const char *indent, const struct value *resource)
{
    struct str word = get_str(resource, "ResourceStatus");

    if (view->rows >= view->rows_max) {
        return;
    }
    view->rows++;
    printf("\033[2K%s%-*.*s  %-36.36s  %s%.*s\033[0m\n", indent,
           34 - (int)strlen(indent) / 3, 40, arena_dup(view->arena, get_str(resource,
                                                                       "LogicalResourceId")).at,
           arena_dup(view->arena, get_str(resource, "ResourceType")).at, color_of(word),
           STR_ARG(word));
}

static int draw_resources(struct tree_view *view, struct str stack, int depth)
{
    const char *indent = depth == 0 ? "  " : depth == 1 ? "    " : "      ";
    struct str token = STR_NONE;

    do {
        const struct value *out = NULL;
        const struct value *list = NULL;
        struct aws_form form;
        int done;

        aws_begin(&form, "cloudformation", "ListStackResources");
        aws_add(&form, "StackName", stack);
        aws_add(&form, "NextToken", token);
        done = aws_call_good(view->progress->args, &form, view->arena, &out);
        if (done != EXIT_GOOD) {
            return done;
        }
        list = get(out, "StackResourceSummaries");
        token = get_str(out, "NextToken");
        for (uint32_t i = 0; list != NULL && i < list->count; i++) {
            struct str id = get_str(&list->items[i], "PhysicalResourceId");

            draw_row(view, indent, &list->items[i]);
            if (str_eq(get_str(&list->items[i], "ResourceType"),
                       STR("AWS::CloudFormation::Stack")) &&
                id.bytes > 0 && depth < DEPTH_MAX) {
                (void)draw_resources(view, id, depth + 1);
            }
        }
    } while (token.bytes > 0);
    return EXIT_GOOD;
}

static int draw_tree(struct progress *progress, struct arena *arena, const struct value *stack)
{
    struct tree_view view = {progress, arena, 1, terminal_rows() - 2};
    struct str word = get_str(stack, "StackStatus");
    int done;

    if (progress->drawn > 0) {
        printf("\033[%dA", progress->drawn);
    }
    printf("\033[2K%.*s  %s%.*s\033[0m\n", STR_ARG(get_str(stack, "StackName")),
           color_of(word), STR_ARG(word));
    done = draw_resources(&view, str_c(progress->stack), 0);
    if (view.rows < progress->drawn) { /* what went away */
        printf("\033[J");
    }
    progress->drawn = view.rows;
    fflush(stdout);
    return done;
}

static int show(struct progress *progress, struct arena *arena, const struct value *stack)
{
    if (progress->args->json) {
        return EXIT_GOOD;
    }
    return terminal_is_live() ? draw_tree(progress, arena, stack) : show_events(progress, arena);
}

/* ---- waiting ---- */

int progress_wait(struct progress *progress)
{
    struct arena *arena = arena_new(ARENA_BYTES_MAX);
    uint32_t pause_ms = PAUSE_MS_MIN;
    bool over = false;
    int done;

    do {
        const struct value *stack = NULL;

        arena_clear(arena);
        done = stack_describe(progress->args, progress->stack, arena, &stack);
        if (done == EXIT_GOOD && stack == NULL) {
            done = trouble(progress->args, "the stack %s is gone.", progress->stack);
        }
        if (done == EXIT_GOOD) {
            keep(progress->stack, sizeof(progress->stack), get_str(stack, "StackId"));
            keep(progress->status, sizeof(progress->status), get_str(stack, "StackStatus"));
            over = !str_ends(get_str(stack, "StackStatus"), STR("IN_PROGRESS"));
            done = show(progress, arena, stack);
        }
        if (done == EXIT_GOOD && !over) {
            terminal_pause(pause_ms);
            pause_ms = pause_ms * 3 / 2 < PAUSE_MS_MAX ? pause_ms * 3 / 2 : PAUSE_MS_MAX;
        }
    } while (done == EXIT_GOOD && !over);
    arena_free(arena);
    return done;
}

void progress_blame(struct progress *progress)
{
    struct arena *arena = arena_new(ARENA_BYTES_MAX);
    const struct value **events = arena_alloc(arena, EVENTS_MAX * sizeof(*events));
    struct progress whole = *progress;
    size_t count = 0;

    whole.seen[0] = '\0';
    if (events_since(&whole, arena, events, &count) != EXIT_GOOD) {
        count = 0;
    }
    for (size_t i = count; i-- > 0;) {
        struct str reason = get_str(events[i], "ResourceStatusReason");

        if (str_ends(get_str(events[i], "ResourceStatus"), STR("_FAILED")) &&
            !str_starts(reason, STR("Resource creation cancelled"))) {
            fprintf(stderr, "  %.*s (%.*s): %.*s\n",
                    STR_ARG(get_str(events[i], "LogicalResourceId")),
                    STR_ARG(get_str(events[i], "ResourceType")), STR_ARG(reason));
        }
    }
    arena_free(arena);
}

void stack_outputs(const struct value *stack)
{
    const struct value *outputs = get(stack, "Outputs");
    int width = 0;

    for (uint32_t i = 0; outputs != NULL && i < outputs->count; i++) {
        int bytes = (int)get_str(&outputs->items[i], "OutputKey").bytes;

        width = bytes > width ? bytes : width;
    }
    for (uint32_t i = 0; outputs != NULL && i < outputs->count; i++) {
        printf("  %-*.*s  %.*s\n", width, STR_ARG(get_str(&outputs->items[i], "OutputKey")),
               STR_ARG(get_str(&outputs->items[i], "OutputValue")));
    }
}
