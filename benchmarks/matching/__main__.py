"""`python -m benchmarks.matching [--train]`: measures the accuracy of matching; --train replaces the model too."""

import sys

from . import run

if __name__ == "__main__":
    run(train="--train" in sys.argv[1:])
