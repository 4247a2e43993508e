"""Reads the definition of a stack from a request and checks it: template, parameters, tags and settings.

This calls other services (S3, Systems Manager, EC2) and so runs without the lock.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from localcloud.core import tags
from localcloud.core.access.principal import Principal
from localcloud.core.cloud import Cloud
from localcloud.services.cloudformation import evaluation, parameters, principals, template_source
from localcloud.services.cloudformation import template as templates
from localcloud.services.cloudformation.errors import VALIDATION_ERROR, validation_error
from localcloud.services.cloudformation.evaluation import Location
from localcloud.services.cloudformation.parameters import Parameter
from localcloud.services.cloudformation.stack import Stack
from localcloud.services.cloudformation.stack_definition import SETTINGS, StackDefinition
from localcloud.services.cloudformation.template import Template

EXISTING = {
    "AWS::EC2::VPC::Id": ("describe_vpcs", "VpcIds"),
    "AWS::EC2::Subnet::Id": ("describe_subnets", "SubnetIds"),
    "AWS::EC2::SecurityGroup::Id": ("describe_security_groups", "GroupIds"),
}  # types of parameters whose values must exist


class StackRequests:
    def __init__(self, cloud: Cloud, location: Location) -> None:
        self._cloud, self._location = cloud, location

    def read_definition(self, request: Mapping[str, Any], name: str, stack: Stack | None) -> StackDefinition:
        """``stack`` is the one to update, None for a new one."""
        previous = stack.definition if stack else None
        template = self.read_template(request, stack)
        templates.check_implemented(template)
        principal = principals.of_operation(self._cloud.access, request, stack)
        values = parameters.resolve(
            template,
            request.get("Parameters", []),
            previous.parameters if previous else None,
            partial(self._read_parameters, principal),
        )
        self._check_existing(principal, template, values)
        settings = dict(previous.settings) if previous else {}
        settings |= {key: request[key] for key in SETTINGS if key in request}
        definition = StackDefinition(template, values, _tags(request, previous), settings)
        evaluation.check(self._location, name, definition)
        return definition

    def read_template(self, request: Mapping[str, Any], stack: Stack | None = None) -> Template:
        if request.get("UsePreviousTemplate"):
            if not stack or "TemplateBody" in request or "TemplateURL" in request:
                raise validation_error("UsePreviousTemplate needs a stack and excludes another template")
            return stack.definition.template
        return templates.read(template_source.read_text(self._cloud, request))

    def _read_parameters(self, principal: Principal, names: list[str]) -> dict[str, str]:
        response = self._cloud.client_as(principal, "ssm").get_parameters(Names=names)
        return {parameter["Name"]: parameter["Value"] for parameter in response["Parameters"]}

    def _check_existing(self, principal: Principal, template: Template, values: Mapping[str, Parameter]) -> None:
        from botocore.exceptions import ClientError

        for key, declaration in template.parameters.items():
            operation, member = EXISTING.get(declaration["Type"].removeprefix("List<").removesuffix(">"), ("", ""))
            for value in values[key].items if operation else ():
                try:
                    getattr(self._cloud.client_as(principal, "ec2"), operation)(**{member: [value]})
                except ClientError:
                    reason = f"parameter value {value} for parameter name {key} does not exist"
                    raise validation_error(f"Parameter validation failed: {reason}") from None


def _tags(request: Mapping[str, Any], previous: StackDefinition | None) -> tuple[Mapping[str, str], ...]:
    if "Tags" not in request:
        return tuple(previous.tags) if previous else ()
    requested = request["Tags"]
    unique = tags.checked(tags.as_dict(requested), invalid=VALIDATION_ERROR)
    if len(unique) < len(requested):
        raise validation_error("The keys of the tags must be unique.")
    return tuple(requested)
