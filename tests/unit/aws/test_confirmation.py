"""Only yes confirms; without a terminal an option is needed."""

import pytest

from aws.confirmation import confirm
from settings.errors import UsageProblem


@pytest.mark.parametrize(
    ("answer", "confirmed"), [("y", True), (" YES\n", True), ("", False), ("n", False), ("yess", False)]
)
def test_only_yes_confirms(answer, confirmed):
    questions = []

    def ask(question):
        questions.append(question)
        return answer

    assert confirm(ask, "Delete it?", "churn-dev") is confirmed
    assert questions == ["Delete it? [y/N] "]


def test_a_closed_input_is_a_no():
    def ask(_):
        raise EOFError

    assert confirm(ask, "Delete it?", "churn-dev") is False


def test_without_a_terminal_the_option_is_named():
    with pytest.raises(UsageProblem, match="add --yes to delete churn-dev"):
        confirm(None, "Delete it?", "churn-dev")
