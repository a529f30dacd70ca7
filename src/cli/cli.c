/* SPDX-License-Identifier: Apache-2.0
 *
 * Parsing and help, from the commands' tables. A flag is --name VALUE or --name=VALUE; "--" ends
 * flags. What is wrong is said with what to do next, and exit code 2.
 */
#include "cli/cli.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

const struct command *const commands[] = {
    &command_serve,    &command_health, &command_journal, &command_clock, &command_fsck,
    &command_hold,     &command_release, &command_holds,  &command_redrive, &command_trace,
    &command_why,      &command_mappings, &command_seek,  &command_deliveries, &command_outbox,
    &command_deploy,   &command_stack,  &command_destroy,
    &command_table,    &command_logs,   &command_coverage,
    &command_ca,       &command_version, NULL,
};

static size_t flag_count(const struct command *command)
{
    size_t count = 0;

    while (command->flags[count].name != NULL) {
        count++;
    }
    assert(count <= FLAGS_MAX);
    return count;
}

static size_t flag_index(const struct command *command, struct str name)
{
    size_t count = flag_count(command);

    for (size_t i = 0; i < count; i++) {
        if (str_eq(str_c(command->flags[i].name), name)) {
            return i;
        }
    }
    return count;
}

bool flag_given(const struct args *args, const char *name)
{
    size_t index = flag_index(args->command, str_c(name));

    assert(index < flag_count(args->command));
    return args->values[index] != NULL;
}

const char *flag_value(const struct args *args, const char *name)
{
    size_t index = flag_index(args->command, str_c(name));

    assert(index < flag_count(args->command));
    return args->values[index] != NULL ? args->values[index] : args->command->flags[index].fallback;
}

const char *flag_next(const struct args *args, const char *name, size_t *at)
{
    size_t index = flag_index(args->command, str_c(name));

    assert(index < flag_count(args->command));
    while (*at < args->given_count) {
        const struct given *given = &args->given[(*at)++];

        if (given->index == index) {
            return given->value;
        }
    }
    return NULL;
}

const char *flag_earlier(const struct args *args, const char *name)
{
    size_t at = 0;
    const char *first = flag_next(args, name, &at);

    return flag_next(args, name, &at) == NULL ? NULL : first;
}

static void complain(const struct args *args, const char *format, va_list list)
{
    fprintf(stderr, "weir%s%s: ", args->command == NULL ? "" : " ",
            args->command == NULL ? "" : args->command->name);
    vfprintf(stderr, format, list);
    fputc('\n', stderr);
}

int usage_error(const struct args *args, const char *format, ...)
{
    va_list list;

    va_start(list, format);
    complain(args, format, list);
    va_end(list);
    fprintf(stderr, "Try: weir %s%s--help\n", args->command == NULL ? "" : args->command->name,
            args->command == NULL ? "" : " ");
    return EXIT_USAGE;
}

int trouble(const struct args *args, const char *format, ...)
{
    va_list list;

    va_start(list, format);
    complain(args, format, list);
    va_end(list);
    return EXIT_TROUBLE;
}

static void print_overview(FILE *out)
{
    fprintf(out, "weir " WEIR_VERSION ": event-driven AWS in one program, on your own machine.\n\n"
                 "Usage: weir COMMAND [FLAGS]\n\n");
    for (size_t i = 0; commands[i] != NULL; i++) {
        fprintf(out, "  %-10s %s\n", commands[i]->name, commands[i]->summary);
    }
    fprintf(out, "\nStart here:\n"
                 "  weir serve\n"
                 "  export AWS_ENDPOINT_URL=http://127.0.0.1:4566 AWS_REGION=us-east-1\n"
                 "  export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test\n"
                 "  aws kinesis create-stream --stream-name scans --shard-count 1\n\n"
                 "weir COMMAND --help says more; man weir says all.\n");
}

