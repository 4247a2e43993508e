"""AWS::IAM: managed policies and inline policies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from localcloud.services.cloudformation.resources.resource_type import (
    Context,
    Properties,
    ResourceType,
    names,
    pick,
)

MAX_VERSIONS = 5
ENTITIES = {"Roles": "Role", "Users": "User", "Groups": "Group"}


class ManagedPolicy(ResourceType):
    type = "AWS::IAM::ManagedPolicy"
    properties = names("ManagedPolicyName Description Path PolicyDocument Roles Users Groups")
    attributes = names("PolicyArn PolicyId")

    def create(self, context: Context, properties: Properties) -> str:
        name = properties.get("ManagedPolicyName") or context.generate_name(128)
        request = pick(properties, "Description Path PolicyDocument")
        arn: str = context.call("iam", "CreatePolicy", request, PolicyName=name)["Policy"]["Arn"]
        context.physical_id = arn
        _attach(context, arn, properties, {})
        return arn

    def update(self, context: Context, physical_id: str, properties: Properties, before: Properties) -> None:
        if properties["PolicyDocument"] != before["PolicyDocument"]:
            self._delete_versions(context, physical_id, MAX_VERSIONS - 1)
            request = {"PolicyArn": physical_id, "PolicyDocument": properties["PolicyDocument"]}
            context.call("iam", "CreatePolicyVersion", request, SetAsDefault=True)
        _attach(context, physical_id, properties, before)

    def delete(self, context: Context, physical_id: str, properties: Properties) -> None:
        response = context.call("iam", "ListEntitiesForPolicy", PolicyArn=physical_id)
        attached = {}
        for member, entity in ENTITIES.items():
            current = [each[f"{entity}Name"] for each in response[f"Policy{member}"]]
            attached[member] = [name for name in current if name in _entities(properties, member)]
        _attach(context, physical_id, {}, attached)
        self._delete_versions(context, physical_id, 1)
        context.call("iam", "DeletePolicy", PolicyArn=physical_id)

    def _delete_versions(self, context: Context, arn: str, max_count: int) -> None:
        """Delete the oldest versions beyond ``max_count``, except the default version."""
        versions = context.call("iam", "ListPolicyVersions", PolicyArn=arn)["Versions"]
        others = [each["VersionId"] for each in versions if not each["IsDefaultVersion"]]
        for version in sorted(others, key=lambda name: int(name[1:]))[: max(0, len(versions) - max_count)]:
            context.call("iam", "DeletePolicyVersion", PolicyArn=arn, VersionId=version)

    def read_attributes(self, context: Context, physical_id: str, properties: Properties) -> dict[str, Any]:
        policy = context.call("iam", "GetPolicy", PolicyArn=physical_id)["Policy"]
        return {"PolicyArn": physical_id, "PolicyId": policy["PolicyId"]}


class Policy(ResourceType):
    """An inline policy of each of the roles, users and groups that it names."""

    type = "AWS::IAM::Policy"
    properties = names("PolicyName PolicyDocument Roles Users Groups")
    attributes = names("Id")

    def create(self, context: Context, properties: Properties) -> str:
        self._put(context, properties)
        return context.generate_name(64)

    def update(self, context: Context, physical_id: str, properties: Properties, before: Properties) -> None:
        self._put(context, properties)
        same = properties["PolicyName"] == before["PolicyName"]
        self._remove(context, before, properties if same else {})

    def delete(self, context: Context, physical_id: str, properties: Properties) -> None:
        self._remove(context, properties, {})

    def _put(self, context: Context, properties: Properties) -> None:
        for member, entity in ENTITIES.items():
            for name in properties.get(member, []):
                request = pick(properties, "PolicyName PolicyDocument")
                context.call("iam", f"Put{entity}Policy", request, {f"{entity}Name": name})

    def _remove(self, context: Context, before: Properties, after: Properties) -> None:
        for member, entity in ENTITIES.items():
            for name in (name for name in before.get(member, []) if name not in after.get(member, [])):
                context.call("iam", f"Delete{entity}Policy", {f"{entity}Name": name}, PolicyName=before["PolicyName"])

    def read_attributes(self, context: Context, physical_id: str, properties: Properties) -> dict[str, Any]:
        return {"Id": physical_id}


class RolePolicy(ResourceType):
    type = "AWS::IAM::RolePolicy"
    properties = names("RoleName PolicyName PolicyDocument")

    def create(self, context: Context, properties: Properties) -> str:
        self.update(context, "", properties, {})
        return f"{properties['RoleName']}|{properties['PolicyName']}"

    def update(self, context: Context, physical_id: str, properties: Properties, before: Properties) -> None:
        context.call("iam", "PutRolePolicy", properties)

    def delete(self, context: Context, physical_id: str, properties: Properties) -> None:
        context.call("iam", "DeleteRolePolicy", pick(properties, "RoleName PolicyName"))


def _attach(context: Context, arn: str, properties: Properties, before: Properties) -> None:
    for member, entity in ENTITIES.items():
        after, old = _entities(properties, member), _entities(before, member)
        for name in (name for name in old if name not in after):
            context.call("iam", f"Detach{entity}Policy", {f"{entity}Name": name}, PolicyArn=arn)
        for name in (name for name in after if name not in old):
            context.call("iam", f"Attach{entity}Policy", {f"{entity}Name": name}, PolicyArn=arn)


def _entities(properties: Properties, member: str) -> Sequence[str]:
    entities: Sequence[str] = properties.get(member, ())
    return entities


RESOURCE_TYPES: list[ResourceType] = [ManagedPolicy(), Policy(), RolePolicy()]
