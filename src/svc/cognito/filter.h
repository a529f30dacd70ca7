/* SPDX-License-Identifier: Apache-2.0
 *
 * The language of ListUsers' Filter: NAME = "VALUE" or NAME ^= "VALUE" (begins with). A quote or
 * backslash within the value has a backslash in front. Nothing here knows a call.
 */
#ifndef WEIR_SVC_COGNITO_FILTER_H
#define WEIR_SVC_COGNITO_FILTER_H

#include "base/arena.h"

struct user_filter {
    struct str name;   /* "email", "cognito:user_status", "status"; empty: everybody */
    struct str value;  /* what it is to be */
    bool begins;       /* it is enough to begin so */
};
/* An empty text is everybody. False: it is none. */
bool user_filter_read(struct arena *arena, struct str text, struct user_filter *ret_filter);
bool user_filter_searchable(struct str name);
bool user_filter_fits(const struct user_filter *filter, struct str value);

#endif
