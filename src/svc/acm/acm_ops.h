/* SPDX-License-Identifier: Apache-2.0
 *
 * Handlers of Certificate Manager's operations and pages.
 */
#ifndef WEIR_SVC_ACM_OPS_H
#define WEIR_SVC_ACM_OPS_H

#include "svc/acm/acm_int.h"

status acm_add_tags(struct call *c);
status acm_delete(struct call *c);
status acm_describe(struct call *c);
status acm_export(struct call *c);
status acm_get_configuration(struct call *c);
status acm_get(struct call *c);
status acm_import(struct call *c);
status acm_list(struct call *c);
status acm_list_tags(struct call *c);
status acm_list_tags_of_resource(struct call *c);
status acm_put_configuration(struct call *c);
status acm_remove_tags(struct call *c);
status acm_renew(struct call *c);
status acm_request(struct call *c);
status acm_resend(struct call *c);
status acm_revoke(struct call *c);
status acm_tag(struct call *c);
status acm_untag(struct call *c);
status acm_update_options(struct call *c);

#endif
