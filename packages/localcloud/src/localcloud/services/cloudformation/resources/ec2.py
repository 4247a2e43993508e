"""AWS::EC2: networks and their parts. Security groups have a module of their own."""

from __future__ import annotations

from typing import Any

from localcloud.core.tags import as_list
from localcloud.services.cloudformation.resource_requests import omit
from localcloud.services.cloudformation.resources.resource_type import (
    Context,
    Properties,
    ResourceType,
    names,
    pick,
    tag_changes,
)

LISTS = ("RouteTableIds", "SubnetIds", "SecurityGroupIds")
VPC_ATTRIBUTES = ("EnableDnsSupport", "EnableDnsHostnames")
DESTINATIONS = "DestinationCidrBlock DestinationIpv6CidrBlock DestinationPrefixListId"
GATEWAYS = (
    "GatewayId NatGatewayId NetworkInterfaceId TransitGatewayId VpcEndpointId VpcPeeringConnectionId "
    "EgressOnlyInternetGatewayId InstanceId"
)


def update_tags(context: Context, physical_id: str, after: Any, before: Any) -> None:
    removed, changed = tag_changes(after, before)
    if removed:
        context.client("ec2").delete_tags(Resources=[physical_id], Tags=[{"Key": key} for key in removed])
    if changed:
        context.call("ec2", "CreateTags", Resources=[physical_id], Tags=as_list(changed))


class Vpc(ResourceType):
    type = "AWS::EC2::VPC"
    properties = names(f"CidrBlock InstanceTenancy {' '.join(VPC_ATTRIBUTES)} Tags")
    attributes = names("VpcId CidrBlock DefaultSecurityGroup DefaultNetworkAcl")

    def create(self, context: Context, properties: Properties) -> str:
        request = pick(properties, "CidrBlock InstanceTenancy")
        vpc: str = context.call("ec2", "CreateVpc", request)["Vpc"]["VpcId"]
        context.physical_id = vpc
        self.update(context, vpc, properties, {})
        return vpc

    def update(self, context: Context, physical_id: str, properties: Properties, before: Properties) -> None:
        for name in VPC_ATTRIBUTES:
            default = name == "EnableDnsSupport"
            if properties.get(name, default) != before.get(name, default):
                value = {name: {"Value": properties.get(name, default)}}
                context.call("ec2", "ModifyVpcAttribute", value, VpcId=physical_id)
        update_tags(context, physical_id, properties.get("Tags"), before.get("Tags"))

    def delete(self, context: Context, physical_id: str, properties: Properties) -> None:
        context.call("ec2", "DeleteVpc", VpcId=physical_id)

    def read_attributes(self, context: Context, physical_id: str, properties: Properties) -> dict[str, Any]:
        filters = [{"Name": "vpc-id", "Values": [physical_id]}]
        groups = context.call("ec2", "DescribeSecurityGroups", Filters=filters)["SecurityGroups"]
        acls = context.call("ec2", "DescribeNetworkAcls", Filters=filters)["NetworkAcls"]
        return {
            "VpcId": physical_id,
            "CidrBlock": context.call("ec2", "DescribeVpcs", VpcIds=[physical_id])["Vpcs"][0]["CidrBlock"],
            "DefaultSecurityGroup": next((each["GroupId"] for each in groups if each["GroupName"] == "default"), ""),
            "DefaultNetworkAcl": next((each["NetworkAclId"] for each in acls if each["IsDefault"]), ""),
        }


class Subnet(ResourceType):
    type = "AWS::EC2::Subnet"
    properties = names("VpcId CidrBlock AvailabilityZone AvailabilityZoneId MapPublicIpOnLaunch Tags")
    attributes = names("SubnetId VpcId CidrBlock AvailabilityZone")

    def create(self, context: Context, properties: Properties) -> str:
        request = pick(properties, "VpcId CidrBlock AvailabilityZone AvailabilityZoneId")
        subnet: str = context.call("ec2", "CreateSubnet", request)["Subnet"]["SubnetId"]
        context.physical_id = subnet
        self.update(context, subnet, properties, {})
        return subnet

    def update(self, context: Context, physical_id: str, properties: Properties, before: Properties) -> None:
        public = properties.get("MapPublicIpOnLaunch", False)
        if public != before.get("MapPublicIpOnLaunch", False):
            request = {"MapPublicIpOnLaunch": {"Value": public}}
            context.call("ec2", "ModifySubnetAttribute", request, SubnetId=physical_id)
        update_tags(context, physical_id, properties.get("Tags"), before.get("Tags"))

    def delete(self, context: Context, physical_id: str, properties: Properties) -> None:
        context.call("ec2", "DeleteSubnet", SubnetId=physical_id)

    def read_attributes(self, context: Context, physical_id: str, properties: Properties) -> dict[str, Any]:
        subnet = context.call("ec2", "DescribeSubnets", SubnetIds=[physical_id])["Subnets"][0]
        return pick(subnet, "SubnetId VpcId CidrBlock AvailabilityZone")


