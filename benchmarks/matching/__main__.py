"""Measures the accuracy of matching beside peers'; see --help."""

import argparse
from pathlib import Path

from . import run, write_pairs

if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.matching", description=__doc__)
    parser.add_argument("--train", action="store_true", help="replace the model with what is learnt")
    parser.add_argument("--ours", action="store_true", help="leave the peers out")
    parser.add_argument("--pairs", type=Path, help="only write the labelled pairs, for `commons match --train --pairs`")
    asked = parser.parse_args()
    if asked.pairs:
        write_pairs(asked.pairs)
    else:
        run(train=asked.train, others=not asked.ours)
