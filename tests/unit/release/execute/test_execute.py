"""The calls of a plan: what is waited out, what is so already, what stops."""

import pytest

from release.call import Call
from release.execute.execute import execute
from settings.errors import Problem

UPDATE = {"EndpointName": "e", "EndpointConfigName": "new"}


def calls(*answers):
    """An operation that answers or raises these, one after the other, and what it was asked."""
    waiting, asked = list(answers), []

    def operation(**request):
        asked.append(request)
        answer = waiting.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    return operation, asked


def test_in_their_order_each_with_its_sentence_and_only_while_it_is_our_turn(site, service):
    create, asked = calls({}, {})
    service("sagemaker", create_model=create)
    turns = iter([None, None])
    plan = [Call("sagemaker", "create_model", {"ModelName": name}, f"model {name}") for name in ("a", "b", "c")]

    def check():
        if next(turns, "over") == "over":
            raise Problem("taken over")

    with pytest.raises(Problem, match="taken over"):
        execute(plan, site, check)
    assert asked == [{"ModelName": "a"}, {"ModelName": "b"}]
    assert site.said == ["model a", "model b"]


@pytest.mark.parametrize("code", ["ThrottlingException", "InternalFailure", "ServiceUnavailable"])
def test_what_passes_is_waited_out(site, service, refuse, code):
    create, asked = calls(*[refuse(code)] * 5, {})
    service("sagemaker", create_model=create)
    execute([Call("sagemaker", "create_model", {}, "")], site, lambda: None)
    assert len(asked) == 6


def test_patience_ends(site, service, refuse):
    create, asked = calls(*[refuse("ThrottlingException")] * 6)
    service("sagemaker", create_model=create)
    with pytest.raises(Exception, match="Throttling"):
        execute([Call("sagemaker", "create_model", {}, "")], site, lambda: None)
    assert len(asked) == 6


def test_what_is_so_already_is_fine_and_everything_else_is_not(site, service, refuse):
    there = "ValidationException: already existing"
    create, _ = calls(refuse("ValidationException", "Cannot create already existing model"))
    service("sagemaker", create_model=create)
    execute([Call("sagemaker", "create_model", {}, "", (there,))], site, lambda: None)
    create, asked = calls(refuse("ValidationException", "the role is wrong"))
    service("sagemaker", create_model=create)
    with pytest.raises(Exception, match="the role is wrong"):
        execute([Call("sagemaker", "create_model", {}, "", (there,))], site, lambda: None)
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("there", "landed"),
    [
        (
            {
                "EndpointStatus": "Updating",
                "EndpointConfigName": "old",
                "PendingDeploymentSummary": {"EndpointConfigName": "new"},
            },
            True,
        ),
        (
            {
                "EndpointStatus": "Updating",
                "EndpointConfigName": "old",
                "PendingDeploymentSummary": {"EndpointConfigName": "x"},
            },
            False,
        ),
        ({"EndpointStatus": "InService", "EndpointConfigName": "old"}, False),
    ],
)
def test_an_update_whose_answer_was_lost_has_landed(site, service, refuse, there, landed):
    update, _ = calls(refuse("InternalFailure"), refuse("ValidationException", "Cannot update in-progress endpoint"))
    service("sagemaker", update_endpoint=update, describe_endpoint=lambda **_: there)
    call = Call("sagemaker", "update_endpoint", UPDATE, "")
    if landed:
        execute([call], site, lambda: None)
    else:
        with pytest.raises(Exception, match="in-progress"):
            execute([call], site, lambda: None)
