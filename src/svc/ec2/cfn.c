/* SPDX-License-Identifier: Apache-2.0
 *
 * EC2's types in templates, all as records. What a record does not describe ("") is kept in the
 * stack alone.
 */
#include "svc/ec2/ec2_int.h"

static const struct resource_property vpc_properties[] = {
    {"CidrBlock", NULL, RESOURCE_REPLACES, 0},
    {"EnableDnsHostnames", NULL, RESOURCE_IN_PLACE, 0},
    {"EnableDnsSupport", NULL, RESOURCE_IN_PLACE, 0},
    {"InstanceTenancy", NULL, RESOURCE_IN_PLACE, 0},
    {"Ipv4IpamPoolId", NULL, RESOURCE_REPLACES, 0},
    {"Ipv4NetmaskLength", NULL, RESOURCE_REPLACES, 0},
    {"Tags", NULL, RESOURCE_IN_PLACE, RESOURCE_TAGS},
};
static const char *const vpc_attributes[] = {
    "CidrBlock", "CidrBlockAssociations", "DefaultNetworkAcl", "DefaultSecurityGroup",
    "Ipv6CidrBlocks", "VpcId", NULL,
};

static const struct resource_property subnet_properties[] = {
    {"AssignIpv6AddressOnCreation", NULL, RESOURCE_IN_PLACE, 0},
    {"AvailabilityZone", NULL, RESOURCE_REPLACES, 0},
    {"AvailabilityZoneId", NULL, RESOURCE_REPLACES, 0},
    {"CidrBlock", NULL, RESOURCE_REPLACES, 0},
    {"EnableDns64", NULL, RESOURCE_IN_PLACE, 0},
    {"EnableLniAtDeviceIndex", NULL, RESOURCE_REPLACES, 0},
    {"Ipv4IpamPoolId", NULL, RESOURCE_REPLACES, 0},
    {"Ipv4NetmaskLength", NULL, RESOURCE_REPLACES, 0},
    {"Ipv6CidrBlock", "", RESOURCE_IN_PLACE, 0},
    {"Ipv6IpamPoolId", NULL, RESOURCE_REPLACES, 0},
    {"Ipv6Native", NULL, RESOURCE_REPLACES, 0},
    {"Ipv6NetmaskLength", NULL, RESOURCE_REPLACES, 0},
    {"MapPublicIpOnLaunch", NULL, RESOURCE_IN_PLACE, 0},
    {"OutpostArn", NULL, RESOURCE_REPLACES, 0},
    {"PrivateDnsNameOptionsOnLaunch", NULL, RESOURCE_IN_PLACE, 0},
    {"Tags", NULL, RESOURCE_IN_PLACE, RESOURCE_TAGS},
    {"VpcId", NULL, RESOURCE_REPLACES, RESOURCE_REQUIRED},
};
static const char *const subnet_attributes[] = {
    "AvailabilityZone", "CidrBlock", "SubnetId", "VpcId", NULL,
};

static const struct resource_property route_table_properties[] = {
    {"Tags", NULL, RESOURCE_IN_PLACE, RESOURCE_TAGS},
    {"VpcId", NULL, RESOURCE_REPLACES, RESOURCE_REQUIRED},
};
static const char *const route_table_attributes[] = {"RouteTableId", NULL};

static const struct resource_property route_properties[] = {
    {"CarrierGatewayId", NULL, RESOURCE_REPLACES, 0},
    {"CoreNetworkArn", NULL, RESOURCE_REPLACES, 0},
    {"DestinationCidrBlock", NULL, RESOURCE_REPLACES, 0},
    {"DestinationIpv6CidrBlock", NULL, RESOURCE_REPLACES, 0},
    {"DestinationPrefixListId", NULL, RESOURCE_REPLACES, 0},
    {"EgressOnlyInternetGatewayId", NULL, RESOURCE_REPLACES, 0},
    {"GatewayId", NULL, RESOURCE_REPLACES, 0},
    {"InstanceId", NULL, RESOURCE_REPLACES, 0},
    {"LocalGatewayId", NULL, RESOURCE_REPLACES, 0},
    {"NatGatewayId", NULL, RESOURCE_REPLACES, 0},
    {"NetworkInterfaceId", NULL, RESOURCE_REPLACES, 0},
    {"RouteTableId", NULL, RESOURCE_REPLACES, RESOURCE_REQUIRED},
    {"TransitGatewayId", NULL, RESOURCE_REPLACES, 0},
    {"VpcEndpointId", "", RESOURCE_REPLACES, 0},
    {"VpcPeeringConnectionId", NULL, RESOURCE_REPLACES, 0},
};
static const char *const route_attributes[] = {"CidrBlock", NULL};

