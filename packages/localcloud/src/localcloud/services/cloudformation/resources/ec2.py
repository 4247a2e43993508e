"""AWS::EC2: a network and what is in it. Security groups have a file of their own."""

from __future__ import annotations

from typing import Any

from localcloud.services.cloudformation.resource_requests import as_tags
from localcloud.services.cloudformation.resources.resource_type import Kind, Place, Properties, names, only

LISTS = ("RouteTableIds", "SubnetIds", "SecurityGroupIds")
VPC_SWITCHES = ("EnableDnsSupport", "EnableDnsHostnames")
DESTINATIONS = "DestinationCidrBlock DestinationIpv6CidrBlock DestinationPrefixListId"
GATEWAYS = (
    "GatewayId NatGatewayId NetworkInterfaceId TransitGatewayId VpcEndpointId VpcPeeringConnectionId "
    "EgressOnlyInternetGatewayId InstanceId"
)


def retag(place: Place, physical_id: str, after: Any, before: Any) -> None:
    new, old = as_tags(after), as_tags(before)
    if gone := [{"Key": key} for key in old if key not in new]:
        place.cloud.client("ec2").delete_tags(Resources=[physical_id], Tags=gone)
    if changed := [{"Key": key, "Value": value} for key, value in new.items() if old.get(key) != value]:
        place.call("ec2", "CreateTags", Resources=[physical_id], Tags=changed)


class Vpc(Kind):
    type = "AWS::EC2::VPC"
    properties = names(f"CidrBlock InstanceTenancy {' '.join(VPC_SWITCHES)} Tags")
    attributes = names("VpcId CidrBlock DefaultSecurityGroup DefaultNetworkAcl")

    def create(self, place: Place, properties: Properties) -> str:
        told = only(properties, "CidrBlock InstanceTenancy")
        vpc: str = place.call("ec2", "CreateVpc", told)["Vpc"]["VpcId"]
        place.physical_id = vpc
        self.update(place, vpc, properties, {})
        return vpc

    def update(self, place: Place, physical_id: str, properties: Properties, before: Properties) -> None:
        for name in VPC_SWITCHES:
            default = name == "EnableDnsSupport"
            if properties.get(name, default) != before.get(name, default):
                value = {name: {"Value": properties.get(name, default)}}
                place.call("ec2", "ModifyVpcAttribute", value, VpcId=physical_id)
        retag(place, physical_id, properties.get("Tags"), before.get("Tags"))

    def delete(self, place: Place, physical_id: str, properties: Properties) -> None:
        place.call("ec2", "DeleteVpc", VpcId=physical_id)

    def told(self, place: Place, physical_id: str, properties: Properties) -> dict[str, Any]:
        mine = [{"Name": "vpc-id", "Values": [physical_id]}]
        groups = place.call("ec2", "DescribeSecurityGroups", Filters=mine)["SecurityGroups"]
        lists = place.call("ec2", "DescribeNetworkAcls", Filters=mine)["NetworkAcls"]
        return {
            "VpcId": physical_id,
            "CidrBlock": place.call("ec2", "DescribeVpcs", VpcIds=[physical_id])["Vpcs"][0]["CidrBlock"],
            "DefaultSecurityGroup": next((each["GroupId"] for each in groups if each["GroupName"] == "default"), ""),
            "DefaultNetworkAcl": next((each["NetworkAclId"] for each in lists if each["IsDefault"]), ""),
        }


class Subnet(Kind):
    type = "AWS::EC2::Subnet"
    properties = names("VpcId CidrBlock AvailabilityZone AvailabilityZoneId MapPublicIpOnLaunch Tags")
    attributes = names("SubnetId VpcId CidrBlock AvailabilityZone")

    def create(self, place: Place, properties: Properties) -> str:
        told = only(properties, "VpcId CidrBlock AvailabilityZone AvailabilityZoneId")
        subnet: str = place.call("ec2", "CreateSubnet", told)["Subnet"]["SubnetId"]
        place.physical_id = subnet
        self.update(place, subnet, properties, {})
        return subnet

    def update(self, place: Place, physical_id: str, properties: Properties, before: Properties) -> None:
        public = properties.get("MapPublicIpOnLaunch", False)
        if public != before.get("MapPublicIpOnLaunch", False):
            said = {"MapPublicIpOnLaunch": {"Value": public}}
            place.call("ec2", "ModifySubnetAttribute", said, SubnetId=physical_id)
        retag(place, physical_id, properties.get("Tags"), before.get("Tags"))

    def delete(self, place: Place, physical_id: str, properties: Properties) -> None:
        place.call("ec2", "DeleteSubnet", SubnetId=physical_id)

    def told(self, place: Place, physical_id: str, properties: Properties) -> dict[str, Any]:
        found = place.call("ec2", "DescribeSubnets", SubnetIds=[physical_id])["Subnets"][0]
        return only(found, "SubnetId VpcId CidrBlock AvailabilityZone")


