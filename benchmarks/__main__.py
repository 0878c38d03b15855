"""`python -m benchmarks [NAME…]`: all of them, or those named; each writes its table to benchmarks/README.md."""

import importlib
import sys

NAMES = ("pipeline", "parsing", "publish", "path", "revisions", "history", "opening", "diff", "verify")
NAMES += ("linking", "matching", "docs_site", "listener", "catalogue")

if __name__ == "__main__":
    for name in sys.argv[1:] or NAMES:
        importlib.import_module(f".{name}", __package__).run()