static const struct resource_property subnet_route_table_association_properties[] = {
    {"RouteTableId", NULL, RESOURCE_REPLACES, RESOURCE_REQUIRED},
    {"SubnetId", NULL, RESOURCE_REPLACES, RESOURCE_REQUIRED},
};
static const char *const subnet_route_table_association_attributes[] = {"Id", NULL};

static const struct resource_property internet_gateway_properties[] = {
    {"Tags", NULL, RESOURCE_IN_PLACE, RESOURCE_TAGS},
};
static const char *const internet_gateway_attributes[] = {"InternetGatewayId", NULL};

static const struct resource_property vpcgateway_attachment_properties[] = {
    {"InternetGatewayId", NULL, RESOURCE_REPLACES, 0},
    {"VpcId", NULL, RESOURCE_REPLACES, RESOURCE_REQUIRED},
    {"VpnGatewayId", NULL, RESOURCE_REPLACES, 0},
};
static const char *const vpcgateway_attachment_attributes[] = {"AttachmentType", NULL};

static const struct resource_property nat_gateway_properties[] = {
    {"AllocationId", "", RESOURCE_REPLACES, 0},
    {"AvailabilityMode", NULL, RESOURCE_REPLACES, 0},
    {"AvailabilityZoneAddresses", "", RESOURCE_IN_PLACE, 0},
    {"ConnectivityType", NULL, RESOURCE_REPLACES, 0},
    {"MaxDrainDurationSeconds", "", RESOURCE_IN_PLACE, 0},
    {"PrivateIpAddress", "", RESOURCE_REPLACES, 0},
    {"SecondaryAllocationIds", "", RESOURCE_IN_PLACE, 0},
    {"SecondaryPrivateIpAddressCount", "", RESOURCE_IN_PLACE, 0},
    {"SecondaryPrivateIpAddresses", "", RESOURCE_IN_PLACE, 0},
    {"SubnetId", NULL, RESOURCE_REPLACES, 0},
    {"Tags", NULL, RESOURCE_IN_PLACE, RESOURCE_TAGS},
    {"VpcId", NULL, RESOURCE_REPLACES, 0},
};
static const char *const nat_gateway_attributes[] = {"NatGatewayId", NULL};

static const struct resource_property eip_properties[] = {
    {"Address", "PublicIp", RESOURCE_REPLACES, 0},
    {"Domain", NULL, RESOURCE_REPLACES, 0},
    {"InstanceId", NULL, RESOURCE_IN_PLACE, 0},
    {"IpamPoolId", "", RESOURCE_REPLACES, 0},
    {"NetworkBorderGroup", NULL, RESOURCE_REPLACES, 0},
    {"PublicIpv4Pool", NULL, RESOURCE_IN_PLACE, 0},
    {"Tags", NULL, RESOURCE_IN_PLACE, RESOURCE_TAGS},
    {"TransferAddress", "", RESOURCE_REPLACES, 0},
};
static const char *const eip_attributes[] = {"AllocationId", "PublicIp", NULL};

static const struct resource_property eipassociation_properties[] = {
    {"AllocationId", NULL, RESOURCE_REPLACES, RESOURCE_REQUIRED},
    {"EIP", "", RESOURCE_REPLACES, 0},
    {"InstanceId", NULL, RESOURCE_REPLACES, 0},
    {"NetworkInterfaceId", NULL, RESOURCE_REPLACES, 0},
    {"PrivateIpAddress", NULL, RESOURCE_REPLACES, 0},
};
static const char *const eipassociation_attributes[] = {"Id", NULL};

