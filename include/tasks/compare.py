"""compare: a range of a table's names, one of several, compared with a register in a pod of its own; match merges."""

from pathlib import Path

from ..adapters.store import Store
from ..errors import ContractError
from ..matching.mentions import shard
from ..tables import parquet
from . import matching
from .matching import Asked
from .perform import Run, Work, perform
from .receipts import Receipt


def run(task: Run, store: Store) -> Receipt:
    """The receipt of one shard of compare: pairs.parquet, and carried.parquet of names whose links can't have changed.

    What it leaves depends on versions and its range of names only, so a shard that is done again leaves the same bytes.
    Raises as match, and ContractError where the contract has another number of shards.
    """
    asked = matching.asked(task, store)
    number, of = task.shard or (0, 1)
    if of != asked.match.shards:
        raise ContractError(
            f"{task.dataset}/contract.yaml: match.shards is {asked.match.shards}, and shard {number} of {of} was asked "
            "for. Run the dataset again, so that its tasks are those of the contract."
        )
    return perform(task, store, asked.inputs | {"shard": [number, of]}, lambda place: _compare(asked, store, place))


def _compare(asked: Asked, store: Store, place: Path) -> Work:
    names = matching.names(asked, matching.table(asked, store, place / "in"))
    part = shard(names.frame, *(asked.task.shard or (0, 1)))
    followed = matching.followed(asked, place / "base")
    pairs, stands = matching.compared(asked, part, matching.opened(asked, store, place), followed)
    outputs = {"pairs.parquet": place / "pairs.parquet", "carried.parquet": place / "carried.parquet"}
    for frame, file in zip((pairs, stands), outputs.values(), strict=True):
        parquet.write(frame, file)
    return Work(outputs=outputs, facts={"names": part.height, "carried": stands.height, "pairs": pairs.height})