class RouteTable(ResourceType):
    type = "AWS::EC2::RouteTable"
    properties = names("VpcId Tags")
    attributes = names("RouteTableId")

    def create(self, context: Context, properties: Properties) -> str:
        table: str = context.call("ec2", "CreateRouteTable", VpcId=properties["VpcId"])["RouteTable"]["RouteTableId"]
        context.physical_id = table
        update_tags(context, table, properties.get("Tags"), [])
        return table

    def update(self, context: Context, physical_id: str, properties: Properties, before: Properties) -> None:
        update_tags(context, physical_id, properties.get("Tags"), before.get("Tags"))

    def delete(self, context: Context, physical_id: str, properties: Properties) -> None:
        context.call("ec2", "DeleteRouteTable", RouteTableId=physical_id)

    def read_attributes(self, context: Context, physical_id: str, properties: Properties) -> dict[str, Any]:
        return {"RouteTableId": physical_id}


class Route(ResourceType):
    type = "AWS::EC2::Route"
    properties = names(f"RouteTableId {DESTINATIONS} {GATEWAYS}")
    attributes = names("CidrBlock")

    def create(self, context: Context, properties: Properties) -> str:
        context.call("ec2", "CreateRoute", properties)
        return f"{properties['RouteTableId']}|{self._destination(properties)}"

    def update(self, context: Context, physical_id: str, properties: Properties, before: Properties) -> None:
        context.call("ec2", "ReplaceRoute", properties)

    def delete(self, context: Context, physical_id: str, properties: Properties) -> None:
        context.call("ec2", "DeleteRoute", pick(properties, f"RouteTableId {DESTINATIONS}"))

    def read_attributes(self, context: Context, physical_id: str, properties: Properties) -> dict[str, Any]:
        return {"CidrBlock": self._destination(properties)}

    def _destination(self, properties: Properties) -> str:
        return next(iter(pick(properties, DESTINATIONS).values()), "")


class SubnetRouteTableAssociation(ResourceType):
    type = "AWS::EC2::SubnetRouteTableAssociation"
    properties = names("SubnetId RouteTableId")
    attributes = names("Id")

    def create(self, context: Context, properties: Properties) -> str:
        return str(context.call("ec2", "AssociateRouteTable", properties)["AssociationId"])

    def update(self, context: Context, physical_id: str, properties: Properties, before: Properties) -> None:
        """All its properties are create-only."""

    def delete(self, context: Context, physical_id: str, properties: Properties) -> None:
        context.call("ec2", "DisassociateRouteTable", AssociationId=physical_id)

    def read_attributes(self, context: Context, physical_id: str, properties: Properties) -> dict[str, Any]:
        return {"Id": physical_id}


class VpcEndpoint(ResourceType):
    type = "AWS::EC2::VPCEndpoint"
    properties = names(f"VpcId VpcEndpointType ServiceName PolicyDocument PrivateDnsEnabled {' '.join(LISTS)} Tags")
    attributes = names("Id")

    def create(self, context: Context, properties: Properties) -> str:
        endpoint: str = context.call("ec2", "CreateVpcEndpoint", omit(properties, "Tags"))["VpcEndpoint"][
            "VpcEndpointId"
        ]
        context.physical_id = endpoint
        update_tags(context, endpoint, properties.get("Tags"), [])
        return endpoint

    def update(self, context: Context, physical_id: str, properties: Properties, before: Properties) -> None:
        change: dict[str, Any] = {}
        for name in LISTS:
            after, old = properties.get(name, []), before.get(name, [])
            change[f"Add{name}"] = [each for each in after if each not in old]
            change[f"Remove{name}"] = [each for each in old if each not in after]
        for name in ("PolicyDocument", "PrivateDnsEnabled"):
            if name in properties and properties[name] != before.get(name):
                change[name] = properties[name]
        if "PolicyDocument" in before and "PolicyDocument" not in properties:
            change["ResetPolicy"] = True
        if request := {name: value for name, value in change.items() if value != []}:
            context.call("ec2", "ModifyVpcEndpoint", request, VpcEndpointId=physical_id)
        update_tags(context, physical_id, properties.get("Tags"), before.get("Tags"))

    def delete(self, context: Context, physical_id: str, properties: Properties) -> None:
        context.call("ec2", "DeleteVpcEndpoints", VpcEndpointIds=[physical_id])

    def read_attributes(self, context: Context, physical_id: str, properties: Properties) -> dict[str, Any]:
        return {"Id": physical_id}


RESOURCE_TYPES: list[ResourceType] = [
    Vpc(),
    Subnet(),
    RouteTable(),
    Route(),
    SubnetRouteTableAssociation(),
    VpcEndpoint(),
]
