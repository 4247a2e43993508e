"""The section of automatic approval, for those who want packages released to staging without a person."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from settings.fields import Applies, Section

ON = Applies({"automatic_approval.enabled": True})


class AutomaticApproval(Section):
    enabled: bool
    metric_limit: Annotated[float, ON]
    minimum_improvement: Annotated[float, ON] = Field(ge=0, description="a worse model is for a person to decide")
