/* SPDX-License-Identifier: Apache-2.0
 *
 * Operations of AWS's Query services on a running weir, for commands: a form goes out, the answer
 * comes back as the model's structure.
 */
#ifndef WEIR_CLI_AWS_H
#define WEIR_CLI_AWS_H

#include "base/arena.h"
#include "base/buf.h"
#include "cli/cli.h"
#include "wire/value.h"

/* What is asked, being made. */
struct aws_form {
    const char *service;   /* the model's id, which is its signing name, too */
    const char *operation;
    struct buf text;       /* the body so far */
};
void aws_begin(struct aws_form *form, const char *service, const char *operation);
void aws_add(struct aws_form *form, const char *name, struct str value); /* at NULL: left out */
void aws_add_c(struct aws_form *form, const char *name, const char *value); /* NULL: left out */

struct aws_answer {
    bool good;                /* out is there; else code and message are */
    const struct value *out;  /* the operation's output */
    struct str code;          /* "ValidationError" */
    struct str message;       /* in AWS's words */
};
/* Takes the form. Not OK: nobody answered, or nothing that can be read; that is said already. */
status aws_call(const struct args *args, struct aws_form *form, struct arena *arena,
                struct aws_answer *ret_answer);
/* The same, and what is not good is said: an error. */
int aws_call_good(const struct args *args, struct aws_form *form, struct arena *arena,
                  const struct value **ret_out);

/* An object into a bucket that is made when it is missing; nothing is sent when it is there. */
int aws_upload(const struct args *args, struct str bucket, struct str key, struct str content,
               struct arena *arena);

#endif