static const struct resource_property security_group_properties[] = {
    {"GroupDescription", "Description", RESOURCE_REPLACES, RESOURCE_REQUIRED},
    {"GroupName", "", RESOURCE_REPLACES, 0},
    {"SecurityGroupEgress", "", RESOURCE_IN_PLACE, 0},
    {"SecurityGroupIngress", "", RESOURCE_IN_PLACE, 0},
    {"Tags", NULL, RESOURCE_IN_PLACE, RESOURCE_TAGS},
    {"VpcId", NULL, RESOURCE_REPLACES, 0},
};
static const char *const security_group_attributes[] = {"GroupId", "Id", "VpcId", NULL};

static const struct resource_property security_group_ingress_properties[] = {
    {"CidrIp", "", RESOURCE_REPLACES, 0},
    {"CidrIpv6", "", RESOURCE_REPLACES, 0},
    {"Description", "", RESOURCE_IN_PLACE, 0},
    {"FromPort", "", RESOURCE_REPLACES, 0},
    {"GroupId", "", RESOURCE_REPLACES, RESOURCE_REQUIRED},
    {"GroupName", "", RESOURCE_REPLACES, 0},
    {"IpProtocol", "", RESOURCE_REPLACES, RESOURCE_REQUIRED},
    {"SourcePrefixListId", "", RESOURCE_REPLACES, 0},
    {"SourceSecurityGroupId", "", RESOURCE_REPLACES, 0},
    {"SourceSecurityGroupName", "", RESOURCE_REPLACES, 0},
    {"SourceSecurityGroupOwnerId", "", RESOURCE_REPLACES, 0},
    {"ToPort", "", RESOURCE_REPLACES, 0},
};
static const char *const security_group_ingress_attributes[] = {"Id", NULL};

static const struct resource_property security_group_egress_properties[] = {
    {"CidrIp", "", RESOURCE_REPLACES, 0},
    {"CidrIpv6", "", RESOURCE_REPLACES, 0},
    {"Description", "", RESOURCE_IN_PLACE, 0},
    {"DestinationPrefixListId", "", RESOURCE_REPLACES, 0},
    {"DestinationSecurityGroupId", "", RESOURCE_REPLACES, 0},
    {"FromPort", "", RESOURCE_REPLACES, 0},
    {"GroupId", "", RESOURCE_REPLACES, RESOURCE_REQUIRED},
    {"IpProtocol", "", RESOURCE_REPLACES, RESOURCE_REQUIRED},
    {"ToPort", "", RESOURCE_REPLACES, 0},
};
static const char *const security_group_egress_attributes[] = {"Id", NULL};

static const struct resource_property vpcendpoint_properties[] = {
    {"DnsOptions", NULL, RESOURCE_IN_PLACE, 0},
    {"IpAddressType", NULL, RESOURCE_IN_PLACE, 0},
    {"PolicyDocument", NULL, RESOURCE_IN_PLACE, 0},
    {"PrivateDnsEnabled", NULL, RESOURCE_IN_PLACE, 0},
    {"ResourceConfigurationArn", NULL, RESOURCE_REPLACES, 0},
    {"RouteTableIds", NULL, RESOURCE_IN_PLACE, 0},
    {"SecurityGroupIds", "", RESOURCE_IN_PLACE, 0},
    {"ServiceName", NULL, RESOURCE_REPLACES, 0},
    {"ServiceNetworkArn", NULL, RESOURCE_REPLACES, 0},
    {"ServiceRegion", NULL, RESOURCE_REPLACES, 0},
    {"SubnetIds", NULL, RESOURCE_IN_PLACE, 0},
    {"Tags", NULL, RESOURCE_IN_PLACE, RESOURCE_TAGS},
    {"VpcEndpointType", NULL, RESOURCE_REPLACES, 0},
    {"VpcId", NULL, RESOURCE_REPLACES, RESOURCE_REQUIRED},
};
static const char *const vpcendpoint_attributes[] = {
    "CreationTimestamp", "DnsEntries", "Id", "NetworkInterfaceIds", NULL,
};

static const struct resource_property prefix_list_properties[] = {
    {"AddressFamily", NULL, RESOURCE_REPLACES, RESOURCE_REQUIRED},
    {"Entries", "", RESOURCE_IN_PLACE, 0},
    {"MaxEntries", NULL, RESOURCE_IN_PLACE, 0},
    {"PrefixListName", NULL, RESOURCE_IN_PLACE, RESOURCE_REQUIRED},
    {"Tags", NULL, RESOURCE_IN_PLACE, RESOURCE_TAGS},
};
static const char *const prefix_list_attributes[] = {
    "Arn", "OwnerId", "PrefixListId", "Version", NULL,
};

