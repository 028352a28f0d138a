"""`python -m crmcx.cli` is `crmcx`."""

import sys

from crmcx.cli import main

if __name__ == "__main__":
    sys.exit(main())
