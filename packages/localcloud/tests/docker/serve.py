#!/usr/local/bin/python3
"""`serve` of the stand-in image: localcloud's model server on port 8080 of its container."""

import os
import sys
from socketserver import TCPServer

from localcloud.runtime.serving import __main__ as command
from localcloud.runtime.serving.server import Server


def bind(server):
    server.server_address = ("0.0.0.0", 8080)  # noqa: S104 - of the container; the engine publishes it on 127.0.0.1
    TCPServer.server_bind(server)


Server.server_bind = bind
workers = os.environ.get("SAGEMAKER_MODEL_SERVER_WORKERS", "1")
sys.exit(command.main(["--model-dir", "/opt/ml/model", "--workers", workers]))
