"""What a Docker engine leaves in this machine's network when it ends: bridges, filter rules, forwarding."""

from __future__ import annotations

import fcntl
import socket
import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

FILTERS = "iptables", "ip6tables"
FORWARDING = Path("/proc/sys/net/ipv4/ip_forward")
LINKS = Path("/sys/class/net")
SET_FLAGS, DELETE_BRIDGE = 0x8914, 0x89A1  # SIOCSIFFLAGS, SIOCBRDELBR
Tables = dict[str, list[str]]  # the lines of each table


@contextmanager
def restored() -> Iterator[None]:
    """As before the block, unless another engine runs then, which may use what this one has added."""
    before = State.read()
    try:
        yield
    finally:
        if not _engine_runs():
            before.restore()


@dataclass(frozen=True)
class State:
    bridges: set[str]
    tables: dict[str, Tables]  # by filter
    forwarding: str

    @classmethod
    def read(cls) -> State:
        bridges = {link.name for link in LINKS.iterdir() if (link / "bridge").exists()}
        return cls(bridges, {name: _tables(name) for name in FILTERS}, FORWARDING.read_text())

    def restore(self) -> None:
        """Removes what was added since; what others have changed or removed stays so."""
        for name, before in self.tables.items():
            if lines := removal(before, _tables(name)):
                text = "\n".join([*lines, ""])
                subprocess.run([f"{name}-restore", "--noflush"], input=text, text=True, check=False)
        for bridge in State.read().bridges - self.bridges:
            _delete_bridge(bridge)
        if FORWARDING.read_text() != self.forwarding:
            FORWARDING.write_text(self.forwarding)


def removal(before: Tables, after: Tables) -> list[str]:
    """Of what was added, as lines for iptables-restore."""
    lines: list[str] = []
    for table, found in after.items():
        old = set(before.get(table, ()))
        new = [line for line in found if line not in old]
        rules = [f"-D{line.removeprefix('-A')}" for line in new if line.startswith("-A")]
        known = {line.split()[0] for line in old if line.startswith(":")}
        chains = [line.split()[0] for line in new if line.startswith(":")]
        deleted = [f"-X {chain[1:]}" for chain in chains if chain not in known]
        policies = [line for line in old if line.startswith(":") and line.split()[0] in chains]
        if rules or deleted or policies:
            policies = [f"{line} [0:0]" for line in sorted(policies)]
            lines += [f"*{table}", *policies, *rules, *deleted, "COMMIT"]
    return lines


def _tables(name: str) -> Tables:
    """Without counters. Empty where the filter is not installed."""
    try:
        done = subprocess.run([f"{name}-save"], capture_output=True, text=True, timeout=30, check=False)
    except OSError:
        return {}
    tables: Tables = {}
    for line in done.stdout.splitlines():
        if line.startswith("*"):
            lines = tables.setdefault(line[1:], [])
        elif line.startswith(":"):
            lines.append(line.partition(" [")[0])
        elif line.startswith("-A"):
            lines.append(line)
    return tables


def _delete_bridge(name: str) -> None:
    """As `ip link delete` does, which is not installed everywhere."""
    with socket.socket() as control, suppress(OSError):
        fcntl.ioctl(control, SET_FLAGS, struct.pack("16sh14x", name.encode(), 0))  # down
        fcntl.ioctl(control, DELETE_BRIDGE, name.encode() + b"\0")


def _engine_runs() -> bool:
    for file in Path("/proc").glob("[0-9]*/comm"):
        with suppress(OSError):
            if file.read_text().strip() == "dockerd":
                return True
    return False