class RouteTable(Kind):
    type = "AWS::EC2::RouteTable"
    properties = names("VpcId Tags")
    attributes = names("RouteTableId")

    def create(self, place: Place, properties: Properties) -> str:
        table: str = place.call("ec2", "CreateRouteTable", VpcId=properties["VpcId"])["RouteTable"]["RouteTableId"]
        place.physical_id = table
        retag(place, table, properties.get("Tags"), [])
        return table

    def update(self, place: Place, physical_id: str, properties: Properties, before: Properties) -> None:
        retag(place, physical_id, properties.get("Tags"), before.get("Tags"))

    def delete(self, place: Place, physical_id: str, properties: Properties) -> None:
        place.call("ec2", "DeleteRouteTable", RouteTableId=physical_id)

    def told(self, place: Place, physical_id: str, properties: Properties) -> dict[str, Any]:
        return {"RouteTableId": physical_id}


class Route(Kind):
    type = "AWS::EC2::Route"
    properties = names(f"RouteTableId {DESTINATIONS} {GATEWAYS}")
    attributes = names("CidrBlock")

    def create(self, place: Place, properties: Properties) -> str:
        place.call("ec2", "CreateRoute", properties)
        return f"{properties['RouteTableId']}|{self._destination(properties)}"

    def update(self, place: Place, physical_id: str, properties: Properties, before: Properties) -> None:
        place.call("ec2", "ReplaceRoute", properties)

    def delete(self, place: Place, physical_id: str, properties: Properties) -> None:
        place.call("ec2", "DeleteRoute", only(properties, f"RouteTableId {DESTINATIONS}"))

    def told(self, place: Place, physical_id: str, properties: Properties) -> dict[str, Any]:
        return {"CidrBlock": self._destination(properties)}

    def _destination(self, properties: Properties) -> str:
        return next(iter(only(properties, DESTINATIONS).values()), "")


class SubnetRouteTableAssociation(Kind):
    type = "AWS::EC2::SubnetRouteTableAssociation"
    properties = names("SubnetId RouteTableId")
    attributes = names("Id")

    def create(self, place: Place, properties: Properties) -> str:
        return str(place.call("ec2", "AssociateRouteTable", properties)["AssociationId"])

    def update(self, place: Place, physical_id: str, properties: Properties, before: Properties) -> None:
        """Nothing of it can change: another association takes its place."""

    def delete(self, place: Place, physical_id: str, properties: Properties) -> None:
        place.call("ec2", "DisassociateRouteTable", AssociationId=physical_id)

    def told(self, place: Place, physical_id: str, properties: Properties) -> dict[str, Any]:
        return {"Id": physical_id}


class VpcEndpoint(Kind):
    type = "AWS::EC2::VPCEndpoint"
    properties = names(f"VpcId VpcEndpointType ServiceName PolicyDocument PrivateDnsEnabled {' '.join(LISTS)} Tags")
    attributes = names("Id")

    def create(self, place: Place, properties: Properties) -> str:
        told = {name: value for name, value in properties.items() if name != "Tags"}
        endpoint: str = place.call("ec2", "CreateVpcEndpoint", told)["VpcEndpoint"]["VpcEndpointId"]
        place.physical_id = endpoint
        retag(place, endpoint, properties.get("Tags"), [])
        return endpoint

    def update(self, place: Place, physical_id: str, properties: Properties, before: Properties) -> None:
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
        if told := {name: value for name, value in change.items() if value != []}:
            place.call("ec2", "ModifyVpcEndpoint", told, VpcEndpointId=physical_id)
        retag(place, physical_id, properties.get("Tags"), before.get("Tags"))

    def delete(self, place: Place, physical_id: str, properties: Properties) -> None:
        place.call("ec2", "DeleteVpcEndpoints", VpcEndpointIds=[physical_id])

    def told(self, place: Place, physical_id: str, properties: Properties) -> dict[str, Any]:
        return {"Id": physical_id}


KINDS: list[Kind] = [Vpc(), Subnet(), RouteTable(), Route(), SubnetRouteTableAssociation(), VpcEndpoint()]
