"""Every response is valid by AWS's own model, in every state of an endpoint."""

import botocore.session
import pytest
from botocore.validate import ParamValidator

from localcloud.core.caller import Caller

OPERATIONS = {
    "DescribeEndpoint": {"EndpointName": "churn"},
    "ListEndpoints": {},
    "DescribeEndpointConfig": {"EndpointConfigName": "a"},
    "ListEndpointConfigs": {},
}
CAPTURE = {
    "EnableCapture": True,
    "InitialSamplingPercentage": 100,
    "DestinationS3Uri": "s3://bucket/capture",
    "CaptureOptions": [{"CaptureMode": "Input"}],
}


@pytest.fixture
def check(world):
    model = botocore.session.get_session().get_service_model("sagemaker")

    def validate(operation, request):
        with world.cloud.lock:
            response = Caller(world.service).call(operation, request)
        shape = model.operation_model(operation).output_shape
        if shape is None:
            assert not response
            return
        report = ParamValidator().validate(response, shape)
        assert not report.has_errors(), report.generate_report()
        assert set(response) <= set(shape.members)

    return validate


@pytest.fixture
def check_all(check):
    return lambda: [check(operation, request) for operation, request in OPERATIONS.items()]


def test_in_every_state(cloud, world, configs, check, check_all):
    world.config("a", 4, DataCaptureConfig=CAPTURE)
    world.config("b", 4)
    world.config("c", 4)
    world.automatic = False
    check("CreateEndpoint", {"EndpointName": "churn", "EndpointConfigName": "a"})
    check_all()  # Creating
    with cloud.lock:
        world.fleets[0].ready()
    check_all()  # InService
    world.automatic = True
    world.alarm()
    canary = configs.blue_green("CANARY", CanarySize=configs.size(1))
    update = {"EndpointName": "churn", "EndpointConfigName": "b", "DeploymentConfig": canary}
    check("UpdateEndpoint", update)
    check_all()  # Updating, a canary bakes
    cloud.clock.advance(300)
    check_all()  # all of green bakes
    cloud.faults.fail("sagemaker.RollbackEndpoint", message="why not")
    world.alarm(state="ALARM")
    cloud.clock.advance(10)
    assert world.status()[0] == "UpdateRollbackFailed"
    check_all()
    world.alarm(state="OK")
    check("UpdateEndpoint", {"EndpointName": "churn", "EndpointConfigName": "c"})
    scaling = [{"VariantName": "AllTraffic", "DesiredInstanceCount": 6}]
    world.fleets[-1].automatic = False
    request = {"EndpointName": "churn", "DesiredWeightsAndCapacities": scaling}
    check("UpdateEndpointWeightsAndCapacities", request)
    check_all()  # Updating, more instances start
    check("DeleteEndpoint", {"EndpointName": "churn"})
    check_all()  # Deleting
    check("DeleteEndpointConfig", {"EndpointConfigName": "b"})


def test_when_it_has_failed(world, check_all):
    world.fails["a"] = "x" * 5000
    world.create()
    assert len(world.endpoint()["FailureReason"]) == 1024
    check_all()
