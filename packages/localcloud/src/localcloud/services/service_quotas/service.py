"""Service Quotas: SageMaker has none here, as nothing is limited by one.

Not reproduced: quotas of other services, defaults, requests for an increase.
"""

from __future__ import annotations

from typing import Any, ClassVar

from localcloud.core.refusal import not_implemented
from localcloud.core.service import Service, operation


class ServiceQuotas(Service):
    name: ClassVar[str] = "service-quotas"

    @operation("ListServiceQuotas")
    def list_service_quotas(self, request: dict[str, Any]) -> dict[str, Any]:
        if request["ServiceCode"] != "sagemaker":
            raise not_implemented(f"service-quotas.ListServiceQuotas of {request['ServiceCode']}")
        return {"Quotas": []}
