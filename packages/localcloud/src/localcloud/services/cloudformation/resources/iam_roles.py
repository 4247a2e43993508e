"""AWS::IAM::Role."""

from __future__ import annotations

from typing import Any

from localcloud.services.cloudformation.resource_requests import parse_tags
from localcloud.services.cloudformation.resources.resource_type import (
    SEEDED,
    Context,
    Properties,
    ResourceType,
    Tagging,
    names,
    pick,
)

TAGS = Tagging("iam", "TagRole", "UntagRole", "RoleName")
SETTINGS = "Description MaxSessionDuration"


class Role(ResourceType):
    """Replaces a role of the seed file; a rollback restores it."""

    type = "AWS::IAM::Role"
    properties = names(
        "RoleName Path AssumeRolePolicyDocument Description MaxSessionDuration PermissionsBoundary Policies "
        "ManagedPolicyArns Tags"
    )
    attributes = names("Arn RoleId")

    def create(self, context: Context, properties: Properties) -> str:
        name = properties.get("RoleName") or context.generate_name(64)
        if seeded := _seeded(context, name):
            context.notes["seeded"], context.notes["seeded_policies"] = seeded, self._attached(context, name)
            self._remove_seeded(context, name)
        request = pick(properties, f"Path AssumeRolePolicyDocument {SETTINGS} PermissionsBoundary Tags")
        try:
            context.call("iam", "CreateRole", request, RoleName=name)
        except Exception:
            if seeded:  # no resource exists yet, so no rollback would restore it
                self._restore_seeded(context)
            raise
        context.physical_id = name
        self._update_policies(context, name, properties, {})
        return str(name)

    def update(self, context: Context, physical_id: str, properties: Properties, before: Properties) -> None:
        if properties["AssumeRolePolicyDocument"] != before["AssumeRolePolicyDocument"]:
            policy = properties["AssumeRolePolicyDocument"]
            context.call("iam", "UpdateAssumeRolePolicy", RoleName=physical_id, PolicyDocument=policy)
        if pick(properties, SETTINGS) != pick(before, SETTINGS):
            request = {"Description": "", "MaxSessionDuration": 3600} | pick(properties, SETTINGS)
            context.call("iam", "UpdateRole", request, RoleName=physical_id)
        boundary = properties.get("PermissionsBoundary")
        if boundary and boundary != before.get("PermissionsBoundary"):
            context.call("iam", "PutRolePermissionsBoundary", RoleName=physical_id, PermissionsBoundary=boundary)
        elif "PermissionsBoundary" in before and not boundary:
            context.call("iam", "DeleteRolePermissionsBoundary", RoleName=physical_id)
        self._update_policies(context, physical_id, properties, before)
        TAGS.update(context, physical_id, properties.get("Tags"), before.get("Tags"))

    def delete(self, context: Context, physical_id: str, properties: Properties) -> None:
        self._update_policies(context, physical_id, {}, properties)
        context.call("iam", "DeleteRole", RoleName=physical_id)

    def roll_back(self, context: Context, physical_id: str, properties: Properties) -> None:
        self.delete(context, physical_id, properties)
        if context.notes.get("seeded"):
            self._restore_seeded(context)

    def _remove_seeded(self, context: Context, name: str) -> None:
        for arn in context.notes["seeded_policies"]:
            context.call("iam", "DetachRolePolicy", RoleName=name, PolicyArn=arn)
        context.call("iam", "DeleteRole", RoleName=name)

    def _restore_seeded(self, context: Context) -> None:
        request = context.notes["seeded"]
        context.call("iam", "CreateRole", request)
        for arn in context.notes["seeded_policies"]:
            context.call("iam", "AttachRolePolicy", RoleName=request["RoleName"], PolicyArn=arn)

    def _update_policies(self, context: Context, role: str, properties: Properties, before: Properties) -> None:
        self._update_inline_policies(context, role, properties, before)
        arns, old_arns = properties.get("ManagedPolicyArns", []), before.get("ManagedPolicyArns", [])
        for arn in self._attached(context, role) if old_arns else ():
            if arn in old_arns and arn not in arns:
                context.call("iam", "DetachRolePolicy", RoleName=role, PolicyArn=arn)
        for arn in (arn for arn in arns if arn not in old_arns):
            context.call("iam", "AttachRolePolicy", RoleName=role, PolicyArn=arn)

    def _update_inline_policies(self, context: Context, role: str, properties: Properties, before: Properties) -> None:
        after = {each["PolicyName"]: each["PolicyDocument"] for each in properties.get("Policies", [])}
        old = {each["PolicyName"]: each["PolicyDocument"] for each in before.get("Policies", [])}
        existing = context.call("iam", "ListRolePolicies", RoleName=role)["PolicyNames"] if old else []
        for name in (name for name in old if name not in after and name in existing):
            context.call("iam", "DeleteRolePolicy", RoleName=role, PolicyName=name)
        for name in (name for name in after if after[name] != old.get(name)):
            context.call("iam", "PutRolePolicy", RoleName=role, PolicyName=name, PolicyDocument=after[name])

    def _attached(self, context: Context, role: str) -> list[str]:
        policies = context.call("iam", "ListAttachedRolePolicies", RoleName=role)["AttachedPolicies"]
        return [policy["PolicyArn"] for policy in policies]

    def read_attributes(self, context: Context, physical_id: str, properties: Properties) -> dict[str, Any]:
        return pick(context.call("iam", "GetRole", RoleName=physical_id)["Role"], "Arn RoleId")


def _seeded(context: Context, name: str) -> dict[str, Any]:
    """The request that restores a role of the seed file; empty when there is no such role."""
    from botocore.exceptions import ClientError

    try:
        role = context.call("iam", "GetRole", RoleName=name)["Role"]
    except ClientError:
        return {}
    is_seeded = SEEDED in parse_tags(role.get("Tags")).items()
    return pick(role, "RoleName Path AssumeRolePolicyDocument Description Tags") if is_seeded else {}


RESOURCE_TYPES: list[ResourceType] = [Role()]
