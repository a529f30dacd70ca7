/* SPDX-License-Identifier: Apache-2.0
 *
 * Local files that a template names: packed, uploaded under the name of their content, and named by
 * that in the template instead. The same properties as `aws cloudformation package` looks at.
 */
#ifndef WEIR_CLI_PACK_H
#define WEIR_CLI_PACK_H

#include "base/arena.h"
#include "cli/cli.h"
#include "wire/value.h"

#define PACK_BYTES_MAX (256u << 20) /* of one upload */

/* Where it goes, and what was looked at. */
struct pack {
    const struct args *args;  /* the command's */
    struct str bucket;        /* made when something is to be uploaded */
    struct arena *arena;      /* of everything */
    int64_t newest_ns;        /* when what was looked at last changed, template and code */
    size_t uploads;           /* things that the template names */
};

/* Reads a template and replaces what it names, templates of nested stacks too. What goes wrong is
 * said. */
int pack_template(struct pack *pack, const char *path, struct value *ret_document);
/* What an upload of that content is called. */
struct str pack_key(struct arena *arena, struct str content, const char *ending);
/* Only looks: when did template or code last change? 0: it cannot be read now. */
int64_t pack_newest(const struct args *args, const char *path);

#endif
