"""``python -m codepipeline.deploy``; see ``command``."""

import sys

from codepipeline.deploy.command import main

if __name__ == "__main__":
    sys.exit(main())
