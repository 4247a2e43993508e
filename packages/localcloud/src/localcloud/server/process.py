"""The server's process: it serves until a signal, or until its folder is removed."""

from __future__ import annotations

import argparse
import gc
import logging
import os
import signal
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any

from localcloud.core.errors import Problem
from localcloud.core.state_dir import Running, StateDir
from localcloud.runtime.jobs.containers import SWITCH
from localcloud.runtime.processes import start_time

if TYPE_CHECKING:
    from localcloud.core.cloud import Cloud

log = logging.getLogger(__name__)
CHECK_SECONDS = 1.0


@dataclass(frozen=True)
class Options:
    folder: Path
    port: int | None
    speed: float
    account: str
    region: str
    enforced: bool = True
    parent: int = 0
    parent_started: float | None = None

    @property
    def orphaned(self) -> bool:
        """The process that it was started for has ended."""
        return bool(self.parent) and start_time(self.parent) != self.parent_started


def run(options: Options) -> None:
    """Without a port: the last one if it is free, else any. Logs to stderr."""
    _log()
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    if options.port is not None:
        _serve(options, options.port, stop)
        return
    try:
        _serve(options, StateDir(options.folder).port, stop)
    except Problem:
        _serve(options, 0, stop)


def _log() -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    for name in ("werkzeug", "botocore", "boto3", "urllib3", "s3transfer"):
        logging.getLogger(name).setLevel(logging.WARNING)


def _serve(options: Options, port: int, stop: Event) -> None:
    gc.disable()  # until all modules are loaded (listening.py): it would find nothing
    state_dir = StateDir(options.folder)
    with ExitStack() as stack:
        from localcloud.server.listening import listening
        from localcloud.services.codecommit.service import CodeCommit

        cloud = _cloud(state_dir, options)
        try:
            stack.enter_context(listening(cloud, port, with_proxy=True))
        except (OSError, OverflowError) as error:
            why = getattr(error, "strerror", "") or error
            raise Problem(f"port {port} cannot be used ({why}): choose another, or leave --port out") from None
        cloud.work(cloud.service(CodeCommit).ready)  # for the first push
        running = _describe(state_dir, cloud)
        state_dir.write(running)
        while not stop.wait(CHECK_SECONDS) and state_dir.last() == running and not options.orphaned:
            pass  # a server whose folder was deleted cannot be found any more: it ends


def _cloud(state_dir: StateDir, options: Options) -> Cloud:
    from botocore.session import Session

    from localcloud.core.clock import Clock
    from localcloud.core.seed import ACCOUNT, REGION
    from localcloud.server.composition import compose

    account, region = options.account or ACCOUNT, options.region or REGION
    if region != REGION and region not in Session().get_available_regions("s3"):
        raise Problem(f"{region} is not a region of AWS: correct --region")
    clock = Clock(options.speed)
    return compose(state_dir.state, clock=clock, account=account, region=region, enforced=options.enforced)


def _describe(state_dir: StateDir, cloud: Any) -> Running:
    pid = os.getpid()
    return Running(
        pid=pid,
        began=start_time(pid) or 0.0,
        folder=str(state_dir.folder.resolve()),
        since=datetime.now().astimezone().isoformat(timespec="seconds"),
        url=cloud.url,
        proxy=cloud.proxy_url,
        certificate=str(cloud.certificate.resolve()),
        speed=cloud.clock.speed,
        region=cloud.region,
        account=cloud.account,
        docker=os.environ.get(SWITCH, ""),
        enforced=cloud.access.enforced,
        key=cloud.control_key,
    )


def main(argv: list[str] | None = None) -> int:
    """What `up` starts."""
    arguments = argparse.ArgumentParser(prog="python -m localcloud.server.process", description=__doc__)
    arguments.add_argument("--folder", type=Path, required=True)
    arguments.add_argument("--port", type=int)
    arguments.add_argument("--speed", type=float, default=1.0)
    arguments.add_argument("--account", default="")
    arguments.add_argument("--region", default="")
    arguments.add_argument("--no-roles", dest="enforced", action="store_false", help="allow every call")
    arguments.add_argument("--parent", type=int, default=0, help="ends when this process has")
    values = vars(arguments.parse_args(argv))
    options = Options(**values, parent_started=start_time(values["parent"]) if values["parent"] else None)
    try:
        if options.parent and not options.parent_started:
            raise Problem(f"no process {options.parent} runs: correct --parent")
        run(options)
    except Problem as problem:
        print(f"error: {problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
