/* SPDX-License-Identifier: Apache-2.0
 *
 * Domain names as Route 53 keeps them: lower case, a dot at the end, whatever is no letter, digit,
 * '-' or '_' written \ooo. Source: "DNS domain name format", Route 53 developer guide. Pure.
 */
#ifndef WEIR_SVC_ROUTE53_NAME_H
#define WEIR_SVC_ROUTE53_NAME_H

#include "base/arena.h"

#define NAME_BYTES_MAX 1024 /* as it is kept */

/* False: it is none (an empty label, a label above 63 bytes, a name above 255). */
bool name_keep(struct arena *arena, struct str text, struct str *ret_name);
/* "www.example.com." → "com.example.www.": how names are ordered. */
struct str name_reversed(struct arena *arena, struct str name);
/* Is a kept name that of the zone, or below it? */
bool name_within(struct str name, struct str zone);
/* "a.b.example.com." → "\052.b.example.com."; STR_NONE: it has no label to give. */
struct str name_wildcard(struct arena *arena, struct str name);
/* A value's form: NULL, or what is wrong with it, in AWS's words, without the value. */
const char *record_wrong(struct str type, struct str value);

#endif
