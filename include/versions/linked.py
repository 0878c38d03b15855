"""Which links of names to entities differ between two versions, by their own files and the registers that they name."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import polars as pl
import yaml

from ..contracts import loader
from ..contracts.columns import Sensitivity
from ..contracts.matching import Register
from ..diff.links import Link, LinkCount, Linked, Links, LinkTotals
from ..diff.model import LISTED
from ..errors import DataCommonsError, DataError
from ..matching.links import NEEDED, by_reason, changed_links
from ..settings import settings
from . import reading
from .evidence import Evidence
from .pins import Entry
from .renaming import renamed

MATCHES, REPORT = "matches.parquet", "match.json"
_REQUIRED = ("name", "entity_id", "candidate_id", "runner_up", "decision", "records")
_LEVELS: tuple[Sensitivity, ...] = get_args(Sensitivity)
_OF_THE_PIN = ("withdrawn", "rolled_back")
FORGED = (pl.exceptions.PolarsError, OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError)


@dataclass(frozen=True)
class Version:
    """A version whose links are compared."""

    entry: Entry
    found: Evidence


@dataclass(frozen=True)
class _Known:
    """Its links; None where it has none, or its report can't be read."""

    matches: pl.DataFrame | None = None
    report: Mapping[str, Any] | None = None
    register: Entry | None = None


class _Reader:
    """Reads what is there, and keeps what is wrong with the rest."""

    def __init__(self, cache: Path, repository: Path) -> None:
        self.cache, self.repository = cache, repository
        self.problems: list[str] = []

    def known(self, side: Version | None) -> _Known:
        """The links of a version. Raises DataError where there are some that can't be read."""
        if side is None or MATCHES not in reading.located(side.entry, self.cache, self.repository)[1]:
            return _Known()
        file = reading.file_of(side.entry, MATCHES, self.cache, self.repository)
        try:
            rows = pl.scan_parquet(file, glob=False)
            there = [name for name in rows.collect_schema() if name in NEEDED or name.startswith("given_")]
            matches = rows.select(list(dict.fromkeys([*_REQUIRED, *there]))).collect()
            changed_links(matches.clear(), matches.clear(), None, None)
        except FORGED as error:
            raise not_ours(side.entry, MATCHES, error) from error
        text = reading.file_of(side.entry, REPORT, self.cache, self.repository).read_bytes()
        try:
            return _Known(matches, *report_of(side.entry, text))
        except DataError as error:
            self.problems.append(str(error))
            return _Known(matches)

    def entities(self, side: Version | None, known: _Known, ids: pl.Series) -> pl.DataFrame | None:
        """id, name and status of those entities that the version's register has of `ids`; None where it can't tell."""
        if side is None or known.register is None:
            return None
        register = known.register
        try:
            columns = self._columns(register)
            rows = reading.rows_of(register, self.repository).filter(pl.col(columns.id).is_in(ids.implode()))
            names = {"id": columns.id, "name": columns.name} | ({"status": columns.status} if columns.status else {})
            return rows.select(pl.col(column).cast(pl.String).alias(name) for name, column in names.items()).collect()
        except (DataCommonsError, pl.exceptions.PolarsError) as error:
            said = " ".join(str(error).split())[:300]
            self.problems.append(f"{register.name} {register.meta.content[:12]}, which names were matched to: {said}")
            return None

    def _columns(self, register: Entry) -> Register:
        """How the register is searched: as its version says, or its contract now."""
        file = reading.file_of(register, "contract.yaml", self.cache, self.repository)
        try:
            said = dict(yaml.safe_load(file.read_bytes())).get("register")
            columns = Register.model_validate(said) if said else self._columns_now(register.name)
        except (*FORGED, yaml.YAMLError) as error:
            raise not_ours(register, "contract.yaml", error) from error
        if columns is None:
            raise DataError(f"its contract has no key `register:`. Add it to {register.name}/contract.yaml.")
        return columns

    def _columns_now(self, name: str) -> Register | None:
        return loader.load(Path(settings().datasets) / name).register