static const struct resource_property vpcpeering_connection_properties[] = {
    {"PeerOwnerId", "", RESOURCE_REPLACES, 0},
    {"PeerRegion", "", RESOURCE_REPLACES, 0},
    {"PeerRoleArn", "", RESOURCE_REPLACES, 0},
    {"PeerVpcId", "", RESOURCE_REPLACES, RESOURCE_REQUIRED},
    {"Tags", NULL, RESOURCE_IN_PLACE, RESOURCE_TAGS},
    {"VpcId", "", RESOURCE_REPLACES, RESOURCE_REQUIRED},
};
static const char *const vpcpeering_connection_attributes[] = {"Id", NULL};

static const struct resource_property key_pair_properties[] = {
    {"KeyFormat", "", RESOURCE_REPLACES, 0},
    {"KeyName", "", RESOURCE_REPLACES, RESOURCE_REQUIRED},
    {"KeyType", NULL, RESOURCE_REPLACES, 0},
    {"PublicKeyMaterial", "PublicKey", RESOURCE_REPLACES, 0},
    {"Tags", NULL, RESOURCE_IN_PLACE, RESOURCE_TAGS},
};
static const char *const key_pair_attributes[] = {"KeyFingerprint", "KeyPairId", NULL};

static const struct resource_property launch_template_properties[] = {
    {"LaunchTemplateData", "", RESOURCE_IN_PLACE, RESOURCE_REQUIRED},
    {"LaunchTemplateName", "", RESOURCE_REPLACES, 0},
    {"TagSpecifications", "", RESOURCE_IN_PLACE, 0},
    {"VersionDescription", "", RESOURCE_IN_PLACE, 0},
};
static const char *const launch_template_attributes[] = {
    "DefaultVersionNumber", "LatestVersionNumber", "LaunchTemplateId", NULL,
};

static const struct resource_property instance_properties[] = {
    {"AdditionalInfo", "", RESOURCE_IN_PLACE, 0},
    {"Affinity", "", RESOURCE_IN_PLACE, 0},
    {"AvailabilityZone", "", RESOURCE_REPLACES, 0},
    {"BlockDeviceMappings", "", RESOURCE_IN_PLACE, 0},
    {"CpuOptions", NULL, RESOURCE_REPLACES, 0},
    {"CreditSpecification", "", RESOURCE_IN_PLACE, 0},
    {"DisableApiTermination", "", RESOURCE_IN_PLACE, 0},
    {"EbsOptimized", NULL, RESOURCE_IN_PLACE, 0},
    {"ElasticGpuSpecifications", "", RESOURCE_REPLACES, 0},
    {"ElasticInferenceAccelerators", "", RESOURCE_REPLACES, 0},
    {"EnclaveOptions", NULL, RESOURCE_REPLACES, 0},
    {"HibernationOptions", "", RESOURCE_REPLACES, 0},
    {"HostId", "", RESOURCE_IN_PLACE, 0},
    {"HostResourceGroupArn", "", RESOURCE_IN_PLACE, 0},
    {"IamInstanceProfile", "", RESOURCE_IN_PLACE, 0},
    {"ImageId", NULL, RESOURCE_REPLACES, 0},
    {"InstanceInitiatedShutdownBehavior", "", RESOURCE_IN_PLACE, 0},
    {"InstanceType", NULL, RESOURCE_IN_PLACE, 0},
    {"Ipv6AddressCount", "", RESOURCE_IN_PLACE, 0},
    {"Ipv6Addresses", "", RESOURCE_REPLACES, 0},
    {"KernelId", NULL, RESOURCE_IN_PLACE, 0},
    {"KeyName", NULL, RESOURCE_REPLACES, 0},
    {"LaunchTemplate", "", RESOURCE_REPLACES, 0},
    {"LicenseSpecifications", "", RESOURCE_REPLACES, 0},
    {"MetadataOptions", NULL, RESOURCE_IN_PLACE, 0},
    {"Monitoring", "", RESOURCE_IN_PLACE, 0},
    {"NetworkInterfaces", "", RESOURCE_REPLACES, 0},
    {"PlacementGroupName", "", RESOURCE_REPLACES, 0},
    {"PrivateDnsNameOptions", NULL, RESOURCE_IN_PLACE, 0},
    {"PrivateIpAddress", NULL, RESOURCE_REPLACES, 0},
    {"PropagateTagsToVolumeOnCreation", "", RESOURCE_REPLACES, 0},
    {"RamdiskId", NULL, RESOURCE_IN_PLACE, 0},
    {"SecurityGroupIds", "", RESOURCE_IN_PLACE, 0},
    {"SecurityGroups", "", RESOURCE_REPLACES, 0},
    {"SourceDestCheck", NULL, RESOURCE_IN_PLACE, 0},
    {"SsmAssociations", "", RESOURCE_IN_PLACE, 0},
    {"SubnetId", NULL, RESOURCE_REPLACES, 0},
    {"Tags", NULL, RESOURCE_IN_PLACE, RESOURCE_TAGS},
    {"Tenancy", "", RESOURCE_IN_PLACE, 0},
    {"UserData", "", RESOURCE_IN_PLACE, 0},
    {"Volumes", "", RESOURCE_IN_PLACE, 0},
};
static const char *const instance_attributes[] = {
    "AvailabilityZone", "InstanceId", "PrivateDnsName", "PrivateIp", "PublicDnsName", "PublicIp",
    "VpcId", NULL,
};

