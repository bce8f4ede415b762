"""`python -m ferroshap`: the command `ferroshap`."""

import sys

from ferroshap.cli import main

if __name__ == "__main__":
    sys.exit(main())
