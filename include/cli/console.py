"""Where commands print. What is piped is read by programs or kept, so it is not cut to the width of a screen."""

import sys

from rich.console import Console

out = Console() if sys.stdout.isatty() else Console(width=200)
err = Console(stderr=True)
