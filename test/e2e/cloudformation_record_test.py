# SPDX-License-Identifier: Apache-2.0
"""Networks and machines that templates carry along: records, which their own services describe."""
import json

import pytest
from botocore.exceptions import ClientError
from cloudformation_kit import create, delete, events, outputs, template, update

PORT = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443}


def ref(name):
    return {"Ref": name}


def att(name, attribute):
    return {"Fn::GetAtt": [name, attribute]}


def resource(kind, **properties):
    return {"Type": f"AWS::{kind}", "Properties": properties}


NETWORK = {
    "Vpc": resource("EC2::VPC", CidrBlock="10.1.0.0/16", Tags=[{"Key": "Name", "Value": "main"}]),
    "Inner": resource("EC2::Subnet", VpcId=ref("Vpc"), CidrBlock="10.1.1.0/24",
                      MapPublicIpOnLaunch="true"),
    "Gateway": resource("EC2::InternetGateway"),
    "Attached": resource("EC2::VPCGatewayAttachment", VpcId=ref("Vpc"),
                         InternetGatewayId=ref("Gateway")),
    "Table": resource("EC2::RouteTable", VpcId=ref("Vpc")),
    "Out": {**resource("EC2::Route", RouteTableId=ref("Table"), GatewayId=ref("Gateway"),
                       DestinationCidrBlock="0.0.0.0/0"), "DependsOn": "Attached"},
    "Joined": resource("EC2::SubnetRouteTableAssociation", SubnetId=ref("Inner"),
                       RouteTableId=ref("Table")),
    "Address": resource("EC2::EIP", Domain="vpc"),
    "Nat": resource("EC2::NatGateway", SubnetId=ref("Inner"),
                    AllocationId=att("Address", "AllocationId")),
    "Group": resource("EC2::SecurityGroup", GroupDescription="web", VpcId=ref("Vpc"),
                      SecurityGroupIngress=[{**PORT, "CidrIp": "0.0.0.0/0", "Description": "all"}]),
    "Rule": resource("EC2::SecurityGroupIngress", GroupId=att("Group", "GroupId"),
                     SourceSecurityGroupId=att("Group", "GroupId"), **PORT),
    "Endpoint": resource("EC2::VPCEndpoint", VpcId=ref("Vpc"), RouteTableIds=[ref("Table")],
                         ServiceName={"Fn::Sub": "com.amazonaws.${AWS::Region}.s3"}),
    "Machine": resource("EC2::Instance", ImageId="ami-12345678", InstanceType="t3.micro",
                        SubnetId=ref("Inner"), SecurityGroupIds=[ref("Group")]),
}


@pytest.fixture
def cfn(weir):
    return weir.client("cloudformation")


