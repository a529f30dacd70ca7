/* SPDX-License-Identifier: Apache-2.0
 *
 * A version's configuration: what CreateFunction and UpdateFunctionConfiguration may say, and what
 * becomes of it. Internal to the service's operations on functions, versions and layers.
 */
#ifndef WEIR_SVC_LAMBDA_CONFIG_H
#define WEIR_SVC_LAMBDA_CONFIG_H

#include "svc/lambda/package.h"

/* What both operations' inputs say, checked but for layers; before: the configuration as it is,
 * NULL for a new function (whose Runtime and Role were checked to be there). */
status config_check(struct call *c, const struct value *before);
/* Members that name what weir does not have: 501. */
status absent_check(struct call *c);
/* The configuration of a new function, with what is not said as AWS has it. */
struct value *config_new(struct call *c, const struct target *target);
/* What the call's input says goes into the configuration. */
void config_apply(struct call *c, struct value *config);
/* Size and sum of its package. */
void config_set_code(struct call *c, struct version *version, const struct package *package);
/* Layers that the input names are there and fit with a package of so many bytes: into the version,
 * without holding their packages. */
status config_layers(struct call *c, struct version *version, uint64_t code_bytes);
void version_hold_layers(struct call *c, const struct version *version);
void version_drop_layers(struct call *c, const struct version *version);
/* "Code" members: one source, and which. */
status source_check(struct call *c, const struct value *source);
/* The exact text with which AWS refuses what the model lets pass. */
status config_too_large(struct call *c, const char *member, int64_t is, int64_t max);

/* ---- layer.c ---- */

struct layer {                   /* a version of a layer */
    struct str sha256;           /* of its package, hex */
    struct package package;      /* its package */
    struct value *config;        /* shaped as GetLayerVersion's output, without Location */
};
/* By the ARN of a layer version, or by its target; false: there is none. */
bool layer_find(struct call *c, struct str arn, struct layer *ret_layer);
bool layer_get(struct call *c, const struct target *target, struct layer *ret_layer);
/* Takes an ARN apart; without a version number is 0 and the target has no qualifier. */
bool layer_parse(struct arena *arena, struct str text, struct target *ret_target,
                 uint64_t *ret_number);
struct str layer_qualifier(struct arena *arena, uint64_t number); /* of that version's row */
struct str layer_package(struct call *c, const struct value *config); /* SHA-256, hex */

/* Pages of lists: how many of MaxItems, at most max. */
size_t page_size(struct call *c, size_t max);
/* Where the page begins: what an earlier one gave as NextMarker; empty: at the first. */
status marker_read(struct call *c, struct str *ret_marker);

#endif
