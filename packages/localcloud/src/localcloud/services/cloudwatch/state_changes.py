"""A change of an alarm's state: recorded in its history, emitted as an event, and followed by its actions."""

from __future__ import annotations

import json
from typing import Any

from localcloud.core.events import EventEmitter
from localcloud.services.cloudwatch import alarm_messages
from localcloud.services.cloudwatch.actions import AlarmActions
from localcloud.services.cloudwatch.alarm import Alarm, State
from localcloud.services.cloudwatch.history import STATE, AlarmHistory


class StateChanges:
    """Used under ``cloud.lock``."""

    def __init__(self, events: EventEmitter, history: AlarmHistory, actions: AlarmActions) -> None:
        self._events, self._history, self._actions = events, history, actions

    def apply(self, alarm: Alarm, state: State) -> None:
        previous, alarm.state, alarm.transitioned = alarm.state, state, state.at
        data = {"oldState": _entry(previous), "newState": _entry(state)}
        summary = f"Alarm updated from {previous.value} to {state.value}"
        self._history.add(alarm.name, state.at, STATE, summary, data)
        alarm_messages.emit_state_change(self._events, alarm, previous)
        self._actions.start(alarm, previous.value)


def _entry(state: State) -> dict[str, Any]:
    entry: dict[str, Any] = {"stateValue": state.value, "stateReason": state.reason}
    return entry | ({"stateReasonData": json.loads(state.data)} if state.data else {})