def test_a_network_is_described_and_goes(weir, cfn):
    ec2 = weir.client("ec2")
    stack = create(cfn, "network", template(NETWORK, Outputs={
        "Vpc": {"Value": ref("Vpc")}, "Group": {"Value": att("Group", "GroupId")},
        "Default": {"Value": att("Vpc", "DefaultSecurityGroup")},
        "Machine": {"Value": ref("Machine")}, "Ip": {"Value": ref("Address")},
        "Table": {"Value": ref("Table")}}))
    assert stack["StackStatus"] == "CREATE_COMPLETE", events(cfn, "network")
    said = outputs(stack)
    vpc = ec2.describe_vpcs(VpcIds=[said["Vpc"]])["Vpcs"][0]
    assert vpc["CidrBlock"] == "10.1.0.0/16" and vpc["State"] == "available"
    assert {"Key": "Name", "Value": "main"} in vpc["Tags"]
    subnet = ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [said["Vpc"]]}])["Subnets"]
    assert [one["MapPublicIpOnLaunch"] for one in subnet] == [True]
    assert subnet[0]["AvailableIpAddressCount"] == 251
    table = ec2.describe_route_tables(RouteTableIds=[said["Table"]])["RouteTables"][0]
    assert [route["DestinationCidrBlock"] for route in table["Routes"]] == ["0.0.0.0/0"]
    assert table["Associations"][0]["SubnetId"] == subnet[0]["SubnetId"]
    group = ec2.describe_security_groups(GroupIds=[said["Group"]])["SecurityGroups"][0]
    inner, outer = sorted(group["IpPermissions"], key=lambda rule: len(rule["IpRanges"]))
    assert outer["IpRanges"] == [{"CidrIp": "0.0.0.0/0", "Description": "all"}]
    assert inner["UserIdGroupPairs"][0]["GroupId"] == said["Group"]
    default = ec2.describe_security_groups(GroupIds=[said["Default"]])["SecurityGroups"][0]
    assert default["GroupName"] == "default"
    machine = ec2.describe_instances(InstanceIds=[said["Machine"]])["Reservations"][0]["Instances"]
    assert machine[0]["State"]["Name"] == "stopped" and machine[0]["VpcId"] == said["Vpc"]
    gateways = ec2.describe_internet_gateways(
        Filters=[{"Name": "attachment.vpc-id", "Values": [said["Vpc"]]}])["InternetGateways"]
    assert len(gateways) == 1
    assert ec2.describe_addresses(PublicIps=[said["Ip"]])["Addresses"]
    marked = [one for one in events(cfn, "network") if "record only" in one[2]]
    assert {one[0] for one in marked} == set(NETWORK)

    assert delete(cfn, "network")["StackStatus"] == "DELETE_COMPLETE"
    with pytest.raises(ClientError) as caught:
        ec2.describe_vpcs(VpcIds=[said["Vpc"]])
    assert caught.value.response["Error"] == {
        "Code": "InvalidVpcID.NotFound", "Message": f"The vpc ID '{said['Vpc']}' does not exist"}
    for listed in (ec2.describe_route_tables()["RouteTables"], ec2.describe_network_acls()[
            "NetworkAcls"], ec2.describe_security_groups()["SecurityGroups"]):
        assert said["Vpc"] not in [one["VpcId"] for one in listed]


def test_a_rule_that_changes_is_another_one(weir, cfn):
    small = {name: NETWORK[name] for name in ("Vpc", "Group", "Rule")}
    create(cfn, "rules", template(small))
    changed = json.loads(json.dumps(small))
    changed["Rule"]["Properties"]["FromPort"] = 80
    changed["Group"]["Properties"]["SecurityGroupIngress"] = []
    assert update(cfn, "rules", template(changed))["StackStatus"] == "UPDATE_COMPLETE"
    groups = weir.client("ec2").describe_security_groups(
        Filters=[{"Name": "group-name", "Values": ["rules-Gr??p-*"]}])["SecurityGroups"]
    assert [rule["FromPort"] for rule in groups[0]["IpPermissions"]] == [80]
    assert [rule["IpProtocol"] for rule in groups[0]["IpPermissionsEgress"]] == ["-1"]
    delete(cfn, "rules")