static void print_help(const struct command *command)
{
    printf("Usage: weir %s [FLAGS]%s%s\n\n%s\n", command->name, command->words[0] ? " " : "",
           command->words, command->summary);
    if (command->about[0] != '\0') {
        printf("\n%s\n", command->about);
    }
    printf("\nFlags:\n");
    for (size_t i = 0; command->flags[i].name != NULL; i++) {
        const struct flag *flag = &command->flags[i];
        char left[64];

        snprintf(left, sizeof(left), "--%s%s%s", flag->name, flag->operand ? " " : "",
                 flag->operand ? flag->operand : "");
        printf("  %-28s %s", left, flag->help);
        if (flag->fallback != NULL) {
            printf(" (%s)", flag->fallback);
        }
        putchar('\n');
    }
    printf("  %-28s %s\n  %-28s %s\n", "--json", "Print for programs.", "--help", "This.");
}

/* Flags that have a short form, which everybody types. */
static char *spelled_out(const struct command *command, char *word)
{
    static char follow[] = "--follow";

    return strcmp(word, "-f") == 0 && flag_index(command, STR("follow")) < flag_count(command)
               ? follow
               : word;
}

/* Takes argv[*at] as a flag, with its value from behind '=' or from the next word. */
static int take_flag(struct args *args, int argc, char **argv, int *at)
{
    struct str text = str_c(argv[*at] + 2);
    size_t equals = str_find(text, '=', 0);
    size_t index = flag_index(args->command, str_slice(text, 0, equals));
    const struct flag *flag = &args->command->flags[index];

    if (flag->name == NULL) {
        return usage_error(args, "there is no flag %s.", argv[*at]);
    }
    if (flag->operand == NULL) {
        if (equals < text.bytes) {
            return usage_error(args, "--%s takes no value.", flag->name);
        }
        args->values[index] = "";
        return EXIT_GOOD;
    }
    if (equals < text.bytes) {
        args->values[index] = argv[*at] + 2 + equals + 1;
    } else if (*at + 1 < argc) {
        args->values[index] = argv[++*at];
    } else {
        return usage_error(args, "--%s needs a value: --%s %s.", flag->name, flag->name,
                           flag->operand);
    }
    if (args->given_count == GIVEN_MAX) {
        return usage_error(args, "these are too many flags.");
    }
    args->given[args->given_count++] = (struct given){index, args->values[index]};
    return EXIT_GOOD;
}

static int run_command(const struct command *command, int argc, char **argv)
{
    struct args args = {.command = command};
    bool flags = true;

    for (int i = 0; i < argc; i++) {
        if (flags) {
            argv[i] = spelled_out(command, argv[i]);
        }
        if (flags && strcmp(argv[i], "--help") == 0) {
            print_help(command);
            return EXIT_GOOD;
        }
        if (flags && strcmp(argv[i], "--json") == 0) {
            args.json = true;
        } else if (flags && strcmp(argv[i], "--") == 0) {
            flags = false;
        } else if (flags && strncmp(argv[i], "--", 2) == 0) {
            int taken = take_flag(&args, argc, argv, &i);

            if (taken != EXIT_GOOD) {
                return taken;
            }
        } else if (args.word_count == command->word_count_max) {
            return usage_error(&args, "what is \"%s\" for?", argv[i]);
        } else {
            args.words[args.word_count++] = argv[i];
        }
    }
    return command->run(&args);
}

int cli_main(int argc, char **argv)
{
    struct args none = {.command = NULL};

    if (argc < 2) {
        print_overview(stdout);
        return EXIT_GOOD;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0) {
        if (argc < 3) {
            print_overview(stdout);
            return EXIT_GOOD;
        }
        for (size_t i = 0; commands[i] != NULL; i++) {
            if (strcmp(commands[i]->name, argv[2]) == 0) {
                print_help(commands[i]);
                return EXIT_GOOD;
            }
        }
        return usage_error(&none, "there is no command %s.", argv[2]);
    }
    if (strcmp(argv[1], "--version") == 0) {
        printf("weir " WEIR_VERSION "\n");
        return EXIT_GOOD;
    }
    for (size_t i = 0; commands[i] != NULL; i++) {
        if (strcmp(commands[i]->name, argv[1]) == 0) {
            return run_command(commands[i], argc - 2, argv + 2);
        }
    }
    return usage_error(&none, "there is no command %s.", argv[1]);
}
