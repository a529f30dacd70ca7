/* SPDX-License-Identifier: Apache-2.0
 *
 * Handlers of Route 53's operations.
 */
#ifndef WEIR_SVC_ROUTE53_OPS_H
#define WEIR_SVC_ROUTE53_OPS_H

#include "svc/route53/route53_int.h"

status r53_change_records(struct call *c);
status r53_change_tags(struct call *c);
status r53_create_check(struct call *c);
status r53_create_zone(struct call *c);
status r53_delete_check(struct call *c);
status r53_delete_zone(struct call *c);
status r53_get_change(struct call *c);
status r53_get_check(struct call *c);
status r53_get_check_count(struct call *c);
status r53_get_zone(struct call *c);
status r53_get_zone_count(struct call *c);
status r53_list_checks(struct call *c);
status r53_list_records(struct call *c);
status r53_list_tags(struct call *c);
status r53_list_tags_of_many(struct call *c);
status r53_list_zones(struct call *c);
status r53_list_zones_by_name(struct call *c);
status r53_test_answer(struct call *c);
status r53_update_check(struct call *c);
status r53_update_comment(struct call *c);

#endif
