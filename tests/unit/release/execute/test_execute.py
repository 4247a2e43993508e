"""The calls of a plan: which errors are retried, which are ignored, which stop it."""

import pytest

from release.call import Call
from release.execute.execute import execute
from settings.errors import Problem

UPDATE = {"EndpointName": "e", "EndpointConfigName": "new"}


def calls(*outcomes):
    """An operation that returns or raises these, one after the other, and its requests."""
    waiting, requests = list(outcomes), []

    def operation(**request):
        requests.append(request)
        outcome = waiting.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    return operation, requests


def test_in_order_each_with_its_sentence_and_only_while_the_lease_is_held(context, service):
    create, requests = calls({}, {})
    service("sagemaker", create_model=create)
    checks = iter([None, None])
    plan = [Call("sagemaker", "create_model", {"ModelName": name}, f"model {name}") for name in ("a", "b", "c")]

    def check():
        if next(checks, "over") == "over":
            raise Problem("taken over")

    with pytest.raises(Problem, match="taken over"):
        execute(plan, context, check)
    assert requests == [{"ModelName": "a"}, {"ModelName": "b"}]
    assert context.lines == ["model a", "model b"]


@pytest.mark.parametrize("code", ["ThrottlingException", "InternalFailure", "ServiceUnavailable"])
def test_transient_errors_are_retried(context, service, refuse, code):
    create, requests = calls(*[refuse(code)] * 5, {})
    service("sagemaker", create_model=create)
    execute([Call("sagemaker", "create_model", {}, "")], context, lambda: None)
    assert len(requests) == 6


def test_retries_are_limited(context, service, refuse):
    create, requests = calls(*[refuse("ThrottlingException")] * 6)
    service("sagemaker", create_model=create)
    with pytest.raises(Exception, match="Throttling"):
        execute([Call("sagemaker", "create_model", {}, "")], context, lambda: None)
    assert len(requests) == 6


def test_already_done_is_ignored_and_every_other_error_is_not(context, service, refuse):
    ignore = "ValidationException: already existing"
    create, _ = calls(refuse("ValidationException", "Cannot create already existing model"))
    service("sagemaker", create_model=create)
    execute([Call("sagemaker", "create_model", {}, "", (ignore,))], context, lambda: None)
    create, requests = calls(refuse("ValidationException", "the role is wrong"))
    service("sagemaker", create_model=create)
    with pytest.raises(Exception, match="the role is wrong"):
        execute([Call("sagemaker", "create_model", {}, "", (ignore,))], context, lambda: None)
    assert len(requests) == 1


@pytest.mark.parametrize(
    ("endpoint", "took_effect"),
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
def test_an_update_whose_response_was_lost_may_have_taken_effect(context, service, refuse, endpoint, took_effect):
    update, _ = calls(refuse("InternalFailure"), refuse("ValidationException", "Cannot update in-progress endpoint"))
    service("sagemaker", update_endpoint=update, describe_endpoint=lambda **_: endpoint)
    call = Call("sagemaker", "update_endpoint", UPDATE, "")
    if took_effect:
        execute([call], context, lambda: None)
    else:
        with pytest.raises(Exception, match="in-progress"):
            execute([call], context, lambda: None)
