"""A person's abort: recorded, published until the endpoint goes back, and refused where nothing can be taken back."""

import json

import pytest

from release import abort as module
from release.abort import abort
from release.state import judgement_record
from release.state.deployment import Deployment
from release.state.endpoint import EndpointStatus
from settings.errors import Problem

SINCE = "2026-01-05T09:00:00+00:00"
DEPLOYMENT = Deployment("arn:p/7", "new", "m", "old", "t", SINCE, True, ("new-judgement", "new-unjudged"))


@pytest.fixture
def begin(context, s3, service, monkeypatch):
    """A deployment under way, and the statuses of its endpoint from then on; returns what is published."""

    def start(*statuses, deployment=DEPLOYMENT):
        published, waiting = [], list(statuses)
        document = {"owner": "run", "deployment": deployment and deployment.as_dict()}
        s3.objects["churn/releases/churn-local/deployment.json"] = json.dumps(document).encode()
        service("cloudwatch", put_metric_data=lambda **request: published.append(request["MetricData"][0]["Value"]))
        headers = {"HTTPHeaders": {"date": "Mon, 05 Jan 2026 09:10:00 GMT"}}
        service("sts", get_caller_identity=lambda: {"Arn": "arn:ann", "ResponseMetadata": headers})
        monkeypatch.setattr(module, "read", lambda _: waiting.pop(0) if len(waiting) > 1 else waiting[0])
        return published

    return start


def status(name, config="old"):
    return EndpointStatus(None, name, config)


def test_it_publishes_the_failure_until_the_endpoint_goes_back(context, begin):
    published = begin(*[status("Updating")] * 3, status("RollingBack"))
    assert abort(context, "wrong prices").startswith("taken back: the endpoint is RollingBack")
    assert published == [1, 1]  # the first status is of the check before
    recorded = judgement_record.read_abort(context, DEPLOYMENT)
    assert str(recorded) == "aborted by arn:ann on 2026-01-05 09:10:00 UTC: wrong prices"


def test_what_sagemaker_does_not_guard_is_taken_back_by_its_run(context, begin, monkeypatch):
    monkeypatch.setattr(module, "is_guarded_here", lambda *_: True)
    published = begin(status("InService", "new"), deployment=Deployment(**vars(DEPLOYMENT) | {"alarms": ()}))
    assert abort(context, "wrong prices").endswith(
        "the run that follows it takes it back, or --package if there is none"
    )
    assert judgement_record.read_abort(context, DEPLOYMENT).reason == "wrong prices"
    assert published == []


def test_too_late_it_says_so(context, begin):
    begin(status("Updating"), status("InService", "new"))
    with pytest.raises(Problem, match="it came too late: arn:p/7 is live; --rollback"):
        abort(context, "why")


@pytest.mark.parametrize(
    ("statuses", "deployment", "sentence"),
    [
        ([status("InService")], DEPLOYMENT, "there is nothing to abort: endpoint churn-local is InService"),
        ([status("Updating")], None, "there is nothing to abort"),
        ([status("")], None, "endpoint churn-local is missing"),
        ([status("Updating")], Deployment(**vars(DEPLOYMENT) | {"alarms": ()}), "arn:p/7 has no guardrail"),
    ],
)
def test_where_nothing_can_be_taken_back_it_refuses(context, begin, statuses, deployment, sentence):
    published = begin(*statuses, deployment=deployment)
    with pytest.raises(Problem, match=sentence):
        abort(context, "why")
    assert published == []
