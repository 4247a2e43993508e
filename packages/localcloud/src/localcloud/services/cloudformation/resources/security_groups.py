"""AWS::EC2::SecurityGroup and single rules of one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from localcloud.services.cloudformation.resources.ec2 import retag
from localcloud.services.cloudformation.resources.resource_type import Failed, Kind, Place, Properties, names, only

RULE = "IpProtocol FromPort ToPort CidrIp CidrIpv6 Description"
INGRESS = "SourceSecurityGroupId SourcePrefixListId"
EGRESS = "DestinationSecurityGroupId DestinationPrefixListId"
EVERYTHING = {"IpProtocol": "-1", "CidrIp": "0.0.0.0/0"}  # what a group lets out unless it is told otherwise


class SecurityGroup(Kind):
    type = "AWS::EC2::SecurityGroup"
    properties = names("GroupName GroupDescription VpcId SecurityGroupIngress SecurityGroupEgress Tags")
    attributes = names("GroupId Id VpcId")

    def create(self, place: Place, properties: Properties) -> str:
        name, said = properties.get("GroupName") or place.name(255), properties["GroupDescription"]
        told = only(properties, "VpcId")
        group: str = place.call("ec2", "CreateSecurityGroup", told, GroupName=name, Description=said)["GroupId"]
        place.physical_id = group
        self.update(place, group, properties, {})
        return group

    def update(self, place: Place, physical_id: str, properties: Properties, before: Properties) -> None:
        for way in ("Ingress", "Egress"):
            default = [EVERYTHING] if way == "Egress" else []
            after = properties.get(f"SecurityGroup{way}") or default
            old = before.get(f"SecurityGroup{way}") or default
            _change(place, "Revoke", way, physical_id, [rule for rule in old if rule not in after])
            _change(place, "Authorize", way, physical_id, [rule for rule in after if rule not in old])
        retag(place, physical_id, properties.get("Tags"), before.get("Tags"))

    def delete(self, place: Place, physical_id: str, properties: Properties) -> None:
        place.call("ec2", "DeleteSecurityGroup", GroupId=physical_id)

    def told(self, place: Place, physical_id: str, properties: Properties) -> dict[str, Any]:
        found = place.call("ec2", "DescribeSecurityGroups", GroupIds=[physical_id])["SecurityGroups"][0]
        return {"GroupId": physical_id, "Id": physical_id, "VpcId": found.get("VpcId", "")}


class SingleRule(Kind):
    attributes = names("Id")

    def __init__(self, way: str, others: str) -> None:
        self.way = way
        self.type = f"AWS::EC2::SecurityGroup{way}"  # type: ignore[misc]
        self.properties = names(f"{RULE} {others} GroupId")  # type: ignore[misc]

    def create(self, place: Place, properties: Properties) -> str:
        if "GroupId" not in properties:
            raise Failed("GroupId must be given: there are no groups outside of a VPC")
        answer = _change(place, "Authorize", self.way, properties["GroupId"], [_rule(properties)])
        rules: Sequence[Mapping[str, str]] = answer.get("SecurityGroupRules", [])
        return rules[0]["SecurityGroupRuleId"] if rules else place.name(64)

    def update(self, place: Place, physical_id: str, properties: Properties, before: Properties) -> None:
        """Only its description can change."""
        _change(place, "Revoke", self.way, before["GroupId"], [_rule(before)])
        _change(place, "Authorize", self.way, properties["GroupId"], [_rule(properties)])

    def delete(self, place: Place, physical_id: str, properties: Properties) -> None:
        _change(place, "Revoke", self.way, properties["GroupId"], [_rule(properties)])

    def told(self, place: Place, physical_id: str, properties: Properties) -> dict[str, Any]:
        return {"Id": physical_id}


def _rule(properties: Properties) -> dict[str, Any]:
    return {name: value for name, value in properties.items() if name != "GroupId"}


def _change(place: Place, verb: str, way: str, group: str, rules: Sequence[Properties]) -> dict[str, Any]:
    if not rules:
        return {}
    told = [_permission(rule) for rule in rules]
    return place.call("ec2", f"{verb}SecurityGroup{way}", GroupId=group, IpPermissions=told)


def _permission(rule: Properties) -> dict[str, Any]:
    said = only(rule, "Description")
    told = only(rule, "IpProtocol FromPort ToPort")
    for names_of, listed, key in (
        (("CidrIp",), "IpRanges", "CidrIp"),
        (("CidrIpv6",), "Ipv6Ranges", "CidrIpv6"),
        (("SourceSecurityGroupId", "DestinationSecurityGroupId"), "UserIdGroupPairs", "GroupId"),
        (("SourcePrefixListId", "DestinationPrefixListId"), "PrefixListIds", "PrefixListId"),
    ):
        if found := next((rule[name] for name in names_of if name in rule), None):
            told[listed] = [{key: found, **said}]
    return told


KINDS: list[Kind] = [SecurityGroup(), SingleRule("Ingress", INGRESS), SingleRule("Egress", EGRESS)]
