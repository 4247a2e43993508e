"""AWS::EC2::SecurityGroup and single rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from localcloud.services.cloudformation.resource_requests import omit
from localcloud.services.cloudformation.resources.ec2 import update_tags
from localcloud.services.cloudformation.resources.resource_type import (
    Context,
    HandlerError,
    Properties,
    ResourceType,
    names,
    pick,
)

RULE = "IpProtocol FromPort ToPort CidrIp CidrIpv6 Description"
ALL_TRAFFIC = {"IpProtocol": "-1", "CidrIp": "0.0.0.0/0"}  # the default egress rule of a group


class SecurityGroup(ResourceType):
    type = "AWS::EC2::SecurityGroup"
    properties = names("GroupName GroupDescription VpcId SecurityGroupIngress SecurityGroupEgress Tags")
    attributes = names("GroupId Id VpcId")

    def create(self, context: Context, properties: Properties) -> str:
        name, description = properties.get("GroupName") or context.generate_name(255), properties["GroupDescription"]
        vpc = pick(properties, "VpcId")
        response = context.call("ec2", "CreateSecurityGroup", vpc, GroupName=name, Description=description)
        group: str = response["GroupId"]
        context.physical_id = group
        self.update(context, group, properties, {})
        return group

    def update(self, context: Context, physical_id: str, properties: Properties, before: Properties) -> None:
        for direction in ("Ingress", "Egress"):
            default = [ALL_TRAFFIC] if direction == "Egress" else []
            after = properties.get(f"SecurityGroup{direction}") or default
            old = before.get(f"SecurityGroup{direction}") or default
            _change_rules(context, "Revoke", direction, physical_id, [rule for rule in old if rule not in after])
            _change_rules(context, "Authorize", direction, physical_id, [rule for rule in after if rule not in old])
        update_tags(context, physical_id, properties.get("Tags"), before.get("Tags"))

    def delete(self, context: Context, physical_id: str, properties: Properties) -> None:
        context.call("ec2", "DeleteSecurityGroup", GroupId=physical_id)

    def read_attributes(self, context: Context, physical_id: str, properties: Properties) -> dict[str, Any]:
        group = context.call("ec2", "DescribeSecurityGroups", GroupIds=[physical_id])["SecurityGroups"][0]
        return {"GroupId": physical_id, "Id": physical_id, "VpcId": group.get("VpcId", "")}


class IngressRule(ResourceType):
    type = "AWS::EC2::SecurityGroupIngress"
    properties = names(f"{RULE} SourceSecurityGroupId SourcePrefixListId GroupId")
    attributes = names("Id")
    direction: ClassVar[str] = "Ingress"

    def create(self, context: Context, properties: Properties) -> str:
        if "GroupId" not in properties:
            raise HandlerError("GroupId must be given: there are no groups outside of a VPC")
        response = _change_rules(context, "Authorize", self.direction, properties["GroupId"], [_rule(properties)])
        rules: Sequence[Mapping[str, str]] = response.get("SecurityGroupRules", [])
        return rules[0]["SecurityGroupRuleId"] if rules else context.generate_name(64)

    def update(self, context: Context, physical_id: str, properties: Properties, before: Properties) -> None:
        """Only the description can change."""
        _change_rules(context, "Revoke", self.direction, before["GroupId"], [_rule(before)])
        _change_rules(context, "Authorize", self.direction, properties["GroupId"], [_rule(properties)])

    def delete(self, context: Context, physical_id: str, properties: Properties) -> None:
        _change_rules(context, "Revoke", self.direction, properties["GroupId"], [_rule(properties)])

    def read_attributes(self, context: Context, physical_id: str, properties: Properties) -> dict[str, Any]:
        return {"Id": physical_id}


class EgressRule(IngressRule):
    type = "AWS::EC2::SecurityGroupEgress"
    properties = names(f"{RULE} DestinationSecurityGroupId DestinationPrefixListId GroupId")
    direction = "Egress"


def _rule(properties: Properties) -> dict[str, Any]:
    return omit(properties, "GroupId")


def _change_rules(
    context: Context, verb: str, direction: str, group: str, rules: Sequence[Properties]
) -> dict[str, Any]:
    if not rules:
        return {}
    permissions = [_permission(rule) for rule in rules]
    return context.call("ec2", f"{verb}SecurityGroup{direction}", GroupId=group, IpPermissions=permissions)


def _permission(rule: Properties) -> dict[str, Any]:
    description = pick(rule, "Description")
    permission = pick(rule, "IpProtocol FromPort ToPort")
    for properties, member, key in (
        (("CidrIp",), "IpRanges", "CidrIp"),
        (("CidrIpv6",), "Ipv6Ranges", "CidrIpv6"),
        (("SourceSecurityGroupId", "DestinationSecurityGroupId"), "UserIdGroupPairs", "GroupId"),
        (("SourcePrefixListId", "DestinationPrefixListId"), "PrefixListIds", "PrefixListId"),
    ):
        if value := next((rule[name] for name in properties if name in rule), None):
            permission[member] = [{key: value, **description}]
    return permission


RESOURCE_TYPES: list[ResourceType] = [SecurityGroup(), IngressRule(), EgressRule()]