static const struct resource_property network_acl_properties[] = {
    {"Tags", NULL, RESOURCE_IN_PLACE, RESOURCE_TAGS},
    {"VpcId", NULL, RESOURCE_REPLACES, RESOURCE_REQUIRED},
};
static const char *const network_acl_attributes[] = {"Id", NULL};

static const struct resource_property network_acl_entry_properties[] = {
    {"CidrBlock", NULL, RESOURCE_REPLACES, 0},
    {"Egress", NULL, RESOURCE_REPLACES, 0},
    {"Icmp", "IcmpTypeCode", RESOURCE_REPLACES, 0},
    {"Ipv6CidrBlock", NULL, RESOURCE_REPLACES, 0},
    {"NetworkAclId", "", RESOURCE_REPLACES, RESOURCE_REQUIRED},
    {"PortRange", NULL, RESOURCE_REPLACES, 0},
    {"Protocol", NULL, RESOURCE_REPLACES, RESOURCE_REQUIRED},
    {"RuleAction", NULL, RESOURCE_REPLACES, RESOURCE_REQUIRED},
    {"RuleNumber", NULL, RESOURCE_REPLACES, RESOURCE_REQUIRED},
};
static const char *const network_acl_entry_attributes[] = {"Id", NULL};

static const struct resource_property subnet_network_acl_association_properties[] = {
    {"NetworkAclId", NULL, RESOURCE_REPLACES, RESOURCE_REQUIRED},
    {"SubnetId", NULL, RESOURCE_REPLACES, RESOURCE_REQUIRED},
};
static const char *const subnet_network_acl_association_attributes[] = {"AssociationId", NULL};

static const struct resource_property volume_properties[] = {
    {"AutoEnableIO", "", RESOURCE_IN_PLACE, 0},
    {"AvailabilityZone", NULL, RESOURCE_IN_PLACE, RESOURCE_REQUIRED},
    {"Encrypted", NULL, RESOURCE_REPLACES, 0},
    {"Iops", NULL, RESOURCE_IN_PLACE, 0},
    {"KmsKeyId", NULL, RESOURCE_REPLACES, 0},
    {"MultiAttachEnabled", NULL, RESOURCE_IN_PLACE, 0},
    {"OutpostArn", NULL, RESOURCE_REPLACES, 0},
    {"Size", NULL, RESOURCE_IN_PLACE, 0},
    {"SnapshotId", NULL, RESOURCE_REPLACES, 0},
    {"Tags", NULL, RESOURCE_IN_PLACE, RESOURCE_TAGS},
    {"Throughput", NULL, RESOURCE_IN_PLACE, 0},
    {"VolumeType", NULL, RESOURCE_IN_PLACE, 0},
};
static const char *const volume_attributes[] = {"VolumeId", NULL};

