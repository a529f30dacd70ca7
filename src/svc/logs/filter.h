/* SPDX-License-Identifier: Apache-2.0
 *
 * Filter patterns, as FilterLogEvents, subscription and metric filters and Live Tail have them:
 * compiled once, then asked for each message. Source: "Filter pattern syntax for metric filters,
 * subscription filters, filter log events, and Live Tail", CloudWatch Logs user guide.
 *
 *   ERROR "out of memory" -DEBUG     terms: all of them, none of those with a '-'
 *   ?ERROR ?WARN                     any of them; beside other terms such ones count for nothing
 *   %AUTH[A-Z]+%                     a regular expression
 *   { $.a.b[0] = "x*" && $.n > 3 }   members of a message that is JSON
 *   [ip, ..., status = 4*, bytes]    fields of a message with spaces between
 *
 * Nothing at all, or white space, matches everything.
 */
#ifndef WEIR_SVC_LOGS_FILTER_H
#define WEIR_SVC_LOGS_FILTER_H

#include "base/arena.h"
#include "base/error.h"

#define FILTER_BYTES_MAX 1024
#define FILTER_REGEXES_MAX 2       /* in one pattern; a third is refused */
#define FILTER_DEPTH_MAX 32        /* parentheses in one another */
#define FILTER_FIELDS_MAX 128      /* named between [ and ] */
#define FILTER_STEPS_MAX 32        /* of a selector: $.a.b has two */
#define FILTER_TOKENS_MAX 4096     /* of a message that is split at its spaces */

struct filter;

/* ERR_MALFORMED with why in AWS's words where they are known. */
status filter_new(struct str pattern, struct why *why, struct filter **ret_filter);
void filter_free(struct filter *filter); /* NULL is fine */
bool filter_is_all(const struct filter *filter); /* matches everything */
bool filter_has_fields(const struct filter *filter); /* [ … ] */
size_t filter_regexes(const struct filter *filter);

/* scratch is cleared before it is used. */
bool filter_match(const struct filter *filter, struct str message, struct arena *scratch);

/* What a pattern takes out of a message that it matches: "$ip" and "127.0.0.1". */
struct extract {
    struct str name;  /* lies in scratch or in the filter */
    struct str value; /* lies in scratch */
};
/* At most room of them; their count. */
size_t filter_extract(const struct filter *filter, struct str message, struct arena *scratch,
                      struct extract *ret_extracts, size_t room);

#endif
