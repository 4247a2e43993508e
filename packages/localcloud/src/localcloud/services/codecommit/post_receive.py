"""Git's post-receive hook: reports the push to the server, and prints the result. Needs only Python."""

from __future__ import annotations

import json
import sys
import urllib.error
import urllib.request

SECONDS = 60


def main() -> int:
    """Never fails the push: problems are printed."""
    updates = [line.split(" ", 2) for line in sys.stdin.read().splitlines()]
    request = urllib.request.Request(  # noqa: S310 - the server's URL
        sys.argv[1], json.dumps({"updates": updates}).encode(), {"Content-Type": "application/json"}
    )
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(request, timeout=SECONDS) as response:
            lines = json.load(response)["lines"] or ["no pipeline has a trigger for this push"]
    except urllib.error.HTTPError as error:
        lines = [f"the push succeeded, but nothing was started: {error.read().decode(errors='replace').strip()}"]
    except OSError as error:
        lines = [f"the push succeeded, but localcloud does not respond ({error}): python -m localcloud up"]
    print("\n".join(f"localcloud: {line}" for line in lines))
    return 0


if __name__ == "__main__":
    sys.exit(main())
