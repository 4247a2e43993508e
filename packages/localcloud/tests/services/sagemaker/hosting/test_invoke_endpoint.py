"""InvokeEndpoint as a client sees it: boto3, over HTTP."""

from collections import Counter
from functools import partial

import pytest
from botocore.exceptions import ClientError


def refused(call, *arguments, **more):
    with pytest.raises(ClientError) as caught:
        call(*arguments, **more)
    return caught.value.response


def test_a_response_has_the_models_body_type_and_variant(hosting):
    hosting.route((hosting.started(COLOUR="green"), 1))
    response = hosting.invoke(Accept="application/json")
    assert response["Body"].read() == b"green"
    assert (response["ContentType"], response["InvokedProductionVariant"]) == ("application/json", "AllTraffic")
    assert "CustomAttributes" not in response


def test_custom_attributes_reach_the_model_and_come_back(hosting):
    hosting.route((hosting.started(), 1))
    response = hosting.invoke("attributes 10", CustomAttributes="trace=7")
    assert response["CustomAttributes"] == "trace=7!!!"
    assert hosting.invoke("attributes 1024")["CustomAttributes"].startswith("nothing!")


@pytest.mark.parametrize("attributes", ["x" * 1025, "caf\xe9"])
def test_custom_attributes_that_the_api_does_not_allow_are_refused(hosting, attributes):
    hosting.route((hosting.started(), 1))
    assert refused(hosting.invoke, CustomAttributes=attributes)["Error"]["Code"] == "ValidationError"


def test_custom_attributes_of_the_model_beyond_the_limit_are_a_model_error(hosting):
    hosting.route((hosting.started(), 1))
    error = refused(hosting.invoke, "attributes 1025")
    assert (error["Error"]["Code"], error["OriginalStatusCode"]) == ("ModelError", 500)
    assert "more than 1024 characters" in error["OriginalMessage"]


def test_traffic_is_shared_between_two_fleets_of_a_variant(hosting):
    blue, green = hosting.started(COLOUR="blue"), hosting.started(COLOUR="green", config="config-2")
    hosting.route((blue, 0.9), (green, 0.1))
    colours = Counter(hosting.invoke()["Body"].read() for _ in range(100))
    assert colours[b"green"] == pytest.approx(10, abs=1)
    assert len(hosting.metric("Invocations")) == 100
    assert len(hosting.metric("Invocations", EndpointConfigName="config-2")) == colours[b"green"]


def test_a_target_variant_gets_the_request_whatever_its_share(hosting):
    other = hosting.started(variant="Other", COLOUR="other")
    hosting.route((hosting.started(), 1), (other, 0))
    response = hosting.invoke(TargetVariant="Other")
    assert (response["Body"].read(), response["InvokedProductionVariant"]) == (b"other", "Other")


def test_a_missing_target_variant_is_refused(hosting):
    hosting.route((hosting.started(), 1))
    error = refused(hosting.invoke, TargetVariant="Third")["Error"]
    assert error == {"Code": "ValidationError", "Message": "Variant Third does not exist for Endpoint churn."}


def test_an_endpoint_without_fleets_is_not_found(hosting):
    hosting.route()
    assert refused(hosting.invoke)["Error"]["Message"] == "Endpoint churn of account 000000000000 not found."


@pytest.mark.parametrize(
    "body, side, status, message",
    [("refuse", "client", 400, "the row has no tenure"), ("fail", "server", 500, "<h1>Internal Server Error</h1>")],
)
def test_what_the_model_refuses_or_fails_at_is_a_model_error(hosting, body, side, status, message):
    hosting.route((hosting.started(), 1))
    error = refused(hosting.invoke, body)
    assert (error["Error"]["Code"], error["ResponseMetadata"]["HTTPStatusCode"]) == ("ModelError", 424)
    assert error["Error"]["Message"].startswith(f"Received {side} error ({status}) from primary with message ")
    assert "/aws/sagemaker/Endpoints/churn in account 000000000000" in error["Error"]["Message"]
    assert error["OriginalStatusCode"] == status
    assert message in error["OriginalMessage"]
    stream = error["LogStreamArn"].partition(":log-stream:")[2]
    assert stream in {name for name, _ in hosting.log()}
    assert error["LogStreamArn"].startswith(
        "arn:aws:logs:eu-west-1:000000000000:log-group:/aws/sagemaker/Endpoints/churn"
    )


