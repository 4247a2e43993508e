"""``python -m codepipeline.deploy``; see ``release.command``."""

import sys

from release.command import main

if __name__ == "__main__":
    sys.exit(main())
