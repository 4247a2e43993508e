"""How a transform job sends its records: its request, then its container, then SageMaker's defaults decide."""

import http.server
import threading
from contextlib import contextmanager

import pytest

from localcloud.runtime.jobs.batches import InvalidInput
from localcloud.runtime.jobs.transform_parameters import TransformParameters, execution_parameters

DEFAULTS = TransformParameters(concurrent=1, megabytes=6, single=False)


@contextmanager
def container(status, body):
    class Container(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(status if self.path == "/execution-parameters" else 404)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Container) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_what_the_request_does_not_say_the_container_says():
    content = b'{"MaxConcurrentTransforms": 8, "MaxPayloadInMB": 2, "BatchStrategy": "SINGLE_RECORD"}'
    with container(200, content) as url:
        parameters = execution_parameters(url)
    assert TransformParameters.of({}, parameters) == TransformParameters(8, 2, single=True)
    request = {"MaxConcurrentTransforms": 3, "MaxPayloadInMB": 7, "BatchStrategy": "MultiRecord"}
    assert TransformParameters.of(request, parameters) == TransformParameters(3, 7, single=False)
    assert TransformParameters.of({"MaxPayloadInMB": 0}, parameters).megabytes == 2


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (404, b"{}"),
        (404, b'{"MaxPayloadInMB": 2}'),
        (200, b"nothing"),
        (200, b"[1]"),
        (200, b'{"MaxConcurrentTransforms": -1, "MaxPayloadInMB": "2", "BatchStrategy": "MANY"}'),
    ],
)
def test_where_the_container_says_nothing_of_use_the_defaults_hold(status, body):
    with container(status, body) as url:
        assert TransformParameters.of({}, execution_parameters(url)) == DEFAULTS


def test_a_container_that_does_not_answer_has_no_parameters():
    with container(200, b"{}") as url:
        pass
    assert execution_parameters(url) == {}


def test_all_concurrent_requests_have_at_most_a_hundred_megabytes():
    TransformParameters(16, 6, single=False).check()
    with pytest.raises(InvalidInput, match="100 MB"):
        TransformParameters(17, 6, single=False).check()
