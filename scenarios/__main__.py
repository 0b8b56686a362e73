"""`python -m scenarios` is `desirepath`."""

import sys

from scenarios.command import main

if __name__ == "__main__":  # and not in its worker processes, which import this too
    sys.exit(main())
