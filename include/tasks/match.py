"""match: links the names of the validated table to legal entities of a register, with reasons, and on to parents."""

import datetime as dt
import logging
from pathlib import Path
from typing import Any

import polars as pl

from ..adapters.store import Store
from ..contracts.columns import TableSchema
from ..errors import EnvironmentFault
from ..matching import links, page
from ..matching.level2 import exceptions_of, relations_of
from ..matching.match import Matcher
from ..matching.parents import Parents, parents_as_of
from ..matching.relations import EXCEPTION, RELATION
from ..matching.report import report, text
from ..matching.rollup import rollup
from ..matching.settle import Settled, keys, settle
from ..tables import parquet
from ..versions import reading, registers
from ..versions.pins import Entry
from . import matching
from .following import Last
from .matching import Asked
from .perform import Run, Work, perform
from .receipts import Receipt, files, found

log = logging.getLogger("commons")
LEVEL2 = ((relations_of, RELATION), (exceptions_of, EXCEPTION))


def run(task: Run, store: Store) -> Receipt:
    """The receipt of match: matches.parquet, review.parquet, match.json, and rollup.parquet where shares are given.

    Merges what the shards of compare left, and compares itself where there are none: the same bytes.
    Raises DataError where the register has no version, ContractError where columns or judgements are wrong.
    """
    asked = matching.asked(task, store)
    shards = _shards(asked, store)
    inputs = asked.inputs | {"compare": [shard.sha256 for shard in shards]}
    return perform(task, store, inputs, lambda place: _match(asked, shards, store, place))


def _shards(asked: Asked, store: Store) -> list[Receipt]:
    """The receipts of compare, all or none. Raises EnvironmentFault where some are missing, or of other inputs."""
    of, task = asked.match.shards, asked.task
    there = [found(store, task.dataset, task.run, f"compare-{n:04d}") for n in range(of)] if of > 1 else []
    known = {n: shard for n, shard in enumerate(there) if shard}
    wanted = {n: asked.inputs | {"shard": [n, of]} for n in range(of)}
    wrong = [n for n in range(of) if n not in known or known[n].inputs != wanted[n]] if known else []
    if wrong:
        raise EnvironmentFault(
            f"{task.dataset}: shards {', '.join(map(str, wrong))} of compare are missing, or compared something else. "
            "Nothing was published. Clear the task compare."
        )
    return list(known.values())


def _match(asked: Asked, shards: list[Receipt], store: Store, place: Path) -> Work:
    table = matching.table(asked, store, place / "in")
    names = matching.names(asked, table)
    matcher = matching.opened(asked, store, place)
    followed = matching.followed(asked, place / "base")
    pairs, stands = (
        _merged(shards, store, place) if shards else matching.compared(asked, names.frame, matcher, followed)
    )
    parents = _parents(asked, matcher, place)
    settled = settle(
        names.frame, pairs, matcher,
        accept=asked.match.accept, review=asked.match.review, single=asked.match.single,
        judgements=matching.judged(asked), parents=parents.entities if parents else None,
        version=asked.register.meta.content, carried=_carried(names.frame, stands, followed),
        last=followed.matches if followed else None,
    )  # fmt: skip
    outputs = {name: place / name for name in ("matches.parquet", "review.parquet")}
    parquet.write(settled.matches, outputs["matches.parquet"])
    parquet.write(settled.review, outputs["review.parquet"])
    owned = None
    if asked.match.ownership:
        rolled, owned = rollup(table.collect(), settled.matches, asked.match)
        outputs["rollup.parquet"] = place / "rollup.parquet"
        parquet.write(rolled, outputs["rollup.parquet"])
    told = report(
        settled, names, matcher,
        register=_register(asked), legal_forms=_version(asked.forms), settings=matching.deciding(asked),
        carried=stands.height, changes=_changes(settled, followed, matcher, asked),
        parents=parents.counts() if parents else None, ownership=owned,
    )  # fmt: skip
    name = asked.task.dataset
    texts = {"match.json": text(told), "report.md": page.markdown(told, name), "report.html": page.page(told, name)}
    for name, content in texts.items():
        outputs[name] = place / name
        outputs[name].write_text(content, encoding="utf-8")
    _tell(asked, told)
    return Work(outputs=outputs, facts={"inputs": {name: e.meta.content for name, e in sorted(asked.entries.items())}})


