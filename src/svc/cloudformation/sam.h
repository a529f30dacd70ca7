/* SPDX-License-Identifier: Apache-2.0
 *
 * The transform AWS::Serverless-2016-10-31 as a function from document to document: it knows
 * nothing of stacks, cells or rows. What it makes has the logical ids and the properties that AWS's
 * own transform makes, because outputs and references of people's templates name them.
 *
 * A template is a document (struct value of shape 0: maps, lists, texts, numbers, truths, nulls)
 * whose short forms (!Sub) have become long ones. The one that comes back shares texts with it, so
 * both live as long as the arena; the template that came in is not changed.
 */
#ifndef WEIR_SVC_CLOUDFORMATION_SAM_H
#define WEIR_SVC_CLOUDFORMATION_SAM_H

#include "base/arena.h"
#include "base/error.h"
#include "wire/value.h"

#define SAM_TRANSFORM "AWS::Serverless-2016-10-31"

/* Where the stack will be, and what its parameters are. */
struct sam_place {
    struct str region;    /* "eu-central-1" */
    struct str partition; /* "aws" */
    /* A parameter's value as it was given, as a document, for where SAM needs a literal and the
     * template has a Ref; NULL: not given, and the template's Default counts. May be NULL. */
    const struct value *(*parameter)(const void *self, struct str name);
    const void *self;     /* whatever parameter() needs */
    bool keeps_paths;     /* a CodeUri that is a local path becomes Code as it is, for packaging;
                           * else it is refused, as AWS does */
};

/* Whether the template's Transform is or has SAM_TRANSFORM. */
bool sam_asked(const struct value *template);

/* *ret_template: without Globals and AWS::Serverless::* resources. Transform loses SAM_TRANSFORM
 * (and is gone where that was all). ERR_MALFORMED with SAM's own sentence in why ("Invalid
 * Serverless Application Specification document. Number of errors found: 1. Resource with id [F] is
 * invalid. ..."), before which CloudFormation puts "Transform AWS::Serverless-2016-10-31 failed
 * with: ". ERR_LIMIT where the arena is too small. */
status sam_transform(const struct value *template, const struct sam_place *place,
                     struct arena *arena, struct why *why, struct value *ret_template);

#endif
