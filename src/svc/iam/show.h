/* SPDX-License-Identifier: Apache-2.0
 *
 * Nouns as answers show them.
 */
#ifndef WEIR_SVC_IAM_SHOW_H
#define WEIR_SVC_IAM_SHOW_H

#include "svc/iam/iam_int.h"

/* Members that all lists have; full: those that only Get… has, too. */
void show_user(struct arena *arena, struct value *out, const struct user *user, bool full);
void show_group(struct arena *arena, struct value *out, const struct group *group);
void show_role(struct arena *arena, struct value *out, const struct role *role, bool full);
void show_managed(struct arena *arena, struct value *out, struct account *account,
                  struct managed *managed);
void show_profile(struct arena *arena, struct value *out, const struct profile *profile);
void show_version(struct arena *arena, struct value *out, const struct managed *managed,
                  const struct version *version, bool with_document);
void show_boundary(struct arena *arena, struct value *out, const struct principal *principal);
void show_attached(struct arena *arena, struct value *item, const struct managed *managed);
struct str version_text(struct arena *arena, uint32_t number); /* "v1" */

#endif