static const struct resource_property vpccidr_block_properties[] = {
    {"AmazonProvidedIpv6CidrBlock", "", RESOURCE_REPLACES, 0},
    {"CidrBlock", NULL, RESOURCE_REPLACES, 0},
    {"Ipv4IpamPoolId", "", RESOURCE_REPLACES, 0},
    {"Ipv4NetmaskLength", "", RESOURCE_REPLACES, 0},
    {"Ipv6CidrBlock", "", RESOURCE_REPLACES, 0},
    {"Ipv6IpamPoolId", "", RESOURCE_REPLACES, 0},
    {"Ipv6NetmaskLength", "", RESOURCE_REPLACES, 0},
    {"Ipv6Pool", "", RESOURCE_REPLACES, 0},
    {"VpcId", "", RESOURCE_REPLACES, RESOURCE_REQUIRED},
};
static const char *const vpccidr_block_attributes[] = {"Id", NULL};

/* ---- entries of others ---- */

static const struct record_part route = {
    .kind = &ec2_route_table, .parent = "RouteTableId", .list = "Routes",
    .about = "{\"Origin\":\"CreateRoute\",\"State\":\"active\"}",
    .id_form = "${RouteTableId}|${DestinationCidrBlock}${DestinationIpv6CidrBlock}"
               "${DestinationPrefixListId}",
};
static const struct record_part table_association = {
    .kind = &ec2_route_table, .parent = "RouteTableId", .list = "Associations",
    .about = "{\"Main\":false,\"RouteTableAssociationId\":\"${id}\","
             "\"AssociationState\":{\"State\":\"associated\"}}",
    .id_form = "rtbassoc-${hex17}",
};
static const struct record_part attachment = {
    .kind = &ec2_internet_gateway, .parent = "InternetGatewayId", .list = "Attachments",
    .about = "{\"State\":\"available\"}", .id_form = "IGW|${VpcId}",
};
static const struct record_part ingress = {
    .kind = &ec2_group, .parent = "GroupId", .list = "IpPermissions", .id_form = "sgr-${hex17}",
    .filled = ec2_rule_filled,
};
static const struct record_part egress = {
    .kind = &ec2_group, .parent = "GroupId", .list = "IpPermissionsEgress",
    .id_form = "sgr-${hex17}", .filled = ec2_rule_filled,
};
static const struct record_part acl_entry = {
    .kind = &ec2_acl, .parent = "NetworkAclId", .list = "Entries",
    .about = "{\"Egress\":false}", .id_form = "${NetworkAclId}|${RuleNumber}|${Egress}",
};
static const struct record_part acl_association = {
    .kind = &ec2_acl, .parent = "NetworkAclId", .list = "Associations",
    .about = "{\"NetworkAclAssociationId\":\"${id}\"}", .id_form = "aclassoc-${hex17}",
};
static const struct record_part cidr = {
    .kind = &ec2_vpc, .parent = "VpcId", .list = "CidrBlockAssociationSet",
    .about = "{\"AssociationId\":\"${id}\",\"CidrBlockState\":{\"State\":\"associated\"}}",
    .id_form = "vpc-cidr-assoc-${hex17}",
};

static status association_tell(struct resource *r)
{
    resource_attribute(r, "Id", r->id);
    return OK;
}

static status route_tell(struct resource *r)
{
    struct str block = resource_str(r, "DestinationCidrBlock");

    resource_attribute(r, "CidrBlock",
                       block.at != NULL ? block : resource_str(r, "DestinationIpv6CidrBlock"));
    return OK;
}

static status attachment_make(struct resource *r)
{
    if (resource_get(r, "InternetGatewayId") == NULL) {
        return resource_fail(r, &RESOURCE_INVALID,
                             "Only internet gateways are kept: VpnGatewayId is not supported");
    }
    return record_part_make(r);
}

static status attachment_tell(struct resource *r)
{
    resource_attribute(r, "AttachmentType", STR("IGW"));
    return OK;
}

#define TYPE(name_) .name = "AWS::EC2::" name_, .service = "ec2"