def test_a_model_that_takes_too_long_is_a_model_error(hosting):
    fleet, done = hosting.fleet(), hosting.done()
    fleet.response_seconds = 0.2
    fleet.start(1, done)
    done.wait()
    hosting.route((fleet, 1))
    error = refused(hosting.invoke, "sleep 60")
    assert (error["Error"]["Code"], error["OriginalStatusCode"]) == ("ModelError", 0)
    assert "Your invocation timed out" in error["OriginalMessage"]
    assert hosting.metric("Invocation5XXErrors") == [1]


def test_an_instance_that_ends_under_a_request_is_a_model_error(hosting):
    fleet = hosting.started()
    hosting.route((fleet, 1))
    error = refused(hosting.invoke, "die")
    assert (error["Error"]["Code"], error["OriginalStatusCode"]) == ("ModelError", 0)
    assert error["OriginalMessage"] == "the instance ended before it responded"


def test_without_an_instance_the_service_is_unavailable(hosting):
    hosting.route((hosting.fleet(), 1))
    error = refused(hosting.invoke)
    assert (error["Error"]["Code"], error["ResponseMetadata"]["HTTPStatusCode"]) == ("ServiceUnavailable", 503)
    assert hosting.metric("Invocation5XXErrors") == [1]
    assert hosting.metric("ModelLatency") == []


def test_a_fleet_that_leaves_between_choice_and_request_loses_nothing(hosting):
    blue, green = hosting.started(COLOUR="blue"), hosting.started(COLOUR="green")
    hosting.route((blue, 1))
    routes, choose = hosting.routes["churn"], hosting.routes["churn"].choose

    def late(target):
        fleet = choose(target)
        blue.stop()
        routes.set([(green, 1)])
        return fleet

    routes.choose = late
    assert hosting.invoke()["Body"].read() == b"green"
    assert (blue.counts["received"], green.counts["received"]) == (0, 1)


def test_routes_with_only_a_stopped_fleet_end_in_a_refusal(hosting):
    blue = hosting.started()
    hosting.route((blue, 1))
    blue.stop()
    assert refused(hosting.invoke)["Error"]["Code"] == "ServiceUnavailable"


def test_no_request_is_lost_while_traffic_moves_and_fleets_leave(hosting):
    """Clients that never stop, and ten changes of fleet under them."""
    fleets = [hosting.started(COLOUR="blue")]
    hosting.route((fleets[0], 1))
    stop, bodies = [], []

    def client():
        while not stop:
            bodies.append(hosting.invoke()["Body"].read())

    threads = [hosting.in_background(client) for _ in range(4)]
    for number in range(5):
        fleets.append(hosting.started(COLOUR=f"green-{number}"))
        hosting.route((fleets[-2], 0.5), (fleets[-1], 0.5))
        hosting.route((fleets[-1], 1))
        fleets[-2].stop()
        hosting.until(partial(bodies.__contains__, f"green-{number}".encode()))
    stop.append(True)
    for thread in threads:
        thread.join(20)
    assert all(hasattr(thread, "result") for thread in threads), "a client saw an error"
    counts = [fleet.counts for fleet in fleets]
    assert sum(count["success"] for count in counts) == sum(count["received"] for count in counts) == len(bodies)
    assert {*bodies} >= {f"green-{number}".encode() for number in range(5)}


def test_a_body_of_the_largest_size_goes_through_and_one_more_does_not(hosting):
    hosting.route((hosting.started(), 1))
    assert hosting.invoke("x" * 6_291_456)["Body"].read() == b"blue"
    error = refused(hosting.invoke, "x" * 6_291_457)["Error"]
    assert error["Code"] == "ValidationError"
    assert "6291456" in error["Message"]
