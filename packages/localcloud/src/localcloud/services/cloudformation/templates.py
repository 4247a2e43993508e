"""Operations on templates: reading that of a stack, summarizing and validating any."""

from __future__ import annotations

from threading import RLock
from typing import Any

from localcloud.core.service import Part, operation
from localcloud.services.cloudformation import capabilities
from localcloud.services.cloudformation.descriptions import named_stack
from localcloud.services.cloudformation.parameters import describe_declarations
from localcloud.services.cloudformation.stack_registry import StackRegistry
from localcloud.services.cloudformation.stack_requests import StackRequests
from localcloud.services.cloudformation.template import Template

VALIDATED = ("ParameterKey", "DefaultValue", "NoEcho", "Description")


class Templates(Part):
    def __init__(self, lock: RLock, registry: StackRegistry, requests: StackRequests) -> None:
        self._lock, self._registry, self._requests = lock, registry, requests

    @operation("GetTemplate")
    def get_template(self, request: dict[str, Any]) -> dict[str, Any]:
        """As it was sent. The processed one is the same: localcloud has no macro that rewrites a template."""
        if "ChangeSetName" in request:
            _, change_set = self._registry.get_change_set(request)
            template = change_set.definition.template
        else:
            template = named_stack(self._registry, request).definition.template
        return {"TemplateBody": template.text, "StagesAvailable": ["Original", "Processed"]}

    @operation("GetTemplateSummary", locked=False)
    def get_template_summary(self, request: dict[str, Any]) -> dict[str, Any]:
        if "StackName" in request:
            with self._lock:
                template = named_stack(self._registry, request).definition.template
        else:
            template = self._requests.read_template(request)
        summary = {"Parameters": describe_declarations(template), "ResourceTypes": template.types}
        if "AWSTemplateFormatVersion" in template.document:
            summary["Version"] = str(template.document["AWSTemplateFormatVersion"])
        return summary | _summarize(template)

    @operation("ValidateTemplate", locked=False)
    def validate_template(self, request: dict[str, Any]) -> dict[str, Any]:
        template = self._requests.read_template(request)
        parameters = [{key: each[key] for key in VALIDATED if key in each} for each in describe_declarations(template)]
        return {"Parameters": parameters, **_summarize(template)}


def _summarize(template: Template) -> dict[str, Any]:
    required, reason = capabilities.required(template)
    summary: dict[str, Any] = {"Description": template.description} if template.description else {}
    summary |= {"Capabilities": required, "CapabilitiesReason": reason} if required else {}
    return summary | ({"DeclaredTransforms": template.transforms} if template.transforms else {})
