"""``python -m localcloud``: see ``cli.main``."""

import sys

from localcloud.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
