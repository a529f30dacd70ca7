/* SPDX-License-Identifier: Apache-2.0
 *
 * VPC links: records. weir has no VPCs; an integration with a link is asked over the network like
 * any other.
 */
#include "svc/apigatewayv2/ops.h"
#include "svc/apigatewayv2/rule.h"

static status link_of_call(struct call *c, struct value **ret_link)
{
    call_on(c, apigw_arn(c, "/vpclinks/%.*s",
                         STR_ARG(str_slice(arg_str(c, "VpcLinkId"), 0, 128))));
    return record_of_call(c, KIND_VPC_LINK, owner_of(c), ret_link);
}

/* CreateVpcLink */
status apigw_create_vpc_link(struct call *c)
{
    struct value *link = record_new(c->arena, KIND_VPC_LINK);
    struct str id = id_new(c, KIND_VPC_LINK, owner_of(c), OTHER_ID_LETTERS);

    call_on(c, apigw_arn(c, "/vpclinks/%.*s", STR_ARG(id)));
    TRY(lengths_check(c));
    TRY(tags_check(c, arg(c, "Tags")));
    if (arg(c, "SubnetIds")->count == 0) {
        return bad_request(c, "Subnets must be specified for a VPC link");
    }
    copy_members(link, c->in);
    TRY(size_check(c, KIND_VPC_LINK, link));
    TRY(room_check(c, KIND_VPC_LINK, owner_of(c), VPC_LINKS_MAX));
    if (!has(link, "SecurityGroupIds")) {
        (void)set_list(c->arena, link, "SecurityGroupIds", 0);
    }
    if (!has(link, "Tags")) {
        (void)set_map(c->arena, link, "Tags", 0);
    }
    set_time(link, "CreatedDate", c->now);
    set_str(link, "VpcLinkId", id);
    set_str(link, "VpcLinkStatus", STR("AVAILABLE"));
    set_str(link, "VpcLinkStatusMessage", STR("VPC link is ready to route traffic"));
    set_str(link, "VpcLinkVersion", STR("V2"));
    api_where_put(c, id);
    record_put(c, KIND_VPC_LINK, owner_of(c), id, link);
    copy_members(c->out, link);
    return OK;
}

/* GetVpcLink */
status apigw_get_vpc_link(struct call *c)
{
    struct value *link;

    TRY(link_of_call(c, &link));
    copy_members(c->out, link);
    return OK;
}

/* GetVpcLinks */
status apigw_get_vpc_links(struct call *c)
{
    return list_tell(c, &(struct listing){.kind = KIND_VPC_LINK, .owner = owner_of(c)});
}

/* UpdateVpcLink */
status apigw_update_vpc_link(struct call *c)
{
    struct value *link;

    TRY(link_of_call(c, &link));
    TRY(lengths_check(c));
    if (arg_str(c, "Name").bytes > 0) {
        set_str(link, "Name", arg_str(c, "Name"));
    }
    record_put(c, KIND_VPC_LINK, owner_of(c), arg_str(c, "VpcLinkId"), link);
    copy_members(c->out, link);
    return OK;
}

/* DeleteVpcLink */
status apigw_delete_vpc_link(struct call *c)
{
    struct value *link;

    TRY(link_of_call(c, &link));
    record_erase(c, KIND_VPC_LINK, owner_of(c), arg_str(c, "VpcLinkId"));
    api_where_erase(c, arg_str(c, "VpcLinkId"));
    return OK;
}
