"""How a new fleet is compared with the old one while it bakes: tolerance, and what a release has to show."""

from __future__ import annotations

from pydantic import Field

from settings.fields import Section


class Judgement(Section):
    latency_factor: float = Field(ge=1.05, le=10, description="two instances of one model differ by 10 % as it is")
    error_points: float = Field(gt=0, le=50, description="percentage points; without any, one error of many decides")
    alpha: float = Field(ge=0.001, le=0.5, description="it is a fraction: 0.05 fails one of 20 good releases, at most")
    severe_latency_factor: float = Field(ge=1.5, le=1000, description="a smaller difference needs too many requests")
    severe_error_points: float = Field(ge=1, le=100, description="percentage points, of which there are 100")
    unjudged_minutes: int = Field(
        ge=2, le=240, description="a run that was killed needs a minute to continue, and a deployment ends in hours"
    )
