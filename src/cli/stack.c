/* SPDX-License-Identifier: Apache-2.0
 *
 * weir stack: what stacks there are, and what one is made of. weir destroy: take one away.
 */
#include "cli/aws.h"
#include "cli/progress.h"
#include "wire/document.h"

#include <stdio.h>

#define ARENA_BYTES_MAX (256u << 20)

static void print_value(const struct value *value)
{
    struct buf text;

    buf_init(&text, ARENA_BYTES_MAX);
    value_dump(&text, value);
    printf("%.*s\n", STR_ARG(buf_str(&text)));
    buf_done(&text);
}

/* ---- all ---- */

static int run_list(const struct args *args, struct arena *arena)
{
    struct str token = STR_NONE;

    do {
        const struct value *out = NULL;
        const struct value *list = NULL;
        struct aws_form form;
        int done;

        aws_begin(&form, "cloudformation", "DescribeStacks");
        aws_add(&form, "NextToken", token);
        done = aws_call_good(args, &form, arena, &out);
        if (done != EXIT_GOOD) {
            return done;
        }
        list = get(out, "Stacks");
        token = get_str(out, "NextToken");
        for (uint32_t i = 0; list != NULL && i < list->count; i++) {
            if (args->json) {
                print_value(&list->items[i]);
            } else {
                printf("%-32.*s  %-28.*s  %.*s\n", STR_ARG(get_str(&list->items[i], "StackName")),
                       STR_ARG(get_str(&list->items[i], "StackStatus")),
                       STR_ARG(get_str(&list->items[i], "Description")));
            }
        }
    } while (token.bytes > 0);
    return EXIT_GOOD;
}

/* ---- one ---- */

static void print_parameters(const struct value *stack)
{
    const struct value *list = get(stack, "Parameters");

    if (list != NULL && list->count > 0) {
        printf("\nParameters\n");
    }
    for (uint32_t i = 0; list != NULL && i < list->count; i++) {
        printf("  %.*s = %.*s\n", STR_ARG(get_str(&list->items[i], "ParameterKey")),
               STR_ARG(get_str(&list->items[i], "ParameterValue")));
    }
}

static void print_resource(const struct args *args, const struct value *one)
{
    struct str reason = get_str(one, "ResourceStatusReason");
    struct str word = get_str(one, "ResourceStatus");

    if (args->json) {
        print_value(one);
        return;
    }
    printf("  %-30.*s  %-34.*s  %-18.*s  %.*s%s%.*s%s\n",
           STR_ARG(get_str(one, "LogicalResourceId")), STR_ARG(get_str(one, "ResourceType")),
           STR_ARG(word), STR_ARG(get_str(one, "PhysicalResourceId")),
           reason.bytes > 0 ? "  (" : "", STR_ARG(reason), reason.bytes > 0 ? ")" : "");
}

static int print_resources(const struct args *args, struct str stack, struct arena *arena)
{
    struct str token = STR_NONE;

    do {
        const struct value *out = NULL;
        const struct value *list = NULL;
        struct aws_form form;
        int done;

        aws_begin(&form, "cloudformation", "ListStackResources");
        aws_add(&form, "StackName", stack);
        aws_add(&form, "NextToken", token);
        done = aws_call_good(args, &form, arena, &out);
        if (done != EXIT_GOOD) {
            return done;
        }
        list = get(out, "StackResourceSummaries");
        token = get_str(out, "NextToken");
        for (uint32_t i = 0; list != NULL && i < list->count; i++) {
            print_resource(args, &list->items[i]);
        }
    } while (token.bytes > 0);
    return EXIT_GOOD;
}

static int run_one(const struct args *args, struct arena *arena)
{
    const struct value *outputs = NULL;
    const struct value *stack = NULL;
    struct str reason;
    int done = stack_describe(args, args->words[0], arena, &stack);

    if (done != EXIT_GOOD) {
        return done;
    }
    if (stack == NULL) {
        return trouble(args, "there is no stack %s. weir stack lists all.", args->words[0]);
    }
    if (args->json) {
        print_value(stack);
        return print_resources(args, get_str(stack, "StackId"), arena);
    }
    reason = get_str(stack, "StackStatusReason");
    printf("%.*s  %.*s%s%.*s\n", STR_ARG(get_str(stack, "StackName")),
           STR_ARG(get_str(stack, "StackStatus")), reason.bytes > 0 ? ": " : "", STR_ARG(reason));
    if (has(stack, "Description")) {
        printf("%.*s\n", STR_ARG(get_str(stack, "Description")));
    }
    print_parameters(stack);
    outputs = get(stack, "Outputs");
    if (outputs != NULL && outputs->count > 0) {
        printf("\nOutputs\n");
        stack_outputs(stack);
    }
    printf("\nResources\n");
    return print_resources(args, get_str(stack, "StackId"), arena);
}

static int run_stack(const struct args *args)
{
    struct arena *arena = arena_new(ARENA_BYTES_MAX);
    int done = args->word_count == 0 ? run_list(args, arena) : run_one(args, arena);

    arena_free(arena);
    return done;
}

/* ---- away with it ---- */

static int destroy(const struct args *args, struct arena *arena)
{
    const struct value *out = NULL;
    const struct value *stack = NULL;
    struct progress progress;
    struct aws_form form;
    int done = stack_describe(args, args->words[0], arena, &stack);

    if (done != EXIT_GOOD || stack == NULL) {
        return done != EXIT_GOOD ? done
                                 : trouble(args, "there is no stack %s. weir stack lists all.",
                                           args->words[0]);
    }
    done = progress_begin(&progress, args, args->words[0]);
    if (done == EXIT_GOOD) {
        aws_begin(&form, "cloudformation", "DeleteStack");
        aws_add_c(&form, "StackName", progress.stack);
        done = aws_call_good(args, &form, arena, &out);
    }
    if (done == EXIT_GOOD) {
        done = progress_wait(&progress);
    }
    if (done != EXIT_GOOD) {
        return done;
    }
    if (strcmp(progress.status, "DELETE_COMPLETE") != 0) {
        trouble(args, "%s is %s:", args->words[0], progress.status);
        progress_blame(&progress);
        return EXIT_TROUBLE;
    }
    printf(args->json ? "{\"stack\":\"%s\",\"status\":\"DELETE_COMPLETE\"}\n" : "%s is gone.\n",
           args->words[0]);
    return EXIT_GOOD;
}

static int run_destroy(const struct args *args)
{
    struct arena *arena = NULL;
    int done;

    if (args->word_count != 1) {
        return usage_error(args, "say which stack.");
    }
    arena = arena_new(ARENA_BYTES_MAX);
    done = destroy(args, arena);
    arena_free(arena);
    return done;
}

static const struct flag stack_flags[] = {FLAG_SERVER, FLAGS_END};

const struct command command_stack = {
    "stack",
    "[NAME]",
    1,
    "Show what stacks there are, or one with its parameters, outputs and resources.",
    "Resources that are records only (networks, machines) say so. With --json the stack and each\n"
    "of its resources are a line of their own. AWS_REGION says which region.",
    stack_flags,
    run_stack};

const struct command command_destroy = {
    "destroy",
    "NAME",
    1,
    "Take a stack away, with everything that it made.",
    "What its template says is to be kept (DeletionPolicy: Retain) stays. A bucket with objects\n"
    "in it stays too, and the stack says so, as on AWS.",
    stack_flags,
    run_destroy};
