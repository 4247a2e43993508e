"""python -m rehearsal: what ``make demo`` does."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from aws.command_errors import run_command, sigterm_interrupts
from rehearsal.control_plane import in_environment
from rehearsal.server import FOLDER, Server
from settings.errors import Problem

SPEED = 80  # a bake of ten minutes takes seven and a half seconds
IS_RUNNING = "localcloud is running, with things of yours in it: `make down` ends it; the demo starts its own"


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m rehearsal", description=__doc__)
    parser.add_argument(
        "--folder", type=Path, default=FOLDER, help="where everything is written (default: .localcloud)"
    )
    parser.add_argument("--keep", action="store_true", help="leave all of it running, to play with")
    args = parser.parse_args(argv)
    server = Server(args.folder.absolute())
    with sigterm_interrupts():
        return run_command("demo", lambda: run(server, keep=args.keep), interrupted="stopped")


def run(server: Server, *, keep: bool) -> int:
    from rehearsal.narration import Narrator
    from rehearsal.story import Story, check
    from settings.loader import load

    if server.is_running:
        raise Problem(IS_RUNNING)
    check(load("local"))
    narrator = Narrator()
    url = server.up("--speed", str(SPEED), ends_with_this_process=not keep)
    finished = False
    try:
        with in_environment(url):
            story = Story.create(server.folder, url, narrator)
            story.run()
        finished = True
    finally:
        if not (keep and finished):
            server.down()
    narrator.summary()
    story.look(keep=keep)
    return 0


if __name__ == "__main__":
    sys.exit(main())
