"""The networks of model containers: from one this cloud can be reached, from the other nothing.

Both are bridges of this server alone, which are created when they are needed. From the open one a container gets out of
this machine, as a model on AWS does, and reaches this cloud through relays on the bridge's own address. From the
isolated one it gets only to what listens on all addresses of this machine.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from ipaddress import IPv4Network
from pathlib import Path
from threading import Lock

from localcloud.runtime.jobs import engine
from localcloud.runtime.jobs.engine import EngineError
from localcloud.runtime.jobs.relay import HERE, Relay

LOCAL_URL = re.compile(rf"http://{re.escape(HERE)}:(\d+)")
NO_CONTACT = "com.docker.network.bridge.enable_icc=false"  # between the containers of a network
EXEMPT = ("NO_PROXY", "no_proxy")
ADDRESSES = "{{range .IPAM.Config}}{{.Gateway}} {{.Subnet}}{{end}}"


class ModelNetworks:
    def __init__(self, folder: Path) -> None:
        """``folder`` is the server's, and distinguishes it from others."""
        self.name = f"localcloud-models-{hashlib.sha256(bytes(folder.resolve())).hexdigest()[:12]}"
        self._lock, self._created = Lock(), set[str]()
        self._gateway, self._network = "", IPv4Network("0.0.0.0/0")
        self._relays: dict[int, Relay] = {}

    def isolated(self) -> str:
        """The name of the network without a way out. Raises EngineError."""
        with self._lock:
            return self._create(f"{self.name}-isolated", "--internal")

    def open(self) -> str:
        """The name of the other one. Raises EngineError."""
        with self._lock:
            name = self._create(self.name)
            if not self._gateway:
                gateway, subnet = engine.output(
                    "docker network inspect", "network", "inspect", "--format", ADDRESSES, name
                ).split()[:2]
                self._gateway, self._network = gateway, IPv4Network(subnet)
            return name

    def variables(self, variables: Mapping[str, str]) -> dict[str, str]:
        """With this machine's address in the open network for the loopback address; URLs can be reached by it."""
        self.open()
        with self._lock:
            for port in {int(port) for value in variables.values() for port in LOCAL_URL.findall(value)}:
                if port not in self._relays:
                    self._relays[port] = self._relay(port)
        changed = {name: LOCAL_URL.sub(rf"http://{self._gateway}:\1", value) for name, value in variables.items()}
        return changed | {name: f"{changed[name]},{self._gateway}" for name in EXEMPT if name in changed}

    def close(self) -> None:
        """The containers have ended."""
        for relay in self._relays.values():
            relay.close()
        for name in self._created:
            engine.run("network", "rm", name)
        self._relays.clear()
        self._created.clear()
        self._gateway = ""

    def _create(self, name: str, *options: str) -> str:
        if name not in self._created:
            if engine.run("network", "inspect", name):  # else an earlier server of this folder has left it
                words = ("network", "create", "--opt", NO_CONTACT, *options, name)
                engine.output("the network of models cannot be created", *words)
            self._created.add(name)
        return name

    def _relay(self, port: int) -> Relay:
        try:
            return Relay(self._gateway, self._network, port)
        except OSError as error:
            raise EngineError(f"nothing can listen on {self._gateway}:{port} ({error.strerror})") from None
