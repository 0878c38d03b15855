"""Checks out in processes of their own that can be killed: jobs as `publisher` reads them."""

import sys
from pathlib import Path
from typing import Any

from include.versions import checkout
from tests.versions.publisher import Killer, serve


def work(job: dict[str, Any]) -> dict[str, Any]:
    """Check out; how many datasets were placed."""
    begun = Path(job["clone"]), job["revision"], Path(job["folder"])
    killer = Killer(job["kill_at"])
    sys.addaudithook(killer)
    placed = list(checkout.fill(checkout.begin(*begun), lambda _: None))
    return {"placed": len(placed), "events": killer.seen}


if __name__ == "__main__":
    serve(work)
