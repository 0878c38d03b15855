"""What a pod runs: `python -m include.tasks VERB NAME --run RUN_ID`. Exit 0 fine, 1 data or contract, 2 the rest."""

import argparse
import datetime as dt
import importlib
import logging
import sys
from pathlib import Path
from typing import get_args

from ..adapters.store import own_store
from ..contracts.layout import Verb
from ..errors import DataCommonsError, DataError
from ..settings import settings
from .perform import Run
from .receipts import Receipt

log = logging.getLogger("commons")


def main(arguments: list[str] | None = None) -> int:
    """Runs one verb; the exit code of the process."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(message)s", stream=sys.stdout)
    log.setLevel(logging.INFO)
    asked = _parse(arguments)
    task = Run(
        asked.dataset, asked.verb, asked.run, asked.attempt, asked.start, asked.end, asked.as_of,
        share=asked.sample / 100, folder=Path(settings().datasets) / asked.dataset, shard=asked.shard,
    )  # fmt: skip
    try:
        receipt: Receipt = importlib.import_module(f".{task.verb}", __package__).run(task, own_store())
        if receipt.outcome == "blocked":
            raise DataError(
                f"{task.dataset}: {task.verb} stopped this run; the last good version stays.", *receipt.problems
            )
    except DataCommonsError as error:
        for problem in error.problems:
            log.error("%s", problem)
        return error.exit_code
    except KeyboardInterrupt:
        log.error("%s %s: stopped. Nothing was published.", task.verb, task.dataset)
        return 2
    except MemoryError:
        log.error("%s %s: out of memory. Give the dataset a bigger `size:` in its contract.", task.verb, task.dataset)
        return 2
    except Exception:
        log.exception("%s %s: a fault of the engine, not of the data. Nothing was published.", task.verb, task.dataset)
        return 2
    log.info("%s %s: %s", task.step, task.dataset, ". ".join(filter(None, (receipt.outcome, _counted(receipt)))))
    return 0


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="include.tasks", description=__doc__)
    parser.add_argument("verb", choices=get_args(Verb))
    parser.add_argument("dataset")
    parser.add_argument("--run", required=True, help="the DAG run's id")
    parser.add_argument("--attempt", default="0", help="raised when an operator clears the task")
    parser.add_argument("--start", default="", help="start of the data interval, ISO 8601")
    parser.add_argument("--end", default="", help="end of the data interval, ISO 8601")
    parser.add_argument("--as-of", default="", type=_day, help="the day by which waivers are judged; today by default")
    parser.add_argument("--sample", default=100.0, type=float, help="of verify: how much to read, in percent")
    parser.add_argument("--shard", type=_shard, help="of compare: which part of how many, I/N, I from 0")
    asked = parser.parse_args(arguments)
    if (asked.verb == "compare") != (asked.shard is not None):
        parser.error("--shard I/N goes with compare, and compare with it")
    asked.attempt = f"{int(asked.attempt):04d}"
    return asked


def _day(text: str) -> str:
    return text and dt.date.fromisoformat(text).isoformat()


def _shard(text: str) -> tuple[int, int]:
    number, _, of = text.partition("/")
    if not 0 <= int(number) < int(of):
        raise ValueError(text)
    return int(number), int(of)


def _counted(receipt: Receipt) -> str:
    return ", ".join(f"{count:,} {what}" for what, count in receipt.counts.model_dump().items() if count)


if __name__ == "__main__":
    sys.exit(main())
