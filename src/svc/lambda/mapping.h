/* SPDX-License-Identifier: Apache-2.0
 *
 * Event source mappings, for the rest of the service: their life, and what they are told.
 */
#ifndef WEIR_SVC_LAMBDA_MAPPING_H
#define WEIR_SVC_LAMBDA_MAPPING_H

#include "svc/lambda/lambda_int.h"

/* In the service's open() and close(); the sources' services are open. */
status mappings_open(struct cell *cell, struct lambda *lambda);
void mappings_close(struct lambda *lambda);

/* The function (NULL: every) may run again, or is there again: those that wait for it look at
 * once. */
void mappings_function_changed(struct call *c, const struct target *target);

/* For tags: there is a mapping of that ARN. ResourceNotFoundException. */
status mapping_check(struct call *c, struct str arn);

status lambda_create_mapping(struct call *c);
status lambda_delete_mapping(struct call *c);
status lambda_get_mapping(struct call *c);
status lambda_list_mappings(struct call *c);
status lambda_update_mapping(struct call *c);

status page_mappings(struct call *c);
status page_seek(struct call *c);

#endif
