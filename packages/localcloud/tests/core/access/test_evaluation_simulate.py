"""The engine and iam-simulate, an independent evaluator, decide alike; a group of its own, as it needs Node.js."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from support.iam_cases import Case, cases
from support.iam_statements import NEGATED, OPERATORS

from localcloud.core.access.evaluation import decide

SEED, COUNT = 12, 4000
RUNNER = Path(__file__).with_name("simulate.mjs")


@pytest.fixture(scope="module")
def generated() -> list[Case]:
    return cases(COUNT, SEED)


@pytest.mark.iam
def test_iam_simulate_decides_alike(generated: list[Case]) -> None:
    simulated = simulate(generated)
    assert not [one for one in simulated if one["result"] == "error" or one["ignored"]]
    different = [
        (case.simulation(), one["result"], decision)
        for case, one in zip(generated, simulated, strict=True)
        for decision in [decide(case.question(), case.policies())]
        if one["result"] != result(decision.allowed, decision.explicit_deny)
    ]
    assert not different, f"{len(different)} of {COUNT}, the first: {json.dumps(different[0], default=str, indent=1)}"


@pytest.mark.iam
def test_the_cases_have_all_operators_and_a_healthy_share_of_allows(generated: list[Case]) -> None:
    shares = Counter(decide(case.question(), case.policies()).allowed for case in generated)
    assert 0.3 < shares[True] / COUNT < 0.7
    text = json.dumps([case.simulation() for case in generated])
    counts = Counter(re.findall(r'"(?:For\w+:)?(\w+?)(?:IfExists)?": ', text))
    operators = [*(one for family in OPERATORS.values() for one in family), *NEGATED.values(), "Null"]
    elements = ["Action", "NotAction", "Resource", "NotResource", "Principal", "NotPrincipal"]
    assert [name for name in [*operators, *elements] if counts[name] < 50] == []
    assert min(text.count(word) for word in ("ForAllValues:", "ForAnyValue:", "IfExists", "${aws", "${*}")) > 100
    for kind in ("permissionBoundaryPolicies", "sessionPolicy", "resourcePolicy"):
        assert sum(kind in case.simulation() for case in generated) > COUNT / 20


def simulate(generated: list[Case]) -> list[dict[str, Any]]:
    """One process for all."""
    simulations = json.dumps([case.simulation() for case in generated])
    argv = ["node", str(RUNNER)]
    completed = subprocess.run(argv, input=simulations, capture_output=True, text=True, timeout=300, env=os.environ)
    assert completed.returncode == 0, completed.stderr
    decisions: list[dict[str, Any]] = json.loads(completed.stdout)
    return decisions


def result(allowed: bool, explicit_deny: bool) -> str:
    return "Allowed" if allowed else "ExplicitlyDenied" if explicit_deny else "ImplicitlyDenied"
