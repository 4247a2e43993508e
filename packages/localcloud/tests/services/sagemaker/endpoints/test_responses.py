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
def check(endpoints):
    model = botocore.session.get_session().get_service_model("sagemaker")

    def validate(operation, request):
        with endpoints.cloud.lock:
            administrator = endpoints.cloud.credentials.administrator
            response = Caller(endpoints.service).call(administrator, operation, request)
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


def test_in_every_state(cloud, endpoints, configs, check, check_all):
    endpoints.config("a", 4, DataCaptureConfig=CAPTURE)
    endpoints.config("b", 4)
    endpoints.config("c", 4)
    endpoints.automatic = False
    check("CreateEndpoint", {"EndpointName": "churn", "EndpointConfigName": "a"})
    check_all()  # Creating
    with cloud.lock:
        endpoints.fleets[0].ready()
    check_all()  # InService
    endpoints.automatic = True
    endpoints.alarm()
    canary = configs.blue_green("CANARY", CanarySize=configs.size(1))
    update = {"EndpointName": "churn", "EndpointConfigName": "b", "DeploymentConfig": canary}
    check("UpdateEndpoint", update)
    check_all()  # Updating, a canary bakes
    cloud.clock.advance(300)
    check_all()  # all of green bakes
    cloud.faults.fail("sagemaker.RollbackEndpoint", message="why not")
    endpoints.alarm(state="ALARM")
    cloud.clock.advance(10)
    assert endpoints.status()[0] == "UpdateRollbackFailed"
    check_all()
    endpoints.alarm(state="OK")
    check("UpdateEndpoint", {"EndpointName": "churn", "EndpointConfigName": "c"})
    scaling = [{"VariantName": "AllTraffic", "DesiredInstanceCount": 6}]
    endpoints.fleets[-1].automatic = False
    request = {"EndpointName": "churn", "DesiredWeightsAndCapacities": scaling}
    check("UpdateEndpointWeightsAndCapacities", request)
    check_all()  # Updating, more instances start
    check("DeleteEndpoint", {"EndpointName": "churn"})
    check_all()  # Deleting
    check("DeleteEndpointConfig", {"EndpointConfigName": "b"})


def test_when_it_has_failed(endpoints, check_all):
    endpoints.fails["a"] = "x" * 5000
    endpoints.create()
    assert len(endpoints.endpoint()["FailureReason"]) == 1024
    check_all()
