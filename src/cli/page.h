/* SPDX-License-Identifier: Apache-2.0
 *
 * Asking a running weir's own doors (/_weir/…), and printing what it says: what the commands of
 * bus.c and trace.c share.
 */
#ifndef WEIR_CLI_PAGE_H
#define WEIR_CLI_PAGE_H

#include "base/arena.h"
#include "base/buf.h"
#include "cli/cli.h"
#include "wire/value.h"

#define PAGE_BYTES_MAX (256u * 1024 * 1024) /* an answer, read */

/* A target being made: path and parameters. */
struct target {
    struct buf text;  /* so far */
    bool any;         /* it has a parameter */
    bool patient;     /* the answer comes when there is something to tell */
};
void target_begin(struct target *target, const char *path);
void target_add(struct target *target, const char *name, struct str value); /* empty: left out */
void target_add_c(struct target *target, const char *name, const char *value); /* NULL: left out */

/* Asks, with the answer as a document; what goes wrong is said already. Takes the target. */
int page_ask(const struct args *args, const char *method, struct target *target,
             struct arena *arena, struct value *ret_value);
/* The same; with --json the answer is printed as it came. */
int page_ask_shown(const struct args *args, const char *method, struct target *target,
                   struct arena *arena, struct value *ret_value);

struct str member_text(const struct value *map, const char *name);   /* empty: none */
int64_t member_number(const struct value *map, const char *name);    /* 0: none */
const struct value *member_list(const struct value *map, const char *name); /* NULL: none */

/* The last part of an ARN, which is what people call it. */
struct str short_name(struct str name);
/* A member of each item in columns; the last column may be as long as it likes. */
void print_table(const struct value *list, const char *const *columns, size_t count);

#endif
