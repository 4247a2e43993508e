"""python -m rehearsal: what ``make demo`` does."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from pathlib import Path

from localcloud.core.errors import Problem as OurProblem
from localcloud.core.state_dir import Place, default_folder

SPEED = 80.0  # a bake of ten minutes takes seven and a half seconds


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m rehearsal", description=__doc__)
    parser.add_argument(
        "--folder", type=Path, default=default_folder(), help="where everything is written (default: .localcloud)"
    )
    parser.add_argument("--keep", action="store_true", help="leave all of it running, to play with")
    args = parser.parse_args(argv)
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    from settings.errors import Problem

    try:
        return _tell(Place(args.folder.absolute()), keep=args.keep)
    except (Problem, OurProblem) as problem:
        print(f"\nerror: {problem}", file=sys.stderr)
        return getattr(problem, "exit_code", 1)
    except KeyboardInterrupt:
        print("\nstopped", file=sys.stderr)
        return 130


def _tell(place: Place, *, keep: bool) -> int:
    from localcloud.cli import commands
    from localcloud.core import client_environment
    from rehearsal.narration import Teller
    from rehearsal.story import Story, check
    from settings.loader import load

    if place.running():
        raise OurProblem("localcloud is running, with things of yours in it: `make down` ends it; the demo begins anew")
    check(load("local"))
    tell = Teller()
    commands.up(place, speed=SPEED)
    running = place.running()
    assert running  # noqa: S101 - it is up
    os.environ[client_environment.URL] = running.url
    done = False
    try:
        story = Story.begin(place.folder, running.url, tell)
        story.live()
        done = True
    finally:
        os.environ.pop(client_environment.URL, None)
        if not (keep and done):
            commands.down(place)
    tell.summary()
    story.look(keep=keep)
    return 0


if __name__ == "__main__":
    sys.exit(main())
