"""The pipelines that a push starts, by their triggers or by source actions that detect changes of a branch. Pure.

Excludes override includes. ``*`` matches within a part of a path, ``**`` across parts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from localcloud.services.codepipeline.providers import Action, configuration, provider

Filter = Mapping[str, Any]
WILD = re.compile(r"\*\*/|\*\*|\*|\?|\{[^{}]*\}|\[[^\[\]]+\]")


@dataclass(frozen=True)
class Push:
    """A pushed branch or tag."""

    kind: str  # branch or tag
    name: str
    commit: str
    files: Sequence[str]  # changed


def matching_source(declaration: Mapping[str, Any], push: Push) -> Iterator[tuple[str, str]]:
    """The source action that the push matches, and AWS's type of the trigger; at most one pair for a pipeline."""
    actions = {action["name"]: action for action in declaration["stages"][0]["actions"]}
    triggers = declaration.get("triggers", [])
    for trigger in triggers:
        git = trigger["gitConfiguration"]
        filters = git.get("push", [])
        watched = push.kind == "branch" and _on_branch(actions[git["sourceActionName"]], push)
        if any(matches(rule, push) for rule in filters) or (not filters and watched):
            yield git["sourceActionName"], "WebhookV2"
            return
    with_triggers = {trigger["gitConfiguration"]["sourceActionName"] for trigger in triggers}
    for name, action in actions.items():
        if (
            name not in with_triggers
            and push.kind == "branch"
            and _detects_changes(action)
            and _on_branch(action, push)
        ):
            connected = provider(action) == "CodeStarSourceConnection"
            yield name, "WebhookV2" if connected else "PollForSourceChanges"
            return


def matches(rule: Filter, push: Push) -> bool:
    if push.kind == "tag":
        return "tags" in rule and _selects(rule["tags"], push.name)
    if "tags" in rule or ("branches" in rule and not _selects(rule["branches"], push.name)):
        return False
    return "filePaths" not in rule or any(_selects(rule["filePaths"], file) for file in push.files)


def _selects(rule: Filter, text: str) -> bool:
    includes = rule.get("includes", ["**"])
    return _any(includes, text) and not _any(rule.get("excludes", []), text)


def _any(patterns: Sequence[str], text: str) -> bool:
    return any(expression(pattern).fullmatch(text) for pattern in patterns)


@cache
def expression(pattern: str) -> re.Pattern[str]:
    parts, last = [], 0
    for match in WILD.finditer(pattern):
        parts += [re.escape(pattern[last : match.start()]), _wild(match[0])]
        last = match.end()
    return re.compile("".join(parts) + re.escape(pattern[last:]), re.DOTALL)


def _wild(part: str) -> str:
    if part.startswith("{"):
        return f"(?:{'|'.join(re.escape(choice) for choice in part[1:-1].split(','))})"
    if part.startswith("["):
        characters = re.escape(part[1:-1].lstrip("!^")).replace("\\-", "-")
        return f"[{'^' if part[1] in '!^' else ''}{characters}]"
    return {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}[part]


def _detects_changes(action: Action) -> bool:
    settings = configuration(action)
    key = {"CodeStarSourceConnection": "DetectChanges", "CodeCommit": "PollForSourceChanges"}.get(provider(action))
    return key is not None and settings.get(key, "true") != "false"


def _on_branch(action: Action, push: Push) -> bool:
    return configuration(action).get("BranchName") == push.name
