/* SPDX-License-Identifier: Apache-2.0
 *
 * EC2's kinds of records, and the operations that describe them.
 */
#include "svc/ec2/ec2_int.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct error no_vpc = {"InvalidVpcID.NotFound", NULL, 400, false};
static const struct error no_subnet = {"InvalidSubnetID.NotFound", NULL, 400, false};
static const struct error no_route_table = {"InvalidRouteTableID.NotFound", NULL, 400, false};
static const struct error no_gateway = {"InvalidInternetGatewayID.NotFound", NULL, 400, false};
static const struct error no_nat = {"NatGatewayNotFound", NULL, 400, false};
static const struct error no_address = {"InvalidAllocationID.NotFound", NULL, 400, false};
static const struct error no_group = {"InvalidGroup.NotFound", NULL, 400, false};
static const struct error no_endpoint = {"InvalidVpcEndpointId.NotFound", NULL, 400, false};
static const struct error no_list = {"InvalidPrefixListID.NotFound", NULL, 400, false};
static const struct error no_peering = {"InvalidVpcPeeringConnectionID.NotFound", NULL, 400,
                                        false};
static const struct error no_key = {"InvalidKeyPair.NotFound", NULL, 400, false};
static const struct error no_template = {"InvalidLaunchTemplateId.NotFound", NULL, 400, false};
static const struct error no_instance = {"InvalidInstanceID.NotFound", NULL, 400, false};
static const struct error no_acl = {"InvalidNetworkAclID.NotFound", NULL, 400, false};
static const struct error no_volume = {"InvalidVolume.NotFound", NULL, 400, false};

