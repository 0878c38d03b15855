"""Every path of the store is spelled here, relative to the space of an environment or developer (FORMAT.md)."""

from typing import Literal, get_args
from urllib.parse import quote

from .model import Contract

Verb = Literal["sync", "extract", "validate", "compare", "match", "publish", "verify"]
VERBS: tuple[Verb, ...] = ("sync", "extract", "validate", "publish")
"""What pods do in a run of every dataset, in this order."""
VERIFICATION = "verification"
"""The DAG that looks after all datasets, and its name in the store: no dataset may have it."""
CATALOGUE = "catalogue"
"""The DAG that delivers what waits for the catalogue: no dataset may have its name either."""
RESERVED = {VERIFICATION: "verifies all datasets", CATALOGUE: "tells the catalogue of all datasets"}

KEPT = ("runs", "published", "logs", "delivered")
"""What runs leave, each file for KEPT_DAYS after its last change."""
KEPT_DAYS = 90


def verbs(contract: Contract) -> tuple[Verb, ...]:
    """What pods do in a run of this dataset, in this order; of compare there are `match.shards`."""
    if contract.match is None:
        return VERBS
    matching: tuple[Verb, ...] = ("compare", "match") if contract.match.shards > 1 else ("match",)
    return (*VERBS[:-1], *matching, VERBS[-1])


def step(verb: str, shard: int | None = None) -> str:
    """The name of a verb in paths: of compare, each shard is a step of its own, with attempts of its own."""
    return verb if shard is None else f"{verb}-{shard:04d}"


def is_step(name: str) -> bool:
    """Whether a verb, or a shard of compare, is called so."""
    verb, mark, shard = name.partition("-")
    return name in get_args(Verb) or (verb == "compare" and mark == "-" and shard.isascii() and shard.isdecimal())


def encoded(run: str) -> str:
    """A DAG run's id as the name of one folder."""
    name = quote(run, safe="._-")
    return name if name.strip(".") else name.replace(".", "%2E")


def runs(dataset: str) -> str:
    """All that the runs of a dataset left there, its bytes as fetched included."""
    return f"runs/{dataset}"


def run_folder(dataset: str, run: str, verb: str) -> str:
    """Where a verb of a run leaves what it does; `run` is the DAG run's id.

    What publish says lies apart: pods that run authors' code may write below runs/.
    """
    return f"{'published' if verb == 'publish' else 'runs'}/{dataset}/{encoded(run)}/{verb}"


def attempt_folder(dataset: str, run: str, verb: str, attempt: str) -> str:
    """Where one attempt of a verb leaves its receipts and files."""
    return f"{run_folder(dataset, run, verb)}/{attempt}"


def receipt(dataset: str, run: str, verb: str, attempt: str, inputs: str) -> str:
    """The receipt of one attempt for these `inputs` (their hash); `*` is any."""
    return f"{attempt_folder(dataset, run, verb, attempt)}/receipt-{inputs}.json"


def attempt_of(path: str) -> str:
    """The attempt that a file below a `run_folder` belongs to."""
    return path.split("/")[4]


def log_folder(dataset: str, run: str, verb: str) -> str:
    """Where the pods of a verb keep their logs."""
    return f"logs/{dataset}/{encoded(run)}/{verb}"


def log(dataset: str, run: str, verb: str, attempt: str, writer: str) -> str:
    """One pod's own log; `writer` is random, so no pod writes over another."""
    return f"{log_folder(dataset, run, verb)}/{attempt}-{writer}.log"


def code(tree: str) -> str:
    """The code archive of a Git tree."""
    return f"code/{tree}.tar"


def indexes(register: str) -> str:
    """Where the indexes of a register lie, each in a folder named by its key."""
    return f"indexes/{register}"


def index(register: str, key: str, file: str) -> str:
    """One file of the index of a version of a register."""
    return f"{indexes(register)}/{key}/{file}"


def head(ref: str, dataset: str) -> str:
    """The newest version of a dataset on the publication ref."""
    return f"heads/{quote(ref, safe='')}/{dataset}.json"


def spool(dataset: str = "") -> str:
    """Events that wait for the catalogue, of all or of one dataset; `dataset` may be the id of any DAG."""
    return f"spool/{encoded(dataset)}" if dataset else "spool"


def refused(dataset: str = "") -> str:
    """Events that the catalogue refused for good, with its reason, of all or of one dataset."""
    return f"spool-refused/{encoded(dataset)}" if dataset else "spool-refused"


def delivered(dataset: str, run: str) -> str:
    """What was delivered of a run: the last event of each of its tasks."""
    return f"delivered/{encoded(dataset)}/{encoded(run)}.json"


def deliverer(number: int) -> str:
    """Who delivers; the highest number is the one who does, or was the last."""
    return f"spool-deliverer/{number:08d}.json"