def _merged(shards: list[Receipt], store: Store, place: Path) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Pairs of all shards, and the mentions whose rows stand."""
    came = [files(store, shard, place / f"shard-{number}") for number, shard in enumerate(shards)]
    pairs, stands = (
        pl.concat([pl.read_parquet(one[name]) for one in came]) for name in ("pairs.parquet", "carried.parquet")
    )
    return pairs, stands


def _carried(
    names: pl.DataFrame, stands: pl.DataFrame, followed: Last | None
) -> tuple[pl.DataFrame, pl.DataFrame] | None:
    """The rows of the last version that stand."""
    if followed is None or stands.is_empty():
        return None
    key, kept = keys(names), names.join(stands, on="mention", how="semi")
    matches, review = (
        frame.join(kept, on=key, how="semi", nulls_equal=True) for frame in (followed.matches, followed.review)
    )
    return matches, review


def _parents(asked: Asked, matcher: Matcher, place: Path) -> Parents | None:
    """The parents of the register's entities, on the day that the contract or the run names."""
    wanted = asked.match.parents
    if wanted is None:
        return None
    day = wanted.as_of or dt.date.fromisoformat(asked.validated.facts["as_of"])
    relations, exceptions = (
        _level2(asked.entries[name], place, number) for number, name in enumerate((wanted.relations, wanted.exceptions))
    )
    return parents_as_of(_entities(matcher), relations, exceptions, day)


def _level2(entry: Entry, place: Path, which: int) -> pl.DataFrame:
    """Relations or exceptions: by the columns of these, else by the headings of GLEIF's own files."""
    reader, columns = LEVEL2[which]
    table = reading.rows_of(entry).collect()
    if set(columns) <= set(table.columns):
        return table
    schema = TableSchema.from_json(reading.file_of(entry, "schema.json", place).read_bytes())
    return reader(table.cast(pl.String).rename({c.name: c.source for c in schema.columns if c.source}))


def _entities(matcher: Matcher) -> pl.DataFrame:
    """What the register says of each entity, as far as changes and parents ask."""
    known = matcher.index.entities
    return pl.DataFrame(known.select([name for name in ("id", "name", "status") if name in known.column_names]))


def _changes(settled: Settled, followed: Last | None, matcher: Matcher, asked: Asked) -> dict[str, int] | None:
    """How many links differ from the last version's, by what became of them and why."""
    if followed is None:
        return None
    other = followed.digest != matching.digest(asked, matcher)
    differing = links.changed_links(
        followed.matches, settled.matches, followed.register, _entities(matcher), other_settings=other
    )
    counts = links.by_reason(differing).select("change", "reason", "links")
    return {f"{change}: {reason}": count for change, reason, count in counts.iter_rows()}


def _register(asked: Asked) -> dict[str, Any]:
    """The version of the register, with where its bytes are: the next run looks at what changed since."""
    entry = asked.register
    left_out = registers.entities(entry, asked.columns).counts
    bytes_ = {"md5": entry.md5, "remote": entry.remote}
    return _version(entry) | bytes_ | {"rows": entry.meta.rows, "left_out": left_out}


def _version(entry: Entry) -> dict[str, Any]:
    return {"dataset": entry.name, "content": entry.meta.content}


def _tell(asked: Asked, told: dict[str, Any]) -> None:
    linked = [f"{share:.1%} of {name}" for name, share in told["coverage"].items() if share is not None]
    log.info("match %s: linked %s", asked.task.dataset, ", ".join(linked) or "nothing")
