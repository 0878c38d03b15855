"""`python -m benchmarks.matching [--train] [--ours]`: accuracy beside peers'; --train replaces the model too."""

import sys

from . import run

if __name__ == "__main__":
    run(train="--train" in sys.argv[1:], others="--ours" not in sys.argv[1:])