const struct record_kind ec2_vpc = {
    .name = "vpc", .service = "ec2", .describe = "DescribeVpcs", .path = "Vpcs",
    .id = "VpcId", .id_form = "vpc-${hex17}",
    .about = "{\"State\":\"available\",\"OwnerId\":\"${account}\",\"IsDefault\":false,"
             "\"InstanceTenancy\":\"default\",\"DhcpOptionsId\":\"dopt-${hex17}\"}",
    .missing = &no_vpc, .missing_words = "The vpc ID '%.*s' does not exist",
    .filled = ec2_vpc_filled, .tell = ec2_vpc_tell,
};
const struct record_kind ec2_subnet = {
    .name = "subnet", .service = "ec2", .describe = "DescribeSubnets", .path = "Subnets",
    .id = "SubnetId", .id_form = "subnet-${hex17}",
    .about = "{\"State\":\"available\",\"OwnerId\":\"${account}\",\"DefaultForAz\":false,"
             "\"AvailabilityZone\":\"${region}a\",\"MapPublicIpOnLaunch\":false,"
             "\"AssignIpv6AddressOnCreation\":false,\"EnableDns64\":false,\"Ipv6Native\":false,"
             "\"SubnetArn\":\"arn:aws:ec2:${region}:${account}:subnet/${id}\"}",
    .missing = &no_subnet, .missing_words = "The subnet ID '%.*s' does not exist",
    .filled = ec2_subnet_filled,
};
const struct record_kind ec2_route_table = {
    .name = "route-table", .service = "ec2", .describe = "DescribeRouteTables",
    .path = "RouteTables", .id = "RouteTableId", .id_form = "rtb-${hex17}",
    .about = "{\"OwnerId\":\"${account}\",\"Associations\":[],\"PropagatingVgws\":[],"
             "\"Routes\":[]}",
    .missing = &no_route_table,
    .missing_words = "The routeTable ID '%.*s' does not exist",
};
const struct record_kind ec2_internet_gateway = {
    .name = "internet-gateway", .service = "ec2", .describe = "DescribeInternetGateways",
    .path = "InternetGateways", .id = "InternetGatewayId", .id_form = "igw-${hex17}",
    .about = "{\"OwnerId\":\"${account}\",\"Attachments\":[]}",
    .missing = &no_gateway,
    .missing_words = "The internetGateway ID '%.*s' does not exist",
};
const struct record_kind ec2_nat_gateway = {
    .name = "nat-gateway", .service = "ec2", .describe = "DescribeNatGateways",
    .path = "NatGateways", .id = "NatGatewayId", .id_form = "nat-${hex17}",
    .about = "{\"State\":\"available\",\"ConnectivityType\":\"public\","
             "\"CreateTime\":\"${now}\",\"NatGatewayAddresses\":[{\"AllocationId\":"
             "\"${AllocationId}\",\"NetworkInterfaceId\":\"eni-${hex17}\",\"IsPrimary\":true,"
             "\"Status\":\"succeeded\"}]}",
    .missing = &no_nat, .missing_words = "The Nat Gateway %.*s was not found",
};
const struct record_kind ec2_address = {
    .name = "address", .service = "ec2", .describe = "DescribeAddresses", .path = "Addresses",
    .id = "AllocationId", .id_form = "eipalloc-${hex17}", .ref = "PublicIp",
    .about = "{\"Domain\":\"vpc\",\"PublicIpv4Pool\":\"amazon\","
             "\"NetworkBorderGroup\":\"${region}\"}",
    .missing = &no_address, .missing_words = "The allocation ID '%.*s' does not exist",
    .filled = ec2_address_filled,
};
const struct record_kind ec2_group = {
    .name = "security-group", .service = "ec2", .describe = "DescribeSecurityGroups",
    .path = "SecurityGroups", .id = "GroupId", .id_form = "sg-${hex17}", .named = "GroupName",
    .name_bytes_max = 255,
    .about = "{\"OwnerId\":\"${account}\",\"GroupName\":\"${name}\",\"SecurityGroupArn\":"
             "\"arn:aws:ec2:${region}:${account}:security-group/${id}\"}",
    .missing = &no_group, .missing_words = "The security group '%.*s' does not exist",
    .filled = ec2_group_filled,
};
const struct record_kind ec2_endpoint = {
    .name = "vpc-endpoint", .service = "ec2", .describe = "DescribeVpcEndpoints",
    .path = "VpcEndpoints", .id = "VpcEndpointId", .id_form = "vpce-${hex17}",
    .about = "{\"State\":\"available\",\"OwnerId\":\"${account}\",\"VpcEndpointType\":"
             "\"Gateway\",\"RequesterManaged\":false,\"PrivateDnsEnabled\":false,"
             "\"CreationTimestamp\":\"${now}\"}",
    .missing = &no_endpoint,
    .missing_words = "The Vpc Endpoint Id '%.*s' does not exist",
};
const struct record_kind ec2_prefix_list = {
    .name = "prefix-list", .service = "ec2", .describe = "DescribeManagedPrefixLists",
    .path = "PrefixLists", .id = "PrefixListId", .id_form = "pl-${hex17}",
    .about = "{\"State\":\"create-complete\",\"OwnerId\":\"${account}\",\"Version\":1,"
             "\"PrefixListArn\":\"arn:aws:ec2:${region}:${account}:prefix-list/${id}\"}",
    .missing = &no_list, .missing_words = "The prefix list ID '%.*s' does not exist",
};
const struct record_kind ec2_peering = {
    .name = "vpc-peering", .service = "ec2", .describe = "DescribeVpcPeeringConnections",
    .path = "VpcPeeringConnections", .id = "VpcPeeringConnectionId", .id_form = "pcx-${hex17}",
    .about = "{\"Status\":{\"Code\":\"active\",\"Message\":\"Active\"},\"RequesterVpcInfo\":"
             "{\"VpcId\":\"${VpcId}\",\"OwnerId\":\"${account}\",\"Region\":\"${region}\"},"
             "\"AccepterVpcInfo\":{\"VpcId\":\"${PeerVpcId}\",\"OwnerId\":\"${account}\","
             "\"Region\":\"${region}\"}}",
    .missing = &no_peering,
    .missing_words = "The vpcPeeringConnection ID '%.*s' does not exist",
};
const struct record_kind ec2_key = {
    .name = "key-pair", .service = "ec2", .describe = "DescribeKeyPairs", .path = "KeyPairs",
    .id = "KeyName", .id_form = "${KeyName}",
    .about = "{\"KeyPairId\":\"key-${hex17}\",\"KeyType\":\"rsa\",\"CreateTime\":\"${now}\","
             "\"KeyFingerprint\":\"${hex8}${hex8}${hex8}${hex16}\"}",
    .missing = &no_key, .missing_words = "The key pair '%.*s' does not exist",
};
const struct record_kind ec2_launch_template = {
    .name = "launch-template", .service = "ec2", .describe = "DescribeLaunchTemplates",
    .path = "LaunchTemplates", .id = "LaunchTemplateId", .id_form = "lt-${hex17}",
    .named = "LaunchTemplateName", .name_bytes_max = 128,
    .about = "{\"LaunchTemplateName\":\"${name}\",\"CreateTime\":\"${now}\","
             "\"DefaultVersionNumber\":1,\"LatestVersionNumber\":1,"
             "\"CreatedBy\":\"arn:aws:iam::${account}:root\"}",
    .missing = &no_template,
    .missing_words = "The specified launch template, with template ID %.*s, does not exist.",
    .tell = ec2_template_tell,
};
const struct record_kind ec2_instance = {
    .name = "instance", .service = "ec2", .describe = "DescribeInstances",
    .path = "Reservations.Instances", .id = "InstanceId", .id_form = "i-${hex17}",
    .about = "{\"State\":{\"Code\":80,\"Name\":\"stopped\"},\"InstanceType\":\"m1.small\","
             "\"LaunchTime\":\"${now}\",\"Architecture\":\"x86_64\",\"Hypervisor\":\"xen\","
             "\"VirtualizationType\":\"hvm\",\"AmiLaunchIndex\":0,\"RootDeviceType\":\"ebs\","
             "\"StateReason\":{\"Code\":\"Client.RecordOnly\",\"Message\":"
             "\"This instance is a record: nothing runs\"}}",
    .missing = &no_instance, .missing_words = "The instance ID '%.*s' does not exist",
    .filled = ec2_instance_filled, .tell = ec2_instance_tell,
};
const struct record_kind ec2_acl = {
    .name = "network-acl", .service = "ec2", .describe = "DescribeNetworkAcls",
    .path = "NetworkAcls", .id = "NetworkAclId", .id_form = "acl-${hex17}",
    .about = "{\"OwnerId\":\"${account}\",\"IsDefault\":false,\"Entries\":[],"
             "\"Associations\":[]}",
    .missing = &no_acl, .missing_words = "The networkAcl ID '%.*s' does not exist",
};
const struct record_kind ec2_volume = {
    .name = "volume", .service = "ec2", .describe = "DescribeVolumes", .path = "Volumes",
    .id = "VolumeId", .id_form = "vol-${hex17}",
    .about = "{\"State\":\"available\",\"CreateTime\":\"${now}\",\"VolumeType\":\"gp2\","
             "\"Encrypted\":false,\"MultiAttachEnabled\":false,\"Attachments\":[]}",
    .missing = &no_volume, .missing_words = "The volume '%.*s' does not exist.",
};