static const struct resource_type types[EC2_TYPES] = {
    {TYPE("VPC"), RESOURCE_TYPE_PROPERTIES(vpc_properties),
     .attributes = vpc_attributes, .own = &ec2_vpc, .make = ec2_vpc_make, .change = record_change,
     .remove = ec2_vpc_remove, .tell = record_tell, .record_only = true},
    {TYPE("Subnet"), RECORD_TYPE(&ec2_subnet, subnet_properties, subnet_attributes)},
    {TYPE("RouteTable"),
     RECORD_TYPE(&ec2_route_table, route_table_properties, route_table_attributes)},
    {TYPE("Route"), RESOURCE_TYPE_PROPERTIES(route_properties),
     .attributes = route_attributes, .own = &route, .make = record_part_make,
     .remove = record_part_remove, .tell = route_tell, .record_only = true},
    {TYPE("SubnetRouteTableAssociation"),
     RECORD_PART(&table_association, subnet_route_table_association_properties,
                 subnet_route_table_association_attributes)},
    {TYPE("InternetGateway"),
     RECORD_TYPE(&ec2_internet_gateway, internet_gateway_properties, internet_gateway_attributes)},
    {TYPE("VPCGatewayAttachment"), RESOURCE_TYPE_PROPERTIES(vpcgateway_attachment_properties),
     .attributes = vpcgateway_attachment_attributes, .own = &attachment, .make = attachment_make,
     .remove = record_part_remove, .tell = attachment_tell, .record_only = true},
    {TYPE("NatGateway"),
     RECORD_TYPE(&ec2_nat_gateway, nat_gateway_properties, nat_gateway_attributes)},
    {TYPE("EIP"), RECORD_TYPE(&ec2_address, eip_properties, eip_attributes)},
    {TYPE("EIPAssociation"), RESOURCE_TYPE_PROPERTIES(eipassociation_properties),
     .attributes = eipassociation_attributes, .make = ec2_association_make,
     .remove = ec2_association_remove, .tell = association_tell, .record_only = true},
    {TYPE("SecurityGroup"),
     RECORD_TYPE(&ec2_group, security_group_properties, security_group_attributes)},
    {TYPE("SecurityGroupIngress"),
     RECORD_PART(&ingress, security_group_ingress_properties,
                 security_group_ingress_attributes)},
    {TYPE("SecurityGroupEgress"),
     RECORD_PART(&egress, security_group_egress_properties,
                 security_group_egress_attributes)},
    {TYPE("VPCEndpoint"),
     RECORD_TYPE(&ec2_endpoint, vpcendpoint_properties, vpcendpoint_attributes)},
    {TYPE("PrefixList"),
     RECORD_TYPE(&ec2_prefix_list, prefix_list_properties, prefix_list_attributes)},
    {TYPE("VPCPeeringConnection"),
     RECORD_TYPE(&ec2_peering, vpcpeering_connection_properties, vpcpeering_connection_attributes)},
    {TYPE("KeyPair"), RECORD_TYPE(&ec2_key, key_pair_properties, key_pair_attributes)},
    {TYPE("LaunchTemplate"),
     RECORD_TYPE(&ec2_launch_template, launch_template_properties, launch_template_attributes)},
    {TYPE("Instance"), RECORD_TYPE(&ec2_instance, instance_properties, instance_attributes)},
    {TYPE("NetworkAcl"), RECORD_TYPE(&ec2_acl, network_acl_properties, network_acl_attributes)},
    {TYPE("NetworkAclEntry"),
     RECORD_PART(&acl_entry, network_acl_entry_properties,
                 network_acl_entry_attributes)},
    {TYPE("SubnetNetworkAclAssociation"),
     RECORD_PART(&acl_association, subnet_network_acl_association_properties,
                 subnet_network_acl_association_attributes)},
    {TYPE("Volume"), RECORD_TYPE(&ec2_volume, volume_properties, volume_attributes)},
    {TYPE("VPCCidrBlock"), RECORD_PART(&cidr, vpccidr_block_properties, vpccidr_block_attributes)},
};

const struct resource_type *const ec2_types[EC2_TYPES] = {
    &types[0], &types[1], &types[2], &types[3], &types[4], &types[5], &types[6], &types[7],
    &types[8], &types[9], &types[10], &types[11], &types[12], &types[13], &types[14],
    &types[15], &types[16], &types[17], &types[18], &types[19], &types[20], &types[21],
    &types[22], &types[23],
};