def test_balancers_scaling_and_the_rest(weir, cfn):
    action = [{"Type": "forward", "TargetGroupArn": ref("Targets")}]
    body = template({
        **{name: NETWORK[name] for name in ("Vpc", "Inner")},
        "Balancer": resource("ElasticLoadBalancingV2::LoadBalancer", Subnets=[ref("Inner")]),
        "Targets": resource("ElasticLoadBalancingV2::TargetGroup", Port=80, Protocol="HTTP",
                            VpcId=ref("Vpc"), TargetType="ip"),
        "Listener": resource("ElasticLoadBalancingV2::Listener", LoadBalancerArn=ref("Balancer"),
                             Port=80, Protocol="HTTP", DefaultActions=action),
        "Path": resource("ElasticLoadBalancingV2::ListenerRule", ListenerArn=ref("Listener"),
                         Priority=1, Actions=action,
                         Conditions=[{"Field": "path-pattern", "Values": ["/a"]}]),
        "Template": resource("EC2::LaunchTemplate",
                             LaunchTemplateData={"InstanceType": "t3.micro"}),
        "Fleet": resource("AutoScaling::AutoScalingGroup", MinSize="0", MaxSize="3",
                          VPCZoneIdentifier=[ref("Inner")],
                          LaunchTemplate={"LaunchTemplateId": ref("Template"), "Version": att(
                              "Template", "LatestVersionNumber")}),
        "Target": resource("ApplicationAutoScaling::ScalableTarget", MinCapacity=1, MaxCapacity=5,
                           ResourceId="table/orders", ServiceNamespace="dynamodb",
                           ScalableDimension="dynamodb:table:ReadCapacityUnits"),
        "Policy": resource("ApplicationAutoScaling::ScalingPolicy", PolicyName="track",
                           PolicyType="TargetTrackingScaling", ScalingTargetId=ref("Target"),
                           TargetTrackingScalingPolicyConfiguration={"TargetValue": 70}),
        "Files": resource("FSx::FileSystem", FileSystemType="LUSTRE", StorageCapacity=1200,
                          SubnetIds=[ref("Inner")]),
        "Recipe": resource("ImageBuilder::ImageRecipe", Name="base", Version="1.0.0",
                           ParentImage="ami-12345678", Components=[]),
    }, Outputs={"Name": {"Value": att("Balancer", "DNSName")}, "Recipe": {"Value": ref("Recipe")},
                "Full": {"Value": att("Balancer", "LoadBalancerFullName")},
                "Files": {"Value": ref("Files")}})
    stack = create(cfn, "fleet", body)
    assert stack["StackStatus"] == "CREATE_COMPLETE", events(cfn, "fleet")
    said = outputs(stack)
    assert said["Full"].startswith("app/fleet-Balan") and said["Name"].endswith("amazonaws.com")
    elb = weir.client("elbv2")
    balancer = elb.describe_load_balancers()["LoadBalancers"][0]
    assert balancer["State"]["Code"] == "active"
    listeners = elb.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]
    assert [one["Port"] for one in listeners] == [80]
    assert elb.describe_rules()["Rules"][0]["Priority"] == "1"
    with pytest.raises(ClientError) as caught:
        elb.describe_target_groups(Names=["nobody"])
    assert caught.value.response["Error"]["Code"] == "TargetGroupNotFound"
    fleet = weir.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"][0]
    assert (fleet["MinSize"], fleet["MaxSize"], fleet["DesiredCapacity"]) == (0, 3, 0)
    policy = weir.client("application-autoscaling").describe_scaling_policies(
        ServiceNamespace="dynamodb")["ScalingPolicies"][0]
    assert policy["ResourceId"] == "table/orders"
    files = weir.client("fsx").describe_file_systems(FileSystemIds=[said["Files"]])["FileSystems"]
    assert files[0]["StorageCapacity"] == 1200
    recipe = weir.client("imagebuilder").get_image_recipe(imageRecipeArn=said["Recipe"])
    assert recipe["imageRecipe"]["parentImage"] == "ami-12345678"
    assert weir.client("imagebuilder").list_image_recipes()["imageRecipeSummaryList"]
    assert delete(cfn, "fleet")["StackStatus"] == "DELETE_COMPLETE"


def test_records_survive_a_kill(fresh):
    weir = fresh()
    create(weir.client("cloudformation"), "network", template({"Vpc": NETWORK["Vpc"]}))
    before = weir.client("ec2").describe_vpcs()["Vpcs"]
    weir.kill()
    weir.start()
    assert weir.client("ec2").describe_vpcs()["Vpcs"] == before


def test_pages_and_filters(weir, cfn):
    create(cfn, "many", template({f"V{i}": resource("EC2::VPC", CidrBlock=f"172.{i}.0.0/16")
                                  for i in range(7)}))
    ec2 = weir.client("ec2")
    filters = [{"Name": "cidr", "Values": ["172.?.0.0/16"]}]
    pages = list(ec2.get_paginator("describe_vpcs").paginate(
        Filters=filters, PaginationConfig={"PageSize": 5}))
    assert [len(page["Vpcs"]) for page in pages] == [5, 2]
    with pytest.raises(ClientError) as caught:
        ec2.describe_vpcs(Filters=[{"Name": "colour", "Values": ["red"]}])
    assert caught.value.response["Error"] == {"Code": "InvalidParameterValue",
                                              "Message": "The filter 'colour' is invalid"}
    delete(cfn, "many")