static const struct record_select by_vpc[] = {{"VpcIds", "VpcId", true}};
static const struct record_select by_subnet[] = {{"SubnetIds", "SubnetId", true}};
static const struct record_select by_table[] = {{"RouteTableIds", "RouteTableId", true}};
static const struct record_select by_gateway[] = {
    {"InternetGatewayIds", "InternetGatewayId", true}};
static const struct record_select by_nat[] = {{"NatGatewayIds", "NatGatewayId", true}};
static const struct record_select by_address[] = {{"AllocationIds", "AllocationId", true},
                                                  {"PublicIps", "PublicIp", true}};
static const struct record_select by_group[] = {{"GroupIds", "GroupId", true},
                                                {"GroupNames", "GroupName", true}};
static const struct record_select by_endpoint[] = {{"VpcEndpointIds", "VpcEndpointId", true}};
static const struct record_select by_list[] = {{"PrefixListIds", "PrefixListId", true}};
static const struct record_select by_peering[] = {
    {"VpcPeeringConnectionIds", "VpcPeeringConnectionId", true}};
static const struct record_select by_key[] = {{"KeyNames", "KeyName", true},
                                              {"KeyPairIds", "KeyPairId", true}};
static const struct record_select by_template[] = {
    {"LaunchTemplateIds", "LaunchTemplateId", true},
    {"LaunchTemplateNames", "LaunchTemplateName", true}};
static const struct record_select by_instance[] = {{"InstanceIds", "InstanceId", true}};
static const struct record_select by_acl[] = {{"NetworkAclIds", "NetworkAclId", true}};
static const struct record_select by_volume[] = {{"VolumeIds", "VolumeId", true}};

#define SELECTS(array) (array), COUNT(array)

static const struct record_ask asks[] = {
    {"DescribeAddresses", "Addresses", NULL, &ec2_address, SELECTS(by_address)},
    {"DescribeInstances", "Reservations", "Instances", &ec2_instance, SELECTS(by_instance)},
    {"DescribeInternetGateways", "InternetGateways", NULL, &ec2_internet_gateway,
     SELECTS(by_gateway)},
    {"DescribeKeyPairs", "KeyPairs", NULL, &ec2_key, SELECTS(by_key)},
    {"DescribeLaunchTemplates", "LaunchTemplates", NULL, &ec2_launch_template,
     SELECTS(by_template)},
    {"DescribeManagedPrefixLists", "PrefixLists", NULL, &ec2_prefix_list, SELECTS(by_list)},
    {"DescribeNatGateways", "NatGateways", NULL, &ec2_nat_gateway, SELECTS(by_nat)},
    {"DescribeNetworkAcls", "NetworkAcls", NULL, &ec2_acl, SELECTS(by_acl)},
    {"DescribeRouteTables", "RouteTables", NULL, &ec2_route_table, SELECTS(by_table)},
    {"DescribeSecurityGroups", "SecurityGroups", NULL, &ec2_group, SELECTS(by_group)},
    {"DescribeSubnets", "Subnets", NULL, &ec2_subnet, SELECTS(by_subnet)},
    {"DescribeVolumes", "Volumes", NULL, &ec2_volume, SELECTS(by_volume)},
    {"DescribeVpcEndpoints", "VpcEndpoints", NULL, &ec2_endpoint, SELECTS(by_endpoint)},
    {"DescribeVpcPeeringConnections", "VpcPeeringConnections", NULL, &ec2_peering,
     SELECTS(by_peering)},
    {"DescribeVpcs", "Vpcs", NULL, &ec2_vpc, SELECTS(by_vpc)},
};

const struct record_asks ec2_asks = {asks, COUNT(asks)};
