/* SPDX-License-Identifier: Apache-2.0
 *
 * The command line: one table of commands, each with one table of flags, from which parsing, help
 * and the manual page are made. Every command takes --help and --json.
 */
#ifndef WEIR_CLI_CLI_H
#define WEIR_CLI_CLI_H

#include "base/error.h"
#include "base/str.h"

#define WEIR_VERSION "0.1.0"
#define FLAGS_MAX 24
#define WORDS_MAX 8
#define GIVEN_MAX 256 /* flags with values, of one command line */

/* Exit codes. */
enum {
    EXIT_GOOD = 0,
    EXIT_TROUBLE = 1, /* it was tried and did not work */
    EXIT_USAGE = 2,   /* the words were wrong */
};

struct flag {
    const char *name;     /* without the dashes */
    const char *operand;  /* "DIR"; NULL: the flag stands alone */
    const char *fallback; /* shown in help; NULL: none */
    const char *help;     /* one sentence */
};

/* A flag with its value. */
struct given {
    size_t index;      /* of the command's flags */
    const char *value; /* its */
};

/* What a command was given. */
struct args {
    const struct command *command;   /* which */
    const char *values[FLAGS_MAX];   /* in the order of the command's flags; "" for one alone */
    struct given given[GIVEN_MAX];   /* every flag with a value, as they came */
    size_t given_count;
    const char *words[WORDS_MAX];    /* what are not flags */
    size_t word_count;
    bool json;                       /* --json */
};

struct command {
    const char *name;                /* "serve" */
    const char *words;               /* operands in help, such as "[SERVICE]", or "" */
    size_t word_count_max;
    const char *summary;             /* one line */
    const char *about;               /* the rest of --help */
    const struct flag *flags;        /* ended by a name of NULL */
    int (*run)(const struct args *args);
};

extern const struct command *const commands[]; /* ended by NULL */

int cli_main(int argc, char **argv);

/* A flag's value, its fallback, or NULL. Asserts that the command has such a flag. */
const char *flag_value(const struct args *args, const char *name);
bool flag_given(const struct args *args, const char *name);
/* What a flag that was given twice was first; NULL: it was not. */
const char *flag_earlier(const struct args *args, const char *name);
/* Every value of a flag that may be given again and again; *at starts as 0. NULL: no more. */
const char *flag_next(const struct args *args, const char *name, size_t *at);
/* "weir serve: what is wrong. What to do." on standard error; returns EXIT_USAGE or
 * EXIT_TROUBLE. */
int usage_error(const struct args *args, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
int trouble(const struct args *args, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Where data lives by default: $XDG_STATE_HOME/weir or ~/.local/state/weir. */
const char *default_data_dir(void);
/* "127.0.0.1:4566", "[::1]:4566" or "4566" taken apart; host is at least 64 bytes. */
bool listen_read(const char *text, char *ret_host, uint16_t *ret_port);

/* A call of a running weir's own door, printed to standard output. */
struct arena;
struct client_answer;
status ask_server(const struct args *args, const char *method, struct str target,
                  struct arena *arena, struct client_answer *ret_answer);
/* The same of a door that answers when there is something to tell. */
status ask_server_long(const struct args *args, const char *method, struct str target,
                       struct arena *arena, struct client_answer *ret_answer);

/* A call of AWS's own doors of a running weir, signed as the environment says (else by anybody, for
 * weir with --auth=off), whatever it answers. What goes wrong before is said. */
struct aws_request {
    const char *service;      /* of the scope: "cloudformation", "s3" */
    const char *method;
    struct str target;
    const char *content_type; /* NULL: none */
    struct str body;
};
status ask_aws(const struct args *args, const struct aws_request *asked, struct arena *arena,
               struct client_answer *ret_answer);
/* The environment's, or us-east-1. */
const char *default_region(void);

extern const struct command command_serve, command_journal, command_fsck, command_ca,
    command_coverage, command_clock, command_health, command_version, command_hold,
    command_release, command_holds, command_trace, command_outbox, command_deliveries,
    command_redrive, command_table, command_logs, command_why, command_mappings, command_seek,
    command_deploy, command_stack, command_destroy;

#define FLAG_SERVER                                                                                \
    {"server", "ADDR:PORT", "127.0.0.1:4566", "The running weir to ask."}
#define FLAG_DATA {"data", "DIR", NULL, "The data directory (default: weir in the state home)."}
#define FLAGS_END {NULL, NULL, NULL, NULL}

#endif