def links(before: Version | None, after: Version, cache: Path, repository: Path) -> Links | None:
    """How the links of `after` differ from those of `before`, heaviest first; None where neither version has any.

    Without `before`, only how many there are. What can't be read is told in `problem`, not raised: without a register,
    links are told, but no reason that only it gives. `cache` keeps what has to be downloaded.
    """
    reader = _Reader(cache, repository)
    guarded = _guarded([side for side in (before, after) if side])
    try:
        was, now = reader.known(before), reader.known(after)
    except DataCommonsError as error:
        return Links(before=None, after=None, sensitivity=guarded, problem=f"not compared. {error}")
    if was.matches is None and now.matches is None:
        return None
    found = _changed(reader, (before, was), (after, now)) if before else None
    return Links(
        before=_totals(was.matches),
        after=_totals(now.matches),
        changed=0 if found is None else found.height,
        counts=() if found is None else tuple(LinkCount(**row) for row in by_reason(found).iter_rows(named=True)),
        heaviest=() if found is None else tuple(map(_link, found.head(LISTED).iter_rows(named=True))),
        sensitivity=guarded,
        problem=" ".join(reader.problems) or None,
    )


def _changed(reader: _Reader, before: tuple[Version, _Known], after: tuple[Version, _Known]) -> pl.DataFrame:
    (old, was), (new, now) = before, after
    frames = [known.matches for known in (was, now) if known.matches is not None]
    ids = pl.concat(
        [frame[name].cast(pl.String) for frame in frames for name in ("candidate_id", "runner_up")]
    ).unique()
    digests = [known.report.get("settings_digest") for known in (was, now) if known.report]
    return changed_links(
        was.matches,
        now.matches,
        reader.entities(old, was, ids),
        reader.entities(new, now, ids),
        other_settings=len(set(digests)) > 1,
        renamed=_renamed(old, was, new, now),
    )


def _renamed(old: Version, was: _Known, new: Version, now: _Known) -> pl.DataFrame | None:
    """Names that cells of the table had and have, where any name came and any went."""
    columns = [str(side.found.match.get("entity", "")) for side in (old, new)]
    if was.matches is None or now.matches is None:
        return None
    gone, came = (
        one["name"].filter(~one["name"].is_in(other["name"].implode())).unique()
        for one, other in ((was.matches, now.matches), (now.matches, was.matches))
    )
    return renamed(old.found.side, new.found.side, columns, gone, came)


def report_of(entry: Entry, text: bytes) -> tuple[dict[str, Any], Entry]:
    """The report of a version, its match.json, and the version of the register that it names, as far as that one's
    bytes are concerned.

    Raises DataError where it is not what a publication writes: it came of a pod that reads foreign bytes.
    """
    try:
        report = dict(json.loads(text))
        told = report["register"]
        facts = {key: value for key, value in entry.document()["meta"].items() if key not in _OF_THE_PIN}
        place = {"path": f"data/{told['dataset']}", "md5": told["md5"], "remote": told["remote"]}
        return report, Entry.model_validate(entry.document() | place | {"meta": facts | {"content": told["content"]}})
    except FORGED as error:
        raise not_ours(entry, REPORT, error) from error


def not_ours(entry: Entry, file: str, error: Exception) -> DataError:
    """What to say of a file of a version that no publication wrote so."""
    said = " ".join(str(error).split())[:200]
    return DataError(
        f"{entry.name}: {file} of version {entry.md5} is not what a publication writes ({said}). "
        f"Publish it again, or make another version the newest: `commons rollback {entry.name} --to COMMIT`."
    )


def _guarded(sides: Sequence[Version]) -> Sensitivity:
    """The class of the most guarded column that matching reads; the most guarded one where that is not told."""
    levels: list[Sensitivity] = []
    for side in sides:
        match = side.found.match
        named = [match.get(name) for name in ("entity", "country", "weight")]
        named += list(dict(match.get("identifiers") or {}).values())
        known = {column.name: column.sensitivity for column in side.found.side.schema.columns}
        levels += [known[name] for name in named if name in known]
        if match and match.get("entity") not in known:
            levels.append("restricted")
    return max(levels, key=_LEVELS.index, default="restricted")


def _totals(matches: pl.DataFrame | None) -> LinkTotals | None:
    if matches is None:
        return None
    linked, review = pl.col("entity_id").is_not_null().sum(), (pl.col("decision") == "review").sum()
    return LinkTotals(names=matches.height, **matches.select(linked=linked, review=review).row(0, named=True))


def _link(row: Mapping[str, Any]) -> Link:
    once = ("change", "reason", "detail", "name", "country", "was_name", "records", "weight")
    before, after = (
        Linked(
            state=row[side], entity=row[f"{side}_id"], name=row[f"{side}_entity"], method=row[f"{side}_method"],
            score=row[f"{side}_score"],
        )
        for side in ("was", "now")
    )  # fmt: skip
    return Link(**{name: row[name] for name in once}, before=before, after=after, reasons=row["now_reasons"])
